"""The books: what the actors have counted becomes the trajectory, day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain as chained
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from chainsim.engines.simpy_engine.account import Account
from chainsim.engines.simpy_engine.unused import mark_unused
from chainsim.errors import RunError
from chainsim.outcome.packing import Integers, PackedSeries, SeriesByName
from chainsim.outcome.trajectory import COUNTS, LEVELS, Snapshot, Table, Trajectory

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain

DAYS_OF_A_PAGE = 128
"""Days that are kept as they were read before they are packed."""
LARGEST = 1 << 62
TOO_LARGE = "a quantity or its integral over time does not fit into 64 bits: count in larger units"


class Sheet:
    """The daily rows of the accounts of a ledger that use the same counts and levels."""

    def __init__(self, names: tuple[str, ...], places: list[int], accounts: list[Any]) -> None:
        """`names` are attributes of the accounts, whose places in the ledger are `places`."""
        self.names = names
        self.places = places
        self._accounts = accounts
        self._read = attrgetter(*names) if names else None
        self._days: list[Integers] = []

    def close_day(self) -> None:
        """Store what the accounts hold now."""
        if self._read is None:
            return
        rows = map(self._read, self._accounts)
        numbers = chained.from_iterable(rows) if len(self.names) > 1 else rows
        count = len(self._accounts) * len(self.names)
        try:
            self._days.append(np.fromiter(numbers, np.int64, count))
        except OverflowError as error:
            raise RunError(TOO_LARGE) from error

    def move_to(self, books: Mapping[str, Integers]) -> None:
        """Enter the stored days in the series (day, entity) by name, and forget them."""
        if self.names:
            days = np.stack(self._days)
            for i, name in enumerate(self.names):
                books[name][:, self.places] = days[:, i :: len(self.names)]
            self._days.clear()


class Ledger:
    """The daily rows of one kind of entity."""

    def __init__(self, kind: str, ids: Sequence[str], accounts: Sequence[Account]) -> None:
        self.kind = kind
        self.ids = tuple(ids)
        self.accounts = accounts
        self._initial = self.present()
        self._ends: list[int] = []
        self._counts = self._blank(COUNTS[kind])
        self._levels = self._blank(LEVELS[kind])
        self._integrals = self._blank(LEVELS[kind])
        self._before: dict[str, Any] = {}
        groups: dict[frozenset[str], list[int]] = {}
        for place, account in enumerate(accounts):
            groups.setdefault(account.unused, []).append(place)
        self._sheets = [
            Sheet(_attributes(kind, unused), places, [accounts[place] for place in places])
            for unused, places in groups.items()
        ]

    def _blank(self, names: tuple[str, ...]) -> dict[str, PackedSeries]:
        return {name: PackedSeries(len(self.ids)) for name in names}

    def close_day(self, now: int) -> None:
        """Store the counts since second 0, the levels and their moments."""
        self._ends.append(now)
        for sheet in self._sheets:
            sheet.close_day()
        if len(self._ends) == DAYS_OF_A_PAGE:
            self._turn_page()

    def _turn_page(self) -> None:
        """Pack the days since the last page."""
        shape = len(self._ends), len(self.ids)
        books = {name: np.zeros(shape, np.int64) for name in _attributes(self.kind, frozenset())}
        for sheet in self._sheets:
            sheet.move_to(books)
        ends = np.array(self._ends, np.int64).reshape(-1, 1)
        self._ends.clear()
        for name, count in self._counts.items():
            count.append(self._daily(name, books[name]))
        for name, level in self._levels.items():
            moment = f"{name}_moment"
            level.append(books[name])
            cumulated = _cumulated(books[name], books[moment], ends)
            self._integrals[name].append(self._daily(moment, cumulated))

    def _daily(self, key: str, cumulated: Any) -> Integers:
        """The differences from day to day of what has been summed since second 0."""
        before = self._before.get(key, np.zeros_like(cumulated[:1]))
        self._before[key] = cumulated[-1:].copy()
        try:
            return np.asarray(np.diff(cumulated, axis=0, prepend=before), dtype=np.int64)
        except OverflowError as error:
            raise RunError(TOO_LARGE) from error

    def table(self) -> Table:
        """All days."""
        self._check_unused()
        if self._ends:
            self._turn_page()
        counts, levels = SeriesByName(self._counts), SeriesByName(self._levels)
        return Table(self.ids, counts, levels, SeriesByName(self._integrals), self._initial)

    def _check_unused(self) -> None:
        """Make sure that what was left out has not changed."""
        for account in self.accounts:
            for name in account.unused:
                if getattr(account, name):
                    raise RuntimeError(f"the books left out {name} of {account.kind}")

    def cumulated(self) -> dict[str, Integers]:
        """Counts since second 0 at this moment, (entity) by name."""
        return self._now(COUNTS[self.kind])

    def present(self) -> dict[str, Integers]:
        """Levels at this moment, (entity) by name."""
        return self._now(LEVELS[self.kind])

    def _now(self, names: tuple[str, ...]) -> dict[str, Integers]:
        return {n: np.array([getattr(a, n) for a in self.accounts], np.int64) for n in names}


def _attributes(kind: str, unused: frozenset[str]) -> tuple[str, ...]:
    """The attributes of accounts of a kind: counts, levels and moments, without the unused."""
    levels = [name for name in LEVELS[kind] if name not in unused]
    counts = [name for name in COUNTS[kind] if name not in unused]
    return (*counts, *levels, *(f"{name}_moment" for name in levels))


def _cumulated(level: Integers, moment: Integers, ends: Integers) -> Any:
    """Integrals of a level from second 0 to the end of each day, (day, entity), exactly."""
    largest_level, largest_moment = (int(np.abs(a).max(initial=0)) for a in (level, moment))
    if max(largest_level * int(ends[-1, 0]), largest_moment) > LARGEST:
        return level.astype(object) * ends - moment.astype(object)
    return level * ends - moment


class Books:
    """All ledgers of a chain, and what else is recorded."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        mark_unused(chain)
        inputs = [i for operation in chain.operations for i in operation.inputs]
        self.ledgers = [
            Ledger("stocks", [s.id for s in chain.stocks], chain.stocks),
            Ledger("demands", [d.id for d in chain.demands], chain.demands),
            Ledger("lanes", [lane.id for lane in chain.lanes], chain.lanes),
            Ledger("operations", [o.id for o in chain.operations], chain.operations),
            Ledger("resources", [r.spec.id for r in chain.resources], chain.resources),
            Ledger("inputs", [i.id for i in inputs], inputs),
            Ledger("responses", [r.id for r in chain.responses], chain.responses),
            Ledger("investments", [p.id for p in chain.projects], chain.projects),
            Ledger("fleets", [f.id for f in chain.fleets], chain.fleets),
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
            made={
                s.id: (np.array(s.made[0], np.int64), np.array(s.made[1], np.int64))
                for s in chain.stocks
                if s.made is not None
            },
            log=tuple(chain.log or ()),
            events=chain.env.events,
            fingerprint=chain.network.fingerprint,
            seed=chain.draws.seed,
            replication=chain.draws.replication,
            engine="simpy",
        )
