"""Sensitivity against closed forms: the cases A-S06, A-S07, A-S08 and A-S09, and with noise."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from chainsim.experiments.designs import (
    DUMMY,
    latin_hypercube,
    morris,
    saltelli,
    sobol_sequence,
)
from chainsim.experiments.sensitivity.discovery import find_box
from chainsim.experiments.sensitivity.morris import morris_effects
from chainsim.experiments.sensitivity.resampling import Bootstrap, Estimate
from chainsim.experiments.sensitivity.sobol import Indices, SobolIndices, sobol_indices

Floats = NDArray[np.float64]
A, B = 7.0, 0.1
VARIANCE = A**2 / 8 + B * pi**4 / 5 + B**2 * pi**8 / 18 + 0.5
FIRST = ((1 + B * pi**4 / 5) ** 2 / 2 / VARIANCE, A**2 / 8 / VARIANCE, 0.0)
BETWEEN_1_AND_3 = 8 * B**2 * pi**8 / 225 / VARIANCE
TOTAL = (FIRST[0] + BETWEEN_1_AND_3, FIRST[1], BETWEEN_1_AND_3)
"""Ishigami and Homma (1990): in closed form."""
NAMES = ("x1", "x2", "x3")
NOISE = 5.0
"""Standard deviation."""
RUNS = 7
STUDENT = float(stats.t.ppf(0.9995, RUNS - 1))


def ishigami(places: Floats) -> Floats:
    """sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1, x uniform in (-pi, pi)."""
    x = pi * (2 * places - 1)
    found: Floats = np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0])
    return found


def values_of(estimates: tuple[Estimate, ...]) -> list[float]:
    return [one.value for one in estimates]


def agrees(found: list[float], expected: float, half_width: float) -> bool:
    """The rule of the catalogue: the 99.9 % interval is narrow enough and holds the value."""
    h = STUDENT * float(np.std(found, ddof=1)) / len(found) ** 0.5
    return h <= half_width and abs(float(np.mean(found)) - expected) <= h


# ---- A-S06


def test_the_closed_form_is_the_one_of_the_case() -> None:
    assert pytest.approx(13.84458794, rel=1e-9) == VARIANCE
    assert pytest.approx([0.3139051911, 0.4424111448, 0.0], rel=1e-9) == list(FIRST)
    assert pytest.approx([0.5575888552, 0.4424111448, 0.2436836641], rel=1e-9) == list(TOTAL)


@pytest.fixture(scope="module")
def without_noise() -> list[SobolIndices]:
    few = Bootstrap(resamples=20)
    return [
        sobol_indices(
            ishigami(saltelli(8192, NAMES, seed, True))[:, None], NAMES, True, few
        )
        for seed in range(RUNS)
    ]  # fmt: skip


@pytest.mark.case("A-S06")
@pytest.mark.parametrize("factor", range(3))
def test_indices_of_ishigami(without_noise: list[SobolIndices], factor: int) -> None:
    raw = [one.raw for one in without_noise if one.raw]
    assert len(raw) == RUNS
    assert agrees([one.first[factor].value for one in raw], FIRST[factor], 0.02)
    assert agrees([one.total[factor].value for one in raw], TOTAL[factor], 0.02)


@pytest.mark.case("A-S06")
def test_second_order_of_ishigami(without_noise: list[SobolIndices]) -> None:
    for pair, expected in (
        (("x1", "x2"), 0.0), (("x1", "x3"), BETWEEN_1_AND_3), (("x2", "x3"), 0.0)
    ):  # fmt: skip
        found = [one.raw.second[pair].value for one in without_noise if one.raw]
        assert agrees(found, expected, 0.03), pair


@pytest.mark.case("A-S06")
def test_mean_and_variance_of_ishigami(without_noise: list[SobolIndices]) -> None:
    spreads = [one.spread for one in without_noise if one.spread]
    assert [one.mean for one in spreads] == pytest.approx([A / 2] * RUNS, rel=0.01)
    assert [one.variance for one in spreads] == pytest.approx([VARIANCE] * RUNS, rel=0.01)


def test_indices_of_the_g_function() -> None:
    """Product of (|4 x_i - 2| + a_i) / (1 + a_i), Saltelli and Sobol' (1995)."""
    a = np.array([0.0, 1.0, 4.5, 9.0])
    parts = 1 / (3 * (1 + a) ** 2)
    variance = np.prod(1 + parts) - 1
    first = parts / variance
    total = parts * np.array([np.prod(np.delete(1 + parts, j)) for j in range(4)]) / variance
    names = [*"abcd", DUMMY]
    places = saltelli(4096, names, 11)
    outputs = np.prod((np.abs(4 * places[:, :4] - 2) + a) / (1 + a), axis=1)
    found = sobol_indices(outputs[:, None], names, bootstrap=Bootstrap(resamples=20))
    assert found.raw is not None
    assert values_of(found.raw.first)[:4] == pytest.approx(first, abs=0.01)
    assert values_of(found.raw.total)[:4] == pytest.approx(total, abs=0.01)
    assert found.dummy == (Estimate(0.0, 0.0, 0.0), Estimate(0.0, 0.0, 0.0))


