"""Operations: lots, servers, breakdowns and release rules."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chainsim.engines import rules
from chainsim.engines.simpy_engine.account import Account
from chainsim.engines.simpy_engine.instant import Happening, InstantEnvironment, Turn, priority
from chainsim.engines.simpy_engine.stock import PRODUCED, USED, Stock
from chainsim.network.clock import CLOSED, DISRUPTED, OPEN, Clock
from chainsim.network.compiled import (
    FULL_SPEED,
    SCRAP,
    WORK_PER_MILLISECOND,
    OperationSpec,
    OutputSpec,
    Phase,
    ResourceSpec,
)
from chainsim.outcome.trajectory import STATES

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain

STARTED, COMPLETED, SCRAPPED, LOTS, SLOTS, MISSED = range(6)
IN_PROCESS, BLOCKED_LEVEL = range(2)
BROKEN, CLOSED_STATE, DISRUPTED_STATE, BLOCKED, BUSY, NO_RELEASE, WAITING, STARVED = range(8)
SLOW_LOSS = 8
STATE_OF_CLOCK = {CLOSED: CLOSED_STATE, DISRUPTED: DISRUPTED_STATE}


class Server:
    """One server of a resource: when and where it ended its last lot, and its wear."""

    __slots__ = ("ended_at", "ended_by", "exact_end", "uptimes")

    def __init__(self) -> None:
        self.ended_at = -1
        self.ended_by: Operation | None = None
        self.exact_end = 0
        """End of the last lot on its operation's clock, ppm-seconds."""
        self.uptimes: dict[int, list[int]] = {}
        """By operation: work left until each mode of breakdown strikes, ppm-seconds."""


class Lot(Happening):
    """A lot under way: its event is its completion."""

    def __init__(
        self, env: InstantEnvironment, operation: Operation, server: Server, output: OutputSpec
    ) -> None:
        super().__init__(env, operation.complete)
        self.operation = operation
        self.server = server
        self.output = output
        self.waiting = 0


class Blocked:
    """An output that waits for room, and its server with it."""

    __slots__ = ("lot", "quantity", "stock")

    def __init__(self, lot: Lot, stock: Stock, quantity: int) -> None:
        self.lot = lot
        self.stock = stock
        self.quantity = quantity

    def admitted(self) -> None:
        """Room was found."""
        self.lot.operation.unblock(self)


class Resource(Account):
    """Servers, alone for one operation or shared by several; keeps the server time by state."""

    def __init__(self, chain: Chain, spec: ResourceSpec) -> None:
        super().__init__(len(STATES) + 1, 0)
        self.chain = chain
        self.spec = spec
        self.free = deque(Server() for _ in range(spec.servers))
        self.operations: list[Operation] = []
        self.dirty = False
        self._since = 0
        self._state = [0] * len(STATES)
        self._missing: list[int] | None = None

    def touch(self) -> None:
        """Something about the servers changed: assess them when the instant closes."""
        if not self.dirty:
            self.dirty = True
            self.chain.dirty.append(self)

    def account(self, now: int) -> None:
        """Book the time since the last booking in the states that held."""
        span = now - self._since
        if not span:
            return
        for i, servers in enumerate(self._state):
            if servers:
                self.counts[i] += servers * span
        if self._missing is not None:
            self._missing[0] += self._state[STARVED] * span
        for operation in self.operations:
            if operation.busy and operation.clock is not operation.undisturbed:
                self.counts[SLOW_LOSS] += operation.busy * operation.lost_work(self._since, now)
        self._since = now

    def assess(self, now: int) -> None:
        """The state of each server after the last round of an instant."""
        self.dirty = False
        self.account(now)
        state = [0] * len(STATES)
        idle = self.spec.servers
        for operation in self.operations:
            idle -= operation.busy + operation.held + operation.down
            state[BROKEN] += operation.down
            stopped = operation.stopped(now)
            if stopped == OPEN:
                state[BLOCKED] += operation.held
                state[BUSY] += operation.busy
            else:
                state[STATE_OF_CLOCK[stopped]] += operation.held + operation.busy
        self._missing = None
        if idle:
            why, self._missing = self.operations[0].idle_state(now)
            state[why] += idle
        self._state = state


