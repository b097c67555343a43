"""Targets that follow the plan: days of cover become levels by day."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from chainsim.network.calendars import Time
from chainsim.network.clock import DAY
from chainsim.network.compiled import CompiledNetwork, OperationSpec, ReplenishmentSpec, StockSpec
from chainsim.network.distributions import mean
from chainsim.network.levels import Target
from chainsim.network.names import Names
from chainsim.network.parts.responses import extra_covers, with_responses
from chainsim.network.parts.shop import thousandths
from chainsim.network.plan import Covers, planned, whole_numbers
from chainsim.scenario.quantities import Quantity
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.material import Pull
from chainsim.scenario.schema.replenishment import Cover
from chainsim.scenario.schema.time import Calendar

Floats = NDArray[np.float64]


def with_targets(
    network: CompiledNetwork, document: ScenarioFile, names: Names, time: Time
) -> CompiledNetwork:
    """The network with its plan, and with cover targets laid out by day."""
    return _Targets(network, document, names, time).applied()


class _Targets:
    """The plan of a network and what follows from it.

    The document is the one that was written: days that only a response opens are no days of plan.
    """

    def __init__(
        self, network: CompiledNetwork, document: ScenarioFile, names: Names, time: Time
    ) -> None:
        self.network = network
        self.document = document
        self.names = names
        self.time = time
        self.covers = Covers(time, self._plan(), len(network.horizon.day_ends))
        self.extras = extra_covers(document, time)
        self._levels = cache(self._levels_of)

    def applied(self) -> CompiledNetwork:
        network = with_responses(self.network, self.document, self.names, self.time, self._levels)
        return replace(
            network,
            stocks=tuple(self._stock(spec) for spec in network.stocks),
            operations=tuple(self._operation(spec) for spec in network.operations),
            replenishments=tuple(self._replenishment(spec) for spec in network.replenishments),
            plan_per_day=self._plan_by_stock(),
        )

    # ---- the plan

    def _plan(self) -> Floats:
        starts = [self.time.day_start(day) for day in self.time.days]
        return planned(self.network, np.array([*starts, starts[-1] + DAY])).leaving

    def _plan_by_stock(self) -> dict[int, Sequence[int]]:
        days = self.covers.run_days
        plan = self.covers.plan
        return {
            stock: whole_numbers(np.rint(plan[stock, :days]))
            for stock in range(len(plan))
            if plan[stock].any()
        }

    # ---- cover

    def _levels_of(self, stock: int, seconds: float) -> array[int]:
        spec = self.network.stocks[stock]
        quantum = self.network.items[spec.item].quantum
        return self.covers.level(stock, quantum, seconds, self._calendar(stock))

    def _calendar(self, stock: int) -> Calendar | None:
        """The calendar of the user of a stock: its site's."""
        site, _ = self.names.stock_keys[stock]
        name = self.document.sites[site].calendar
        return self.document.calendars[name] if name else None

    def _stock(self, spec: StockSpec) -> StockSpec:
        site, item = spec.id.split("/", 1)
        own = self.document.sites[site].stocks.get(item)
        if own is None or not isinstance(own.initial, Cover):
            return spec
        levels = self._levels(self.names.stocks[site, item], float(own.initial.cover))
        plus = self._plus(self.names.stocks[site, item], own.initial)
        return replace(spec, initial=levels[0] + plus)

    def _operation(self, spec: OperationSpec) -> OperationSpec:
        site, key = spec.id.split("/", 1)
        operation = self.names.document.sites[site].operations[key]
        rule, overtime = operation.release, operation.overtime
        if isinstance(rule, Pull) and isinstance(rule.level, Cover):
            target = self._target(spec.release.stock, rule.level)
            spec = replace(spec, release=replace(spec.release, target=target))
        if overtime is not None:
            above = overtime.backlog_above
            if isinstance(above, Quantity) or above is None:
                target = Target(thousandths(above))
            else:
                target = Target(daily=self._levels(spec.release.stock, float(above)))
            spec = replace(spec, overtime_above=target)
        return spec

    def _replenishment(self, spec: ReplenishmentSpec) -> ReplenishmentSpec:
        site, item = spec.id.split("/", 1)
        policy = self.document.sites[site].replenishment[item]
        if isinstance(policy.level, Cover):
            spec = replace(spec, level=self._cover(spec, policy.level))
        if isinstance(policy.reorder, Cover):
            spec = replace(spec, reorder=self._cover(spec, policy.reorder))
        return spec

    def _cover(self, spec: ReplenishmentSpec, written: Cover) -> Target:
        return self._target(spec.stock, written, self._lead(spec))

    def _target(self, stock: int, written: Cover, lead: float = 0.0) -> Target:
        """The level on every day, with what responses add to the cover."""
        seconds = float(written.cover) + lead
        levels = self._levels(stock, seconds)
        for extra, begin, end in self.extras.get(self.names.stock_keys[stock], ()):
            higher = self._levels(stock, seconds + extra)
            starts = (0, *self.network.horizon.day_ends)
            levels = array(
                "q",
                [
                    high if begin <= start < end else low
                    for start, low, high in zip(starts, levels, higher, strict=False)
                ],
            )
        plus = self._plus(stock, written)
        return Target(daily=array("q", [level + plus for level in levels]) if plus else levels)

    def _plus(self, stock: int, written: Cover) -> int:
        """The amount that is added to a cover, in thousandths up to a whole quantum."""
        quantum = self.network.items[self.network.stocks[stock].item].quantum
        amount = written.plus.value if written.plus is not None else Fraction(0)
        return math.ceil(amount * 1000 / quantum) * quantum

    def _lead(self, spec: ReplenishmentSpec) -> float:
        """Review period plus mean order lead and transit over the sources, seconds."""
        lanes = self.network.lanes
        shares = spec.shares or (1.0,) + (0.0,) * (len(spec.sources) - 1)
        lead = 0.0
        for source, share in zip(spec.sources, shares, strict=True):
            if source:
                lane = lanes[source[0]]
                lead += share * (mean(lane.order_lead) + mean(lane.transit))
        return lead + (spec.review[1] if spec.review else 0)
