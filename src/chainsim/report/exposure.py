"""The static exposure of a network as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainsim.outcome.exposure import Exposure
from chainsim.report.tables import Sheet, number


def exposure_sheet(rows: Sequence[Exposure]) -> Sheet:
    """One row per maker and item: the share of each region, single sources, cover and lead."""
    regions = sorted({region for row in rows for region in row.regions})
    heads = [f"from {region or 'no region'}" for region in regions]
    lines = [
        (
            row.site,
            row.item,
            *(_share(row.regions.get(region, 0.0)) for region in regions),
            "single" if row.single_source else "",
            number(row.cover, 3),
            number(row.lead_time, 3),
            "yes" if row.uncovered else "",
        )
        for row in rows
    ]
    return Sheet(
        "Static exposure, by plan",
        ("site", "item", *heads, "source", "cover [d]", "lead time [d]", "lead > cover"),
        lines,
        frozenset({*heads, "cover [d]", "lead time [d]"}),
        "Cover: the safety part of the target; lead time: review, order lead and transit. "
        "'lead > cover': an order placed now arrives after the safety stock is used up.",
    )


def _share(share: float) -> str:
    return f"{100 * share:.3g} %" if share else "-"


def exposure_object(row: Exposure) -> dict[str, Any]:
    """One row as a JSON object."""
    return {
        "site": row.site,
        "item": row.item,
        "regions": row.regions,
        "single_source": row.single_source,
        "cover_days": row.cover,
        "lead_time_days": row.lead_time,
        "uncovered": row.uncovered,
    }
