"""What figures can tell about parameters: intervals, and what they leave open.

All of it is linear algebra on the slopes of figures over a wide step. Parameters are places in
their ranges (0 to 1), so a standard error of 1 is one that spans the range. The slopes have an
error of their own, known from the replications; what lies within it is not told from zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from chainsim.experiments.evaluations import Floats

MOST_CONDITION = 100.0
"""Of slopes with columns of length one: above it, parameters cannot be separated in practice."""
INVOLVED = 0.1
"""Share of a direction from which on a parameter takes part in it."""


@dataclass(frozen=True, slots=True)
class Slopes:
    """How figures react to parameters near a point."""

    values: Floats
    """(figure, parameter) in the unit of the figure per range."""
    errors: Floats
    """(figure, parameter) standard errors of the values."""
    replications: int

    def over(self, sd: Floats) -> Slopes:
        """In standard deviations of the figures, (figure,), per range."""
        column = sd[:, np.newaxis]
        return Slopes(self.values / column, self.errors / column, self.replications)

    def of(self, chosen: list[int]) -> Slopes:
        """Of some of the parameters."""
        return Slopes(self.values[:, chosen], self.errors[:, chosen], self.replications)


@dataclass(frozen=True, slots=True)
class Variances:
    """How far figures may lie from the means of the replications if the parameters are right."""

    own: Floats
    """(figure,) of the observed figures themselves."""
    chance: Floats
    """(figure, figure) of the events, in what was observed and in the mean."""

    @property
    def sd(self) -> Floats:
        """(figure,) standard deviations of all together."""
        found: Floats = np.sqrt(self.own + np.diag(self.chance))
        return found


@dataclass(frozen=True, slots=True)
class Told:
    """What the figures tell about the parameters."""

    half_widths: Floats
    """(parameter,) of the intervals in shares of the range; infinite where nothing is told."""
    idle: tuple[int, ...]
    """Parameters to which no figure reacts."""
    open_directions: tuple[Floats, ...]
    """(parameter,) changes of several together that no figure shows."""
    gain: Floats
    """(parameter, figure) how far an estimate moves with a figure, in ranges per its unit."""


def told(slopes: Slopes, variances: Variances, confidence: float) -> Told:
    """Intervals of the parameters, and what is not identifiable.

    A parameter is idle if none of its slopes differs from zero (Student's t, divided by the number
    of figures). The others trade off in a direction in which the standardised slopes, their columns
    scaled to length one, are shorter than their own error or than 1/100 of the longest.

    Source: Belsley, Kuh and Welsch, Regression Diagnostics, 1980, chapter 3 (scaled condition
    indexes); the variance is that of weighted least squares with correlated errors.
    """
    whitened = slopes.over(variances.sd)
    idle = _idle(whitened, confidence)
    active = [j for j in range(slopes.values.shape[1]) if j not in idle]
    directions = _open_directions(whitened.of(active), confidence) if active else []
    figures, parameters = slopes.values.shape
    half, gain = np.full(parameters, inf), np.zeros((parameters, figures))
    whole = np.zeros((len(directions), parameters))
    if active:
        weights = 1 / variances.sd
        standard = whitened.of(active).values
        gain[active] = np.linalg.pinv(standard) * weights
        half[active] = _half_widths(gain[active], slopes.replications, variances, confidence)
        for row, direction in zip(whole, directions, strict=True):
            row[active] = direction
            half[np.abs(row) > INVOLVED] = inf
    return Told(half, idle, tuple(whole), gain)


def _idle(slopes: Slopes, confidence: float) -> tuple[int, ...]:
    figures, parameters = slopes.values.shape
    limit = student((1 - confidence) / figures, slopes.replications - 1)
    reacts = np.abs(slopes.values) > limit * slopes.errors
    return tuple(j for j in range(parameters) if not reacts[:, j].any())


def _open_directions(slopes: Slopes, confidence: float) -> list[Floats]:
    """(parameter,) each: changes in shares of the ranges that together change no figure."""
    lengths = np.linalg.norm(slopes.values, axis=0)
    scaled, errors = slopes.values / lengths, slopes.errors / lengths
    _, singular, rows = np.linalg.svd(scaled, full_matrices=True)
    singular = np.append(singular, np.zeros(len(rows) - singular.size))
    limit = student(1 - confidence, slopes.replications - 1)
    found = []
    for length, row in zip(singular, rows, strict=True):
        error = float(np.sqrt(((errors * row) ** 2).sum()))
        if len(rows) > 1 and length <= max(limit * error, singular[0] / MOST_CONDITION):
            direction = row / lengths
            found.append(direction / np.abs(direction).max())
    return found


def _half_widths(
    gain: Floats, replications: int, variances: Variances, confidence: float
) -> Floats:
    """(parameter,) half-widths of the estimates of weighted least squares; see `told`.

    The degrees of freedom are Satterthwaite's: the part of chance is known from few replications.
    """
    own = (gain**2 * variances.own).sum(axis=1)
    chance = np.einsum("ij,jk,ik->i", gain, variances.chance, gain)
    total = own + chance
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = np.where(chance > 0, (replications - 1) * (total / chance) ** 2, inf)
    quantiles = [student(1 - confidence, degrees) for degrees in freedom]
    half: Floats = np.array(quantiles) * np.sqrt(total)
    return half


def student(outside: float, freedom: float) -> float:
    """The quantile of Student's t with a probability outside of plus and minus it."""
    # As in `statistics`: scipy is slow to import.
    from scipy import special  # type: ignore[import-untyped, unused-ignore]

    if freedom == inf:
        return -float(special.ndtri(outside / 2))
    return -float(special.stdtrit(freedom, outside / 2))


def chi_square(outside: float, freedom: int) -> float:
    """The quantile of the chi-square distribution with a probability above it."""
    from scipy import special

    return float(special.chdtri(freedom, outside))
