"""The outside world: demands, arrivals and the slots of paced operations as streams of events."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar

from simpy.events import Event

from chainsim.engines import rules
from chainsim.engines.simpy_engine.account import Account
from chainsim.engines.simpy_engine.instant import LATER, Alarm, Errand
from chainsim.engines.simpy_engine.stock import Order, Stock
from chainsim.network.clock import STEADY, Clock
from chainsim.network.compiled import (
    FULL_SPEED,
    ArrivalSpec,
    DemandSpec,
    Phase,
    StreamSpec,
)
from chainsim.outcome.trajectory import Wait

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain
    from chainsim.engines.simpy_engine.operation import Operation

MICROSECONDS = 1_000_000
BEFORE = -1
"""When the orders of an initial backlog were placed: they are never filled at once."""


def occasions(
    chain: Chain, entity: str, spec: StreamSpec, sort: str = ""
) -> Iterator[tuple[int, int]]:
    """(instant, thousandths) of the events of a stream, in order; amounts may be 0.

    `sort` begins the purposes of its draws: an arrival and a demand may have the same id.
    """
    clock = chain.timetable.clocks[spec.clock] if spec.clock >= 0 else STEADY
    if spec.process in ("trace", "plan"):
        entity = spec.drawn_as or entity
        noise = chain.draws.stream(entity, f"{sort}noise", spec.noise) if spec.noise else None
        events = _planned(spec, clock, noise)
        yield from _part_of(spec, events) if spec.division else events
        return
    gaps = chain.draws.stream(entity, f"{sort}interval", spec.interval) if spec.interval else None
    instants = _instants(spec, clock, gaps)
    if spec.size is None:
        for instant in instants:
            yield instant, spec.fixed_size
    else:
        sizes = chain.draws.stream(entity, f"{sort}size", spec.size)
        for instant in instants:
            yield instant, rules.in_quanta(next(sizes), spec.quantum)


def _planned(
    spec: StreamSpec, clock: Clock, noise: Iterator[float] | None
) -> Iterator[tuple[int, int]]:
    """Listed amounts, each changed by noise and by disruptions of demand."""
    carried = 0.0
    for instant, amount in spec.trace:
        if noise is None and clock is STEADY:
            yield instant, amount
            continue
        factor = next(noise) if noise else 1.0
        exact = amount * factor * clock.rate(instant) / FULL_SPEED + carried
        whole = rules.in_quanta(exact, spec.quantum)
        carried = exact - whole if noise is None else 0.0
        yield instant, whole


def _part_of(spec: StreamSpec, events: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The part of each event that is this stream's."""
    dividing = rules.Dividing(len(spec.division), spec.quantum)
    for number, (instant, amount) in enumerate(events):
        shares = [one[number] for one in spec.division]
        yield instant, dividing.parts(amount, shares)[spec.part]


