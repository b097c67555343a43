"""The trajectory: what an engine hands back, whichever engine it was.

All quantities are thousandths of the item's unit, all times seconds since the start of the
simulation. A series is an integer array (day, entity). A level has three arrays: its value at the
end of each day, its exact time integral over each day (thousandth-seconds), and its value at the
start of the run. Series are kept packed and unpacked when they are asked for.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from chainsim.network.compiled import FULL_SPEED, SECONDS_PER_DAY, THOUSANDTHS
from chainsim.outcome.packing import Integers as Integers
from chainsim.outcome.packing import SeriesByName

STATES = (
    "broken_down",
    "closed",
    "disrupted",
    "blocked",
    "busy",
    "no_release",
    "waiting",
    "starved",
)
"""States of a server, the first that applies (docs/model.md, section 10)."""
OPEN_STATES = tuple(state for state in STATES if state != "closed")
"""Their time together is that of servers that are not closed."""

COUNTS: dict[str, tuple[str, ...]] = {
    "stocks": (
        "received", "produced", "arrived", "used", "shipped", "lost", "turned_away", "ordered",
    ),
    "demands": ("demanded", "delivered", "at_once", "same_day", "lost"),
    "lanes": ("ordered", "cancelled", "shipped", "departed", "received", "shipments"),
    "operations": ("started", "completed", "scrapped", "lots", "slots", "missed"),
    "resources": (*STATES, "slow_loss"),
    "inputs": ("starved",),
    "responses": ("active", "units"),
    "investments": ("begun", "opened"),
    "fleets": ("sold", "scrapped", "due", "came"),
    "arrivals": (),
}  # fmt: skip
"""Counts per day by kind of entity. Resources count server-seconds by state and, in
ppm-seconds, the work that slow-downs cost; inputs the server-seconds starved of them; responses the
site-seconds for which they are in force and the units that they move, order or make; fleets what
enters, leaves, falls due for inspection and is brought there."""

NUMBERS = ("shipments", "lots", "slots", "missed", "active", "begun", "opened", "servers")
"""Counts and levels that are plain numbers, not quantities."""

LEVELS: dict[str, tuple[str, ...]] = {
    "stocks": ("on_hand", "backlog", "on_order"),
    "demands": ("backlog",),
    "lanes": ("under_way", "waiting", "staged", "in_transit", "at_gate"),
    "operations": ("in_process", "blocked"),
    "resources": ("servers",),
    "inputs": (),
    "responses": (),
    "investments": (),
    "fleets": ("in_use", "waiting"),
    "arrivals": (),
}
"""Levels by kind of entity. Of a lane: orders on their way to the source, orders waiting there,
goods staged for departure, in transit, and waiting at the destination's gate. Of a resource: the
servers that are there. Of a fleet: what customers use, and inspections that have fallen due and
were not brought yet."""


@dataclass(frozen=True)
class Table:
    """The series of one kind of entity."""

    ids: tuple[str, ...]
    counts: SeriesByName
    """By name, (day, entity)."""
    levels: SeriesByName
    """By name, value at the end of each day, (day, entity)."""
    integrals: SeriesByName
    """By name, thousandth-seconds of the level over each day, (day, entity)."""
    initial: dict[str, Integers]
    """By name, the level at the start of the run, (entity)."""
    index: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {key: i for i, key in enumerate(self.ids)})


class Wait(NamedTuple):
    """A part of a quantity that waited: from when to when."""

    since: int
    until: int
    quantity: int


class Entry(NamedTuple):
    """One line of the event log.

    The quantity is in thousandths of the item's unit; of a disruption that strikes or eases it is
    the number of sites it hits.
    """

    time: int
    phase: int
    what: str
    entity: str
    quantity: int


@dataclass(frozen=True)
class Snapshot:
    """All levels and cumulated counts after the last round of one instant, by kind and name."""

    time: int
    levels: dict[str, dict[str, Integers]]
    counts: dict[str, dict[str, Integers]]


@dataclass(frozen=True)
class Trajectory:
    """One replication of a run."""

    origin: dt.datetime
    """The civil date and time of second 0."""
    day_ends: Integers
    """End of each day of the run in seconds (day,)."""
    statistics_from: int
    """Start of statistics in seconds: a day's end, or 0."""
    tables: dict[str, Table]
    """By kind: stocks, demands, lanes, operations, resources, inputs, responses, fleets."""
    snapshots: tuple[Snapshot, ...]
    waits: dict[str, list[Wait]]
    """Waiting in a stock until taken by an operation, by stock id."""
    delays: dict[str, list[Wait]]
    """Demand from its instant to its delivery, by demand id."""
    made: dict[str, tuple[Integers, Integers]]
    """Instants and quantities that operations brought into each stock of output, and into each from
    which others are supplied, by stock id; only where the network is compared with its twin."""
    log: tuple[Entry, ...]
    events: int
    """Events of the kernel."""
    fingerprint: str
    seed: int
    replication: int
    engine: str

    def keeping(self) -> Trajectory:
        """The same, but each series of counts and levels is unpacked once and kept."""
        tables = {
            kind: replace(table, counts=table.counts.keeping(), levels=table.levels.keeping())
            for kind, table in self.tables.items()
        }
        return replace(self, tables=tables)

    @property
    def first_day(self) -> int:
        """The first day of statistics."""
        return int(np.searchsorted(self.day_ends, self.statistics_from, side="right"))

    def count(self, kind: str, series: str, entity: str) -> float:
        """The total of a count over the days of statistics, in units (resources: seconds)."""
        column = self.daily(kind, series, entity)
        return float(column[self.first_day :].sum()) / scale_of(kind, series)

    def mean(self, kind: str, series: str, entity: str) -> float:
        """The time-weighted mean of a level over the days of statistics, in units or servers."""
        table = self.tables[kind]
        integral = table.integrals[series][self.first_day :, table.index[entity]]
        total = sum(int(value) for value in integral)
        return total / (int(self.day_ends[-1]) - self.statistics_from) / scale_of(kind, series)

    def daily(self, kind: str, series: str, entity: str) -> Integers:
        """A count by day of the whole run, as stored (thousandths or seconds), (day,)."""
        table = self.tables[kind]
        return table.counts[series][:, table.index[entity]]

    def final(self, kind: str, series: str, entity: str) -> float:
        """A level at the end of the run, in units."""
        table = self.tables[kind]
        return float(table.levels[series][-1, table.index[entity]]) / scale_of(kind, series)

    def at(self, instant: int, kind: str, series: str, entity: str) -> float:
        """A level, or a count cumulated since second 0, at the `instant`-th recorded instant."""
        snapshot = self.snapshots[instant]
        column = self.tables[kind].index[entity]
        store = snapshot.levels if series in snapshot.levels[kind] else snapshot.counts
        return float(store[kind][series][column]) / scale_of(kind, series)

    def share_of_time(self, state: str, resource: str) -> float:
        """The share of a resource's server-seconds spent in a state."""
        total = sum(self.count("resources", name, resource) for name in STATES)
        return self.count("resources", state, resource) / total

    @property
    def statistics_days(self) -> float:
        """Length of the statistics in days."""
        return (int(self.day_ends[-1]) - self.statistics_from) / SECONDS_PER_DAY


def scale_of(kind: str, series: str) -> int:
    """What a stored number is divided by to be in units, server-seconds or plain numbers."""
    if series == "slow_loss":
        return FULL_SPEED
    return 1 if kind in ("resources", "inputs") or series in NUMBERS else THOUSANDTHS
