"""Survival and recovery against the twin, on chains whose answers follow by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import chainsim
from chainsim.experiments.replications import replicated, run_replications
from chainsim.experiments.survival import impacts, times
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.resilience import Resilience

HOURS_A_DAY = 24


def chain(
    outage: dict[str, Any] | None,
    *,
    cover: int = 5,
    capacity: int = 48,
    unmet: str = "backlog",
    **resilience: str,
) -> CompiledNetwork:
    """24 vehicles a day, one an hour, made of parts that arrive after two days on the road.

    The plant holds `cover` days of parts; supplier and plant can make `capacity` a day. Where
    customers do not wait, the plant keeps two vehicles.
    """
    finished = 2 if unmet == "lost" else 0
    hour = {"process": "regular", "every": "1 h", "first": "1 h", "unmet": unmet}
    scenario = {
        "name": "By hand",
        "run": {"start": "2024-01-01", "length": "120 d"},
        "items": {"steel": {}, "part": {}, "vehicle": {}},
        "sites": {
            "supplier": {
                "stocks": {"steel": {"unlimited": True}},
                "operations": {
                    "press": {
                        "inputs": {"steel": 1},
                        "outputs": {"part": 1},
                        "rate": f"{capacity} /d",
                        "release": {"pull": "part", "level": 0},
                    }
                },
            },
            "plant": {
                "stocks": {
                    "part": {"initial": HOURS_A_DAY * (cover + 2)},
                    "vehicle": {"initial": finished},
                },
                "operations": {
                    "line": {
                        "inputs": {"part": 1},
                        "outputs": {"vehicle": 1},
                        "rate": f"{capacity} /d",
                        "release": {"pull": "vehicle", "level": finished},
                    }
                },
                "demand": {"vehicle": hour},
                "replenishment": {
                    "part": {
                        "policy": "base_stock",
                        "level": HOURS_A_DAY * (cover + 2),
                        "sources": "supplier",
                    }
                },
            },
        },
        "lanes": {"road": {"from": "supplier", "to": "plant", "items": ["part"], "transit": "2 d"}},
        "disruptions": [] if outage is None else [{"id": "outage", **outage}],
        "output_item": "vehicle",
        "resilience": {"fail": "0 d", "recover": "0 d", "hold": "3 d", **resilience},
    }
    return chainsim.compile_network(chainsim.scenario_from_mapping(scenario))


def seen(network: CompiledNetwork) -> Resilience:
    """What one replication says about all output."""
    found = replicated(network, None, 0)
    assert found.resilience is not None, found.error
    plant = found.resilience.sites["plant"]
    assert plant == found.resilience.total
    return plant


def stop(target: dict[str, Any], effect: dict[str, Any], days: int = 20) -> dict[str, Any]:
    return {
        "target": target,
        "effect": effect,
        "timing": {"at": ["30 d"]},
        "duration": f"{days} d",
    }


SUPPLIER = {"site": "supplier"}


def test_a_stopped_supplier_is_survived_for_stock_and_pipeline() -> None:
    """5 days on hand and 2 on the road last 7 of the 20 days; then 24 vehicles a day are missing.

    Parts flow again on day 20 and reach the plant on day 22, so 15 days' output is behind: 360.
    From then on 48 a day are made: 24 a day are caught up, which takes 15 days, until day 37.
    """
    found = seen(chain(stop(SUPPLIER, {"capacity": 0})))
    assert found.struck
    assert found.time_to_survive == pytest.approx(7, abs=0.1)
    assert found.time_to_recover == pytest.approx(37, abs=0.2)
    assert found.peak_shortfall == pytest.approx(360, abs=2)
    assert found.lost_area == pytest.approx(360, abs=2)
    assert found.never_made_up == 0
    assert found.depth == pytest.approx(1, abs=0.001)
    assert found.followed == 90


@pytest.mark.parametrize(
    ("effect", "days"),
    [
        ({"orders": "paused"}, 7),
        ({"shipments": "paused"}, 7),
        ({"lane": "closed", "in_transit": "hold"}, 5),
    ],
)
def test_what_still_counts_depends_on_what_stops(effect: dict[str, Any], days: int) -> None:
    """Goods on the road still arrive unless they are held; only the stock at the plant is sure."""
    site = {"site": "plant"} if "orders" in effect else SUPPLIER
    found = seen(chain(stop(site, effect)))
    assert found.time_to_survive == pytest.approx(days, abs=0.1)


def test_half_the_capacity_is_enough_for_all() -> None:
    """48 a day halved are 24 a day: nothing is ever missing, and no time is given."""
    found = seen(chain(stop(SUPPLIER, {"capacity": 0.5})))
    assert (found.struck, found.time_to_survive, found.time_to_recover) == (False, None, None)
    assert (found.peak_shortfall, found.lost_area, found.depth) == (0, 0, 0)


def test_without_disruptions_the_run_is_its_twin() -> None:
    found = seen(chain(None))
    assert (found.struck, found.time_to_survive, found.time_to_recover) == (False, None, None)
    assert (found.lost_area, found.never_made_up, found.followed) == (0, 0, 0)


def test_customers_who_leave_are_never_made_up() -> None:
    """Demand that is lost at once: the 15 days stay lost, and recovery lies beyond the horizon."""
    found = seen(chain(stop(SUPPLIER, {"capacity": 0}), unmet="lost"))
    assert found.time_to_survive == pytest.approx(7, abs=0.1)
    assert found.struck and found.time_to_recover is None
    assert found.never_made_up == pytest.approx(360, abs=2)


def test_the_failure_level_is_in_days_of_output_and_recovery_has_its_own() -> None:
    """Two days' output, 48, are missing two days later; back at one day's, 24, a day earlier."""
    network = chain(stop(SUPPLIER, {"capacity": 0}), fail="2 d", recover="1 d")
    found = seen(network)
    assert found.time_to_survive == pytest.approx(9, abs=0.2)
    assert found.time_to_recover == pytest.approx(36, abs=0.3)


def test_a_stay_that_the_horizon_cuts_off_is_censored() -> None:
    """Recovered on day 37 of 90 that follow the strike: 53 days of stay are seen, 54 are not."""
    outage = stop(SUPPLIER, {"capacity": 0})
    assert seen(chain(outage, hold="52 d")).time_to_recover == pytest.approx(37, abs=0.2)
    late = seen(chain(outage, hold="54 d"))
    assert late.struck and late.time_to_recover is None


def test_replications_are_summed_up_with_what_is_censored() -> None:
    """Medians by rank, a censored time above all others; bounds need six replications."""
    found = times([(3.0, 50.0), (None, 50.0), (1.0, 50.0), (2.0, 50.0), (None, 40.0)])
    assert (found.n, found.censored, found.median, found.beyond) == (5, 2, 3.0, 40.0)
    assert found.low is None and found.high is None
    found = times([(float(i), 50.0) for i in range(1, 7)] + [(None, 50.0)] * 4)
    assert (found.median, found.low, found.high) == (5.0, 2.0, None)
    found = times([(1.0, 9.0)] + [(None, 9.0)] * 2)
    assert found.median is None
    assert times([]).n == 0


def test_impact_over_replications_and_workers() -> None:
    network = chain(stop(SUPPLIER, {"capacity": 0}))
    one = impacts(run_replications(network, 3, workers=1), 0.95, "vehicles")
    two = impacts(run_replications(network, 3, workers=2), 0.95, "vehicles")
    assert one is not None
    assert one == two
    total = one.total
    assert (total.struck, total.replications, set(one.sites)) == (3, 3, {"plant"})
    assert total.lost_area.n == 3 and total.lost_area.unit == "vehicles"


def test_a_run_that_is_compared_is_the_same_run() -> None:
    outage = stop(SUPPLIER, {"capacity": 0})
    compared = chainsim.simulate(chain(outage))
    plain = chainsim.simulate(replace(chain(outage), resilience=None))
    assert plain.made == {}
    for kind, table in compared.tables.items():
        for name, column in table.counts.items():
            assert (column == plain.tables[kind].counts[name]).all()
