"""Which assumptions drive a measure: its sensitivity, crossed with the evidence for each factor.

What would it bring to know a factor better? If S is its first-order index and V the variance of the
measure over all factors, then

    known exactly:    V (1 - S) is left on average, so the standard deviation is sqrt(1 - S) of it
    range halved:     V (1 - 3 S / 4), if the factor is uniform and its effect straight: the
                      variance of a range half as wide is a quarter

(Saltelli et al. 2008, section 1.2.13, "factor prioritisation"). Both are averages over where in its
range the factor turns out to be; a single finding may leave more. Screening and one factor at a
time say how far a factor moves the measure, and give no shares of variance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from chainsim.experiments.designs import DUMMY
from chainsim.experiments.sensitivity.morris import Effects, MorrisEffects
from chainsim.experiments.sensitivity.one_at_a_time import Swing, Swings
from chainsim.experiments.sensitivity.resampling import Estimate, Floats
from chainsim.experiments.sensitivity.sobol import Indices, SobolIndices

Method = Literal["sobol", "morris", "one at a time"]
ASSUMED = "assumed"
CHOSEN = "chosen"
MIXED = "mixed"
INTERACTIONS = "interactions"
"""The share of the variance that no factor has alone."""
HALVED = 0.75
"""The share of its variance that a uniform factor loses with half of its range."""


@dataclass(frozen=True, slots=True)
class Basis:
    """How well a factor is known, and over which range it was varied, in words."""

    kind: str
    """assumed, documented, derived, chosen; mixed for a group of several kinds."""
    value: str = ""
    low: str = ""
    high: str = ""


@dataclass(frozen=True, slots=True)
class Driver:
    """What one factor does to the measure."""

    name: str
    basis: Basis
    size: Estimate
    """By which drivers are ordered: first-order index, mu* or swing, the latter two in the unit of
    the measure."""
    total: Estimate | None
    """Total index; None without shares of variance."""
    above_floor: bool | None
    """Whether it is more than noise explains; None if the noise is not known."""
    sd_if_known: float | None
    """Standard deviation that is left if the factor were known, in the unit of the measure; None
    without shares of variance."""
    sd_if_halved: float | None
    """The same if its range were half as wide."""


@dataclass(frozen=True)
class Drivers:
    """The factors by what they do to one measure, and what that rests on."""

    measure: str
    unit: str
    method: Method
    drivers: tuple[Driver, ...]
    """The largest first; without the dummy."""
    by_kind: dict[str, Estimate]
    """Share of the variance by kind of evidence, and of interactions; empty without shares."""
    sd: float | None
    """Standard deviation of the measure over the factors, without noise where that is known."""
    low: float | None
    """5 % of the points lie below; 95 % below `high`. For one factor at a time the lowest and the
    highest mean."""
    high: float | None
    noise_share: float | None
    """The share of the variance of the points that is noise; None if unknown."""
    corrected: bool
    """Whether noise was taken out of the shares."""
    reason: str
    """Why there are no drivers, or no corrected shares; empty otherwise."""

    @property
    def leading(self) -> tuple[Driver, ...]:
        """The drivers that noise does not explain, or may not: the largest first."""
        return tuple(one for one in self.drivers if one.above_floor is not False)

    @property
    def leading_assumptions(self) -> tuple[Driver, ...]:
        """Of these the assumed ones."""
        return tuple(one for one in self.leading if one.basis.kind == ASSUMED)


def group_basis(members: Sequence[Basis]) -> Basis:
    """The evidence of factors that move together: their kind, if it is the same."""
    kinds = {one.kind for one in members}
    return Basis(kinds.pop() if len(kinds) == 1 else MIXED)


# ---- by shares of variance


def sobol_drivers(
    measure: str, unit: str, found: SobolIndices, bases: Mapping[str, Basis]
) -> Drivers:
    """The drivers by first-order index, and the share of the variance by kind of evidence.

    Args:
        measure, unit: Of what the indices are.
        found: Its indices.
        bases: By factor or group; the dummy needs none.

    Raises:
        KeyError: a factor without a basis.
    """
    spread, best = found.spread, found.best
    low, high = (spread.low, spread.high) if spread else (None, None)
    noise = spread.noise_share if spread else None
    sd = None if spread is None else sqrt(max(0.0, spread.best))
    corrected = found.corrected is not None
    if best is None or not (corrected or found.replications == 1):
        # Raw shares of what noise explains altogether would name drivers that are none.
        return Drivers(measure, unit, "sobol", (), {}, sd, low, high, noise, False, found.reason)
    drivers = [
        _by_share(name, bases[name], (best, place), sd, found.replications > 1)
        for place, name in enumerate(found.names)
        if name != DUMMY
    ]
    by_kind = _by_kind(found.names, best, bases, found.confidence)
    return Drivers(
        measure, unit, "sobol", _ordered(drivers), by_kind, sd, low, high, noise, corrected,
        found.reason,
    )  # fmt: skip


def _by_share(
    name: str, basis: Basis, where: tuple[Indices, int], sd: float | None, noise_known: bool
) -> Driver:
    indices, place = where
    first, total = indices.first[place], indices.total[place]
    above = first.value > indices.floor_first or total.value > indices.floor_total
    share = min(1.0, max(0.0, first.value))
    return Driver(
        name,
        basis,
        first,
        total,
        above if noise_known else None,
        None if sd is None else sd * sqrt(1 - share),
        None if sd is None else sd * sqrt(1 - HALVED * share),
    )


def _by_kind(
    names: Sequence[str], indices: Indices, bases: Mapping[str, Basis], confidence: float
) -> dict[str, Estimate]:
    """The sums of first-order indices by kind, and what is left for interactions."""
    first = np.array([one.value for one in indices.first])
    kinds = [bases[name].kind if name != DUMMY else "" for name in names]
    found = {
        kind: _sum(first, indices.resampled_first, [k == kind for k in kinds], confidence)
        for kind in dict.fromkeys(kinds)
        if kind
    }
    alone = _sum(first, indices.resampled_first, [bool(k) for k in kinds], confidence)
    if alone.low is not None and alone.high is not None:
        left = (1 - alone.high, 1 - alone.low)
        found[INTERACTIONS] = Estimate(1 - alone.value, *left)
    return found


def _sum(first: Floats, resampled: Floats, chosen: Sequence[bool], confidence: float) -> Estimate:
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled[:, list(chosen)].sum(axis=1), [tail, 1 - tail])
    return Estimate(float(first[list(chosen)].sum()), float(low), float(high))


# ---- by how far they move the measure


def morris_drivers(
    measure: str, unit: str, found: MorrisEffects, bases: Mapping[str, Basis]
) -> Drivers:
    """The drivers by mu*, in the unit of the measure; arguments as in `sobol_drivers`."""

    def driver(one: Effects) -> Driver:
        kind = bases[one.name]
        return Driver(one.name, kind, one.mu_star, None, one.above_floor, None, None)

    drivers = [driver(one) for one in found.effects if one.name != DUMMY]
    reason = "" if drivers else "no factor has two effects with all their values"
    return Drivers(
        measure, unit, "morris", _ordered(drivers), {}, None, found.low, found.high, None, False,
        reason,
    )  # fmt: skip


def swing_drivers(measure: str, unit: str, found: Swings, bases: Mapping[str, Basis]) -> Drivers:
    """The drivers by swing, in the unit of the measure; arguments as in `sobol_drivers`."""

    def driver(one: Swing) -> Driver:
        told = one.told if found.replications > 1 else None
        return Driver(one.name, bases[one.name], _size(one), None, told, None, None)

    if found.base is None:
        reason = "the base has no value in any replication"
        return Drivers(
            measure, unit, "one at a time", (), {}, None, None, None, None, False, reason
        )
    base = found.base.mean
    means = [base] + [
        base + end.mean for one in found.swings for end in (one.low, one.high) if end is not None
    ]
    drivers = [driver(one) for one in found.swings if one.name != DUMMY]
    return Drivers(
        measure, unit, "one at a time", _ordered(drivers), {}, None, min(means), max(means), None,
        False, "",
    )  # fmt: skip


def _size(one: Swing) -> Estimate:
    """The swing; with an interval if it is the difference of the two ends."""
    ends = one.across
    if ends is None or ends.low is None or ends.high is None or abs(ends.mean) < one.size:
        return Estimate(one.size)
    low, high = sorted((abs(ends.low), abs(ends.high)))
    return Estimate(one.size, 0.0 if ends.low < 0 < ends.high else low, high)


def _ordered(drivers: Sequence[Driver]) -> tuple[Driver, ...]:
    return tuple(sorted(drivers, key=lambda one: (-one.size.value, one.name)))
