"""SimPy's environment with the event order of the model.

Events are ordered by (time, phase, rank, sequence). A phase runs to its end for all entities that
are due; then the lowest phase that has work runs, in a new round of the same instant. SimPy's
priority is one integer, so phase and rank are packed into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any

import simpy
from simpy.events import Event

from chainsim.errors import LoopError
from chainsim.network.compiled import Phase

RANK_BITS = 24
"""Room for 16 million entities within a phase; priority 0 is left to SimPy's own events."""
LATER, LAST = 1 << 22, 1 << 23
"""Added to a rank: entities that act after the others of their phase."""
MOST_CHECKS = 1_000


def priority(phase: Phase, rank: int) -> int:
    """SimPy's priority of an entity's turn in a phase."""
    return (phase + 1) << RANK_BITS | rank


class Happening(Event):
    """An event that has its value from the start and one action to take when it happens."""

    env: InstantEnvironment
    callbacks: Any

    def __init__(self, env: InstantEnvironment, action: Callable[[Any], None]) -> None:
        self.env = env
        self.callbacks = [action]
        self._value = None
        self._ok = True


def _nothing(_: Any) -> None:
    """What happens of itself at an alarm: only the process that waits goes on."""


class Turn(Happening):
    """The turn of an entity in a phase of the present instant; it is armed again and again."""

    def __init__(
        self, env: InstantEnvironment, phase: Phase, rank: int, action: Callable[[Any], None]
    ) -> None:
        super().__init__(env, action)
        self.callbacks = None
        self._action = action
        self._priority = priority(phase, rank)

    def arm(self) -> None:
        """Take a turn in this instant, once however often it is asked for."""
        if self.callbacks is None:
            self.callbacks = [self._action]
            self.env.post(self, self._priority, self.env._now)


class Alarm(Happening):
    """A point in time at which a process goes on: `yield alarm.at(t)`."""

    def __init__(self, env: InstantEnvironment, phase: Phase, rank: int) -> None:
        super().__init__(env, _nothing)
        self._priority = priority(phase, rank)

    def at(self, time: int) -> Alarm:
        """The alarm, set to a second that has not passed."""
        self.callbacks = []
        self.env.post(self, self._priority, time)
        return self


class InstantEnvironment(simpy.Environment):
    """A SimPy environment that works through instants phase by phase."""

    _now: int
    _queue: list[tuple[int, int, int, Event]]  # type: ignore[assignment]

    def __init__(self, rounds: int, close: Callable[[int], None]) -> None:
        """`close(t)` is called after the last round of instant t, before time moves on.

        `rounds` of one instant without any stock going down are reported as a loop;
        `on_hand` gives the stocks to look at.
        """
        super().__init__()
        self.events = 0
        self._close = close
        self._due: list[Any] = []
        self._rounds = rounds
        self._round = 0
        self._phase = -1
        self._checks = 0
        self._last_on_hand: list[int] = []
        self.on_hand: Callable[[], list[int]] = list
        self.describe: Callable[[], str] = str

    def post(self, event: Event, priority: int, time: int) -> None:
        """Schedule an event that has its value already, at a second from now on."""
        heappush(self._queue, (time, priority, next(self._eid), event))

    def call(self, time: int, priority: int, action: Callable[[], None]) -> None:
        """Do something once, at a second from now on."""
        self.post(Happening(self, lambda _: action()), priority, time)

    def step(self) -> None:
        """Process the next event."""
        if not self._due:
            self._begin_phase()
        event = self._due.pop()
        self.events += 1
        callbacks, event.callbacks = event.callbacks, None
        for callback in callbacks:
            callback(event)
        if not event._ok and not hasattr(event, "_defused"):
            raise event._value

    def _begin_phase(self) -> None:
        """Collect all events of the lowest phase that is due at the next instant."""
        queue = self._queue
        if not queue:
            raise simpy.core.EmptySchedule
        time, first, _, event = heappop(queue)
        phase = first >> RANK_BITS
        if time > self._now:
            self._close(self._now)
            self._now = time
            self._round = self._checks = 0
        elif phase <= self._phase:
            self._next_round()
        self._phase = phase
        due = [event]
        while queue and queue[0][0] == time and queue[0][1] >> RANK_BITS == phase:
            due.append(heappop(queue)[3])
        due.reverse()
        self._due = due

    def _next_round(self) -> None:
        """Count a round; now and then make sure that the instant gets somewhere."""
        self._round += 1
        if self._round % self._rounds:
            return
        on_hand = self.on_hand()
        previous, self._last_on_hand = self._last_on_hand, on_hand
        self._checks += 1
        falls = any(new < old for new, old in zip(on_hand, previous, strict=False))
        if self._checks > 1 and (not falls or self._checks > MOST_CHECKS):
            raise LoopError(self._now, self._round, self.describe())


def regular(first: int, interval: int) -> Iterator[int]:
    """The instants first, first + interval, and so on."""
    while True:
        yield first
        first += interval
