"""Every response against arithmetic by hand; one that is off, or has no occasion, changes no bit.

A test names the kind that it proves; the last one asks that none is left out.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar, get_args

import pytest

import chainsim
from chainsim.experiments.replications import compared_with_twin
from chainsim.outcome.resilience import Resilience
from chainsim.outcome.trajectory import Trajectory
from chainsim.scenario.schema.responses import Response
from tests.series import different, series

DAY = 86_400
A_DAY = 24
"""Vehicles."""

Block = dict[str, Any]
Test = TypeVar("Test", bound=Callable[..., None])
PROVED: set[str] = set()


def proves(*kinds: str) -> Callable[[Test], Test]:
    """Note which kinds of response a test proves."""
    PROVED.update(kinds)
    return lambda test: test


def outage(days: int, at: int = 30, **more: Any) -> Block:
    target = {"site": "supplier"}
    timing = {"at": [f"{at} d"]}
    effect = {"capacity": 0}
    return {
        "id": "outage",
        "target": target,
        "effect": effect,
        "timing": timing,
        "duration": f"{days} d",
    } | more


def chain(*outages: Block, **responses: Block) -> Block:
    """24 vehicles a day, one an hour; parts come after two days, and five days of them are kept.

    `other` has the part too, a day away; nobody orders from it unless a response does.
    """

    press = {
        "inputs": {"steel": 1},
        "outputs": {"part": 1},
        "rate": "48 /d",
        "release": {"pull": "part", "level": 0},
    }
    line = {
        "inputs": {"part": 1},
        "outputs": {"vehicle": 1},
        "rate": "48 /d",
        "release": {"pull": "vehicle", "level": 0},
    }
    return {
        "name": "By hand",
        "run": {"start": "2024-01-01", "length": "120 d"},
        "items": {"steel": {}, "part": {}, "vehicle": {}},
        "sites": {
            "supplier": {
                "stocks": {"steel": {"unlimited": True}},
                "operations": {"press": press},
            },
            "other": {"stocks": {"part": {"unlimited": True}}},
            "plant": {
                "stocks": {"part": {"initial": 7 * A_DAY}},
                "operations": {"line": line},
                "demand": {"vehicle": {"process": "regular", "every": "1 h", "first": "1 h"}},
                "replenishment": {
                    "part": {
                        "policy": "base_stock",
                        "level": {"cover": "5 d"},
                        "sources": "supplier",
                    },
                },
            },
        },
        "lanes": {
            "road": {"from": "supplier", "to": "plant", "items": ["part"], "transit": "2 d"},
            "shortcut": {"from": "other", "to": "plant", "items": ["part"], "transit": "1 d"},
        },
        "disruptions": list(outages),
        "responses": responses,
        "output_item": "vehicle",
        "resilience": {"fail": "0 d", "recover": "0 d", "hold": "3 d"},
    }


def simulated(scenario: Block) -> Trajectory:
    return chainsim.simulate(chainsim.scenario_from_mapping(copy.deepcopy(scenario)))


def against_twin(scenario: Block) -> Resilience:
    network = chainsim.compile_network(chainsim.scenario_from_mapping(copy.deepcopy(scenario)))
    return compared_with_twin(network, chainsim.simulate(network), 0).total


def units(run: Trajectory, response: str) -> float:
    return run.count("responses", "units", response)


def days_in_force(run: Trajectory, response: str) -> float:
    return run.count("responses", "active", response) / DAY


# ---- safety stock and pre-building


@proves("cover")
def test_a_safety_stock_adds_its_days_to_the_time_to_survive() -> None:
    """Seven days of stock and pipeline, and then three more."""
    bare = against_twin(chain(outage(20)))
    extra: Block = {"kind": "cover", "at": "plant", "item": "part", "extra": "3 d"}
    covered = against_twin(chain(outage(20), stock=extra))
    assert bare.time_to_survive == pytest.approx(7, abs=2 / 24)
    assert covered.time_to_survive == pytest.approx(10, abs=2 / 24)
    assert bare.peak_shortfall - covered.peak_shortfall == 3 * A_DAY


@proves("cover")
def test_pre_building_holds_the_stock_between_its_dates_only() -> None:
    window = {"from": "20 d", "until": "30 d"}
    extra: Block = {"kind": "cover", "at": "plant", "item": "part", "extra": "3 d"} | window
    calm, ready = chain(), chain(stock=extra)
    positions = [
        simulated(scenario).daily("stocks", "ordered", "plant/part") for scenario in (calm, ready)
    ]
    more = (positions[1] - positions[0]) // 1000
    assert more[20] == 3 * A_DAY and not more[:20].any()
    assert more[30:33].tolist() == [-A_DAY] * 3 and not more[21:30].any() and not more[33:].any()
    struck = against_twin(chain(outage(20), stock=extra))
    assert struck.time_to_survive == pytest.approx(10, abs=2 / 24)
    assert days_in_force(simulated(ready), "stock") == 10


# ---- a second source


def second(**more: Any) -> Block:
    return {"kind": "second_source", "at": "plant", "item": "part", "source": "other"} | more


@proves("second_source")
def test_a_second_source_takes_what_is_ordered_after_its_activation() -> None:
    """Seven days last; after eight all that waits at the supplier moves, and comes a day later.

    Two days of vehicles are missing by then. The line makes two days' output a day, so they are
    made up two days later.
    """
    found = against_twin(chain(outage(40), other=second(activate={"after": "8 d"})))
    assert found.time_to_survive == pytest.approx(7, abs=2 / 24)
    assert found.peak_shortfall == pytest.approx(2 * A_DAY, abs=1)
    assert found.time_to_recover == pytest.approx(11, abs=2 / 24)
    alone = against_twin(chain(outage(40)))
    # 40 days less the five on hand: what is on the road when it begins comes, and two days later
    assert alone.peak_shortfall == pytest.approx(35 * A_DAY, abs=1)


@proves("second_source")
def test_it_is_in_force_from_its_activation_to_the_end_of_the_outage() -> None:
    activate = {"after": "3 d", "qualification": "4 d"}
    run = simulated(
        chain(outage(20), outage(10, 80) | {"id": "again"}, other=second(activate=activate))
    )
    assert days_in_force(run, "other") == (20 - 7) + (10 - 3)
    # what waits at the activation moves as well: all that is used in 20 and in 10 days
    assert units(run, "other") == pytest.approx((20 + 10) * A_DAY, abs=2)
    moved = [run.count("lanes", *key) for key in (("ordered", "shortcut"), ("cancelled", "road"))]
    assert moved == [units(run, "other")] * 2


@proves("second_source")
def test_a_ramp_moves_orders_in_a_straight_line_to_the_largest_share() -> None:
    """After 14 days, an hour before the ramp of ten days ends, 239/240 of 14 x 24 orders moved.

    With a share of a half and time enough it is half of 20 x 24. The stock lasts for all that.
    """
    ramp = {"after": "4 d", "ramp": "10 d"}

    def moved(days: int, **more: Any) -> float:
        scenario = chain(outage(days), other=second(activate=ramp, **more))
        plant = scenario["sites"]["plant"]
        plant["stocks"]["part"]["initial"] = 32 * A_DAY
        plant["replenishment"]["part"]["level"]["cover"] = "30 d"
        return units(simulated(scenario), "other")

    assert moved(14) == pytest.approx(239 / 240 * 14 * A_DAY, abs=1.5)
    assert moved(20, share=0.5) == pytest.approx(10 * A_DAY, abs=1)


@proves("second_source")
def test_a_source_is_down_at_its_threshold_and_when_its_lane_is_closed() -> None:
    slow = outage(10) | {"effect": {"capacity": 0.3}}
    assert units(simulated(chain(slow, other=second())), "other") == 0
    asked = second(activate={"left": 0.3})
    assert units(simulated(chain(slow, other=asked)), "other") == 10 * A_DAY
    closed = outage(10) | {"target": {"lane": "road"}, "effect": {"lane": "closed"}}
    assert units(simulated(chain(closed, other=second())), "other") == 10 * A_DAY
    paused = outage(10) | {"effect": {"shipments": "paused"}}
    assert units(simulated(chain(paused, other=second())), "other") == 10 * A_DAY


@proves("second_source")
def test_orders_at_a_source_without_limits_move_when_its_lane_is_closed() -> None:
    closed = outage(10) | {"target": {"lane": "road"}, "effect": {"lane": "closed"}}
    scenario = chain(closed, other=second())
    scenario["sites"]["supplier"] = {"stocks": {"part": {"unlimited": True}}}
    assert units(simulated(scenario), "other") == 10 * A_DAY


@proves("second_source")
def test_it_is_qualified_once_for_all_sources_that_it_replaces() -> None:
    """The outage of the first source pays for the one of the other."""
    both = outage(10, 60) | {"id": "next", "target": {"site": "twin"}}
    scenario = chain(outage(10), both, other=second(activate={"qualification": "4 d"}))
    scenario["sites"]["twin"] = copy.deepcopy(scenario["sites"]["supplier"])
    scenario["lanes"]["track"] = scenario["lanes"]["road"] | {"from": "twin"}
    scenario["sites"]["plant"]["replenishment"]["part"]["sources"] = {"supplier": 0.5, "twin": 0.5}
    assert days_in_force(simulated(scenario), "other") == (10 - 4) + 10


@proves("second_source")
def test_every_activation_begins_anew() -> None:
    """Ten days' use is ordered as an outage of six hours begins: 240, of which a half moves.

    In the six hours after it 12 of the rest are made, one every half hour; then it is struck
    again: of 108 a half moves.
    """
    short = [outage(0.25, 30), outage(0.25) | {"id": "b", "timing": {"at": ["30.5 d"]}}]
    scenario = chain(*short, other=second(share=0.5))
    part = scenario["sites"]["plant"]["replenishment"]["part"]
    part |= {"policy": "periodic", "review": {"every": "10 d"}}
    assert units(simulated(scenario), "other") == 120 + 54


@proves("second_source")
def test_nothing_moves_while_the_site_may_not_order() -> None:
    """It would be active from the second day of the outage on; from the first on orders pause."""
    pause = {"id": "b", "target": {"site": "plant"}, "effect": {"orders": "paused"}}
    scenario = chain(outage(10), outage(9, 31) | pause, other=second(activate={"after": "2 d"}))
    assert units(simulated(scenario), "other") == 0


# ---- expediting


@proves("expedite")
def test_goods_for_a_low_stock_travel_faster() -> None:
    """After the outage the stock is empty: what leaves then takes half the time."""
    hurry = {"kind": "expedite", "at": "plant", "item": "part", "below": "1 d", "transit": 0.5}
    scenario = chain(outage(10), hurry=hurry)
    scenario["run"]["record"] = {"log": True}
    run = simulated(scenario)
    left, came = (
        [e.time for e in run.log if (e.what, e.entity) == (what, "road") and e.time >= 40 * DAY]
        for what in ("dispatch", "arrive")
    )
    # nothing left during the outage, so the first to come is the first that left after it
    assert came[0] == left[0] + DAY
    hurried = units(run, "hurry")
    normal = against_twin(chain(outage(10)))
    faster = against_twin(scenario)
    assert 0 < hurried < run.count("lanes", "departed", "road")
    assert normal.peak_shortfall - faster.peak_shortfall == pytest.approx(A_DAY, abs=1)


@proves("expedite")
def test_orders_for_a_low_stock_reach_the_source_faster() -> None:
    """With an order lead of two days and no transit a shortage of any length is a day shorter."""

    def waiting(**responses: Block) -> Block:
        scenario = chain(outage(10), **responses)
        scenario["lanes"]["road"] |= {"order_lead": "2 d", "transit": "0 d"}
        return scenario

    hurry = {"kind": "expedite", "at": "plant", "item": "part", "below": "20 d", "order_lead": 0.5}
    scenario = waiting(hurry=hurry)
    run = simulated(scenario)
    assert units(run, "hurry") == run.count("lanes", "ordered", "road")
    mean_lead = run.mean("lanes", "under_way", "road") / (
        run.count("lanes", "ordered", "road") / 120
    )
    assert mean_lead == pytest.approx(1, rel=0.01)


# ---- overtime


@proves("overtime")
def test_overtime_is_that_of_an_operation_and_is_counted() -> None:
    factor = {"factor": 1.5, "backlog_above": 10}
    overtime = {"kind": "overtime", "at": "plant", "operation": "line"} | factor
    written = chain(outage(20))
    written["sites"]["plant"]["operations"]["line"]["overtime"] = factor
    run, same = simulated(chain(outage(20), late=overtime)), simulated(written)
    assert different(series(same), series(run)) == []
    # 15 days of vehicles wait when parts come again, 48 a day; they fall by 24 a day down to 10
    assert units(run, "late") == pytest.approx((15 * A_DAY - 10) * 2, abs=4)


@proves("overtime")
def test_overtime_begins_at_a_backlog_in_days() -> None:
    """A day's use is 24 vehicles, however it is written."""

    def hurried(above: str | int) -> float:
        late = {"kind": "overtime", "at": "plant", "operation": "line", "factor": 1.5}
        late |= {"backlog_above": above}
        return units(simulated(chain(outage(20), late=late)), "late")

    assert hurried("1 d") == hurried(A_DAY) > 0


