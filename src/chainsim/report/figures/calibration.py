"""Figures of a calibration: how figures react to parameters, and where they are met."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.tri import LinearTriInterpolator, Triangulation

from chainsim.experiments.calibration import Calibration, Estimate
from chainsim.experiments.evaluations import Floats
from chainsim.experiments.fitting import Target
from chainsim.experiments.statistics import pointwise_intervals
from chainsim.report.figures.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    RED,
    Picture,
    canvas,
    legend,
    styled,
    thousands,
)

MOST_ROWS = 6
"""Figures that are drawn."""
GRID = 201
"""Places along each side of the plane."""


def calibration_pictures(found: Calibration) -> Iterator[Picture]:
    """The responses to each parameter; for two parameters the plane of both."""
    yield responses(found)
    if len(found.estimates) == 2:
        yield plane(found)


@styled
def responses(found: Calibration) -> Picture:
    """Each fitted figure over each parameter: what was tried, what was observed."""
    title = "Fitted figures over the parameters"
    percent = f"{100 * float(found.scenario.document.run.confidence):g} %"
    caption = (
        f"Points: mean of {found.network.replications} replications with the same random numbers, "
        f"whiskers: its {percent} interval. Joined: only this parameter differs from the best "
        "point.\nHorizontal band: observed, with plus and minus two standard deviations of figure "
        "and chance together."
    )
    rows, columns = found.fitted[:MOST_ROWS], found.estimates
    height = 1.6 + 2.4 * len(rows)
    figure, grid = canvas(
        height, title, caption, nrows=len(rows), ncols=len(columns), squeeze=False, sharex="col",
        sharey="row",
    )  # fmt: skip
    for i, target in enumerate(rows):
        for j, one in enumerate(columns):
            axes = grid[i, j]
            _observed(axes, found, i, target)
            _place(axes, one)
            _points(axes, found, target, j)
            thousands(axes)
        grid[i, 0].set_ylabel(f"{target.figure.id} [{target.unit}]")
    for j, one in enumerate(columns):
        unit = f" [{one.range.unit}]" if one.range.unit else ""
        grid[-1, j].set_xlabel(f"{one.range.name}{unit}")
    legend(figure, _legend(found))
    return Picture("responses", title, caption, figure, _table(found))


def _observed(axes: Axes, found: Calibration, row: int, target: Target) -> None:
    """The observed figure with what it may differ by."""
    sd = float(found.sd[row])
    axes.axhspan(target.observed - 2 * sd, target.observed + 2 * sd, color=ORANGE, alpha=0.2, lw=0)
    axes.axhline(target.observed, color=ORANGE, lw=1.2, ls="--")


def _place(axes: Axes, one: Estimate) -> None:
    """The fitted value with its interval."""
    if one.low is not None and one.high is not None:
        axes.axvspan(one.low, one.high, color=GREEN, alpha=0.15, lw=0)
    if one.identified:
        axes.axvline(one.value, color=GREEN, lw=1.2)
    margin = 0.04 * (one.range.high - one.range.low)
    axes.set_xlim(one.range.low - margin, one.range.high + margin)


def _points(axes: Axes, found: Calibration, target: Target, j: int) -> None:
    tried = sorted(found.evaluations, key=lambda e: e.values[j])
    others = [k for k in range(len(found.estimates)) if k != j]
    slices = [all(e.values[k] == found.fit.values[k] for k in others) for e in tried]
    x = np.array([e.values[j] for e in tried])
    tables = np.array([e.figures[target.figure.id] for e in tried])
    mean, half = pointwise_intervals(tables.T, float(found.scenario.document.run.confidence))
    on = np.array(slices)
    axes.plot(x[~on], mean[~on], ls="", marker=".", ms=4, color=FAINT)
    axes.errorbar(
        x[on], mean[on], half[on] if half is not None else None, color=BLUE, marker="o", ms=3.5,
        lw=1, elinewidth=0.9, capsize=2,
    )  # fmt: skip
    axes.plot(found.start.values[j], found.start.means([target.figure.id])[0], marker="s", ms=6,
              mfc="none", mec=RED, ls="")  # fmt: skip


def _legend(found: Calibration) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "tried": Line2D([], [], color=BLUE, marker="o", ms=3.5, lw=1),
        "start": Line2D([], [], marker="s", ms=6, mfc="none", mec=RED, ls=""),
        "observed": Line2D([], [], color=ORANGE, ls="--", lw=1.2),
    }
    if len(found.estimates) > 1:
        shown["other points"] = Line2D([], [], ls="", marker=".", ms=4, color=FAINT)
    if any(one.low is not None for one in found.estimates):
        shown["interval"] = Patch(color=GREEN, alpha=0.3)
    return shown


def _table(found: Calibration) -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = {
        one.range.name: [e.values[j] for e in found.evaluations]
        for j, one in enumerate(found.estimates)
    }
    for target in found.fitted:
        name = target.figure.id
        table[name] = [float(e.means([name])[0]) for e in found.evaluations]
    return table


@styled
def plane(found: Calibration) -> Picture:
    """How far the fitted figures are missed over the plane of two parameters."""
    title = "How far the figures are missed"
    caption = (
        "Root of the sum of squared differences in standard deviations at the fit; within noise "
        "below about 2.\nBetween the points that were tried (dots) the figures are interpolated "
        "linearly."
    )
    first, second = found.estimates
    figure, axes = canvas(5.2, title, caption)
    x, y = np.array([e.values for e in found.evaluations]).T
    across = np.linspace(first.range.low, first.range.high, GRID)
    up = np.linspace(second.range.low, second.range.high, GRID)
    distance = _distance(found, Triangulation(x, y), *np.meshgrid(across, up))
    levels = _levels(distance)
    shades = axes.contourf(
        across, up, np.clip(distance, levels[0], levels[-1]), levels=levels, cmap="viridis_r",
        norm="log",
    )  # fmt: skip
    bar = figure.colorbar(shades, ax=axes, ticks=levels, format="%g")
    bar.set_label("standard deviations")
    axes.plot(x, y, ls="", marker=".", ms=4, color=INK)
    axes.plot(*found.start.values, ls="", marker="s", ms=8, mfc="none", mec=RED, label="start")
    axes.plot(*found.fit.values, ls="", marker="*", ms=13, color=ORANGE, mec=INK, label="best")
    for one, name in ((first, "x"), (second, "y")):
        unit = f" [{one.range.unit}]" if one.range.unit else ""
        getattr(axes, f"set_{name}label")(f"{one.range.name}{unit}")
    axes.grid(visible=False)
    legend(figure)
    return Picture("plane", title, caption, figure, _table(found))


def _distance(found: Calibration, triangles: Triangulation, x: Floats, y: Floats) -> Floats:
    """The distance from the observed figures at places of the plane, of the shape of x and y."""
    squares = np.zeros_like(x)
    for target, sd in zip(found.fitted, found.sd, strict=True):
        means = np.array([e.means([target.figure.id])[0] for e in found.evaluations])
        response = LinearTriInterpolator(triangles, means)(x, y)
        squares += ((response.filled(np.nan) - target.observed) / sd) ** 2
    distance: Floats = np.sqrt(squares)
    return distance


def _levels(distance: Floats) -> list[float]:
    """1, 2, 5 and so on, from 1 to above the largest distance."""
    steps = [m * 10.0**power for power in range(9) for m in (1, 2, 5)]
    top = next((step for step in steps[2:] if step >= np.nanmax(distance)), steps[-1])
    return [0.5, *[step for step in steps if step <= top]]
