"""One to three parameters fitted to observed figures, with what the figures leave open.

Points of a small design are run first, then Gauss-Newton steps lead on from the best of them; all
points share their random numbers. docs/calibrate.md says it for users, docs/decisions.md why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

import numpy as np

from chainsim.errors import InputError, Problem
from chainsim.experiments.evaluations import (
    BudgetSpent,
    Evaluation,
    Evaluations,
    Floats,
    Load,
    Point,
    Range,
)
from chainsim.experiments.identifiability import Slopes, Told, Variances, chi_square, told
from chainsim.experiments.replications import OnDone
from chainsim.experiments.runs import prepare, units_of
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.validation import unit_of
from chainsim.provenance import Inputs
from chainsim.scenario.loading import Scenario
from chainsim.scenario.parameters import Parameter, in_unit
from chainsim.scenario.quantities import Quantity, unit
from chainsim.scenario.schema.document import Observed

STEP = 0.05
"""Of the range, to both sides, over which slopes are taken: a chain of events answers in steps."""
MOST_STEP = 0.25
"""Of the range: slopes are taken over half of an interval where that is wider."""
NEAR = 1e-3
"""Of the range: steps shorter than this end the search; so near to a bound is at the bound."""
PER_PARAMETER = 25
"""Points that may be tried unless a budget is given, for each parameter."""
Verdict = Literal["fitted", "not reproduced", "not settled", "not identifiable"]


@dataclass(frozen=True, slots=True)
class Target:
    """An observed figure, fitted or predicted."""

    figure: Observed
    unit: str
    observed: float
    sd: float
    """How well it is known, in its unit; the tolerance where it does not say."""
    stated: bool
    """Whether it says so."""
    fitted: bool


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
        if self.rivals or not all(estimate.identified for estimate in self.estimates):
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
        least = 1 + len(_design(len(ranges))) + 4 * len(ranges)
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
            InputError: it is not at one of them.
        """
        tried = Evaluations(self.load, self.ranges, 0)
        start = [r.start for r in self.ranges]
        for j, one in enumerate(self.ranges):
            for end in (one.low, one.high):
                tried.scenario([*start[:j], end, *start[j + 1 :]])

    def run(self, workers: int = 1, on_done: OnDone | None = None) -> Calibration:
        """Run the design, the steps, and the points about the fit."""
        evaluations = Evaluations(self.load, self.ranges, self.budget, workers, on_done)
        start = tuple(r.place(r.start) for r in self.ranges)
        first, *others = evaluations.at([start, *_design(len(self.ranges))])
        _check_values(self.scenario, first)
        work = _Fitting(self, evaluations, _targets(self, [first, *others]))
        settled = work.settle()
        return work.result(first, settled)


