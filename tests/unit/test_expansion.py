"""Steady flows, other plans and what to build: by hand, on chains of a few sites."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from tests.unit.bottleneck_support import BENCH, LINE, PRESS, mapping, network
from tests.unit.cli_support import call

from chainsim import compile_network, load_scenario, scenario_from_mapping, simulate
from chainsim.errors import RunError
from chainsim.experiments.bottleneck import Asked, analysed, terms
from chainsim.experiments.capacity import (
    SERVER_DAYS,
    capacity_of,
    faster,
    highest_speed,
    planned_output,
    with_plan,
)
from chainsim.experiments.expansion import Build, Expansion, Goal, Terms, expansion
from chainsim.experiments.needs import Needs
from chainsim.experiments.steady import outlets, steady_output
from chainsim.network.compiled import SECONDS_PER_DAY, CompiledNetwork
from chainsim.outcome.measures import daily_output
from chainsim.outcome.server_groups import Period, periods, server_groups
from chainsim.report.bottleneck_folder import investment

DAY = SECONDS_PER_DAY
USUAL = Terms(365 * DAY, 90 * DAY)
YEAR = {"start": "2024-01-01", "end": "2025-01-01", "replications": 2}


def steady(chained: CompiledNetwork, as_ordered: bool) -> tuple[float, dict[str, float]]:
    (part,) = periods(chained.horizon)
    found = steady_output(chained, server_groups(chained, by_site=True), part, as_ordered)
    assert found is not None
    return found.per_day, {name: round(share, 6) for name, share in found.binding.items()}


# ---- steady flows


@pytest.mark.parametrize("as_ordered", [False, True])
def test_the_maximum_flow_of_a_series_is_its_minimum(as_ordered: bool) -> None:
    assert steady(network(), as_ordered) == (pytest.approx(120), {"midstream/plant/line/body": 1})


def two_works(shares: tuple[float, float] = (0.5, 0.5), **changes: Any) -> CompiledNetwork:
    """Works of 60 and 100 a day feed a line of 200 in given shares."""
    written = mapping(press=60, line=200, bench=200, **changes)
    works = json.loads(json.dumps(written["sites"]["works"]))
    works["operations"]["press"]["rate"] = "100 /d"
    written["sites"]["works_2"] = works
    written["lanes"]["road"]["from"] = ["works", "works_2"]
    order = written["sites"]["plant"]["replenishment"]["part"]
    order["sources"] = {"works": shares[0], "works_2": shares[1]}
    return compile_network(scenario_from_mapping(written))


def test_fixed_shares_carry_what_the_smaller_source_can() -> None:
    """Half of all parts from a works of 60 a day is 120; freely, both give 160. Of these 160 the
    works make 60 and 100: 37.5 and 62.5 %."""
    both = two_works()
    assert steady(both, True) == (pytest.approx(120), {"upstream/works/press/part": 1})
    free, shares = steady(both, False)
    assert free == pytest.approx(160)
    assert shares == {"upstream/works_2/press/part": 0.625, "upstream/works/press/part": 0.375}


def test_roads_and_slots_limit_as_well() -> None:
    road = mapping()
    road["lanes"]["road"]["capacity_per_day"] = 90
    per_day, limits = steady(network(**road), True)
    assert per_day == pytest.approx(90)
    (limit,) = limits
    assert limit.startswith("lane ")
    slots = mapping()
    slots["sites"]["plant"]["operations"]["line"]["release"] = {"paced": "80 /d"}
    assert steady(network(**slots), True) == (
        pytest.approx(80), {"slots of midstream/plant/line/body": 1}
    )  # fmt: skip


def test_two_makers_share_the_flow_as_their_plans_do() -> None:
    """Makers of 50 and 50 a day with plans of 30 and 10: as planned 66.7, and freely 100."""
    written = mapping(press=500, line=50, bench=500, demand=30)
    other = json.loads(json.dumps(written["sites"]["plant"]))
    other["demand"]["car"]["rate"] = "10 /d"
    written["sites"]["plant_2"] = other
    written["lanes"]["road"]["to"] = ["plant", "plant_2"]
    both = compile_network(scenario_from_mapping(written))
    assert steady(both, True) == (pytest.approx(200 / 3), {"midstream/plant/line/body": 1})
    assert steady(both, False)[0] == pytest.approx(100)


def test_output_leaves_to_customers_or_where_nobody_takes_it() -> None:
    sold = network()
    assert [sold.stocks[k].id for k in outlets(sold)] == ["plant/car"]
    unsold = mapping()
    del unsold["sites"]["plant"]["demand"]
    unsold["sites"]["plant"]["operations"]["line"]["release"] = "push"
    quiet = compile_network(scenario_from_mapping(unsold))
    assert [quiet.stocks[k].id for k in outlets(quiet)] == ["plant/car"]
    (part,) = periods(quiet.horizon)
    groups = server_groups(quiet)
    assert steady_output(quiet, groups, part, as_ordered=True) is None, "there is no plan"
    free = steady_output(quiet, groups, part, as_ordered=False)
    assert free is not None and free.per_day == pytest.approx(120)


# ---- other capacities and plans


def test_faster_servers_are_those_of_a_larger_capacity() -> None:
    """The same bits as `capacity: 1.5` in the scenario, and as an investment from a date on."""
    written = mapping()
    plain = compile_network(scenario_from_mapping(written))
    (line,) = [k for k, r in enumerate(plain.resources) if r.id == "plant/line"]
    written["sites"]["plant"]["operations"]["line"]["capacity"] = 1.5
    larger = compile_network(scenario_from_mapping(written))
    assert same_output(faster(plain, {line: 1.5}), larger)
    invested = mapping(
        investments={
            "hall": {
                "kind": "expansion", "at": "plant", "operation": "line", "share": 0.5,
                "start": "2024-01-10", "construction": "10 d",
            }
        }
    )  # fmt: skip
    later = compile_network(scenario_from_mapping(invested))
    assert same_output(faster(plain, {line: 1.5}, 19 * DAY), later)
    assert not same_output(plain, later)
    assert highest_speed(later, line, 0, 60 * DAY) == 1.5
    assert highest_speed(later, line, 0, 19 * DAY) == 1


def same_output(one: CompiledNetwork, other: CompiledNetwork) -> bool:
    made = [daily_output(each, simulate(each)) for each in (one, other)]
    return bool((made[0] == made[1]).all())


def test_capacity_counts_calendars_servers_and_lots() -> None:
    """Three benches of 8 min and lots of 2 cars, 12 h a day: 3 x 90 x 2 = 540 a day."""
    written = mapping(calendars={"day": {"week": {"mon-sun": ["08:00-20:00"]}}})
    bench = written["sites"]["plant"]["operations"]["bench"]
    del bench["rate"]
    bench |= {"time": "8 min", "lot": 2, "servers": 3, "calendar": "day"}
    built = network(**written)
    (group,) = [g for g in server_groups(built) if g.id == BENCH]
    found = capacity_of(built, group, 0, 10 * DAY)
    assert (found.amount, found.unit) == (pytest.approx(5400), "vehicle")


@pytest.mark.parametrize(
    "demand",
    [
        {"process": "regular", "rate": "100 /d"},
        {"process": "plan", "rate": "100 /d"},
        {"process": "poisson", "rate": "100 /d"},
        {"process": "trace", "events": [["5 d", 1000], ["12 d", 1000], ["15 d", 1000]]},
    ],
)
def test_a_raised_plan_asks_for_more_in_its_time_alone(demand: dict[str, Any]) -> None:
    written = mapping(run={"start": "2024-01-01", "length": "20 d", "replications": 1})
    written["sites"]["plant"]["demand"]["car"] = demand
    plain = network(**written)
    raised = with_plan(plain, 1.5, 10 * DAY, 20 * DAY)
    before, after = (
        [planned_output(one, *window) for window in ((0, 10 * DAY), (10 * DAY, 20 * DAY))]
        for one in (plain, raised)
    )
    assert after == pytest.approx([before[0], 1.5 * before[1]])
    ordered = [simulate(one).tables["demands"].counts["demanded"] for one in (plain, raised)]
    assert (ordered[0][:10] == ordered[1][:10]).all()
    assert ordered[1][10:].sum() > ordered[0][10:].sum()


def test_covers_follow_a_raised_plan() -> None:
    """Two days of 100 a day are 200, and 300 at one and a half times the plan."""
    written = mapping(demand=100, run={"start": "2024-01-01", "length": "20 d"})
    plant = written["sites"]["plant"]
    plant["demand"]["car"] = {"process": "plan", "rate": "100 /d"}
    plant["operations"]["line"]["release"]["level"] = {"cover": "2 d"}
    plain = network(**written)
    raised = with_plan(plain, 1.5, 10 * DAY, 20 * DAY)
    line = next(o for o in raised.operations if o.id == "plant/line")
    assert (line.release.target.on(5), line.release.target.on(15)) == (200_000, 300_000)
    assert raised.replenishments == plain.replenishments, "a level in units is no cover"


# ---- what to build


def search(output: float, **changes: Any) -> Expansion:
    chained = network(**{"run": YEAR, "demand": 100, "lot": 10, **changes})
    (year,) = periods(chained.horizon, yearly=True)
    return expansion(chained, Goal(output, year, USUAL), 0.95, "vehicles")


def test_what_is_missing_is_built_and_nothing_else() -> None:
    """45,000 and 1 % in 366 days are 124.18 a day; the line makes 120 and lacks 3.48 %; it can make
    43,920 in the year. Works begin a year and the ramp of 90 days before."""
    found = search(45_000)
    assert found.verdict == "reached"
    (build,) = found.builds
    assert build.id == "plant/line"
    assert build.present == pytest.approx(366 * 120)
    assert build.share == pytest.approx(45_000 * 1.01 / 366 / 120 - 1, abs=1e-4)
    assert build.full_by == dt.datetime(2024, 1, 1), "the run begins then: no run-up"
    assert build.opens == dt.datetime(2023, 10, 3)
    assert build.begins == dt.datetime(2022, 10, 3)
    assert found.factor == pytest.approx(45_000 * 1.01 / 36_600)
    assert [trial.room for trial in found.trials] == [None, 0.0]
    assert found.fresh is not None and found.fresh.reached


def test_a_plan_that_is_met_needs_nothing() -> None:
    found = search(36_000)
    assert (found.verdict, found.builds, len(found.trials)) == ("nothing to build", (), 1)
    assert found.factor == 1, "the plan of 36,600 is above the target and stays"


def test_repairs_need_room_that_the_program_does_not_see() -> None:
    """The line is down for 20 % of its work: an availability of 1 / 1.2, so a room near 20 %."""
    written = mapping(demand=100, lot=10, run=YEAR, press=300, bench=300)
    written["sites"]["plant"]["operations"]["line"]["breakdowns"] = [{"up": "5 h", "repair": "1 h"}]
    found = search(40_000, **written)
    assert found.verdict == "reached"
    assert found.chosen is not None and found.chosen.room == pytest.approx(0.2, abs=0.03)
    (build,) = found.builds
    # 40,400 / 366 = 110.38 a day; 1.2 times as much busy or down; of 120
    assert build.share == pytest.approx(110.38 * 1.2 / 120 - 1, abs=0.03)
    short = [trial for trial in found.trials if not trial.reached]
    assert all(trial.room is None or trial.room < found.chosen.room for trial in short)


def test_what_no_servers_limit_is_not_reached() -> None:
    """Goods are on the road for so long that a stock of 260 carries 26 a day."""
    slow = mapping(demand=20, lot=10, run=YEAR)
    slow["lanes"]["road"]["transit"] = "10 d"
    found = search(15_000, **slow)
    assert (found.verdict, found.builds, found.fresh) == ("not reached", (), None)
    closed = mapping(demand=100, lot=10, run=YEAR)
    closed["lanes"]["road"]["capacity_per_day"] = 110
    with pytest.raises(RunError, match="a lane, slots, or servers"):
        search(45_000, **closed)


def test_too_few_replications_cannot_tell() -> None:
    """3,660 random customers of 10 cars vary by 605 cars, 1.7 %; the plan is 1 % above the target,
    and the interval of two replications reaches 12.7 standard errors to either side."""
    noisy = mapping(press=300, line=300, bench=300, run=YEAR)
    noisy["sites"]["plant"]["demand"]["car"] = {"process": "poisson", "rate": "10 /d", "size": 10}
    found = search(36_600, **noisy)
    assert found.verdict == "not told"
    assert max(trial.output.mean or 0 for trial in found.trials) >= 36_600


def test_a_month_may_be_late_where_the_year_is_not() -> None:
    """The line stands still in February. From March on it makes 120 on 306 days: 36,720, which is
    the plan of 335 days, February too, at 109.61 a day: nothing is needed. One per cent more
    room needs one per cent; what January could make ahead does not count."""
    pause = {"kind": "steps", "before": 1, "at": [["2024-02-01", 0], ["2024-03-01", 1]]}
    written = mapping(demand=36_720 / 335, run=YEAR)
    written["profiles"] = {"pause": pause}
    written["sites"]["plant"]["operations"]["line"]["capacity"] = "pause"
    chained = network(**written)
    (year,) = periods(chained.horizon, yearly=True)
    needs = Needs.of(chained, year, np.ones(len(chained.resources)))
    assert sum(needs.shares(0.0).values()) < 1e-3
    (line,) = [k for k, r in enumerate(chained.resources) if r.id == "plant/line"]
    assert needs.shares(0.01)[line] == pytest.approx(0.01, abs=1e-3)


def test_the_cheaper_of_two_sources_grows() -> None:
    """Sources by priority leave the program free: it builds where capacity costs less."""
    both = two_works(run=YEAR, demand=100)
    spec = both.replenishments[0]
    free = replace(both, replenishments=(replace(spec, shares=()),))
    (year,) = periods(free.horizon, yearly=True)
    dear = {r.id: Terms(0, 0, 5.0) for r in free.resources}
    raised = with_plan(free, 1.8, 0, year.end)
    for cheap in ("works/press", "works_2/press"):
        prices = dear | {cheap: Terms(0, 0, 1.0)}
        weights = [
            prices[r.id].price * capacity_of(free, group, 0, year.end).amount
            for group in server_groups(free, by_site=True)
            for r in [free.resources[group.resources[0]]]
        ]
        order = [group.resources[0] for group in server_groups(free, by_site=True)]
        by_resource = np.array([weights[order.index(k)] for k in range(len(order))])
        shares = Needs.of(raised, year, by_resource).shares(0.0)
        assert {free.resources[k].id for k in shares} == {cheap}


def test_terms_are_those_of_the_scenarios_own_expansions() -> None:
    block = {"kind": "expansion", "at": "plant", "operation": "line", "share": 0.1}
    written = mapping(
        investments={
            "old": {
                **block, "start": "2024-01-02", "construction": "20 d",
                "ramp": {"shape": "exponential", "tau": "10 d"}, "cost": {"per_unit": 30},
            },
            "off": {**block, "start": "2024-01-02", "enabled": False, "operation": "bench"},
        }
    )  # fmt: skip
    found = terms(scenario_from_mapping(written), USUAL)
    assert found == {"plant/line": Terms(20 * DAY, 30 * DAY, 30.0)}


def test_what_comes_evenly_over_years_is_no_ramp_of_one_plant() -> None:
    """540 days are a ramp, 541 are plants one after another."""
    block = {"kind": "expansion", "at": "plant", "operation": "line", "share": 0.1}
    for days, expected in ((540, 540 * DAY), (541, USUAL.ramp)):
        ramp = {"shape": "linear", "over": f"{days} d"}
        built = {"growth": block | {"start": "2024-01-02", "construction": "20 d", "ramp": ramp}}
        found = terms(scenario_from_mapping(mapping(investments=built)), USUAL)
        assert found["plant/line"].ramp == expected


def test_the_command_says_what_to_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it writes can be added to the scenario, and the larger plan is then met."""
    monkeypatch.setattr("chainsim.report.bottleneck_folder.bottleneck_pictures", lambda found: ())
    run = {"start": "2023-10-01", "end": "2025-01-01", "replications": 2}
    file = tmp_path / "series.yaml"
    file.write_text(json.dumps(mapping(demand=100, lot=10, run=run)))
    words = ("--target", 45_000, "--construction", "20 d", "--ramp", "0 d", "--no-shadow")
    done = call("bottleneck", file, *words, "--workers", 1, "--out", tmp_path)
    assert done.exit_code == 0, done.stderr
    assert "To reach 45,000 vehicles in 2024: reached" in done.stdout
    folder = tmp_path / "series_bottleneck"
    found = json.loads((folder / "summary.json").read_text("utf-8"))["expansion"]
    (group,), (build,) = found["groups"], found["builds"]
    assert (group["group"], group["sites"], build["servers"]) == (LINE, 1, "plant/line")
    assert group["added"] == build["added"] == pytest.approx(45_000 * 1.01 - 366 * 120, abs=1)
    assert group["begins"] == "2023-10-13"
    layer = yaml.safe_load((folder / "investments.yaml").read_text("utf-8"))
    (block,) = layer["investments"].values()
    # in full 60 days before the year, after 20 days of works
    assert block["start"] == "2023-10-13"
    assert block["share"] == pytest.approx(45_000 * 1.01 / 366 / 120 - 1, abs=1e-4)
    built = tmp_path / "built.yaml"
    built.write_text(json.dumps(mapping(demand=45_000 * 1.01 / 366, lot=10, run=run) | layer))
    network = compile_network(load_scenario(built))
    made = daily_output(network, simulate(network))[-366:].sum() / 1000
    assert made >= 45_000


