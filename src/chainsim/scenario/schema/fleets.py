"""Fleets: what was delivered is in use until it is scrapped, and comes back for inspection."""

from __future__ import annotations

from fractions import Fraction

from pydantic import Field, model_validator

from chainsim.scenario.schema.distributions import DurationDistribution
from chainsim.scenario.schema.fields import (
    Amount,
    Block,
    DayOrMore,
    Id,
    Moment,
    PositiveDuration,
    Share,
    refuse,
)


class Cohort(Block):
    """Units sold on one day, or evenly over some days, that are in use at the start."""

    sold: Moment
    """The (first) day on which they were sold."""
    last: Moment | None = Field(default=None, alias="to")
    """The last day; the first unless given."""
    amount: Amount
    """How many of them are still in use at the start of the simulation."""

    @model_validator(mode="after")
    def _forward(self) -> Cohort:
        if self.last is not None and self.last < self.sold:
            raise refuse("have 'to' not before 'sold'")
        return self


class Inspections(Block):
    """At which ages units come for inspection: listed ones, or regular ones."""

    ages: tuple[PositiveDuration, ...] = ()
    """In rising order, since the end of the day of sale; part days are rounded up."""
    every: DayOrMore | None = None
    """Instead of ages: one inspection after the other at this interval."""
    first: PositiveDuration | None = Field(default=None, alias="from")
    """With `every`: the age at the first one; one interval unless given."""
    share: Share = Fraction(1)
    """The part of the units in use at that age that comes."""
    since: Moment | None = None
    """The first day on which anything falls due; what would have done so before never comes."""

    @model_validator(mode="after")
    def _one_way(self) -> Inspections:
        if bool(self.ages) == (self.every is not None):
            raise refuse("have exactly one of ages and every")
        if self.first is not None and self.every is None:
            raise refuse("have from only beside every")
        return self


class Fleet(Block):
    """All units of an item that customers have and use: initial + sold - scrapped."""

    item: Id
    """What customers of any site take delivery of enters the fleet."""
    sold_in: Share = Fraction(1)
    """The part of the deliveries that enters; the others leave the region."""
    initial: tuple[Cohort, ...] = ()
    """What is in use at the start of the simulation, by day of sale."""
    lifetime: DurationDistribution
    """From the end of the day of sale until a unit is scrapped."""
    inspections: Inspections | None = None
    """Without them nothing comes back."""
