"""What a finished sweep says of its factors: each measure of each design, analysed as it allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chainsim.experiments.designs import saltelli_row
from chainsim.experiments.sensitivity.analysis import Analysis, analyse
from chainsim.experiments.sensitivity.censored import restricted
from chainsim.experiments.sensitivity.discovery import Box, find_box, misses
from chainsim.experiments.sensitivity.drivers import Basis
from chainsim.experiments.sensitivity.resampling import Bootstrap, Floats
from chainsim.experiments.sweeps.answers import Answer, Answers
from chainsim.experiments.sweeps.methods import plan_of
from chainsim.experiments.sweeps.planning import Aim, measures_of
from chainsim.experiments.sweeps.points import Block
from chainsim.scenario.factors import Variable
from chainsim.scenario.schema.study import (
    Base,
    Grid,
    Morris,
    OneAtATime,
    Sobol,
)

LONGER = 1e300
"""Stands for a time beyond any bound."""
LEAST = 20
"""Points from which on a sample is searched for a box."""


@dataclass(frozen=True)
class Missed:
    """Where a target of the study is missed."""

    target: Aim
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
    limit: float | None
    """Where they were cut; None where they were not."""
    analysis: Analysis | None
    """None for grids and single points."""
    missed: tuple[Missed, ...]

    @property
    def failed(self) -> int:
        """Runs that failed."""
        return int(self.answer.failed.sum())

    @property
    def drawn_target(self) -> Aim | None:
        """The first target, if the values that are drawn can show it: they are not cut below it."""
        for one in self.missed:
            if self.limit is None or one.target.bound < self.limit:
                return one.target
        return None


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


def known_values(answer: Answer) -> tuple[Floats, str, float | None]:
    """(point, replication) as analysed, times that are censored cut; how, in words; and where."""
    if not answer.censored.any():
        return answer.values, "", None
    known = np.where(answer.censored, answer.followed, answer.values)
    cut = restricted(known, answer.censored)
    return cut.values, cut.sentence(answer.measure, answer.unit), cut.limit


def against_bound(answer: Answer, bound: float) -> Floats:
    """(point, replication) as far as a bound is concerned.

    A time that is censored is longer than the bound if it was followed so long: then it counts as
    `LONGER`. Else nothing is known of it, and it has no value.
    """
    longer = np.where(answer.followed >= bound, LONGER, np.nan)
    found: Floats = np.where(answer.censored, longer, answer.values)
    return found


def _finding(answers: Answers, block: Block, measure: str) -> Finding:
    document = answers.sweep.study.document
    answer = answers.of(measure, block)
    values, note, limit = known_values(answer)
    analysis = None
    plan = plan_of(block)
    if plan is not None:
        bootstrap = Bootstrap(float(document.confidence))
        found = analyse(
            (measure, answer.unit), plan, values, bases_of(block.variables),
            bootstrap,
        )  # fmt: skip
        analysis = replace(found, note=note)
    wanted = [one for one in answers.sweep.aims if one.measure == measure]
    missed = tuple(_missed(block, against_bound(answer, one.bound), one) for one in wanted)
    return Finding(block, answer, values, note, limit, analysis, missed)


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
    step = saltelli_row(len(set(block.groups or block.names)), block.design.second_order)
    return sorted([*range(0, rows, step), *range(step - 1, rows, step)])


def _missed(block: Block, values: Floats, target: Aim) -> Missed:
    chosen = points_that_fill(block)
    cases, usable = misses(values[chosen], target.at_least, target.at_most)
    number, n = int(cases.sum()), int(usable.sum())
    columns = [j for j in range(len(block.variables)) if np.isfinite(block.numbers[:, j]).all()]
    fills = not isinstance(block.design, Base | Grid | OneAtATime | Morris)
    if not fills or not columns or not 0 < number < n or n < LEAST:
        return Missed(target, number, n, None)
    names = [block.variables[j].name for j in columns]
    numbers = block.numbers[np.ix_(chosen, columns)][usable]
    return Missed(target, number, n, find_box(numbers, cases[usable], names))
