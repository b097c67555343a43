"""Finished runs in one SQLite file, each under the hash of all that it depends on.

A run is durable as soon as it is kept, so a command that was killed goes on where it was. One
process writes, and others may read meanwhile; nobody else can open the file for writing then.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainsim import __version__
from chainsim.errors import RunError

APPLICATION = 0x6373_696D
"""In the head of the file: what it is."""
LAYOUT = 1
_TABLE = """
CREATE TABLE IF NOT EXISTS runs (
    key TEXT PRIMARY KEY, facts TEXT NOT NULL, payload BLOB, error TEXT NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a run."""

    payload: bytes | None
    """None if it failed."""
    error: str = ""
    """Why it failed."""


def key_of(facts: Mapping[str, Any]) -> str:
    """The key of a run: the hash of its facts, plain data, and of the version of the program."""
    return hashlib.sha256(_text({"chainsim": __version__, **facts}).encode()).hexdigest()


def _text(facts: Mapping[str, Any]) -> str:
    return json.dumps(facts, sort_keys=True, ensure_ascii=True)


class Store:
    """An open file of runs."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    def find(self, key: str) -> Kept | None:
        """What is kept of the run with a key; None if it never finished."""
        rows = self._execute("SELECT payload, error FROM runs WHERE key = ?", key)
        return Kept(*rows[0]) if rows else None

    def keep(self, facts: Mapping[str, Any], kept: Kept) -> None:
        """Keep a run, in the place of an older one with the same facts; it is on disk afterwards.

        Raises:
            RunError: it cannot be written.
        """
        row = (key_of(facts), _text(facts), kept.payload, kept.error)
        self._execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)", *row)

    def _execute(self, statement: str, *values: object) -> list[Any]:
        with _in_words(self.path):
            return self._connection.execute(statement, values).fetchall()


@contextmanager
def writing(path: Path) -> Iterator[Store]:
    """The store at a path, made if there is none, for this process alone to write.

    Raises:
        RunError: another process has it open for writing; it is no store; it cannot be written.
    """
    with _alone(path), _in_words(path), _connected(path, "rwc") as connection:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            _check(path, connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {LAYOUT}")
        connection.execute(_TABLE)
        yield Store(path, connection)


@contextmanager
def reading(path: Path) -> Iterator[Store]:
    """The store at a path while another process, or this one, may be writing to it.

    Raises:
        RunError: there is none, or it cannot be read.
    """
    with _in_words(path), _connected(path, "ro") as connection:
        _check(path, connection)
        yield Store(path, connection)


@contextmanager
def _connected(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def _check(path: Path, connection: sqlite3.Connection) -> None:
    found = tuple(
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    )
    if found != (APPLICATION, LAYOUT):
        raise RunError(f"{path} is no store of runs that this version reads; move it away")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock of a store: a transaction on a file of its own, which ends with the process.

    The store itself cannot be held so, because others read it.
    """
    lock = path.with_name(f".{path.name}.lock")
    with _in_words(path), _connected(lock, "rwc") as connection:
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            raise RunError(
                f"another command is writing to {path}; wait until it has ended"
            ) from None
        yield


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise RunError(f"the store of runs {path} cannot be used: {error}") from error
