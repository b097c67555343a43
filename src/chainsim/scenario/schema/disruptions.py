"""Disruptions: what is hit, how, when, and how it comes back."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from chainsim.scenario.schema.distributions import (
    Constant,
    DurationDistribution,
    FactorDistribution,
)
from chainsim.scenario.schema.fields import (
    Block,
    Duration,
    Factor,
    Flag,
    Id,
    PositiveDuration,
    Share,
    When,
    refuse,
)
from chainsim.scenario.schema.selectors import Selector


class LeadTime(Block):
    """Changes the transit time of shipments dispatched while it is in force."""

    factor: Factor | None = None
    extra: Duration | None = None


class Effect(Block):
    """What a disruption does; several may be given."""

    capacity: FactorDistribution | None = None
    """Multiplies the speed of operations and the daily quota of lanes; 0 stops them."""
    floor: Share | None = None
    """The speed does not fall below this (backup power)."""
    lead_time: LeadTime | None = None
    lane: Literal["closed"] | None = None
    """No departures."""
    in_transit: Literal["continue", "hold"] = "continue"
    """What goods on a closed lane do."""
    orders: Literal["paused"] | None = None
    """The sites place no orders."""
    shipments: Literal["paused"] | None = None
    """Nothing leaves the sites."""
    receipts: Literal["paused"] | None = None
    """Goods wait at the gate."""
    stock_loss: Share | None = None
    """This share of the stock on hand is lost at the start."""
    demand: Factor | None = None
    """Multiplies the rate or the plan of outside demand."""

    @model_validator(mode="after")
    def _something(self) -> Effect:
        given = self.model_fields_set - {"floor", "in_transit"}
        if not given:
            raise refuse("name at least one effect: capacity, lead_time, lane, orders, shipments,"
                         " receipts, stock_loss or demand")  # fmt: skip
        if self.floor is not None and self.capacity is None:
            raise refuse("have floor only with capacity")
        return self


class Stage(Block):
    """One step of a recovery in stages."""

    after: Duration
    """Since the end of the full effect."""
    recovered: Share


class Recovery(Block):
    """The way back, after the full effect has ended."""

    shape: Literal["step", "linear", "exponential", "s_curve", "stages"] = "step"
    over: PositiveDuration | None = None
    """Length of a linear or S-shaped recovery; three time constants of an exponential one."""
    stages: tuple[Stage, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Recovery:
        if (self.shape in ("linear", "exponential", "s_curve")) != (self.over is not None):
            raise refuse(f"have over exactly with a gradual shape, here {self.shape}")
        if (self.shape == "stages") != bool(self.stages):
            raise refuse("have stages exactly with shape stages")
        return self


def _dates(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


SHORTEST_INTERVAL = 60
"""Seconds."""


class Timing(Block):
    """A date, dates, or a random process drawn before the run."""

    at: Annotated[tuple[When, ...], BeforeValidator(_dates)] = ()
    every: DurationDistribution | None = None
    """Random interval (instead of dates)."""
    between: Literal["starts", "ends"] = "starts"
    """'starts': from start to start, events may overlap; 'ends': from the end of one to the
    start of the next (alternating up and down)."""
    first: When | None = None
    """From when the random process runs; the start of the run unless given."""

    @model_validator(mode="after")
    def _one(self) -> Timing:
        if bool(self.at) == (self.every is not None):
            raise refuse("have exactly one of at (dates) and every (a random interval)")
        if isinstance(self.every, Constant) and self.every.value.value < SHORTEST_INTERVAL:
            raise refuse("strike once a minute at most")
        return self


class Disruption(Block):
    """A target, an effect, a time course and a timing."""

    id: Id
    name: str | None = None
    note: str | None = None
    target: Selector
    participation: Share = Fraction(1)
    """Probability with which each selected site is hit, drawn once per event and site."""
    effect: Effect
    timing: Timing
    duration: DurationDistribution
    """Full effect, in calendar time."""
    onset: PositiveDuration | None = None
    """Linear fall to the full effect before the duration counts; a step unless given."""
    recovery: Recovery = Field(default_factory=lambda: Recovery())
    enabled: Flag = True
