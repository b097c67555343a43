"""Figures of a sensitivity analysis: what each factor does to a measure, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from chainsim.errors import printable, shortened
from chainsim.experiments.designs import DUMMY
from chainsim.experiments.sensitivity.drivers import Basis
from chainsim.experiments.sensitivity.morris import Effects, MorrisEffects
from chainsim.experiments.sensitivity.one_at_a_time import Swing, Swings
from chainsim.experiments.sensitivity.resampling import Estimate
from chainsim.experiments.statistics import Interval
from chainsim.report.figures.forest import replications_in_words
from chainsim.report.figures.style import (
    BLUE,
    FAINT,
    INK,
    ORANGE,
    RED,
    SKY,
    Picture,
    canvas,
    legend,
    styled,
    thousands,
)
from chainsim.report.sentences import words
from chainsim.report.tables import number

MOST_BARS = 25
MOST_NAMED = 12
"""Points of a scatter that may have their name beside them."""
WORTH_NAMING = 0.15
"""Share of the width of a scatter from which on they have it."""
LONGEST_LABEL = 40
"""Characters."""
NAME_WIDTH = 0.45
"""Share of the width of a scatter that a name takes."""
CURVED = ((1.0, "sigma = mu*"), (0.5, "sigma = mu* / 2"), (0.1, "sigma = mu* / 10"))
"""Below the last line an effect is about linear, above the first one it has no direction
(Garcia Sanchez et al. 2014)."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The measure that a figure is about."""

    measure: str
    unit: str
    stem: str = ""
    """What files of the figure have in their name beside its kind; the measure unless given."""

    @property
    def label(self) -> str:
        """The measure with its unit, for an axis."""
        return words(self.measure) + self.in_unit

    @property
    def in_unit(self) -> str:
        """The unit in brackets, if there is one."""
        return "" if self.unit in ("", "1") else f" [{self.unit}]"

    def file(self, kind: str) -> str:
        """The stem of a figure's files."""
        return f"{kind}_{self.stem or self.measure}"


# ---- tornado


@styled
def tornado(about: Measured, found: Swings, bases: Mapping[str, Basis]) -> Picture | None:
    """The measure at both ends of each factor, the factor that moves it most on top.

    Args:
        about: The measure.
        found: Its swings.
        bases: The ranges of the factors in words, by name.

    Returns:
        None where the base has no value.
    """
    if found.base is None:
        return None
    ordered = sorted((s for s in found.swings if s.name != DUMMY), key=lambda s: (-s.size, s.name))
    rows, base = ordered[:MOST_BARS], found.base.mean
    title = f"One factor at a time: {words(about.measure)}"
    caption = (
        f"Line: the base, {number(base)}. Bars: mean with the factor alone at its low or high end, "
        f"{replications_in_words(found.replications)} with the same random numbers.\nWhiskers: "
        f"{in_percent(found.confidence)} interval of the paired change. Pale: no change that the "
        f"replications can tell.{left_out(len(ordered) - len(rows))}"
    )
    labels = [_with_range(one.name, bases) for one in rows]
    height = 0.37 if any("\n" in label for label in labels) else 0.29
    figure, axes = canvas(1.9 + height * len(rows), title, caption)
    for y, one in enumerate(rows):
        for shift, end, color, hatch in (
            (-0.18, one.low, ORANGE, "////"),
            (0.18, one.high, BLUE, ""),
        ):
            look = {"color": color, "hatch": hatch, "alpha": 0.85 if one.told else 0.3}
            _change(axes, y + shift, base, end, look)
    axes.axvline(base, color=INK, lw=1)
    names_down(axes, labels)
    axes.set_xlabel(about.label)
    thousands(axes, "x")
    legend(
        figure,
        {
            "at the low end": Patch(facecolor=ORANGE, hatch="////", edgecolor="white"),
            "at the high end": Patch(facecolor=BLUE, edgecolor="white"),
        },
    )
    table = _tornado_table(ordered, bases)
    return Picture(about.file("tornado"), title, caption, figure, table)


