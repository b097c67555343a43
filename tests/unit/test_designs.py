"""Designs of experiments: their rows, their errors, and that a seed is all they depend on."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise, product

import numpy as np
import pytest

from chainsim.experiments.designs import (
    DUMMY,
    columns_of,
    full_grid,
    latin_hypercube,
    morris,
    one_at_a_time,
    saltelli,
    sobol_sequence,
)

NAMES = ("duration", "severity", "cover", DUMMY)
EVERY_DESIGN = """
import hashlib
import numpy as np
from chainsim.experiments.designs import *
names = ["duration", "severity", "cover", "(dummy)"]
designs = (
    latin_hypercube(20, 4, 7), sobol_sequence(16, 4, 7), saltelli(16, names, 7, True),
    saltelli(16, names, 7, groups=["a", "b", "a", "c"]), morris(5, names, 4, 7),
    morris(5, names, 4, 7, ["a", "b", "a", "c"]), one_at_a_time(3), full_grid([2, 3]),
)
print(hashlib.sha256(b"".join(one.tobytes() for one in designs)).hexdigest())
"""


def digest(hash_seed: str) -> str:
    """The digest of all designs as another process makes them."""
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, "-c", EVERY_DESIGN],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.mark.case("A-S09")
def test_a_seed_gives_the_same_designs_in_every_process() -> None:
    first = digest("1")
    assert len(first) == 64
    assert digest("2") == first


def test_another_seed_gives_another_design() -> None:
    for design in (
        lambda seed: latin_hypercube(16, 2, seed),
        lambda seed: sobol_sequence(16, 2, seed),
        lambda seed: saltelli(16, NAMES, seed),
        lambda seed: morris(4, NAMES, 4, seed),
    ):
        assert np.array_equal(design(0), design(0))
        assert not np.array_equal(design(0), design(1))


def test_the_global_generator_is_neither_read_nor_moved() -> None:
    np.random.seed(5)
    before = np.random.get_state()[1].tolist()  # type: ignore[index, union-attr]
    first = [latin_hypercube(8, 2, 1), saltelli(8, NAMES, 1), morris(4, NAMES, 4, 1)]
    after = np.random.get_state()[1].tolist()  # type: ignore[index, union-attr]
    assert after == before
    np.random.seed(6)
    again = [latin_hypercube(8, 2, 1), saltelli(8, NAMES, 1), morris(4, NAMES, 4, 1)]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_one_at_a_time_leaves_the_others_at_their_base() -> None:
    places = one_at_a_time(3)
    assert places.shape == (7, 3)
    assert np.isnan(places[0]).all()
    for factor, end in product(range(3), (0, 1)):
        row = places[1 + 2 * factor + end]
        assert row[factor] == end
        assert np.isnan(np.delete(row, factor)).all()


def test_a_grid_has_every_combination_once() -> None:
    assert [tuple(row) for row in full_grid([2, 3, 2])] == list(
        product(range(2), range(3), range(2))
    )


def test_a_row_of_saltelli_moves_one_factor_at_a_time() -> None:
    rows = saltelli(8, NAMES, 3, second_order=True).reshape(8, 10, 4)
    for row in rows:
        a, b = row[0], row[-1]
        for j in range(4):
            mixed, other = a.copy(), b.copy()
            mixed[j], other[j] = b[j], a[j]
            assert np.array_equal(row[1 + j], mixed)
            assert np.array_equal(row[5 + j], other)
    assert len(saltelli(8, NAMES, 3)) == 8 * 6


def test_groups_move_together() -> None:
    groups = ["late", "early", "late", "none"]
    assert columns_of(NAMES, groups) == ("late", "early", "none")
    rows = saltelli(8, NAMES, 3, groups=groups).reshape(8, 5, 4)
    a, late, early, b = rows[:, 0], rows[:, 1], rows[:, 2], rows[:, -1]
    assert np.array_equal(late[:, [0, 2]], b[:, [0, 2]])
    assert np.array_equal(late[:, [1, 3]], a[:, [1, 3]])
    assert np.array_equal(early[:, 1], b[:, 1])
    for walk in morris(6, NAMES, 4, 1, groups).reshape(6, 4, 4):
        moved = [tuple(np.flatnonzero(one != other)) for one, other in pairwise(walk)]
        assert sorted(moved) == [(0, 2), (1,), (3,)]


def test_a_walk_moves_each_factor_once_by_the_step_of_the_grid() -> None:
    for walk in morris(20, NAMES, 4, 1).reshape(20, 5, 4):
        steps = np.diff(walk, axis=0)
        assert sorted(np.flatnonzero(step)[0] for step in steps) == [0, 1, 2, 3]
        assert np.abs(steps).sum(axis=1) == pytest.approx(np.full(4, 2 / 3))
        assert set(np.round(walk.ravel() * 3, 9)) <= {0, 1, 2, 3}


@pytest.mark.parametrize(("n", "offered"), [(0, 2), (3, 4), (100, 128), (129, 256)])
def test_a_sobol_design_needs_a_power_of_two_and_offers_the_next(n: int, offered: int) -> None:
    for design in (lambda: saltelli(n, NAMES, 1), lambda: sobol_sequence(n, 2, None)):
        with pytest.raises(ValueError, match=f"not {n}: the next one is {offered}$"):
            design()


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(ValueError, match="two factors have the same name"):
        saltelli(8, ["a", "a"], 1)
    with pytest.raises(ValueError, match="1 groups are given for 2 factors"):
        morris(4, ["a", "b"], 4, 1, ["x"])
    with pytest.raises(ValueError, match="must be even, not 5"):
        morris(4, ["a", "b"], 5, 1)
    with pytest.raises(ValueError, match="trajectories must be at least 2, not 1"):
        morris(1, ["a", "b"], 4, 1)
    with pytest.raises(ValueError, match="levels of a factor must be at least 1, not 0"):
        full_grid([2, 0])
