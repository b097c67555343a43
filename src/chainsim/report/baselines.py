"""What a renewed baseline changed, in numbers and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chainsim.experiments.baseline import Baseline, Facts
from chainsim.experiments.staleness import changes
from chainsim.report.tables import Sheet, number

Row = tuple[str, float | None, float | None, str]
"""Measure or series, mean then, mean now, unit."""


def baseline_object(old: Baseline | None, new: Baseline, path: str) -> dict[str, Any]:
    """A renewed baseline and what changed since the old one."""
    inputs = [] if old is None else changes(old, _facts(new))
    return {
        "file": path,
        "replications": {"old": old.replications if old else None, "new": new.replications},
        "seed": {"old": old.seed if old else None, "new": new.seed},
        "chainsim": {"old": old.chainsim if old else None, "new": new.chainsim},
        "inputs": [{"path": name, "old": then, "new": now} for name, then, now in inputs],
        "means": [
            {"name": name, "old": then, "new": now, "unit": unit}
            for name, then, now, unit in _changed(old, new)
        ],
    }


def baseline_sheet(old: Baseline | None, new: Baseline, path: str) -> Sheet:
    """The means that changed, old and new, and the inputs that did."""
    rows = [
        (name, number(then, 6), number(now, 6), _relative(then, now), unit)
        for name, then, now, unit in _changed(old, new)
    ]
    inputs = [] if old is None else changes(old, _facts(new))
    lines = [
        f"{name}: {then or '-'} -> {now or '-'}" if then or now else f"{name} changed"
        for name, then, now in inputs
    ]
    verb = "new" if old is None else "renewed" if rows or lines else "as it was"
    heads = ("measure", "old mean", "new mean", "change", "unit")
    numbers = frozenset({"old mean", "new mean", "change"})
    note = f"{new.replications} replications, seed {new.seed}: commit the file with the reason."
    return Sheet(f"Baseline {path}: {verb}", heads, rows, numbers, note, lines)


def _facts(new: Baseline) -> Facts:
    return Facts(new.fingerprint, new.parameters, new.blocks)


def _changed(old: Baseline | None, new: Baseline) -> Iterator[Row]:
    """The means that differ; of a series that of all its weeks, also where only weeks differ."""
    before = {} if old is None else old.measures
    for name, recorded in new.measures.items():
        values = before[name].values if name in before else None
        if values != recorded.values:
            yield name, _mean(values or ()), _mean(recorded.values), recorded.unit
    for name in sorted(before.keys() - new.measures.keys()):
        yield name, _mean(before[name].values), None, before[name].unit
    weeks = {} if old is None else old.series
    for name, series in new.series.items():
        rows = weeks[name].values if name in weeks else ()
        if rows != series.values:
            yield f"weeks of {name}", _mean(_flat(rows)), _mean(_flat(series.values)), series.unit


def _flat(rows: Sequence[Sequence[float]]) -> list[float]:
    return [value for row in rows for value in row]


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None


def _relative(then: float | None, now: float | None) -> str:
    if not then or now is None:
        return "-"
    return f"{100 * (now - then) / abs(then):+.2f} %"
