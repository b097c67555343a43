"""Sensitivity from the results of designs: by hand, against SALib, with noise and with gaps."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from SALib.analyze import morris as salib_morris
from SALib.analyze import sobol as salib_sobol
from scipy import stats

from chainsim.experiments.designs import (
    DUMMY,
    latin_hypercube,
    morris,
    one_at_a_time,
    saltelli,
)
from chainsim.experiments.sensitivity.censored import restricted
from chainsim.experiments.sensitivity.convergence import (
    morris_convergence,
    rank_morris,
    rank_sample,
    rank_sobol,
    sample_convergence,
    sobol_convergence,
)
from chainsim.experiments.sensitivity.discovery import find_box, misses
from chainsim.experiments.sensitivity.given_data import from_sample
from chainsim.experiments.sensitivity.morris import morris_effects, noise_floor
from chainsim.experiments.sensitivity.one_at_a_time import swings
from chainsim.experiments.sensitivity.resampling import Bootstrap, components
from chainsim.experiments.sensitivity.sobol import sobol_indices

Floats = NDArray[np.float64]
NAMES = ("a", "b", "c")
FEW = Bootstrap(resamples=50)


def problem(names: tuple[str, ...], **more: list[str]) -> dict[str, object]:
    """The factors as SALib takes them."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0, 1]] * len(names), **more}


def curved(places: Floats) -> Floats:
    """Effects that are curved and depend on each other."""
    found: Floats = 4 * places[:, 0] + places[:, 1] ** 2 * places[:, 2]
    return found


def noisy(outputs: Floats, replications: int, seed: int = 1, sd: float = 1.0) -> Floats:
    """Independent noise at every point and in every replication."""
    rng = np.random.default_rng(seed)
    return outputs[:, None] + sd * rng.normal(size=(len(outputs), replications))


# ---- Sobol


@pytest.mark.parametrize("second_order", [False, True])
def test_raw_indices_are_those_of_salib(second_order: bool) -> None:
    values = noisy(curved(saltelli(64, NAMES, 1, second_order)), 3)
    found = sobol_indices(values, NAMES, second_order, FEW).raw
    assert found is not None
    expected = salib_sobol.analyze(
        problem(NAMES), values.mean(axis=1), calc_second_order=second_order, seed=1
    )
    assert [one.value for one in found.first] == pytest.approx(expected["S1"])
    assert [one.value for one in found.total] == pytest.approx(expected["ST"])
    # The own estimates, on which the intervals rest, agree with it: each interval is about it.
    for one in (*found.first, *found.total, *found.second.values()):
        assert one.low is not None and one.high is not None
        assert one.low < one.value < one.high
    if second_order:
        assert found.second["a", "c"].value == pytest.approx(expected["S2"][0, 2])
        assert len(found.second) == 3


def test_corrected_products_are_over_different_replications() -> None:
    """The numerator of a total index written out: all ordered pairs of replications."""
    values = noisy(curved(saltelli(8, NAMES, 1)), 3)
    found = sobol_indices(values, NAMES, bootstrap=FEW)
    rows = (values - values.reshape(8, 5, 3).mean(axis=(0, 1))).reshape(8, 5, 3)
    d = rows[:, 0] - rows[:, 2]
    pairs = [d[:, r] * d[:, s] for r in range(3) for s in range(3) if r != s]
    assert found.corrected and found.spread and found.spread.corrected
    numerator = found.corrected.total[1].value * found.spread.corrected
    assert numerator == pytest.approx(0.5 * np.mean(pairs))


def test_groups_have_indices_of_their_own() -> None:
    groups = ["late", "early", "late"]
    places = saltelli(512, NAMES, 1, groups=groups)
    found = sobol_indices(
        (places @ np.array([1.0, 2.0, 1.0]))[:, None], ("late", "early"), bootstrap=FEW
    )
    assert found.raw is not None
    assert [one.value for one in found.raw.first] == pytest.approx([1 / 3, 2 / 3], abs=0.02)


def test_one_replication_has_no_corrected_indices() -> None:
    found = sobol_indices(curved(saltelli(16, NAMES, 1))[:, None], NAMES, bootstrap=FEW)
    assert found.corrected is None and found.raw is not None
    assert found.reason == "noise is told from effects only with two replications or more"
    assert found.best is found.raw
    assert found.spread is not None and found.spread.noise_share is None


def test_a_measure_that_does_not_vary_has_no_indices() -> None:
    found = sobol_indices(np.full((80, 2), 3.7), NAMES, bootstrap=FEW)
    assert (found.raw, found.corrected) == (None, None)
    assert found.reason == "the measure is the same at every point"


