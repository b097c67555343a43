"""Sampling: parametrisation of every distribution, common random numbers, varying rates."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

import chainsim
from chainsim.outcome.trajectory import Trajectory
from tests.verification.catalogue import Case
from tests.verification.conftest import Confidence
from tests.verification.harness import interval
from tests.verification.recorder import CaseRecorder

Values = NDArray[np.float64]
DRAWS = 1_000_000
FEWER_DRAWS = 100_000
"""For the distributions that the catalogue does not list."""
KS_LIMIT = 1.95
"""Kolmogorov-Smirnov distance, times sqrt(n), that a right sampler passes once in a thousand."""
MEAN_LIMIT = 4.5
"""Error of the mean in standard errors."""
QUEUE_REPLICATIONS = 30
"""Of the catalogue's 400; the bounds are loose enough."""
CUSTOMERS = 2000


def _draws(distribution: Mapping[str, Any], seed: int = 1, n: int = DRAWS) -> Values:
    return np.array(chainsim.sample(distribution, n=n, seed=seed))


@pytest.mark.case("A-S04")
def test_common_random_numbers(record_case: CaseRecorder) -> None:
    """The same stream with another mean gives the same variate, scaled."""
    common, apart, correlations = [], [], []
    for seed in range(0, 20, 2):
        slow = _draws({"dist": "exponential", "mean": 1}, seed, 20_000)
        fast = _draws({"dist": "exponential", "mean": 0.8}, seed, 20_000)
        other = _draws({"dist": "exponential", "mean": 0.8}, seed + 1, 20_000)
        common.append(float((slow - fast).var(ddof=1)))
        apart.append(float((slow - other).var(ddof=1)))
        correlations.append(float(np.corrcoef(slow, fast)[0, 1]))
    for name, values in (("var_diff_crn", common), ("var_diff_independent", apart)):
        metric = record_case.case.metrics[name]
        record_case.interval(name, interval(values, metric), "full", metric.full_bound)
    record_case.exact("correlation_crn", min(correlations))
    record_case.exact("ratio", statistics.fmean(apart) / statistics.fmean(common))


def _mean_waits(case: Case, service: str) -> list[float]:
    """Mean wait in hours of the first customers, by replication."""
    overrides = [f"sites.station.operations.test.time={{dist: exponential, mean: {service}}}"]
    scenario = chainsim.load_scenario(case.scenario, overrides)
    means = []
    for replication in range(QUEUE_REPLICATIONS):
        waits = chainsim.simulate(scenario, replication=replication).waits["station/vehicle"]
        assert len(waits) >= CUSTOMERS
        means.append(statistics.fmean(w.until - w.since for w in waits[:CUSTOMERS]) / 3600)
    return means


@pytest.mark.case("A-S05")
def test_common_random_numbers_on_a_queue(record_case: CaseRecorder) -> None:
    """A faster server under the same draws: every replication is better, the noise is shared."""
    slow = np.array(_mean_waits(record_case.case, "1 h"))
    fast = np.array(_mean_waits(record_case.case, "0.9090909091 h"))  # 1.1 /h
    difference = fast - slow
    apart = slow.var(ddof=1) + fast.var(ddof=1)
    reduction = 1 - difference.var(ddof=1) / apart
    n = QUEUE_REPLICATIONS
    record_case.bounded("variance_reduction", float(reduction), n)
    record_case.bounded("correlation", float(np.corrcoef(slow, fast)[0, 1]), n)
    record_case.bounded("diff_sign", float(difference.max()), n)


SAMPLERS: dict[str, tuple[dict[str, Any], Any]] = {
    "exponential": ({"dist": "exponential", "mean": 3}, stats.expon(scale=3)),
    "lognormal_mean_cv": (
        {"dist": "lognormal", "mean": 10, "cv": 0.4},
        stats.lognorm(np.log(1.16) ** 0.5, scale=10 / 1.16**0.5),
    ),
    "triangular": (
        {"dist": "triangular", "low": 2, "mode": 4, "high": 9},
        stats.triang(2 / 7, loc=2, scale=7),
    ),
    "gamma_mean_cv": ({"dist": "gamma", "mean": 6, "cv": 0.5}, stats.gamma(4, scale=1.5)),
    "uniform": ({"dist": "uniform", "low": 1, "high": 7}, stats.uniform(1, 6)),
    "normal_truncated_at_0": (
        {"dist": "normal", "mean": 5, "sd": 3, "min": 0},
        stats.truncnorm(-5 / 3, np.inf, loc=5, scale=3),
    ),
}


