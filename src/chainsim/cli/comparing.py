"""The command that compares scenarios."""

from __future__ import annotations

import datetime as dt
import shlex
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainsim.cli.options import FILE, Call, run_options
from chainsim.cli.progress import progress
from chainsim.errors import InputError, Problem, RunError, visible

if TYPE_CHECKING:
    from chainsim.experiments.comparison import Comparison
    from chainsim.experiments.runs import Prepared, Run


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FIRST OTHER...")
@run_options
def compare(files: tuple[Path, ...], **options: Any) -> None:
    """Compare scenarios with the first one, replication by replication.

    All scenarios run with the same seed, days and number of replications, so that the differences
    are those of the scenarios and not of luck. Options apply to all of them.
    """
    _Comparer(**options).compare(files)


class _Comparer(Call):
    """One call of the command, with its options."""

    def compare(self, files: tuple[Path, ...]) -> None:
        from chainsim.experiments.comparison import compare
        from chainsim.experiments.executors import usable_processors
        from chainsim.report.comparison_folder import comparison_name, write_comparison
        from chainsim.report.folder import Circumstances, check_target

        ready = self.prepare(files)
        target = check_target(self.out, comparison_name(ready))
        started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        began = time.monotonic()
        count = next(iter(ready.values())).scenario.document.run.replications
        workers = min(self.workers or usable_processors(), count)
        replaces = target.exists()
        found = compare({name: self.run(name, one, workers) for name, one in ready.items()})
        wall = time.monotonic() - began
        command = shlex.join(["chainsim", *sys.argv[1:]])
        write_comparison(found, target, Circumstances(command, started, wall, workers))
        self.show(found, {"wall_s": round(wall, 3), "out": str(target)})
        done = "replaced" if replaces else "written"
        self.say(f"{target} {done} after {time.monotonic() - began:.1f} s")
        if self.failed:
            raise SystemExit(RunError.exit_code)

    def prepare(self, files: Iterable[Path]) -> dict[str, Prepared]:
        """The scenarios by the name under which they are shown; all problems at once."""
        from chainsim.experiments.pairing import check_pairing

        ready, problems = self.loaded(files, "'{name}' is compared already")
        if not problems and len(ready) < 2:
            remedy = "chainsim compare FIRST OTHER..."
            problems.append(
                Problem("compare", 0, 0, "the files", "be two or more scenarios", "one", remedy)
            )
        if problems:
            raise InputError(problems)
        check_pairing(ready)
        return {name: self.with_all_replications(name, one) for name, one in ready.items()}

    def with_all_replications(self, name: str, prepared: Prepared) -> Prepared:
        """Without a precision to stop at, which would leave replications without their pair."""
        for problem in prepared.scenario.warnings:
            self.say(f"warning: {problem}")
        if prepared.precision is None:
            return prepared
        count = prepared.scenario.document.run.replications
        self.say(f"{name}: run.precision is not used in pairs; {count} replications are run")
        return replace(prepared, precision=None)

    def run(self, name: str, prepared: Prepared, workers: int) -> Run:
        from chainsim.experiments.runs import run

        try:
            with progress(name, prepared.scenario.document.run.replications, self.quiet) as done:
                found = run(prepared, workers, done)
        except RunError as error:
            raise RunError(f"{name}: {error}") from error
        if found.summary.failed:
            self.failed = True
            first = next(r for r in found.replications if r.error)
            click.echo(
                f"{name}: {found.summary.failed} of {found.summary.replications} replications "
                f"failed; number {first.number}: {first.error}",
                err=True,
            )
        return found

    def show(self, found: Comparison, circumstances: dict[str, Any]) -> None:
        from chainsim.report.comparison import comparison_object, comparison_sheets
        from chainsim.report.files import json_text
        from chainsim.report.sentences import sentences
        from chainsim.report.site_comparison import site_sheets
        from chainsim.report.tables import show

        if self.as_json:
            click.echo(json_text(comparison_object(found) | circumstances), nl=False)
            return
        sheets = zip(comparison_sheets(found), site_sheets(found), strict=True)
        for (total, sites), against in zip(sheets, found.against, strict=True):
            show([sheet for sheet in (total, sites) if sheet is not None], sys.stdout)
            for text in sentences(found, against):
                click.echo(visible(text))
            click.echo()
