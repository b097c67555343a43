"""One to three parameters fitted to observed figures, with what the figures leave open.

The search itself is in `fitting`, what figures can tell in `identifiability`; docs/calibrate.md
says it for users.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from chainsim.errors import InputError, Problem
from chainsim.experiments.evaluations import (
    Evaluation,
    Evaluations,
    Floats,
    Load,
    Point,
    Range,
)
from chainsim.experiments.fitting import NEAR, Fitting, Target, design
from chainsim.experiments.identifiability import Told, chi_square
from chainsim.experiments.replications import OnDone
from chainsim.experiments.runs import prepare
from chainsim.experiments.units import units_of
from chainsim.network.compiled import CompiledNetwork
from chainsim.network.compiling import compile_network
from chainsim.outcome.validation import unit_of
from chainsim.provenance import Inputs
from chainsim.scenario.loading import Scenario
from chainsim.scenario.parameters import Parameter, in_unit
from chainsim.scenario.quantities import Quantity, unit

PER_PARAMETER = 25
"""Points that may be tried unless a budget is given, for each parameter."""
Verdict = Literal["fitted", "not reproduced", "not settled", "not identifiable"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A parameter after the fit; all numbers in its unit."""

    range: Range
    value: float
    """The best value that was tried; no claim unless identified."""
    low: float | None
    high: float | None
    """The interval, cut at the range; None where nothing is told."""
    cut: tuple[bool, bool]
    """Whether the range cut it below, and above."""
    identified: bool
    bound: Literal["", "low", "high"]
    """The end of the range at which the fit stopped."""


@dataclass(frozen=True)
class Calibration:
    """A fit, with all that was tried."""

    scenario: Scenario
    network: CompiledNetwork
    """As the search started."""
    targets: tuple[Target, ...]
    evaluations: tuple[Evaluation, ...]
    start: Evaluation
    fit: Evaluation
    fresh: Evaluation
    """At the same values as the fit, with random numbers of its own."""
    estimates: tuple[Estimate, ...]
    told: Told
    rivals: tuple[Point, ...]
    """Points away from the fit that the figures allow as well."""
    sd: Floats
    """(fitted figure,) standard deviations of simulated less observed at the fit, in its unit."""
    residuals: Floats
    """(fitted figure,) simulated less observed in standard deviations."""
    misfit: float
    """Sum of their squares."""
    most_misfit: float
    """What it stays below with the confidence of the run, if the model is right."""
    settled: bool
    """Whether the search ended by itself and not with the budget."""
    prediction_sd: Mapping[str, float]
    """By figure that was not fitted: the standard deviation of simulated less observed at the fit,
    from figure, chance and what the parameters are not known by; none where these are open."""
    inputs: Inputs = field(default_factory=Inputs)

    @property
    def fitted(self) -> tuple[Target, ...]:
        """The figures that were fitted."""
        return tuple(target for target in self.targets if target.fitted)

    @property
    def reproduced(self) -> bool:
        """Whether what is left of the differences is within the noise."""
        return self.misfit <= self.most_misfit

    @property
    def verdict(self) -> Verdict:
        """What may be said of the parameters; all but the first claim nothing."""
        if not all(estimate.identified for estimate in self.estimates):
            return "not identifiable"
        if self.reproduced:
            return "fitted"
        return "not reproduced" if self.settled else "not settled"


def calibrate(
    load: Load, budget: int | None = None, workers: int = 1, on_done: OnDone | None = None
) -> Calibration:
    """The parameters of the block `calibrate` of a scenario, fitted to its observed figures.

    Args:
        load: Reads the scenario with further overrides.
        budget: Points that may be tried, each with all replications; 25 per parameter unless given.
        workers: Processes; the result does not depend on them.
        on_done: Told of each point.

    Raises:
        InputError: the scenario is wrong or has nothing to calibrate, at an end of a range too.
        RunError: a replication failed, or a worker process died.
    """
    return Search.prepared(load, budget).run(workers, on_done)


