"""The resilience curve: output beside that of the twin, and how far it is behind."""

from __future__ import annotations

import datetime as dt

import numpy as np
from matplotlib.axes import Axes

from chainsim.experiments.daily import band
from chainsim.experiments.survival import Impact, Times
from chainsim.network.compiled import SECONDS_PER_DAY, THOUSANDTHS
from chainsim.report.figures.scene import Floats, Scene, moving_mean
from chainsim.report.figures.style import (
    BLUE,
    FAINT,
    INK,
    RED,
    Columns,
    Picture,
    canvas,
    date_axis,
    legend,
    place,
    styled,
    thousands,
)
from chainsim.report.tables import number


@styled
def resilience_curve(scene: Scene) -> Picture | None:
    """Output with and without disruptions, and the shortfall with times to survive and recover."""
    impact = scene.run.impact
    if impact is None:
        return None
    made, twin = _outputs(scene)
    behind = band(np.cumsum(twin - made, axis=1)[:, scene.first :])
    fail = _failure_level(scene, twin)
    made, twin = made[:, scene.first :], twin[:, scene.first :]
    weeks, weeks_of_twin = moving_mean(made).mean(axis=0), moving_mean(twin).mean(axis=0)
    title = "Resilience: output with and without the disruptions"
    caption = (
        f"Upper: mean over seven days of {scene.sample}; the twin has the same draws without "
        "disruptions. Lower: made by the twin less\nmade by the run; line: mean, band: 5 to 95 %. "
        f"{_times_in_words(impact.total)}"
    )
    figure, (upper, lower) = canvas(5.8, title, caption, nrows=2, sharex=True, height_ratios=[3, 2])
    for axes in (upper, lower):
        scene.mark(axes)
    _draw_output(upper, scene.x, weeks, weeks_of_twin)
    upper.set_ylabel(f"{scene.output_unit} per day")
    lower.axhline(0, color=INK, lw=0.8)
    lower.axhline(fail, color=FAINT, lw=1.0, ls="-.", label="failure level")
    lower.fill_between(scene.x, behind.low, behind.high, color=RED, alpha=0.25, lw=0)
    lower.plot(scene.x, behind.mean, color=RED, lw=1.6, label="shortfall")
    lower.set_ylabel(f"shortfall,\n{scene.output_unit}")
    _mark_times(upper, lower, scene, impact.total)
    date_axis(upper, scene.dates)
    for axes in (upper, lower):
        thousands(axes)
    legend(figure, columns=8)
    data: Columns = {
        "date": scene.dates,
        "mean": made.mean(axis=0), "twin_mean": twin.mean(axis=0),
        "week_mean": weeks, "twin_week_mean": weeks_of_twin,
        "shortfall_mean": behind.mean, "shortfall_p5": behind.low, "shortfall_p95": behind.high,
    }  # fmt: skip
    return Picture("resilience_curve", title, caption, figure, data)


def _outputs(scene: Scene) -> tuple[Floats, Floats]:
    """Output of the runs and of their twins on all days, units, (replication, day) each."""
    twins = [
        r.resilience.output_of_twin
        for r in scene.run.replications
        if r.resilience is not None and r.daily is not None
    ]
    return scene.daily.total("sites", "output"), np.array(twins, dtype=np.float64) / THOUSANDTHS


def _draw_output(axes: Axes, x: Floats, made: Floats, twin: Floats) -> None:
    axes.fill_between(
        x, made, twin, where=(made < twin).tolist(), interpolate=True, facecolor=RED, alpha=0.45,
        hatch="//", edgecolor="white", lw=0, label="lost area",
    )  # fmt: skip
    axes.plot(x, twin, color=INK, lw=1.1, ls="--", label="twin")
    axes.plot(x, made, color=BLUE, lw=1.8, label="output")
    axes.set_ylim(bottom=0)


def _failure_level(scene: Scene, twin: Floats) -> float:
    """The shortfall above which output is struck, units: so many days of the twin's output."""
    spec = scene.network.resilience
    assert spec is not None
    return float(twin.mean()) * spec.fail / SECONDS_PER_DAY


def _mark_times(upper: Axes, lower: Axes, scene: Scene, total: Impact) -> None:
    """Lines at the medians of the times, from the strike; what is censored runs to the end.

    Where the strike differs from replication to replication, only the caption has them.
    """
    strike = _strike(scene)
    if strike is None:
        return
    begin, end = place(strike), place(scene.dates[-1]) + 1
    low, high = lower.get_ylim()
    lower.set_ylim(low, high + 0.45 * (high - low))
    for height, words, found, dashes in (
        (0.88, "survives", total.time_to_survive, (0, (4, 2))),
        (0.74, "recovers", total.time_to_recover, (0, (1, 1.5))),
    ):
        if not found.n:
            continue
        until = end if found.median is None else begin + found.median
        if found.median is not None:
            for axes in (upper, lower):
                axes.axvline(until, color=INK, lw=1.1, ls=dashes)
        across = lower.get_xaxis_transform()
        lower.annotate(
            "", (until, height), (begin, height), across, across,
            arrowprops={"arrowstyle": "->", "color": INK, "lw": 1.0, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        lower.text(
            until, height, f" {words} {_in_words(found)} ", transform=across, fontsize=8,
            ha="right" if found.median is None else "left",
            va="bottom" if found.median is None else "center",
        )  # fmt: skip


def _strike(scene: Scene) -> dt.datetime | None:
    """When the first disruption begins, where that is the same in every replication."""
    begin = dt.datetime.combine(scene.dates[0], dt.time())
    starts = [window.start for window in scene.windows if window.start >= begin]
    return min(starts) if starts and scene.repeats else None


def _times_in_words(total: Impact) -> str:
    """The medians, and how many of the times are censored."""
    parts = []
    for words, found in (
        ("survives", total.time_to_survive), ("recovers", total.time_to_recover),
    ):  # fmt: skip
        if found.n:
            censored = f", {found.censored} of {found.n} censored" if found.censored else ""
            parts.append(f"{words} {_in_words(found)}{censored}")
    return f"Medians: {'; '.join(parts)}."


def _in_words(found: Times) -> str:
    """A median in days; what is censored as more than was watched."""
    if found.median is None:
        return f"> {number(found.beyond)} d (censored)"
    return f"{number(found.median)} d"
