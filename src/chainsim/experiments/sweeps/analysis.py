"""What a finished sweep says of its factors: each measure of each design, analysed as it allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chainsim.experiments.sensitivity.analysis import Analysis, analyse
from chainsim.experiments.sensitivity.censored import restricted
from chainsim.experiments.sensitivity.discovery import Box, find_box, misses
from chainsim.experiments.sensitivity.drivers import Basis
from chainsim.experiments.sensitivity.resampling import Bootstrap, Floats
from chainsim.experiments.sweeps.answers import Answer, Answers
from chainsim.experiments.sweeps.methods import plan_of
from chainsim.experiments.sweeps.planning import measures_of
from chainsim.experiments.sweeps.points import Block
from chainsim.scenario.factors import Variable
from chainsim.scenario.schema.study import (
    Base,
    Grid,
    Morris,
    OneAtATime,
    Sobol,
    Target,
)

LEAST = 20
"""Points from which on a sample is searched for a box."""


@dataclass(frozen=True)
class Missed:
    """Where a target of the study is missed."""

    target: Target
    points: int
    """At which it is missed on average."""
    n: int
    """Of so many with all their values."""
    box: Box | None
    """The part of the space where that is so, in the units of the factors; None where all or no
    points miss it, where they are few, and for designs that do not fill the space."""


@dataclass(frozen=True)
class Finding:
    """One measure at the points of one design for one base scenario."""

    block: Block
    answer: Answer
    values: Floats
    """(point, replication) as analysed: times that are censored cut at what was followed."""
    note: str
    """How times were cut, in words."""
    analysis: Analysis | None
    """None for grids and single points."""
    missed: tuple[Missed, ...]

    @property
    def failed(self) -> int:
        """Runs that failed."""
        return int(self.answer.failed.sum())


@dataclass(frozen=True)
class Sensitivity:
    """All measures of a study, analysed."""

    answers: Answers
    findings: tuple[Finding, ...]
    """By design, base scenario and measure."""

    def findings_of(self, block: Block) -> tuple[Finding, ...]:
        """Those of one block."""
        return tuple(one for one in self.findings if one.block is block)


def analysed(answers: Answers) -> Sensitivity:
    """The analyses of a sweep of which all runs are finished."""
    plan = answers.sweep
    return Sensitivity(
        answers,
        tuple(
            _finding(answers, block, measure)
            for block in plan.points.blocks
            for measure in measures_of(plan.study)
        ),
    )


def known_values(answer: Answer) -> tuple[Floats, str]:
    """(point, replication) as analysed, times that are censored cut; and how, in words."""
    if not answer.censored.any():
        return answer.values, ""
    known = np.where(answer.censored, answer.followed, answer.values)
    cut = restricted(known, answer.censored)
    return cut.values, cut.sentence(answer.measure, answer.unit)


def _finding(answers: Answers, block: Block, measure: str) -> Finding:
    document = answers.sweep.study.document
    answer = answers.of(measure, block)
    values, note = known_values(answer)
    analysis = None
    plan = plan_of(block)
    if plan is not None:
        bootstrap = Bootstrap(float(document.confidence))
        found = analyse(
            (measure, answer.unit), plan, values, bases_of(block.variables),
            bootstrap,
        )  # fmt: skip
        analysis = replace(found, note=note)
    wanted = [one for one in document.targets if one.measure == measure]
    missed = tuple(_missed(block, values, one) for one in wanted)
    return Finding(block, answer, values, note, analysis, missed)


def bases_of(variables: Sequence[Variable]) -> dict[str, Basis]:
    """What the range of each factor rests on."""
    return {one.name: _basis(one) for one in variables}


def _basis(variable: Variable) -> Basis:
    unit = "" if variable.unit in ("", "1", "fraction") else f" {variable.unit}"
    base = "" if variable.base is None else f"{variable.base:g}{unit}"
    if variable.values:
        return Basis(variable.evidence, base, variable.values[0], variable.values[-1])
    return Basis(variable.evidence, base, f"{variable.low:g}{unit}", f"{variable.high:g}{unit}")


def points_that_fill(block: Block) -> list[int]:
    """The rows of a block that fill the space evenly: of Saltelli's points only A and B."""
    rows = len(block.points)
    if not isinstance(block.design, Sobol):
        return list(range(rows))
    moved = len(set(block.groups or block.names))
    step = 2 * moved + 2 if block.design.second_order else moved + 2
    return sorted([*range(0, rows, step), *range(step - 1, rows, step)])


def _missed(block: Block, values: Floats, target: Target) -> Missed:
    low, high = (None if q is None else float(q.value) for q in (target.at_least, target.at_most))
    chosen = points_that_fill(block)
    cases, usable = misses(values[chosen], low, high)
    number, n = int(cases.sum()), int(usable.sum())
    columns = [j for j in range(len(block.variables)) if np.isfinite(block.numbers[:, j]).all()]
    fills = not isinstance(block.design, Base | Grid | OneAtATime | Morris)
    if not fills or not columns or not 0 < number < n or n < LEAST:
        return Missed(target, number, n, None)
    names = [block.variables[j].name for j in columns]
    numbers = block.numbers[np.ix_(chosen, columns)][usable]
    return Missed(target, number, n, find_box(numbers, cases[usable], names))
