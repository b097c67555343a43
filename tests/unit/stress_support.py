"""A chain in which every knock-out has an answer that follows by hand."""

from __future__ import annotations

from typing import Any

from chainsim import scenario_from_mapping
from chainsim.scenario.loading import Scenario

DAILY = 24
"""Vehicles, one an hour, each of one part of either kind."""
COVER = {"a": 5, "b": 10}
"""Days of parts on hand, by supplier; two more days are on the road."""


def supplier(item: str, region: str) -> dict[str, Any]:
    press: dict[str, Any] = {
        "inputs": {"steel": 1},
        "outputs": {item: 1},
        "rate": f"{2 * DAILY} /d",
    }
    if item[-1] in COVER:
        press["release"] = {"pull": item, "level": 0}
    return {
        "stage": "upstream",
        "region": region,
        "tags": {"makes": item},
        "stocks": {"steel": {"unlimited": True}, item: {"room": 100}},
        "operations": {"press": press},
    }


def plant() -> dict[str, Any]:
    parts = {f"part_{key}": DAILY * (days + 2) for key, days in COVER.items()}
    return {
        "region": "middle",
        "stocks": {part: {"initial": level} for part, level in parts.items()},
        "operations": {
            "line": {
                "inputs": dict.fromkeys(parts, 1),
                "outputs": {"vehicle": 1},
                "rate": f"{2 * DAILY} /d",
                "release": {"pull": "vehicle", "level": 0},
            }
        },
        "demand": {"vehicle": {"process": "regular", "every": "1 h", "first": "1 h"}},
        "replenishment": {
            part: {"policy": "base_stock", "level": level, "sources": part[-1]}
            for part, level in parts.items()
        },
    }


def lane(origin: str) -> dict[str, Any]:
    return {"from": origin, "to": "plant", "items": [f"part_{origin}"], "transit": "2 d"}


def mapping(**changes: Any) -> dict[str, Any]:
    """Two suppliers in the south, one in the north from which nobody orders, and an institute."""
    lab = {
        "stage": "downstream",
        "arrivals": {"sample": {"process": "regular", "rate": "1 /d"}},
        "operations": {"test": {"inputs": {"sample": 1}, "outputs": {"report": 1}, "rate": "4 /d"}},
        "demand": {"report": {"process": "regular", "rate": "1 /d"}},
    }
    regions = {"a": "south", "b": "south", "c": "north"}
    items = ["steel", "vehicle", "sample", "report", *(f"part_{key}" for key in regions)]
    scenario = {
        "name": "By hand",
        "run": {"start": "2024-01-01", "length": "40 d", "replications": 1},
        "items": {item: {} for item in items},
        "sites": {key: supplier(f"part_{key}", region) for key, region in regions.items()}
        | {"plant": plant(), "lab": lab},
        "lanes": {f"road_{key}": lane(key) for key in regions},
        "output_item": "vehicle",
        "resilience": {"fail": "0 d", "recover": "0 d", "hold": "3 d"},
    }
    return scenario | changes


def by_hand(**changes: Any) -> Scenario:
    return scenario_from_mapping(mapping(**changes))