def test_a_measure_of_noise_alone_has_no_corrected_indices() -> None:
    reasons = set()
    for seed in range(20):
        found = sobol_indices(noisy(np.zeros(80), 2, seed), NAMES, bootstrap=FEW)
        reasons.add(found.reason)
        assert found.spread and found.spread.noise_share is not None
    assert "the measure varies over the points no more than the noise explains" in reasons


def test_rows_with_a_gap_are_left_out_and_counted() -> None:
    values = noisy(curved(saltelli(32, NAMES, 1)), 2)
    gaps = values.copy()
    gaps[7, 1] = gaps[9, 0] = gaps[100, 1] = np.nan  # in the rows 1, 1 and 20
    found = sobol_indices(gaps, NAMES, bootstrap=FEW)
    assert (found.rows, found.left_out) == (30, 2)
    kept = np.delete(values.reshape(32, 5, 2), [1, 20], axis=0).reshape(-1, 2)
    assert found.corrected is not None
    assert found.corrected == sobol_indices(kept, NAMES, bootstrap=FEW).corrected
    nothing = sobol_indices(np.full((10, 2), np.nan), NAMES, bootstrap=FEW)
    assert nothing.reason == "fewer than two rows of the design have all their values"


def test_points_that_are_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="12 points are no rows of 5, as 3 factors have them"):
        sobol_indices(np.zeros((12, 2)), NAMES)


def test_the_same_seed_gives_the_same_intervals() -> None:
    values = noisy(curved(saltelli(32, NAMES, 1)), 2)
    one, same, other = (
        sobol_indices(values, NAMES, bootstrap=Bootstrap(resamples=50, seed=seed)).corrected
        for seed in (1, 1, 2)
    )
    assert one and same and other
    assert one.total == same.total
    assert one.total != other.total


def test_components_separate_what_rows_share() -> None:
    rng = np.random.default_rng(1)
    shared, own = [], []
    for _ in range(400):
        values = rng.normal(size=(40, 1)) + 2 * rng.normal(size=(1, 5)) + rng.normal(size=(40, 5))
        one, two = components(values)
        shared.append(one)
        own.append(two)
    assert np.mean(shared) == pytest.approx(4 / 5, rel=0.1)
    assert np.mean(own) == pytest.approx(1 / 5, rel=0.05)


# ---- Morris


@pytest.mark.parametrize("groups", [None, ["x", "y", "x"]])
def test_effects_are_those_of_salib(groups: list[str] | None) -> None:
    places = morris(15, NAMES, 4, 2, groups)
    outputs = curved(places)
    found = morris_effects(places, outputs[:, None], NAMES, groups, FEW).effects
    expected = salib_morris.analyze(
        problem(NAMES, **({"groups": groups} if groups else {})), places, outputs, seed=1
    )
    assert [one.name for one in found] == list(expected["names"])
    assert [one.mu_star.value for one in found] == pytest.approx(list(expected["mu_star"]))
    if groups:
        assert found[0].mu is None and found[0].sigma is None
        assert found[1].mu is not None  # a group of one factor has a direction
    else:
        assert [one.mu.value for one in found if one.mu] == pytest.approx(list(expected["mu"]))
        assert [one.sigma.value for one in found if one.sigma] == pytest.approx(
            list(expected["sigma"])
        )


def test_the_floor_covers_a_factor_without_effect() -> None:
    number, below, sigmas = 300, 0, []
    for seed in range(number):
        places = morris(10, NAMES, 4, seed)
        values = noisy(places @ np.array([5.0, 0.0, 0.0]), 4, seed + 1_000)
        found = morris_effects(places, values, NAMES, bootstrap=Bootstrap(resamples=2)).effects
        assert found[0].above_floor
        below += not found[1].above_floor
        assert found[1].sigma and found[1].corrected_sigma is not None
        sigmas.append((found[1].sigma.value, found[1].corrected_sigma))
    assert below >= stats.binom.ppf(0.001, number, 0.95)
    raw, corrected = np.mean(sigmas, axis=0)
    # Noise of one averaged effect: sqrt(2 / 4) / (2 / 3) of the change of a unit.
    assert raw == pytest.approx(1.5 * np.sqrt(0.5), rel=0.05)
    assert corrected < 0.5 * raw


