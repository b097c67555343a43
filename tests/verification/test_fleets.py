"""Fleets by hand: what is sold grows old, is scrapped, and comes back for inspection."""

from __future__ import annotations

import datetime as dt
import math
import time
from typing import Any

import numpy as np
import pytest
from scipy import stats

import chainsim
from chainsim.errors import RunError
from chainsim.network.distributions import duration
from chainsim.network.survival import LAWS, share_up_to
from chainsim.outcome.laws import check_laws
from chainsim.outcome.trajectory import Trajectory
from tests.series import different, series

Mapping = dict[str, Any]
DAY = 86_400


def market(lifetime: Any, length: str = "60 d", **fleet: Any) -> Mapping:
    """Customers get 10 cars a day; they are the fleet `road`."""
    return {
        "name": "Market",
        "run": {"start": "2024-01-01", "length": length},
        "items": {"car": {"unit": "vehicle"}},
        "sites": {
            "shop": {
                "stocks": {"car": {"unlimited": True}},
                "demand": {"car": {"process": "plan", "rate": "10 /d", "at": "12:00"}},
            }
        },
        "fleets": {"road": {"item": "car", "lifetime": lifetime, **fleet}},
    }


def station(
    mapping: Mapping, times: list[str], open_all_week: bool = False, **arrival: Any
) -> Mapping:
    """The same with a place that inspects, on weekdays only unless told otherwise."""
    bringing = {"process": "fleet", "fleet": "road", "times": times, **arrival}
    site: Mapping = {"arrivals": {"visitor": bringing}}
    if not open_all_week:
        site["calendar"] = "week"
    return mapping | {
        "items": mapping["items"] | {"visitor": {"unit": "vehicle"}},
        "calendars": {"week": {"week": {"mon-fri": ["08:00-16:00"]}}},
        "sites": mapping["sites"] | {"station": site},
    }


def run_of(mapping: Mapping) -> Trajectory:
    """A run, its laws checked."""
    network = chainsim.compile_network(chainsim.scenario_from_mapping(mapping))
    run = chainsim.simulate(network)
    check_laws(network, run)
    return run


def by_day(run: Trajectory, name: str) -> list[float]:
    """A count or level of the fleet, by day, in units."""
    table = run.tables["fleets"]
    found = table.levels if name in table.levels else table.counts
    return [value / 1000 for value in found[name][:, 0].tolist()]


# ---- growth


def test_a_constant_lifetime_lets_the_fleet_grow_to_sales_times_lifetime() -> None:
    """10 a day, each in use from the end of its day for 20 d: 10, 20, ... 200, and so it stays."""
    run = run_of(market("20 d"))
    assert by_day(run, "in_use") == [min(10 * (day + 1), 200) for day in range(60)]
    assert by_day(run, "scrapped") == [0] * 20 + [10] * 40


def test_the_mean_fleet_counts_a_day_of_sale_from_its_end() -> None:
    """On the first day nobody drives, on the second 10, on the third 20: 30 / 3."""
    assert run_of(market("9 d", "3 d")).mean("fleets", "in_use", "road") == 10


@pytest.mark.parametrize(
    ("lifetime", "survival"),
    [
        (
            {"dist": "exponential", "mean": "40 d"},
            lambda age: math.exp(-age / 40),
        ),
        (
            {"dist": "weibull", "shape": 2.5, "scale": "90 d"},
            lambda age: math.exp(-((age / 90) ** 2.5)),
        ),
        (
            {"dist": "lognormal", "median": "50 d", "sigma": 0.5},
            lambda age: 1 - stats.norm.cdf(math.log(age / 50) / 0.5) if age else 1,
        ),
    ],
)
def test_a_fleet_is_the_sum_of_what_survives(lifetime: Mapping, survival: Any) -> None:
    """Renewal: at the end of day n, 10 x (S(0) + ... + S(n)). Half a car at most."""
    found = by_day(run_of(market(lifetime, "400 d")), "in_use")
    expected = np.cumsum([10 * survival(age) for age in range(400)])
    assert np.abs(np.array(found) - expected).max() < 0.51


