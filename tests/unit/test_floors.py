"""Operations that compete: who starts first, worked out by hand; and what a slow-down takes."""

from __future__ import annotations

from typing import Any

import chainsim
from chainsim.outcome.trajectory import Trajectory

HOUR = 3_600


def run_of(scenario: dict[str, Any]) -> Trajectory:
    network = chainsim.compile_network(chainsim.scenario_from_mapping(scenario))
    return chainsim.simulate(network)


def shop(*orders: tuple[str, int, str | None]) -> dict[str, Any]:
    """One machine makes two colours to order, 10 h each; (colour, hour, patience) per order."""
    kinds = ("red", "blue")
    demand = {
        f"{kind}_{hour}": {
            "item": kind,
            "process": "trace",
            "events": [[f"{hour} h", 1]],
            **({"unmet": "patience", "patience": patience} if patience else {}),
        }
        for kind, hour, patience in orders
    }
    return {
        "name": "Two colours, one machine",
        "run": {"start": "2024-01-01", "length": "4 d", "record": {"log": True}},
        "items": {"steel": {}, **{kind: {} for kind in kinds}},
        "sites": {
            "shop": {
                "resources": {"machine": {"servers": 1}},
                "stocks": {"steel": {"unlimited": True}},
                "operations": {
                    f"make_{kind}": {
                        "inputs": {"steel": 1},
                        "outputs": {kind: 1},
                        "time": "10 h",
                        "resource": "machine",
                        "release": {"pull": kind, "level": 0},
                    }
                    for kind in kinds
                },
                "demand": demand,
            }
        },
    }


def starts(run: Trajectory) -> list[tuple[float, str]]:
    return [(e.time / HOUR, e.entity[-4:].strip("_")) for e in run.log if e.what == "start"]


def test_who_was_allowed_first_starts_first() -> None:
    """Red is ordered before blue while the machine is busy; blue comes first by rank alone."""
    run = run_of(shop(("blue", 0, None), ("red", 2, None), ("blue", 5, None)))
    assert starts(run) == [(0, "blue"), (10, "red"), (20, "blue")]


def test_an_order_that_was_given_up_does_not_keep_a_place() -> None:
    """Red was allowed from hour 2 to 3 and again from hour 6, so blue of hour 5 goes first."""
    run = run_of(shop(("blue", 0, None), ("red", 2, "1 h"), ("blue", 5, None), ("red", 6, None)))
    assert starts(run) == [(0, "blue"), (10, "blue"), (20, "red")]


def test_a_slow_down_takes_work_from_busy_servers_only() -> None:
    """A slot every 3 h, half speed from 8 to 20 h: the lots of 9, 12, 15, 18 h take 2 h, not 1."""
    run = run_of(
        {
            "name": "Half speed",
            "run": {"start": "2024-01-01", "length": "2 d", "record": {"log": True}},
            "items": {"steel": {}, "part": {}},
            "sites": {
                "shop": {
                    "stocks": {"steel": {"unlimited": True}},
                    "operations": {
                        "make": {
                            "inputs": {"steel": 1},
                            "outputs": {"part": 1},
                            "time": "1 h",
                            "release": {"paced": "8 /d"},
                        }
                    },
                }
            },
            "disruptions": [
                {
                    "id": "brownout",
                    "target": {"site": "shop"},
                    "effect": {"capacity": 0.5},
                    "timing": {"at": ["8 h"]},
                    "duration": "12 h",
                }
            ],
        }
    )
    assert run.count("resources", "slow_loss", "shop/make") == 4 * HOUR
    noted = [(e.time / HOUR, e.what, e.entity) for e in run.log if e.entity == "brownout"]
    assert noted == [(8, "strike", "brownout"), (20, "ease", "brownout")]
