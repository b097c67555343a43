"""A stress test as tables for people, as JSON and as columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chainsim.experiments.bounds import Bounds
from chainsim.experiments.knockouts import Tried
from chainsim.experiments.ranking import Cell, Ranked, harm
from chainsim.experiments.runs import ENGINES
from chainsim.experiments.stress import StressTest
from chainsim.experiments.summary import Aggregate
from chainsim.experiments.survival import Impact, Times
from chainsim.network.compiled import SECONDS_PER_DAY
from chainsim.report.survival_view import time_text
from chainsim.report.tables import Sheet, interval, number

STRESS_SCHEMA = "chainsim/stress/1"
MOST_ROWS = 60
"""Rows of the ranking that are printed; all are in the file."""
TIMES = ("time_to_survive", "time_to_recover")
AMOUNTS = ("peak_shortfall", "never_made_up", "lost_area", "depth")
"""Of an impact; the first is what it is ranked by."""


# ---- tables


def stress_sheets(found: StressTest) -> list[Sheet]:
    """The ranking, and for each start the most harmful ones by duration."""
    return [_ranking_sheet(found), *_grid_sheets(found)]


def _ranking_sheet(found: StressTest) -> Sheet:
    stress, unit = found.stress, found.stress.output_unit
    heads = ("survives [d]", "at most [d]", "recovers [d]", f"peak shortfall [{unit}]",
             f"at least [{unit}]", f"never made up [{unit}]", "risk index")  # fmt: skip
    tried = found.ranking[0].cell.tried
    note = (
        f"Each from {tried.start:%Y-%m-%d} on for {tried.days:g} d, alone, against the same "
        f"{stress.replications} replications without any disruption (seed {stress.seed}). "
        "Medians of times, means of amounts with their intervals; none: never struck; more than "
        "(>) is beyond the end of the runs. Risk index: peak shortfall over the largest one. "
        "At most and at least: what no planner could better (linear programs, docs/bounds.md)."
    )
    more = len(found.ranking) - MOST_ROWS
    below = [f"{more} more are in ranking.csv."] if more > 0 else []
    return Sheet(
        f"{stress.scenario.document.name}: what hurts most",
        ("rank", "knocked out", "kind", *heads),
        [_ranking_row(row) for row in found.ranking[:MOST_ROWS]],
        frozenset({"rank", *heads}),
        note,
        below,
    )


def _ranking_row(row: Ranked) -> tuple[str, ...]:
    knockout, impact = row.cell.tried.knockout, row.cell.impact
    if row.risk_index is None:
        return (str(row.rank), knockout.what, knockout.kind, *["failed"] * 7)
    doubt = f", {row.cell.failed} FAILED" if row.cell.failed else ""
    return (
        str(row.rank),
        knockout.what,
        knockout.kind,
        survival_text(impact),
        _at_most(row.bounds),
        time_text(impact.time_to_recover),
        _amount(impact.peak_shortfall) + doubt,
        number(row.bounds.least_lost if row.bounds else None),
        _amount(impact.never_made_up),
        f"{row.risk_index:.3f}",
    )


def _at_most(bounds: Bounds | None) -> str:
    """The bound of the time to survive."""
    if bounds is None:
        return "-"
    return "for ever" if bounds.time_to_survive is None else number(bounds.time_to_survive)


def survival_text(impact: Impact) -> str:
    """The time to survive; none where output was struck in no replication."""
    return time_text(impact.time_to_survive) if impact.struck else "none"


def _amount(found: Aggregate) -> str:
    return f"{number(found.mean)} ({interval(found.low, found.high)})"


def _grid_sheets(found: StressTest) -> list[Sheet]:
    sheets = []
    for start, rows in found.grid.items() if found.stress.top else ():
        durations = [f"{seconds / SECONDS_PER_DAY:g} d" for seconds in found.durations]
        sheets.append(
            Sheet(
                f"From {start:%Y-%m-%d} on, by duration: peak shortfall "
                f"[{found.stress.output_unit}] / recovers [d]",
                ("knocked out", *durations),
                [(rows[id_][0].tried.knockout.id, *map(_grid_text, rows[id_])) for id_ in rows],
                frozenset(durations),
            )
        )
    return sheets


def _grid_text(cell: Cell) -> str:
    recovers = cell.impact.time_to_recover
    text = f"> {number(recovers.beyond)}" if recovers.censored else "none"
    if recovers.median is not None:
        text = number(recovers.median)
    return f"{number(harm(cell))} / {text}"


# ---- JSON


def stress_object(found: StressTest) -> dict[str, Any]:
    """The test as a JSON object, the same for the same scenario; see docs/stress.md."""
    stress, design = found.stress, found.stress.design
    return {
        "schema": STRESS_SCHEMA,
        "scenario": stress.scenario.document.name,
        "fingerprint": stress.bench.fingerprint,
        "engine": ENGINES[0],
        "seed": stress.seed,
        "replications": stress.replications,
        "confidence": float(stress.scenario.document.run.confidence),
        "unit": stress.output_unit,
        "design": {
            "duration_d": design.duration / SECONDS_PER_DAY,
            "durations_d": [seconds / SECONDS_PER_DAY for seconds in design.durations],
            "recovery_d": design.recovery / SECONDS_PER_DAY,
            "follow_d": design.follow / SECONDS_PER_DAY,
            "starts": [start.isoformat() for start in design.starts],
            "end": stress.end.isoformat(),
            "top": stress.top,
            "pairs": stress.paired,
        },
        "ranking": [_ranked_object(row) for row in found.ranking],
        "cells": [{"id": cell.tried.knockout.id} | _cell_object(cell) for cell in found.cells],
        "errors": found.errors,
    }


def _ranked_object(row: Ranked) -> dict[str, Any]:
    knockout = row.cell.tried.knockout
    return {
        "rank": row.rank,
        "id": knockout.id,
        "kind": knockout.kind,
        "name": knockout.name,
        "sites": list(knockout.sites),
        "items": list(knockout.items),
        "risk_index": row.risk_index,
        "hardest_hit": row.cell.hardest_hit or None,
        "bounds": asdict(row.bounds) if row.bounds else None,
        **_cell_object(row.cell),
    }


def _cell_object(cell: Cell) -> dict[str, Any]:
    return {
        "start": cell.tried.start.isoformat(),
        "duration_d": cell.tried.days,
        "failed": cell.failed,
        **asdict(cell.impact),
    }


# ---- columns


def ranking_columns(found: StressTest) -> dict[str, list[Any]]:
    """A row for each knock-out, the most harmful one first."""
    return _columns(
        {"rank": row.rank}
        | _what(row.cell.tried)
        | {"name": row.cell.tried.knockout.name, "risk_index": row.risk_index}
        | _impact_row(row.cell)
        | _bounds_row(row.bounds)
        for row in found.ranking
    )


def cells_columns(found: StressTest) -> dict[str, list[Any]]:
    """A row for each knock-out, start and duration."""
    return _columns(_what(cell.tried) | _impact_row(cell) for cell in found.cells)


def runs_columns(found: StressTest) -> dict[str, list[Any]]:
    """A row for each run; one that failed has its error and no values."""
    rows = []
    for cell in found.cells:
        for number_, (one, error) in enumerate(zip(cell.found, cell.errors, strict=True)):
            head = _what(cell.tried) | {"replication": number_, "failed": error}
            rows.append(head | (asdict(one.total) if one else {}))
    return _columns(rows)


def _what(tried: Tried) -> dict[str, Any]:
    return {
        "id": tried.knockout.id,
        "kind": tried.knockout.kind,
        "start": tried.start,
        "duration_d": tried.days,
    }


def _impact_row(cell: Cell) -> dict[str, Any]:
    impact = cell.impact
    row: dict[str, Any] = {
        "replications": len(cell.found), "failed": cell.failed, "struck": impact.struck
    }  # fmt: skip
    for name in TIMES:
        found: Times = getattr(impact, name)
        row |= {
            name: found.median, f"{name}_low": found.low, f"{name}_high": found.high,
            f"{name}_censored": found.censored, f"{name}_beyond": found.beyond,
        }  # fmt: skip
    for name in AMOUNTS:
        amount: Aggregate = getattr(impact, name)
        row |= {name: amount.mean, f"{name}_low": amount.low, f"{name}_high": amount.high}
    return row | {"hardest_hit": cell.hardest_hit}


def _bounds_row(bounds: Bounds | None) -> dict[str, Any]:
    return {
        "time_to_survive_at_most": bounds.time_to_survive if bounds else None,
        "lost_at_least": bounds.least_lost if bounds else None,
    }


def _columns(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    listed: Sequence[Mapping[str, Any]] = list(rows)
    names = dict.fromkeys(name for row in listed for name in row)
    return {name: [row.get(name) for row in listed] for name in names}