def test_in_the_long_run_a_fleet_is_sales_times_mean_life() -> None:
    """10 /d x 90 d x gamma(1 + 1/2.5) = 798.5; half a day's sales more, as ages are whole days."""
    end = by_day(
        run_of(market({"dist": "weibull", "shape": 2.5, "scale": "90 d"}, "500 d")), "in_use"
    )
    assert end[-1] == pytest.approx(900 * math.gamma(1.4) + 5, abs=1)


def test_cars_that_leave_the_region_are_no_part_of_the_fleet() -> None:
    """0.25 of 10 a day: 2.5, 5, 7.5 and 10 after one to four days, to the nearest car."""
    run = run_of(market("99 d", "4 d", sold_in=0.25))
    assert by_day(run, "in_use") == [3, 5, 8, 10]


def test_all_customers_of_the_item_count_and_only_what_they_got() -> None:
    """One of two customers is never served in full: 10 + 3 on the first day, 10 on the second."""
    mapping = market("99 d", "2 d")
    other = {"stocks": {"car": {"initial": 3}}, "demand": {"car": {"process": "plan", "rate": 5}}}
    mapping["sites"]["other"] = other
    mapping["items"]["truck"] = {}
    sold = {"process": "plan", "rate": 7}
    mapping["sites"]["trucks"] = {
        "stocks": {"truck": {"unlimited": True}},
        "demand": {"truck": sold},
    }
    assert by_day(run_of(mapping), "sold") == [13, 10]


# ---- what is in use at the start


def test_what_is_in_use_at_the_start_dies_at_its_own_age() -> None:
    """Sold on 20 December for 20 d: gone at the end of 9 January, the ninth day of the run."""
    mapping = market("20 d", "12 d", initial=[{"sold": "2023-12-20", "amount": 100}])
    run = run_of(mapping)
    assert by_day(run, "scrapped") == [0] * 8 + [100] + [0] * 3
    assert run.tables["fleets"].initial["in_use"][0] == 100_000


def test_what_is_in_use_at_the_start_has_survived_until_then() -> None:
    """Weibull 2.5, 90 d, 60 d old: of 100,000 in use S(60 + n) / S(60) are left after n days.

    Half a car is rounded, and half a millionth of 100,000 cars.
    """
    sold = dt.date(2024, 1, 1) - dt.timedelta(days=61)
    weibull = {"dist": "weibull", "shape": 2.5, "scale": "90 d"}
    mapping = market(weibull, "90 d", initial=[{"sold": str(sold), "amount": 100_000}], sold_in=0)
    left = [math.exp((60 / 90) ** 2.5 - ((60 + n) / 90) ** 2.5) for n in range(1, 91)]
    found = np.array(by_day(run_of(mapping), "in_use"))
    assert np.abs(found - 1e5 * np.array(left)).max() < 0.5 + 0.05


def test_a_cohort_may_be_spread_evenly_over_days_of_sale() -> None:
    """7 cars over 20 to 23 December: 1.75, 3.5, 5.25 and 7 by then, to the nearest: 2, 2, 1, 2."""
    cohort = {"sold": "2023-12-20", "to": "2023-12-23", "amount": 7}
    run = run_of(market("20 d", "12 d", initial=[cohort], sold_in=0))
    assert by_day(run, "scrapped") == [0] * 8 + [2, 2, 1, 2]


def test_cohorts_beyond_64_bits_are_exact_all_the_same() -> None:
    """A quarter of 8e9 cars goes after 20 d: 8e12 thousandths x 1e6 is more than 2^62."""
    lifetime = {"dist": "discrete", "values": ["20 d", "99 d"], "p": [0.25, 0.75]}
    cohort = {"sold": "2023-12-20", "amount": 8 * 10**9}
    run = run_of(market(lifetime, "9 d", initial=[cohort], sold_in=0))
    assert run.count("fleets", "scrapped", "road") == 2 * 10**9


def test_cohorts_that_outlived_their_life_are_scrapped_on_the_first_day() -> None:
    mapping = market("20 d", "3 d", initial=[{"sold": "2020-01-01", "amount": 5}], sold_in=0)
    assert by_day(run_of(mapping), "in_use") == [0, 0, 0]


