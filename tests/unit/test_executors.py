"""Executors: the same results whoever does the tasks, and no waiting for the dead."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.dask_support import ROOT, Cluster, cluster, until
from tests.unit.tasks import dies, dies_at, fails_at, process_of, square, waits, write_and_wait

import chainsim
from chainsim.errors import InputError, LawError, RunError
from chainsim.experiments import dask_executor
from chainsim.experiments.chunks import MOST, PARTS, Sizes, chunked
from chainsim.experiments.dask_executor import Dask, check_workers
from chainsim.experiments.executors import Executor, InProcess, Processes, executor_for

K = TypeVar("K")
T = TypeVar("T")
posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster to which nothing happens."""
    with cluster(tmp_path_factory.mktemp("calm")) as found:
        yield found


@pytest.fixture(params=["in-process", "processes", "dask"])
def executor(request: pytest.FixtureRequest, calm: Cluster) -> Executor:
    scheduler = calm.address if request.param == "dask" else None
    return executor_for(request.param, 2, scheduler)


# ---- the same results


class Shuffled:
    """An executor of many workers, whose tasks are finished in an order of a test's choice."""

    def __init__(self, workers: int, choose: Callable[[int], int]) -> None:
        self._workers = workers
        self._choose = choose
        self.sizes: list[int] = []

    @property
    def workers(self) -> int:
        return self._workers

    def completed(
        self, work: Callable[[K], T], tasks: Iterable[K]
    ) -> Generator[tuple[K, T], None, None]:
        waiting: list[K] = []
        source = iter(tasks)
        while True:
            while len(waiting) < 2 * self._workers and (task := next(source, None)) is not None:
                waiting.append(task)
                self.sizes.append(len(task))  # type: ignore[arg-type]
            if not waiting:
                return
            done = waiting.pop(self._choose(len(waiting)))
            yield done, work(done)


@settings(max_examples=60, deadline=None)
@given(
    indices=st.lists(st.integers(0, 10**6), max_size=200),
    workers=st.integers(1, 9),
    at_least_s=st.sampled_from([0.0, 1e-6, 1e-5, 0.5]),
    data=st.data(),
)
def test_results_depend_on_no_order_number_or_chunk(
    indices: list[int], workers: int, at_least_s: float, data: st.DataObject
) -> None:
    shuffled = Shuffled(workers, lambda n: data.draw(st.integers(0, n - 1)))
    found = list(chunked(shuffled, square, indices, at_least_s))
    assert sorted(found) == sorted((index, index * index) for index in indices)
    assert sum(shuffled.sizes) == len(indices)


def test_all_executors_find_the_same(executor: Executor) -> None:
    indices = [3, 1, 4, 15, 92, 65, 35]
    expected = {index: index * index for index in indices}
    assert dict(executor.completed(square, indices)) == expected
    assert dict(chunked(executor, square, indices)) == expected
    assert list(executor.completed(square, [])) == []
    assert executor.workers == (1 if isinstance(executor, InProcess) else 2)


def test_what_work_raises_is_raised_after_what_came_before(executor: Executor) -> None:
    came = []
    with pytest.raises(LawError) as caught:
        for index, result in chunked(executor, partial(fails_at, 30), range(60)):
            assert result == index * index
            came.append(index)
    assert caught.value.args == ("stock balance", "maker/car", 30)
    assert 30 not in came and len(came) == len(set(came))
    if executor.workers == 1:
        assert came == list(range(30))


def test_tasks_may_be_endless(executor: Executor) -> None:
    def numbers() -> Iterator[int]:
        number = 0
        while True:
            asked.append(number)
            yield number
            number += 1

    asked: list[int] = []
    with closing(executor.completed(square, numbers())) as running:
        for _ in range(5):
            next(running)
    assert len(asked) <= 5 + 2 * executor.workers


# ---- chunks


def sizes_of(count: int, workers: int, seconds: float) -> list[int]:
    """Sizes of the tasks if every index takes the same time."""
    sizes = Sizes(workers, 0.5, count)
    found = []
    for chunk in sizes.divided(range(count)):
        found.append(len(chunk))
        sizes.learn(len(chunk), seconds * len(chunk))
    return found


def test_chunks_grow_to_half_a_second_and_shrink_towards_the_end() -> None:
    found = sizes_of(20_000, 2, 0.005)
    assert found[:8] == [1, 2, 4, 8, 16, 32, 64, 100]
    left = 20_000
    for size in found:
        assert size == 1 or size <= left / (PARTS * 2)
        left -= size
    assert max(found) == 100
    assert found[-1] == 1 and left == 0


def test_long_work_is_never_put_together() -> None:
    assert set(sizes_of(50, 2, 0.5)) == {1}


def test_work_of_no_time_at_all_is_bounded() -> None:
    assert max(sizes_of(100_000, 2, 0.0)) == MOST