# ---- Ishigami with noise


def independent(rng: np.random.Generator, outputs: Floats, replications: int) -> Floats:
    """Noise of its own at every point and in every replication."""
    return outputs[:, None] + NOISE * rng.normal(size=(len(outputs), replications))


def trials(replications: int, n: int, number: int) -> list[SobolIndices]:
    """Repeated studies of Ishigami's function with independent noise."""
    return [
        sobol_indices(
            independent(
                np.random.default_rng([seed, 1]), ishigami(saltelli(n, NAMES, seed)), replications
            ),
            NAMES,
            bootstrap=Bootstrap(resamples=200, seed=seed),
        )
        for seed in range(number)
    ]


def test_noise_makes_every_raw_index_important() -> None:
    """E = (T V + s^2) / (V + s^2): the noise is in the numerator as it is in the variance."""
    with_noise = [(t * VARIANCE + NOISE**2) / (VARIANCE + NOISE**2) for t in TOTAL]
    assert with_noise == pytest.approx([0.842, 0.801, 0.730], abs=0.001)
    found = [one.raw for one in trials(replications=1, n=1024, number=RUNS) if one.raw]
    for factor, expected in enumerate(with_noise):
        assert agrees([one.total[factor].value for one in found], expected, 0.1)
        assert expected > TOTAL[factor] + 0.25


@pytest.fixture(scope="module")
def noisy() -> list[SobolIndices]:
    return trials(replications=3, n=128, number=200)


def test_corrected_indices_cover_the_true_ones_as_often_as_they_say(
    noisy: list[SobolIndices],
) -> None:
    """99.9 % limits of Binomial(200, 0.95) below; they may cover more, as their seeds are even."""
    least = int(stats.binom.ppf(0.001, len(noisy), 0.95))
    corrected = [one.corrected for one in noisy if one.corrected]
    assert len(corrected) == len(noisy)
    for factor in range(3):
        assert covered(corrected, factor, "total") >= least
        assert covered(corrected, factor, "first") >= least
        raw = [one.raw for one in noisy if one.raw]
        assert factor == 1 or covered(raw, factor, "total") < least


def covered(found: list[Indices], factor: int, order: str) -> int:
    """How many of the intervals contain the true index."""
    truth = (FIRST if order == "first" else TOTAL)[factor]
    intervals = [getattr(one, order)[factor] for one in found]
    return sum(one.low <= truth <= one.high for one in intervals)


def test_corrected_numerators_and_variance_are_unbiased(noisy: list[SobolIndices]) -> None:
    spreads = [one.spread for one in noisy if one.spread]
    variances = np.array([one.corrected for one in spreads])
    margin = 3.3 * variances.std(ddof=1) / len(variances) ** 0.5
    assert abs(variances.mean() - VARIANCE) < margin < 0.1 * VARIANCE
    assert np.mean([one.noise for one in spreads]) == pytest.approx(NOISE**2, rel=0.01)
    for factor in range(3):
        numerators = np.array(
            [
                one.corrected.total[factor].value * spread.corrected
                for one, spread in zip(noisy, spreads, strict=True)
                if one.corrected and spread.corrected
            ]
        )
        margin = 3.3 * numerators.std(ddof=1) / len(numerators) ** 0.5
        assert abs(numerators.mean() - TOTAL[factor] * VARIANCE) < margin


def test_the_share_of_noise_is_what_it_is(noisy: list[SobolIndices]) -> None:
    shares = [one.spread.noise_share for one in noisy if one.spread]
    assert np.mean([s for s in shares if s is not None]) == pytest.approx(
        (NOISE**2 / 3) / (VARIANCE + NOISE**2 / 3), abs=0.02
    )


def test_noise_that_all_points_share_changes_nothing() -> None:
    """Common random numbers at their best: one replication is lucky everywhere."""
    places = saltelli(256, NAMES, 1)
    quiet = ishigami(places)[:, None] + np.zeros(4)
    loud = quiet + NOISE * np.random.default_rng(2).normal(size=4)
    few = Bootstrap(resamples=50)
    one, other = (sobol_indices(y, NAMES, bootstrap=few) for y in (quiet, loud))
    assert one.corrected and other.corrected and other.raw
    assert values_of(other.corrected.total) == pytest.approx(values_of(one.corrected.total))
    assert values_of(other.raw.total) == pytest.approx(values_of(other.corrected.total))


