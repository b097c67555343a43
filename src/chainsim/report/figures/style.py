"""How figures look: colours, fonts, captions. Nothing here changes a setting for good."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter

INK = "#222222"
FAINT = "#8a8a8a"
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, YELLOW, BLACK = "#56B4E9", "#CC79A7", "#F0E442", "#000000"
QUALITATIVE = (BLUE, RED, GREEN, ORANGE, SKY, PURPLE, YELLOW, BLACK)
"""Okabe and Ito (2008): told apart by colour-blind readers."""
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 2)))
"""Told apart without colour."""
WIDTH = 9.0
"""Inches."""
DPI = 130

STYLE: dict[str, Any] = {
    "font.family": ["sans-serif"],
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "text.parse_math": False,
    "text.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "svg.fonttype": "none",
    "svg.hashsalt": "chainsim",
    "path.simplify": True,
}
styled = rc_context(STYLE)
"""Decorates a function that draws or writes a figure."""

Columns = Mapping[str, Sequence[Any]]
"""A table by column."""


@dataclass(frozen=True)
class Picture:
    """A figure with its words and the data behind it."""

    name: str
    """Stem of its files."""
    title: str
    caption: str
    figure: Figure
    data: Columns


def canvas(
    height: float,
    title: str,
    caption: str,
    legend_lines: int = 1,
    **subplots: Any,
) -> tuple[Figure, Any]:
    """A figure with its title, room for a legend under it, its caption at the foot, and axes."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    room = "\n" * legend_lines
    figure.suptitle(title + room, x=0.01, ha="left", fontsize=12, fontweight="bold")
    figure.supxlabel(caption, x=0.01, ha="left", fontsize=7.5, color="#555555")
    return figure, figure.subplots(**subplots)


def legend(figure: Figure, handles: Mapping[str, Artist] | None = None, columns: int = 7) -> None:
    """A legend under the title: of the given handles, or of all that the axes have."""
    found: dict[str, Artist] = dict(handles or {})
    if handles is None:
        for axes in figure.axes:
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
                found.setdefault(label, handle)
    below_title = 1 - 0.29 / figure.get_figheight()
    drawn = figure.legend(
        found.values(), found.keys(), loc="upper left", bbox_to_anchor=(0.01, below_title),
        ncols=columns, borderaxespad=0, columnspacing=1.4, handlelength=1.8,
    )  # fmt: skip
    drawn.set_in_layout(False)


def date_axis(axes: Axes, dates: Sequence[dt.date]) -> None:
    """Dates along x, from the first day to the end of the last."""
    locator = AutoDateLocator(minticks=4, maxticks=12)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.set_xlim(_day(dates[0]), _day(dates[-1]) + 1)


def _day(date: dt.date) -> float:
    return float((date - dt.date(1970, 1, 1)).days)


def thousands(axes: Axes, which: Literal["x", "y"] = "y") -> None:
    """Numbers with separators of thousands, or with k and M where they are long."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    low, high = axes.get_xlim() if which == "x" else axes.get_ylim()
    if max(abs(low), abs(high)) >= 1_000_000:
        axis.set_major_formatter(EngFormatter(sep=""))
    else:
        axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.10g}"))


def per_cent(axes: Axes, which: Literal["x", "y"]) -> None:
    """Shares as per cent."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.10g} %"))


@styled
def as_svg(figure: Figure) -> bytes:
    """The figure as SVG; the same figure gives the same bytes."""
    _lay_out(figure)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _COORDINATES.sub(_rounded, buffer.getvalue()).encode()


@styled
def as_png(figure: Figure) -> bytes:
    """The figure as PNG; the same figure gives the same bytes."""
    _lay_out(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def _lay_out(figure: Figure) -> None:
    """Find the places of all parts once; finding them again for every format is slow."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()
        figure.set_layout_engine("none")


_COORDINATES = re.compile(r' d="[^"]*"')
_LONG = re.compile(r"(\d\.\d\d)\d+")


def _rounded(path: re.Match[str]) -> str:
    """Coordinates to a hundredth of a point: files of half the size."""
    return _LONG.sub(r"\1", path.group())
