"""What the verification tests read from a run, in the words of queueing theory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import chainsim
from chainsim.outcome.trajectory import Trajectory, Wait

HOUR = 3600.0
DAY = 86_400.0
Hours = NDArray[np.float64]


def run_once(scenario: Path, overrides: Sequence[str] = ()) -> Trajectory:
    """The first replication of a scenario."""
    run: Trajectory = chainsim.simulate(chainsim.load_scenario(scenario, overrides))
    return run


def hours(run: Trajectory) -> float:
    """Length of the statistics in hours."""
    return run.statistics_days * 24


def arrived(run: Trajectory, stock: str) -> float:
    """Units that came from outside and found room."""
    return run.count("stocks", "arrived", stock)


def number_waiting(run: Trajectory, stock: str) -> float:
    """Mean number waiting in a stock (Lq)."""
    return run.mean("stocks", "on_hand", stock)


def number_in_service(run: Trajectory, operation: str) -> float:
    """Mean number on the servers of an operation."""
    return run.mean("operations", "in_process", operation)


def rate(run: Trajectory, operation: str) -> float:
    """Completions per hour."""
    return run.count("operations", "completed", operation) / hours(run)


def waiting_times(run: Trajectory, stock: str) -> Hours:
    """Hours waited by each part that was taken within the statistics."""
    return _spans(run.waits[stock], run.statistics_from)


def delays(run: Trajectory, demand: str) -> Hours:
    """Hours from demand to delivery of all that was delivered within the statistics."""
    return _spans(run.delays[demand], run.statistics_from)


def _spans(waits: list[Wait], begin: int) -> Hours:
    table = np.array(waits, dtype=np.int64).reshape(-1, 3)
    counted = table[table[:, 1] >= begin]
    units = counted[:, 2] // 1000
    return np.repeat((counted[:, 1] - counted[:, 0]) / HOUR, units)


def turned_away_share(run: Trajectory, stock: str) -> float:
    """Share of all that came from outside that found no room."""
    lost = run.count("stocks", "turned_away", stock)
    return lost / (lost + arrived(run, stock))


def number_present(run: Trajectory) -> float:
    """Mean number in front of station/test and on its servers (L)."""
    return number_waiting(run, "station/vehicle") + number_in_service(run, "station/test")


def station(run: Trajectory) -> dict[str, float]:
    """Measures of the station/vehicle queue in front of station/test.

    Times in the station follow from Little's law, an identity of the sample path.
    """
    queue = "station/vehicle"
    waits = waiting_times(run, queue)
    present = number_present(run)
    return {
        "utilisation": run.share_of_time("busy", "station/test"),
        "Wq": float(waits.mean()),
        "W": present / (arrived(run, queue) / hours(run)),
        "Lq": number_waiting(run, queue),
        "L": present,
        "P_no_wait": float((waits == 0).mean()),
        "P_wait": float((waits > 0).mean()),
        "P_Wq_gt_10h": float((waits > 10).mean()),
    }
