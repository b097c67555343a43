"""`chainsim sweep` under trouble: whatever happens, the same command comes to the same results."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability import crashes
from tests.reliability.environments import (
    ONE_BY_ONE,
    TOGETHER,
    as_root,
    changed_disk,
    differences,
    everything_below,
    other_instructions,
    small_disk,
)
from tests.reliability.failing import FailingDisk, faults, losses, spread
from tests.reliability.study import study_of
from tests.reliability.subject import Reference, Subject, undisturbed

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and disks of POSIX")
full = pytest.mark.full
SHORT, LONG = 12, 100
"""Runs of the studies."""


@pytest.fixture(scope="module", params=[SHORT, pytest.param(LONG, marks=full)])
def runs(request: pytest.FixtureRequest) -> int:
    """How many runs the study has: few, or as many as the catalogue asks for."""
    return int(request.param)


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory, runs: int) -> Subject:
    length = "18 d" if runs == SHORT else "40 d"
    return study_of(tmp_path_factory.mktemp("sweep"), runs, length)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory, sweep: Subject) -> Reference:
    return undisturbed(sweep, tmp_path_factory.mktemp("reference") / "out")


@pytest.fixture
def many(runs: int) -> bool:
    """Whether there is time for many trials."""
    return runs == LONG


@pytest.mark.case("A-RC01")
def test_every_run_is_in_the_results_once(reference: Reference, runs: int) -> None:
    rows = reference.found.decode().splitlines()[1:]
    assert len(rows) == len(set(rows)) == runs


@pytest.mark.case("A-RF03")
def test_nothing_is_written_outside_the_folder(sweep: Subject, reference: Reference) -> None:
    """Not where it is run, not at home, not where temporary files go, not beside the study."""
    around = sweep.folder.parent
    names = {"tiny.yaml", "study.yaml", "home", "temporary", "working"}
    assert everything_below(around) == {around / name for name in names}


@pytest.mark.case("A-RC01")
@pytest.mark.case("A-RC04")
@pytest.mark.parametrize("workers", [1, 2, pytest.param(4, marks=full)])
def test_kills_change_no_result(
    sweep: Subject, reference: Reference, tmp_path: Path, many: bool, workers: int
) -> None:
    kills, out = (50 if many else workers), tmp_path / "out"
    problems = crashes.killed_and_resumed(sweep, reference, out, workers, kills, seed=workers)
    if workers == 1:
        problems += crashes.finished_and_run_again(sweep, reference, out)
    assert problems == []


@pytest.mark.case("A-RC02")
def test_torn_files_are_never_believed(
    sweep: Subject, reference: Reference, tmp_path: Path, many: bool
) -> None:
    problems = []
    for seed in range(20 if many else 1):
        problems += crashes.torn_and_resumed(sweep, reference, tmp_path / str(seed), seed)
    assert problems == []


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=full)])
def test_an_interrupt_changes_no_result(
    sweep: Subject, reference: Reference, tmp_path: Path, many: bool, workers: int
) -> None:
    problems = []
    for seed in range(10 if many else 1):
        out = tmp_path / str(seed)
        problems += crashes.interrupted_and_resumed(sweep, reference, out, workers, seed)
    assert problems == []


@pytest.mark.case("A-RC03")
def test_two_at_once_do_not_mix(sweep: Subject, reference: Reference, tmp_path: Path) -> None:
    assert crashes.two_at_once(sweep, reference, tmp_path / "out") == []


@pytest.mark.case("A-RD02")
def test_results_are_the_same_in_every_environment(
    sweep: Subject, reference: Reference, tmp_path: Path, many: bool
) -> None:
    environments = ONE_BY_ONE if many else TOGETHER
    assert differences(sweep, reference, tmp_path, environments) == []


@full
@pytest.mark.case("A-RD03")
def test_results_are_nearly_the_same_without_fast_instructions(
    sweep: Subject, reference: Reference, tmp_path: Path
) -> None:
    """Bits are promised for one kind of processor; elsewhere a relative 1e-12."""
    variables = other_instructions()
    if not variables:
        pytest.skip("numpy uses none here")
    usual, other = tmp_path / "usual", tmp_path / "other"
    assert sweep.finish(usual).fine
    assert sweep.finish(other, environment=variables).fine
    number = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")
    texts = [sweep.found(out).decode() for out in (usual, other)]
    first, second = ([float(x) for x in number.findall(text)] for text in texts)
    assert number.sub("", texts[0]) == number.sub("", texts[1])
    assert second == pytest.approx(first, rel=1e-12, abs=0)


@pytest.mark.case("A-RC05")
def test_no_failing_operation_loses_anything(
    sweep: Subject, reference: Reference, tmp_path: Path, many: bool, disk: FailingDisk
) -> None:
    operations = disk.operations(sweep, tmp_path / "counted")
    some = faults(spread(operations, 60 if many else 3))
    assert losses(disk, sweep, reference, tmp_path, some) == []


# ---- disks


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 32 kB of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    try:
        disk = small_disk(folder, "32k")
        disk.__enter__()
    except PermissionError as error:
        pytest.skip(f"no disk may be mounted here: {error}")
    try:
        yield folder
    finally:
        disk.__exit__(None, None, None)


@pytest.mark.case("A-RF01")
def test_a_full_disk_is_an_error_and_more_room_goes_on(
    sweep: Subject, reference: Reference, small: Path
) -> None:
    done = sweep.finish(small)
    assert done.failed_in_words, str(done)
    assert re.search("disk|space", done.errors)
    changed_disk(small, "size=64m")
    done = sweep.finish(small)
    assert done.fine, str(done)
    assert sweep.digest(small) == reference.digest
    changed_disk(small, "ro")
    assert sweep.digest(small) == reference.digest, "results on a disk that is read-only"


@pytest.mark.case("A-RF02")
def test_a_disk_that_cannot_be_written_fails_before_anything_is_run(
    sweep: Subject, reference: Reference, small: Path
) -> None:
    changed_disk(small, "ro")
    done = sweep.finish(small / "out")
    assert done.failed_in_words, str(done)
    assert done.seconds < 5 + reference.seconds


@pytest.mark.skipif(as_root(), reason="permissions hold nothing back from root")
def test_a_folder_without_permission_fails_before_anything_is_run(
    sweep: Subject, reference: Reference, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(_finished(sweep, tmp_path), out)
    out.chmod(0o500)
    try:
        assert sweep.digest(out) == reference.digest
        done = sweep.finish(out / "below")
        assert done.failed_in_words and done.seconds < 5, str(done)
    finally:
        out.chmod(0o700)


def _finished(sweep: Subject, tmp_path: Path) -> Path:
    out = tmp_path / "finished"
    assert sweep.finish(out).fine
    return out
