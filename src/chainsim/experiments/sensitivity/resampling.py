"""Intervals by resampling, and what replications that share their random numbers add to them."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from chainsim.experiments.statistics import check_share

Floats = NDArray[np.float64]
CHANCE = 0.05
"""Probability up to which a test says that something is no chance."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval, None where there is none."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How intervals are found: by drawing rows of the design anew, with replacement."""

    confidence: float = 0.95
    resamples: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        check_share("the confidence", self.confidence)
        if self.resamples < 2:
            raise ValueError(f"at least two resamples are needed, not {self.resamples}")

    def shares(self, rows: int) -> Floats:
        """How much each row counts in each resample: (resample, row), each resample adds up to 1.

        The same for the same seed and number of rows.
        """
        rng = np.random.default_rng(self.seed)
        counts = rng.multinomial(rows, np.full(rows, 1 / rows), size=self.resamples)
        return counts / rows

    def bounds(self, resampled: Floats) -> tuple[Floats, Floats]:
        """The percentile interval of each column of (resample, quantity)."""
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(resampled, [tail, 1 - tail], axis=0)
        return low, high

    def estimates(
        self, values: Floats, resampled: Floats, common: Floats | None = None
    ) -> tuple[Estimate, ...]:
        """Each value with its percentile interval.

        Args:
            values: (quantity,) as estimated.
            resampled: (resample, quantity).
            common: (quantity,) variance that resampling rows cannot show (`common_variance`);
                the interval is stretched about the value for it.
        """
        low, high = self.bounds(resampled)
        if common is not None:
            own = resampled.var(axis=0, ddof=1)
            stretch = np.sqrt(np.divide(own + common, own, out=np.ones_like(own), where=own > 0))
            low, high = values - stretch * (values - low), values + stretch * (high - values)
        return tuple(
            Estimate(float(value), float(a), float(b))
            for value, a, b in zip(values, low, high, strict=True)
        )


def components(values: Floats) -> tuple[float, float]:
    """The variance of the mean over replications: what rows share, and what each has of its own.

    The model is value = mean + row + replication + rest. With common random numbers a replication
    can be lucky for all rows at once; a mean over many rows does not average that out, and drawing
    rows anew does not show it. A shared part that chance explains (F test, 5 %) counts as none.

    Args:
        values: (row, replication) without missing values.

    Returns:
        Variance of the mean over replications: of the part common to all rows, and of the rest
        in a single row. Both are zero for one replication or one row, where they are not known.
    Source: analysis of variance, two ways, one value per cell (Montgomery, Design and Analysis of
        Experiments, section 5.3.7).
    """
    from scipy.special import fdtrc

    rows, replications = values.shape
    if rows < 2 or replications < 2:
        return 0.0, 0.0
    by_replication = values.mean(axis=0)
    rest = values - values.mean(axis=1, keepdims=True) - by_replication + values.mean()
    freedom = (rows - 1) * (replications - 1)
    within = float((rest**2).sum()) / freedom
    between = float(by_replication.var(ddof=1))
    own = within / replications
    if within > 0 and fdtrc(replications - 1, freedom, between * rows / within) > CHANCE:
        return 0.0, own
    return max(0.0, between - within / rows) / replications, own


def common_variance(values: Floats, confidence: float) -> float:
    """The part of `components` that all rows share, as an interval of normal width has to count it.

    It is known from few replications only, so it weighs as much as Student's t is wider than a
    normal quantile.
    """
    from scipy.special import ndtri

    shared, _ = components(values)
    if not shared:
        return 0.0
    ratio = student(values.shape[1], confidence) / float(ndtri(0.5 + confidence / 2))
    return shared * ratio**2


def student(replications: int, confidence: float) -> float:
    """The two-sided quantile of Student's t for the mean of two replications or more."""
    from scipy.special import stdtrit

    return float(stdtrit(replications - 1, 0.5 + confidence / 2))


def complete(values: Floats) -> NDArray[np.bool_]:
    """Which points have a value in every replication: (point,)."""
    return np.asarray(np.isfinite(values).all(axis=1), dtype=np.bool_)


def as_values(values: NDArray[np.float64], points: int | None = None) -> Floats:
    """The values as (point, replication), checked.

    Raises:
        ValueError: another shape, no replication, or another number of points than `points`.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(f"values are (point, replication), not of the shape {array.shape}")
    if points is not None and len(array) != points:
        raise ValueError(f"{points} points are needed, not {len(array)}")
    return array


def sd(variance: float) -> float:
    """The standard deviation of a variance; zero where an estimate of it is negative."""
    return sqrt(max(0.0, variance))
