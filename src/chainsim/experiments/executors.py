"""Independent tasks in this process, on worker processes, or on a cluster.

Whoever does the tasks, results come with their task, in any order, and closing the generator ends
what is under way. Worker processes are started afresh (spawn), with one thread of linear algebra
each, and end when this process ends or stops listening, however that happens.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeVar

from chainsim.errors import InputError, Problem, RunError, did_you_mean, shown
from chainsim.experiments.interrupts import interrupts_held_back

K = TypeVar("K")
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

_work: Callable[[Any], Any]
"""In a worker: what it does with a task."""


def usable_processors() -> int:
    """The number of processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


class Executor(Protocol):
    """Who does independent tasks; results do not depend on which one it is."""

    @property
    def workers(self) -> int:
        """So many tasks are done at a time."""

    def completed(
        self, work: Callable[[K], T], tasks: Iterable[K]
    ) -> Generator[tuple[K, T], None, None]:
        """(task, result) of every task, as they are finished; closing it ends what runs.

        Args:
            work: What to do with a task; it travels to the workers, so it must pickle.
            tasks: Indices, as a rule. Taken as workers become free, so they may be endless.

        Raises:
            RunError: the workers died, or could not be started or reached.
            Exception: as `work` raises it; what has come before it is good.
        """


@dataclass(frozen=True, slots=True)
class InProcess:
    """Tasks are done here, one after the other, when they are asked for."""

    @property
    def workers(self) -> int:
        """One."""
        return 1

    def completed(
        self, work: Callable[[K], T], tasks: Iterable[K]
    ) -> Generator[tuple[K, T], None, None]:
        """As `Executor.completed`, in the order of the tasks."""
        yield from ((task, work(task)) for task in tasks)


@dataclass(frozen=True, slots=True)
class Processes:
    """Tasks are done by worker processes of this machine, which start with the first ones."""

    workers: int
    """At most: with fewer tasks there are fewer."""

    def completed(
        self, work: Callable[[K], T], tasks: Iterable[K]
    ) -> Generator[tuple[K, T], None, None]:
        """As `Executor.completed`.

        Raises:
            RunError: a worker died (for want of memory, say), or could not be started.
        """
        source = iter(tasks)
        first = list(islice(source, self.workers))
        if not first:
            return
        context = get_context("spawn")
        try:
            lifeline, ours = context.Pipe(duplex=False)
        except OSError as error:
            raise _not_started(error) from error
        with _one_thread_each(), ours:
            # All processes of a pool are started at once, so it has no more than it needs.
            executor = ProcessPoolExecutor(len(first), context, _enter, (work, lifeline))
            try:
                yield from _as_completed(executor, chain(first, source), len(first))
            except BrokenProcessPool:
                raise RunError(
                    "a worker process ended without a result (out of memory, or killed from "
                    "outside); fewer workers need less memory"
                ) from None
            except OSError as error:
                raise _not_started(error) from error
            finally:
                lifeline.close()
                ours.close()
                executor.shutdown(wait=True, cancel_futures=True)


def completed(
    work: Callable[[int], T], indices: Iterable[int], workers: int
) -> Generator[tuple[int, T], None, None]:
    """As `Executor.completed`: in this process for one worker, else on processes."""
    executor: Executor = InProcess() if workers == 1 else Processes(workers)
    return executor.completed(work, indices)


KINDS = ("auto", "in-process", "processes", "dask")


def executor_for(kind: str, workers: int, scheduler: str | None = None) -> Executor:
    """The executor that somebody asks for.

    Args:
        kind: One of `KINDS`; auto is dask where a scheduler is given, else processes, and this
            process for one worker.
        workers: Processes; a cluster has its own number.
        scheduler: The address of a Dask scheduler, as tcp://HOST:PORT.

    Raises:
        InputError: an unknown kind, an address that is none, one without the other.
    """
    if kind not in KINDS:
        remedy = did_you_mean(kind, KINDS)
        raise _wrong("executor", f"be one of {', '.join(KINDS)}", shown(kind), remedy)
    if kind == "dask" or (kind == "auto" and scheduler is not None):
        from chainsim.experiments.dask_executor import Dask

        if scheduler is None:
            raise _wrong("scheduler", "be given with --executor dask", "", "tcp://HOST:PORT")
        return Dask(scheduler)
    if scheduler is not None:
        raise _wrong("scheduler", f"be left out with --executor {kind}", shown(scheduler))
    if kind == "in-process" or (kind == "auto" and workers == 1):
        return InProcess()
    return Processes(workers)


def _wrong(option: str, rule: str, got: str, remedy: str = "") -> InputError:
    return InputError([Problem(f"--{option}", 0, 0, f"the {option}", rule, got, remedy)])


def _not_started(error: OSError) -> RunError:
    reason = error.strerror or str(error)
    return RunError(f"worker processes cannot be started ({reason}); fewer workers may do")


def _as_completed(
    executor: ProcessPoolExecutor, tasks: Iterator[K], workers: int
) -> Iterator[tuple[K, Any]]:
    """Keep every worker busy with one task and one more waiting."""
    running: dict[Future[Any], K] = {}
    with interrupts_held_back():  # the first submission starts the workers
        for task in islice(tasks, workers):
            running[executor.submit(_perform, task)] = task
    while True:
        for task in islice(tasks, 2 * workers - len(running)):
            running[executor.submit(_perform, task)] = task
        if not running:
            return
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in [one for one in running if one in finished]:
            yield running.pop(future), future.result()


def _enter(work: Callable[[Any], Any], lifeline: Connection) -> None:
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


def _perform(task: Any) -> Any:
    return _work(task)


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
