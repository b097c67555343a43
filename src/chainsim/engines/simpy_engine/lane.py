"""A lane: orders travel one way, goods the other."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from chainsim.engines import rules
from chainsim.engines.simpy_engine.account import Account
from chainsim.engines.simpy_engine.instant import (
    LAST,
    Happening,
    InstantEnvironment,
    Turn,
    priority,
)
from chainsim.engines.simpy_engine.stock import ON_ORDER, RECEIVED, Order, Stock
from chainsim.network.clock import DAY, Clock
from chainsim.network.compiled import FULL_SPEED, LaneSpec, Phase

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain

ORDERED, FILLED, DEPARTED, TAKEN_IN, SHIPMENTS = range(5)
UNDER_WAY, AT_SOURCE, STAGED, IN_TRANSIT, AT_GATE = range(5)


class Shipment(Happening):
    """Goods on the road: its event is the arrival."""

    def __init__(self, env: InstantEnvironment, lane: Lane, quantity: int) -> None:
        super().__init__(env, lane.arrive)
        self.lane = lane
        self.quantity = quantity

    def admitted(self) -> None:
        """The gate lets the goods in."""
        self.lane.change(AT_GATE, -self.quantity, self.env._now)
        self.lane.take_in(self.quantity)


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

    def __init__(self, chain: Chain, key: int, spec: LaneSpec) -> None:
        super().__init__(5, 5)
        self.chain = chain
        self.env = chain.env
        self.key = key
        self.spec = spec
        self.id = spec.id
        self.source: Stock = chain.stocks[spec.source]
        self.destination: Stock = chain.stocks[spec.destination]
        clocks = chain.timetable.clocks
        self.open: Clock | None = clocks[spec.open_clock] if spec.open_clock >= 0 else None
        self.travel: Clock | None = clocks[spec.transit_clock] if spec.transit_clock >= 0 else None
        self.quota: Quota | None = chain.quota_of(spec)
        self.lead_changes = chain.timetable.lead_changes.get(key, [])
        self.staged: deque[int] = deque()
        self._departure = -1
        self._last_arrival = 0
        self._order_leads = chain.draws.stream(spec.id, "order lead", spec.order_lead)
        self._transits = chain.draws.stream(spec.id, "transit", spec.transit)
        self._arrival_priority = priority(Phase.ARRIVE, spec.rank)
        self._order_priority = priority(Phase.OUTSIDE, spec.rank)
        self.leaving = Turn(self.env, Phase.FILL, LAST + spec.rank, self._leave)

    @property
    def is_open(self) -> bool:
        """Whether goods may depart now."""
        return self.open is None or self.open.rate(self.env._now) > 0

    # ---- orders

    def place(self, quantity: int, rank: int) -> None:
        """An order of the destination is on its way to the source."""
        now = self.env._now
        self.counts[ORDERED] += quantity
        self.destination.change(ON_ORDER, quantity, now)
        order = Order(self, quantity, now, rank)
        lead = max(0, rules.whole(next(self._order_leads)))
        if lead == 0:
            self._reach(order)
            return
        self.change(UNDER_WAY, quantity, now)
        self.env.call(now + lead, self._order_priority, lambda: self._reach_late(order))

    def _reach_late(self, order: Order) -> None:
        self.change(UNDER_WAY, -order.quantity, self.env._now)
        self._reach(order)

    def _reach(self, order: Order) -> None:
        self.change(AT_SOURCE, order.quantity, self.env._now)
        self.source.order(order)

    # ---- departures

    def serve(self, order: Order, amount: int) -> None:
        """The source fills a part of an order: it is staged, and leaves if it may."""
        now = self.env._now
        self.change(AT_SOURCE, -amount, now)
        self.counts[FILLED] += amount
        if not self.staged and self._may_leave(amount):
            self._dispatch(amount)
            return
        self.staged.append(amount)
        self.change(STAGED, amount, now)
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

    def _leave(self, _: Any) -> None:
        """Send off what is staged, in order, as far as loads and the day's quota allow."""
        if not self._departs_now():
            return
        while self.staged:
            amount = self._next_amount()
            if amount <= 0:
                return
            self._unstage(amount)
            self._dispatch(amount)

    def _next_amount(self) -> int:
        """The next shipment: a whole load, or the first staged fill, within the quota."""
        quota = self.quota
        if self.spec.load:
            amount = self.spec.load if self.levels[STAGED] >= self.spec.load else 0
            if quota is not None and quota.left < amount:
                return 0
        else:
            amount = self.staged[0]
            if quota is not None:
                amount = min(amount, quota.left // self.source.quantum * self.source.quantum)
        if quota is not None:
            quota.left -= amount
        return amount

    def _unstage(self, amount: int) -> None:
        self.change(STAGED, -amount, self.env._now)
        while amount:
            part = min(self.staged[0], amount)
            self.staged[0] -= part
            amount -= part
            if not self.staged[0]:
                self.staged.popleft()

    # ---- on the road

    def _dispatch(self, amount: int) -> None:
        """A shipment leaves; its transit time is drawn now."""
        now = self.env._now
        self.counts[DEPARTED] += amount
        self.counts[SHIPMENTS] += 1
        self.change(IN_TRANSIT, amount, now)
        arrival = self._arrival(now)
        if self.chain.log is not None:
            self.chain.note(Phase.FILL, "dispatch", self.id, amount)
        if arrival is not None:
            shipment = Shipment(self.env, self, amount)
            self.env.post(shipment, self._arrival_priority, arrival)

    def _arrival(self, now: int) -> int | None:
        """When a shipment that leaves now arrives; None if it is held for ever."""
        factor, extra = 1.0, 0
        for begin, until, multiplier, added in self.lead_changes:
            if begin <= now < until:
                factor *= multiplier
                extra += added
        seconds = max(0, rules.whole(next(self._transits) * factor) + extra)
        arrival: int | None = now + seconds
        if self.travel is not None:
            arrival = self.travel.reaches(self.travel.work(now) + seconds * FULL_SPEED)
            if seconds == 0:
                arrival = now
        if arrival is not None and not self.spec.crossing:
            arrival = self._last_arrival = max(arrival, self._last_arrival)
        return arrival

    def bring(self, arrival: int, quantity: int) -> None:
        """Goods that are on the road at the start of the run."""
        self.change(IN_TRANSIT, quantity, 0)
        self.destination.change(ON_ORDER, quantity, 0)
        shipment = Shipment(self.env, self, quantity)
        self.env.post(shipment, self._arrival_priority, arrival)

    def arrive(self, shipment: Any) -> None:
        """A shipment arrives: into the stock, or to the gate if it may not or does not fit."""
        self.change(IN_TRANSIT, -shipment.quantity, self.env._now)
        if self.chain.log is not None:
            self.chain.note(Phase.ARRIVE, "arrive", self.id, shipment.quantity)
        stock = self.destination
        paused = self.chain.paused("receipts", stock.spec.site)
        if paused or stock.gate or stock.blocked or not stock.fits(shipment.quantity):
            self.change(AT_GATE, shipment.quantity, self.env._now)
            stock.gate.append(shipment)
        else:
            self.take_in(shipment.quantity)

    def take_in(self, quantity: int) -> None:
        """Goods come off the road into the destination stock."""
        self.counts[TAKEN_IN] += quantity
        self.destination.change(ON_ORDER, -quantity, self.env._now)
        self.destination.gain(quantity, RECEIVED)
