"""Scenarios, outages and turned numbers against the middle path, in pairs with the same draws."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from growth_cases import LAST, Turn
from growth_years import Year, after_history, years_of
from study_numbers import scaled
from study_runs import total_of

from chainsim.experiments.replications import Replication
from chainsim.experiments.runs import Run
from chainsim.experiments.summary import Aggregate, aggregate
from chainsim.experiments.survival import Impact

BENCHES = ("downstream", "benches")


@dataclass(frozen=True)
class Launch:
    """A new model in the replications of a scenario, by number."""

    name: str
    planned: dt.date
    ahead: Sequence[int | None]
    """Days by which its approval was filed before the planned day; below zero after it. None
    where it was not by the end of the run."""
    late: Sequence[int | None]
    """Days from the first vehicle that is wanted to the first delivery; likewise."""
    waited: Aggregate
    """Vehicles of it that were waited for on the worst day."""


@dataclass(frozen=True)
class Variant:
    """Another scenario against the middle path, in pairs with the same draws."""

    name: str
    title: str
    years: Sequence[Year]
    """After history."""
    output: Mapping[int, Aggregate]
    """Output of the year more than on the middle path."""
    late: Mapping[int, Aggregate]
    """Likewise, waited for at the end of the year."""
    peak: Aggregate
    """Vehicles waited for on the worst day after history."""
    spent: Aggregate
    """Yuan more for investments, over all years."""
    launches: Mapping[str, Launch]
    benches: Mapping[int, float]
    """Busy share of the open time of the institutes' benches, by year."""


@dataclass(frozen=True)
class Outage:
    """An outage beside a day's output of its time."""

    year: int
    impact: Impact
    per_day: float
    """Mean output of its year by day, without the outage."""
    days: Aggregate
    """The peak shortfall in days of that output."""


@dataclass(frozen=True)
class Turned:
    """An assumed parameter at an end of its range, against the middle path."""

    turn: Turn
    value: str
    assumed: str
    peak: Aggregate
    """Vehicles more that are waited for on the worst day after history."""
    output: Aggregate
    """Vehicles more that are made after history."""
    launches: Aggregate
    """Days that launches after history are later, on average over them."""


def variant(middle: Run, run: Run, name: str) -> Variant:
    """A scenario against the middle path."""
    years = after_history(years_of(run))
    unit = middle.output_unit

    def by_year(measure: str) -> dict[int, Aggregate]:
        return {one.year: paired(middle, run, of_year(measure, one.year), unit) for one in years}

    return Variant(
        name,
        run.scenario.document.description or name,
        years,
        by_year("output"),
        by_year("backlog_end"),
        aggregate([worst_after_history(one) for one in run.replications], unit),
        paired(middle, run, _spent, "yuan"),
        launches_of(run),
        {one.year.year: one.utilisation[BENCHES].mean or 0.0 for one in run.years},
    )


def launches_of(run: Run) -> dict[str, Launch]:
    """The launches of a run by id, the first planned first."""
    found = {}
    for key, one in sorted(run.launches.items(), key=lambda item: item[1].planned):
        courses = [replication.launches[key] for replication in run.replications]
        ahead = [None if c.permitted is None else -c.permitted for c in courses]
        late = [course.late for course in courses]
        found[key] = Launch(one.name, one.planned, ahead, late, one.peak_backlog)
    return found


def outage(run: Run, middle: Run, year: int) -> Outage:
    """The outage of a year beside the middle path."""
    (calm,) = (one for one in years_of(middle) if one.year == year)
    per_day = (calm.output.mean or 0.0) / 365
    impact = total_of(run)
    return Outage(year, impact, per_day, scaled(impact.peak_shortfall, 1 / per_day, "d"))


def turned(middle: Run, run: Run, turn: Turn) -> Turned:
    """A parameter at an end of its range against the middle path."""
    unit = middle.output_unit
    table = middle.scenario.parameters
    one, now = table[turn.parameter], run.scenario.parameters[turn.parameter]
    return Turned(
        turn,
        f"{now.in_unit:g} {now.unit}",
        f"{one.in_unit:g} {one.unit}",
        paired(middle, run, worst_after_history, unit),
        paired(middle, run, made_after_history, unit),
        paired(middle, run, _lateness, "d"),
    )


def paired(first: Run, other: Run, value: Callable[[Replication], float], unit: str) -> Aggregate:
    """A value of another run less that of the first, in pairs with the same draws."""
    pairs = zip(first.replications, other.replications, strict=False)
    return aggregate([value(b) - value(a) for a, b in pairs], unit)


def of_year(measure: str, year: int) -> Callable[[Replication], float]:
    """The value of a measure in one year of a replication."""

    def value(one: Replication) -> float:
        (row,) = (found for found in one.years if found.year.year == year)
        return row.total[measure] or 0.0

    return value


def worst_after_history(one: Replication) -> float:
    """The vehicles that are waited for on the worst day after history."""
    return max(row.total["peak_backlog"] or 0.0 for row in one.years if row.year.year > LAST)


def made_after_history(one: Replication) -> float:
    """The vehicles that are made after history."""
    return sum(row.total["output"] or 0.0 for row in one.years if row.year.year > LAST)


def _spent(one: Replication) -> float:
    return (one.values.total["investment_cost"] or 0.0) if one.values else 0.0


def _lateness(one: Replication) -> float:
    """Mean days late of the launches that came, all of a run."""
    known = [course.late for course in one.launches.values() if course.late is not None]
    return sum(known) / len(known) if known else 0.0
