"""Replenishment: when a stock is reviewed, how much is ordered, and from whom."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from chainsim.engines import rules
from chainsim.engines.simpy_engine.instant import Turn
from chainsim.engines.simpy_engine.lane import Lane
from chainsim.engines.simpy_engine.requirements import requirement, way_to
from chainsim.engines.simpy_engine.stock import Stock
from chainsim.network.compiled import FULL_SPEED, NONE, Phase, ReplenishmentSpec
from chainsim.network.levels import Forecast
from chainsim.network.levers import SecondSourceSpec

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain


class Forecaster:
    """Forecasts the demand of a period from the orders of past periods."""

    def __init__(self, spec: Forecast) -> None:
        self.spec = spec
        self._recent = deque([spec.initial] * spec.window, maxlen=spec.window or None)
        self._smoothed = spec.initial
        self._variance = 0.0

    def observe(self, demand: float) -> None:
        """Take in the demand of the period that ends."""
        if self.spec.window:
            self._recent.append(demand)
            return
        error = demand - self._smoothed
        self._smoothed += self.spec.alpha * error
        self._variance += self.spec.alpha * (error * error - self._variance)

    def level(self) -> float:
        """Periods x forecast + safety x sd x sqrt(periods), thousandths."""
        if self.spec.window:
            values = list(self._recent)
            mean = math.fsum(values) / len(values)
            variance = math.fsum((v - mean) ** 2 for v in values) / max(1, len(values) - 1)
        else:
            mean, variance = self._smoothed, self._variance
        safety = self.spec.safety * math.sqrt(variance * self.spec.periods)
        return self.spec.periods * mean + safety


class SecondSource:
    """Takes over what waits at sources that have been down for long enough."""

    def __init__(self, chain: Chain, key: int, spec: SecondSourceSpec) -> None:
        self._env = chain.env
        self._spec = spec
        self._used = chain.second_sources[key]
        self._response = chain.responses[spec.response]
        self._since = [NONE] * len(self._used)
        """By source: the last activation in which something was due."""
        self._moved = [0] * len(self._used)
        """By source: what has moved since that activation."""
        self._lanes = [chain.lanes[lane] for lane in spec.lanes]

    @property
    def activations(self) -> list[int]:
        """The instants at which it begins to take over from a source."""
        return sorted({begin for intervals in self._used for begin, _ in intervals})

    def take_over(self, source: int, lanes: list[Lane], unit: int, priority: int) -> None:
        """Cancel the due part of what waits at a source, the newest orders first; order it here."""
        begin = self._activated(source)
        if begin is None:
            return
        if begin != self._since[source]:
            self._since[source], self._moved[source] = begin, 0
        share = self._share(begin)
        waiting = sum(lane.waiting for lane in lanes)
        due = (self._moved[source] + waiting) * share // FULL_SPEED - self._moved[source]
        moving = left = max(0, due) // unit * unit
        for lane in reversed(lanes):
            part = min(lane.waiting, left)
            if part:
                lane.cancel(part)
                left -= part
        if moving:
            self._moved[source] += moving
            self._response.units += moving
            first_open(self._lanes).place(moving, priority)

    def _activated(self, source: int) -> int | None:
        """When it began to take over from a source, if it does so now."""
        now = self._env._now
        return next((begin for begin, end in self._used[source] if begin <= now < end), None)

    def _share(self, begin: int) -> int:
        """The part to be moved by now of what fell to a source since an activation, ppm."""
        passed = self._env._now - begin
        if passed >= self._spec.ramp:
            return self._spec.share
        return self._spec.share * passed // self._spec.ramp


class Replenisher:
    """Reviews one stock and places its orders."""

    def __init__(self, chain: Chain, key: int, spec: ReplenishmentSpec) -> None:
        self.chain = chain
        self.spec = spec
        self.second = None if spec.second is None else SecondSource(chain, key, spec.second)
        self.stock: Stock = chain.stocks[spec.stock]
        self.lanes: list[list[Lane]] = [
            [chain.lanes[lane] for lane in lanes] for lanes in spec.sources
        ]
        self.parent = chain.stocks[spec.requirements] if spec.requirements >= 0 else None
        self.forecaster = Forecaster(spec.level.forecast) if spec.level.forecast else None
        self._seen = self._reviewed = 0
        self._given = [0] * len(spec.sources)
        single = len(self.lanes) == len(self.lanes[0]) == 1
        self._only = self.lanes[0][0] if single else None
        self._pausable = ("orders", self.stock.spec.site) in chain.timetable.pauses
        self._unit = rules.rounded_up(max(spec.multiple, 1), self.stock.quantum)
        self.turn = Turn(chain.env, spec.id, Phase.REVIEW, spec.rank, self._review)
        self.taking = Turn(chain.env, spec.id, Phase.REVIEW, spec.rank, self._take_over)
        if spec.review is None:
            self.stock.on_drop.append(self.turn.arm)
            if self.parent is not None:
                for stock in way_to(chain.stocks, self.stock, self.parent):
                    stock.on_drop.append(self.turn.arm)

    @property
    def follows_the_day(self) -> bool:
        """Whether a change of target at midnight calls for a review."""
        return self.spec.review is None and bool(self.spec.level.daily or self.spec.reorder.daily)

    def _review(self) -> None:
        """Order what the policy asks for; then a second source takes over what is due."""
        if self.forecaster is not None:
            self._observe(self.forecaster)
        if not self._paused():
            self._place_order()
            self._take_over()

    def _paused(self) -> bool:
        """Whether the site may not order now."""
        return self._pausable and self.chain.paused("orders", self.stock.spec.site)

    def _take_over(self) -> None:
        """Let the second source take over what is due, from source to source."""
        if self.second is not None and not self._paused():
            for source, lanes in enumerate(self.lanes):
                self.second.take_over(source, lanes, self._unit, self.spec.priority)

    def _place_order(self) -> None:
        """Place the order that the policy asks for."""
        quantity = self._quantity()
        if quantity <= 0:
            return
        quantity = rules.rounded_up(max(quantity, self.spec.minimum), self._unit)
        if self._only is not None:
            self.stock.ordered += quantity
            self._only.place(quantity, self.spec.priority)
        else:
            self._order_from_several(quantity)
        if self.chain.log is not None:
            self.chain.note(Phase.REVIEW, "order", self.stock.id, quantity)

    def _observe(self, forecaster: Forecaster) -> None:
        """Take in the demand since the last review, if that was a whole period ago."""
        now = self.chain.env._now
        if self.spec.review is None or now - self._reviewed >= self.spec.review[1]:
            forecaster.observe(self.stock.requested - self._seen)
        self._seen, self._reviewed = self.stock.requested, now

    def _order_from_several(self, quantity: int) -> None:
        for source, part in enumerate(self._split(quantity)):
            if part:
                self._given[source] += part
                self.stock.ordered += part
                first_open(self.lanes[source]).place(part, self.spec.priority)

    def _quantity(self) -> int:
        """What the policy orders now, thousandths, before rounding up."""
        spec = self.spec
        stock = self.stock
        position = stock.on_hand + stock.on_order - stock.backlog
        if self.parent is not None:
            position -= requirement(self.chain.stocks, self.stock, self.parent)
        day = self.chain.day
        if spec.policy == "base_stock":
            return self._level(day) - position
        if spec.policy == "fixed":
            return spec.quantity
        if spec.policy == "r_Q":
            reorder = spec.reorder.on(day)
            if position > reorder:
                return 0
            return ((reorder - position) // spec.quantity + 1) * spec.quantity
        if spec.policy == "s_S" and position > spec.reorder.on(day):
            return 0
        return self._level(day) - position

    def _level(self, day: int) -> int:
        if self.forecaster is None:
            return self.spec.level.on(day)
        return rules.in_quanta(self.forecaster.level(), self.stock.quantum)

    def _split(self, quantity: int) -> list[int]:
        """How the order is divided among the sources."""
        if len(self.lanes) == 1:
            return [quantity]
        if self.spec.shares:
            return rules.by_shares(quantity, self._unit, self.spec.shares, self._given)
        parts = [0] * len(self.lanes)
        parts[self._first_source()] = quantity
        return parts

    def _first_source(self) -> int:
        """The first source that is up and does not owe us too much; else the first that is up."""
        up = [i for i in range(len(self.lanes)) if self._is_up(i)]
        if self.spec.spill != NONE:
            for i in up:
                if sum(lane.waiting for lane in self.lanes[i]) <= self.spec.spill:
                    return i
        return up[0] if up else 0

    def _is_up(self, source: int) -> bool:
        """No disruption that stops the source or its site, and a lane that is open."""
        lanes = self.lanes[source]
        return any(lane.is_open for lane in lanes) and self.chain.is_up(lanes[0].source)


def first_open(lanes: list[Lane]) -> Lane:
    """The first open one of the lanes of a pair, by priority; the first if none is."""
    if len(lanes) == 1:
        return lanes[0]
    return next((lane for lane in lanes if lane.is_open), lanes[0])
