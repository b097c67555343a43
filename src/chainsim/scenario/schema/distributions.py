"""Probability distributions as written in a scenario.

Parameters are those of the field's usual text (Law, Simulation Modeling and Analysis, ch. 6);
every distribution may be shifted. Which dimension the values have is said by the field that
holds the distribution.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from chainsim.scenario import quantities
from chainsim.scenario.quantities import Dimension, Quantity
from chainsim.scenario.schema.fields import (
    LONGEST_TIME,
    AnyQuantity,
    Block,
    PositiveFactor,
    Share,
    Whole,
    as_quantity,
    refuse,
)

PLAIN = ("shift", "dist")
LONGEST = LONGEST_TIME * 86_400
LEAST_KEPT = 0.001
"""Share of a truncated normal: values are drawn until one lies within the bounds."""


class Shifted(Block):
    """What all distributions share."""

    shift: AnyQuantity | None = None
    """Added to every value."""


class Constant(Shifted):
    """Always the same value."""

    dist: Literal["constant"]
    value: AnyQuantity


class Uniform(Shifted):
    """Uniform between low and high."""

    dist: Literal["uniform"]
    low: AnyQuantity
    high: AnyQuantity


class Triangular(Shifted):
    """Triangular from low to high with the given mode."""

    dist: Literal["triangular"]
    low: AnyQuantity
    mode: AnyQuantity
    high: AnyQuantity


class Pert(Shifted):
    """Beta-PERT from low to high: mean (low + 4 mode + high) / 6."""

    dist: Literal["pert"]
    low: AnyQuantity
    mode: AnyQuantity
    high: AnyQuantity


class Beta(Shifted):
    """Beta with shapes a and b, stretched from low to high."""

    dist: Literal["beta"]
    a: PositiveFactor
    b: PositiveFactor
    low: AnyQuantity
    high: AnyQuantity


class Normal(Shifted):
    """Normal; with `min` or `max` truncated by rejection (mean and sd are those before)."""

    dist: Literal["normal"]
    mean: AnyQuantity
    sd: AnyQuantity
    min: AnyQuantity | None = None
    max: AnyQuantity | None = None


class Exponential(Shifted):
    """Exponential with its mean."""

    dist: Literal["exponential"]
    mean: AnyQuantity


class Erlang(Shifted):
    """Sum of k exponentials, with the mean of the sum."""

    dist: Literal["erlang"]
    k: Annotated[Whole, Field(ge=1)]
    mean: AnyQuantity


class Gamma(Shifted):
    """Gamma with its mean and coefficient of variation."""

    dist: Literal["gamma"]
    mean: AnyQuantity
    cv: PositiveFactor


class Lognormal(Shifted):
    """Lognormal by mean and cv, or by median and sigma of the logarithm."""

    dist: Literal["lognormal"]
    mean: AnyQuantity | None = None
    cv: PositiveFactor | None = None
    median: AnyQuantity | None = None
    sigma: PositiveFactor | None = None

    @model_validator(mode="after")
    def _one_pair(self) -> Lognormal:
        by_mean = self.mean is not None and self.cv is not None
        by_median = self.median is not None and self.sigma is not None
        given = sum(v is not None for v in (self.mean, self.cv, self.median, self.sigma))
        if given != 2 or not (by_mean or by_median):
            raise refuse("have either mean and cv, or median and sigma")
        return self


class Weibull(Shifted):
    """Weibull with shape and scale."""

    dist: Literal["weibull"]
    shape: Annotated[PositiveFactor, Field(ge=0.05)]
    scale: AnyQuantity


class Geometric(Shifted):
    """Number of trials up to and with the first success: 1, 2, ..."""

    dist: Literal["geometric"]
    p: Share


class Poisson(Shifted):
    """Poisson counts with their mean."""

    dist: Literal["poisson"]
    mean: AnyQuantity


class Discrete(Shifted):
    """One of `values`, drawn with the probabilities `p`."""

    dist: Literal["discrete"]
    values: Annotated[tuple[AnyQuantity, ...], Field(min_length=1)]
    p: tuple[Share, ...]

    @model_validator(mode="after")
    def _sums_to_one(self) -> Discrete:
        if len(self.p) != len(self.values):
            raise refuse("have as many probabilities p as values")
        if abs(sum(self.p) - 1) > 1e-9:
            raise refuse(f"have probabilities p that sum to 1, not {float(sum(self.p)):g}")
        return self


class Empirical(Shifted):
    """One of the observed `values`, each equally likely."""

    dist: Literal["empirical"]
    values: Annotated[tuple[AnyQuantity, ...], Field(min_length=1)]


class Trace(Shifted):
    """The `values` in their order; after the last one the first comes again."""

    dist: Literal["trace"]
    values: Annotated[tuple[AnyQuantity, ...], Field(min_length=1)]


Distribution = (
    Constant | Uniform | Triangular | Pert | Beta | Normal | Exponential | Erlang | Gamma
    | Lognormal | Weibull | Geometric | Poisson | Discrete | Empirical | Trace
)  # fmt: skip


def _constant_shorthand(value: Any) -> Any:
    """A bare value stands for a constant."""
    if isinstance(value, dict | Block):
        return value
    return Constant(dist="constant", value=as_quantity(value)[0])


def values_of(distribution: Distribution) -> list[tuple[str, Quantity]]:
    """Every parameter of a distribution that has the dimension of its values."""
    found: list[tuple[str, Quantity]] = []
    for name in type(distribution).model_fields:
        value = getattr(distribution, name)
        if isinstance(value, Quantity):
            found.append((name, value))
        elif name == "values":
            found.extend((f"values[{i}]", v) for i, v in enumerate(value))
    return found


def _ordered(d: Distribution) -> None:
    if isinstance(d, Uniform | Beta | Triangular | Pert) and d.low.value > d.high.value:
        raise refuse("have low at most high")
    if isinstance(d, Triangular | Pert) and not d.low.value <= d.mode.value <= d.high.value:
        raise refuse("have its mode between low and high")
    if isinstance(d, Triangular | Pert | Beta) and d.low.value == d.high.value:
        raise refuse("have low below high (use constant for a single value)")
    if isinstance(d, Normal):
        if d.sd.value < 0:
            raise refuse("have sd at least 0")
        if d.min is not None and d.max is not None and d.min.value >= d.max.value:
            raise refuse("have min below max")
    if isinstance(d, Exponential | Erlang | Gamma) and d.mean.value <= 0:
        raise refuse("have a mean above 0")
    if isinstance(d, Lognormal) and (d.mean or d.median or Quantity(0)).value <= 0:  # type: ignore[arg-type]
        raise refuse("have a mean or median above 0")
    if isinstance(d, Weibull) and d.scale.value <= 0:
        raise refuse("have a scale above 0")
    if isinstance(d, Geometric) and d.p == 0:
        raise refuse("have p above 0")


def _least(d: Distribution) -> Any:
    """The smallest value, or None where it is unbounded below."""
    shift = d.shift.value if d.shift else 0
    if isinstance(d, Constant):
        return d.value.value + shift
    if isinstance(d, Uniform | Triangular | Pert | Beta):
        return d.low.value + shift
    if isinstance(d, Discrete | Empirical | Trace):
        return min(v.value for v in d.values) + shift
    if isinstance(d, Normal):
        return d.min.value + shift if d.min is not None else (None if d.sd.value else d.mean.value)
    return shift


def _kept(d: Normal, low: float | None) -> float:
    """The share of a normal's values that lie within its bounds."""
    mean, sd = float(d.mean.value), float(d.sd.value)
    bounds = [(-math.inf if low is None else low) if d.min is None else float(d.min.value)]
    bounds.append(math.inf if d.max is None else float(d.max.value))
    if sd <= 0:
        return 1.0
    below, above = (math.erf((bound - mean) / sd / math.sqrt(2)) for bound in bounds)
    return (above - below) / 2


