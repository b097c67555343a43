"""Survival and recovery against the twin, as tables."""

from __future__ import annotations

from collections.abc import Mapping

from chainsim.experiments.runs import Run
from chainsim.experiments.summary import Aggregate
from chainsim.experiments.survival import Impact, Times
from chainsim.report.tables import Sheet, interval, number

COLUMNS = ("struck", "survives [d]", "recovers [d]", "depth [1]")
NOTE = (
    "Medians of times and means of amounts with their intervals, from the first disruption on, "
    "against the same draws without disruptions. More than (>) is beyond the end of the run; "
    "bounds of a median take six replications."
)


def impact_sheet(run: Run) -> Sheet:
    """Survival and recovery of output against the twin without disruptions, worst site first."""
    assert run.impact is not None
    rows = {"all": run.impact.total} | _worst_first(run.impact.sites)
    heads = (*COLUMNS, *_amounts(f" [{run.output_unit}]"))
    return Sheet(
        "Survival and recovery",
        ("site", *heads),
        [(site, *_cells(one), *_backlog(one)) for site, one in rows.items()],
        frozenset(heads),
        NOTE,
    )


def stages_sheet(run: Run) -> Sheet:
    """Survival and recovery of what each stage makes for others."""
    assert run.impact is not None
    heads = (*COLUMNS, *_amounts(""))
    rows = [
        (stage, item, one.lost_area.unit, *_cells(one), *_backlog(one))
        for (stage, item), one in run.impact.stages.items()
    ]
    return Sheet(
        "Survival and recovery by stage",
        ("stage", "item", "unit", *heads),
        rows,
        frozenset(heads),
        "What the sites of a stage make for others; the backlog is of all who order there.",
    )


def regions_sheet(run: Run) -> Sheet:
    """Survival and recovery of output by region of the cause, the worst first."""
    assert run.impact is not None
    heads = (*COLUMNS, *_amounts(f" [{run.output_unit}]")[:-1])
    rows = [
        (region or "no region", *_cells(one))
        for region, one in _worst_first(run.impact.regions).items()
    ]
    return Sheet(
        "Survival and recovery by region of the cause",
        ("region", *heads),
        rows,
        frozenset(heads),
        "Output lost by sites of the region; what a maker catches up makes up for its oldest loss. "
        "Times by whole days.",
    )


def _amounts(unit: str) -> tuple[str, ...]:
    names = ("peak shortfall", "not made on its day", "never made up", "peak backlog")
    return tuple(name + unit for name in names)


def _worst_first(found: Mapping[str, Impact]) -> dict[str, Impact]:
    return dict(
        sorted(found.items(), key=lambda pair: (-(pair[1].peak_shortfall.mean or 0), pair[0]))
    )


def _cells(one: Impact) -> tuple[str, ...]:
    return (
        f"{one.struck} of {one.replications}",
        time_text(one.time_to_survive),
        time_text(one.time_to_recover),
        *(_mean(f) for f in (one.depth, one.peak_shortfall, one.lost_area, one.never_made_up)),
    )


def _backlog(one: Impact) -> tuple[str]:
    return (_mean(one.peak_backlog),)


def _mean(found: Aggregate) -> str:
    """A mean with its interval."""
    return f"{number(found.mean)} ({interval(found.low, found.high)})"


def time_text(found: Times) -> str:
    """A median with its bounds; what is censored as more than what was watched."""
    if not found.n:
        return "none"
    beyond = f"> {number(found.beyond)}"
    middle = beyond if found.median is None else number(found.median)
    if found.low is None:
        return middle
    high = beyond if found.high is None and found.censored else number(found.high)
    return f"{middle} ({number(found.low)} to {high})"
