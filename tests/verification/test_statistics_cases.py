"""The statistics against figures from outside: the cases A-S01, A-S02, A-S03 and A-S10b."""

import numpy as np
import pytest
from numpy.typing import NDArray

from chainsim.experiments.risk import cvar, quantile, value_at_risk
from chainsim.experiments.statistics import Interval, replications_for, t_interval
from chainsim.experiments.warm_up import mser5

EXACT = 1e-9
OUTPUTS = [182.4, 175.9, 191.3, 179.0, 188.8, 184.1, 170.2, 186.7, 181.5, 178.6]
RISKS = [3.1, 4.7, 1.2, 9.9, 5.5, 6.1, 2.0, 7.3, 8.8, 4.0]
EXPERIMENTS = 2_000
REPLICATIONS = 10
TRUE_MEAN = 5.0
ACCEPTED = range(1_867, 1_931 + 1)
"""The 99.9 % limits of Binomial(2000, 0.95)."""
SEED = 2_024


def uniforms(n: int) -> NDArray[np.float64]:
    """Park and Miller's generator from 12345: the same numbers in any language."""
    modulus, states = 2**31 - 1, [12_345]
    for _ in range(n):
        states.append(16_807 * states[-1] % modulus)
    return np.array(states[1:]) / modulus


def start_up_series() -> NDArray[np.float64]:
    """Y_i = 100 - 80 x 0.9^i + 20 (U_i - 0.5), i = 1..300."""
    i = np.arange(1, 301)
    return 100 - 80 * 0.9**i + 20 * (uniforms(300) - 0.5)


def stream(experiment: int, replication: int, purpose: int) -> np.random.Generator:
    """A stream of its own for every replication of every experiment."""
    key = (experiment, replication, purpose)
    return np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=key))


def covers(interval: Interval) -> bool:
    """Whether the interval contains the true mean."""
    assert interval.low is not None and interval.high is not None
    return interval.low <= TRUE_MEAN <= interval.high


@pytest.mark.case("A-S01")
def test_the_series_is_the_one_of_the_case() -> None:
    # Twelve digits are given, so 5e-12 is the most that rounding can explain.
    expected = [0.0966165285076, 0.833994627387, 0.947702497685]
    assert uniforms(3) == pytest.approx(expected, rel=5e-12)
    expected = [19.9323305702, 41.8798925477, 50.6340499537]
    assert start_up_series()[:3] == pytest.approx(expected, rel=5e-12)


@pytest.mark.case("A-S01")
def test_mser5_cuts_the_start_up() -> None:
    cut = mser5(start_up_series())
    assert (cut.batches, cut.d_star, cut.truncation) == (60, 7, 35)
    assert cut.minimum == pytest.approx(0.0932181782771, rel=EXACT)
    assert cut.mean_after == pytest.approx(99.5419316762, rel=EXACT)
    assert cut.mean_all == pytest.approx(97.3155897533, rel=EXACT)
    assert not cut.longer_run_needed


@pytest.mark.case("A-S02")
def test_interval_of_ten_replications() -> None:
    interval = t_interval(OUTPUTS, 0.95)
    assert interval.n == 10
    assert interval.mean == pytest.approx(181.85, rel=EXACT)
    assert interval.sd == pytest.approx(6.29307379408, rel=EXACT)
    assert interval.half_width == pytest.approx(4.50179379838, rel=EXACT)
    assert interval.low == pytest.approx(177.348206202, rel=EXACT)
    assert interval.high == pytest.approx(186.351793798, rel=EXACT)


@pytest.mark.case("A-S02")
def test_replications_for_one_percent() -> None:
    assert replications_for(OUTPUTS, 0.01, 0.95) == 49
    assert replications_for(OUTPUTS, 0.01, 0.95, adjusted=True) == 50


@pytest.mark.case("A-S03")
def test_intervals_of_a_normal_output_cover_the_mean_as_often_as_they_say() -> None:
    covered = sum(
        covers(t_interval([stream(e, r, 0).normal(TRUE_MEAN, 2) for r in range(REPLICATIONS)]))
        for e in range(EXPERIMENTS)
    )
    assert covered in ACCEPTED


@pytest.mark.case("A-S03")
def test_a_skewed_output_loses_coverage() -> None:
    covered = sum(
        covers(t_interval([stream(e, r, 1).exponential(TRUE_MEAN) for r in range(REPLICATIONS)]))
        for e in range(EXPERIMENTS)
    )
    assert covered < ACCEPTED.start


@pytest.mark.case("A-S10b")
@pytest.mark.parametrize(("p", "expected"), [(0.1, 1.92), (0.5, 5.1), (0.9, 8.91)])
def test_quantiles_of_type_7(p: float, expected: float) -> None:
    assert quantile(RISKS, p) == pytest.approx(expected, rel=EXACT)


@pytest.mark.case("A-S10b")
def test_quantile_of_type_6() -> None:
    assert quantile(RISKS, 0.9, kind=6) == pytest.approx(9.79, rel=EXACT)


@pytest.mark.case("A-S10b")
def test_value_at_risk_and_the_mean_of_the_worst_fifth() -> None:
    assert value_at_risk(RISKS, 0.8) == pytest.approx(7.3, rel=EXACT)
    assert cvar(RISKS, 0.8) == pytest.approx(9.35, rel=EXACT)