def test_a_line_that_a_new_model_shares_is_still_one_line() -> None:
    """A launch makes the operations of the plant a second time, on the same servers.

    The groups, their units and what they can make in 30 days stay; what is built names what stands
    in the scenario as it was written, and speeds up both.
    """
    demand = {"process": "plan", "rate": "100 /d"}
    written = mapping()
    written["sites"]["plant"]["demand"]["car"] = demand
    written["items"]["paper"] = {}
    approve = {"outputs": {"paper": 1}, "time": "1 d"}
    written["sites"]["lab"] = {"stage": "downstream", "operations": {"approve": approve}}
    model = {"at": "plant", "operation": "line", "planned": "10 d", "share": 0.5}
    model["approval"] = {"at": "lab", "operation": "approve", "applied": "0 d"}
    plain, new = (
        scenario_from_mapping(written | more) for more in ({}, {"launches": {"m": model}})
    )
    networks = [compile_network(one) for one in (plain, new)]
    tables = [
        {group.id: capacity_of(one, group, 0, 30 * DAY) for group in server_groups(one)}
        for one in networks
    ]
    assert tables[0] == tables[1]
    assert tables[1][LINE].amount == 30 * 120
    line = next(g for g in server_groups(networks[1]) if g.id == LINE).resources[0]
    when = dt.datetime(2024, 1, 31)
    more = Build(line, "plant/line", 0.5, 3600, "units", 1, 1, Terms(20 * DAY, 0), when)
    name, block = investment(more, new.document)
    assert block["start"] == "2024-01-11"
    grown = compile_network(
        scenario_from_mapping(written | {"launches": {"m": model}, "investments": {name: block}})
    )
    last = [grown.bases[grown.clocks[o.clock].base].rates[-1] for o in grown.operations
            if o.resource == line]  # fmt: skip
    assert last == [1_500_000, 1_500_000]


