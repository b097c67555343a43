"""Launches over replications: when, how late, and what had not happened by the end of the run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from chainsim.experiments.replications import Replication
from chainsim.experiments.summary import Aggregate, aggregate
from chainsim.experiments.survival import Times, times
from chainsim.network.compiled import CompiledNetwork
from chainsim.network.launch import LaunchSpec
from chainsim.outcome.launches import MILESTONES, LaunchCourse


@dataclass(frozen=True, slots=True)
class LaunchSummary:
    """What replications say about one launch."""

    name: str
    site: str
    """The maker."""
    applied: dt.date
    planned: dt.date
    milestones: dict[str, Times]
    """By name, days from the planned day on; what comes after the end of the run is censored."""
    late: Times
    """Days from the first day on which a vehicle was due to the first delivery, where one was."""
    peak_backlog: Aggregate
    lost: Aggregate
    tests: Aggregate


def launch_summaries(
    network: CompiledNetwork, replications: Sequence[Replication], confidence: float, unit: str
) -> dict[str, LaunchSummary]:
    """Every launch by id; empty where a network has none."""
    rows = [r.launches for r in replications if r.values is not None]
    failed = len(replications) - len(rows)
    return {
        spec.id: _summary(network, spec, [row[spec.id] for row in rows], confidence, (unit, failed))
        for spec in network.launches
    }


def _summary(
    network: CompiledNetwork,
    spec: LaunchSpec,
    courses: Sequence[LaunchCourse],
    confidence: float,
    sample: tuple[str, int],
) -> LaunchSummary:
    unit, failed = sample
    wanted = [course for course in courses if course.due is not None]

    def date(second: int) -> dt.date:
        return (network.horizon.origin + dt.timedelta(seconds=second)).date()

    def mean(name: str, unit: str) -> Aggregate:
        return aggregate([getattr(one, name) for one in courses], unit, failed, confidence)

    return LaunchSummary(
        name=spec.name,
        site=network.sites[spec.site].id,
        applied=date(spec.applied),
        planned=date(spec.planned),
        milestones={
            name: times([(getattr(one, name), one.followed) for one in courses], confidence)
            for name in MILESTONES
        },
        late=times([(one.late, one.followed - (one.due or 0)) for one in wanted], confidence),
        peak_backlog=mean("peak_backlog", unit),
        lost=mean("lost", unit),
        tests=mean("tests", "1"),
    )
