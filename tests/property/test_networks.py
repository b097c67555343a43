"""What holds for every network: it runs, keeps the laws, repeats, and minds its own business.

With EXAMPLES=1000 in the environment each property is tried on that many networks.
"""

from __future__ import annotations

import copy
import os
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import chainsim
from chainsim.errors import InputError
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.causes import loss_by_cause
from chainsim.outcome.measures import daily_output
from chainsim.outcome.tracing import CAUSES
from chainsim.outcome.trajectory import STATES, Trajectory
from tests.property.growth import grown_networks
from tests.property.levers import answered_networks
from tests.property.networks import Block, networks
from tests.series import arrays, different, series, shuffled, until

PACE = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=int(os.environ.get("EXAMPLES", "20")),
    suppress_health_check=list(HealthCheck),
)


def compiled(mapping: Block) -> CompiledNetwork:
    """The network of a scenario; examples that are refused with a reason are passed over."""
    try:
        return chainsim.compile_network(chainsim.scenario_from_mapping(mapping))
    except InputError as error:
        assert error.problems
        assume(False)
        raise


# ---- every run


@PACE
@given(answered_networks())
def test_responses_break_no_law(mapping: Block) -> None:
    """A network with responses is refused with a reason, or runs to its end with the laws kept."""
    network = compiled(mapping)
    run = chainsim.simulate(network)
    assert nothing_is_negative(run) == []
    assert parts_of_quanta(network, run) == []
    assert servers_without_state(network, run) == []


@PACE
@given(grown_networks())
def test_investments_break_no_law(mapping: Block) -> None:
    """Servers and speed come and go among breakdowns, outages and responses; twins are traced."""
    network = compiled(mapping | {"resilience": {"fail": "0 d", "recover": "0 d", "hold": "1 d"}})
    run = chainsim.simulate(network)
    assert nothing_is_negative(run) == []
    assert parts_of_quanta(network, run) == []
    assert servers_without_state(network, run) == []
    assert off_the_log(run) == []
    twin = chainsim.simulate(replace(network, disruptions=()))
    found = loss_by_cause(network, run, twin, 0)
    assert found.net == (daily_output(network, twin) - daily_output(network, run)).sum()


@PACE
@given(networks())
def test_whatever_is_accepted_runs(mapping: Block) -> None:
    """A scenario is refused with a reason, or runs to its end with the laws kept.

    Nothing in these networks is a loop without an end, so LoopError fails the test too.
    """
    network = compiled(mapping)
    run = chainsim.simulate(network)
    assert nothing_is_negative(run) == []
    assert parts_of_quanta(network, run) == []
    assert servers_without_state(network, run) == []
    assert off_the_log(run) == []


def nothing_is_negative(run: Trajectory) -> list[tuple[str, ...]]:
    """Series that fall below zero; only the work that slow-downs cost may (above full speed)."""
    return [key for key, array in arrays(run) if (array < 0).any() and key[2] != "slow_loss"]


def parts_of_quanta(network: CompiledNetwork, run: Trajectory) -> list[tuple[str, ...]]:
    """Series of stocks, demands and lanes that are not whole quanta of their item."""
    of_stock = np.array([network.items[stock.item].quantum for stock in network.stocks])
    quanta = {
        "stocks": of_stock,
        "demands": of_stock[[demand.stock for demand in network.demands]],
        "lanes": of_stock[[lane.source for lane in network.lanes]],
    }
    return [
        key
        for key, array in arrays(run)
        if key[0] in quanta and key[2] != "shipments" and (array % quanta[key[0]]).any()
    ]


def servers_without_state(network: CompiledNetwork, run: Trajectory) -> list[str]:
    """Resources whose server-seconds by state do not add up, day by day."""
    spent = sum(run.tables["resources"].counts[state] for state in STATES)
    there = run.tables["resources"].integrals["servers"]
    wrong = np.flatnonzero((spent != there).any(axis=0))
    return [network.resources[k].id for k in wrong]


FLOWS = (
    ("lanes", "in_transit", ("dispatch",), ("arrive",)),
    ("operations", "in_process", ("start",), ("complete",)),
    ("demands", "backlog", ("demand",), ("deliver", "lost")),
)
"""(kind, level, what adds to it, what takes from it) by the words of the log."""


def off_the_log(run: Trajectory) -> list[tuple[str, str, str]]:
    """Levels whose integral is not what the time stamps of the log add up to (Little's law)."""
    end = int(run.day_ends[-1])
    spent: Counter[tuple[str, str]] = Counter()
    for entry in run.log:
        spent[entry.what, entry.entity] += entry.quantity * (end - entry.time)
    wrong = []
    for kind, level, come, gone in FLOWS:
        table = run.tables[kind]
        for column, id_ in enumerate(table.ids):
            stamped = int(table.initial[level][column]) * end
            stamped += sum(spent[what, id_] for what in come)
            stamped -= sum(spent[what, id_] for what in gone)
            if stamped != table.integrals[level][:, column].sum():
                wrong.append((kind, level, id_))
    return wrong


