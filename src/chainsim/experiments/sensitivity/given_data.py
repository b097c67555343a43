"""What any sample of points says about the factors: rank correlations and PAWN.

For designs without a structure of their own: Latin hypercubes, Sobol sequences, lists of points.
Each point counts with the mean of its replications.

PAWN compares the distribution of the measure over all points with its distribution over the points
at which a factor lies in one of several slides of equal numbers of points: the median over slides
of the Kolmogorov-Smirnov distance, in [0, 1]. It sees any effect on any part of the distribution,
where a rank correlation sees monotonic ones only. Of a finite sample it is never zero, so its floor
is what random factors get that have nothing to do with the measure.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import atanh, sqrt, tanh
from typing import Any

import numpy as np

from chainsim.experiments.sensitivity.resampling import (
    Bootstrap,
    Estimate,
    Floats,
    as_values,
    complete,
)

LEAST_POINTS = 20
"""Points below which nothing is said."""
SLIDES = (10, 8, 7, 5, 4, 3, 2)
"""Numbers of slides that are tried; 6 and 9 fail in SALib 1.6 by a rounding error."""
LEAST_IN_SLIDE = 10
DUMMIES = 60
"""Random factors from which the floor of PAWN is found."""
SKEWED = 1.0
"""Skewness beyond which the variance describes a distribution badly."""
HEAPED = 0.25
"""Share of points with one and the same value beyond which it does, too."""


@dataclass(frozen=True)
class FromSample:
    """What a sample of points says about one measure."""

    names: tuple[str, ...]
    rank_correlation: tuple[Estimate | None, ...]
    """Spearman's, of the place with the measure; None where either does not vary."""
    pawn: tuple[float | None, ...]
    """Median distances; None where the factor or the measure does not vary."""
    pawn_floor: float | None
    """Random factors stay below this in 19 of 20 cases."""
    slides: int
    skewness: float | None
    """Of the points; None where they do not vary."""
    heaped: float
    """The largest share of points that have one and the same value."""
    n: int
    """Points that are used."""
    left_out: int
    """Points without a value in some replication."""
    replications: int
    confidence: float
    low: float
    """5 % of the points lie below; 95 % below `high`."""
    high: float
    resampled: Floats = field(compare=False)
    """(resample, factor): sizes of the rank correlations of resampled points."""

    @property
    def skewed(self) -> bool:
        """Whether PAWN is to be preferred to what describes a measure by mean and variance."""
        return self.heaped > HEAPED or abs(self.skewness or 0.0) > SKEWED

    @property
    def advice(self) -> str:
        """Why PAWN is to be preferred, as a sentence; empty where it is not."""
        if self.heaped > HEAPED:
            why = f"{100 * self.heaped:.0f} % of the points have one and the same value"
        elif self.skewed:
            why = f"the skewness over the points is {self.skewness:.1f}"
        else:
            return ""
        return (
            f"The measure is far from normal ({why}): PAWN, which compares whole distributions, "
            "is to be preferred to shares of variance."
        )


def from_sample(
    places: Floats,
    values: Floats,
    names: Sequence[str],
    bootstrap: Bootstrap | None = None,
) -> FromSample:
    """Rank correlations with intervals, and PAWN with its floor.

    Args:
        places: (point, factor).
        values: (point, replication) in the same order; NaN where a run failed.
        names: Of the factors.
        bootstrap: How intervals are found.

    Raises:
        ValueError: fewer than 20 points have all their values, or the shapes do not fit.
    Source: Spearman (1904), interval of Bonett and Wright (2000); Pianosi and Wagener (2015, 2018),
        by SALib.
    """
    bootstrap = bootstrap or Bootstrap()
    outputs = as_values(values, len(places))
    if places.ndim != 2 or places.shape[1] != len(names):
        raise ValueError(f"places of the shape {places.shape} do not fit {len(names)} factors")
    usable = complete(outputs)
    x, y = places[usable], outputs[usable].mean(axis=1)
    if len(y) < LEAST_POINTS:
        raise ValueError(f"{len(y)} points have all their values: at least {LEAST_POINTS} do it")
    slides = next((s for s in SLIDES if len(y) >= s * LEAST_IN_SLIDE), SLIDES[-1])
    pawn, floor = _pawn(x, y, slides, bootstrap.seed)
    low, high = np.quantile(y, [0.05, 0.95])
    return FromSample(
        tuple(names),
        rank_correlations(x, y, bootstrap.confidence),
        pawn,
        floor,
        slides,
        _skewness(y),
        float(np.unique(y, return_counts=True)[1].max()) / len(y),
        len(y),
        len(outputs) - len(y),
        outputs.shape[1],
        bootstrap.confidence,
        float(low),
        float(high),
        _resampled(x, y, bootstrap),
    )


