"""The error rates of gates on simulated truth: what they claim is what they do.

Normal samples with a known mean are judged many times. A rate is at most what it should be if the
count lies below the 99.95 % quantile of the binomial distribution with that probability, and at
least if it lies above the 0.05 % quantile (scipy).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import stats

from chainsim.experiments.decision_size import POWER, replications_to_decide
from chainsim.experiments.evidence import Evidence
from chainsim.experiments.expectations import Stated
from chainsim.experiments.gates import Room, claims_on, rank_claims, rooms, verdicts
from chainsim.experiments.looks import Plan, judged_by_looks
from chainsim.experiments.relative import relative_differences, relative_interval

TRIALS = 2_000
ALPHA = 0.05
N = 10
Sampler = Callable[[], Sequence[Room]]


def at_most(count: int, probability: float, trials: int = TRIALS) -> bool:
    """Whether a count is compatible with a probability of at most this."""
    return count <= stats.binom.ppf(0.9995, trials, probability)


def at_least(count: int, probability: float, trials: int = TRIALS) -> bool:
    """Whether a count is compatible with a probability of at least this."""
    return count >= stats.binom.ppf(0.0005, trials, probability)


def counted(draw: Sampler, trials: int = TRIALS) -> Counter[str]:
    """How often each verdict is given on a check that stands alone."""
    return Counter(verdicts([claims_on(draw())], ALPHA)[0] for _ in range(trials))


def normal(seed: int, mean: float, low: float | None, high: float | None, n: int = N) -> Sampler:
    """Draws samples of a normal distribution with standard deviation 1."""
    generator = np.random.default_rng(seed)
    return lambda: rooms(generator.normal(mean, 1.0, n), low, high)


def test_a_correct_model_passes_and_a_shifted_one_fails() -> None:
    """Two standard deviations inside or outside; power by the noncentral t."""
    power = 1 - stats.nct.cdf(stats.t.ppf(1 - ALPHA / 2, N - 1), N - 1, 2 * np.sqrt(N))
    for low, high in ((-2.0, None), (None, 2.0)):
        assert at_least(counted(normal(1, 0, low, high))["pass"], power)
    assert at_least(counted(normal(2, 0, 2.0, None))["fail"], power)
    assert at_least(counted(normal(3, 0, None, -2.0))["fail"], power)
    assert at_least(counted(normal(4, 0, -2.0, 2.0))["pass"], 2 * power - 1)


@pytest.mark.parametrize(("low", "high"), [(0.0, None), (None, 0.0), (0.0, 3.0), (-3.0, 0.0)])
def test_a_tie_is_inconclusive(low: float | None, high: float | None) -> None:
    """The mean sits on the bound: each wrong verdict has half of the budget."""
    found = counted(normal(5, 0, low, high))
    assert at_most(found["pass"], ALPHA / 2) and at_most(found["fail"], ALPHA / 2)
    assert at_least(found["inconclusive"], 1 - ALPHA)


def test_one_bound_uses_its_budget_to_the_full() -> None:
    """Student's test is exact for normal values: no larger, and no smaller."""
    found = counted(normal(6, 0, 0.0, None), 2 * TRIALS)
    for verdict in ("pass", "fail"):
        assert at_least(found[verdict], ALPHA / 2, 2 * TRIALS)
        assert at_most(found[verdict], ALPHA / 2, 2 * TRIALS)


@pytest.mark.parametrize("width", [0.02, 0.3, 1.0])
def test_a_narrow_range_keeps_its_budget(width: float) -> None:
    """The mean just inside a narrow range may not fail more often, nor pass just outside."""
    assert at_most(counted(normal(7, 0, -width, 0.0))["fail"], ALPHA / 2)
    assert at_most(counted(normal(8, 0, 0.0, width))["pass"], ALPHA / 2)


