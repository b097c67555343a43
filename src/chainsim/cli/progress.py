"""How far a run is: a bar on a terminal, a plain line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

EVERY = 15.0
"""Seconds between lines in a log."""


@contextmanager
def progress(
    name: str, total: int, quiet: bool, what: str = "replications"
) -> Iterator[Callable[[int, bool], None]]:
    """A function to call with each finished replication, or other thing: (number, failed)."""
    if quiet:
        yield lambda number, failed: None
    elif sys.stderr.isatty():
        with _bar(name, total) as done:
            yield done
    else:
        yield Log(name, total, sys.stderr, what).done


@contextmanager
def _bar(name: str, total: int) -> Iterator[Callable[[int, bool], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left
    from rich.text import Text

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Left(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(Text(name).plain, total=total)
        yield lambda number, failed: bar.update(task, completed=number + 1)


class Log:
    """Plain lines, not more often than every few seconds."""

    def __init__(self, name: str, total: int, stream: TextIO, what: str = "replications") -> None:
        self.name = name
        self.total = total
        self.stream = stream
        self.what = what
        self.began = self.last = time.monotonic()
        self.failed = 0

    def done(self, number: int, failed: bool) -> None:
        """Note a finished replication."""
        now = time.monotonic()
        self.failed += failed
        count = number + 1
        if now - self.last < EVERY and not failed:
            return
        self.last = now
        left = (now - self.began) / count * (self.total - count)
        words = f"{self.name}: {count} of {self.total} {self.what}"
        if self.failed:
            words += f", {self.failed} failed"
        print(f"{words}, about {left:.0f} s left", file=self.stream, flush=True)
