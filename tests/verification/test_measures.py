"""Every measure on chains whose answers follow by hand: the arithmetic stands at each chain."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

import chainsim
from chainsim.outcome.measures import (
    FLEET_MEASURES,
    INVESTMENT_MEASURES,
    ITEM_MEASURES,
    MEASURES,
    Row,
    Values,
    measure,
)
from chainsim.outcome.trajectory import STATES
from chainsim.outcome.validation import GROWTH, measures_of

Expected = dict[str, float | None]


def orders() -> dict[str, Any]:
    """A workshop makes to order, 5 h each, and keeps two finished at the start."""
    walk_in = {"item": "vehicle", "process": "trace", "events": [["48 h", 1]]}
    events = [["0 h", 1], ["6 h", 4], ["22 h", 2], ["72 h", 1], ["95 h", 1]]
    return {
        "name": "Orders by hand",
        "run": {"start": "2024-01-01", "length": "4 d", "record": {"delays": ["shop/fleet"]}},
        "items": {"steel": {}, "vehicle": {"value": "365 yuan", "holding_cost": 0.1}},
        "sites": {
            "shop": {
                "stocks": {"steel": {"unlimited": True}, "vehicle": {"initial": 2}},
                "operations": {
                    "make": {
                        "inputs": {"steel": 1},
                        "outputs": {"vehicle": 1},
                        "time": "5 h",
                        "release": {"pull": "vehicle", "level": 0},
                    }
                },
                "demand": {
                    "fleet": {"item": "vehicle", "process": "trace", "events": events},
                    "walk_in": {**walk_in, "unmet": "patience", "patience": "4 h"},
                },
            }
        },
        "output_item": "vehicle",
    }


ORDERS: Expected = {
    "output": 6,
    "output_per_day": 6 / 4,
    "demanded": 10,
    "delivered": 8,
    "lost_sales": 1,
    "fill_rate": 3 / 10,
    "same_day_fill_rate": 6 / 10,
    "backlog": 50 / 96,
    "peak_backlog": 2,
    "backlog_days": 50 / 24 / 10,
    "delay": 50 / 24 / 9,
    "delay_p95": 13.25 / 24,
    "on_hand": 25 / 96,
    "wip": 31 / 96,
    "time_busy": 31 / 96,
    "time_no_release": 65 / 96,
    "utilisation": 31 / 96,
    "slow_loss": 0,
    "scrapped": 0,
    "holding_cost": 365 * 0.1 * (25 / 24) / 365,
    "transport_cost": None,
}
"""
At 0 h one of two in stock is sold. At 6 h four are wanted: one is there, three are made and sold at
11, 16, 21 h. Of 22 h two are sold at 27 and 32 h, on the next day. Who comes at 48 h leaves at
52 h; what was begun for him is ready at 53 h, sold at 72 h. What is wanted at 95 h is still open.

Demanded 1 + 4 + 2 + 1 + 1 + 1 = 10, delivered 1 + 4 + 2 + 1 = 8, lost 1. At once: those of 0 and
72 h and one of 6 h. On the same day: three more. Backlog in unit-hours: 5 + 10 + 15, 5 + 10, 4 and
1, in all 50; at most 3, but at the ends of the days 2, 0, 0, 1. Nine were delivered or left.

The eight waits of the fleet in hours: 0 0 0 5 5 10 10 15. Type 7: at 7 x 0.95 = 6.65 ranks from the
first, 10 + 0.65 x 5 = 13.25.

