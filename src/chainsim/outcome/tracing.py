"""From a stock that lacks something, up the oldest unfilled orders, to what lost server time.

Rule by rule as in docs/model.md, section 11. A trace compares a run with its twin, the same draws
without disruptions, by days; all weights are whole numbers, so that a second implementation gives
the same parts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from chainsim.network.apportion import largest_remainder
from chainsim.network.compiled import FULL_SPEED, NONE, CompiledNetwork
from chainsim.outcome.trajectory import Integers, Trajectory

LOST = ("broken_down", "closed", "disrupted", "blocked", "no_release", "waiting")
"""States of a server in which it makes nothing and lacks no input that it takes."""
SLOWED = "slowed"
"""Servers that are busy at less than their speed."""
WAYS = ("under_way", "waiting", "staged", "in_transit", "at_gate")
"""Where an order may be stuck, from its placing to its receipt: the levels of a lane."""
WAITING = WAYS.index("waiting")
AT_GATE = WAYS.index("at_gate")
OVERLOADED = "overloaded"
"""Nothing that makes the item lost more time than in the twin: more is asked of it."""
ORDERED_LATE = "ordered_late"
"""No order for the item is older than in the twin: it was ordered too late or too little."""
RUN_OUT = "run_out"
"""Nothing makes or brings the item."""
TIMING = "timing"
"""Nothing was lost; lots end on other days than in the twin."""
WEEK = 7
"""Days of the window that is looked at where nothing was lost in the given one."""
CATCH_UP = "catch_up"
"""Made beyond what the twin makes on that day."""
STUCK = ("under_way", "staged", "in_transit", "at_gate")
"""Where goods or orders may be held on a lane; those that wait at the source are traced on."""
CAUSES = (*LOST, SLOWED, *STUCK, OVERLOADED, ORDERED_LATE, RUN_OUT, TIMING, CATCH_UP)
"""What a part of a loss may be put down to."""


class Cause(NamedTuple):
    """Where and why something was lost."""

    site: int
    why: str


@dataclass(frozen=True, slots=True)
class Fork:
    """What lies behind a loss, in proportion to weights."""

    branches: tuple[tuple[int, Fork | Cause], ...]
    item: int = NONE
    """The item that was missing, where it does not come from operations of the same site."""

    def divided(self, amount: int, item: int = NONE) -> Iterator[tuple[int, Cause, int]]:
        """(missing item, cause, part) of an amount, by largest remainder at every fork."""
        item = self.item if item == NONE else item
        parts = largest_remainder(amount, [weight for weight, _ in self.branches])
        for (_, behind), part in zip(self.branches, parts, strict=True):
            if not part:
                continue
            if isinstance(behind, Cause):
                yield item, behind, part
            else:
                yield from behind.divided(part, item)


@dataclass(frozen=True)
class Shop:
    """The servers that make what a stock holds, by what may keep them."""

    causes: tuple[Cause | int, ...]
    """A state at the site, or the input that is missing (index of its stock)."""
    daily: Integers
    """Server-seconds in the run less those in the twin, (day, cause)."""
    summed: Integers
    """The same summed up since the start, (day + 1, cause)."""


class Curves:
    """How much of a lane's orders has got how far, at the start and at the end of each day."""

    def __init__(self, trajectory: Trajectory, lane: int) -> None:
        table = trajectory.tables["lanes"]
        ways = [np.append(table.initial[w][lane], table.levels[w][:, lane]) for w in WAYS]
        self._levels = np.stack(ways)
        """What is where, (way, day + 1)."""
        placed = table.counts["ordered"][:, lane] - table.counts["cancelled"][:, lane]
        ordered = np.cumsum(np.append(self._levels[:, 0].sum(), placed))
        self._passed = np.vstack([ordered, ordered - np.cumsum(self._levels, axis=0)])
        """Ordered, and what has passed each way, in sum; (way + 1, day + 1)."""

    def oldest(self, day: int) -> Integers:
        """The days on which the oldest order not received by the end of a day went on.

        That is when it was placed and when it passed each way, (way + 1): -1 before the start,
        the day after `day` where that is still to come.
        """
        # what is taken back later, the newest orders first, was never placed
        passed = np.minimum.accumulate(self._passed[:, day + 1 :: -1], axis=1)[:, ::-1]
        received = passed[-1, -1]
        return np.array([np.searchsorted(one, received, side="right") for one in passed]) - 1

    def level(self, day: int) -> Integers:
        """What is where at the end of a day, or with -1 at the start, (way)."""
        found: Integers = self._levels[:, day + 1]
        return found


