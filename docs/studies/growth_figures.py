"""The figures of the study of growth that the reports of chainsim do not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from growth_facts import Facts
from growth_limit_figures import binding, building, worth
from growth_scenario_words import plain
from growth_words import LEVELS
from matplotlib.axes import Axes

from chainsim.experiments.runs import Run
from chainsim.experiments.summary import Aggregate
from chainsim.report.figures.capacity import capacity_and_demand
from chainsim.report.figures.output import output_per_month
from chainsim.report.figures.scene import Scene
from chainsim.report.figures.stress import HEAT
from chainsim.report.figures.style import (
    BLUE,
    DASHES,
    FAINT,
    INK,
    QUALITATIVE,
    RED,
    Picture,
    canvas,
    legend,
    per_cent,
    styled,
    thousands,
)


def growth_pictures(facts: Facts, runs: Mapping[str, Run]) -> Iterator[Picture]:
    """All figures of the page, one by one."""
    scene = Scene(runs["middle"])
    capacity = capacity_and_demand(scene)
    assert capacity is not None
    yield output_per_month(scene)
    yield share(facts)
    yield capacity
    yield servers(facts)
    if facts.limits is not None:
        yield binding(facts.limits, facts.demanding.steady, facts.unit)
        yield worth(facts.limits, facts.unit)
    if any(one.groups for one in facts.reaches):
        yield building(facts.reaches)
    yield late(facts)
    yield fleet(facts)


@styled
def share(facts: Facts) -> Picture:
    """Output, and share of national output, by year and path."""
    title = "Output and share of national output"
    caption = (
        f"Line: middle path, {facts.replications} replications; grey: the same output over low and "
        f"high national output, which is an assumption.\nDashed: other paths (nation / city), "
        f"{facts.fewer} replications. Circles: published."
    )
    figure, (outputs, shares) = canvas(4.4, title, caption, 2, ncols=2)
    years = [one.year for one in facts.years]
    outputs.plot(years, [one.output.mean for one in facts.years], color=BLUE, lw=1.8,
                 label="middle / middle")  # fmt: skip
    shares.plot(years, [one.share.mean for one in facts.years], color=BLUE, lw=1.8)
    shares.fill_between(
        years, [one.if_high or 0.0 for one in facts.years],
        [one.if_low or 0.0 for one in facts.years], color=FAINT, alpha=0.35, lw=0,
        label="national path",
    )  # fmt: skip
    for k, path in enumerate(facts.paths):
        looks: dict[str, Any] = {"color": QUALITATIVE[(k + 1) % len(QUALITATIVE)], "lw": 1.2,
                                 "ls": DASHES[1 + k % (len(DASHES) - 1)]}  # fmt: skip
        label = f"{LEVELS[path.national]} / {LEVELS[path.city]}"
        along = [one.year for one in path.years]
        outputs.plot(along, [one.output.mean for one in path.years], label=label, **looks)
        shares.plot(along, [one.share.mean for one in path.years], **looks)
    seen = [one.year for one in facts.documented]
    for axes, values in (
        (outputs, [one.output for one in facts.documented]),
        (shares, [one.share for one in facts.documented]),
    ):
        axes.plot(seen, values, ls="", marker="o", mfc="white", mec=INK, label="published")
        axes.set_ylim(bottom=0)
    shares.axhline(facts.target, color=RED, lw=1.0, ls=":", label="target of 2025")
    outputs.set_ylabel(f"{facts.unit} per year")
    shares.set_ylabel("share of national output")
    thousands(outputs)
    per_cent(shares, "y")
    legend(figure, columns=5)
    return Picture("share", title, caption, figure, _share_table(facts))


def _share_table(facts: Facts) -> dict[str, list[Any]]:
    rows = [("middle", one) for one in facts.years]
    rows += [(path.name, one) for path in facts.paths for one in path.years]
    return {
        "path": [name for name, _ in rows],
        "year": [one.year for _, one in rows],
        **ends("output", [one.output for _, one in rows]),
        **ends("share", [one.share for _, one in rows]),
        "share_if_national_high": [one.if_high for _, one in rows],
        "share_if_national_low": [one.if_low for _, one in rows],
        **ends("late_at_the_end", [one.late for _, one in rows]),
    }


def ends(name: str, found: list[Aggregate]) -> dict[str, list[Any]]:
    """Means and bounds as columns of a table."""
    return {
        name: [one.mean for one in found],
        f"{name}_low": [one.low for one in found],
        f"{name}_high": [one.high for one in found],
    }


@styled
def servers(facts: Facts) -> Picture:
    """A map of how full servers are by group and year."""
    years = sorted({one.year for one in facts.servers})
    groups = list(dict.fromkeys(one.group for one in facts.servers))
    used = np.full((len(groups), len(years)), np.nan)
    for one in facts.servers:
        used[groups.index(one.group), years.index(one.year)] = one.used
    title = "How full servers are, by year"
    caption = (
        "Busy share of the time in which servers are not closed, on the middle path; mean of "
        f"{facts.replications} replications."
    )
    figure, axes = canvas(1.4 + 0.3 * len(groups), title, caption, 0)
    axes.imshow(used, cmap=HEAT, vmin=0, vmax=1, aspect="auto")
    for y, x in np.ndindex(*used.shape):
        if np.isfinite(used[y, x]):
            color = "white" if used[y, x] > 0.6 else INK
            axes.text(x, y, f"{100 * used[y, x]:.0f}", ha="center", va="center", color=color)
    axes.set_yticks(range(len(groups)), groups)
    axes.set_xticks(range(len(years)), [str(year) for year in years])
    axes.grid(visible=False)
    table: dict[str, list[Any]] = {
        "year": [one.year for one in facts.servers], "group": [one.group for one in facts.servers],
        "used": [one.used for one in facts.servers],
    }  # fmt: skip
    for state in facts.servers[0].states:
        table[state] = [one.states[state] for one in facts.servers]
    return Picture("servers", title, caption, figure, table)


@styled
def late(facts: Facts) -> Picture:
    """Vehicles late at the end of each year, and on its worst day, by scenario."""
    title = "Late vehicles by scenario"
    caption = (
        f"Means; whiskers: 95 % intervals. Middle path: {facts.replications} replications, others: "
        f"{facts.fewer}."
    )
    figure, (worst, at_end) = canvas(3.8, title, caption, 1, ncols=2)
    rows = {"middle path": [one for one in facts.years if one.year > 2025]}
    rows |= {plain(one.name): list(one.years) for one in facts.variants}
    width = 0.8 / len(rows)
    for k, (name, years) in enumerate(rows.items()):
        at = np.array([one.year for one in years]) + (k + 0.5) * width - 0.4
        for axes, found in (
            (worst, [one.peak for one in years]), (at_end, [one.late for one in years]),
        ):  # fmt: skip
            axes.bar(at, [one.mean or 0.0 for one in found], width=width, label=name,
                     color=QUALITATIVE[k], alpha=0.85)  # fmt: skip
            _whiskers(axes, at.tolist(), found)
    worst.set_ylabel(f"{facts.unit} late on the worst day")
    at_end.set_ylabel(f"{facts.unit} late at the end of the year")
    for axes in (worst, at_end):
        axes.set_ylim(bottom=0)
        thousands(axes)
    legend(figure, columns=5)
    flat = [(name, one) for name, years in rows.items() for one in years]
    table: dict[str, list[Any]] = {
        "scenario": [name for name, _ in flat], "year": [one.year for _, one in flat],
        **ends("worst_day", [one.peak for _, one in flat]),
        **ends("end_of_year", [one.late for _, one in flat]),
    }  # fmt: skip
    return Picture("late", title, caption, figure, table)


def _whiskers(axes: Axes, at: list[float], found: list[Aggregate]) -> None:
    for x, one in zip(at, found, strict=True):
        if one.low is not None and one.high is not None:
            axes.plot([x, x], [max(one.low, 0.0), one.high], color=INK, lw=0.8)


@styled
def fleet(facts: Facts) -> Picture:
    """Cars in use, cars that come for inspection, and how full the station is."""
    rows = facts.fleet.years
    title = "The fleet of the city, and the pilot station"
    caption = f"Means of {facts.replications} replications, middle path."
    figure, (cars, visits, used) = canvas(3.2, title, caption, 1, ncols=3)
    years = [one.year for one in rows]
    cars.bar(years, [one.in_use.mean or 0.0 for one in rows], color=BLUE, alpha=0.75)
    visits.bar(years, [one.due.mean or 0.0 for one in rows], color=FAINT, label="fall due")
    visits.plot(years, [one.came.mean for one in rows], color=INK, marker=".", label="come")
    used.plot(years, [one.used.mean for one in rows], color=RED, marker="o")
    cars.set_ylabel("cars in use at the end of the year")
    visits.set_ylabel("inspections a year")
    used.set_ylabel("busy share of the station's open time")
    used.set_ylim(0, 1.05)
    thousands(cars)
    thousands(visits)
    per_cent(used, "y")
    legend(figure)
    table: dict[str, list[Any]] = {
        "year": years,
        **ends("in_use", [one.in_use for one in rows]),
        **ends("due", [one.due for one in rows]),
        **ends("came", [one.came for one in rows]),
        **ends("used", [one.used for one in rows]),
    }
    return Picture("fleet", title, caption, figure, table)
