"""From finished runs to the numbers of the page on growth: each with its interval."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from growth_cases import FIRST, LAST, OTHER_PATHS, SCENARIOS, TURNS, Turn
from growth_limits import Demanding, Limits, Reach
from growth_loads import Fleet, ServerYear, Tightest, fleet_of, server_years, tightest_of
from study_numbers import scaled
from study_runs import total_of

from chainsim import __version__
from chainsim.experiments.replications import Replication
from chainsim.experiments.runs import Run
from chainsim.experiments.summary import Aggregate, Compared, aggregate
from chainsim.experiments.survival import Impact

MIDDLE = "middle"
BENCHES = ("downstream", "benches")
STRUCK = (2022, 2028)
"""Years of the outage in Sichuan."""


@dataclass(frozen=True)
class Year:
    """One calendar year of a run."""

    year: int
    output: Aggregate
    growth: Aggregate
    share: Aggregate
    """Of national output on the path of the run."""
    if_low: float | None
    """The mean of the same over low national output."""
    if_high: float | None
    late: Aggregate
    """Vehicles that are waited for at the end of the year."""
    peak: Aggregate
    """The same on the worst day of the year."""
    wanted: Aggregate
    national: float


@dataclass(frozen=True)
class Documented:
    """A year as it was published."""

    year: int
    output: float
    national: float

    @property
    def share(self) -> float:
        """Of national output."""
        return self.output / self.national


@dataclass(frozen=True)
class Path:
    """The years after history on some path of the nation and of the city."""

    name: str
    national: int
    city: int
    years: Sequence[Year]


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


@dataclass(frozen=True)
class Facts:
    """All numbers of the page."""

    replications: int
    fewer: int
    version: str
    fingerprint: str
    unit: str
    seed: int
    target: float
    """The share that was wanted for the last year of history."""
    documented: Sequence[Documented]
    history: Sequence[Compared]
    years: Sequence[Year]
    """On the middle path."""
    paths: Sequence[Path]
    tightest: Sequence[Tightest]
    """By year, from the plan alone."""
    servers: Sequence[ServerYear]
    demanding: Demanding
    """The high path without any run."""
    limits: Limits | None
    """The same with runs."""
    reaches: Sequence[Reach]
    variants: Sequence[Variant]
    outages: Sequence[Outage]
    launches: Mapping[str, Launch]
    fleet: Fleet
    turned: Sequence[Turned]
    spent: Aggregate
    """Yuan for investments on the middle path, over all years."""


def facts_of(
    runs: Mapping[str, Run],
    high: Demanding,
    limits: Limits | None = None,
    reaches: Sequence[Reach] = (),
) -> Facts:
    """All numbers of the page from the finished runs by name of their case."""
    middle = runs[MIDDLE]
    names = [name for name in SCENARIOS if name in runs]
    table = middle.scenario.parameters
    fewer = len(runs[names[0]].replications)
    return Facts(
        replications=len(middle.replications),
        fewer=fewer,
        version=__version__,
        fingerprint=middle.network.fingerprint,
        unit=middle.output_unit,
        seed=middle.network.seed,
        target=table["chongqing.target_share_2025"].in_unit,
        documented=[_documented(middle, year) for year in range(FIRST, LAST + 1)],
        history=middle.validation,
        years=years_of(middle),
        paths=[_path(runs[f"path_{name}"], name) for name in OTHER_PATHS if f"path_{name}" in runs],
        tightest=tightest_of(middle.network),
        servers=server_years(middle),
        demanding=high,
        limits=limits,
        reaches=reaches,
        variants=[variant(middle, runs[name], name) for name in names],
        outages=[_outage(runs, year) for year in STRUCK if f"outage_{year}" in runs],
        launches=launches_of(middle),
        fleet=fleet_of(middle),
        turned=[turned(middle, runs[turn.name], turn) for turn in TURNS if turn.name in runs],
        spent=middle.summary.total["investment_cost"],
    )  # fmt: skip


def _documented(run: Run, year: int) -> Documented:
    table = run.scenario.parameters
    output, national = (table[f"{of}.output_{year}"].in_unit for of in ("chongqing", "national"))
    return Documented(year, output, national)


def years_of(run: Run) -> list[Year]:
    """The calendar years of a run."""
    national = {one.year: one.output / 1000 for one in run.network.national}
    found = []
    for one in run.years:
        row = one.measures
        found.append(
            Year(
                one.year.year, row["output"], row["output_growth"], row["national_share"],
                row["national_share_if_low"].mean, row["national_share_if_high"].mean,
                row["backlog_end"], row["peak_backlog"], row["demanded"],
                national[one.year.year],
            )
        )  # fmt: skip
    return found


def after_history(years: Sequence[Year]) -> list[Year]:
    """The years of the path."""
    return [one for one in years if one.year > LAST]


def _path(run: Run, name: str) -> Path:
    paths = OTHER_PATHS[name]
    return Path(name, paths.national, paths.city, after_history(years_of(run)))


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


def _outage(runs: Mapping[str, Run], year: int) -> Outage:
    run = runs[f"outage_{year}"]
    (calm,) = (one for one in years_of(runs[MIDDLE]) if one.year == year)
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


def _lateness(one: Replication) -> float:
    """Mean days late of the launches that came, all of a run."""
    known = [course.late for course in one.launches.values() if course.late is not None]
    return sum(known) / len(known) if known else 0.0
