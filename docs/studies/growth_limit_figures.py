"""Figures of where the chain binds on the high path, and of what has to be built."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from growth_limits import Limits, Reach, SteadyYear
from growth_words import called, per
from study_numbers import scaled, told

from chainsim.report.figures.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    QUALITATIVE,
    Picture,
    canvas,
    date_axis,
    legend,
    place,
    styled,
    thousands,
)

COLUMNS = (
    "group", "present", "added", "unit", "share", "sites", "begins", "opens", "full_by",
)  # fmt: skip
"""Of the table of what to build."""
MOST = 4
"""Causes that are drawn apart."""


@styled
def binding(limits: Limits, steady: Sequence[SteadyYear], unit: str) -> Picture:
    """Output against plan and the largest steady output, and what capacity costs, by year."""
    rows = limits.bound
    title = "The high path: what is made, and what keeps it back"
    caption = (
        "Left: output by year beside the plan and the largest steady output as ordered and by "
        f"maximum flow.\nRight: what ample capacity makes more, by what binds; means of "
        f"{limits.replications} replications."
    )
    figure, (made, lost) = canvas(4.2, title, caption, 3, ncols=2)
    names = [one.period.name for one in rows]
    made.bar(names, [one.output.mean or 0.0 for one in rows], color=BLUE, alpha=0.55,
             label="output")  # fmt: skip
    lines = {
        "plan": [one.planned for one in steady],
        "largest as ordered": [one.as_ordered for one in steady],
        "maximum flow": [one.maximum_flow for one in steady],
    }
    for (label, values), color, dashes in zip(
        lines.items(), (INK, ORANGE, GREEN), ("-", "-", "--"), strict=True
    ):
        made.step(names, values, where="mid", color=color, ls=dashes, label=label)
    sums: Counter[str] = Counter()
    for one in rows:
        sums.update(one.parts)
    parts = [name for name, _ in sums.most_common(MOST)]
    below = np.zeros(len(rows))
    for k, name in enumerate(parts):
        part = np.array([one.parts.get(name, 0.0) for one in rows])
        lost.bar(names, part, bottom=below, color=QUALITATIVE[k % len(QUALITATIVE)],
                 label=called(name))  # fmt: skip
        below += part
    made.set_ylabel(f"{unit} per year")
    lost.set_ylabel(f"{unit} more with ample capacity")
    for axes in (made, lost):
        axes.set_ylim(bottom=0)
        thousands(axes)
        axes.tick_params(axis="x", rotation=45)
    legend(figure, columns=4)
    table: dict[str, list[Any]] = {
        "year": names, "binds": [one.binds for one in rows],
        "output": [one.output.mean for one in rows], "loss": [one.loss.mean for one in rows],
        **lines, **{name: [one.parts.get(name, 0.0) for one in rows] for name in parts},
    }  # fmt: skip
    return Picture("binding", title, caption, figure, table)


@styled
def worth(limits: Limits, unit: str) -> Picture:
    """What one per cent more of each group adds to the output of the last year."""
    rows = limits.shadow
    title = "The high path: what one per cent more of a group adds in 2030"
    caption = (
        f"Faster from 2026 on, pairs with the same draws, {limits.replications} replications; "
        "whiskers: 95 % intervals, each on its own. Faint: the interval includes zero."
    )
    figure, axes = canvas(1.5 + 0.35 * len(rows), title, caption, 0)
    per_cent_more = [scaled(one.extra, 1 / (100 * one.step)) for one in rows]
    for y, (one, found) in enumerate(zip(rows, per_cent_more, strict=True)):
        axes.barh(y, found.mean or 0.0, height=0.6, color=BLUE if told(one.extra) else FAINT)
        if found.low is not None and found.high is not None:
            axes.plot([found.low, found.high], [y, y], color=INK, lw=1.2)
    axes.axvline(0, color=INK, lw=0.8)
    axes.set_yticks(range(len(rows)), [called(one.group.id) for one in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(f"{unit} per 1 %")
    axes.grid(axis="y", visible=False)
    thousands(axes, "x")
    table: dict[str, list[Any]] = {
        "group": [one.group.id for one in rows],
        "capacity": [one.capacity for one in rows], "unit": [one.unit for one in rows],
        "mean": [one.mean for one in per_cent_more], "low": [one.low for one in per_cent_more],
        "high": [one.high for one in per_cent_more],
        "per_unit": [per(one, unit=True) for one in rows],
    }  # fmt: skip
    return Picture("worth", title, caption, figure, table)


@styled
def building(reaches: Sequence[Reach]) -> Picture:
    """When works have to begin and to be ready, by group, for each target year."""
    rows = [(one, row) for one in reaches for row in one.groups]
    title = "When works have to begin for a share of national output"
    caption = (
        "Dark: construction; pale: from the opening until all of it is there. Earliest dates of "
        "the servers of a group."
    )
    figure, axes = canvas(1.6 + 0.24 * max(1, len(rows)), title, caption, 0)
    for y, (one, row) in enumerate(rows):
        begins, opens, full = (
            place(dt.date.fromisoformat(row[name])) for name in ("begins", "opens", "full_by")
        )
        color = QUALITATIVE[list(reaches).index(one)]
        axes.barh(y, opens - begins, left=begins, color=color, height=0.7)
        axes.barh(y, full - opens, left=opens, color=color, height=0.7, alpha=0.35)
        axes.text(full + 15, y, f"+{100 * (row['share'] or 0):.0f} %", va="center", fontsize=7.5)
    axes.set_yticks(
        range(len(rows)),
        [f"{one.aim.year}, {100 * one.aim.share:g} %: {called(row['group'])}" for one, row in rows],
    )
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    if rows:
        firsts = [dt.date.fromisoformat(row["begins"]) for _, row in rows]
        lasts = [dt.date.fromisoformat(row["full_by"]) for _, row in rows]
        date_axis(axes, [min(firsts), max(lasts) + dt.timedelta(days=120)])
    table: dict[str, list[Any]] = {
        "target_year": [one.aim.year for one, _ in rows],
        "share_aimed_at": [one.aim.share for one, _ in rows],
    }
    for key in COLUMNS:
        table[key] = [row[key] for _, row in rows]
    return Picture("building", title, caption, figure, table)
