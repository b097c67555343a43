"""Loss by cause, as a table, as a JSON object and as columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from chainsim.experiments.losses import LossSummary
from chainsim.experiments.runs import Run
from chainsim.experiments.summary import Aggregate
from chainsim.report.tables import Sheet, interval, number

MOST_ROWS = 8
"""Causes in the table."""
OWN = "own operations"
"""In place of a missing item: the maker itself was kept."""


def loss_sheet(run: Run) -> Sheet:
    """The largest causes of lost output, what was caught up, the net loss, and lost sales."""
    found = run.losses
    assert found is not None
    bars = list(found.causes.items())
    rows = [(item or OWN, region or "-", *_mean(bar)) for (item, region), bar in bars[:MOST_ROWS]]
    rest = len(bars) - MOST_ROWS
    if rest > 0:
        others = sum(bar.mean or 0.0 for _, bar in bars[MOST_ROWS:])
        rows.append((f"{rest} more", "-", number(others), "-"))
    for name, bar in (
        ("caught up", found.catch_up), ("net loss", found.net), ("lost sales", found.lost_sales),
    ):  # fmt: skip
        rows.append((name, "-", *_mean(bar)))
    unit = run.output_unit
    percent = f"{100 * found.net.confidence:g} % interval"
    return Sheet(
        "Loss of output by cause",
        ("missing item", "region of the cause", f"loss [{unit}]", percent),
        rows,
        frozenset({f"loss [{unit}]", percent}),
        f"Means of {found.net.n} replications against the same draws without disruptions. All rows "
        "down to the net loss add up to it; lost sales are demand that left, beside it.",
        _costs(found.cost),
    )


def _costs(found: Aggregate) -> list[str]:
    """What the disruptions cost, in words; nothing without prices."""
    if found.mean is None:
        return []
    amount = f"{number(found.mean)} yuan ({interval(found.low, found.high)})"
    return [f"In all {amount} more than without disruptions, at the prices of the scenario."]


def _mean(bar: Aggregate) -> tuple[str, str]:
    return number(bar.mean), interval(bar.low, bar.high)


def loss_object(found: LossSummary) -> dict[str, Any]:
    """The bars of a loss by every key, as a JSON object; an empty item is the maker itself."""
    return {
        "net": asdict(found.net),
        "catch_up": asdict(found.catch_up),
        "lost_sales": asdict(found.lost_sales),
        "cost": asdict(found.cost),
        "causes": [
            {"item": item, "region": region, **asdict(bar)}
            for (item, region), bar in found.causes.items()
        ],
        "nodes": [
            {"site": site, "state": state, **asdict(bar)}
            for (site, state), bar in found.nodes.items()
        ],
        "makers": {maker: asdict(bar) for maker, bar in found.makers.items()},
        "states": {state: asdict(bar) for state, bar in found.states.items()},
    }


def loss_columns(found: LossSummary, dates: Sequence[dt.date]) -> dict[str, list[Any]]:
    """Day x maker x missing item x site x state by column: the mean, units.

    `dates` are those of all days of the run.
    """
    names = ("date", "maker", "item", "node", "state", "mean")
    rows = [(dates[day], *key, mean) for (day, *key), mean in found.days.items()]
    return {name: [row[k] for row in rows] for k, name in enumerate(names)}