def _change(
    axes: Axes, y: float, base: float, change: Interval | None, look: dict[str, Any]
) -> None:
    if change is None:
        return
    axes.barh(y, change.mean, left=base, height=0.34, edgecolor="white", lw=0, **look)
    if change.low is not None and change.high is not None:
        axes.plot([base + change.low, base + change.high], [y, y], color=INK, lw=1.1)


def _with_range(name: str, bases: Mapping[str, Basis]) -> str:
    """The factor with the range over which it is varied."""
    label, basis = short(name), bases.get(name)
    if basis is None or not (basis.low and basis.high):
        return label
    span = f"({shortened(f'{basis.low} to {basis.high}', 2 * LONGEST_LABEL)})"
    return f"{label}  {span}" if len(label + span) <= LONGEST_LABEL else f"{label}\n{span}"


def _tornado_table(rows: Sequence[Swing], bases: Mapping[str, Basis]) -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = {"factor": [one.name for one in rows]}
    for column in ("kind", "low", "high"):
        table[column if column == "kind" else f"at_{column}"] = [
            getattr(bases[one.name], column) if one.name in bases else None for one in rows
        ]
    for end in ("low", "high", "across"):
        for part, name in (("mean", ""), ("low", "_from"), ("high", "_to")):
            table[f"change_{end}{name}"] = [getattr(getattr(s, end), part, None) for s in rows]
    return table | {"size": [s.size for s in rows], "told": [s.told for s in rows]}


# ---- screening


@styled
def screening(about: Measured, found: MorrisEffects) -> Picture | None:
    """mu* of each factor with its floor; beside it mu* against sigma where factors have one.

    Returns:
        None where no factor has two effects.
    """
    ordered = sorted(found.effects, key=lambda one: (-one.mu_star.value, one.name))
    if not ordered:
        return None
    rows = ordered[:MOST_BARS]
    title = f"Screening: {words(about.measure)}"
    caption = (
        f"Morris, {found.trajectories} trajectories, "
        f"{replications_in_words(found.replications)}. mu*: mean size of the change over the whole "
        f"range of a factor; whiskers: {in_percent(found.confidence)} bootstrap interval.\n"
        + (
            "Red: the noise floor, below which a factor without effect stays 19 times of 20; "
            "hollow: not above it."
            if found.replications > 1
            else "One replication: the noise floor is not known."
        )
        + left_out(len(ordered) - len(rows))
    )
    scattered = ordered if all(one.sigma is not None for one in ordered) else []
    height = max(4.2 if scattered else 2.4, 1.9 + 0.25 * len(rows))
    columns = {"ncols": 2, "width_ratios": (1, 1.25)} if scattered else {}
    figure, drawn = canvas(height, title, caption, 0, **columns)
    bars = drawn[0] if scattered else drawn
    _mu_stars(bars, rows, about)
    if scattered:
        _mu_star_and_sigma(drawn[1], scattered, about)
    return Picture(about.file("screening"), title, caption, figure, _screening_table(ordered))


def _mu_stars(axes: Axes, rows: Sequence[Effects], about: Measured) -> None:
    for y, one in enumerate(rows):
        dull = one.above_floor is False
        axes.barh(
            y, one.mu_star.value, height=0.62, color="white" if dull else SKY,
            edgecolor=FAINT if dull else BLUE, lw=0.9,
        )  # fmt: skip
        bar_interval(axes, y, one.mu_star)
        if one.floor:
            axes.plot([one.floor] * 2, [y - 0.42, y + 0.42], color=RED, lw=1.8)
    names_down(axes, [short(one.name) for one in rows])
    axes.set_xlim(0, axes.get_xlim()[1])
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel(f"mu* of {about.label}")
    thousands(axes, "x")


