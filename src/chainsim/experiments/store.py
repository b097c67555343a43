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
from chainsim.experiments import sqlite_file

LAYOUT = sqlite_file.Layout(
    application=0x6373_696D,
    version=1,
    tables="""
    CREATE TABLE IF NOT EXISTS runs (
        key TEXT PRIMARY KEY, facts TEXT NOT NULL, payload BLOB, error TEXT NOT NULL
    )
    """,
)


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
        with sqlite_file.in_words(self.path):
            return self._connection.execute(statement, values).fetchall()


@contextmanager
def writing(path: Path) -> Iterator[Store]:
    """The store at a path, made if there is none, for this process alone to write.

    Raises:
        InputError: it is no store that this version reads, or damaged.
        RunError: another process has it open for writing; it cannot be written.
    """
    with sqlite_file.writing(path, LAYOUT) as connection:
        yield Store(path, connection)


@contextmanager
def reading(path: Path) -> Iterator[Store]:
    """The store at a path while another process, or this one, may be writing to it.

    Raises:
        InputError: there is none, or it is no store that this version reads.
        RunError: it cannot be read.
    """
    with sqlite_file.reading(path, LAYOUT) as connection:
        yield Store(path, connection)
