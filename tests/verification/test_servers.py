"""Servers that come and go where something else happens to them, against arithmetic by hand.

Lots last days, so that every instant can be written down; runs end just before their last second.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

import chainsim
from chainsim.experiments.capacity import capacity_of
from chainsim.experiments.steady import steady_output
from chainsim.network.static_capacity import static_capacity
from chainsim.outcome.causes import Loss, loss_by_cause
from chainsim.outcome.laws import check_laws
from chainsim.outcome.server_groups import periods, server_groups
from chainsim.outcome.tracing import CAUSES
from chainsim.outcome.trajectory import Trajectory

Block = dict[str, Any]
DAY = 86_400


def plant(days: int, operations: Block, **more: Block) -> Block:
    return {
        "name": "plant",
        "run": {"start": "2024-01-01", "length": f"{days} d"},
        "output_item": "part",
        "items": {"part": {}, "half": {}},
        "sites": {"plant": {"operations": operations, **more}},
    }


def line(**more: Any) -> Block:
    return {"outputs": {"part": 1}, "time": "1 d"} | more


def change(kind: str, start: str, **more: Any) -> Block:
    block = {"kind": kind, "at": "plant", "operation": "line", "servers": 1, "start": start}
    return block | more


def run_of(scenario: Block, **investments: Block) -> Trajectory:
    document = chainsim.scenario_from_mapping(scenario | {"investments": investments})
    network = chainsim.compile_network(document)
    run = chainsim.simulate(network)
    check_laws(network, run)
    return run


def made(run: Trajectory) -> float:
    return run.count("stocks", "produced", "plant/part")


def days_in(run: Trajectory, state: str) -> float:
    return run.count("resources", state, "plant/line") / DAY


def servers(run: Trajectory) -> list[int]:
    """At the end of each day."""
    found: list[int] = run.tables["resources"].levels["servers"][:, -1].tolist()
    return found


def test_goods_pass_straight_to_a_server_that_comes() -> None:
    """No room between two operations: what the first has made waits for a server of the second.

    The second starts lots of 10 days on days 1 and 11 and, with a server more on day 15, on 15, 21
    (what was ready on 16) and 25: five by day 30, of which those of days 1, 11 and 15 are done.
    """
    operations = {
        "first": {"outputs": {"half": 1}, "time": "1 d"},
        "line": line(inputs={"half": 1}, time="10 d"),
    }
    scenario = plant(30, operations, stocks={"half": {"room": 0}})
    run = run_of(scenario, more=change("expansion", "15 d"))
    assert run.count("operations", "started", "plant/line") == 5
    assert made(run) == 3


def test_a_blocked_server_leaves_when_what_it_made_finds_room() -> None:
    """Two servers are blocked from days 1 and 2 on; one is to go on day 5, customers come on 10.

    One part has found room on day 1. On day 10 three are taken: the server that was blocked first
    leaves, the other one goes on and has made ten more by day 20 (all are wanted).
    """
    scenario = plant(
        21,
        {"line": line(servers=2)},
        stocks={"part": {"room": 1}},
        demand={"part": {"process": "trace", "events": [["10 d", 100]]}},
    )
    run = run_of(scenario, less=change("retirement", "5 d"))
    assert [servers(run)[day] for day in (4, 5, 9, 10, 20)] == [2, 2, 2, 1, 1]
    assert days_in(run, "blocked") == 9 + 8
    assert made(run) == 3 + 10


def test_a_server_that_an_outage_stops_leaves_after_its_lot() -> None:
    """A lot of 4 days begins on day 0 and stands still from day 2 to 12: it ends on day 14."""
    scenario = plant(20, {"line": line(time="4 d")})
    cut = {"id": "cut", "target": {"site": "plant"}, "effect": {"capacity": 0}}
    scenario["disruptions"] = [cut | {"timing": {"at": "2 d"}, "duration": "10 d"}]
    run = run_of(scenario, less=change("retirement", "5 d"))
    assert (days_in(run, "busy"), days_in(run, "disrupted"), made(run)) == (4, 10, 1)
    assert [servers(run)[day] for day in (13, 14)] == [1, 0]


def test_a_server_that_is_repaired_leaves_after_its_lot() -> None:
    """It fails after 3 days of work and is down for 2: the fourth lot lasts from day 3 to day 6.

    The server is to go on day 4 and leaves on day 6. A new one of day 10 has its own 3 days to the
    first failure: lots end on days 11, 12, 13, and after the repair on 16, 17, 18.
    """
    breakdowns = [{"up": "3 d", "repair": "2 d"}]
    scenario = plant(20, {"line": line(breakdowns=breakdowns)})
    run = run_of(scenario, less=change("retirement", "4 d"), more=change("expansion", "10 d"))
    daily = run.daily("stocks", "produced", "plant/part") // 1000
    assert np.flatnonzero(daily).tolist() == [1, 2, 3, 6, 11, 12, 13, 16, 17, 18]
    assert days_in(run, "broken_down") == 2 + 2 + 2
    assert days_in(run, "busy") == 4 + 6


def test_a_server_that_comes_takes_the_place_of_one_that_has_not_left_yet() -> None:
    """Both work on lots of 7 days. One is to go on day 2, one comes on day 4: none has left."""
    scenario = plant(14, {"line": line(time="7 d", servers=2)})
    run = run_of(scenario, less=change("retirement", "2 d"), more=change("expansion", "4 d"))
    assert set(servers(run)) == {2}
    assert made(run) == 2


def test_a_rule_does_not_look_at_closed_days() -> None:
    """Closed for ten days, then busy all the time: the last five days were busy first on day 11."""
    scenario = plant(30, {"line": line(time="1 h")})
    closed = [{"from": "2024-01-01", "to": "2024-01-10", "shifts": []}]
    week = {"mon-sun": ["00:00-24:00"]}
    scenario["calendars"] = {"work": {"week": week, "special": closed}}
    scenario["sites"]["plant"]["calendar"] = "work"
    rule = {"utilisation": 0.9, "over": "5 d"}
    more = {"kind": "expansion", "at": "plant", "operation": "line", "servers": 1, "when": rule}
    run = run_of(scenario, more=more)
    assert np.flatnonzero(run.daily("investments", "begun", "more")).tolist() == [11]


def test_backup_power_keeps_a_part_of_what_has_grown() -> None:
    """Half more speed from day 30 on; in an outage from day 40 to 60 half of all that is kept.

    30 + 1.5 x (10 + 0.5 x 20 + 40) = 120 days of full work, a thousand a day, one under way.
    """
    scenario = plant(100, {"line": {"outputs": {"part": 1}, "rate": "1000 /d"}})
    cut = {"id": "cut", "target": {"site": "plant"}, "effect": {"capacity": 0}}
    scenario["disruptions"] = [cut | {"timing": {"at": "40 d"}, "duration": "20 d"}]
    power = {"kind": "backup_power", "at": {"site": "plant"}, "floor": 0.5, "start": "0 s"}
    scenario["responses"] = {"power": power | {"operation": ["line"]}}
    more = change("expansion", "30 d", share=0.5)
    del more["servers"]
    assert made(run_of(scenario, more=more)) == 120_000 - 1


def test_a_rule_looks_again_at_once_where_nothing_is_built() -> None:
    """Always busy: decided after five days and again after the next five."""
    rule = {"utilisation": 0.9, "over": "5 d", "at_most": 2}
    more = {"kind": "expansion", "at": "plant", "operation": "line", "servers": 1, "when": rule}
    run = run_of(plant(20, {"line": line(time="1 h")}), more=more)
    assert np.flatnonzero(run.daily("investments", "begun", "more")).tolist() == [5, 10]
    assert [servers(run)[day] for day in (4, 5, 9, 10)] == [1, 2, 2, 3]


def test_what_servers_could_do_counts_while_they_are_there() -> None:
    """Closed until day 10; from then on open with two servers, of which one came that day.

    2 x 10 server-days of 24 lots are 480: not the mean of 1.5 servers times half of 20 days, 360.
    """
    closed = [{"from": "2024-01-01", "to": "2024-01-10", "shifts": []}]
    demand = {"part": {"process": "plan", "rate": "10 /d"}}
    scenario = plant(20, {"line": line(time="1 h")}, demand=demand)
    week = {"mon-sun": ["00:00-24:00"]}
    scenario["calendars"] = {"work": {"week": week, "special": closed}}
    scenario["sites"]["plant"]["operations"]["line"]["calendar"] = "work"
    scenario["investments"] = {"more": change("expansion", "10 d")}
    network = chainsim.compile_network(chainsim.scenario_from_mapping(scenario))
    (group,), (month,) = server_groups(network), periods(network.horizon)
    edges = np.array([month.begin, month.end])
    assert capacity_of(network, group, month.begin, month.end).amount == 480
    assert static_capacity(network, edges).groups[0].capacity.tolist() == [480]
    steady = steady_output(network, (group,), month, as_ordered=False)
    assert steady is not None
    assert steady.per_day == 480 / 20


def test_a_rule_decides_in_the_twin_by_what_it_sees_there() -> None:
    """24 lots a day; in an outage on days 2 and 3 servers are not closed, and not busy.

    The twin decides after five days, the run when five busy days are over, on day 9. It loses
    24 lots on each of days 2 and 3, and on days 5 to 8, on which the twin has a server more.
    """
    rule = {"utilisation": 0.9, "over": "5 d"}
    more = {"kind": "expansion", "at": "plant", "operation": "line", "servers": 1, "when": rule}
    scenario = plant(12, {"line": line(time="1 h")}) | {"investments": {"more": more}}
    cut = {"id": "cut", "target": {"site": "plant"}, "effect": {"capacity": 0}}
    scenario["disruptions"] = [cut | {"timing": {"at": "2 d"}, "duration": "2 d"}]
    scenario["resilience"] = {"fail": "1 d", "recover": "0.5 d", "hold": "2 d"}
    network = chainsim.compile_network(chainsim.scenario_from_mapping(scenario))
    run, twin = (chainsim.simulate(n) for n in (network, replace(network, disruptions=())))
    begun = [np.flatnonzero(t.daily("investments", "begun", "more")).tolist() for t in (run, twin)]
    assert begun == [[9], [5]]
    losses = loss_by_cause(network, run, twin, 2 * DAY)
    causes: Counter[str] = Counter()
    for row in map(Loss._make, losses.rows.tolist()):
        causes[CAUSES[row.why]] += row.quantity
    assert causes == {"disrupted": 6 * 24_000}, causes
    assert losses.net == 6 * 24_000
