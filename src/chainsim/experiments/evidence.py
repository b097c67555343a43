"""What replications say to one expectation: the room within its bounds, and the estimate shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chainsim.experiments.baseline import Baseline
from chainsim.experiments.expectations import Stated
from chainsim.experiments.gates import Claims, Room, claims_on, rooms
from chainsim.experiments.readings import WEEK, Reading
from chainsim.experiments.relative import (
    differences,
    relative_differences,
    relative_interval,
)
from chainsim.experiments.statistics import Interval, pointwise_intervals, t_interval

Floats = NDArray[np.float64]
Place = Literal["inside", "open", "outside"]
MOST_VALUES = 6
"""Factors of a point that are told in words."""


@dataclass(frozen=True, slots=True)
class Week:
    """A week of a series against the baseline."""

    start: dt.date
    difference: float
    """Mean of the run less the baseline, by replication."""
    half_width: float | None
    """Of the band, which covers all weeks at once (Bonferroni); None for one replication."""
    place: Place
    """Whether the band lies within the margin, wholly without it, or neither."""


@dataclass(frozen=True, slots=True)
class Weeks:
    """A series against the baseline, week by week."""

    margin: float
    """In the unit of the series."""
    rows: tuple[Week, ...]

    @property
    def leaving(self) -> tuple[Week, ...]:
        """The weeks whose band is not within the margin."""
        return tuple(row for row in self.rows if row.place != "inside")

    @property
    def worst(self) -> Week:
        """The week with the largest difference."""
        return max(self.rows, key=lambda row: abs(row.difference))


@dataclass(frozen=True, slots=True)
class Spot:
    """A point of a study."""

    base: str
    """The base scenario; empty where the study has one."""
    point: int | None
    """Its number, as the export has it; None for all points of the base."""
    values: tuple[tuple[str, str], ...] = ()
    """The factors that are not as in the base, and their values."""

    @property
    def words(self) -> str:
        """The point in words, with the values of a few factors."""
        if self.point is None:
            return f"the base {self.base}" if self.base else "the base"
        shown = [f"{name} {value}" for name, value in self.values[:MOST_VALUES]]
        if len(self.values) > MOST_VALUES:
            shown.append(f"{len(self.values) - MOST_VALUES} more")
        values = ", ".join([*([self.base] if self.base else []), *shown])
        return f"point {self.point} ({values or 'the scenario as it is'})"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the replications say to one expectation."""

    rooms: tuple[Room, ...]
    """Within each bound; empty where nothing can be judged."""
    estimate: Interval | None
    """The mean of the measure, or of the difference; None where there is none."""
    unit: str
    """Of the estimate and of the bounds; 1 for shares."""
    at_least: float | None
    """The bounds as they are tested; so is `at_most`."""
    at_most: float | None
    why: str = ""
    """Why nothing can be judged, or what has to be known to judge the verdict."""
    reference: float | None = None
    """The mean that it is compared with: the other scenario's or the baseline's."""
    weeks: Weeks | None = None
    most: int | None = None
    """Replications that can be used at most: those of the baseline."""
    claims: Claims | None = None
    """The p-values where they are of ranks, and no tests of rooms."""
    spot: Spot | None = None
    """Of a study: the point with the weakest evidence that the bounds are kept, whose estimate
    this is."""

    @property
    def tested(self) -> Claims:
        """The p-values of the claims that the expectation is met, and that it is not."""
        return claims_on(self.rooms) if self.claims is None else self.claims


@dataclass(frozen=True, slots=True)
class _Sample:
    """A measure over replications."""

    values: Floats
    censored: bool
    """Whether some are times that are longer than the value."""
    why: str = ""
    """Why it is no sample: what is missing."""


def nothing(one: Stated, why: str) -> Evidence:
    """The evidence where there is none, and why."""
    unit = "1" if one.relative else one.unit
    return Evidence((), None, unit, one.at_least, one.at_most, why)


def on_its_own(one: Stated, found: Sequence[Reading], confidence: float) -> Evidence:
    """The evidence on a measure alone."""
    sample = _sample(one.name, found)
    if not sample.values.size:
        return nothing(one, sample.why)
    return Evidence(
        () if sample.why else _opened(one, sample),
        t_interval(sample.values, confidence),
        one.unit,
        one.at_least,
        one.at_most,
        sample.why or _censored_words(sample.censored),
    )


def against_other(
    one: Stated, found: Sequence[Reading], others: Sequence[Reading], confidence: float
) -> Evidence:
    """The evidence on a measure less that of another scenario, paired by replication."""
    if others and not others[0].error and one.name not in others[0].row:
        return nothing(one, "the other scenario has no such measure")
    ours, theirs = _sample(one.name, found), _sample(one.name, others)
    why = ours.why or (theirs.why and f"in the other scenario {theirs.why}")
    if why or not ours.values.size:
        return nothing(one, why or "there is no replication")
    a, b = _restricted(ours, theirs, found, others)
    bounds = (one.at_least, one.at_most)
    if one.relative:
        room, estimate = relative_differences(a, b, bounds), relative_interval(a, b, confidence)
    else:
        room, estimate = differences(a, b, bounds), t_interval(a - b, confidence)
    unknown = "" if room else "the other scenario's mean is zero: nothing is a share of it"
    return Evidence(
        room,
        estimate,
        "1" if one.relative else one.unit,
        *bounds,
        unknown or _restricted_words(ours.censored or theirs.censored),
        float(b.mean()),
    )