# ---- shifts


@proves("shifts")
def test_working_through_a_holiday() -> None:
    """Three closed days in a week of seven: with another calendar the press works through them."""
    scenario = press(calendar="week")
    scenario["calendars"] = {
        "week": {
            "week": {"mon-sun": ["08:00-16:00"]},
            "special": [{"from": "2024-01-03", "to": "2024-01-05"}],
        },
        "through": {"week": {"mon-sun": ["08:00-16:00"]}},
    }
    through = {
        "kind": "shifts",
        "at": "node",
        "calendar": "through",
        "from": "2024-01-02",
        "to": "2024-01-04",
        "cost": {"per_day": "1000 yuan"},
    }
    closed = simulated(scenario).daily("operations", "completed", "node/press") // 1000
    scenario["responses"] = {"through": through}
    run = simulated(scenario)
    open_ = run.daily("operations", "completed", "node/press") // 1000
    assert closed.tolist() == [8, 8, 0, 0, 0, 8, 8, 8, 8, 8]
    assert open_.tolist() == [8, 8, 8, 8, 0, 8, 8, 8, 8, 8]
    assert days_in_force(run, "through") == 2
    assert cost(scenario) == 2000


def press(*outages: Block, **site: Any) -> Block:
    """A press that never lacks anything and makes one an hour, for ten days."""
    operation = {"inputs": {"steel": 1}, "outputs": {"part": 1}, "rate": "24 /d"}
    node = {"stocks": {"steel": {"unlimited": True}}, "operations": {"press": operation}} | site
    return {
        "name": "Press",
        "run": {"start": "2024-01-01", "length": "10 d"},
        "items": {"steel": {}, "part": {}},
        "sites": {"node": node},
        "disruptions": list(outages),
        "output_item": "part",
    }


