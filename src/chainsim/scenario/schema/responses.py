"""Responses: what a planner can do against a disruption, each with what it costs."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from chainsim.scenario.schema.distributions import DurationDistribution
from chainsim.scenario.schema.fields import (
    Amount,
    Block,
    Duration,
    Factor,
    Flag,
    Id,
    Moment,
    Money,
    PositiveDuration,
    PositiveFactor,
    Share,
    When,
    refuse,
)
from chainsim.scenario.schema.replenishment import Review
from chainsim.scenario.schema.selectors import Selector, several, site_selector

Sites = Annotated[Selector, BeforeValidator(site_selector)]
"""A site, a list of sites, or a selector of sites."""


def _different(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise refuse("name each one once")
    return names


Ids = Annotated[tuple[Id, ...], BeforeValidator(several), AfterValidator(_different)]
"""A name or a list of names."""
Items = Annotated[Ids, Field(min_length=1)]


class Cost(Block):
    """What a response costs; each part 0 unless given."""

    fixed: Money = Fraction(0)
    """Once, for having the response at all."""
    per_day: Money = Fraction(0)
    """For every day and site for which it is in force."""
    per_unit: Money = Fraction(0)
    """For every unit that it moves, orders or makes."""


class Planned(Block):
    """What every response has."""

    at: Sites
    """The sites that respond."""
    cost: Cost = Field(default_factory=lambda: Cost())
    enabled: Flag = True
    note: str | None = None


class ExtraCover(Planned):
    """Keep more of an item: always (a safety stock), or between two dates (pre-building).

    It is added to every target of the item that is given as days of cover: of orders, and of
    operations that pull for it.
    """

    kind: Literal["cover"]
    item: Items
    extra: PositiveDuration
    """In working days of the user."""
    first: When | None = Field(default=None, alias="from")
    last: When | None = Field(default=None, alias="until")
    """The first instant without it; days count from midnight to midnight."""

    @model_validator(mode="after")
    def _window(self) -> ExtraCover:
        if (self.first is None) != (self.last is None):
            raise refuse("have from and until together, or neither")
        return self


class Activation(Block):
    """When a second source is used, and how fast it comes."""

    after: Duration = Fraction(0)
    """The first source has been down for so long."""
    qualification: Duration = Fraction(0)
    """Added before the first use of a run: samples, audit, release."""
    ramp: Duration = Fraction(0)
    """From the activation the part of the orders that moves grows in a straight line."""
    left: Share = Fraction(0)
    """A source counts as down while disruptions leave it no more than this of its speed."""


class SecondSource(Planned):
    """Order from another source what falls to sources that are down."""

    kind: Literal["second_source"]
    item: Id
    source: Id
    """The other source; a lane carries the item from it to every site that responds."""
    instead_of: Ids = ()
    """Only what falls to these sources; to any unless given."""
    share: Share = Fraction(1)
    """The largest part of it that moves."""
    activate: Activation = Field(default_factory=lambda: Activation())


class Expedite(Planned):
    """Hurry shipments and orders for an item while its stock is low."""

    kind: Literal["expedite"]
    item: Items
    below: PositiveDuration
    """While on hand is less than this many days of the plan's use."""
    transit: Factor = Fraction(1)
    """Multiplies the transit time of shipments dispatched meanwhile."""
    order_lead: Factor = Fraction(1)
    """Multiplies the order lead time of orders placed meanwhile."""

    @model_validator(mode="after")
    def _faster(self) -> Expedite:
        if self.transit > 1 or self.order_lead > 1:
            raise refuse("have transit and order_lead of at most 1: expedited goods are no slower")
        if self.transit == self.order_lead == 1:
            raise refuse("have transit or order_lead below 1")
        return self


class PlannedOvertime(Planned):
    """Work faster on lots that start while the backlog of the pulled item is high."""

    kind: Literal["overtime"]
    operation: Id
    factor: PositiveFactor
    """Multiplies the speed; above 1."""
    backlog_above: Amount | Duration | None = None
    """Threshold: an amount, or a time of the plan's use (a bare number is an amount)."""

    @model_validator(mode="after")
    def _faster(self) -> PlannedOvertime:
        if self.factor <= 1:
            raise refuse("have a factor above 1")
        return self


class OtherShifts(Planned):
    """Follow another calendar for some days: work through a holiday, or add shifts."""

    kind: Literal["shifts"]
    calendar: Id
    """The calendar of these days, for the site and its operations with calendars of their own."""
    first: Moment = Field(alias="from")
    last: Moment = Field(alias="to")
    """The last day (inclusive)."""

    @model_validator(mode="after")
    def _in_order(self) -> OtherShifts:
        if self.last < self.first:
            raise refuse("have 'to' not before 'from'")
        if any(when.time() != dt.time() for when in (self.first, self.last)):
            raise refuse("have whole days as 'from' and 'to'")
        return self


class BackupPower(Planned):
    """Keep operations at a least speed while a disruption takes their capacity."""

    kind: Literal["backup_power"]
    operation: Ids = ()
    """All operations of the sites unless given."""
    floor: Share
    """The speed that it keeps up."""
    start: Duration = Fraction(0)
    """From the start of the disruption until it runs."""
    lasts: PositiveDuration | None = None
    """How long it can run in one disruption; as long as needed unless given."""

    @model_validator(mode="after")
    def _some(self) -> BackupPower:
        if not self.floor:
            raise refuse("have a floor above 0")
        return self


class Rationing(Planned):
    """At a source that is short, fill the orders of some classes of customers first."""

    kind: Literal["rationing"]
    item: Items
    classes: Annotated[tuple[Sites, ...], Field(min_length=1)]
    """Selectors of ordering sites, the first class first; who is in none comes last."""


class Pooling(Planned):
    """Sites lend each other an item when one has little of it and others have plenty."""

    kind: Literal["pooling"]
    item: Items
    below: PositiveDuration
    """A site borrows up to this cover when it has less."""
    above: PositiveDuration
    """A site lends what it has above this cover."""
    review: Review
    """When the sites look at their stocks."""
    transit: DurationDistribution
    """From site to site."""

    @model_validator(mode="after")
    def _apart(self) -> Pooling:
        if self.below > self.above:
            raise refuse("have below no higher than above: nobody lends what it has to borrow")
        return self


Response = Annotated[
    ExtraCover
    | SecondSource
    | Expedite
    | PlannedOvertime
    | OtherShifts
    | BackupPower
    | Rationing
    | Pooling,
    Field(discriminator="kind"),
]
