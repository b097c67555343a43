"""Static capacity: what each group of servers could make, in units of the chain's output.

It takes the plan apart and no run: calendars, profiles, servers and breakdowns say how much work a
group can do in a time, the plan how much it does for a unit of output. Stocks, transit and what
customers really order play no part (docs/model.md, sections 11 and 12).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chainsim.network.clock import Clock
from chainsim.network.compiled import (
    FULL_SPEED,
    THOUSANDTHS,
    CompiledNetwork,
    Horizon,
    OperationSpec,
    ResourceSpec,
)
from chainsim.network.distributions import mean
from chainsim.network.installed import server_work
from chainsim.network.plan import planned
from chainsim.network.stages import main_item, resource_groups
from chainsim.network.streams import undisturbed

Floats = NDArray[np.float64]
Edges = NDArray[np.int64]
"""Seconds in order; amounts are of the times between neighbours."""
MILLISECONDS = 1_000
SCRAPPED = "scrap"
"""The product of operations that only throw away."""


@dataclass(frozen=True, slots=True)
class GroupCapacity:
    """What servers of one name and one product at the sites of one stage suffice for."""

    stage: str
    name: str
    item: str
    """What they make."""
    capacity: Floats
    """Units of output that they suffice for, if work could move among their sites, (time,)."""
    tightest: Floats
    """The same with every site's part of the work as planned: that of the site with least room."""
    tightest_site: tuple[str, ...]
    """Which site that is, (time,)."""

    @property
    def label(self) -> str:
        """In words: upstream: packs (battery)."""
        return f"{self.stage}: {self.name} ({self.item})"


@dataclass(frozen=True, slots=True)
class StaticCapacity:
    """The groups that the plan uses, beside the output that it asks for."""

    plan: Floats
    """Units of output, (time,)."""
    groups: tuple[GroupCapacity, ...]
    """By stage in the order of the flow, then by name."""

    def binding(self, k: int) -> GroupCapacity:
        """The group with the least capacity in a time."""
        return min(self.groups, key=lambda group: float(group.capacity[k]))

    def binding_site(self, k: int) -> GroupCapacity:
        """The group of the site with the least capacity for its part of the work."""
        return min(self.groups, key=lambda group: float(group.tightest[k]))

    def of_stage(self, stage: str) -> Floats | None:
        """The least capacity of the groups of a stage, (time,); None without any."""
        rows = [group.capacity for group in self.groups if group.stage == stage]
        return np.min(rows, axis=0) if rows else None


