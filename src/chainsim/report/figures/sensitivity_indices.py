"""Figures of indices: shares of variance, distances of distributions, and whether they settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from chainsim.experiments.designs import DUMMY
from chainsim.experiments.sensitivity.convergence import Convergence
from chainsim.experiments.sensitivity.given_data import FromSample
from chainsim.experiments.sensitivity.resampling import Estimate
from chainsim.experiments.sensitivity.sobol import Indices, SobolIndices
from chainsim.report.figures.forest import MARKERS, replications_in_words
from chainsim.report.figures.sensitivity import (
    MOST_BARS,
    Measured,
    bar_interval,
    in_percent,
    left_out,
    names_down,
    short,
)
from chainsim.report.figures.style import (
    BLUE,
    DASHES,
    FAINT,
    INK,
    QUALITATIVE,
    RED,
    SKY,
    Picture,
    canvas,
    legend,
    styled,
    thousands,
)
from chainsim.report.sentences import words

MOST_LINES = 7
CHARACTERS = 140
"""In a line of a legend over the whole width."""


# ---- indices


@styled
def index_bars(about: Measured, found: SobolIndices) -> Picture | None:
    """First-order and total index of each factor with intervals and the noise floor.

    Returns:
        None where there are no indices.
    """
    best = found.best
    if best is None:
        return None
    order = sorted(range(len(found.names)), key=lambda j: (-best.total[j].value, found.names[j]))
    rows = order[:MOST_BARS]
    title = f"Shares of variance: {words(about.measure)}"
    figure, axes = canvas(2.1 + 0.36 * len(rows), title, _index_caption(found, len(order)))
    for y, j in enumerate(rows):
        for shift, one, color, hatch in (
            (-0.18, best.total[j], SKY, ""), (0.18, best.first[j], BLUE, "////")
        ):  # fmt: skip
            axes.barh(
                y + shift, one.value, height=0.34, color=color, hatch=hatch, edgecolor="white", lw=0
            )
            bar_interval(axes, y + shift, one)
        if found.corrected is not None and found.raw is not None:
            _hollow(axes, y - 0.18, found.raw.total[j].value)
            _hollow(axes, y + 0.18, found.raw.first[j].value)
    handles = _index_handles(found)
    _floors(axes, best, handles)
    names_down(axes, [short(found.names[j]) for j in rows])
    axes.set_xlim(min(0.0, axes.get_xlim()[0]), max(axes.get_xlim()[1], 0.1))
    axes.axvline(0, color=INK, lw=0.8)
    axes.set_xlabel(f"share of the variance of {words(about.measure)}")
    legend(figure, handles)
    caption = _index_caption(found, len(order))
    return Picture(about.file("indices"), title, caption, figure, _index_table(found, order))


def _index_caption(found: SobolIndices, factors: int) -> str:
    design = f"Sobol, {found.rows} rows of the design, {replications_in_words(found.replications)}"
    if found.left_out:
        design += f" ({found.left_out} rows with a failed run are left out)"
    text = f"{design}. Whiskers: {in_percent(found.confidence)} bootstrap interval."
    share = found.spread.noise_share if found.spread else None
    if found.corrected is not None and share is not None:
        text += (
            f"\nNoise, {100 * share:.0f} % of the raw variance, is taken out; diamonds: the raw "
            "indices. Floors: below them a factor without effect stays 19 times of 20."
        )
    elif found.replications == 1:
        text += "\nOne replication: noise is in these shares and cannot be told from effects."
    else:
        text += f"\nRaw indices: {found.reason}."
    return text + left_out(factors - min(factors, MOST_BARS))


def _index_handles(found: SobolIndices) -> dict[str, Artist]:
    handles: dict[str, Artist] = {
        "total": Patch(facecolor=SKY),
        "first order": Patch(facecolor=BLUE, hatch="////", edgecolor="white"),
    }
    if found.corrected is not None:
        handles["raw, with noise"] = Line2D([], [], ls="", marker="D", ms=4, mfc="white", mec=INK)
    return handles


def _floors(axes: Axes, best: Indices, handles: dict[str, Artist]) -> None:
    for floor, dashes, name in (
        (best.floor_total, "--", "floor of the total"),
        (best.floor_first, ":", "floor of the first order"),
    ):
        if floor > 0:
            axes.axvline(floor, color=RED, lw=1.3, ls=dashes)
            handles[name] = Line2D([], [], color=RED, lw=1.3, ls=dashes)


def _hollow(axes: Axes, y: float, x: float) -> None:
    axes.plot([x], [y], ls="", marker="D", ms=3.6, mfc="white", mec=INK, mew=0.8)


def _index_table(found: SobolIndices, order: Sequence[int]) -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = {"factor": [found.names[j] for j in order]}
    for name, indices in (("", found.corrected), ("raw_", found.raw)):
        for kind in ("first", "total"):
            for part, suffix in (("value", ""), ("low", "_low"), ("high", "_high")):
                table[f"{name}{kind}{suffix}"] = [
                    getattr(getattr(indices, kind)[j], part) if indices else None for j in order
                ]
            floor = getattr(indices, f"floor_{kind}") if indices else None
            table[f"{name}floor_{kind}"] = [floor] * len(order)
    return table


# ---- any sample


@styled
def sample_bars(about: Measured, found: FromSample) -> Picture | None:
    """PAWN of each factor with its floor, and its rank correlation with the measure.

    Returns:
        None where the measure does not vary.
    """
    if found.pawn_floor is None:
        return None
    order = sorted(range(len(found.names)), key=lambda j: (-(found.pawn[j] or 0.0), found.names[j]))
    rows = order[:MOST_BARS]
    title = f"What matters: {words(about.measure)}"
    caption = (
        f"{found.n:,} points, means of {replications_in_words(found.replications)}. PAWN: median "
        f"distance of distributions over {found.slides} slices of a factor, of any effect; "
        "rank correlation: of monotonic ones.\nRed: the noise floor of PAWN, below which a factor "
        f"without effect stays 19 times of 20. Whiskers: {in_percent(found.confidence)} interval."
        + left_out(len(order) - len(rows))
    )
    figure, (distance, correlation) = canvas(
        2.0 + 0.28 * len(rows), title, caption, 0, ncols=2, sharey=True
    )
    for y, j in enumerate(rows):
        value, rho = found.pawn[j] or 0.0, found.rank_correlation[j]
        dull = value <= found.pawn_floor
        distance.barh(
            y, value, height=0.62, color="white" if dull else SKY, lw=0.9,
            edgecolor=FAINT if dull else BLUE,
        )  # fmt: skip
        if rho is not None:
            correlation.barh(y, rho.value, height=0.62, color=BLUE, hatch="////", edgecolor="white")
            bar_interval(correlation, y, rho)
    distance.axvline(found.pawn_floor, color=RED, lw=1.4)
    correlation.axvline(0, color=INK, lw=0.8)
    names_down(distance, [short(found.names[j]) for j in rows])
    correlation.grid(axis="y", visible=False)
    distance.set_xlabel(f"PAWN of {words(about.measure)}")
    correlation.set_xlabel("Spearman's rank correlation")
    correlation.set_xlim(-1, 1)
    return Picture(about.file("sample"), title, caption, figure, _sample_table(found, order))


def _sample_table(found: FromSample, order: Sequence[int]) -> dict[str, list[Any]]:
    rho = [found.rank_correlation[j] for j in order]
    return {
        "factor": [found.names[j] for j in order],
        "pawn": [found.pawn[j] for j in order],
        "pawn_floor": [found.pawn_floor] * len(order),
        "rank_correlation": [getattr(one, "value", None) for one in rho],
        "low": [getattr(one, "low", None) for one in rho],
        "high": [getattr(one, "high", None) for one in rho],
    }


# ---- convergence


@styled
def convergence(about: Measured, found: Convergence) -> Picture | None:
    """How the index of the most important factors settles as the sample grows.

    Returns:
        None with fewer than two sizes of the sample.
    """
    if len(found.steps) < 2:
        return None
    last = found.steps[-1].estimates
    order = sorted(
        range(len(found.names)),
        key=lambda j: (-_value(last[j]), found.names[j]),
    )
    drawn = [j for j in order if found.names[j] != DUMMY and last[j] is not None][:MOST_LINES]
    title = f"Is the sample large enough: {words(about.measure)}"
    sizes = ", ".join(str(step.n) for step in found.steps)
    caption = (
        f"Shown: {found.index} from the first {sizes} {found.rows}; whiskers: intervals.\n"
        "Lines that still move, or cross, say that the sample is too small to rank these factors."
        + left_out(len([j for j in order if found.names[j] != DUMMY]) - len(drawn))
    )
    columns, lines = _legend_shape([short(found.names[j]) for j in drawn])
    figure, axes = canvas(4.0 + 0.2 * lines, title, caption, lines)
    handles: dict[str, Artist] = {}
    for k, j in enumerate(drawn):
        handles[short(found.names[j])] = _settling(axes, found, j, k, len(drawn))
    floors = [step.floor for step in found.steps]
    if any(floors):
        at = range(len(floors))
        axes.plot(at, [np.nan if f is None else f for f in floors], color=FAINT, lw=2.2)
        handles["noise floor"] = Line2D([], [], color=FAINT, lw=2.2)
    axes.set_xticks(range(len(found.steps)), [f"{step.n:,}" for step in found.steps])
    axes.set_xlabel(f"{found.rows} of the design")
    axes.set_ylabel(found.index + (about.in_unit if found.index == "mu*" else ""))
    thousands(axes)
    legend(figure, handles, columns=columns)
    return Picture(about.file("convergence"), title, caption, figure, _settling_table(found, order))


def _legend_shape(labels: Sequence[str]) -> tuple[int, int]:
    """Columns and lines of a legend that is no wider than the figure; the floor is one more."""
    columns = max(1, min(4, CHARACTERS // (max(map(len, labels), default=0) + 8)))
    return columns, -(-(len(labels) + 1) // columns)


def _settling(axes: Axes, found: Convergence, factor: int, k: int, of: int) -> Artist:
    color, marker = QUALITATIVE[k % len(QUALITATIVE)], MARKERS[k % len(MARKERS)]
    shift = 0.3 * ((k + 0.5) / of - 0.5)
    points = [(i + shift, step.estimates[factor]) for i, step in enumerate(found.steps)]
    known = [(x, one) for x, one in points if one is not None]
    dashes = DASHES[k % len(DASHES)]
    axes.plot([x for x, _ in known], [one.value for _, one in known], color=color, ls=dashes, lw=1)
    for x, one in known:
        axes.plot([x], [one.value], ls="", marker=marker, ms=4.5, color=color)
        if one.low is not None and one.high is not None:
            axes.plot([x, x], [one.low, one.high], color=color, lw=0.9)
    return Line2D([], [], color=color, ls=dashes, marker=marker, ms=4.5)


def _settling_table(found: Convergence, order: Sequence[int]) -> dict[str, list[Any]]:
    cells = [(step, j, step.estimates[j]) for step in found.steps for j in order]
    return {
        "n": [step.n for step, _, _ in cells],
        "factor": [found.names[j] for _, j, _ in cells],
        "value": [getattr(one, "value", None) for _, _, one in cells],
        "low": [getattr(one, "low", None) for _, _, one in cells],
        "high": [getattr(one, "high", None) for _, _, one in cells],
        "floor": [step.floor for step, _, _ in cells],
    }


def _value(one: Estimate | None) -> float:
    return -np.inf if one is None else one.value