def test_a_settled_run_counts_from_its_own_first_day() -> None:
    """Settled for 3 d from 29 December on: 10 a day enter from then on."""
    mapping = market("99 d", "2 d", initial=[{"sold": "2023-12-28", "amount": 7}])
    mapping["run"]["settled"] = "3 d"
    assert by_day(run_of(mapping), "in_use") == [17, 27, 37, 47, 57]


# ---- inspections


def test_inspections_come_an_age_after_the_sale_on_the_next_open_day() -> None:
    """Due at the end of the day of sale + 7 d; 8 and 15 January 2024 are Mondays.

    The sales of Monday, 1 January are due at the end of the 8th and come on the 9th; those of the
    5th, 6th and 7th are due from Friday to Sunday and come together on Monday, the 15th.
    """
    run = run_of(station(market("99 d", "15 d", inspections={"ages": ["7 d"]}), ["10:00"]))
    assert by_day(run, "due") == [0] * 7 + [10] * 8
    assert by_day(run, "came") == [0] * 8 + [10, 10, 10, 10, 0, 0, 30]
    assert by_day(run, "waiting") == [0] * 7 + [10, 10, 10, 10, 10, 20, 30, 10]
    assert run.count("stocks", "arrived", "station/visitor") == 70


def test_part_of_the_cars_that_live_then_comes_at_every_age() -> None:
    """Half of all live 8 d, the others longer: 0.4 x 10 at 5 d, 0.4 x 5 at 10 d and at 15 d."""
    lifetime = {"dist": "discrete", "values": ["8 d", "90 d"], "p": [0.5, 0.5]}
    inspections = {"ages": ["5 d", "10 d", "15 d"], "share": 0.4}
    run = run_of(market(lifetime, "20 d", inspections=inspections))
    assert by_day(run, "due") == [0] * 5 + [4] * 5 + [6] * 5 + [8] * 5


def test_inspections_at_regular_ages_follow_one_another() -> None:
    """From 4 d on every 3 d, for 10 d: at 4 d and 7 d; at 10 d the car is gone."""
    inspections = {"every": "3 d", "from": "4 d"}
    run = run_of(market("10 d", "20 d", inspections=inspections))
    assert by_day(run, "due") == [0] * 4 + [10] * 3 + [20] * 13
    inspections = {"every": "3 d"}
    run = run_of(market("10 d", "10 d", inspections=inspections))
    assert by_day(run, "due") == [0] * 3 + [10] * 3 + [20] * 3 + [30]


def test_a_century_of_sales_that_comes_every_day_is_compiled_in_time() -> None:
    """One car of each of the 36,525 days from 1924 to 2023, and all of them come every day.

    Only ages within the run are looked at: all ages of all days of sale would take minutes.
    """
    cohort = {"sold": "1924-01-01", "to": "2023-12-31", "amount": 36_525}
    mapping = market("500 yr", "3 d", sold_in=0, inspections={"every": "1 d"}, initial=[cohort])
    began = time.monotonic()
    assert by_day(run_of(mapping), "due") == [36_525] * 3
    assert time.monotonic() - began < 60


def test_what_is_in_use_at_the_start_comes_at_its_coming_ages_only() -> None:
    """Sold on 20 December: 7 d have passed, 15 d are full at the end of 4 January."""
    mapping = market(
        "99 d", "6 d", sold_in=0, inspections={"ages": ["7 d", "15 d"], "share": 0.5},
        initial=[{"sold": "2023-12-20", "amount": 90}],
    )  # fmt: skip
    run = run_of(station(mapping, ["10:00"]))
    assert by_day(run, "due") == [0, 0, 0, 45, 0, 0]
    assert by_day(run, "came") == [0, 0, 0, 0, 45, 0]


