"""The program among other processes: signals, streams that end, limits of the system."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.unit.cli_support import ROOT, SHORT, TINY, program, scenario, start

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and streams of POSIX")
QUICK = (*SHORT, "--replications", 1, "--workers", 1)


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A line of a shell in which `chainsim` is the program."""
    words = shlex.join(program())
    return subprocess.run(
        ["bash", "-c", f"chainsim() {{ {words} \"$@\"; }}\n{line}"],
        cwd=cwd, capture_output=True, text=True, timeout=100,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip


def options(*words: object) -> str:
    return shlex.join(map(str, words))


# ---- signals


@pytest.mark.parametrize("workers", [1, 2])
def test_termination_cleans_up_as_an_interrupt_does(tmp_path: Path, workers: int) -> None:
    file = scenario(tmp_path, TINY.replace("length: 40 d", "length: 20000 d"))
    process = start("run", file, "--workers", workers, "-v", "--out", "out", cwd=tmp_path)
    assert process.stderr is not None
    assert "sites" in process.stderr.readline()  # it is about to run
    time.sleep(1.0)
    os.kill(process.pid, signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 143
    assert "Traceback" not in errors
    assert list((tmp_path / "out").iterdir()) == []
    for _ in range(50):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("workers are left")


def test_termination_while_a_folder_is_written_leaves_nothing(tmp_path: Path) -> None:
    script = f"""
import os, signal, sys
from chainsim.report import folder
from chainsim.cli import main
folder.pictures = lambda run: os.kill(os.getpid(), signal.SIGTERM)
sys.argv = ["chainsim", "run", {str(scenario(tmp_path))!r}, *{[*map(str, QUICK)]!r}]
main()
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True)
    assert done.returncode == 143, done.stderr
    assert list((tmp_path / "results").iterdir()) == []


# ---- streams


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("| head -1; exit ${PIPESTATUS[0]}", 0),
        ("2>&1 | true; exit ${PIPESTATUS[0]}", 0),
        (">&-", 0),
        (">&- 2>&-", 0),
        ("> /dev/full", 4),
        ("> /dev/full 2>&1", 4),
    ],
)
def test_all_is_run_and_kept_whatever_becomes_of_the_output(
    tmp_path: Path, end: str, code: int
) -> None:
    if "/dev/full" in end and not Path("/dev/full").exists():
        pytest.skip("no device that is always full")
    for name in ("a", "b"):
        scenario(tmp_path, name=f"{name}.yaml")
    done = shell(f"chainsim run a.yaml b.yaml {options(*QUICK)} {end}", tmp_path)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr and "Error" not in done.stderr
    assert {path.name for path in (tmp_path / "results").iterdir()} == {"a", "b"}
    if end == "> /dev/full":
        assert done.stderr.splitlines()[-1] == "standard output: No space left on device"


def test_a_closed_pipe_is_no_failure_of_other_commands(tmp_path: Path) -> None:
    done = shell("chainsim schema | true; exit ${PIPESTATUS[0]}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


# ---- limits


@pytest.mark.parametrize("workers", [1, 2])
def test_too_few_open_files_are_one_line(tmp_path: Path, workers: int) -> None:
    scenario(tmp_path)
    for limit in (12, 16, 20):
        line = f"ulimit -n {limit}; chainsim run tiny.yaml {options(*SHORT)} --workers {workers}"
        done = shell(line + " -q", tmp_path)
        if done.returncode == 0:
            assert (tmp_path / "results" / "tiny" / "summary.json").exists()
            continue
        assert done.returncode == 4
        assert "Traceback" not in done.stderr
        assert "open files" in done.stderr and len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.glob("results/.*"))
