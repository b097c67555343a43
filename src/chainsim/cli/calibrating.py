"""The command that calibrates."""

from __future__ import annotations

import datetime as dt
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainsim.cli.options import FILE, Call, run_options, with_seed_and_replications
from chainsim.cli.progress import progress
from chainsim.errors import visible

if TYPE_CHECKING:
    from chainsim.experiments.calibration import Calibration
    from chainsim.scenario.loading import Scenario

EXIT_CODES = {"fitted": 0, "not reproduced": 1, "not settled": 3, "not identifiable": 3}


@click.command()
@click.argument("file", type=FILE, metavar="FILE")
@click.option(
    "--budget", type=click.IntRange(1, 100_000), metavar="N",
    help="Points that may be tried, each with all replications; 25 per parameter unless given.",
)  # fmt: skip
@run_options
def calibrate(file: Path, budget: int | None, **options: Any) -> None:
    """Fit one to three parameters to observed figures, or say that these cannot tell.

    FILE is a scenario with a block `calibrate`. All points that are tried share their random
    numbers; the fit is then looked at with others.

    Exit codes: 0 fitted; 1 the figures are not reproduced beyond noise; 3 not identifiable, or
    the budget ended first.
    """
    _Calibrator(**options).calibrate(file, budget)


class _Calibrator(Call):
    """One call of the command, with its options."""

    def calibrate(self, file: Path, budget: int | None) -> None:
        from chainsim.experiments.calibration import Search
        from chainsim.experiments.executors import usable_processors
        from chainsim.report.calibration_folder import calibration_name, write_calibration
        from chainsim.report.folder import Circumstances, check_target
        from chainsim.scenario.loading import load_scenario

        overrides = with_seed_and_replications(self.overrides, self.seed, self.replications)

        def load(more: Sequence[str]) -> Scenario:
            return load_scenario(file, [*overrides, *more])

        search = Search.prepared(load, budget)
        for problem in search.scenario.warnings:
            self.say(f"warning: {problem}")
        target = check_target(self.out, calibration_name(str(file)))
        started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        began = time.monotonic()
        workers = self.workers or usable_processors()
        replaces = target.exists()
        with progress(target.name, search.budget + 1, self.quiet, "points at most") as done:
            found = search.run(workers, done)
        wall = time.monotonic() - began
        command = shlex.join(["chainsim", *sys.argv[1:]])
        write_calibration(found, target, Circumstances(command, started, wall, workers))
        self.show(found, {"wall_s": round(wall, 3), "out": str(target)})
        verb = "replaced" if replaces else "written"
        self.say(f"{target} {verb} after {time.monotonic() - began:.1f} s")
        if EXIT_CODES[found.verdict]:
            raise SystemExit(EXIT_CODES[found.verdict])

    def show(self, found: Calibration, circumstances: dict[str, Any]) -> None:
        from chainsim.report.calibration import calibration_object, calibration_sheets, sentences
        from chainsim.report.files import json_text
        from chainsim.report.tables import show

        if self.as_json:
            click.echo(json_text(calibration_object(found) | circumstances), nl=False)
            return
        show(calibration_sheets(found), sys.stdout)
        for text in sentences(found):
            click.echo(visible(text))
