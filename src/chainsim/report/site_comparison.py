"""Survival and recovery of two scenarios by site: which sites differ, the worst first."""

from __future__ import annotations

from chainsim.experiments.comparison import Against, Comparison
from chainsim.experiments.contrasts import Contrast
from chainsim.report.comparison import contrast_cells, contrast_heads
from chainsim.report.tables import Sheet

BY_SITE = ("time_to_survive", "time_to_recover", "peak_shortfall")
"""What the table of sites shows."""


def worst_sites(comparison: Comparison) -> list[str]:
    """The sites with a peak shortfall in any scenario, that with the largest first."""
    peaks: dict[str, float] = {}
    for against in comparison.against:
        for site, rows in against.sites.items():
            if "peak_shortfall" in rows:
                found = rows["peak_shortfall"]
                peak = max(found.first or 0.0, found.other or 0.0)
                peaks[site] = max(peaks.get(site, 0.0), peak)
    return sorted((site for site, peak in peaks.items() if peak), key=lambda s: (-peaks[s], s))


def site_sheets(comparison: Comparison) -> list[Sheet | None]:
    """For each other scenario the table of sites; None where no site has a shortfall in both."""
    sites = worst_sites(comparison)
    return [_sheet(comparison, against, sites) for against in comparison.against]


def _sheet(comparison: Comparison, against: Against, sites: list[str]) -> Sheet | None:
    chosen = [
        (site, against.sites[site][measure])
        for site in sites
        for measure in BY_SITE
        if measure in against.sites.get(site, {})
    ]
    rows = [
        (site, *contrast_cells(contrast), _censored(contrast))
        for site, contrast in chosen
        if contrast.interval is not None or any(contrast.censored)
    ]
    if not rows:
        return None
    heads = contrast_heads(comparison, against)
    return Sheet(
        f"{against.name} less {comparison.first}: survival and recovery by site",
        ("site", *heads, "censored"),
        rows,
        frozenset(heads) - {"measure", "", "unit"},
        "The site with the largest peak shortfall in either scenario first. Times are means over "
        "the pairs in which both were reached (n); censored: replications of either scenario that "
        "ended before.",
    )


def _censored(contrast: Contrast) -> str:
    first, other = contrast.censored
    return f"{first} and {other}" if first or other else ""