def built(chained: dict[str, Any], build: Build) -> dict[str, Any]:
    """The scenario with what is to be built, as a layer on top of it."""
    scenario = scenario_from_mapping(chained)
    key, block = investment(build, scenario.document)
    merged = {**chained, "investments": {**chained.get("investments", {}), key: block}}
    scenario_from_mapping(merged)
    return merged


BUILD = Build(
    resource=0, id="plant/bench", share=0.5, present=1000.0, unit=SERVER_DAYS, servers=1.0,
    speed=1.0, terms=Terms(construction=20 * 86_400, ramp=0), full_by=dt.datetime(2024, 2, 1),
)  # fmt: skip


def test_what_is_built_twice_adds_up() -> None:
    """A second layer does not take the place of the first."""
    once = built(mapping(), BUILD)
    twice = built(once, BUILD)
    assert list(twice["investments"]) == ["build_plant_bench", "build_plant_bench_2"]


def test_servers_that_only_a_launch_shares_get_speed() -> None:
    """Their days are told as days of servers, but no resource of the scenario has their name."""
    (block,) = built(mapping(), BUILD)["investments"].values()
    assert (block["operation"], block["share"]) == ("bench", 0.5) and "resource" not in block


def test_a_resource_of_one_operation_gets_speed_there() -> None:
    chained = mapping()
    plant = chained["sites"]["plant"]
    plant["resources"] = {"rig": {"servers": 1}}
    plant["operations"]["bench"]["resource"] = "rig"
    rig = replace(BUILD, id="plant/rig", unit="vehicle")
    (block,) = built(chained, rig)["investments"].values()
    assert (block["operation"], block["share"]) == ("bench", 0.5)


def test_what_had_to_be_there_before_the_run_opens_on_its_second_day() -> None:
    early = replace(BUILD, full_by=dt.datetime(2023, 12, 2))
    (block,) = built(mapping(), early)["investments"].values()
    # twenty days of works before 2 January 2024
    assert block["start"] == "2023-12-13"


def test_a_target_is_for_the_last_whole_year(tmp_path: Path) -> None:
    run = {"start": "2023-01-01", "end": "2025-06-01", "replications": 2}
    ready = analysed(scenario_from_mapping(mapping(run=run)), Asked(target=1e6))
    assert ready.goal is not None and ready.goal.year.name == "2024"
    assert isinstance(ready.goal.year, Period)
    assert ready.bench.window.name == "all"
    assert {LINE, PRESS, BENCH} == {group.id for group in ready.bench.groups}