# ---- the same again, and other numbers


def is_random(block: Any) -> bool:
    """Whether anything in a scenario is drawn."""
    if isinstance(block, list):
        return any(map(is_random, block))
    if not isinstance(block, dict):
        return False
    drawn = block.get("process") == "poisson" or 0 < block.get("participation", 1) < 1
    drawn |= block.get("dist", "trace") not in ("constant", "trace")
    drawn |= "share" in block
    return drawn or any(map(is_random, block.values()))


def busy_poisson(mapping: Block) -> bool:
    """Whether customers come at random all the time."""
    customers = [c for site in mapping["sites"].values() for c in site.get("demand", {}).values()]
    return any(c["process"] == "poisson" and "profile" not in c for c in customers)


@PACE
@given(networks())
def test_runs_repeat_and_replications_differ(mapping: Block) -> None:
    """Equal seeds give equal bits; another replication differs where something is drawn."""
    network = compiled(mapping)
    run = series(chainsim.simulate(network))
    assert different(run, series(chainsim.simulate(compiled(copy.deepcopy(mapping))))) == []
    other = different(run, series(chainsim.simulate(network, replication=1)))
    if not is_random(mapping):
        assert other == []
    elif busy_poisson(mapping) and not mapping["disruptions"]:
        assert other


# ---- a run against its twin


@PACE
@given(networks())
def test_losses_by_cause_add_up(mapping: Block) -> None:
    """The parts of a loss add up to it by stock and day, and no part is below zero but catch-up."""
    network = compiled(mapping | {"resilience": {"fail": "0 d", "recover": "0 d", "hold": "1 d"}})
    twin = chainsim.simulate(replace(network, disruptions=()))
    run = chainsim.simulate(network)
    found = loss_by_cause(network, run, twin, 0)
    lost = daily_output(network, twin) - daily_output(network, run)
    parts = np.zeros_like(lost)
    for day, maker, _, _, why, quantity in found.rows.tolist():
        parts[day, maker] += quantity
        assert (quantity < 0) == (CAUSES[why] == "catch_up")
    assert (parts == lost).all()
    assert found.net == lost.sum()


# ---- what does not concern a network


BYSTANDER = {
    "stage": "midstream",
    "arrivals": {"bolt": {"process": "poisson", "rate": "9 /d"}},
    "operations": {"press": {"inputs": {"bolt": 1}, "outputs": {"nut": 1}, "time": "1 h"}},
    "demand": {"nut": {"process": "poisson", "rate": "9 /d", "unmet": "lost"}},
}


def idle_disruptions(mapping: Block) -> list[Block]:
    """Disruptions that do nothing: off, of no effect, of no length, on nobody, elsewhere."""
    sites = {"site": sorted(mapping["sites"])}
    sellers = {"site": sorted(s for s, b in mapping["sites"].items() if "demand" in b)}
    date, now = {"at": "2 d"}, {"every": {"dist": "exponential", "mean": "2 d"}}
    found: list[Block] = [
        {"target": sites, "effect": {"capacity": 0}, "timing": date, "enabled": False},
        {"target": sites, "effect": {"capacity": 1}, "timing": now},
        {"target": sites, "effect": {"capacity": 0}, "timing": now, "duration": "0 d"},
        {"target": sites, "effect": {"capacity": 0.5, "stock_loss": 0.5}, "timing": now,
         "participation": 0},
        {"target": sites, "effect": {"stock_loss": 0}, "timing": date},
        {"target": sellers, "effect": {"demand": 1}, "timing": date},
        {"target": sellers, "effect": {"demand": 3}, "timing": date, "duration": "0 d"},
        {"target": {"site": "aside"}, "effect": {"capacity": 0, "stock_loss": 1}, "timing": date},
    ]  # fmt: skip
    for lane in mapping["lanes"]:
        road = {"target": {"lane": lane}, "timing": date}
        found += [
            {**road, "effect": {"lane": "closed", "in_transit": "hold"}, "duration": "0 d"},
            {**road, "effect": {"lead_time": {"factor": 1, "extra": "0 h"}}},
            {**road, "effect": {"lane": "closed"}, "participation": 0},
            {"target": {"stage": "upstream"}, "timing": date, "participation": 0,
             "effect": {"shipments": "paused"}},
        ]  # fmt: skip
    return [{"id": f"idle{k}", "duration": "3 d", **block} for k, block in enumerate(found)]


