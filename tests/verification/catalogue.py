"""The verification cases: expected values, their sources, and the runs that check them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from scipy import stats

HERE = Path(__file__).parent
TABLES = HERE / "expected"
SCENARIOS = HERE / "scenarios"
CONFIDENCE = 0.9995
"""One-sided level of the intervals: a correct simulator fails a metric once in a thousand."""
SLACK = 1.5
"""How much wider than planned an interval of a fast run may be (its width is random too)."""
UNITS = {"h": 1 / 24, "d": 1.0}

Kind = Literal["mean", "dispersion", "sd"]


@dataclass(frozen=True)
class RunLength:
    """How long a run is and how much of it is deleted, as written in a scenario, and how often."""

    length: str
    warm_up: str
    replications: int = 1

    @property
    def observed_days(self) -> float:
        """Days of statistics of one replication."""
        return _days(self.length) - _days(self.warm_up)

    def overrides(self) -> list[str]:
        """The overrides that give a scenario this length."""
        return [f"run.length={self.length}", f"run.warm_up={self.warm_up}"]


@dataclass(frozen=True)
class Metric:
    """A number with a known value, and how well replications must know it."""

    expected: Any = None
    unit: str = ""
    formula: str = ""
    kind: Kind = "mean"
    delta: float | None = None
    """Half-width of the interval of the full run, relative to the expected value."""
    abs_delta: float | None = None
    """The same in the metric's unit."""
    n: int = 1
    """Replications of the full run that give `delta`."""
    excludes: float | None = None
    """The value of a wrong model, which the interval of the full run must not contain."""
    atol: float = 0.0
    rtol: float = 1e-9
    lower: float | None = None
    upper: float | None = None

    @property
    def full_bound(self) -> float:
        """The half-width that replications of the full run must reach, in the metric's unit."""
        if self.abs_delta is not None:
            return self.abs_delta
        if self.delta is None:
            raise ValueError("a metric without a precision has no interval")
        return self.delta * abs(float(self.expected))

    def fast_bound(self, full: RunLength, fast: RunLength) -> float:
        """The half-width that the fast run must reach, in the metric's unit.

        A half-width falls with the square root of the observed time: that of n full runs, scaled
        to the observed time of all fast runs and to their Student factor, times `SLACK`.
        """
        time = self.n * full.observed_days / (fast.replications * fast.observed_days)
        factor = student(fast.replications) / student(max(self.n, 2))
        return SLACK * self.full_bound * math.sqrt(time) * factor


@dataclass(frozen=True)
class Case:
    """A case of the catalogue."""

    key: str
    id: str
    family: str
    title: str
    source: str
    metrics: dict[str, Metric]
    scenario: Path
    overrides: tuple[str, ...] = ()
    full: RunLength | None = None
    fast: RunLength | None = None
    fast_overrides: tuple[str, ...] = ()
    converted: str = ""
    """What differs from the catalogue's statement of the case, and why."""
    not_simulated: dict[str, str] = field(default_factory=dict)


def student(n: int) -> float:
    """Quantile of Student's t for the mean of n replications."""
    return float(stats.t.ppf(CONFIDENCE, n - 1))


@cache
def cases() -> dict[str, Case]:
    """All cases by key, in the order of the tables."""
    found: dict[str, Case] = {}
    for table in sorted(TABLES.glob("*.yaml")):
        for key, entry in yaml.safe_load(table.read_text(encoding="utf-8")).items():
            found[key] = _case(key, table.stem, entry)
    return found


def _case(key: str, family: str, entry: dict[str, Any]) -> Case:
    known = dict(entry)
    metrics = {name: Metric(**values) for name, values in known.pop("metrics").items()}
    scenario = SCENARIOS / f"{known.pop('scenario', key)}.yaml"
    runs = {name: RunLength(**known.pop(name)) for name in ("full", "fast") if name in known}
    return Case(
        key=key,
        id=known.pop("case", key),
        family=family,
        metrics=metrics,
        scenario=scenario,
        overrides=tuple(known.pop("overrides", ())),
        fast_overrides=tuple(known.pop("fast_overrides", ())),
        full=runs.get("full"),
        fast=runs.get("fast"),
        **known,
    )


def _days(text: str) -> float:
    number, unit = text.split()
    return float(number) * UNITS[unit]
