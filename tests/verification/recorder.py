"""What the verification tests found: one record per number, and the judgement on it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from tests.verification.catalogue import Case, Metric

PROPERTY = "verification"
"""Name of the test property that carries a record to the page."""


@dataclass(frozen=True)
class Interval:
    """What replications say about a number: its estimate and a 99.9 % interval."""

    estimate: float
    low: float
    high: float
    n: int

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.high - self.low) / 2

    def contains(self, value: float) -> bool:
        """Whether a value lies in the interval."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Record:
    """One number of a case: expected and got."""

    case: str
    family: str
    metric: str
    unit: str
    expected: str
    got: str
    interval: str
    n: int
    mode: str
    tolerance: str
    source: str
    passed: bool


class CaseRecorder:
    """Collects the records of one test and the reasons why it fails."""

    def __init__(self, case: Case, properties: list[tuple[str, object]]) -> None:
        self.case = case
        self.problems: list[str] = []
        self._properties = properties

    def exact(self, metric: str, got: Any) -> None:
        """Check a number (or list, map, word) that has no randomness, and record it."""
        known = self.case.metrics[metric]
        passed = _equal(got, known.expected, known)
        tolerance = f"± {known.atol:g}" if known.atol else _relative(known.rtol)
        self._keep(metric, _shown(got), "", 1, "exact", tolerance, passed)
        self._judge()

    def bounded(self, metric: str, got: float, n: int, mode: str = "fast") -> None:
        """Check a number that is only bounded, and record it."""
        known = self.case.metrics[metric]
        low = -math.inf if known.lower is None else known.lower
        high = math.inf if known.upper is None else known.upper
        tolerance = " and ".join(
            f"{sign} {bound:g}"
            for sign, bound in (("at least", low), ("at most", high))
            if math.isfinite(bound)
        )
        self._keep(metric, _shown(got), "", n, mode, tolerance, low <= got <= high)
        self._judge()

    def sampled(self, metric: str, got: Any, problems: list[str], n: int) -> None:
        """Record what was drawn from a distribution, judged by its statistical tests."""
        tolerance = "mean within 4.5 standard errors, Kolmogorov-Smirnov 0.1 %, support"
        self._keep(metric, _shown(got), "", n, "draws", tolerance, not problems)
        self.problems += problems
        self._judge()

    def interval(self, metric: str, found: Interval, mode: str, bound: float) -> bool:
        """Whether an interval is narrow enough and holds the expected value; recorded."""
        known = self.case.metrics[metric]
        narrow = found.half_width <= bound
        held = found.contains(known.expected)
        passed = narrow and held
        interval = f"{found.low:.5g} to {found.high:.5g}"
        tolerance = f"half-width at most {bound:.3g}"
        self._keep(metric, _shown(found.estimate), interval, found.n, mode, tolerance, passed)
        return passed

    def conclude(self) -> None:
        """Fail the test with everything that did not agree."""
        self._judge()

    def _judge(self) -> None:
        if self.problems:
            raise AssertionError("; ".join(self.problems))

    def _keep(
        self,
        metric: str,
        got: str,
        interval: str,
        n: int,
        mode: str,
        tolerance: str,
        passed: bool,
    ) -> None:
        known = self.case.metrics[metric]
        expected = "" if known.expected is None else _shown(known.expected)
        record = Record(
            self.case.id, self.case.family, metric, known.unit, expected, got, interval,
            n, mode, tolerance, self.case.source, passed,
        )  # fmt: skip
        self._properties.append((PROPERTY, asdict(record)))
        if not passed:
            about = f" (interval {interval}, n = {n})" if interval else ""
            aim = expected or tolerance
            self.problems.append(
                f"{self.case.id} {metric}: expected {aim}, got {got}{about}, {tolerance}"
            )


def _equal(got: Any, expected: Any, metric: Metric) -> bool:
    if isinstance(expected, dict):
        return got.keys() == expected.keys() and all(
            _equal(got[key], value, metric) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return len(got) == len(expected) and all(
            _equal(a, b, metric) for a, b in zip(got, expected, strict=True)
        )
    if isinstance(expected, str):
        return bool(got == expected)
    return math.isclose(got, expected, rel_tol=metric.rtol, abs_tol=metric.atol)


def _relative(rtol: float) -> str:
    return "exact" if rtol <= 1e-9 else f"± {100 * rtol:g} %"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_shown(one) for one in value)
    return value if isinstance(value, str) else f"{value:.6g}"
