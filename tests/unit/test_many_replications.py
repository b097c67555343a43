"""Many replications: placed by number, failed ones kept, stopped when precise enough."""

from __future__ import annotations

import os
import signal
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.cli_support import scenario
from tests.unit.tasks import dies, square, variables, write_and_wait

from chainsim import load_scenario, simulate
from chainsim.errors import LawError, RunError
from chainsim.experiments import executors, interrupts, replications
from chainsim.experiments.daily import DailyRuns, packed
from chainsim.experiments.executors import THREADS, completed
from chainsim.experiments.replications import Precision, run_replications
from chainsim.experiments.statistics import precise_enough
from chainsim.experiments.summary import aggregate, summarise
from chainsim.network.compiled import CompiledNetwork
from chainsim.network.compiling import compile_network
from chainsim.outcome.measures import measure


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> CompiledNetwork:
    file = scenario(tmp_path_factory.mktemp("run"))
    return compile_network(load_scenario(file, ["run.length=6 d", "disruptions=[]"]))


def test_results_do_not_depend_on_the_number_of_workers(network: CompiledNetwork) -> None:
    one, two = (run_replications(network, 4, workers) for workers in (1, 2))
    assert [r.number for r in one] == [0, 1, 2, 3]
    assert one == two
    assert one[2].values == measure(network, simulate(network, 2))
    assert len({r.values.total["output"] for r in one if r.values}) > 1


def test_a_failed_replication_is_kept_and_counted(
    network: CompiledNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(network: Any, number: int = 0) -> Any:
        if number in (0, 2):
            raise LawError("stock balance", "maker/car", 7)
        return simulate(network, number)

    monkeypatch.setattr(replications, "simulate", fails)
    told: list[tuple[int, bool]] = []
    found = run_replications(network, 4, on_done=lambda n, failed: told.append((n, failed)))
    assert told == [(0, True), (1, False), (2, True), (3, False)]
    assert "stock balance" in found[0].error and found[0].values is None
    summary = summarise(found)
    output = summary.total["output"]
    assert (summary.replications, summary.failed) == (4, 2)
    assert (output.n, output.failed) == (2, 2)
    assert output.mean == np.mean([found[k].values.total["output"] for k in (1, 3)])  # type: ignore[union-attr]


@pytest.mark.parametrize("workers", [1, 2])
def test_replications_are_added_until_precise(network: CompiledNetwork, workers: int) -> None:
    wanted = Precision("output", relative=0.02, at_most=40)
    found = run_replications(network, 3, workers, precision=wanted)
    values = [r.values.total["output"] for r in found if r.values]
    stops = [precise_enough(values[:n], 0.02, 0.0) for n in range(3, len(values) + 1)]  # type: ignore[arg-type]
    assert stops == [False] * (len(stops) - 1) + [True]
    assert [r.number for r in found] == list(range(len(found)))


def test_precision_has_a_limit(network: CompiledNetwork) -> None:
    wanted = Precision("output", relative=1e-9, at_most=4)
    assert len(run_replications(network, 2, precision=wanted)) == 4


def test_aggregates_of_what_is_not_known() -> None:
    nothing = aggregate([None, None], "d", failed=1)
    assert (nothing.mean, nothing.low, nothing.n, nothing.failed) == (None, None, 0, 1)
    single = aggregate([None, 3.0], "d")
    assert (single.mean, single.low, single.high, single.n) == (3.0, None, None, 1)


# ---- daily series


def test_packed_days_are_the_trajectory(network: CompiledNetwork) -> None:
    trajectories = [simulate(network, k) for k in range(3)]
    daily = DailyRuns([packed(network, t) for t in trajectories])
    for kind, table in trajectories[1].tables.items():
        assert daily.ids(kind) == table.ids
        for name, array in (*table.counts.items(), *table.levels.items()):
            assert (daily.values(kind, name)[1] == array).all(), (kind, name)
    made = daily.values("sites", "output") / 1000
    assert (daily.total("sites", "output") == made.sum(axis=2)).all()
    bands = [band for _, band in daily.bands("sites", "output")]
    assert (np.concatenate([b.mean for b in bands], axis=1) == made.mean(axis=0)).all()
    assert (bands[0].low <= bands[0].high).all()


def test_blocks_of_bands_join(network: CompiledNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    daily = DailyRuns([packed(network, simulate(network, k)) for k in range(2)])
    (whole,) = [band for _, band in daily.bands("stocks", "on_hand")]
    monkeypatch.setattr("chainsim.experiments.daily.LARGEST_BLOCK", 1)
    parts = [band.mean for _, band in daily.bands("stocks", "on_hand")]
    assert len(parts) == len(daily.ids("stocks"))
    assert (np.concatenate(parts, axis=1) == whole.mean).all()


# ---- workers


def test_work_is_done_once_for_each_index() -> None:
    assert dict(completed(square, range(7), 2)) == {k: k * k for k in range(7)}


def test_workers_use_one_thread_and_leave_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS[0], "4")
    monkeypatch.delenv(THREADS[1], raising=False)
    ((_, found),) = completed(variables, [0], 2)
    assert found == ["1"] * len(THREADS)
    assert os.environ[THREADS[0]] == "4"
    assert THREADS[1] not in os.environ


def test_a_worker_that_dies_fails_the_run() -> None:
    with pytest.raises(RunError, match="out of memory"):
        list(completed(dies, range(3), 2))


def test_closing_ends_workers_in_the_middle_of_their_work(tmp_path: Path) -> None:
    import threading

    running = completed(partial(write_and_wait, tmp_path), range(6), 2)
    ended: list[BaseException | None] = []

    def wait() -> None:
        try:
            next(running)
        except RunError as error:
            ended.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    for _ in range(300):
        if len(list(tmp_path.iterdir())) == 2:
            break
        time.sleep(0.1)
    workers = [int(path.name) for path in tmp_path.iterdir()]
    assert len(workers) == 2
    os.kill(workers[0], 9)  # the end of one is the end of the run
    thread.join(timeout=20)
    assert len(ended) == 1
    assert not any(alive(worker) for worker in workers)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_processors_are_counted() -> None:
    assert 1 <= executors.usable_processors() <= (os.cpu_count() or 1)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_that_a_thread_gets_waits_until_workers_are_started() -> None:
    """Threads of libraries do not block signals; half a worker would print a traceback."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    steps = []
    arrived, told = os.pipe()
    os.set_blocking(told, False)
    before = signal.set_wakeup_fd(told)
    try:
        with pytest.raises(KeyboardInterrupt), interrupts.interrupts_held_back():
            signal.pthread_kill(thread.ident or 0, signal.SIGINT)
            os.read(arrived, 1)  # however busy the machine is, the thread has got it now
            steps.append("started")
        assert steps == ["started"]
    finally:
        signal.set_wakeup_fd(before)
        os.close(arrived)
        os.close(told)
        done.set()
        thread.join()
