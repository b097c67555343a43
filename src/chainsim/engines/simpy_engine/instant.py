"""SimPy's environment with the event order of the model (docs/model.md, section 3).

What happens is ordered by (time, phase, rank, sequence). A phase runs to its end for all that are
due; then the lowest phase that has work runs, in a new round of the same instant. Everything that
is due in one second waits in one bucket, so the heap holds distinct times only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any, Protocol

import simpy
from simpy.events import Event

from chainsim.errors import LoopError
from chainsim.network.compiled import Phase

LATER, LAST = 1 << 22, 1 << 23
"""Added to a rank: entities that act after the others of their phase."""
FIRST = -1
"""The rank of SimPy's own events and of the end of a day: before all others."""
MOST_CHECKS = 1_000
"""Looks at an instant that does not end, before it is reported."""

NO_PHASE = -1
by_rank = attrgetter("rank")


class Due(Protocol):
    """Something that happens in a phase, in the order of ranks."""

    phase: int
    rank: int
    armed: bool
    """Whether it waits for its turn; cleared when it happens."""

    @property
    def happen(self) -> Callable[[], None]:
        """Do it."""


class Turn:
    """The turn of an entity in a phase of the present instant; it is armed again and again."""

    __slots__ = ("_due", "armed", "happen", "name", "phase", "rank")

    def __init__(
        self,
        env: InstantEnvironment,
        name: str,
        phase: Phase,
        rank: int,
        action: Callable[[], None],
    ) -> None:
        self.name = name
        self.phase = int(phase)
        self.rank = rank
        self.happen = action
        self.armed = False
        self._due = env.due

    def arm(self) -> None:
        """Take a turn in this instant, once however often it is asked for."""
        if not self.armed:
            self.armed = True
            self._due[self.phase].append(self)


class Errand:
    """Something that is done once, at a later second."""

    __slots__ = ("armed", "happen", "phase", "rank")
    armed: bool

    def __init__(self, phase: Phase, rank: int, action: Callable[[], None]) -> None:
        self.phase = int(phase)
        self.rank = rank
        self.happen = action


class Alarm(Event):
    """A point in time at which a SimPy process goes on: `yield alarm.at(t)`."""

    env: InstantEnvironment
    callbacks: Any
    armed = True

    def __init__(self, env: InstantEnvironment, phase: Phase, rank: int) -> None:
        super().__init__(env)
        self._ok = True
        self._value = None
        self.phase = int(phase)
        self.rank = rank

    def at(self, time: int) -> Alarm:
        """The alarm, set to a second that has not passed."""
        self.callbacks = []
        self.env.post(max(time, self.env._now), self)
        return self

    def happen(self) -> None:
        """Wake the process."""
        callbacks, self.callbacks = self.callbacks, None
        for callback in callbacks:
            callback(self)


class _Foreign:
    """An event of SimPy itself: the start of a process, or the end of the run."""

    phase = int(Phase.CHANGE)
    rank = FIRST - 1
    armed = True

    def __init__(self, event: Event) -> None:
        self._event: Any = event

    def happen(self) -> None:
        event = self._event
        callbacks, event.callbacks = event.callbacks, None
        for callback in callbacks:
            callback(event)
        if not event._ok and not hasattr(event, "_defused"):
            raise event._value


class InstantEnvironment(simpy.Environment):
    """A SimPy environment that works through instants phase by phase."""

    _now: int

    def __init__(self, rounds: int, close: Callable[[int], None]) -> None:
        """`close(t)` is called after the last round of instant t, before time moves on.

        An instant is looked at every `rounds` rounds; `on_hand` gives the stocks to look at.
        """
        super().__init__()
        self.events = 0
        self.due: list[list[Due]] = [[] for _ in Phase]
        """What is due in this instant, by phase."""
        self.on_hand: Callable[[], list[int]] = list
        self._buckets: dict[int, list[Due]] = {}
        self._times: list[int] = []
        self._close = close
        self._rounds = rounds
        self._checks = 0
        self._last_on_hand: list[int] = []

    def post(self, time: int, due: Due) -> None:
        """Let something happen at a second from now on."""
        if time == self._now:
            self.due[due.phase].append(due)
        elif time in self._buckets:
            self._buckets[time].append(due)
        else:
            self._buckets[time] = [due]
            heappush(self._times, time)

    def schedule(self, event: Event, priority: int = 1, delay: float = 0) -> None:
        """SimPy's own way to schedule: these events come first in their instant."""
        self.post(self._now + int(delay), _Foreign(event))

    def peek(self) -> float:
        """The time of the next event."""
        if any(self.due):
            return self._now
        return self._times[0] if self._times else simpy.core.Infinity

    def step(self) -> None:
        """Run an instant: again and again the lowest phase that has work; then move on.

        In a phase all that are due have their turns by rank.
        """
        waiting = self.due
        last, rounds = NO_PHASE, 0
        while True:
            for phase, due in enumerate(waiting):  # noqa: B007
                if due:
                    break
            else:
                break
            if phase <= last:
                rounds += 1
                if rounds % self._rounds == 0:
                    self._look_at(rounds)
            last = phase
            waiting[phase] = []
            if len(due) > 1:
                due.sort(key=by_rank)
            self.events += len(due)
            for one in due:
                one.armed = False
                one.happen()
        self._move_on()

    def _move_on(self) -> None:
        """Close the instant and go to the next time at which something is due."""
        if not self._times:
            raise simpy.core.EmptySchedule
        self._close(self._now)
        self._now = heappop(self._times)
        self._checks = 0
        for one in self._buckets.pop(self._now):
            self.due[one.phase].append(one)

    def _look_at(self, rounds: int) -> None:
        """Make sure that an instant of many rounds gets somewhere."""
        on_hand = self.on_hand()
        previous, self._last_on_hand = self._last_on_hand, on_hand
        self._checks += 1
        falls = any(new < old for new, old in zip(on_hand, previous, strict=False))
        if self._checks > 1 and (not falls or self._checks > MOST_CHECKS):
            names = sorted({getattr(one, "name", "") for due in self.due for one in due} - {""})
            raise LoopError(self._now, rounds, ", ".join(names[:8]))


def regular(first: int, interval: int) -> Iterator[int]:
    """The instants first, first + interval, and so on."""
    while True:
        yield first
        first += interval
