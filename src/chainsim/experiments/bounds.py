"""Linear-programming bounds: how long a chain can survive at best, and what it must lose at least.

Goods flow without lead times, and whoever decides knows the future and shares out freely what
there is; docs/bounds.md says what that leaves out. Source: the time-to-survive and time-to-recover
models of Simchi-Levi et al. (2015), Interfaces 45(5), here with yields, rework, shared servers,
calendars and lanes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from chainsim.errors import RunError
from chainsim.experiments.fluid import Floats, Holdings, State, flows_of, speeds_left, state_at
from chainsim.network.compiled import SECONDS_PER_DAY, CompiledNetwork
from chainsim.outcome.trajectory import Integers

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FOR_EVER = 36_500.0
"""Days: what survives a century survives for ever."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is certain whatever a chain does, from linear programs."""

    time_to_survive: float | None
    """Days for which all demand for output can be met at most; None is for ever."""
    least_lost: float
    """Units of output that are late or lost at least."""


def time_to_survive(
    network: CompiledNetwork,
    state: State,
    left: Mapping[int, float],
    closed: Collection[int] = (),
) -> float | None:
    """Days for which all demand can be met at best; None if it can be met for ever.

    The largest t with: taken <= there + gained x t in every stock, work <= capacity x t on all
    servers, demand x t delivered. Rates are constant, so the same plan meets demand at all times
    before t.

    Args:
        network: A network.
        state: When the outage begins.
        left: The share of its speed that an operation keeps, by index; others keep all.
        closed: Lanes, by index, that carry nothing.

    Raises:
        RunError: the solver fails.
    """
    flows = flows_of(network, state, left, closed)
    gained = flows.gained.copy()
    gained[list(state.demand)] -= list(state.demand.values())
    taken = _beside(flows.taken, -gained[:, None])
    value = np.zeros(len(flows.most) + 1)
    value[-1] = 1.0
    days = _largest(value, taken, flows.there, np.append(flows.most, FOR_EVER), flows.binding)
    return None if days >= FOR_EVER * (1 - 1e-9) else days


def least_lost(
    network: CompiledNetwork,
    state: State,
    left: Mapping[int, float],
    closed: Collection[int] = (),
    days: float | None = None,
) -> float:
    """Units of demand that are lost at least while an outage lasts; all units count alike.

    Args:
        network: A network.
        state: When the outage begins.
        left: The share of its speed that an operation keeps, by index; others keep all.
        closed: Lanes, by index, that carry nothing.
        days: How long the outage lasts; the days of the state unless given.

    Raises:
        RunError: the solver fails.
    """
    flows = flows_of(network, state, left, closed)
    days = state.days if days is None else days
    wanted = np.array(list(state.demand.values())) * days
    delivered = np.zeros((len(flows.there), len(wanted)))
    delivered[list(state.demand), range(len(wanted))] = 1.0
    taken = _beside(flows.taken, delivered)
    value = np.concatenate([np.zeros(len(flows.most)), np.ones(len(wanted))])
    there = flows.there + flows.gained * days
    met = _largest(value, taken, there, np.append(flows.most, wanted), flows.binding)
    return max(0.0, float(wanted.sum()) - met)


def bounds_of(
    network: CompiledNetwork, twins: Sequence[Holdings], strike: int, seconds: int
) -> Bounds:
    """The bounds of output with the disruptions of a network in full effect, all of them together.

    Of demand only that for output counts: what else customers want may fail, as it may in a run.

    Args:
        network: Its disruptions are those that strike.
        twins: What the replications without disruptions hold.
        strike: Second at which they strike.
        seconds: For how long; the way back does not count.

    Raises:
        RunError: the solver fails.
    """
    days = seconds / SECONDS_PER_DAY
    found = state_at(network, twins, strike, days)
    outputs = network.output_stocks
    wanted = {stock: rate for stock, rate in found.demand.items() if stock in outputs}
    state = replace(found, demand=wanted)
    left: dict[int, float] = {}
    closed: set[int] = set()
    for spec in network.disruptions:
        for operation, speed in speeds_left(network, spec).items():
            left[operation] = left.get(operation, 1.0) * speed
        if spec.closes_lanes:
            closed.update(spec.lanes)
        if "shipments" in spec.pauses:
            closed.update(
                k
                for k, lane in enumerate(network.lanes)
                if network.stocks[lane.source].site in spec.sites
            )
    return Bounds(
        time_to_survive(network, state, left, closed),
        least_lost(network, state, left, closed, days),
    )


def _beside(taken: csr_matrix, columns: Floats) -> csr_matrix:
    """What activities take, with further columns."""
    from scipy.sparse import csr_matrix, hstack

    return hstack([taken, csr_matrix(columns)], format="csr")


def _largest(
    value: Floats, taken: csr_matrix, there: Floats, most: Floats, binding: Integers
) -> float:
    """The largest value of activities from 0 to `most` that take no more than there is."""
    from scipy.optimize import linprog

    found = linprog(
        -value,
        A_ub=taken[binding],
        b_ub=there[binding],
        bounds=np.column_stack([np.zeros(len(most)), most]),
        method="highs",
    )
    if found.status != 0:
        raise RunError(f"the linear program of the bound was not solved: {found.message}")
    return float(-found.fun)