def test_a_chunk_that_fails_says_where() -> None:
    shuffled = Shuffled(1, lambda n: 0)
    with pytest.raises(LawError) as caught:
        list(chunked(shuffled, partial(fails_at, 7), range(10)))
    (note,) = caught.value.__notes__
    assert "at index 7" in note and "fails_at" in note


# ---- what is asked for


@pytest.mark.parametrize(
    ("kind", "workers", "expected"),
    [
        ("auto", 1, InProcess()),
        ("auto", 3, Processes(3)),
        ("in-process", 3, InProcess()),
        ("processes", 1, Processes(1)),
    ],
)
def test_the_executor_that_is_asked_for(kind: str, workers: int, expected: Executor) -> None:
    assert executor_for(kind, workers) == expected


@pytest.mark.parametrize("kind", ["auto", "dask"])
def test_a_scheduler_makes_it_dask(kind: str) -> None:
    found = executor_for(kind, 3, "10.0.0.1:8786")
    assert isinstance(found, Dask) and found.scheduler == "tcp://10.0.0.1:8786"


@pytest.mark.parametrize(
    ("kind", "scheduler", "words"),
    [
        ("proceses", None, "--executor: the executor must be one of auto, in-process, processes, "
                           "dask, got 'proceses'; did you mean 'processes'?"),
        ("dask", None, "--scheduler: the scheduler must be given with --executor dask"),
        ("processes", "a:1", "must be left out with --executor processes, got 'a:1'"),
        ("dask", "", "must be an address of a Dask scheduler"),
        ("dask", "a", "got 'a'; as in tcp://"),
        ("dask", "a:0", "got 'a:0'"),
        ("dask", "a:65536", "got"),
        ("dask", "http://a:80", "got"),
        ("dask", "tcp://a b:80", "got"),
        ("dask", "a:1\x1b[2J", r"\\x1b"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(kind: str, scheduler: str | None, words: str) -> None:
    with pytest.raises(InputError) as caught:
        executor_for(kind, 2, scheduler)
    assert words.replace(r"\\", "\\") in str(caught.value)


# ---- the end of processes


def test_no_more_processes_are_started_than_there_are_tasks() -> None:
    with closing(Processes(5).completed(square, [7, 8])) as running:
        next(running)
        assert len(multiprocessing.active_children()) == 2
    assert list(Processes(5).completed(square, [])) == []


def test_a_process_that_dies_fails_the_run_of_chunks() -> None:
    with pytest.raises(RunError, match="out of memory"):
        list(chunked(Processes(2), dies, range(3)))


@posix
def test_closing_chunks_ends_the_processes(tmp_path: Path) -> None:
    """An interrupt ends the iteration, and the iteration ends what was started."""
    running = chunked(Processes(2), partial(write_and_wait, tmp_path), range(6))

    def interrupt() -> None:
        until(lambda: len(list(tmp_path.iterdir())) == 2)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt), closing(running):
        next(running)
    thread.join()
    workers = [int(path.name) for path in tmp_path.iterdir()]
    assert len(workers) == 2 and not any(map(alive, workers))


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


# ---- a cluster


def test_work_is_sent_to_each_worker_once_and_both_work(calm: Cluster) -> None:
    work = partial(process_of, os.urandom(12_000_000))  # large enough for a warning of Dask
    found = set()
    with closing(Dask(calm.address).completed(work, range(100_000))) as running:
        for _, result in running:  # on a busy machine one of them may be slow to begin
            found.add(result)
            if len({process for process, _ in found}) == 2:
                break
    assert len(found) == 2


def test_closing_cancels_what_is_with_the_cluster(calm: Cluster, tmp_path: Path) -> None:
    from distributed import Client

    connect: Any = Client
    with closing(Dask(calm.address).completed(partial(waits, 0.3), range(1000))) as running:
        next(running)
        with connect(calm.address, set_as_default=False) as other:
            assert number_of_tasks(other)
    with connect(calm.address, set_as_default=False) as other:
        until(lambda: not number_of_tasks(other), 10)


def number_of_tasks(client: Any) -> int:
    return int(client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)))


def test_warnings_of_others_are_heard_meanwhile(calm: Cluster) -> None:
    with closing(Dask(calm.address).completed(square, range(9))) as running:
        next(running)
        with pytest.warns(UserWarning, match="of the caller"):
            warnings.warn("of the caller", stacklevel=1)


