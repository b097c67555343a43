"""What series come to over a window of days: each is unpacked once, however often it is asked."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from chainsim.outcome.trajectory import Integers, Trajectory


class Sums:
    """Sums over the days of a window, by entity."""

    def __init__(self, trajectory: Trajectory, window: slice) -> None:
        """`window` holds days of the run."""
        self.tables = trajectory.tables
        self.window = window
        self.count = cache(self._count)
        self.integral = cache(self._integral)

    def _count(self, kind: str, name: str) -> Integers:
        """A count, as stored (entity)."""
        rows = self.tables[kind].counts.packed[name].rows(self.window)
        return np.asarray(rows.sum(axis=0), dtype=np.int64)

    def _integral(self, kind: str, name: str) -> NDArray[np.float64]:
        """The time integral of a level, thousandth-seconds (entity); it may pass 64 bits."""
        rows = self.tables[kind].integrals.packed[name].rows(self.window)
        return np.asarray(rows.sum(axis=0, dtype=np.float64))
