"""Validation: documented figures beside simulated ones.

Each replication gives one number per figure, or none where its days are not all in the run; the
table says how far their mean is from the documented one, and whether an input was fitted to that
figure (then agreement is no evidence).
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from chainsim.errors import InputError, Problem
from chainsim.network.compiled import SECONDS_PER_DAY, THOUSANDTHS, CompiledNetwork
from chainsim.outcome.measures import ITEM_MEASURES, MEASURES, Meter, daily_output
from chainsim.outcome.trajectory import Trajectory
from chainsim.scenario.schema.document import Observed, ScenarioFile
from chainsim.scenario.selection import matches, selected_sites

GROWTH = "output_growth"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A documented figure and what each replication gives."""

    id: str
    measure: str
    unit: str
    documented: float
    source: str
    fitted: bool
    note: str
    simulated: tuple[float | None, ...]
    """By replication; a single value where the figure is computed from parameters."""
    computed: bool


def measures_of(
    document: ScenarioFile, network: CompiledNetwork, trajectory: Trajectory
) -> dict[str, float | None]:
    """The measured value of every observed figure in one replication, by id."""
    return {
        figure.id: _value(document, network, trajectory, figure)
        for figure in document.observed
        if figure.measure is not None
    }


def comparisons(
    document: ScenarioFile, values: Sequence[dict[str, float | None]]
) -> list[Comparison]:
    """One row per observed figure, in the order of the scenario."""
    return [
        Comparison(
            id=figure.id,
            measure=figure.measure or "computed",
            unit=unit_of(figure.measure),
            documented=float(figure.value.value),
            source=figure.source,
            fitted=figure.fitted,
            note=figure.note or "",
            simulated=(
                (float(figure.computed.value),)
                if figure.computed is not None
                else tuple(row[figure.id] for row in values)
            ),
            computed=figure.computed is not None,
        )
        for figure in document.observed
    ]


def unit_of(measure: str | None) -> str:
    """The unit of a measure of the observed table."""
    if measure is None or measure == GROWTH:
        return "1" if measure else ""
    known = MEASURES.get(measure) or ITEM_MEASURES.get(measure.split(".", 1)[0])
    return known.unit if known else ""


def check_figures(document: ScenarioFile, file: str) -> None:
    """Nothing, if every observed figure names a measure that exists.

    Raises:
        InputError: naming every figure that does not.
    """
    problems = [
        Problem(
            file, 0, 0, f"observed.{figure.id}.measure", "name a measure", repr(figure.measure),
            f"the measures are {', '.join([*MEASURES, GROWTH])}, and of items "
            + ", ".join(f"{name}.ITEM" for name in ITEM_MEASURES),
        )
        for figure in document.observed
        if figure.measure is not None and not _exists(document, figure.measure)
    ]  # fmt: skip
    if problems:
        raise InputError(problems)


def _exists(document: ScenarioFile, measure: str) -> bool:
    name, _, item = measure.partition(".")
    if item:
        return name in ITEM_MEASURES and item in document.items
    return name in MEASURES or name == GROWTH


def _value(
    document: ScenarioFile, network: CompiledNetwork, trajectory: Trajectory, figure: Observed
) -> float | None:
    assert figure.measure is not None
    if figure.measure == GROWTH:
        return _growth(network, trajectory, figure.last)
    days = _days(network, trajectory, figure.first, figure.last)
    if days is None:
        return None
    meter = Meter(network, trajectory, days)
    name, _, item = figure.measure.partition(".")
    if item:
        return meter.items().get(item, {}).get(name)
    if figure.at is None:
        return meter.row(range(len(network.sites)))[name]
    ids = set(selected_sites(document, figure.at))
    sites = [i for i, site in enumerate(network.sites) if site.id in ids]
    operations = [
        i
        for i, operation in enumerate(network.operations)
        if matches(operation.id.split("/", 1)[1], figure.at.operation)
    ]
    return meter.row(sites, operations)[name]


def _days(
    network: CompiledNetwork,
    trajectory: Trajectory,
    first: dt.datetime | None,
    last: dt.datetime | None,
) -> range | None:
    """The days of the run from a date to another (inclusive); None unless all are in the run."""
    ends = trajectory.day_ends.tolist()
    begin, stop = trajectory.first_day, len(ends)
    if first is not None:
        since = (first - trajectory.origin).total_seconds()
        begin = bisect_right(ends, since)
        if since < network.horizon.reported_from:
            return None
    if last is not None:
        day = last.replace(hour=0, minute=0, second=0)
        until = (day - trajectory.origin).total_seconds() + SECONDS_PER_DAY
        stop = bisect_right(ends, until)
        if until > ends[-1]:
            return None
    return range(begin, stop) if begin < stop else None


def _growth(
    network: CompiledNetwork, trajectory: Trajectory, day: dt.datetime | None
) -> float | None:
    """Output of the calendar year of a day (of the run's last) over the year before, less 1."""
    daily = daily_output(network, trajectory).sum(axis=1) / THOUSANDTHS
    ends = trajectory.day_ends.tolist()
    last_day = day or trajectory.origin + dt.timedelta(seconds=ends[-1] - 1)
    sums = []
    for year in (last_day.year - 1, last_day.year):
        first, after = dt.datetime(year, 1, 1), dt.datetime(year, 12, 31)
        days = _days(network, trajectory, first, after)
        if days is None:
            return None
        sums.append(float(daily[days.start : days.stop].sum()))
    return sums[1] / sums[0] - 1 if sums[0] else None
