"""What slopes tell about parameters, computed by hand."""

from __future__ import annotations

from math import inf, sqrt

import numpy as np
import pytest

from chainsim.experiments.identifiability import (
    Slopes,
    Told,
    Variances,
    chi_square,
    student,
    told,
)

Z, T4 = 1.959964, 2.776445
"""Quantiles, 0.975, of the normal and of Student's t with 4 degrees of freedom, from tables."""


def found(
    slopes: list[list[float]], own: list[float], errors: float = 0.0, chance: float = 0.0
) -> Told:
    """What five replications tell, with the same error of all slopes and independent chance."""
    values = np.array(slopes)
    variances = Variances(np.array(own), chance * np.eye(len(own)))
    return told(Slopes(values, np.full(values.shape, errors), 5), variances, 0.95)


def test_one_slope_turns_the_sd_of_the_figure_into_that_of_the_parameter() -> None:
    one = found([[40.0]], [4.0])
    assert one.half_widths == pytest.approx([Z * 2 / 40], rel=1e-6)
    assert not one.idle and not one.open_directions


def test_chance_widens_with_the_degrees_of_freedom_of_the_replications() -> None:
    assert found([[10.0]], [0.0], chance=9.0).half_widths == pytest.approx([T4 * 3 / 10], rel=1e-6)
    mixed = found([[10.0]], [9.0], chance=9.0).half_widths[0]
    assert mixed == pytest.approx(student(0.05, 4 * 2**2) * sqrt(18) / 10)
    assert Z * sqrt(18) / 10 < mixed < T4 * sqrt(18) / 10


def test_two_equal_figures_halve_the_variance() -> None:
    assert found([[10.0], [10.0]], [1.0, 1.0]).half_widths == pytest.approx([Z / 10 / sqrt(2)])


def test_figures_that_share_their_chance_tell_no_more_than_one() -> None:
    slopes = Slopes(np.array([[10.0], [10.0]]), np.zeros((2, 1)), 5)
    shared = Variances(np.zeros(2), np.ones((2, 2)))
    assert told(slopes, shared, 0.95).half_widths == pytest.approx([T4 / 10], rel=1e-6)


def test_two_parameters_that_two_figures_tell_apart() -> None:
    # x + y = f, x - y = g: x = (f + g)/2, so its variance is (1 + 1)/4.
    both = found([[1.0, 1.0], [1.0, -1.0]], [1.0, 1.0])
    assert both.half_widths == pytest.approx([Z / sqrt(2)] * 2, rel=1e-6)
    assert not both.idle and not both.open_directions


def test_a_parameter_is_idle_if_its_slopes_lie_within_their_errors() -> None:
    assert found([[5.0, 0.0]], [1.0]).idle == (1,)
    assert found([[5.0, 0.0]], [1.0]).half_widths.tolist() == pytest.approx([Z / 5, inf])
    within, beyond = [[5.0, 2.7]], [[5.0, 2.8]]
    assert found(within, [1.0], errors=1.0).idle == (1,)
    assert found(beyond, [1.0], errors=1.0).idle == ()
    assert found([[0.0]], [1.0]).idle == (0,)


def test_a_direction_that_changes_no_figure() -> None:
    one_sum = found([[2.0, 2.0], [6.0, 6.0]], [1.0, 1.0])
    (direction,) = one_sum.open_directions
    assert direction[0] == pytest.approx(-direction[1])
    assert one_sum.half_widths.tolist() == [inf, inf] and not one_sum.idle
    (weighted,) = found([[2.0, 1.0]], [1.0]).open_directions  # one figure, two parameters
    assert weighted[0] / weighted[1] == pytest.approx(-0.5)


def test_a_parameter_outside_the_open_direction_is_told() -> None:
    three = found([[1.0, 1.0, 0.0], [2.0, 2.0, 0.0], [0.0, 0.0, 4.0]], [1.0, 1.0, 1.0])
    assert len(three.open_directions) == 1
    assert three.half_widths[:2].tolist() == [inf, inf]
    assert three.half_widths[2] == pytest.approx(Z / 4, rel=1e-6)


def test_nearly_the_same_columns_count_as_the_same() -> None:
    near, far = [[1.0, 1.0], [1.0, 1.01]], [[1.0, 1.0], [1.0, 1.1]]
    assert found(near, [1e-12, 1e-12]).open_directions
    assert not found(far, [1e-12, 1e-12]).open_directions
    assert found(far, [1e-12, 1e-12], errors=0.1).open_directions  # but for their errors


def test_quantiles_are_those_of_tables() -> None:
    assert student(0.05, inf) == pytest.approx(Z, rel=1e-6)
    assert student(0.05, 4) == pytest.approx(T4, rel=1e-6)
    assert chi_square(0.05, 1) == pytest.approx(Z**2, rel=1e-6)
    assert chi_square(0.05, 3) == pytest.approx(7.814728, rel=1e-6)
