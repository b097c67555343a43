"""The figures of levers and of assumed numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from study_facts import Facts
from study_levers import HIGH, LOW, Lever, Turned, swing, written
from study_numbers import scaled

from chainsim.experiments.summary import Aggregate
from chainsim.experiments.survival import Impact
from chainsim.report.figures.forest import MARKERS
from chainsim.report.figures.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    Picture,
    canvas,
    legend,
    styled,
    thousands,
)

MILLION = 1e6
COLOURS = (BLUE, RED, GREEN, ORANGE, PURPLE, SKY)


@styled
def levers(facts: Facts) -> Picture:
    """What every lever costs, and what it avoids, with intervals in both directions."""
    title = "Levers: what they cost and what they avoid"
    caption = (
        f"Paired with the outage without the lever, {facts.replications} replications; "
        "whiskers: 95 % intervals.\nCost: all but the waiting of customers, over the whole run; "
        "all prices are assumed."
    )
    figure, (left, right) = canvas(4.2, title, caption, 2, ncols=2, sharey=True)
    for k, one in enumerate(facts.levers):
        marker, color = MARKERS[k % len(MARKERS)], COLOURS[k % len(COLOURS)]
        cost = scaled(one.extra, 1 / MILLION)
        for axes, gain in ((left, one.avoided), (right, scaled(one.waited, 1e-6))):
            _cross(axes, gain, cost, marker, color)
    left.set_xlabel(f"less peak shortfall [{facts.unit}]")
    right.set_xlabel("less waiting of customers [million vehicle-days]")
    left.set_ylabel("extra cost [million yuan]")
    for axes in (left, right):
        axes.axvline(0, color=FAINT, lw=0.8)
        axes.axhline(0, color=FAINT, lw=0.8)
        thousands(axes, "x")
        thousands(axes)
    low, middle, high = facts.prices
    top = right.get_ylim()
    for price, dashes in ((low, ":"), (middle, "--"), (high, "-.")):
        right.axline((0, 0), slope=price, color=FAINT, lw=1.0, ls=dashes)
    right.set_ylim(*top)
    handles: dict[str, Any] = {
        one.name.replace("_", " "): Line2D(
            [], [], ls="", marker=MARKERS[k % len(MARKERS)],
            color=COLOURS[k % len(COLOURS)],
        )
        for k, one in enumerate(facts.levers)
    }  # fmt: skip
    for price, dashes in ((low, ":"), (middle, "--"), (high, "-.")):
        handles[f"worth it below this line at {price:g} yuan/d"] = Line2D(
            [], [], color=FAINT, ls=dashes
        )
    legend(figure, handles, columns=5)
    return Picture("levers", title, caption, figure, _levers_table(facts.levers))


def _cross(axes: Axes, x: Aggregate, y: Aggregate, marker: str, color: str) -> None:
    middle = x.mean or 0.0, y.mean or 0.0
    axes.plot([x.low or 0.0, x.high or 0.0], [middle[1]] * 2, color=color, lw=1.2)
    axes.plot([middle[0]] * 2, [y.low or 0.0, y.high or 0.0], color=color, lw=1.2)
    axes.plot(*middle, ls="", marker=marker, ms=6, color=color)


def _levers_table(rows: Sequence[Lever]) -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = {"lever": [one.name for one in rows]}
    parts = {
        "less_peak_shortfall": [one.avoided for one in rows],
        "less_waiting_vehicle_days": [one.waited for one in rows],
        "extra_cost_yuan": [one.extra for one in rows],
        "break_even_yuan_per_vehicle_day": [one.break_even for one in rows],
    }
    for name, found in parts.items():
        table[name] = [one.mean for one in found]
        table[f"{name}_low"] = [one.low for one in found]
        table[f"{name}_high"] = [one.high for one in found]
    return table


@styled
def assumptions(facts: Facts) -> Picture:
    """What single assumed numbers move, from one end of their range to the other."""
    rows = sorted(facts.turned, key=lambda one: -swing(one))
    title = "What the answer rests on: one assumed number at a time"
    caption = (
        f"Mean of {facts.fewer} replications with the same draws; the other numbers as assumed. "
        "Dashed: all numbers as assumed."
    )
    height = 1.9 + 0.36 * len(rows)
    figure, panels = canvas(height, title, caption, ncols=3, sharey=True, width_ratios=(1.4, 1, 1))
    base = facts.base
    middles = base.peak_shortfall.mean, base.time_to_survive.median, base.time_to_recover.median
    for axes, middle, k in zip(panels, middles, range(3), strict=True):
        for y, one in enumerate(rows):
            for end, color in ((LOW, ORANGE), (HIGH, BLUE)):
                change = (one.changes, one.survival, one.recovery)[k][end].mean or 0.0
                axes.barh(y, change, left=middle or 0.0, height=0.55, color=color, alpha=0.8)
        axes.axvline(middle or 0.0, color=INK, lw=1.0, ls="--")
        axes.grid(axis="y", visible=False)
    panels[0].set_yticks(range(len(rows)), [_range_label(one) for one in rows])
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    panels[0].set_xlabel(f"peak shortfall [{facts.unit}]")
    panels[1].set_xlabel("time to survive [d]")
    panels[2].set_xlabel("time to recover [d]")
    thousands(panels[0], "x")
    legend(figure, {"at the low end": Patch(color=ORANGE), "at the high end": Patch(color=BLUE)})
    data: dict[str, Any] = {
        "parameter": [one.name for one in rows for _ in range(2)],
        "value": [one.values[2 * end] for one in rows for end in (LOW, HIGH)],
        "unit": [one.unit for one in rows for _ in range(2)],
    }
    data |= impact_columns([one.impacts[end] for one in rows for end in (LOW, HIGH)])
    return Picture("assumptions", title, caption, figure, data)


def _range_label(one: Turned) -> str:
    low, middle, high = (written(value) for value in one.values)
    return f"{one.name}\n{low} ({middle}) {high} {one.unit}"


def impact_columns(found: Sequence[Impact]) -> dict[str, Any]:
    """Survival, recovery and peak shortfall as columns of a table."""
    return {
        "struck": [one.struck for one in found],
        "time_to_survive": [one.time_to_survive.median for one in found],
        "survive_low": [one.time_to_survive.low for one in found],
        "survive_high": [one.time_to_survive.high for one in found],
        "time_to_recover": [one.time_to_recover.median for one in found],
        "recover_low": [one.time_to_recover.low for one in found],
        "recover_high": [one.time_to_recover.high for one in found],
        "peak_shortfall": [one.peak_shortfall.mean for one in found],
        "low": [one.peak_shortfall.low for one in found],
        "high": [one.peak_shortfall.high for one in found],
    }
