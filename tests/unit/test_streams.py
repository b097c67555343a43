"""When slots and orders come, and how much; by hand."""

from __future__ import annotations

from typing import Any

import pytest

import chainsim
from chainsim.outcome.trajectory import Trajectory

HOUR = 3_600


def run_of(site: dict[str, Any], **blocks: Any) -> Trajectory:
    scenario = {
        "name": "stream",
        "run": {"start": "2024-01-01", "length": "20 d", "record": {"log": True}},
        "items": {"part": {}},
        "sites": {"plant": site},
        **blocks,
    }
    return chainsim.simulate(chainsim.compile_network(chainsim.scenario_from_mapping(scenario)))


def starts(release: dict[str, Any], value: float = 1, before: float = 1) -> list[float]:
    """The hours of the first four starts, four a day where the profile is 1, from 2 d on."""
    make = {"outputs": {"part": 1}, "time": "1 h", "release": {"paced": "4 /d", **release}}
    profiles = {"pace": {"kind": "steps", "at": [["2 d", value]], "before": before}}
    run = run_of({"operations": {"make": make}}, profiles=profiles)
    return [entry.time / HOUR for entry in run.log if entry.what == "start"][:4]


@pytest.mark.parametrize("profile", [{}, {"profile": "pace"}])
def test_the_first_slot_comes_when_it_is_said(profile: dict[str, str]) -> None:
    assert starts(profile) == [6, 12, 18, 24]
    assert starts({**profile, "first": "1 h"}) == [1, 7, 13, 19]
    assert starts({**profile, "first": "50 h"}) == [50, 56, 62, 68]


def test_the_first_slot_follows_the_profile_from_then_on() -> None:
    """At half pace until 48 h slots are 12 h apart; at double pace from then on 3 h."""
    paced = {"profile": "pace", "first": "30 h"}
    assert starts(paced, before=0.5) == [30, 42, 51, 57]
    assert starts(paced, value=2) == [30, 36, 42, 48]


def test_the_first_slot_waits_while_the_profile_stands_still() -> None:
    paced = {"profile": "pace", "first": "30 h"}
    assert starts(paced, before=0) == [48, 54, 60, 66]
    assert starts({"profile": "pace", "first": "48 h"}, before=0) == [48, 54, 60, 66]


@pytest.mark.parametrize(
    ("size", "orders"),
    [
        ({}, 199),
        ({"size": 5}, 39),
        ({"size": {"dist": "discrete", "values": [4, 6], "p": [0.5, 0.5]}}, 39),
        ({"size": {"dist": "uniform", "low": 10, "high": 30}}, 9),
        ({"size": 0}, 0),
    ],
)
def test_the_rate_of_a_regular_stream_is_amount_per_time(size: dict[str, Any], orders: int) -> None:
    """Ten a day for 20 days in orders of mean size m: one every m / 10 d, the last not at 20 d."""
    demand = {"part": {"process": "regular", "rate": "10 /d", **size}}
    run = run_of({"stocks": {"part": {"unlimited": True}}, "demand": demand})
    assert sum(entry.what == "demand" for entry in run.log) == orders
