"""Which servers bind: output that a run makes less than with ample capacity, traced to them.

Rule by rule as in docs/bottleneck.md. The twin here is the same draws with fast operations, so that
what it makes more is what capacity costs; `tracing` leads from the maker that lacks something to
the servers that are never idle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from chainsim.network.compiled import NONE, CompiledNetwork
from chainsim.outcome.measures import daily_output
from chainsim.outcome.server_groups import Group, Period
from chainsim.outcome.tracing import ORDERED_LATE, OVERLOADED, TIMING, Cause, Fork, Tracer
from chainsim.outcome.trajectory import OPEN_STATES, Integers, Trajectory

AT_CAPACITY = "at_capacity"
IDLE = ("blocked", "no_release", "waiting", "starved")
"""States in which a server could work and does not."""
NO_CONSTRAINT = (TIMING, "no_release", ORDERED_LATE)
"""States to which parts of a loss lead where nothing is short: goods are only made another day."""
IDLE_PER_CENT = 2
"""Servers that are idle for no more of their open time than this work at capacity."""


class CapacityTracer(Tracer):
    """Finds the servers that keep a run below its twin with fast operations."""

    def _made(self, stock: int, first: int, last: int, path: frozenset[int]) -> Fork | None:
        """The servers at capacity, or what kept servers idle on these days; None if neither."""
        if stock not in self._makers:
            return None
        site = self.network.stocks[stock].site
        resources = sorted({self.network.operations[o].resource for o in self._makers[stock]})
        full = [(self._spent(("busy",), r, first, last), r) for r in resources
                if self._at_capacity(r, first, last)]  # fmt: skip
        if full:
            return Fork(tuple((busy, Cause(site, AT_CAPACITY, r)) for busy, r in full))
        return self._kept(stock, first, last, path)

    def _increase(self, kind: str, series: str, columns: list[int]) -> Integers:
        """Server-seconds that the run is idle, (day): fast servers of the twin are idle more."""
        found: Integers = self.run.tables[kind].counts[series][:, columns].sum(axis=1)
        return found if kind == "inputs" or series in IDLE else np.zeros_like(found)

    def _overloaded(self, stock: int) -> Cause:
        """Orders wait, and nothing was idle for want of anything: the first maker's servers."""
        makers = self._makers.get(stock)
        resource = self.network.operations[makers[0]].resource if makers else NONE
        return Cause(self.network.stocks[stock].site, OVERLOADED, resource)

    def _at_capacity(self, resource: int, first: int, last: int) -> bool:
        busy = self._spent(("busy",), resource, first, last)
        idle = self._spent(IDLE, resource, first, last)
        return busy > 0 and 100 * idle <= IDLE_PER_CENT * self._spent(
            OPEN_STATES, resource, first, last
        )

    def _spent(self, states: Sequence[str], resource: int, first: int, last: int) -> int:
        """Server-seconds in some states from the first to the last day."""
        counts = self.run.tables["resources"].counts
        return sum(int(counts[s][first : last + 1, resource].sum()) for s in states)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """What a run makes less than its twin with ample capacity, by period, thousandths."""

    parts: dict[str, Integers]
    """By what binds: the id of a group, or the state that keeps goods or orders; (period)."""
    caught_up: Integers
    """What it makes more on other days of the period, below zero, (period)."""
    made: Integers
    """(period)."""
    made_by_twin: Integers
    """(period)."""

    @property
    def net(self) -> Integers:
        """The loss of each period; parts and what was caught up add up to it, (period)."""
        found: Integers = self.made_by_twin - self.made
        return found


def capacity_waterfall(
    network: CompiledNetwork,
    run: Trajectory,
    ample: Trajectory,
    groups: Sequence[Group],
    parts: Sequence[Period],
) -> Waterfall:
    """The loss of output against the twin with ample capacity, by period and what binds.

    Args:
        network: Of the run.
        run: A replication of it.
        ample: The same replication with fast operations.
        groups: Of the servers.
        parts: The periods.
    """
    tracer = CapacityTracer(network, run, ample)
    group_of = {r: group.id for group in groups for r in group.resources}
    found: dict[str, Integers] = defaultdict(lambda: np.zeros(len(parts), dtype=np.int64))
    caught_up = np.zeros(len(parts), dtype=np.int64)
    made, twin = (t.tables["stocks"].counts["produced"] for t in (run, ample))
    days = [(p, day) for p, part in enumerate(parts) for day in part.days]
    for (p, day), stock in product(days, network.output_stocks):
        lost = int(twin[day, stock] - made[day, stock])
        if lost < 0:
            caught_up[p] += lost
        elif lost:
            for _, cause, amount in tracer.causes(stock, day).divided(lost):
                found[group_of.get(cause.resource, cause.why)][p] += amount
    totals = [daily_output(network, t).sum(axis=1) for t in (run, ample)]
    sums = [np.array([day[p.days.start : p.days.stop].sum() for p in parts]) for day in totals]
    return Waterfall(dict(sorted(found.items())), caught_up, sums[0], sums[1])
