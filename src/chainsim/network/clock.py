"""Operating clocks: rates known before the run as steps on whole seconds, and their integral.

A clock has a rate a(t) in parts per million, constant between steps. Its integral W(t) is counted
in ppm-seconds. A lot of work w that starts at W0 ends at the first second t with W(t) >= W0 + w:
closures and slow-downs freeze or slow it, and no event has to be cancelled.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chainsim.network.compiled import FULL_SPEED

HOUR = 3_600
DAY = 86_400
LONG_CURVE = 60 * DAY
"""Curves longer than this are tabulated by day, shorter ones by hour."""
TINY = 1e-6
"""Ppm: a mean so close to a whole number is that number."""
GAUSS = 0.28867513459481287
"""Half the distance of the two Gauss-Legendre points of an interval of length 1."""

OPEN, CLOSED, DISRUPTED = 0, 1, 2
"""Why a rate is what it is: above zero; zero by calendar or profile; zero by a disruption."""


class Clock:
    """A rate over time as steps; the last rate holds for ever."""

    __slots__ = ("_constant", "integrals", "rates", "times")

    def __init__(self, times: Sequence[int], rates: Sequence[int]) -> None:
        """Steps begin at `times` (the first is 0) with `rates` in ppm."""
        self.times = list(times)
        self.rates = list(rates)
        self.integrals = [0]
        for i in range(1, len(self.times)):
            width = self.times[i] - self.times[i - 1]
            self.integrals.append(self.integrals[-1] + self.rates[i - 1] * width)
        self._constant = self.rates[0] if len(self.rates) == 1 else 0

    def rate(self, t: int) -> int:
        """The rate at second t, ppm."""
        return self._constant or self.rates[bisect_right(self.times, t) - 1]

    def work(self, t: int) -> int:
        """W(t), the work done by second t, ppm-seconds."""
        if self._constant:
            return self._constant * t
        i = bisect_right(self.times, t) - 1
        return self.integrals[i] + self.rates[i] * (t - self.times[i])

    def reaches(self, work: int) -> int | None:
        """The first second with W >= work, or None if it never comes."""
        if self._constant:
            return -(-work // self._constant)
        i = bisect_left(self.integrals, work)
        if i == 0:
            return 0
        rate = self.rates[i - 1]
        if rate == 0:
            return None
        return self.times[i - 1] - (self.integrals[i - 1] - work) // rate

    def nearest(self, work: int) -> int | None:
        """The second nearest to the instant at which W reaches `work`, halves up; None if never."""
        second = self.reaches(work)
        if not second:
            return second
        late = self.work(second) - work
        return second - 1 if 2 * late > self.rate(second - 1) else second

    def changes(self) -> list[int]:
        """The seconds after 0 at which the rate turns from zero to above zero or back."""
        rates = self.rates
        return [
            self.times[i] for i in range(1, len(rates)) if (rates[i] == 0) != (rates[i - 1] == 0)
        ]


def states(clock: Clock, undisturbed: Clock) -> Iterator[tuple[int, int]]:
    """The seconds after 0 at which work stops or goes on, and OPEN, CLOSED or DISRUPTED then."""
    for time in sorted({*clock.changes(), *undisturbed.changes()}):
        yield time, state(clock, undisturbed, time)


def state(clock: Clock, undisturbed: Clock, time: int) -> int:
    """Whether there is work at a second: OPEN, or why not."""
    if clock.rate(time):
        return OPEN
    return DISRUPTED if undisturbed.rate(time) else CLOSED


STEADY = Clock([0], [FULL_SPEED])
"""Always at full speed."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A factor on one stretch of time: from `begin` on, with its value as a function of time."""

    begin: int
    value: float
    curve: Callable[[float], float] | None = None


Factor = list[Piece]
"""Pieces in order of time; the first begins at or before 0, the last holds for ever."""