@dataclass
class _Fitting:
    """The search while it goes on."""

    search: Search
    evaluations: Evaluations
    targets: tuple[Target, ...]

    def __post_init__(self) -> None:
        fitted = [target for target in self.targets if target.fitted]
        self.ids = [target.figure.id for target in fitted]
        self.observed = np.array([target.observed for target in fitted])
        self.own = np.array([target.sd**2 for target in fitted])
        # The weights do not follow the point: a noisy corner would pass for a good fit.
        tried = self.evaluations.done.values()
        chance = np.mean([np.diag(self.variances(e).chance) for e in tried], axis=0)
        self.sd = np.sqrt(self.own + chance)

    def variances(self, evaluation: Evaluation) -> Variances:
        """How far the observed figures may lie from the means at a point."""
        return Variances(self.own, self.chance(evaluation, self.ids))

    def chance(self, evaluation: Evaluation, ids: Sequence[str]) -> Floats:
        """Covariance (figure, figure) of what happened less the mean of the replications."""
        table = evaluation.table(ids)
        shifted = table - table[0]  # equal values have a variance of exactly zero
        centred = shifted - shifted.mean(axis=0)
        covariance: Floats = centred.T @ centred / (len(table) - 1)
        wanted = self.search.scenario.document.calibrate
        assert wanted is not None
        return covariance * (1 / len(table) + 1 / wanted.realisations)

    def residuals(self, evaluation: Evaluation) -> Floats:
        """Simulated less observed in fixed standard deviations, (figure,)."""
        left: Floats = (evaluation.means(self.ids) - self.observed) / self.sd
        return left

    @property
    def best(self) -> Evaluation:
        """The point of those tried with the smallest sum of squares."""
        tried = self.evaluations.done.values()
        return min(tried, key=lambda e: (float((self.residuals(e) ** 2).sum()), e.number))

    def settle(self) -> bool:
        """Go on from the best point to where the figures are met best; False if budget ends it."""
        from scipy.optimize import least_squares  # type: ignore[import-untyped, unused-ignore]

        # Places run from 1 to 2 here: the first step may then be as long as the range, since its
        # limit is the size of the largest coordinate.
        def residuals(places: Floats) -> Floats:
            return self.residuals(self.evaluations.at([tuple(places - 1)])[0])

        def slopes(places: Floats) -> Floats:
            steps = np.full(len(places), STEP)
            return self.slopes(tuple(places - 1), steps, self.ids).over(self.sd).values

        evaluations, kept = self.evaluations, 4 * len(self.search.ranges)
        evaluations.budget -= kept
        try:
            least_squares(
                residuals, 1 + np.array(self.best.point), slopes, bounds=(1, 2), method="dogbox",
                xtol=NEAR, ftol=NEAR,
            )  # fmt: skip
        except BudgetSpent:
            return False
        finally:
            evaluations.budget += kept
        return True

    def slopes(self, point: Point, steps: Floats, ids: Sequence[str]) -> Slopes:
        """Central differences over steps, one-sided at the ends of a range; paired by replication.

        Args:
            point: About which.
            steps: (parameter,) to both sides, in shares of the range.
            ids: Of which figures.
        """
        below: list[Point] = []
        above: list[Point] = []
        for j, step in enumerate(steps):
            for points, change in ((below, -step), (above, step)):
                moved = min(max(point[j] + change, 0.0), 1.0)
                points.append((*point[:j], moved, *point[j + 1 :]))
        found = self.evaluations.at([*below, *above])
        columns = []
        for j, (low, high) in enumerate(zip(found, found[len(below) :], strict=False)):
            width = high.point[j] - low.point[j]
            columns.append((high.table(ids) - low.table(ids)) / width)
        values = np.array([column.mean(axis=0) for column in columns]).T
        count = len(columns[0])
        shifted = [column - column[0] for column in columns]
        errors = np.array([column.std(axis=0, ddof=1) for column in shifted]).T / np.sqrt(count)
        return Slopes(values, errors, count)

    def result(self, start: Evaluation, settled: bool) -> Calibration:
        """The fit with intervals and doubts, and the same values with fresh random numbers."""
        fit = self.best
        variances = self.variances(fit)
        found, steps = self.told(fit, variances)
        residuals = (fit.means(self.ids) - self.observed) / variances.sd
        estimates = tuple(_estimate(r, fit, found, j) for j, r in enumerate(self.search.ranges))
        free = sum(not estimate.bound for estimate in estimates)
        outside = 1 - self.confidence
        tried = tuple(self.evaluations.done.values())
        return Calibration(
            scenario=self.search.scenario,
            network=self.search.network,
            targets=self.targets,
            evaluations=tried,
            start=start,
            fit=fit,
            fresh=self.evaluations.fresh(fit),
            estimates=estimates,
            told=found,
            rivals=self.rivals(fit, variances.sd, found),
            sd=variances.sd,
            residuals=residuals,
            misfit=float((residuals**2).sum()),
            most_misfit=chi_square(outside, max(len(residuals) - free, 1)),
            settled=settled,
            prediction_sd=self.prediction_sd(fit, found, steps),
            inputs=self.search.inputs,
        )

    @property
    def confidence(self) -> float:
        """Of intervals and tests."""
        return float(self.search.scenario.document.run.confidence)

    def told(self, fit: Evaluation, variances: Variances) -> tuple[Told, Floats]:
        """What the slopes tell, and the steps (parameter,): wider ones where intervals are wide.

        Never shorter ones: between two steps of the response it would seem flat.
        """
        steps = np.full(len(fit.point), STEP)
        found = told(self.slopes(fit.point, steps, self.ids), variances, self.confidence)
        suited = np.clip(found.half_widths / 2, STEP, MOST_STEP)
        if (suited > 1.5 * steps).any():
            steps = suited
            found = told(self.slopes(fit.point, steps, self.ids), variances, self.confidence)
        return found, steps

    def prediction_sd(self, fit: Evaluation, found: Told, steps: Floats) -> dict[str, float]:
        """By figure that was not fitted: what its difference at the fit may come from.

        With the gain G of the fit and the slopes J of the figure, the difference is that of the
        figure itself less J G times those of the fitted figures, which may share its chance.
        """
        if not np.isfinite(found.half_widths).all():
            return {}
        sds = {}
        for target in self.targets:
            name = target.figure.id
            if target.fitted or fit.figures[name] is None:
                continue
            slopes = self.slopes(fit.point, steps, [name]).values
            mix = np.append(1.0, -(slopes @ found.gain)[0])
            own = np.append(target.sd**2, self.own)
            chance = mix @ self.chance(fit, [name, *self.ids]) @ mix
            sds[name] = float(np.sqrt((mix**2 * own).sum() + chance))
        return sds

    def rivals(self, fit: Evaluation, sd: Floats, found: Told) -> tuple[Point, ...]:
        """Points well outside the intervals at which the figures are met as well as at the fit.

        For one parameter the responses are joined by straight lines between the points tried.
        """
        points, means = self._responses()
        sums = (((means - self.observed) / sd) ** 2).sum(axis=1)
        here = float((((fit.means(self.ids) - self.observed) / sd) ** 2).sum())
        allowed = here + chi_square(1 - self.confidence, len(fit.point))
        reach = 2 * np.maximum(found.half_widths, STEP)
        away = (np.abs(points - fit.point) > reach).any(axis=1) & np.isfinite(reach).all()
        chosen = [tuple(map(float, point)) for point in points[away & (sums <= allowed)]]
        return _apart(chosen)

    def _responses(self) -> tuple[Floats, Floats]:
        """Points (point, parameter) and the means of the figures there (point, figure)."""
        tried = sorted(self.evaluations.done.values(), key=lambda e: e.point)
        points = np.array([e.point for e in tried])
        means = np.array([e.means(self.ids) for e in tried])
        if points.shape[1] > 1:
            return points, means
        fine = np.linspace(0, 1, 1001)
        lines = [np.interp(fine, points[:, 0], column) for column in means.T]
        return fine[:, np.newaxis], np.column_stack(lines)


