"""Documented figures are measured over their own days, or not at all; by hand."""

from __future__ import annotations

from typing import Any

import pytest

import chainsim
from chainsim.outcome.validation import measures_of


def measured(**window: str) -> tuple[float | None, list[str]]:
    """The output from 6 to 15 January of a plant that makes 10 a day; what is warned of."""
    scenario: dict[str, Any] = {
        "name": "plant",
        "run": {"start": "2024-01-06", "length": "10 d", "settled": "5 d"},
        "items": {"part": {}},
        "output_item": "part",
        "sites": {"plant": {"operations": {"make": {"outputs": {"part": 1}, "rate": "10 /d"}}}},
        "observed": [{"id": "made", "measure": "output", "value": 1, "source": "A", **window}],
    }
    read = chainsim.scenario_from_mapping(scenario)
    network = chainsim.compile_network(read)
    values = measures_of(read.document, network, chainsim.simulate(network))
    return values["made"], [str(warning) for warning in read.warnings]


@pytest.mark.parametrize(
    ("window", "made"),
    [
        ({}, 100),
        ({"from": "2024-01-06", "to": "2024-01-15"}, 100),
        ({"from": "2024-01-08", "to": "2024-01-09"}, 20),
        ({"from": "2024-01-14"}, 20),
        ({"to": "2024-01-06"}, 10),
    ],
)
def test_days_of_the_run_are_measured(window: dict[str, str], made: int) -> None:
    assert measured(**window) == (made, [])


@pytest.mark.parametrize(
    ("window", "end"),
    [
        ({"from": "2024-01-05", "to": "2024-01-08"}, "from"),
        ({"from": "2023-01-01", "to": "2023-12-31"}, "from"),
        ({"from": "2024-01-08", "to": "2024-01-16"}, "to"),
        ({"from": "2025-01-01", "to": "2025-12-31"}, "to"),
        ({"to": "2024-01-16"}, "to"),
        ({"from": "2024-01-16"}, "from"),
        ({"from": "2024-01-09", "to": "2024-01-08"}, "from"),
        ({"to": "2024-01-05"}, "to"),
        ({"to": "2023-01-05"}, "to"),
    ],
)
def test_days_outside_the_run_are_not(window: dict[str, str], end: str) -> None:
    value, (warning,) = measured(**window)
    assert value is None
    assert f"observed.made.{end} must" in warning
    assert "it is not compared" in warning
