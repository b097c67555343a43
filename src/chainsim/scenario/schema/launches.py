"""Launches: new models of a maker, which need a type approval before they are made in series."""

from __future__ import annotations

from fractions import Fraction

from pydantic import Field, model_validator

from chainsim.scenario.quantities import TIME, Quantity
from chainsim.scenario.schema.distributions import Constant, DurationDistribution
from chainsim.scenario.schema.fields import (
    Block,
    Count,
    Flag,
    Id,
    PositiveShare,
    Share,
    Tally,
    When,
    Whole,
    refuse,
)


def _at_once() -> Constant:
    return Constant(dist="constant", value=Quantity(Fraction(0), TIME))


class Pilot(Block):
    """Cars built before the approval, on the line of the series; they go to the institute."""

    lots: Count
    """Lots of the maker's operation."""
    start: When
    """The first of them starts here or later."""


class RepeatTest(Block):
    """The test after one that was not passed, as often as it takes."""

    time: DurationDistribution | None = None
    """Work on the bench; that of the first test unless given."""
    samples: Tally = 0
    """Crash cars that the maker builds anew for every repeat test."""


class Approval(Block):
    """The type approval of a model: a project on the benches of an institute."""

    at: Id
    """The institute."""
    operation: Id
    """An operation there whose servers, priority, calendar and speed the project shares."""
    applied: When
    """The earliest begin; the project also needs its crash cars and a free bench."""
    samples: Tally = 0
    """Crash cars, taken from pilot production and used up."""
    time: DurationDistribution | None = None
    """Work on the bench; that of the operation unless given."""
    passes: PositiveShare = Fraction(1)
    """Probability that a test is passed; after one that is not comes a repeat test."""
    repeat: RepeatTest | None = None
    filing: DurationDistribution = Field(default_factory=_at_once)
    """From the last test to the day from which the model may be built in series."""

    @model_validator(mode="after")
    def _repeat(self) -> Approval:
        if self.repeat is not None and self.passes == 1:
            raise refuse("have repeat only with passes below 1")
        return self


class Launch(Block):
    """A new model: from a date on a part of the maker's plan is for it."""

    name: str | None = None
    at: Id
    """The maker."""
    operation: Id
    """The operation that builds the model once it is approved. What follows at the site until the
    output item is made (test, rework) is done with the model, too."""
    planned: When
    """From here on a part of the maker's plan is for this model."""
    share: Id | Share
    """That part: a number or a profile, from 0 to 1; of the demand of process plan for the output
    item. The total stays the same to the unit."""
    pilot: Pilot | None = None
    """Needed where the approval takes crash cars."""
    approval: Approval
    priority: Whole | None = None
    """Of the model's operation; one behind the maker's unless given, so that a model that is late
    does not hold up the others."""
    enabled: Flag = True
    note: str | None = None
