"""Which analysis fits the points of a design, and which designs rank factors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainsim.experiments.designs import DUMMY
from chainsim.experiments.sensitivity.analysis import Method, Plan
from chainsim.experiments.sensitivity.given_data import LEAST_POINTS
from chainsim.experiments.sensitivity.resampling import Floats
from chainsim.experiments.sweeps.points import Block
from chainsim.scenario.factors import Variable
from chainsim.scenario.schema.study import LatinHypercube, Listed, Morris, OneAtATime, Sobol

METHODS: dict[type, Method] = {
    OneAtATime: "one_at_a_time",
    Morris: "morris",
    Sobol: "sobol",
    LatinHypercube: "sample",
    Listed: "sample",
}
"""Which analysis fits a design; a grid is drawn, and a single point says nothing of factors."""


def plan_of(block: Block) -> Plan | None:
    """The points as their analysis takes them; None where no analysis fits."""
    method = METHODS.get(type(block.design))
    if method is None or not block.variables:
        return None
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


def ranked_factors(block: Block) -> tuple[str, ...]:
    """The factors or groups that the design of a block ranks; none where it ranks nothing.

    Sobol and Morris designs rank factors, and samples of enough points do.
    """
    plan = plan_of(block)
    if plan is None or plan.method == "one_at_a_time":
        return ()
    if plan.method == "sample" and len(block.points) < LEAST_POINTS:
        return ()
    return tuple(name for name in plan.columns if name != DUMMY)


def ranking_blocks(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks of the last design that ranks factors, one for each base scenario."""
    index = max((one.index for one in blocks if ranked_factors(one)), default=None)
    return tuple(one for one in blocks if one.index == index)
