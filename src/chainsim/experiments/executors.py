"""Independent tasks on worker processes; results come with their index, in any order.

Workers are started afresh (spawn), with one thread of linear algebra each, and end when this
process ends or stops listening, however that happens.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from chainsim.errors import RunError

T = TypeVar("T")
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
"""Variables from which libraries of linear algebra take their number of threads."""

_work: Callable[[int], Any]
"""In a worker: what it does with an index."""


def usable_processors() -> int:
    """The number of processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def completed(
    work: Callable[[int], T], indices: Iterable[int], workers: int
) -> Generator[tuple[int, T], None, None]:
    """(index, result) of every index, as they are finished; closing it ends the workers.

    Args:
        work: What to do with an index; it travels to the workers, so it must pickle.
        indices: Taken as workers become free, so it may be endless.
        workers: Processes; with one, the work is done here.

    Raises:
        RunError: a worker died (for want of memory, say), or could not be started.
    """
    if workers == 1:
        yield from ((index, work(index)) for index in indices)
        return
    context = get_context("spawn")
    try:
        lifeline, ours = context.Pipe(duplex=False)
    except OSError as error:
        raise _not_started(error) from error
    with _one_thread_each(), ours:
        executor = ProcessPoolExecutor(workers, context, _enter, (work, lifeline))
        try:
            yield from _as_completed(executor, iter(indices), workers)
        except BrokenProcessPool:
            raise RunError(
                "a worker process ended without a result (out of memory, or killed from outside); "
                "fewer workers need less memory"
            ) from None
        except OSError as error:
            raise _not_started(error) from error
        finally:
            lifeline.close()
            ours.close()
            executor.shutdown(wait=True, cancel_futures=True)


def _not_started(error: OSError) -> RunError:
    reason = error.strerror or str(error)
    return RunError(f"worker processes cannot be started ({reason}); fewer workers may do")


def _as_completed(
    executor: ProcessPoolExecutor, indices: Iterator[int], workers: int
) -> Iterator[tuple[int, Any]]:
    """Keep every worker busy with one index and one more waiting."""
    running: dict[Future[Any], int] = {}
    with _interrupts_held_back():  # the first submission starts the workers
        for index in islice(indices, workers):
            running[executor.submit(_perform, index)] = index
    while True:
        for index in islice(indices, 2 * workers - len(running)):
            running[executor.submit(_perform, index)] = index
        if not running:
            return
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in sorted(finished, key=running.__getitem__):
            yield running.pop(future), future.result()


def _enter(work: Callable[[int], Any], lifeline: Connection) -> None:
    """Prepare a worker process."""
    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started the workers ends them
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    """End this process when the other end of the pipe is closed."""
    with suppress(OSError):
        lifeline.poll(None)
    os._exit(1)


def _perform(index: int) -> Any:
    return _work(index)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """An interrupt is delivered afterwards; processes started meanwhile never get one.

    What else ends this process is delivered afterwards too, and ends those processes as usual.
    Blocking alone is not enough: threads of libraries do not block, and Python runs the handler of
    a signal that one of them gets in the main thread all the same.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    came: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    in_main = threading.current_thread() is threading.main_thread()
    heeded = {number: handler for number, handler in handlers.items()
              if in_main and callable(handler)}  # fmt: skip
    for number in heeded:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in heeded.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if came:
            signal.raise_signal(came[0])


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started meanwhile use one thread of linear algebra each."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
