"""Corners of the model where rules meet: one small scenario each, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

import chainsim
from chainsim.network.clock import DAY, HOUR, Clock, Piece, tabulate
from chainsim.network.compiled import FULL_SPEED
from chainsim.outcome.trajectory import Trajectory

Block = dict[str, Any]
ONE_SHIFT = {"day": {"week": {"mon-sun": ["08:00-16:00"]}}}


def simulated(sites: Block, items: str, length: str = "10 d", **more: Any) -> Trajectory:
    """A run of some sites from Monday on, with its log."""
    run = {
        "start": "2024-02-26",
        "length": length,
        "record": more.pop("record", {}) | {"log": True},
    }
    mapping = {"name": "corner", "run": run, "items": {item: {} for item in items.split()}}
    return chainsim.simulate(chainsim.scenario_from_mapping({**mapping, "sites": sites, **more}))


def hours(run: Trajectory, what: str, entity: str) -> list[float]:
    """The hours at which the log has an entry."""
    return [e.time / HOUR for e in run.log if e.what == what and e.entity == entity]


# ---- calendars and tables


def test_shifts_may_be_written_in_any_order() -> None:
    works = {"outputs": {"part": 1}, "time": "1 h"}
    calendars = {"day": {"week": {"mon-sun": ["13:00-17:00", "08:00-12:00"]}}}
    sites = {"plant": {"calendar": "day", "operations": {"make": works}}}
    run = simulated(sites, "part", "1 d", calendars=calendars)
    assert hours(run, "complete", "plant/make") == [9, 10, 11, 12, 14, 15, 16, 17]


def test_a_step_has_a_rate_next_to_its_mean() -> None:
    """What rounding left over before it moves a rate by less than a millionth of full speed."""
    times, rates = tabulate([[Piece(-DAY, 1 / 3), Piece(25 * DAY, 0.5)]], 30 * DAY)
    assert times == [0, 25 * DAY]
    assert rates == [333_333, FULL_SPEED // 2]


def test_full_speed_is_never_passed() -> None:
    """Steps of a day at a third leave something over; an hour at full speed is full."""
    pieces = [Piece(-DAY, 1 / 3)]
    for day in range(1, 30):
        pieces += [Piece(day * DAY, 1.0), Piece(day * DAY + 3600, 1 / 3)]
    times, rates = tabulate([pieces], 30 * DAY)
    assert {rate for time, rate in zip(times, rates, strict=True) if rate > 400_000} == {FULL_SPEED}
    assert Clock(times, rates).work(30 * DAY) == pytest.approx(
        (29 * 3600 + (30 * DAY - 29 * 3600) / 3) * FULL_SPEED, abs=DAY
    )


# ---- lots and breakdowns


def test_a_lot_without_work_ends_when_it_starts_also_after_a_closure() -> None:
    sites = {
        "plant": {
            "calendar": "day",
            "arrivals": {"ore": {"process": "trace", "events": [["20 h", 1]]}},
            "operations": {"sort": {"inputs": {"ore": 1}, "outputs": {"part": 1}, "time": "0 h"}},
        }
    }
    run = simulated(sites, "ore part", "3 d", calendars=ONE_SHIFT)
    assert hours(run, "start", "plant/sort") == [32]
    assert hours(run, "complete", "plant/sort") == [32]


def test_a_failure_due_at_the_end_of_a_shift_shows_at_the_next_start() -> None:
    """Worn out when the shift ends, the server fails as soon as it works again: at 08:00."""
    make = {
        "outputs": {"part": 1},
        "time": "8 h",
        "breakdowns": [{"up": "8 h", "repair": "1 h"}],
    }
    sites = {"plant": {"calendar": "day", "operations": {"make": make}}}
    run = simulated(sites, "part", "2 d", calendars=ONE_SHIFT)
    assert hours(run, "start", "plant/make") == [8, 32]
    assert run.daily("resources", "broken_down", "plant/make").tolist() == [0, HOUR]


def test_nothing_ends_during_a_repair() -> None:
    """The part of a second that a failure shows late is credited, but not before the repair."""
    make = {
        "outputs": {"part": 1},
        "time": "3.6 s",
        "breakdowns": [{"up": {"dist": "trace", "values": ["3.5 s", "1000 d"]}, "repair": "20 s"}],
    }
    outage = {
        "id": "slow",
        "target": {"site": "plant"},
        "effect": {"capacity": 0},
        "timing": {"at": "5 s"},
        "duration": "10 h",
    }
    sites = {"plant": {"operations": {"make": make}}}
    run = simulated(sites, "part", "1 d", disruptions=[outage])
    assert min(hours(run, "complete", "plant/make")) >= 24 / HOUR
    states = run.tables["resources"].counts
    assert states["broken_down"].sum() == 20
    assert (states["busy"] >= 0).all()


# ---- waiting for room, waiting at the gate


def gate(**effect: Any) -> Trajectory:
    """A store that is used hourly and gets a truck a day, disrupted from noon of day 2 to day 5."""
    sites = {
        "supplier": {"stocks": {"part": {"unlimited": True}}},
        "plant": {
            "stocks": {"part": {"initial": 60}},
            "operations": {
                "use": {"inputs": {"part": 1}, "outputs": {"scrap": 1}, "time": "1 h"},
            },
            "replenishment": {
                "part": {
                    "policy": "fixed", "quantity": 24, "review": {"every": "1 d"},
                    "sources": "supplier",
                },
            },
        },
    }  # fmt: skip
    lanes = {"road": {"from": "supplier", "to": "plant", "items": ["part"], "transit": "6 h"}}
    disruption = {
        "id": "closed",
        "target": {"site": "plant"},
        "effect": effect,
        "timing": {"at": "36 h"},
        "duration": "84 h",
    }
    return simulated(sites, "part", "8 d", lanes=lanes, disruptions=[disruption])


def test_goods_stay_at_the_gate_while_receipts_are_paused() -> None:
    """What the plant uses meanwhile does not open the gate."""
    run = gate(receipts="paused")
    assert run.daily("stocks", "received", "plant/part").tolist() == [
        24_000, 24_000, 0, 0, 0, 96_000, 24_000, 24_000,
    ]  # fmt: skip
    at_gate = run.tables["lanes"].levels["at_gate"][:, 0] // 1000
    assert at_gate.tolist() == [0, 0, 24, 48, 72, 0, 0, 0]


def test_a_pause_does_not_act_before_it_begins() -> None:
    """Up to its first second a run is the run without it, event by event."""
    with_pause, without = gate(receipts="paused"), gate(capacity=1)
    before = [entry for entry in without.log if entry.time < 36 * HOUR]
    assert [entry for entry in with_pause.log if entry.time < 36 * HOUR] == before


def test_proportional_ties_go_by_rank() -> None:
    """Two equal customers and one part: the first in rank gets it, by order, then by id."""

    def delivered(**orders: int) -> list[float]:
        customers = {
            name: {"item": "part", "process": "trace", "events": [[0, 1]], "order": order}
            for name, order in orders.items()
        }
        stock = {"initial": 1, "allocation": "proportional"}
        run = simulated({"shop": {"stocks": {"part": stock}, "demand": customers}}, "part", "1 d")
        return [run.count("demands", "delivered", f"shop/{name}") for name in sorted(orders)]

    assert delivered(a=0, b=0, c=0) == [1, 0, 0]
    assert delivered(c=0, b=0, a=1) == [0, 1, 0]
    assert delivered(c=0, b=2, a=1) == [0, 0, 1]


# ---- lanes


def road(**lane: Any) -> list[float]:
    """Hours of arrival over a road with goods on it, due at hour 48; one order at the start."""
    sites = {
        "supplier": {"stocks": {"part": {"unlimited": True}}},
        "plant": {
            "replenishment": {
                "part": {"policy": "base_stock", "level": 12, "sources": "supplier"},
            },
            "demand": {"part": {"process": "regular", "every": "1000 d"}},
        },
    }
    goods = [{"item": "part", "amount": 2, "arrives": "48 h"}]
    block = {"from": "supplier", "to": "plant", "items": ["part"], "in_transit": goods, **lane}
    disruptions = block.pop("disruptions", [])
    run = simulated(sites, "part", lanes={"road": block}, disruptions=disruptions)
    return hours(run, "arrive", "road")


def test_goods_on_the_road_at_the_start_are_not_overtaken() -> None:
    assert road(transit="1 d") == [24, 48]
    assert road(transit="1 d", crossing=False) == [48, 48]


def test_goods_on_the_road_at_the_start_stand_still_too() -> None:
    closed = {
        "id": "slide",
        "target": {"lane": "road"},
        "effect": {"lane": "closed", "in_transit": "hold"},
        "timing": {"at": "12 h"},
        "duration": "1 d",
    }
    assert road(transit="1 d", disruptions=[closed]) == [48, 72]
    assert road(transit="6 h", disruptions=[closed]) == [6, 72]


# ---- outputs


def test_an_exact_split_gives_whole_quanta_of_every_output() -> None:
    """A lot of four gives two boxes of two; the fifth of it that fails is a whole box at times."""
    outputs = {"box": {"amount": 0.5, "share": 0.8}, "bad": {"amount": 0.5, "share": 0.2}}
    make = {"outputs": outputs, "split": "exact", "lot": 4, "time": "1 h"}
    run = simulated({"plant": {"operations": {"make": make}}}, "box bad", "250 h")
    box, bad = (run.tables["stocks"].levels["on_hand"][:, k] for k in (1, 0))
    assert not (box % 1000).any() and not (bad % 1000).any()
    assert abs(box[-1] - 4 * bad[-1]) <= 5000


def test_the_order_in_which_outputs_are_written_does_not_matter() -> None:
    def good(*items: str) -> list[int]:
        shares = {"good": {"share": 0.75}, "scrap": {"share": 0.25}}
        make = {"outputs": {item: shares[item] for item in items}, "time": "1 h"}
        run = simulated({"plant": {"operations": {"make": make}}}, "good")
        return run.daily("stocks", "produced", "plant/good").tolist()

    assert good("good", "scrap") == good("scrap", "good")


def test_rework_does_not_hang_the_requirements() -> None:
    """A bad part goes round until it is good; the kits that orders need are still counted."""
    shares = {"part": {"share": 0.75}, "bad": {"share": 0.25}}
    kit = {"pull": "kit", "signal": "requirements", "parent": "part"}
    sites = {
        "plant": {
            "operations": {
                "pick": {"outputs": {"kit": 1}, "time": "1 h", "release": kit},
                "make": {"inputs": {"kit": 1}, "outputs": shares, "time": "1 h"},
                "mend": {"inputs": {"bad": 1}, "outputs": shares, "time": "1 h"},
            },
            "demand": {"part": {"process": "regular", "every": "5 h"}},
        }
    }
    run = simulated(sites, "kit part bad")
    assert run.count("demands", "delivered", "plant/part") > 20


# ---- streams


def test_arrivals_and_demand_of_one_item_are_drawn_apart() -> None:
    """They have the same id; equal rates would else give the same instants."""
    stream = {"process": "poisson", "rate": "10 /d"}
    shop = {"arrivals": {"part": stream}, "demand": {"part": stream | {"unmet": "lost"}}}
    run = simulated({"shop": shop}, "part")
    arrived = run.daily("stocks", "arrived", "shop/part").tolist()
    assert arrived != run.daily("demands", "demanded", "shop/part").tolist()


def drop(factor: float) -> Block:
    """A change of all demand for two days."""
    return {
        "id": "drop",
        "target": {"site": "shop"},
        "effect": {"demand": factor},
        "timing": {"at": "49.9 h"},
        "duration": "2 d",
    }


STREAMS: dict[str, Block] = {
    "regular": {"process": "regular", "rate": "7 /d"},
    "regular from a date": {"process": "regular", "every": "3.1 h", "first": "1 d"},
    "poisson": {"process": "poisson", "rate": "30 /d"},
    "renewal": {"process": "renewal", "interval": {"dist": "gamma", "mean": "2 h", "cv": 0.5}},
    "renewal from a date": {"process": "renewal", "interval": "2 h", "first": "1 d"},
    "plan": {"process": "plan", "rate": "9 /d", "noise": {"dist": "uniform", "low": 0, "high": 2}},
    "trace": {"process": "trace", "events": [[f"{h} h", 3] for h in range(0, 200, 7)]},
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_disruption_of_demand_without_effect_moves_no_event(name: str) -> None:
    """Every instant is rounded alike, whether a disruption could act on it or not."""

    def log(*disruptions: Block) -> list[Any]:
        shop = {"stocks": {"part": {"unlimited": True}}, "demand": {"part": STREAMS[name]}}
        run = simulated({"shop": shop}, "part", disruptions=list(disruptions))
        return [entry for entry in run.log if entry.what not in ("strike", "ease")]

    plain = log()
    assert log(drop(1)) == plain
    before = [entry for entry in plain if entry.time < 49 * HOUR]
    assert [entry for entry in log(drop(0.5)) if entry.time < 49 * HOUR] == before


@pytest.mark.parametrize("name", STREAMS)
def test_every_kind_of_demand_is_disrupted(name: str) -> None:
    """Nobody comes while the factor is 0, and the stream goes on after it."""
    shop = {"stocks": {"part": {"unlimited": True}}, "demand": {"part": STREAMS[name]}}
    run = simulated({"shop": shop}, "part", disruptions=[drop(0)])
    found = hours(run, "demand", "shop/part")
    assert [hour for hour in found if 49.9 < hour < 97.9] == []
    assert min(found) < 49.9 and max(found) > 110


@pytest.mark.parametrize("process", ["regular", "poisson", "plan"])
def test_a_stream_without_rate_has_no_events(process: str) -> None:
    """Demand may be switched off by its rate."""
    shop = {"stocks": {"part": {"initial": 5}}, "demand": {"part": {"process": process, "rate": 0}}}
    run = simulated({"shop": shop}, "part")
    assert run.count("demands", "demanded", "shop/part") == 0


def test_an_operation_without_rate_or_slots_finishes_nothing() -> None:
    idle = {"outputs": {"part": 1}, "time": "1 h", "release": {"paced": 0}}
    stuck = {"outputs": {"part": 1}, "rate": 0}
    run = simulated({"plant": {"operations": {"idle": idle, "stuck": stuck}}}, "part")
    assert run.count("operations", "started", "plant/idle") == 0
    assert run.count("operations", "started", "plant/stuck") == 1
    assert run.count("stocks", "produced", "plant/part") == 0
    assert run.share_of_time("busy", "plant/stuck") == 1


def test_the_name_of_a_lane_does_not_depend_on_other_sites() -> None:
    """A lane between kinds of sites has a name for each pair, even if there is but one pair."""
    sites = {
        "supplier": {"stage": "upstream", "stocks": {"part": {"unlimited": True}}},
        "plant": {
            "stage": "midstream",
            "replenishment": {
                "part": {"policy": "base_stock", "level": 9, "sources": "supplier"},
            },
        },
    }
    road = {"from": {"stage": "upstream"}, "to": {"stage": "midstream"}, "items": ["part"]}
    alone = simulated(sites, "part", lanes={"road": road})
    more = simulated(sites | {"other": {"stage": "midstream"}}, "part", lanes={"road": road})
    assert alone.tables["lanes"].ids == more.tables["lanes"].ids == ("road:supplier>plant:part",)
    named = simulated(sites, "part", lanes={"road": road | {"from": "supplier", "to": ["plant"]}})
    assert named.tables["lanes"].ids == ("road",)
