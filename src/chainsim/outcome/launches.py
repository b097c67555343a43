"""The course of launches: when a model was tested, approved and built, and how late it was.

Read from the daily tables of a trajectory, so times are whole days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainsim.network.compiled import THOUSANDTHS, CompiledNetwork
from chainsim.network.launch import LaunchSpec
from chainsim.outcome.trajectory import Integers, Trajectory

MILESTONES = ("on_bench", "approved", "permitted", "first_vehicle")


@dataclass(frozen=True, slots=True)
class LaunchCourse:
    """One launch in one replication; days count from the planned day on, before it below zero.

    What has not happened by the end of the run is None.
    """

    on_bench: int | None
    """The first day of a test."""
    approved: int | None
    """A test is passed."""
    permitted: int | None
    """The approval is filed: the series may begin."""
    first_vehicle: int | None
    """The first vehicle of the series is made."""
    due: int | None
    """The first day on which the plan wants a vehicle of it."""
    late: int | None
    """Days from then to the first delivery."""
    followed: int
    """Days from the planned day to the end of the run."""
    tests: int
    """Tests begun, repeat tests included."""
    delivered: float
    peak_backlog: float
    """Vehicles of it that were waited for, at the end of the worst day."""
    lost: float
    """Vehicles of it that customers did not wait for."""


def launch_courses(network: CompiledNetwork, trajectory: Trajectory) -> dict[str, LaunchCourse]:
    """The course of every launch, by id."""
    return {spec.id: _course(spec, trajectory) for spec in network.launches}


def _course(spec: LaunchSpec, trajectory: Trajectory) -> LaunchCourse:
    midnight = dt.datetime.combine(trajectory.origin.date(), dt.time())
    planned = trajectory.origin + dt.timedelta(seconds=spec.planned)
    ahead = (planned - midnight).days

    def first(kind: str, series: str, columns: Sequence[int]) -> int | None:
        days = _count(trajectory, kind, series, columns).nonzero()[0]
        return int(days[0]) - ahead if len(days) else None

    due = first("demands", "demanded", spec.demands)
    came = first("demands", "delivered", spec.demands)
    waiting = trajectory.tables["demands"].levels["backlog"][:, list(spec.demands)].sum(axis=1)

    def units(series: str) -> float:
        return float(_count(trajectory, "demands", series, spec.demands).sum()) / THOUSANDTHS

    return LaunchCourse(
        on_bench=first("operations", "started", spec.tests),
        approved=first("stocks", "produced", [spec.certificate]),
        permitted=first("stocks", "received", [spec.permit]),
        first_vehicle=first("stocks", "produced", [spec.vehicles]),
        due=due,
        late=None if due is None or came is None else came - due,
        followed=len(trajectory.day_ends) - ahead,
        tests=int(_count(trajectory, "operations", "lots", spec.tests).sum()),
        delivered=units("delivered"),
        peak_backlog=float(np.max(waiting)) / THOUSANDTHS,
        lost=units("lost"),
    )


def _count(trajectory: Trajectory, kind: str, series: str, columns: Sequence[int]) -> Integers:
    """A count by day, of some entities together."""
    counts: Integers = trajectory.tables[kind].counts[series][:, list(columns)].sum(axis=1)
    return counts
