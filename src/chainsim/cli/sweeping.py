"""The commands that run studies, merge their stores, and export what they hold."""

from __future__ import annotations

import re
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainsim.cli.options import FILE, Call, json_option, out_option, run_options
from chainsim.cli.progress import progress
from chainsim.errors import InputError, Problem, RunError, shortened, visible

if TYPE_CHECKING:
    from chainsim.experiments.executors import Executor
    from chainsim.experiments.sweeps.course import Course, Outcome, Outlook
    from chainsim.experiments.sweeps.planning import Sweep

_SHARD = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})\Z")


@click.command()
@click.argument("file", type=FILE, metavar="STUDY")
@click.option(
    "--rerun", type=click.Choice(["failed", "stale", "all"]),
    help="Run again what failed, what belongs to scenarios that have changed since, or all.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be run and how long it takes.")
@click.option(
    "--shard", metavar="I/N", default="1/1",
    help="Run every N-th point only, from the I-th on, into a store of its own; see merge.",
)  # fmt: skip
@click.option(
    "--executor", "kind", type=click.Choice(["auto", "in-process", "processes", "dask"]),
    default="auto", show_default=True,
    help="Who runs: worker processes unless there is one worker or a scheduler.",
)  # fmt: skip
@click.option("--scheduler", metavar="ADDRESS", help="Of a Dask cluster, as tcp://HOST:PORT.")
@run_options
def sweep(file: Path, **options: Any) -> None:
    """Run the points of a study, each once; the same command goes on where it was stopped.

    Every finished run is kept at once in one file, results/STUDY.sqlite.
    """
    _Sweeper(**options).sweep(file)


@dataclass
class _Sweeper(Call):
    """One call of the command, with its options."""

    rerun: str | None = None
    dry_run: bool = False
    shard: str = "1/1"
    kind: str = "auto"
    scheduler: str | None = None

    def sweep(self, file: Path) -> None:
        from chainsim.experiments.executors import executor_for, usable_processors
        from chainsim.experiments.sweeps.course import Course
        from chainsim.experiments.sweeps.store import looking, writing
        from chainsim.report.places import check_out

        plan = self.planned(file)
        path = store_path(self.out, file, plan.shard)
        executor = executor_for(self.kind, self.workers or usable_processors(), self.scheduler)
        if self.dry_run:
            with looking(path) as kept:
                course = Course(plan, kept, self.rerun or "")  # type: ignore[arg-type]
                self.estimate(course, executor.workers)
            return
        check_out(self.out)
        began = time.monotonic()
        with writing(path) as store:
            course = Course(plan, store, self.rerun or "")  # type: ignore[arg-type]
            outlook = course.outlook()
            self.say_outlook(plan, outlook, store.path)
            outcome = self.run(course, outlook, executor, file.stem)
        self.show(plan, outlook, outcome, store.path, round(time.monotonic() - began, 3))
        self.report_failures(plan, outcome)

    def planned(self, file: Path) -> Sweep:
        """The sweep, with all that is wrong with it found."""
        from chainsim.experiments.sweeps.planning import planned
        from chainsim.scenario.studies import load_study

        seed = [] if self.seed is None else [f"run.seed={self.seed}"]
        study = load_study(file, [*self.overrides, *seed], self.replications)
        for name, base in study.bases.items():
            for problem in base.base.warnings:
                self.say(f"warning: {name}: {problem}")
        return planned(study, parse_shard(self.shard))

    def say_outlook(self, plan: Sweep, outlook: Outlook, store: Path) -> None:
        same = len(plan.tasks) - outlook.runs
        self.say(
            f"{outlook.points} points, {plan.replications} replications: {outlook.runs} runs"
            + (f" ({same} of {len(plan.tasks)} are the same as others)" if same else "")
        )
        if outlook.kept:
            failed = f", {outlook.failed} of them failed" if outlook.failed else ""
            self.say(f"{outlook.kept} are kept in {store}{failed}; {outlook.left} are to be run")
        if outlook.other:
            self.say(f"{outlook.other} runs of earlier forms of the study are kept beside them")

    def estimate(self, course: Course, workers: int) -> None:
        """Say what would be run and how long it would take; nothing is written."""
        outlook = course.outlook()
        self.say_outlook(course.sweep, outlook, course.store.path)
        seconds, how = outlook.seconds, "the median of those kept"
        if seconds is None and course.missing:
            seconds, how = course.timed(), "the first one, which was run for this and not kept"
        if seconds is not None:
            total = seconds * outlook.left / workers
            self.say(f"one run takes {seconds:.3g} s ({how})")
            self.say(f"{outlook.left} runs on {workers} workers: about {duration(total)}")
        if self.as_json:
            from chainsim.report.files import json_text

            facts = {"schema": "chainsim/sweep-plan/1", "runs": outlook.runs, "kept": outlook.kept,
                     "left": outlook.left, "seconds_per_run": seconds}  # fmt: skip
            click.echo(json_text(facts), nl=False)

    def run(self, course: Course, outlook: Outlook, executor: Executor, name: str) -> Outcome:
        """Run what is missing; whatever ends it, what is finished stays."""
        try:
            with progress(name, outlook.left, self.quiet, "runs") as done:
                return course.run(executor, done)
        except (KeyboardInterrupt, SystemExit):
            again = shlex.join(["chainsim", *sys.argv[1:]])
            self.say(f"what is finished is kept in {course.store.path}; to go on:\n{again}")
            raise

    def show(
        self, plan: Sweep, outlook: Outlook, outcome: Outcome, store: Path, wall: float
    ) -> None:
        failed = len(outcome.failures)
        if self.as_json:
            from chainsim.report.files import json_text

            facts = {
                "schema": "chainsim/sweep/1", "study": plan.study.document.name,
                "points": outlook.points, "runs": outcome.runs, "run_now": outcome.done,
                "kept_before": outlook.runs - outcome.done, "failed": failed,
                "store": str(store), "wall_s": wall,
            }  # fmt: skip
            click.echo(json_text(facts), nl=False)
            return
        what = "nothing was left to run" if not outcome.done else f"{outcome.done} run now"
        click.echo(
            visible(f"{outcome.runs} runs in {store}, {failed} failed; {what} in {duration(wall)}")
        )

    def report_failures(self, plan: Sweep, outcome: Outcome) -> None:
        if not outcome.failures:
            return
        (point, replication), error = outcome.failures[0]
        where = plan.points.points[point]
        values = ", ".join(where.overrides) or "no value changed"
        self.say("--rerun failed runs them again")
        words = (
            f"{len(outcome.failures)} runs failed; first point {point} ({where.base}: "
            f"{shortened(values, 300)}), replication {replication}: {error}"
        )
        click.echo(visible(words), err=True)
        raise SystemExit(RunError.exit_code)


