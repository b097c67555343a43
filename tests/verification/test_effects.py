"""Every effect and course of a disruption against arithmetic by hand.

A test names what it proves (`proves`); the last test asks that nothing of the schema is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, get_args

import pytest

import chainsim
from chainsim.outcome.trajectory import Trajectory
from chainsim.scenario.schema.disruptions import (
    Disruption,
    Effect,
    LeadTime,
    Recovery,
    Stage,
    Timing,
)

HOUR = 3_600
DAY = 24
"""Hours."""

Test = TypeVar("Test", bound=Callable[..., None])
PROVED: set[str] = set()


def proves(*names: str) -> Callable[[Test], Test]:
    """Note what of the schema a test proves."""
    PROVED.update(names)
    return lambda test: test


def disruption(
    effect: dict[str, Any],
    at: str = "2 d",
    duration: str = "2 d",
    site: str | list[str] = "node",
    **more: Any,
) -> dict[str, Any]:
    return {
        "id": "event",
        "target": {"site": site},
        "effect": effect,
        "timing": {"at": [at]},
        "duration": duration,
    } | more


# ---- capacity and its course


def machine(*hits: dict[str, Any], days: int = 10, hours: tuple[int, ...] = ()) -> Trajectory:
    """One machine that never lacks anything makes 100 an hour."""
    scenario = {
        "name": "Machine",
        "run": {
            "start": "2024-01-01",
            "length": f"{days} d",
            "record": {"at": [f"{hour} h" for hour in hours]},
        },
        "items": {"steel": {}, "part": {}},
        "sites": {
            "node": {
                "stocks": {"steel": {"unlimited": True}},
                "operations": {
                    "make": {"inputs": {"steel": 1}, "outputs": {"part": 1}, "time": "36 s"}
                },
            }
        },
        "disruptions": [{**hit, "id": f"event_{k}"} for k, hit in enumerate(hits)],
    }
    return chainsim.simulate(chainsim.compile_network(chainsim.scenario_from_mapping(scenario)))


def lost_hours(run: Trajectory, instant: int | None = None) -> float:
    """Hours of full speed that the machine has lost, at the end or by a recorded instant."""
    names = ("slow_loss", "disrupted")
    if instant is None:
        return sum(run.count("resources", name, "node/make") for name in names) / HOUR
    return sum(run.at(instant, "resources", name, "node/make") for name in names) / HOUR


def assert_lost(run: Trajectory, hours: float) -> None:
    """By the account of the server, and by what was made: 100 an hour less, to one lot.

    A lot that would end with the run is not made. The rate is whole parts per million.
    """
    assert lost_hours(run) == pytest.approx(hours, abs=0.001)
    full = 100 * (run.day_ends[-1] / HOUR)
    assert run.count("operations", "completed", "node/make") == pytest.approx(
        full - 100 * hours, abs=1.5
    )


@proves("effect.capacity", "duration", "recovery.shape.step")
@pytest.mark.parametrize("left", [0, 0.25, 0.9, 1])
def test_capacity_is_what_is_left(left: float) -> None:
    """48 h at a share of the speed cost 48 x (1 - share) hours; then all is back at once."""
    assert_lost(machine(disruption({"capacity": left})), 48 * (1 - left))


@proves("effect.floor")
@pytest.mark.parametrize(
    ("left", "floor", "speed"), [(0, 0.25, 0.25), (0.2, 0.5, 0.5), (0.8, 0.5, 0.8), (0, 0, 0)]
)
def test_the_speed_does_not_fall_below_the_floor(left: float, floor: float, speed: float) -> None:
    """The higher of what is left and the floor holds for 48 h."""
    run = machine(disruption({"capacity": left, "floor": floor}))
    assert_lost(run, 48 * (1 - speed))


def test_a_floor_holds_through_onset_and_recovery() -> None:
    """The lines go to the floor, not to what would be left: (12 + 24 + 12) h at half, 0.5 lost."""
    course = {"onset": "1 d", "recovery": {"shape": "linear", "over": "1 d"}, "duration": "1 d"}
    run = machine(disruption({"capacity": 0, "floor": 0.5}, **course))
    assert_lost(run, 0.5 * (12 + 24 + 12))


@proves("onset")
@pytest.mark.parametrize("left", [0, 0.4])
def test_onset_is_a_line_down_to_the_full_effect(left: float) -> None:
    """The line of 24 h costs half of it, half-way an eighth; then the full 48 h count."""
    hit = disruption({"capacity": left}, onset="1 d")
    run = machine(hit, hours=(48 + 12, 48 + 24, 48 + 24 + 48))
    depth = 1 - left
    found = [lost_hours(run, k) for k in range(3)]
    expected = [depth * 24 / 8, depth * 24 / 2, depth * (24 / 2 + 48)]
    assert found == pytest.approx(expected, abs=0.001)
    assert_lost(run, depth * (12 + 48))


RECOVERIES: dict[str, tuple[dict[str, Any], float, float]] = {
    "step": ({}, 0, 0),
    "linear": ({"over": "2 d"}, 3 / 8, 1 / 2),
    "s_curve": ({"over": "2 d"}, 13 / 32, 1 / 2),
    "exponential": (
        {"over": "2 d"},
        (1 - math.exp(-1.5)) / 3,
        (1 - math.exp(-3)) / 3,
    ),
    "stages": (
        {
            "stages": [
                {"after": "6 h", "recovered": 0.25},
                {"after": "12 h", "recovered": 0.75},
                {"after": "36 h", "recovered": 1},
            ]
        },
        (6 + 0.75 * 6 + 0.25 * 12) / 48,
        (6 + 0.75 * 6 + 0.25 * 24) / 48,
    ),
}
"""By shape: what else is given; then the lost share of 48 h after 24 h and in all.

