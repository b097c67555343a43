"""The figure of peak shortfall by site in scenarios that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from chainsim.experiments.comparison import Against, Comparison
from chainsim.experiments.contrasts import Contrast
from chainsim.report.figures.forest import (
    MARKERS,
    replications_in_words,
    verdict_legend,
    whisker,
)
from chainsim.report.figures.style import (
    FAINT,
    INK,
    Picture,
    canvas,
    legend,
    styled,
    thousands,
)
from chainsim.report.site_comparison import worst_sites

MOST_SITES = 20
"""Sites that are drawn: those with the largest shortfall."""
FIRST: dict[str, Any] = {"ls": "", "marker": "|", "ms": 9, "mew": 1.8, "color": INK}
"""How the first scenario is marked."""


@styled
def shortfall_by_site(comparison: Comparison) -> Picture | None:
    """The peak shortfall of each site in every scenario, and its difference from the first."""
    every = worst_sites(comparison)
    sites = every[:MOST_SITES]
    if not sites:
        return None
    title = f"Peak shortfall by site, and difference from {comparison.first}"
    pairs = replications_in_words(*sorted({len(a.numbers) for a in comparison.against}))
    caption = (
        f"Left: means of {pairs} in pairs, each against its own twin without disruptions.\n"
        f"Right: whiskers are the {100 * comparison.confidence:g} % interval of each site on its "
        "own; hollow: it includes zero."
    )
    if len(every) > len(sites):
        caption += f" The {len(sites)} sites with the largest shortfall of {len(every)}."
    height = 1.9 + 0.26 * len(sites) * (1 + 0.35 * (len(comparison.against) - 1))
    figure, (left, right) = canvas(height, title, caption, ncols=2, sharey=True)
    right.axvline(0, color=INK, lw=0.9, ls="--")
    for row, site in enumerate(sites):
        _draw(left, right, comparison, row, site)
    _finish(left, right, comparison, sites)
    first = Line2D([], [], **FIRST)
    legend(figure, {comparison.first: first, **verdict_legend(comparison)})
    return Picture("shortfall_by_site", title, caption, figure, _table(comparison, sites))


def _contrast(against: Against, site: str) -> Contrast | None:
    return against.sites.get(site, {}).get("peak_shortfall")


def _draw(left: Axes, right: Axes, comparison: Comparison, row: int, site: str) -> None:
    """A line of the figure: both means joined, and the difference."""
    count = len(comparison.against)
    for k, against in enumerate(comparison.against):
        found = _contrast(against, site)
        if found is None or found.interval is None:
            continue
        y = row + 0.6 * (k - (count - 1) / 2) / count
        marker = MARKERS[k % len(MARKERS)]
        first, other = found.first or 0.0, found.other or 0.0
        left.plot([first, other], [y, y], color=FAINT, lw=1.6, zorder=1)
        left.plot([first], [y], clip_on=False, zorder=3, **FIRST)
        left.plot([other], [y], ls="", marker=marker, ms=5.5, color=INK, clip_on=False, zorder=3)
        if not found.equal:
            values = (found.interval.mean, found.interval.low, found.interval.high)
            whisker(right, y, found, values, marker)


def _finish(left: Axes, right: Axes, comparison: Comparison, sites: Sequence[str]) -> None:
    contrast = next(c for a in comparison.against for s in sites if (c := _contrast(a, s)))
    left.set_yticks(range(len(sites)), sites)
    left.set_ylim(len(sites) - 0.4, -0.6)
    left.set_xlim(left=0)
    left.set_xlabel(f"peak shortfall, {contrast.unit}")
    right.set_xlabel(f"difference, {contrast.unit} (lower is better)")
    for axes in (left, right):
        axes.grid(axis="y", visible=False)
        thousands(axes, "x")


def _table(comparison: Comparison, sites: Sequence[str]) -> dict[str, list[Any]]:
    found = [
        (site, against.name, contrast)
        for site in sites
        for against in comparison.against
        if (contrast := _contrast(against, site)) is not None
    ]
    table: dict[str, list[Any]] = {
        "site": [site for site, _, _ in found],
        "scenario": [name for _, name, _ in found],
        "first_mean": [contrast.first for _, _, contrast in found],
        "scenario_mean": [contrast.other for _, _, contrast in found],
    }
    for column, part in (("difference", "mean"), ("low", "low"), ("high", "high")):
        table[column] = [getattr(contrast.interval, part, None) for _, _, contrast in found]
    return table