def _apart(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points without those that lie next to one before them."""
    kept: list[Point] = []
    before: Point | None = None
    for point in points:
        if before is None or max(abs(a - b) for a, b in zip(point, before, strict=True)) > STEP:
            kept.append(point)
        before = point
    return tuple(kept)


def _design(parameters: int) -> list[Point]:
    """Points over the whole range: corners, middles of faces, centre; five for one parameter.

    Source: Box and Wilson (1951), the central composite design with its star points on the faces.
    """
    if parameters == 1:
        return [(k / 4,) for k in range(5)]
    corners: list[Point] = [
        tuple(map(float, point)) for point in product((0, 1), repeat=parameters)
    ]
    middle = (0.5,) * parameters
    faces = [(*middle[:j], end, *middle[j + 1 :]) for j in range(parameters) for end in (0.0, 1.0)]
    return [*corners, *faces, middle]


def _estimate(one: Range, fit: Evaluation, found: Told, j: int) -> Estimate:
    place, half = fit.point[j], float(found.half_widths[j])
    low, high = place - half, place + half
    identified = bool(np.isfinite(half)) and not (low <= 0 and high >= 1)
    known = bool(np.isfinite(half))
    return Estimate(
        range=one,
        value=fit.values[j],
        low=one.value(max(low, 0.0)) if known else None,
        high=one.value(min(high, 1.0)) if known else None,
        cut=(low < 0, high > 1),
        identified=identified,
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
