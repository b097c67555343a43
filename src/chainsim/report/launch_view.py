"""Launches as a table and as JSON."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from chainsim.experiments.launch_summary import LaunchSummary
from chainsim.experiments.runs import Run
from chainsim.outcome.launches import MILESTONES
from chainsim.report.survival_view import time_text
from chainsim.report.tables import Sheet, interval, number

NOTE = (
    "Medians of dates and days with their bounds, means of amounts with their intervals. After (or "
    "more than, >) is not by the end of the run. Late: from the first day on which the plan wants "
    "a vehicle of the model to the first delivery."
)


def launches_sheet(run: Run) -> Sheet:
    """When each model was tested, approved and built, and how late it was."""
    amounts = tuple(f"{name} [{run.output_unit}]" for name in ("peak backlog", "lost"))
    heads = ("maker", "applied", *(name.replace("_", " ") for name in MILESTONES), "planned")
    numbers = ("late [d]", *amounts, "tests")
    rows = [(key, *_cells(one)) for key, one in run.launches.items()]
    return Sheet("Launches", ("model", *heads, *numbers), rows, frozenset(numbers), NOTE)


def _cells(one: LaunchSummary) -> tuple[str, ...]:
    return (
        one.site,
        f"{one.applied}",
        *(_dates(one, name) for name in MILESTONES),
        f"{one.planned}",
        time_text(one.late),
        *(f"{number(a.mean)} ({interval(a.low, a.high)})" for a in (one.peak_backlog, one.lost)),
        number(one.tests.mean),
    )


def _dates(one: LaunchSummary, name: str) -> str:
    """A median as a date, with its bounds; what is censored as after the last day."""
    found = one.milestones[name]

    def date(days: float | None) -> str:
        if days is None:
            return f"after {one.planned + dt.timedelta(days=(found.beyond or 0) - 1)}"
        return f"{one.planned + dt.timedelta(days=days)}"

    if found.low is None:
        return date(found.median)
    high = "-" if found.high is None and not found.censored else date(found.high)
    return f"{date(found.median)} ({date(found.low)} to {high})"


def launches_object(run: Run) -> dict[str, Any]:
    """The launches of a run by id; days count from the planned day on."""
    return {key: _object(one) for key, one in run.launches.items()}


def _object(one: LaunchSummary) -> dict[str, Any]:
    dates = {"applied": one.applied.isoformat(), "planned": one.planned.isoformat()}
    return {"name": one.name, "site": one.site, **dates} | {
        **{name: asdict(found) for name, found in one.milestones.items()},
        "late": asdict(one.late),
        "peak_backlog": asdict(one.peak_backlog),
        "lost": asdict(one.lost),
        "tests": asdict(one.tests),
    }
