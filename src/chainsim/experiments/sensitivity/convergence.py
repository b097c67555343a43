"""Whether a sample is large enough: indices over its first part, and ranks over resamples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from chainsim.experiments.designs import saltelli_row
from chainsim.experiments.sensitivity.given_data import (
    LEAST_POINTS,
    FromSample,
    rank_correlations,
)
from chainsim.experiments.sensitivity.morris import MorrisEffects, morris_effects
from chainsim.experiments.sensitivity.resampling import Bootstrap, Estimate, Floats, complete
from chainsim.experiments.sensitivity.sobol import SobolIndices, sobol_indices

PARTS = (8, 4, 2, 1)
"""The first n/8, n/4, n/2 and n rows."""


@dataclass(frozen=True)
class Step:
    """What the first n rows say."""

    n: int
    estimates: tuple[Estimate | None, ...]
    """By factor; None where that many rows do not tell."""
    floor: float | None
    """Of all factors; None where each has its own, or the noise is not known."""


@dataclass(frozen=True)
class Convergence:
    """How an index settles as the sample grows."""

    names: tuple[str, ...]
    index: str
    """Which: total index, mu*, size of the rank correlation."""
    rows: str
    """What n counts: rows, trajectories, points."""
    steps: tuple[Step, ...]
    """From few to all."""


@dataclass(frozen=True)
class Place:
    """Where a factor stands among all, 1 the most important."""

    name: str
    value: float
    rank: int
    best: int
    """Of the ranks in the middle 95 % of resamples (or whatever the confidence is)."""
    worst: int
    above_floor: bool | None
    """None where the noise is not known."""


@dataclass(frozen=True)
class Ranking:
    """The factors by importance, and whether the sample is large enough to say so."""

    places: tuple[Place, ...]
    """The most important factor first."""
    undecided: tuple[tuple[str, str, float], ...]
    """Neighbours in the ranking, above the floor, whose order is in doubt, and the share of
    resamples in which it holds."""
    n: int
    rows: str
    names: tuple[str, ...] = ()
    """The factors in the order of `resampled`."""
    resampled: Floats = field(default_factory=lambda: np.zeros((0, 0)), compare=False)
    """(resample, factor): what they are ranked by, in resamples of the rows."""

    @property
    def rankable(self) -> bool:
        """Whether every factor above the floor has its place for sure."""
        return not self.undecided

    @property
    def warning(self) -> str:
        """What the sample is too small to say, as a sentence; empty if it is large enough."""
        if self.rankable:
            return ""
        pairs = ", ".join(
            f"{first} before {second} ({100 * share:.0f} %)"
            for first, second, share in self.undecided[:3]
        )
        more = len(self.undecided) - 3
        return (
            f"{self.n} {self.rows} are too few to rank all factors: of resamples only so many keep "
            f"the order {pairs}{f' and {more} more' if more > 0 else ''}."
        )


def ranks_among(ranking: Ranking, name: str, others: Sequence[str]) -> tuple[Floats, Floats]:
    """The best and the worst rank of a factor among others in each resample, 1 the most important.

    They differ where factors are equal, or where a resample does not tell.

    Args:
        ranking: With its resamples.
        name: The factor, one of `ranking.names`.
        others: The factors that it is compared with; those that were not ranked come after it.
    """
    own = ranking.resampled[:, ranking.names.index(name)][:, None]
    known = [j for j, one in enumerate(ranking.names) if one in others and one != name]
    theirs = ranking.resampled[:, known]
    best: Floats = 1.0 + (theirs > own).sum(axis=1)
    worst: Floats = 1.0 + (~(theirs < own)).sum(axis=1)
    return best, worst


# ---- ranks


def rank_sobol(found: SobolIndices) -> Ranking:
    """The factors by total index."""
    best = found.best
    if best is None:
        return Ranking((), (), found.rows, "rows")
    values = [one.value for one in best.total]
    noisy = found.replications > 1
    above = [one > best.floor_total if noisy else None for one in values]
    ranking = _ranking(found.names, values, above, best.resampled_total, found.confidence)
    return replace(ranking, n=found.rows, rows="rows")


def rank_morris(found: MorrisEffects) -> Ranking:
    """The factors by mu*."""
    values = [one.mu_star.value for one in found.effects]
    above = [one.above_floor for one in found.effects]
    ranking = _ranking(found.names, values, above, found.resampled, found.confidence)
    return replace(ranking, n=found.trajectories, rows="trajectories")


def rank_sample(found: FromSample) -> Ranking:
    """The factors by the size of the rank correlation; PAWN says which are above its floor."""
    values = [abs(one.value) if one else 0.0 for one in found.rank_correlation]
    floor = found.pawn_floor
    above = [None if floor is None else (one or 0.0) > floor for one in found.pawn]
    ranking = _ranking(found.names, values, above, found.resampled, found.confidence)
    return replace(ranking, n=found.n, rows="points")


def _ranking(
    names: Sequence[str],
    values: Sequence[float],
    above: Sequence[bool | None],
    resampled: Floats,
    confidence: float,
) -> Ranking:
    """The ranking by value, with the ranks of the resamples (resample, factor)."""
    order = sorted(range(len(names)), key=lambda j: (-values[j], names[j]))
    ranks = 1 + (resampled[:, None, :] > resampled[:, :, None]).sum(axis=2)
    tail = (1 - confidence) / 2
    low, high = (
        np.quantile(ranks, [tail, 1 - tail], axis=0, method="closest_observation")
        if order
        else (np.zeros(0), np.zeros(0))
    )
    undecided = []
    for first, second in pairwise(order):
        kept = float((resampled[:, first] > resampled[:, second]).mean())
        if above[first] is not False and above[second] is not False and kept < confidence:
            undecided.append((names[first], names[second], kept))
    places = tuple(
        Place(names[j], values[j], rank, int(low[j]), int(high[j]), above[j])
        for rank, j in enumerate(order, start=1)
    )
    return Ranking(places, tuple(undecided), 0, "", tuple(names), resampled)


# ---- growing samples


def sobol_convergence(
    values: Floats,
    names: Sequence[str],
    second_order: bool = False,
    bootstrap: Bootstrap | None = None,
) -> Convergence:
    """Total indices of the first n/8, n/4, n/2 and n rows; arguments as in `sobol_indices`."""
    step = saltelli_row(len(names), second_order)
    steps = []
    for n in _parts(len(values) // step):
        found = sobol_indices(values[: n * step], names, second_order, bootstrap)
        best = found.best
        total = best.total if best else (None,) * len(names)
        steps.append(Step(n, total, best.floor_total if best else None))
    return Convergence(tuple(names), "total index", "rows", tuple(steps))


def morris_convergence(
    places: Floats,
    values: Floats,
    names: Sequence[str],
    groups: Sequence[str] | None = None,
    bootstrap: Bootstrap | None = None,
) -> Convergence:
    """mu* of the first trajectories; arguments as in `morris_effects`."""
    columns = tuple(dict.fromkeys(groups or names))
    steps = []
    for n in _parts(len(values) // (len(columns) + 1)):
        points = n * (len(columns) + 1)
        found = morris_effects(places[:points], values[:points], names, groups, bootstrap)
        known = {one.name: one for one in found.effects}
        steps.append(
            Step(
                n,
                tuple(known[name].mu_star if name in known else None for name in columns),
                None,
            )
        )
    return Convergence(columns, "mu*", "trajectories", tuple(steps))


def sample_convergence(
    places: Floats, values: Floats, names: Sequence[str], confidence: float = 0.95
) -> Convergence:
    """Sizes of rank correlations of the first points; the other arguments as in `from_sample`.

    The first points of a Latin hypercube are a random sample, not a smaller Latin hypercube.
    """
    steps = []
    for n in _parts(len(values)):
        usable = complete(values[:n])
        if usable.sum() < LEAST_POINTS:
            continue
        means = values[:n][usable].mean(axis=1)
        found = rank_correlations(places[:n][usable], means, confidence)
        steps.append(Step(n, tuple(_size(one) for one in found), None))
    return Convergence(tuple(names), "size of the rank correlation", "points", tuple(steps))


def _size(one: Estimate | None) -> Estimate | None:
    """A correlation without its sign."""
    if one is None or one.low is None or one.high is None:
        return one
    low, high = sorted((abs(one.low), abs(one.high)))
    return Estimate(abs(one.value), 0.0 if one.low < 0 < one.high else low, high)


def _parts(n: int) -> list[int]:
    """The sizes of the parts, of two rows at least."""
    return [n // part for part in PARTS if n // part >= 2]
