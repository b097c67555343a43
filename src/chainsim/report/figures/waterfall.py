"""The figure of what was lost by cause, against the twin without disruptions."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes

from chainsim.experiments.losses import LossSummary
from chainsim.experiments.summary import Aggregate
from chainsim.report.figures.scene import Scene
from chainsim.report.figures.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    RED,
    Columns,
    Picture,
    canvas,
    styled,
    thousands,
)
from chainsim.report.loss_view import OWN
from chainsim.report.tables import number

MOST_BARS = 10
"""Causes in the waterfall; the rest is one bar."""
LEAST = 0.002
"""Share of all that was lost below which a cause belongs to the rest."""


@styled
def loss_waterfall(scene: Scene) -> Picture | None:
    """Output lost by missing item and region of the cause, what was caught up, and the net loss."""
    found = scene.run.losses
    if found is None or not found.causes:
        return None
    bars = _bars(found)
    unit = scene.output_unit
    title = "Loss of output by cause"
    caption = (
        f"Missing item at the maker, and the region to which the oldest unfilled orders lead. Mean "
        f"of {_sample(found)}\nagainst the same draws without disruptions; whiskers: "
        f"{100 * found.net.confidence:g} % interval. Lost sales beside it: "
        f"{number(found.lost_sales.mean)} {unit}."
    )
    figure, axes = canvas(1.5 + 0.3 * len(bars), title, caption, legend_lines=0)
    reached = 0.0
    for row, bar in enumerate(bars):
        reached = _step(axes, row, bar, reached, last=row == len(bars) - 1)
    axes.axvline(0, color=INK, lw=0.8)
    axes.set_yticks(range(len(bars)), [bar.name for bar in bars])
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.margins(x=0.09)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(unit)
    thousands(axes, "x")
    data: Columns = {
        "bar": [bar.name for bar in bars],
        "mean": [bar.mean for bar in bars],
        "low": [bar.low for bar in bars],
        "high": [bar.high for bar in bars],
    }
    return Picture("loss_waterfall", title, caption, figure, data)


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of a waterfall."""

    name: str
    mean: float
    low: float | None
    high: float | None
    color: str = RED
    hatch: str = ""


def _bars(found: LossSummary) -> list[Bar]:
    """The largest causes, the rest together, what was caught up, and the net loss."""
    causes = [
        (f"{item or OWN}, {region}" if region else item or OWN, bar)
        for (item, region), bar in found.causes.items()
    ]
    least = LEAST * sum(bar.mean or 0.0 for _, bar in causes)
    large = sum((bar.mean or 0.0) >= least for _, bar in causes[:MOST_BARS])
    bars = [_bar(name, bar) for name, bar in causes[:large]]
    rest = causes[large:]
    if rest:
        bars.append(Bar(f"{len(rest)} more", sum(bar.mean or 0.0 for _, bar in rest), None, None))
    bars.append(_bar("caught up", found.catch_up, GREEN, "//"))
    bars.append(_bar("net loss", found.net, BLUE, ".."))
    return bars


def _bar(name: str, bar: Aggregate, color: str = RED, hatch: str = "") -> Bar:
    return Bar(name, bar.mean or 0.0, bar.low, bar.high, color, hatch)


def _step(axes: Axes, row: int, bar: Bar, reached: float, last: bool) -> float:
    """Draw a bar from where the one above ended, the last from zero; returns where it ends."""
    begin = 0.0 if last else reached
    end = begin + bar.mean
    axes.barh(
        row, bar.mean, left=begin, height=0.62, color=bar.color, hatch=bar.hatch,
        edgecolor="white", lw=0.5,
    )  # fmt: skip
    if not last:
        axes.plot([end, end], [row + 0.31, row + 0.69], color=FAINT, lw=0.8)
    right = max(begin, end)
    if bar.low is not None and bar.high is not None:
        low, high = begin + bar.low, begin + bar.high
        axes.plot([low, high], [row, row], color=INK, lw=1.2, marker="|", ms=6)
        right = max(right, high)
    axes.annotate(
        number(bar.mean), (right, row), (5, 0), textcoords="offset points", va="center", fontsize=8
    )
    return end


def _sample(found: LossSummary) -> str:
    words = "1 replication" if found.net.n == 1 else f"{found.net.n} replications"
    return words + (f" ({found.net.failed} more failed)" if found.net.failed else "")
