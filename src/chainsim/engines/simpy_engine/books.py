"""The books: what the actors have counted becomes the trajectory, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain as chained
from typing import TYPE_CHECKING, Any

import numpy as np

from chainsim.engines.simpy_engine.account import readers
from chainsim.outcome.trajectory import COUNTS, LEVELS, Integers, Snapshot, Table, Trajectory

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain

LARGEST = 1 << 62


class Ledger:
    """The daily rows of one kind of entity."""

    def __init__(self, kind: str, ids: Sequence[str], accounts: Sequence[Any]) -> None:
        self.kind = kind
        self.ids = tuple(ids)
        self.accounts = accounts
        self._read_counts, self._read_levels, self._read_moments = readers(kind)
        self._initial = self._rows(self._read_levels, len(LEVELS[kind]))
        self._counts: list[Integers] = []
        self._levels: list[Integers] = []
        self._moments: list[Integers] = []
        self._ends: list[int] = []

    def _rows(self, read: Any, width: int) -> Integers:
        """What `read` gives for every account, (entity, width)."""
        numbers = chained.from_iterable(map(read, self.accounts))
        count = len(self.accounts) * width
        return np.fromiter(numbers, np.int64, count).reshape(len(self.accounts), width)

    def close_day(self, now: int) -> None:
        """Store the counts since second 0, the levels and their moments."""
        width = len(LEVELS[self.kind])
        self._counts.append(self._rows(self._read_counts, len(COUNTS[self.kind])))
        self._levels.append(self._rows(self._read_levels, width))
        self._moments.append(self._rows(self._read_moments, width))
        self._ends.append(now)

    def table(self) -> Table:
        """All days as series (day, entity)."""
        counts = _daily(np.stack(self._counts))
        levels = np.stack(self._levels)
        integrals = self._integrals(levels)
        for array in (counts, levels, integrals):
            array.setflags(write=False)
        names, level_names = COUNTS[self.kind], LEVELS[self.kind]
        return Table(
            self.ids,
            {name: counts[:, :, i] for i, name in enumerate(names)},
            {name: levels[:, :, i] for i, name in enumerate(level_names)},
            {name: integrals[:, :, i] for i, name in enumerate(level_names)},
            {name: self._initial[:, i] for i, name in enumerate(level_names)},
        )

    def _integrals(self, levels: Integers) -> Integers:
        """Thousandth-seconds of each level over each day, (day, entity, level)."""
        ends = np.array(self._ends, dtype=np.int64).reshape(-1, 1, 1)
        moments = np.stack(self._moments)
        if levels.size and int(np.abs(levels).max()) * self._ends[-1] > LARGEST:
            exact = levels.astype(object) * ends - moments.astype(object)
            return _daily(exact)
        return _daily(levels * ends - moments)

    def cumulated(self) -> dict[str, Integers]:
        """Counts since second 0 at this moment."""
        rows = self._rows(self._read_counts, len(COUNTS[self.kind]))
        return {name: rows[:, i] for i, name in enumerate(COUNTS[self.kind])}

    def present(self) -> dict[str, Integers]:
        """Levels at this moment."""
        rows = self._rows(self._read_levels, len(LEVELS[self.kind]))
        return {name: rows[:, i] for i, name in enumerate(LEVELS[self.kind])}


def _daily(cumulated: Any) -> Integers:
    """The differences from day to day of what has been summed since second 0."""
    return np.asarray(np.diff(cumulated, axis=0, prepend=0), dtype=np.int64)


class Books:
    """All ledgers of a chain, and what else is recorded."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        inputs = [i for operation in chain.operations for i in operation.inputs]
        self.ledgers = [
            Ledger("stocks", [s.id for s in chain.stocks], chain.stocks),
            Ledger("demands", [d.id for d in chain.demands], chain.demands),
            Ledger("lanes", [lane.id for lane in chain.lanes], chain.lanes),
            Ledger("operations", [o.id for o in chain.operations], chain.operations),
            Ledger("resources", [r.spec.id for r in chain.resources], chain.resources),
            Ledger("inputs", [i.id for i in inputs], inputs),
        ]
        self.snapshots: list[Snapshot] = []

    def close_day(self, now: int) -> None:
        """Store a day."""
        for ledger in self.ledgers:
            ledger.close_day(now)

    def take_snapshot(self, now: int) -> None:
        """Keep all levels and cumulated counts of this moment."""
        for resource in self.chain.resources:
            resource.account(now)
        self.snapshots.append(
            Snapshot(
                now,
                {ledger.kind: ledger.present() for ledger in self.ledgers},
                {ledger.kind: ledger.cumulated() for ledger in self.ledgers},
            )
        )

    def trajectory(self) -> Trajectory:
        """What happened, once the run has ended."""
        chain = self.chain
        horizon = chain.network.horizon
        return Trajectory(
            origin=horizon.origin,
            day_ends=np.array(horizon.day_ends, dtype=np.int64),
            statistics_from=horizon.statistics_from,
            tables={ledger.kind: ledger.table() for ledger in self.ledgers},
            snapshots=tuple(self.snapshots),
            waits={s.id: s.waits for s in chain.stocks if s.waits is not None},
            delays={d.id: d.delays for d in chain.demands if d.delays is not None},
            log=tuple(chain.log or ()),
            events=chain.env.events,
            fingerprint=chain.network.fingerprint,
            seed=chain.draws.seed,
            replication=chain.draws.replication,
            engine="simpy",
        )
