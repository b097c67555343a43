"""Observed monthly figures, to be drawn over the simulated ones."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from pathlib import Path

from chainsim.errors import InputError, Problem
from chainsim.scenario.files import Reference
from chainsim.scenario.loading import Scenario
from chainsim.scenario.tables import Row, read_table

SERIES = ("output",)
"""The measures over which a series can be drawn."""
_MONTHS = re.compile(r"(\d{4})-(0[1-9]|1[0-2])(?:/(\d{4})-(0[1-9]|1[0-2]))?\Z")


@dataclass(frozen=True, slots=True)
class ObservedMonths:
    """The observed total of one month or of several together."""

    first: dt.date
    after: dt.date
    """The first day of the month, and that of the month after the last."""
    value: float
    unit: str
    kind: str
    """How it is known: documented, derived, estimated."""
    source: str

    @property
    def single(self) -> bool:
        """Whether it is one month."""
        return _next_month(self.first) == self.after

    @property
    def label(self) -> str:
        """The months as the file writes them."""
        last = self.after - dt.timedelta(days=1)
        return f"{self.first:%Y-%m}" if self.single else f"{self.first:%Y-%m}/{last:%Y-%m}"


def observed_series(scenario: Scenario) -> dict[str, tuple[ObservedMonths, ...]]:
    """The observed series of a scenario by measure, in order of time.

    Raises:
        InputError: a file that cannot be read, a month or a value that is none.
    """
    found: dict[str, tuple[ObservedMonths, ...]] = {}
    problems: list[Problem] = []
    for measure, file in scenario.series.items():
        path = f"observed_series.{measure}"
        named_in = Problem(scenario.origin(path).place, 0, 0, path, "be a file")
        if measure not in SERIES:
            rule = f"be drawn over one of {', '.join(SERIES)}"
            problems.append(Problem(named_in.file, 0, 0, path, rule))
            continue
        try:
            rows = read_table(
                Reference(Path(file), file, named_in),
                ("month", "value"),
                ("unit", "kind", "source"),
            )
        except InputError as error:
            problems.extend(error.problems)
            continue
        months = [_months(row, problems) for row in rows]
        found[measure] = tuple(sorted(filter(None, months), key=lambda m: (m.first, m.after)))
    if problems:
        raise InputError(problems)
    return found


def _months(row: Row, problems: list[Problem]) -> ObservedMonths | None:
    match = _MONTHS.match(row["month"])
    if match is None:
        rule = "be a month such as 2022-01, or a range 2022-01/2022-03"
        problems.append(row.problem("month", "month", rule))
        return None
    year, month, last_year, last_month = match.groups()
    first = dt.date(int(year), int(month), 1)
    last = dt.date(int(last_year or year), int(last_month or month), 1)
    try:
        value = float(row["value"])
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or last < first:
        problems.append(row.problem("value", row["month"], "be a number for months in order"))
        return None
    return ObservedMonths(
        first, _next_month(last), value, row["unit"], row["kind"] or "observed", row["source"]
    )


def _next_month(day: dt.date) -> dt.date:
    return dt.date(day.year + day.month // 12, day.month % 12 + 1, 1)
