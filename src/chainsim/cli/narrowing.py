"""The command that finds where a chain binds."""

from __future__ import annotations

import datetime as dt
import math
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
    from chainsim.experiments.bottleneck import Analysis, Bottlenecks


class Within(click.FloatRange):
    """A range that refuses what is no number: nothing compares with it, so no bound would."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number.

        Raises:
            click.BadParameter: it is none, or lies outside.
        """
        found = super().convert(value, param, ctx)
        if math.isnan(found):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return found


@click.command()
@click.argument("file", type=FILE, metavar="FILE")
@click.option(
    "--step",
    type=Within(0, 1, min_open=True),
    default=0.02,
    show_default=True,
    metavar="SHARE",
    help="By which each group of servers is made faster in turn.",
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="From when it is faster; from the start of statistics unless given.",
)
@click.option(
    "--year",
    type=click.IntRange(1, 9998),
    metavar="YEAR",
    help="In which extra output is counted and the target is to be reached.",
)
@click.option(
    "--target",
    type=Within(0, 1e12, min_open=True),
    metavar="N",
    help="Search for what to build so that a year's output reaches N.",
)
@click.option(
    "--construction",
    default="365 d",
    show_default=True,
    metavar="TIME",
    help="Of what is built, where the scenario has no expansion of it.",
)
@click.option(
    "--ramp",
    default="90 d",
    show_default=True,
    metavar="TIME",
    help="From its opening to full capacity, likewise.",
)
@click.option("--by-site", is_flag=True, help="Servers of different sites apart.")
@click.option(
    "--only",
    multiple=True,
    metavar="WORD",
    help="Make only groups faster whose names contain it; repeatable.",
)
@click.option("--no-shadow", is_flag=True, help="Make none faster: no shadow values.")
@click.option("--yearly", is_flag=True, help="Years in place of months.")
@run_options
def bottleneck(file: Path, **options: Any) -> None:
    """Find what binds in which month, what more of it is worth, and what to build.

    Every replication is compared with its twin with ample capacity, and run again with each group
    of servers a little faster.
    """
    _Narrower(**options).find(file)  # fmt: skip


@dataclass
class _Narrower(Call):
    """One call of the command, with its options."""

    step: float = 0.0
    since: dt.datetime | None = None
    year: int | None = None
    target: float | None = None
    construction: str = ""
    ramp: str = ""
    by_site: bool = False
    yearly: bool = False
    only: tuple[str, ...] = ()
    no_shadow: bool = False

    def find(self, file: Path) -> None:
        from chainsim.experiments.bottleneck import analyse
        from chainsim.experiments.executors import usable_processors
        from chainsim.report.bottleneck_folder import bottleneck_name, write_bottlenecks
        from chainsim.report.folder import Circumstances, check_target

        analysis = self.prepare(file)
        target = check_target(self.out, bottleneck_name(str(file)))
        replaces = target.exists()
        started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        began = time.monotonic()
        workers = self.workers or usable_processors()
        with progress(target.name, self.most_runs(analysis), self.quiet, "runs at most") as done:
            found = analyse(analysis, workers, done)
        wall = time.monotonic() - began
        how = Circumstances(shlex.join(["chainsim", *sys.argv[1:]]), started, wall, workers)
        write_bottlenecks(found, target, how)
        self.show(found, {"wall_s": round(wall, 3), "out": str(target)})
        done_words = "replaced" if replaces else "written"
        self.say(f"{target} {done_words} after {time.monotonic() - began:.1f} s")
        self.report_failures(found)

    def prepare(self, file: Path) -> Analysis:
        from chainsim.experiments.bottleneck import Asked, analysed, seconds_of
        from chainsim.scenario.loading import load_scenario

        overrides = with_seed_and_replications(self.overrides, self.seed, self.replications)
        scenario = load_scenario(file, overrides)
        asked = Asked(
            self.step, self.since, self.year, self.target, self.by_site, self.yearly,
            seconds_of("--construction", self.construction), seconds_of("--ramp", self.ramp),
            self.only, not self.no_shadow,
        )  # fmt: skip
        analysis = analysed(scenario, asked)
        for problem in scenario.warnings:
            self.say(f"warning: {problem}")
        if scenario.document.run.precision is not None:
            count = analysis.network.replications
            self.say(f"run.precision is not used; {count} replications are run")
        return analysis

    def most_runs(self, analysis: Analysis) -> int:
        """Runs that there will be at most."""
        from chainsim.experiments.expansion import MOST_TRIALS

        trials = MOST_TRIALS if analysis.goal is not None else 0
        return analysis.runs + trials * analysis.network.replications

    def show(self, found: Bottlenecks, circumstances: dict[str, Any]) -> None:
        from chainsim.report.bottleneck import bottleneck_object, bottleneck_sheets
        from chainsim.report.files import json_text
        from chainsim.report.tables import show

        if self.as_json:
            click.echo(json_text(bottleneck_object(found) | circumstances), nl=False)
        else:
            show(bottleneck_sheets(found), sys.stdout)

    def report_failures(self, found: Bottlenecks) -> None:
        if not found.errors:
            return
        what, why = next(iter(found.errors.items()))
        click.echo(visible(f"{len(found.errors)} runs failed; {what}: {why}"), err=True)
        raise SystemExit(RunError.exit_code)
