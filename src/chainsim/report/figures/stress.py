"""Figures of a stress test: the ranking, and the most harmful ones by duration and by start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D

from chainsim.errors import shortened
from chainsim.experiments.knockouts import INSTITUTE, LANE, LANES, PAIR, REGION, SUPPLIER
from chainsim.experiments.ranking import Cell, Ranked, harm
from chainsim.experiments.stress import StressTest
from chainsim.experiments.survival import Times
from chainsim.network.compiled import SECONDS_PER_DAY
from chainsim.report.figures.forest import MARKERS, replications_in_words
from chainsim.report.figures.style import (
    BLUE,
    DASHES,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    QUALITATIVE,
    RED,
    SKY,
    Picture,
    canvas,
    legend,
    styled,
    thousands,
)
from chainsim.report.tables import number

MOST_BARS = 30
MOST_LINES = 8
COLOURS = {SUPPLIER: BLUE, REGION: RED, INSTITUTE: GREEN, LANES: ORANGE, LANE: SKY, PAIR: PURPLE}
LONGEST_LABEL = 44
"""Characters."""
HEAT = LinearSegmentedColormap.from_list("heat", ["#ffffff", "#f3c28b", RED, "#6b2a00"])


def stress_pictures(found: StressTest) -> Iterator[Picture]:
    """All figures of a stress test, one by one, so that only one is in memory."""
    yield ranking(found)
    if not found.stress.top:
        return
    if len(found.durations) > 1:
        yield impact_by_duration(found)
        yield recovery_by_duration(found)
    if len(found.stress.design.starts) > 1:
        yield impact_by_start(found)


# ---- the ranking


@styled
def ranking(found: StressTest) -> Picture:
    """Impact, time to survive and time to recover of the most harmful ones, side by side."""
    rows = found.ranking[:MOST_BARS]
    tried, unit = rows[0].cell.tried, found.stress.output_unit
    title = f"What hurts most: {tried.days:g} days from {tried.start:%Y-%m-%d} on"
    left_out = len(found.ranking) - len(rows)
    caption = (
        f"Bars: mean peak shortfall of {replications_in_words(found.stress.replications)} with its "
        f"{_percent(found)} interval. Dots: medians with distribution-free bounds where there are "
        "enough replications.\nTriangle: more than what was followed. No dot: output was never "
        "struck." + (f" {left_out} less harmful ones are left out." if left_out else "")
    )
    height = 1.9 + 0.23 * len(rows)
    figure, (impact, survives, recovers) = canvas(
        height, title, caption, ncols=3, sharey=True, width_ratios=(2.2, 1, 1)
    )
    for y, row in enumerate(rows):
        color = COLOURS[row.cell.tried.knockout.kind]
        _bar(impact, y, row.cell, color)
        if row.cell.impact.struck:
            _dot(survives, y, row.cell.impact.time_to_survive, color)
            _dot(recovers, y, row.cell.impact.time_to_recover, color)
    impact.set_yticks(range(len(rows)), [_label(row.cell) for row in rows])
    impact.set_ylim(len(rows) - 0.4, -0.6)
    for axes, words in (
        (impact, f"peak shortfall [{unit}]"),
        (survives, "time to survive [d]"),
        (recovers, "time to recover [d]"),
    ):
        axes.set_xlabel(words)
        axes.set_xlim(0, 1.05 * axes.get_xlim()[1])
        axes.grid(axis="y", visible=False)
    thousands(impact, "x")
    kinds = dict.fromkeys(row.cell.tried.knockout.kind for row in rows)
    legend(figure, {kind: Line2D([], [], color=COLOURS[kind], lw=5) for kind in kinds})
    return Picture("ranking", title, caption, figure, _ranking_table(rows))


def _label(cell: Cell) -> str:
    return shortened(cell.tried.knockout.what, LONGEST_LABEL)


def _full_label(cell: Cell) -> str:
    return shortened(cell.tried.knockout.id, LONGEST_LABEL)


def _percent(found: StressTest) -> str:
    return f"{100 * float(found.stress.scenario.document.run.confidence):g} %"


def _bar(axes: Axes, y: float, cell: Cell, color: str) -> None:
    amount = cell.impact.peak_shortfall
    if amount.mean is None:
        axes.text(0, y, " failed", va="center", color=FAINT)
        return
    axes.barh(y, amount.mean, height=0.66, color=color, alpha=0.75)
    if amount.low is not None and amount.high is not None:
        axes.plot([max(0.0, amount.low), amount.high], [y, y], color=INK, lw=1.2)


def _dot(axes: Axes, y: float, times: Times, color: str) -> None:
    """A median with its bounds, or a triangle where the median is censored."""
    if times.median is not None:
        axes.plot([times.median], [y], ls="", marker="o", ms=4.5, color=color)
        high = times.beyond if times.high is None and times.censored else times.high
        if times.low is not None and high is not None:
            axes.plot([times.low, high], [y, y], color=color, lw=1.2)
    elif times.beyond is not None:
        axes.plot([times.beyond], [y], ls="", marker=">", ms=6, mfc="white", mec=color)


def _ranking_table(rows: Sequence[Ranked]) -> dict[str, list[Any]]:
    impacts = [row.cell.impact for row in rows]
    return {
        "id": [row.cell.tried.knockout.id for row in rows],
        "peak_shortfall": [one.peak_shortfall.mean for one in impacts],
        "low": [one.peak_shortfall.low for one in impacts],
        "high": [one.peak_shortfall.high for one in impacts],
        "risk_index": [row.risk_index for row in rows],
        "struck": [one.struck for one in impacts],
        "time_to_survive": [one.time_to_survive.median for one in impacts],
        "time_to_recover": [one.time_to_recover.median for one in impacts],
    }


# ---- over the grid


@styled
def impact_by_duration(found: StressTest) -> Picture:
    """A map of the impact: knock-outs down, durations across, a panel for each start."""
    grid, unit = found.grid, found.stress.output_unit
    rows = list(next(iter(grid.values())).values())
    title = "Impact by duration"
    caption = (
        f"Mean peak shortfall [{unit}] of {replications_in_words(found.stress.replications)}; "
        "the darker, the further output is behind at its worst moment."
    )
    height = 1.6 + 0.27 * len(rows)
    figure, panels = canvas(height, title, caption, 0, ncols=len(grid), sharey=True, squeeze=False)
    harms = {start: [[harm(c) or 0.0 for c in row] for row in by.values()]
             for start, by in grid.items()}  # fmt: skip
    most = max(value for lines in harms.values() for line in lines for value in line) or 1.0
    for axes, (start, values) in zip(panels[0], harms.items(), strict=True):
        axes.imshow(values, cmap=HEAT, vmin=0, vmax=most, aspect="auto")
        for y, line in enumerate(values):
            for x, value in enumerate(line):
                color = "white" if value > 0.55 * most else INK
                axes.text(x, y, number(value, 3), ha="center", va="center", color=color, size=7.5)
        axes.set_xticks(range(len(found.durations)), _days(found))
        axes.set_xlabel("duration [d]")
        axes.set_title(f"from {start:%Y-%m-%d} on")
        axes.grid(visible=False)
    panels[0][0].set_yticks(range(len(rows)), [_full_label(row[0]) for row in rows])
    return Picture("impact_by_duration", title, caption, figure, _grid_table(found))


@styled
def recovery_by_duration(found: StressTest) -> Picture:
    """How long recovery takes for each duration, a panel for each start."""
    title = "Time to recover by duration"
    caption = (
        f"Medians of {replications_in_words(found.stress.replications)}, from the start of the "
        "knock-out. Hollow: more than what was followed.\nNo point: output was never struck. "
        "Dotted: as long as the knock-out itself."
    )
    figure, panels = canvas(4.6, title, caption, 2, ncols=len(found.grid), sharey=True,
                            squeeze=False)  # fmt: skip
    handles: dict[str, Artist] = {}
    drawn = _struck(found)[:MOST_LINES]
    for axes, (start, by) in zip(panels[0], found.grid.items(), strict=True):
        for k, id_ in enumerate(drawn):
            row = by[id_]
            times = [cell.impact.time_to_recover for cell in row]
            days = [cell.tried.days for cell in row]
            handles[_full_label(row[0])] = _line(axes, days, times, k)
        axes.axline((0, 0), slope=1, color=FAINT, lw=0.8, ls=":")
        axes.set_xlabel("duration [d]")
        axes.set_title(f"from {start:%Y-%m-%d} on")
        axes.set_xticks([0, *(seconds / SECONDS_PER_DAY for seconds in found.durations)])
        axes.set_xlim(0, 1.04 * found.durations[-1] / SECONDS_PER_DAY)
    panels[0][0].set_ylim(0, 1.05 * panels[0][0].get_ylim()[1])
    panels[0][0].set_ylabel("time to recover [d]")
    legend(figure, handles, columns=4)
    return Picture("recovery_by_duration", title, caption, figure, _grid_table(found))


def _struck(found: StressTest) -> list[str]:
    """Ids of the most harmful ones that strike output at some start and duration."""
    rows = [(id_, cell) for by in found.grid.values() for id_, row in by.items() for cell in row]
    return list(dict.fromkeys(id_ for id_, cell in rows if cell.impact.struck))


def _line(axes: Axes, x: Sequence[float], times: Sequence[Times], k: int) -> Artist:
    """Medians joined by a line, those that are censored hollow at what was followed."""
    color, marker = QUALITATIVE[k % len(QUALITATIVE)], MARKERS[k % len(MARKERS)]
    points = [
        (a, one.median if one.median is not None else one.beyond, one.median is None)
        for a, one in zip(x, times, strict=True)
        if one.n
    ]
    dashes = DASHES[k % len(DASHES)]
    axes.plot([a for a, *_ in points], [b or 0.0 for _, b, _ in points], color=color, ls=dashes)
    for a, b, censored in points:
        face = "white" if censored else color
        axes.plot([a], [b or 0.0], ls="", marker=marker, ms=5, mec=color, mfc=face)
    return Line2D([], [], color=color, ls=dashes, marker=marker, ms=5)


@styled
def impact_by_start(found: StressTest) -> Picture:
    """The impact of the most harmful ones for each start, at one duration."""
    design = found.stress.design
    length = design.duration if design.duration in design.durations else design.durations[-1]
    place = design.durations.index(length)
    title = f"Impact by start: {length / SECONDS_PER_DAY:g} days"
    caption = (
        f"Mean peak shortfall of {replications_in_words(found.stress.replications)}; whiskers: "
        f"{_percent(found)} interval."
    )
    figure, axes = canvas(4.4, title, caption, 2)
    starts = sorted(found.grid)
    handles: dict[str, Artist] = {}
    worst = list(found.grid[starts[0]])[:MOST_LINES]
    for k, id_ in enumerate(worst):
        cells = [found.grid[start][id_][place] for start in starts]
        shift = 0.5 * ((k + 0.5) / len(worst) - 0.5)
        handles[_full_label(cells[0])] = _whiskers(axes, cells, shift, k)
    axes.set_xticks(range(len(starts)), [f"{start:%Y-%m-%d}" for start in starts])
    axes.set_ylabel(f"peak shortfall [{found.stress.output_unit}]")
    axes.set_ylim(0, 1.05 * axes.get_ylim()[1])
    axes.grid(axis="x", visible=False)
    thousands(axes)
    legend(figure, handles, columns=4)
    return Picture("impact_by_start", title, caption, figure, _grid_table(found))


def _whiskers(axes: Axes, cells: Sequence[Cell], shift: float, k: int) -> Artist:
    color, marker = QUALITATIVE[k % len(QUALITATIVE)], MARKERS[k % len(MARKERS)]
    for x, cell in enumerate(cells):
        amount = cell.impact.peak_shortfall
        if amount.mean is None:
            continue
        axes.plot([x + shift], [amount.mean], ls="", marker=marker, ms=5, color=color)
        if amount.low is not None and amount.high is not None:
            axes.plot([x + shift] * 2, [max(0.0, amount.low), amount.high], color=color, lw=1.2)
    return Line2D([], [], color=color, ls="", marker=marker, ms=5)


def _grid_table(found: StressTest) -> Mapping[str, list[Any]]:
    cells = [cell for by in found.grid.values() for row in by.values() for cell in row]
    impacts = [cell.impact for cell in cells]
    return {
        "id": [cell.tried.knockout.id for cell in cells],
        "start": [cell.tried.start for cell in cells],
        "duration_d": [cell.tried.days for cell in cells],
        "peak_shortfall": [one.peak_shortfall.mean for one in impacts],
        "low": [one.peak_shortfall.low for one in impacts],
        "high": [one.peak_shortfall.high for one in impacts],
        "struck": [one.struck for one in impacts],
        "time_to_recover": [one.time_to_recover.median for one in impacts],
        "followed_at_least": [one.time_to_recover.beyond for one in impacts],
    }


def _days(found: StressTest) -> list[str]:
    return [f"{seconds / SECONDS_PER_DAY:g}" for seconds in found.durations]