def test_the_floor_covers_luck_that_all_effects_share() -> None:
    number, below = 200, 0
    for seed in range(number):
        places = morris(10, NAMES, 4, seed)
        slope = np.random.default_rng([seed, 1]).normal(size=(1, 6))
        values = (5 * places[:, [0]]) + places[:, [1]] * slope
        found = morris_effects(places, values, NAMES, bootstrap=Bootstrap(resamples=2)).effects
        below += not found[1].above_floor
        assert found[2].floor == 0 and found[2].above_floor is False
    assert below >= 0.9 * number


def test_the_floor_is_the_mean_of_sizes_and_a_margin() -> None:
    assert noise_floor(0.0, 0.0, 10, 3) == 0
    assert noise_floor(0.0, 4.0, 10, 3) == pytest.approx(2 * stats.t.ppf(0.975, 2))
    many = noise_floor(1.0, 0.0, 10**8, 3)
    assert many == pytest.approx(np.sqrt(2 / np.pi), rel=1e-3)
    assert noise_floor(1.0, 0.0, 10, 3) > noise_floor(1.0, 0.0, 40, 3) > many


def test_missing_effects_are_left_out_and_counted() -> None:
    places = morris(4, NAMES, 4, 1)
    values = noisy(curved(places), 2, sd=0.0)
    values[0, 1] = np.nan  # the first step of the first trajectory
    found = morris_effects(places, values, NAMES, bootstrap=FEW)
    assert sorted((one.n, one.left_out) for one in found.effects) == [(3, 1), (4, 0), (4, 0)]
    values[:12] = np.nan
    found = morris_effects(places, values, NAMES, bootstrap=FEW)
    assert found.effects == () and found.missing == NAMES


def test_points_that_are_no_walks_are_refused() -> None:
    with pytest.raises(ValueError, match="are no walks of 3 steps"):
        morris_effects(np.zeros((7, 3)), np.zeros((7, 1)), NAMES)
    with pytest.raises(ValueError, match="exactly once"):
        morris_effects(np.zeros((8, 3)), np.zeros((8, 1)), NAMES)


# ---- one at a time


def test_swings_of_a_linear_model_by_hand() -> None:
    """y = 10 + 2 a - b with a in 1..3 (base 2) and b in 0..4 (base 1), luck shared by points."""
    ends = {0: (1.0, 2.0, 3.0), 1: (0.0, 1.0, 4.0)}
    places = one_at_a_time(2)
    a, b = (
        np.select(
            [np.isnan(column), column == 0], [ends[j][1], ends[j][0]], ends[j][2]
        )
        for j, column in enumerate(places.T)
    )  # fmt: skip
    values = (10 + 2 * a - b)[:, None] + np.array([0.3, -1.2, 0.9])
    found = swings(values, ("a", "b"))
    assert found.base and found.base.mean == pytest.approx(13)
    first, second = found.swings
    for got, expected in (
        (first.low, -2), (first.high, 2), (first.across, 4),
        (second.low, 1), (second.high, -3), (second.across, -4),
    ):  # fmt: skip
        assert got and got.mean == pytest.approx(expected)
        assert got.half_width == pytest.approx(0, abs=1e-9)
    assert (first.size, second.size) == (pytest.approx(4), pytest.approx(4))
    assert first.told and second.told


def test_swings_pair_replications_and_count_gaps() -> None:
    values = np.array([[1.0, 2.0, np.nan], [3.0, np.nan, 5.0], [2.0, 4.0, 6.0]])
    (one,) = swings(values, ["a"]).swings
    assert one.low and one.high and one.across
    assert (one.low.n, one.high.n, one.across.n) == (1, 2, 2)
    assert (one.low.mean, one.high.mean, one.across.mean) == (2, 1.5, 0)
    assert one.left_out == 2
    (lost,) = swings(np.full((3, 2), np.nan), ["a"]).swings
    assert (lost.low, lost.high, lost.size, lost.told) == (None, None, 0, False)


# ---- any sample


def test_rank_correlations_are_those_of_scipy() -> None:
    places = latin_hypercube(100, 3, 1)
    values = noisy(curved(places), 2)
    found = from_sample(places, values, NAMES, FEW)
    for column, one in zip(places.T, found.rank_correlation, strict=True):
        assert one and one.low is not None and one.high is not None
        assert one.value == pytest.approx(stats.spearmanr(column, values.mean(axis=1)).statistic)
        assert one.low < one.value < one.high


