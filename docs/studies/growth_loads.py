"""How full servers are by year: from the plan alone, and in the run; the fleet and its station."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainsim.experiments.runs import Run
from chainsim.experiments.summary import Aggregate, aggregate
from chainsim.network.compiled import CompiledNetwork
from chainsim.network.stages import resource_groups
from chainsim.network.static_capacity import month_edges, static_capacity
from chainsim.outcome.trajectory import STATES

FLEET = "on_the_road"
COUNTS = ("in_use", "sold", "scrapped", "due", "came")
STATION = ("downstream", "inspect")


@dataclass(frozen=True)
class Tightest:
    """The month of a year in which the plan takes most of what is there, and of what."""

    year: int
    month: str
    group: str
    used: float
    """Plan over the capacity of the group."""
    site_group: str
    site: str
    site_used: float
    """The same of the site with least room for its part of the work."""


@dataclass(frozen=True)
class ServerYear:
    """What the servers of a group did in a year: shares of their time."""

    year: int
    group: str
    states: dict[str, float]
    used: float
    """Busy share of the time in which they are not closed."""


@dataclass(frozen=True)
class FleetYear:
    """The fleet and its station in a year."""

    year: int
    in_use: Aggregate
    """At its end."""
    due: Aggregate
    came: Aggregate
    used: Aggregate
    """Busy share of the open time of the station."""


@dataclass(frozen=True)
class Fleet:
    """The fleet by year."""

    years: Sequence[FleetYear]
    balance: float
    """The largest of |in use - (initial + sold - scrapped)| at the end of any day, vehicles."""


def tightest_of(network: CompiledNetwork) -> list[Tightest]:
    """By year, from calendars, capacities and the plan; no run."""
    firsts, edges = month_edges(network.horizon)
    found = static_capacity(network, edges)
    rows: dict[int, Tightest] = {}
    for k, first in enumerate(firsts):
        plan = float(found.plan[k])
        group, of_site = found.binding(k), found.binding_site(k)
        one = Tightest(
            first.year, f"{first:%Y-%m}", group.label, plan / float(group.capacity[k]),
            of_site.label, of_site.tightest_site[k], plan / float(of_site.tightest[k]),
        )  # fmt: skip
        if first.year not in rows or rows[first.year].used < one.used:
            rows[first.year] = one
    return list(rows.values())


def server_years(run: Run) -> list[ServerYear]:
    """By year and group of servers, means over the replications."""
    found = []
    for one in run.years:
        days = slice(one.year.days.start, one.year.days.stop)
        for (stage, name), members in resource_groups(run.network).items():
            spent = {
                state: float(run.daily.total("resources", state, members)[:, days].sum())
                for state in STATES
            }
            there = sum(spent.values())
            if there:
                open_time = there - spent["closed"]
                used = spent["busy"] / open_time if open_time else 0.0
                shares = {state: seconds / there for state, seconds in spent.items()}
                found.append(ServerYear(one.year.year, f"{stage}: {name}", shares, used))
    return found


def fleet_of(run: Run) -> Fleet:
    """The fleet of a run by year, and its balance."""
    daily, unit = run.daily, run.output_unit
    columns = [daily.ids("fleets").index(FLEET)]
    level, sold, scrapped, due, came = (daily.total("fleets", name, columns) for name in COUNTS)
    moved = np.cumsum(sold - scrapped, axis=1)
    start = level[:, :1] - moved[:, :1]
    years = []
    for one in run.years:
        days = slice(one.year.days.start, one.year.days.stop)
        years.append(
            FleetYear(
                one.year.year, aggregate(level[:, days.stop - 1].tolist(), unit),
                aggregate(due[:, days].sum(axis=1).tolist(), unit),
                aggregate(came[:, days].sum(axis=1).tolist(), unit), one.utilisation[STATION],
            )
        )  # fmt: skip
    return Fleet(years, float(np.abs(level - start - moved).max()))
