"""A run by calendar year: as tables for people, as CSV and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainsim.experiments.runs import Run
from chainsim.experiments.summary import Aggregate
from chainsim.experiments.years import YearSummary
from chainsim.report.tables import Sheet, interval, number

COUNTED = ("demanded", "delivered", "backlog_end", "peak_backlog")
PART = "A year in brackets is a part of one: it has no growth and no share."
SHARE = (
    "Output of the year over national output of the same year. The interval is chance, on the "
    "middle national path; the range is the mean on the high and on the low path, an assumption."
)


def year_sheets(run: Run) -> list[Sheet]:
    """By calendar year: output and demand, utilisation, and the share of national output.

    Empty for a run within one year; without a share where no national output is given.
    """
    if len(run.years) < 2:
        return []
    sheets = [_output_sheet(run)]
    if run.network.national:
        sheets.append(_share_sheet(run))
    return [*sheets, _utilisation_sheet(run)]


def _output_sheet(run: Run) -> Sheet:
    rows = [
        (
            _label(year),
            number(year.measures["output"].mean),
            _interval(year.measures["output"]),
            _per_cent(year.measures["output_growth"].mean, "+.1f"),
            *(number(year.measures[name].mean) for name in COUNTED),
        )
        for year in run.years
    ]
    percent = f"{100 * run.years[0].measures['output'].confidence:g} % interval"
    heads = ("output", percent, "growth", *(name.replace("_", " ") for name in COUNTED))
    title = f"By calendar year [{run.output_unit}]"
    return Sheet(title, ("year", *heads), rows, frozenset(heads), PART if _parts(run) else "")


def _share_sheet(run: Run) -> Sheet:
    rows = [(_label(year), *_share_cells(year.measures)) for year in run.years if year.year.whole]
    rows.append(("whole years", *_share_cells(run.summary.total)))
    percent = f"{100 * run.years[0].measures['output'].confidence:g} % interval"
    heads = ("share", percent, "range of national paths")
    return Sheet("Share of national output", ("year", *heads), rows, frozenset(heads), SHARE)


def _share_cells(row: dict[str, Aggregate]) -> tuple[str, str, str]:
    share, low, high = (row[f"national_share{path}"] for path in ("", "_if_high", "_if_low"))
    chance = "-" if share.low is None else f"{_per_cent(share.low)} to {_per_cent(share.high)}"
    same = low.mean == high.mean
    assumed = "-" if same else f"{_per_cent(low.mean)} to {_per_cent(high.mean)}"
    return _per_cent(share.mean), chance, assumed


def _utilisation_sheet(run: Run) -> Sheet:
    heads = [_label(year) for year in run.years]
    rows = [
        (stage, name or "all", *(_per_cent(y.utilisation[stage, name].mean) for y in run.years))
        for stage, name in run.years[0].utilisation
    ]
    note = "Busy share of the time that servers are not closed; mean over replications."
    return Sheet("Utilisation by year", ("stage", "servers", *heads), rows, frozenset(heads), note)


def _label(year: YearSummary) -> str:
    return str(year.year.year) if year.year.whole else f"({year.year.year})"


def _parts(run: Run) -> bool:
    return not all(year.year.whole for year in run.years)


def _interval(found: Aggregate) -> str:
    return interval(found.low, found.high)


def _per_cent(share: float | None, form: str = ".2f") -> str:
    return "-" if share is None else f"{100 * share:{form}} %"


def years_object(run: Run) -> dict[str, Any]:
    """The years as a JSON object, by year."""
    return {
        str(one.year.year): {
            "whole": one.year.whole,
            "from": one.year.first.isoformat(),
            "to": one.year.last.isoformat(),
            "measures": {name: _cells(found) for name, found in one.measures.items()},
            "utilisation": _by_stage(one),
        }
        for one in run.years
    }


def _by_stage(one: YearSummary) -> dict[str, Any]:
    """By stage: of all its servers, and by their name."""
    found: dict[str, Any] = {}
    for (stage, name), used in one.utilisation.items():
        if name:
            found[stage]["servers"][name] = _cells(used)
        else:
            found[stage] = {"all": _cells(used), "servers": {}}
    return found


def _cells(found: Aggregate) -> dict[str, Any]:
    return {
        "unit": found.unit,
        "mean": found.mean,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "confidence": found.confidence,
    }


def years_columns(run: Run) -> dict[str, list[Any]]:
    """Year x measure by column; utilisation by stage and name of servers as well."""
    heads = (
        "year", "whole", "from", "to", "measure", "stage", "servers", "unit", "mean", "low",
        "high", "n",
    )  # fmt: skip
    rows = [row for one in run.years for row in _rows(one)]
    return {head: [row[k] for row in rows] for k, head in enumerate(heads)}


def _rows(one: YearSummary) -> Iterator[tuple[Any, ...]]:
    year = one.year
    head = (year.year, year.whole, year.first, year.last)
    for name, found in one.measures.items():
        yield (*head, name, "", "", *_numbers(found))
    for (stage, servers), found in one.utilisation.items():
        yield (*head, "utilisation", stage, servers or "all", *_numbers(found))


def _numbers(found: Aggregate) -> tuple[Any, ...]:
    return found.unit, found.mean, found.low, found.high, found.n