def rank_correlations(
    x: Floats, y: Floats, confidence: float = 0.95
) -> tuple[Estimate | None, ...]:
    """Spearman's rank correlation of each column of x with y; None where either does not vary.

    Args:
        x: (point, factor).
        y: (point,), finite; four points at least.
        confidence: Of the intervals.
    Source: Spearman (1904); Bonett and Wright (2000).
    """
    return tuple(_interval(rho, len(y), confidence) for rho in _correlations(x, y))


def _correlations(x: Floats, y: Floats) -> list[float | None]:
    """Spearman's rank correlation of each column of x with y."""
    from scipy.stats import rankdata

    ranks = rankdata(np.column_stack([x, y]), axis=0)
    ranks -= ranks.mean(axis=0)
    lengths = np.sqrt((ranks**2).sum(axis=0))
    found = []
    for column, length in zip(ranks[:, :-1].T, lengths[:-1], strict=True):
        scale = float(length * lengths[-1])
        rho = float(column @ ranks[:, -1]) / scale if scale else None
        found.append(None if rho is None else min(1.0, max(-1.0, rho)))
    return found


def _interval(rho: float | None, n: int, confidence: float) -> Estimate | None:
    """The correlation with its interval: of Fisher's z, with variance (1 + rho^2/2) / (n - 3)."""
    from scipy.special import ndtri

    if rho is None:
        return None
    if abs(rho) > 1 - 1e-12:
        return Estimate(rho, rho, rho)
    half = float(ndtri(0.5 + confidence / 2)) * sqrt((1 + rho**2 / 2) / (n - 3))
    return Estimate(rho, tanh(atanh(rho) - half), tanh(atanh(rho) + half))


def _resampled(x: Floats, y: Floats, bootstrap: Bootstrap) -> Floats:
    rng = np.random.default_rng(bootstrap.seed)
    found = []
    for _ in range(bootstrap.resamples):
        chosen = rng.integers(len(y), size=len(y))
        found.append([abs(rho or 0.0) for rho in _correlations(x[chosen], y[chosen])])
    return np.array(found)


def _skewness(y: Floats) -> float | None:
    """The third standardised moment; None where the values do not vary."""
    far = y - y.mean()
    variance = float((far**2).mean())
    if variance <= 1e-24 * max(1.0, float(y.mean()) ** 2):
        return None
    return float((far**3).mean() / variance**1.5)


def _pawn(
    x: Floats, y: Floats, slides: int, seed: int
) -> tuple[tuple[float | None, ...], float | None]:
    """The median distance of each factor, and what 19 of 20 random factors stay below."""
    if _skewness(y) is None:
        return (None,) * x.shape[1], None
    random = np.random.default_rng(seed).random((len(y), DUMMIES))
    found = _salib_pawn(np.column_stack([x, random]), y, slides)
    varies = np.ptp(x, axis=0) > 0
    return (
        tuple(
            float(one) if some and np.isfinite(one) else None
            for one, some in zip(found[: x.shape[1]], varies, strict=True)
        ),
        float(np.quantile(found[x.shape[1] :], 0.95)),
    )


def _salib_pawn(x: Floats, y: Floats, slides: int) -> Floats:
    from SALib.analyze import pawn

    names = [str(k) for k in range(x.shape[1])]
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of slides without a point, which are left out
        found: Any = pawn.analyze(problem, x, y, S=slides)
    return np.asarray(found["median"], dtype=np.float64)
