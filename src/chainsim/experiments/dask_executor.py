"""Tasks on a Dask cluster, which somebody has started and whose scheduler has an address.

What is sent to all tasks alike is sent to each worker once. The tasks that a worker held when it
died are run again by others; a task that takes one worker after the other with it is a failure.
Nothing waits for ever: the scheduler is asked every few seconds whether it is there.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import platform
import re
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from chainsim import __version__
from chainsim.errors import InputError, Problem, RunError, shortened, shown
from chainsim.experiments.interrupts import interrupts_held_back

K = TypeVar("K")
T = TypeVar("T")
Future = Any
"""Dask's; it says little about its types."""
ADDRESS = re.compile(r"(?:(?:tcp|tls)://)?(?:\[[0-9a-fA-F:.%\w]+\]|[^\s:/\[\]]+):(\d{1,5})")
PULSE_S = 5.0
"""Without a result for so long, the scheduler is asked whether it is there."""
ANSWER_S = 10.0
"""So long it has to answer."""
WORKERLESS_S = 30.0
"""So long a cluster may be without any worker: one that died is started again by its nanny."""
LARGE = "distributed.admin.large-graph-warning-threshold"
"""An option of Dask; a base network of some megabytes is no mistake."""
AHEAD = 2
"""Tasks with the cluster for each worker: one that runs and one that waits."""
_one_at_a_time = threading.Lock()
"""In a worker: threads of one process share what tasks keep between them, and one processor."""


class Dask:
    """Tasks are done by the workers of a Dask cluster."""

    def __init__(self, scheduler: str, timeout_s: float = 10.0) -> None:
        """The cluster of a scheduler, whom nobody asks yet.

        Args:
            scheduler: Its address, as tcp://HOST:PORT.
            timeout_s: So long it has to answer at first, seconds.

        Raises:
            InputError: this is no address.
        """
        self.scheduler = _address(scheduler)
        self.timeout_s = timeout_s
        self._workers = 0

    @property
    def workers(self) -> int:
        """Worker processes, when the scheduler was asked last.

        Raises:
            RunError: it does not answer, or its workers are not fit.
        """
        if not self._workers:
            with _connected(self.scheduler, self.timeout_s) as cluster:
                self._workers = cluster.workers
        return self._workers

    def completed(
        self, work: Callable[[K], T], tasks: Iterable[K]
    ) -> Generator[tuple[K, T], None, None]:
        """(task, result) of every task, as they are finished; closing it cancels the others.

        Args:
            work: What to do with a task; it travels to the workers, so it must pickle, and it may
                need no file of this machine.
            tasks: Taken as workers become free, so they may be endless.

        Raises:
            RunError: the scheduler does not answer or ends; there are no workers, or their
                versions are not ours; a task takes one worker after the other with it.
            Exception: as `work` raises it.
        """
        carried = pickle.dumps(work)
        with _connected(self.scheduler, self.timeout_s) as cluster:
            self._workers = cluster.workers
            yield from cluster.completed(carried, iter(tasks))


def _address(text: str) -> str:
    found = ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found[1]) < 65536:
        rule, remedy = "be an address of a Dask scheduler", "as in tcp://192.168.1.5:8786"
        place = "--scheduler", 0, 0, "the scheduler"
        raise InputError([Problem(*place, rule, shown(text), remedy)])
    return text if "://" in text else f"tcp://{text}"


@contextmanager
def _connected(address: str, timeout_s: float) -> Iterator[_Cluster]:
    """The cluster of a scheduler, whose workers are fit; afterwards all that was sent is gone."""
    if find_spec("distributed") is None:
        raise RunError("Dask is not installed; pip install 'chainsim[cluster]' installs it")
    with _quiet():
        client = _client(address, timeout_s)
        try:
            cluster = _Cluster(client, address)
            cluster.enter(timeout_s)
            yield cluster
        finally:
            with suppress(Exception):  # there may be nobody to say good-bye to
                client.close(timeout=ANSWER_S)


