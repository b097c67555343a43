"""Lanes: how goods travel between sites."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from chainsim.scenario.quantities import TIME, Quantity
from chainsim.scenario.schema.distributions import Constant, DurationDistribution
from chainsim.scenario.schema.fields import (
    Amount,
    Block,
    Flag,
    Id,
    Interval,
    Length,
    Money,
    PositiveDuration,
    TimeOfDay,
    When,
    Whole,
    refuse,
)
from chainsim.scenario.schema.selectors import Selector, site_selector


def _at_once() -> Constant:
    return Constant(dist="constant", value=Quantity(Fraction(0), TIME))


class Departures(Block):
    """Regular departures; without them goods leave at once."""

    every: Interval
    at: TimeOfDay = 0
    """Time of day of the first departure on the first day."""


class InTransit(Block):
    """Goods on the road at the start: one shipment, or several evenly spaced."""

    item: Id
    amount: Amount
    """Amount of each shipment."""
    arrives: When
    """Arrival of the (first) shipment."""
    count: Annotated[Whole, Field(ge=1, le=10_000_000)] = 1
    every: PositiveDuration | None = None
    """Between the arrivals of several shipments."""

    @model_validator(mode="after")
    def _spaced(self) -> InTransit:
        if (self.count > 1) != (self.every is not None):
            raise refuse("have every exactly with a count above 1")
        return self


class Lane(Block):
    """A way for goods from a site to another; with selectors, one lane for every pair."""

    origin: Annotated[Selector, BeforeValidator(site_selector)] = Field(alias="from")
    """A site, a list of sites, or a selector."""
    destination: Annotated[Selector, BeforeValidator(site_selector)] = Field(alias="to")
    items: Annotated[tuple[Id, ...], Field(min_length=1)]
    """What may travel here."""
    order_lead: DurationDistribution = Field(default_factory=_at_once)
    """From an order to its reaching the source."""
    transit: DurationDistribution = Field(default_factory=_at_once)
    """From departure to arrival, drawn at dispatch."""
    crossing: Flag = True
    """Whether a later shipment may overtake an earlier one."""
    departures: Departures | None = None
    load: Amount | None = None
    """Goods leave in whole loads of this amount only."""
    capacity_per_day: Amount | None = None
    """A day's quota of departures; renewed at midnight."""
    priority: Whole = 0
    """Among the lanes of one pair the first open one is used."""
    distance: Length | None = None
    cost: Money | None = None
    """Yuan per unit moved."""
    in_transit: tuple[InTransit, ...] = ()
    order: Whole = 0
