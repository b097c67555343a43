"""Figures of what is held: stock and days of cover of every item, by echelon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from chainsim.experiments.daily import Band, band
from chainsim.report.figures.scene import Floats, Scene, moving_mean
from chainsim.report.figures.style import (
    BLUE,
    FAINT,
    GREEN,
    RED,
    Columns,
    Picture,
    canvas,
    date_axis,
    legend,
    styled,
    thousands,
)

MOST_ITEMS = 8
FOUR_WEEKS = 28
ROAD = "on the road"
LOOKS: dict[str, tuple[str, object, float]] = {
    "upstream": (BLUE, "--", 1.3),
    ROAD: (FAINT, ":", 1.5),
    "midstream": (RED, "-", 1.6),
    "downstream": (GREEN, "-.", 1.3),
}
"""Colour, dashes and width by echelon."""


@dataclass(frozen=True)
class _Held:
    """What one echelon holds of an item, by day."""

    echelon: str
    stock: Band
    """In the item's unit."""
    cover: Band | None
    """In days of the plan's use; None without a plan."""


@styled
def stock_and_cover(scene: Scene) -> Picture | None:
    """Stock and days of cover of the items that travel, by stage and on the road."""
    items = _travelling(scene)
    if not items:
        return None
    title = "Stock and days of cover by echelon"
    caption = (
        f"Level at the end of each day; mean of {scene.sample}, band: 5 to 95 %. "
        "Cover: stock over the plan's mean use of the four weeks around the day."
    )
    figure, grid = canvas(
        1.3 + 1.55 * len(items), title, caption,
        nrows=len(items), ncols=2, sharex=True, squeeze=False,
    )  # fmt: skip
    columns: dict[str, list[object]] = {name: [] for name in _NAMES}
    for row, item in zip(grid, items, strict=True):
        found = _echelons(scene, item)
        spec = scene.network.items[item]
        for held in found:
            _draw(scene, row, held)
            _note(columns, scene, spec.id, held)
        for axes, label in zip(row, (spec.unit, "days of cover"), strict=True):
            scene.mark(axes)
            axes.set_ylabel(label)
            axes.set_ylim(bottom=0)
        row[0].set_title(spec.id)
        thousands(row[0])
    date_axis(grid[-1][0], scene.dates)
    legend(figure)
    return Picture("stock_and_cover", title, caption, figure, columns)


_NAMES = (
    "date", "item", "echelon", "stock_mean", "stock_p5", "stock_p95",
    "cover_mean", "cover_p5", "cover_p95",
)  # fmt: skip


def _travelling(scene: Scene) -> list[int]:
    """The items that lanes carry, those with most planned use first kept, in order of id."""
    network = scene.network
    use: dict[int, float] = {}
    for lane in network.lanes:
        item = network.stocks[lane.destination].item
        plan = network.plan_per_day.get(lane.destination, ())
        use[item] = use.get(item, 0.0) + sum(plan)
    kept = sorted(use, key=lambda item: (-use[item], item))[:MOST_ITEMS]
    return sorted(kept)


def _echelons(scene: Scene, item: int) -> list[_Held]:
    network = scene.network
    found = []
    travels = {lane.source for lane in network.lanes} | {lane.destination for lane in network.lanes}
    for stage in ("upstream", "midstream", "downstream"):
        stocks = [
            k
            for k, spec in enumerate(network.stocks)
            if spec.item == item
            and k in travels
            and not spec.unlimited
            and network.sites[spec.site].stage == stage
        ]
        if stocks:
            held = scene.total("stocks", "on_hand", stocks)
            found.append(_held(stage, held, scene.plan(stocks)))
    lanes = [k for k, s in enumerate(network.lanes) if network.stocks[s.destination].item == item]
    moving = sum(
        (scene.total("lanes", name, lanes) for name in ("staged", "in_transit", "at_gate")),
        np.zeros((scene.n, len(scene.dates))),
    )
    ends = sorted({network.lanes[k].destination for k in lanes})
    found.insert(1, _held(ROAD, moving, scene.plan(ends)))
    return found


def _held(echelon: str, stock: Floats, plan: Floats) -> _Held:
    use = moving_mean(plan, FOUR_WEEKS)
    if not use.any():
        return _Held(echelon, band(stock), None)
    cover = np.divide(stock, use, out=np.full_like(stock, np.nan), where=use > 0)
    return _Held(echelon, band(stock), band(cover))


def _draw(scene: Scene, row: tuple[Axes, Axes], held: _Held) -> None:
    color, dashes, width = LOOKS[held.echelon]
    for axes, values in zip(row, (held.stock, held.cover), strict=True):
        if values is None:
            continue
        if (values.high > values.low).any():
            axes.fill_between(scene.x, values.low, values.high, color=color, alpha=0.2, lw=0)
        axes.plot(
            scene.x, values.mean, color=color, ls=dashes, lw=width, label=held.echelon
        )  # fmt: skip


def _note(columns: dict[str, list[object]], scene: Scene, item: str, held: _Held) -> None:
    days = len(scene.dates)
    nothing = np.full(days, np.nan)
    cover = held.cover or Band(nothing, nothing, nothing, nothing)
    rows: Columns = {
        "date": scene.dates,
        "item": [item] * days,
        "echelon": [held.echelon] * days,
        "stock_mean": held.stock.mean.tolist(),
        "stock_p5": held.stock.low.tolist(),
        "stock_p95": held.stock.high.tolist(),
        "cover_mean": cover.mean.tolist(),
        "cover_p5": cover.low.tolist(),
        "cover_p95": cover.high.tolist(),
    }
    for name in _NAMES:
        columns[name].extend(rows[name])
