"""Quantiles and tails of a sample of replications.

Where values are counted, p is read as it was written: the worst 20 % of ten values are two,
whatever 1 - 0.8 is in binary.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainsim.experiments.statistics import check_share, sample

Tail = Literal["high", "low"]
"""Which end is bad: high for delays and costs, low for output and fill rates."""


@dataclass(frozen=True, slots=True)
class QuantileInterval:
    """A quantile (type 7) and the order statistics that enclose the true one."""

    quantile: float
    low: float | None
    """None where the sample is too small for a bound on this side; so for `high`."""
    high: float | None
    low_rank: int | None
    """Rank of `low` in the sorted sample, from 1; so for `high_rank`."""
    high_rank: int | None
    coverage: float | None
    """The confidence reached, at least the one asked for; None without both bounds."""
    n: int
    p: float
    confidence: float


def quantile(values: ArrayLike, p: float, kind: Literal[6, 7] = 7) -> float:
    """The value below which a share p of the sample lies, interpolated.

    Type 7 interpolates at rank 1 + (n - 1) p, type 6 at (n + 1) p (at least 1, at most n).

    Args:
        values: (n,) one value per replication.
        p: the share, in [0, 1].

    Raises:
        ValueError: no values, one that is not finite, p outside [0, 1] or an unknown type.
    Source: Hyndman and Fan (1996), definitions 6 and 7.

    >>> quantile([3.0, 1.0, 2.0, 4.0], 0.5), quantile([3.0, 1.0, 2.0, 4.0], 0.25, kind=6)
    (2.5, 1.25)
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p must lie between 0 and 1, not {p!r}")
    if kind not in (6, 7):
        raise ValueError(f"quantiles are of type 6 or 7, not {kind!r}")
    return float(np.quantile(sample(values), p, method="linear" if kind == 7 else "weibull"))


def value_at_risk(values: ArrayLike, p: float, worst: Tail = "high") -> float:
    """The smallest value that at least a share p of the sample does not exceed.

    The inverse of the empirical distribution function, always a value of the sample: the
    ceil(n p)-th best.

    Args:
        values: (n,) one value per replication.
        p: the share that is no worse, in (0, 1).
        worst: the bad end; for "low" the largest value that at least a share p reaches.

    Raises:
        ValueError: no values, one that is not finite, or p outside (0, 1).
    Source: Hyndman and Fan (1996), definition 1.
    """
    losses = _losses(values, p, worst)
    return _value(losses[ceil(losses.size * _exact(p)) - 1], worst)


def cvar(values: ArrayLike, p: float, worst: Tail = "high") -> float:
    """The mean of the worst share 1 - p of the sample.

    Where n (1 - p) is not whole, the next value counts with the fraction that is missing.

    Args:
        values: (n,) one value per replication.
        p: the share that is left out, in (0, 1): 0.8 takes the worst 20 %.
        worst: the bad end.

    Raises:
        ValueError: no values, one that is not finite, or p outside (0, 1).
    Source: Acerbi and Tasche (2002), expected shortfall; Rockafellar and Uryasev (2002).
    """
    losses = _losses(values, p, worst)[::-1]
    count = losses.size * (1 - _exact(p))
    whole = int(count)
    total = losses[:whole].sum() + float(count - whole) * losses[whole]
    return _value(total / float(count), worst)


def quantile_interval(values: ArrayLike, p: float, confidence: float = 0.95) -> QuantileInterval:
    """A quantile with bounds that hold for any distribution: two values of the sample.

    The number of values at or below the true quantile is Binomial(n, p). The lower rank is the
    largest l with P(B < l) <= alpha/2, the upper the smallest u with P(B >= u) <= alpha/2.

    Args:
        values: (n,) one value per replication.
        p: the share below the quantile, in (0, 1).
        confidence: at least this share of such intervals contain the true quantile, in (0, 1).

    Raises:
        ValueError: no values, one that is not finite, p or confidence outside (0, 1).
    Source: Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2.

    >>> interval = quantile_interval(list(range(1, 11)), 0.5)
    >>> interval.low, interval.high, round(interval.coverage, 4)
    (2.0, 9.0, 0.9785)
    """
    check_share("p", p)
    check_share("the confidence", confidence)
    ordered = np.sort(sample(values))
    low, high, coverage = _enclosing_ranks(ordered.size, p, confidence)
    return QuantileInterval(
        quantile=quantile(ordered, p),
        low=None if low is None else float(ordered[low - 1]),
        high=None if high is None else float(ordered[high - 1]),
        low_rank=low,
        high_rank=high,
        coverage=coverage,
        n=ordered.size,
        p=p,
        confidence=confidence,
    )


def _enclosing_ranks(
    n: int, p: float, confidence: float
) -> tuple[int | None, int | None, float | None]:
    """Lower rank, upper rank (from 1; None if the sample has none) and the coverage of both."""
    # scipy is slow to import, and most commands need no statistics; scipy.stats is slower still.
    from scipy import special  # type: ignore[import-untyped, unused-ignore]

    at_most = special.bdtr(np.arange(n + 1), n, p)
    more_than = special.bdtrc(np.arange(n + 1), n, p)
    tail = (1 - confidence) / 2
    low = int(np.count_nonzero(at_most <= tail))
    high = int(np.count_nonzero(more_than > tail)) + 1
    both = low > 0 and high <= n
    coverage = float(at_most[high - 1] - at_most[low - 1]) if both else None
    return low or None, high if high <= n else None, coverage


def _losses(values: ArrayLike, p: float, worst: Tail) -> NDArray[np.float64]:
    """The sample from best to worst, with its sign turned where low is bad."""
    check_share("p", p)
    if worst not in ("high", "low"):
        raise ValueError(f"the worst end is high or low, not {worst!r}")
    array = sample(values)
    return np.sort(array if worst == "high" else -array)


def _value(loss: float, worst: Tail) -> float:
    return float(loss if worst == "high" else 0.0 - loss)


def _exact(p: float) -> Fraction:
    return Fraction(str(p))
