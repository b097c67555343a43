"""Distributions of a scenario in the unit of their use, and their means."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from chainsim.network.clock import DAY
from chainsim.network.levels import Distribution
from chainsim.scenario.quantities import Quantity
from chainsim.scenario.schema import distributions as written

UNBOUNDED = float("inf")


def duration(distribution: written.Distribution, factor: Fraction | int = 1) -> Distribution:
    """A distribution of durations in seconds times `factor`; counts are days."""
    return compiled(distribution, factor, count=DAY)


def compiled(
    distribution: written.Distribution,
    factor: Fraction | int = 1,
    low: float | None = 0.0,
    count: int = 1,
) -> Distribution:
    """The distribution with its values multiplied by `factor` (base units to the unit of use).

    A normal that has no bound of its own is cut at `low`, by rejection. Geometric and Poisson
    distributions count things of `count` base units.
    """
    shift = float(distribution.shift.value * factor) if distribution.shift else 0.0

    def scaled(quantity: Quantity) -> float:
        return float(quantity.value * factor)

    kind, parameters, scale = _parameters(distribution, scaled, float(factor * count), low, count)
    return Distribution(kind, parameters, shift, scale)


def _parameters(
    d: written.Distribution,
    scaled: Callable[[Quantity], float],
    factor: float,
    low: float | None,
    count: int,
) -> tuple[str, tuple[float, ...], float]:
    """Kind, parameters in the order that the draws expect, and a factor for counts."""
    if isinstance(d, written.Constant):
        return "constant", (scaled(d.value),), 1.0
    if isinstance(d, written.Uniform):
        return "uniform", (scaled(d.low), scaled(d.high)), 1.0
    if isinstance(d, written.Triangular | written.Pert):
        return d.dist, (scaled(d.low), scaled(d.mode), scaled(d.high)), 1.0
    if isinstance(d, written.Beta):
        return "beta", (float(d.a), float(d.b), scaled(d.low), scaled(d.high)), 1.0
    if isinstance(d, written.Normal):
        least = scaled(d.min) if d.min else (-UNBOUNDED if low is None else low)
        most = scaled(d.max) if d.max else UNBOUNDED
        return "normal", (scaled(d.mean), scaled(d.sd), least, most), 1.0
    if isinstance(d, written.Exponential):
        return "exponential", (scaled(d.mean),), 1.0
    if isinstance(d, written.Erlang):
        return "gamma", (float(d.k), scaled(d.mean) / d.k), 1.0
    if isinstance(d, written.Gamma):
        squared = float(d.cv) ** 2
        return "gamma", (1 / squared, scaled(d.mean) * squared), 1.0
    if isinstance(d, written.Lognormal):
        return "lognormal", _lognormal(d, scaled), 1.0
    if isinstance(d, written.Weibull):
        return "weibull", (float(d.shape), scaled(d.scale)), 1.0
    if isinstance(d, written.Geometric):
        return "geometric", (float(d.p),), factor
    if isinstance(d, written.Poisson):
        return "poisson", (float(d.mean.value / count),), factor
    if isinstance(d, written.Discrete):
        pairs = [(scaled(v), float(p)) for v, p in zip(d.values, d.p, strict=True)]
        return "discrete", tuple(x for pair in pairs for x in pair), 1.0
    return d.dist, tuple(scaled(v) for v in d.values), 1.0


def _lognormal(d: written.Lognormal, scaled: Callable[[Quantity], float]) -> tuple[float, float]:
    """Mu and sigma of the logarithm (Law, Simulation Modeling and Analysis, 6.2.2)."""
    if d.median is not None and d.sigma is not None:
        return math.log(scaled(d.median)), float(d.sigma)
    assert d.mean is not None and d.cv is not None
    variance = math.log(1 + float(d.cv) ** 2)
    return math.log(scaled(d.mean)) - variance / 2, math.sqrt(variance)


def mean(distribution: Distribution) -> float:
    """The mean of a distribution (of a truncated normal: before truncation)."""
    p = distribution.parameters
    known: dict[str, Callable[[], float]] = {
        "constant": lambda: p[0],
        "uniform": lambda: (p[0] + p[1]) / 2,
        "triangular": lambda: (p[0] + p[1] + p[2]) / 3,
        "pert": lambda: (p[0] + 4 * p[1] + p[2]) / 6,
        "beta": lambda: p[2] + (p[3] - p[2]) * p[0] / (p[0] + p[1]),
        "normal": lambda: p[0],
        "exponential": lambda: p[0],
        "gamma": lambda: p[0] * p[1],
        "lognormal": lambda: math.exp(p[0] + p[1] ** 2 / 2),
        "weibull": lambda: p[1] * math.gamma(1 + 1 / p[0]),
        "geometric": lambda: 1 / p[0],
        "poisson": lambda: p[0],
        "discrete": lambda: math.fsum(v * q for v, q in zip(p[::2], p[1::2], strict=True)),
        "empirical": lambda: math.fsum(p) / len(p),
        "trace": lambda: math.fsum(p) / len(p),
    }
    return known[distribution.kind]() * distribution.scale + distribution.shift