@dataclass(frozen=True)
class Search:
    """A calibration that is ready to run: all that can be wrong with it has been looked for."""

    load: Load
    scenario: Scenario
    network: CompiledNetwork
    inputs: Inputs
    ranges: tuple[Range, ...]
    budget: int

    @classmethod
    def prepared(cls, load: Load, budget: int | None = None) -> Search:
        """The search that a scenario asks for.

        Raises:
            InputError: as `calibrate`.
        """
        scenario = load([])
        ready = prepare(scenario)
        _check(scenario)
        ranges = _ranges(scenario)
        least = 1 + len(design(len(ranges))) + 4 * len(ranges)
        if budget is not None and budget < least:
            rule = f"be at least {least} for {len(ranges)} parameters"
            raise InputError([Problem("--budget", 0, 0, "the budget", rule, str(budget))])
        search = cls(
            load, scenario, ready.network, ready.inputs, ranges,
            PER_PARAMETER * len(ranges) if budget is None else budget,
        )  # fmt: skip
        search.try_ends()
        return search

    def try_ends(self) -> None:
        """Nothing, if the scenario is possible at the ends of every range.

        Raises:
            InputError: what is wrong with it there.
        """
        tried = Evaluations(self.load, self.ranges, 0)
        start = [r.start for r in self.ranges]
        problems: list[Problem] = []
        for j, one in enumerate(self.ranges):
            for end in (one.low, one.high):
                try:
                    compile_network(tried.scenario([*start[:j], end, *start[j + 1 :]]))
                except InputError as error:
                    problems += error.problems
        if problems:
            raise InputError(dict.fromkeys(problems))

    def run(self, workers: int = 1, on_done: OnDone | None = None) -> Calibration:
        """Run the design, the steps, and the points about the fit."""
        evaluations = Evaluations(self.load, self.ranges, self.budget, workers, on_done)
        start = tuple(r.place(r.start) for r in self.ranges)
        first, *others = evaluations.at([start, *design(len(self.ranges))])
        _check_values(self.scenario, first)
        wanted = self.scenario.document.calibrate
        assert wanted is not None
        confidence = float(self.scenario.document.run.confidence)
        targets = _targets(self, [first, *others])
        fitting = Fitting(evaluations, targets, confidence, wanted.realisations)
        return self.result(fitting, first, fitting.settle())

    def result(self, fitting: Fitting, start: Evaluation, settled: bool) -> Calibration:
        """The fit with intervals and doubts, and the same values with fresh random numbers."""
        fit = fitting.best
        variances = fitting.variances(fit)
        found, steps = fitting.told(fit, variances)
        residuals = (fit.means(fitting.ids) - fitting.observed) / variances.sd
        rivals = fitting.rivals(fit, variances.sd, found)
        estimates = tuple(
            _estimate(one, fit.point[j], float(found.half_widths[j]), not rivals)
            for j, one in enumerate(self.ranges)
        )
        free = sum(not estimate.bound for estimate in estimates)
        outside = 1 - fitting.confidence
        tried = tuple(fitting.evaluations.done.values())
        return Calibration(
            scenario=self.scenario,
            network=self.network,
            targets=fitting.targets,
            evaluations=tried,
            start=start,
            fit=fit,
            fresh=fitting.evaluations.fresh(fit),
            estimates=estimates,
            told=found,
            rivals=rivals,
            sd=variances.sd,
            residuals=residuals,
            misfit=float((residuals**2).sum()),
            most_misfit=chi_square(outside, max(len(residuals) - free, 1)),
            settled=settled,
            prediction_sd=fitting.prediction_sd(fit, found, steps),
            inputs=self.inputs,
        )


def _estimate(one: Range, place: float, half: float, single: bool) -> Estimate:
    """The estimate at a place with its half-width; `single` if no other place does as well."""
    low, high = place - half, place + half
    known = bool(np.isfinite(half))
    return Estimate(
        range=one,
        value=one.value(place),
        low=one.value(max(low, 0.0)) if known else None,
        high=one.value(min(high, 1.0)) if known else None,
        cut=(low <= 0, high >= 1),
        identified=known and single and not (low <= 0 and high >= 1),
        bound=_bound(place) if known else "",
    )


def _bound(place: float) -> Literal["", "low", "high"]:
    """The end of the range that a place lies at."""
    if place <= NEAR:
        return "low"
    return "high" if place >= 1 - NEAR else ""


def _check(scenario: Scenario) -> None:
    wanted, run = scenario.document.calibrate, scenario.document.run
    problems = []
    if wanted is None or not wanted.parameters:
        file = scenario.files[0] if scenario.files else "the scenario"
        remedy = "calibrate: {parameters: {NAME: {}}, figures: [ID]}"
        problems.append(Problem(file, 0, 0, "calibrate", "be given", "", remedy))
    if run.replications < 2:
        place = scenario.origin("run.replications").place
        rule = "be at least 2: one replication shows no noise"
        problems.append(Problem(place, 0, 0, "run.replications", rule, str(run.replications)))
    if problems:
        raise InputError(problems)


def _check_values(scenario: Scenario, first: Evaluation) -> None:
    wanted = scenario.document.calibrate
    assert wanted is not None
    lacking = [name for name in wanted.figures if first.figures[name] is None]
    if lacking:
        place = scenario.origin("calibrate.figures[0]").place
        rule = "have a value in every replication"
        problems = [Problem(place, 0, 0, f"observed.{name}", rule) for name in lacking]
        raise InputError(problems)


def _ranges(scenario: Scenario) -> tuple[Range, ...]:
    wanted, found = scenario.document.calibrate, []
    assert wanted is not None
    for name, sought in wanted.parameters.items():
        parameter = scenario.parameters[name]
        numbers = {
            word: _number(getattr(sought, word), otherwise, parameter)
            for word, otherwise in (
                ("low", parameter.low), ("high", parameter.high), ("start", parameter.value)
            )
        }  # fmt: skip
        found.append(Range(name, parameter.unit, **numbers))
    return tuple(found)


def _number(
    given: tuple[Quantity, bool] | None, otherwise: Quantity | None, parameter: Parameter
) -> float:
    """A bound in the unit of the parameter."""
    chosen = otherwise if given is None else in_unit(given, parameter.unit)
    assert chosen is not None  # the rules of scenarios see to it
    return float(chosen.value / unit(parameter.unit or "1").value)


def _targets(search: Search, tried: Sequence[Evaluation]) -> tuple[Target, ...]:
    """The observed figures that the run measures, each with its standard deviation."""
    wanted = search.scenario.document.calibrate
    assert wanted is not None
    units = units_of(search.network)
    found = []
    for figure in search.scenario.document.observed:
        if figure.measure is None:
            continue
        value = float(figure.value.value)
        sd = 0.0
        if figure.sd is not None:
            sd = float(figure.sd.value)
        elif figure.relative_sd is not None:
            sd = float(figure.relative_sd) * abs(value)
        stated = sd > 0
        if not stated:
            sd = float(wanted.tolerance) * (abs(value) or _span(figure.id, tried) or 1.0)
        name = units.get(figure.measure, unit_of(figure.measure))
        found.append(Target(figure, name, value, sd, stated, figure.id in wanted.figures))
    return tuple(found)


def _span(name: str, tried: Sequence[Evaluation]) -> float:
    means = [float(found.mean()) for e in tried if (found := e.figures[name]) is not None]
    return max(means) - min(means) if means else 0.0
