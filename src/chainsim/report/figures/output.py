"""Figures of what comes out: by day, summed up, by month, by site."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from chainsim.experiments.daily import Band, band
from chainsim.experiments.observed import ObservedMonths
from chainsim.report.figures.scene import Scene, moving_mean
from chainsim.report.figures.style import (
    BLACK,
    BLUE,
    FAINT,
    GREEN,
    INK,
    RED,
    SKY,
    Columns,
    Picture,
    canvas,
    date_axis,
    legend,
    per_cent,
    styled,
    thousands,
)

MOST_SITES = 40
"""Bars of the picture of output by site."""


@styled
def output_per_day(scene: Scene) -> Picture:
    """Output per day: every day, the mean over a week with its band, and the plan."""
    daily = scene.total("sites", "output")
    days, week = band(daily), band(moving_mean(daily))
    plan = moving_mean(scene.planned_output)
    title = "Output per day"
    caption = (
        f"Dots: mean of each day. Line: mean over seven days; band: 5 to 95 % of {scene.sample}."
    )
    figure, axes = canvas(4.4, title, caption)
    scene.mark(axes)
    _bare_days(axes, scene, days)
    axes.fill_between(scene.x, week.low, week.high, color=BLUE, alpha=0.25, lw=0)
    axes.plot(scene.x, week.mean, color=BLUE, lw=1.8, label="output, 7-day mean")
    axes.plot(scene.x, plan, color=INK, lw=1.0, ls="--", label="plan, 7-day mean")
    axes.set_ylabel(f"{scene.output_unit} per day")
    _from_zero(axes)
    date_axis(axes, scene.dates)
    thousands(axes)
    legend(figure)
    data: Columns = {
        "date": scene.dates,
        "mean": days.mean, "p5": days.low, "p50": days.middle, "p95": days.high,
        "week_mean": week.mean, "week_p5": week.low, "week_p95": week.high,
        "plan": scene.planned_output,
    }  # fmt: skip
    return Picture("output_per_day", title, caption, figure, data)


def _bare_days(axes: Axes, scene: Scene, days: Band) -> None:
    axes.plot(scene.x, days.mean, ls="", marker=".", ms=2.5, color=SKY, label="output, day")


@styled
def output_cumulative(scene: Scene) -> Picture:
    """Output summed up beside the plan, and how far it is behind or ahead."""
    made = band(np.cumsum(scene.total("sites", "output"), axis=1))
    planned = np.cumsum(scene.planned_output)
    gap = band(np.cumsum(scene.total("sites", "output"), axis=1) - planned)
    title = "Output summed up, and its distance from the plan"
    caption = f"Mean of {scene.sample}; band: 5 to 95 %. Below zero: behind the plan."
    figure, (upper, lower) = canvas(
        5.6, title, caption, nrows=2, sharex=True, height_ratios=[3, 2]
    )  # fmt: skip
    for axes in (upper, lower):
        scene.mark(axes)
    upper.plot(scene.x, planned, color=INK, lw=1.0, ls="--", label="plan")
    upper.fill_between(scene.x, made.low, made.high, color=BLUE, alpha=0.25, lw=0)
    upper.plot(scene.x, made.mean, color=BLUE, lw=1.8, label="output")
    lower.axhline(0, color=INK, lw=0.8, ls="--")
    lower.fill_between(scene.x, gap.low, gap.high, color=BLUE, alpha=0.25, lw=0)
    lower.plot(scene.x, gap.mean, color=BLUE, lw=1.5)
    upper.set_ylabel(f"{scene.output_unit} since start")
    lower.set_ylabel(f"output - plan,\n{scene.output_unit}")
    _from_zero(upper)
    date_axis(lower, scene.dates)
    thousands(upper)
    thousands(lower)
    legend(figure)
    data: Columns = {
        "date": scene.dates,
        "plan": planned, "mean": made.mean, "p5": made.low, "p95": made.high,
        "gap_mean": gap.mean, "gap_p5": gap.low, "gap_p95": gap.high,
    }  # fmt: skip
    return Picture("output_cumulative", title, caption, figure, data)


@dataclass(frozen=True)
class Monthly:
    """Simulated months and the observed totals that lie wholly in the run."""

    firsts: list[dt.date]
    whole: list[bool]
    simulated: Band
    observed: list[tuple[ObservedMonths, float]]
    """With the simulated mean of the same days."""

    @property
    def error(self) -> float | None:
        """Weighted absolute percentage error over single months: sum |s - o| / sum o."""
        pairs = [(o.value, simulated) for o, simulated in self.observed if o.single]
        total = sum(value for value, _ in pairs)
        return sum(abs(s - v) for v, s in pairs) / total if total else None


def monthly(scene: Scene) -> Monthly:
    """Output by month, with the observed totals that lie wholly in the run."""
    daily = scene.total("sites", "output")
    firsts = sorted({day.replace(day=1) for day in scene.dates})
    owner = np.array([firsts.index(day.replace(day=1)) for day in scene.dates])
    sums = np.stack([daily[:, owner == k].sum(axis=1) for k in range(len(firsts))], axis=1)
    begin, end = scene.dates[0], scene.dates[-1] + dt.timedelta(days=1)
    afters = [*firsts[1:], (firsts[-1] + dt.timedelta(days=32)).replace(day=1)]
    mean = daily.mean(axis=0)
    observed = []
    for months in scene.run.observed.get("output", ()):
        if begin <= months.first and months.after <= end:
            inside = [months.first <= day < months.after for day in scene.dates]
            observed.append((months, float(mean[inside].sum())))
    whole = [begin <= f and a <= end for f, a in zip(firsts, afters, strict=True)]
    return Monthly(firsts, whole, band(sums), observed)


@styled
def output_per_month(scene: Scene) -> Picture:
    """Output per month, with what was observed drawn over it."""
    months = monthly(scene)
    title = "Output per month"
    caption = f"Bars: mean of {scene.sample}, whiskers: 5 to 95 %. Hatched: part of a month."
    if months.error is not None:
        number = sum(o.single for o, _ in months.observed)
        caption += (
            f" Mean absolute error against {number} observed months: {100 * months.error:.1f} %."
        )
    figure, axes = canvas(4.4, title, caption)
    at = {first: k for k, first in enumerate(months.firsts)}
    bars = axes.bar(
        range(len(at)), months.simulated.mean, width=0.7, color=SKY, edgecolor=BLUE,
        label="simulated",
    )  # fmt: skip
    for bar, whole in zip(bars, months.whole, strict=True):
        bar.set_hatch("" if whole else "////")
    low = np.maximum(months.simulated.mean - months.simulated.low, 0)
    high = np.maximum(months.simulated.high - months.simulated.mean, 0)
    # Lists: a row of one value in an array is deprecated between numpy and matplotlib.
    whiskers = [low.tolist(), high.tolist()]
    axes.errorbar(
        range(len(at)), months.simulated.mean, whiskers, fmt="none", ecolor=INK, capsize=2, lw=1
    )
    _draw_observed(axes, months, at)
    axes.set_xticks(range(len(at)), _month_labels(months.firsts))
    axes.grid(axis="x", visible=False)
    axes.set_ylabel(f"{scene.output_unit} per month")
    thousands(axes)
    legend(figure)
    return Picture("output_per_month", title, caption, figure, _month_table(months))


def _month_labels(firsts: list[dt.date]) -> list[str]:
    """Short names of months, with the year where it begins; numbers where there are many."""
    if len(firsts) > 24:
        return [f"{first:%Y}" if first.month == 1 else "" for first in firsts]
    return [
        f"{first:%b}\n{first:%Y}" if k == 0 or first.month == 1 else f"{first:%b}"
        for k, first in enumerate(firsts)
    ]


def _draw_observed(axes: Axes, months: Monthly, at: dict[dt.date, int]) -> None:
    """Single months as points by kind; several months as a line at their mean per month."""
    kinds = sorted({o.kind for o, _ in months.observed if o.single})
    for kind, marker, color in zip(kinds, "Do^sv", (RED, BLACK, GREEN, FAINT, INK), strict=False):
        points = [o for o, _ in months.observed if o.single and o.kind == kind]
        axes.plot(
            [at[o.first] for o in points], [o.value for o in points],
            ls="", marker=marker, color=color, ms=5, mec="white", label=f"observed ({kind})",
        )  # fmt: skip
    label: str | None = "observed, mean of several months"
    for o, _ in months.observed:
        if not o.single:
            first, last = at[o.first], at[(o.after - dt.timedelta(days=1)).replace(day=1)]
            height = o.value / (last - first + 1)
            axes.plot([first - 0.4, last + 0.4], [height] * 2, color=RED, lw=1.5, label=label)
            label = None


def _month_table(months: Monthly) -> dict[str, list[object]]:
    rows: list[list[object]] = []
    simulated = months.simulated
    single = {o.first: o for o, _ in months.observed if o.single}
    for k, (first, whole) in enumerate(zip(months.firsts, months.whole, strict=True)):
        seen = single.get(first)
        mean, low, high = simulated.mean[k], simulated.low[k], simulated.high[k]
        rows.append([f"{first:%Y-%m}", whole, mean, low, high, *_observed_cells(seen, float(mean))])
    for o, mean in months.observed:
        if not o.single:
            rows.append([o.label, True, mean, None, None, *_observed_cells(o, mean)])
    names = ("month", "whole", "mean", "p5", "p95", "observed", "kind", "source", "difference")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def _observed_cells(seen: ObservedMonths | None, simulated: float) -> list[object]:
    if seen is None:
        return [None, None, None, None]
    return [seen.value, seen.kind, seen.source, simulated - seen.value]


@styled
def output_by_site(scene: Scene) -> Picture | None:
    """Output of each site with its interval, the largest first; None for a single site."""
    names = {site.id: site.name for site in scene.network.sites}
    rows = [
        (site, found["output"])
        for site, found in scene.run.summary.sites.items()
        if found["output"].mean
    ]
    rows.sort(key=lambda row: (-(row[1].mean or 0), row[0]))
    if len(rows) < 2:
        return None
    shown = rows[:MOST_SITES][::-1]
    title = "Output by site"
    percent = 100 * scene.run.summary.total["output"].confidence
    caption = f"Days of statistics; mean of {scene.sample}, whiskers: {percent:g} % interval."
    figure, axes = canvas(1.2 + 0.22 * len(shown), title, caption, legend_lines=0)
    means = np.array([a.mean or 0.0 for _, a in shown])
    low = np.array([a.low if a.low is not None else a.mean for _, a in shown], dtype=float)
    axes.barh(range(len(shown)), means, color=SKY, edgecolor=BLUE, height=0.7)
    axes.errorbar(
        means, range(len(shown)), xerr=means - low, fmt="none", ecolor=INK, capsize=2, lw=1
    )
    axes.set_yticks(range(len(shown)), [names[site] for site, _ in shown])
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(scene.output_unit)
    axes.set_xlim(left=0)
    thousands(axes, "x")
    total = sum(a.mean or 0.0 for _, a in rows)
    share = axes.secondary_xaxis("top", functions=(lambda x: x / total, lambda x: x * total))
    share.set_xlabel("share of all output")
    per_cent(share, "x")
    data: Columns = {
        "site": [site for site, _ in rows],
        "name": [names[site] for site, _ in rows],
        "mean": [a.mean for _, a in rows],
        "low": [a.low for _, a in rows],
        "high": [a.high for _, a in rows],
        "share": [(a.mean or 0.0) / total for _, a in rows],
    }
    return Picture("output_by_site", title, caption, figure, data)


def _from_zero(axes: Axes) -> None:
    axes.set_ylim(bottom=0)
