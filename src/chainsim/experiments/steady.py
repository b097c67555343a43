"""The largest steady output of a chain by month: linear programs of flows, and what limits them.

Stocks neither grow nor shrink within a period, goods flow without lead times, calendars count by
their means; docs/bottleneck.md has the program. With free sources and free makers it is the
maximum flow of the network (its minimum cut binds: the max-flow min-cut theorem); with the shares
of orders and of customers fixed it is what the chain can carry as it orders.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from chainsim.errors import RunError
from chainsim.experiments.fluid import Floats, Flows, demand_rates, flows_of, initial_state
from chainsim.network.compiled import NONE, SECONDS_PER_DAY, CompiledNetwork
from chainsim.outcome.server_groups import Group, Period

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

ASIDE = 1e-6
"""What a unit for other customers counts, so that they are served where it costs no output."""
LEAST = 1e-6
"""Elasticities below this are rounding."""


@dataclass(frozen=True, slots=True)
class SteadyOutput:
    """The largest steady output in a period."""

    period: str
    per_day: float
    """Units of output per day."""
    planned: float
    """Units per day that customers are expected to want."""
    binding: dict[str, float]
    """By group of servers, lane or slots: by how many per cent output grows with one per cent more
    of it; what limits output adds up to 1. The largest first."""


def steady_output(
    network: CompiledNetwork, groups: Sequence[Group], period: Period, as_ordered: bool
) -> SteadyOutput | None:
    """The largest steady output of a period and its binding constraints by dual values.

    Args:
        network: Its disruptions and breakdowns do not count.
        groups: Of the servers.
        period: Over which rates are averaged.
        as_ordered: Sources have the shares of orders, and makers those of the plan; else free.

    Returns:
        None where nothing leaves the chain: no output that customers or nobody else takes, or no
        plan to take the shares from.

    Raises:
        RunError: the solver fails.
    """
    program = _program(network, period, as_ordered)
    if program is None:
        return None
    flows, worth = program.solved()
    owners = _labels(network, groups)
    rows = program.flows.binding
    worth = worth * program.flows.gained[rows]
    output = float(program.value @ flows)
    shares: dict[str, float] = defaultdict(float)
    for row, more in zip(rows.tolist(), worth.tolist(), strict=True):
        owner = owners.get(program.flows.owners[row])
        if owner is not None and output and more / output > LEAST:
            shares[owner] += more / output
    planned = sum(program.plan.values())
    return SteadyOutput(period.name, output, planned, by_size(shares))


def by_size(shares: Mapping[str, float]) -> dict[str, float]:
    """The largest first, equal ones by name."""
    return dict(sorted(shares.items(), key=lambda one: (-round(one[1], 9), one[0])))


def outlets(network: CompiledNetwork) -> list[int]:
    """The stocks at which output leaves: to customers, else where nothing else takes from them."""
    wanted = {demand.stock for demand in network.demands}
    outputs = network.output_stocks
    if sold := [stock for stock in outputs if stock in wanted]:
        return sold
    taken = {lane.source for lane in network.lanes}
    taken |= {used.stock for operation in network.operations for used in operation.inputs}
    return [stock for stock in outputs if stock not in taken]


def steady_flows(network: CompiledNetwork, period: Period) -> Flows:
    """The flows of a period without stocks: what is used up is made."""
    days = (period.end - period.begin) / SECONDS_PER_DAY
    state = replace(initial_state(network, days), begin=period.begin)
    flows = flows_of(network, state, {}, ())
    return replace(flows, there=np.zeros_like(flows.there))


def share_rows(network: CompiledNetwork, width: int) -> csr_matrix:
    """Rows that are zero when orders follow the shares of their sources, (row, variable).

    Of each replenishment by shares and each of its sources: what comes from it, less its share of
    what comes from all. The first of `width` variables are the flows of a period.
    """
    from scipy.sparse import csr_matrix

    rows = []
    for spec in network.replenishments:
        if not spec.shares or len(spec.sources) < 2:
            continue
        for source, share in zip(spec.sources, spec.shares, strict=True):
            row = np.zeros(width)
            for lanes in spec.sources:
                row[[len(network.operations) + lane for lane in lanes]] = -share / sum(spec.shares)
            row[[len(network.operations) + lane for lane in source]] += 1.0
            rows.append(row)
    return csr_matrix(np.array(rows).reshape(len(rows), width))


@dataclass(frozen=True)
class _Program:
    """Flows, what leaves at outlets, and what others get."""

    flows: Flows
    plan: dict[int, float]
    """Units per day wanted at each outlet."""
    value: Floats
    """Units of output in one of each variable."""
    aside: Floats
    most: Floats
    taken: csr_matrix
    equal: csr_matrix | None
    """Rows that are zero."""

    def solved(self) -> tuple[Floats, Floats]:
        """The best flows, and what one unit more of each row that binds adds to output."""
        from scipy.optimize import linprog

        found = linprog(
            -self.value - self.aside,
            A_ub=self.taken[self.flows.binding],
            b_ub=self.flows.gained[self.flows.binding],
            A_eq=self.equal,
            b_eq=None if self.equal is None else np.zeros(self.equal.shape[0]),
            bounds=np.column_stack([np.zeros(len(self.most)), self.most]),
            method="highs",
        )
        if found.status != 0:
            raise RunError(f"the linear program of steady output was not solved: {found.message}")
        return found.x, -found.ineqlin.marginals  # of a minimum of the negative


def _program(network: CompiledNetwork, period: Period, as_ordered: bool) -> _Program | None:
    from scipy.sparse import csr_matrix, hstack

    flows = steady_flows(network, period)
    days = (period.end - period.begin) / SECONDS_PER_DAY
    rates = demand_rates(network, period.begin, days)
    leaving = outlets(network)
    plan = {stock: rates.get(stock, 0.0) for stock in leaving}
    total = sum(plan.values())
    if not leaving or (as_ordered and not total):
        return None
    mixed = [{s: wanted / total for s, wanted in plan.items()}] if as_ordered else [
        {s: 1.0} for s in leaving
    ]  # fmt: skip
    others = {s: rate for s, rate in rates.items() if s not in plan}
    columns = np.zeros((len(flows.there), len(mixed) + len(others)))
    for k, mix in enumerate([*mixed, *({s: 1.0} for s in others)]):
        for stock, share in mix.items():
            columns[stock, k] = share
    activities = len(flows.most)
    unbounded = np.full(len(mixed), np.inf)
    value = np.concatenate([np.zeros(activities), np.ones(len(mixed)), np.zeros(len(others))])
    aside = np.concatenate([np.zeros(activities + len(mixed)), np.full(len(others), ASIDE)])
    return _Program(
        flows, plan, value, aside,
        np.concatenate([flows.most, unbounded, list(others.values())]),
        hstack([flows.taken, csr_matrix(columns)], format="csr"),
        share_rows(network, len(value)) if as_ordered else None,
    )  # fmt: skip


def _labels(network: CompiledNetwork, groups: Sequence[Group]) -> dict[tuple[str, int], str]:
    """What rows of capacities are called, by owner."""
    group_of = {r: group.id for group in groups for r in group.resources}
    labels = {("resource", r): name for r, name in group_of.items()}
    for k, operation in enumerate(network.operations):
        labels["slots", k] = f"slots of {group_of.get(operation.resource, operation.id)}"
    for k, lane in enumerate(network.lanes):
        if lane.daily_quota != NONE:
            labels["lane", k] = f"lane {lane.id}"
    return labels