def _client(address: str, timeout_s: float) -> Any:
    """A client of the scheduler at an address."""
    import distributed

    connect: Any = distributed.Client
    try:
        _shake_hands(address, timeout_s)
        with interrupts_held_back(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # versions are compared below
            return connect(address, timeout=timeout_s, set_as_default=False)
    except Exception as error:  # whatever listens there may answer anything
        raise RunError(
            f"no Dask scheduler answers at {address} within {timeout_s:g} s "
            f"({shortened(str(error) or type(error).__name__)}); `dask scheduler` starts one and "
            "says its address"
        ) from error


def _shake_hands(address: str, timeout_s: float) -> None:
    """See in time whether Dask listens at an address; a client waits for ever for a mute one.

    In a thread, because a notebook has a loop of its own in the first one.
    """
    import distributed
    from distributed.comm import core

    dask_comm: Any = core
    security: Any = distributed.Security

    async def shake() -> None:
        options = security().get_connection_args("client")
        meeting = dask_comm.connect(address, timeout=timeout_s, **options)
        (await asyncio.wait_for(meeting, timeout_s)).abort()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, shake()).result()


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask and its loop say nothing meanwhile: what matters is told by errors."""
    import distributed  # noqa: F401  # makes its loggers

    names = [
        name
        for name in logging.root.manager.loggerDict
        if name.partition(".")[0] in ("distributed", "dask", "tornado")
    ]
    loggers = [one for one in map(logging.getLogger, names) if not one.disabled]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger in loggers:
            logger.disabled = False


class _Cluster:
    """A cluster with which this process is connected."""

    def __init__(self, client: Any, address: str) -> None:
        self.client = client
        self.address = address
        self.workers = 0
        """Processes, when they were counted last."""
        self._finished: SimpleQueue[Future] = SimpleQueue()
        self._asked = self._staffed = time.monotonic()
        """When the scheduler answered last, and when there were workers."""

    def enter(self, timeout_s: float) -> None:
        """Wait for the first worker, and see whether all that are there are fit.

        Raises:
            RunError: there are none in time, or they are not.
        """
        deadline = time.monotonic() + timeout_s
        while not self.workers:
            self.count()
            if not self.workers:
                if time.monotonic() > deadline:
                    raise self.without_workers()
                time.sleep(0.1)
        check_workers(self._facts())

    def without_workers(self) -> RunError:
        """What to say then."""
        return RunError(
            f"the Dask scheduler at {self.address} has no workers; "
            f"`dask worker {self.address} --nworkers auto --nthreads 1` starts them"
        )

    def lost(self) -> RunError:
        """What to say when there is no scheduler any more."""
        return RunError(
            f"the Dask scheduler at {self.address} has ended or does not answer; what was finished "
            "before is kept, and the same command goes on from there"
        )

    def count(self) -> None:
        """Count the workers; a thread more makes none.

        Raises:
            RunError: the scheduler does not answer.
        """
        try:
            found = self.client.sync(self.client.scheduler.ncores, callback_timeout=ANSWER_S)
        except (OSError, TimeoutError, RuntimeError, AttributeError) as error:
            raise self.lost() from error
        self._asked = time.monotonic()
        self.workers = len(found)
        if self.workers:
            self._staffed = self._asked
        elif self._asked - self._staffed > WORKERLESS_S:
            raise self.without_workers()

    def _facts(self) -> Mapping[str, Any]:
        try:
            found = self.client.run(_asking(), on_error="return", callback_timeout=ANSWER_S)
        except (OSError, TimeoutError, RuntimeError) as error:
            raise RunError(f"workers of {self.address} do not answer") from error
        return dict(found)

    # ---- tasks

    def completed(self, carried: bytes, tasks: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
        """Keep every worker busy with one task and one more waiting."""
        work = self._sent(carried)
        running: dict[Any, tuple[Future, Any]] = {}
        while True:
            room = max(1, AHEAD * self.workers) - len(running)  # there may be no worker just now
            for task in islice(tasks, max(0, room)):
                future = self._submitted(_perform, work, task, __version__)
                running[future.key] = future, task
                future.add_done_callback(self._finished.put)
            if not running:
                return
            future, task = running.pop(self._next().key)
            yield task, self._result(future, task)

    def _sent(self, carried: bytes) -> Future:
        """The work as a task of its own: unlike scattered data it is made again if workers die."""
        import dask

        with dask.config.set({LARGE: "1 TiB"}):
            return self._submitted(pickle.loads, carried)

    def _submitted(self, *call: Any) -> Future:
        with interrupts_held_back():  # half a future complains when it is deleted
            return self.client.submit(*call, pure=False)

    def _next(self) -> Future:
        """A future that is done, whatever it came to."""
        while True:
            if time.monotonic() - self._asked > PULSE_S:
                self.count()
            with suppress(Empty):
                return self._finished.get(timeout=PULSE_S)

    def _result(self, future: Future, task: Any) -> Any:
        """What a task came to."""
        from distributed import CancelledError, KilledWorker
        from distributed.comm.core import CommClosedError

        try:
            return self._fetched(future)
        except KilledWorker as error:
            raise RunError(
                f"{error.allowed_failures + 1} workers of {self.address} died, one after the "
                f"other, while they had {_named(task)} (out of memory, or killed from outside)"
            ) from None
        except (CancelledError, CommClosedError) as error:
            raise self.lost() from error

    def _fetched(self, future: Future) -> Any:
        """The result; if the worker that had it is gone meanwhile, the task is done again."""
        while True:
            try:
                return future.result(timeout=PULSE_S)
            except TimeoutError:
                if future.status == "error":  # this is what the task came to
                    raise
            self.count()


def _named(task: Any) -> str:
    if isinstance(task, tuple) and len(task) > 1:
        return f"indices {task[0]} to {task[-1]}"
    return f"index {task[0] if isinstance(task, tuple) else task}"


def _perform(work: Callable[[Any], Any], task: Any, version: str) -> Any:
    """On a worker: do a task. A worker may have come after the others were asked."""
    if version != __version__:
        raise RunError(_different("a worker", {"chainsim": __version__}, {"chainsim": version}))
    with _one_at_a_time:
        return work(task)


# ---- whether workers are fit


THREADS = "threads"
"""Among the facts of a worker: whether linear algebra may use many."""


def _asking() -> Callable[[], dict[str, str]]:
    """A function that travels as it is, so it can be asked where there is no chainsim."""

    def asked() -> dict[str, str]:
        from importlib import import_module

        versions = {"Python": ".".join(platform.python_version_tuple()[:2])}
        for name in ("chainsim", "numpy", "simpy"):
            try:
                versions[name] = getattr(import_module(name), "__version__", "unknown")
            except ImportError:
                versions[name] = "none"
        one = os.environ.get("OMP_NUM_THREADS"), os.environ.get("OPENBLAS_NUM_THREADS")
        versions[THREADS] = "1" if "1" in one else "many"
        return versions

    return asked


def check_workers(found: Mapping[str, Any]) -> None:
    """Refuse workers that may come to other results, or that get in each other's way.

    Args:
        found: By address of a worker: its facts, or the error that it answered with.

    Raises:
        RunError: with the first one, and what is different there.
    """
    ours = _asking()()
    for address, theirs in sorted(found.items()):
        if isinstance(theirs, Exception):
            raise RunError(f"the worker {address} does not answer: {shortened(str(theirs))}")
        if any(theirs[name] != ours[name] for name in ours if name != THREADS):
            raise RunError(_different(f"the worker {address}", theirs, ours))
        if theirs[THREADS] != "1":
            raise RunError(
                f"the worker {address} may use several threads of linear algebra for each task; "
                "start it with OMP_NUM_THREADS=1, as a nanny does"
            )


def _different(who: str, theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    differences = ", ".join(
        f"{name} {value} (here {ours[name]})"
        for name, value in theirs.items()
        if name != THREADS and value != ours[name]
    )
    return f"{who} has {differences}; results are the same with the same versions only"
