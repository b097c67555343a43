"""The laws see what is below zero, whatever it is; by hand."""

from __future__ import annotations

from typing import Any

import pytest

import chainsim
from chainsim.errors import LawError
from chainsim.outcome.laws import LAWS, check_laws, residuals
from chainsim.outcome.packing import packed_series

SERIES = [
    ("operations", "counts", "completed"),
    ("operations", "counts", "missed"),
    ("operations", "levels", "blocked"),
    ("demands", "counts", "at_once"),
    ("demands", "levels", "backlog"),
    ("stocks", "counts", "turned_away"),
    ("stocks", "levels", "on_hand"),
    ("lanes", "counts", "shipments"),
    ("lanes", "levels", "staged"),
    ("resources", "counts", "slow_loss"),
]


def chain() -> dict[str, Any]:
    return {
        "name": "chain",
        "run": {"start": "2024-01-01", "length": "3 d"},
        "items": {"part": {}},
        "sites": {
            "plant": {"operations": {"make": {"outputs": {"part": 1}, "rate": "10 /d"}}},
            "shop": {
                "replenishment": {"part": {"policy": "base_stock", "level": 5, "sources": "plant"}},
                "demand": {"part": {"process": "plan", "rate": "5 /d"}},
            },
        },
        "lanes": {"road": {"from": "plant", "to": "shop", "items": ["part"]}},
    }


@pytest.mark.parametrize(("kind", "part", "name"), SERIES)
def test_nothing_may_be_below_zero(kind: str, part: str, name: str) -> None:
    network = chainsim.compile_network(chainsim.scenario_from_mapping(chain()))
    run = chainsim.simulate(network)
    check_laws(network, run)
    packed = getattr(run.tables[kind], part).packed
    series = packed[name].rows().copy()
    series[1, 0] = -1 - series[:, 0].sum()
    packed[name] = packed_series(series)
    broken = {law for law, _, residual in residuals(network, run) if residual.any()}
    assert "nothing below zero" in broken
    with pytest.raises(LawError):
        check_laws(network, run)


def test_a_lot_whose_rest_waits_for_room_is_neither_completed_nor_scrapped() -> None:
    """Half of each lot of 4 is thrown away; the rest of the first one never finds room."""
    scenario = chain()
    scenario["sites"]["plant"] = {
        "stocks": {"part": {"initial": 9, "room": 9, "allocation": "priority"}},
        "operations": {
            "make": {
                "outputs": {"part": {"share": 0.5}, "scrap": {"share": 0.5}},
                "split": "exact",
                "lot": 4,
                "time": "1 h",
            }
        },
    }
    scenario["sites"]["shop"] = {}
    del scenario["lanes"]
    network = chainsim.compile_network(chainsim.scenario_from_mapping(scenario))
    run = chainsim.simulate(network)
    assert run.count("operations", "scrapped", "plant/make") == 0
    assert run.count("operations", "completed", "plant/make") == 0
    assert run.final("operations", "blocked", "plant/make") == 4


def test_the_names_of_the_laws_are_all_that_are_checked() -> None:
    network = chainsim.compile_network(chainsim.scenario_from_mapping(chain()))
    found = dict.fromkeys(law for law, _, _ in residuals(network, chainsim.simulate(network)))
    assert tuple(found) == LAWS
