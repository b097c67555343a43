"""Bounds by linear programming, on chains whose answers follow by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import chainsim
from chainsim.experiments.bounds import least_lost, time_to_survive
from chainsim.experiments.fluid import State, holdings_of, initial_state, speeds_left, state_at
from chainsim.network.compiled import SECONDS_PER_DAY, CompiledNetwork

MONTH = 30
"""Days over which rates are averaged."""


def compiled(sites: dict[str, Any], **blocks: Any) -> CompiledNetwork:
    """A network of these sites; items are named wherever they appear."""
    scenario = {
        "name": "By hand",
        "run": {"start": "2024-01-01", "length": "60 d"},
        "items": {item: {} for item in ("steel", "part", "built", "failed", "vehicle", "permit")},
        "sites": sites,
        **blocks,
    }
    return chainsim.compile_network(chainsim.scenario_from_mapping(scenario))


def down(network: CompiledNetwork, *ids: str) -> dict[int, float]:
    """Nothing is left of these operations."""
    return {k: 0.0 for k, operation in enumerate(network.operations) if operation.id in ids}


def survived(network: CompiledNetwork, *ids: str, closed: tuple[int, ...] = ()) -> float | None:
    """The time to survive from the start, with some operations down and lanes closed."""
    return time_to_survive(network, initial_state(network, MONTH), down(network, *ids), closed)


def daily(amount: int) -> dict[str, Any]:
    return {"process": "regular", "rate": f"{amount} /d"}


BENCH: dict[str, Any] = {
    "stocks": {"vehicle": {"initial": 60}},
    "resources": {"bench": {"servers": 1}},
    "operations": {
        "build": {"outputs": {"built": 1}, "rate": "20 /d"},
        "test": {
            "inputs": {"built": 1},
            "outputs": {"vehicle": {"share": 0.9}, "failed": {"share": 0.1}},
            "time": "1 h",
            "resource": "bench",
        },
        "rework": {
            "inputs": {"failed": 1},
            "outputs": {"built": 1},
            "time": {"dist": "exponential", "mean": "2 h"},
            "resource": "bench",
        },
    },
    "demand": {"vehicle": daily(24)},
}


def test_rework_and_a_shared_bench() -> None:
    """20 built and r mended a day are 20 + r tests: with 20 + r + 2 r = 24 the bench is full.

    So 64/3 are tested a day and 0.9 of them, 19.2, are good: of 24 wanted 4.8 come from the stock.
    """
    network = compiled({"plant": BENCH})
    assert survived(network) == pytest.approx(60 / 4.8)
    assert survived(network, "plant/rework") == pytest.approx(60 / 6)
    assert survived(network, "plant/build") == pytest.approx(2.5)
    state = initial_state(network, MONTH)
    assert least_lost(network, state, {}) == pytest.approx(4.8 * MONTH - 60)
    assert least_lost(network, state, {}, days=10) == pytest.approx(0, abs=1e-6)
    assert least_lost(network, state, down(network, "plant/test"), days=4) == pytest.approx(36)


def test_what_servers_hold_comes_out_unless_they_stop() -> None:
    """Ten lots on test are ten vehicles: nine at once, and one in the end after rework."""
    network = compiled({"plant": BENCH})
    in_process = np.zeros(len(network.operations))
    in_process[list(down(network, "plant/test"))] = 10
    state = replace(initial_state(network, MONTH), in_process=in_process)
    found = time_to_survive(network, state, down(network, "plant/build"))
    assert found == pytest.approx(70 / 24)
    assert time_to_survive(network, state, down(network, "plant/test")) == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        ({"capacity": 0}, 28 / 24),
        ({"capacity": {"dist": "uniform", "low": 0.2, "high": 0.4}}, 28 / 15),
        ({"capacity": 0, "floor": 0.5}, 28 / 9),
        ({"demand": 2}, None),
    ],
)
def test_what_a_disruption_leaves_of_the_speed(
    effect: dict[str, Any], expected: float | None
) -> None:
    """Nothing, three tenths, half or all of 30 a day, of which 24 are wanted."""
    site = {
        "stocks": {"vehicle": {"initial": 28}},
        "operations": {"line": {"outputs": {"vehicle": 1}, "rate": "30 /d"}},
        "demand": {"vehicle": daily(24)},
    }
    outage = {
        "id": "outage",
        "target": {"site": "plant"},
        "effect": effect,
        "timing": {"at": "1 d"},
        "duration": "9 d",
    }
    network = compiled({"plant": site}, disruptions=[outage])
    left = speeds_left(network, network.disruptions[0])
    found = time_to_survive(network, initial_state(network, MONTH), left)
    assert found == (expected and pytest.approx(expected))


def test_backup_power_counts() -> None:
    """24 a day are wanted; 28 are there and a third of 30 a day goes on: 28 / 14 days."""
    site = {
        "stocks": {"vehicle": {"initial": 28}},
        "operations": {"line": {"outputs": {"vehicle": 1}, "rate": "30 /d"}},
        "demand": {"vehicle": daily(24)},
    }
    outage = {
        "id": "outage",
        "target": {"site": "plant"},
        "effect": {"capacity": 0},
        "timing": {"at": "1 d"},
        "duration": "9 d",
    }
    engine = {"kind": "backup_power", "at": "plant", "floor": "= 1 / 3"}
    network = compiled({"plant": site}, disruptions=[outage], responses={"engine": engine})
    left = speeds_left(network, network.disruptions[0])
    found = time_to_survive(network, initial_state(network, MONTH), left)
    assert found == pytest.approx(28 / 14)


def test_calendars_profiles_and_scrap() -> None:
    """Half the day at half speed with a tenth scrapped: 96 x 0.25 x 0.9 = 21.6 of 24."""
    press = {
        "outputs": {"vehicle": {"share": 0.9}, "scrap": {"share": 0.1}},
        "rate": "96 /d",
        "capacity": 0.5,
    }
    site = {
        "calendar": "days",
        "stocks": {"vehicle": {"initial": 24}},
        "operations": {"press": press},
        "demand": {"vehicle": daily(24)},
    }
    network = compiled({"plant": site}, calendars={"days": {"week": {"mon-sun": ["06:00-18:00"]}}})
    assert survived(network) == pytest.approx(24 / 2.4)


def test_operations_that_work_in_turn_do_not_add_up_their_calendars() -> None:
    """One server, by day for one operation and by night for the other: each has half its time."""
    halves = {"day": "06:00-18:00", "night": "18:00-06:00"}
    site = {
        "stocks": {"vehicle": {"initial": 30}},
        "resources": {"server": {}},
        "operations": {
            half: {
                "outputs": {"vehicle": 1},
                "rate": "24 /d",
                "calendar": half,
                "resource": "server",
            }
            for half in halves
        },
        "demand": {"vehicle": daily(27)},
    }
    calendars = {half: {"week": {"mon-sun": [shift]}} for half, shift in halves.items()}
    network = compiled({"plant": site}, calendars=calendars)
    assert survived(network) == pytest.approx(10)
    assert survived(network, "plant/day") == pytest.approx(2)


def two_sources(**lane: Any) -> CompiledNetwork:
    """A plant that needs 20 parts a day, from a source with 100 of them and one that makes 15."""
    return compiled(
        {
            "first": {"stocks": {"part": {"initial": 100}}},
            "second": {"operations": {"press": {"outputs": {"part": 1}, "rate": "15 /d"}}},
            "plant": {
                "stocks": {"part": {"initial": 40}},
                "replenishment": {
                    "part": {
                        "policy": "base_stock",
                        "level": 40,
                        "sources": {"first": 0.5, "second": 0.5},
                    }
                },
                "demand": {"part": daily(20)},
            },
        },
        lanes={
            "one": {"from": "first", "to": "plant", "items": ["part"], "transit": "3 d", **lane},
            "two": {"from": "second", "to": "plant", "items": ["part"], "transit": "3 d"},
        },
    )


def test_a_closed_lane() -> None:
    """Any share may come from either source: 140 and 15 a day; without one lane 40 and 15 a day."""
    network = two_sources()
    assert survived(network) == pytest.approx(140 / 5)
    assert survived(network, closed=(0,)) == pytest.approx(40 / 5)
    assert survived(network, closed=(1,)) == pytest.approx(140 / 20)
    assert survived(network, closed=(0, 1)) == pytest.approx(2)
    state = initial_state(network, MONTH)
    assert least_lost(network, state, {}, closed=[0], days=10) == pytest.approx(10)


def test_the_quota_of_a_lane_and_goods_on_the_road() -> None:
    """2 a day come from the first source: 17 of 20, so that 40 and 11 on the road last 17 days."""
    on_the_road = [{"item": "part", "amount": 11, "arrives": "1 d"}]
    network = two_sources(capacity_per_day=2, in_transit=on_the_road)
    assert survived(network) == pytest.approx(51 / 3)


def test_unlimited_stocks_arrivals_and_slots() -> None:
    """Steel never ends; 10 parts arrive and 8 slots come a day, and 9 vehicles are wanted."""
    site = {
        "stocks": {"steel": {"unlimited": True}, "vehicle": {"initial": 5}},
        "operations": {
            "line": {
                "inputs": {"steel": 3, "part": 1},
                "outputs": {"vehicle": 1},
                "rate": "50 /d",
                "release": {"paced": "8 /d", "missed": "lost"},
            }
        },
        "arrivals": {"part": {"process": "poisson", "rate": "10 /d"}},
        "demand": {"vehicle": daily(9)},
    }
    assert survived(compiled({"plant": site})) == pytest.approx(5)
    site["demand"] = {"vehicle": daily(8)}
    assert survived(compiled({"plant": site})) is None
    site["arrivals"] = {"part": {"process": "poisson", "rate": "7 /d"}}
    assert survived(compiled({"plant": site})) == pytest.approx(5)


def test_what_is_not_consumed_has_to_be_there() -> None:
    """A permit that is there, or can come, lets the line run for ever."""
    permit = {"inputs": {"permit": {"amount": 1, "consumed": False}}}
    site = {
        "stocks": {"vehicle": {"initial": 20}},
        "operations": {
            "line": {**permit, "outputs": {"vehicle": 1}, "rate": "10 /d"},
            "office": {"outputs": {"permit": 1}, "rate": "1 /d"},
        },
        "demand": {"vehicle": daily(5)},
    }
    assert survived(compiled({"plant": site})) is None
    assert survived(compiled({"plant": site}), "plant/office") == pytest.approx(4)
    site["stocks"] = {"vehicle": {"initial": 20}, "permit": {"initial": 1}}
    assert survived(compiled({"plant": site}), "plant/office") is None


def test_the_state_of_a_run_counts_what_is_under_way() -> None:
    """Three days of parts on hand and two on the road, less than an hour's use of each other."""
    network = compiled(
        {
            "mill": {"operations": {"press": {"outputs": {"part": 1}, "rate": "48 /d",
                                              "release": {"pull": "part", "level": 0}}}},
            "plant": {
                "stocks": {"part": {"initial": 120}},
                "replenishment": {"part": {"policy": "base_stock", "level": 120,
                                           "sources": "mill"}},
                "demand": {"part": daily(24)},
            },
        },
        lanes={"road": {"from": "mill", "to": "plant", "items": ["part"], "transit": "2 d"}},
    )  # fmt: skip
    run = chainsim.simulate(network)
    begin = 20 * SECONDS_PER_DAY
    state = state_at(network, [holdings_of(network, run)] * 2, begin, 20)
    plant = [stock.id for stock in network.stocks].index("plant/part")
    assert state.goods[plant] == pytest.approx(120, abs=1)
    assert state.in_process.sum() == pytest.approx(120 - state.goods[plant])
    assert dict(state.demand) == {plant: pytest.approx(24)}
    found = time_to_survive(network, state, down(network, "mill/press"))
    assert found == pytest.approx(5, abs=1 / 24)
    first = state_at(network, [holdings_of(network, run)], 0, 20)
    assert first.goods[plant] == initial_state(network, 20).goods[plant] == 120


