"""Morris's screening of a measure that is random: which factors matter at all.

An elementary effect is what one step of a walk (`designs.morris`) changes, per unit of the place in
[0, 1]: the change of the measure if the factor went over its whole range at that slope. Of the
effects d_t of a factor over trajectories t = 1..T

    mu = mean of d_t         mu* = mean of |d_t|         sigma = standard deviation of d_t (T - 1)

mu* ranks factors, sigma is large where the effect is curved or depends on other factors. An effect
is taken in every replication with the same random numbers at both ends, then averaged.

Noise makes mu* of a factor without effect positive, because it averages sizes. With v for the
variance of the noise of one averaged effect of its own, and w for that which all effects of the
factor share, the floor is what |c + N(0, v)| gives on average over T trajectories in about 19 of 20
cases, c being t sqrt(w) with Student's t for the number of replications. Both are estimated from
the factor's own effects by replication (`resampling.components`). Without effect on any run, v, w
and the floor are zero.

sigma is corrected by taking v out: sigma^2 - v is unbiased for the variance of the effects of the
mean response.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import exp, pi, sqrt

import numpy as np

from chainsim.experiments.sensitivity.resampling import (
    Bootstrap,
    Estimate,
    Floats,
    as_values,
    common_variance,
    complete,
    components,
    sd,
    student,
)

SKEWNESS = 0.1
"""What the skewness of a mean of about ten sizes adds to a quantile, in standard errors."""
CONFIDENCE = 0.95
"""That the luck which all effects share is no larger than the floor allows for."""


@dataclass(frozen=True)
class Effects:
    """The elementary effects of one factor, or of a group, in the unit of the measure."""

    name: str
    mu: Estimate | None
    """None for a group of several factors, which may move against each other; so are the sigmas."""
    mu_star: Estimate
    sigma: Estimate | None
    corrected_sigma: float | None
    """Without the noise; None for one replication as well."""
    floor: float | None
    """What mu* of a factor without effect stays below in 19 of 20 cases; None for one
    replication."""
    n: int
    """Effects that are used."""
    left_out: int
    """Effects of which an end has no value in some replication."""

    @property
    def above_floor(self) -> bool | None:
        """Whether mu* is more than noise explains; None if the noise is not known."""
        return None if self.floor is None else self.mu_star.value > self.floor


@dataclass(frozen=True)
class MorrisEffects:
    """What a design of trajectories says about one measure."""

    effects: tuple[Effects, ...]
    """By factor or group, in the order of the design; without those that have fewer than two
    effects."""
    missing: tuple[str, ...]
    """Factors of which fewer than two effects have all their values."""
    trajectories: int
    replications: int
    confidence: float
    low: float
    """5 % of the means of the points lie below; 0 without any."""
    high: float
    """95 % lie below."""
    resampled: Floats = field(compare=False)
    """(resample, factor): mu* of the resamples."""

    @property
    def names(self) -> tuple[str, ...]:
        """The factors or groups of which effects are known."""
        return tuple(one.name for one in self.effects)


def morris_effects(
    places: Floats,
    values: Floats,
    names: Sequence[str],
    groups: Sequence[str] | None = None,
    bootstrap: Bootstrap | None = None,
) -> MorrisEffects:
    """mu, mu* and sigma of every factor or group, with intervals over resampled trajectories.

    Args:
        places: (point, factor) of `designs.morris`.
        values: (point, replication) in the same order; NaN where a run failed.
        names: Of the factors.
        groups: The group of each factor, if the design has groups.
        bootstrap: How intervals are found.

    Raises:
        ValueError: the points are no walks of these factors.
    Source: Morris (1991); Campolongo et al. (2007); the floor as in the module's docstring.
    """
    bootstrap = bootstrap or Bootstrap()
    outputs = as_values(values, len(places))
    columns = tuple(dict.fromkeys(groups or names))
    members = {name: [j for j, of in enumerate(groups or names) if of == name] for name in columns}
    walks = _walks(places, len(names), len(columns))
    by_walk = outputs.reshape(*walks.shape[:2], -1)
    effects = {name: _effects(walks, by_walk, members[name]) for name in columns}
    shares = bootstrap.shares(len(walks))
    known = {name: one for name, one in effects.items() if complete(one).sum() >= 2}
    resampled = [_resampled(one, shares) for one in known.values()]
    found = [
        _summary(name, one, len(members[name]) == 1, again, bootstrap)
        for (name, one), again in zip(known.items(), resampled, strict=True)
    ]
    means = outputs[complete(outputs)].mean(axis=1)
    low, high = np.quantile(means, [0.05, 0.95]) if len(means) else (0.0, 0.0)
    return MorrisEffects(
        tuple(found),
        tuple(name for name in columns if name not in known),
        len(walks),
        outputs.shape[1],
        bootstrap.confidence,
        float(low),
        float(high),
        np.array([again[:, 1] for again in resampled]).reshape(-1, bootstrap.resamples).T,
    )


def _walks(places: Floats, factors: int, columns: int) -> Floats:
    """The places as (trajectory, point, factor)."""
    steps = columns + 1
    if places.ndim != 2 or places.shape[1] != factors or len(places) % steps or not len(places):
        raise ValueError(
            f"places of the shape {places.shape} are no walks of {columns} steps "
            f"with {factors} factors"
        )
    return places.reshape(-1, steps, factors)


def _effects(walks: Floats, outputs: Floats, members: Sequence[int]) -> Floats:
    """(trajectory, replication): the effect of the factors that move together.

    A group has no direction of its own; its effects are per unit of the length of the step.
    """
    moves = np.diff(walks, axis=1)
    moved = (np.abs(moves[:, :, members]) > 1e-12).any(axis=2)
    if not (moved.sum(axis=1) == 1).all():
        raise ValueError("each trajectory must move each factor or group exactly once")
    step = moved.argmax(axis=1)
    each = np.arange(len(walks))
    length = moves[each, step][:, members]
    by = length[:, 0] if len(members) == 1 else np.abs(length).max(axis=1)
    effects: Floats = (outputs[each, step + 1] - outputs[each, step]) / by[:, None]
    return effects


def _resampled(effects: Floats, shares: Floats) -> Floats:
    """mu, mu* and sigma of every resample: (resample, 3).

    A resample takes whole trajectories; effects that are missing count for nothing.
    """
    usable = complete(effects)
    mean = np.where(usable, effects.mean(axis=1), 0.0)
    weight = shares @ usable
    weight = np.where(weight > 0, weight, 1.0)
    n = int(usable.sum())
    middle = mean.sum() / n
    far = np.where(usable, mean - middle, 0.0)
    shift, mu_star, square = (shares @ one / weight for one in (far, np.abs(mean), far**2))
    sigma = np.sqrt(np.maximum(0.0, square - shift**2) * n / (n - 1))
    return np.stack([middle + shift, mu_star, sigma], axis=1)


def _summary(
    name: str, effects: Floats, single: bool, resampled: Floats, bootstrap: Bootstrap
) -> Effects:
    used = effects[complete(effects)]
    mean = used.mean(axis=1)
    values = np.array([mean.mean(), np.abs(mean).mean(), mean.std(ddof=1)])
    signs = np.sign(mean)[:, None]
    common = np.array(
        [*(common_variance(one, bootstrap.confidence) for one in (used, signs * used)), 0.0]
    )
    mu, *sizes = bootstrap.estimates(values, resampled, common)
    mu_star, sigma = (replace(one, low=max(0.0, one.low or 0.0)) for one in sizes)
    shared, own = components(used)
    many = effects.shape[1] > 1
    return Effects(
        name,
        mu if single else None,
        mu_star,
        sigma if single else None,
        sd(float(values[2]) ** 2 - own) if single and many else None,
        noise_floor(own, shared, *used.shape) if many else None,
        len(used),
        len(effects) - len(used),
    )


def noise_floor(own: float, shared: float, n: int, replications: int) -> float:
    """What mu* of a factor without effect stays below in 19 of 20 cases, in the unit of effects.

    The margin is for chance in n sizes and in the estimate of v, which has (n - 1)(R - 1) degrees
    of freedom.

    Args:
        own: Variance of the noise of one averaged effect that it does not share, v.
        shared: Variance of the noise that all effects of the factor share, w.
        n: Number of effects, >= 2.
        replications: R, >= 2.

    Source: mean and variance of the folded normal distribution (Leone, Nelson and Nottingham 1961).
    """
    from scipy.special import ndtr, stdtrit

    freedom = (n - 1) * (replications - 1)
    shift = student(replications, CONFIDENCE) * sqrt(shared)
    if own <= 0:
        return shift
    ratio = shift / sqrt(own)
    mean = sqrt(2 * own / pi) * exp(-0.5 * ratio**2) + shift * (1 - 2 * float(ndtr(-ratio)))
    chance = (shift**2 + own - mean**2) / n
    estimated = mean**2 / (2 * freedom)
    return mean + (float(stdtrit(freedom, CONFIDENCE)) + SKEWNESS) * sd(chance + estimated)
