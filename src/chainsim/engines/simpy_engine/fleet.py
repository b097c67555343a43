"""A fleet: what customers took delivery of, until it is scrapped, and what of it is inspected."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
from simpy.events import Event

from chainsim.engines import rules
from chainsim.engines.simpy_engine.account import Account
from chainsim.engines.simpy_engine.books import LARGEST, TOO_LARGE
from chainsim.engines.simpy_engine.instant import Alarm
from chainsim.engines.simpy_engine.outside import Arrival
from chainsim.errors import RunError
from chainsim.network.compiled import FULL_SPEED, ArrivalSpec, Phase
from chainsim.network.fleet import FleetSpec
from chainsim.outcome.trajectory import Integers

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain


class Fleet(Account):
    """Initial + sold - scrapped, renewed at every midnight."""

    kind = "fleets"
    sold: int
    scrapped: int
    due: int
    came: int
    in_use: int
    in_use_moment: int
    waiting: int
    waiting_moment: int

    def __init__(self, chain: Chain, spec: FleetSpec) -> None:
        super().__init__()
        self.spec = spec
        self.id = spec.id
        self.in_use = spec.initial
        self._customers = [chain.demands[i] for i in spec.demands]
        self._days = len(spec.dead)
        self._sales: Integers = np.zeros(self._days, np.int64)
        # The oldest age comes first, so that a day of sale meets its age by a slice.
        self._dead: Integers = np.array(spec.dead[::-1], np.int64)
        self._visits: Integers = np.array(spec.visits[::-1], np.int64)
        self._largest = max(FULL_SPEED, spec.visits[-1])
        self._forgone = 0

    def close_day(self, day: int, now: int) -> None:
        """Let the deliveries of a day enter, and all that is in use grow a day older."""
        spec = self.spec
        part, whole = spec.sold_in
        delivered = sum(customer.delivered for customer in self._customers)
        sold = rules.quotient(delivered * part, whole * spec.quantum) * spec.quantum
        if sold * self._largest > LARGEST:
            raise RunError(TOO_LARGE)
        self._sales[day] = sold - self.sold
        scrapped = self._aged(self._dead, spec.initial_dead[day], day)
        due = self._aged(self._visits, spec.initial_visits[day], day)
        if day < spec.inspected_from:
            self._forgone = due
        due -= self._forgone
        change = (sold - self.sold) - (scrapped - self.scrapped)
        self.in_use += change
        self.in_use_moment += change * now
        self.waiting += due - self.due
        self.waiting_moment += (due - self.due) * now
        self.sold, self.scrapped, self.due = sold, scrapped, due

    def _aged(self, kernel: Integers, known: int, day: int) -> int:
        """What has happened by the end of a day to what was sold, to the nearest quantum."""
        ages = kernel[self._days - 1 - day :]
        millionths = int(np.dot(self._sales[: day + 1], ages)) + known
        quantum = self.spec.quantum
        return rules.quotient(millionths, FULL_SPEED * quantum) * quantum

    def bring(self, quantity: int, now: int) -> None:
        """Units that were due leave for inspection."""
        self.came += quantity
        self.waiting -= quantity
        self.waiting_moment -= quantity * now


class FleetArrival(Arrival):
    """What is due of a fleet is brought on open days, divided over the times of the day."""

    def __init__(self, chain: Chain, spec: ArrivalSpec) -> None:
        super().__init__(chain, spec)
        self.fleet = chain.fleets[spec.fleet]

    def follow(self) -> Generator[Event, Any, None]:
        """A process: bring at each time what falls to it of what waited at the first one."""
        alarm = Alarm(self.env, Phase.OUTSIDE, self.rank)
        units = 0
        for instant, place, times in self.spec.slots:
            yield alarm.at(instant)
            if place == 0:
                units = self.fleet.waiting // self.stock.quantum
            by_then = rules.quotient(units * (place + 1), times)
            part = by_then - rules.quotient(units * place, times)
            if part:
                quantity = part * self.stock.quantum
                self.fleet.bring(quantity, instant)
                self.act(quantity)


def arrival_of(chain: Chain, spec: ArrivalSpec) -> Arrival:
    """The arrivals of a stream, or of what a fleet sends."""
    return FleetArrival(chain, spec) if spec.fleet >= 0 else Arrival(chain, spec)
