"""The same network with other capacities or another plan: replications keep all their draws.

A capacity is changed in the operating clock, where growth stands as well, so nothing is compiled
again and no stream of random numbers moves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from chainsim.network.clock import merged
from chainsim.network.compiled import (
    FULL_SPEED,
    SECONDS_PER_DAY,
    THOUSANDTHS,
    CompiledNetwork,
    OperationSpec,
    StreamSpec,
)
from chainsim.network.distributions import mean
from chainsim.network.installed import server_work
from chainsim.network.levels import Base, ClockSpec, Target
from chainsim.network.stages import main_item, owner_of
from chainsim.network.streams import expected_amounts, undisturbed
from chainsim.outcome.server_groups import Group

AMPLE = 10.0
"""How much faster operations work where capacity is not to bind."""
SERVER_DAYS = "server-days"


def faster(
    network: CompiledNetwork, factors: Mapping[int, float], since: int = 0
) -> CompiledNetwork:
    """The network with the operations of some servers at another speed from a second on.

    Slots of paced operations stay as they are: they are a plan.

    Args:
        network: A network.
        factors: By index of the resource, what the speed of all its operations is multiplied by.
        since: Second of the run.
    """
    bases, clocks = list(network.bases), list(network.clocks)
    known: dict[tuple[int, float], int] = {}
    for resource, factor in factors.items():
        for operation in network.resources[resource].operations:
            clock = network.operations[operation].clock
            spec = network.clocks[clock]
            key = (spec.base, factor)
            if key not in known:
                known[key] = len(bases)
                bases.append(_scaled(network.bases[spec.base], factor, since, math.inf))
            clocks[clock] = replace(spec, base=known[key])
    return replace(network, bases=tuple(bases), clocks=tuple(clocks))


def with_ample_capacity(network: CompiledNetwork) -> CompiledNetwork:
    """The network with all operations `AMPLE` times as fast; lanes, plans and disruptions stay."""
    return faster(network, dict.fromkeys(range(len(network.resources)), AMPLE))


def _scaled(base: Base, factor: float, begin: int, end: float) -> Base:
    """A rate times a factor from a second to another."""
    marks = {t for t in (begin, end) if base.times[0] <= t < math.inf}
    times = sorted({*base.times, *(int(t) for t in marks)})
    rates = [base.rates[np.searchsorted(base.times, t, side="right") - 1] for t in times]
    changed = [
        round(rate * factor) if begin <= t < end else rate
        for t, rate in zip(times, rates, strict=True)
    ]
    steps = merged(times, changed)
    return Base(tuple(steps[0]), tuple(steps[1]))


@dataclass(frozen=True, slots=True)
class Capacity:
    """What servers can do in a time at full use while they are open."""

    amount: float
    unit: str
    """Of the item that they make; server-days where operations share servers of none's own."""


def capacity_of(network: CompiledNetwork, group: Group, begin: int, end: int) -> Capacity:
    """What a group of servers can begin from one second of the run to another.

    Integral of servers x speed / mean work of a lot x lot, by calendar, profile and dated
    investments, without breakdowns and disruptions; summed over the servers of the group.
    """
    found = 0.0
    for resource in group.resources:
        found += resource_capacity(network, resource, begin, end)
    return Capacity(found, unit_of(network, group.resources[0]))


def resource_capacity(network: CompiledNetwork, resource: int, begin: int, end: int) -> float:
    """The same of the servers of one resource."""
    operation = _representative(network, resource)
    clock = undisturbed(network, operation.clock)
    work = server_work(network, resource, clock, begin, end)
    if owner_of(network, resource) is None:
        return work / FULL_SPEED / SECONDS_PER_DAY
    return work / FULL_SPEED * 1_000 / mean(operation.work) * operation.lot / THOUSANDTHS


def highest_speed(network: CompiledNetwork, resource: int, begin: int, end: int) -> float:
    """The highest rate of some servers between two seconds, 1 is full speed."""
    clock = undisturbed(network, _representative(network, resource).clock)
    rates = [clock.rate(begin)]
    rates += [r for t, r in zip(clock.times, clock.rates, strict=True) if begin <= t < end]
    return max(rates) / FULL_SPEED


