"""Verdicts: p-values against scipy, the correction against hand arithmetic, sizes from tables."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from chainsim.experiments.decision_size import MOST, power_of, replications_to_decide
from chainsim.experiments.gates import (
    NO_EVIDENCE,
    Claims,
    Room,
    budget_of_look,
    claims_on,
    holm,
    rank_claims,
    rooms,
    verdicts,
)
from chainsim.experiments.looks import Plan
from chainsim.experiments.relative import (
    differences,
    relative_differences,
    relative_interval,
)

VALUES = [9.1, 10.4, 11.2, 8.7, 10.9, 9.9]
ALPHA = 0.05


def test_one_bound_is_students_test() -> None:
    found = claims_on(rooms(VALUES, 9.5, None))
    assert found.outside == pytest.approx(stats.ttest_1samp(VALUES, 9.5, alternative="greater")[1])
    assert found.inside == pytest.approx(stats.ttest_1samp(VALUES, 9.5, alternative="less")[1])
    above = claims_on(rooms(VALUES, None, 11.0))
    assert above.outside == pytest.approx(stats.ttest_1samp(VALUES, 11.0, alternative="less")[1])


def test_two_bounds_are_two_one_sided_tests() -> None:
    """The larger p-value for a pass (Schuirmann), the smaller one doubled for a failure."""
    found = claims_on(rooms(VALUES, 9.0, 10.5))
    low = stats.ttest_1samp(VALUES, 9.0, alternative="greater")[1]
    high = stats.ttest_1samp(VALUES, 10.5, alternative="less")[1]
    assert found.outside == pytest.approx(max(low, high))
    below = stats.ttest_1samp(VALUES, 9.0, alternative="less")[1]
    above = stats.ttest_1samp(VALUES, 10.5, alternative="greater")[1]
    assert found.inside == pytest.approx(min(1.0, 2 * min(below, above)))


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (8.5, 11.5, "pass"), (8.5, None, "pass"), (None, 11.5, "pass"),
        (10.0, None, "inconclusive"), (None, 10.0, "inconclusive"), (9.9, 12.0, "inconclusive"),
        (11.6, None, "fail"), (None, 8.4, "fail"), (11.6, 13.0, "fail"),
    ],
)  # fmt: skip
def test_a_check_alone_follows_the_interval(
    low: float | None, high: float | None, verdict: str
) -> None:
    """With one check, pass and fail are those of the two-sided 95 % interval."""
    interval = stats.ttest_1samp(VALUES, 0).confidence_interval(0.95)
    bottom, top = (-np.inf if low is None else low), (np.inf if high is None else high)
    within = bottom <= interval.low and interval.high <= top
    without = interval.high < bottom or interval.low > top
    assert verdict == ("pass" if within else "fail" if without else "inconclusive")
    assert verdicts([claims_on(rooms(VALUES, low, high))], ALPHA) == (verdict,)


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict"),
    [
        (5.0, 5.0, None, "pass"), (5.0, None, 5.0, "pass"), (5.0, 5.0, 5.0, "pass"),
        (5.0, 5.0 + 1e-6, None, "fail"), (5.0, None, 4.999, "fail"), (0.0, 0.0, 0.0, "pass"),
        (0.1 + 0.2, 0.3, 0.3, "pass"),
    ],
)  # fmt: skip
def test_equal_values_are_compared_exactly(
    value: float, low: float | None, high: float | None, verdict: str
) -> None:
    """The bound itself is inside, and rounding is no difference."""
    assert verdicts([claims_on(rooms([value] * 2, low, high))], ALPHA) == (verdict,)


def test_one_replication_proves_nothing() -> None:
    assert claims_on(rooms([1e9], 0, None)) == NO_EVIDENCE
    assert verdicts([claims_on(rooms([1e9], 0, None))], ALPHA) == ("inconclusive",)
    assert claims_on([]) == NO_EVIDENCE


def test_values_that_are_no_sample_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        rooms([1.0, float("nan")], 0.0, None)
    with pytest.raises(ValueError, match="alpha"):
        verdicts([NO_EVIDENCE], 0.0)
    with pytest.raises(ValueError, match="counted from 1"):
        budget_of_look(ALPHA, 0)


def test_a_censored_time_proves_only_what_it_can() -> None:
    """Longer than 30 days is at least 20, and never proves that the mean is below 40."""
    values = np.array([30.0, 30.0, 29.0])
    lower = Room(values - 20, may_be_more=True)
    assert claims_on([lower]).outside < 0.01
    too_high = Room(values - 60, may_be_more=True)
    assert claims_on([too_high]).inside == 1.0  # seen values below 60 prove no failure
    upper = Room(40 - values, may_be_less=True)
    assert claims_on([upper]).outside == 1.0
    broken = Room(20 - values, may_be_less=True)
    assert claims_on([broken]).inside < 0.01


def test_holm_by_hand() -> None:
    """0.005 x 4, 0.01 x 3, 0.02 x 2, 0.03 x 1, and never below the one before."""
    assert holm([0.01, 0.02, 0.03, 0.005]) == pytest.approx((0.03, 0.04, 0.04, 0.02))
    assert holm([0.5, 0.9]) == (1.0, 1.0)
    assert holm([]) == ()


def test_more_checks_need_more_evidence() -> None:
    one = Claims(inside=1.0, outside=0.02)
    assert verdicts([one], ALPHA) == ("pass",)
    assert verdicts([one, NO_EVIDENCE], ALPHA) == ("inconclusive", "inconclusive")
    sure = Claims(inside=1.0, outside=0.0)
    assert verdicts([one, sure], ALPHA) == ("pass", "pass")  # Holm steps down past the sure one


def test_the_budget_of_all_looks_is_below_alpha() -> None:
    assert sum(budget_of_look(ALPHA, k) for k in range(1, 60)) <= ALPHA
    assert budget_of_look(ALPHA, 3) == pytest.approx(ALPHA / 8)


@pytest.mark.parametrize(
    ("plan", "sizes"),
    [
        (Plan(), [5]),
        (Plan(sequential=True), [5, 10, 20, 40]),
        (Plan(True, 33), [5, 10, 20, 33]),
        (Plan(True, 3), [5]),
    ],
)
def test_looks_double(plan: Plan, sizes: list[int]) -> None:
    assert list(plan.sizes(5)) == sizes


@pytest.mark.parametrize(
    ("effect", "level", "n"),
    [(0.5, 0.05, 27), (0.5, 0.025, 34), (0.8, 0.025, 15), (0.2, 0.025, 199), (1.0, 0.025, 10)],
)
def test_sizes_are_those_of_the_tables(effect: float, level: float, n: int) -> None:
    """G*Power 3.1, one-sample t-test, power 0.8, one tail at the level."""
    assert replications_to_decide(rooms(effect + np.array([-1.0, 0, 1]), 0, None), level) == n
    assert replications_to_decide(rooms([-effect - 1, -effect, 1 - effect], 0, None), level) == n


def test_power_is_the_tail_of_the_noncentral_t_and_its_limit() -> None:
    for effect, n, level in ((0.3, 20, 0.025), (1.2, 5, 0.01), (0.05, 1_900, 0.025)):
        critical = stats.t.ppf(1 - level, n - 1)
        expected = 1 - stats.nct.cdf(critical, n - 1, effect * np.sqrt(n))
        assert power_of(effect, n, level) == pytest.approx(expected, abs=1e-9)
    near, far = power_of(0.06, 1_999, 0.025), power_of(0.06, 2_000, 0.025)
    assert near == pytest.approx(far, abs=1e-3)
    assert power_of(50.0, 10, 0.025) == 1.0


def test_a_tie_has_no_number() -> None:
    assert replications_to_decide(rooms([-1.0, 0.0, 1.0], 0.0, None), 0.025) is None
    assert replications_to_decide(rooms([5.0], 0.0, None), 0.025) is None
    tiny = rooms(1e-4 + np.array([-1.0, 0.0, 1.0]), 0.0, None)
    assert replications_to_decide(tiny, 0.025) is None and MOST == 1_000_000


def test_no_number_decides_what_cannot_be_proved() -> None:
    values = np.array([1.0, 2.0, 4.0])
    assert replications_to_decide([Room(values, may_be_less=True)], 0.025) is None
    assert replications_to_decide([Room(-values, may_be_more=True)], 0.025) is None
    assert replications_to_decide([Room(values, may_be_more=True)], 0.001) is not None


def test_a_tighter_bound_needs_more_replications() -> None:
    wide = replications_to_decide(rooms([-1.0, 0.0, 1.0], -0.9, 0.9), 0.025)
    tight = replications_to_decide(rooms([-1.0, 0.0, 1.0], -0.3, 0.3), 0.025)
    assert wide is not None and tight is not None and tight > 5 * wide


def test_paired_differences_are_those_of_the_paired_test() -> None:
    others = [9.0, 10.0, 11.5, 8.0, 10.2, 9.6]
    found = claims_on(differences(VALUES, others, (0.0, None)))
    expected = stats.ttest_rel(VALUES, others, alternative="greater")[1]
    assert found.outside == pytest.approx(expected)
    with pytest.raises(ValueError, match="differ in length"):
        differences(VALUES, others[1:], (0.0, None))


def test_a_share_of_the_other_mean_needs_no_ratio_of_means() -> None:
    others = [9.0, 10.0, 11.5, 8.0, 10.2, 9.6]
    scaled = [1.02 * value for value in others]
    found = claims_on(relative_differences(VALUES, others, (0.02, None)))
    expected = stats.ttest_rel(VALUES, scaled, alternative="greater")[1]
    assert found.outside == pytest.approx(expected)
    below = relative_differences([-v for v in VALUES], [-v for v in others], (-0.02, None))
    assert below[0].mean == pytest.approx(
        np.mean(others) - np.mean(VALUES) + 0.02 * np.mean(others)
    )


def test_a_share_that_is_the_same_in_every_pair_is_exact() -> None:
    others = np.array([5.0, 8.0, 2.0])
    assert verdicts([claims_on(relative_differences(1.1 * others, others, (0.1, 0.1)))], ALPHA) == (
        "pass",
    )
    assert verdicts([claims_on(relative_differences(others, others, (-0.01, 0.01)))], ALPHA) == (
        "pass",
    )


def test_nothing_is_a_share_of_zero() -> None:
    assert relative_differences([1.0, 2.0], [-1.0, 1.0], (0.0, None)) == ()
    assert relative_interval([1.0, 2.0], [0.0, 0.0], 0.95) is None


def test_the_interval_of_a_share_is_where_its_test_turns() -> None:
    """Fieller's bounds, found by bisection of scipy's test instead of by the quadratic."""
    others = np.array([9.0, 10.0, 11.5, 8.0, 10.2, 9.6])

    def gap(share: float, tail: str) -> float:
        return float(stats.ttest_rel(VALUES, (1 + share) * others, alternative=tail)[1]) - 0.025

    found = relative_interval(VALUES, others, 0.95)
    assert found is not None
    assert found.low == pytest.approx(optimize.brentq(gap, -0.5, 0.5, ("greater",)), abs=1e-9)
    assert found.high == pytest.approx(optimize.brentq(gap, -0.5, 0.5, ("less",)), abs=1e-9)
    assert found.mean == pytest.approx(np.mean(VALUES) / others.mean() - 1)


def test_the_interval_of_a_share_has_no_bounds_where_the_other_mean_may_be_zero() -> None:
    found = relative_interval([1.0, 2.0, 3.0], [-4.0, 1.0, 5.0], 0.95)
    assert found is not None and found.low is None and found.high is None


def test_ranks_are_counted_with_one_more_on_each_side() -> None:
    """Davison and Hinkley (1997), section 4.2: (k + 1) / (B + 1)."""
    assert rank_claims([1, 2, 3, 4], 3) == Claims(inside=4 / 5, outside=2 / 5)
    assert verdicts([rank_claims([1] * 99, 1)], 0.05)[0] == "pass"
    with pytest.raises(ValueError, match="counted from 1"):
        rank_claims([0, 1], 3)
    with pytest.raises(ValueError):
        rank_claims([], 3)
