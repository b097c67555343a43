"""The analyses of a sweep as results that can be shown, and what stands beside them in words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainsim.errors import shortened
from chainsim.experiments.designs import columns_of
from chainsim.experiments.sensitivity.discovery import Limit
from chainsim.experiments.sensitivity.results import MissedTarget, Result
from chainsim.experiments.sweeps.analysis import LEAST, Analysis, Missed
from chainsim.experiments.sweeps.points import Block
from chainsim.report.sentences import words
from chainsim.report.tables import number
from chainsim.scenario.factors import Variable
from chainsim.scenario.schema.study import LatinHypercube, Listed, Target

Describe = Callable[[str, float], str]
"""The value of a factor at a place, in words."""


def result_of(analysis: Analysis) -> Result:
    """One measure of one design for one base scenario, as it can be shown."""
    block, answer = analysis.block, analysis.answer
    cut = analysis.cut
    return Result(
        measure=answer.measure,
        unit=answer.unit,
        method=block.design.method,
        names=columns_of(block.names, block.groups),
        points=len(block.points),
        replications=answer.values.shape[1],
        found=analysis.found,
        drivers=analysis.drivers,
        ranking=analysis.ranking,
        convergence=analysis.convergence,
        missed=tuple(_missed(one, block, answer.unit) for one in analysis.missed),
        reason=_reason(analysis),
        note=cut.sentence(words(answer.measure), answer.unit) if cut else "",
        failed=analysis.failed,
    )


def _reason(analysis: Analysis) -> str:
    """Why a sample is not analysed; empty for designs that are not meant to be."""
    sampled = isinstance(analysis.block.design, LatinHypercube | Listed)
    if analysis.found is not None or not sampled:
        return ""
    n = int(np.isfinite(analysis.values).all(axis=1).sum())
    return f"{n} points have all their values, and {LEAST} are needed"


def _missed(one: Missed, block: Block, unit: str) -> MissedTarget:
    describe = described(block)
    limits = one.box.limits if one.box else ()
    return MissedTarget(
        target_in_words(one.target, unit),
        one.points,
        one.n,
        one.box,
        tuple(limit_in_words(limit, describe) for limit in limits),
    )


def target_in_words(target: Target, unit: str) -> str:
    """The target as people say it: at most 10,000 vehicles."""
    parts = [
        f"{what} {number(float(bound.value))}"
        for what, bound in (("at least", target.at_least), ("at most", target.at_most))
        if bound is not None
    ]
    return " and ".join(parts) + ("" if unit in ("", "1") else f" {unit}")


def limit_in_words(limit: Limit, describe: Describe) -> str:
    """A limit of a box: duration is at least 21 d."""
    name = shortened(limit.name)
    low = None if limit.low is None else describe(limit.name, limit.low)
    high = None if limit.high is None else describe(limit.name, limit.high)
    if low is not None and low == high:
        return f"{name} is {low}"
    if low is None:
        return f"{name} is at most {high}"
    return f"{name} is at least {low}" if high is None else f"{name} is from {low} to {high}"


def described(block: Block) -> Describe:
    """The value of each factor at a place, as the design of the block has it."""
    known = {one.name: j for j, one in enumerate(block.variables)}

    def describe(name: str, place: float) -> str:
        j = known[name]
        variable = block.variables[j]
        if isinstance(block.design, Listed):
            numbers = block.numbers[:, j]
            low, high = float(numbers.min()), float(numbers.max())
            return _with_unit(number(low + place * (high - low)), variable)
        setting = variable.setting(place)
        value = variable.number(setting)
        return shortened(setting) if np.isnan(value) else _with_unit(number(value), variable)

    return describe


def _with_unit(text: str, variable: Variable) -> str:
    plain = variable.unit in ("", "1", "fraction")
    return text if plain else f"{text} {shortened(variable.unit)}"