def cost(scenario: Block, name: str = "response_cost") -> float | None:
    network = chainsim.compile_network(chainsim.scenario_from_mapping(copy.deepcopy(scenario)))
    return chainsim.measure(network, chainsim.simulate(network)).total[name]


# ---- backup power


@proves("backup_power")
def test_backup_power_keeps_up_its_floor_while_it_runs() -> None:
    """Off for a day, then half speed for four, then off for one: 48 of 144 are made."""
    dark = outage(6, 2) | {"target": {"site": "node"}}
    engine = {
        "kind": "backup_power",
        "at": "node",
        "floor": 0.5,
        "start": "1 d",
        "lasts": "4 d",
        "cost": {"fixed": 7, "per_day": 100},
    }
    scenario = press(dark)
    assert simulated(scenario).count("operations", "completed", "node/press") == 4 * 24 - 1
    scenario["responses"] = {"engine": engine}
    run = simulated(scenario)
    made = run.daily("operations", "completed", "node/press") // 1000
    assert made[3:7].sum() == pytest.approx(48, abs=1) and made[2] <= 1 and made[7] <= 1
    assert days_in_force(run, "engine") == 4
    assert cost(scenario) == 7 + 4 * 100


@proves("backup_power")
def test_backup_power_runs_until_the_recovery_passes_its_floor() -> None:
    """A line back to full over two days passes a half after one; what is left is 0.4, then 0.5."""
    weak = outage(2, 2) | {
        "target": {"site": "node"},
        "effect": {"capacity": 0.0},
        "recovery": {"shape": "linear", "over": "2 d"},
    }
    engine = {"kind": "backup_power", "at": "node", "floor": 0.5}
    scenario = press(weak) | {"responses": {"engine": engine}}
    run = simulated(scenario)
    assert days_in_force(run, "engine") == pytest.approx(3, abs=1 / 24)
    slow_or_lost = (2 + 1) * 24 * 0.5 + 24 * 0.25
    assert run.count("operations", "completed", "node/press") == pytest.approx(
        240 - slow_or_lost, abs=1.5
    )