@posix
def test_nothing_is_said_on_an_interrupt(calm: Cluster) -> None:
    script = f"""
from functools import partial
from contextlib import closing
from tests.unit.tasks import waits
from chainsim.experiments.dask_executor import Dask
with closing(Dask({calm.address!r}).completed(partial(waits, 0.1), range(10000))) as running:
    try:
        for index, _ in running:
            print(index, flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT)))},
    )  # fmt: skip
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    assert out.splitlines()[-1] == "interrupted"


@posix
def test_the_tasks_of_a_worker_that_is_killed_are_done_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_executor, "PULSE_S", 0.2)  # it is seen that there is nobody
    with cluster(tmp_path) as found:
        executor = Dask(found.address)
        assert executor.workers == 2
        results: dict[int, int] = {}
        for index, result in executor.completed(partial(waits, 0.03), range(40)):
            results[index] = result
            if len(results) == 10:
                found.workers[0].kill()
            if len(results) == 20:  # nobody has the work any more
                found.workers[1].kill()
                late = threading.Timer(1.0, lambda: found.workers.append(found.start_worker()))
                late.start()
        late.join()
        assert results == {index: index * index for index in range(40)}


@posix
def test_a_task_that_kills_its_workers_is_named(tmp_path: Path) -> None:
    patience = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with cluster(tmp_path, **patience) as found:
        running = Dask(found.address).completed(partial(dies_at, 5), [5])
        with pytest.raises(RunError, match=r"^1 workers of .* while they had index 5 \(out of"):
            list(running)
        left = Dask(found.address).completed(square, range(4))  # the other worker is there still
        assert dict(left) == {0: 0, 1: 1, 2: 4, 3: 9}


@posix
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_scheduler_that_ends_or_freezes_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setattr(dask_executor, "PULSE_S", 0.5)
    monkeypatch.setattr(dask_executor, "ANSWER_S", 1.0)
    with cluster(tmp_path) as found:
        running = Dask(found.address).completed(partial(waits, 0.1), range(1000))
        next(running)
        found.scheduler.send_signal(number)
        began = time.monotonic()
        with pytest.raises(RunError, match="ended or does not answer; what was finished"):
            list(running)
        assert time.monotonic() - began < 15


@posix
def test_a_cluster_whose_workers_are_all_gone_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_executor, "PULSE_S", 0.3)
    monkeypatch.setattr(dask_executor, "WORKERLESS_S", 0.5)
    with cluster(tmp_path) as found:
        running = Dask(found.address).completed(partial(waits, 0.1), range(1000))
        next(running)
        for worker in found.workers:
            worker.kill()
        with pytest.raises(RunError, match=f"{found.address} has no workers; `dask worker tcp:"):
            list(running)
        with pytest.raises(RunError, match="has no workers"):
            next(Dask(found.address, timeout_s=0.5).completed(square, range(3)))


@pytest.mark.parametrize("greeting", [None, b"", b"HTTP/1.1 400 Bad Request\r\n\r\n" * 8])
def test_an_address_without_a_scheduler_is_an_error(greeting: bytes | None) -> None:
    """Nobody listens there, or somebody who says nothing, or something else."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        host, port = listener.getsockname()
        if greeting is not None:
            listener.listen()
            threading.Thread(target=greet, args=(listener, greeting), daemon=True).start()
        with pytest.raises(RunError, match=f"answers at tcp://{host}:{port} within 1 s") as caught:
            next(Dask(f"{host}:{port}", timeout_s=1.0).completed(square, range(3)))
        assert "`dask scheduler` starts one" in str(caught.value)


def greet(listener: socket.socket, greeting: bytes) -> None:
    held = []
    try:
        while True:
            connection, _ = listener.accept()
            connection.sendall(greeting)
            held.append(connection)
    except OSError:
        return


def test_workers_with_other_versions_or_many_threads_are_refused() -> None:
    fit = dask_executor._asking()() | {"threads": "1"}
    check_workers({"tcp://a:1": fit, "tcp://b:1": fit})
    with pytest.raises(RunError, match=r"worker tcp://b:1 has chainsim 0\.0\.7 \(here "):
        check_workers({"tcp://a:1": fit, "tcp://b:1": fit | {"chainsim": "0.0.7"}})
    with pytest.raises(RunError, match=r"tcp://a:1 .*linear algebra.*OMP_NUM_THREADS=1"):
        check_workers({"tcp://a:1": fit | {"threads": "many"}})
    with pytest.raises(RunError, match="does not answer: away"):
        check_workers({"tcp://a:1": OSError("away")})


def test_a_worker_that_comes_later_is_refused_too() -> None:
    with pytest.raises(RunError, match=r"chainsim .* \(here 9\.9\)"):
        dask_executor._perform(square, 3, "9.9")


def test_threads_of_a_worker_take_turns() -> None:
    running: list[int] = []

    def alone(index: int) -> bool:
        running.append(index)
        time.sleep(0.02)
        return running.pop() == index and not running

    with ThreadPoolExecutor(4) as threads:
        perform = partial(dask_executor._perform, alone, version=chainsim.__version__)
        assert all(threads.map(perform, range(8)))


def test_without_dask_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_executor, "find_spec", lambda name: None)
    with pytest.raises(RunError, match=r"pip install 'chainsim\[cluster\]'"):
        next(Dask("a:1").completed(square, [1]))


def test_dask_is_imported_only_where_it_is_used() -> None:
    script = """
import sys
from chainsim.experiments import chunks, dask_executor, executors
executors.executor_for("dask", 2, "a:1")
assert not {"dask", "distributed"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
