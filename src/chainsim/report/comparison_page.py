"""One self-contained page about scenarios that were compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from chainsim.experiments.comparison import Comparison
from chainsim.network.compiling import WORDS
from chainsim.report.comparison import comparison_sheets
from chainsim.report.page import Illustration, rendered, span
from chainsim.report.scenario_view import differences, differences_sheet
from chainsim.report.sentences import sentences
from chainsim.report.site_comparison import site_sheets
from chainsim.report.tables import Sheet

MOST_INPUTS = 60
"""Inputs that differ: more are counted, not listed."""


def comparison_page(comparison: Comparison, illustrations: Sequence[Illustration]) -> str:
    """The page as HTML; every name in it is escaped."""
    others = [against.name for against in comparison.against]
    first = comparison.runs[comparison.first]
    warnings = (str(p) for run in comparison.runs.values() for p in run.scenario.warnings)
    return rendered(
        "comparison_page.html",
        name=f"{', '.join(others)} compared with {comparison.first}",
        comparison=comparison,
        first=first,
        **span(first),
        sentences={
            f"{against.name} less {comparison.first}": sentences(comparison, against)
            for against in comparison.against
        },
        sheets=list(_sheets(comparison)),
        illustrations=illustrations,
        warnings=list(dict.fromkeys(warnings)),
    )


def _sheets(comparison: Comparison) -> Iterator[Sheet]:
    """For each other scenario the differences of measures, of sites and of inputs."""
    tables = zip(comparison_sheets(comparison), site_sheets(comparison), strict=True)
    for (total, sites), against in zip(tables, comparison.against, strict=True):
        yield total
        if sites is not None:
            yield sites
        yield _inputs(comparison, against.name)


def _inputs(comparison: Comparison, other: str) -> Sheet:
    """What was changed: the inputs of a run that differ, with the origin of the other's value."""
    first = comparison.first
    scenarios = (comparison.runs[name].scenario for name in (first, other))
    found = [d for d in differences(*scenarios) if d.path.split(".")[0] not in WORDS]
    sheet = differences_sheet(found[:MOST_INPUTS], (first, other))
    more = len(found) - MOST_INPUTS
    note = f"{more} more are not listed; `chainsim diff` lists all." if more > 0 else ""
    return replace(sheet, title=f"Inputs of {other} that differ from {first}", note=note)
