"""Figure of capacity against demand: by month, with what binds."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from string import ascii_lowercase

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from chainsim.experiments.daily import Band
from chainsim.network.stages import STAGES
from chainsim.network.static_capacity import StaticCapacity, month_edges, static_capacity
from chainsim.report.figures.output import monthly
from chainsim.report.figures.scene import Floats, Scene
from chainsim.report.figures.style import (
    BLACK,
    BLUE,
    FAINT,
    GREEN,
    ORANGE,
    Picture,
    canvas,
    date_axis,
    legend,
    place,
    styled,
    thousands,
)

LOOKS = dict(zip(STAGES, ((BLUE, "--", "//"), (ORANGE, "-", ""), (GREEN, ":", "..")), strict=True))
"""Colour, dash and hatch by stage: told apart in grey too."""
NEAR = 0.95
"""A group binds where the plan takes this part of its capacity or more."""
ROOM_ABOVE = 2.2
"""The figure ends at no more than this many times the largest plan or output."""
PALE = 0.35
MOST_WIDE = 48
"""Months of which every one has room for a key in full size."""
LINE = 150
"""Characters of a line of keys."""
UNBROKEN = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class _Least:
    """What has least capacity in a month."""

    label: str
    stage: str
    binds: bool


@styled
def capacity_and_demand(scene: Scene) -> Picture | None:
    """Plan, output and capacity of the stages by month, and what binds; None without a plan."""
    firsts, edges = month_edges(scene.network.horizon)
    found = static_capacity(scene.network, edges)
    if not any(np.isfinite(group.capacity).any() for group in found.groups):
        return None
    made = monthly(scene).simulated
    title = "Capacity and demand by month"
    caption = (
        "Capacity: what the servers of a stage suffice for by calendar, profile and breakdowns, "
        "without disruptions, in the mix of the plan;\nthat of its tightest group. Output: mean of "
        f"{scene.sample}. Bars: least capacity by group, and by site with its part of the work\n"
        f"as planned; filled where the plan takes {100 * NEAR:g} % of it or more."
    )
    figure, (upper, strip) = canvas(
        5.4, title, caption, nrows=2, sharex=True, height_ratios=[6, 1]
    )  # fmt: skip
    marks = [place(max(first, scene.dates[0])) for first in firsts]
    marks.append(place(scene.dates[-1]) + 1)
    _draw_lines(upper, marks, found, made)
    upper.set_ylabel(f"{scene.output_unit} per month")
    thousands(upper)
    _draw_strip(strip, marks, _rows(found))
    date_axis(strip, scene.dates)
    legend(figure, columns=6)
    return Picture("capacity", title, caption, figure, _table(firsts, found, made))


def _draw_lines(axes: Axes, marks: Sequence[float], found: StaticCapacity, made: Band) -> None:
    limits = np.concatenate([group.capacity for group in found.groups])
    most = float(limits[np.isfinite(limits)].max())
    largest = max(float(found.plan.max()), float(made.mean.max()))
    top = min(ROOM_ABOVE * largest, 1.08 * max(most, largest))
    for stage, (color, dash, _) in LOOKS.items():
        capacity = found.of_stage(stage)
        if capacity is not None:
            above = " (above the figure)" if (capacity > top).all() else ""
            axes.stairs(
                _drawn(capacity), marks, baseline=None, color=color, ls=dash, lw=1.8,
                label=f"capacity {stage}{above}",
            )  # fmt: skip
    axes.stairs(made.mean, marks, fill=True, color=FAINT, alpha=0.45, lw=0, label="output")
    axes.stairs(found.plan, marks, baseline=None, color=BLACK, lw=1.6, label="plan")
    axes.set_ylim(0, top)


def _drawn(capacity: Floats) -> Floats:
    """A capacity with a gap where there is no limit."""
    return np.where(np.isfinite(capacity), capacity, np.nan)


def _rows(found: StaticCapacity) -> tuple[list[_Least], list[_Least]]:
    """What is least in every month: by group, and by site."""
    groups, sites = [], []
    for k, plan in enumerate(found.plan.tolist()):
        group, of_site = found.binding(k), found.binding_site(k)
        groups.append(_Least(group.label, group.stage, plan >= NEAR * group.capacity[k]))
        label = f"{of_site.tightest_site[k]} ({of_site.name})"
        sites.append(_Least(label, of_site.stage, plan >= NEAR * of_site.tightest[k]))
    return groups, sites


def _draw_strip(
    axes: Axes, marks: Sequence[float], rows: tuple[list[_Least], list[_Least]]
) -> None:
    """Two rows of bars, with keys that stand for the names below."""
    letters = _keys(rows[0], ascii_lowercase)
    numbers = _keys(rows[1], map(str, range(1, len(rows[1]) + 1)))
    for height, row, keys in ((1, rows[0], letters), (0, rows[1], numbers)):
        for least, months in groupby(range(len(row)), key=lambda k, row=row: row[k]):  # type: ignore[misc]
            inside = list(months)
            begin, end = marks[inside[0]], marks[inside[-1] + 1]
            color, _, hatch = LOOKS[least.stage]
            axes.add_patch(
                Rectangle(
                    (begin, height), end - begin, 0.86, facecolor=color, edgecolor="white",
                    hatch=hatch, alpha=1.0 if least.binds else PALE, lw=0.5,
                )
            )  # fmt: skip
            axes.text(
                (begin + end) / 2, height + 0.43, keys[least.label], ha="center", va="center",
                fontsize=8 if len(row) <= MOST_WIDE else 5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
            )  # fmt: skip
    axes.set_ylim(0, 2)
    axes.set_yticks([0.43, 1.43], ["site", "group"])
    axes.grid(visible=False)
    pairs = [f"{key} = {label}" for label, key in (letters | numbers).items()]
    words = "; ".join(pair.replace(" ", UNBROKEN) for pair in pairs)
    axes.set_xlabel("\n".join(textwrap.wrap(words, LINE)), loc="left", fontsize=7.5)


def _keys(row: Iterable[_Least], signs: Iterable[str]) -> dict[str, str]:
    """A sign for every label, in the order in which they come."""
    return dict(zip(dict.fromkeys(least.label for least in row), signs, strict=False))


def _table(
    firsts: Sequence[dt.date], found: StaticCapacity, made: Band
) -> dict[str, Sequence[object]]:
    groups, sites = _rows(found)
    table: dict[str, Sequence[object]] = {
        "month": [f"{first:%Y-%m}" for first in firsts],
        "plan": found.plan.tolist(),
        "output": made.mean.tolist(),
        "output_p5": made.low.tolist(),
        "output_p95": made.high.tolist(),
        "least_group": [least.label for least in groups],
        "least_group_binds": [least.binds for least in groups],
        "least_site": [least.label for least in sites],
        "least_site_binds": [least.binds for least in sites],
    }
    for group in found.groups:
        table[group.label] = _finite(group.capacity)
        table[f"{group.label}, tightest site"] = _finite(group.tightest)
    return table


def _finite(values: Floats) -> list[float | None]:
    """Values with None where there is no limit."""
    return [value if np.isfinite(value) else None for value in values.tolist()]
