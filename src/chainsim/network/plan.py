"""The plan: outside demand by day, exploded through bills of material and source shares.

Targets given as days of cover follow it. The plan of a stock is what is expected to leave it on
each day: outside demand, use by the site's own operations, and orders of other sites.
"""

from __future__ import annotations

import datetime as dt
import math
from array import array
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from chainsim.errors import RunError
from chainsim.network.apportion import largest_remainder, spread
from chainsim.network.calendars import Time
from chainsim.network.clock import DAY
from chainsim.network.compiled import SCRAP, CompiledNetwork, OperationSpec, ReplenishmentSpec
from chainsim.network.streams import expected_amounts
from chainsim.scenario.schema import time as written

Floats = NDArray[np.float64]
MOST_TIERS = 100
TOO_LARGE = "a quantity of the plan does not fit into 64 bits: count in larger units"
TINY = 1e-9
"""Keeps a level that is whole but for rounding of floats from being rounded up."""


def monthly_plan(
    volume: Fraction,
    shares_of: Callable[[int], Sequence[Fraction]],
    open_days: Callable[[dt.date], bool],
    time: Time,
    quantum: int,
) -> list[tuple[dt.date, int]]:
    """The amount of each day, thousandths, from a volume and the monthly shares of each year.

    A year's volume times the sum of its shares is divided into whole quanta by month (largest
    remainder), and each month evenly over its open days (cumulative rounding); a month without
    an open day puts its amount on its last day.
    """
    days = time.days
    amounts: list[tuple[dt.date, int]] = []
    for year in sorted({day.year for day in days}):
        shares = shares_of(year)
        units = math.floor(volume * sum(shares) * 1000 / quantum + Fraction(1, 2))
        by_month = largest_remainder(units, shares) if units else [0] * 12
        for month, total in enumerate(by_month, start=1):
            first = dt.date(year, month, 1)
            after = dt.date(year + month // 12, month % 12 + 1, 1)
            every = [first + dt.timedelta(days=k) for k in range((after - first).days)]
            working = [day for day in every if open_days(day)] or every[-1:]
            parts = spread(total, len(working))
            amounts += [(d, part * quantum) for d, part in zip(working, parts, strict=True)]
    return [(day, amount) for day, amount in amounts if days[0] <= day <= days[-1]]


@dataclass(frozen=True, slots=True)
class Plan:
    """Outside demand exploded, by day or by whatever time its amounts are of."""

    leaving: Floats
    """What leaves each stock, thousandths, (stock, time)."""
    lots: Floats
    """What each operation does, lots, (operation, time)."""


def planned(network: CompiledNetwork, edges: NDArray[np.int64]) -> Plan:
    """The plan of a network between neighbouring edges (seconds in order).

    Within a site the rates of its operations solve the balance of every stock that they make and
    that is not ordered as well (so rework and yields count); between sites orders pass on what
    leaves, less what operations yield of it on the way to other items. Repeated until nothing
    changes, tier by tier.
    """
    outside = np.zeros((len(network.stocks), len(edges) - 1))
    for demand in network.demands:
        outside[demand.stock] += expected_amounts(network, demand.stream, edges)
    ordered = {spec.stock for spec in network.replenishments}
    by_site: dict[int, list[int]] = {}
    for k, operation in enumerate(network.operations):
        by_site.setdefault(operation.site, []).append(k)
    solvers = {
        site: SiteBalance([network.operations[k] for k in by_site[site]], ordered)
        for site in sorted(by_site)
    }
    leaving = _exploded(network, outside, list(solvers.values()))
    lots = np.zeros((len(network.operations), outside.shape[1]))
    for site, solver in solvers.items():
        lots[by_site[site]] = solver.rates
    return Plan(leaving, lots)


def _exploded(network: CompiledNetwork, outside: Floats, solvers: Sequence[SiteBalance]) -> Floats:
    """What leaves each stock, from outside demand (stock, time)."""
    leaving = outside.copy()
    for _ in range(MOST_TIERS):
        following = outside.copy()
        yielded = np.zeros_like(outside)
        for solver in solvers:
            solver.add_use(leaving, following, yielded)
        for spec in network.replenishments:
            bought = np.maximum(leaving[spec.stock] - yielded[spec.stock], 0.0)
            for stock, share in _sources(network, spec):
                following[stock] += share * bought
        if np.allclose(following, leaving, rtol=1e-12, atol=1e-9):
            break
        leaving = following
    return leaving


def _sources(network: CompiledNetwork, spec: ReplenishmentSpec) -> list[tuple[int, float]]:
    """(source stock, share) of a replenishment; the first source where by priority."""
    shares = spec.shares or (1.0,) + (0.0,) * (len(spec.sources) - 1)
    return [
        (network.lanes[source[0]].source, share)
        for source, share in zip(spec.sources, shares, strict=True)
        if source
    ]


class SiteBalance:
    """The material balance of the operations of one site; what is ordered need not be made."""

    def __init__(self, operations: Sequence[OperationSpec], ordered: Set[int]) -> None:
        outputs = {o.stock for spec in operations for o in spec.outputs if o.stock != SCRAP}
        self.made = sorted(outputs - ordered)
        self.by_products = sorted(outputs & ordered)
        self.used = sorted({i.stock for spec in operations for i in spec.inputs if i.consumed})
        self.balance = np.zeros((len(self.made), len(operations)))
        self.yields = np.zeros((len(self.by_products), len(operations)))
        self.intake = np.zeros((len(self.used), len(operations)))
        self.rates: Floats | None = None
        """Lots of each operation, (operation, time)."""
        for k, spec in enumerate(operations):
            for output in spec.outputs:
                amount = output.quantity * output.share
                if output.stock in ordered:
                    self.yields[self.by_products.index(output.stock), k] += amount
                elif output.stock != SCRAP:
                    self.balance[self.made.index(output.stock), k] += amount
            for i in spec.inputs:
                if i.consumed:
                    self.intake[self.used.index(i.stock), k] += i.quantity
                    if i.stock in outputs and i.stock not in ordered:
                        self.balance[self.made.index(i.stock), k] -= i.quantity

        self.solved = np.linalg.pinv(self.balance)
        """From what leaves the made stocks to lots: the least squares of smallest norm."""

    def add_use(self, leaving: Floats, following: Floats, yielded: Floats) -> None:
        """Add to `following` what the operations use so that the made stocks stay level.

        What leaves a made stock to customers and other sites is `leaving` less the use within
        the site. Alternative ways to make an item share its demand (least squares of smallest
        norm); no rate is below zero. What comes of ordered items is added to `yielded`.
        """
        inner = np.zeros_like(leaving[self.made])
        if self.rates is not None:
            for row, stock in enumerate(self.made):
                if stock in self.used:
                    inner[row] = self.intake[self.used.index(stock)] @ self.rates
        final = leaving[self.made] - inner
        final = np.maximum(final, 0.0)
        self.rates = np.maximum(self.solved @ final, 0.0)
        for row, stock in enumerate(self.used):
            following[stock] += self.intake[row] @ self.rates
        for row, stock in enumerate(self.by_products):
            yielded[stock] += self.yields[row] @ self.rates


@dataclass(frozen=True)
class Covers:
    """Turns days of cover into levels by day."""

    time: Time
    plan: Floats
    """What leaves each stock per day by plan, thousandths, (stock x day)."""
    run_days: int
    _working: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    """By calendar: the days on which it has a shift."""

    def level(
        self, stock: int, quantum: int, seconds: float, calendar: written.Calendar | None
    ) -> array[int]:
        """By day of the run: the plan's use over the coming working days that `seconds` are.

        Working days are those on which the calendar has a shift; part days count in part. Where
        the plan ends before, its mean use per day stands for all. Rounded up to whole quanta: a
        cover is a least stock.
        """
        span = seconds / DAY
        whole = int(span)
        cumulated = np.concatenate([[0.0], np.cumsum(self.plan[stock])])
        working = self._working_days(calendar)
        days = np.arange(self.run_days)
        begin = cumulated[days]
        levels = (cumulated[-1] - begin) / (len(cumulated) - 1 - days) * span
        ends = np.searchsorted(working, days) + whole
        inside = np.flatnonzero(ends < len(working))
        last = working[ends[inside]]
        part = (span - whole) * (cumulated[last + 1] - cumulated[last])
        levels[inside] = cumulated[last] - begin[inside] + part
        return whole_numbers(np.ceil(levels / quantum - TINY), quantum)

    def _working_days(self, calendar: written.Calendar | None) -> NDArray[np.int64]:
        key = id(calendar)
        if key not in self._working:
            is_open = [self.time.is_open(calendar, day) for day in self.time.days]
            self._working[key] = np.flatnonzero(is_open)
        return self._working[key]


def whole_numbers(values: Floats, times: int = 1) -> array[int]:
    """Floats without a fraction as integers, multiplied; eight bytes each.

    Raises:
        RunError: one of them does not fit.
    """
    try:
        return array("q", [int(value) * times for value in values.tolist()])
    except OverflowError as error:
        raise RunError(TOO_LARGE) from error
