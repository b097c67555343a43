"""Tasks that hold several indices each: for work of a few milliseconds, sending is what costs.

A task holds at least half a second of work, as far as that can be known: the first ones hold one
index, and the workers say how long each took. Towards the end tasks become small again, so that no
worker is left alone with a long one.
"""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from operator import length_hint
from typing import Any, TypeVar

from chainsim.experiments.executors import Executor, InProcess

T = TypeVar("T")
LEAST_S = 0.5
"""Seconds of work in a task."""
MOST = 1000
"""Indices in a task: what is done of it is kept only when all of it is."""
PARTS = 4
"""So many tasks for each worker are left, at least, whatever they hold."""


def chunked(
    executor: Executor,
    work: Callable[[int], T],
    indices: Iterable[int],
    at_least_s: float = LEAST_S,
) -> Generator[tuple[int, T], None, None]:
    """(index, result) of every index, one by one, as tasks of several are finished.

    Closing it ends what runs. In this process nothing is sent, so every index is a task.

    Args:
        executor: Who does the tasks.
        work: What to do with an index; it travels to the workers, so it must pickle.
        indices: Their order is kept within a task; they may be endless.
        at_least_s: Seconds of work in a task, but for the first and the last ones.

    Raises:
        RunError: as `executor.completed`.
        Exception: as `work` raises it, after the results of its task that came before.
    """
    if isinstance(executor, InProcess):
        yield from executor.completed(work, indices)
        return
    sizes = Sizes(executor.workers, at_least_s, length_hint(indices, -1))
    with closing(executor.completed(partial(_perform, work), sizes.divided(indices))) as running:
        for chunk, done in running:
            sizes.learn(len(done.results), done.seconds)
            yield from zip(chunk, done.results, strict=False)
            if done.error is not None:
                raise done.error


@dataclass
class Sizes:
    """How many indices the next task holds."""

    workers: int
    at_least_s: float
    left: int
    """Indices that are in no task yet; negative if nobody knows how many there are."""
    _largest: int = field(default=0, init=False)
    """Of the tasks that are finished."""
    _pace: float = field(default=0.0, init=False)
    """Seconds that an index takes; the last tasks count most."""

    def divided(self, indices: Iterable[int]) -> Iterator[tuple[int, ...]]:
        """The indices of each task; it is decided when the task is asked for."""
        source = iter(indices)
        while chunk := tuple(islice(source, self.next())):
            self.left -= len(chunk)
            yield chunk

    def next(self) -> int:
        """The size of the next task: never more than twice one that has been tried."""
        if not self._largest:
            return 1
        wanted = math.ceil(self.at_least_s / self._pace) if self._pace > 0 else MOST
        even = self.left // (PARTS * self.workers) if self.left >= 0 else MOST
        return max(1, min(wanted, even, 2 * self._largest, MOST))

    def learn(self, number: int, seconds: float) -> None:
        """Take note of a finished task."""
        if not number:
            return
        pace = seconds / number
        self._pace = (self._pace + pace) / 2 if self._largest else pace
        self._largest = max(self._largest, number)


@dataclass(frozen=True, slots=True)
class _Done:
    """What a worker has done of a task."""

    results: list[Any]
    """Of all its indices, or of those before the one that failed."""
    seconds: float
    error: Exception | None = None


def _perform(work: Callable[[int], Any], chunk: Sequence[int]) -> _Done:
    results: list[Any] = []
    began = time.perf_counter()
    try:
        for index in chunk:
            results.append(work(index))
    except Exception as error:
        # A traceback does not travel; a note does.
        error.add_note(f"In a worker, at index {chunk[len(results)]}:\n{traceback.format_exc()}")
        return _Done(results, time.perf_counter() - began, error)
    return _Done(results, time.perf_counter() - began)
