"""The command that simulates."""

from __future__ import annotations

import datetime as dt
import shlex
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainsim.cli.failures import words_of
from chainsim.cli.options import FILE, Call, run_options
from chainsim.cli.progress import progress
from chainsim.errors import InputError, RunError, visible

if TYPE_CHECKING:
    from chainsim.experiments.runs import Prepared, Run

MANY_SCHEMA = "chainsim/runs/1"


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@run_options
def run(files: tuple[Path, ...], **options: Any) -> None:
    """Run scenarios and write one result folder each.

    Each FILE is a scenario. All files are checked before anything is run or written.
    """
    runner = _Runner(**options)
    ready = runner.prepare(files)
    objects = [runner.attempt(prepared, target) for prepared, target in ready]
    runner.print_json([found for found in objects if found is not None])
    if runner.failed:
        raise SystemExit(RunError.exit_code)


class _Runner(Call):
    """One call of the command, with its options."""

    def prepare(self, files: Iterable[Path]) -> list[tuple[Prepared, Path]]:
        """Every scenario with its folder; all problems of all files at once."""
        from chainsim.report.folder import check_target

        ready, problems = self.loaded(files, "two scenarios would write into '{name}'")
        if problems:
            raise InputError(problems)
        for name, prepared in ready.items():
            self.warn(name, prepared)
        return [(prepared, check_target(self.out, name)) for name, prepared in ready.items()]

    def warn(self, name: str, prepared: Prepared) -> None:
        from chainsim.scenario.warm_up import leaves_warm_up_open

        for problem in prepared.scenario.warnings:
            self.say(f"warning: {problem}")
        if leaves_warm_up_open(prepared.scenario):
            self.say(f"{name}: some replications are run first, to find the warm-up")
        if self.verbose and not self.quiet:
            network = prepared.network
            self.say(
                f"{name}: {len(network.sites)} sites, {len(network.operations)} operations, "
                f"{len(network.lanes)} lanes, {len(network.horizon.day_ends)} days"
            )

    def attempt(self, prepared: Prepared, target: Path) -> dict[str, Any] | None:
        """Run one scenario; whatever fails, a bug too, stops no other one."""
        try:
            return self.run(prepared, target)
        except Exception as error:
            self.fail(f"{target.name}: {words_of(error)}")
            return None

    def run(self, prepared: Prepared, target: Path) -> dict[str, Any]:
        """Run and write one scenario, and print it; the JSON object of its results."""
        from chainsim.experiments.executors import usable_processors
        from chainsim.experiments.runs import reached
        from chainsim.experiments.runs import run as run_scenario
        from chainsim.report.folder import Circumstances, write_run
        from chainsim.report.objects import run_object

        replaces = target.exists()
        started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        began = time.monotonic()
        planned = prepared.scenario.document.run.replications
        total = prepared.precision.at_most if prepared.precision else planned
        workers = min(self.workers or usable_processors(), total)
        with progress(target.name, total, self.quiet) as done:
            found = run_scenario(prepared, workers, done)
        wall = time.monotonic() - began
        command = shlex.join(["chainsim", *sys.argv[1:]])
        write_run(found, target, Circumstances(command, started, wall, workers))
        if found.summary.failed:
            first = next(r for r in found.replications if r.error)
            self.fail(
                f"{target.name}: {found.summary.failed} of {found.summary.replications} "
                f"replications failed; number {first.number}: {first.error}"
            )
        self.show(found)
        if found.precision is not None and not reached(found):
            wanted = found.precision
            self.say(
                f"warning: {target.name}: {wanted.measure} is not known to {wanted.relative:g} of "
                f"its mean after {wanted.at_most} replications (run.precision.at_most)"
            )
        verb = "replaced" if replaces else "written"
        self.say(f"{target} {verb} after {time.monotonic() - began:.1f} s")
        return run_object(found) | {"wall_s": round(wall, 3), "out": str(target)}

    def fail(self, words: str) -> None:
        self.failed = True
        click.echo(visible(words), err=True)

    def show(self, found: Run) -> None:
        if self.as_json:
            return
        from chainsim.report import sheets, tables

        chosen = sheets.run_sheets(found)
        if self.verbose and not self.quiet:
            chosen.append(sheets.sites_sheet(found))
        tables.show(chosen, sys.stdout)

    def print_json(self, objects: list[dict[str, Any]]) -> None:
        if not self.as_json or not objects:
            return
        from chainsim.report.files import json_text

        single = len(objects) == 1
        whole = objects[0] if single else {"schema": MANY_SCHEMA, "runs": objects}
        click.echo(json_text(whole), nl=False)