# ---- rationing


def two_buyers(**responses: Block) -> Block:
    """A source of 24 a day; two plants that want 24 a day each and keep nothing."""

    def plant() -> Block:
        order = {"policy": "base_stock", "level": 0, "sources": "supplier"}
        wish = {"process": "regular", "every": "1 h", "first": "1 h"}
        return {"demand": {"part": wish}, "replenishment": {"part": order}}

    operation = {"outputs": {"part": 1}, "rate": "24 /d"}
    source = {
        "operations": {"press": operation},
        "stocks": {"part": {"allocation": "proportional"}},
    }
    return {
        "name": "Two buyers",
        "run": {"start": "2024-01-01", "length": "20 d"},
        "items": {"part": {}},
        "sites": {"supplier": source, "first": plant(), "second": plant()},
        "lanes": {"road": {"from": "supplier", "to": ["first", "second"], "items": ["part"]}},
        "responses": responses,
    }


@proves("rationing")
def test_rationing_serves_the_first_class_and_leaves_the_rest_to_the_others() -> None:
    """At 2 h only the first plant's order of 1 h waits when the part comes; later there is always
    one of the second plant.
    """

    def delivered(run: Trajectory) -> list[float]:
        return [run.count("demands", "delivered", f"{site}/part") for site in ("first", "second")]

    alike = delivered(simulated(two_buyers()))
    assert abs(alike[0] - alike[1]) <= 1
    ration = {"kind": "rationing", "at": "supplier", "item": "part", "classes": ["second"]}
    assert delivered(simulated(two_buyers(ration=ration))) == [1, 20 * 24 - 2]