def family(generator: np.random.Generator, means: Sequence[float]) -> list[tuple[Room, ...]]:
    """Checks that a mean is at least 0, on samples that are correlated as measures are."""
    common = generator.normal(0, 1, N)
    return [
        rooms(mean + 0.6 * common + 0.8 * generator.normal(0, 1, N), 0.0, None) for mean in means
    ]


def test_the_checks_of_a_file_share_the_budget() -> None:
    """Four ties beside four clear passes: any wrong pass, and any wrong failure, at most 2.5 %."""
    generator = np.random.default_rng(9)
    means = [0.0] * 4 + [3.0] * 4
    passes = fails = clear = 0
    for _ in range(TRIALS):
        found = verdicts([claims_on(room) for room in family(generator, means)], ALPHA)
        passes += "pass" in found[:4]
        fails += "fail" in found
        clear += found[4:] == ("pass",) * 4
    assert at_most(passes, ALPHA / 2) and at_most(fails, ALPHA / 2)
    assert clear > 0.99 * TRIALS


def test_without_the_correction_the_budget_would_be_broken() -> None:
    """The test above can fail: eight ties judged one by one pass wrongly far too often."""
    generator = np.random.default_rng(10)
    wrong = 0
    for _ in range(TRIALS):
        alone = [verdicts([claims_on(r)], ALPHA)[0] for r in family(generator, [0.0] * 8)]
        wrong += "pass" in alone
    assert not at_most(wrong, ALPHA / 2)


def stated(k: int) -> Stated:
    return Stated(f"check{k}", "measure", "output", "units", 0.0, None)


def sequentially(
    generator: np.random.Generator, means: Sequence[float], plan: Plan
) -> tuple[tuple[str, ...], int]:
    """The verdicts of growing samples, and the replications that they took."""
    most = max(plan.sizes(5))
    values = generator.normal(0, 1, (len(means), most)) + np.array(means)[:, None]

    def evidence_at(size: int) -> list[Evidence]:
        return [Evidence(rooms(row[:size], 0.0, None), None, "units", 0.0, None) for row in values]

    expected = [stated(k) for k in range(len(means))]
    rows, looks = judged_by_looks(expected, evidence_at, plan, 5, ALPHA)
    return tuple(row.verdict for row in rows), looks[-1].replications


def test_looking_again_and_again_keeps_the_budget() -> None:
    """Six looks at a tie, at 5 to 160 replications, stopped as soon as there is a verdict."""
    generator = np.random.default_rng(11)
    plan = Plan(sequential=True, at_most=160)
    found = Counter(sequentially(generator, [0.0], plan)[0][0] for _ in range(600))
    assert at_most(found["pass"], ALPHA / 2, 600) and at_most(found["fail"], ALPHA / 2, 600)


def test_naive_looks_would_break_the_budget() -> None:
    """The test above can fail: looks that each spend all of alpha give more wrong verdicts."""
    generator = np.random.default_rng(12)
    wrong = 0
    for _ in range(600):
        values = generator.normal(0, 1, 160)
        sizes = Plan(sequential=True, at_most=160).sizes(5)
        looks = [verdicts([claims_on(rooms(values[:n], 0.0, None))], ALPHA)[0] for n in sizes]
        wrong += "pass" in looks
    assert not at_most(wrong, ALPHA / 2, 600)


def test_looks_of_several_checks_keep_the_budget_and_decide_what_can_be_decided() -> None:
    generator = np.random.default_rng(13)
    plan = Plan(sequential=True, at_most=80)
    wrong = decided = 0
    for _ in range(400):
        found, _ = sequentially(generator, [0.0, 0.0, 1.5], plan)
        wrong += "pass" in found[:2]
        decided += found[2] == "pass"
    assert at_most(wrong, ALPHA / 2, 400)
    assert decided > 0.99 * 400


def test_looks_stop_early_where_the_truth_is_clear() -> None:
    generator = np.random.default_rng(14)
    plan = Plan(sequential=True, at_most=160)
    taken = [sequentially(generator, [3.0], plan)[1] for _ in range(100)]
    assert np.mean(taken) < 12