def parse_shard(text: str) -> tuple[int, int]:
    """(i, n) of I/N.

    Raises:
        InputError: it is not one of n parts.
    """
    match = _SHARD.match(text)
    if match is None or int(match[1]) > int(match[2]):
        rule = "be I/N, the I-th of N parts, such as 1/4"
        raise InputError([Problem("--shard", 0, 0, "the part", rule, shortened(text))])
    return int(match[1]), int(match[2])


def store_path(out: Path, study: Path, shard: tuple[int, int] = (1, 1)) -> Path:
    """Where the runs of a study are kept; a shard has a file of its own."""
    from chainsim.report.places import folder_name

    part = "" if shard == (1, 1) else f".{shard[0]}of{shard[1]}"
    return out / f"{folder_name(str(study))}{part}.sqlite"


def duration(seconds: float) -> str:
    """A time in words: 8.2 s, 12 min, 3 h 5 min."""
    if seconds < 90:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


@click.command()
@click.argument("file", type=FILE, metavar="STUDY")
@click.argument("parts", type=FILE, metavar="STORE...", nargs=-1, required=True)
@out_option
def merge(file: Path, parts: tuple[Path, ...], out: Path) -> None:
    """Bring the stores of the parts of a study (--shard) into one, results/STUDY.sqlite."""
    from chainsim.experiments.sweeps.merging import merge as merged
    from chainsim.experiments.sweeps.store import writing
    from chainsim.report.places import check_out

    check_out(out)
    with writing(store_path(out, file)) as store:
        found = merged(store, parts)
    known = f"; {found.known} were there already" if found.known else ""
    click.echo(visible(f"{found.added} runs brought into {store.path}{known}"))


@click.command()
@click.argument("path", type=FILE, metavar="STORE")
@click.option("--days", is_flag=True, help="The daily series instead of the measures.")
@click.option(
    "--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True,
)  # fmt: skip
@click.option("-o", "--output", type=FILE, help="A file; csv goes to standard output unless given.")
@json_option
def export(path: Path, days: bool, form: str, output: Path | None, as_json: bool) -> None:
    """Write the finished runs of a store (or of the folder that has one) as a table.

    A row for each run: base, point, replication, factors, measures, censored, error.
    """
    from chainsim.experiments.sweeps.store import reading
    from chainsim.experiments.sweeps.tables import days_table, runs_table, store_at
    from chainsim.report.table_files import write_table

    with reading(store_at(path)) as store:
        columns = days_table(store) if days else runs_table(store)
    write_table(columns, "json" if as_json else form, output)


COMMANDS = (sweep, merge, export)
