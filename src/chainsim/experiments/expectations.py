"""What a scenario expects of its measures, judged by their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from chainsim.errors import InputError, Problem, did_you_mean, shown
from chainsim.experiments.summary import Aggregate, Summary
from chainsim.outcome.measures import ITEM_MEASURES, MEASURES
from chainsim.scenario.loading import Scenario

Verdict = Literal["holds", "fails", "undecided"]


@dataclass(frozen=True, slots=True)
class Judged:
    """An expectation and what the replications say to it."""

    id: str
    measure: str
    at_least: float | None
    """In the unit of the measure; so is `at_most`."""
    at_most: float | None
    found: Aggregate
    verdict: Verdict
    """`holds` if the whole interval lies within the bounds, `fails` if none of it does; otherwise,
    and where replications failed or there is no interval, `undecided`."""


def check_expectations(scenario: Scenario) -> None:
    """Make sure that every expectation names a measure, and an item where one is needed.

    Raises:
        InputError: some do not; each with its place.
    """
    problems = []
    for index, expectation in enumerate(scenario.document.expect):
        name, _, item = expectation.measure.partition(".")
        path = f"expect[{index}].measure"
        place = scenario.origin(path).place
        if name not in (ITEM_MEASURES if item else MEASURES):
            rule, remedy = "name a measure", did_you_mean(name, MEASURES | ITEM_MEASURES)
            problems.append(Problem(place, 0, 0, path, rule, shown(expectation.measure), remedy))
        elif item and item not in scenario.document.items:
            rule, remedy = "name an item", did_you_mean(item, scenario.document.items)
            problems.append(Problem(place, 0, 0, path, rule, shown(item), remedy))
    if problems:
        raise InputError(problems)


def judged(scenario: Scenario, summary: Summary) -> tuple[Judged, ...]:
    """Every expectation of a scenario with its verdict, in the order of the file."""
    rows = []
    for expectation in scenario.document.expect:
        found = _found(expectation.measure, summary)
        low, high = (
            None if bound is None else float(bound.value)
            for bound in (expectation.at_least, expectation.at_most)
        )
        verdict = verdict_on(found, low, high)
        rows.append(Judged(expectation.id, expectation.measure, low, high, found, verdict))
    return tuple(rows)


def verdict_on(found: Aggregate, at_least: float | None, at_most: float | None) -> Verdict:
    """Whether a mean lies within bounds, as far as its interval can tell."""
    if found.low is None or found.high is None or found.failed:
        return "undecided"
    low = float("-inf") if at_least is None else at_least
    high = float("inf") if at_most is None else at_most
    if low <= found.low and found.high <= high:
        return "holds"
    return "fails" if found.high < low or found.low > high else "undecided"


def _found(measure: str, summary: Summary) -> Aggregate:
    name, _, item = measure.partition(".")
    row: Mapping[str, Aggregate] = summary.items.get(item, {}) if item else summary.total
    return row.get(name) or Aggregate("", None, None, None, 0, 0.95, summary.failed)