@pytest.mark.parametrize(
    ("mean", "low", "high", "verdict"),
    [
        (0.8, 0.0, None, "pass"),
        (-0.5, 0.0, None, "fail"),
        (0.0, -0.6, 0.6, "pass"),
        (0.3, -0.6, 0.9, "pass"),
        (-0.4, 0.0, 5.0, "fail"),
    ],
)
def test_the_number_it_proposes_decides_at_power_0_8(
    mean: float, low: float | None, high: float | None, verdict: str
) -> None:
    """The number for the true mean and standard deviation, then samples of that number."""
    truth = rooms(mean + np.array([-1.0, 0.0, 1.0]), low, high)  # its sd is 1
    n = replications_to_decide(truth, ALPHA / 2)
    assert n is not None
    count = counted(normal(15, mean, low, high, n))[verdict]
    assert at_least(count, POWER)
    fewer = counted(normal(16, mean, low, high, max(2, int(0.6 * n))))[verdict]
    assert not at_least(fewer, POWER)


def weeks(generator: np.random.Generator, shifts: Sequence[float]) -> tuple[Room, ...]:
    """Weekly differences with sd 1, each within 1 of the baseline."""
    return tuple(room for shift in shifts for room in rooms(generator.normal(shift, 1, N), -1, 1))


def test_a_series_of_weeks_keeps_the_budget() -> None:
    """Twenty weeks at the margin do not fail; one at it beside others does not pass."""
    generator = np.random.default_rng(17)
    trials = 500
    fails = Counter(verdicts([claims_on(weeks(generator, [1.0] * 20))], ALPHA)[0]
                    for _ in range(trials))["fail"]  # fmt: skip
    passes = Counter(verdicts([claims_on(weeks(generator, [0.0] * 4 + [1.0]))], ALPHA)[0]
                     for _ in range(trials))["pass"]  # fmt: skip
    assert at_most(fails, ALPHA / 2, trials) and at_most(passes, ALPHA / 2, trials)
    shifted = Counter(verdicts([claims_on(weeks(generator, [0.0] * 19 + [5.0]))], ALPHA)[0]
                      for _ in range(100))  # fmt: skip
    assert shifted["fail"] == 100


def test_shares_of_another_mean_keep_the_budget() -> None:
    """The true share is exactly the bound: 10 % below a mean that is itself uncertain."""
    generator = np.random.default_rng(18)
    found: Counter[str] = Counter()
    covered = 0
    for _ in range(TRIALS):
        common = generator.normal(0, 2, N)
        others = 10 + common + generator.normal(0, 1, N)
        values = 9 + common + generator.normal(0, 1, N)
        found[
            verdicts([claims_on(relative_differences(values, others, (-0.1, None)))], ALPHA)[0]
        ] += 1
        interval = relative_interval(values, others, 0.95)
        assert interval is not None and interval.low is not None and interval.high is not None
        covered += interval.low <= -0.1 <= interval.high
    for verdict in ("pass", "fail"):
        assert at_most(found[verdict], ALPHA / 2) and at_least(found[verdict], ALPHA / 2)
    assert at_most(covered, 0.95) and at_least(covered, 0.95)


def test_the_rank_of_a_driver_is_judged_by_its_resamples() -> None:
    generator = np.random.default_rng(19)
    clear = generator.choice([1, 2], 1_000)
    low = generator.choice([5, 6, 7], 1_000)
    mixed = generator.choice([2, 3, 4, 5], 1_000)
    assert verdicts([rank_claims(clear, 3)], ALPHA) == ("pass",)
    assert verdicts([rank_claims(low, 3)], ALPHA) == ("fail",)
    assert verdicts([rank_claims(mixed, 3)], ALPHA) == ("inconclusive",)
    few = [1] * 10  # ten resamples cannot tell
    assert verdicts([rank_claims(few, 3)], ALPHA) == ("inconclusive",)
