"""Figures of the points of a study: what the measure is where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from chainsim.errors import shortened
from chainsim.experiments.sensitivity.resampling import Floats, complete
from chainsim.report.figures.forest import replications_in_words
from chainsim.report.figures.sensitivity import Measured, broken, short
from chainsim.report.figures.style import (
    BLUE,
    INK,
    RED,
    Picture,
    canvas,
    legend,
    styled,
    thousands,
)
from chainsim.report.sentences import words
from chainsim.report.tables import number

SEQUENTIAL = LinearSegmentedColormap.from_list(
    "values", ["#f7f4e3", "#f3c28b", "#c1531c", "#4a1a00"]
)
"""From light to dark, so that it can be read in grey as well."""
MOST_PANELS = 12
MOST_AXES = 10
MOST_LINES = 400
"""Lines of the parallel coordinates: more are a wall of ink."""
SLICES = 8
"""Slices of a factor over which the middle of a cloud is drawn."""
LEAST_IN_SLICE = 8


@dataclass(frozen=True)
class Column:
    """What a factor was at each point."""

    name: str
    unit: str
    values: Floats
    """(point,); NaN where it is a word."""
    texts: tuple[str, ...] = ()
    """(point,): instead, the words or numbers as they were set, if `values` are places of them."""

    @property
    def label(self) -> str:
        """The factor with its unit, for an axis."""
        return short(self.name) + ("" if self.unit in ("", "1") else f" [{shortened(self.unit)}]")


@dataclass(frozen=True, slots=True)
class Target:
    """A bound of the measure, in its unit."""

    at_least: float | None = None
    at_most: float | None = None

    @property
    def bounds(self) -> list[float]:
        """The bounds that there are."""
        return [bound for bound in (self.at_least, self.at_most) if bound is not None]

    def missed(self, values: Floats) -> np.ndarray:
        """Which values lie outside."""
        low = values < self.at_least if self.at_least is not None else np.zeros(len(values), bool)
        high = values > self.at_most if self.at_most is not None else np.zeros(len(values), bool)
        return np.asarray(low | high)

    def words(self, unit: str) -> str:
        """The bounds as people say them."""
        parts = [
            f"{what} {number(bound)}"
            for what, bound in (("at least", self.at_least), ("at most", self.at_most))
            if bound is not None
        ]
        return " and ".join(parts) + ("" if unit in ("", "1") else f" {unit}")


# ---- all factors side by side


@styled
def parallel_coordinates(
    about: Measured, columns: Sequence[Column], values: Floats, target: Target | None = None
) -> Picture | None:
    """Each point as a line over all factors and the measure; those that miss the target stand out.

    Args:
        about: The measure.
        columns: The factors, the most important ones first: so many are drawn.
        values: (point, replication); NaN where a run failed.
        target: Without one, lines are coloured by the measure.

    Returns:
        None with fewer than two points or without a factor.
    """
    usable = complete(values)
    drawn = [c for c in columns if np.isfinite(c.values[usable]).all()][:MOST_AXES]
    if usable.sum() < 2 or not drawn:
        return None
    means = values[usable].mean(axis=1)
    chosen = _spread_out(len(means))
    title = f"Which points: {words(about.measure)}"
    caption = _parallel_caption(about, target, (len(means), len(chosen)), values.shape[1])
    caption += _more(len(columns) - len(drawn))
    figure, axes = canvas(4.8, title, caption, 1 if target else 0)
    heights = np.stack([_scaled(c.values[usable]) for c in drawn] + [_scaled(means)], axis=1)
    missed = target.missed(means) if target else None
    _lines(figure, axes, (heights, means, missed, chosen), about)
    ends = [*((c.label, c.values[usable]) for c in drawn), (about.label, means)]
    for x, (_, column) in enumerate(ends):
        axes.plot([x, x], [0, 1], color=INK, lw=0.9)
        for end, y, side in ((column.min(), 0, "top"), (column.max(), 1, "bottom")):
            shift = -4 if side == "top" else 4
            axes.annotate(number(float(end), 3), (x, y), xytext=(0, shift), ha="center", va=side,
                          textcoords="offset points", fontsize=7.5)  # fmt: skip
    axes.set_xticks(range(len(ends)), [broken(label, 130 // len(ends)) for label, _ in ends])
    axes.tick_params(axis="x", pad=14, length=0)
    axes.set_yticks([])
    axes.set_xlim(-0.3, len(ends) - 0.7)
    axes.set_ylim(-0.02, 1.07)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.grid(visible=False)
    table = _points_table(columns, values, target)
    return Picture(about.file("parallel"), title, caption, figure, table)


def _lines(
    figure: Figure, axes: Axes, points: tuple[Floats, Floats, Any, Sequence[int]], about: Measured
) -> None:
    heights, means, missed, chosen = points
    norm = Normalize(float(means.min()), float(means.max()))
    alpha = min(0.8, 12 / len(chosen) ** 0.5 / 2 + 0.1)
    order = sorted(chosen, key=lambda i: bool(missed[i]) if missed is not None else means[i])
    for i in order:
        look: dict[str, Any] = {"color": SEQUENTIAL(0.15 + 0.85 * norm(means[i])), "lw": 0.9}
        if missed is not None:
            look = {"color": RED, "lw": 1.0} if missed[i] else {"color": "#b9c7d1", "lw": 0.7}
        axes.plot(range(heights.shape[1]), heights[i], alpha=alpha, **look)
    if missed is None:
        bar = figure.colorbar(ScalarMappable(norm, SEQUENTIAL), ax=axes, pad=0.02, fraction=0.03)
        bar.set_label(about.label)
        thousands(bar.ax)
        return
    handles: dict[str, Artist] = {
        f"misses the target ({int(missed.sum())})": Line2D([], [], color=RED, lw=1.6),
        f"meets it ({int((~missed).sum())})": Line2D([], [], color="#b9c7d1", lw=1.6),
    }
    legend(figure, handles)


def _parallel_caption(
    about: Measured, target: Target | None, counts: tuple[int, int], replications: int
) -> str:
    text = f"A line for each point, mean of {replications_in_words(replications)}; "
    text += f"{counts[0]:,} points"
    if counts[1] < counts[0]:
        text += f", of which every {counts[0] / counts[1]:.3g}th is drawn"
    text += ". Each axis goes from the smallest to the largest value."
    return text + (f"\nTarget: {target.words(about.unit)}." if target else "")


def _spread_out(n: int) -> list[int]:
    """The points that are drawn: all, or some of them in equal steps."""
    if n <= MOST_LINES:
        return list(range(n))
    return [int(i) for i in np.linspace(0, n - 1, MOST_LINES)]


def _scaled(column: Floats) -> Floats:
    """From 0 at the smallest to 1 at the largest value; in the middle if all are equal."""
    low, high = float(column.min()), float(column.max())
    if low == high:
        return np.full(len(column), 0.5)
    scaled: Floats = (column - low) / (high - low)
    return scaled


# ---- a panel for each factor


@styled
def scatter(
    about: Measured, columns: Sequence[Column], values: Floats, target: Target | None = None
) -> Picture | None:
    """The measure over each factor, a dot for each point, with the medians of slices.

    Args:
        about: The measure.
        columns: The factors, the most important ones first: so many are drawn.
        values: (point, replication); NaN where a run failed.
        target: Drawn as a line.

    Returns:
        None with fewer than two points or without a factor.
    """
    usable = complete(values)
    drawn = [c for c in columns if np.isfinite(c.values[usable]).all()][:MOST_PANELS]
    if usable.sum() < 2 or not drawn:
        return None
    means = values[usable].mean(axis=1)
    title = f"{words(about.measure).capitalize()} by factor"
    caption = (
        f"Dots: means of {replications_in_words(values.shape[1])} at {len(means):,} points, all "
        "other factors varied as well. Line: medians of slices with equal numbers of points."
        + (f"\nDashed: target of {target.words(about.unit)}." if target else "")
        + _more(len(columns) - len(drawn))
    )
    wide = min(4, len(drawn))
    high = ceil(len(drawn) / wide)
    figure, panels = canvas(
        1.5 + 2.1 * high, title, caption, 0, nrows=high, ncols=wide, sharey=True, squeeze=False
    )
    for axes in panels.ravel()[len(drawn) :]:
        axes.set_visible(False)
    for axes, column in zip(panels.ravel(), drawn, strict=False):
        _cloud(axes, column.values[usable], means, target)
        axes.set_xlabel(broken(column.label, 120 // wide), fontsize=8)
    for axes in panels[:, 0]:
        axes.set_ylabel(about.label, fontsize=8)
        thousands(axes)
    return Picture(
        about.file("scatter"), title, caption, figure, _points_table(columns, values, target)
    )


def _cloud(axes: Axes, x: Floats, y: Floats, target: Target | None) -> None:
    alpha = min(0.7, max(0.12, 8 / len(x) ** 0.5))
    axes.plot(x, y, ls="", marker="o", ms=3, mew=0, color=BLUE, alpha=alpha)
    for bound in target.bounds if target else []:
        axes.axhline(bound, color=RED, lw=1.1, ls="--")
    middles = _medians(x, y)
    if len(middles) > 1:
        axes.plot(*zip(*middles, strict=True), color="white", lw=3.4)
        axes.plot(*zip(*middles, strict=True), color=INK, lw=1.6)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    thousands(axes, "x")


def _medians(x: Floats, y: Floats) -> list[tuple[float, float]]:
    """The middle of each slice: median of the factor, median of the measure."""
    levels = np.unique(x)
    if len(levels) <= SLICES:
        return [(float(one), float(np.median(y[x == one]))) for one in levels]
    slices = min(SLICES, len(x) // LEAST_IN_SLICE)
    if slices < 2:
        return []
    order = np.argsort(x, kind="stable")
    return [(float(np.median(x[part])), float(np.median(y[part])))
            for part in np.array_split(order, slices)]  # fmt: skip


def _points_table(
    columns: Sequence[Column], values: Floats, target: Target | None
) -> dict[str, list[Any]]:
    """All points, those without a value, too."""
    usable = complete(values)
    means = np.where(usable, np.where(usable[:, None], values, 0.0).mean(axis=1), np.nan)
    table: dict[str, list[Any]] = {"point": list(range(len(values)))}
    for column in columns:
        table[f"factor: {column.name}"] = list(column.texts) or column.values.tolist()
    missed = target.missed(means) if target else None
    return table | {
        "mean": means.tolist(),
        "misses_target": [None] * len(means) if missed is None
        else [bool(m) if ok else None for m, ok in zip(missed, usable, strict=True)],
    }  # fmt: skip


def _more(left_out: int) -> str:
    return f" {left_out} more factors are left out." if left_out > 0 else ""
