"""Times to survive and to recover over replications, with what lies beyond the horizon."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from chainsim.experiments.replications import Replication
from chainsim.experiments.risk import quantile_interval
from chainsim.experiments.summary import Aggregate, aggregate
from chainsim.outcome.resilience import Resilience

K = TypeVar("K", str, tuple[str, str])


@dataclass(frozen=True, slots=True)
class Times:
    """The median of times of which some lie beyond the horizon, days.

    A censored time counts as longer than any that was seen, never as its limit.
    """

    n: int
    """Replications that have such a time, seen or censored."""
    censored: int
    """Of these, how many lie beyond the horizon."""
    median: float | None
    """The smallest time that at least half do not exceed; None where it is censored, or n = 0."""
    low: float | None
    """Distribution-free bounds of the true median: values of the sample. None where the sample is
    too small for a bound, or the bound is censored."""
    high: float | None
    confidence: float
    beyond: float | None
    """Days that were watched at least: a censored time is more than that; None without one."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What the disruptions of a scenario do to output, or to what a stage makes."""

    struck: int
    """Replications in which output fell behind by more than the failure level."""
    replications: int
    time_to_survive: Times
    """Over all replications; not to be struck within the horizon is a censored time."""
    time_to_recover: Times
    """Over the replications that were struck."""
    depth: Aggregate
    lost_area: Aggregate
    peak_shortfall: Aggregate
    never_made_up: Aggregate
    peak_backlog: Aggregate


@dataclass(frozen=True, slots=True)
class Impacts:
    """The impact on output, and on what stages make for others."""

    total: Impact
    sites: dict[str, Impact]
    stages: dict[tuple[str, str], Impact]
    """By stage and item."""
    regions: dict[str, Impact]
    """On output, by region of the cause."""


def impacts(
    replications: Sequence[Replication],
    confidence: float,
    unit: str,
    units: Mapping[str, str] | None = None,
) -> Impacts | None:
    """The impact by place; None where no replication was compared with a twin.

    Args:
        replications: Of one scenario.
        confidence: Of the intervals.
        unit: Of output.
        units: Of what stages make, by item; that of output unless given.
    """
    compared = [r.resilience for r in replications if r.resilience is not None]
    if not compared:
        return None
    failed = len(replications) - len(compared)

    def by_place(
        rows: Sequence[Mapping[K, Resilience]], unit_of: Callable[[K], str]
    ) -> dict[K, Impact]:
        return {
            place: impact([row[place] for row in rows], confidence, unit_of(place), failed)
            for place in rows[0]
            if all(place in row for row in rows)
        }

    return Impacts(
        impact([found.total for found in compared], confidence, unit, failed),
        by_place([found.sites for found in compared], lambda _: unit),
        by_place([found.stages for found in compared], lambda key: (units or {}).get(key[1], unit)),
        by_place(
            [found.losses.regions if found.losses else {} for found in compared], lambda _: unit
        ),
    )


def impact(found: Sequence[Resilience], confidence: float, unit: str, failed: int = 0) -> Impact:
    """What replications say about one place."""
    struck = [r for r in found if r.struck]

    def mean(name: str, unit: str) -> Aggregate:
        return aggregate((getattr(r, name) for r in found), unit, failed, confidence)

    return Impact(
        struck=len(struck),
        replications=len(found),
        time_to_survive=times([(r.time_to_survive, r.followed) for r in found], confidence),
        time_to_recover=times([(r.time_to_recover, r.followed) for r in struck], confidence),
        depth=mean("depth", "1"),
        lost_area=mean("lost_area", unit),
        peak_shortfall=mean("peak_shortfall", unit),
        never_made_up=mean("never_made_up", unit),
        peak_backlog=mean("peak_backlog", unit),
    )


def times(seen: Sequence[tuple[float | None, float]], confidence: float = 0.95) -> Times:
    """The median of censored times.

    Args:
        seen: (time, days followed) of each replication; a time of None is more than that.
        confidence: of the bounds.

    Source: the ranks of `quantile_interval`; a censored time has a rank above all that were seen,
    which is right as long as every replication is followed for longer than the median.
    """
    limits = [followed for time, followed in seen if time is None]
    beyond = min(limits) if limits else None
    ordered = sorted(math.inf if time is None else time for time, _ in seen)
    n = len(ordered)
    if not n:
        return Times(0, 0, None, None, None, confidence, None)
    ranks = quantile_interval(range(1, n + 1), 0.5, confidence)

    def at(rank: int | None) -> float | None:
        return None if rank is None or math.isinf(ordered[rank - 1]) else ordered[rank - 1]

    return Times(
        n,
        len(limits),
        at((n + 1) // 2),
        at(ranks.low_rank),
        at(ranks.high_rank),
        confidence,
        beyond,
    )
