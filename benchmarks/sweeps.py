"""What a sweep costs beside its runs: per run, to resume, on disk; and what a second worker brings.

    python benchmarks/sweeps.py [overhead] [resume] [size] [workers]

Every figure is printed with what it was measured on. The small chain is in `sweep_chain/`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from chainsim.experiments.chunks import chunked
from chainsim.experiments.executors import Executor, InProcess, Processes
from chainsim.experiments.sweeps.planning import Sweep, planned
from chainsim.experiments.sweeps.runs import Result
from chainsim.experiments.sweeps.store import writing
from chainsim.scenario.studies import load_study

HERE = Path(__file__).parent
SMALL = HERE / "sweep_chain" / "study.yaml"
BASELINE = HERE / "sweep_chain" / "baseline.yaml"
FLAGSHIP = HERE / "sweep_chain" / "flagship.yaml"
RUNS = 20_000
PAYLOAD = bytes(range(256)) * 4
"""About what the measures of a run of the flagship take."""


class Nothing:
    """A run that takes no time."""

    def __call__(self, index: int) -> Result:
        """A result of the usual size."""
        return Result(PAYLOAD)


def overhead() -> None:
    """Milliseconds per run for its key, its way to a worker and back, and its place on disk."""
    plan = planned(load_study(SMALL))
    for name, executor in (("in this process", InProcess()), ("two workers", Processes(2))):
        times = [_overhead(plan, executor) for _ in range(3)]
        print(f"overhead {name}: {statistics.median(times):.2f} ms per run (n = 2,000 runs)")


def _overhead(plan: Sweep, executor: Executor) -> float:
    tasks = plan.tasks[:2000]
    with tempfile.TemporaryDirectory() as folder, writing(Path(folder) / "x.sqlite") as store:
        began = time.perf_counter()
        for index, result in chunked(executor, Nothing(), range(len(tasks))):
            store.keep(plan.key(tasks[index]), result, 0.0)
        return (time.perf_counter() - began) / len(tasks) * 1000


def resume() -> None:
    """Seconds until a study of 20,000 finished runs says that nothing is left to do."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.sqlite"
        plan = planned(load_study(SMALL))
        points = list(zip(plan.points.points, plan.hashes, strict=True))
        with writing(path) as store:
            store.state(plan.facts, points)
            store.keep_all((plan.key(task), Result(PAYLOAD), 1.0) for task in plan.tasks)
        size = path.stat().st_size / len(plan.tasks)
        command = [sys.executable, "-m", "chainsim", "sweep", str(SMALL), "--out", folder, "-q"]
        times = [_timed(lambda: subprocess.run(command, check=True)) for _ in range(3)]
        print(f"resume of {len(plan.tasks):,} runs: {statistics.median(times):.2f} s, "
              f"{size / 1000:.2f} kB per run on disk")  # fmt: skip


def size() -> None:
    """Kilobytes per run of the flagship, without and with daily series."""
    for study in (FLAGSHIP, FLAGSHIP.with_name("flagship_days.yaml")):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "chainsim", "sweep", str(study), "--out", folder, "-q"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            path = Path(folder) / f"{study.stem}.sqlite"
            runs = len(planned(load_study(study)).tasks)
            print(f"{study.stem}: {path.stat().st_size / runs / 1000:.1f} kB per run ({runs} runs)")


def workers() -> None:
    """How much faster two workers are than one on the baseline, in interleaved pairs."""
    ratios = []
    for _ in range(3):
        one, two = (_timed(lambda n=n: _sweep(BASELINE, n)) for n in (1, 2))
        ratios.append(one / two)
    print(f"two workers: {statistics.median(ratios):.2f} times one (pairs: {ratios})")


def _sweep(study: Path, number: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "chainsim", "sweep", str(study), "--out", folder, "-q",
                   "--workers", str(number)]  # fmt: skip
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    for word in sys.argv[1:] or ["overhead", "resume", "size", "workers"]:
        {"overhead": overhead, "resume": resume, "size": size, "workers": workers}[word]()
