"""The whole scenario file."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Annotated

from pydantic import Field, model_validator

from chainsim.scenario.schema.disruptions import Disruption
from chainsim.scenario.schema.expectations import Expectation
from chainsim.scenario.schema.fields import (
    AnyQuantity,
    Block,
    Count,
    Duration,
    Flag,
    Id,
    Moment,
    PositiveDuration,
    PositiveFactor,
    Share,
    WarmUp,
    When,
    Whole,
    Written,
    refuse,
)
from chainsim.scenario.schema.fleets import Fleet
from chainsim.scenario.schema.flows import Lane
from chainsim.scenario.schema.investments import Investment
from chainsim.scenario.schema.launches import Launch
from chainsim.scenario.schema.material import Item, Site
from chainsim.scenario.schema.national import National
from chainsim.scenario.schema.responses import Response
from chainsim.scenario.schema.selectors import Selector
from chainsim.scenario.schema.time import Calendar, Profile


class Precision(Block):
    """Add replications until a measure is known well enough."""

    measure: str
    relative: Share
    """Half-width of the interval over the absolute mean."""
    absolute: AnyQuantity | None = None
    """Or this half-width, where the mean is near zero."""
    at_most: Annotated[Whole, Field(ge=2, le=1_000_000)] = 1000


class Record(Block):
    """What is kept beside the daily trajectory."""

    at: tuple[When, ...] = ()
    """Instants at which all levels and counts are kept (after the last round)."""
    waits: tuple[str, ...] = ()
    """Stocks (site/item) whose parts' waiting times are kept."""
    delays: tuple[str, ...] = ()
    """Demands (site/id) whose delays are kept."""
    log: Flag = False
    """Every event, for traces and tests."""


class Run(Block):
    """The horizon and the statistics."""

    start: Moment = dt.datetime(2022, 1, 1)
    end: Moment | None = None
    """Events at the end do not happen. One of end and length."""
    length: PositiveDuration | None = None
    settled: Duration | None = None
    """Simulated before `start` so that the run begins in a settled state."""
    warm_up: WarmUp | None = None
    """After `start`; statistics begin at its end. Whole days, or `mser5`: found by MSER-5 from the
    daily output, averaged over replications without the dated disruptions."""
    replications: Annotated[Whole, Field(ge=1, le=10_000_000)] = 1
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = 1
    confidence: Share = Fraction(95, 100)
    precision: Precision | None = None
    record: Record = Field(default_factory=lambda: Record())
    rounds: Annotated[Whole, Field(ge=10, le=1_000_000)] = 1000
    """Rounds of one instant after which a loop is reported."""

    @model_validator(mode="after")
    def _horizon(self) -> Run:
        if (self.end is None) == (self.length is None):
            raise refuse("have exactly one of end and length")
        return self


class Observed(Block):
    """A documented figure that the run, or a computation, is compared with."""

    id: Id
    measure: str | None = None
    """A measure of the run; of an item as MEASURE.ITEM; or `output_growth`, output of the year of
    `to` (of the last year of the run unless given) over the year before, less 1."""
    at: Selector | None = None
    """The sites (and operations) that are measured; all unless given."""
    computed: AnyQuantity | None = None
    """Instead of a measure: a figure computed from parameters."""
    value: AnyQuantity
    source: str
    fitted: Flag = False
    """True where an input was set from this figure, so that agreement is no evidence."""
    note: str | None = None
    first: Moment | None = Field(default=None, alias="from")
    last: Moment | None = Field(default=None, alias="to")
    """The days counted (to: inclusive); the days of statistics unless given."""
    sd: AnyQuantity | None = None
    """How well the figure itself is known: its standard deviation, in the unit of the value."""
    relative_sd: Share | None = None
    """Or the standard deviation as a share of the value."""

    @model_validator(mode="after")
    def _one(self) -> Observed:
        if (self.measure is None) == (self.computed is None):
            raise refuse("have exactly one of measure and computed")
        if self.sd is not None and self.relative_sd is not None:
            raise refuse("have only one of sd and relative_sd")
        return self


class Sought(Block):
    """The range in which a parameter is sought; a bare number means the unit of its table."""

    low: Written | None = None
    high: Written | None = None
    """The range of the table unless given."""
    start: Written | None = None
    """Where the search starts; the value of the scenario unless given."""


class Calibrate(Block):
    """What `chainsim calibrate` fits: one to three parameters to observed figures.

    An empty block takes away that of a layer beneath.
    """

    parameters: dict[str, Sought] = {}
    figures: tuple[str, ...] = ()
    """Ids of observed figures; the others are predicted, not fitted."""
    tolerance: PositiveFactor = Fraction(1, 1000)
    """The standard deviation of a figure that gives none, as a share of its value."""
    realisations: Count = 1
    """Over how many courses of events an observed figure is the mean: what happened happened once,
    so chance moves it as it moves one replication."""


class Resilience(Block):
    """Compare every replication with its twin: the same draws without any disruption.

    Output is struck when it lies behind the twin's by more than `fail`, and recovered when it comes
    back to `recover` or less for as long as `hold`.
    """

    fail: Duration = Fraction(86_400)
    """In time of the twin's mean output: 1 d is a day's output."""
    recover: Duration = Fraction(86_400)
    hold: Duration = Fraction(7 * 86_400)

    @model_validator(mode="after")
    def _hysteresis(self) -> Resilience:
        if self.recover > self.fail:
            raise refuse("recover at no more than it fails")
        return self


class ScenarioFile(Block):
    """A scenario after `extends`, templates, parameters and overrides are worked in."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: str | None = None
    run: Run
    items: dict[Id, Item]
    sites: dict[Id, Site]
    lanes: dict[Id, Lane] = {}
    profiles: dict[Id, Profile] = {}
    calendars: dict[Id, Calendar] = {}
    disruptions: tuple[Disruption, ...] = ()
    responses: dict[Id, Response] = {}
    launches: dict[Id, Launch] = {}
    """New models by id; the id is also that of the item."""
    investments: dict[Id, Investment] = {}
    fleets: dict[Id, Fleet] = {}
    expect: tuple[Expectation, ...] = ()
    observed: tuple[Observed, ...] = ()
    observed_series: dict[Id, str] = {}
    """CSV files (month, value, unit, kind, source) drawn over a simulated measure."""
    resilience: Resilience | None = None
    calibrate: Calibrate | None = None
    output_item: Id | None = None
    """The item whose delivery is the output of the chain."""
    national: National | None = None
    """National output by year, of which the chain has a share."""
