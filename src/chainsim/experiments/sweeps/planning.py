"""The plan of a sweep: its points, its runs and their keys, checked before anything is run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainsim import __version__
from chainsim.errors import InputError, Problem, did_you_mean, shown
from chainsim.experiments.contrasts import IMPACT_MEASURES
from chainsim.experiments.expectations import SERIES, Stated, bound_slips, in_numbers
from chainsim.experiments.readings import units_by_measure
from chainsim.experiments.sweeps.expected import stated_by_study
from chainsim.experiments.sweeps.points import Points, number_of_points, points_of
from chainsim.experiments.sweeps.runs import ENGINE, OUTPUT, Identity
from chainsim.network.compiling import MODEL_VERSION, compile_network
from chainsim.outcome.measures import ITEM_MEASURES, MEASURES
from chainsim.outcome.trajectory import COUNTS, LEVELS
from chainsim.outcome.yearly import YEAR_MEASURES
from chainsim.scenario.schema.expectations import Expectation
from chainsim.scenario.study import Study

USUAL = ("output", "fill_rate", "peak_backlog")
"""Measures that are looked at unless a study names some."""
USUAL_IMPACT = ("time_to_survive", "time_to_recover", "lost_area")
"""And those of scenarios with a resilience block."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A bound of a measure, in its unit; one of both is given."""

    measure: str
    at_least: float | None
    at_most: float | None

    @property
    def bound(self) -> float:
        """The one that is given."""
        given = self.at_most if self.at_least is None else self.at_least
        assert given is not None
        return given


