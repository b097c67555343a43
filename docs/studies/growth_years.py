"""Calendar years of runs and of history, and the paths after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from growth_cases import LAST, OTHER_PATHS

from chainsim.experiments.runs import Run
from chainsim.experiments.summary import Aggregate


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


def documented(run: Run, year: int) -> Documented:
    """A year of history as it was published."""
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


def path_of(run: Run, name: str) -> Path:
    """The years of another path."""
    paths = OTHER_PATHS[name]
    return Path(name, paths.national, paths.city, after_history(years_of(run)))
