"""The runs of one study in one SQLite file: each durable at once, each under its key.

The file also says what the study was when it was last run, so that it can be read without the
study, and so that a study that has changed is not mixed with what it was.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainsim.experiments import sqlite_file
from chainsim.experiments.sweeps.points import Point
from chainsim.experiments.sweeps.runs import Result

LAYOUT = sqlite_file.Layout(
    application=0x6373_7377,
    version=2,
    tables="""
    CREATE TABLE IF NOT EXISTS study (id INTEGER PRIMARY KEY CHECK (id = 0), facts BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS points (
        number INTEGER PRIMARY KEY, base TEXT NOT NULL, overrides BLOB NOT NULL, key BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS runs (
        key BLOB PRIMARY KEY, payload BLOB NOT NULL, error TEXT NOT NULL, seconds REAL NOT NULL,
        days TEXT NOT NULL, sum INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS days (
        key BLOB PRIMARY KEY, payload BLOB NOT NULL, sum INTEGER NOT NULL
    );
    """,
)


@dataclass(frozen=True, slots=True)
class KeptRun:
    """What is known of a finished run without unpacking it."""

    error: str
    """Empty if it succeeded."""
    seconds: float
    days: frozenset[str]
    """Names of the daily series that are kept."""


class SweepStore:
    """An open file of the runs of a study."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    # ---- the study

    def facts(self) -> dict[str, Any] | None:
        """What the study was when it was last run; None in a new file."""
        rows = self._rows("SELECT facts FROM study")
        return self._whole(rows[0][0]) if rows else None

    def points(self) -> list[tuple[Point, bytes]]:
        """The points of the study as it was last run, with the hash of each."""
        rows = self._rows("SELECT base, overrides, key FROM points ORDER BY number")
        return [(Point(base, tuple(self._whole(packed))), key) for base, packed, key in rows]

    def state(self, facts: Mapping[str, Any], points: Sequence[tuple[Point, bytes]]) -> None:
        """Write down what the study is now; nothing, where that is known already.

        Raises:
            RunError: it cannot be written.
        """
        rows = [
            (number, point.base, zlib.compress(json.dumps(point.overrides).encode()), key)
            for number, (point, key) in enumerate(points)
        ]
        known = self._rows("SELECT number, base, overrides, key FROM points ORDER BY number")
        if self.facts() == facts and known == rows:
            return
        packed = zlib.compress(json.dumps(facts, sort_keys=True).encode(), 9)
        with self._at_once():
            self._connection.execute("INSERT OR REPLACE INTO study VALUES (0, ?)", (packed,))
            self._connection.execute("DELETE FROM points")
            self._connection.executemany("INSERT INTO points VALUES (?, ?, ?, ?)", rows)

    # ---- its runs

    def kept(self, with_days: bool = False) -> dict[bytes, KeptRun]:
        """All finished runs by key. A damaged one counts as not finished.

        Args:
            with_days: Whether daily series are looked at as well: damaged ones are not there.
        """
        whole = set()
        if with_days:
            for key, payload, total in self._each("SELECT key, payload, sum FROM days"):
                if total == _sum(key, payload):
                    whole.add(key)
        found = {}
        query = "SELECT key, payload, error, seconds, days, sum FROM runs"
        for key, payload, error, seconds, days, total in self._each(query):
            if total == _sum(key, payload, error):
                names = frozenset(days.split()) if key in whole or not with_days else frozenset()
                found[key] = KeptRun(error, seconds, names)
        return found

    def results(self) -> dict[bytes, tuple[bytes, str]]:
        """(payload, error) of all finished runs by key; damaged ones are left out."""
        query = "SELECT key, payload, error, sum FROM runs"
        return {
            key: (payload, error)
            for key, payload, error, total in self._each(query)
            if total == _sum(key, payload, error)
        }

    def days(self, key: bytes) -> bytes | None:
        """The packed daily series of a run; None where none are kept, or they are damaged."""
        rows = self._rows("SELECT payload, sum FROM days WHERE key = ?", key)
        return rows[0][0] if rows and rows[0][1] == _sum(key, rows[0][0]) else None

    def whole(self) -> Iterator[tuple[bytes, Result, float]]:
        """Every finished run with all that is kept of it; damaged ones are left out."""
        query = """SELECT r.key, r.payload, r.error, r.seconds, r.sum, r.days, d.payload, d.sum
            FROM runs r LEFT JOIN days d ON d.key = r.key ORDER BY r.key"""
        for key, payload, error, seconds, total, names, days, days_sum in self._each(query):
            if total == _sum(key, payload, error):
                good = days is not None and days_sum == _sum(key, days)
                series = (tuple(names.split()), days) if good else ((), b"")
                yield key, Result(payload, series[1], error, series[0]), seconds

    def keep(self, key: bytes, result: Result, seconds: float) -> None:
        """Keep a run, in the place of an older one; it is on disk afterwards.

        Raises:
            RunError: it cannot be written.
        """
        self.keep_all([(key, result, seconds)])

    def keep_all(self, finished: Iterable[tuple[bytes, Result, float]]) -> None:
        """Keep several runs at once, or none of them."""
        with self._at_once():
            for key, one, seconds in finished:
                row = (key, one.payload, one.error, round(seconds, 4), " ".join(one.series),
                       _sum(key, one.payload, one.error))  # fmt: skip
                self._connection.execute("INSERT OR REPLACE INTO runs VALUES (?,?,?,?,?,?)", row)
                self._connection.execute("DELETE FROM days WHERE key = ?", (key,))
                if one.days:
                    days = (key, one.days, _sum(key, one.days))
                    self._connection.execute("INSERT OR REPLACE INTO days VALUES (?,?,?)", days)

    def _whole(self, packed: bytes) -> Any:
        """What was packed; a damaged file is refused."""
        try:
            return json.loads(zlib.decompress(packed))
        except (zlib.error, ValueError) as error:
            raise sqlite_file.refused(self.path, "be whole", str(error)) from None

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        with sqlite_file.in_words(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _rows(self, query: str, *values: object) -> list[Any]:
        with sqlite_file.in_words(self.path):
            return self._connection.execute(query, values).fetchall()

    def _each(self, query: str) -> Iterator[Any]:
        with sqlite_file.in_words(self.path):
            yield from self._connection.execute(query)


def _sum(key: bytes, payload: bytes, error: str = "") -> int:
    """A check sum: a page that lost its bytes is not taken for a run."""
    return zlib.crc32(error.encode(), zlib.crc32(payload, zlib.crc32(key)))


@contextmanager
def writing(path: Path) -> Iterator[SweepStore]:
    """The store at a path, made if there is none, for this process alone to write.

    Raises:
        InputError: it is no store of a study that this version reads, or damaged.
        RunError: another process has it open for writing; it cannot be written.
    """
    with sqlite_file.writing(path, LAYOUT) as connection:
        yield SweepStore(path, connection)


@contextmanager
def looking(path: Path) -> Iterator[SweepStore]:
    """The store at a path as it is, an empty one if there is none; nothing is written.

    Raises:
        InputError, RunError: as `reading`.
    """
    if path.exists():
        with reading(path) as store:
            yield store
        return
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(LAYOUT.tables)
        yield SweepStore(path, connection)


@contextmanager
def reading(path: Path) -> Iterator[SweepStore]:
    """The store at a path while a process may be writing to it.

    Raises:
        InputError: there is none, it is no store of a study that this version reads, or damaged.
        RunError: it cannot be read.
    """
    with sqlite_file.reading(path, LAYOUT) as connection:
        yield SweepStore(path, connection)