# ---- pooling


def pool(stocks: dict[str, int], **more: Any) -> Block:
    """Plants that use ten a day at noon and get nothing from outside."""

    def plant(initial: int) -> Block:
        line = {
            "inputs": {"part": 1},
            "outputs": {"car": 1},
            "lot": 10,
            "time": "1 min",
            "release": {"pull": "car", "level": 0},
        }
        order = {"policy": "fixed", "quantity": 0, "review": {"every": "300 d"}, "sources": "far"}
        return {
            "tags": {"alliance": "member"},
            "stocks": {"part": {"initial": initial}},
            "operations": {"line": line},
            "demand": {"car": {"process": "plan", "rate": "10 /d", "at": "12:00"}},
            "replenishment": {"part": order},
        }

    lend = {
        "kind": "pooling",
        "at": {"tags": {"alliance": "member"}},
        "item": "part",
        "below": "2 d",
        "above": "4 d",
        "review": {"every": "1 d", "at": "06:00"},
        "transit": "2 h",
        "cost": {"per_unit": "5 yuan"},
    }
    return {
        "name": "Pool",
        "run": {"start": "2024-01-01", "length": "6 d"},
        "items": {"part": {}, "car": {}},
        "sites": {"far": {"stocks": {"part": {"unlimited": True}}}}
        | {site: plant(initial) for site, initial in stocks.items()},
        "lanes": {"road": {"from": "far", "to": list(stocks), "items": ["part"]}},
        "output_item": "car",
        "responses": {"lend": lend | more},
    }


@proves("pooling")
def test_members_borrow_up_to_their_cover_and_keep_that_of_a_lender() -> None:
    """Day 1: a lacks 15 of its 20, b lacks 20, c has 70 above its 40: both borrow what they lack.

    A day later each has used ten: a and b lack ten, and c has 65 and lends 20. Then c has 35.
    """
    run = simulated(pool({"a": 5, "b": 0, "c": 110}))
    lent = run.daily("stocks", "shipped", "c/part") // 1000
    assert lent.tolist() == [35, 20, 0, 0, 0, 0]
    assert units(run, "lend") == 55
    assert run.final("demands", "backlog", "a/car") + run.final("demands", "backlog", "b/car") > 0


