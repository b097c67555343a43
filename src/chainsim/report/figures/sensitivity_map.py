"""The map of a measure over two factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chainsim.errors import shortened
from chainsim.experiments.sensitivity.resampling import Floats, complete
from chainsim.report.figures.forest import replications_in_words
from chainsim.report.figures.sensitivity import Measured
from chainsim.report.figures.sensitivity_points import SEQUENTIAL, Column, Target
from chainsim.report.figures.style import BLUE, INK, Picture, canvas, styled, thousands
from chainsim.report.sentences import words
from chainsim.report.tables import number

MOST_TEXTS = 150
"""Cells that have their number written in them."""


@styled
def heat_map(
    about: Measured, across: Column, up: Column, values: Floats, target: Target | None = None
) -> Picture | None:
    """The mean of the measure over a grid of two factors, with the contour of a target.

    Args:
        about: The measure.
        across, up: The two factors at each point.
        values: (point, replication); points with equal factors are averaged, and so are factors
            that are not shown. NaN where a run failed.
        target: Its contour is drawn, if there is one.

    Returns:
        None where either factor has fewer than two values, or no point has a value.
    """
    grid = _grid(across, up, values)
    usable = np.isfinite(grid.means)
    if min(grid.means.shape) < 2 or not usable.any():
        return None
    title = f"Two factors: {words(about.measure)}"
    caption = (
        f"Means of {replications_in_words(values.shape[1])} at each of {int(usable.sum())} points"
        f"{about.in_unit}; the darker, the higher.{_many(grid)}"
        + (f"\nLine: target of {target.words(about.unit)}, interpolated between the points; "
           "bold: missed." if target else "")
        + ("" if usable.all() else " Empty: no run, or one that failed.")
    )  # fmt: skip
    figure, axes = canvas(min(9.0, 2.2 + 0.42 * len(grid.up)), title, caption, 0)
    _map(figure, axes, grid, about)
    _texts(axes, grid, target)
    if target is not None:
        _contour(axes, grid, target)
    for axis, levels, column in ((axes.xaxis, grid.across, across), (axes.yaxis, grid.up, up)):
        axis.set_ticks(range(len(levels)), [shortened(one, 14) for one in levels])
        axis.set_label_text(column.label)
    axes.grid(visible=False)
    table = _grid_table(grid, across, up, target)
    return Picture(about.file("map"), title, caption, figure, table)


@dataclass(frozen=True)
class _Grid:
    """Means by level of two factors."""

    across: tuple[str, ...]
    up: tuple[str, ...]
    means: Floats
    """(up, across); NaN where no point has a value."""
    counts: Floats
    """Points behind each mean."""


def _grid(across: Column, up: Column, values: Floats) -> _Grid:
    usable = complete(values)
    means = np.where(usable, np.where(usable[:, None], values, 0.0).mean(axis=1), 0.0)
    x, x_names = _levels(across)
    y, y_names = _levels(up)
    shape = (len(y_names), len(x_names))
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (y[usable], x[usable]), means[usable])
    np.add.at(counts, (y[usable], x[usable]), 1.0)
    found = np.divide(sums, counts, out=np.full(shape, np.nan), where=counts > 0)
    return _Grid(x_names, y_names, found, counts)


def _levels(column: Column) -> tuple[np.ndarray, tuple[str, ...]]:
    """Which level each point has, and the levels: numbers in order, words as they come."""
    if np.isfinite(column.values).all():
        found, places = np.unique(column.values, return_inverse=True)
        texts = dict(zip(places.tolist(), column.texts, strict=True)) if column.texts else {}
        names = tuple(texts.get(k, number(float(one), 6)) for k, one in enumerate(found))
        return places, names
    order = {text: place for place, text in enumerate(dict.fromkeys(column.texts))}
    return np.array([order[text] for text in column.texts], dtype=np.int64), tuple(order)


def _map(figure: Figure, axes: Axes, grid: _Grid, about: Measured) -> None:
    low, high = float(np.nanmin(grid.means)), float(np.nanmax(grid.means))
    shown = axes.imshow(
        grid.means, cmap=SEQUENTIAL, vmin=low, vmax=high, aspect="auto", origin="lower"
    )
    bar = figure.colorbar(shown, ax=axes, pad=0.01, fraction=0.05)
    bar.set_label(about.label)
    bar.outline.set_visible(False)
    thousands(bar.ax)


def _texts(axes: Axes, grid: _Grid, target: Target | None) -> None:
    """The number of each cell, bold where it misses the target."""
    if grid.means.size > MOST_TEXTS:
        return
    low, high = float(np.nanmin(grid.means)), float(np.nanmax(grid.means))
    missed = target.missed(grid.means.ravel()).reshape(grid.means.shape) if target else None
    for (y, x), value in np.ndenumerate(grid.means):
        if not np.isfinite(value):
            continue
        color = "white" if value - low > 0.55 * (high - low) else INK
        weight = "bold" if missed is not None and missed[y, x] else "normal"
        axes.text(
            x, y, number(float(value), 3), ha="center", va="center", fontsize=7.5, color=color,
            weight=weight, zorder=4,
        )  # fmt: skip


def _contour(axes: Axes, grid: _Grid, target: Target) -> None:
    inside = [
        bound for bound in target.bounds
        if np.nanmin(grid.means) < bound < np.nanmax(grid.means)
    ]  # fmt: skip
    for bound in inside:
        for color, width in (("white", 4.0), (BLUE, 2.2)):
            axes.contour(np.ma.masked_invalid(grid.means), levels=[bound], colors=[color],
                         linewidths=[width])  # fmt: skip


def _many(grid: _Grid) -> str:
    most = int(grid.counts.max())
    return f" Up to {most} points are averaged in a cell." if most > 1 else ""


def _grid_table(
    grid: _Grid, across: Column, up: Column, target: Target | None
) -> dict[str, list[Any]]:
    cells = list(np.ndindex(grid.means.shape))
    means = [float(grid.means[cell]) for cell in cells]
    return {
        f"across: {across.name}": [grid.across[x] for _, x in cells],
        f"up: {up.name}": [grid.up[y] for y, _ in cells],
        "mean": means,
        "points": [int(grid.counts[cell]) for cell in cells],
        "misses_target": [
            bool(missed) for missed in target.missed(np.array(means))
        ] if target else [None] * len(cells),
    }  # fmt: skip