def _mu_star_and_sigma(axes: Axes, rows: Sequence[Effects], about: Measured) -> None:
    """The scatter, sigma without noise where that is known, with lines of equal curvature."""
    wide = 1.12 * max(rows[0].mu_star.value, 1e-12)
    high = max(1.12 * max(_sigma(one) for one in rows), 0.2 * wide)
    _curved(axes, wide, high)
    named: list[tuple[float, float]] = []  # where names begin, and at which height
    for one in rows:
        dull = one.above_floor is False
        x, y = one.mu_star.value, _sigma(one)
        look: dict[str, Any] = {"mec": FAINT if dull else BLUE, "mfc": "white" if dull else SKY}
        axes.plot([x], [y], ls="", marker="o", ms=5, clip_on=False, zorder=3, **look)
        right = x > 0.6 * wide
        start = x - NAME_WIDTH * wide if right else x
        free = all(abs(start - a) > NAME_WIDTH * wide or abs(y - b) > 0.05 * high for a, b in named)
        if not dull and free and len(named) < MOST_NAMED and x > WORTH_NAMING * wide:
            named.append((start, y))
            axes.annotate(
                short(one.name, 26), (x, y), xytext=(-5 if right else 5, 5),
                textcoords="offset points", fontsize=7.5, ha="right" if right else "left",
            )  # fmt: skip
    axes.set_xlim(0, wide)
    axes.set_ylim(0, high)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel(f"mu* of {about.label}")
    noiseless = any(one.corrected_sigma is not None for one in rows)
    axes.set_ylabel(f"sigma{', without noise' if noiseless else ''}{about.in_unit}")
    thousands(axes, "x")
    thousands(axes)


def _curved(axes: Axes, wide: float, high: float) -> None:
    """Lines of equal sigma / mu*, each with its name where it leaves the figure."""
    above = 0
    for slope, text in CURVED:
        axes.plot([0, wide], [0, slope * wide], color=FAINT, lw=0.8, ls="--")
        if slope * wide > high:  # it leaves at the top: names one below the other
            y = high * (1 - 0.05 * above)
            place, align, above = (y / slope, y), ("left", "top"), above + 1
        else:
            place, align = (wide, slope * wide), ("right", "bottom")
        axes.annotate(
            text, place, ha=align[0], va=align[1], fontsize=7, color=FAINT, xytext=(3, -1),
            textcoords="offset points",
        )  # fmt: skip


def _sigma(one: Effects) -> float:
    if one.corrected_sigma is not None:
        return one.corrected_sigma
    return one.sigma.value if one.sigma else 0.0


def _screening_table(rows: Sequence[Effects]) -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = {"factor": [one.name for one in rows]}
    for name in ("mu_star", "mu", "sigma"):
        for part, suffix in (("value", ""), ("low", "_low"), ("high", "_high")):
            table[f"{name}{suffix}"] = [getattr(getattr(one, name), part, None) for one in rows]
    for name in ("corrected_sigma", "floor", "above_floor", "n", "left_out"):
        table[name] = [getattr(one, name) for one in rows]
    return table


# ---- what they share


def short(name: str, longest: int = LONGEST_LABEL) -> str:
    """A name as a label; one that is too long loses its middle, since names differ in their end."""
    text = printable(name)
    if len(text) <= longest:
        return text
    head = (longest - 3) // 3
    return f"{text[:head]}...{text[len(text) - (longest - 3 - head) :]}"


def broken(label: str, width: int) -> str:
    """A label over several lines of about `width` characters, broken behind dots, signs, spaces."""
    lines = [""]
    for part in re.findall(r"[^._ ]*[._ ]|[^._ ]+", label):
        if lines[-1] and len(lines[-1]) + len(part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)


def names_down(axes: Axes, labels: Sequence[str]) -> None:
    """Names down the left, the first on top."""
    axes.set_yticks(range(len(labels)), list(labels))
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)


def bar_interval(axes: Axes, y: float, one: Estimate) -> None:
    """The interval of a number as a line across the end of its bar."""
    if one.low is not None and one.high is not None:
        axes.plot([one.low, one.high], [y, y], color=INK, lw=1.1)


def in_percent(confidence: float) -> str:
    """A confidence as per cent."""
    return f"{100 * confidence:g} %"


def left_out(number_: int) -> str:
    """How many factors a figure does not show; empty for none."""
    return f" {number_} less important ones are left out." if number_ > 0 else ""
