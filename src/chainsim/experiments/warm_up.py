"""Where the start-up of a simulation ends: MSER-5."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainsim.experiments.statistics import sample

BATCH = 5
"""Observations per batch: the 5 of MSER-5."""


@dataclass(frozen=True, slots=True)
class WarmUp:
    """The cut that MSER-5 proposes, and what it does to the mean."""

    d_star: int
    """Batches to delete."""
    truncation: int
    """Observations to delete: 5 d*."""
    minimum: float
    """The MSER statistic at d*, in the squared unit of the series."""
    mean_after: float
    """Mean of the batches that stay."""
    mean_all: float
    """Mean of all batches."""
    batches: int

    @property
    def longer_run_needed(self) -> bool:
        """Whether the best cut lies at the middle, the last one tried: it may be later still."""
        return self.d_star == self.batches // 2


def mser5(series: ArrayLike) -> WarmUp:
    """The truncation that makes the mean of the rest most reliable.

    d* = argmin over 0 <= d <= floor(m/2) of sum_{j>d} (Z_j - mean)^2 / (m - d)^2, the first
    minimum, where Z_1..Z_m are the means of batches of five and the mean is that of Z_{d+1}..Z_m.
    A remainder of fewer than five observations at the end is dropped.

    Args:
        series: (time,) one run's observations, at equal distances.

    Raises:
        ValueError: fewer than five observations, or one that is not finite.
    Source: White (1997); White, Cobb and Spratt (2000); Franklin and White (2008).
    """
    means = _batch_means(sample(series))
    # Relative to the last batch: a series that settles on a constant then scores exactly zero.
    shifted = means - means[-1]
    scores = [_score(shifted[cut:]) for cut in range(means.size // 2 + 1)]
    d_star = int(np.argmin(scores))
    return WarmUp(
        d_star=d_star,
        truncation=BATCH * d_star,
        minimum=scores[d_star],
        mean_after=float(means[-1] + shifted[d_star:].mean()),
        mean_all=float(means[-1] + shifted.mean()),
        batches=means.size,
    )


def warm_up_of(replications: ArrayLike) -> WarmUp:
    """The truncation by MSER-5 of the average over replications.

    Args:
        replications: (replication, time) observations at equal instants.

    Raises:
        ValueError: not a matrix, fewer than five instants, or a value that is not finite.
    """
    matrix = np.asarray(replications, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] == 0:
        raise ValueError(f"replications x time is needed, not the shape {matrix.shape}")
    return mser5(matrix.mean(axis=0))


def _batch_means(series: NDArray[np.float64]) -> NDArray[np.float64]:
    batches = series.size // BATCH
    if batches == 0:
        raise ValueError(f"MSER-5 needs at least {BATCH} observations, not {series.size}")
    means: NDArray[np.float64] = series[: batches * BATCH].reshape(batches, BATCH).mean(axis=1)
    return means


def _score(rest: NDArray[np.float64]) -> float:
    """Squared standard error of the mean of what stays, as if its batches were independent."""
    return float(rest.var()) / rest.size