def test_noise_that_depends_on_a_factor_is_covered() -> None:
    """Common random numbers that move the slope of x1: rows alone would not show that luck."""
    hits, number = np.zeros(3), 100
    for seed in range(number):
        places = saltelli(128, NAMES, seed)
        slopes = np.random.default_rng([seed, 3]).normal(size=(1, 10))
        outputs = ishigami(places)[:, None] + 6 * places[:, [0]] * slopes
        found = sobol_indices(outputs, NAMES, bootstrap=Bootstrap(resamples=100, seed=seed))
        assert found.corrected
        for factor in range(3):
            hits[factor] += covered([found.corrected], factor, "first")
    assert (hits >= stats.binom.ppf(0.001, number, 0.95)).all()


def test_a_factor_that_only_draws_anew_stays_below_the_floor() -> None:
    """Its runs have other random numbers, and the same mean."""
    below = {"corrected": 0, "raw": 0, "first": 0}
    number = 200
    names = ("x1", "idle")
    for seed in range(number):
        places = saltelli(64, names, seed)
        rng = np.random.default_rng([seed, 4])
        outputs = 10 * places[:, [0]] + 3 * rng.normal(size=(len(places), 3))
        found = sobol_indices(outputs, names, bootstrap=Bootstrap(resamples=2))
        assert found.corrected and found.raw
        below["corrected"] += found.corrected.total[1].value < found.corrected.floor_total
        below["first"] += found.corrected.first[1].value < found.corrected.floor_first
        below["raw"] += found.raw.total[1].value < found.raw.floor_total
        assert found.corrected.total[0].value > found.corrected.floor_total
    least, most = stats.binom.ppf([0.001, 0.999], number, 0.95)
    assert all(least <= count <= most for count in below.values()), below


# ---- A-S07


def linear(places: Floats) -> Floats:
    """3 + x1 - 2 x2 + 5 x3 + 0 x4."""
    found: Floats = 3 + places @ np.array([1.0, -2.0, 5.0, 0.0])
    return found


@pytest.mark.case("A-S07")
def test_effects_of_a_linear_function() -> None:
    names = ("x1", "x2", "x3", "x4")
    places = morris(20, names, 4, 1)
    assert len(places) == 100
    found = morris_effects(places, linear(places)[:, None], names).effects
    assert [one.mu.value for one in found if one.mu] == pytest.approx([1, -2, 5, 0], abs=1e-9)
    assert [one.mu_star.value for one in found] == pytest.approx([1, 2, 5, 0], abs=1e-9)
    assert [one.sigma.value for one in found if one.sigma] == pytest.approx([0] * 4, abs=1e-9)


# ---- A-S08


@pytest.mark.case("A-S08")
@pytest.mark.parametrize("seed", range(3))
def test_prim_finds_the_box(seed: int) -> None:
    places = latin_hypercube(4_000, 5, seed)
    x1, x2 = places[:, 0], places[:, 1]
    cases = (x1 >= 0.2) & (x1 <= 0.6) & (x2 >= 0.3) & (x2 <= 0.7)
    box = find_box(places, cases, ["x1", "x2", "x3", "x4", "x5"])
    assert box.base_rate == pytest.approx(0.16, abs=0.012)
    assert box.coverage >= 0.93
    assert box.density >= 0.9
    limits = {one.name: (one.low, one.high) for one in box.limits}
    assert set(limits) == {"x1", "x2"}
    assert limits["x1"] == pytest.approx((0.2, 0.6), abs=0.04)
    assert limits["x2"] == pytest.approx((0.3, 0.7), abs=0.04)
    assert all((one.low or 0) < 0.06 and (one.high or 1) > 0.94 for one in box.dropped)


# ---- A-S09


@pytest.mark.case("A-S09")
def test_a_latin_hypercube_has_one_point_in_each_stratum() -> None:
    strata = np.sort(np.floor(50 * latin_hypercube(50, 7, 3)), axis=0)
    assert np.array_equal(strata, np.tile(np.arange(50.0)[:, None], 7))


@pytest.mark.case("A-S09")
def test_the_first_points_of_sobols_sequence() -> None:
    expected = [0, 0, 0.5, 0.5, 0.75, 0.25, 0.25, 0.75,
                0.375, 0.375, 0.875, 0.875, 0.625, 0.125, 0.125, 0.625]  # fmt: skip
    assert sobol_sequence(8, 2, None).ravel().tolist() == expected


@pytest.mark.case("A-S09")
def test_a_scrambled_sobol_sequence_is_balanced() -> None:
    strata = np.sort(np.floor(256 * sobol_sequence(256, 5, 9)), axis=0)
    assert np.array_equal(strata, np.tile(np.arange(256.0)[:, None], 5))
