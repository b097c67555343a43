"""A Dask cluster on this machine, of processes that end with the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60.0


class Cluster:
    """A scheduler and two workers of one thread each, as command lines start them."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        self.folder = folder
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        file = folder / "scheduler.json"
        place = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        self.scheduler = self._start("scheduler", *place, "--idle-timeout", "300s")
        self.workers = [self.start_worker(*options) for _ in range(2)]
        self.address: str = until(lambda: _address(file))

    def start_worker(self, *options: str) -> subprocess.Popen[bytes]:
        """A worker more; without a nanny unless the options say so."""
        file = str(self.folder / "scheduler.json")
        usual = (
            "--local-directory",
            str(self.folder),
            "--nthreads",
            "1",
            "--host",
            "127.0.0.1",
            "--death-timeout",
            "60",
        )
        return self._start(
            "worker", "--scheduler-file", file, *usual, *(options or ("--no-nanny",))
        )

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard", *options],
                env=self._environment, cwd=self.folder, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def end(self) -> None:
        """End all of it, whatever state it is in."""
        for process in (*self.workers, self.scheduler):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)  # a nanny's worker, too
            process.wait()


def _address(file: Path) -> Any:
    with suppress(OSError, ValueError):
        return json.loads(file.read_text("utf-8"))["address"]
    return None


@contextmanager
def cluster(folder: Path, *options: str, **environment: str) -> Iterator[Cluster]:
    """A cluster that has started, with both workers."""
    from distributed import Client

    found = Cluster(folder, *options, **environment)
    try:
        connect: Any = Client
        with connect(found.address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=DEADLINE_S)
        yield found
    finally:
        found.end()


def until(condition: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
    """What a condition says once it is true of it."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it never came about")
