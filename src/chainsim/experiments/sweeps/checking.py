"""A study as a gate: its expectations are judged from the finished runs of its sweep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chainsim.errors import InputError, Problem
from chainsim.experiments.checked import CheckedFile
from chainsim.experiments.evidence import Evidence, Spot, nothing
from chainsim.experiments.expectations import Stated
from chainsim.experiments.judging import Judged, judged
from chainsim.experiments.readings import Reading
from chainsim.experiments.sweeps.answers import Answers, finished, sweep_command
from chainsim.experiments.sweeps.evidence import Budget, at_every_point, of_rank
from chainsim.experiments.sweeps.methods import ranking_blocks
from chainsim.experiments.sweeps.planning import Sweep, planned
from chainsim.experiments.sweeps.store import reading
from chainsim.scenario.factors import Variable
from chainsim.scenario.schema.study import BASE
from chainsim.scenario.study import Study

PointReadings = tuple[Spot, tuple[Reading, ...]]


@dataclass(frozen=True)
class StudyGate:
    """A study that is ready to be checked: all its runs are finished."""

    file: Path
    answers: Answers
    store: Path
    """Of the runs."""
    has_precision = False

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What may not be meant in the base scenarios."""
        bases = self.plan.study.bases.values()
        return tuple(dict.fromkeys(w for one in bases for w in one.base.warnings))

    @property
    def plan(self) -> Sweep:
        """What was run."""
        return self.answers.sweep

    @property
    def expected(self) -> tuple[Stated, ...]:
        """What the study expects."""
        return self.plan.expected

    @property
    def alpha(self) -> float:
        """The error budget of all verdicts: 1 - confidence of the study."""
        return 1 - float(self.plan.study.document.confidence)


@dataclass(frozen=True)
class CheckedStudy(CheckedFile):
    """A study with its verdicts."""

    gate: StudyGate
    checks: tuple[Judged, ...]
    readings: tuple[PointReadings, ...]
    """Of every point, its replications."""
    error: str = ""

    counted = "runs"

    @property
    def file(self) -> Path:
        """The study file."""
        return self.gate.file

    @property
    def alpha(self) -> float:
        """The error budget of the gate."""
        return self.gate.alpha

    @property
    def basis(self) -> str:
        """Points and replications."""
        plan = self.gate.plan
        return f"{len(plan.points.points)} points, {plan.replications} replications"

    @property
    def every_reading(self) -> Iterator[tuple[str, Reading]]:
        """(point in words, reading) of all runs."""
        for spot, found in self.readings:
            yield from ((spot.words, reading) for reading in found)


def open_study_gate(
    file: Path, study: Study, store: Path, options: Sequence[str] = ()
) -> StudyGate:
    """A study with the finished runs of its sweep.

    Args:
        file: The study file.
        study: As loaded from it, with the options of the sweep.
        store: Where its runs are kept.
        options: Those of the sweep, for the command that goes on.

    Raises:
        InputError: what is wrong with the study; runs that are missing, with the command that
            runs them.
    """
    plan = planned(study)
    if not store.is_file():
        rule = "exist: a study is judged from the runs of its sweep"
        command = sweep_command(str(file), store.parent, options)
        raise InputError([Problem(str(store), 0, 0, "the store", rule, "", f"run {command}")])
    with reading(store) as kept:
        return StudyGate(file, finished(plan, kept, options), store)


def judge_study(gate: StudyGate) -> CheckedStudy:
    """A study with its verdicts; nothing is run."""
    readings = readings_by_point(gate)
    found = [_evidence(one, gate, readings) for one in gate.expected]
    rows = judged(gate.expected, found, gate.alpha, gate.alpha)
    return CheckedStudy(gate, rows, readings)


def unfinished_study(gate: StudyGate, why: str) -> CheckedStudy:
    """A study that could not be judged: every check is inconclusive."""
    found = [nothing(one, "it could not be judged") for one in gate.expected]
    return CheckedStudy(gate, judged(gate.expected, found, gate.alpha, gate.alpha), (), why)


def _evidence(one: Stated, gate: StudyGate, readings: tuple[PointReadings, ...]) -> Evidence:
    if one.kind != "driver":
        return at_every_point(one, readings, 1 - gate.alpha)
    blocks = ranking_blocks(gate.plan.points.blocks)
    return of_rank(one, gate.answers, blocks, Budget(gate.alpha, len(gate.expected)))


def readings_by_point(gate: StudyGate) -> tuple[PointReadings, ...]:
    """Every point with its replications, in the order of the plan."""
    measures = [one.name for one in gate.expected if one.kind != "driver"]
    numbers = range(gate.plan.replications)
    return tuple(
        (spot, tuple(gate.answers.reading((number, k), measures) for k in numbers))
        for number, spot in sorted(_spots(gate.plan).items())
    )


def _spots(plan: Sweep) -> dict[int, Spot]:
    """Every point by its number, with the values of the first design that has it."""
    found: dict[int, Spot] = {}
    for block in plan.points.blocks:
        base = "" if block.base == BASE else block.base
        for number, row in zip(block.points, block.settings, strict=True):
            pairs = zip(block.variables, row, strict=True)
            values = tuple((v.name, _with_unit(v, text)) for v, text in pairs if text is not None)
            found.setdefault(number, Spot(base, number, values))
    return found


def _with_unit(variable: Variable, setting: str) -> str:
    """A value with the unit that a bare number of a parameter has."""
    bare = not variable.suffix and setting.replace(".", "").replace("-", "").isdigit()
    return f"{setting} {variable.unit}" if bare and variable.unit not in ("", "1") else setting
