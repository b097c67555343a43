"""The plan: outside demand by day, exploded through bills of material and source shares.

Targets given as days of cover follow it. The plan of a stock is what is expected to leave it on
each day: outside demand, use by the site's own operations, and orders of other sites.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from chainsim.network.apportion import largest_remainder, spread
from chainsim.network.calendars import Time
from chainsim.network.clock import DAY
from chainsim.network.compiled import SCRAP, OperationSpec, ReplenishmentSpec
from chainsim.scenario.schema import time as written

Floats = NDArray[np.float64]
MOST_TIERS = 100
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


def exploded(
    outside: Floats,
    operations: Sequence[OperationSpec],
    replenishments: Sequence[ReplenishmentSpec],
    sources: Callable[[ReplenishmentSpec], list[tuple[int, float]]],
) -> Floats:
    """What leaves each stock per day by plan (stock x day), from outside demand (stock x day).

    `sources` gives (source stock, share) of a replenishment. Within a site the rates of its
    operations solve the balance of every stock that they make and that is not ordered as well (so
    rework and yields count); between sites orders pass on what leaves, less what operations yield
    of it on the way to other items. Repeated until nothing changes, tier by tier.
    """
    ordered = {spec.stock for spec in replenishments}
    by_site: dict[int, list[OperationSpec]] = {}
    for operation in operations:
        by_site.setdefault(operation.site, []).append(operation)
    solvers = [SiteBalance(by_site[site], ordered) for site in sorted(by_site)]
    leaving = outside.copy()
    for _ in range(MOST_TIERS):
        following = outside.copy()
        yielded = np.zeros_like(outside)
        for solver in solvers:
            solver.add_use(leaving, following, yielded)
        for spec in replenishments:
            bought = np.maximum(leaving[spec.stock] - yielded[spec.stock], 0.0)
            for stock, share in sources(spec):
                following[stock] += share * bought
        if np.allclose(following, leaving, rtol=1e-12, atol=1e-9):
            break
        leaving = following
    return leaving


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
        rates = np.linalg.lstsq(self.balance, final, rcond=None)[0]
        self.rates = np.maximum(rates, 0.0)
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

    def level(
        self, stock: int, quantum: int, seconds: float, calendar: written.Calendar | None
    ) -> tuple[int, ...]:
        """By day of the run: the plan's use over the coming working days that `seconds` are.

        Working days are those on which the calendar has a shift; part days count in part.
        Rounded up to whole quanta: a cover is a least stock.
        """
        use = self.plan[stock]
        working = np.array([self.time.is_open(calendar, day) for day in self.time.days])
        cumulated = np.concatenate([[0.0], np.cumsum(use)])
        positions = np.flatnonzero(working)
        starts = np.searchsorted(positions, np.arange(self.run_days))
        levels = [
            self._over(day, int(first), seconds / DAY, positions, cumulated)
            for day, first in enumerate(starts)
        ]
        return tuple(math.ceil(level / quantum - TINY) * quantum for level in levels)

    @staticmethod
    def _over(
        day: int, first: int, span: float, positions: NDArray[np.int64], cumulated: Floats
    ) -> float:
        """The plan's use from a day on over `span` working days, the first at `first`."""
        whole = int(span)
        if first + whole >= len(positions):
            mean = (cumulated[-1] - cumulated[day]) / (len(cumulated) - 1 - day)
            return float(mean * span)
        last = int(positions[first + whole])
        of_last_day = cumulated[last + 1] - cumulated[last]
        return float(cumulated[last] - cumulated[day] + (span - whole) * of_last_day)