@proves("pooling")
def test_what_can_be_lent_is_divided_in_proportion_to_what_is_lacking() -> None:
    run = simulated(pool({"a": 10, "b": 0, "c": 55}))
    received = [int(run.daily("stocks", "received", f"{s}/part")[0]) // 1000 for s in "ab"]
    assert received == [5, 10]
    assert cost(pool({"a": 10, "b": 0, "c": 55})) == 15 * 5


@proves("pooling")
def test_a_site_whose_lanes_are_closed_lends_nothing() -> None:
    """The plants have no lanes but those of the pool. On the third day c has 90 and lends again
    the 15 and the 20 that the others lack; on the fourth it has 45.
    """
    scenario = pool({"a": 5, "b": 0, "c": 110})
    closed = {"id": "closed", "target": {"site": "c"}, "effect": {"lane": "closed"}}
    closed |= {"timing": {"at": ["0 d"]}, "duration": "2 d"}
    scenario["disruptions"] = [closed]
    lent = simulated(scenario).daily("stocks", "shipped", "c/part") // 1000
    assert lent.tolist() == [0, 0, 35, 5, 0, 0]


@proves("pooling")
def test_lanes_of_a_pool_are_for_loans_alone() -> None:
    """The plant orders by road, and in need by the shortcut; nobody has anything to lend."""
    lend = {"kind": "pooling", "item": "part", "below": "1 d", "above": "100 d"}
    lend |= {"at": ["supplier", "other", "plant"], "review": {"every": "1 d"}, "transit": 0}
    scenario = chain(outage(10), lend=lend, other=second())
    scenario["sites"]["other"]["stocks"]["part"] = {"initial": 0}
    run = simulated(scenario)
    assert run.count("lanes", "ordered", "shortcut") == units(run, "other") > 0
    loans = [run.count("lanes", "ordered", f"lend:{a}>plant:part") for a in ("supplier", "other")]
    assert sum(loans) == units(run, "lend") == 0


# ---- what a disruption costs


def test_a_disruption_costs_what_the_run_costs_more_than_its_twin() -> None:
    """Of 20 days 15 are felt: 360 vehicles wait in the end, and 15 days later none.

    That is 360 x 15 vehicle-days at 10 yuan. The responses of both cost the same.
    """
    scenario = chain(outage(20), other=second(share=0, cost={"fixed": "99 yuan"}))
    scenario["items"]["vehicle"] = {"waiting_cost": "10 yuan"}
    network = chainsim.compile_network(chainsim.scenario_from_mapping(scenario))
    compared = compared_with_twin(network, chainsim.simulate(network), 0)
    assert compared.cost == pytest.approx(360 * 15 * 10, rel=0.01)
    waited = chainsim.measure(network, chainsim.simulate(network)).total
    assert waited["response_cost"] == 99


def test_without_prices_a_disruption_has_no_cost() -> None:
    network = chainsim.compile_network(chainsim.scenario_from_mapping(chain(outage(20))))
    assert compared_with_twin(network, chainsim.simulate(network), 0).cost is None


# ---- no occasion, and off

ALL: dict[str, Block] = {
    "stock": {"kind": "cover", "at": "plant", "item": "part", "extra": "3 d"},
    "other": second(activate={"after": "1 d"}),
    "hurry": {"kind": "expedite", "at": "plant", "item": "part", "below": "1 d", "transit": 0.5},
    "late": {
        "kind": "overtime",
        "at": "plant",
        "operation": "line",
        "factor": 2,
        "backlog_above": 10,
    },
    "engine": {"kind": "backup_power", "at": "supplier", "floor": 0.5},
    "ration": {"kind": "rationing", "at": "supplier", "item": "part", "classes": ["plant"]},
}
IDLE = [key for key in ALL if key != "stock"]
"""Those that nothing calls for where nothing is disrupted and stocks are full."""


@pytest.mark.parametrize("key", ALL)
def test_a_response_that_is_off_changes_no_bit(key: str) -> None:
    plain = series(simulated(chain(outage(20))))
    off = series(simulated(chain(outage(20), **{key: ALL[key] | {"enabled": False}})))
    assert off == plain


@pytest.mark.parametrize("key", IDLE)
def test_a_response_without_occasion_does_nothing(key: str) -> None:
    run = simulated(chain(**{key: ALL[key]}))
    assert different(series(simulated(chain())), series(run)) == []
    assert units(run, key) == 0


def test_levers_together_keep_the_laws() -> None:
    """The laws are checked in every run, and together the levers lose no more than the best one."""
    together = against_twin(chain(outage(40), **ALL))
    each = [against_twin(chain(outage(40), **{key: ALL[key]})).peak_shortfall for key in ALL]
    assert together.peak_shortfall <= min(each)


def test_every_kind_is_proved() -> None:
    union = get_args(Response)[0]
    kinds = {kind.model_fields["kind"].annotation.__args__[0] for kind in get_args(union)}
    assert kinds == PROVED
