"""How figures look: colours, fonts, captions. Nothing here changes a setting for good."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar

from matplotlib import MatplotlibDeprecationWarning, rc_context, rcParams, rcParamsDefault
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.ticker import EngFormatter, FuncFormatter

from chainsim.errors import visible

P = ParamSpec("P")
T = TypeVar("T")

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

CJK = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "Microsoft YaHei", "PingFang SC", "SimHei", "Arial Unicode MS",
)  # fmt: skip
"""Fonts with Chinese signs, for names: the first that is installed is used."""
_INSTALLED = {font.name for font in fontManager.ttflist}

STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans", *[name for name in CJK if name in _INSTALLED][:1]],
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
    "timezone": "UTC",
    "date.epoch": "1970-01-01T00:00:00",
}
_KEPT = ("backend", "interactive")
_BASE: dict[str, Any] = {
    name: value for name, value in rcParamsDefault.items() if not name.startswith(_KEPT)
}
"""The settings beneath: those of matplotlib, not of a file of the user or of a notebook."""
Columns = Mapping[str, Iterable[Any]]
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


def styled(draw: Callable[P, T]) -> Callable[P, T]:
    """A function that draws or writes a figure, with the settings of `STYLE` and no others."""

    @wraps(draw)
    def drawn(*args: P.args, **options: P.kwargs) -> T:
        with rc_context():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", MatplotlibDeprecationWarning)
                settings: Any = _BASE | STYLE
                rcParams.update(settings)
            return draw(*args, **options)

    return drawn


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
    locator: Any = AutoDateLocator(minticks=4, maxticks=12)  # type: ignore[no-untyped-call]
    formatter: Any = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter)
    axes.set_xlim(place(dates[0]), place(dates[-1]) + 1)


def place(moment: dt.date) -> float:
    """Where a date, or a date and time, stands along x: days since 1970."""
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time())
    return (moment - dt.datetime(1970, 1, 1)) / dt.timedelta(days=1)


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


def as_svg(figure: Figure) -> bytes:
    """The figure as SVG; the same figure gives the same bytes."""
    drawn = _saved(figure, format="svg", metadata={"Date": None, "Creator": None})
    return _COORDINATES.sub(_rounded, visible(drawn.decode(errors="backslashreplace"))).encode()


def as_png(figure: Figure) -> bytes:
    """The figure as PNG; the same figure gives the same bytes."""
    return _saved(figure, format="png", dpi=DPI, metadata={"Software": None})


@styled
def _saved(figure: Figure, **options: Any) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        if figure.get_layout_engine() is not None:
            # Finding the places of all parts again for every format is slow.
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
        figure.savefig(buffer, **options)
    return buffer.getvalue()


_COORDINATES = re.compile(r' d="[^"]*"')
_LONG = re.compile(r"(\d\.\d\d)\d+")


def _rounded(path: re.Match[str]) -> str:
    """Coordinates to a hundredth of a point: files of half the size."""
    return _LONG.sub(r"\1", path.group())
