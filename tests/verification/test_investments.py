"""Investments against arithmetic by hand: what comes, when, and what it changes.

A plant makes a thousand parts a day in lots of one, so what it has made by the end of a run is the
integral of its speed, less the lot under way.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

import chainsim
from chainsim.outcome.laws import check_laws
from chainsim.outcome.trajectory import STATES, Trajectory
from tests.series import different, series

Block = dict[str, Any]
PER_DAY = 1000
UNDER_WAY = 1.01
"""The lot that is under way at the end, and what tables of rates in whole ppm may be off."""


def plant(days: int = 100, demand: Block | None = None, **investments: Block) -> Block:
    """A plant that runs all day; with demand it makes what is asked for."""
    line: Block = {"outputs": {"part": 1}, "rate": f"{PER_DAY} /d"}
    site: Block = {"operations": {"line": line}}
    if demand is not None:
        line["release"] = {"pull": "part", "level": 0}
        site["demand"] = {"part": demand}
    return {
        "name": "plant",
        "run": {"start": "2024-01-01", "length": f"{days} d"},
        "output_item": "part",
        "items": {"part": {}},
        "sites": {"plant": site},
        "investments": investments,
    }


def expansion(**more: Any) -> Block:
    """Begun on day 10 and open on day 30."""
    block = {"kind": "expansion", "at": "plant", "operation": "line"}
    return block | {"start": "10 d", "construction": "20 d"} | more


def run_of(scenario: Block) -> Trajectory:
    network = chainsim.compile_network(chainsim.scenario_from_mapping(scenario))
    run = chainsim.simulate(network)
    check_laws(network, run)
    return run


def made(run: Trajectory) -> float:
    return run.count("stocks", "produced", "plant/part")


def integral(ready: Any, days: float) -> float:
    """Days of full work that a ramp gives from its opening on."""
    return float(quad(ready, 0, days, limit=200)[0])


RAMPS = {
    "step": ({}, lambda t: 1.0),
    "linear": ({"shape": "linear", "over": "40 d"}, lambda t: min(t / 40, 1)),
    "s_curve": (
        {"shape": "s_curve", "over": "40 d"},
        lambda t: 1.0 if t > 40 else (t / 40) ** 2 * (3 - 2 * t / 40),
    ),
    "exponential": ({"shape": "exponential", "tau": "15 d"}, lambda t: 1 - math.exp(-t / 15)),
    "gompertz": (
        {"shape": "gompertz", "tau": "12 d", "from": 0.05},
        lambda t: 0.05 ** math.exp(-t / 12),
    ),
    "stages": (
        {"shape": "stages", "stages": [{"after": "0 d", "ready": 0.25}, {"after": "30 d",
                                                                        "ready": 1}]},
        lambda t: 0.25 if t < 30 else 1.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", RAMPS)
def test_speed_comes_by_its_ramp(shape: str) -> None:
    """Half as much again is added from day 30 of 100 on: 70 days of the ramp."""
    ramp, ready = RAMPS[shape]
    run = run_of(plant(more=expansion(share=0.5, ramp=ramp)))
    expected = PER_DAY * (100 + 0.5 * integral(ready, 70))
    assert made(run) == pytest.approx(expected, abs=UNDER_WAY)


def test_a_ramp_in_thirty_days_by_hand() -> None:
    """R (1 - exp(-t / tau)): 100,000 + 500 x (70 - 15 (1 - exp(-70 / 15))) = 127,570.5."""
    run = run_of(plant(more=expansion(share=0.5, ramp={"shape": "exponential", "tau": "15 d"})))
    assert made(run) == 127_570


def test_yield_is_learnt() -> None:
    """Four fifths of the parts are good at first; what is missing falls to 0.85 with each doubling.

    After 30 days of practice the second month has doubled it: 1 - 0.2 x 0.85 = 0.83.
    """
    learning = {"start": 0.8, "rate": 0.85, "after": "30 d"}
    run = run_of(plant(more=expansion(share=1, learning=learning)))

    def good(t: float) -> float:
        return 1 - 0.2 * (1 + t / 30) ** math.log2(0.85)

    assert good(30) == pytest.approx(0.83)
    assert made(run) == pytest.approx(PER_DAY * (100 + integral(good, 70)), abs=UNDER_WAY)


def test_a_size_is_output_per_time_at_full_speed() -> None:
    """250 a day more for 70 days."""
    assert made(run_of(plant(more=expansion(size="250 /d")))) == 100_000 + 17_500 - 1


def test_everything_comes_later_by_the_delay() -> None:
    """250 a day more for 70 - 12 days."""
    run = run_of(plant(more=expansion(size="250 /d", delay="12 d")))
    assert made(run) == 100_000 + 250 * 58 - 1
    begun, opened = (run.daily("investments", name, "more") for name in ("begun", "opened"))
    assert [np.flatnonzero(begun).tolist(), np.flatnonzero(opened).tolist()] == [[22], [42]]


def test_investments_add_up_on_a_profile_in_the_hours_of_the_calendar() -> None:
    """Half days; half speed until day 50, then full; 0.25 more from day 30, 0.5 less from 80.

    0.5 x (0.5 x 50 + 1 x 50 + 0.25 x 70 - 0.5 x 20) = 41.25 days of full work.
    """
    scenario = plant(
        more=expansion(share=0.25),
        less={"kind": "retirement", "at": "plant", "operation": "line", "share": 0.5,
              "start": "80 d"},
    )  # fmt: skip
    scenario["profiles"] = {"p": {"kind": "steps", "before": 0.5, "at": [["50 d", 1]]}}
    scenario["calendars"] = {"half": {"week": {"mon-sun": ["06:00-18:00"]}}}
    scenario["sites"]["plant"]["calendar"] = "half"
    scenario["sites"]["plant"]["operations"]["line"]["capacity"] = "p"
    assert made(run_of(scenario)) == pytest.approx(41_250, abs=UNDER_WAY)


def test_a_retirement_goes_by_its_ramp() -> None:
    """It goes in a straight line over 40 days from day 50 on; nothing is left for ten days."""
    gone = {"kind": "retirement", "at": "plant", "operation": "line", "share": 1, "start": "50 d"}
    run = run_of(plant(less=gone | {"ramp": {"shape": "linear", "over": "40 d"}}))
    assert made(run) == pytest.approx(PER_DAY * (50 + 20), abs=UNDER_WAY)
    assert run.share_of_time("closed", "plant/line") == pytest.approx(0.1, abs=0.001)


def test_an_outage_halves_what_has_grown() -> None:
    """Ramps run on: 1.5 times the speed from day 30 on, half of it from day 40 to day 60."""
    scenario = plant(more=expansion(share=0.5))
    cut = {"id": "cut", "target": {"site": "plant"}, "effect": {"capacity": 0.5}}
    scenario["disruptions"] = [cut | {"timing": {"at": "40 d"}, "duration": "20 d"}]
    expected = 30_000 + 1.5 * PER_DAY * (70 - 10)
    assert made(run_of(scenario)) == pytest.approx(expected, abs=UNDER_WAY)


def test_a_conversion_takes_and_gives() -> None:
    """The works take the old line of 1,000 a day on day 10 and give 600 a day from day 30 on."""
    scenario = plant(
        works={
            "kind": "conversion", "at": "plant", "operation": "line", "size": "600 /d",
            "line": "hall", "start": "10 d", "construction": "20 d",
            "takes": {"operation": "old", "share": 1},
        }
    )  # fmt: skip
    operations = scenario["sites"]["plant"]["operations"]
    operations["old"] = {"outputs": {"fuel_car": 1}, "rate": f"{PER_DAY} /d"}
    scenario["items"]["fuel_car"] = {}
    run = run_of(scenario)
    assert made(run) == 100_000 + 600 * 70 - 1
    assert run.count("stocks", "produced", "plant/fuel_car") == 10 * PER_DAY


def test_servers_come_and_share_the_work() -> None:
    """Two more from day 30 on, one of them only from day 50: 100 + 50 + 70 server-days."""
    stages = [{"after": "0 d", "ready": 0.5}, {"after": "20 d", "ready": 1}]
    run = run_of(plant(more=expansion(servers=2, ramp={"shape": "stages", "stages": stages})))
    assert made(run) == 220 * PER_DAY - 3
    servers = run.tables["resources"].levels["servers"][:, 0]
    assert [servers[day] for day in (0, 29, 30, 49, 50, 99)] == [1, 1, 2, 2, 3, 3]
    assert run.mean("resources", "servers", "plant/line") == pytest.approx(2.2)


def test_a_server_at_work_leaves_after_its_lot() -> None:
    """Three work on lots of 7 days. On day 10 two retire: they end their second lots on day 14."""
    scenario = plant(days=28)
    scenario["sites"]["plant"]["operations"]["line"] = {
        "outputs": {"part": 1}, "time": "7 d", "servers": 3,
    }  # fmt: skip
    gone = {"kind": "retirement", "at": "plant", "operation": "line", "servers": 2}
    scenario["investments"] = {"less": gone | {"start": "10 d"}}
    run = run_of(scenario)
    daily = run.daily("stocks", "produced", "plant/part") // 1000
    assert {day: n for day, n in enumerate(daily.tolist()) if n} == {7: 3, 14: 3, 21: 1}
    assert run.count("resources", "busy", "plant/line") == 86_400 * (3 * 14 + 14)


def test_idle_servers_leave_at_once() -> None:
    """Nothing is asked for: two of three leave on day 10; no_release is counted for the third."""
    scenario = plant(days=20, demand={"process": "trace", "events": []})
    scenario["sites"]["plant"]["operations"]["line"]["servers"] = 3
    gone = {"kind": "retirement", "at": "plant", "operation": "line", "servers": 2}
    scenario["investments"] = {"less": gone | {"start": "10 d"}}
    run = run_of(scenario)
    assert run.count("resources", "no_release", "plant/line") == 86_400 * (3 * 10 + 10)


def test_shared_servers_come_for_all_that_share_them() -> None:
    """Two operations of 10 days share one server, and two more from day 30 on: 3 + 7 x 3 lots."""
    scenario = plant(
        more={"kind": "expansion", "at": "plant", "resource": "crew", "servers": 2,
              "start": "30 d"}
    )  # fmt: skip
    work = {"outputs": {"part": 1}, "time": "10 d", "resource": "crew"}
    scenario["sites"]["plant"] = {
        "resources": {"crew": {}}, "operations": {"one": work, "other": work},
    }  # fmt: skip
    run = run_of(scenario)
    assert made(run) == 3 + 3 * 6
    assert (
        run.count("operations", "started", "plant/one")
        + run.count("operations", "started", "plant/other")
        == 3 + 3 * 7
    )


WANTED = {"process": "regular", "every": "86.4 s"}
"""A thousand a day, one by one."""


def test_doubled_capacity_halves_the_utilisation() -> None:
    """Lots take 100 s and one is wanted every 200 s: busy half the time, a quarter from day 30."""
    for more in ({"share": 1}, {"servers": 1}):
        wanted = {"process": "regular", "every": "200 s"}
        scenario = plant(demand=wanted, more=expansion(**more))
        scenario["sites"]["plant"]["operations"]["line"]["rate"] = "36 /h"
        run = run_of(scenario)
        busy = run.daily("resources", "busy", "plant/line")
        there = run.tables["resources"].integrals["servers"][:, 0]
        assert busy[1:29].sum() / there[1:29].sum() == 0.5
        assert busy[31:99].sum() / there[31:99].sum() == 0.25


@pytest.mark.parametrize("size", [{"share": 0}, {"size": "0 /d"}, {"servers": 0}])
def test_an_investment_of_size_zero_changes_no_bit(size: Block) -> None:
    one = run_of(plant(demand=WANTED))
    other = run_of(plant(demand=WANTED, none=expansion(**size)))
    assert one.events == other.events
    assert different(series(one), series(other)) == []


def test_an_investment_that_is_off_changes_no_bit() -> None:
    one = run_of(plant(demand=WANTED))
    other = run_of(plant(demand=WANTED, off=expansion(share=2, enabled=False)))
    assert series(one) == series(other)


def rule(**more: Any) -> Block:
    block = {"kind": "expansion", "at": "plant", "operation": "line", "servers": 2}
    return block | {"construction": "10 d"} | more


def days_of(run: Trajectory, what: str) -> list[int]:
    return np.flatnonzero(run.daily("investments", what, "more")).tolist()


def test_a_rule_invests_when_servers_have_been_busy_for_long() -> None:
    """Busy all the time: decided after 5 days, open on day 15; then it looks for 5 days more.

    The second time is decided on day 20 and open on day 30; there is no third:
    15 + 15 x 3 + 70 x 5 server-days, and five lots are under way.
    """
    run = run_of(plant(more=rule(when={"utilisation": 0.9, "over": "5 d", "at_most": 2})))
    assert (days_of(run, "begun"), days_of(run, "opened")) == ([5, 20], [15, 30])
    assert made(run) == pytest.approx((15 + 45 + 350) * PER_DAY, abs=5)


def test_a_rule_may_begin_to_look_later() -> None:
    """Busy all the time, but not looked at before day 30: decided on day 35, open on day 45."""
    late = {"utilisation": 0.9, "over": "5 d", "since": "30 d"}
    run = run_of(plant(more=rule(when=late)))
    assert (days_of(run, "begun"), days_of(run, "opened")) == ([35], [45])


def test_a_rule_looks_at_the_share_of_the_time_that_is_not_closed() -> None:
    """600 of 1,000 a day are wanted until day 40, then 800: over ten days 0.7 on day 45.

    0.6 + 0.2 x k / 10 reaches 0.7 after k = 5 days of the higher demand.
    """
    wanted = {"process": "regular", "every": "144 s"}
    more = {"process": "regular", "every": "432 s", "first": "40 d", "item": "part"}
    scenario = plant(demand=wanted, more=rule(when={"utilisation": 0.699, "over": "10 d"}))
    scenario["sites"]["plant"]["demand"]["late"] = more
    run = run_of(scenario)
    assert (days_of(run, "begun"), days_of(run, "opened")) == ([45], [55])


def test_a_rule_that_is_not_met_does_nothing() -> None:
    wanted = {"process": "regular", "every": "144 s"}
    run = run_of(plant(demand=wanted, more=rule(when={"utilisation": 0.61, "over": "10 d"})))
    assert days_of(run, "begun") == []


def test_a_delay_of_a_rule_is_a_longer_construction() -> None:
    run = run_of(plant(more=rule(when={"utilisation": 0.9, "over": "5 d"}, delay="3 d")))
    assert (days_of(run, "begun"), days_of(run, "opened")) == ([5], [18])


def test_server_time_is_that_of_the_servers_that_are_there() -> None:
    """The states add up to 100 + 2 x 70 server-days."""
    scenario = chainsim.scenario_from_mapping(plant(demand=WANTED, more=expansion(servers=2)))
    network = chainsim.compile_network(scenario)
    run = chainsim.simulate(network)
    spent = sum(run.count("resources", state, "plant/line") for state in STATES)
    assert spent == 86_400 * (100 + 2 * 70)
