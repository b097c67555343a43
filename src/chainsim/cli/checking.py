"""The command that decides whether scenarios and studies do what they are expected to."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainsim.cli.failures import words_of
from chainsim.cli.options import FILE, Call, simulation_options, with_seed_and_replications
from chainsim.cli.progress import progress
from chainsim.cli.sweeping import store_path
from chainsim.errors import InputError, Problem, RunError, visible

if TYPE_CHECKING:
    from chainsim.experiments.checked import CheckedFile
    from chainsim.experiments.checking import Checked, Gate
    from chainsim.experiments.looks import Plan
    from chainsim.experiments.sweeps.checking import StudyGate

FORMATS = ("text", "json", "junit", "github", "markdown")


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option(
    "--sequential",
    is_flag=True,
    help="Double the replications until all is decided; the error budget is divided among looks.",
)
@click.option(
    "--at-most",
    type=click.IntRange(2, 1_000_000),
    metavar="N",
    help="With --sequential: replications at most; eight times those of the scenario unless given.",
)
@click.option(
    "--baseline",
    "baseline_file",
    type=FILE,
    metavar="FILE",
    help="The baseline; baselines/STEM.baseline.json beside the scenario unless given.",
)
@click.option(
    "--update-baseline",
    "renew",
    is_flag=True,
    help="Write the baseline from this run, and show what changed.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[:FILE]",
    help="text, json, junit, github or markdown, on the output or into a file; repeatable.",
)
@click.option(
    "--out",
    type=FILE,
    default=Path("results"),
    show_default=True,
    help="Folder with the finished runs of studies.",
)
@simulation_options
def check(files: tuple[Path, ...], **options: Any) -> None:
    """Decide what scenarios and studies expect: pass, fail, or inconclusive.

    Each FILE is a scenario or a study with a block `expect`. Scenarios are run; a study is judged
    from the finished runs of its sweep. All files are checked before anything is run.
    Exit codes: 0 all pass; 1 something fails, or a law of conservation is broken; 3 nothing fails
    and something is inconclusive; 2 the input or the baseline is wrong; 4 a run failed.
    """
    code = _Checker(**options).check(files)
    if code:
        raise SystemExit(code)


@dataclass
class _Checker(Call):
    """One call of the command, with its options."""

    sequential: bool = False
    at_most: int | None = None
    baseline_file: Path | None = None
    renew: bool = False
    formats: tuple[str, ...] = ()

    def check(self, files: Sequence[Path]) -> int:
        from chainsim.experiments.checked import exit_code_of

        outlets = self.outlets()
        gates = self.prepare(files)
        found: list[CheckedFile] = []
        for gate in gates:
            try:
                found.append(self.judge(gate))
            except Exception as error:  # whatever fails, a bug too, stops no other file
                words = words_of(error)
                click.echo(visible(f"{gate.file}: {words}"), err=True)
                found.append(_unfinished(gate, words.rsplit("\n", 1)[-1]))
        unwritten = self.write_baselines(found)
        self.write(found, outlets)
        return exit_code_of(found) or unwritten

    def prepare(self, files: Sequence[Path]) -> list[Gate | StudyGate]:
        """All files, ready to run; all problems of all files at once."""
        from chainsim.scenario.studies import is_study

        studies = {file for file in files if is_study(file)}
        problems = list(self.slips(files, studies))
        gates: list[Gate | StudyGate] = []
        for file in dict.fromkeys(files):
            try:
                gates.append(self.open_study(file) if file in studies else self.open_scenario(file))
            except InputError as error:
                problems += error.problems
        if problems:
            raise InputError(dict.fromkeys(problems))
        for gate in gates:
            self.warn(gate)
        return gates

    def open_scenario(self, file: Path) -> Gate:
        """A scenario, ready to run."""
        from chainsim.experiments.checking import open_gate

        overrides = with_seed_and_replications(self.overrides, self.seed, self.replications)
        return open_gate(file, overrides, self.baseline_file, self.renew)

    def open_study(self, file: Path) -> StudyGate:
        """A study with the finished runs of its sweep."""
        from chainsim.experiments.sweeps.checking import open_study_gate
        from chainsim.scenario.studies import load_study

        seed = [] if self.seed is None else [f"run.seed={self.seed}"]
        study = load_study(file, [*self.overrides, *seed], self.replications)
        return open_study_gate(file, study, store_path(self.out, file), self.sweep_options())

    def sweep_options(self) -> list[str]:
        """The options that a sweep has to have, too, for its runs to be those that are judged."""
        given = {"--seed": self.seed, "--replications": self.replications}
        sets = [word for text in self.overrides for word in ("--set", text)]
        return [*sets, *(w for key, n in given.items() if n is not None for w in (key, str(n)))]

    def slips(self, files: Sequence[Path], studies: Collection[Path]) -> list[Problem]:
        """What is wrong with the options together, and with those that studies do not have."""
        rules = []
        options = {"--sequential": self.sequential, "--baseline": self.baseline_file,
                   "--update-baseline": self.renew}  # fmt: skip
        for option, given in options.items():
            if studies and given:
                first = next(file for file in files if file in studies)
                reason = "it is judged from runs that are finished"
                rules.append((option, f"stand without a study such as {first}: {reason}"))
        if self.at_most is not None and not self.sequential:
            rules.append(("--at-most", "stand beside --sequential"))
        if self.renew and self.sequential:
            rules.append(("--update-baseline", "stand without --sequential"))
        if self.baseline_file is not None and len(set(files)) > 1:
            rules.append(("--baseline", "stand beside one scenario: each has its own"))
        return [Problem(option, 0, 0, option, rule) for option, rule in rules]

    def warn(self, gate: Gate | StudyGate) -> None:
        for problem in gate.warnings:
            self.say(f"warning: {problem}")
        if not gate.expected:
            self.say(f"warning: {gate.file} expects nothing: only the laws are checked")
        if gate.has_precision:
            self.say(f"{gate.file}: run.precision is not used; --sequential adds replications")

    def judge(self, gate: Gate | StudyGate) -> CheckedFile:
        """One file with its verdicts; a scenario is run for them."""
        from chainsim.experiments.sweeps.checking import StudyGate, judge_study

        return judge_study(gate) if isinstance(gate, StudyGate) else self.run(gate)

    def run(self, gate: Gate) -> Checked:
        """Run one scenario, and renew its baseline if that is asked for."""
        from chainsim.experiments.checking import renewed, run_gate
        from chainsim.experiments.executors import usable_processors

        plan = self.plan()
        workers = self.workers or usable_processors()
        sizes = list(plan.sizes(gate.scenario.document.run.replications))
        total = sizes[-1] * (1 + len(gate.others))
        renew = self.renew and self.has_baseline(gate)
        with progress(str(gate.file), total, self.quiet) as done:
            if not renew:
                return run_gate(gate, plan, workers, done)
            return renewed(gate, workers, done)

    def has_baseline(self, gate: Gate) -> bool:
        """Whether a baseline is written for a file: one that is needed, or named."""
        if self.baseline_file is not None or any(one.needs_baseline for one in gate.expected):
            return True
        self.say(f"{gate.file} expects nothing of a baseline: none is written")
        return False

    def plan(self) -> Plan:
        from chainsim.experiments.looks import Plan

        return Plan(self.sequential, self.at_most)

    def write_baselines(self, found: Sequence[CheckedFile]) -> int:
        """Write the new baselines; the exit code if one cannot be written, else 0."""
        from chainsim.experiments.checking import Checked

        code = 0
        for one in found:
            if isinstance(one, Checked) and self.renew and (one.renewed or one.failed):
                try:
                    self.write_baseline(one)
                except RunError as error:
                    click.echo(visible(str(error)), err=True)
                    code = RunError.exit_code
        return code

    def write_baseline(self, found: Checked) -> None:
        """Put the new baseline in place of the old one, and show the difference."""
        from chainsim.experiments.baseline import text_of
        from chainsim.report.baselines import baseline_sheet
        from chainsim.report.files import write_whole
        from chainsim.report.tables import show

        path, fresh = found.gate.baseline_file, found.gate.baseline
        if fresh is None:
            self.say(f"{path} is not written: a replication failed")
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{path.parent} cannot be made: {error.strerror}") from None
        write_whole(path, text_of(fresh))
        stream = sys.stderr if self.as_json or self.formats else sys.stdout
        show([baseline_sheet(found.replaced, fresh, str(path))], stream)

    def outlets(self) -> list[tuple[str, Path | None]]:
        """The formats that are wanted, each with its file; None is the output.

        Raises:
            InputError: a format is unknown, or two would go to the same place.
        """
        found: list[tuple[str, Path | None]] = []
        problems = []
        for text in (*self.formats, *(["json"] if self.as_json else [])):
            name, colon, file = text.partition(":")
            path = Path(file) if colon else None
            rule = _slip_of(name, file if colon else None)
            if not rule and path in [other for _, other in found]:
                rule = "go to a place of its own: write FORMAT:FILE"
            if rule:
                problems.append(Problem("--format", 0, 0, text, rule))
            found.append((name, path))
        if problems:
            raise InputError(problems)
        if all(path is not None for _, path in found):
            found.insert(0, ("text", None))
        return found

    def write(
        self, found: Sequence[CheckedFile], outlets: Sequence[tuple[str, Path | None]]
    ) -> None:
        """Every format to its place; annotations and a summary where GitHub runs it."""
        from chainsim.report.check_formats import written
        from chainsim.report.checks import check_sheets
        from chainsim.report.files import write_whole
        from chainsim.report.tables import show

        for name, path in outlets:
            if path is not None:
                write_whole(path, written(name, found))
            elif name == "text":
                show(check_sheets(found), sys.stdout)
            else:
                click.echo(written(name, found), nl=False)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            self.tell_github(found, any(row == ("github", None) for row in outlets))

    def tell_github(self, found: Sequence[CheckedFile], annotated: bool) -> None:
        """Annotations beside the output, and the summary of the step."""
        from chainsim.report.check_formats import summary, workflow_commands

        if not annotated:
            click.echo(workflow_commands(found), nl=False, err=True)
        target = os.environ.get("GITHUB_STEP_SUMMARY")
        if not target:
            return
        try:
            with open(target, "a", encoding="utf-8", errors="replace") as file:
                file.write(summary(found) + "\n")
        except OSError as error:
            self.say(f"warning: the step summary could not be written: {error.strerror}")


def _unfinished(gate: Gate | StudyGate, why: str) -> CheckedFile:
    """A file that could not be judged: every check is inconclusive."""
    from chainsim.experiments.checking import unfinished
    from chainsim.experiments.sweeps.checking import StudyGate, unfinished_study

    if isinstance(gate, StudyGate):
        return unfinished_study(gate, why)
    return unfinished(gate, why)


def _slip_of(name: str, file: str | None) -> str:
    """What is wrong with one format and its file; nothing where it is right."""
    if name not in FORMATS:
        return f"be one of {', '.join(FORMATS)}, or FORMAT:FILE"
    if file is None:
        return ""
    if not file:
        return "name a file after the colon"
    folder = Path(file).parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return f"name a file in a folder that can be written to, not {folder}"
    if Path(file).is_dir():
        return "name a file, not a folder"
    return ""
