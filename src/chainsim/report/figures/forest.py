"""The figure of differences by measure, with an interval each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from chainsim.experiments.comparison import Comparison
from chainsim.experiments.contrasts import Contrast
from chainsim.report.figures.style import (
    BLUE,
    FAINT,
    INK,
    RED,
    Picture,
    canvas,
    legend,
    per_cent,
    styled,
)

MARKERS = "oDs^vPX*"
"""One for each other scenario."""
FAR = 1.0
"""Relative differences beyond this are drawn on a scale that shrinks them."""


@styled
def differences_by_measure(comparison: Comparison) -> Picture | None:
    """The difference of each measure relative to the first scenario, with its interval."""
    rows = _measures(comparison)
    if not rows:
        return None
    percent = f"{100 * comparison.confidence:g} %"
    title = f"Differences by measure, relative to {comparison.first}"
    pairs = replications_in_words(*sorted({len(a.numbers) for a in comparison.against}))
    caption = (
        f"Share of the mean of {comparison.first}; whiskers: {percent} interval of each measure on "
        f"its own, {pairs} in pairs. Hollow: the interval includes zero.\n"
        "Measures that are equal in every replication, or zero in the first, are left out."
    )
    height = 1.7 + 0.24 * len(rows) + 0.1 * len(rows) * (len(comparison.against) - 1)
    figure, axes = canvas(height, title, caption)
    axes.axvline(0, color=INK, lw=0.9, ls="--")
    for k, against in enumerate(comparison.against):
        shift = 0.5 * (k - (len(comparison.against) - 1) / 2) / len(comparison.against)
        for row, name in enumerate(rows):
            contrast = against.total.get(name)
            if contrast is not None and contrast.relative(0.0) is not None and not contrast.equal:
                _relative_whisker(axes, row + shift, contrast, MARKERS[k % len(MARKERS)])
    axes.set_yticks(range(len(rows)), [_label(comparison, name) for name in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    _relative_axis(axes, comparison, rows)
    legend(figure, verdict_legend(comparison))
    return Picture("differences", title, caption, figure, _table(comparison, rows))


def _measures(comparison: Comparison) -> list[str]:
    """The measures that differ in some scenario and can be related to the first."""
    names = dict.fromkeys(name for against in comparison.against for name in against.total)
    return [
        name
        for name in names
        if any(
            name in a.total and a.total[name].interval is not None
            and a.total[name].first and not a.total[name].equal
            for a in comparison.against
        )
    ]  # fmt: skip


def _label(comparison: Comparison, name: str) -> str:
    direction = next(a.total[name].direction for a in comparison.against if name in a.total)
    text = name.replace("_", " ")
    return text if direction == "none" else f"{text} ({direction} is better)"


VERDICTS = {"better": BLUE, "worse": RED, "": FAINT}


def _relative_whisker(axes: Axes, y: float, contrast: Contrast, marker: str) -> None:
    assert contrast.interval is not None
    mean, low, high = (
        contrast.relative(value)
        for value in (contrast.interval.mean, contrast.interval.low, contrast.interval.high)
    )
    whisker(axes, y, contrast, (mean or 0.0, low, high), marker)


def whisker(
    axes: Axes,
    y: float,
    contrast: Contrast,
    values: tuple[float, float | None, float | None],
    marker: str,
) -> None:
    """Draw a difference (mean, low, high) with its verdict; hollow where zero is included."""
    (mean, low, high), color = values, VERDICTS[contrast.verdict]
    if low is not None and high is not None:
        axes.plot([low, high], [y, y], color=color, lw=1.6, solid_capstyle="butt")
    axes.plot(
        [mean], [y], ls="", marker=marker, ms=5.5, mec=color,
        mfc=color if contrast.told else "white",
    )  # fmt: skip


def _relative_axis(axes: Axes, comparison: Comparison, rows: Sequence[str]) -> None:
    """Per cent of the first, shrunk far from zero where that is needed to see the near."""
    shares = [abs(value) for value in _table(comparison, rows)["relative"] if value]
    axes.set_xlabel(f"difference, share of {comparison.first}")
    if shares and max(shares) > FAR:
        axes.set_xscale("symlog", linthresh=0.1)
        axes.set_xlabel(f"difference, share of {comparison.first}; logarithmic beyond 10 %")
    per_cent(axes, "x")


def verdict_legend(comparison: Comparison) -> dict[str, Artist]:
    """A marker for each other scenario and a colour for each verdict."""
    found: dict[str, Artist] = {
        against.name: Line2D([], [], ls="", marker=MARKERS[k % len(MARKERS)], color=INK)
        for k, against in enumerate(comparison.against)
    }
    for verdict, color in VERDICTS.items():
        found[verdict or "neither"] = Line2D([], [], color=color, lw=3)
    return found


def _table(comparison: Comparison, rows: Sequence[str]) -> dict[str, list[Any]]:
    found = [
        (against.name, name, against.total[name])
        for name in rows
        for against in comparison.against
        if name in against.total
    ]
    table: dict[str, list[Any]] = {
        "scenario": [name for name, _, _ in found],
        "measure": [measure for _, measure, _ in found],
    }
    for column, part in (("relative", "mean"), ("low", "low"), ("high", "high")):
        table[column] = [
            contrast.relative(getattr(contrast.interval, part, None)) for _, _, contrast in found
        ]
    return table


def replications_in_words(*numbers: int) -> str:
    """How many, where it may differ from line to line."""
    text = " or ".join(map(str, numbers))
    return "1 replication" if text == "1" else f"{text} replications"
