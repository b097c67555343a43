"""In which part of the space a target is missed: the patient rule induction method (PRIM).

A box is peeled: from the whole space on, the slice of about 5 % of its points is cut off, at the
low or the high end of one factor, without which the share of cases is largest. That gives a series
of ever smaller boxes. Of these the one is taken with the best balance of coverage c (cases in the
box over all cases) and density d (cases over points in the box), the largest 2 c d / (c + d).

Peeling also cuts where nothing is to be found. So each limit, at either end of a factor, is tested:
without it the box would hold points with a share p of cases; the quasi-p-value is the probability
that as many cases as there are, or more, are among the points of the box by chance (binomial with
p). Limits that may be chance are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chainsim.experiments.sensitivity.resampling import Floats, complete

PEELED = 0.05
"""The share of points that a peel cuts off, alpha of Friedman and Fisher."""
LEAST_SUPPORT = 0.05
"""The share of all points that a box must hold."""
CHANCE = 0.05
"""Quasi-p-values up to this speak for a limit."""
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Limit:
    """The part of a factor's range that belongs to a box, in the unit of the points."""

    name: str
    low: float | None
    """None where the box goes to the end of the range; so for `high`."""
    high: float | None
    quasi_p: float
    """How probable the cases of the box are if this limit means nothing; of two limits the larger
    one."""


@dataclass(frozen=True)
class Box:
    """A part of the space in which most points are cases."""

    limits: tuple[Limit, ...]
    """Of the factors that matter, the most certain one first; none is the whole space."""
    dropped: tuple[Limit, ...]
    """Limits that may be chance: they are not part of the box."""
    coverage: float
    """Share of all cases that lie in the box."""
    density: float
    """Share of the points in the box that are cases."""
    points: int
    """In the box."""
    cases: int
    """Of all points."""
    n: int
    """All points."""

    @property
    def base_rate(self) -> float:
        """The share of cases among all points."""
        return self.cases / self.n


def find_box(places: Floats, cases: Flags, names: Sequence[str]) -> Box:
    """The box with the best balance of coverage and density, with the limits that matter.

    Args:
        places: (point, factor): places, or the values of the factors.
        cases: (point,): which points miss the target, or whatever is looked for.
        names: Of the factors.

    Raises:
        ValueError: the shapes do not fit, or there is no case at all.
    Source: Friedman and Fisher (1999); quasi-p-values of Bryant and Lempert (2010).
    """
    if places.shape != (len(cases), len(names)):
        raise ValueError(f"{len(cases)} cases and {len(names)} names do not fit {places.shape}")
    if not cases.any():
        raise ValueError("none of the points is a case")
    best, most = np.ones(len(cases), dtype=bool), -1.0
    for inside in _peeled(places, cases):
        balance = _balance(cases, inside)
        if balance > most:
            best, most = inside, balance
    ends = _limits(places, cases, best, names)
    kept = _joined([one for one in ends if one.quasi_p <= CHANCE])
    inside = _inside(places, kept, names)
    hits = int((cases & inside).sum())
    return Box(
        tuple(sorted(kept, key=lambda one: one.quasi_p)),
        _joined([one for one in ends if one.quasi_p > CHANCE]),
        hits / int(cases.sum()),
        hits / int(inside.sum()),
        int(inside.sum()),
        int(cases.sum()),
        len(cases),
    )


def misses(
    values: Floats, at_least: float | None = None, at_most: float | None = None
) -> tuple[Flags, Flags]:
    """Which points miss a target on average, and which have all their values: (point,) each.

    Args:
        values: (point, replication); NaN where a run failed.
        at_least, at_most: The target, in the unit of the measure; one of them at least.

    Raises:
        ValueError: no target.
    """
    if at_least is None and at_most is None:
        raise ValueError("a target needs a lower or an upper bound")
    usable = complete(values)
    means = np.where(usable[:, None], values, 0.0).mean(axis=1)
    low = means < at_least if at_least is not None else np.zeros(len(means), dtype=bool)
    high = means > at_most if at_most is not None else np.zeros(len(means), dtype=bool)
    return (low | high) & usable, usable


def _peeled(places: Floats, cases: Flags) -> Iterator[Flags]:
    """The boxes of the peeling, from the whole space on, as flags of the points inside."""
    inside: Flags = np.ones(len(cases), dtype=bool)
    least = max(1, int(np.ceil(LEAST_SUPPORT * len(cases))))
    while True:
        yield inside
        smaller = [one for one in _slices(places, inside) if one.sum() >= least]
        if not smaller or cases[inside].all():
            return
        inside = max(smaller, key=lambda one: float(cases[one].mean()))


def _slices(places: Floats, inside: Flags) -> Iterator[Flags]:
    """The box less a slice at either end of each factor.

    Where many points stand at one place (a factor with levels), the slice is all of them.
    """
    for column in places.T:
        within = column[inside]
        low, high = np.quantile(within, [PEELED, 1 - PEELED])
        least, most = within.min(), within.max()
        yield inside & (column > low if low == least else column >= low)
        yield inside & (column < high if high == most else column <= high)


def _balance(cases: Flags, inside: Flags) -> float:
    """2 c d / (c + d), the harmonic mean of coverage and density."""
    hits = int((cases & inside).sum())
    return 2 * hits / (int(cases.sum()) + int(inside.sum()))


def _limits(places: Floats, cases: Flags, inside: Flags, names: Sequence[str]) -> list[Limit]:
    """The limits of a box, each end on its own, with their quasi-p-values."""
    drawn: list[Limit] = []
    for name, column in zip(names, places.T, strict=True):
        low, high = float(column[inside].min()), float(column[inside].max())
        drawn += [Limit(name, low, None, 1.0)] if low > column.min() else []
        drawn += [Limit(name, None, high, 1.0)] if high < column.max() else []
    return [replace(one, quasi_p=_quasi_p(places, cases, (one, drawn), names)) for one in drawn]


def _joined(ends: Sequence[Limit]) -> tuple[Limit, ...]:
    """The limits by factor: both ends of one are one limit."""
    found: dict[str, Limit] = {}
    for one in ends:
        other = found.get(one.name)
        if other is not None:
            one = Limit(one.name, other.low, one.high, max(one.quasi_p, other.quasi_p))
        found[one.name] = one
    return tuple(found.values())


def _quasi_p(
    places: Floats, cases: Flags, which: tuple[Limit, list[Limit]], names: Sequence[str]
) -> float:
    from scipy.special import bdtrc

    limit, all_of_them = which
    box = _inside(places, all_of_them, names)
    without = _inside(places, [one for one in all_of_them if one is not limit], names)
    hits, n = int((cases & box).sum()), int(box.sum())
    share = float(cases[without].mean())
    return float(bdtrc(hits - 1, n, share)) if hits else 1.0


def _inside(places: Floats, limits: Sequence[Limit], names: Sequence[str]) -> Flags:
    """The points within all limits."""
    inside: Flags = np.ones(len(places), dtype=bool)
    for one in limits:
        column = places[:, names.index(one.name)]
        if one.low is not None:
            inside &= column >= one.low
        if one.high is not None:
            inside &= column <= one.high
    return inside
