"""A stock: what a site holds of an item, the orders that wait for it, and its room."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from chainsim.engines import rules
from chainsim.engines.simpy_engine.account import Account
from chainsim.engines.simpy_engine.instant import Turn
from chainsim.network.compiled import NONE, Allocation, Phase, StockSpec
from chainsim.outcome.trajectory import Wait

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain
    from chainsim.engines.simpy_engine.operation import Operation


class Customer(Protocol):
    """Whoever orders from a stock: an outside demand, or a lane on behalf of another stock."""

    rank: int
    """Tells customers of one stock apart."""

    def serve(self, order: Order, amount: int) -> None:
        """Take delivery of a part of an order."""

    def give_up(self, order: Order) -> None:
        """Wait no longer for the rest of an order."""


class Goods(Protocol):
    """What waits for room: the output of a blocked server, or a shipment at the gate."""

    quantity: int

    def admitted(self) -> None:
        """The goods are in the stock now."""


class Order:
    """What a customer still waits for."""

    __slots__ = ("customer", "placed", "priority", "quantity", "remaining")

    def __init__(self, customer: Customer, quantity: int, placed: int, priority: int) -> None:
        self.customer = customer
        self.quantity = quantity
        self.remaining = quantity
        self.placed = placed
        self.priority = priority


class Making:
    """What is on the way to becoming an item: under way at operations, or waiting between them."""

    def __init__(
        self, between: list[tuple[Stock, int]], operations: list[tuple[Operation, int]], scale: int
    ) -> None:
        """Weights over `scale` are units of the item per unit between, or of a lot."""
        self._between = between
        self._operations = operations
        self._scale = scale

    @property
    def stocks(self) -> list[Stock]:
        """The stocks between."""
        return [stock for stock, _ in self._between]

    def quantity(self) -> int:
        """Thousandths of the item at best yield, rounded down."""
        total = 0
        for stock, weight in self._between:
            total += weight * stock.on_hand
        for operation, weight in self._operations:
            total += weight * (operation.in_process + operation.blocked)
        return total // self._scale


class Stock(Account):
    """The stock of one item at one site."""

    kind = "stocks"
    received: int
    produced: int
    arrived: int
    used: int
    shipped: int
    lost: int
    turned_away: int
    ordered: int
    on_hand: int
    on_hand_moment: int
    backlog: int
    backlog_moment: int
    on_order: int
    on_order_moment: int

    def __init__(self, chain: Chain, spec: StockSpec) -> None:
        super().__init__()
        self._chain = chain
        self.env = chain.env
        self.spec = spec
        self.id = spec.id
        self.quantum = chain.network.items[spec.item].quantum
        self.unlimited = spec.unlimited
        self._may_shut = ("receipts", spec.site) in chain.timetable.pauses
        self.takes_all = (spec.room == NONE or spec.unlimited) and not self._may_shut
        """Whether nothing ever has to wait for room or at the gate."""
        self.orders: deque[Order] = deque()
        self.at_once: list[Order] = []
        self.blocked: deque[Goods] = deque()
        self.gate: deque[Goods] = deque()
        self.ages: deque[list[int]] | None = deque() if spec.aged else None
        self.waits: list[Wait] | None = [] if spec.recorded else None
        self.made: tuple[array[int], array[int]] | None = None
        """Instants and quantities of production, where output is compared with a twin's."""
        self.way: Making | None = None
        """What counts as in the making, where operations pull for the item."""
        self.requested = 0
        """All that was ever ordered from this stock or used of it."""
        self.users: list[Operation] = []
        self.on_gain: list[Callable[[], None]] = []
        """Wakes the floors whose operations use the item."""
        self.on_drop: list[Callable[[], None]] = []
        """Wakes who watches the inventory position fall: replenishment and pulling floors."""
        self.on_rise: list[Callable[[], None]] = []
        """Wakes floors whose operations pull: a rise ends their release."""
        self.filling = Turn(self.env, spec.id, Phase.FILL, spec.rank, self._fill)
        self.admitting = Turn(self.env, spec.id, Phase.COMPLETE, spec.rank, self._admit)
        self.on_hand = spec.initial
        if self.ages is not None and spec.initial:
            self.ages.append([0, spec.initial])

    @property
    def making(self) -> int:
        """What is in the making, thousandths, at best yield; rounded down."""
        return 0 if self.way is None else self.way.quantity()

    @property
    def is_shut(self) -> bool:
        """Whether receipts are paused: goods wait at the gate."""
        return self._may_shut and self._chain.paused("receipts", self.spec.site)

    # ---- goods come in

    def gain(self, quantity: int) -> None:
        """Goods come in."""
        if self.unlimited:
            return
        now = self.env._now
        self.on_hand += quantity
        self.on_hand_moment += quantity * now
        if self.ages is not None:
            self.ages.append([now, quantity])
        if self.orders:
            self.filling.arm()
        for wake in self.on_gain:
            wake()

    def fits(self, quantity: int) -> bool:
        """Whether goods can come in: there is room, or they pass straight to a free server."""
        room = self.spec.room
        if self.takes_all or room == NONE or self.unlimited or self.on_hand + quantity <= room:
            return True
        return self._passes(self.on_hand + quantity, room)

    def _passes(self, quantity: int, room: int) -> bool:
        """Whether whole lots that would start in this instant leave no more than the room holds."""
        over = quantity - room
        started: dict[int, int] = {}
        for user in self.users:
            lot = user.takes_of(self)
            resource = user.spec.resource
            free = len(user.resource.free) - started.get(resource, 0)
            if not lot or over <= 0:
                continue
            lots = min(user.lots_at_once(self), free, quantity // lot, -(-over // lot))
            started[resource] = started.get(resource, 0) + lots
            quantity -= lots * lot
            over -= lots * lot
        return over <= 0

    def _admit(self) -> None:
        """Freed room goes to the longest blocked server, then to the gate in order."""
        queues = (self.blocked,) if self.is_shut else (self.blocked, self.gate)
        for queue in queues:
            while queue and self.fits(queue[0].quantity):
                queue.popleft().admitted()

    def ask_for_room(self) -> None:
        """Look for room again, in a new round."""
        if self.blocked or self.gate:
            self.admitting.arm()

    def ask_for_room_if_it_fits(self) -> None:
        """Let goods pass straight to a server that has become free."""
        for queue in (self.blocked, self.gate):
            if queue and self.fits(queue[0].quantity):
                self.admitting.arm()

    # ---- goods go out

    def use(self, quantity: int) -> None:
        """An operation takes its input."""
        self.requested += quantity
        if self.unlimited:
            return
        now = self.env._now
        self.used += quantity
        self.on_hand -= quantity
        self.on_hand_moment -= quantity * now
        if self.ages is not None:
            self._take_oldest(quantity, now)
        if self.blocked or self.gate:
            self.admitting.arm()
        for wake in self.on_drop:
            wake()

    def lose(self, quantity: int) -> None:
        """A disruption destroys goods."""
        self.lost += quantity
        if self.ages is not None:
            self._take_oldest(quantity, None)
        self.on_hand -= quantity
        self.on_hand_moment -= quantity * self.env._now
        if self.blocked or self.gate:
            self.admitting.arm()
        for wake in self.on_drop:
            wake()
        for user in self.users:
            user.resource.touch()

    def _take_oldest(self, quantity: int, used_at: int | None) -> None:
        """First in, first out; waits are recorded for what operations use."""
        assert self.ages is not None
        while quantity:
            lot = self.ages[0]
            part = min(lot[1], quantity)
            if used_at is not None and self.waits is not None:
                self.waits.append(Wait(lot[0], used_at, part))
            quantity -= part
            lot[1] -= part
            if not lot[1]:
                self.ages.popleft()

    def since(self, quantity: int) -> int:
        """The instant since which the oldest `quantity` on hand has been there."""
        assert self.ages is not None
        for arrived, amount in self.ages:
            quantity -= amount
            if quantity <= 0:
                return arrived
        return self.env._now

    # ---- orders

    def order(self, order: Order, at_once: bool = False) -> None:
        """An order reaches this stock; with `at_once` what is not filled now is lost."""
        quantity = order.remaining
        self.requested += quantity
        self.orders.append(order)
        if not self.unlimited:
            self.backlog += quantity
            self.backlog_moment += quantity * self.env._now
            for wake in self.on_drop:
                wake()
        if at_once:
            self.at_once.append(order)
        self.filling.arm()

    def withdraw(self, order: Order) -> int:
        """Take back what is left of an order; returns how much that was."""
        left = order.remaining
        if left:
            order.remaining = 0
            self.orders.remove(order)
            self.backlog -= left
            self.backlog_moment -= left * self.env._now
            for wake in self.on_rise:
                wake()
        return left

    def cancel(self, customer: Customer, quantity: int) -> None:
        """Take back a part of the orders of a customer, the newest first."""
        if not self.unlimited:
            self.backlog -= quantity
            self.backlog_moment -= quantity * self.env._now
        for order in reversed(self.orders):
            if order.customer is customer:
                part = min(order.remaining, quantity)
                order.remaining -= part
                quantity -= part
        self.orders = deque(order for order in self.orders if order.remaining)
        for wake in self.on_rise:
            wake()

    def _fill(self) -> None:
        """Fill waiting orders by the allocation rule; then lose what had to be filled at once."""
        allocation = self.spec.allocation
        if self.unlimited:
            self._fill_all()
        elif allocation == Allocation.PROPORTIONAL:
            self._fill_in_proportion()
        else:
            if allocation == Allocation.PRIORITY:
                self.orders = deque(sorted(self.orders, key=lambda order: order.priority))
            self._fill_in_order()
        for order in self.at_once:
            order.customer.give_up(order)
        self.at_once.clear()

    def _fill_all(self) -> None:
        for order in self.orders:
            amount, order.remaining = order.remaining, 0
            order.customer.serve(order, amount)
        self.orders.clear()

    def _fill_in_order(self) -> None:
        """First come, first served; the last order may be filled in part."""
        orders = self.orders
        while orders:
            available = self.on_hand // self.quantum * self.quantum
            if available <= 0:
                return
            order = orders[0]
            if order.remaining <= available:
                orders.popleft()
                self._serve(order, order.remaining)
            else:
                self._serve(order, available)

    def _fill_in_proportion(self) -> None:
        """Divide what is on hand in proportion to what each customer waits for."""
        if self.backlog <= self.on_hand:
            self._fill_in_order()
            return
        by_rank: dict[int, list[Order]] = {}
        for order in self.orders:
            by_rank.setdefault(order.customer.rank, []).append(order)
        ranks = sorted(by_rank)
        claims = [sum(order.remaining for order in by_rank[rank]) for rank in ranks]
        parts = rules.proportional(self.on_hand, claims, self.quantum)
        for rank, part in zip(ranks, parts, strict=True):
            for order in by_rank[rank]:
                amount = min(order.remaining, part)
                if amount:
                    self._serve(order, amount)
                    part -= amount
        self.orders = deque(order for order in self.orders if order.remaining)

    def _serve(self, order: Order, amount: int) -> None:
        """Goods leave for a customer: on hand and backlog fall alike, the position stays."""
        moment = amount * self.env._now
        order.remaining -= amount
        self.shipped += amount
        self.backlog -= amount
        self.backlog_moment -= moment
        self.on_hand -= amount
        self.on_hand_moment -= moment
        if self.ages is not None:
            self._take_oldest(amount, None)
        if self.blocked or self.gate:
            self.admitting.arm()
        for user in self.users:
            user.resource.touch()
        order.customer.serve(order, amount)


def total_on_hand(stocks: Iterable[Stock]) -> list[int]:
    """What finite stocks hold, to see whether an instant gets somewhere."""
    return [stock.on_hand for stock in stocks if not stock.unlimited]