def test_nothing_falls_due_before_inspections_begin() -> None:
    """Age 3 d, since 6 January: what was sold on 1 and 2 January would have been due before.

    8 d are full on 5 January for what was sold on 28 December, and a day later for the 9 cars.
    """
    mapping = market(
        "99 d", "8 d", inspections={"ages": ["3 d", "8 d"], "since": "2024-01-06"},
        initial=[{"sold": "2023-12-28", "amount": 70}, {"sold": "2023-12-29", "amount": 9}],
    )  # fmt: skip
    run = run_of(station(mapping, ["09:00"], open_all_week=True))
    assert by_day(run, "due") == [0] * 5 + [19, 10, 10]
    assert by_day(run, "came") == [0] * 6 + [19, 10]
    network = chainsim.compile_network(chainsim.scenario_from_mapping(mapping))
    assert network.fleets[0].inspected_from == 5
    network = chainsim.compile_network(
        chainsim.scenario_from_mapping(station(mapping, ["09:00"], open_all_week=True))
    )
    assert network.arrivals[0].stream.trace == (
        (6 * DAY, 19_000), (7 * DAY, 10_000), (8 * DAY, 10_000),
    )  # fmt: skip


def test_the_cars_of_a_day_are_divided_over_its_times() -> None:
    """10 over four times: 2.5, 5, 7.5 and 10 by then, to the nearest car."""
    mapping = market("99 d", "10 d", inspections={"ages": ["7 d"]})
    mapping = station(mapping, ["09:00", "11:00", "13:00", "15:00"], open_all_week=True)
    hours = [9, 10, 11, 12, 13, 14, 15, 16]
    instants = [f"{8 * 24 + hour} h" for hour in hours]
    mapping["run"]["record"] = {"at": instants}
    run = run_of(mapping)
    there = [run.at(k, "stocks", "arrived", "station/visitor") for k in range(len(hours))]
    assert there == [3, 3, 5, 5, 8, 8, 10, 10]


def test_cars_come_on_the_days_of_a_calendar_of_their_own() -> None:
    """The station never closes, but cars are brought on weekdays: 13 January is a Saturday."""
    mapping = market("99 d", "15 d", inspections={"ages": ["7 d"]})
    run = run_of(station(mapping, ["10:00"], open_all_week=True, calendar="week"))
    assert by_day(run, "came")[12:] == [0, 0, 30]


def test_cars_that_find_no_room_have_come_all_the_same() -> None:
    mapping = station(market("99 d", "9 d", inspections={"ages": ["7 d"]}), ["10:00"])
    mapping["sites"]["station"]["stocks"] = {"visitor": {"room": 6}}
    run = run_of(mapping)
    assert run.count("fleets", "came", "road") == 10
    assert run.count("stocks", "turned_away", "station/visitor") == 10


def test_inspections_load_the_station() -> None:
    """10 a day at half an hour each on one lane: busy 5 h of the day that follows."""
    mapping = station(
        market("99 d", "9 d", inspections={"ages": ["7 d"]}), ["09:00"], open_all_week=True
    )
    mapping["items"]["done"] = {}
    mapping["sites"]["station"]["operations"] = {
        "inspect": {"inputs": {"visitor": 1}, "outputs": {"done": 1}, "time": "30 min"}
    }
    run = run_of(mapping)
    assert run.count("resources", "busy", "station/inspect") == 5 * 3600


# ---- what it does not change, and where it ends


def test_a_fleet_that_nobody_inspects_changes_no_bit_of_the_rest() -> None:
    mapping = market({"dist": "exponential", "mean": "9 d"}, inspections={"ages": ["7 d"]})
    alone = {key: value for key, value in mapping.items() if key != "fleets"}
    assert different(series(run_of(alone)), series(run_of(mapping))) == []


def test_plans_and_bounds_count_with_the_inspections_by_plan() -> None:
    """10 a day from the end of the eighth day on, 90 of the cohort at the end of the fourth."""
    mapping = market(
        "99 d", "10 d", inspections={"ages": ["7 d"]},
        initial=[{"sold": "2023-12-28", "amount": 90}],
    )  # fmt: skip
    mapping = station(mapping, ["09:00"])
    network = chainsim.compile_network(chainsim.scenario_from_mapping(mapping))
    assert network.arrivals[0].stream.trace == (
        (4 * DAY, 90_000), (8 * DAY, 10_000), (9 * DAY, 10_000), (10 * DAY, 10_000),
    )  # fmt: skip


