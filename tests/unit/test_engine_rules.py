"""Rules of docs/model.md on small chains, each outcome worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

import chainsim
from chainsim.outcome.measures import measure
from chainsim.outcome.trajectory import Trajectory

HOUR = 3_600
EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def network_of(sites: dict[str, Any], items: str, length: str, **blocks: Any) -> Any:
    scenario = {
        "name": "By hand",
        "run": {"start": "2024-01-01", "length": length, "record": {"log": True}},
        "items": {item: {} for item in items.split()},
        "sites": sites,
        **blocks,
    }
    return chainsim.compile_network(chainsim.scenario_from_mapping(scenario))


def run_of(sites: dict[str, Any], items: str, length: str, **blocks: Any) -> Trajectory:
    return chainsim.simulate(network_of(sites, items, length, **blocks))


def trace(*events: tuple[str, int], **more: Any) -> dict[str, Any]:
    return {"process": "trace", "events": [list(event) for event in events], **more}


@pytest.mark.parametrize("review", ["06:00", "10:00"])
def test_a_stopped_source_is_down_by_night_too(review: str) -> None:
    """The first source works from 8 to 16 and is out on days 2 to 6: those orders go elsewhere."""
    hours = {day: ["08:00-16:00"] for day in EVERY_DAY}
    run = run_of(
        {
            "first": {
                "calendar": "day",
                "operations": {"make": {"outputs": {"part": 1}, "rate": "100 /d"}},
            },
            "backup": {"stocks": {"part": {"unlimited": True}}},
            "plant": {
                "replenishment": {
                    "part": {
                        "policy": "fixed",
                        "quantity": 5,
                        "review": {"every": "1 d", "at": review},
                        "sources": ["first", "backup"],
                    }
                }
            },
        },
        "part",
        "10 d",
        calendars={"day": {"week": hours}},
        lanes={
            "a": {"from": "first", "to": "plant", "items": ["part"]},
            "b": {"from": "backup", "to": "plant", "items": ["part"]},
        },
        disruptions=[
            {
                "id": "outage",
                "target": {"site": "first"},
                "effect": {"capacity": 0},
                "timing": {"at": "2 d"},
                "duration": "5 d",
            }
        ],
    )
    assert (run.daily("lanes", "ordered", "a") // 1000).tolist() == [5, 5, 0, 0, 0, 0, 0, 5, 5, 5]
    assert (run.daily("lanes", "ordered", "b") // 1000).tolist() == [0, 0, 5, 5, 5, 5, 5, 0, 0, 0]


def test_an_initial_backlog_is_no_demand_of_the_run() -> None:
    """Five wait at the start and are filled at once from ten; the two of day 2 are the demand."""
    network = network_of(
        {
            "shop": {
                "stocks": {"part": {"initial": 10, "backlog": 5}},
                "demand": {"part": trace(("2 d", 2))},
            }
        },
        "part",
        "5 d",
    )
    total = measure(network, chainsim.simulate(network)).total
    assert (total["demanded"], total["delivered"]) == (2, 7)
    assert (total["fill_rate"], total["same_day_fill_rate"]) == (1, 1)


def test_goods_that_come_back_end_a_release() -> None:
    """Starved of steel for 10 h; then five returns fill the level: no release until hour 23."""
    run = run_of(
        {
            "shop": {
                "stocks": {"steel": {}},
                "operations": {
                    "make": {
                        "inputs": {"steel": 1},
                        "outputs": {"part": 1},
                        "time": "1 h",
                        "release": {"pull": "part", "level": 5},
                    }
                },
                "arrivals": {"part": trace(("10 h", 5)), "steel": trace(("23 h", 1))},
                "demand": {"part": trace(("23 h", 1))},
            }
        },
        "steel part",
        "1 d",
    )
    states = {
        name: run.count("resources", name, "shop/make") / HOUR
        for name in ("starved", "no_release", "busy")
    }
    assert states == {"starved": 10, "no_release": 13, "busy": 1}


def test_the_first_missing_input_is_looked_for_again_when_goods_leave() -> None:
    """Bolts are missing second, and first from hour 10 on, when a customer takes the only nut."""
    run = run_of(
        {
            "shop": {
                "stocks": {"a_nut": {"initial": 1}},
                "operations": {
                    "make": {
                        "inputs": {"a_nut": 1, "bolt": 1},
                        "outputs": {"part": 1},
                        "time": "1 h",
                    }
                },
                "demand": {"a_nut": trace(("10 h", 1))},
                "arrivals": {"a_nut": trace(("23 h", 1)), "bolt": trace(("23 h", 1))},
            }
        },
        "a_nut bolt part",
        "1 d",
    )
    assert run.count("inputs", "starved", "shop/make<shop/bolt") == 10 * HOUR
    assert run.count("inputs", "starved", "shop/make<shop/a_nut") == 13 * HOUR


@pytest.mark.parametrize(("review", "first"), [("00:00", 220), ("12:00", 340)])
def test_forecasts_learn_from_whole_periods_only(review: str, first: int) -> None:
    """240 a day as forecast: orders bring 20 up to 240 at once, or after half a day's demand."""
    run = run_of(
        {
            "source": {"stocks": {"part": {"unlimited": True}}},
            "shop": {
                "stocks": {"part": {"initial": 20}},
                "demand": {
                    "part": {
                        "process": "regular", "every": "1 h", "size": 10, "first": "30 min",
                    }
                },
                "replenishment": {
                    "part": {
                        "policy": "periodic",
                        "level": {
                            "forecast": "moving_average", "window": 4, "periods": 1,
                            "initial": 240,
                        },
                        "review": {"every": "1 d", "at": review},
                        "sources": "source",
                    }
                },
            },
        },
        "part",
        "6 d",
        lanes={"road": {"from": "source", "to": "shop", "items": ["part"]}},
    )  # fmt: skip
    orders = [entry.quantity // 1000 for entry in run.log if entry.what == "order"]
    assert orders == [first, 240, 240, 240, 240, 240]


def test_a_repair_lasts_until_the_next_shift_even_without_a_pause_between() -> None:
    """It fails after 20 h of work: at hours 20, 42 and 66, to the shifts of hours 22, 46 and 70."""
    shifts = ["06:00-14:00", "14:00-22:00", "22:00-06:00"]
    run = run_of(
        {
            "shop": {
                "calendar": "round_the_clock",
                "operations": {
                    "make": {
                        "outputs": {"part": 1},
                        "time": "1 h",
                        "breakdowns": [{"up": "20 h", "repair": "shift"}],
                    }
                },
            }
        },
        "part",
        "3 d",
        calendars={"round_the_clock": {"week": {day: shifts for day in EVERY_DAY}}},
    )
    assert run.count("resources", "broken_down", "shop/make") == (2 + 4 + 4) * HOUR
    assert run.count("resources", "busy", "shop/make") == 62 * HOUR


def pulled(operations: dict[str, Any], items: str) -> list[tuple[float, str, str]]:
    """Starts and deliveries of a shop that makes cars to order: one is ordered at hour 1."""
    shop = {
        "stocks": {"steel": {"unlimited": True}},
        "operations": operations,
        "demand": {"car": trace(("1 h", 1))},
    }
    run = run_of({"shop": shop}, f"steel car {items}", "1 d")
    kinds = ("start", "deliver")
    return [(e.time / HOUR, e.what, e.entity[5:]) for e in run.log if e.what in kinds]


def to_order(**operation: Any) -> dict[str, Any]:
    return {
        "inputs": {"steel": 1},
        "time": "1 h",
        "release": {"pull": "car", "level": 0},
        **operation,
    }


def test_a_by_product_is_not_in_the_making() -> None:
    """The first lot gives a toy, so a second one is started for the same order."""
    make = to_order(outputs={"toy": 1, "car": 1}, split="cycle", cycle=["toy", "car"])
    found = pulled({"make": make}, "toy")
    assert found == [(1, "start", "make"), (2, "start", "make"), (3, "deliver", "car")]


def test_what_is_in_the_making_counts_in_units_of_the_item() -> None:
    """A car takes two frames: two are started for one order, and no third."""
    operations = {
        "weld": to_order(outputs={"frame": 1}),
        "assemble": {"inputs": {"frame": 2}, "outputs": {"car": 1}, "time": "2 h"},
    }
    assert pulled(operations, "frame") == [
        (1, "start", "weld"), (2, "start", "weld"), (3, "start", "assemble"), (5, "deliver", "car"),
    ]  # fmt: skip


def test_what_is_lost_on_the_way_is_made_again() -> None:
    """The frame waits for paint from hour 2 on and is lost at hour 3; another is begun at once."""
    operations = {
        "weld": to_order(outputs={"frame": 1}),
        "coat": {"inputs": {"frame": 1, "paint": 1}, "outputs": {"car": 1}, "time": "1 h"},
    }
    loss = {
        "id": "fire",
        "target": {"site": "shop", "item": "frame"},
        "effect": {"stock_loss": 1},
        "timing": {"at": ["3 h"]},
        "duration": "1 h",
    }
    shop = {
        "stocks": {"steel": {"unlimited": True}},
        "operations": operations,
        "demand": {"car": trace(("1 h", 1))},
        "arrivals": {"paint": trace(("6 h", 1))},
    }
    run = run_of({"shop": shop}, "steel car frame paint", "1 d", disruptions=[loss])
    starts = [(e.time / HOUR, e.entity) for e in run.log if e.what == "start"]
    assert starts == [(1, "shop/weld"), (3, "shop/weld"), (6, "shop/coat")]


def test_what_lies_between_at_the_start_is_in_the_making() -> None:
    """A frame waits for paint, which comes at hour 6: nothing is welded for the order of hour 1."""
    operations = {
        "weld": to_order(outputs={"frame": 1}),
        "coat": {"inputs": {"frame": 1, "paint": 1}, "outputs": {"car": 1}, "time": "1 h"},
    }
    shop = {
        "stocks": {"steel": {"unlimited": True}, "frame": {"initial": 1}},
        "operations": operations,
        "demand": {"car": trace(("1 h", 1))},
        "arrivals": {"paint": trace(("6 h", 1))},
    }
    run = run_of({"shop": shop}, "steel car frame paint", "1 d")
    starts = [(e.time / HOUR, e.entity) for e in run.log if e.what == "start"]
    assert starts == [(6, "shop/coat")]


def test_rework_needs_nothing_of_its_own() -> None:
    """Ten cars are ordered, and the tenth lot goes through rework: ten frames are cut, not more."""
    shop = {
        "stocks": {"steel": {"unlimited": True}},
        "operations": {
            "cut": {
                "inputs": {"steel": 1},
                "outputs": {"frame": 1},
                "time": "1 min",
                "release": {
                    "pull": "frame", "level": 0, "signal": "requirements", "parent": "car",
                },
            },
            "assemble": {
                "inputs": {"frame": 1},
                "outputs": {"car": {}, "faulty": {}},
                "split": "cycle",
                "cycle": [*["car"] * 9, "faulty"],
                "time": "10 h",
            },
            "mend": {"inputs": {"faulty": 1}, "outputs": {"car": 1}, "time": "1 h"},
        },
        "demand": {"car": trace(("1 h", 10))},
    }  # fmt: skip
    run = run_of({"shop": shop}, "steel frame car faulty", "10 d")
    assert run.count("operations", "started", "shop/cut") == 10
    assert run.count("demands", "delivered", "shop/car") == 10
    assert run.final("stocks", "on_hand", "shop/frame") == 0


@pytest.mark.parametrize(
    ("batches", "servers", "lot", "together", "turned_away"),
    [
        ((1, 1), 2, 1, False, 0),  # two free servers take two that come in one instant
        ((2,), 2, 1, False, 0),
        ((1, 1, 1), 2, 1, False, 1),
        ((1,), 1, 2, False, 1),  # half a lot cannot start, and nothing may wait
        ((2,), 1, 2, False, 0),
        ((2,), 1, 1, True, 2),  # two operations share one free server: one lot starts
    ],
)
def test_without_room_goods_pass_to_free_servers_in_whole_lots(
    batches: tuple[int, ...], servers: int, lot: int, together: bool, turned_away: int
) -> None:
    work = {"inputs": {"car": 1}, "outputs": {"tested": 1}, "time": "5 h", "lot": lot}
    shared = {name: {**work, "resource": "bay"} for name in ("left", "right")}
    shop = {
        "stocks": {"car": {"room": 0}},
        "resources": {"bay": {"servers": servers}} if together else {},
        "operations": shared if together else {"test": {**work, "servers": servers}},
        "arrivals": {
            f"batch_{i}": trace(("1 h", size), item="car") for i, size in enumerate(batches)
        },
    }
    run = run_of({"shop": shop}, "car tested", "1 d")
    assert run.count("stocks", "turned_away", "shop/car") == turned_away


def test_a_divided_lot_counts_when_its_last_part_has_found_room() -> None:
    """Half of a lot of two is scrapped; the rest waits from hour 1 to 30 for room."""
    shop = {
        "stocks": {"steel": {"unlimited": True}, "part": {"room": 1, "initial": 1}},
        "operations": {
            "cut": {
                "inputs": {"steel": 1},
                "outputs": {"part": {"share": 0.5}, "scrap": {"share": 0.5}},
                "split": "exact",
                "lot": 2,
                "time": "1 h",
            }
        },
        "demand": {"part": trace(("30 h", 1))},
    }
    run = run_of({"shop": shop}, "steel part", "2 d")
    done = [
        run.daily("operations", name, "shop/cut").tolist() for name in ("completed", "scrapped")
    ]
    assert done == [[0, 1000], [0, 1000]]
