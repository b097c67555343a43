"""Resources: servers, alone for one operation or shared, and their time by state."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from chainsim.engines.simpy_engine.account import Account
from chainsim.network.clock import CLOSED, DISRUPTED, OPEN
from chainsim.network.compiled import ResourceSpec
from chainsim.outcome.trajectory import OPEN_STATES

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain
    from chainsim.engines.simpy_engine.lot import Input
    from chainsim.engines.simpy_engine.operation import Operation

STATE_OF_CLOCK = {CLOSED: "closed", DISRUPTED: "disrupted"}


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


class Resource(Account):
    """Servers, alone for one operation or shared by several."""

    kind = "resources"
    broken_down: int
    closed: int
    disrupted: int
    blocked: int
    busy: int
    no_release: int
    waiting: int
    starved: int
    slow_loss: int
    servers: int
    servers_moment: int

    def __init__(self, chain: Chain, spec: ResourceSpec) -> None:
        super().__init__()
        self.spec = spec
        self.free = deque(Server() for _ in range(spec.servers))
        self.servers = spec.servers
        self._leaving = 0
        """Servers that leave when their lots end."""
        self.operations: list[Operation] = []
        self._slowable: list[Operation] = []
        """The operations whose clock a disruption changes."""
        self._dirty = chain.dirty
        self._is_dirty = False
        self._since = 0
        self._states: list[tuple[str, int]] = []
        self._missing: tuple[Input, int] | None = None
        self._at_work: list[tuple[Operation, int]] = []
        """The operations that a slow-down may touch, with their busy servers."""

    def serve(self, operation: Operation) -> None:
        """Take on an operation."""
        self.operations.append(operation)
        self.operations.sort(key=lambda o: (o.spec.priority, o.rank))
        if operation.clock is not operation.undisturbed:
            self._slowable.append(operation)

    def touch(self) -> None:
        """Something about the servers changed: assess them when the instant closes."""
        if not self._is_dirty:
            self._is_dirty = True
            self._dirty.append(self)

    def install(self, servers: int, now: int) -> None:
        """Servers come, or go if that is below 0: the free ones now, others after their lots."""
        self._leaving -= servers
        while self._leaving > 0 and self.free:
            self.free.pop()
            self._change(-1, now)
        while self._leaving < 0:
            self.free.append(Server())
            self._change(1, now)
        self.touch()

    def release(self, server: Server, now: int) -> None:
        """A server has ended its lot: it is free, or leaves."""
        if self._leaving:
            self._change(-1, now)
        else:
            self.free.append(server)
        self.touch()

    def _change(self, servers: int, now: int) -> None:
        self._leaving += servers
        self.servers += servers
        self.servers_moment += servers * now

    @property
    def open_time(self) -> int:
        """Server-seconds so far in which servers were not closed."""
        return sum(getattr(self, state) for state in OPEN_STATES)

    def account(self, now: int) -> None:
        """Book the time since the last booking in the states that held."""
        span = now - self._since
        if not span:
            return
        for state, servers in self._states:
            setattr(self, state, getattr(self, state) + servers * span)
        if self._missing is not None:
            missing, servers = self._missing
            missing.starved += servers * span
        for operation, busy in self._at_work:
            self.slow_loss += busy * operation.lost_work(self._since, now)
        self._since = now

    def assess(self, now: int) -> None:
        """The state of each server after the last round of an instant."""
        self._is_dirty = False
        states, missing = self._present()
        if states != self._states or missing != self._missing or self._slowable:
            self.account(now)
            self._states, self._missing = states, missing
            self._at_work = [(o, o.busy) for o in self._slowable if o.busy]

    def _present(self) -> tuple[list[tuple[str, int]], tuple[Input, int] | None]:
        """How many servers are in which state now, and what how many are starved of."""
        states: list[tuple[str, int]] = []
        idle = self.servers
        for operation in self.operations:
            busy, held, down = operation.busy, operation.held, operation.down
            if down:
                states.append(("broken_down", down))
            if operation.state != OPEN:
                if busy or held:
                    states.append((STATE_OF_CLOCK[operation.state], busy + held))
            else:
                if held:
                    states.append(("blocked", held))
                if busy:
                    states.append(("busy", busy))
            idle -= busy + held + down
        if not idle:
            return states, None
        why, missing = self.operations[0].idle_state()
        states.append((why, idle))
        return states, None if missing is None else (missing, idle)