With x = t / 48 h the missing part is: linear 1 - x, whose integral to 1/2 is 3/8 and to 1 is 1/2;
S-curve 1 - 3x^2 + 2x^3, to 1/2: 1/2 - 1/8 + 1/32 = 13/32, to 1: 1/2; exponential exp(-3x), to X:
(1 - exp(-3X)) / 3, and nothing after 1. Stages: 6 h all, 6 h three quarters, 24 h one quarter.
"""


@proves(
    "recovery.shape",
    "recovery.shape.linear",
    "recovery.shape.s_curve",
    "recovery.shape.exponential",
    "recovery.shape.stages",
    "recovery.over",
    "recovery.stages",
    "stage.after",
    "stage.recovered",
)
@pytest.mark.parametrize("left", [0, 0.4])
@pytest.mark.parametrize("shape", RECOVERIES)
def test_recovery(shape: str, left: float) -> None:
    """The full effect from 48 to 96 h, then what the shape leaves missing, until 144 h."""
    given, by_half, in_all = RECOVERIES[shape]
    hit = disruption({"capacity": left}, recovery={"shape": shape, **given})
    run = machine(hit, hours=(96, 120, 144))
    depth = 1 - left
    found = [lost_hours(run, k) / depth for k in range(3)]
    assert found == pytest.approx([48, 48 + 48 * by_half, 48 + 48 * in_all], abs=0.005)
    assert_lost(run, depth * (48 + 48 * in_all))


def test_a_recovery_in_stages_may_stay_short_of_all() -> None:
    """A last stage of 80 % holds to the end: 48 h, 24 h, and a fifth of the last 5 days."""
    stages = [{"after": "1 d", "recovered": 0.8}]
    run = machine(disruption({"capacity": 0}, recovery={"shape": "stages", "stages": stages}))
    assert_lost(run, 48 + 24 + 0.2 * 5 * DAY)


def test_effects_that_overlap_multiply() -> None:
    """Half from 48 to 96 h and half from 72 to 120 h: a quarter for 24 h, a half for 48 h."""
    half = {"capacity": 0.5}
    run = machine(disruption(half), disruption(half, at="3 d"))
    assert_lost(run, 0.75 * 24 + 0.5 * 48)


# ---- timing


TIMINGS: list[tuple[dict[str, Any], dict[str, Any], list[int]]] = [
    ({"at": ["3 d", "9 d"]}, {}, [3, 9]),
    ({"every": "5 d"}, {}, [5, 10, 15]),
    ({"every": "5 d", "first": "3 d"}, {}, [8, 13, 18]),
    ({"every": "5 d", "between": "ends"}, {}, [5, 12, 19]),
    ({"every": "5 d", "between": "ends"}, {"onset": "1 d"}, [5, 13]),
]
"""Timing, what else is given, and the days on which an event of 2 days starts within 20.

