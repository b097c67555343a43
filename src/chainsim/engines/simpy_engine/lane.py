"""A lane: orders travel one way, goods the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import repeat
from typing import TYPE_CHECKING

from chainsim.engines import rules
from chainsim.engines.simpy_engine.account import Account
from chainsim.engines.simpy_engine.instant import LAST, Errand, Turn
from chainsim.engines.simpy_engine.stock import Order, Stock
from chainsim.network.clock import DAY, Clock
from chainsim.network.compiled import FULL_SPEED, NONE, LaneSpec, Phase

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain


class Shipment:
    """Goods on the road; what happens to them is the arrival."""

    __slots__ = ("armed", "lane", "quantity", "rank")
    phase = int(Phase.ARRIVE)
    armed: bool

    def __init__(self, lane: Lane, quantity: int) -> None:
        self.rank = lane.rank
        self.lane = lane
        self.quantity = quantity

    def happen(self) -> None:
        """The goods arrive: into the stock, or to the gate if they may not or do not fit."""
        lane, quantity = self.lane, self.quantity
        lane.in_transit -= quantity
        lane.in_transit_moment -= quantity * lane.env._now
        if lane.chain.log is not None:
            lane.chain.note(Phase.ARRIVE, "arrive", lane.id, quantity)
        if lane.destination.takes_all:
            lane.take_in(quantity)
        else:
            lane.knock(self)

    def admitted(self) -> None:
        """The gate lets the goods in."""
        self.lane.leave_gate(self.quantity)


def seconds(draws: Iterator[float], constant: float | None) -> Iterator[int]:
    """Draws in whole seconds, at least 0."""
    if constant is not None:
        return repeat(max(0, rules.whole(constant)))
    return map(_whole_seconds, draws)


def _whole_seconds(draw: float) -> int:
    return max(0, rules.whole(draw))


class Quota:
    """What may depart in a day on the lanes of one pair."""

    def __init__(self, spec: LaneSpec, clock: Clock | None) -> None:
        self.left = 0
        self._per_day = spec.daily_quota
        self._clock = clock
        self.renew(0)

    def renew(self, now: int) -> None:
        """A new day: the quota begins again."""
        self.left = self._per_day
        if self._clock is not None:
            work = self._clock.work(now + DAY) - self._clock.work(now)
            self.left = self._per_day * work // (DAY * FULL_SPEED)


class Lane(Account):
    """The way of one item from a source stock to a destination stock."""

    kind = "lanes"
    ordered: int
    cancelled: int
    shipped: int
    departed: int
    received: int
    shipments: int
    under_way: int
    under_way_moment: int
    waiting: int
    waiting_moment: int
    staged: int
    staged_moment: int
    in_transit: int
    in_transit_moment: int
    at_gate: int
    at_gate_moment: int

    def __init__(self, chain: Chain, key: int, spec: LaneSpec) -> None:
        super().__init__()
        self.chain = chain
        self.env = chain.env
        self.spec = spec
        self.id = spec.id
        self.rank = spec.rank
        self.source: Stock = chain.stocks[spec.source]
        self.destination: Stock = chain.stocks[spec.destination]
        clocks = chain.timetable.clocks
        self.open: Clock | None = clocks[spec.open_clock] if spec.open_clock >= 0 else None
        self.travel: Clock | None = clocks[spec.transit_clock] if spec.transit_clock >= 0 else None
        self.quota: Quota | None = chain.quota_of(spec)
        self.lead_changes = chain.timetable.lead_changes.get(key, [])
        self.queue: deque[int] = deque()
        """The fills that are staged, in order."""
        self._departure = -1
        self._last_arrival = 0
        order_leads = chain.draws.stream(spec.id, "order lead", spec.order_lead)
        self._order_leads = seconds(order_leads, spec.order_lead.constant)
        self._transits = chain.draws.stream(spec.id, "transit", spec.transit)
        constant = spec.transit.constant
        self.expedite = spec.expedite
        self._hurries = spec.expedite is not None and spec.expedite.transit < 1.0
        self._fixed_transit = NONE
        """Seconds of every transit, where nothing random or disrupted changes it."""
        steady = spec.crossing and not self.lead_changes and self.travel is None
        if constant is not None and steady and not self._hurries:
            self._fixed_transit = max(0, rules.whole(constant))
        self.leaving = Turn(self.env, spec.id, Phase.FILL, LAST + spec.rank, self._leave)
        self.always_open = (
            spec.departures is None
            and spec.load == 0
            and self.quota is None
            and self.open is None
            and ("shipments", self.source.spec.site) not in chain.timetable.pauses
        )

    @property
    def is_open(self) -> bool:
        """Whether goods may depart now."""
        return self.open is None or self.open.rate(self.env._now) > 0

    # ---- orders

    def place(self, quantity: int, rank: int) -> None:
        """An order of the destination is on its way to the source."""
        now = self.env._now
        self.ordered += quantity
        self.destination.on_order += quantity
        self.destination.on_order_moment += quantity * now
        for wake in self.destination.on_rise:
            wake()
        if self.spec.order_priority != NONE:
            rank = self.spec.order_priority
        order = Order(self, quantity, now, rank)
        lead = next(self._order_leads)
        if self.expedite is not None and self.expedite.order_lead < 1.0 and self._is_low():
            lead = rules.whole(lead * self.expedite.order_lead)
            if not self._hurries:
                self.chain.responses[self.expedite.response].units += quantity
        if lead == 0:
            self._reach(order)
            return
        self.under_way += quantity
        self.under_way_moment += quantity * now
        errand = Errand(Phase.OUTSIDE, self.spec.rank, lambda: self._reach_late(order))
        self.env.post(now + lead, errand)

    def _reach_late(self, order: Order) -> None:
        self.under_way -= order.quantity
        self.under_way_moment -= order.quantity * self.env._now
        self._reach(order)

    def _reach(self, order: Order) -> None:
        self.waiting += order.quantity
        self.waiting_moment += order.quantity * self.env._now
        self.source.order(order)

    def cancel(self, quantity: int) -> None:
        """Take back orders that wait at the source, the newest first."""
        now = self.env._now
        self.source.cancel(self, quantity)
        self.cancelled += quantity
        self.waiting -= quantity
        self.waiting_moment -= quantity * now
        self.destination.on_order -= quantity
        self.destination.on_order_moment -= quantity * now
        for wake in self.destination.on_drop:
            wake()

    # ---- departures

    def serve(self, order: Order, amount: int) -> None:
        """The source fills a part of an order: it is staged, and leaves if it may."""
        now = self.env._now
        self.waiting -= amount
        self.waiting_moment -= amount * now
        self.shipped += amount
        if self.always_open or (not self.queue and self._may_leave(amount)):
            self._dispatch(amount)
            return
        self.queue.append(amount)
        self.staged += amount
        self.staged_moment += amount * now
        self.leaving.arm()

    def give_up(self, order: Order) -> None:
        """Sites wait for ever: orders of lanes are never lost."""

    def _may_leave(self, amount: int) -> bool:
        """Whether a shipment may leave whole and now."""
        if self.spec.load or not self._departs_now():
            return False
        if self.quota is not None:
            if self.quota.left < amount:
                return False
            self.quota.left -= amount
        return True

    def _departs_now(self) -> bool:
        if self.spec.departures is not None and self._departure != self.env._now:
            return False
        return self.is_open and not self.chain.paused("shipments", self.source.spec.site)

    def depart(self) -> None:
        """A scheduled departure: what is staged by the end of this instant's filling leaves."""
        self._departure = self.env._now
        self.leaving.arm()

    def _leave(self) -> None:
        """Send off what is staged, in order, as far as loads and the day's quota allow."""
        if not self._departs_now():
            return
        while self.queue:
            amount = self._next_amount()
            if amount <= 0:
                return
            self._unstage(amount)
            self._dispatch(amount)

    def _next_amount(self) -> int:
        """The next shipment: a whole load, or the first staged fill, within the quota."""
        quota = self.quota
        if self.spec.load:
            amount = self.spec.load if self.staged >= self.spec.load else 0
            if quota is not None and quota.left < amount:
                return 0
        else:
            amount = self.queue[0]
            if quota is not None:
                amount = min(amount, quota.left // self.source.quantum * self.source.quantum)
        if quota is not None:
            quota.left -= amount
        return amount

    def _unstage(self, amount: int) -> None:
        self.staged -= amount
        self.staged_moment -= amount * self.env._now
        while amount:
            part = min(self.queue[0], amount)
            self.queue[0] -= part
            amount -= part
            if not self.queue[0]:
                self.queue.popleft()

    # ---- on the road

    def _dispatch(self, amount: int) -> None:
        """A shipment leaves; its transit time is drawn now."""
        now = self.env._now
        self.departed += amount
        self.shipments += 1
        self.in_transit += amount
        self.in_transit_moment += amount * now
        if self._fixed_transit != NONE:
            arrival: int | None = now + self._fixed_transit
        else:
            arrival = self._arrival(now, amount)
        if self.chain.log is not None:
            self.chain.note(Phase.FILL, "dispatch", self.id, amount)
        if arrival is not None:
            self.env.post(arrival, Shipment(self, amount))

    def _is_low(self) -> bool:
        """Whether the destination has so little on hand that its goods are hurried."""
        assert self.expedite is not None
        return self.destination.on_hand < self.expedite.below.on(self.chain.day)

    def _arrival(self, now: int, amount: int) -> int | None:
        """When a shipment that leaves now arrives; None if it is held for ever."""
        factor, extra = 1.0, 0
        if self.expedite is not None and self._hurries and self._is_low():
            factor = self.expedite.transit
            self.chain.responses[self.expedite.response].units += amount
        for begin, until, multiplier, added in self.lead_changes:
            if begin <= now < until:
                factor *= multiplier
                extra += added
        seconds = max(0, rules.whole(next(self._transits) * factor) + extra)
        return self._on_the_road(now, seconds)

    def _on_the_road(self, now: int, seconds: int) -> int | None:
        """When goods arrive that travel for so many seconds from now on, held or behind others."""
        arrival: int | None = now + seconds
        if self.travel is not None and seconds:
            arrival = self.travel.reaches(self.travel.work(now) + seconds * FULL_SPEED)
        if arrival is not None and not self.spec.crossing:
            arrival = self._last_arrival = max(arrival, self._last_arrival)
        return arrival

    def bring(self, arrival: int, quantity: int) -> None:
        """Goods that are on the road at the start of the run."""
        self.in_transit += quantity
        self.destination.on_order += quantity
        later = self._on_the_road(0, arrival)
        if later is not None:
            self.env.post(later, Shipment(self, quantity))

    def knock(self, shipment: Shipment) -> None:
        """A shipment reaches a site that may be shut or full: it comes in or waits at the gate."""
        stock, quantity = self.destination, shipment.quantity
        shut = stock.is_shut
        if not shut and not stock.gate and not stock.blocked and stock.fits(quantity):
            self.take_in(quantity)
            return
        self.at_gate += quantity
        self.at_gate_moment += quantity * self.env._now
        stock.gate.append(shipment)
        if not shut:
            stock.ask_for_room()

    def leave_gate(self, quantity: int) -> None:
        """Goods at the gate come in."""
        self.at_gate -= quantity
        self.at_gate_moment -= quantity * self.env._now
        self.take_in(quantity)

    def take_in(self, quantity: int) -> None:
        """Goods come off the road into the destination stock."""
        self.received += quantity
        stock = self.destination
        stock.on_order -= quantity
        stock.on_order_moment -= quantity * self.env._now
        if not stock.unlimited:
            stock.received += quantity
        stock.gain(quantity)
