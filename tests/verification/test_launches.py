"""Launches against arithmetic by hand: approvals delay exactly the vehicles that need them.

All chains here have servers to spare, so that only the approval can be late.
"""

from __future__ import annotations

from typing import Any

import pytest

from chainsim import compile_network, scenario_from_mapping, simulate
from chainsim.engines.rules import Dividing
from chainsim.errors import InputError
from chainsim.experiments.knockouts import knockouts
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.launches import LaunchCourse, launch_courses
from chainsim.outcome.measures import measure
from chainsim.outcome.trajectory import Trajectory
from tests.series import different, series

Block = dict[str, Any]
HOUR = 3600
PLAN = 10
"""Vehicles a day."""


def launch(approval: Block | None = None, **more: Any) -> Block:
    """Half of the plan from day 60 on; a pilot of four cars on day 10 for a project of 30 days.

    The cars are there on day 11, a day on the road included; the project begins on day 20, is
    through on day 50, and the series may begin on day 55.
    """
    project = {"at": "lab", "operation": "approve", "applied": "20 d", "samples": 4}
    project |= {"time": "30 d", "filing": "5 d", **(approval or {})}
    block = {"at": "plant", "operation": "line", "planned": "60 d", "share": 0.5}
    block |= {"pilot": {"lots": 4, "start": "10 d"}, "approval": project}
    return block | more


def chain(benches: int = 1, **launches: Block) -> Block:
    """A line of 48 a day and four test bays for a plan of ten at midnight; a lab with benches."""
    line = {
        "inputs": {"part": 1},
        "outputs": {"built": 1},
        "rate": "48 /d",
        "release": {"pull": "vehicle", "level": 0},
    }
    bays = {"inputs": {"built": 1}, "outputs": {"vehicle": 1}, "time": "1 h", "servers": 4}
    approve = {"inputs": {"request": 1}, "outputs": {"paper": 1}, "time": "30 d", "priority": 1}
    draw = {"inputs": {"vehicle": 1}, "outputs": {"report": 1}, "time": "2 d"}
    return {
        "name": "By hand",
        "run": {"start": "2024-01-01", "length": "200 d"},
        "output_item": "vehicle",
        "items": {key: {} for key in ("part", "built", "vehicle", "report", "request", "paper")},
        "sites": {
            "plant": {
                "stocks": {"part": {"unlimited": True}},
                "operations": {"line": line, "test": bays},
                "demand": {"vehicle": {"process": "plan", "rate": f"{PLAN} /d"}},
            },
            "lab": {
                "resources": {"benches": {"servers": benches}},
                "operations": {
                    "approve": {**approve, "resource": "benches"},
                    "conformity": {**draw, "resource": "benches"},
                },
                "arrivals": {
                    "request": {"process": "trace", "events": []},
                    "vehicle": {"process": "trace", "events": []},
                },
            },
        },
        "lanes": {
            "samples": {"from": "plant", "to": "lab", "items": ["vehicle"], "transit": "1 d"}
        },
        "launches": launches,
    }


def ran(mapping: Block, replication: int = 0) -> tuple[CompiledNetwork, Trajectory]:
    network = compile_network(scenario_from_mapping(mapping))
    return network, simulate(network, replication)


def course(mapping: Block, replication: int = 0) -> dict[str, LaunchCourse]:
    return launch_courses(*ran(mapping, replication))


