"""The page on growth has a scenario that does what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainsim import compile_network, simulate
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.measures import daily_output
from chainsim.outcome.trajectory import Trajectory
from chainsim.scenario.loading import scenario_from_text

PAGE = Path(__file__).parents[2] / "docs" / "growth.md"
DAYS = (range(30, 396), range(396, 761), range(761, 1126))
"""Of 2024 (a leap year), 2025 and 2026, after thirty days of settling."""


def delivered(run: Trajectory) -> list[int]:
    by_day = run.tables["demands"].counts["delivered"].sum(axis=1)
    return [int(by_day[days.start : days.stop].sum()) // 1000 for days in DAYS]


def network(text: str) -> CompiledNetwork:
    scenario = scenario_from_text(text)
    assert scenario.warnings == ()
    return compile_network(scenario)


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text("utf-8").split("```yaml\n")[1].split("```")[0]


def test_the_path_is_delivered(text: str) -> None:
    chain = network(text)
    run = simulate(chain)
    assert delivered(run) == [3600, 5000, 7000]
    assert daily_output(chain, run)[761:].sum() / 1000 == pytest.approx(7000, abs=14)


def test_without_the_second_line_the_last_year_falls_short(text: str) -> None:
    """Fourteen a day are 5,110 in a year, and a little that was in stock."""
    run = simulate(network(text.replace("share: 0.5, start", "share: 0, start")))
    assert delivered(run)[:2] == [3600, 5000]
    assert 5110 <= delivered(run)[2] <= 5110 + 40
