"""The checkers themselves: they pass what is right, and find every known defect."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.reliability import crashes
from tests.reliability.crashes import (
    finished_and_run_again,
    interrupted_and_resumed,
    killed_and_resumed,
    torn_and_resumed,
    two_at_once,
)
from tests.reliability.environments import TOGETHER, differences
from tests.reliability.failing import FailingDisk, faults, losses, spread
from tests.reliability.subject import Reference, Subject, undisturbed

TOY = Path(__file__).with_name("toy.py")
PYTHON = (sys.executable, "-S", "-E")


def toy(folder: Path, defect: str = "") -> Subject:
    words = (*PYTHON, str(TOY))
    return Subject((*words, "run", "{out}", defect), (*words, "export", "{out}"), folder)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    folder = tmp_path_factory.mktemp("toy")
    return undisturbed(toy(folder), folder / "reference")


def test_what_is_right_passes(tmp_path: Path, reference: Reference) -> None:
    right, killed = toy(tmp_path), tmp_path / "killed"
    killed.mkdir()
    assert killed_and_resumed(right, reference, killed, 1, kills=4, seed=1) == []
    assert finished_and_run_again(right, reference, killed / "0") == []
    assert torn_and_resumed(right, reference, tmp_path / "torn", seed=1) == []
    assert interrupted_and_resumed(right, reference, tmp_path / "interrupted", 1, seed=1) == []
    assert two_at_once(right, reference, tmp_path / "two") == []
    assert differences(right, reference, tmp_path, TOGETHER) == []


def test_results_that_are_believed_unseen_are_found(tmp_path: Path, reference: Reference) -> None:
    problems = []
    for seed in range(4):  # a kill may hit a file that nobody would believe
        wrong, out = toy(tmp_path, "believes"), tmp_path / str(seed)
        problems += torn_and_resumed(wrong, reference, out, seed)
    assert problems and all("torn: other results" in problem for problem in problems)


def test_work_that_is_done_again_is_found(tmp_path: Path) -> None:
    wrong, out = toy(tmp_path, "restarts"), tmp_path / "out"
    reference = undisturbed(wrong, out)
    (problem,) = finished_and_run_again(wrong, reference, out)
    assert "run_0" in problem and problem.endswith("changed")


def test_two_that_mix_are_found(tmp_path: Path) -> None:
    wrong = toy(tmp_path, "appends")
    reference = undisturbed(wrong, tmp_path / "reference")
    (problem,) = two_at_once(wrong, reference, tmp_path / "out")
    assert problem == "after two at once: other results"


def test_results_that_depend_on_the_environment_are_found(
    tmp_path: Path, reference: Reference
) -> None:
    words = (sys.executable, str(TOY))  # hash seeds are heeded
    wrong = Subject((*words, "run", "{out}", "hashes"), (*words, "export", "{out}"), tmp_path)
    problems = differences(wrong, reference, tmp_path, TOGETHER)
    assert len(problems) == len(TOGETHER)
    assert all(problem.endswith(": other results") for problem in problems)


def test_workers_that_stay_are_found(
    tmp_path: Path, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crashes, "PATIENCE_S", 0.5)
    slow = replace(reference, seconds=4.0)  # so that it is killed long after its start
    problems = killed_and_resumed(toy(tmp_path, "stubborn"), slow, tmp_path, 1, kills=1, seed=1)
    assert problems == ["kill 0: workers outlive their command"]


def test_every_failing_operation_is_seen(
    tmp_path: Path, reference: Reference, disk: FailingDisk
) -> None:
    right = toy(tmp_path)
    operations = disk.operations(right, tmp_path / "counted")
    assert operations == 1 + 6 * 4  # mkdir; open, write, fsync, rename
    some = faults(spread(operations, 5))
    assert losses(disk, right, reference, tmp_path, some) == []


def test_losses_in_silence_are_found(
    tmp_path: Path, reference: Reference, disk: FailingDisk
) -> None:
    wrong = toy(tmp_path, "silent")
    problems = losses(disk, wrong, reference, tmp_path, faults([4]))
    assert len(problems) == 1
    assert problems[0].startswith("operation 4, ENOSPC (failed fsync ")
    assert problems[0].endswith("): a loss in silence")


def test_bugs_on_a_full_disk_are_found(
    tmp_path: Path, reference: Reference, disk: FailingDisk
) -> None:
    problems = losses(disk, toy(tmp_path, "traceback"), reference, tmp_path, faults([3]))
    assert len(problems) == 1 and "exit 1" in problems[0] and "a traceback" in problems[0]


def test_operations_are_spread_over_all() -> None:
    assert spread(3, 9) == [1, 2, 3]
    assert spread(100, 4) == [1, 34, 67, 100]
    assert {str(fault) for fault in faults([1, 2])} == {
        "operation 1, ENOSPC",
        "operation 2 and all later ones, EIO",
    }
