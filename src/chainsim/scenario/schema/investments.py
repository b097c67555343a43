"""Investments: capacity that comes, goes or is converted, each with its date and what it costs."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, model_validator

from chainsim.scenario.schema.fields import (
    Block,
    Duration,
    Factor,
    Flag,
    Flow,
    Id,
    Money,
    PositiveDuration,
    PositiveFactor,
    PositiveShare,
    Share,
    Tally,
    When,
    Whole,
    refuse,
)

GRADUAL = {"linear": "over", "s_curve": "over", "exponential": "tau", "gompertz": "tau"}
"""The time that each gradual shape takes."""


class Ready(Block):
    """One step of a ramp in stages."""

    after: Duration
    """Since the opening."""
    ready: Share
    """The part that is ready from then on."""


class Ramp(Block):
    """How new capacity comes up to its size after the opening.

    linear: x = t / over; s_curve: 3x^2 - 2x^3; exponential: 1 - exp(-t / tau);
    gompertz: from ^ exp(-t / tau).
    """

    shape: Literal["step", "linear", "s_curve", "exponential", "gompertz", "stages"] = "step"
    over: PositiveDuration | None = None
    """Length of a linear or S-shaped ramp."""
    tau: PositiveDuration | None = None
    """Time constant of an exponential or Gompertz ramp."""
    low: PositiveShare = Field(default=Fraction(1, 100), alias="from")
    """Of a Gompertz ramp: the part that is ready at the opening."""
    stages: tuple[Ready, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Ramp:
        for name in ("over", "tau"):
            if (getattr(self, name) is not None) != (GRADUAL.get(self.shape) == name):
                raise refuse(f"have {name} exactly with {_shapes(name)}, here {self.shape}")
        if (self.shape == "stages") != bool(self.stages):
            raise refuse("have stages exactly with shape stages")
        if "low" in self.model_fields_set and self.shape != "gompertz":
            raise refuse(f"have from only with gompertz, here {self.shape}")
        return self


def _shapes(name: str) -> str:
    return " and ".join(shape for shape, needs in GRADUAL.items() if needs == name)


class Learning(Block):
    """Yield that grows with practice: what is missing to full yield shrinks with every doubling.

    Yield at a time t after the opening: 1 - (1 - start) (1 + t / after) ^ log2(rate), the learning
    curve of Wright (1936) with time in place of output.
    """

    start: Share
    """Good output over mature good output at the opening."""
    rate: PositiveShare
    """What one doubling of practice leaves of the missing part: above 0, at most 1."""
    after: PositiveDuration = Fraction(30 * 86_400)
    """Practice that the first doubling takes."""


class Rule(Block):
    """Invest when servers have been busy for long: looked at every midnight."""

    utilisation: PositiveFactor
    """Busy share of the time that servers were not closed, at or above which it is decided."""
    over: PositiveDuration
    """Whole days over which the share is taken."""
    at_most: Annotated[Whole, Field(ge=1, le=1000)] = 1
    """Times in a run; the next look begins afresh when the last servers have come."""
    since: When | None = None
    """The instant from which on it looks; from the beginning unless given."""


class Price(Block):
    """What an investment costs, in yuan, when its construction begins."""

    fixed: Money = Fraction(0)
    per_unit: Money = Fraction(0)
    """For every unit of `size` per year (365 d), or for every server."""


class Extent(Block):
    """How much capacity: exactly one of size, share and servers."""

    operation: Id | None = None
    """Whose speed or own servers change."""
    resource: Id | None = None
    """Or the shared servers that change."""
    size: Flow | None = None
    """Output per time while it runs at full speed, as the operation's `rate`."""
    share: Factor | None = None
    """Or a part of the operation's own full speed."""
    servers: Tally | None = None
    """Or whole servers."""

    @model_validator(mode="after")
    def _one(self) -> Extent:
        if (self.operation is None) == (self.resource is None):
            raise refuse("have exactly one of operation and resource")
        if sum(v is not None for v in (self.size, self.share, self.servers)) != 1:
            raise refuse("have exactly one of size, share and servers")
        if self.resource is not None and self.servers is None:
            raise refuse("have servers with a resource: its operations have speeds of their own")
        return self


class Project(Extent):
    """What every investment has."""

    at: Id
    """The site."""
    delay: Duration = Fraction(0)
    """Everything comes later by this."""
    ramp: Ramp = Field(default_factory=lambda: Ramp())
    cost: Price = Field(default_factory=lambda: Price())
    enabled: Flag = True
    note: str | None = None

    @model_validator(mode="after")
    def _servers_come_whole(self) -> Project:
        if self.servers is not None and self.ramp.shape not in ("step", "stages"):
            raise refuse("have a ramp in stages with servers: they come one by one")
        return self


class Built(Project):
    """What is built: it takes a time, and then capacity comes."""

    start: When | None = None
    """When construction begins."""
    when: Rule | None = None
    """Or the rule by which it begins; for servers."""
    construction: Duration = Fraction(0)
    """From its begin to the opening."""
    learning: Learning | None = None

    @model_validator(mode="after")
    def _begins(self) -> Built:
        if (self.start is None) == (self.when is None):
            raise refuse("have exactly one of start (a date) and when (a rule)")
        if self.when is not None and self.servers is None:
            raise refuse("have servers with when: speeds are known before the run")
        if self.learning is not None and self.servers is not None:
            raise refuse("have learning with size or share: it changes the speed")
        return self


class Expansion(Built):
    """New capacity of an operation."""

    kind: Literal["expansion"]


class Conversion(Built):
    """Capacity that takes the place of another: a line for fuel cars that is rebuilt."""

    kind: Literal["conversion"]
    line: Id
    """The physical line; works on one line do not overlap."""
    takes: Extent | None = None
    """What the works take away at the site from their begin on, for good."""

    @model_validator(mode="after")
    def _dated(self) -> Conversion:
        if self.start is None:
            raise refuse("have a start: a conversion is planned")
        return self


class Retirement(Project):
    """Capacity that goes."""

    kind: Literal["retirement"]
    start: When
    """When it begins to go; the ramp tells how fast."""


Investment = Annotated[Expansion | Conversion | Retirement, Field(discriminator="kind")]