From the end of the full effect: 5 + 2 + 5 = 12, 12 + 2 + 5 = 19; with an onset of a day 5 + 1 + 2 +
5 = 13, and 21 is past the end.
"""


@proves("timing.at", "timing.every", "timing.first", "timing.between", "timing")
@pytest.mark.parametrize(("timing", "more", "starts"), TIMINGS)
def test_timing(timing: dict[str, Any], more: dict[str, Any], starts: list[int]) -> None:
    """Days with lost capacity are exactly those of an event; onset and full effect count."""
    run = machine(disruption({"capacity": 0}, **more) | {"timing": timing}, days=20)
    names = ("slow_loss", "disrupted")
    lost = sum(run.daily("resources", name, "node/make") for name in names)
    length = 3 if "onset" in more else 2
    expected = {start + k for start in starts for k in range(length)}
    assert {day for day in range(20) if lost[day]} == {day for day in expected if day < 20}


@proves("enabled")
def test_a_disruption_that_is_not_enabled_does_nothing() -> None:
    """Nothing is lost in 10 days."""
    assert_lost(machine(disruption({"capacity": 0}, enabled=False)), 0)


@proves("participation", "target")
def test_participation_is_drawn_for_every_event_and_site() -> None:
    """50 sites, 100 events, each hit with probability 0.3, independently.

    Hits in all are binomial: 5000 x 0.3 = 1500, sd sqrt(5000 x 0.21) = 32.4; four of them are 130.
    By event they are binomial of 50: variance 10.5, and its estimate from 100 events has an sd of
    about 10.5 x sqrt(2 / 99) = 1.49; by site binomial of 100: variance 21, from 50 sites an sd of
    21 x sqrt(2 / 49) = 4.24. Again four of them. One draw per event alone would give 50 x 10.5,
    one per site alone 100 x 21. An event of 6 h at each midnight stops a site for 6 h of the day.
    """
    sites, events, p = 50, 100, 0.3
    body = {
        "stocks": {"steel": {"unlimited": True}},
        "operations": {"make": {"inputs": {"steel": 1}, "outputs": {"part": 1}, "time": "900 d"}},
    }
    names = [f"site_{k}" for k in range(sites)]
    hit = disruption({"capacity": 0}, duration="6 h", site=names, participation=p)
    scenario = {
        "name": "Participation",
        "run": {"start": "2024-01-01", "length": f"{events} d"},
        "items": {"steel": {}, "part": {}},
        "sites": {name: body for name in names},
        "disruptions": [hit | {"timing": {"at": [f"{day} d" for day in range(events)]}}],
    }
    network = chainsim.compile_network(chainsim.scenario_from_mapping(scenario))
    run = chainsim.simulate(network)
    seconds = run.tables["resources"].counts["disrupted"]
    assert set(seconds.flat) == {0, 6 * HOUR}
    hits = seconds // (6 * HOUR)
    assert hits.shape == (events, sites)
    assert hits.sum() == pytest.approx(1500, abs=4 * math.sqrt(events * sites * p * (1 - p)))
    assert hits.sum(axis=1).var(ddof=1) == pytest.approx(10.5, abs=4 * 10.5 * math.sqrt(2 / 99))
    assert hits.sum(axis=0).var(ddof=1) == pytest.approx(21, abs=4 * 21 * math.sqrt(2 / 49))


# ---- stocks


@proves("effect.stock_loss")
@pytest.mark.parametrize(("share", "lost"), [(0.3, 7), (0.32, 8), (1, 24), (0, 0)])
def test_stock_loss(share: float, lost: int) -> None:
    """Of 24 on hand 7.2 are 7, 7.68 are 8; the loss comes at the start, before any onset."""
    target = {"site": "node", "item": "part"}
    scenario = {
        "name": "Loss",
        "run": {
            "start": "2024-01-01",
            "length": "10 d",
            "record": {"at": ["47 h", "48 h"]},
        },
        "items": {"part": {}, "other": {}},
        "sites": {
            "node": {"stocks": {"part": {"initial": 24}, "other": {"initial": 50}}},
            "beyond": {"stocks": {"part": {"initial": 24}}},
        },
        "disruptions": [disruption({"stock_loss": share}, onset="1 d", target=target)],
    }
    run = chainsim.simulate(chainsim.compile_network(chainsim.scenario_from_mapping(scenario)))
    assert run.at(0, "stocks", "on_hand", "node/part") == 24
    assert run.at(1, "stocks", "on_hand", "node/part") == 24 - lost
    assert run.count("stocks", "lost", "node/part") == lost
    assert run.final("stocks", "on_hand", "node/other") == 50
    assert run.final("stocks", "on_hand", "beyond/part") == 24


# ---- lanes


def lane(
    effect: dict[str, Any],
    *,
    site: str = "node",
    transit: str = "2 d",
    policy: dict[str, Any] | None = None,
    hour: int = 0,
    **more: Any,
) -> Trajectory:
    """A plant orders one part at each midnight of ten days; it leaves at once, for two days."""
    daily = {"policy": "fixed", "quantity": 1, "review": {"every": "1 d"}}
    scenario = {
        "name": "Lane",
        "run": {"start": "2024-01-01", "length": "10 d", "record": {"log": True}},
        "items": {"part": {}, "vehicle": {}},
        "sites": {
            "node": {"stocks": {"part": {"unlimited": True}}},
            "plant": {
                "stocks": {"part": {"initial": 100}},
                "demand": {
                    "part": {"process": "regular", "every": "1 d", "first": "12 h"},
                },
                "replenishment": {"part": {**(policy or daily), "sources": "node"}},
            },
        },
        "lanes": {
            "road": {
                "from": "node",
                "to": "plant",
                "items": ["part"],
                "transit": transit,
                **more,
            }
        },
        "disruptions": [disruption(effect, at=f"{2 * DAY + hour} h", site=site)],
    }
    return chainsim.simulate(chainsim.compile_network(chainsim.scenario_from_mapping(scenario)))


def instants(run: Trajectory, what: str) -> list[float]:
    """The days at which something happened, as often as units were concerned."""
    return [
        e.time / HOUR / DAY for e in run.log if e.what == what for _ in range(e.quantity // 1000)
    ]


@proves("effect.lead_time", "lead_time.factor", "lead_time.extra")
@pytest.mark.parametrize(
    ("change", "longer"),
    [
        ({"factor": 1.5}, 1),
        ({"factor": 0.5}, -1),
        ({"extra": "6 h"}, 0.25),
        ({"factor": 1.5, "extra": "6 h"}, 1.25),
    ],
)
def test_lead_time(change: dict[str, Any], longer: float) -> None:
    """Two days become 3, 1, 2 1/4 or 3 1/4 for what leaves on days 2 and 3, not before or after."""
    run = lane({"lead_time": change})
    arrivals = [day + 2 + (longer if day in (2, 3) else 0) for day in range(10)]
    assert instants(run, "dispatch") == list(range(10))
    assert instants(run, "arrive") == sorted(day for day in arrivals if day < 10)


@proves("effect.lane", "effect.in_transit")
@pytest.mark.parametrize(
    ("in_transit", "arrivals"),
    [("continue", [2, 3, 4, 6.5, 6.5, 7, 8, 9]), ("hold", [2, 5, 6, 6.5, 6.5, 7, 8, 9])],
)
def test_closed_lane(in_transit: str, arrivals: list[float]) -> None:
    """Closed from day 2.5 to 4.5: what should leave on days 3 and 4 leaves at 4.5.

    Goods of days 1 and 2 are on the road. If they are held they stand still for two days, so they
    arrive on days 5 and 6, not 3 and 4; those of day 0 have arrived before.
    """
    run = lane({"lane": "closed", "in_transit": in_transit}, hour=12)
    assert instants(run, "dispatch") == [0, 1, 2, 4.5, 4.5, 5, 6, 7, 8, 9]
    assert instants(run, "arrive") == arrivals


@proves("effect.shipments")
def test_shipments_paused() -> None:
    """What should leave on days 2.5 to 4.5 leaves at its end; goods on the road come as ever."""
    run = lane({"shipments": "paused"}, hour=12)
    assert instants(run, "dispatch") == [0, 1, 2, 4.5, 4.5, 5, 6, 7, 8, 9]
    assert instants(run, "arrive") == [2, 3, 4, 6.5, 6.5, 7, 8, 9]
    assert run.daily("stocks", "received", "plant/part").tolist() == [
        1000 * n for n in (0, 0, 1, 1, 1, 0, 2, 1, 1, 1)
    ]


@proves("effect.receipts")
def test_receipts_paused() -> None:
    """What comes on days 3 and 4 waits at the gate until 4.5: 1.5 and 0.5 days."""
    run = lane({"receipts": "paused"}, site="plant", hour=12)
    assert instants(run, "arrive") == [2, 3, 4, 5, 6, 7, 8, 9]
    assert run.daily("stocks", "received", "plant/part").tolist() == [
        1000 * n for n in (0, 0, 1, 0, 2, 1, 1, 1, 1, 1)
    ]
    assert run.mean("lanes", "at_gate", "road") * 10 == pytest.approx(2)


@proves("effect.orders")
def test_orders_paused_with_reviews_at_stated_times() -> None:
    """The reviews of days 3 and 4 find orders paused, and a fixed order is not made up for."""
    run = lane({"orders": "paused"}, site="plant", hour=12)
    assert instants(run, "order") == [0, 1, 2, 5, 6, 7, 8, 9]


def test_orders_paused_with_a_base_stock() -> None:
    """One is used at each noon and ordered at once; what was used from 2.5 to 4.5 is made up for.

    The pause begins before the noon of day 2 orders and ends as that of day 4 does, so that then
    three are ordered, and one at each other noon.
    """
    policy = {"policy": "base_stock", "level": 100}
    run = lane({"orders": "paused"}, site="plant", hour=12, policy=policy)
    assert instants(run, "order") == [0.5, 1.5, 4.5, 4.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5]


def test_a_base_stock_orders_as_soon_as_a_pause_ends() -> None:
    """Paused from day 2.25 to 4.25: noons 2 and 3 are ordered at 4.25, without waiting for noon."""
    policy = {"policy": "base_stock", "level": 100}
    run = lane({"orders": "paused"}, site="plant", hour=6, policy=policy)
    assert instants(run, "order") == [0.5, 1.5, 4.25, 4.25, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5]


def with_course(effect: dict[str, Any], course: dict[str, Any]) -> Trajectory:
    """A daily part from an unlimited source under a disruption from day 2.5 with a course."""
    scenario = {
        "name": "Course",
        "run": {"start": "2024-01-01", "length": "10 d", "record": {"log": True}},
        "items": {"part": {}},
        "sites": {
            "node": {"stocks": {"part": {"unlimited": True}}},
            "plant": {
                "replenishment": {
                    "part": {
                        "policy": "fixed",
                        "quantity": 1,
                        "review": {"every": "1 d"},
                        "sources": "node",
                    }
                },
            },
        },
        "lanes": {"road": {"from": "node", "to": "plant", "items": ["part"]}},
        "disruptions": [disruption(effect, at="60 h", **course)],
    }
    return chainsim.simulate(chainsim.compile_network(chainsim.scenario_from_mapping(scenario)))


@pytest.mark.parametrize("effect", [{"lane": "closed"}, {"shipments": "paused"}])
def test_closures_and_pauses_hold_from_the_onset_to_the_end(effect: dict[str, Any]) -> None:
    """An onset of a day from 2.5, then two days: shut until 5.5; the recovery does not count."""
    run = with_course(effect, {"onset": "1 d", "recovery": {"shape": "linear", "over": "2 d"}})
    assert instants(run, "dispatch") == [0, 1, 2, 5.5, 5.5, 5.5, 6, 7, 8, 9]


def test_capacity_multiplies_the_quota_of_a_lane() -> None:
    """10 a day; a half from day 2.5 to 4.5 leaves 7.5, 5 and 7.5, in whole units 7, 5 and 7.

    100 are ordered at once, so that each day sends off all it may: 7 + 5 + 7 of 30.
    """
    policy = {"policy": "fixed", "quantity": 100, "review": {"every": "20 d"}}
    run = lane({"capacity": 0.5}, hour=12, policy=policy, capacity_per_day=10)
    departed = run.daily("lanes", "departed", "road") // 1000
    assert departed.tolist() == [10, 10, 7, 5, 7, 10, 10, 10, 10, 10]


# ---- demand


def asked(
    process: dict[str, Any], effect: dict[str, Any], replication: int = 0, **course: Any
) -> list[float]:
    """What is demanded on each of ten days under a disruption of days 2 and 3."""
    scenario = {
        "name": "Demand",
        "run": {"start": "2024-01-01", "length": "10 d"},
        "items": {"vehicle": {}},
        "sites": {
            "node": {
                "stocks": {"vehicle": {"unlimited": True}},
                "demand": {"vehicle": process},
            }
        },
        "disruptions": [disruption(effect, **course)],
    }
    network = chainsim.compile_network(chainsim.scenario_from_mapping(scenario))
    run = chainsim.simulate(network, replication)
    return [amount / 1000 for amount in run.daily("demands", "demanded", "node/vehicle")]


STREAMS: dict[str, dict[str, Any]] = {
    "regular": {"process": "regular", "every": "1 h", "first": "30 min"},
    "plan": {"process": "plan", "rate": "24 /d"},
    "trace": {"process": "trace", "events": [[f"{day} d", 24] for day in range(10)]},
}
"""24 a day each. The regular ones stand in the middle of hours, away from the edges of days."""


@proves("effect", "effect.demand")
@pytest.mark.parametrize("process", STREAMS)
@pytest.mark.parametrize("factor", [0, 0.5, 1.5, 2])
def test_demand(process: str, factor: float) -> None:
    """24 a day, times the factor on days 2 and 3."""
    found = asked(STREAMS[process], {"demand": factor})
    assert found == [24 * (factor if day in (2, 3) else 1) for day in range(10)]


def test_demand_recovers_by_its_course() -> None:
    """Three times for 2 days, then a line of 2 days: 2 x 24 x (2 + 1) = 144 more; 36 and 12 of them
    on the two days of the line (means 2.5 and 1.5).
    """
    found = asked(STREAMS["regular"], {"demand": 3}, recovery={"shape": "linear", "over": "2 d"})
    expected = [24, 24, 72, 72, 60, 36, 24, 24, 24, 24]
    assert found == pytest.approx(expected, abs=1)
    assert sum(found) == pytest.approx(sum(expected), abs=1)


def test_demand_at_random_keeps_its_mean() -> None:
    """Poisson of 24 a day, doubled for 2 of 10 days: 288 in the mean, in 100 replications 28,800.

    The sd of the sum is its root, 170; four of them are 679. On the two days alone: 9,600, sd 98.
    """
    stream = {"process": "poisson", "rate": "24 /d"}
    runs = [asked(stream, {"demand": 2}, replication) for replication in range(100)]
    assert sum(map(sum, runs)) == pytest.approx(28_800, abs=4 * math.sqrt(28_800))
    assert sum(run[2] + run[3] for run in runs) == pytest.approx(9_600, abs=4 * math.sqrt(9_600))


# ---- nothing is left out


def fields() -> set[str]:
    """All that a disruption can say, but for its id and words about it."""
    blocks = {
        "effect": Effect,
        "lead_time": LeadTime,
        "recovery": Recovery,
        "stage": Stage,
        "timing": Timing,
    }
    found = set(Disruption.model_fields) - {"id", "name", "note", "recovery"}
    for name, block in blocks.items():
        found |= {f"{name}.{field}" for field in block.model_fields}
    shapes = get_args(Recovery.model_fields["shape"].annotation)
    return found | {f"recovery.shape.{shape}" for shape in shapes}


def test_every_field_of_a_disruption_is_proved() -> None:
    """A new effect, shape or word of timing needs a test here."""
    assert fields() == PROVED
    assert {f"recovery.shape.{shape}" for shape in RECOVERIES} <= PROVED
