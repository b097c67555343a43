"""Invariants: conservation, Little's law, null effects, dominance, order of names, precision."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import random
import subprocess
import sys
from collections.abc import Callable
from itertools import accumulate, pairwise, repeat
from typing import Any

import numpy as np
import pytest
import yaml

import chainsim
from chainsim.engines import rules
from chainsim.errors import InputError, LawError
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.laws import check_laws, residuals
from chainsim.outcome.packing import SeriesByName, packed_series
from chainsim.outcome.trajectory import Table, Trajectory
from tests.series import different, series, shuffled
from tests.verification import balances
from tests.verification.catalogue import SCENARIOS
from tests.verification.recorder import CaseRecorder

Mapping = dict[str, Any]
HOUR, DAY = 3_600, 86_400


def mapping_of(name: str) -> Mapping:
    """A scenario file of the verification as plain data, to be changed."""
    loaded: Mapping = dict(chainsim.load_scenario(SCENARIOS / f"{name}.yaml").merged)
    return loaded


def network_of(mapping: Mapping) -> CompiledNetwork:
    """The compiled network of plain data."""
    return chainsim.compile_network(chainsim.scenario_from_mapping(mapping))


def run_of(mapping: Mapping, replication: int = 0) -> Trajectory:
    """A replication of plain data."""
    return chainsim.simulate(network_of(mapping), replication)


# ---- A-X01: conservation


@pytest.mark.case("A-X01")
def test_nothing_appears_and_nothing_vanishes(record_case: CaseRecorder) -> None:
    """At the end, and whenever a disruption starts or ends, in three replications."""
    mapping = mapping_of("A-X01")
    network = network_of(mapping)
    found = [0]
    for replication in range(3):
        run = chainsim.simulate(network, replication)
        for instant in (None, *range(len(run.snapshots))):
            found += map(abs, balances.residuals(mapping, run, instant))
    assert len(found) > 1000
    record_case.exact("residual", sum(found) / 1000)


def test_the_network_of_the_invariants_has_something_of_everything() -> None:
    """Losses, scrap, blocked lots, goods at a gate, staged, and on every road."""
    run = run_of(mapping_of("A-X01"))
    lost = run.tables["stocks"].counts["lost"].sum() + run.tables["demands"].counts["lost"].sum()
    operations, lanes = run.tables["operations"], run.tables["lanes"]
    seen = [lost, operations.counts["scrapped"].sum(), operations.integrals["blocked"].sum()]
    seen += [lanes.integrals[name].sum() for name in lanes.integrals]
    assert all(amount > 0 for amount in seen)


TAMPERED = {
    "stock balance": ("stocks", "counts", "produced"),
    "nothing below zero": ("stocks", "levels", "backlog"),
    "lane balance": ("lanes", "counts", "received"),
    "orders": ("lanes", "counts", "ordered"),
    "on order": ("stocks", "levels", "on_order"),
    "demand": ("demands", "counts", "delivered"),
    "lots": ("operations", "counts", "completed"),
    "server time": ("resources", "counts", "busy"),
    "servers": ("resources", "levels", "servers"),
    "sales": ("fleets", "counts", "sold"),
    "fleet": ("fleets", "counts", "scrapped"),
    "inspections": ("fleets", "counts", "came"),
}
"""For each law a series (kind, sort, name) that only this law, or this one first, looks at."""


def tampered(run: Trajectory, kind: str, sort: str, name: str) -> Trajectory:
    """The run with one number of one array changed."""
    table = run.tables[kind]
    array = getattr(table, sort)[name].copy()
    array[-2, 0] = -1000 if name == "backlog" else array[-2, 0] + 1
    changed = {field.name: getattr(table, field.name) for field in dataclasses.fields(Table)}
    changed.pop("index")
    changed[sort] = SeriesByName({**changed[sort].packed, name: packed_series(array)})
    return dataclasses.replace(run, tables=run.tables | {kind: Table(**changed)})


@pytest.mark.parametrize("law", TAMPERED)
def test_every_law_fails_when_it_should(law: str) -> None:
    network = network_of(mapping_of("A-X01"))
    run = chainsim.simulate(network)
    check_laws(network, run)
    with pytest.raises(LawError, match=law):
        check_laws(network, tampered(run, *TAMPERED[law]))


def test_every_law_is_tampered_with() -> None:
    network = network_of(mapping_of("A-X01"))
    laws = {law for law, _, _ in residuals(network, chainsim.simulate(network))}
    assert laws == set(TAMPERED)


# ---- A-X02: Little's law, day by day


@pytest.mark.case("A-X02")
@pytest.mark.parametrize(
    "observed", [balances.stocks_inside, balances.customers_inside, balances.flows_inside]
)
def test_what_is_inside_adds_up_to_the_times_inside(
    observed: Callable[..., Any], record_case: CaseRecorder
) -> None:
    """Integrals of levels against time stamps, each day, with those still inside at the end."""
    run = run_of(mapping_of("A-X01"))
    worst = 0.0
    for (kind, level, entity), spans in observed(run):
        table = run.tables[kind]
        integral = table.integrals[level][:, table.index[entity]].tolist()
        stamped = balances.time_inside(spans, run.day_ends)
        off = max(abs(a - b) for a, b in zip(integral, stamped, strict=True))
        worst = max(worst, off / max(1, sum(stamped)))
    record_case.exact("relative_difference", worst)


# ---- A-X03: disruptions without effect


def disrupted(*blocks: Mapping) -> Mapping:
    """The stochastic chain with these disruptions only, and a site that no flow uses."""
    mapping = mapping_of("A-X01")
    polish = {"inputs": {"vehicle": 1}, "outputs": {"failed": 1}, "time": "1 h"}
    museum = {"stocks": {"vehicle": {"initial": 3}}, "operations": {"polish": polish}}
    mapping["sites"]["museum"] = museum
    common = {"timing": {"at": "4 d"}, "duration": "3 d"}
    mapping["disruptions"] = [{"id": f"d{k}", **common, **block} for k, block in enumerate(blocks)]
    return mapping


PLANT, RIVER = {"site": "plant"}, {"lane": "river"}
NULL = {
    "severity 0": {"target": PLANT, "effect": {"capacity": 1}},
    "duration 0": {"target": PLANT, "effect": {"capacity": 0, "stock_loss": 1}, "duration": "0 d"},
    "a node that no flow uses": {"target": {"site": "museum"}, "effect": {"capacity": 0}},
    "switched off": {"target": PLANT, "effect": {"capacity": 0}, "enabled": False},
    "nobody takes part": {
        "target": PLANT,
        "effect": {"capacity": 0, "receipts": "paused"},
        "participation": 0,
    },
    "random times of nothing": {
        "target": PLANT,
        "effect": {"capacity": 1},
        "timing": {"every": {"dist": "exponential", "mean": "1 d"}},
        "duration": {"dist": "exponential", "mean": "1 d"},
    },
    "a closure of no length": {
        "target": RIVER,
        "effect": {"lane": "closed", "in_transit": "hold"},
        "duration": "0 d",
    },
    "lead times times one": {"target": RIVER, "effect": {"lead_time": {"factor": 1}}},
    "demand times one": {"target": {"site": "dealer"}, "effect": {"demand": 1}},
}


@pytest.fixture(scope="module")
def undisturbed() -> dict[Any, Any]:
    """The series of the chain without disruptions."""
    return series(run_of(disrupted()))


@pytest.mark.case("A-X03")
@pytest.mark.parametrize("name", NULL)
def test_a_disruption_without_effect_changes_no_bit(
    name: str, undisturbed: dict[Any, Any], record_case: CaseRecorder
) -> None:
    found = different(undisturbed, series(run_of(disrupted(NULL[name]))))
    if name == "a node that no flow uses":
        found = [key for key in found if "museum" not in key[-1]]
    record_case.exact("difference", len(found))


def test_a_disruption_with_an_effect_changes_something(undisturbed: dict[Any, Any]) -> None:
    """The comparison can fail."""
    found = different(
        undisturbed, series(run_of(disrupted(NULL["severity 0"] | {"effect": {"capacity": 0.9}})))
    )
    assert ("operations", "integrals", "in_process", "plant/line") in found


# ---- A-X04: dominance under common random numbers

SEEDS = 50


def serial_chain(severity: float, days: float, buffer: float) -> CompiledNetwork:
    """The chain of the case with an outage of some depth and length and a buffer in days."""
    mapping = mapping_of("A-X04")
    mapping["disruptions"][0] |= {"effect": {"capacity": 1 - severity}, "duration": f"{days} d"}
    stock = round(8 * buffer)
    mapping["sites"]["plant"]["stocks"]["part"]["initial"] = stock
    mapping["sites"]["plant"]["replenishment"]["part"]["level"] = stock + 12
    return network_of(mapping)


def output(network: CompiledNetwork, replication: int) -> list[int]:
    """Vehicles made by the end of each day."""
    run = chainsim.simulate(network, replication)
    return np.cumsum(run.daily("operations", "completed", "plant/line")).tolist()


SEVERITIES = [(severity, 5.0, 1.0) for severity in (0, 0.25, 0.5, 0.75, 1)]
DURATIONS = [(1.0, days, 1.0) for days in (0.0, 5.0, 10.0, 20.0)]
BUFFERS = [(1.0, 10.0, days) for days in (10.0, 5.0, 2.0, 1.0, 0.5, 0.0)]


@pytest.mark.case("A-X04")
@pytest.mark.parametrize(
    "worse", [SEVERITIES, DURATIONS, BUFFERS], ids=["severity", "duration", "buffer"]
)
def test_worse_is_never_better(worse: list[tuple[float, ...]], record_case: CaseRecorder) -> None:
    """Path by path, at the end of each day: what is worse for supply makes no more vehicles."""
    networks = [serial_chain(*arguments) for arguments in worse]
    violations, differing = 0, 0
    for seed in range(SEEDS):
        paths = [output(network, seed) for network in networks]
        for better, worse_ in pairwise(paths):
            violations += sum(a < b for a, b in zip(better, worse_, strict=True))
            differing += better != worse_
    assert differing > SEEDS
    record_case.exact("violations", violations)


# ---- A-X05b: names and the order of lines


def with_comments(text: str) -> str:
    """A YAML text with a comment before every line."""
    return "".join(f"# a remark\n{line}\n" for line in text.splitlines())


@pytest.mark.case("A-X05b")
def test_the_order_of_lines_changes_nothing(record_case: CaseRecorder) -> None:
    """Twenty orders of all maps of a stochastic chain, with comments."""
    mapping = mapping_of("A-X01")
    mapping["sites"]["packer"]["replenishment"]["cell"]["sources"] = {
        "by": "share", "sites": ["maker_a", "maker_b"], "shares": [0.6, 0.4]
    }  # fmt: skip
    known = series(run_of(mapping))
    chance = random.Random(1)
    found = 0
    for _ in range(20):
        other = shuffled(mapping, chance)
        chance.shuffle(other["disruptions"])
        text = with_comments(yaml.safe_dump(other, sort_keys=False))
        found += len(different(known, series(chainsim.simulate(chainsim.scenario_from_text(text)))))
    record_case.exact("difference", found)


NEW_NAMES = {
    "left": "zeta", "right": "alpha", "north": "omega", "south": "kappa", "west": "beta",
    "weld": "a_weld", "glue": "z_glue", "anna": "yvonne", "bert": "zoe", "bench": "table",
    "part": "zinc", "whole": "body", "cut": "y_cut",
    "left_north": "w", "left_south": "q", "left_west": "d",
    "right_north": "z", "right_south": "a", "right_west": "m",
}  # fmt: skip


def renamed(value: Any, names: dict[str, str]) -> Any:
    """The data with names replaced: keys, words, and the parts of ids."""
    if isinstance(value, dict):
        return {renamed(key, names): renamed(below, names) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [renamed(one, names) for one in value]
    if not isinstance(value, str):
        return value
    for separator in ("<", "/"):
        if separator in value:
            return separator.join(renamed(part, names) for part in value.split(separator))
    return names.get(value, value)


@pytest.mark.case("A-X05b")
def test_names_change_nothing_where_order_fixes_the_ranks(record_case: CaseRecorder) -> None:
    """Deterministic: all names changed so that their alphabetical order is another one."""
    known = series(run_of(mapping_of("A-X05b")))
    other = series(run_of(renamed(mapping_of("A-X05b"), NEW_NAMES)))
    back = {new: old for old, new in NEW_NAMES.items()}
    again = {(*key[:-1], renamed(key[-1], back)): values for key, values in other.items()}
    record_case.exact("difference", len(different(known, again)) + len(different(again, known)))


def test_without_order_ties_go_by_name() -> None:
    """The same renaming matters where no `order` is given: docs/model.md, section 3."""

    def without_order(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without_order(v) for key, v in value.items() if key != "order"}
        return [without_order(one) for one in value] if isinstance(value, list) else value

    mapping = without_order(mapping_of("A-X05b"))
    known = run_of(mapping).tables["lanes"].counts["shipped"].sum(axis=0)
    other = run_of(renamed(mapping, NEW_NAMES)).tables["lanes"]
    columns = [other.index[NEW_NAMES[lane]] for lane in run_of(mapping).tables["lanes"].ids]
    assert known.tolist() != other.counts["shipped"].sum(axis=0)[columns].tolist()


@pytest.mark.case("A-X05b")
def test_an_entity_that_keeps_its_id_keeps_its_numbers(record_case: CaseRecorder) -> None:
    """Stochastic: a renamed site draws other numbers; customers elsewhere come as before.

    What is brought for inspection follows from what was sold.
    """
    mapping = mapping_of("A-X01")
    known, other = series(run_of(mapping)), series(run_of(renamed(mapping, {"plant": "works"})))
    kept = {
        key: values
        for key, values in known.items()
        if key[2:3] in (("demanded",), ("arrived",))
        and not key[-1].startswith(("plant", "station"))
    }
    record_case.exact("difference", len(different(kept, other)))
    line = ("operations", "integrals", "in_process")
    assert known[*line, "plant/test"] != other[*line, "works/test"]


# ---- A-X06: at one instant


PROBES = ("A-X06", "A-X06-recovery", "A-X06-shift", "A-X06-warm-up")


def outcome(mapping: Mapping) -> str:
    """A digest of all that a run says."""
    run = run_of(mapping)
    text = repr((sorted(series(run).items()), run.log))
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.case("A-X06")
def test_a_receipt_meets_the_demand_of_its_second(record_case: CaseRecorder) -> None:
    run = run_of(mapping_of("A-X06"))
    at_once = run.count("demands", "at_once", "store/part")
    record_case.exact("fill_of_the_demand_if_receipt_first", at_once)


def test_a_source_that_recovers_gets_the_order_of_that_second() -> None:
    run = run_of(mapping_of("A-X06-recovery"))
    ordered = run.tables["lanes"].counts["ordered"]
    assert ordered[:, run.tables["lanes"].index["from_first"]].tolist() == [
        0,
        0,
        0,
        0,
        0,
        4000,
        0,
        0,
    ]
    assert ordered[:, run.tables["lanes"].index["from_second"]].tolist() == [
        4000,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    ]


def test_a_shift_starts_with_what_comes_in() -> None:
    run = run_of(mapping_of("A-X06-shift"))
    assert [(e.time, e.what) for e in run.log if e.what in ("arrive", "start")] == [
        (8 * HOUR, "arrive"), (8 * HOUR, "start"),
    ]  # fmt: skip


def test_what_leaves_when_statistics_begin_counts() -> None:
    """The day before is closed first: the departure is the first event of the new day."""
    run = run_of(mapping_of("A-X06-warm-up"))
    assert run.daily("lanes", "departed", "road").tolist() == [0, 1000, 0, 0]
    assert run.count("lanes", "departed", "road") == 1
    assert run.tables["lanes"].integrals["staged"][:, 0].tolist() == [1000 * DAY, 0, 0, 0]


@pytest.mark.case("A-X06")
def test_repeats_and_other_orders_of_lines_have_one_outcome(record_case: CaseRecorder) -> None:
    chance = random.Random(1)
    distinct, changed = [], 0
    for probe in PROBES:
        mapping = mapping_of(probe)
        known = outcome(mapping)
        distinct.append(len({known, *(outcome(mapping) for _ in range(24))}))
        changed += sum(outcome(shuffled(mapping, chance)) != known for _ in range(5))
    record_case.exact("distinct_outcomes_over_100_repeats", max(distinct))
    record_case.exact("outcome_changes_when_yaml_order_is_permuted", changed)


HASHED = """
from tests.verification import test_invariants as these
print(*(these.outcome(these.mapping_of(name)) for name in (*these.PROBES, "A-X01")))
"""


def test_the_seed_of_hashes_does_not_matter() -> None:
    """Python orders sets by hashes that differ from process to process."""
    here = [outcome(mapping_of(name)) for name in (*PROBES, "A-X01")]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HASHED],
            env=os.environ | {"PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
            cwd=SCENARIOS.parents[2],
        )
        for seed in ("0", "4711")
    ]
    for process in processes:
        printed, _ = process.communicate(timeout=120)
        assert printed.split() == here


# ---- A-X07: long horizons


def regular(length: str, **stream: Any) -> Trajectory:
    """A run in which a customer comes in regular or listed instants."""
    mapping: Mapping = {
        "name": "clock",
        "run": {"length": length, "record": {"log": True}, **stream.pop("run", {})},
        "items": {"part": {}},
        "sites": {"shop": {"stocks": {"part": {"unlimited": True}}, "demand": {"part": stream}}},
    }
    return run_of(mapping)


def instants(run: Trajectory) -> list[int]:
    """The seconds at which customers came."""
    return [entry.time for entry in run.log if entry.what == "demand"]


@pytest.mark.case("A-X07")
def test_a_million_events_do_not_drift(record_case: CaseRecorder) -> None:
    """The k-th event of the stream every 0.1 h, k = 0 .. 10^6; simulated for the first 10,000."""
    horizon = 100_000 * HOUR
    at = [rules.regular_instant(k, (360, 1), (360, 1)) for k in range(1_000_001)]
    record_case.exact("count_at_T_100000", sum(t <= horizon for t in at))
    record_case.exact("last_time", max(t for t in at if t <= horizon) / HOUR)
    *_, naive = accumulate(repeat(0.1, 1_000_000))
    record_case.exact("naive_sum", naive)
    found = instants(regular("1000 h", process="regular", every="0.1 h"))
    assert found == at[:9_999]


def test_an_interval_that_is_no_whole_second_does_not_drift() -> None:
    """Seven a day for 300 days: the last one falls on the last midnight, which is not counted."""
    found = instants(regular("300 d", process="regular", rate="7 /d"))
    assert len(found) == 7 * 300 - 1
    assert found[6::7] == [day * DAY for day in range(1, 300)]


@pytest.mark.case("A-X07")
def test_a_second_after_thirty_years_is_a_second(record_case: CaseRecorder) -> None:
    """Two events one second apart, 30 years after the start; leap days count."""
    run = regular(
        "946771202 s",
        run={"start": "2020-01-01"},
        process="trace",
        events=[["2050-01-01", 1], ["2050-01-01T00:00:01", 1]],
    )
    first, second = instants(run)
    assert first == 10_958 * DAY
    record_case.exact("resolvable_1s_at_30y", second - first == 1)


@pytest.mark.parametrize(("length", "expected"), [("86399 s", 0), ("86400 s", 0), ("86401 s", 1)])
def test_the_horizon_is_half_open(length: str, expected: int) -> None:
    """An event at the very end does not happen."""
    assert len(instants(regular(length, process="trace", events=[["1 d", 1]]))) == expected


def test_leap_days_exist() -> None:
    """2024 has a 29 February, 2023 has not."""
    plan = {"process": "plan", "rate": "1 /d", "at": "12:00"}
    run = regular("4 d", run={"start": "2024-02-27"}, **plan)
    noon = [t // DAY for t in instants(run)]
    assert noon == [0, 1, 2, 3]
    leap = {"process": "trace", "events": [["2024-02-29", 1], ["2024-03-01", 1]]}
    assert instants(regular("9 d", run={"start": "2024-02-28"}, **leap)) == [DAY, 2 * DAY]
    with pytest.raises(InputError, match="calendar"):
        regular("9 d", run={"start": "2023-02-28"}, process="trace", events=[["2023-02-29", 1]])
