"""A chain of three stages in series in which what binds follows by hand."""

from __future__ import annotations

from typing import Any

from chainsim import compile_network, scenario_from_mapping
from chainsim.network.compiled import CompiledNetwork
from chainsim.scenario.loading import Scenario

PRESS, LINE, BENCH = "upstream/press/part", "midstream/line/body", "midstream/bench/car"


def mapping(
    press: float = 150, line: float = 120, bench: float = 140, demand: float = 130, **changes: Any
) -> dict[str, Any]:
    """A works that presses parts and a plant with a line and a bench; rates per day.

    Customers want `demand` cars a day; the plant holds two days of parts, and all is deterministic.
    Lots and customers of one piece, or of `lot` for long runs.
    """
    lot = changes.pop("lot", 1)
    works = {
        "stage": "upstream",
        "stocks": {"part": {"initial": 50}},
        "operations": {
            "press": {
                "outputs": {"part": 1},
                "lot": lot,
                "rate": f"{press} /d",
                "release": {"pull": "part", "level": 50},
            }
        },
    }
    plant = {
        "stocks": {"part": {"initial": 260}},
        "operations": {
            "line": {
                "inputs": {"part": 1},
                "outputs": {"body": 1},
                "lot": lot,
                "rate": f"{line} /d",
                "release": {"pull": "car", "level": 20},
            },
            "bench": {
                "inputs": {"body": 1},
                "outputs": {"car": 1},
                "lot": lot,
                "rate": f"{bench} /d",
            },
        },
        "replenishment": {"part": {"policy": "base_stock", "level": 260, "sources": "works"}},
        "demand": {"car": {"process": "regular", "rate": f"{demand} /d", "size": lot}},
    }
    chain = {
        "name": "In series",
        "run": {"start": "2024-01-01", "length": "60 d", "warm_up": "31 d", "replications": 2},
        "output_item": "car",
        "items": {"part": {}, "body": {}, "car": {"unit": "vehicle"}},
        "sites": {"works": works, "plant": plant},
        "lanes": {"road": {"from": "works", "to": "plant", "items": ["part"], "transit": "12 h"}},
    }
    return chain | changes


def chain(**changes: Any) -> Scenario:
    return scenario_from_mapping(mapping(**changes))


def network(**changes: Any) -> CompiledNetwork:
    return compile_network(chain(**changes))