def by_day(run: Trajectory, sort: str, *demands: str, kind: str = "demands") -> list[int]:
    columns = [run.daily(kind, sort, one) // 1000 for one in demands]
    return [int(sum(day)) for day in zip(*columns, strict=True)]


def lognormal(mapping: Block) -> Block:
    """The same with noise, failed tests and breakdowns."""
    plant = mapping["sites"]["plant"]
    plant["demand"]["vehicle"] |= {"noise": {"dist": "lognormal", "mean": 1, "cv": 0.4}}
    mapping["items"]["mended"] = {}
    plant["operations"]["test"]["outputs"] = {"vehicle": {"share": 0.8}, "mended": {"share": 0.2}}
    mend = {"inputs": {"mended": 1}, "outputs": {"built": 1}, "time": "3 h", "servers": 2}
    plant["operations"]["mend"] = mend
    down = {"up": {"dist": "exponential", "mean": "3 d"}, "repair": "2 h"}
    plant["operations"]["line"]["breakdowns"] = [down]
    return mapping


# ---- off, and on time


@pytest.mark.parametrize("block", [launch(enabled=False), launch(share=0), launch(share="none")])
def test_a_launch_that_is_off_or_plans_nothing_changes_no_bit(block: Block) -> None:
    profiles = {"none": {"kind": "steps", "at": [[0, 0.5], ["60 d", 0]]}}
    plain, off = lognormal(chain()), lognormal(chain(new=block)) | {"profiles": profiles}
    runs = [series(ran(one)[1]) for one in (plain, off)]
    assert runs[0].keys() == runs[1].keys()
    assert not different(*runs)


def test_a_model_that_is_on_time_changes_no_total() -> None:
    """By hand: 10 a day are made on their day, with half of them the new model from day 60 on."""
    network, run = ran(chain(new=launch()))
    for sort in ("demanded", "delivered"):
        assert by_day(run, sort, "plant/vehicle") == [PLAN] * 60 + [5] * 140
        assert by_day(run, sort, "plant/vehicle:new") == [0] * 60 + [5] * 140
    without = ran(chain())
    for name in ("output", "demanded", "delivered", "fill_rate", "backlog"):
        assert measure(network, run).total[name] == measure(*without).total[name]
    assert measure(network, run).sites["plant"]["output"] == 200 * PLAN


def test_the_course_of_a_launch_by_hand() -> None:
    """Cars on day 11; applied and on the bench day 20; +30 d; filed +5 d: 60 days before planned
    is day 0. The series needs nothing before the first car is due."""
    found = course(chain(new=launch()))["new"]
    assert found == LaunchCourse(
        on_bench=20 - 60,
        approved=50 - 60,
        permitted=55 - 60,
        first_vehicle=0,
        due=0,
        late=0,
        followed=140,
        tests=1,
        delivered=5 * 140,
        peak_backlog=0,
        lost=0,
    )


def test_the_plan_is_divided_to_the_unit_whatever_is_drawn() -> None:
    """Old and new models of two launches want on every day what the plan wants without them."""
    other = launch(share="ramp", planned="90 d")
    mapping = lognormal(chain(2, a=launch(share=0.3), b=other))
    mapping["profiles"] = {"ramp": {"kind": "linear", "at": [["90 d", 0], ["150 d", 0.7]]}}
    plain = ran(lognormal(chain()))[1]
    run = ran(mapping)[1]
    wanted = by_day(plain, "demanded", "plant/vehicle")
    parts = ("plant/vehicle", "plant/vehicle:a", "plant/vehicle:b")
    assert by_day(run, "demanded", *parts) == wanted
    assert len(set(wanted)) > 5
    new = sum(by_day(run, "demanded", "plant/vehicle:a"))
    assert abs(new - 0.3 * sum(wanted[60:])) <= 0.5
    both = by_day(run, "demanded", "plant/vehicle:a", "plant/vehicle:b")
    assert both[160:] == wanted[160:]  # 0.3 + 0.7: no old model is wanted any more


def test_amounts_are_divided_in_turn() -> None:
    """A third and then a half of the rest of 2, 2, 2, ...: due 2/3, 4/3, 2: 1, 0, 1 (halves up);
    of the rest 1, 2, 1 due 1/2, 3/2, 2: 1, 1, 0."""
    dividing = Dividing(2, 1000)
    shares = [333_333, 500_000]
    found = [dividing.parts(2000, shares) for _ in range(3)]
    assert found == [[1000, 1000, 0], [0, 1000, 1000], [1000, 0, 1000]]


def test_covers_follow_the_divided_plan() -> None:
    """Two days of plan: 20 of the old model; ahead of day 60, day by day, 5 more of the new one."""
    mapping = chain(new=launch())
    mapping["sites"]["plant"]["operations"]["line"]["release"]["level"] = {"cover": "2 d"}
    network, run = ran(mapping)
    plan = {network.stocks[k].id: days for k, days in network.plan_per_day.items()}
    assert plan["plant/new"] == (0,) * 60 + (5000,) * 140
    assert plan["plant/vehicle"] == (10_000,) * 60 + (5000,) * 140
    targets = {one.id: one.release.target for one in network.operations}
    assert [targets["plant/line:new"].on(day) for day in (57, 58, 59, 60)] == [0, 0, 5000, 10_000]
    assert [targets["plant/line"].on(day) for day in (57, 58, 59, 60)] == [
        20_000, 20_000, 15_000, 10_000,
    ]  # fmt: skip
    assert by_day(run, "produced", "plant/new", kind="stocks")[58:61] == [0, 5, 10]


# ---- late


@pytest.mark.parametrize(
    ("approval", "permitted"),
    [
        ({"applied": "45 d"}, 80),  # 45 + 30 + 5
        ({"time": "50 d"}, 75),  # 20 + 50 + 5
        ({"filing": "25 d"}, 75),  # 20 + 30 + 25
    ],
)
def test_a_late_approval_delays_exactly_the_vehicles_that_need_it(
    approval: Block, permitted: int
) -> None:
    """By hand: 5 a day wait from day 60 on and are all made up, the old models go on as before."""
    on_time = ran(chain(new=launch()))[1]
    network, late = ran(chain(new=launch(approval)))
    old = "plant/vehicle"
    for sort in ("demanded", "delivered", "at_once"):
        assert by_day(late, sort, old) == by_day(on_time, sort, old)
    new = by_day(late, "delivered", "plant/vehicle:new")
    assert new[:permitted] == [0] * permitted
    waiting = 5 * (permitted - 60)
    assert sum(new) == 5 * 140
    # the old model has the line first: 10 h for 5 cars a day leave 38 of 48 places and more
    assert new[permitted] >= 30 and new[-1] == 5
    found = launch_courses(network, late)["new"]
    assert (found.permitted, found.late) == (permitted - 60, permitted - 60)
    assert found.peak_backlog == waiting
    total = measure(network, late).total
    assert total["output"] == 200 * PLAN and total["lost_sales"] == 0


def test_what_is_not_approved_by_the_end_is_not_told_as_a_time() -> None:
    found = course(chain(new=launch({"applied": "180 d"})))["new"]
    assert (found.on_bench, found.due) == (120, 0)
    assert found.approved is found.permitted is found.first_vehicle is found.late is None
    assert found.followed == 140 and found.peak_backlog == 5 * 140 and found.delivered == 0


def test_customers_who_do_not_wait_are_told_as_lost() -> None:
    """By hand: 5 a day from day 60 until the series begins on day 80; nothing is made up."""
    mapping = chain(new=launch({"applied": "45 d"}))
    mapping["sites"]["plant"]["demand"]["vehicle"]["unmet"] = "patience"
    mapping["sites"]["plant"]["demand"]["vehicle"]["patience"] = "23 h"
    found = course(mapping)["new"]
    assert (found.lost, found.late, found.delivered) == (5 * 20, 20, 5 * 120)
    assert found.peak_backlog <= 5


def test_projects_queue_for_one_bench() -> None:
    """By hand: all are ready on day 20; the first takes 30 days, so the second begins on day 50 and
    the third on day 80; through on days 50, 80 and 110, and 5 days later the series may begin."""
    blocks = {key: launch(share=0.3) for key in ("a", "b", "c")}
    found = course(chain(1, **blocks))
    days = [(60 + (one.on_bench or 0), 60 + (one.permitted or 0)) for one in found.values()]
    assert days == [(20, 55), (50, 85), (80, 115)]
    assert [one.late for one in found.values()] == [0, 25, 55]
    assert [one.late for one in course(chain(3, **blocks)).values()] == [0, 0, 0]


def test_the_queue_is_in_the_order_in_which_projects_are_complete() -> None:
    """`a` has its cars on day 31, `b` on day 11: both wait for a bench that is free on day 40."""
    late = launch(share=0.3, pilot={"lots": 4, "start": "30 d"})
    mapping = chain(1, a=late, b=launch(share=0.3))
    mapping["sites"]["lab"]["arrivals"]["request"]["events"] = [["10 d", 1]]
    found = course(mapping)
    assert [60 + (found[key].on_bench or 0) for key in ("b", "a")] == [40, 70]


def test_conformity_samples_go_first() -> None:
    """By hand: the bench is busy with a request until day 40. A sample came on day 26, six days
    after the project was complete; it takes days 40 and 41, so the project begins on day 42."""
    mapping = chain(1, new=launch())
    lab = mapping["sites"]["lab"]
    lab["arrivals"]["request"]["events"] = [["10 d", 1]]
    lab["arrivals"]["vehicle"]["events"] = [["26 d", 1]]
    _, run = ran(mapping)
    assert by_day(run, "started", "lab/conformity", kind="operations").index(1) == 40
    assert by_day(run, "started", "lab/approve:new", kind="operations").index(1) == 42
    lab["operations"]["conformity"]["priority"] = 2
    _, run = ran(mapping)
    assert by_day(run, "started", "lab/approve:new", kind="operations").index(1) == 40
    assert by_day(run, "started", "lab/conformity", kind="operations").index(1) == 70


# ---- pilot cars and repeat tests


def test_pilot_lots_need_no_approval_and_crash_cars_are_used_up() -> None:
    """Five lots of two cars on day 10, four of them for the project; what is left stays."""
    mapping = chain(new=launch(pilot={"lots": 5, "start": "10 d"}))
    mapping["sites"]["plant"]["operations"]["line"] |= {"lot": 2}
    mapping["sites"]["plant"]["stocks"]["part"] = {"initial": 3000}
    network, run = ran(mapping)
    sample = "plant/sample:new"
    assert by_day(run, "produced", sample, kind="stocks")[9:12] == [0, 10, 0]
    assert run.count("stocks", "produced", sample) == 10
    assert run.count("stocks", "used", "lab/sample:new") == 4
    assert run.final("stocks", "on_hand", sample) == 6
    assert measure(network, run).total["output"] == 200 * PLAN  # pilot cars are no output
    assert run.count("stocks", "used", "plant/part") == 200 * PLAN + 10


def test_a_test_without_crash_cars_needs_no_pilot_and_no_lane() -> None:
    block = launch({"samples": 0})
    del block["pilot"]
    mapping = chain(new=block)
    mapping["lanes"] = {}
    assert course(mapping)["new"].permitted == -5


def test_crash_cars_wait_for_no_full_load() -> None:
    """Lanes of the same pair, departures and quotas hold for them: the cars of day 10 leave three
    a day at midnight, so the last of four comes on day 13; nothing waits for loads of nine."""
    mapping = chain(new=launch({"applied": "0 d"}))
    mapping["lanes"]["samples"] |= {"load": 9, "capacity_per_day": 9}
    assert course(mapping)["new"].on_bench == 11 - 60
    mapping["lanes"]["samples"] |= {
        "load": 1,
        "capacity_per_day": 3,
        "departures": {"every": "1 d"},
    }
    assert course(mapping)["new"].on_bench == 13 - 60


def test_repeat_tests_take_the_bench_again() -> None:
    """By hand: a test fails at its end; news comes at once; two new cars take an hour on the line
    (at the end of the plan of the day, 5 h), and a day on the road; then 10 days on the bench."""
    approval = {"passes": 0.4, "repeat": {"time": "10 d", "samples": 2}}
    seen = set()
    for replication in range(6):
        network, run = ran(chain(new=launch(approval)), replication)
        found = launch_courses(network, run)["new"]
        repeats = found.tests - 1
        seen.add(repeats)
        assert run.count("stocks", "used", "lab/sample:new") == 4
        assert run.count("stocks", "used", "lab/resample:new") == 2 * repeats
        assert run.count("resources", "busy", "lab/benches") == (30 + 10 * repeats) * 24 * HOUR
        # each repeat: made and one day on the road, then ten days; hours add up to less than a day
        assert found.approved is not None
        assert 0 <= found.approved - (50 + 11 * repeats - 60) <= repeats / 4
    assert 0 in seen and max(seen) >= 2


def test_a_repeat_without_cars_begins_when_the_bench_is_free() -> None:
    approval = {"passes": 0.3, "repeat": {"time": "7 d"}}
    found = course(chain(new=launch(approval)))["new"]
    assert found.approved == 50 + 7 * (found.tests - 1) - 60


def test_repeat_tests_follow_their_probability() -> None:
    """Tests to the first success: geometric, mean 1 / 0.5 = 2, variance 2; 200 projects give the
    mean a standard deviation of 0.1."""
    approval = {"passes": 0.5, "repeat": {"time": "1 h"}, "time": "1 h", "applied": "20 d"}
    mapping = chain(new=launch(approval)) | {"run": {"start": "2024-01-01", "length": "30 d"}}
    mapping["launches"]["new"]["planned"] = "29 d"
    network = compile_network(scenario_from_mapping(mapping))
    tests = [launch_courses(network, simulate(network, k))["new"].tests for k in range(200)]
    assert abs(sum(tests) / 200 - 2) < 0.3


# ---- what else goes on


def test_two_launches_at_one_maker_and_rework() -> None:
    """Cars that fail their test are mended as cars of their model; all of the plan is made."""
    mapping = lognormal(chain(2, a=launch(share=0.3), b=launch(share=0.4, planned="80 d")))
    network, run = ran(mapping)
    plain = ran(lognormal(chain()))
    assert measure(network, run).total["demanded"] == measure(*plain).total["demanded"]
    for model in ("a", "b"):
        assert run.count("operations", "completed", f"plant/mend:{model}") > 0
    bays = {one.id: one.servers for one in network.resources}
    assert (bays["plant/test"], bays["plant/mend"], bays["plant/line"]) == (4, 2, 1)
    assert sum(run.count("demands", "delivered", one) for one in run.tables["demands"].ids) >= (
        0.99 * (measure(*plain).total["delivered"] or 0)
    )


def test_a_model_follows_the_pulls_of_every_operation_on_its_way() -> None:
    """The line fills a stock of three built cars, from which the test makes cars to order."""
    mapping = chain(new=launch())
    operations = mapping["sites"]["plant"]["operations"]
    operations["line"]["release"] = {"pull": "built", "level": 3}
    operations["test"]["release"] = {"pull": "vehicle", "level": 0}
    _, run = ran(mapping)
    assert by_day(run, "delivered", "plant/vehicle:new") == [0] * 60 + [5] * 140
    assert run.final("stocks", "on_hand", "plant/built:new") == 3
    assert run.count("stocks", "produced", "plant/built:new") == 5 * 140 + 3


def test_a_scenario_with_launches_loads_again_from_its_own_data() -> None:
    scenario = scenario_from_mapping(chain(new=launch({"passes": 0.5, "repeat": {"samples": 2}})))
    again = scenario_from_mapping(scenario.merged)
    assert again.document == scenario.document
    assert compile_network(again) == compile_network(scenario)


@pytest.mark.parametrize(
    ("target", "effect"),
    [
        ({"operation": "line"}, {"capacity": 0}),
        ({"site": "plant", "item": "vehicle"}, {"demand": 0}),
        ({"site": "plant", "item": "built"}, {"capacity": 0}),
        ({"lane": "samples"}, {"lane": "closed"}),
        ({"site": "plant", "item": "vehicle"}, {"lane": "closed"}),
        ({"site": "lab", "operation": "approve"}, {"capacity": 0}),
    ],
)
def test_disruptions_that_name_what_was_written_strike_what_is_made_like_it(
    target: Block, effect: Block
) -> None:
    """From day 5 to 90: no model is built, or wanted, or no crash car comes, or no test ends."""
    mapping = chain(new=launch())
    timing = {"timing": {"at": "5 d"}, "duration": "85 d"}
    mapping["disruptions"] = [{"id": "x", "target": target, "effect": effect, **timing}]
    _, run = ran(mapping)
    new = by_day(run, "delivered", "plant/vehicle:new")
    assert new[:90] == [0] * 90
    wanted = sum(by_day(run, "demanded", "plant/vehicle:new"))
    assert wanted == 5 * (110 if "demand" in effect else 140)


def test_responses_reach_what_is_made_like_their_operation() -> None:
    """Both have the model's line at half speed, against 2 h a car with the disruption alone."""
    mapping = chain(new=launch())
    slow = {"id": "slow", "target": {"operation": "line"}, "effect": {"capacity": 0.25}}
    mapping["disruptions"] = [slow | {"timing": {"at": "70 d"}, "duration": "20 d"}]
    struck = ran(mapping)[0]
    cover = {"kind": "cover", "at": "plant", "item": "vehicle", "extra": "1 d"}
    mapping["responses"] = {
        "power": {"kind": "backup_power", "at": "plant", "operation": "line", "floor": 0.5},
        "hours": {"kind": "overtime", "at": "plant", "operation": "line", "factor": 2},
        "more": cover,
    }
    mapping["sites"]["plant"]["operations"]["line"]["release"]["level"] = {"cover": 0}
    network = ran(mapping)[0]
    found = {one.id: one for one in network.operations}
    assert found["plant/line:new"].backup == found["plant/line"].backup is not None
    assert found["plant/line:new"].overtime_response == found["plant/line"].overtime_response
    assert found["plant/line:new:pilot"].overtime_above is None
    assert found["plant/line:new"].release.target.on(70) == 5000  # the day more of 5 a day
    assert all(one.backup is None for one in struck.operations)


def test_investments_reach_what_is_made_like_their_operation() -> None:
    """By hand: ten cars of half an hour take 5 h of servers, and 2.5 h at twice the speed, from day
    100 on; a size is over that of the operation's own servers, two of 48 a day."""
    mapping = chain(new=launch())
    line = mapping["sites"]["plant"]["operations"]["line"]
    line["servers"] = 2
    growth = {"kind": "expansion", "at": "plant", "operation": "line", "size": "96 /d"}
    mapping["investments"] = {"more": growth | {"start": "90 d", "construction": "10 d"}}
    network, run = ran(mapping)
    clocks = {one.id: network.clocks[one.clock].base for one in network.operations}
    same = {clocks[f"plant/line{end}"] for end in ("", ":new", ":new:pilot")}
    assert len(same) == 1 and network.bases[same.pop()].rates == (10**6, 2 * 10**6)
    busy = run.daily("resources", "busy", "plant/line")
    assert (busy[99], busy[100]) == (5 * HOUR, 5 * HOUR // 2)


def test_a_fleet_is_of_all_models() -> None:
    """Ten a day for 200 days, none scrapped: 2,000 cars on the road, half of 140 days' the new."""
    mapping = chain(new=launch())
    mapping["fleets"] = {"road": {"item": "vehicle", "lifetime": "90 yr", "initial": []}}
    network, run = ran(mapping)
    assert run.count("fleets", "sold", "road") == 200 * PLAN
    assert len(network.fleets[0].demands) == 2


def test_the_new_model_stands_behind_the_others_unless_its_priority_says_else() -> None:
    """A line of ten a day has no place to spare: half of the plan is 5, so what the model lacks on
    day 80, 20 times 5, is never made up; with priority 0 of its own and 1 of the line, the others
    wait for it."""
    late = launch({"applied": "45 d"})
    waiting = []
    for block, behind in ((late, 1), (late | {"priority": 0}, 0)):
        mapping = chain(new=block)
        mapping["sites"]["plant"]["operations"]["line"] |= {"rate": f"{PLAN} /d", "priority": 0}
        if not behind:
            mapping["sites"]["plant"]["operations"]["line"]["priority"] = 1
        _, run = ran(mapping)
        waiting.append([run.final("demands", "backlog", one) for one in run.tables["demands"].ids])
    (old, new), (held_up, made_up) = waiting
    assert old <= 1 and new >= 95
    assert made_up <= 1 and held_up >= 95


def test_what_is_knocked_out_is_what_was_written() -> None:
    """Crash cars and papers travel on lanes of their own, which no stress test closes alone."""
    network = compile_network(scenario_from_mapping(chain(new=launch())))
    found = {one.id for one in knockouts(network, each_lane=True)}
    assert found == {"lanes:/vehicle", "lane:samples"}


def test_delays_of_all_models_are_recorded() -> None:
    mapping = chain(new=launch({"applied": "45 d"}))
    mapping["run"]["record"] = {"delays": ["plant/vehicle"]}
    _, run = ran(mapping)
    longest = max(wait.until - wait.since for wait in run.delays["plant/vehicle:new"])
    assert 20 <= longest / HOUR / 24 < 21


def test_models_take_no_more_than_the_plan() -> None:
    mapping = chain(a=launch(share="grows"), b=launch(share=0.6))
    mapping["profiles"] = {"grows": {"kind": "steps", "at": [[0, 0.4], ["100 d", 0.5]]}}
    with pytest.raises(InputError, match=r"launches\.b\.share must leave .* at most 1 together"):
        compile_network(scenario_from_mapping(mapping))