@dataclass(frozen=True)
class Sweep:
    """A study that is ready to run: all that can be wrong with it has been looked for."""

    study: Study
    points: Points
    shard: tuple[int, int] = (1, 1)
    """(i, n): every n-th point, from the i-th on."""
    expected: tuple[Stated, ...] = ()
    """What the study expects, as `chainsim check` decides it."""
    aims: tuple[Aim, ...] = ()
    """Its targets in the units of their measures."""

    @property
    def replications(self) -> int:
        """Of each point."""
        return self.study.document.replications

    @property
    def tasks(self) -> list[tuple[int, int]]:
        """(point, replication) of all runs of the shard, point by point."""
        first, step = self.shard[0] - 1, self.shard[1]
        numbers = range(first, len(self.points.points), step)
        return [(number, k) for number in numbers for k in range(self.replications)]

    @property
    def twins(self) -> bool:
        """Whether the study looks at measures that take a twin: these take twice the time."""
        expected = (one.measure for one in self.study.document.expect)
        named = (*measures_of(self.study), *expected)
        return any(name in IMPACT_MEASURES and name not in MEASURES for name in named)

    @cached_property
    def hashes(self) -> list[bytes]:
        """Of each point."""
        identity = Identity(self.study.bases, self.twins)
        return [identity.of_point(point) for point in self.points.points]

    def key(self, task: tuple[int, int]) -> bytes:
        """The key of a run."""
        point, replication = task
        return Identity.of_run(self.hashes[point], replication)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What a store says of the study."""
        variables = [
            {"name": v.name, "path": v.path, "unit": v.unit, "evidence": v.evidence,
             "group": v.group} for v in self.study.variables
        ]  # fmt: skip
        return {
            "schema": "chainsim/study/1",
            "study": dict(self.study.written),
            "overrides": list(self.study.overrides),
            "variables": variables,
            "replications": self.replications,
            "recipes": {name: dict(one.recipe) for name, one in self.study.bases.items()},
            "lists": {
                str(k): [dict(row.cells) for row in rows] for k, rows in self.study.lists.items()
            },
            "program": {
                "chainsim": __version__,
                "model": MODEL_VERSION,
                "engine": ENGINE,
                "numpy": np.__version__,
            },
        }


def planned(study: Study, shard: tuple[int, int] = (1, 1)) -> Sweep:
    """The sweep of a study, with all its points.

    Raises:
        InputError: more runs than the budget, values with which a base scenario is not possible,
            or an expectation of what there is not.
    """
    units = _units_of_checked_names(study)
    document = study.document
    wanted = number_of_points(study) * document.replications
    if wanted > document.budget.runs:
        got = f"{wanted} runs ({number_of_points(study)} points, {document.replications} each)"
        remedy = "raise budget.runs, or take fewer factors, groups of them, or a smaller design"
        rule = f"need at most the budget of {document.budget.runs} runs"
        raise InputError([study.problem(("design",), rule, got, remedy)])
    points = points_of(study)
    aims = _aims(study, units)
    return Sweep(study, points, shard, stated_by_study(study, points, units), aims)


def measures_of(study: Study) -> tuple[str, ...]:
    """The measures that a study looks at, those of its targets among them."""
    document = study.document
    twins = all(one.base.document.resilience for one in study.bases.values())
    usual = (*USUAL, *(USUAL_IMPACT if twins else ()))
    targets = (one.measure for one in document.targets)
    return tuple(dict.fromkeys((*(document.measures or usual), *targets)))


def _aims(study: Study, units: Mapping[str, str]) -> tuple[Aim, ...]:
    """The targets in the units of their measures.

    Raises:
        InputError: bounds in other units.
    """
    problems: list[Problem] = []
    found = []
    for index, target in enumerate(study.document.targets):
        bounds = Expectation.model_construct(
            id="target", measure=target.measure, at_least=target.at_least, at_most=target.at_most
        )
        slips = list(bound_slips(bounds, units))
        problems += [study.problem(("targets", index, key), rule, "", remedy)
                     for key, rule, remedy in slips]  # fmt: skip
        if not slips:
            stated = in_numbers(bounds, units, "")
            found.append(Aim(target.measure, stated.at_least, stated.at_most))
    if problems:
        raise InputError(problems)
    return tuple(found)


def _units_of_checked_names(study: Study) -> Mapping[str, str]:
    """The units of all measures, if all bases compile and all that is named exists.

    Raises:
        InputError: with every problem.
    """
    problems: list[Problem] = []
    items: set[str] | None = None
    units: dict[str, str] = {}
    for base in study.bases.values():
        scenario = base.load(study.overrides)
        units = units_by_measure(compile_network(scenario)) | units
        items = {*scenario.document.items} & (items or {*scenario.document.items})
    document = study.document
    named: list[tuple[tuple[str | int, ...], str]] = [
        *((("measures", k), name) for k, name in enumerate(document.measures)),
        *((("targets", k, "measure"), one.measure) for k, one in enumerate(document.targets)),
        *((("expect", k, "measure"), one.measure) for k, one in enumerate(document.expect)
          if one.measure is not None),
    ]  # fmt: skip
    problems += _unknown_measures(study, named, items or set())
    series = [OUTPUT, *(f"{kind}.{name}" for table in (COUNTS, LEVELS)
                        for kind, names in table.items() for name in names)]  # fmt: skip
    for k, name in enumerate(document.daily):
        if name not in series:
            remedy = did_you_mean(name, series)
            rule = "name a daily series"
            problems.append(study.problem(("daily", k), rule, shown(name), remedy))
    if problems:
        raise InputError(problems)
    years = {name: _unit_of_year(name, units) for _, name in named if "@" in name}
    return units | years | {SERIES: units["output"]}


def _unit_of_year(name: str, units: Mapping[str, str]) -> str:
    """The unit of a measure of a calendar year, NAME@YEAR."""
    plain = name.partition("@")[0]
    return units.get(plain) or YEAR_MEASURES[plain].unit.replace("units", units["output"])


def _unknown_measures(
    study: Study, named: Iterable[tuple[tuple[str | int, ...], str]], items: set[str]
) -> Iterator[Problem]:
    twins = all(one.base.document.resilience for one in study.bases.values())
    known = MEASURES | IMPACT_MEASURES
    for path, name in named:
        plain, at, year = name.partition("@")
        measure, dot, item = plain.partition(".")
        if dot and measure in ITEM_MEASURES:
            if item not in items:
                remedy = did_you_mean(item, items)
                yield study.problem(path, "name an item", shown(item), remedy)
        elif at and (plain not in YEAR_MEASURES or not re.fullmatch(r"\d{4}", year, re.ASCII)):
            remedy = f"a year is written as output@2030; known are {', '.join(YEAR_MEASURES)}"
            yield study.problem(path, "name a measure of a year", shown(name), remedy)
        elif not at and plain not in known:
            remedy = did_you_mean(name, known | ITEM_MEASURES)
            yield study.problem(path, "name a measure", shown(name), remedy)
        elif not at and measure in IMPACT_MEASURES and measure not in MEASURES and not twins:
            remedy = "give its base scenarios a resilience block"
            rule = "be measured against a twin"
            yield study.problem(path, rule, shown(name), remedy)