def distribution_of(dimension: Dimension | None, unit: str, low: float | None = 0) -> Any:
    """A field type: a distribution of values of `dimension` (bare numbers mean `unit`).

    With `dimension` None the values are amounts of an item. `low` bounds the values from below;
    an unbounded normal is allowed (it is cut at `low` by rejection when drawn).
    """
    bare = quantities.unit(unit)

    def convert(d: Distribution) -> Distribution:
        changes: dict[str, Any] = {}
        for name in type(d).model_fields:
            value = getattr(d, name)
            if isinstance(value, Quantity):
                changes[name] = _scaled(value, name)
            elif name == "values":
                changes[name] = tuple(_scaled(v, name) for v in value)
        fixed = d.model_copy(update=changes)
        _ordered(fixed)
        least = _least(fixed)
        if low is not None and least is not None and least < low:
            raise refuse(f"have no values below {low:g}")
        if isinstance(fixed, Normal) and _kept(fixed, low) < LEAST_KEPT:
            raise refuse(f"keep at least {LEAST_KEPT:.1%} of the normal values within its bounds")
        return fixed

    def _scaled(value: Quantity, name: str) -> Quantity:
        if value.dimension == quantities.NONE and dimension is not None:
            value = value * bare
        if dimension == quantities.TIME == value.dimension and value.value > LONGEST:
            raise refuse(f"have {name} of at most {LONGEST_TIME} d")
        if dimension is None or value.dimension == dimension:
            return value
        raise refuse(
            f"have {name} as {quantities.describe(dimension)}"
            f" (in {quantities.units_of(dimension)}), not {quantities.describe(value.dimension)}"
        )

    return Annotated[
        Annotated[Distribution, Field(discriminator="dist")],
        BeforeValidator(_constant_shorthand),
        AfterValidator(convert),
    ]


DurationDistribution = distribution_of(quantities.TIME, "d")
"""Random or constant duration in seconds; a bare number means days."""
AmountDistribution = distribution_of(None, "1")
"""Random or constant amount of an item, in its unit."""
FactorDistribution = distribution_of(quantities.NONE, "1")
"""Random or constant factor."""
