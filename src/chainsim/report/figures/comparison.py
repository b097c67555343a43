"""Figures of a comparison over time: scenarios over each other, and their differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chainsim.experiments.comparison import Against, Comparison
from chainsim.experiments.daily import Band, band
from chainsim.experiments.statistics import pointwise_intervals
from chainsim.report.figures.forest import differences_by_measure, replications_in_words
from chainsim.report.figures.scene import Floats, Scene, moving_mean
from chainsim.report.figures.shortfall import shortfall_by_site
from chainsim.report.figures.style import (
    DASHES,
    INK,
    QUALITATIVE,
    Picture,
    canvas,
    date_axis,
    legend,
    styled,
    thousands,
)

MOST_ITEMS = 3
"""Items whose stock is drawn: the scarcest."""


@dataclass(frozen=True, slots=True)
class Series:
    """A daily series that scenarios are compared by."""

    name: str
    """Stem of the files of its figures."""
    title: str
    rows: Mapping[str, Callable[[Scene], Floats]]
    """By heading of its axes (empty for a single one): the series in units, (replication, day)."""
    units: Mapping[str, str]
    """By heading."""
    line: str
    """What the line shows, for the caption."""


@dataclass(frozen=True)
class Stage:
    """A comparison, ready to be drawn."""

    comparison: Comparison

    @cached_property
    def scenes(self) -> dict[str, Scene]:
        """By scenario: the replications that ran in all scenarios."""
        return {name: self.scene(name, self.comparison.common) for name in self.comparison.runs}

    def scene(self, name: str, numbers: Sequence[int]) -> Scene:
        """A scenario with some of its replications, those that have daily series."""
        run, chosen = self.comparison.runs[name], set(numbers)
        kept = tuple(r for r in run.replications if r.number in chosen and r.daily is not None)
        return Scene(replace(run, replications=kept))

    @property
    def first(self) -> Scene:
        """The scenario that the others are compared with."""
        return self.scenes[self.comparison.first]

    def pair(self, against: Against) -> tuple[Scene, Scene]:
        """The first and another scenario with the replications that ran in both."""
        return (
            self.scene(self.comparison.first, against.numbers),
            self.scene(against.name, against.numbers),
        )

    @cached_property
    def looks(self) -> dict[str, tuple[str, object]]:
        """Colour and dashes of each scenario."""
        return {
            name: (QUALITATIVE[k % len(QUALITATIVE)], DASHES[k % len(DASHES)])
            for k, name in enumerate(self.comparison.runs)
        }

    def mark(self, axes: Axes) -> None:
        """Shade the warm-up, the holidays of the first and the disruptions of any scenario."""
        self.first.mark(axes)
        seen = {(w.start, w.until) for w in self.first.windows} if self.first.repeats else set()
        for scene in list(self.scenes.values())[1:]:
            if scene.repeats:
                new = [w for w in scene.windows if (w.start, w.until) not in seen]
                scene.mark_disruptions(axes, new)
                seen |= {(w.start, w.until) for w in new}


def comparison_pictures(comparison: Comparison) -> Iterator[Picture]:
    """All figures of a comparison, one by one, so that only one is in memory."""
    yield from filter(None, [differences_by_measure(comparison), shortfall_by_site(comparison)])
    stage = Stage(comparison)
    if all(scene.n for scene in stage.scenes.values()):
        for series in _series(stage):
            yield overlay(stage, series)
            yield difference_over_time(stage, series)


# ---- what is drawn over time


def _series(stage: Stage) -> Iterator[Series]:
    """Output, backlog and the stock of the scarcest items, where they say anything."""
    units = {scene.output_unit for scene in stage.scenes.values()}
    if len(units) == 1:
        unit = units.pop()
        yield Series(
            "output", "Output per day", {"": _output}, {"": f"{unit} per day"}, "seven-day mean"
        )
        if any(_backlog(scene).any() for scene in stage.scenes.values()):
            yield Series(
                "backlog", "Backlog of customers", {"": _backlog}, {"": unit},
                "level at the end of each day",
            )  # fmt: skip
    items = _scarcest(stage)
    if items:
        yield Series(
            "stock", "Stock of the scarcest items where output is made",
            {item: _stock_of(item) for item in items},
            {item: _unit_of(stage.first, item) for item in items},
            "level at the end of each day",
        )  # fmt: skip


def _output(scene: Scene) -> Floats:
    return moving_mean(scene.total("sites", "output"))


def _backlog(scene: Scene) -> Floats:
    network = scene.network
    outputs = set(network.output_stocks)
    chosen = [k for k, demand in enumerate(network.demands) if demand.stock in outputs]
    return scene.total("demands", "backlog", chosen)


def _stock_of(item: str) -> Callable[[Scene], Floats]:
    def stock(scene: Scene) -> Floats:
        return scene.total("stocks", "on_hand", _held_at_makers(scene, item))

    return stock


def _held_at_makers(scene: Scene, item: str) -> list[int]:
    """The stocks of an item that operations that make output take from."""
    network = scene.network
    outputs = set(network.output_stocks)
    makers = {o.site for o in network.operations if any(w.stock in outputs for w in o.outputs)}
    return [
        k
        for k, stock in enumerate(network.stocks)
        if network.items[stock.item].id == item and stock.site in makers and not stock.unlimited
    ]


def _unit_of(scene: Scene, item: str) -> str:
    return next(spec.unit for spec in scene.network.items if spec.id == item)


def _scarcest(stage: Stage) -> list[str]:
    """Items that all scenarios use where output is made: the longest missed, then least covered."""
    summaries = [run.summary.items for run in stage.comparison.runs.values()]
    shared = [
        item
        for item in summaries[0]
        if all(item in found for found in summaries)
        and len({_unit_of(scene, item) for scene in stage.scenes.values()}) == 1
    ]

    def scarcity(item: str) -> tuple[float, float, str]:
        rows = [found[item] for found in summaries]
        shortage = max(row["shortage"].mean or 0.0 for row in rows)
        cover = min(_or(row["days_of_cover"].mean, np.inf) for row in rows)
        return -shortage, cover, item

    return sorted(shared, key=scarcity)[:MOST_ITEMS]


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


# ---- over time


@styled
def overlay(stage: Stage, series: Series) -> Picture:
    """The scenarios over each other, each with its band."""
    title = series.title
    caption = (
        f"Line: {series.line}, mean of {replications_in_words(stage.first.n)} that ran in all "
        "scenarios; band: 5 to 95 %."
    )
    figure, grid = _axes(series, title, caption)
    columns: dict[str, list[object]] = {name: [] for name in _OVERLAY}
    for axes, (heading, values) in zip(grid, series.rows.items(), strict=True):
        stage.mark(axes)
        for name, scene in stage.scenes.items():
            found = band(values(scene))
            _draw_band(axes, stage, name, found)
            days = len(scene.dates)
            quantiles = (found.mean, found.low, found.middle, found.high)
            cells: list[Iterable[object]] = [scene.dates, [name] * days, [heading] * days]
            cells += [array.tolist() for array in quantiles]
            for column, cell in zip(_OVERLAY, cells, strict=True):
                columns[column].extend(cell)
        axes.set_ylim(bottom=0)
    _finish(stage, series, figure, grid)
    return Picture(f"{series.name}_overlay", title, caption, figure, columns)


_OVERLAY = ("date", "scenario", "item", "mean", "p5", "p50", "p95")


def _draw_band(axes: Axes, stage: Stage, name: str, found: Band) -> None:
    color, dashes = stage.looks[name]
    x = stage.first.x
    if (found.high > found.low).any():
        axes.fill_between(x, found.low, found.high, color=color, alpha=0.2, lw=0)
    axes.plot(x, found.mean, color=color, ls=dashes, lw=1.6, label=name)


@styled
def difference_over_time(stage: Stage, series: Series) -> Picture:
    """Each other scenario less the first, day by day, with a pointwise interval."""
    comparison = stage.comparison
    title = f"{series.title}: difference from {comparison.first}"
    percent = f"{100 * comparison.confidence:g} %"
    sizes = sorted({stage.pair(against)[0].n for against in comparison.against})
    caption = (
        f"Line: {series.line}, mean difference of {replications_in_words(*sizes)} in pairs; "
        f"band: {percent} interval of each day on its own. Above zero: more than "
        f"{comparison.first}."
    )
    figure, grid = _axes(series, title, caption)
    columns: dict[str, list[object]] = {name: [] for name in _DIFFERENCE}
    for axes, (heading, values) in zip(grid, series.rows.items(), strict=True):
        stage.mark(axes)
        axes.axhline(0, color=INK, lw=0.9, ls="--")
        for against in comparison.against:
            first, other = stage.pair(against)
            _draw_difference(axes, stage, against.name, values(other) - values(first))
            _note(columns, stage, against.name, heading, values(other) - values(first))
    _finish(stage, series, figure, grid)
    return Picture(f"{series.name}_difference", title, caption, figure, columns)


_DIFFERENCE = ("date", "scenario", "item", "difference", "low", "high")


def _draw_difference(axes: Axes, stage: Stage, name: str, differences: Floats) -> None:
    color, dashes = stage.looks[name]
    x = stage.first.x
    mean, half = pointwise_intervals(differences, stage.comparison.confidence)
    if half is not None and half.any():
        axes.fill_between(x, mean - half, mean + half, color=color, alpha=0.25, lw=0)
    axes.plot(x, mean, color=color, ls=dashes, lw=1.5, label=name)


def _note(
    columns: dict[str, list[object]], stage: Stage, name: str, heading: str, differences: Floats
) -> None:
    mean, half = pointwise_intervals(differences, stage.comparison.confidence)
    nothing = [None] * mean.size
    low = nothing if half is None else (mean - half).tolist()
    high = nothing if half is None else (mean + half).tolist()
    cells = (stage.first.dates, [name] * mean.size, [heading] * mean.size, mean.tolist(), low, high)
    for column, cell in zip(_DIFFERENCE, cells, strict=True):
        columns[column].extend(cell)


def _axes(series: Series, title: str, caption: str) -> tuple[Figure, Sequence[Axes]]:
    count = len(series.rows)
    height = 4.4 if count == 1 else 1.3 + 1.75 * count
    figure, grid = canvas(height, title, caption, nrows=count, sharex=True, squeeze=False)
    return figure, grid[:, 0]


def _finish(stage: Stage, series: Series, figure: Figure, grid: Sequence[Axes]) -> None:
    for axes, heading in zip(grid, series.rows, strict=True):
        axes.set_title(heading)
        axes.set_ylabel(series.units[heading])
        thousands(axes)
    date_axis(grid[-1], stage.first.dates)
    legend(figure)
