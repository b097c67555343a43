"""Verdicts on expectations: pass, fail, or inconclusive, with an error budget that is kept.

A check has two claims, of which one is true: the means lie *inside* its bounds, or *outside*. Each
is tested as a null hypothesis. A check passes if "outside" is rejected, fails if "inside" is
rejected, and is inconclusive otherwise: no verdict is given for want of evidence. Of the error
budget alpha = 1 - confidence each direction has one half, and in each direction the checks of a
file share it by Holm's method. So the probability that any check passes wrongly is at most
alpha / 2, and so is that any fails wrongly, however many checks there are.

Bounds are turned into room: how far inside a bound each replication lies, negative where outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainsim.experiments.statistics import check_share, sample

Verdict = Literal["pass", "fail", "inconclusive"]
PASS: Verdict = "pass"
FAIL: Verdict = "fail"
INCONCLUSIVE: Verdict = "inconclusive"
ROUNDING = 1e-9
"""A spread, or a distance from a bound, that is rounding, as a share of the values' size."""


@dataclass(frozen=True, slots=True)
class Room:
    """How far inside one bound the replications lie."""

    values: NDArray[np.float64]
    """By replication (n,): positive inside the bound, negative outside."""
    scale: float = 0.0
    """The size of the numbers that were subtracted: what is tiny beside it is rounding."""
    may_be_less: bool = False
    """Whether the true room may be less than the values: then they cannot prove "inside"."""
    may_be_more: bool = False
    """Whether it may be more (a censored time against a lower bound): they cannot prove
    "outside"."""
    spread: float = 0.0
    """The standard deviation where the values happen to be equal, from others of their kind."""

    @property
    def n(self) -> int:
        """Replications."""
        return int(self.values.size)

    @property
    def mean(self) -> float:
        """The mean room."""
        return float(self.values[0] + (self.values - self.values[0]).mean())

    @property
    def sd(self) -> float:
        """The sample standard deviation (n - 1); `spread` where it is rounding."""
        if self.n < 2:
            return 0.0
        sd = float((self.values - self.values[0]).std(ddof=1))
        return self.spread if sd <= ROUNDING * self.scale else sd


@dataclass(frozen=True, slots=True)
class Claims:
    """The p-values of the two claims of a check."""

    inside: float
    """Of the claim that all bounds are kept: a small one is evidence for a failure."""
    outside: float
    """Of the claim that some bound is not kept: a small one is evidence for a pass."""


NO_EVIDENCE = Claims(1.0, 1.0)


def rooms(
    values: ArrayLike, at_least: float | None, at_most: float | None, scale: float = 0.0
) -> tuple[Room, ...]:
    """The room within each of the bounds that are given.

    Args:
        values: (n,) one value per replication.
        at_least, at_most: In the unit of the values.
        scale: The size of numbers from which the values were computed, if it is larger.

    Raises:
        ValueError: no values, or one that is not finite.
    """
    array = sample(values)
    size = max(scale, float(np.abs(array).max()))
    found = []
    if at_least is not None:
        found.append(Room(array - at_least, max(size, abs(at_least))))
    if at_most is not None:
        found.append(Room(at_most - array, max(size, abs(at_most))))
    return tuple(found)


def claims_on(found: Sequence[Room]) -> Claims:
    """The p-values of "all means have room" and "some mean has none".

    With one-sided t-tests of each mean at the level of Student's t with n - 1 degrees of freedom:
    that some bound is broken is rejected if it is rejected of every bound (intersection-union
    test, no correction), so its p-value is the largest; that all are kept is rejected if it is
    rejected of any (union-intersection test), so its p-value is the smallest times the number of
    bounds (Bonferroni). Values that are equal in all of two or more replications are compared
    exactly, and a bound itself counts as inside. One replication proves nothing.

    Source: Berger and Hsu, Bioequivalence trials, intersection-union tests and equivalence
    confidence sets, Statistical Science 11 (1996), section 3; Schuirmann (1987).

    >>> found = claims_on(rooms([9.0, 10.0, 11.0], 0.0, None))  # t = 10 / (1 / sqrt 3) = 17.3
    >>> round(found.inside, 6), round(found.outside, 6)
    (0.998342, 0.001658)
    """
    if not found:
        return NO_EVIDENCE
    return all_hold([_one_bound(room) for room in found])


