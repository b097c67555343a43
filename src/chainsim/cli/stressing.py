"""The command that knocks out one thing after the other."""

from __future__ import annotations

import datetime as dt
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainsim.cli.options import FILE, Call, run_options, with_seed_and_replications
from chainsim.cli.progress import progress
from chainsim.errors import RunError, visible

if TYPE_CHECKING:
    from chainsim.experiments.store import Store
    from chainsim.experiments.stress import Stress, StressTest


@click.command()
@click.argument("file", type=FILE, metavar="FILE")
@click.option(
    "--duration",
    default="30 d",
    show_default=True,
    metavar="TIME",
    help="How long each stands still; the ranking is by this.",
)
@click.option(
    "--durations",
    default="3 d, 7 d, 14 d, 30 d, 60 d",
    show_default=True,
    metavar="TIMES",
    help="The grid for the most harmful ones.",
)
@click.option(
    "--top",
    type=click.IntRange(0, 10_000),
    default=15,
    show_default=True,
    metavar="N",
    help="How many are tried over the grid.",
)
@click.option(
    "--start",
    "starts",
    multiple=True,
    metavar="DATES",
    help="When they are struck: the first date for the ranking, all for the grid. The first dated "
    "disruption of the scenario unless given.",
)
@click.option(
    "--recovery",
    default="0 d",
    show_default=True,
    metavar="TIME",
    help="A straight way back after the duration.",
)
@click.option(
    "--follow",
    default="180 d",
    show_default=True,
    metavar="TIME",
    help="How long runs go on after the longest duration and its recovery.",
)
@click.option("--each-lane", is_flag=True, help="Close every single lane, too.")
@click.option("--pairs", "paired", is_flag=True, help="Stop pairs of the worst suppliers, too.")
@click.option(
    "--only",
    multiple=True,
    metavar="WORD=VALUES",
    help="Only what matches: kind, site, stage, region, item, tags.NAME; repeatable.",
)
@click.option("--rerun", type=click.Choice(["failed"]), help="Run again what failed before.")
@run_options
def stress(file: Path, **options: Any) -> None:
    """Knock out suppliers, regions, institutes and lanes in turn; rank them by the harm.

    Each knock-out is compared with the same draws without any. Finished runs are kept beside the
    result folder: the same command goes on where it was stopped.
    """
    _Stresser(**options).stress(file)


@dataclass
class _Stresser(Call):
    """One call of the command, with its options."""

    duration: str = ""
    durations: str = ""
    top: int = 0
    starts: tuple[str, ...] = ()
    recovery: str = ""
    follow: str = ""
    each_lane: bool = False
    paired: bool = False
    only: tuple[str, ...] = ()
    rerun: str | None = None

    def stress(self, file: Path) -> None:
        from chainsim.experiments.executors import usable_processors
        from chainsim.experiments.store import writing
        from chainsim.report.folder import Circumstances, check_target
        from chainsim.report.places import folder_name
        from chainsim.report.stress_folder import write_stress

        ready = self.prepare(file)
        target = check_target(self.out, f"{folder_name(str(file))}_stress")
        replaces = target.exists()
        started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        began = time.monotonic()
        workers = self.workers or usable_processors()
        with writing(target.with_name(f"{target.name}.sqlite")) as store:
            found = self.run(ready, store, target.name, workers)
            wall = time.monotonic() - began
            how = Circumstances(shlex.join(["chainsim", *sys.argv[1:]]), started, wall, workers)
            write_stress(found, target, store.path, how)
        self.show(found, {"wall_s": round(wall, 3), "out": str(target)})
        done = "replaced" if replaces else "written"
        self.say(f"{target} {done} after {time.monotonic() - began:.1f} s")
        self.report_failures(found)

    def prepare(self, file: Path) -> Stress:
        from chainsim.experiments.stress import stressed
        from chainsim.experiments.stress_design import Asked
        from chainsim.scenario.loading import load_scenario

        overrides = with_seed_and_replications(self.overrides, self.seed, self.replications)
        scenario = load_scenario(file, overrides)
        asked = Asked(self.duration, self.durations, self.recovery, self.follow, self.starts)
        ready = stressed(scenario, asked, self.only, self.each_lane, self.paired, self.top)
        for problem in scenario.warnings:
            self.say(f"warning: {problem}")
        own = [one.id for one in scenario.document.disruptions if one.enabled]
        if own:
            self.say(f"the scenario's own disruptions are left out: {', '.join(own)}")
        if scenario.document.run.precision is not None:
            self.say(f"run.precision is not used; {ready.replications} replications are run")
        return ready

    def run(self, ready: Stress, store: Store, name: str, workers: int) -> StressTest:
        """Run what is not kept yet; whatever ends it, what is finished stays."""
        from chainsim.experiments.stress import Course

        course = Course(ready, store, self.rerun == "failed")
        outlook = course.outlook()
        self.say(
            f"{len(ready.knockouts)} knock-outs from {ready.design.starts[0]:%Y-%m-%d} on, "
            f"{ready.replications} replications, until {ready.end:%Y-%m-%d}"
        )
        if outlook.kept:
            self.say(f"{outlook.kept} runs are kept in {store.path} and not run again")
        try:
            with progress(name, outlook.left, self.quiet, "runs") as done:
                return course.run(workers, done)
        except (KeyboardInterrupt, SystemExit):
            again = shlex.join(["chainsim", *sys.argv[1:]])
            self.say(f"what is finished is kept in {store.path}; to go on:\n{again}")
            raise

    def show(self, found: StressTest, circumstances: dict[str, Any]) -> None:
        from chainsim.report.files import json_text
        from chainsim.report.stress import stress_object, stress_sheets
        from chainsim.report.tables import show

        if self.as_json:
            click.echo(json_text(stress_object(found) | circumstances), nl=False)
        else:
            show(stress_sheets(found), sys.stdout)

    def report_failures(self, found: StressTest) -> None:
        if not found.errors:
            return
        what, why = next(iter(found.errors.items()))
        words = f"{len(found.errors)} runs failed; {what}: {why}; --rerun failed runs them again"
        click.echo(visible(words), err=True)
        raise SystemExit(RunError.exit_code)
