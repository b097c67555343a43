"""The plan of items that are made, ordered, or both; by hand."""

from __future__ import annotations

from typing import Any

import chainsim


def plan_of(outputs: dict[str, Any], made: str, ordered: list[str]) -> dict[str, int]:
    """The plan of the third day, in units, where 10 cars a day are wanted of a plant."""
    sources = {"policy": "base_stock", "level": 5, "sources": "mill"}
    scenario = {
        "name": "make and buy",
        "run": {"start": "2024-01-01", "length": "10 d"},
        "items": {"car": {}, "kit": {}},
        "sites": {
            "mill": {"stocks": {item: {"unlimited": True} for item in ("car", "kit")}},
            "plant": {
                "operations": {
                    made: {"inputs": {"kit": 1}, "outputs": outputs, "rate": "5 /d"},
                },
                "replenishment": {item: sources for item in ordered},
                "demand": {"car": {"process": "plan", "rate": "10 /d"}},
            },
        },
        "lanes": {"road": {"from": "mill", "to": "plant", "items": ["car", "kit"]}},
    }
    network = chainsim.compile_network(chainsim.scenario_from_mapping(scenario))
    plan = network.plan_per_day
    return {network.stocks[stock].id: days[2] // 1000 for stock, days in plan.items()}


def test_what_is_made_needs_its_inputs() -> None:
    plan = plan_of({"car": 1}, "make", ["kit"])
    assert plan == {"plant/car": 10, "plant/kit": 10, "mill/kit": 10}


def test_what_is_made_and_ordered_is_not_planned_twice() -> None:
    """All ten cars are planned as ordered, so nothing is planned to be made."""
    plan = plan_of({"car": 1}, "make", ["car", "kit"])
    assert plan == {"plant/car": 10, "mill/car": 10}


def test_what_comes_back_need_not_be_ordered() -> None:
    """Of 5 lots 4 become cars: 12.5 kits a day, of which 2.5 come back."""
    outputs = {"car": {"share": 0.8}, "kit": {"share": 0.2}}
    plan = plan_of(outputs, "make", ["kit"])
    assert plan == {"plant/car": 10, "plant/kit": 12, "mill/kit": 10}


def test_a_lot_is_added_to_a_cover() -> None:
    """One car and one kit a day: two days of cover are 2 kits, with a lot of 25 they are 27."""
    scenario = {
        "name": "lots",
        "run": {"start": "2024-01-01", "length": "60 d"},
        "items": {"car": {}, "kit": {}},
        "sites": {
            "mill": {"stocks": {"kit": {"unlimited": True}}},
            "plant": {
                "stocks": {"kit": {"initial": {"cover": 2, "plus": 10}}},
                "operations": {
                    "make": {
                        "inputs": {"kit": 1},
                        "outputs": {"car": 1},
                        "lot": 25,
                        "rate": "100 /d",
                        "release": {"pull": "car", "level": {"cover": 1, "plus": 3}},
                    },
                },
                "replenishment": {
                    "kit": {
                        "policy": "base_stock",
                        "level": {"cover": 2, "plus": 25},
                        "sources": "mill",
                    }
                },
                "demand": {"car": {"process": "plan", "rate": "1 /d"}},
            },
        },
        "lanes": {"road": {"from": "mill", "to": "plant", "items": ["kit"]}},
    }
    network = chainsim.compile_network(chainsim.scenario_from_mapping(scenario))
    (policy,) = network.replenishments
    assert policy.level.daily[0] == 27_000
    assert network.operations[0].release.target.daily[0] == 4_000
    assert {stock.id: stock.initial for stock in network.stocks}["plant/kit"] == 12_000
    run = chainsim.simulate(network)
    assert run.daily("operations", "started", "plant/make").sum() == 75_000  # three lots