def all_hold(parts: Sequence[Claims]) -> Claims:
    """The p-values of "every part holds" and "some part does not", from those of the parts.

    That some part does not hold is rejected if it is rejected of each (intersection-union test);
    that all hold is rejected if it is rejected of any, with Bonferroni's correction.

    Raises:
        ValueError: no parts.
    Source: Berger and Hsu (1996), section 3.

    >>> all_hold([Claims(0.9, 0.01), Claims(0.25, 0.02)])
    Claims(inside=0.5, outside=0.02)
    """
    return Claims(
        inside=min(1.0, len(parts) * min(one.inside for one in parts)),
        outside=max(one.outside for one in parts),
    )


def _one_bound(room: Room) -> Claims:
    """The p-values of "the mean has room" and of "it has none"."""
    inside, outside = _t_tests(room)
    return Claims(1.0 if room.may_be_more else inside, 1.0 if room.may_be_less else outside)


def _t_tests(room: Room) -> tuple[float, float]:
    if room.n < 2:
        return 1.0, 1.0
    if room.sd == 0:
        return (1.0, 0.0) if room.mean >= -ROUNDING * room.scale else (0.0, 1.0)
    from scipy import special  # type: ignore[import-untyped, unused-ignore]

    t = room.mean / (room.sd / sqrt(room.n))
    return float(special.stdtr(room.n - 1, t)), float(special.stdtr(room.n - 1, -t))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p-values adjusted by Holm's method: one at most alpha is rejected at alpha in all.

    Source: Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6 (1979).

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03, 0.005])]
    [0.03, 0.06, 0.06, 0.02]
    """
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return tuple(adjusted)


def verdicts(claims: Sequence[Claims], alpha: float) -> tuple[Verdict, ...]:
    """The verdicts on all checks of a file, which share the error budget.

    Args:
        claims: Of every check; of one that cannot be judged `NO_EVIDENCE`.
        alpha: The error budget: half for wrong passes, half for wrong failures.

    Raises:
        ValueError: alpha is not between 0 and 1.
    """
    check_share("alpha", alpha)
    inside, outside = adjusted(claims)
    return tuple(
        PASS if out <= alpha / 2 else FAIL if within <= alpha / 2 else INCONCLUSIVE
        for within, out in zip(inside, outside, strict=True)
    )


def adjusted(claims: Sequence[Claims]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The adjusted p-values of all claims "inside", and of all claims "outside"."""
    return holm([c.inside for c in claims]), holm([c.outside for c in claims])


def budget_of_look(alpha: float, look: int) -> float:
    """What the look-th look (from 1) at growing data may spend: alpha / 2^look.

    All looks together spend less than alpha, so the budget is kept whenever one stops.

    Source: the union bound; such a spending needs no assumption on how looks depend on each other.
    """
    if look < 1:
        raise ValueError(f"looks are counted from 1, not {look!r}")
    return float(alpha * 0.5**look)


def rank_claims(bootstrap_ranks: ArrayLike, rank_at_most: int) -> Claims:
    """The p-values of "the driver ranks so high" and "it ranks lower", from bootstrap ranks.

    (k + 1) / (B + 1), with k of the B resamples that agree with the claim.

    Args:
        bootstrap_ranks: (B,) the rank of the driver in each resample, 1 the strongest.
        rank_at_most: The lowest rank that is expected.

    Raises:
        ValueError: no ranks, or ranks below 1.
    Source: Davison and Hinkley, Bootstrap Methods and their Application (1997), section 4.2.
    """
    ranks = sample(bootstrap_ranks)
    if ranks.min() < 1 or rank_at_most < 1:
        raise ValueError("ranks are counted from 1")
    agree = int((ranks <= rank_at_most).sum())
    total = ranks.size + 1
    return Claims(inside=(agree + 1) / total, outside=(ranks.size - agree + 1) / total)


def of_few_rows(claims: Claims, rows: int) -> Claims:
    """The claims from resamples of so many rows, corrected for what few rows leave out.

    Resamples of n rows spread less than samples do, by sqrt((n - 1) / n), and the normal quantiles
    of their distribution stand for those of Student's t. And n rows that agree do so with
    probability 2^-n by luck alone where two factors are alike (sign test): no p-value is below.

    Args:
        claims: By `rank_claims`.
        rows: Of the design, at least 2.

    Source: the expanded percentile interval of Hesterberg, What teachers should know about the
    bootstrap, The American Statistician 69 (2015), as a test.
    """
    return Claims(_of_few(claims.inside, rows), _of_few(claims.outside, rows))


def _of_few(p: float, rows: int) -> float:
    from scipy import special  # type: ignore[import-untyped, unused-ignore]

    quantile = sqrt((rows - 1) / rows) * float(special.ndtri(p))
    return max(0.5**rows, float(special.stdtr(rows - 1, quantile)))