def test_a_fleet_that_does_not_fit_into_64_bits_is_a_failed_run() -> None:
    """1e11 cars a day at two inspections each: 1e11 x 1e3 x 2e6 is above 4.6e18."""
    mapping = market("99 d", "5 d")
    mapping["sites"]["shop"]["demand"]["car"]["rate"] = "100000000000 /d"
    with pytest.raises(RunError, match="64 bits"):
        run_of(mapping)


# ---- lifetimes


def either(short: float) -> Any:
    """4 d or 9 d."""
    return stats.rv_discrete(values=([4, 9], [short, 1 - short]))


LIFETIMES: dict[str, tuple[Mapping, Any]] = {
    "constant": ({"value": "9 d"}, None),
    "uniform": ({"low": "2 d", "high": "12 d"}, stats.uniform(2, 10)),
    "triangular": (
        {"low": "2 d", "mode": "5 d", "high": "12 d"}, stats.triang(3 / 10, 2, 10),
    ),
    "pert": ({"low": "2 d", "mode": "5 d", "high": "12 d"}, stats.beta(2.2, 3.8, 2, 10)),
    "beta": ({"a": 2, "b": 3, "low": "2 d", "high": "12 d"}, stats.beta(2, 3, 2, 10)),
    "normal": ({"mean": "9 d", "sd": "6 d"}, stats.truncnorm(-1.5, math.inf, 9, 6)),
    "exponential": ({"mean": "9 d"}, stats.expon(0, 9)),
    "erlang": ({"k": 3, "mean": "9 d"}, stats.gamma(3, 0, 3)),
    "gamma": ({"mean": "9 d", "cv": 0.5}, stats.gamma(4, 0, 9 / 4)),
    "lognormal": ({"median": "9 d", "sigma": 0.5}, stats.lognorm(0.5, 0, 9)),
    "weibull": ({"shape": 2.5, "scale": "9 d"}, stats.weibull_min(2.5, 0, 9)),
    "geometric": ({"p": 0.2}, stats.geom(0.2)),
    "poisson": ({"mean": "9 d"}, stats.poisson(9)),
    "discrete": ({"values": ["4 d", "9 d"], "p": [0.3, 0.7]}, either(0.3)),
    "empirical": ({"values": ["4 d", "9 d"]}, either(0.5)),
    "trace": ({"values": ["9 d", "4 d"]}, either(0.5)),
}  # fmt: skip


@pytest.mark.parametrize("shift", [0, 3])
@pytest.mark.parametrize("dist", LIFETIMES)
def test_the_share_that_is_gone_is_that_of_scipy(dist: str, shift: int) -> None:
    parameters, law = LIFETIMES[dist]
    lifetime = {"dist": dist, **parameters, "shift": f"{shift} d"}
    scenario = chainsim.scenario_from_mapping(market(lifetime))
    compiled = duration(scenario.document.fleets["road"].lifetime)
    days = np.arange(40.0)
    expected = 1.0 * (days - shift >= 9) if law is None else law.cdf(days - shift)
    assert share_up_to(compiled, days * DAY) == pytest.approx(np.asarray(expected), abs=1e-9)


def test_every_kind_of_lifetime_is_compared() -> None:
    """An Erlang distribution is compiled into a gamma distribution."""
    assert {*LAWS, "erlang"} == set(LIFETIMES)


@pytest.mark.parametrize("mode", ["2 d", "12 d"])
def test_a_triangle_may_be_upright(mode: str) -> None:
    lifetime = {"dist": "triangular", "low": "2 d", "mode": mode, "high": "12 d"}
    scenario = chainsim.scenario_from_mapping(market(lifetime))
    compiled = duration(scenario.document.fleets["road"].lifetime)
    law = stats.triang((int(mode.split()[0]) - 2) / 10, 2, 10)
    days = np.arange(15.0)
    assert share_up_to(compiled, days * DAY) == pytest.approx(law.cdf(days), abs=1e-12)
