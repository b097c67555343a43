"""What a finished sweep says of its factors: each measure of each design, analysed as it allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chainsim.experiments.sensitivity.analysis import Analysis, Method, Plan, analyse
from chainsim.experiments.sensitivity.censored import restricted
from chainsim.experiments.sensitivity.discovery import Box, find_box, misses
from chainsim.experiments.sensitivity.drivers import Basis
from chainsim.experiments.sensitivity.resampling import Bootstrap, Floats
from chainsim.experiments.sweeps.answers import Answer, Answers
from chainsim.experiments.sweeps.planning import measures_of
from chainsim.experiments.sweeps.points import Block
from chainsim.scenario.factors import Variable
from chainsim.scenario.schema.study import (
    Base,
    Grid,
    LatinHypercube,
    Listed,
    Morris,
    OneAtATime,
    Sobol,
    Target,
)

LEAST = 20
"""Points from which on a sample is searched for a box."""
METHODS: dict[type, Method] = {
    OneAtATime: "one_at_a_time",
    Morris: "morris",
    Sobol: "sobol",
    LatinHypercube: "sample",
    Listed: "sample",
}
"""Which analysis fits a design; a grid is drawn, and a single point says nothing of factors."""


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


def _finding(answers: Answers, block: Block, measure: str) -> Finding:
    document = answers.sweep.study.document
    answer = answers.of(measure, block)
    values, note = answer.values, ""
    if answer.censored.any():
        known = np.where(answer.censored, answer.followed, values)
        cut = restricted(known, answer.censored)
        values, note = cut.values, cut.sentence(measure, answer.unit)
    analysis = None
    method = METHODS.get(type(block.design))
    if method is not None and block.variables:
        bootstrap = Bootstrap(float(document.confidence))
        found = analyse(
            (measure, answer.unit), _plan(block, method), values, bases_of(block.variables),
            bootstrap,
        )  # fmt: skip
        analysis = replace(found, note=note)
    wanted = [one for one in document.targets if one.measure == measure]
    missed = tuple(_missed(block, values, one) for one in wanted)
    return Finding(block, answer, values, note, analysis, missed)


def _plan(block: Block, method: Method) -> Plan:
    if isinstance(block.design, Listed):
        places, variables = _listed_places(block)
        return Plan(method, tuple(v.name for v in variables), places)
    design = block.design
    second = isinstance(design, Sobol) and design.second_order
    groups = block.groups if method in ("sobol", "morris") else None
    return Plan(method, block.names, block.places, groups, second)


def _listed_places(block: Block) -> tuple[Floats, tuple[Variable, ...]]:
    """The factors of a list that are numbers, each between its least and its largest value."""
    known = [j for j in range(len(block.variables)) if np.isfinite(block.numbers[:, j]).all()]
    numbers = block.numbers[:, known]
    low, high = numbers.min(axis=0), numbers.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    return (numbers - low) / span, tuple(block.variables[j] for j in known)


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
