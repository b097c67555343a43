"""The search for the parameters that meet observed figures best, and what is told about them.

Gauss-Newton steps lead on from the best point of a small design; all points share their random
numbers, and slopes are taken over wide steps. docs/decisions.md says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from chainsim.experiments.evaluations import (
    BudgetSpent,
    Evaluation,
    Evaluations,
    Floats,
    Point,
)
from chainsim.experiments.identifiability import Slopes, Told, Variances, chi_square, told
from chainsim.scenario.schema.document import Observed

STEP = 0.05
"""Of the range, to both sides, over which slopes are taken: a chain of events answers in steps."""
MOST_STEP = 0.25
"""Of the range: slopes are taken over half of an interval where that is wider."""
MET = 0.05
"""Standard deviations: figures met so well end the search, for it is lost in the noise."""
NEAR = 1e-3
"""Of the range: steps shorter than this end the search; so near to a bound is at the bound."""


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


class _Met(Exception):
    """All figures are met."""


@dataclass
class Fitting:
    """The search while it goes on, and what the points about its end tell."""

    evaluations: Evaluations
    targets: tuple[Target, ...]
    confidence: float
    """Of intervals and tests."""
    realisations: int
    """Over how many courses of events an observed figure is the mean."""

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
        return covariance * (1 / len(table) + 1 / self.realisations)

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
            left = self.residuals(self.evaluations.at([tuple(places - 1)])[0])
            if (np.abs(left) < MET).all():
                raise _Met
            return left

        def slopes(places: Floats) -> Floats:
            steps = np.full(len(places), STEP)
            return self.slopes(tuple(places - 1), steps, self.ids).over(self.sd).values

        evaluations, kept = self.evaluations, 4 * len(self.evaluations.ranges)
        evaluations.budget -= kept
        try:
            least_squares(
                residuals, 1 + np.array(self.best.point), slopes, bounds=(1, 2), method="dogbox",
                xtol=NEAR, ftol=NEAR,
            )  # fmt: skip
        except _Met:
            return True
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
            lacking = any(e.figures[name] is None for e in self.evaluations.done.values())
            if target.fitted or lacking:
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


def design(parameters: int) -> list[Point]:
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
