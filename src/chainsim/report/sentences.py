"""Differences of scenarios as plain sentences."""

from __future__ import annotations

from chainsim.experiments.comparison import Against, Comparison
from chainsim.experiments.contrasts import Contrast
from chainsim.report.tables import number


def sentences(comparison: Comparison, against: Against) -> list[str]:
    """A sentence for every measure that any of the two scenarios has, in the order of measures."""
    return [
        sentence(contrast, comparison.first, against.name)
        for contrast in against.total.values()
        if any(contrast.defined) or any(contrast.censored)
    ]


def sentence(contrast: Contrast, first: str, other: str) -> str:
    """What the pairs say about one measure, no more than they can tell.

    Args:
        contrast: The other scenario less the first.
        first: Name of the first scenario.
        other: Name of the other one.
    """
    text = f"{words(contrast.measure)}: {_found(contrast, first, other)}"
    return f"{text}{_left_out(contrast, first, other)}."


def words(measure: str) -> str:
    """The name of a measure as people write it: peak backlog."""
    return measure.replace("_", " ")


def _found(contrast: Contrast, first: str, other: str) -> str:
    found = contrast.interval
    if found is None:
        return _without_pairs(contrast, first, other)
    if contrast.equal or (contrast.constant and found.mean == 0):
        return f"exactly equal in {_every(contrast)}"
    change, unit = _change(contrast), _unit(contrast)
    if found.low is None or found.high is None:
        return f"{change} in the one replication; one tells no interval"
    percent = f"{100 * found.confidence:g} % interval"
    if contrast.constant:
        return f"{change} in {_every(contrast)}{_verdict(contrast)}"
    if not contrast.told:
        return (
            f"no difference that {contrast.n} replications can tell: difference "
            f"{number(found.mean)}{unit}, {percent} {number(found.low)} to {number(found.high)}"
        )
    low, high = sorted((abs(found.low), abs(found.high)))
    return f"{change}{_verdict(contrast)}, {percent} {number(low)} to {number(high)}"


def _change(contrast: Contrast) -> str:
    """By how much, and which way: 4,200 vehicles lower."""
    assert contrast.interval is not None
    mean = contrast.interval.mean
    if mean == 0:
        return "equal"
    return f"{number(abs(mean))}{_unit(contrast)} {'higher' if mean > 0 else 'lower'}"


def _unit(contrast: Contrast) -> str:
    return "" if contrast.unit in ("1", "") else f" {contrast.unit}"


def _verdict(contrast: Contrast) -> str:
    return f" ({contrast.verdict})" if contrast.verdict else ""


def _every(contrast: Contrast) -> str:
    return "the one replication" if contrast.n == 1 else f"every one of {contrast.n} replications"


def _without_pairs(contrast: Contrast, first: str, other: str) -> str:
    ours, theirs = contrast.defined
    if ours and theirs:
        return "no replication in which both have a value"
    if ours or theirs:
        return f"has a value only in {first if ours else other}"
    return "has no value in either"


def _left_out(contrast: Contrast, first: str, other: str) -> str:
    """Replications that are not in the mean, and why: missing values are never averaged."""
    counts = list(zip((first, other), contrast.defined, contrast.censored, strict=True))
    clauses = []
    for name, defined, censored in counts:
        undefined = contrast.pairs - defined
        if censored:
            clauses.append(f"censored by the end of the run in {censored} of {name}")
        if undefined > censored and defined:
            clauses.append(f"no value in {undefined - censored} of {name}")
    if not clauses:
        return ""
    over = f"; over {contrast.n} of {contrast.pairs} replications" if contrast.n else ""
    return f"{over} ({', '.join(clauses)})"