def against_baseline(
    one: Stated, found: Sequence[Reading], baseline: Baseline, confidence: float
) -> Evidence:
    """The evidence on a measure less its value in the baseline, paired by replication.

    The baseline is a fixed set of numbers: a share is one of their mean, and no sample of it.
    """
    failed = _failed(found)
    if failed:
        return nothing(one, failed)
    recorded = baseline.measures.get(one.name)
    if recorded is None:
        return nothing(one, "it has no value in any replication of the baseline")
    n = min(len(found), baseline.replications)
    ours, values = _sample(one.name, found[:n]), recorded.values[:n]
    theirs = [value for value in values if value is not None]
    if ours.why or len(theirs) < n:
        missing = n - len(theirs)
        return nothing(
            one, ours.why or f"no value in {missing} of {n} replications of the baseline"
        )
    mean = float(np.mean([value for value in recorded.values if value is not None]))
    margin = (one.at_most or 0.0) * (abs(mean) if one.relative else 1.0)
    censored = ours.censored or any(number < n for number in recorded.censored)
    return Evidence(
        differences(ours.values, theirs, (-margin, margin)),
        t_interval(ours.values - np.array(theirs), confidence),
        one.unit,
        -margin,
        margin,
        _restricted_words(censored),
        mean,
        most=baseline.replications,
    )


def series_against_baseline(
    one: Stated, found: Sequence[Reading], baseline: Baseline, confidence: float, first: dt.date
) -> Evidence:
    """The evidence on the weeks of a series less those of the baseline, paired by replication.

    Every week has two bounds; a share is one of the baseline's mean week.
    """
    failed = _failed(found)
    if failed:
        return nothing(one, failed)
    rows = baseline.series[one.name].values
    n = min(len(found), baseline.replications)
    ours = np.array([reading.weeks[one.name] for reading in found[:n]])
    theirs = np.array(rows[:n])
    if ours.shape != theirs.shape:  # a warm-up that is found may be another one now
        return nothing(one, f"the baseline has {theirs.shape[1]} weeks, the run {ours.shape[1]}")
    mean = float(np.mean(rows))
    margin = (one.at_most or 0.0) * (abs(mean) if one.relative else 1.0)
    pairs = zip(ours.T, theirs.T, strict=True)
    room = [r for a, b in pairs for r in differences(a, b, (-margin, margin))]
    weeks = _weeks(ours - theirs, margin, confidence, first)
    worst = weeks.rows.index(weeks.worst)
    return Evidence(
        tuple(room),
        t_interval((ours - theirs)[:, worst], confidence),
        one.unit,
        -margin,
        margin,
        reference=mean,
        weeks=weeks,
        most=baseline.replications,
    )


def _weeks(apart: Floats, margin: float, confidence: float, first: dt.date) -> Weeks:
    """Every week with a band that covers all of them at once: 1 - (1 - confidence) / weeks."""
    each = 1 - (1 - confidence) / apart.shape[1]
    means, halves = pointwise_intervals(apart, each)
    rows = []
    for k, mean in enumerate(means.tolist()):
        half = None if halves is None else float(halves[k])
        place: Place = "open"
        if half is not None and abs(mean) + half <= margin:
            place = "inside"
        elif half is not None and abs(mean) - half > margin:
            place = "outside"
        rows.append(Week(first + dt.timedelta(days=WEEK * k), mean, half, place))
    return Weeks(margin, tuple(rows))


def _opened(one: Stated, sample: _Sample) -> tuple[Room, ...]:
    """The room within the bounds, where censored times leave open how long they are.

    A censored time is longer than its value. So against a lower bound there may be more room than
    the values say, against an upper bound less.
    """
    lower = rooms(sample.values, one.at_least, None)
    upper = rooms(sample.values, None, one.at_most)
    return (
        *(replace(room, may_be_more=sample.censored) for room in lower),
        *(replace(room, may_be_less=sample.censored) for room in upper),
    )


def _restricted(
    ours: _Sample, theirs: _Sample, found: Sequence[Reading], others: Sequence[Reading]
) -> tuple[Floats, Floats]:
    """The values of both; of times what both were followed for, replication by replication.

    Source: restricted mean times, Royston and Parmar, BMC Medical Research Methodology 13 (2013).
    """
    if not (ours.censored or theirs.censored):
        return ours.values, theirs.values
    limits = [min(a.followed, b.followed) for a, b in zip(found, others, strict=True)]
    return np.minimum(ours.values, limits), np.minimum(theirs.values, limits)


def _sample(name: str, found: Sequence[Reading]) -> _Sample:
    ran = [reading for reading in found if not reading.error]
    values = [reading.row.get(name) for reading in ran]
    defined = [value for value in values if value is not None]
    why = _failed(found)
    if not why and len(defined) < len(found):
        why = f"no value in {len(found) - len(defined)} of {len(found)} replications"
    return _Sample(np.array(defined), any(name in reading.censored for reading in ran), why)


def _failed(found: Sequence[Reading]) -> str:
    failed = sum(bool(reading.error) for reading in found)
    return f"{failed} of {len(found)} replications failed" if failed else ""


def _censored_words(censored: bool) -> str:
    if not censored:
        return ""
    return "some times lie beyond the end of the run: they count as what was watched, and as more"


def _restricted_words(censored: bool) -> str:
    if not censored:
        return ""
    return "some times lie beyond the end of the run: what both were watched for is compared"