@pytest.mark.case("A-S10")
@pytest.mark.parametrize("name", SAMPLERS)
def test_catalogued_sampler(name: str, record_case: CaseRecorder) -> None:
    """Mean, law and support of a million draws; the law has the stated moments and quantiles."""
    distribution, law = SAMPLERS[name]
    known = record_case.case.metrics[name].expected
    stated = {"mean": law.mean(), "sd": law.std()}
    stated |= {q: law.ppf(int(q[1:]) / 100) for q in known if q.startswith("q")}
    assert stated == pytest.approx(known, rel=1e-9)
    values = _draws(distribution)
    got = {"mean": values.mean(), "sd": values.std(ddof=1)}
    got |= {q: np.quantile(values, int(q[1:]) / 100) for q in known if q.startswith("q")}
    record_case.sampled(name, got, _disagreements(values, law), DRAWS)


OTHERS: dict[str, tuple[dict[str, Any], Any]] = {
    "erlang": ({"dist": "erlang", "k": 3, "mean": 6}, stats.gamma(3, scale=2)),
    "weibull": ({"dist": "weibull", "shape": 1.7, "scale": 5}, stats.weibull_min(1.7, scale=5)),
    "beta": (
        {"dist": "beta", "a": 2, "b": 5, "low": 1, "high": 4},
        stats.beta(2, 5, loc=1, scale=3),
    ),
    "pert": (
        {"dist": "pert", "low": 2, "mode": 4, "high": 9},
        stats.beta(1 + 8 / 7, 1 + 20 / 7, loc=2, scale=7),
    ),
    "normal": ({"dist": "normal", "mean": 50, "sd": 3}, stats.norm(50, 3)),
    "lognormal_median_sigma": (
        {"dist": "lognormal", "median": 4, "sigma": 0.7},
        stats.lognorm(0.7, scale=4),
    ),
    "shifted": ({"dist": "exponential", "mean": 3, "shift": 2}, stats.expon(loc=2, scale=3)),
}


@pytest.mark.case("A-S10")
@pytest.mark.parametrize("name", OTHERS)
def test_other_continuous_sampler(name: str) -> None:
    """The same tests for the distributions that the catalogue does not list."""
    distribution, law = OTHERS[name]
    assert _disagreements(_draws(distribution, n=FEWER_DRAWS), law) == []


COUNTS: dict[str, tuple[dict[str, Any], Any]] = {
    "geometric": ({"dist": "geometric", "p": 0.3}, stats.geom(0.3)),
    "poisson": ({"dist": "poisson", "mean": 4}, stats.poisson(4)),
    "discrete": (
        {"dist": "discrete", "values": [1, 2, 5], "p": [0.2, 0.5, 0.3]},
        stats.rv_discrete(values=([1, 2, 5], [0.2, 0.5, 0.3])),
    ),
    "empirical": (
        {"dist": "empirical", "values": [1, 1, 2, 8]},
        stats.rv_discrete(values=([1, 2, 8], [0.5, 0.25, 0.25])),
    ),
}


@pytest.mark.case("A-S10")
@pytest.mark.parametrize("name", COUNTS)
def test_discrete_sampler(name: str) -> None:
    """Frequencies by Pearson's chi-square, cells with fewer than ten expected draws pooled."""
    distribution, law = COUNTS[name]
    values, observed = np.unique(_draws(distribution, n=FEWER_DRAWS), return_counts=True)
    expected = FEWER_DRAWS * law.pmf(values)
    rare = expected < 10
    observed = np.append(observed[~rare], observed[rare].sum())
    expected = np.append(expected[~rare], FEWER_DRAWS - expected[~rare].sum())
    kept = expected > 1e-6
    assert observed[~kept].sum() == 0
    assert stats.chisquare(observed[kept], expected[kept]).pvalue > 0.001


def test_constant_and_trace() -> None:
    """Values that are not random come in their order."""
    assert chainsim.sample({"dist": "constant", "value": 3}, n=2, seed=1) == [3, 3]
    trace = {"dist": "trace", "values": [1, 2, 5]}
    assert chainsim.sample(trace, n=4, seed=1) == [1, 2, 5, 1]


def _disagreements(values: Values, law: Any) -> list[str]:
    """What contradicts a law: mean, Kolmogorov-Smirnov distance, support."""
    problems = []
    root = len(values) ** 0.5
    off = root * abs(values.mean() - law.mean()) / law.std()
    if off > MEAN_LIMIT:
        problems.append(f"the mean is off by {off:.2f} standard errors")
    distance = root * stats.ks_1samp(values, law.cdf, mode="asymp").statistic
    if distance >= KS_LIMIT:
        problems.append(f"Kolmogorov-Smirnov statistic {distance:.2f} >= {KS_LIMIT}")
    low, high = law.support()
    if values.min() < low or values.max() > high:
        problems.append("values outside the support")
    return problems


@pytest.mark.case("A-S11")
def test_time_varying_rate(confidence_case: Confidence) -> None:
    """Counts of a Poisson process with a sine in its rate."""

    def measure(run: Trajectory) -> dict[str, float]:
        count = run.count("demands", "demanded", "dealer/vehicle")
        early = run.at(0, "demands", "demanded", "dealer/vehicle")
        return {"count_28": count, "count_first_3_5d": early, "dispersion": count}

    confidence_case(measure)
