"""The books: what the actors have counted becomes the trajectory, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from chainsim.engines.simpy_engine.account import Account
from chainsim.outcome.trajectory import COUNTS, LEVELS, Integers, Snapshot, Table, Trajectory

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain


class Ledger:
    """The daily rows of one kind of entity."""

    def __init__(self, kind: str, ids: Sequence[str], accounts: Sequence[Account]) -> None:
        self.kind = kind
        self.ids = tuple(ids)
        self.accounts = accounts
        self.initial = self._levels()
        self._counts: list[Integers] = []
        self._level_rows: list[Integers] = []
        self._integral_rows: list[Integers] = []
        self._integrals = [[0] * len(LEVELS[kind]) for _ in accounts]

    def _levels(self) -> Integers:
        rows = [account.levels for account in self.accounts]
        return np.array(rows, dtype=np.int64).reshape(len(rows), len(LEVELS[self.kind]))

    def close_day(self, now: int) -> None:
        """Store the counts of the day, the levels at its end and their integrals over it."""
        accounts = self.accounts
        shape = (len(accounts), len(COUNTS[self.kind]))
        counts = np.array([a.counts for a in accounts], dtype=np.int64).reshape(shape)
        self._counts.append(counts)
        for account in accounts:
            account.counts[:] = [0] * len(account.counts)
        self._level_rows.append(self._levels())
        row = []
        for k, account in enumerate(accounts):
            totals = [account.integral(i, now) for i in range(len(account.levels))]
            row.append([t - before for t, before in zip(totals, self._integrals[k], strict=True)])
            self._integrals[k] = totals
        self._integral_rows.append(
            np.array(row, dtype=np.int64).reshape(len(accounts), len(LEVELS[self.kind]))
        )

    def table(self) -> Table:
        """All days as series (day, entity)."""
        counts = np.stack(self._counts)
        levels = np.stack(self._level_rows)
        integrals = np.stack(self._integral_rows)
        for array in (counts, levels, integrals):
            array.setflags(write=False)
        names, level_names = COUNTS[self.kind], LEVELS[self.kind]
        return Table(
            self.ids,
            {name: counts[:, :, i] for i, name in enumerate(names)},
            {name: levels[:, :, i] for i, name in enumerate(level_names)},
            {name: integrals[:, :, i] for i, name in enumerate(level_names)},
            {name: self.initial[:, i] for i, name in enumerate(level_names)},
        )

    def cumulated(self) -> dict[str, Integers]:
        """Counts since second 0 at this moment."""
        shape = (len(self.accounts), len(COUNTS[self.kind]))
        today = np.array([a.counts for a in self.accounts], dtype=np.int64).reshape(shape)
        total = today + sum(self._counts) if self._counts else today
        return {name: total[:, i] for i, name in enumerate(COUNTS[self.kind])}

    def present(self) -> dict[str, Integers]:
        """Levels at this moment."""
        levels = self._levels()
        return {name: levels[:, i] for i, name in enumerate(LEVELS[self.kind])}


class Books:
    """All ledgers of a chain, and what else is recorded."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        starving = [
            (f"{o.id}<{stock.spec.id}", counter)
            for o in chain.operations
            for (stock, _, _), counter in zip(o.inputs, o.starved, strict=True)
        ]
        self.ledgers = [
            Ledger("stocks", [s.id for s in chain.stocks], chain.stocks),
            Ledger("demands", [d.id for d in chain.demands], chain.demands),
            Ledger("lanes", [lane.id for lane in chain.lanes], chain.lanes),
            Ledger("operations", [o.id for o in chain.operations], chain.operations),
            Ledger("resources", [r.spec.id for r in chain.resources], chain.resources),
            Ledger("inputs", [key for key, _ in starving], [_counter(c) for _, c in starving]),
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


def _counter(counter: list[int]) -> Account:
    """The counter of a starved input as an account of one count."""
    account = Account(0, 0)
    account.counts = counter
    return account
