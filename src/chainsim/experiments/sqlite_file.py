"""One SQLite file, written by one process at a time and read by any.

What is written is on disk when a statement returns. A process that is killed leaves a file that the
next one opens as if nothing had happened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chainsim.errors import InputError, Problem, RunError

DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file holds, by the numbers in its head and its tables."""

    application: int
    version: int
    tables: str
    """Statements that make them where they are not there yet."""


@contextmanager
def writing(path: Path, layout: Layout) -> Iterator[sqlite3.Connection]:
    """The file at a path, made if there is none, for this process alone to write.

    Raises:
        InputError: it is something else, of another version, or damaged.
        RunError: another process has it open for writing, or it cannot be written.
    """
    with _alone(path), in_words(path), _connected(path, "rwc") as connection:
        connection.execute("PRAGMA synchronous = FULL")
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            _check(path, connection, layout)
        else:
            _lay_out(connection, layout)
        yield connection


def _lay_out(connection: sqlite3.Connection, layout: Layout) -> None:
    """Make the tables of a new file, all of them or none."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(
        f"BEGIN; PRAGMA application_id = {layout.application};"
        f"PRAGMA user_version = {layout.version}; {layout.tables}; COMMIT;"
    )


@contextmanager
def reading(path: Path, layout: Layout) -> Iterator[sqlite3.Connection]:
    """The file at a path while another process, or this one, may be writing to it.

    Raises:
        InputError: there is none, it is something else, of another version, or damaged.
        RunError: it cannot be read.
    """
    if not path.is_file():
        raise refused(path, "be a store of runs that exists", "")
    with in_words(path), _connected(path, _mode(path)) as connection:
        _check(path, connection, layout)
        connection.execute("BEGIN")  # all that is read is of one moment
        yield connection


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """What goes wrong with the file is told in words."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED:
            raise refused(path, "be whole", str(error)) from error
        raise RunError(f"the store of runs {path} cannot be used: {error}") from error


def refused(path: Path, rule: str, got: str) -> InputError:
    """The error of a file that is no store, or no whole one."""
    remedy = "move it away, and the runs are made again" if got else ""
    return InputError([Problem(str(path), 0, 0, "the store", rule, got, remedy)])


def _mode(path: Path) -> str:
    """How to open a file for reading.

    A connection that may write clears away after the last reader what SQLite keeps beside the file;
    where that is not allowed, a file at rest is read without its lock.
    """
    log = path.with_name(f"{path.name}-wal")
    try:
        with _connected(path, "rw") as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        at_rest = not log.exists() or not log.stat().st_size
        return "ro&immutable=1" if at_rest else "ro"
    except sqlite3.DatabaseError:
        pass  # told when it is opened
    return "rw"


@contextmanager
def _connected(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None)  # no hidden transactions
    try:
        yield connection
    finally:
        connection.close()


def _check(path: Path, connection: sqlite3.Connection, layout: Layout) -> None:
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    )
    if application != layout.application:
        raise refused(path, "be a store of runs of this kind", "something else")
    if version != layout.version:
        got = f"layout {version}"
        raise refused(path, f"be of the layout of this version, {layout.version}", got)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock of a file: a transaction on a file of its own, which ends with the process.

    The file itself cannot be held so, because others read it.
    """
    lock = path.with_name(f".{path.name}.lock")
    with in_words(path), _connected(lock, "rwc") as connection:
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