On hand: one from 0 to 6 h, one from 53 to 72 h: 25 unit-hours at 36.5 yuan a year, in days. Work:
6-21 h, 22-32 h, 48-53 h, 95-96 h: 31 h. Made: 3 + 2 + 1. No lane has a cost.
"""


def road() -> dict[str, Any]:
    """Eight parts a day for four vehicles of two parts and a seat; one day nothing is sent."""
    return {
        "name": "Road by hand",
        "run": {"start": "2024-01-01", "length": "5 d", "record": {"delays": ["plant/vehicle"]}},
        "items": {
            "part": {"value": "50 yuan", "holding_cost": 0.2},
            "seat": {"value": "100 yuan", "holding_cost": 0.2},
            "vehicle": {},
        },
        "sites": {
            "supplier": {"stocks": {"part": {"unlimited": True}, "seat": {"unlimited": True}}},
            "plant": {
                "stocks": {"part": {"initial": 12}, "seat": {"initial": 30}},
                "operations": {
                    "line": {
                        "inputs": {"part": 2, "seat": 1},
                        "outputs": {"vehicle": 1},
                        "time": "6 h",
                        "release": {"pull": "vehicle", "level": 0},
                    }
                },
                "demand": {"vehicle": {"process": "regular", "every": "6 h", "first": "0 h"}},
                "replenishment": {
                    "part": {
                        "policy": "fixed",
                        "quantity": 8,
                        "review": {"every": "1 d"},
                        "sources": "supplier",
                    },
                    "seat": {
                        "policy": "r_Q",
                        "reorder": 0,
                        "quantity": 1,
                        "sources": "supplier",
                    },
                },
            },
        },
        "lanes": {
            "road": {
                "from": "supplier",
                "to": "plant",
                "items": ["part", "seat"],
                "transit": "1 d",
                "cost": "3 yuan",
            }
        },
        "disruptions": [
            {
                "id": "strike",
                "target": {"site": "supplier"},
                "effect": {"shipments": "paused"},
                "timing": {"at": ["2 d"]},
                "duration": "1 d",
            }
        ],
        "output_item": "vehicle",
    }


ROAD: Expected = {
    "output": 17,
    "output_per_day": 17 / 5,
    "demanded": 20,
    "delivered": 17,
    "lost_sales": 0,
    "fill_rate": 0,
    "same_day_fill_rate": 12 / 20,
    "backlog": 174 / 120,
    "peak_backlog": 3,
    "backlog_days": 174 / 24 / 20,
    "delay": 174 / 24 / 17,
    "delay_p95": 18 / 24,
    "on_hand": (780 + 2406) / 120,
    "wip": 108 / 120,
    "time_busy": 108 / 120,
    "time_starved": 12 / 120,
    "utilisation": 108 / 120,
    "holding_cost": (50 * 0.2 * 780 + 100 * 0.2 * 2406) / 24 / 365,
    "transport_cost": 40 * 3,
}
"""
A lot starts every 6 h and takes 2 parts of 12, so 10, 8, 6, 4 are left; 8 come at each midnight but
that of day 3. On day 3 lots start at 72 and 78 h, then no part is there until 96 h, when 16 come.
18 lots start and 17 are ready before 120 h.

On hand, parts: 7 in the mean of days 0 to 2, 2 for 6 h of day 3, 14, 12, 10, 8 on day 4:
3 x 168 + 12 + 264 = 780 unit-hours. Seats: 30 less the lots begun; 6 h each at 29 .. 18 (282 in
sum), 17, 16, 16, 16 and 15, 14, 13, 12: 6 x (282 + 65 + 54) = 2406.

Orders of 0 to 78 h wait 6 h, those of 84, 90, 96 h wait 18 h, and those of 102, 108, 114 h have
waited 18, 12, 6 h at the end: 84 + 54 + 36 = 174. The last order of a day waits over midnight, on
day 3 two do, at the end three. On their day: 3 x 3, then those of 72, 78 and 96 h.

