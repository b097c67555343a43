"""What the statistics do at their edges, and what must not change their answers."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped, unused-ignore]

from chainsim.experiments.risk import cvar, quantile, quantile_interval, value_at_risk
from chainsim.experiments.statistics import (
    correlation,
    paired_difference,
    precise_enough,
    replications_for,
    t_interval,
)
from chainsim.experiments.warm_up import mser5, warm_up_of

PILOT = [182.4, 175.9, 191.3, 179.0, 188.8, 184.1, 170.2, 186.7, 181.5, 178.6]


def test_importing_the_modules_does_not_import_scipy() -> None:
    modules = ", ".join(f"chainsim.experiments.{m}" for m in ("statistics", "warm_up", "risk"))
    program = f"import sys, {modules}; sys.exit('scipy' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    assert run.returncode == 0


def test_intervals_do_without_the_slow_part_of_scipy() -> None:
    program = (
        "import sys; from chainsim.experiments import risk, statistics;"
        "statistics.t_interval([1.0, 2.0]); risk.quantile_interval([1.0, 2.0], 0.5);"
        "sys.exit('scipy.stats' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    assert run.returncode == 0


@pytest.mark.parametrize(
    "statistic",
    [
        t_interval,
        mser5,
        lambda values: quantile(values, 0.5),
        lambda values: value_at_risk(values, 0.5),
        lambda values: cvar(values, 0.5),
        lambda values: quantile_interval(values, 0.5),
        lambda values: replications_for(values, 0.1),
        lambda values: paired_difference(values, values),
    ],
)
@pytest.mark.parametrize(
    "values", [[], [1.0, np.nan], [1.0, np.inf], [[1.0, 2.0]]], ids=["none", "nan", "inf", "matrix"]
)
def test_what_is_no_sample_is_refused(
    statistic: Callable[[object], object], values: list[float]
) -> None:
    with pytest.raises(ValueError, match="sample"):
        statistic(values)


@pytest.mark.parametrize("share", [-0.1, 0.0, 1.0, 95.0, np.nan])
def test_shares_outside_zero_to_one_are_refused(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        t_interval(PILOT, share)
    with pytest.raises(ValueError, match="between 0 and 1"):
        cvar(PILOT, share)
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile_interval(PILOT, share)


class TestInterval:
    def test_one_replication_has_a_mean_and_no_interval(self) -> None:
        interval = t_interval([7.0])
        assert (interval.mean, interval.n) == (7.0, 1)
        assert interval.low is interval.high is interval.half_width is interval.sd is None

    def test_equal_replications_have_no_spread_at_all(self) -> None:
        interval = t_interval([0.1] * 7)
        assert (interval.mean, interval.sd, interval.half_width) == (0.1, 0.0, 0.0)
        assert interval.low == interval.high == 0.1

    def test_integers_are_welcome(self) -> None:
        assert t_interval(np.array([1, 2, 3])).mean == 2.0

    def test_agrees_with_scipy(self) -> None:
        interval = t_interval(PILOT, 0.9)
        low, high = stats.t.interval(0.9, 9, np.mean(PILOT), stats.sem(PILOT))
        assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-12)

    @pytest.mark.parametrize(
        ("freedom", "confidence", "quantile"),
        [
            (1, 0.90, 6.314), (1, 0.95, 12.706), (1, 0.99, 63.657),
            (2, 0.95, 4.303), (5, 0.95, 2.571), (9, 0.80, 1.383), (9, 0.90, 1.833),
            (9, 0.95, 2.262), (9, 0.99, 3.250), (9, 0.998, 4.297), (30, 0.95, 2.042),
            (100, 0.95, 1.984), (100, 0.99, 2.626),
        ],
    )  # fmt: skip
    def test_agrees_with_the_published_table(
        self, freedom: int, confidence: float, quantile: float
    ) -> None:
        # NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.2.
        interval = t_interval(np.arange(freedom + 1.0), confidence)
        assert interval.half_width is not None and interval.sd is not None
        used = interval.half_width * np.sqrt(freedom + 1) / interval.sd
        assert used == pytest.approx(quantile, abs=0.0005)

    def test_a_large_common_part_costs_no_digits(self) -> None:
        moved = t_interval(np.array([1.0, 2.0, 4.0]) + 1e9)
        assert moved.sd == pytest.approx(t_interval([1.0, 2.0, 4.0]).sd, rel=1e-12)

    def test_is_frozen(self) -> None:
        with pytest.raises(FrozenInstanceError):
            t_interval(PILOT).mean = 0.0  # type: ignore[misc]


class TestPrecision:
    @pytest.mark.parametrize("adjusted", [False, True])
    @pytest.mark.parametrize("gamma", [0.002, 0.01, 0.02])
    def test_the_number_is_the_smallest_that_suffices(self, gamma: float, adjusted: bool) -> None:
        n = replications_for(PILOT, gamma, adjusted=adjusted)
        assert n is not None
        target = gamma / (1 + gamma) if adjusted else gamma
        mean, sd = np.mean(PILOT), np.std(PILOT, ddof=1)
        reached = [stats.t.ppf(0.975, k - 1) * sd / np.sqrt(k) / mean for k in (n - 1, n)]
        assert reached[1] <= target < reached[0]

    def test_a_precise_pilot_needs_no_more(self) -> None:
        assert replications_for(PILOT, 0.5) == len(PILOT)
        assert replications_for([3.0, 3.0], 0.0) == 2

    def test_the_sign_of_the_mean_is_irrelevant(self) -> None:
        assert replications_for([-value for value in PILOT], 0.01) == 49

    def test_the_absolute_target_takes_over_near_zero(self) -> None:
        around_zero = [-1.0, 1.0, -2.0, 2.0]
        assert replications_for(around_zero, 0.01) is None
        assert replications_for(around_zero, 0.01, absolute=0.5) == 54
        assert not precise_enough(around_zero, 0.01, 0.0)
        assert precise_enough(around_zero, 0.01, 3.0)

    def test_nothing_is_known_from_one_replication(self) -> None:
        assert replications_for([5.0], 0.1) is None
        assert not precise_enough([5.0], 0.5, 100.0)

    def test_stops_on_the_relative_half_width(self) -> None:
        # The half-width is 4.5018 on a mean of 181.85, so 2.4756 %.
        assert precise_enough(PILOT, 0.0248, 0.0)
        assert not precise_enough(PILOT, 0.0247, 0.0)
        assert precise_enough([-value for value in PILOT], 0.0248, 0.0)
        assert not precise_enough(PILOT, 0.0248, 0.0, confidence=0.99)

    @pytest.mark.parametrize(("relative", "absolute"), [(-0.1, 0.0), (0.1, -1.0), (np.nan, 0.0)])
    def test_negative_targets_are_refused(self, relative: float, absolute: float) -> None:
        with pytest.raises(ValueError, match="precision"):
            precise_enough(PILOT, relative, absolute)


class TestPairedDifference:
    A = (10.0, 12.0, 9.0, 15.0, 11.0)

    def test_is_the_interval_of_the_differences(self) -> None:
        b = np.array([9.0, 11.5, 8.0, 13.0, 10.0])
        paired = paired_difference(self.A, b, 0.9)
        test = stats.ttest_rel(self.A, b).confidence_interval(0.9)
        assert paired.difference.mean == pytest.approx(1.1)
        bounds = (paired.difference.low, paired.difference.high)
        assert bounds == pytest.approx((test.low, test.high), rel=1e-12)
        assert paired.correlation == pytest.approx(np.corrcoef(self.A, b)[0, 1], rel=1e-12)
        gained = 1 - np.var(self.A - b) / (np.var(self.A) + np.var(b))
        assert paired.variance_reduction == pytest.approx(gained, rel=1e-12)

    def test_a_constant_distance_leaves_no_variance(self) -> None:
        paired = paired_difference(self.A, np.array(self.A) - 3)
        assert (paired.difference.mean, paired.difference.half_width) == (3.0, 0.0)
        assert paired.correlation == pytest.approx(1)
        assert paired.variance_reduction == 1.0

    def test_opposite_runs_double_the_variance(self) -> None:
        paired = paired_difference(self.A, -np.array(self.A))
        assert paired.correlation == pytest.approx(-1)
        assert paired.variance_reduction == pytest.approx(-1)

    def test_the_order_of_replications_matters(self) -> None:
        assert paired_difference(self.A, self.A).difference.sd == 0.0
        assert paired_difference(self.A, self.A[::-1]).difference.sd != 0.0

    def test_runs_that_do_not_vary_have_no_correlation(self) -> None:
        paired = paired_difference([0.1] * 3, [0.3] * 3)
        assert paired.correlation is paired.variance_reduction is None
        assert paired.difference.sd == 0.0

    def test_one_pair_has_a_difference_only(self) -> None:
        paired = paired_difference([3.0], [1.0])
        assert paired.difference.mean == 2.0
        assert paired.correlation is paired.variance_reduction is paired.difference.low is None

    def test_samples_of_different_length_are_refused(self) -> None:
        with pytest.raises(ValueError, match="differ in length: 3 and 2"):
            paired_difference([1.0, 2.0, 3.0], [1.0, 2.0])

    def test_correlation_needs_both_to_vary(self) -> None:
        assert correlation([1.0, 2.0], [5.0, 5.0]) is None
        assert correlation([1.0, 2.0, 4.0], [1.0, 0.0, -2.0]) == pytest.approx(-1)


class TestWarmUp:
    def test_follows_its_formula(self) -> None:
        series = np.random.default_rng(7).normal(size=203) + 9 * 0.8 ** np.arange(203)
        z = series[:200].reshape(40, 5).mean(axis=1)
        scores = [sum((z[d:] - z[d:].mean()) ** 2) / (40 - d) ** 2 for d in range(21)]
        cut = mser5(series)
        assert cut.d_star == scores.index(min(scores))
        assert cut.minimum == pytest.approx(min(scores), rel=1e-9)

    def test_the_remainder_is_dropped_at_the_end(self) -> None:
        series = [0.0] * 5 + [9.0, 8.0, 10.0, 9.0, 9.0] * 5
        assert mser5([*series, 1e6, 1e6, 1e6, 1e6]) == mser5(series)
        assert mser5(series).truncation == 5

    def test_a_constant_series_has_no_start_up(self) -> None:
        cut = mser5([0.1] * 48)
        assert (cut.d_star, cut.minimum) == (0, 0.0)
        assert cut.mean_after == pytest.approx(0.1)
        assert not cut.longer_run_needed

    def test_takes_the_first_of_equal_minima(self) -> None:
        cut = mser5([5.0] * 5 + [0.1] * 55)
        assert (cut.d_star, cut.minimum) == (1, 0.0)

    def test_a_cut_at_the_middle_wants_a_longer_run(self) -> None:
        growing = mser5(np.arange(100.0))
        assert (growing.d_star, growing.batches) == (10, 20)
        assert growing.longer_run_needed
        assert mser5([1.0] * 5).longer_run_needed

    def test_works_on_the_average_of_replications(self) -> None:
        noise = np.random.default_rng(11).normal(size=100)
        start = np.where(np.arange(100) < 20, 0.0, 50.0)
        cut = warm_up_of(np.array([start + 30 * noise, start - 30 * noise]))
        assert cut.truncation == 20
        assert cut.mean_after == pytest.approx(50)

    def test_the_shape_is_checked(self) -> None:
        with pytest.raises(ValueError, match="at least 5 observations, not 4"):
            mser5([1.0] * 4)
        with pytest.raises(ValueError, match="replications x time"):
            warm_up_of([1.0] * 50)
        with pytest.raises(ValueError, match="replications x time"):
            warm_up_of(np.empty((0, 50)))


class TestTails:
    ONE_TO_HUNDRED = np.arange(1.0, 101.0)

    def test_quantiles_end_at_the_extremes(self) -> None:
        for kind in (6, 7):
            assert quantile(PILOT, 0.0, kind) == min(PILOT)
            assert quantile(PILOT, 1.0, kind) == max(PILOT)

    def test_other_types_of_quantile_are_refused(self) -> None:
        with pytest.raises(ValueError, match="type 6 or 7"):
            quantile(PILOT, 0.5, kind=8)  # type: ignore[arg-type]

    @pytest.mark.parametrize("percent", range(1, 100))
    def test_shares_are_taken_as_written(self, percent: int) -> None:
        # 100 x 0.55 is 55.00000000000001 in binary, and 0.29 x 100 is 28.999999999999996.
        p = percent / 100
        assert value_at_risk(self.ONE_TO_HUNDRED, p) == percent
        assert cvar(self.ONE_TO_HUNDRED, p) == pytest.approx((percent + 101) / 2)

    def test_a_part_of_a_value_counts_as_a_part(self) -> None:
        # The worst 2.5 of 10: the two largest and half of the third.
        assert cvar(np.arange(1.0, 11.0), 0.75) == pytest.approx((10 + 9 + 8 / 2) / 2.5)
        assert cvar([4.0], 0.9) == pytest.approx(4)

    def test_where_low_is_bad_the_tail_is_the_low_one(self) -> None:
        values = np.arange(1.0, 11.0)
        assert value_at_risk(values, 0.8, "low") == 3.0
        assert cvar(values, 0.8, "low") == pytest.approx(1.5)
        assert str(cvar([0.0, 0.0], 0.5, "low")) == "0.0"
        with pytest.raises(ValueError, match="high or low"):
            cvar(values, 0.8, "worse")  # type: ignore[arg-type]

    def test_the_tail_is_no_better_than_its_edge(self) -> None:
        values = np.random.default_rng(3).exponential(size=37)
        for p in (0.05, 0.5, 0.9, 0.99):
            assert cvar(values, p) >= value_at_risk(values, p) - 1e-12


class TestQuantileInterval:
    @pytest.mark.parametrize(
        ("n", "ranks", "coverage"),
        [(6, (1, 6), 0.96875), (10, (2, 9), 0.978515625), (20, (6, 15), 0.958610534668)],
    )
    def test_median_ranks_of_the_sign_test(
        self, n: int, ranks: tuple[int, int], coverage: float
    ) -> None:
        interval = quantile_interval(np.arange(n, 0.0, -1), 0.5, 0.95)
        assert (interval.low_rank, interval.high_rank) == ranks
        assert (interval.low, interval.high) == ranks
        assert interval.coverage == pytest.approx(coverage, rel=1e-9)
        assert interval.quantile == (n + 1) / 2

    def test_five_values_bound_no_median(self) -> None:
        interval = quantile_interval(np.arange(5.0), 0.5, 0.95)
        assert interval.low is interval.high is interval.coverage is None
        assert interval.low_rank is interval.high_rank is None
        assert interval.quantile == 2.0

    def test_a_high_quantile_needs_72_values_for_its_upper_bound(self) -> None:
        # 0.95^71 > 0.025 >= 0.95^72
        small, enough = (quantile_interval(np.arange(float(n)), 0.95, 0.95) for n in (71, 72))
        assert small.low is not None
        assert small.high is small.coverage is None
        assert enough.high == 71.0
        assert enough.coverage is not None and enough.coverage >= 0.95

    def test_a_tail_met_exactly_suffices(self) -> None:
        # Five values: each tail is 1/32, so both together 1 - 0.9375.
        interval = quantile_interval(np.arange(5.0), 0.5, 0.9375)
        assert (interval.low, interval.high) == (0.0, 4.0)
        assert interval.coverage == pytest.approx(0.9375)

    def test_agrees_with_scipy(self) -> None:
        values = np.random.default_rng(5).lognormal(size=83)
        interval = quantile_interval(values, 0.8, 0.9)
        test = stats.quantile_test(values, q=0, p=0.8).confidence_interval(0.9)
        assert (interval.low, interval.high) == (test.low, test.high)

    def test_covers_the_true_quantile_of_any_distribution(self) -> None:
        truth, covered = float(stats.expon.ppf(0.9)), 0
        draws = np.random.default_rng(2_024).exponential(size=(1_000, 100))
        for row in draws:
            interval = quantile_interval(row, 0.9, 0.95)
            assert interval.low is not None and interval.high is not None
            covered += interval.low <= truth <= interval.high
        assert interval.coverage is not None
        assert abs(covered / 1_000 - interval.coverage) < 3.3 * (0.05 * 0.95 / 1_000) ** 0.5
