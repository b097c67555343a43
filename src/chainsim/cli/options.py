"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainsim.errors import InputError, Problem, visible

if TYPE_CHECKING:
    from chainsim.experiments.runs import Prepared

Command = Callable[..., Any]

FILE = click.Path(path_type=Path)

set_option = click.option(
    "--set", "overrides", multiple=True, metavar="PATH=VALUE",
    help="Replace a value of the scenario; repeatable, wins over files.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
out_option = click.option(
    "--out", type=FILE, default=Path("results"), show_default=True,
    help="Folder for the result folders.",
)  # fmt: skip


def run_options(command: Command) -> Command:
    """The options of commands that simulate and write a folder of results."""
    return simulation_options(out_option(command))


def simulation_options(command: Command) -> Command:
    """The options of commands that simulate."""
    for option in reversed(
        (
            set_option,
            click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Seed of the run."),
            click.option(
                "--replications", type=click.IntRange(1, 10_000_000), metavar="N",
                help="How many replications.",
            ),
            click.option(
                "--engine", type=click.Choice(["auto", "simpy"]), default="auto",
                show_default=True, help="What simulates.",
            ),
            click.option(
                "--workers", type=click.IntRange(1, 1024), metavar="N",
                help="Processes; as many as there are processors unless given.",
            ),
            json_option,
            click.option("-q", "--quiet", is_flag=True, help="Only results and problems."),
            click.option("-v", "--verbose", is_flag=True, help="More about what is done."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def with_seed_and_replications(
    overrides: tuple[str, ...], seed: int | None, replications: int | None
) -> list[str]:
    """The overrides with those that have an option of their own."""
    given = {"run.seed": seed, "run.replications": replications}
    return [*overrides, *(f"{path}={n}" for path, n in given.items() if n is not None)]


@dataclass
class Call:
    """One call of a command that simulates, with the options of `run_options`."""

    overrides: tuple[str, ...]
    seed: int | None
    replications: int | None
    engine: str
    workers: int | None
    as_json: bool
    quiet: bool
    verbose: bool
    out: Path = Path("results")
    failed: bool = False

    def loaded(
        self, files: Iterable[Path], taken: str
    ) -> tuple[dict[str, Prepared], list[Problem]]:
        """The scenarios by the name of their folder, and all problems of all files.

        `taken` says what is wrong with a second scenario of one {name}.
        """
        from chainsim.experiments.runs import prepare
        from chainsim.report.places import folder_name
        from chainsim.scenario.loading import load_scenario

        overrides = with_seed_and_replications(self.overrides, self.seed, self.replications)
        ready: dict[str, Prepared] = {}
        problems: list[Problem] = []
        for file in files:
            name = folder_name(str(file))
            if name in ready:
                rule = f"have a name of its own: {taken.format(name=name)}"
                problems.append(Problem(str(file), 0, 0, "", rule))
                continue
            try:
                ready[name] = prepare(load_scenario(file, overrides))
            except InputError as error:
                problems += error.problems
        return ready, problems

    def say(self, words: str) -> None:
        """Tell people, unless they want it quiet."""
        if not self.quiet:
            click.echo(visible(words), err=True)
