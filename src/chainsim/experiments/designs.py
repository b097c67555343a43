"""Designs of experiments: the places at which a study runs its scenario.

A place is where a point stands along a factor: a number in [0, 1], which the factor turns into its
value. A design is an array (point, factor) of places. The same arguments give the same design, in
any process; numpy's global generator is neither read nor moved. Whatever analyses a design needs
its rows in the order in which they stand here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.float64]
"""(point, factor), each in [0, 1]; NaN is the base value of the factor."""

DUMMY = "(dummy)"
"""A factor that no scenario has. Points that differ in it alone are the same run."""


def one_at_a_time(factors: int) -> Places:
    """The base, then the low and the high end of each factor with the others at their base.

    Args:
        factors: How many, >= 1.

    Returns:
        (1 + 2 factors, factors): NaN for the base value, 0 for the low end, 1 for the high end.

    Raises:
        ValueError: fewer than one factor.

    >>> one_at_a_time(2).tolist()
    [[nan, nan], [0.0, nan], [1.0, nan], [nan, 0.0], [nan, 1.0]]
    """
    _at_least("factors", factors, 1)
    places = np.full((1 + 2 * factors, factors), np.nan)
    for factor in range(factors):
        places[1 + 2 * factor, factor] = 0.0
        places[2 + 2 * factor, factor] = 1.0
    return places


def full_grid(levels: Sequence[int]) -> NDArray[np.int64]:
    """Every combination of the levels of the factors, the last factor changing fastest.

    Args:
        levels: The number of levels of each factor, >= 1.

    Returns:
        (point, factor): which level, from 0.

    Raises:
        ValueError: no factor, or one without a level.

    >>> full_grid([2, 3]).tolist()
    [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    """
    _at_least("factors", len(levels), 1)
    for number in levels:
        _at_least("levels of a factor", number, 1)
    return np.indices(tuple(levels), dtype=np.int64).reshape(len(levels), -1).T.copy()


def latin_hypercube(n: int, factors: int, seed: int) -> Places:
    """Random points of which each factor has exactly one in each of n equal intervals.

    Raises:
        ValueError: no point or no factor.
    Source: McKay, Beckman and Conover (1979); scipy.stats.qmc.
    """
    from scipy.stats import qmc

    _at_least("points", n, 1)
    _at_least("factors", factors, 1)
    return _places(qmc.LatinHypercube(factors, seed=np.random.default_rng(seed)).random(n))


def sobol_sequence(n: int, factors: int, seed: int | None) -> Places:
    """The first n points of Sobol's sequence, which fill the cube more evenly than chance.

    Args:
        n: A power of two: only then every factor has as many points in each of n equal intervals.
        factors: How many, >= 1.
        seed: Scrambles the sequence at random; None for the sequence as it is, which begins
            with the corner at the origin.

    Raises:
        ValueError: n is no power of two (the message names the next one), or no factor.
    Source: Sobol' (1967); direction numbers of Joe and Kuo (2008); scipy.stats.qmc.
    """
    from scipy.stats import qmc

    _power_of_two(n)
    _at_least("factors", factors, 1)
    if seed is None:
        return _places(qmc.Sobol(factors, scramble=False).random(n))
    return _places(qmc.Sobol(factors, seed=np.random.default_rng(seed)).random(n))


def saltelli(
    n: int,
    names: Sequence[str],
    seed: int,
    second_order: bool = False,
    groups: Sequence[str] | None = None,
) -> Places:
    """The points from which Sobol's indices are estimated: n rows of points that belong together.

    Each row has a point A, for each factor or group j the point A with the places of j from B, with
    `second_order` also B with the places of j from A, and the point B. A and B are the halves of a
    scrambled Sobol sequence in twice as many dimensions.

    Args:
        n: Rows, a power of two.
        names: Of the factors, all different.
        seed: Of the scrambling.
        second_order: Whether second-order indices shall be estimated.
        groups: The group of each factor; the factors of a group move together.

    Returns:
        (n (k + 2), factor), or (n (2 k + 2), factor) with second order, for k factors or groups.

    Raises:
        ValueError: n is no power of two (the message names the next one), or wrong names.
    Source: Saltelli (2002); Saltelli et al. (2010); SALib.
    """
    from SALib.sample import sobol

    _power_of_two(n)
    problem = _problem(names, groups)
    rng = np.random.default_rng(seed)
    return _places(sobol.sample(problem, n, calc_second_order=second_order, seed=rng))


def saltelli_row(moved: int, second_order: bool) -> int:
    """The points of one row of `saltelli`, for so many factors or groups.

    >>> saltelli_row(3, False), saltelli_row(3, True)
    (5, 8)
    """
    return 2 * moved + 2 if second_order else moved + 2


def morris(
    trajectories: int,
    names: Sequence[str],
    levels: int,
    seed: int,
    groups: Sequence[str] | None = None,
) -> Places:
    """Random walks over a grid in which each step moves one factor, or one group, once.

    Args:
        trajectories: How many walks, >= 2.
        names: Of the factors, all different.
        levels: Of the grid, even; a step is levels / (2 (levels - 1)) long.
        seed: Of the walks.
        groups: The group of each factor; the factors of a group move in one step.

    Returns:
        (trajectories (k + 1), factor) for k factors or groups.

    Raises:
        ValueError: fewer than two trajectories, an odd number of levels, or wrong names.
    Source: Morris (1991); Campolongo, Cariboni and Saltelli (2007) for groups; SALib.
    """
    from SALib.sample import morris as salib

    _at_least("trajectories", trajectories, 2)
    if levels < 2 or levels % 2:
        raise ValueError(f"the number of levels must be even, not {levels}: 4 is usual")
    problem = _problem(names, groups)
    return _places(salib.sample(problem, trajectories, num_levels=levels, seed=seed))


def columns_of(names: Sequence[str], groups: Sequence[str] | None = None) -> tuple[str, ...]:
    """What a design moves at once: the factors, or the groups in the order of their first factor.

    >>> columns_of(["a", "b", "c"], ["late", "early", "late"])
    ('late', 'early')
    """
    return tuple(dict.fromkeys(names if groups is None else groups))


def _problem(names: Sequence[str], groups: Sequence[str] | None) -> dict[str, Any]:
    """The factors as SALib takes them."""
    _at_least("factors", len(names), 1)
    if len(set(names)) < len(names):
        raise ValueError("two factors have the same name")
    if groups is not None and len(groups) != len(names):
        raise ValueError(f"{len(groups)} groups are given for {len(names)} factors")
    problem = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
    return problem if groups is None else problem | {"groups": list(groups)}


def _places(found: Any) -> Places:
    """Places as floats in [0, 1]; the arithmetic of a grid may leave it by a rounding error."""
    places: Places = np.clip(np.asarray(found, dtype=np.float64), 0.0, 1.0)
    return places


def _at_least(what: str, number: int, least: int) -> None:
    if number < least:
        raise ValueError(f"the number of {what} must be at least {least}, not {number}")


def _power_of_two(n: int) -> None:
    if n < 1 or n & (n - 1):
        raise ValueError(
            f"the number of points of a Sobol sequence must be a power of two, not {n}: "
            f"the next one is {1 << max(n, 1).bit_length()}"
        )