def _representative(network: CompiledNetwork, resource: int) -> OperationSpec:
    """The operation whose speed stands for some servers: their own, or the first that shares."""
    first = network.operations[network.resources[resource].operations[0]]
    return owner_of(network, resource) or first


def unit_of(network: CompiledNetwork, resource: int) -> str:
    """The unit in which the capacity of servers is told."""
    owner = owner_of(network, resource)
    if owner is None:
        return SERVER_DAYS
    item = main_item(network, owner)
    return next((i.unit for i in network.items if i.id == item), "lots")


def planned_output(network: CompiledNetwork, begin: int, end: int) -> float:
    """Units of output that outside customers are expected to order between two seconds."""
    edges = np.array([begin, end])
    outputs = set(network.output_stocks)
    return sum(
        float(expected_amounts(network, demand.stream, edges)[0]) / THOUSANDTHS
        for demand in network.demands
        if demand.stock in outputs
    )


def with_plan(network: CompiledNetwork, factor: float, begin: int, end: int) -> CompiledNetwork:
    """The network with demand for output, and all covers, times a factor between two seconds.

    Covers follow the plan in proportion, as they do when a larger plan is compiled; levels that are
    amounts stay.
    """
    ends = np.array(network.horizon.day_ends)
    days = range(int(np.searchsorted(ends, begin, side="right")), int(np.searchsorted(ends, end)))
    outputs = set(network.output_stocks)
    plan = _Plan(network, factor, begin, end)
    demands = tuple(
        replace(demand, stream=plan.raised(demand.stream, k)) if demand.stock in outputs else demand
        for k, demand in enumerate(network.demands)
    )
    return replace(
        network,
        demands=demands,
        bases=tuple(plan.bases),
        clocks=tuple(plan.clocks),
        operations=_with_targets(network.operations, factor, days),
        replenishments=_with_targets(network.replenishments, factor, days),
    )


class _Plan:
    """Raises streams of demand; writes the clocks that they then need."""

    def __init__(self, network: CompiledNetwork, factor: float, begin: int, end: int) -> None:
        self.bases = list(network.bases)
        self.clocks = list(network.clocks)
        self.factor, self.begin, self.end = factor, begin, end

    def raised(self, stream: StreamSpec, owner: int) -> StreamSpec:
        """A stream that brings more in the time of the plan."""
        if stream.trace:
            return replace(stream, trace=tuple(self._amounts(stream)))
        base = self.clocks[stream.clock].base if stream.clock >= 0 else 0
        if stream.clock >= 0:
            kind, owner = self.clocks[stream.clock].kind, self.clocks[stream.clock].owner
        else:
            kind = "demand"
        self.bases.append(_scaled(self.bases[base], self.factor, self.begin, self.end))
        self.clocks.append(ClockSpec(len(self.bases) - 1, kind, owner))
        return replace(stream, clock=len(self.clocks) - 1)

    def _amounts(self, stream: StreamSpec) -> list[tuple[int, int]]:
        """Amounts in whole quanta whose sum follows the factor."""
        found, exact, done = [], 0.0, 0
        for at, amount in stream.trace:
            if self.begin <= at < self.end:
                exact += amount * self.factor
                amount = round((exact - done) / stream.quantum) * stream.quantum
                done += amount
            found.append((at, amount))
        return found


def _with_targets(value: Any, factor: float, days: range) -> Any:
    """A compiled part, or parts, with every level by day raised on some days."""
    if isinstance(value, Target):
        if not value.daily:
            return value
        levels = list(value.daily)
        for day in days:
            if day < len(levels):
                levels[day] = math.ceil(levels[day] * factor / THOUSANDTHS) * THOUSANDTHS
        return replace(value, daily=tuple(levels))
    if isinstance(value, tuple):
        return tuple(_with_targets(one, factor, days) for one in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed = {f.name: new for f in fields(value)
               if (new := _with_targets(getattr(value, f.name), factor, days))
               is not getattr(value, f.name)}  # fmt: skip
    return replace(value, **changed) if changed else value
