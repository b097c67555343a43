"""A chain that runs in no time with what is expected of it, and replications that fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from tests.unit.cli_support import TINY, call, scenario

from chainsim.experiments import readings
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.trajectory import Trajectory

BRIEF = TINY.split("disruptions:")[0].replace("40 d", "6 d").replace("settled: 5 d, ", "")
"""The tiny chain for six days, without a disruption."""
ALONE = ("--workers", 1, "-q")
PASS = "{id: enough, measure: output, at_least: 1}"
FAIL = "{id: too_much, measure: output, at_least: 999999}"
TIE = "{id: tie, measure: demanded, at_least: 600}"
"""Demand is 100 a day for six days, so its mean is exactly 600."""


def expecting(folder: Path, *rows: str, name: str = "tiny.yaml", text: str = BRIEF) -> Path:
    """A scenario file that expects some things."""
    block = "".join(f"  - {row}\n" for row in rows)
    return scenario(folder, f"{text}expect:\n{block}" if rows else text, name)


def check(*words: Any) -> Result:
    return call("check", *words, *ALONE)


def checks_of(done: Result, file: int = 0) -> dict[str, dict[str, Any]]:
    """The checks of one file by id."""
    return {row["id"]: row for row in json.loads(done.stdout)["files"][file]["checks"]}


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[int, Exception]]:
    """Replications that fail, by number."""
    failing: dict[int, Exception] = {}
    simulate = readings.simulate

    def maybe(network: CompiledNetwork, number: int) -> Trajectory:
        if number in failing:
            raise failing[number]
        return simulate(network, number)

    monkeypatch.setattr(readings, "simulate", maybe)
    yield failing