class Operation(Account):
    """Work at a site that turns inputs into outputs, lot by lot."""

    def __init__(self, chain: Chain, spec: OperationSpec) -> None:
        super().__init__(6, 2)
        self.chain = chain
        self.env = chain.env
        self.spec = spec
        self.id = spec.id
        self.rank = spec.rank
        self.clock: Clock = chain.timetable.clocks[spec.clock]
        self.undisturbed: Clock = chain.timetable.undisturbed[spec.clock]
        self.resource = chain.resources[spec.resource]
        self.resource.operations.append(self)
        self.inputs = [(chain.stocks[i.stock], i.quantity, i.consumed) for i in spec.inputs]
        self.starved = [[0] for _ in spec.inputs]
        self.busy = self.held = self.down = 0
        self.floor: Floor
        self.pulled = chain.stocks[spec.release.stock] if spec.release.kind == "pull" else None
        self.parent = chain.stocks[spec.release.parent] if spec.release.parent >= 0 else None
        self.slots = 0
        self._slot_at = -1
        self.released_since = 0
        self.makes_for = [(chain.stocks[s], q) for s, q in spec.makes_for]
        self.chain_of = [chain.stocks[s] for s in spec.chain_of]
        self._completion_priority = priority(Phase.COMPLETE, spec.rank)
        self._given = [0] * len(spec.outputs)
        self._work = self._works()
        self._outputs = self._choices()
        self._breakdowns = [
            (
                chain.draws.stream(spec.id, f"uptime {i}", mode.up),
                chain.draws.stream(spec.id, f"repair {i}", mode.repair) if mode.repair else None,
            )
            for i, mode in enumerate(spec.breakdowns)
        ]

    # ---- may a lot start?

    def takes_at_once(self, stock: Stock) -> int:
        """What of a stock a lot would take in this instant if it were there, thousandths."""
        if not self.resource.free or not self.clock.rate(self.env._now):
            return 0
        if not self.released():
            return 0
        wanted = 0
        for other, quantity, consumed in self.inputs:
            if other is stock:
                wanted = quantity if consumed else 0
            elif not other.unlimited and other.on_hand < quantity:
                return 0
        return wanted

    def can_start(self) -> bool:
        """A free server, a rate above zero, the release, and the inputs of one whole lot."""
        if not self.resource.free or not self.clock.rate(self.env._now):
            return False
        for stock, quantity, _ in self.inputs:
            if not stock.unlimited and stock.levels[0] < quantity:
                return False
        return self.released()

    def released(self) -> bool:
        """Whether the release rule allows a lot now."""
        release = self.spec.release
        if release.kind == "push":
            return True
        if self.pulled is not None:
            level = release.target.on(self.chain.day)
            if self.parent is not None:
                level += self.chain.requirement(self.pulled, self.parent)
            return self.pulled.position + self.pulled.making < level
        if release.keep_missed:
            return self.slots > 0
        return self.slots > 0 and self._slot_at == self.env._now

    def ready_since(self) -> int:
        """The instant since which the next lot could have started (inputs and release)."""
        instants = [
            stock.since(quantity) for stock, quantity, _ in self.inputs if not stock.unlimited
        ]
        return max([self.released_since, *instants])

    def slot(self) -> None:
        """A slot of a paced release comes; one that was not used is missed."""
        self.counts[SLOTS] += 1
        if not self.spec.release.keep_missed:
            self.miss_slot()
        self.slots += 1
        self._slot_at = self.env._now
        self.resource.touch()
        self.floor.arm()

    def miss_slot(self) -> None:
        """Count the slots that passed unused."""
        if self.slots and self._slot_at < self.env._now and not self.spec.release.keep_missed:
            self.counts[MISSED] += self.slots
            self.slots = 0

    # ---- a lot starts

    def start(self) -> None:
        """Take the inputs and a server, and work out when the lot ends."""
        now = self.env._now
        server = self.resource.free.popleft()
        for stock, quantity, consumed in self.inputs:
            if consumed:
                stock.take(quantity, USED)
        if self.spec.release.kind == "paced":
            self.slots -= 1
        for stock, quantity in self.makes_for:
            stock.making += quantity
        lot = Lot(self.env, self, server, next(self._outputs))
        begin = self.clock.work(now)
        if server.ended_at == now and server.ended_by is self:
            begin = server.exact_end
        end = self._end_of(begin, self._effort(), server)
        self.busy += 1
        self.counts[STARTED] += self.spec.lot
        self.counts[LOTS] += 1
        self.change(IN_PROCESS, self.spec.lot, now)
        self.resource.touch()
        if self.chain.log is not None:
            self.chain.note(Phase.START, "start", self.id, self.spec.lot)
        if end is not None:
            self.env.post(lot, self._completion_priority, end)

    def _works(self) -> Iterator[int]:
        """The work of successive lots, ppm-seconds."""
        draws = self.chain.draws.stream(self.id, "work", self.spec.work)
        while True:
            yield max(0, rules.whole(next(draws))) * WORK_PER_MILLISECOND

    def _effort(self) -> int:
        """The work of the next lot at the speed of its start (overtime shortens it)."""
        work = next(self._work)
        above = self.spec.overtime_above
        if above is None or self.pulled is None:
            return work
        if self.pulled.backlog <= above.on(self.chain.day):
            return work
        return -(-work * FULL_SPEED // self.spec.overtime_factor)

    def _choices(self) -> Iterator[OutputSpec]:
        """The output of successive lots: drawn by share, or in a cycle."""
        outputs = self.spec.outputs
        if self.spec.split == "cycle":
            while True:
                yield from (outputs[i] for i in self.spec.cycle)
        if self.spec.split == "exact" or len(outputs) == 1:
            while True:
                yield outputs[0]
        for u in self.chain.draws.uniforms(self.id, "output"):
            limit = 0.0
            chosen = outputs[-1]
            for output in outputs:
                limit += output.share
                if u < limit:
                    chosen = output
                    break
            yield chosen

    def _end_of(self, begin: int, work: int, server: Server) -> int | None:
        """The second in which a lot ends, through the breakdowns that strike it."""
        uptimes = self._uptimes(server)
        while uptimes and min(uptimes) < work:
            mode = uptimes.index(min(uptimes))
            before = uptimes[mode]
            for i in range(len(uptimes)):
                uptimes[i] -= before
            work -= before
            repaired = self._break_down(begin + before, mode)
            if repaired is None:
                return None
            begin = repaired
            uptimes[mode] = self._next_uptime(mode)
        for i in range(len(uptimes)):
            uptimes[i] -= work
        server.exact_end = begin + work
        return self.clock.reaches(server.exact_end)

    def _uptimes(self, server: Server) -> list[int]:
        if not self._breakdowns:
            return []
        if self.rank not in server.uptimes:
            server.uptimes[self.rank] = [
                self._next_uptime(mode) for mode in range(len(self._breakdowns))
            ]
        return server.uptimes[self.rank]

    def _next_uptime(self, mode: int) -> int:
        draw = next(self._breakdowns[mode][0])
        return max(1, rules.whole(draw)) * WORK_PER_MILLISECOND

    def _break_down(self, work: int, mode: int) -> int | None:
        """A failure when the clock reads `work`; returns the clock's reading after the repair.

        Seconds are whole, so the failure shows up to a second late; the work done in that part of
        a second is credited, which keeps long-run availability exact.
        """
        fails = self.clock.reaches(work)
        if fails is None:
            return None
        repairs = self._breakdowns[mode][1]
        if repairs is not None:
            back: int | None = fails + max(0, rules.whole(next(repairs)))
        else:
            back = self._next_opening(fails)
        self.chain.at(fails, self._went_down)
        if back is None:
            return None
        self.chain.at(back, self._came_back)
        return self.clock.work(back) - (self.clock.work(fails) - work)

    def _next_opening(self, after: int) -> int | None:
        changes = self.undisturbed.changes()
        return next((t for t in changes if t > after and self.undisturbed.rate(t)), None)

    def _went_down(self) -> None:
        self.busy -= 1
        self.down += 1
        self.resource.touch()

    def _came_back(self) -> None:
        self.busy += 1
        self.down -= 1
        self.resource.touch()

    # ---- a lot ends

    def complete(self, lot: Lot) -> None:
        """The outputs appear; what finds no room keeps the server."""
        now = self.env._now
        self.busy -= 1
        self.change(IN_PROCESS, -self.spec.lot, now)
        if self.chain.log is not None:
            self.chain.note(Phase.COMPLETE, "complete", self.id, self.spec.lot)
        waiting = 0
        for output, quantity in self._parts(lot.output):
            if output.stock == SCRAP:
                self._scrap(quantity)
                continue
            stock = self.chain.stocks[output.stock]
            if not stock.blocked and stock.fits(quantity):
                self._bring(stock, quantity)
            else:
                stock.blocked.append(Blocked(lot, stock, quantity))
                waiting += 1
        lot.server.ended_at, lot.server.ended_by = now, self
        lot.waiting = waiting
        if waiting:
            self.held += 1
            self.change(BLOCKED_LEVEL, self.spec.lot, now)
            self.resource.touch()
        else:
            self._finish(lot)

    def _parts(self, output: OutputSpec) -> list[tuple[OutputSpec, int]]:
        """Where the lot goes: wholly to one output, or divided by exact shares."""
        if self.spec.split != "exact":
            return [(output, output.quantity)]
        outputs = self.spec.outputs
        quantum = self.chain.quantum_of(self.spec)
        parts = rules.by_shares(self.spec.lot, quantum, [o.share for o in outputs], self._given)
        for i, part in enumerate(parts):
            self._given[i] += part
        return [
            (o, part * o.quantity // self.spec.lot)
            for o, part in zip(outputs, parts, strict=True)
            if part
        ]

    def _bring(self, stock: Stock, quantity: int) -> None:
        if stock in self.chain_of:
            stock.making -= quantity
        stock.gain(quantity, PRODUCED)

    def _scrap(self, quantity: int) -> None:
        self.counts[SCRAPPED] += quantity
        self.counts[COMPLETED] -= quantity
        for stock in self.chain_of:
            stock.making -= quantity
            for turn in stock.on_drop:
                turn.arm()

    def unblock(self, blocked: Blocked) -> None:
        """Room was found for an output of a blocked server."""
        self._bring(blocked.stock, blocked.quantity)
        lot = blocked.lot
        lot.waiting -= 1
        if not lot.waiting:
            self.held -= 1
            self.change(BLOCKED_LEVEL, -self.spec.lot, self.env._now)
            lot.server.ended_at = -1
            self._finish(lot)

    def _finish(self, lot: Lot) -> None:
        self.counts[COMPLETED] += self.spec.lot
        self.resource.free.append(lot.server)
        self.resource.touch()
        self.floor.arm()
        for stock, _, _ in self.inputs:
            stock.ask_for_room()

    # ---- states

    def stopped(self, now: int) -> int:
        """Whether the operation works now (OPEN), or why not (CLOSED, DISRUPTED)."""
        if self.clock.rate(now):
            return OPEN
        return DISRUPTED if self.undisturbed.rate(now) else CLOSED

    def idle_state(self, now: int) -> tuple[int, list[int] | None]:
        """Why a server stands idle, and the counter of the input that it is starved of."""
        stopped = self.stopped(now)
        if stopped != OPEN:
            return STATE_OF_CLOCK[stopped], None
        if not self.released():
            return NO_RELEASE, None
        starved: list[int] | None = None
        for (stock, quantity, consumed), counter in zip(self.inputs, self.starved, strict=True):
            if not stock.unlimited and stock.on_hand < quantity:
                if not consumed:
                    return WAITING, None
                starved = starved or counter
        return (STARVED, starved) if starved is not None else (NO_RELEASE, None)

    def lost_work(self, begin: int, end: int) -> int:
        """The work that a slow-down took from a busy server over a span, ppm-seconds."""
        if self.stopped(begin) != OPEN:
            return 0
        full = self.undisturbed.work(end) - self.undisturbed.work(begin)
        return full - (self.clock.work(end) - self.clock.work(begin))


class Floor:
    """Operations that compete for servers or inputs; it starts their lots in order."""

    def __init__(self, chain: Chain, operations: list[Operation]) -> None:
        self.operations = operations
        self._turn = Turn(chain.env, Phase.START, min(o.rank for o in operations), self._start_lots)
        self._released = [False] * len(operations)
        for operation in operations:
            operation.floor = self
        roomy = {stock.id: stock for o in operations for stock, _, _ in o.inputs}
        self._rooms = [stock for _, stock in sorted(roomy.items()) if stock.spec.room >= 0]

    @property
    def turn(self) -> Turn:
        """The turn in which lots start."""
        return self._turn

    def arm(self) -> None:
        """Look for lots to start in this instant."""
        self._turn.arm()

    def _start_lots(self, _: Any) -> None:
        """Start one lot after another: by priority, readiness, rank."""
        operations = self.operations
        if len(operations) == 1:
            while operations[0].can_start():
                operations[0].start()
        else:
            self._note_releases()
            while ready := [o for o in operations if o.can_start()]:
                min(ready, key=lambda o: (o.spec.priority, o.ready_since(), o.rank)).start()
                self._note_releases()
        for operation in operations:
            operation.resource.touch()
        for stock in self._rooms:
            stock.ask_for_room_if_it_fits()

    def _note_releases(self) -> None:
        for i, operation in enumerate(self.operations):
            released = operation.released()
            if released and not self._released[i]:
                operation.released_since = operation.env._now
            self._released[i] = released
