"""Operations: lots, release rules, breakdowns (docs/model.md, section 4)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import cycle, repeat
from typing import TYPE_CHECKING

from chainsim.engines import rules
from chainsim.engines.simpy_engine.account import Account
from chainsim.engines.simpy_engine.lot import Blocked, Input, Lot
from chainsim.engines.simpy_engine.requirements import requirement
from chainsim.engines.simpy_engine.resource import STATE_OF_CLOCK, Server
from chainsim.engines.simpy_engine.stock import Stock
from chainsim.network.clock import OPEN, state
from chainsim.network.compiled import (
    FULL_SPEED,
    NONE,
    SCRAP,
    WORK_PER_MILLISECOND,
    OperationSpec,
    OutputSpec,
    Phase,
)

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain
    from chainsim.engines.simpy_engine.floor import Floor


class Operation(Account):
    """Work at a site that turns inputs into outputs, lot by lot."""

    kind = "operations"
    started: int
    completed: int
    scrapped: int
    lots: int
    slots: int
    missed: int
    in_process: int
    in_process_moment: int
    blocked: int
    blocked_moment: int
    floor: Floor

    def __init__(self, chain: Chain, spec: OperationSpec) -> None:
        super().__init__()
        self.chain = chain
        self.env = chain.env
        self.spec = spec
        self.id = spec.id
        self.rank = spec.rank
        self.clock = chain.timetable.clocks[spec.clock]
        self.undisturbed = chain.timetable.undisturbed[spec.clock]
        self._stops = chain.timetable.stops.get(spec.clock)
        self.state = state(self.clock, self.undisturbed, 0)
        """OPEN, or why the operation stands still: CLOSED or DISRUPTED; it follows the clock."""
        self.resource = chain.resources[spec.resource]
        self.resource.serve(self)
        self.inputs = [Input(spec.id, chain.stocks[i.stock], i) for i in spec.inputs]
        self.busy = self.held = self.down = 0
        """Servers at work, blocked, and broken down."""
        self.pulled = chain.stocks[spec.release.stock] if spec.release.kind == "pull" else None
        self.parent = chain.stocks[spec.release.parent] if spec.release.parent != NONE else None
        self._target = spec.release.target.on(0)
        self._pushes = spec.release.kind == "push"
        self._paced = spec.release.kind == "paced"
        self.open_slots = 0
        self._slot_at = -1
        self.released_since = 0
        self.leaves: dict[int, list[Stock]] = {}
        """By output: the items in whose making a lot that goes there does not count any more."""
        self._given = [0] * len(spec.outputs)
        self._taken = [(i.stock, i.quantity) for i in self.inputs if i.consumed]
        self._has_overtime = spec.overtime_above is not None and self.pulled is not None
        self._rooms = [i.stock for i in self.inputs if i.stock.spec.room != NONE]
        self._work = self._works()
        self._outputs = self._choices()
        draws = chain.draws
        self._uptimes = [
            draws.stream(spec.id, f"uptime {m}", mode.up) for m, mode in enumerate(spec.breakdowns)
        ]
        self._repairs = [
            draws.stream(spec.id, f"repair {m}", mode.repair) if mode.repair else None
            for m, mode in enumerate(spec.breakdowns)
        ]

    @property
    def is_stopped(self) -> bool:
        """Whether a disruption leaves it no speed now, whatever its calendar says."""
        return self._stops is not None and self._stops.rate(self.env._now) == 0

    # ---- may a lot start?

    def can_start(self) -> bool:
        """A free server, a rate above zero, the inputs of one whole lot, and the release."""
        if self.state != OPEN or not self.resource.free:
            return False
        for i in self.inputs:
            if i.stock.on_hand < i.quantity and not i.stock.unlimited:
                return False
        return self._pushes or self.released()

    def takes_of(self, stock: Stock) -> int:
        """What a lot takes of a stock, thousandths; 0 if it only has to be there."""
        return sum(quantity for taken, quantity in self._taken if taken is stock)

    def lots_at_once(self, stock: Stock) -> int:
        """How many lots would start in this instant if a stock were full; one unless it pushes."""
        lots = len(self.resource.free)
        if self.state != OPEN or not lots or not self.released():
            return 0
        for i in self.inputs:
            if i.stock is not stock and not i.stock.unlimited:
                there = i.stock.on_hand // i.quantity if i.quantity else lots
                lots = min(lots, there if i.consumed else lots * (there > 0))
        return lots if self._pushes else min(lots, 1)

    def begin_day(self, day: int) -> None:
        """The target of a new day applies."""
        self._target = self.spec.release.target.on(day)

    def released(self) -> bool:
        """Whether the release rule allows a lot now."""
        release = self.spec.release
        if release.kind == "push":
            return True
        if self.pulled is not None:
            stock, level = self.pulled, self._target
            if self.parent is not None:
                level += requirement(self.chain.stocks, stock, self.parent)
            return stock.on_hand + stock.on_order - stock.backlog + stock.making < level
        return self.open_slots > 0 and (release.keep_missed or self._slot_at == self.env._now)

    def ready_since(self) -> int:
        """The instant since which the next lot could have started (inputs and release)."""
        finite = (i for i in self.inputs if not i.stock.unlimited)
        return max([self.released_since, *(i.stock.since(i.quantity) for i in finite)])

    def slot(self) -> None:
        """A slot of a paced release comes; one that was not used is missed."""
        self.slots += 1
        self.miss_slot()
        self.open_slots += 1
        self._slot_at = self.env._now
        self.resource.touch()
        self.floor.turn.arm()

    def miss_slot(self) -> None:
        """Count the slots that passed unused."""
        passed = self._slot_at < self.env._now and not self.spec.release.keep_missed
        if self.open_slots and passed:
            self.missed += self.open_slots
            self.open_slots = 0

    # ---- a lot starts

    def start(self) -> None:
        """Take the inputs and a server, and work out when the lot ends."""
        now = self.env._now
        resource = self.resource
        server = resource.free.popleft()
        for stock, quantity in self._taken:
            stock.use(quantity)
        if self._paced:
            self.open_slots -= 1
        lot = Lot(self, server, next(self._outputs))
        if server.ended_at == now and server.ended_by is self:
            begin = server.exact_end
        else:
            begin = self.clock.work(now)
        work = self._effort() if self._has_overtime else next(self._work)
        end = self._end_of(begin, work, server)
        size = self.spec.lot
        self.busy += 1
        self.lots += 1
        self.started += size
        self.in_process += size
        self.in_process_moment += size * now
        resource.touch()
        if self.chain.log is not None:
            self.chain.note(Phase.START, "start", self.id, size)
        if end is not None:
            self.env.post(end, lot)

    def _works(self) -> Iterator[int]:
        """The work of successive lots, ppm-seconds."""
        constant = self.spec.work.constant
        if constant is not None:
            return repeat(_work_of(constant))
        return map(_work_of, self.chain.draws.stream(self.id, "work", self.spec.work))

    def _effort(self) -> int:
        """The work of the next lot at the speed of its start (overtime shortens it)."""
        work = next(self._work)
        above = self.spec.overtime_above
        if above is None or self.pulled is None:
            return work
        if self.pulled.backlog <= above.on(self.chain.day):
            return work
        if self.spec.overtime_response != NONE:
            self.chain.responses[self.spec.overtime_response].units += self.spec.lot
        return -(-work * FULL_SPEED // self.spec.overtime_factor)

    def _choices(self) -> Iterator[OutputSpec]:
        """The output of successive lots: drawn by share, or in a cycle."""
        outputs = self.spec.outputs
        if self.spec.split == "cycle":
            return cycle([outputs[i] for i in self.spec.cycle])
        if self.spec.split == "exact" or len(outputs) == 1:
            return repeat(outputs[0])
        return self._drawn_outputs()

    def _drawn_outputs(self) -> Iterator[OutputSpec]:
        outputs = self.spec.outputs
        for u in self.chain.draws.uniforms(self.id, "output"):
            limit = 0.0
            for output in outputs:
                limit += output.share
                if u < limit:
                    break
            yield output

    # ---- breakdowns

    def _end_of(self, begin: int, work: int, server: Server) -> int | None:
        """The second in which a lot ends, through the breakdowns that strike it."""
        since = self.env._now
        if self._uptimes:
            left = server.uptimes.setdefault(self.rank, [])
            if not left:
                left.extend(self._next_uptime(mode) for mode in range(len(self._uptimes)))
            while min(left) < work:
                mode = left.index(min(left))
                before = left[mode]
                left[:] = [uptime - before for uptime in left]
                work -= before
                back = self._break_down(begin + before, mode, since)
                if back is None:
                    return None
                begin, since = back
                left[mode] = self._next_uptime(mode)
            left[:] = [uptime - work for uptime in left]
        server.exact_end = begin + work
        end = self.clock.reaches(begin + work)
        return None if end is None else max(end, since)

    def _next_uptime(self, mode: int) -> int:
        return max(1, rules.whole(next(self._uptimes[mode]))) * WORK_PER_MILLISECOND

    def _break_down(self, work: int, mode: int, since: int) -> tuple[int, int] | None:
        """A failure when the clock reads `work`; returns reading and second of the repair.

        Seconds are whole, so the failure shows up to a second late; the work done in that part of
        a second is credited, which keeps long-run availability exact. Nothing fails before
        `since`, when the lot started or the last repair ended.
        """
        fails = self.clock.reaches(work)
        if fails is None:
            return None
        fails = max(fails, since)
        repairs = self._repairs[mode]
        if repairs is not None:
            again: int | None = fails + max(0, rules.whole(next(repairs)))
        else:
            starts = self.spec.shift_starts
            following = bisect_right(starts, fails)
            again = starts[following] if following < len(starts) else None
        self.chain.at(fails, self._went_down)
        if again is None:
            return None
        self.chain.at(again, self._came_back)
        return self.clock.work(again) - (self.clock.work(fails) - work), again

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
        size = self.spec.lot
        self.busy -= 1
        self.in_process -= size
        self.in_process_moment -= size * now
        if self.chain.log is not None:
            self.chain.note(Phase.COMPLETE, "complete", self.id, size)
        server = lot.server
        server.ended_at, server.ended_by = now, self
        if self.spec.split == "exact":
            for output, quantity in self._parts():
                self._give(lot, output, quantity)
        else:
            self._give(lot, lot.output, lot.output.quantity)
        if lot.waiting:
            self.held += 1
            self.blocked += size
            self.blocked_moment += size * now
            self.resource.touch()
        else:
            self._finish(lot)

    def _parts(self) -> list[tuple[OutputSpec, int]]:
        """The parts of a lot that is divided by exact shares."""
        outputs = self.spec.outputs
        quantum = self.chain.quantum_of(self.spec)
        shares = [o.share for o in outputs]
        parts = rules.by_shares(self.spec.lot, quantum, shares, self._given)
        self._given = [had + part for had, part in zip(self._given, parts, strict=True)]
        return [
            (o, part * o.quantity // self.spec.lot)
            for o, part in zip(outputs, parts, strict=True)
            if part
        ]

    def _give(self, lot: Lot, output: OutputSpec, quantity: int) -> None:
        """Bring a part of a lot where it belongs, if it finds room."""
        for item in self.leaves.get(output.stock, ()):
            for wake in item.on_drop:
                wake()
        if output.stock == SCRAP:
            lot.scrapped += quantity
            return
        stock = self.chain.stocks[output.stock]
        if stock.takes_all or (not stock.blocked and stock.fits(quantity)):
            self._bring(stock, quantity)
        else:
            stock.blocked.append(Blocked(lot, stock, quantity))
            lot.waiting += 1

    def _bring(self, stock: Stock, quantity: int) -> None:
        if not stock.unlimited:
            stock.produced += quantity
        if stock.made is not None:
            stock.made[0].append(self.env._now)
            stock.made[1].append(quantity)
        stock.gain(quantity)

    def unblock(self, blocked: Blocked) -> None:
        """Room was found for an output of a blocked server."""
        self._bring(blocked.stock, blocked.quantity)
        lot = blocked.lot
        lot.waiting -= 1
        if not lot.waiting:
            self.held -= 1
            self.blocked -= self.spec.lot
            self.blocked_moment -= self.spec.lot * self.env._now
            lot.server.ended_at = -1
            self._finish(lot)

    def _finish(self, lot: Lot) -> None:
        resource = self.resource
        self.scrapped += lot.scrapped
        self.completed += self.spec.lot - lot.scrapped
        resource.release(lot.server, self.env._now)
        for operation in resource.operations:
            operation.floor.turn.arm()
        for stock in self._rooms:
            stock.ask_for_room()

    # ---- states

    def idle_state(self) -> tuple[str, Input | None]:
        """Why a server stands idle, and the first input that it is starved of."""
        if self.state != OPEN:
            return STATE_OF_CLOCK[self.state], None
        if not self.released():
            return "no_release", None
        missing = [i for i in self.inputs if not i.is_there]
        if any(not i.consumed for i in missing):
            return "waiting", None
        return ("starved", missing[0]) if missing else ("no_release", None)

    def lost_work(self, begin: int, end: int) -> int:
        """The work that a slow-down took from a busy server over a span, ppm-seconds."""
        if not self.clock.rate(begin):
            return 0
        full = self.undisturbed.work(end) - self.undisturbed.work(begin)
        return full - (self.clock.work(end) - self.clock.work(begin))


def _work_of(draw: float) -> int:
    """The work of a lot, from its milliseconds at full speed."""
    return max(0, rules.whole(draw)) * WORK_PER_MILLISECOND
