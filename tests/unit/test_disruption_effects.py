"""What the effects of a disruption reach, and what they leave alone; by hand."""

from __future__ import annotations

from typing import Any

import chainsim


def plant(effect: dict[str, Any]) -> dict[str, Any]:
    """Ten a day are made, and ten a day wanted of a large stock; days 2 to 6 are disrupted."""
    return {
        "name": "plant",
        "run": {"start": "2024-01-01", "length": "8 d"},
        "items": {"part": {}, "steel": {}},
        "sites": {
            "plant": {
                "stocks": {"steel": {"unlimited": True}, "part": {"initial": 1000}},
                "operations": {
                    "make": {"inputs": {"steel": 1}, "outputs": {"part": 1}, "rate": "10 /d"}
                },
                "demand": {"part": {"process": "plan", "rate": "10 /d"}},
            }
        },
        "disruptions": [
            {
                "id": "cut",
                "target": {"site": "plant"},
                "effect": effect,
                "timing": {"at": "2 d"},
                "duration": "4 d",
            }
        ],
    }


def test_the_floor_of_the_capacity_leaves_demand_alone() -> None:
    """Half the power is left, so 5 a day are made; demand falls to a tenth all the same."""
    scenario = plant({"capacity": 0, "floor": 0.5, "demand": 0.1})
    run = chainsim.simulate(chainsim.compile_network(chainsim.scenario_from_mapping(scenario)))
    demanded = run.daily("demands", "demanded", "plant/part") // 1000
    assert demanded.tolist() == [10, 10, 1, 1, 1, 1, 10, 10]
    started = run.daily("operations", "started", "plant/make") // 1000
    assert started[2:6].tolist() == [5, 5, 5, 5]
