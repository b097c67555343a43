"""The whole study file: what is varied, how, how often, and what is looked at."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from chainsim.scenario.schema.expectations import Expectation
from chainsim.scenario.schema.fields import (
    Block,
    Count,
    Flag,
    Id,
    Share,
    Whole,
    Written,
    refuse,
)

Shape = Literal["uniform", "log_uniform", "triangular", "normal"]
BASE = "base"
"""The name of the base scenario of a study that has one."""


def _plain(value: Any) -> Any:
    if isinstance(value, dict | list):
        raise refuse("be a single value")
    return value


Scalar = Annotated[Any, BeforeValidator(_plain), WithJsonSchema({})]
"""A value as it stands in a scenario: a number, a quantity, a word, true or false."""
Words = Annotated[tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)]
"""One word or a list of words."""


class Factor(Block):
    """One thing that is varied, or every assumed parameter that matches."""

    parameter: str | None = None
    """The name of a parameter; its range is that of the table unless given."""
    path: str | None = None
    """Or a path of the scenario, as `--set` has it."""
    assumed: Flag | Words | None = None
    """Or every assumed parameter that the scenario uses, or those whose names match a pattern
    (`stocks.*`), each a factor of its own with the range of its table."""
    except_: Words = Field(default=(), alias="except")
    """Patterns of names that `assumed` leaves out."""
    low: Written | None = None
    high: Written | None = None
    """The range; of a normal shape where it is cut."""
    values: tuple[Scalar, ...] = ()
    """Instead of a range: the values it may have, all alike likely."""
    shape: Shape = "uniform"
    """How values lie in the range, where the design draws them."""
    mode: Written | None = None
    """The peak of a triangular shape; the value of the scenario unless given."""
    mean: Written | None = None
    sd: Written | None = None
    """Of a normal shape."""
    whole: Flag = False
    """Whether only whole numbers are meant; low and high are whole then."""
    group: Id | None = None
    """Factors of one group are varied together, as one factor, by Morris and Sobol designs."""
    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    """What figures call it; the parameter or the path unless given."""

    @model_validator(mode="after")
    def _one(self) -> Factor:
        given = [w for w in ("parameter", "path", "assumed") if getattr(self, w) is not None]
        if len(given) != 1:
            raise refuse("have exactly one of parameter, path and assumed")
        if self.assumed is False:
            raise refuse("have assumed: true, or patterns of names")
        if self.except_ and self.assumed is None:
            raise refuse("have except beside assumed only")
        ranged = (self.low, self.high, self.mode, self.mean, self.sd)
        if self.assumed is not None and (self.values or self.name or any(ranged)):
            raise refuse("take values and ranges of assumed parameters from the table")
        if self.values and any(one is not None for one in ranged):
            raise refuse("have values or a range, not both")
        return self

    @model_validator(mode="after")
    def _shaped(self) -> Factor:
        if self.mode is not None and self.shape != "triangular":
            raise refuse("have a mode with shape: triangular only")
        normal = self.mean is not None or self.sd is not None
        if normal and self.shape != "normal":
            raise refuse("have mean and sd with shape: normal only")
        if self.shape == "normal" and self.sd is None:
            raise refuse("have sd, the standard deviation of its normal shape")
        if self.path is not None and not self.values and (self.low is None or self.high is None):
            raise refuse("have low and high, or values: a path has no table with a range")
        return self


class _Design(Block):
    """What every design has."""

    factors: Words = ()
    """Names (or groups) of the factors it varies; all unless given. The others keep their value."""


class Base(_Design):
    """The scenario as it is: one point."""

    method: Literal["base"]


class OneAtATime(_Design):
    """The base, then each factor at its low and its high end with all others at their base."""

    method: Literal["one_at_a_time"]


class Grid(_Design):
    """Every combination."""

    method: Literal["grid"]
    levels: Annotated[Whole, Field(ge=2, le=1000)] = 3
    """Equal steps over a range; a list of values has its own."""


class LatinHypercube(_Design):
    """Points that fill every stratum of every factor once."""

    method: Literal["latin_hypercube"]
    n: Annotated[Whole, Field(ge=2, le=10_000_000)]
    seed: Annotated[Whole, Field(ge=0, lt=2**32)] = 1


class Sobol(_Design):
    """Saltelli's blocks of a scrambled Sobol' sequence, for variance-based indices."""

    method: Literal["sobol"]
    n: Annotated[Whole, Field(ge=2, le=2**24)]
    """A power of two."""
    second_order: Flag = False
    """Also the interactions of every two: about twice the runs."""
    seed: Annotated[Whole, Field(ge=0, lt=2**32)] = 1

    @model_validator(mode="after")
    def _power(self) -> Sobol:
        if self.n & (self.n - 1):
            higher = 1 << self.n.bit_length()
            raise refuse(
                f"have n as a power of two, for the balance of the sequence: {higher // 2} or"
                f" {higher}, not {self.n}"
            )
        return self


class Morris(_Design):
    """Trajectories that change one factor after the other, for screening."""

    method: Literal["morris"]
    trajectories: Annotated[Whole, Field(ge=2, le=100_000)] = 10
    levels: Annotated[Whole, Field(ge=2, le=100)] = 4
    seed: Annotated[Whole, Field(ge=0, lt=2**32)] = 1

    @model_validator(mode="after")
    def _even(self) -> Morris:
        if self.levels % 2:
            raise refuse("have an even number of levels, so that all are equally likely")
        return self


class Listed(_Design):
    """Points from a CSV file with a column for each factor."""

    method: Literal["list"]
    file: Annotated[str, Field(min_length=1)]
    """Relative to the study."""


Design = Annotated[
    Base | OneAtATime | Grid | LatinHypercube | Sobol | Morris | Listed,
    Field(discriminator="method"),
]


class Budget(Block):
    """What a study may cost; a plan beyond it is refused before anything runs."""

    runs: Annotated[Whole, Field(ge=1, le=100_000_000)] = 20_000
    """Points times replications, of all base scenarios."""


class Target(Block):
    """A bound of a measure: its contour is drawn, and where it is missed is looked for."""

    measure: str
    at_least: Written | None = None
    """In the unit of the measure unless given."""
    at_most: Written | None = None

    @model_validator(mode="after")
    def _one(self) -> Target:
        if (self.at_least is None) == (self.at_most is None):
            raise refuse("have exactly one of at_least and at_most")
        return self


class StudyFile(Block):
    """A study: base scenarios, factors, designs."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    """What a store of its runs belongs to."""
    description: str | None = None
    base: str | dict[Id, str]
    """A scenario file, or several by name, relative to the study."""
    set: dict[str, Scalar] = {}
    """Values that replace those of the base scenarios in all points, by path as `--set` has it."""
    factors: Annotated[tuple[Factor, ...], Field(min_length=1)]
    design: Annotated[tuple[Design, ...], Field(min_length=1)]
    """One design, or a list of them."""
    replications: Count = 1
    """Of every point; replication k has the same random numbers at all points."""
    measures: tuple[str, ...] = ()
    """The measures that are looked at; those of output and its recovery unless given."""
    targets: tuple[Target, ...] = ()
    daily: tuple[str, ...] = ()
    """Daily series of the whole chain that are kept: output, or KIND.NAME of daily results."""
    confidence: Share = Fraction(95, 100)
    budget: Budget = Field(default_factory=lambda: Budget())
    expect: tuple[Expectation, ...] = ()

    @model_validator(mode="after")
    def _some(self) -> StudyFile:
        if isinstance(self.base, dict) and not self.base:
            raise refuse("name a base scenario")
        return self

    @property
    def bases(self) -> dict[str, str]:
        """The files of the base scenarios by name."""
        return {BASE: self.base} if isinstance(self.base, str) else dict(self.base)
