"""What worker processes do in tests; light, because every worker imports it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from chainsim.errors import LawError
from chainsim.experiments.executors import THREADS


def square(index: int) -> int:
    return index * index


def dies(index: int) -> int:
    os._exit(3)


def variables(index: int) -> list[str | None]:
    return [os.environ.get(name) for name in THREADS]


def write_and_wait(folder: Path, index: int) -> int:
    """Leave a file, and never end by itself."""
    (folder / str(os.getpid())).touch()
    time.sleep(600)
    return index


def fails_at(bad: int, index: int) -> int:
    """The square, but for one index."""
    if index == bad:
        raise LawError("stock balance", "maker/car", index)
    return index * index


def waits(seconds: float, index: int) -> int:
    time.sleep(seconds)
    return index * index


def dies_at(bad: int, index: int) -> int:
    """Take the process with it at one index."""
    if index == bad:
        os._exit(3)
    return index * index


def process_of(payload: bytes, index: int) -> tuple[int, int]:
    """The process, and where in it the payload lies: the same as long as it was sent once."""
    time.sleep(0.02)
    return os.getpid(), id(payload)
