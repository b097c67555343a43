"""The figures of the study that the reports of chainsim do not have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib.axes import Axes
from study_cases import DURATIONS, LEFT
from study_facts import Facts
from study_lever_figures import assumptions, impact_columns, levers

from chainsim.experiments.runs import Run
from chainsim.experiments.summary import Aggregate
from chainsim.experiments.survival import Times
from chainsim.report.figures.chain import chain
from chainsim.report.figures.resilience import resilience_curve
from chainsim.report.figures.scene import Scene
from chainsim.report.figures.stress import HEAT
from chainsim.report.figures.style import (
    BLUE,
    FAINT,
    INK,
    Picture,
    canvas,
    styled,
    thousands,
)
from chainsim.report.figures.waterfall import loss_waterfall
from chainsim.report.tables import number

REGION = "sichuan"


def study_pictures(facts: Facts, runs: dict[str, Run]) -> Iterator[Picture]:
    """All figures of the page, one by one."""
    outage, calm = Scene(runs["outage"]), Scene(runs["calm"])
    for found in (resilience_curve(outage), loss_waterfall(outage), chain(calm, REGION)):
        assert found is not None
        yield found
    yield makers(facts)
    yield severity(facts)
    yield powertrains(facts)
    yield levers(facts)
    yield assumptions(facts)


@styled
def makers(facts: Facts) -> Picture:
    """Times to survive and to recover, and the peak shortfall, by maker."""
    rows = facts.makers
    title = "When it bites, and for how long, by maker"
    caption = (
        f"Medians of {facts.replications} replications with distribution-free 95 % bounds; bars: "
        "mean peak shortfall with its 95 % interval."
    )
    figure, (bars, survives, recovers) = canvas(
        1.6 + 0.25 * len(rows), title, caption, 0, ncols=3, sharey=True, width_ratios=(1.6, 1, 1)
    )
    for y, maker in enumerate(rows):
        one = maker.impact
        bars.barh(y, one.peak_shortfall.mean, height=0.62, color=BLUE, alpha=0.75)
        whisker(bars, y, one.peak_shortfall)
        dot(survives, y, one.time_to_survive)
        dot(recovers, y, one.time_to_recover)
    bars.set_yticks(range(len(rows)), [maker.name for maker in rows])
    bars.set_ylim(len(rows) - 0.4, -0.6)
    words = f"peak shortfall [{facts.unit}]", "time to survive [d]", "time to recover [d]"
    for axes, label in zip((bars, survives, recovers), words, strict=True):
        axes.set_xlabel(label)
        axes.set_xlim(0, 1.05 * axes.get_xlim()[1])
        axes.grid(axis="y", visible=False)
    thousands(bars, "x")
    data: dict[str, Any] = {"maker": [maker.site for maker in rows]}
    return Picture(
        "makers", title, caption, figure, data | impact_columns([m.impact for m in rows])
    )


def whisker(axes: Axes, y: float, found: Aggregate, shift: float = 0.0) -> None:
    """The interval of a mean as a line."""
    if found.low is not None and found.high is not None:
        axes.plot([found.low + shift, found.high + shift], [y, y], color=INK, lw=1.2)


def dot(axes: Axes, y: float, found: Times) -> None:
    """A median with its bounds; hollow and at what was watched where it is censored."""
    if found.median is not None:
        axes.plot([found.median], [y], ls="", marker="o", ms=4.5, color=BLUE)
        if found.low is not None and found.high is not None:
            axes.plot([found.low, found.high], [y, y], color=BLUE, lw=1.2)
    elif found.beyond is not None:
        axes.plot([found.beyond], [y], ls="", marker=">", ms=6, mfc="white", mec=BLUE)


@styled
def severity(facts: Facts) -> Picture:
    """Peak shortfall and time to recover by duration and by the capacity that is left."""
    title = "How long and how severe"
    caption = (
        f"Means of the peak shortfall [{facts.unit}] and medians of the time to recover [d], "
        f"{facts.fewer} replications in each cell.\nA dash: output never fell a day behind."
    )
    figure, (peaks, times) = canvas(3.4, title, caption, 0, ncols=2, sharey=True)
    late = [[facts.grid[d, c].peak_shortfall.mean or 0.0 for d in DURATIONS] for c in LEFT]
    back = [[facts.grid[d, c].time_to_recover.median for d in DURATIONS] for c in LEFT]
    struck = [[facts.grid[d, c].struck for d in DURATIONS] for c in LEFT]
    shown = [[v if s else None for v, s in zip(*row, strict=True)]
             for row in zip(late, struck, strict=True)]  # fmt: skip
    for axes, values, name in (
        (peaks, shown, f"peak shortfall [{facts.unit}]"), (times, back, "time to recover [d]"),
    ):  # fmt: skip
        _heat(axes, values)
        axes.set_title(name)
        axes.set_xticks(range(len(DURATIONS)), [str(days) for days in DURATIONS])
        axes.set_xlabel("duration of the outage [d]")
        axes.grid(visible=False)
    peaks.set_yticks(range(len(LEFT)), [f"{left} %" for left in LEFT])
    peaks.set_ylabel("capacity left")
    places = [(d, c) for d in DURATIONS for c in LEFT]
    data: dict[str, Any] = {
        "duration_d": [d for d, _ in places],
        "capacity_left": [c / 100 for _, c in places],
    }
    data |= impact_columns([facts.grid[place] for place in places])
    return Picture("severity", title, caption, figure, data)


def _heat(axes: Axes, values: Sequence[Sequence[float | None]]) -> None:
    most = max((value for row in values for value in row if value), default=1.0)
    axes.imshow([[value or 0.0 for value in row] for row in values], cmap=HEAT, vmin=0, vmax=most,
                aspect="auto")  # fmt: skip
    for y, row in enumerate(values):
        for x, value in enumerate(row):
            dark = value is not None and value > 0.55 * most
            text = "-" if value is None else number(value, 3)
            axes.text(x, y, text, ha="center", va="center", color="white" if dark else INK)


@styled
def powertrains(facts: Facts) -> Picture:
    """Late vehicles by kind, in days of the kind's output, and in vehicles."""
    rows = sorted(facts.powertrains, key=lambda kind: -kind.share)
    title = "Vehicles not made on their day, by powertrain"
    caption = (
        f"Mean of {facts.replications} replications; dark whiskers: 95 % interval; wide grey bars: "
        "all assumed shares of the kind at the low and at the high end of their ranges.\n"
        "Every maker is taken to lose its kinds of vehicles in proportion."
    )
    figure, (amounts, days) = canvas(2.9, title, caption, 0, ncols=2, sharey=True)
    for y, kind in enumerate(rows):
        amounts.plot(kind.range, [y, y], color=FAINT, alpha=0.45, lw=9, solid_capstyle="butt")
        amounts.plot([kind.late.mean], [y], ls="", marker="o", color=BLUE)
        whisker(amounts, y, kind.late)
        days.barh(y, kind.late_days.mean, height=0.6, color=BLUE, alpha=0.75)
        whisker(days, y, kind.late_days)
    amounts.set_yticks(range(len(rows)), [f"{k.name} ({100 * k.share:.1f} %)" for k in rows])
    amounts.set_ylim(len(rows) - 0.5, -0.5)
    amounts.set_xlim(left=0)
    amounts.set_xlabel(facts.unit)
    days.set_xlabel("days of the kind's mean output")
    thousands(amounts, "x")
    data: dict[str, Any] = {
        "powertrain": [k.name for k in rows], "share": [k.share for k in rows],
        "late": [k.late.mean for k in rows], "low": [k.late.low for k in rows],
        "high": [k.late.high for k in rows], "share_low": [k.range[0] for k in rows],
        "share_high": [k.range[1] for k in rows], "late_days": [k.late_days.mean for k in rows],
        "late_days_low": [k.late_days.low for k in rows],
        "late_days_high": [k.late_days.high for k in rows],
    }  # fmt: skip
    return Picture("powertrains", title, caption, figure, data)
