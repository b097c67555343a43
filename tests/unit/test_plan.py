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
