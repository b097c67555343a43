"""Static capacity of hand-built chains: the arithmetic stands at each test."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from copy import deepcopy
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import chainsim
from chainsim.network.static_capacity import (
    GroupCapacity,
    StaticCapacity,
    month_edges,
    static_capacity,
)
from tests.verification.catalogue import SCENARIOS

YEAR = {"start": "2025-01-01", "end": "2026-01-01"}
HOLIDAYS = [
    {"from": "2025-01-01"},
    {"from": "2025-01-28", "to": "2025-02-04"},
    {"from": "2025-04-04", "to": "2025-04-06"},
    {"from": "2025-05-01", "to": "2025-05-05"},
    {"from": "2025-05-31", "to": "2025-06-02"},
    {"from": "2025-10-01", "to": "2025-10-08"},
    {"from": "2025-01-26", "shifts": "usual"},
    {"from": "2025-02-08", "shifts": "usual"},
    {"from": "2025-04-27", "shifts": "usual"},
    {"from": "2025-09-28", "shifts": "usual"},
    {"from": "2025-10-11", "shifts": "usual"},
]


def plant(**operation: Any) -> dict[str, Any]:
    """A plant that makes 60 vehicles an hour in two shifts of the calendar of A-D11."""
    line = {"outputs": {"vehicle": 1}, "lot": 60, "rate": "60 /h", "release": {"pull": "vehicle"}}
    line["release"] = {"pull": "vehicle", "level": 600}
    return {
        "name": "Capacity by hand",
        "run": YEAR,
        "items": {"vehicle": {}},
        "calendars": {
            "two_shifts": {
                "week": {"mon-fri": ["08:00-16:00", "16:00-24:00"]}, "special": HOLIDAYS
            }
        },
        "sites": {
            "plant": {
                "stage": "midstream",
                "calendar": "two_shifts",
                "operations": {"line": line | operation},
                "demand": {"vehicle": {"process": "plan", "rate": "500 /d"}},
            }
        },
        "output_item": "vehicle",
    }  # fmt: skip


def capacity(scenario: dict[str, Any]) -> StaticCapacity:
    """The static capacity of a scenario by month."""
    network = chainsim.compile_network(chainsim.scenario_from_mapping(scenario))
    _, edges = month_edges(network.horizon)
    return static_capacity(network, edges)


def group(found: StaticCapacity, name: str) -> GroupCapacity:
    """The group of a name."""
    (one,) = (one for one in found.groups if one.name == name)
    return one


def whole(values: Iterable[float]) -> float:
    """The sum over the months."""
    return float(sum(values))


FAILS = [{"up": {"dist": "exponential", "mean": "23 h"},
          "repair": {"dist": "exponential", "mean": "2 h"}}]  # fmt: skip


@pytest.mark.case("A-C03b")
def test_capacity_of_a_year_with_breakdowns() -> None:
    """60 an hour x 16 h x 248 working days x 23 / (23 + 2) = 219,033.6 vehicles."""
    line = group(capacity(plant(breakdowns=FAILS)), "line")
    assert whole(line.capacity) == pytest.approx(219_033.6, rel=1e-6)


@pytest.mark.case("A-D11")
def test_open_hours_of_a_year() -> None:
    """248 days x 16 h = 3,968 h; with one vehicle an hour the capacity is the hours."""
    found = capacity(plant(rate="1 /h", lot=1))
    assert whole(group(found, "line").capacity) == pytest.approx(3968, rel=1e-9)
    # January 2025 has 23 weekdays less 1 and 28 to 31 January, and Sunday 26: 19 days of 16 h.
    assert group(found, "line").capacity[0] == pytest.approx(19 * 16, rel=1e-6)


@pytest.mark.parametrize("change", [{"servers": 2}, {"rate": "120 /h"}, {"capacity": 2}])
def test_doubled_capacity_doubles(change: dict[str, Any]) -> None:
    once, twice = (group(capacity(plant(**c)), "line") for c in ({}, change))
    assert twice.capacity == pytest.approx(2 * once.capacity)


def test_several_modes_of_failure_do_not_wear_together() -> None:
    """1 / (1 + 2/23 + 1/10) of the open time is left (Buzacott)."""
    modes = [*FAILS, {"up": "10 h", "repair": "1 h"}]
    found = capacity(plant(breakdowns=modes))
    expected = 60 * 3968 / float(1 + Fraction(2, 23) + Fraction(1, 10))
    assert whole(group(found, "line").capacity) == pytest.approx(expected, rel=1e-6)


def test_a_repair_until_the_next_shift_takes_half_a_shift() -> None:
    """496 shifts of 8 h start in 3,968 h: 4 h for every 36 h of work leave 36 / 40."""
    found = capacity(plant(breakdowns=[{"up": "36 h", "repair": "shift"}]))
    assert whole(group(found, "line").capacity) == pytest.approx(0.9 * 60 * 3968, rel=1e-6)


def test_the_profile_of_a_capacity_counts() -> None:
    """From July on two thirds: 131 of 248 working days lie in the second half of 2025."""
    scenario = plant(capacity="less")
    at = [["2025-07-01", 0.5]]
    scenario["profiles"] = {"less": {"kind": "steps", "before": 1, "at": at}}
    full, half = capacity(plant()), capacity(scenario)
    ratio = group(half, "line").capacity / group(full, "line").capacity
    assert ratio == pytest.approx([1] * 6 + [0.5] * 6)


def test_a_static_bottleneck() -> None:
    """A-D19: batteries 300 + 250 a day; assembly 480; three benches of 22 h at 8 min a test, of
    which 47 in 50 pass: 3 x 22 x 60 / 8 x 0.94 = 465.3; chips 8,000 at 8 a vehicle: 1,000.
    """
    network = chainsim.compile_network(
        chainsim.load_scenario(SCENARIOS / "A-D19.yaml", ["output_item=vehicle"])
    )
    # The market orders a million at one time and nobody buys there, so it gets a demand by plan.
    assert not static_capacity(network, month_edges(network.horizon)[1]).groups
    wanted = ["output_item=vehicle", "sites.market.demand={vehicle: {process: plan, rate: 400 /d}}"]
    network = chainsim.compile_network(chainsim.load_scenario(SCENARIOS / "A-D19.yaml", wanted))
    found = static_capacity(network, np.array([0, 86_400, 10 * 86_400]))
    rates = {g.name + " " + g.item: g.capacity.tolist() for g in found.groups}
    days = np.array([1, 9])
    assert found.plan == pytest.approx(400 * days)
    assert rates["assembly untested"] == pytest.approx(480 * days)
    assert rates["test vehicle"] == pytest.approx(465.3 * days)
    assert rates["make battery"] == pytest.approx(550 * days, rel=1e-6)
    assert rates["make chip"] == pytest.approx(1000 * days)
    assert found.binding(0).name == "test"


def two_makers() -> dict[str, Any]:
    """Two makers at 20 and 30 a day; two thirds of 24 a day are wanted of the smaller one."""
    scenario = plant()
    (line,) = scenario["sites"]["plant"]["operations"].values()
    scenario["sites"] = {}
    for site, rate, wanted in (("small", 20, 16), ("large", 30, 8), ("idle", 50, 0)):
        scenario["sites"][site] = {
            "stage": "midstream",
            "operations": {"line": line | {"rate": f"{rate} /d", "lot": 1}},
            "demand": {"vehicle": {"process": "plan", "rate": f"{wanted} /d"}},
        }
    return scenario


def test_sites_of_a_group_together_and_alone() -> None:
    """Together 50 a day; with two thirds of the work the smaller one ends at 20 x 3 / 2 = 30. What
    the plan never uses does not count.
    """
    line = group(capacity(two_makers()), "line")
    days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    assert line.capacity == pytest.approx(50 * days)
    assert line.tightest == pytest.approx(30 * days)
    assert set(line.tightest_site) == {"small"}


def test_operations_that_share_servers() -> None:
    """A vehicle takes 2 h of painting and 1 h of polish of two crews: 24 x 2 / 3 = 16 a day."""
    scenario = plant()
    site = scenario["sites"]["plant"]
    del site["calendar"]
    scenario["items"]["painted"] = {}
    site["resources"] = {"crew": {"servers": 2}}
    paint = {"outputs": {"painted": 1}, "time": "2 h", "resource": "crew"}
    polish = {"inputs": {"painted": 1}, "outputs": {"vehicle": 1}, "time": "1 h"}
    site["operations"] = {"paint": paint, "polish": polish | {"resource": "crew"}}
    crew = group(capacity(scenario), "crew")
    assert crew.capacity[0] == pytest.approx(16 * 31)


def test_a_month_without_a_plan_has_the_needs_of_the_others() -> None:
    """Demand in January alone: the capacity of every month is that of its open hours."""
    scenario = plant()
    demand = {"process": "trace", "events": [["2025-01-02", 10]]}
    scenario["sites"]["plant"]["demand"] = {"vehicle": demand}
    found = capacity(scenario)
    assert found.plan == pytest.approx([10] + [0] * 11)
    assert group(found, "line").capacity == pytest.approx(group(capacity(plant()), "line").capacity)


def test_months_end_with_the_run() -> None:
    scenario = plant()
    scenario["run"] = {"start": "2025-01-15", "length": "40 d", "settled": "14 d"}
    network = chainsim.compile_network(chainsim.scenario_from_mapping(scenario))
    firsts, edges = month_edges(network.horizon)
    assert firsts == [dt.date(2025, 1, 1), dt.date(2025, 2, 1)]
    assert (edges / 86_400).tolist() == [14, 14 + 17, 14 + 40]


def test_capacity_does_not_see_disruptions() -> None:
    scenario = deepcopy(plant())
    scenario["disruptions"] = [
        {"id": "fire", "target": {"site": "plant"}, "effect": {"capacity": 0},
         "timing": {"at": "2025-03-01"}, "duration": "30 d"}
    ]  # fmt: skip
    struck, usual = (group(capacity(s), "line").capacity for s in (scenario, plant()))
    assert struck == pytest.approx(usual)


def test_a_closed_site_and_work_without_time_give_no_false_limit() -> None:
    """Closed in February: nothing can be made then; a press of no time never limits."""
    scenario = plant()
    scenario["items"]["sheet"] = {}
    site = scenario["sites"]["plant"]
    site["operations"]["press"] = {"outputs": {"sheet": 1}, "time": "0 s"}
    site["operations"]["line"]["inputs"] = {"sheet": 1}
    site["operations"]["press"]["release"] = {"pull": "sheet", "level": 100}
    special = scenario["calendars"]["two_shifts"]["special"]
    special.append({"from": "2025-02-01", "to": "2025-02-28"})
    found = capacity(scenario)
    assert np.isinf(group(found, "press").capacity).all()
    line = group(found, "line")
    assert line.capacity[1] == 0
    assert found.binding(1) is line