def tabulate(factors: Sequence[Factor], end: int) -> tuple[list[int], list[int]]:
    """Times and rates (ppm) of the product of factors up to `end`, rounded cumulatively.

    Each stretch gets the whole rate next to its mean, below or above, that brings the integral
    closer to the exact one: totals stay right however long the table is, and full speed is never
    passed. Two-point Gauss-Legendre quadrature is exact for products of up to three linear pieces.
    """
    times = _grid(factors, end)
    rates: list[int] = []
    exact = 0.0
    done = 0
    in_force = _InForce(factors)
    for i, begin in enumerate(times):
        stop = times[i + 1] if i + 1 < len(times) else end
        average = in_force.average(begin, stop)
        exact += average * FULL_SPEED * (stop - begin)
        below = math.floor(average * FULL_SPEED + TINY)
        above = math.ceil(average * FULL_SPEED - TINY)
        rate = min(max(round((exact - done) / (stop - begin)), below), above)
        done += rate * (stop - begin)
        rates.append(rate)
    return merged(times, rates)


def merged(times: Sequence[int], rates: Sequence[int]) -> tuple[list[int], list[int]]:
    """The steps without those that do not change the rate."""
    kept = [i for i in range(len(times)) if i == 0 or rates[i] != rates[i - 1]]
    return [times[i] for i in kept], [rates[i] for i in kept]


def _grid(factors: Sequence[Factor], end: int) -> list[int]:
    """Every second at which a factor has a new piece, and a fine grid inside curves."""
    marks = {0}
    for factor in factors:
        for i, piece in enumerate(factor):
            stop = min(factor[i + 1].begin if i + 1 < len(factor) else end, end)
            begin = max(piece.begin, 0)
            if begin >= end:
                break
            marks.add(begin)
            if piece.curve is not None and stop > begin:
                marks.update(range(begin, stop, DAY if stop - begin > LONG_CURVE else HOUR))
    return sorted(marks)


class _InForce:
    """The factors that differ from 1 as time goes on, so that many short ones cost little."""

    def __init__(self, factors: Sequence[Factor]) -> None:
        self._coming = sorted(factors, key=_begins, reverse=True)
        self._active: list[tuple[Factor, int]] = []
        """Factors in force with the index of their present piece."""

    def average(self, begin: int, stop: int) -> float:
        """The mean of the product over [begin, stop); `begin` must not go back."""
        while self._coming and _begins(self._coming[-1]) <= begin:
            self._active.append((self._coming.pop(), 0))
        self._active = [
            (factor, _piece_at(factor, i, begin))
            for factor, i in self._active
            if _ends(factor) is None or begin < _ends(factor)  # type: ignore[operator]
        ]
        steady = 1.0
        curves = []
        for factor, i in self._active:
            piece = factor[i]
            if piece.curve is None:
                steady *= piece.value
            else:
                curves.append(piece.curve)
        return steady * _mean(curves, begin, stop) if curves and steady else steady


def _mean(curves: Sequence[Callable[[float], float]], begin: int, stop: int) -> float:
    """The mean of a product of curves over [begin, stop)."""
    width = stop - begin
    middle = begin + width / 2
    left, right = middle - GAUSS * width, middle + GAUSS * width
    at_left = at_right = 1.0
    for curve in curves:
        at_left *= curve(left)
        at_right *= curve(right)
    return (at_left + at_right) / 2


def _is_one(piece: Piece) -> bool:
    return piece.curve is None and piece.value == 1.0


def _begins(factor: Factor) -> int:
    """The first second at which a factor may differ from 1."""
    return factor[1].begin if len(factor) > 1 and _is_one(factor[0]) else factor[0].begin


def _ends(factor: Factor) -> int | None:
    """The second from which a factor is 1 for ever, or None."""
    return factor[-1].begin if _is_one(factor[-1]) else None


def _piece_at(factor: Factor, i: int, time: int) -> int:
    """The index of the piece in force at a time, from an earlier index on."""
    while i + 1 < len(factor) and factor[i + 1].begin <= time:
        i += 1
    return i
