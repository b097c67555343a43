"""Rules of expectations: each states one thing, about something that there is."""

from __future__ import annotations

from collections.abc import Iterator

from chainsim.errors import did_you_mean
from chainsim.scenario.checks.ground import Ground, Problems
from chainsim.scenario.schema.expectations import SERIES, Expectation


def expectations_are_of_something(ground: Ground) -> Problems:
    """An expectation is about a measure or a series, and not about both."""
    for index, expected in enumerate(ground.document.expect):
        if (expected.measure is None) == (expected.series is None):
            yield ground.problem(("expect", index), "have exactly one of measure and series")


def expectations_expect_something(ground: Ground) -> Problems:
    """An expectation has a bound or a margin, and its bounds are in order."""
    for index, expected in enumerate(ground.document.expect):
        low, high = expected.at_least, expected.at_most
        if expected.rank_at_most is not None or expected.driver is not None:
            continue
        if expected.within is None and low is None and high is None:
            rule = "have at_least or at_most"
            if expected.series is not None:
                rule = "have within: how far from the baseline its weeks may be"
            yield ground.problem(("expect", index), rule, "or within, to compare with a baseline")
        elif low is not None and high is not None and low[0].value > high[0].value:
            yield ground.problem(("expect", index, "at_least"), "not be above at_most")


def expectations_compare_one_way(ground: Ground) -> Problems:
    """The keys of one kind of comparison do not stand with those of another."""
    for index, expected in enumerate(ground.document.expect):
        for key, rule, remedy in _misplaced(expected):
            yield ground.problem(("expect", index, key), rule, remedy)


def _misplaced(expected: Expectation) -> Iterator[tuple[str, str, str]]:
    """(key, rule, remedy) of every key that does not belong to the kind of expectation."""
    bounded = [key for key in ("at_least", "at_most") if getattr(expected, key) is not None]
    if expected.within is not None:
        remedy = "write two expectations"
        for key in (*bounded, *(["versus"] if expected.versus is not None else [])):
            yield key, "not stand beside within, which is about the baseline", remedy
    elif expected.series is not None:
        for key in (*bounded, *(["versus"] if expected.versus is not None else [])):
            rule = "not stand beside series, which is compared with the baseline"
            yield key, rule, "give within, such as within: 5 %"
    if expected.relative and expected.versus is None:
        rule = "stand beside versus: the bounds are shares of the other scenario's mean"
        yield "relative", rule, "name the other scenario with versus, or leave relative out"


def series_are_known(ground: Ground) -> Problems:
    """A series is one of those of the whole chain."""
    for index, expected in enumerate(ground.document.expect):
        if expected.series is not None and expected.series not in SERIES:
            remedy = did_you_mean(expected.series, SERIES)
            yield ground.problem(("expect", index, "series"), "be a known series", remedy)


def margins_are_above_zero(ground: Ground) -> Problems:
    """A margin leaves room: equality to the last digit is no statement about means."""
    for index, expected in enumerate(ground.document.expect):
        if expected.within is not None and expected.within.value <= 0:
            yield ground.problem(("expect", index, "within"), "be above 0", "such as 2 %")


def ranks_are_of_studies(ground: Ground) -> Problems:
    """The rank of a driver is expected of a study, not of one scenario."""
    for index, expected in enumerate(ground.document.expect):
        for key in ("driver", "rank_at_most"):
            if getattr(expected, key) is not None:
                rule = "stand in a study: one scenario has no drivers to rank"
                yield ground.problem(("expect", index, key), rule, "move it to the study's expect")
