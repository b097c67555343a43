"""The share of a distribution at or below a value, in closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chainsim.network.levels import Distribution

Floats = NDArray[np.float64]
Law = Callable[[Floats, tuple[float, ...]], Floats]


def share_up_to(distribution: Distribution, values: Floats) -> Floats:
    """The probability that a draw is at most each of `values`, which are in rising order.

    Values are in the unit of the distribution. Laws: Law, Simulation Modeling and Analysis, 6.2.
    """
    own = (values - distribution.shift) / distribution.scale
    shares = np.clip(LAWS[distribution.kind](own, distribution.parameters), 0.0, 1.0)
    rising: Floats = np.maximum.accumulate(shares)
    return rising


def _step(x: Floats, at: float) -> Floats:
    return np.where(x >= at, 1.0, 0.0)


def _uniform(x: Floats, p: tuple[float, ...]) -> Floats:
    low, high = p
    return _step(x, low) if low == high else (x - low) / (high - low)


def _triangular(x: Floats, p: tuple[float, ...]) -> Floats:
    low, mode, high = p
    inside = np.clip(x, low, high)
    rising = (inside - low) ** 2 / ((high - low) * (mode - low)) if mode > low else 0 * x
    falling = (high - inside) ** 2 / ((high - low) * (high - mode)) if high > mode else 0 * x
    return np.where(inside < mode, rising, 1.0 - falling)


def _beta(x: Floats, p: tuple[float, ...]) -> Floats:
    from scipy.special import betainc

    a, b, low, high = p
    shares: Floats = betainc(a, b, np.clip((x - low) / (high - low), 0.0, 1.0))
    return shares


def _pert(x: Floats, p: tuple[float, ...]) -> Floats:
    low, mode, high = p
    a = 1 + 4 * (mode - low) / (high - low)
    return _beta(x, (a, 6 - a, low, high))


def _normal(x: Floats, p: tuple[float, ...]) -> Floats:
    """Cut at its bounds: values outside are drawn again."""
    from scipy.special import ndtr

    mean, sd, low, high = p
    if sd == 0:
        return _step(x, mean)
    below, above = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    shares: Floats = (ndtr((np.clip(x, low, high) - mean) / sd) - below) / (above - below)
    return shares


def _gamma(x: Floats, p: tuple[float, ...]) -> Floats:
    from scipy.special import gammainc

    shape, scale = p
    shares: Floats = gammainc(shape, np.maximum(x, 0.0) / scale)
    return shares


def _lognormal(x: Floats, p: tuple[float, ...]) -> Floats:
    from scipy.special import ndtr

    mu, sigma = p
    positive = np.maximum(x, np.finfo(float).tiny)
    return np.where(x > 0, ndtr((np.log(positive) - mu) / sigma), 0.0)


def _weibull(x: Floats, p: tuple[float, ...]) -> Floats:
    shape, scale = p
    shares: Floats = -np.expm1(-((np.maximum(x, 0.0) / scale) ** shape))
    return shares


def _geometric(x: Floats, p: tuple[float, ...]) -> Floats:
    shares: Floats = 1.0 - (1.0 - p[0]) ** np.floor(np.maximum(x, 0.0))
    return shares


def _poisson(x: Floats, p: tuple[float, ...]) -> Floats:
    from scipy.special import pdtr

    return np.where(x >= 0, pdtr(np.floor(np.maximum(x, 0.0)), p[0]), 0.0)


def _discrete(x: Floats, p: tuple[float, ...]) -> Floats:
    parts = [q * _step(x, v) for v, q in zip(p[::2], p[1::2], strict=True)]
    shares: Floats = np.sum(parts, axis=0)
    return shares


def _equally_likely(x: Floats, p: tuple[float, ...]) -> Floats:
    shares: Floats = np.mean([_step(x, v) for v in p], axis=0)
    return shares


LAWS: dict[str, Law] = {
    "constant": lambda x, p: _step(x, p[0]),
    "uniform": _uniform,
    "triangular": _triangular,
    "pert": _pert,
    "beta": _beta,
    "normal": _normal,
    "exponential": lambda x, p: _weibull(x, (1.0, p[0])),
    "gamma": _gamma,
    "lognormal": _lognormal,
    "weibull": _weibull,
    "geometric": _geometric,
    "poisson": _poisson,
    "discrete": _discrete,
    "empirical": _equally_likely,
    "trace": _equally_likely,
}
"""By kind of distribution; of a trace every value is equally likely, whatever their order."""
