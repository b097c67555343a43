"""Rules of what a study expects: bounds at all its points, or the rank of a driver."""

from __future__ import annotations

from collections.abc import Iterator

from chainsim.scenario.nodes import Path
from chainsim.scenario.schema.expectations import Expectation
from chainsim.scenario.schema.study import StudyFile

ELSEWHERE = "a study is judged from its own points alone"
Slip = tuple[str, str, str]
"""Key of an expectation (empty: all of it), rule, remedy."""


def study_expectation_slips(document: StudyFile) -> Iterator[tuple[Path, str, str]]:
    """(path, rule, remedy) of everything that a study cannot expect."""
    ids: set[str] = set()
    for index, expected in enumerate(document.expect):
        for key, rule, remedy in _slips(expected):
            yield ("expect", index, *([key] if key else [])), rule, remedy
        if expected.id in ids:
            yield ("expect", index, "id"), "be the id of one expectation", "choose another"
        ids.add(expected.id)


def _slips(expected: Expectation) -> Iterator[Slip]:
    foreign = list(_foreign(expected))
    yield from foreign
    if expected.measure is None and not foreign:
        yield "", "name a measure", ""
    ranked = expected.driver is not None or expected.rank_at_most is not None
    if ranked:
        yield from _rank_slips(expected)
    elif not foreign and expected.at_least is None and expected.at_most is None:
        rule = "have at_least or at_most, or driver and rank_at_most"
        yield "", rule, "bounds are those of the mean at every point"
    low, high = expected.at_least, expected.at_most
    if low is not None and high is not None and low[0].value > high[0].value:
        yield "at_least", "not be above at_most", ""


def _foreign(expected: Expectation) -> Iterator[Slip]:
    """What only a scenario can expect."""
    remedy = "write it in the expect block of a scenario, or give bounds"
    for key in ("versus", "within", "series"):
        if getattr(expected, key) is not None:
            yield key, f"not stand in a study: {ELSEWHERE}", remedy
    if expected.relative:
        yield "relative", f"not stand in a study: {ELSEWHERE}", "give bounds in the measure's unit"


def _rank_slips(expected: Expectation) -> Iterator[Slip]:
    if expected.driver is None:
        yield "rank_at_most", "stand beside driver, whose rank it bounds", "name a factor"
    if expected.rank_at_most is None:
        yield "driver", "stand beside rank_at_most", "such as rank_at_most: 1 for the strongest"
    for key in ("at_least", "at_most"):
        if getattr(expected, key) is not None:
            rule = "not stand beside driver, whose bound is rank_at_most"
            yield key, rule, "write two expectations"
