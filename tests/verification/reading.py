"""Series by day, levels at midnight and the log of a run, for inventory and disruption cases."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chainsim.network.compiled import SECONDS_PER_DAY, THOUSANDTHS
from chainsim.outcome.trajectory import Trajectory


def daily(run: Trajectory, kind: str, series: str, entity: str) -> NDArray[np.float64]:
    """A count on each day of statistics, in units."""
    return run.daily(kind, series, entity)[run.first_day :] / THOUSANDTHS


def at_midnights(run: Trajectory, kind: str, series: str, entity: str) -> NDArray[np.float64]:
    """A level at the end of each day of statistics, in units."""
    table = run.tables[kind]
    return table.levels[series][run.first_day :, table.index[entity]] / THOUSANDTHS


def fill_rate(run: Trajectory, demand: str) -> float:
    """Share of demand filled at the instant it arose."""
    return run.count("demands", "at_once", demand) / run.count("demands", "demanded", demand)


def instants(run: Trajectory, what: str, entity: str) -> list[int]:
    """The seconds at which the log has an entry."""
    return [entry.time for entry in run.log if entry.what == what and entry.entity == entity]


def days(seconds: float) -> float:
    """Seconds as days."""
    return seconds / SECONDS_PER_DAY


def stops(starts: Sequence[int], interval: int) -> list[tuple[int, int]]:
    """(last start before, first start after) of every time a line missed starts."""
    return [(a, b) for a, b in pairwise(starts) if b - a > interval]
