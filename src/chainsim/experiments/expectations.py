"""What a scenario expects, in the units of its measures, and whether it can be asked at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from chainsim.errors import InputError, Problem, did_you_mean, shown
from chainsim.experiments.contrasts import IMPACT_MEASURES
from chainsim.experiments.readings import units_by_measure
from chainsim.experiments.units import unit_of_output
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.measures import ITEM_MEASURES, MEASURES
from chainsim.scenario import quantities
from chainsim.scenario.loading import DEFAULT, Scenario
from chainsim.scenario.schema.expectations import Expectation
from chainsim.scenario.schema.fields import Written

SERIES = "series"
"""Stands for all series: they have the unit of output."""
Kind = Literal["measure", "versus", "baseline", "series", "driver"]


@dataclass(frozen=True, slots=True)
class Stated:
    """An expectation in numbers."""

    id: str
    kind: Kind
    name: str
    """The measure, of an item as MEASURE.ITEM, or the series."""
    unit: str
    """Of the measure or the series."""
    at_least: float | None
    """In the unit, or a share where `relative`; so is `at_most`. A margin is at least less itself
    and at most itself."""
    at_most: float | None
    relative: bool = False
    """Whether the bounds are shares of the other scenario's mean, or of the baseline's."""
    versus: str | None = None
    """The other scenario's file, as it is written."""
    place: str = ""
    """file:line:column of the expectation."""
    driver: str | None = None
    """Of a study: the factor or group whose rank among the drivers of the measure has the bound."""

    @property
    def needs_baseline(self) -> bool:
        """Whether it is compared with the baseline."""
        return self.kind in ("baseline", "series")


def stated(scenario: Scenario, network: CompiledNetwork) -> tuple[Stated, ...]:
    """What a scenario expects, in the order of the file.

    Raises:
        InputError: an expectation names no measure of the scenario, or has a bound in another
            unit; all of them, each with its place.
    """
    units = units_by_measure(network) | {SERIES: unit_of_output(network)}
    found, problems = [], []
    for expected in scenario.document.expect:
        slips = list(_slips(scenario, expected, units))
        problems += slips
        if not slips:
            found.append(in_numbers(expected, units, place_of(scenario, expected.id)))
    if problems:
        raise InputError(problems)
    return tuple(found)


def _slips(
    scenario: Scenario, expected: Expectation, units: Mapping[str, str]
) -> Iterator[Problem]:
    measure = expected.measure
    if measure is not None and measure not in units:
        yield _unknown(scenario, expected, measure)
        return
    if measure in IMPACT_MEASURES and scenario.document.resilience is None:
        rule = "be a measure of the run: there is no resilience block"
        remedy = "add resilience: {fail: 1 d} to compare with the twin"
        yield _problem(scenario, expected, "measure", rule, shown(measure), remedy)
    for key, rule, remedy in bound_slips(expected, units):
        yield _problem(scenario, expected, key, rule, "", remedy)


def bound_slips(expected: Expectation, units: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """(key, rule, remedy) of every bound that has not the unit of its measure."""
    unit = _unit_of(expected, units)
    for key in ("at_least", "at_most", "within"):
        bound = getattr(expected, key)
        if key == "within" and bound is not None:
            bound = None if bound.share else bound.written
        if bound is None:
            continue
        quantity, has_unit = bound
        if has_unit and quantity.dimension != unit.dimension:
            rule = (
                f"be {quantities.describe(unit.dimension)} (in {_examples(unit)}),"
                f" not {quantities.describe(quantity.dimension)}"
            )
            yield key, rule, "a bare number means its own unit"


def _examples(unit: quantities.Quantity) -> str:
    return quantities.units_of(unit.dimension) or "a number without a unit"


def _unit_of(expected: Expectation, units: Mapping[str, str]) -> quantities.Quantity:
    """What bounds are measured in: one of the unit of the measure, or 1 for shares."""
    if expected.relative:
        return quantities.Quantity(Fraction(1))
    words = units[expected.measure or SERIES]
    try:
        return quantities.unit(words)
    except quantities.QuantityError:  # a unit of words alone: item units
        return quantities.Quantity(Fraction(1))


def _unknown(scenario: Scenario, expected: Expectation, measure: str) -> Problem:
    name, _, item = measure.partition(".")
    known = MEASURES | ITEM_MEASURES | IMPACT_MEASURES
    if item and name in ITEM_MEASURES:
        remedy = did_you_mean(item, scenario.document.items)
        return _problem(scenario, expected, "measure", "name an item", shown(item), remedy)
    remedy = did_you_mean(name, known)
    if name in ITEM_MEASURES:
        remedy = f"it is one of an item: write {name}.ITEM"
    return _problem(scenario, expected, "measure", "name a measure", shown(measure), remedy)


def in_numbers(expected: Expectation, units: Mapping[str, str], place: str) -> Stated:
    """An expectation without slips in the units of its measure.

    Args:
        expected: As it is written.
        units: Of every measure, and of `SERIES`.
        place: file:line:column.
    """
    one = _unit_of(expected, units)
    low, high = (_number(bound, one) for bound in (expected.at_least, expected.at_most))
    kind: Kind = "measure" if expected.versus is None else "versus"
    relative = expected.relative
    if expected.within is not None:
        kind = "baseline" if expected.series is None else "series"
        relative = expected.within.share
        margin = float(expected.within.value) if relative else _number(expected.within.written, one)
        assert margin is not None
        low, high = -margin, margin
    return Stated(
        id=expected.id,
        kind=kind,
        name=expected.measure or expected.series or "",
        unit=units[expected.measure or SERIES],
        at_least=low,
        at_most=high,
        relative=relative,
        versus=expected.versus,
        place=place,
    )


def _number(bound: Written | None, one: quantities.Quantity) -> float | None:
    """A bound as a number of units; a bare number is one already."""
    if bound is None:
        return None
    quantity, has_unit = bound
    return float(quantity.value / one.value) if has_unit else float(quantity.value)


def place_of(scenario: Scenario, id_: str, key: str = "id") -> str:
    """file:line:column of a key of an expectation; the scenario's file where that is not known."""
    origin = scenario.origin(f"expect.{id_}.{key}")
    if origin is DEFAULT:
        return scenario.files[0] if scenario.files else "the scenario"
    return origin.place


def _problem(
    scenario: Scenario, expected: Expectation, key: str, rule: str, got: str, remedy: str
) -> Problem:
    place = place_of(scenario, expected.id, key)
    return Problem(place, 0, 0, f"expect.{expected.id}.{key}", rule, got, remedy)
