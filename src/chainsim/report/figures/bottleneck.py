"""Figures of bottlenecks: server time by month, what binds, and what more capacity is worth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from chainsim.experiments.bottleneck import Bottlenecks
from chainsim.experiments.fluid import Floats
from chainsim.network.compiled import SECONDS_PER_DAY
from chainsim.outcome.trajectory import OPEN_STATES, STATES
from chainsim.report.figures.forest import replications_in_words
from chainsim.report.figures.servers import LOOKS
from chainsim.report.figures.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    QUALITATIVE,
    RED,
    Picture,
    canvas,
    legend,
    per_cent,
    styled,
    thousands,
)

MOST_PARTS = 7
MOST_PANELS = 15
COLUMNS = 3
MOST_TICKS = 8
HEAT = LinearSegmentedColormap.from_list("use", ["#ffffff", "#f3c28b", RED, "#6b2a00"])
OPEN = [STATES.index(state) for state in OPEN_STATES]


def bottleneck_pictures(found: Bottlenecks) -> Iterator[Picture]:
    """All figures, one by one, so that only one is in memory."""
    yield server_states(found)
    yield utilisation(found)
    yield binding(found)
    if found.shadow:
        yield shadow(found)


@styled
def server_states(found: Bottlenecks) -> Picture:
    """Shares of server time by state and period, a panel for each group."""
    bench = found.analysis.bench
    groups = bench.groups[:MOST_PANELS]
    title = "Server time by state"
    caption = (
        "Share of the installed server time of each period; mean of "
        f"{replications_in_words(found.analysis.network.replications)}."
    )
    lines = -(-len(groups) // COLUMNS)
    figure, panels = canvas(
        1.4 + 1.5 * lines, title, caption, ncols=COLUMNS, nrows=lines, sharex=True, sharey=True,
        squeeze=False,
    )  # fmt: skip
    for axes in panels.flat[len(groups) :]:
        axes.set_axis_off()
    for g, axes in zip(range(len(groups)), panels.flat, strict=False):
        _stack(axes, _shares(found.states[:, g]))
        axes.set_title(groups[g].id, fontsize=8)
        axes.set_xlim(-0.5, len(bench.periods) - 0.5)
        axes.set_ylim(0, 1)
        axes.grid(visible=False)
        per_cent(axes, "y")
        _periods(axes, found, MOST_TICKS // 3 + 1)
    legend(figure, columns=8)
    table: dict[str, list[Any]] = {
        "period": [part.name for part in bench.periods for _ in bench.groups],
        "group": [group.id for _ in bench.periods for group in bench.groups],
    }
    shares = [_shares(found.states[:, g]) for g in range(len(bench.groups))]
    for s, state in enumerate(STATES):
        table[state] = [float(shares[g][p, s]) for p in range(len(bench.periods))
                        for g in range(len(bench.groups))]  # fmt: skip
    return Picture("server_states", title, caption, figure, table)


def _stack(axes: Axes, shares: Floats) -> None:
    below = np.zeros(len(shares))
    for state, (color, hatch) in LOOKS.items():
        part = shares[:, STATES.index(state)]
        axes.bar(
            range(len(shares)), part, bottom=below, width=0.92, color=color, hatch=hatch,
            edgecolor="white", lw=0.3, label=state.replace("_", " "),
        )  # fmt: skip
        below += part


def _shares(spent: Floats) -> Floats:
    """Shares by period and state; none where no server is there."""
    there = spent.sum(axis=1, keepdims=True)
    found: Floats = np.divide(spent, there, out=np.zeros_like(spent), where=there > 0)
    return found


@styled
def utilisation(found: Bottlenecks) -> Picture:
    """A map of the use of open server time: groups down, periods across, what binds is framed."""
    bench = found.analysis.bench
    spent = found.states
    there = spent[:, :, OPEN].sum(axis=2)
    busy = spent[:, :, STATES.index("busy")]
    used = np.divide(busy, there, out=np.zeros_like(busy), where=there > 0).T
    title = "Use of open server time, and what binds"
    caption = "Busy part of the time that servers are not closed. Frame: what binds in the period."
    figure, axes = canvas(1.5 + 0.27 * len(bench.groups), title, caption, 0)
    image = axes.imshow(used, cmap=HEAT, vmin=0, vmax=1, aspect="auto")
    places = {group.id: g for g, group in enumerate(bench.groups)}
    for p, one in enumerate(found.bound):
        if one.binds in places:
            y = places[one.binds]
            axes.plot(
                [p - 0.5, p + 0.5, p + 0.5, p - 0.5, p - 0.5],
                [y - 0.5, y - 0.5, y + 0.5, y + 0.5, y - 0.5],
                color=INK, lw=1.6,
            )  # fmt: skip
    axes.set_yticks(range(len(bench.groups)), [group.id for group in bench.groups])
    _periods(axes, found, 2 * MOST_TICKS)
    axes.grid(visible=False)
    figure.colorbar(image, ax=axes, shrink=0.8)
    table: dict[str, list[Any]] = {"group": [group.id for group in bench.groups]}
    table |= {part.name: used[:, p].tolist() for p, part in enumerate(bench.periods)}
    return Picture("utilisation", title, caption, figure, table)


@styled
def binding(found: Bottlenecks) -> Picture:
    """Output per day against plan and steady bounds, and what ample capacity would add."""
    bench, unit = found.analysis.bench, found.analysis.unit
    days = np.array([(p.end - p.begin) / SECONDS_PER_DAY for p in bench.periods])
    title = "Output, and what capacity costs"
    caption = (
        "Above: a day's output as it is, by plan, and the largest steady output.\nBelow: what "
        "ample capacity makes more, by what binds, before what is caught up; means of "
        f"{replications_in_words(found.analysis.network.replications)}."
    )
    figure, (upper, lower) = canvas(5.6, title, caption, 3, nrows=2, sharex=True)
    x = np.arange(len(bench.periods))
    made = np.array([one.output.mean or 0.0 for one in found.bound]) / days
    upper.bar(x, made, width=0.8, color=BLUE, alpha=0.55, label="output")
    lines = _steady_lines(found)
    for (words, values), color in zip(lines.items(), (INK, ORANGE, GREEN), strict=True):
        dashes = "--" if color == GREEN else "-"
        upper.step(x, values, where="mid", color=color, lw=1.4, ls=dashes, label=words)
    upper.set_ylabel(f"{unit} per day")
    upper.set_ylim(bottom=0)
    thousands(upper)
    parts = _largest(found)
    below = np.zeros(len(x))
    for k, name in enumerate(parts):
        lost = np.array([one.parts.get(name, 0.0) for one in found.bound]) / days
        lower.bar(x, lost, bottom=below, width=0.8, color=QUALITATIVE[k], label=name)
        below += lost
    lower.set_ylabel(f"{unit} lost per day")
    thousands(lower)
    _periods(lower, found, 2 * MOST_TICKS)
    legend(figure, columns=4)
    table: dict[str, list[Any]] = {
        "period": [part.name for part in bench.periods],
        "binds": [one.binds for one in found.bound],
        "output_per_day": made.tolist(),
        **{words.replace(" ", "_"): values for words, values in lines.items()},
        **{name: [one.parts.get(name, 0.0) for one in found.bound] for name in parts},
    }
    return Picture("binding", title, caption, figure, table)


def _steady_lines(found: Bottlenecks) -> dict[str, list[float]]:
    """By period: what is planned, and both steady outputs; not a number where there is none."""
    nan = float("nan")
    return {
        "plan": [free.planned if free else nan for free, _ in found.steady],
        "largest as ordered": [one.per_day if one else nan for _, one in found.steady],
        "maximum flow": [free.per_day if free else nan for free, _ in found.steady],
    }


def _largest(found: Bottlenecks) -> list[str]:
    """What binds most over all periods."""
    sums: dict[str, float] = {}
    for one in found.bound:
        for name, lost in one.parts.items():
            sums[name] = sums.get(name, 0.0) + lost
    return sorted(sums, key=lambda name: (-sums[name], name))[:MOST_PARTS]


@styled
def shadow(found: Bottlenecks) -> Picture:
    """What one per cent more of each group adds to output, with its interval."""
    rows, unit = found.shadow, found.analysis.unit
    title = "What one per cent more capacity adds to output"
    caption = (
        f"Pairs with the same draws, {replications_in_words(found.analysis.network.replications)}; "
        f"whiskers: {100 * found.analysis.confidence:g} % interval of each on its own. Faint: it "
        "includes zero."
    )
    figure, axes = canvas(1.5 + 0.27 * len(rows), title, caption, 0)
    for y, one in enumerate(rows):
        mean = one.per_percent(one.extra.mean) or 0.0
        axes.barh(y, mean, height=0.66, color=BLUE if one.told else FAINT, alpha=0.75)
        low, high = one.per_percent(one.extra.low), one.per_percent(one.extra.high)
        if low is not None and high is not None:
            axes.plot([low, high], [y, y], color=INK, lw=1.2)
    axes.axvline(0, color=INK, lw=0.8)
    axes.set_yticks(range(len(rows)), [one.group.id for one in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(f"{unit} per 1 %")
    axes.grid(axis="y", visible=False)
    thousands(axes, "x")
    table: dict[str, list[Any]] = {"group": [one.group.id for one in rows]}
    for end in ("mean", "low", "high"):
        table[end] = [one.per_percent(getattr(one.extra, end)) for one in rows]
    return Picture("shadow", title, caption, figure, table)


def _periods(axes: Axes, found: Bottlenecks, most: int) -> None:
    """Names of periods along x, as many as fit."""
    names = [part.name for part in found.analysis.bench.periods]
    every = -(-len(names) // most)
    places = range(0, len(names), every)
    axes.set_xticks(places, [names[k] for k in places])
