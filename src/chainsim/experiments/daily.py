"""Daily series of many replications in little memory, and their bands.

A replication keeps its series packed as in its trajectory, without those of zeros. A series is
unpacked when it is asked for, so memory stays small however many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.measures import daily_output
from chainsim.outcome.packing import Integers, PackedSeries, packed_series
from chainsim.outcome.trajectory import Trajectory, scale_of

Floats = NDArray[np.float64]
PERCENTAGES = (5.0, 50.0, 95.0)
LARGEST_BLOCK = 4_000_000
"""Values of several replications that are unpacked at one time."""


@dataclass(frozen=True, slots=True)
class PackedDays:
    """The daily series of one replication that are not zero throughout."""

    ids: dict[str, tuple[str, ...]]
    """The entities of each kind."""
    days: int
    series: dict[tuple[str, str], PackedSeries]
    """By (kind, name)."""


@dataclass(frozen=True, slots=True)
class Band:
    """What replications make of a series: arrays (day, entity), or (day) of a sum."""

    mean: Floats
    low: Floats
    middle: Floats
    high: Floats
    """The 5, 50 and 95 % quantiles (type 7)."""


def packed(network: CompiledNetwork, trajectory: Trajectory) -> PackedDays:
    """The daily counts and levels of a trajectory, and the output of each site."""
    series = {
        (kind, name): one
        for kind, table in trajectory.tables.items()
        for by_name in (table.counts, table.levels)
        for name, one in by_name.packed.items()
        if not one.is_zero
    }
    ids = {kind: table.ids for kind, table in trajectory.tables.items()}
    ids["sites"] = tuple(site.id for site in network.sites)
    series["sites", "output"] = packed_series(daily_output(network, trajectory))
    return PackedDays(ids, len(trajectory.day_ends), series)


@dataclass(frozen=True)
class DailyRuns:
    """The daily series of all replications that have them, by number of replication."""

    packs: Sequence[PackedDays]

    @property
    def names(self) -> list[tuple[str, str]]:
        """(kind, series) of all that is not zero in every replication, in order."""
        return sorted({key for pack in self.packs for key in pack.series})

    def ids(self, kind: str) -> tuple[str, ...]:
        """The entities of a kind, in the order of the columns."""
        return self.packs[0].ids[kind]

    def values(
        self, kind: str, name: str, columns: Sequence[int] | slice = slice(None)
    ) -> Integers:
        """A series as stored, (replication, day, entity); zeros where it was dropped."""
        return np.stack([self._one(pack, kind, name)[:, columns] for pack in self.packs])

    def total(self, kind: str, name: str, columns: Sequence[int] | slice = slice(None)) -> Floats:
        """The sum over entities in units (resources, inputs: seconds), (replication, day)."""
        scale = scale_of(kind, name)
        rows = [self._one(p, kind, name)[:, columns].sum(axis=1) / scale for p in self.packs]
        return np.stack(rows)

    def bands(self, kind: str, name: str) -> Iterator[tuple[slice, Band]]:
        """Bands in units (resources, inputs: seconds), block of entities by block."""
        width = len(self.ids(kind))
        scale = scale_of(kind, name)
        step = max(1, LARGEST_BLOCK // max(1, len(self.packs) * self.packs[0].days))
        for first in range(0, width, step):
            block = slice(first, min(first + step, width))
            yield block, band(self.values(kind, name, block) / scale)

    def _one(self, pack: PackedDays, kind: str, name: str) -> Integers:
        series = pack.series.get((kind, name))
        if series is None:
            return np.zeros((pack.days, len(pack.ids[kind])), dtype=np.int64)
        return series.rows()


def band(values: Floats) -> Band:
    """Mean and quantiles over the first axis, the replications."""
    if len(values) == 1:  # quantiles of one value are that value, and take ten times its memory
        return Band(values[0], values[0], values[0], values[0])
    low, middle, high = np.percentile(values, PERCENTAGES, axis=0)
    return Band(values.mean(axis=0), low, middle, high)