class Tracer:
    """Finds what lies behind a loss: a run and its twin side by side."""

    def __init__(self, network: CompiledNetwork, run: Trajectory, twin: Trajectory) -> None:
        self.network = network
        self.run = run.keeping()
        self.twin = twin.keeping()
        self._makers: dict[int, list[int]] = defaultdict(list)
        for k, operation in enumerate(network.operations):
            for stock in {way.stock for way in operation.outputs if way.stock >= 0}:
                self._makers[stock].append(k)
        self._lanes: dict[int, list[int]] = defaultdict(list)
        for k, lane in enumerate(network.lanes):
            self._lanes[lane.destination].append(k)
        self._shop = cache(self._shop_of)
        self._curves = cache(self._curves_of)

    def causes(self, stock: int, day: int) -> Fork:
        """What lies behind a loss of output of a stock on a day."""
        found = self._made(stock, day, day, frozenset({stock}))
        return found or Fork(((1, Cause(self.network.stocks[stock].site, TIMING)),))

    # ---- what is made at the site

    def _made(self, stock: int, first: int, last: int, path: frozenset[int]) -> Fork | None:
        """What kept the makers of a stock from the first to the last day; None if nothing did.

        If nothing did on these days, then in the week up to the last, then since the start.
        """
        if stock not in self._makers:
            return None
        shop = self._shop(stock)
        for begin in dict.fromkeys((first, min(first, max(0, last + 1 - WEEK)), 0)):
            increase = shop.summed[last + 1] - shop.summed[begin]
            branches: list[tuple[int, Fork | Cause]] = []
            for k in np.flatnonzero(increase > 0).tolist():
                behind = self._behind(shop, k, begin, last, path)
                if behind is not None:
                    branches.append((int(increase[k]), behind))
            if branches:
                return Fork(tuple(branches))
        return None

    def _behind(
        self, shop: Shop, k: int, first: int, last: int, path: frozenset[int]
    ) -> Fork | Cause | None:
        """What lies behind the k-th cause of a shop: the state, or why the input was missing.

        An input is traced from the last day on which more servers lacked it than in the twin.
        """
        cause = shop.causes[k]
        if isinstance(cause, Cause):
            return cause
        if cause in path:
            return None
        day = first + int(np.flatnonzero(shop.daily[first : last + 1, k] > 0)[-1])
        return self._missing(cause, first, day, path | {cause})

    def _shop_of(self, stock: int) -> Shop:
        """The servers of the operations that bring something into a stock."""
        network = self.network
        makers = self._makers[stock]
        resources = sorted({network.operations[o].resource for o in makers})
        site = network.stocks[stock].site
        columns: list[tuple[Cause | int, Integers]] = [
            (Cause(site, state), self._increase("resources", state, resources)) for state in LOST
        ]
        slow = self._increase("resources", "slow_loss", resources) // FULL_SPEED
        columns.append((Cause(site, SLOWED), slow))
        columns += [
            (missing, self._increase("inputs", "starved", inputs))
            for missing, inputs in self._inputs(resources).items()
        ]
        daily = np.stack([increase for _, increase in columns], axis=1)
        summed = np.vstack([np.zeros((1, len(columns)), np.int64), np.cumsum(daily, axis=0)])
        return Shop(tuple(cause for cause, _ in columns), daily, summed)

    def _inputs(self, resources: list[int]) -> dict[int, list[int]]:
        """The columns of what some servers may be starved of, by stock."""
        network = self.network
        index = self.run.tables["inputs"].index
        found: dict[int, list[int]] = defaultdict(list)
        for resource in resources:
            for operation in network.resources[resource].operations:
                spec = network.operations[operation]
                for taken in spec.inputs:
                    key = f"{spec.id}<{network.stocks[taken.stock].id}"
                    found[taken.stock].append(index[key])
        return dict(sorted(found.items()))

    def _increase(self, kind: str, series: str, columns: list[int]) -> Integers:
        """A count in the run less that in the twin, summed over entities, (day)."""
        run, twin = (t.tables[kind].counts[series][:, columns] for t in (self.run, self.twin))
        increase: Integers = run.sum(axis=1) - twin.sum(axis=1)
        return increase

    # ---- what is ordered

    def _missing(self, stock: int, first: int, last: int, path: frozenset[int]) -> Fork | None:
        """Why a stock lacked its item on the last of some days; None if only the path leads on."""
        found = self._made(stock, first, last, path)
        if found is not None:
            return found
        if self._lanes[stock]:
            return self._ordered(stock, last, path)
        if stock in self._makers:
            return None
        spec = self.network.stocks[stock]
        return Fork(((1, Cause(spec.site, RUN_OUT)),), spec.item)

    def _ordered(self, stock: int, day: int, path: frozenset[int]) -> Fork:
        """What holds the orders of a stock that are most overdue at the end of a day, or before."""
        spec = self.network.stocks[stock]
        for end in (day, day - 1):
            late = self._late(stock, end)
            if late:
                branches = ((open_, self._held(lane, end, path)) for lane, open_ in late)
                return Fork(tuple(branches), spec.item)
        return Fork(((1, Cause(spec.site, ORDERED_LATE)),), spec.item)

    def _late(self, stock: int, day: int) -> list[tuple[int, int]]:
        """The lanes whose oldest order is most overdue at the end of a day, with what is open.

        Overdue by no day are lanes on which more is open than in the twin.
        """
        found: list[tuple[int, int, int]] = []
        for lane in self._lanes[stock]:
            run, twin = self._curves(lane)
            overdue = int(twin.oldest(day)[0] - run.oldest(day)[0])
            open_ = int(run.level(day).sum())
            more = open_ - int(twin.level(day).sum())
            if open_ and (overdue > 0 or (overdue == 0 and more > 0)):
                found.append((overdue, lane, open_))
        most = max((overdue for overdue, _, _ in found), default=0)
        return [(lane, open_) for overdue, lane, open_ in found if overdue == most]

    def _held(self, lane: int, day: int, path: frozenset[int]) -> Fork | Cause:
        """What holds the oldest order of a lane at the end of a day: a way, or its source."""
        spec, stocks = self.network.lanes[lane], self.network.stocks
        run, twin = self._curves(lane)
        placed = run.oldest(day)
        longer = np.diff(placed) - np.diff(twin.oldest(day))
        more = run.level(day) - twin.level(day)
        way = max(range(len(WAYS)), key=lambda k: (int(longer[k]), int(more[k])))
        if way != WAITING:
            at = spec.destination if way == AT_GATE else spec.source
            return Cause(stocks[at].site, WAYS[way])
        source = spec.source
        found = None
        if source not in path:
            begin, last = max(0, int(placed[0])), max(0, day)
            found = self._missing(source, begin, last, path | {source})
        return found or Cause(stocks[source].site, OVERLOADED)

    def _curves_of(self, lane: int) -> tuple[Curves, Curves]:
        return Curves(self.run, lane), Curves(self.twin, lane)
