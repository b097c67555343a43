"""Sobol's indices of a measure that is random: which share of its variance comes from which factor.

The measure at the point x in replication r is y_r(x) = f(x) + e_r(x), where f(x) is its mean and
e_r is noise: independent between replications, but perhaps not between points, because a
replication has the same random numbers at every point. Wanted are the indices of f:

    first order   S_j = Var(E[f | x_j]) / Var(f)           what x_j explains alone
    total         T_j = E[Var(f | all but x_j)] / Var(f)   what x_j has a part in
    second order  S_jk = Var(E[f | x_j, x_k]) / Var(f) - S_j - S_k

A design (`designs.saltelli`) has n rows of points A, B, A_j (A with x_j from B) and B_j (B with x_j
from A). With <u v> for a mean over rows of a product of two outputs, the estimates are

    S_j = <B (A_j - A)> / V        (Saltelli et al. 2010, table 2 b)
    T_j = <(A - A_j)^2> / 2 V      (Jansen 1999)
    S_jk = <B_j A_k - A B> / V - S_j - S_k   (Saltelli 2002)
    V   = the variance of the outputs at A and B.

Raw indices put the mean over replications into these formulas, as one would for a model without
noise. But E[ybar ybar] = f f + Var(e) / R wherever both outputs have the same noise: independent
noise turns up in V and in every T_j, and makes each factor look important.

Corrected indices take every product over two different replications:

    u v -> sum over r != s of u_r v_s / (R (R - 1))

Noise of different replications is independent, so the expectation of each term is the product of
the two means, for independent noise as for common random numbers, whatever its distribution: the
numerators and V are unbiased for those of f (a U-statistic; Hoeffding 1948). This takes two
replications. The indices are ratios of unbiased numbers, with a bias of order 1 / n.

Outputs are centred beforehand, each replication by its own mean over the points: that changes no
expectation beyond order 1 / n and removes the luck that a replication has everywhere.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from chainsim.experiments.designs import DUMMY, saltelli_row
from chainsim.experiments.sensitivity.resampling import (
    Bootstrap,
    Estimate,
    Floats,
    as_values,
    common_variance,
    complete,
)

SURE = 1.645
"""Standard errors that a factor without effect exceeds in one of twenty cases."""
Pair = tuple[str, str]
Product = Callable[[Floats, Floats], Floats]
"""Of two outputs (row, replication): terms (row, replication) whose mean over both is wanted."""


@dataclass(frozen=True)
class Indices:
    """Indices by factor, and what a factor without effect would get."""

    first: tuple[Estimate, ...]
    total: tuple[Estimate, ...]
    second: dict[Pair, Estimate]
    """Empty unless the design has second order."""
    floor_first: float
    """A factor that changes nothing but which random numbers are drawn stays below this in 19 of
    20 cases; 0 where the noise is not known (one replication) or there is none."""
    floor_total: float
    resampled_first: Floats = field(compare=False)
    """(resample, factor): first-order indices of the resamples; so for the total ones."""
    resampled_total: Floats = field(compare=False)


@dataclass(frozen=True)
class Spread:
    """How much the measure varies over the points, in its unit."""

    mean: float
    variance: float
    """Of the means over replications at the points A and B, noise included."""
    corrected: float | None
    """The same without the noise; None for one replication. Not above zero where all is noise."""
    noise: float | None
    """Variance of the noise in one replication, without what all points share."""
    low: float
    """5 % of the means of the points A and B lie below."""
    high: float
    """95 % lie below."""

    @property
    def best(self) -> float:
        """The corrected variance, or the raw one where there is none."""
        return self.variance if self.corrected is None else self.corrected

    @property
    def noise_share(self) -> float | None:
        """The share of the variance of the means that is noise, in [0, 1]; None if unknown."""
        if self.corrected is None:
            return None
        if not self.variance:
            return 0.0
        return min(1.0, max(0.0, 1 - self.corrected / self.variance))


@dataclass(frozen=True)
class SobolIndices:
    """What a Saltelli design says about one measure."""

    names: tuple[str, ...]
    """The factors, or the groups that move together."""
    raw: Indices | None
    """As for a model without noise; None where the measure does not vary, or no row is left."""
    corrected: Indices | None
    reason: str
    """Why `corrected`, or both, are None."""
    spread: Spread | None
    rows: int
    """Rows of the design that are used."""
    left_out: int
    """Rows with a point that has no value in some replication."""
    replications: int
    confidence: float

    @property
    def best(self) -> Indices | None:
        """The corrected indices, or the raw ones where there are none."""
        return self.corrected or self.raw

    @property
    def dummy(self) -> tuple[Estimate, Estimate] | None:
        """First and total index of the dummy factor; None without one.

        Points that differ in it alone are the same run, so both are exactly zero: a check that the
        rows are in order, and no measure of the noise.
        """
        if DUMMY not in self.names or self.best is None:
            return None
        place = self.names.index(DUMMY)
        return self.best.first[place], self.best.total[place]


def sobol_indices(
    values: Floats,
    names: Sequence[str],
    second_order: bool = False,
    bootstrap: Bootstrap | None = None,
) -> SobolIndices:
    """First and total indices of every factor, raw and without the noise, with intervals.

    Intervals are percentiles over resampled rows, stretched for what common random numbers let all
    rows share (`resampling.components`).

    Args:
        values: (point, replication) in the order of `designs.saltelli`; NaN where a run failed.
        names: The factors, or the groups in the order of `designs.columns_of`.
        second_order: Whether the design has second order.
        bootstrap: How intervals are found.

    Raises:
        ValueError: the number of points does not fit the names.
    Source: the module's docstring; raw indices by SALib.
    """
    bootstrap = bootstrap or Bootstrap()
    block = _Block(values, tuple(names), second_order)
    about = (block.rows, block.left_out, block.replications, bootstrap.confidence)
    if block.rows < 2:
        reason = "fewer than two rows of the design have all their values"
        return SobolIndices(block.names, None, None, reason, None, *about)
    spread = block.spread()
    if spread.variance <= 1e-24 * max(1.0, spread.mean**2):
        reason = "the measure is the same at every point"
        return SobolIndices(block.names, None, None, reason, spread, *about)
    raw = _indices(block, _same_replication, bootstrap, _floors(spread, block, raw=True))
    reason = _not_corrected(spread)
    if reason:
        return SobolIndices(block.names, raw, None, reason, spread, *about)
    floors = _floors(spread, block, raw=False)
    corrected = _indices(block, _other_replications, bootstrap, floors)
    return SobolIndices(block.names, raw, corrected, "", spread, *about)


def _not_corrected(spread: Spread) -> str:
    """Why there are no corrected indices, or nothing."""
    if spread.corrected is None:
        return "noise is told from effects only with two replications or more"
    if spread.corrected <= 0:
        return "the measure varies over the points no more than the noise explains"
    return ""


class _Block:
    """The outputs of a design, sorted by the point of a row, centred by replication."""

    def __init__(self, values: Floats, names: tuple[str, ...], second_order: bool) -> None:
        self.names, self.second_order = names, second_order
        k = len(names)
        self.step = saltelli_row(k, second_order)
        outputs = as_values(values)
        if not k or not len(outputs) or len(outputs) % self.step:
            raise ValueError(
                f"{len(outputs)} points are no rows of {self.step}, as {k} factors have them"
            )
        by_row = outputs.reshape(-1, self.step, outputs.shape[1])
        usable = complete(by_row.reshape(len(by_row), -1))
        self.outputs = by_row[usable]
        self.left_out = int(np.count_nonzero(~usable))
        self.rows, _, self.replications = self.outputs.shape
        centred = self.outputs - self.outputs.mean(axis=(0, 1)) if self.rows else self.outputs
        self.a, self.b = centred[:, 0], centred[:, -1]
        self.from_b = [centred[:, 1 + j] for j in range(k)]
        self.from_a = [centred[:, 1 + k + j] for j in range(k)] if second_order else []

    def spread(self) -> Spread:
        """Mean and variance over the points A and B."""
        ends = np.concatenate([self.outputs[:, 0], self.outputs[:, -1]])
        means = ends.mean(axis=1)
        variance = float(means.var())
        low, high = (float(q) for q in np.quantile(means, [0.05, 0.95]))
        if self.replications == 1:
            return Spread(float(means.mean()), variance, None, None, low, high)
        own = ends - ends.mean(axis=0)
        noise = float(own.var(axis=1, ddof=1).mean())
        corrected = variance - noise / self.replications
        return Spread(float(means.mean()), variance, corrected, noise, low, high)


# ---- products of outputs


def _same_replication(u: Floats, v: Floats) -> Floats:
    """Terms whose mean is the product of the means over replications."""
    mean_u, mean_v = u.mean(axis=1, keepdims=True), v.mean(axis=1, keepdims=True)
    found: Floats = u * mean_v + mean_u * v - mean_u * mean_v
    return found


def _other_replications(u: Floats, v: Floats) -> Floats:
    """Terms whose mean is the mean of u_r v_s over r != s.

    Each term is what its replication brings (Hoeffding's projection): u_r times the mean of v over
    the others, the same the other way round, less the mean itself.
    """
    replications = u.shape[1]
    sum_u, sum_v = u.sum(axis=1, keepdims=True), v.sum(axis=1, keepdims=True)
    terms = (u * (sum_v - v) + v * (sum_u - u)) / (replications - 1)
    found: Floats = terms - 0.5 * terms.mean(axis=1, keepdims=True)
    return found


# ---- indices


def _indices(
    block: _Block, product: Product, bootstrap: Bootstrap, floors: tuple[float, float]
) -> Indices:
    """Indices with their intervals from one kind of product."""
    k, pairs = len(block.names), list(combinations(range(len(block.names)), 2))
    terms = _terms(block, product)
    by_row = terms.mean(axis=2)
    values = _ratios(by_row.mean(axis=1), k)
    if product is _same_replication:
        values = _by_salib(block)
    resampled = _ratios(by_row @ bootstrap.shares(block.rows).T, k).T
    found = bootstrap.estimates(values, resampled, _common(terms, k, bootstrap.confidence))
    second = {
        (block.names[i], block.names[j]): estimate
        for (i, j), estimate in zip(pairs, found[2 * k :], strict=bool(block.second_order))
    }
    return Indices(
        found[:k], found[k : 2 * k], second, *floors, resampled[:, :k], resampled[:, k : 2 * k]
    )


def _terms(block: _Block, product: Product) -> Floats:
    """Terms (quantity, row, replication): V, then the numerators of S_j, T_j and S_jk."""
    a, b = block.a, block.b
    centre = 0.5 * (a + b).mean(axis=0)
    found = [0.5 * (product(a - centre, a - centre) + product(b - centre, b - centre))]
    found += [product(b, one - a) for one in block.from_b]
    found += [0.5 * product(a - one, a - one) for one in block.from_b]
    if block.second_order:
        both = product(a, b)
        found += [
            product(block.from_a[j], block.from_b[k]) - both
            for j, k in combinations(range(len(block.names)), 2)
        ]
    return np.stack(found)


def _ratios(means: Floats, k: int) -> Floats:
    """Indices from the means of terms: V first, as in `_terms`; a resample may be a column."""
    ratios: Floats = means[1:] / means[0]
    for place, (i, j) in enumerate(combinations(range(k), 2), start=2 * k):
        if place < len(ratios):
            ratios[place] -= ratios[i] + ratios[j]
    return ratios


def _common(terms: Floats, k: int, confidence: float) -> Floats:
    """The variance of each index that all rows share, to first order."""
    variance, *others = terms
    v = variance.mean()
    moved = [(one - one.mean() / v * variance) / v for one in others]
    for place, (i, j) in enumerate(combinations(range(k), 2), start=2 * k):
        if place < len(moved):
            moved[place] = moved[place] - moved[i] - moved[j]
    return np.array([common_variance(one, confidence) for one in moved])


def _by_salib(block: _Block) -> Floats:
    """The raw indices as SALib finds them: S_j, T_j, and S_jk if the design has them."""
    from SALib.analyze import sobol

    k = len(block.names)
    problem = {"num_vars": k, "names": list(block.names), "bounds": [[0.0, 1.0]] * k}
    outputs = block.outputs.mean(axis=2).ravel()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of resamples, which are not used
        found: Any = sobol.analyze(
            problem, outputs, calc_second_order=block.second_order, num_resamples=2, seed=1
        )
    parts = [found["S1"], found["ST"]]
    if block.second_order:
        parts.append(found["S2"][np.triu_indices(k, 1)])
    return np.concatenate(parts)


def _floors(spread: Spread, block: _Block, raw: bool) -> tuple[float, float]:
    """What the first and total index of a factor that only draws anew stay below, 19 times of 20.

    For such a factor A_j - A is the difference of two independent noises. With s2 for the variance
    of the noise, w = s2 / R, and n rows, the numerators have the standard deviations
    sqrt(2 w (V + w) / n) for S_j (its mean is zero), sqrt(2 w^2 / n) for the raw T_j (its mean is
    w) and sqrt(2 s2^2 / (R (R - 1) n)) for the corrected one (zero), for normal noise.
    """
    if spread.noise is None or spread.corrected is None:
        return 0.0, 0.0
    n, replications = block.rows, block.replications
    in_mean = spread.noise / replications
    variance = max(spread.corrected, 0.0)
    of_first = np.sqrt(2 * in_mean * (variance + in_mean) / n)
    if raw:
        of_total, mean = np.sqrt(2 / n) * in_mean, in_mean
        variance = spread.variance
    else:
        of_total = spread.noise * np.sqrt(2 / (replications * (replications - 1) * n))
        mean = 0.0
    return float(SURE * of_first / variance), float((mean + SURE * of_total) / variance)