def test_what_is_blocked_is_there_even_if_its_server_stops() -> None:
    """A server has made ten parts for which there is no room; its own stop does not matter."""
    press = {"outputs": {"part": 10}, "rate": "1 /h"}
    site = {
        "stocks": {"part": {"initial": 0, "room": 10}},
        "operations": {"press": press},
        "demand": {"part": {"process": "trace", "events": [["50 d", 30]]}},
    }
    network = compiled({"plant": site})
    state = state_at(
        network, [holdings_of(network, chainsim.simulate(network))], 20 * SECONDS_PER_DAY, 40
    )
    assert state.goods.tolist() == [20] and state.in_process.tolist() == [0]
    assert least_lost(network, state, down(network, "plant/press")) == pytest.approx(10)


def test_a_stock_that_nothing_touches_lasts_as_long_as_it_lasts() -> None:
    shop = {"stocks": {"vehicle": {"initial": 12}}, "demand": {"vehicle": daily(5)}}
    assert survived(compiled({"shop": shop})) == pytest.approx(12 / 5)


def test_a_state_without_sense_is_refused() -> None:
    state = initial_state(two_sources(), MONTH)
    for wrong in ({"goods": -state.goods}, {"days": 0.0}, {"demand": {0: float("nan")}}):
        with pytest.raises(ValueError, match="finite and not below zero"):
            replace(state, **wrong)


def test_customers_who_want_nothing_are_served_for_ever() -> None:
    network = two_sources()
    state = replace(initial_state(network, MONTH), demand={})
    assert isinstance(state, State)
    assert time_to_survive(network, state, {}) is None
    assert least_lost(network, state, {}) == 0