Of 17 waits three are long: the 95th percentile is one of them. Five trucks of 8 left, one late.
"""

ROAD_PART: Expected = {
    "use_per_output": 36 / 17,
    "days_of_cover": 780 / 24 / 40,
    "shortage": 12 / 120,
}
"""18 lots took 2 each; the plan is 8 a day for 5 days; 12 of 120 h nothing was there."""

ROAD_SEAT: Expected = {
    "use_per_output": 18 / 17,
    "days_of_cover": 2406 / 24 / 20,
    "shortage": 0,
}
"""18 lots took 1 each; the plan is 4 a day for 5 days."""

ROAD_SUPPLIER: Expected = {
    "output": 0,
    "demanded": 0,
    "on_hand": 0,
    "fill_rate": None,
    "delay": None,
    "time_busy": None,
    "holding_cost": 0,
    "transport_cost": 0,
}
"""What is unlimited is not counted, and transport is paid where goods arrive. No servers."""


def late_statistics() -> dict[str, Any]:
    """The chain `road`, counted from its third day."""
    scenario = road()
    scenario["run"]["warm_up"] = "2 d"
    return scenario


LATE: Expected = {
    "output": 10,
    "output_per_day": 10 / 3,
    "demanded": 12,
    "delivered": 10,
    "backlog": (6 * 6 + 54 + 36) / 72,
    "peak_backlog": 3,
    "delay": (6 * 6 + 54 + 36) / 24 / 10,
    "on_hand": (168 + 12 + 264 + 6 * (21 + 20 + 19 + 18 + 65 + 54)) / 72,
    "time_starved": 12 / 72,
    "transport_cost": 24 * 3,
}
"""
Ready at 48, 54, .. 84 h (7) and at 102, 108, 114 h. From 48 h on: orders of 48 to 78 h wait 6 h
each, and that of 42 h waits until 48 h, so not here. Trucks left on days 3 (two) and 4.
"""


def states() -> dict[str, Any]:
    """Seven sites of one server with lots of an hour; each is kept from work in its own way."""
    made = {"inputs": {"steel": 1}, "outputs": {"good": 1}, "time": "1 h"}
    steel = {"steel": {"unlimited": True}}
    trace = {"process": "trace"}

    def site(stocks: dict[str, Any] | None = None, **operation: Any) -> dict[str, Any]:
        return {"stocks": {**steel, **(stocks or {})}, "operations": {"make": made | operation}}

    return {
        "name": "States by hand",
        "run": {"start": "2024-01-01", "length": "4 d"},
        "items": {"steel": {}, "casting": {}, "permit": {}, "good": {}},
        "calendars": {"days": {"week": {"mon-sun": ["08:00-16:00"]}}},
        "sites": {
            "breaks": site(breakdowns=[{"up": "9.7 h", "repair": "5 h"}]),
            "shuts": site(
                outputs={"good": 1, "scrap": 1},
                split="cycle",
                cycle=["good", "good", "good", "scrap"],
                calendar="days",
            ),
            "struck": site(),
            "blocks": site({"good": {"room": 10}}),
            "pulls": {
                **site(release={"pull": "good", "level": 20}),
                "demand": {"good": {"process": "regular", "rate": "0 /d"}},
            },
            "waits": {
                **site(inputs={"steel": 1, "permit": {"amount": 1, "consumed": False}}),
                "arrivals": {"permit": {**trace, "events": [["30 h", 1]]}},
            },
            "starves": {
                **site({"casting": {"initial": 3}}, inputs={"casting": 1}),
                "arrivals": {"casting": {**trace, "events": [["50 h", 6]]}},
            },
        },
        "disruptions": [
            {
                "id": name,
                "target": {"site": "struck"},
                "effect": {"capacity": capacity},
                "timing": {"at": [at]},
                "duration": duration,
            }
            for name, capacity, at, duration in (
                ("stop", 0, "24 h", "12 h"),
                ("slow", 0.5, "48 h", "24 h"),
            )
        ],
        "output_item": "good",
    }


def shares(**hours: float) -> Expected:
    """The states of one server over 96 h."""
    return {f"time_{state}": hours.get(state, 0) / 96 for state in STATES}


STATES_TOTAL: Expected = {
    "time_broken_down": 30 / 672,
    "time_closed": 64 / 672,
    "time_disrupted": 12 / 672,
    "time_blocked": 85 / 672,
    "time_busy": 288 / 672,
    "time_no_release": 76 / 672,
    "time_waiting": 30 / 672,
    "time_starved": 87 / 672,
    "utilisation": 288 / (672 - 64),
    "slow_loss": 12,
    "scrapped": 8,
    "output": 65 + 24 + 71 + 10 + 20 + 65 + 9,
    "wip": (96 + 32 + 84 + 11 + 20 + 66 + 9) / 96,
    "fill_rate": None,
    "same_day_fill_rate": None,
    "backlog_days": None,
    "delay": None,
    "delay_p95": None,
}
"""
The sums of the sites below: 7 x 96 = 672 server-hours. A lot that would end at 96 h does not, so
of `breaks`, `struck` and `waits` the last is not made.
"""

BY_SITE: dict[str, Expected] = {
    "breaks": shares(broken_down=30, busy=66),
    "shuts": shares(closed=64, busy=32) | {"utilisation": 1, "scrapped": 8, "output": 24},
    "struck": shares(disrupted=12, busy=84) | {"slow_loss": 12, "output": 71},
    "blocks": shares(blocked=85, busy=11) | {"wip": 11 / 96, "output": 10},
    "pulls": shares(no_release=76, busy=20) | {"utilisation": 20 / 96},
    "waits": shares(waiting=30, busy=66),
    "starves": shares(starved=87, busy=9),
}
"""
breaks: 9.7 h of work, 5 h of repair: 6 times 14.7 h are 88.2 h, then 7.8 h of work are left.
shuts: 8 h a day are 32 lots, every fourth thrown away. struck: 12 h stopped, and 24 h at half speed
cost 12 h: 72 h of work. blocks: ten lots fit, the eleventh is ready at 11 h and holds its server;
it is no work in process any more. pulls: 20 lots. waits: for what it does not consume, until 30 h.
starves: 3 castings, then 6.
"""


def three_years() -> dict[str, Any]:
    """Orders of 10, 40 and 50 in three calendar years, made at once."""
    scenario = orders()
    scenario["run"] = {"start": "2022-01-01", "end": "2025-01-01"}
    site = scenario["sites"]["shop"]
    site["stocks"].pop("vehicle")
    events = [["2022-06-01", 10], ["2023-01-02", 40], ["2024-12-01", 50]]
    site["demand"] = {"vehicle": {"process": "trace", "events": events}}
    scenario["national"] = {
        "item": "vehicle",
        "output": {"2022": 100, "2023": 400, "2024": 400},
        "low": {"2024": 300},
        "high": {"2024": 500},
    }
    scenario["observed"] = [{"id": "growth", "measure": GROWTH, "value": 0, "source": "by hand"}]
    return scenario


GROWN: Expected = {GROWTH: 50 / 40 - 1}
"""The last calendar year over the one before, less 1; the first does not count."""
SHARES: Expected = {
    "national_share": 100 / 900,
    "national_share_if_low": 100 / 800,
    "national_share_if_high": 100 / 1000,
}
"""Output of three years over national output of the same: 100 + 400 + 400, 300 or 500."""


@cache
def values_of(chain: Callable[[], dict[str, Any]]) -> tuple[Values, dict[str, float | None]]:
    """The measures of a chain and its observed figures."""
    scenario = chainsim.scenario_from_mapping(chain())
    network = chainsim.compile_network(scenario)
    run = chainsim.simulate(network)
    return measure(network, run), measures_of(scenario.document, network, run)


def prices() -> dict[str, Any]:
    """Ten units held for ten days, three moved to customers who waited two days, four who left."""
    return {
        "name": "Costs",
        "run": {"start": "2024-01-01", "length": "10 d"},
        "items": {
            "part": {
                "value": "365 yuan",
                "holding_cost": 0.1,
                "margin": "20 yuan",
                "waiting_cost": "3 yuan",
            },
        },
        "sites": {
            "shelf": {"stocks": {"part": {"initial": 10}}},
            "far": {
                "stocks": {"part": {"unlimited": True}},
                "operations": {"press": {"outputs": {"part": 1}, "rate": "1 /d"}},
            },
            "shop": {
                "demand": {
                    "patient": {"item": "part", "process": "trace", "events": [["1 d", 3]]},
                    "hasty": {
                        "item": "part",
                        "process": "trace",
                        "events": [["0 d", 4]],
                        "unmet": "lost",
                    },
                },
                "replenishment": {
                    "part": {"policy": "base_stock", "level": 0, "sources": "far"},
                },
            },
        },
        "lanes": {
            "road": {
                "from": "far",
                "to": "shop",
                "items": ["part"],
                "transit": "2 d",
                "cost": "7 yuan",
            }
        },
        "investments": {
            "presses": {
                "kind": "expansion",
                "at": "far",
                "operation": "press",
                "servers": 3,
                "start": "2 d",
                "construction": "4 d",
                "cost": {"fixed": 5, "per_unit": 13},
            },
            "before": {
                "kind": "expansion",
                "at": "far",
                "operation": "press",
                "share": 1,
                "start": "2023-12-31",
                "construction": "9 d",
                "cost": {"fixed": 1000},
            },
        },
        "responses": {
            "ration": {
                "kind": "rationing",
                "at": "far",
                "item": "part",
                "classes": ["shop"],
                "cost": {"fixed": 11, "per_day": 2},
            },
        },
    }


PRICES: Expected = {
    "holding_cost": 10 * 10 * 365 * 0.1 / 365,
    "transport_cost": 3 * 7,
    "waiting_cost": 3 * 2 * 3,
    "lost_margin": 4 * 20,
    "response_cost": 11 + 10 * 2,
    "investment_cost": 5 + 3 * 13,
    "total_cost": 10 + 21 + 18 + 80 + 31 + 44,
}
PRICES_SHOP: Expected = {
    "holding_cost": 0,
    "transport_cost": 21,
    "waiting_cost": 18,
    "lost_margin": 80,
    "response_cost": None,
    "investment_cost": 0,
    "total_cost": None,
}
"""Responses, and the total with them, are of the whole chain."""
PRESSES: Expected = {"begun": 1, "opened": 1, "spent": 44}


def on_the_road() -> dict[str, Any]:
    """4 cars on each of five days, for 2 d each; all come after a day, on the day that follows."""
    return {
        "name": "A fleet by hand",
        "run": {"start": "2024-01-01", "length": "5 d", "warm_up": "1 d"},
        "items": {"car": {}, "visitor": {}},
        "sites": {
            "shop": {
                "stocks": {"car": {"unlimited": True}},
                "demand": {"car": {"process": "plan", "rate": "4 /d"}},
            },
            "station": {
                "arrivals": {
                    "visitor": {"process": "fleet", "fleet": "road", "times": ["09:00"]}
                }
            },
        },
        "fleets": {"road": {"item": "car", "lifetime": "2 d", "inspections": {"ages": ["1 d"]}}},
    }  # fmt: skip


ON_THE_ROAD: Expected = {
    "fleet_mean": (4 + 8 + 8 + 8) / 4,
    "fleet_end": 8,
    "fleet_sold": 4 * 4,
    "fleet_scrapped": 3 * 4,
    "inspections_due": 4 * 4,
    "inspections_came": 3 * 4,
}
"""Counted from the second day on: scrapped at the end of days 3 to 5, due at the end of days 2 to
5, brought on days 3 to 5."""


def row(chain: Callable[[], dict[str, Any]], where: str) -> Row:
    """The measures in total, of a site (`@id`), an investment (`+id`), an item or the fleet."""
    values, observed = values_of(chain)
    if where == "observed":
        return {GROWTH: observed["growth"]}
    if where == "total":
        return values.total
    if where[0] == "+":
        return values.investments[where[1:]]
    if where == "fleet":
        return values.fleets["road"]
    return values.sites[where[1:]] if where[0] == "@" else values.items[where]


CHAINS: list[tuple[Callable[[], dict[str, Any]], str, Expected]] = [
    (orders, "total", ORDERS),
    (orders, "@shop", ORDERS),
    (road, "total", ROAD),
    (road, "@plant", ROAD),
    (road, "@supplier", ROAD_SUPPLIER),
    (road, "part", ROAD_PART),
    (road, "seat", ROAD_SEAT),
    (late_statistics, "total", LATE),
    (states, "total", STATES_TOTAL),
    *((states, f"@{site}", expected) for site, expected in BY_SITE.items()),
    (prices, "total", PRICES),
    (prices, "@shop", PRICES_SHOP),
    (prices, "+presses", PRESSES),
    (three_years, "observed", GROWN),
    (on_the_road, "fleet", ON_THE_ROAD),
    (three_years, "total", SHARES),
]
CASES = [
    pytest.param(chain, where, name, value, id=f"{chain.__name__}-{where}-{name}")
    for chain, where, expected in CHAINS
    for name, value in expected.items()
]


@pytest.mark.parametrize(("chain", "where", "name", "value"), CASES)
def test_measure(
    chain: Callable[[], dict[str, Any]], where: str, name: str, value: float | None
) -> None:
    found = row(chain, where)[name]
    if value is None:
        assert found is None
    else:
        assert found == pytest.approx(value, rel=1e-9, abs=1e-12)


def test_every_measure_has_a_value_by_hand_that_is_not_zero() -> None:
    """A new measure needs a chain here; a zero alone would prove nothing."""
    proved = {name for _, _, expected in CHAINS for name, value in expected.items() if value}
    blocks = {*INVESTMENT_MEASURES, *FLEET_MEASURES}
    assert proved == {*MEASURES, *ITEM_MEASURES, *blocks, GROWTH}


def test_amounts_in_different_units_are_not_added_up() -> None:
    """2 vehicles and 5 kWh are no 7 of anything; the energy alone would be 5."""
    scenario = orders()
    scenario["items"]["energy"] = {"unit": "kWh"}
    scenario["sites"]["store"] = {"stocks": {"energy": {"initial": "5 kWh"}}}
    network = chainsim.compile_network(chainsim.scenario_from_mapping(scenario))
    values = measure(network, chainsim.simulate(network))
    assert values.total["on_hand"] is None
    assert values.sites["store"]["on_hand"] == 5
    assert values.sites["shop"]["on_hand"] == pytest.approx(25 / 96)
