"""Statistical acceptance of simulated numbers: independent replications and their interval.

Fast mode runs a shortened scenario a few times; the interval must hold the expected value and be
narrower than a bound stated beforehand, so that the test can fail. Full mode is the catalogue's
rule: n replications of the stated run, more (up to 4 n) until the interval is narrow, and on
failure one repetition with a new seed and 4 n. Seeds are fixed, so a verdict does not change by
itself.
"""

from __future__ import annotations

import inspect
import math
import statistics
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scipy import stats

import chainsim
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.trajectory import Trajectory
from tests.verification.catalogue import CONFIDENCE, Case, Metric, RunLength, student
from tests.verification.recorder import CaseRecorder, Interval
from tests.verification.store import ReplicationStore, store_key

Measure = Callable[[Trajectory], Mapping[str, float]]
PATIENCE = 4
"""At most this many times the planned replications."""


class Replications:
    """Replications of one scenario, measured; run once each and kept where there is a store."""

    def __init__(
        self,
        path: Path,
        overrides: Sequence[str],
        measure: Measure,
        stored_in: Path | None = None,
    ) -> None:
        self.path = path
        self.overrides = tuple(overrides)
        self.measure = measure
        self._store = self._open(stored_in) if stored_in else None

    def values(self, seed: int, n: int) -> dict[str, list[float]]:
        """The metrics of replications 0 to n - 1 under a seed, by name."""
        network = None
        rows: list[Mapping[str, float]] = []
        for replication in range(n):
            row = self._store.get(seed, replication) if self._store else None
            if row is None:
                network = network or self._network(seed)
                row = dict(self.measure(chainsim.simulate(network, replication=replication)))
                if self._store:
                    self._store.put(seed, replication, row)
            rows.append(row)
        return {name: [row[name] for row in rows] for name in rows[0]}

    def _network(self, seed: int) -> CompiledNetwork:
        overrides = (*self.overrides, f"run.seed={seed}")
        network: CompiledNetwork = chainsim.compile_network(
            chainsim.load_scenario(self.path, overrides)
        )
        return network

    def _open(self, path: Path) -> ReplicationStore:
        texts = (self.path.read_text(encoding="utf-8"), *self.overrides)
        measured = inspect.getsource(inspect.getmodule(self.measure) or self.measure)
        return ReplicationStore(path, store_key(measured, *texts))


def seed_of(case: Case) -> int:
    """A fixed seed of the case's own: cases that name their entities alike share no draws."""
    return zlib.crc32(case.key.encode())


def interval(values: Sequence[float], metric: Metric) -> Interval:
    """The estimate from independent replications and its 99.9 % interval.

    Means by Student's t; the dispersion (variance over mean) of counts and the standard deviation
    by the chi-square law of a sample variance (Law, Simulation Modeling and Analysis, 4.5).
    """
    n = len(values)
    mean, sd = statistics.fmean(values), statistics.stdev(values)
    if metric.kind == "mean":
        half = student(n) * sd / math.sqrt(n)
        return Interval(mean, mean - half, mean + half, n)
    low = (n - 1) / float(stats.chi2.ppf(CONFIDENCE, n - 1))
    high = (n - 1) / float(stats.chi2.ppf(1 - CONFIDENCE, n - 1))
    if metric.kind == "dispersion":
        ratio = sd**2 / mean
        return Interval(ratio, ratio * low, ratio * high, n)
    return Interval(sd, sd * math.sqrt(low), sd * math.sqrt(high), n)


def check_fast(case: Case, measure: Measure, recorder: CaseRecorder) -> None:
    """Check a case by its short run."""
    full, fast = _runs(case)
    overrides = (*case.overrides, *case.fast_overrides, *fast.overrides())
    runs = Replications(case.scenario, overrides, measure)
    values = runs.values(seed_of(case), fast.replications)
    for name, metric in case.metrics.items():
        found = interval(values[name], metric)
        recorder.interval(name, found, "fast", metric.fast_bound(full, fast))
    recorder.conclude()


def check_full(case: Case, measure: Measure, recorder: CaseRecorder, stored_in: Path) -> None:
    """Check a case by the catalogue's rule; finished replications are kept and used again."""
    full, _ = _runs(case)
    overrides = (*case.overrides, *full.overrides())
    runs = Replications(case.scenario, overrides, measure, stored_in)
    found = _until_narrow(case, runs)
    failed = [name for name in case.metrics if not _agrees(found[name], case.metrics[name])]
    if failed:
        planned = max(metric.n for metric in case.metrics.values())
        again = runs.values(seed_of(case) + 1, PATIENCE * planned)
        found |= {name: interval(again[name], case.metrics[name]) for name in failed}
    for name, metric in case.metrics.items():
        recorder.interval(name, found[name], "full", metric.full_bound)
        if metric.excludes is not None and found[name].contains(metric.excludes):
            recorder.problems.append(f"{case.id} {name}: cannot exclude {metric.excludes:g}")
    recorder.conclude()


def _until_narrow(case: Case, runs: Replications) -> dict[str, Interval]:
    """Intervals from n replications, or from up to 4 n while one of them is too wide."""
    planned = max(metric.n for metric in case.metrics.values())
    for n in range(planned, PATIENCE * planned + 1, planned):
        values = runs.values(seed_of(case), n)
        found = {name: interval(values[name], metric) for name, metric in case.metrics.items()}
        if all(found[name].half_width <= m.full_bound for name, m in case.metrics.items()):
            break
    return found


def _agrees(found: Interval, metric: Metric) -> bool:
    return found.half_width <= metric.full_bound and found.contains(metric.expected)


def _runs(case: Case) -> tuple[RunLength, RunLength]:
    if case.full is None or case.fast is None:
        raise ValueError(f"case {case.key} has no runs: check it with record_case")
    return case.full, case.fast
