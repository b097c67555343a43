"""Figures of a run: each function returns a picture, none writes a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chainsim.experiments.runs import Run
from chainsim.report.figures import (
    capacity,
    chain,
    output,
    resilience,
    servers,
    stocks,
    timeline,
    waterfall,
)
from chainsim.report.figures.scene import Scene
from chainsim.report.figures.style import Picture

FIGURES: tuple[Callable[[Scene], Picture | None], ...] = (
    output.output_per_day,
    output.output_cumulative,
    output.output_per_month,
    capacity.capacity_and_demand,
    output.output_by_site,
    resilience.resilience_curve,
    waterfall.loss_waterfall,
    stocks.stock_and_cover,
    servers.server_time,
    servers.missing_items,
    chain.chain,
    timeline.timeline,
)
"""In the order of the page. A figure about which a run says nothing is left out."""


def pictures(run: Run) -> Iterator[Picture]:
    """All figures of a run, one by one, so that only one is in memory."""
    scene = Scene(run)
    for draw in FIGURES:
        picture = draw(scene)
        if picture is not None:
            yield picture
