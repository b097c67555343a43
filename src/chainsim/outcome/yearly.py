"""Measures by calendar year: what a run of several years says of each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chainsim.network.compiled import THOUSANDTHS, CompiledNetwork
from chainsim.network.stages import resource_groups
from chainsim.outcome.calendar_years import CalendarYear, calendar_years
from chainsim.outcome.measures import MEASURES, Measure, Meter, Row
from chainsim.outcome.trajectory import Trajectory

SAME = (
    "output", "demanded", "delivered", "peak_backlog", "utilisation",
    "national_share", "national_share_if_low", "national_share_if_high",
)  # fmt: skip
"""Measures of a year that are those of the run, over the days of the year."""

YEAR_MEASURES: dict[str, Measure] = {name: MEASURES[name] for name in SAME} | {
    m.name: m
    for m in (
        Measure(
            "output_growth", "1", "higher", "output over that of the year before, less 1",
            "output / output of the year before - 1; both years whole",
        ),
        Measure(
            "backlog_end", "units", "lower", "demand waiting at the end of the year",
            "backlog at the end of its last day",
        ),
    )
}  # fmt: skip

Utilisation = dict[tuple[str, str], float | None]
"""By (stage, name of an operation or of shared servers); the name is empty for the whole stage."""


@dataclass(frozen=True, slots=True)
class YearValues:
    """The measures of one year, or of the part of one that lies in the statistics."""

    year: CalendarYear
    total: Row
    utilisation: Utilisation
    """Busy share of the time that servers are not closed."""


def measures_by_year(network: CompiledNetwork, trajectory: Trajectory) -> tuple[YearValues, ...]:
    """The measures of every calendar year of the statistics, in order; parts of years are marked.

    Growth and national shares are of whole years only.
    """
    days = range(trajectory.first_day, len(trajectory.day_ends))
    years = calendar_years(trajectory.origin, trajectory.day_ends.tolist(), days)
    found: list[YearValues] = []
    for year in years:
        meter = Meter(network, trajectory, year.days)
        row = meter.row(range(len(network.sites)), of_output=True)
        total = {name: row[name] for name in SAME}
        total["backlog_end"] = _backlog(network, trajectory, year.days[-1])
        total["output_growth"] = _growth(found[-1] if found else None, year, row["output"])
        ordered = {name: total[name] for name in YEAR_MEASURES}
        found.append(YearValues(year, ordered, _utilisation(network, meter)))
    return tuple(found)


def _backlog(network: CompiledNetwork, trajectory: Trajectory, day: int) -> float:
    """What customers of output items wait for at the end of a day."""
    outputs = set(network.output_stocks)
    chosen = [i for i, demand in enumerate(network.demands) if demand.stock in outputs]
    levels = trajectory.tables["demands"].levels["backlog"]
    return float(levels[day, chosen].sum()) / THOUSANDTHS


def _growth(before: YearValues | None, year: CalendarYear, output: float | None) -> float | None:
    if before is None or not (before.year.whole and year.whole) or output is None:
        return None
    base = before.total["output"]
    return output / base - 1 if base else None


def _utilisation(network: CompiledNetwork, meter: Meter) -> Utilisation:
    """By stage, each followed by its groups of servers."""
    groups = resource_groups(network)
    found: Utilisation = {}
    for stage in dict.fromkeys(stage for stage, _ in groups):
        own = {name: chosen for (of, name), chosen in groups.items() if of == stage}
        found[stage, ""] = _used(meter, (r for chosen in own.values() for r in chosen))
        found |= {(stage, name): _used(meter, chosen) for name, chosen in own.items()}
    return found


def _used(meter: Meter, resources: Iterable[int]) -> float | None:
    return meter.server_time(list(resources))["utilisation"]
