"""What worker processes do in tests; light, because every worker imports it."""

from __future__ import annotations

import os
import time
from pathlib import Path

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
