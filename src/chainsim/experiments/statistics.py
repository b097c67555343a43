"""What replications say: means with intervals, how many are needed, paired differences.

Every function takes one value per replication. What cannot be known from the sample (an interval
from one replication) is None, never NaN or infinity; a value that is not finite is refused, so
whoever drops a failed replication has to count it. The start-up period is in `warm_up`, quantiles
and tail means are in `risk`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_REPLICATIONS = 10**9
"""A precision that needs more replications than this counts as out of reach."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its Student-t interval, in the unit of the values."""

    mean: float
    low: float | None
    high: float | None
    half_width: float | None
    sd: float | None
    """Sample standard deviation (n - 1); None, as are the bounds, for a single value."""
    n: int
    confidence: float


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The mean of a - b by replication, and what common random numbers gained."""

    difference: Interval
    correlation: float | None
    """Between a and b; None if one of them does not vary."""
    variance_reduction: float | None
    """1 - Var(a - b) / (Var a + Var b): 1 removes all variance, 0 is what independent runs give.
    None for a single pair, and where neither a nor b varies."""

    @property
    def variance_factor(self) -> float | None:
        """(Var a + Var b) / Var(a - b): so many times the replications, if they were independent.

        None where the reduction is not known, and where nothing is left to vary.
        """
        left = None if self.variance_reduction is None else 1 - self.variance_reduction
        return 1 / left if left else None


def sample(values: ArrayLike) -> NDArray[np.float64]:
    """The values as floats, checked.

    Args:
        values: (n,) finite numbers, n >= 1.

    Raises:
        ValueError: empty, not one-dimensional, or with a value that is not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"a sample is a non-empty row of numbers, not of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("a sample must hold finite numbers only: drop and count the undefined")
    return array


def check_share(name: str, share: float) -> None:
    """Nothing, for a share strictly between 0 and 1.

    Raises:
        ValueError: any other number.
    """
    if not 0 < share < 1:
        raise ValueError(f"{name} must lie between 0 and 1, not {share!r}")


def t_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """The mean of the replications and the interval that covers the true mean.

    mean +- t(1 - alpha/2, n - 1) s / sqrt(n), with alpha = 1 - confidence. Exact for normal
    values, approximate otherwise.

    Args:
        values: (n,) one value per replication.
        confidence: share of such intervals that contain the true mean, in (0, 1).

    Raises:
        ValueError: no values, one that is not finite, or a confidence outside (0, 1).
    Source: Law, Simulation Modeling and Analysis, 5th ed., section 4.5.

    >>> interval = t_interval([1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09], 0.90)
    >>> round(interval.mean, 2), round(interval.half_width, 2)  # as in Law
    (1.34, 0.24)
    """
    check_share("the confidence", confidence)
    array = sample(values)
    mean, sd = _mean_and_sd(array)
    if sd is None:
        return Interval(mean, None, None, None, None, array.size, confidence)
    half = _half_width(sd, array.size, confidence)
    return Interval(mean, mean - half, mean + half, half, sd, array.size, confidence)