def test_pawn_sees_what_ranks_do_not_and_its_floor_holds_the_rest() -> None:
    below, number = 0, 8
    for seed in range(number):
        places = latin_hypercube(200, 2, seed)
        outputs = np.abs(places[:, [0]] - 0.5)
        found = from_sample(places, outputs, ("v", "idle"), Bootstrap(resamples=2))
        v, idle = found.pawn
        assert v is not None and idle is not None and found.pawn_floor is not None
        assert v > 2 * found.pawn_floor
        below += idle < found.pawn_floor
        rank = found.rank_correlation[0]
        assert rank is not None and abs(rank.value) < 0.2
    assert below >= stats.binom.ppf(0.001, number, 0.95)


def test_a_skewed_measure_is_told() -> None:
    places = latin_hypercube(100, 1, 1)
    straight = from_sample(places, places, ["a"], FEW)
    assert not straight.skewed and straight.advice == ""
    tail = from_sample(places, np.exp(4 * places), ["a"], FEW)
    assert tail.skewness == pytest.approx(stats.skew(np.exp(4 * places))[0])
    assert tail.skewed and "the skewness over the points is 1.3" in tail.advice
    heap = from_sample(places, np.maximum(places, 0.4), ["a"], FEW)
    assert heap.skewed and "40 % of the points have one and the same value" in heap.advice


def test_what_does_not_vary_has_no_correlation() -> None:
    places = np.column_stack([latin_hypercube(40, 1, 1), np.full(40, 0.5)])
    found = from_sample(places, places[:, [0]], ("a", "fixed"), FEW)
    assert found.rank_correlation[1] is None and found.pawn[1] is None
    same = from_sample(places, np.ones((40, 2)), ("a", "fixed"), FEW)
    assert same.rank_correlation == (None, None) and same.pawn == (None, None)
    assert same.pawn_floor is None and same.skewness is None


def test_points_with_a_gap_are_left_out_of_a_sample() -> None:
    places = latin_hypercube(40, 2, 1)
    values = noisy(places[:, 0], 2)
    values[3, 0] = np.nan
    found = from_sample(places, values, ("a", "b"), FEW)
    assert (found.n, found.left_out) == (39, 1)
    with pytest.raises(ValueError, match="10 points have all their values: at least 20"):
        from_sample(places[:10], np.ones((10, 1)), ("a", "b"))


# ---- whether it is enough


def test_indices_settle_as_the_sample_grows() -> None:
    values = noisy(curved(saltelli(64, NAMES, 1)), 2, sd=0.1)
    found = sobol_convergence(values, NAMES, bootstrap=FEW)
    assert [step.n for step in found.steps] == [8, 16, 32, 64]
    whole = sobol_indices(values, NAMES, bootstrap=FEW).best
    assert whole and found.steps[-1].estimates == whole.total
    places = morris(16, NAMES, 4, 1)
    by_walks = morris_convergence(places, noisy(curved(places), 2), NAMES, bootstrap=FEW)
    assert [step.n for step in by_walks.steps] == [2, 4, 8, 16]
    points = latin_hypercube(200, 3, 1)
    of_sample = sample_convergence(points, curved(points)[:, None], NAMES)
    assert [step.n for step in of_sample.steps] == [25, 50, 100, 200]
    assert all(e and e.low is not None and e.low >= 0 for e in of_sample.steps[0].estimates)


def test_a_sample_that_is_large_enough_ranks() -> None:
    outputs = saltelli(256, NAMES, 1) @ np.array([1.0, 3.0, 9.0])
    ranking = rank_sobol(sobol_indices(noisy(outputs, 3, sd=0.1), NAMES, bootstrap=FEW))
    assert [one.name for one in ranking.places] == ["c", "b", "a"]
    assert [(one.rank, one.best, one.worst) for one in ranking.places] == [
        (1, 1, 1), (2, 2, 2), (3, 3, 3)
    ]  # fmt: skip
    assert ranking.rankable and ranking.warning == ""


def test_a_sample_that_is_too_small_says_so() -> None:
    outputs = saltelli(16, NAMES, 1) @ np.array([5.0, 5.1, 0.0])
    ranking = rank_sobol(sobol_indices(noisy(outputs, 3), NAMES, bootstrap=FEW))
    assert not ranking.rankable
    assert ranking.warning.startswith("16 rows are too few to rank all factors")
    first = ranking.places[0]
    assert (first.best, first.worst) == (1, 2)


def test_what_lies_below_the_floor_needs_no_rank() -> None:
    places = morris(20, NAMES, 4, 1)
    values = noisy(places @ np.array([50.0, 0.0, 0.0]), 4)
    ranking = rank_morris(morris_effects(places, values, NAMES, bootstrap=FEW))
    assert [one.above_floor for one in ranking.places] == [True, False, False]
    assert ranking.rankable


