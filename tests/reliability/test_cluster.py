"""A sweep on a cluster that loses a worker, and then its scheduler."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.reliability.study import study_of
from tests.reliability.subject import HANGS_S, Subject, undisturbed
from tests.unit.dask_support import cluster

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"),
    pytest.mark.full,
]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return study_of(tmp_path_factory.mktemp("sweep"), runs=100, length="40 d")


def test_a_cluster_that_dies_changes_no_result(sweep: Subject, tmp_path: Path) -> None:
    reference = undisturbed(sweep, tmp_path / "reference")
    out = tmp_path / "out"
    with cluster(tmp_path) as found:
        options = ("--executor", "dask", "--scheduler", found.address)
        remote = replace(sweep, run=(*sweep.run, *options))
        with remote.started(out) as command:
            runs_are_kept(out, 1)
            found.workers[0].kill()
            runs_are_kept(out, 2)
            found.scheduler.kill()
            done = command.ended()
        assert done.code == 4 and done.failed_in_words, str(done)
        assert "what was finished before is kept" in done.errors
        assert done.seconds < reference.seconds + 30
        late = remote.finish(tmp_path / "late")
        assert late.code == 4 and f"no Dask scheduler answers at {found.address}" in late.errors
    assert len(sweep.found(out)) < len(reference.found), "the scheduler died too late"
    done = sweep.finish(out)
    assert done.fine and sweep.digest(out) == reference.digest, str(done)


def runs_are_kept(out: Path, times: int) -> None:
    """Wait until the files of a sweep that is on its way have grown so often."""
    size, deadline = 0, time.monotonic() + HANGS_S
    while times >= 0:
        assert time.monotonic() < deadline, "nothing is kept"
        time.sleep(0.01)
        now = sum(file.stat().st_size for file in out.glob("*.sqlite-wal"))
        if now > size:
            size, times = now, times - 1