@PACE
@given(networks(), st.lists(st.integers(0, 100), min_size=1, max_size=4, unique=True))
def test_bystanders_change_nothing(mapping: Block, chosen: list[int]) -> None:
    """A site without connection and disruptions without effect leave every other series as is."""
    alone = chainsim.simulate(compiled(mapping))
    more = copy.deepcopy(mapping)
    more["items"] |= {"bolt": {}, "nut": {}}
    more["sites"]["aside"] = BYSTANDER
    idle = idle_disruptions(mapping)
    picked = [idle[k] for k in sorted({number % len(idle) for number in chosen})]
    more["disruptions"] = picked + more["disruptions"]
    assert different(series(alone), series(chainsim.simulate(compiled(more)))) == []


STATION = {
    "stage": "midstream",
    "calendar": "days",
    "arrivals": {"visitor": {"process": "fleet", "fleet": "users", "times": ["09:00", "17:00"]}},
    "operations": {"check": {"inputs": {"visitor": 1}, "outputs": {"seen": 1}, "time": "1 h"}},
}


@st.composite
def fleets(draw: st.DrawFn, mapping: Block) -> Block:
    """A fleet of what the last tier sells."""
    (item, *_) = sorted(
        customer["item"]
        for site in mapping["sites"].values()
        for customer in site.get("demand", {}).values()
    )
    lifetimes: list[Any] = [
        "1 d",
        "60 h",
        {"dist": "weibull", "shape": 2, "scale": "6 d"},
        {"dist": "exponential", "mean": "3 d"},
        {"dist": "discrete", "values": [0, 4], "p": [0.25, 0.75]},
    ]
    inspections = [
        {"ages": ["1 h", "1 d", "90 h"]},
        {"every": "1 d"},
        {"every": "2 d", "share": 1 / 3},
    ]
    cohorts = [
        {"sold": "2024-02-19", "amount": 20},
        {"sold": "2024-02-16", "to": "2024-02-22", "amount": 10},
    ]
    return {
        "item": item,
        "sold_in": draw(st.sampled_from([1, 0.3, 0])),
        "initial": cohorts[: draw(st.integers(0, 2))],
        "lifetime": draw(st.sampled_from(lifetimes)),
        "inspections": draw(st.sampled_from(inspections)),
    }


@PACE
@given(networks(), st.data())
def test_a_fleet_balances_and_changes_nothing_else(mapping: Block, data: st.DataObject) -> None:
    """Its laws hold as all laws do, and every other series stays as it is."""
    alone = chainsim.simulate(compiled(mapping))
    more = copy.deepcopy(mapping)
    more["items"] |= {"visitor": {}, "seen": {}}
    more["sites"]["station"] = STATION
    more["fleets"] = {"users": data.draw(fleets(mapping))}
    run = chainsim.simulate(compiled(more))
    assert nothing_is_negative(run) == []
    assert different(series(alone), series(run)) == []


@PACE
@given(networks())
def test_nothing_happens_before_a_disruption_begins(mapping: Block) -> None:
    """The days before the first date of a disruption are those of a run without it."""
    sites = {"site": sorted(mapping["sites"])}
    effects: list[Block] = [{"capacity": 0.3, "stock_loss": 0.5}]
    if mapping["lanes"]:
        effects.append({"orders": "paused", "shipments": "paused", "receipts": "paused"})
        roads = {"lane": sorted(mapping["lanes"])}
        late = {"lane": "closed", "in_transit": "hold", "lead_time": {"factor": 2}}
    calm, hit = copy.deepcopy(mapping), copy.deepcopy(mapping)
    calm["disruptions"], hit["disruptions"] = [], [
        {"id": f"late{k}", "target": sites, "effect": effect, "timing": {"at": "6 d"},
         "duration": "2 d", "onset": "5 h", "recovery": {"shape": "linear", "over": "5 h"}}
        for k, effect in enumerate(effects)
    ]  # fmt: skip
    if mapping["lanes"]:
        hit["disruptions"].append(
            {"id": "roads", "target": roads, "effect": late, "timing": {"at": "6 d"},
             "duration": "2 d"}
        )  # fmt: skip
    runs = [series(chainsim.simulate(compiled(one))) for one in (calm, hit)]
    assert different(*(until(run, 6) for run in runs)) == []


@PACE
@given(networks(), st.integers(0, 1000))
def test_the_order_of_a_file_does_not_matter(mapping: Block, seed: int) -> None:
    """Maps and the list of disruptions in any order give the same bits."""
    chance = random.Random(seed)
    other = shuffled(mapping, chance)
    chance.shuffle(other["disruptions"])
    one, two = compiled(mapping), compiled(other)
    assert different(series(chainsim.simulate(one)), series(chainsim.simulate(two))) == []
