"""Responses as integers: what they cost, and what they add to operations, lanes and stocks."""

from __future__ import annotations

from dataclasses import dataclass

from chainsim.network.levels import Target


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """What a response costs, and when it is known to be in force."""

    id: str
    kind: str
    fixed: float
    """Yuan, once."""
    per_day: float
    """Yuan for every day and site in force."""
    per_unit: float
    """Yuan for every unit."""
    windows: tuple[tuple[int, int, int], ...] = ()
    """(from, until, sites) in seconds; what depends on disruptions is in the timetable."""


@dataclass(frozen=True, slots=True)
class BackupSpec:
    """Power of its own that keeps an operation going while a disruption takes its capacity."""

    response: int
    floor: float
    """The speed that it keeps up, as a fraction."""
    start: int
    """Seconds from the start of a disruption until it runs."""
    lasts: int
    """Seconds for which it can run in one disruption; NONE is as long as needed."""


@dataclass(frozen=True, slots=True)
class ExpediteSpec:
    """Hurry on a lane while its destination has little on hand."""

    response: int
    below: Target
    """While on hand is below this level."""
    transit: float
    """Multiplies transit times."""
    order_lead: float
    """Multiplies order lead times."""


@dataclass(frozen=True, slots=True)
class SecondSourceSpec:
    """Another source for what falls to sources that are down."""

    response: int
    lanes: tuple[int, ...]
    """Its lanes, by lane priority and rank."""
    instead_of: tuple[int, ...]
    """Positions among the sources of the replenishment."""
    after: int
    """Seconds that a source has been down before it is used."""
    qualification: int
    """Seconds that are added before the first use of a run."""
    ramp: int
    """Seconds over which the part that moves grows to `share`."""
    left: int
    """A source is down while disruptions leave it no more than this speed, ppm."""
    share: int
    """Largest part of an order that moves, ppm."""


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """Stocks of one item that help each other out."""

    id: str
    rank: int
    response: int
    stocks: tuple[int, ...]
    """The members, by site id."""
    lanes: tuple[tuple[int, ...], ...]
    """[lender][borrower] by place among the members; NONE from a member to itself."""
    below: tuple[Target, ...]
    """By member: it borrows up to this level when it has less."""
    above: tuple[Target, ...]
    """By member: it lends what it has above this level."""
    review: tuple[int, int]
    """(first, interval) in seconds."""