def pointwise_intervals(
    values: ArrayLike, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Means over replications and Student-t half-widths, at each time on its own.

    Args:
        values: (replication, time) finite numbers.
        confidence: of the interval at one time; a whole band covers with less.

    Returns:
        Means (time,) and half-widths (time,), the latter None for a single replication.

    Raises:
        ValueError: not a matrix, no replications, or a confidence outside (0, 1).
    Source: Law, 5th ed., section 4.5, time by time.
    """
    check_share("the confidence", confidence)
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] == 0:
        raise ValueError(f"replications x time is needed, not the shape {matrix.shape}")
    n = matrix.shape[0]
    shifted = matrix - matrix[0]  # equal values have a width of exactly zero
    means = matrix[0] + shifted.mean(axis=0)
    if n == 1:
        return means, None
    return means, _half_width(1.0, n, confidence) * shifted.std(axis=0, ddof=1)


def precise_enough(
    values: ArrayLike, relative: float, absolute: float, confidence: float = 0.95
) -> bool:
    """Whether the half-width is within the larger of relative x |mean| and absolute.

    The stopping rule of replications added one by one: the relative target is the usual one, the
    absolute target takes over near a mean of zero. Never true for one replication. Start from
    several: the few first ones may agree by chance, and the rule would stop on them.

    Args:
        values: (n,) one value per replication.
        relative: half-width as a share of |mean|, >= 0.
        absolute: half-width in the unit of the values, >= 0.
    Source: Law, 5th ed., section 9.4.1.
    """
    interval = t_interval(values, confidence)
    target = _target(interval.mean, relative, absolute)
    return interval.half_width is not None and interval.half_width <= target


def replications_for(
    values: ArrayLike,
    relative: float,
    confidence: float = 0.95,
    *,
    absolute: float = 0.0,
    adjusted: bool = False,
) -> int | None:
    """The number of replications that should reach a precision, from a pilot's mean and sd.

    The smallest n >= pilot with t(1 - alpha/2, n - 1) s / sqrt(n) <= the larger of
    gamma |mean| and `absolute`. None if the pilot has one value, or more than
    `MOST_REPLICATIONS` would be needed.

    Args:
        values: (pilot,) one value per replication.
        relative: gamma, the half-width as a share of |mean|, >= 0.
        absolute: half-width that is enough near a mean of zero, in the unit of the values.
        adjusted: gamma / (1 + gamma) instead of gamma, so that the error relative to the true
            mean, not to the estimate, is at most gamma.
    Source: Law, 5th ed., section 9.4.1.
    """
    check_share("the confidence", confidence)
    array = sample(values)
    mean, sd = _mean_and_sd(array)
    target = _target(mean, relative / (1 + relative) if adjusted else relative, absolute)
    if sd is None or _half_width(sd, MOST_REPLICATIONS, confidence) > target:
        return None
    return _smallest_n(sd, target, confidence, array.size)


def paired_difference(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> PairedDifference:
    """The mean of a - b by replication with its interval, and the variance that pairing removed.

    Args:
        a, b: (n,) values of two scenarios; equal positions are the same replication.

    Raises:
        ValueError: the samples differ in length or hold a value that is not finite.
    Source: Law, 5th ed., sections 10.2.1 and 11.2 (common random numbers).
    """
    first, second = _pairs(a, b)
    difference = t_interval(first - second, confidence)
    return PairedDifference(
        difference, correlation(first, second), _variance_reduction(first, second)
    )


def correlation(a: ArrayLike, b: ArrayLike) -> float | None:
    """Pearson's correlation, in [-1, 1]; None if a or b does not vary.

    Args:
        a, b: (n,) paired values.

    Raises:
        ValueError: the samples differ in length or hold a value that is not finite.
    """
    first, second = (_deviations(values) for values in _pairs(a, b))
    lengths = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    if 0.0 in lengths:
        return None
    return float(np.clip(np.dot(first / lengths[0], second / lengths[1]), -1, 1))


def _variance_reduction(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    (_, sd_a), (_, sd_b), (_, sd_difference) = map(_mean_and_sd, (a, b, a - b))
    if sd_a is None or sd_b is None or sd_difference is None:
        return None
    independent = sd_a**2 + sd_b**2
    return 1 - sd_difference**2 / independent if independent > 0 else None


def _smallest_n(sd: float, target: float, confidence: float, pilot: int) -> int:
    """By bisection: the half-width falls with n, and `MOST_REPLICATIONS` is enough."""
    too_few, enough = pilot - 1, max(pilot, MOST_REPLICATIONS)
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if _half_width(sd, middle, confidence) <= target:
            enough = middle
        else:
            too_few = middle
    return enough


def _target(mean: float, relative: float, absolute: float) -> float:
    if not (relative >= 0 and absolute >= 0):
        raise ValueError(f"a precision cannot be negative: {relative!r}, {absolute!r}")
    return max(relative * abs(mean), absolute)


def _half_width(sd: float, n: int, confidence: float) -> float:
    # scipy is slow to import, and most commands need no statistics; scipy.stats is slower still.
    from scipy import special  # type: ignore[import-untyped, unused-ignore]

    # The lower tail, because 1 - tail would lose the digits of a small one.
    quantile = -float(special.stdtrit(n - 1, (1 - confidence) / 2))
    return quantile * sd / sqrt(n)


def _mean_and_sd(values: NDArray[np.float64]) -> tuple[float, float | None]:
    """Mean and sample standard deviation (n - 1); the latter None for a single value."""
    # Relative to the first value: equal values then have exactly their mean and an sd of zero.
    shifted = values - values[0]
    mean = float(values[0] + shifted.mean())
    return mean, float(shifted.std(ddof=1)) if values.size > 1 else None


def _deviations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = values - values[0]
    deviations: NDArray[np.float64] = shifted - shifted.mean()
    return deviations


def _pairs(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = sample(a), sample(b)
    if first.size != second.size:
        raise ValueError(f"paired samples differ in length: {first.size} and {second.size}")
    return first, second