def test_a_sample_is_ranked_by_rank_correlation() -> None:
    places = latin_hypercube(200, 2, 1)
    values = (places @ np.array([1.0, 5.0]))[:, None]
    ranking = rank_sample(from_sample(places, values, ("a", "b"), FEW))
    assert [one.name for one in ranking.places] == ["b", "a"]
    assert ranking.places[0].above_floor is True


# ---- parts of the space


def test_a_box_in_a_factor_with_levels() -> None:
    """Levels are cut off whole: of five, the upper two miss the target."""
    rng = np.random.default_rng(1)
    places = np.column_stack([rng.integers(5, size=500) / 4, rng.random(500)])
    box = find_box(places, places[:, 0] > 0.6, ("level", "idle"))
    assert [(one.name, one.low, one.high) for one in box.limits] == [("level", 0.75, None)]
    assert (box.coverage, box.density) == (1.0, 1.0)


def test_cases_without_a_pattern_have_no_box_to_speak_of() -> None:
    rng = np.random.default_rng(2)
    box = find_box(rng.random((400, 2)), rng.random(400) < 0.3, ("a", "b"))
    assert box.density < 2 * box.base_rate
    with pytest.raises(ValueError, match="none of the points is a case"):
        find_box(np.zeros((4, 1)), np.zeros(4, dtype=bool), ["a"])


def test_which_points_miss_a_target() -> None:
    values = np.array([[1.0, 3.0], [4.0, 4.0], [np.nan, 0.0], [9.0, 9.0]])
    missed, usable = misses(values, at_least=3, at_most=8)
    assert missed.tolist() == [True, False, False, True]
    assert usable.tolist() == [True, True, False, True]
    with pytest.raises(ValueError, match="a target needs"):
        misses(values)


# ---- censored times


def test_censored_times_are_cut_at_what_all_were_followed() -> None:
    times = np.array([[10.0, 95.0], [90.0, 20.0], [np.nan, 100.0]])
    censored = np.array([[False, False], [True, False], [False, True]])
    found = restricted(times, censored)
    assert found.limit == 90
    assert np.array_equal(found.values, [[10, 90], [90, 20], [np.nan, 90]], equal_nan=True)
    assert (found.censored, found.cut, found.n, found.points) == (2, 1, 5, 2)
    assert found.sentence("time to recover", "d") == (
        "time to recover is longer than what was followed in 2 of 5 runs (at 2 points): analysed "
        "is the time within the first 90 d, for which longer times count as that; 1 longer ones "
        "were seen."
    )


def test_a_limit_cannot_be_longer_than_what_was_followed() -> None:
    times, censored = np.array([[10.0], [30.0]]), np.array([[False], [True]])
    assert restricted(times, censored, 20).values.ravel().tolist() == [10, 20]
    with pytest.raises(ValueError, match=r"longer than a censored run was followed \(30\)"):
        restricted(times, censored, 40)
    with pytest.raises(ValueError, match="do not fit"):
        restricted(times, censored[:1])


def test_without_censored_times_nothing_is_cut() -> None:
    times = np.array([[10.0], [30.0]])
    found = restricted(times, np.zeros((2, 1), dtype=bool))
    assert np.array_equal(found.values, times)
    assert found.sentence("time to recover", "d") == ""


def test_dropping_censored_times_would_turn_the_effect_around() -> None:
    """Where a factor delays recovery beyond the end, the seen times alone say the opposite."""
    places = latin_hypercube(200, 1, 1)
    rng = np.random.default_rng(1)
    slow = rng.random((200, 1)) < places
    times = np.where(slow, 500.0, 30 - 10 * places)
    censored, followed = times > 100, np.minimum(times, 100.0)
    seen = ~censored[:, 0]
    alone = from_sample(places[seen], times[seen], ["a"], FEW).rank_correlation[0]
    rightly = from_sample(places, restricted(followed, censored).values, ["a"], FEW)
    assert alone and alone.value < -0.9
    assert rightly.rank_correlation[0] and rightly.rank_correlation[0].value > 0.2


def test_the_dummy_is_exactly_without_effect() -> None:
    names = ("a", DUMMY)
    places = saltelli(32, names, 1)
    runs = {}
    rng = np.random.default_rng(1)
    for place in places[:, 0]:
        runs.setdefault(place, place + rng.normal(size=3))
    found = sobol_indices(np.array([runs[p] for p in places[:, 0]]), names, bootstrap=FEW)
    assert found.dummy is not None
    assert [one.value for one in found.dummy] == pytest.approx([0, 0], abs=1e-12)
