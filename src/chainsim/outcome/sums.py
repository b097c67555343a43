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
        return self.tables[kind].counts.packed[name].total(self.window)

    def _integral(self, kind: str, name: str) -> NDArray[np.float64]:
        """The time integral of a level, thousandth-seconds (entity); it may pass 64 bits."""
        series = self.tables[kind].integrals.packed[name]
        found = np.zeros(series.width)
        for _, part in series.parts(self.window):
            found += part.sum(axis=0, dtype=np.float64)
        return found
