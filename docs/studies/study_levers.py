"""Levers against the outage, and assumed numbers at the ends of their ranges: both in pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from study_cases import ENDS, levers_of
from study_numbers import interval_of, scaled
from study_runs import total_of, twins

from chainsim.experiments.comparison import compare
from chainsim.experiments.contrasts import Contrast
from chainsim.experiments.runs import Run
from chainsim.experiments.statistics import t_interval
from chainsim.experiments.summary import Aggregate, aggregate
from chainsim.experiments.survival import Impact
from chainsim.outcome.measures import Row
from chainsim.report.parameter_view import grade
from chainsim.scenario.parameters import Parameter
from chainsim.scenario.quantities import unit

PRICE = "price.vehicle_waiting"
LOW, HIGH = 0, 1


@dataclass(frozen=True)
class Lever:
    """A lever against the outage, paired with the outage without it."""

    name: str
    title: str
    measures: Mapping[str, Contrast]
    extra: Aggregate
    """What it costs more, but for the waiting of customers; yuan."""
    waited: Aggregate
    """Vehicle-days of waiting that it avoids."""
    break_even: Aggregate
    """Yuan for a vehicle that waits a day at which it costs as much as it saves."""
    worth: tuple[Aggregate, ...]
    """Yuan gained at each price of `Facts.prices`."""
    per_vehicle: Aggregate
    """Yuan for each vehicle less behind at the worst moment."""

    @property
    def avoided(self) -> Aggregate:
        """By how much it lowers the peak shortfall."""
        return scaled(interval_of(self.measures["peak_shortfall"]), -1)


@dataclass(frozen=True)
class Turned:
    """An assumed parameter at both ends of its range."""

    name: str
    unit: str
    values: tuple[float, float, float]
    """Low, as assumed, high."""
    grade: str
    note: str
    impacts: tuple[Impact, Impact]
    changes: tuple[Aggregate, Aggregate]
    """Of the peak shortfall, paired with the outage as assumed."""
    survival: tuple[Aggregate, Aggregate]
    """Of the time to survive, days; likewise."""
    recovery: tuple[Aggregate, Aggregate]
    """Of the time to recover, days; likewise."""


def swing(one: Turned) -> float:
    """The larger change of the peak shortfall at an end of the range."""
    return max(abs(change.mean or 0.0) for change in one.changes)


def written(value: float) -> str:
    """A value of a parameter as people write it: 1,000,000; 0.45."""
    return f"{value:,.10g}"


# ---- levers


def levers(runs: Mapping[str, Run]) -> list[Lever]:
    """Every lever against the outage, the one that leaves the smallest shortfall first."""
    outage, others = runs["outage"], levers_of(runs)
    against = compare({"outage": outage, **others}).against
    found = [_lever(outage, others[one.name], one.name, one.total) for one in against]
    return sorted(found, key=lambda one: one.measures["peak_shortfall"].other or 0.0)


def _lever(outage: Run, run: Run, name: str, measures: Mapping[str, Contrast]) -> Lever:
    table = outage.scenario.parameters
    price = float(table[PRICE].in_unit)
    cost = _paired(outage, run, lambda row: row["total_cost"] or 0.0)
    waiting = _paired(outage, run, lambda row: row["waiting_cost"] or 0.0)
    extra = [whole - part for whole, part in zip(cost, waiting, strict=True)]
    waited = [-part / price for part in waiting]
    peaks = [
        mine.total.peak_shortfall - theirs.total.peak_shortfall
        for mine, theirs in zip(twins(outage), twins(run), strict=True)
    ]
    worth = tuple(
        aggregate([p * w - x for w, x in zip(waited, extra, strict=True)], "yuan")
        for p in range_of(table[PRICE])
    )
    return Lever(
        name, run.scenario.document.description or name, measures, aggregate(extra, "yuan"),
        aggregate(waited, "vehicle-days"), ratio(extra, waited, "yuan/vehicle/d"), worth,
        ratio(extra, peaks, "yuan/vehicle"),
    )  # fmt: skip


def _paired(outage: Run, run: Run, value: Callable[[Row], float]) -> list[float]:
    """A value of the run with a lever less that of the outage, by replication."""
    first, other = (
        [value(r.values.total) for r in one.replications if r.values] for one in (outage, run)
    )
    return [b - a for a, b in zip(first, other, strict=True)]


def ratio(above: Sequence[float], below: Sequence[float], unit: str) -> Aggregate:
    """The ratio of a mean to one above zero over the same replications, with its interval.

    Source: the ratio estimator, Cochran (1977), Sampling Techniques, chapter 6: the deviations
    above - ratio x below have the variance of the ratio times the mean below. There is no
    ratio where the mean below is not certainly above zero.
    """
    bottom = t_interval(below)
    if bottom.low is None or bottom.low <= 0:
        return Aggregate(unit, None, None, None, len(below), 0.95)
    value = float(np.mean(above)) / bottom.mean
    rest = t_interval([(a - value * b) / bottom.mean for a, b in zip(above, below, strict=True)])
    half = rest.half_width or 0.0
    return Aggregate(unit, value, value - half, value + half, len(below), 0.95)


def range_of(parameter: Parameter) -> tuple[float, float, float]:
    """Low, value and high of an assumed parameter, in its unit."""
    assert parameter.low is not None and parameter.high is not None
    scale = unit(parameter.unit or "1").value
    return (
        float(parameter.low.value / scale),
        parameter.in_unit,
        float(parameter.high.value / scale),
    )


# ---- what the numbers rest on


def turned(runs: Mapping[str, Run], name: str, fewer: int) -> Turned:
    """An assumed parameter at its ends, paired with the outage as assumed."""
    outage = runs["outage"]
    table = outage.scenario.parameters
    ends = [runs[f"{end}_{name}"] for end in ENDS]
    base = twins(outage)[:fewer]

    def change(end: Run, measure: str) -> Aggregate:
        pairs = zip(base, twins(end), strict=True)
        values = [
            None if (x := getattr(b.total, measure)) is None else x - getattr(a.total, measure)
            for a, b in pairs
        ]
        return aggregate(values, "")

    return Turned(
        name=name,
        unit=table[name].unit if table[name].unit != "fraction" else "",
        values=range_of(table[name]),
        grade=grade(table, name),
        note=table[name].note,
        impacts=(total_of(ends[LOW]), total_of(ends[HIGH])),
        changes=(change(ends[LOW], "peak_shortfall"), change(ends[HIGH], "peak_shortfall")),
        survival=(change(ends[LOW], "time_to_survive"), change(ends[HIGH], "time_to_survive")),
        recovery=(change(ends[LOW], "time_to_recover"), change(ends[HIGH], "time_to_recover")),
    )