def month_edges(horizon: Horizon) -> tuple[list[dt.date], Edges]:
    """The first days of the months from the reported start on, and the edges between them.

    The first and the last month may be parts: edges do not go beyond the run.
    """
    start = horizon.origin + dt.timedelta(seconds=horizon.reported_from)
    end = horizon.origin + dt.timedelta(seconds=horizon.end)
    first = dt.datetime(start.year, start.month, 1)
    firsts, edges = [], []
    while first < end:
        firsts.append(first.date())
        edges.append(int((max(first, start) - horizon.origin).total_seconds()))
        first = dt.datetime(first.year + first.month // 12, first.month % 12 + 1, 1)
    return firsts, np.array([*edges, horizon.end], dtype=np.int64)


def static_capacity(network: CompiledNetwork, edges: Edges) -> StaticCapacity:
    """The static capacity between neighbouring edges; without a plan of output no groups.

    What a unit of output needs of a group is what the plan of the same time does there for it, or
    that of all times where there is none. A site that the plan never uses does not count.
    """
    lots = planned(network, edges).lots
    plan = _planned_output(network, lots)
    if not plan.any():
        return StaticCapacity(plan, ())
    groups = [
        _group(network, key, [_Share(network, r, lots, edges) for r in members], plan)
        for key, members in _products(network, lots).items()
    ]
    return StaticCapacity(plan, tuple(groups))


def _group(
    network: CompiledNetwork, key: tuple[str, str, str], shares: Sequence[_Share], plan: Floats
) -> GroupCapacity:
    none = np.zeros_like(plan)
    could = sum((share.could for share in shares), start=none)
    done = sum((share.planned for share in shares), start=none)
    capacity = _limit(could, _over(done, plan))
    single = np.stack([_limit(share.could, _over(share.planned, plan)) for share in shares])
    least = single.argmin(axis=0)
    sites = [network.sites[network.resources[share.resource].site].id for share in shares]
    return GroupCapacity(
        *key, capacity, single.min(axis=0), tuple(sites[k] for k in least.tolist())
    )


def availability(operation: OperationSpec, clock: Clock, end: int) -> float:
    """The long-run share of open time in which a server is not broken down.

    1 / (1 + sum of repair / uptime over the modes), of which one is down at a time and none wears
    meanwhile (Buzacott 1967; the same as up / (up + repair) for one mode). A repair counts as if
    all of it fell into open time; one that lasts until the next shift takes half the open time
    between starts of shifts.
    """
    lost = 0.0
    for mode in operation.breakdowns:
        if mode.repair is not None:
            repair = mean(mode.repair)
        else:
            starts = max(1, sum(0 <= start < end for start in operation.shift_starts))
            repair = clock.work(end) / FULL_SPEED / starts / 2
        lost += repair / (mean(mode.up) / MILLISECONDS)
    return 1 / (1 + lost)


def _planned_output(network: CompiledNetwork, lots: Floats) -> Floats:
    """Output that operations make by plan, units, (time,)."""
    outputs = set(network.output_stocks)
    per_lot = [
        sum(way.quantity * way.share for way in operation.outputs if way.stock in outputs)
        for operation in network.operations
    ]
    made: Floats = np.array(per_lot) @ lots / THOUSANDTHS
    return made


def _products(network: CompiledNetwork, lots: Floats) -> dict[tuple[str, str, str], list[int]]:
    """Resources that the plan uses, by (stage, name, product), in the order of the groups."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for (stage, name), resources in resource_groups(network).items():
        by_item: dict[str, list[int]] = defaultdict(list)
        for r in resources:
            used = _used(network.resources[r], lots)
            if used:
                by_item[main_item(network, network.operations[used[0]]) or SCRAPPED].append(r)
        found |= {(stage, name, item): members for item, members in sorted(by_item.items())}
    return found


def _used(resource: ResourceSpec, lots: Floats) -> list[int]:
    """The operations that the plan uses, by priority and rank."""
    return [o for o in resource.operations if lots[o].any()]


class _Share:
    """The part of a group that one resource is, in units of its main operation's lots."""

    def __init__(self, network: CompiledNetwork, resource: int, lots: Floats, edges: Edges) -> None:
        used = _used(network.resources[resource], lots)
        main = network.operations[used[0]]
        self.resource = resource
        self.planned: Floats = lots[used[0]] * main.lot / THOUSANDTHS
        """What it does by plan, (time,)."""
        load = np.zeros(len(edges) - 1)
        for o in used:
            work = lots[o] * mean(network.operations[o].work) / MILLISECONDS
            with np.errstate(divide="ignore"):
                load += 1 / _limit(_speed(network, resource, o, edges), _over(work, self.planned))
        self.could = _limit(np.ones_like(load), load)
        """What it could do, the other operations of its servers in proportion, (time,)."""


def _over(amount: Floats, base: Floats) -> Floats:
    """An amount per unit of a base; where the base is zero, that of all times together."""
    overall = np.full_like(base, amount.sum() / base.sum())
    return np.divide(amount, base, out=overall, where=base > 0)


def _limit(amount: Floats, need: Floats) -> Floats:
    """For how many units an amount suffices; infinite where a unit needs none of it."""
    return np.divide(amount, need, out=np.full_like(need, np.inf), where=need > 0)


def _speed(network: CompiledNetwork, resource: int, o: int, edges: Edges) -> Floats:
    """Seconds of work at full speed that the servers can do on an operation, (time,)."""
    operation = network.operations[o]
    clock = undisturbed(network, operation.clock)
    up = availability(operation, clock, network.horizon.end)
    done = [server_work(network, resource, clock, a, b) for a, b in pairwise(edges.tolist())]
    speed: Floats = np.array(done) / FULL_SPEED * up
    return speed
