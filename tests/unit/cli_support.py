"""A tiny chain and ways to call the program, for the tests of the command line and of results."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from chainsim.cli import cli

ROOT = Path(__file__).parents[2]
TINY = """\
name: Tiny chain
run: {start: 2022-01-03, length: 40 d, settled: 5 d, replications: 3, seed: 7}
output_item: car
items:
  raw: {unit: unit}
  part: {unit: piece}
  car: {unit: vehicle}
calendars:
  two_shifts:
    week: {mon-sat: ['06:00-14:00', '14:00-22:00']}
    special:
      - {from: 2022-01-31, to: 2022-02-03}
sites:
  plant:
    stage: upstream
    region: north
    stocks: {part: {initial: 300}, raw: {unlimited: true}}
    operations:
      make:
        inputs: {raw: 1}
        outputs: {part: 1}
        rate: 30 /h
        lot: 10
        release: {pull: part, level: 300}
  maker:
    stage: midstream
    region: south
    calendar: two_shifts
    stocks: {part: {initial: 300}}
    operations:
      line:
        inputs: {part: 1}
        outputs: {car: 1}
        lot: 10
        time: {dist: lognormal, mean: 1 h, cv: 0.2}
        release: {pull: car, level: 20}
    replenishment:
      part: {policy: periodic, review: {every: 1 d, at: '05:00'}, level: 300, sources: plant}
    demand:
      car: {process: poisson, rate: 100 /d}
lanes:
  road: {from: plant, to: maker, items: [part], transit: 12 h}
disruptions:
  - id: flood
    target: {region: north}
    effect: {capacity: 0}
    timing: {at: 2022-01-17}
    duration: 4 d
    recovery: {shape: linear, over: 2 d}
"""
SHORT = ["--set", "run.length=6 d", "--set", "disruptions=[]", "--replications", "2"]
"""Options that make the tiny chain a quick one."""


def scenario(folder: Path, text: str = TINY, name: str = "tiny.yaml") -> Path:
    """A scenario file."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def call(*words: Any) -> Result:
    """The program within this process."""
    return CliRunner().invoke(cli, [str(word) for word in words])


def program(*words: Any) -> list[str]:
    """The command that starts the program as a process of its own."""
    return [sys.executable, "-W", "error", "-m", "chainsim", *map(str, words)]


def start(*words: Any, cwd: Path, **environment: str) -> subprocess.Popen[str]:
    """The program as a process of its own, in a process group of its own."""
    return subprocess.Popen(
        program(*words),
        cwd=cwd,
        env=_environment(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
        preexec_fn=_heed_interrupts,
    )


def _heed_interrupts() -> None:
    """What a shell starts in the background ignores interrupts, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def finished(*words: Any, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program as a process of its own, run to its end."""
    return subprocess.run(
        program(*words),
        cwd=cwd,
        env=_environment(environment),
        capture_output=True,
        encoding="utf-8",
        timeout=100,
    )


def _environment(changes: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), **changes}