def _instants(spec: StreamSpec, clock: Clock, gaps: Iterator[float] | None) -> Iterator[int]:
    """The instants of a regular or random stream, each in the nearest second.

    They are counted in microseconds of the stream's own time, and that time runs at the clock's
    rate (inversion of the integrated rate, Cinlar 1975), so nothing drifts.
    """
    if clock is STEADY and spec.process == "regular":
        for k in count():
            yield rules.regular_instant(k, spec.first, spec.exact_interval)
    own_times = _own_times(spec, gaps)
    if clock is STEADY:
        for own_time in own_times:
            yield (own_time + MICROSECONDS // 2) // MICROSECONDS
    for own_time in own_times:
        instant = clock.nearest(own_time)
        if instant is None:
            return
        yield instant


def _own_times(spec: StreamSpec, gaps: Iterator[float] | None) -> Iterator[int]:
    """The microseconds of a stream's own time at which it has an event."""
    if spec.process == "regular":
        for k in count():
            yield rules.regular_microsecond(k, spec.first, spec.exact_interval)
    assert gaps is not None
    own_time = 0
    if spec.has_first:
        own_time = spec.first[0] * MICROSECONDS // spec.first[1]
        yield own_time
    for gap in gaps:
        own_time += max(0, rules.whole(gap * MICROSECONDS))
        yield own_time


class Outside(Account):
    """Something that happens at a stock from outside."""

    sort: ClassVar[str] = ""

    def __init__(self, chain: Chain, id_: str, rank: int, stock: int, stream: StreamSpec) -> None:
        super().__init__()
        self.chain = chain
        self.env = chain.env
        self.id = id_
        self.rank = rank
        self.stock: Stock = chain.stocks[stock]
        self.stream = stream

    def follow(self) -> Generator[Event, Any, None]:
        """A process: act at each occasion of the stream."""
        alarm = Alarm(self.env, Phase.OUTSIDE, self.rank)
        for instant, quantity in occasions(self.chain, self.id, self.stream, self.sort):
            yield alarm.at(instant)
            if quantity:
                self.act(quantity)

    def act(self, quantity: int) -> None:
        """One event of the stream."""
        raise NotImplementedError


class Arrival(Outside):
    """Items that come without being ordered."""

    sort = "arrival "
    kind = "arrivals"

    def __init__(self, chain: Chain, spec: ArrivalSpec) -> None:
        super().__init__(chain, spec.id, spec.rank, spec.stock, spec.stream)
        self.spec = spec

    def act(self, quantity: int) -> None:
        """Items come; what does not fit is turned away and counted."""
        if not self.stock.blocked and self.stock.fits(quantity):
            if not self.stock.unlimited:
                self.stock.arrived += quantity
            self.stock.gain(quantity)
            return
        self.stock.turned_away += quantity
        if self.chain.log is not None:
            self.chain.note(Phase.OUTSIDE, "turned away", self.id, quantity)


class Demand(Outside):
    """Customers who order, wait or leave."""

    kind = "demands"
    demanded: int
    delivered: int
    at_once: int
    same_day: int
    lost: int
    backlog: int
    backlog_moment: int

    def __init__(self, chain: Chain, spec: DemandSpec) -> None:
        super().__init__(chain, spec.id, spec.rank, spec.stock, spec.stream)
        self.spec = spec
        self.delays: list[Wait] | None = [] if spec.recorded else None
        if spec.initial_backlog:
            self.backlog = spec.initial_backlog
            self.stock.order(Order(self, spec.initial_backlog, BEFORE, spec.priority))

    def act(self, quantity: int) -> None:
        """An order arrives."""
        now = self.env._now
        self.demanded += quantity
        self.backlog += quantity
        self.backlog_moment += quantity * now
        order = Order(self, quantity, now, self.spec.priority)
        if self.chain.log is not None:
            self.chain.note(Phase.OUTSIDE, "demand", self.id, quantity)
        self.stock.order(order, at_once=self.spec.unmet == "lost")
        if self.spec.unmet == "patience":
            errand = Errand(Phase.FILL, LATER + self.rank, lambda: self.give_up(order))
            self.env.post(now + self.spec.patience, errand)

    def serve(self, order: Order, amount: int) -> None:
        """Take delivery of a part of an order."""
        now = self.env._now
        self.delivered += amount
        self.backlog -= amount
        self.backlog_moment -= amount * now
        if order.placed == now:
            self.at_once += amount
        if order.placed > BEFORE and self.chain.day_of(order.placed) == self.chain.day:
            self.same_day += amount
        if self.delays is not None:
            self.delays.append(Wait(max(0, order.placed), now, amount))
        if self.chain.log is not None:
            self.chain.note(Phase.FILL, "deliver", self.id, amount)

    def give_up(self, order: Order) -> None:
        """The customer leaves; what was not delivered is lost."""
        left = self.stock.withdraw(order)
        if left:
            self.lost += left
            self.backlog -= left
            self.backlog_moment -= left * self.env._now
            if self.chain.log is not None:
                self.chain.note(Phase.FILL, "lost", self.id, left)


def pace(chain: Chain, operation: Operation, spec: StreamSpec) -> Generator[Event, Any, None]:
    """A process: give an operation its slots."""
    alarm = Alarm(chain.env, Phase.OUTSIDE, operation.rank)
    for instant, _ in occasions(chain, operation.id, spec):
        yield alarm.at(instant)
        operation.slot()
