"""Loss by cause, on chains whose lost vehicles and culprits follow by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

import chainsim
from chainsim.errors import LawError
from chainsim.experiments.losses import loss_summary
from chainsim.experiments.replications import compared_with_twin, replicated
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome import causes
from chainsim.outcome.causes import Loss, Losses
from chainsim.outcome.resilience import Resilience
from chainsim.outcome.tracing import CAUSES
from tests.verification import test_resilience

HOURS_A_DAY = 24
Block = dict[str, Any]


def works(item: str, *, material: str = "steel", tier: Block | None = None) -> Block:
    """A supplier that presses up to 48 parts a day to order, of material without end."""
    body: Block = {
        "stage": "upstream",
        "operations": {
            "press": {
                "inputs": {material: 1},
                "outputs": {item: 1},
                "rate": "48 /d",
                "release": {"pull": item, "level": 0},
            }
        },
    }
    return body | (tier or {"stocks": {material: {"unlimited": True}}})


def bought(item: str, source: str, days: int) -> Block:
    """A stock of so many days, and as much ordered up to it."""
    level = HOURS_A_DAY * days
    return {
        "stocks": {item: {"initial": level}},
        "replenishment": {item: {"policy": "base_stock", "level": level, "sources": source}},
    }


def transit(sources: str | Block) -> dict[str, str]:
    """Days on the road by source: one, but six from the west."""
    names = [sources] if isinstance(sources, str) else list(sources)
    return {name: "6 d" if name == "west" else "1 d" for name in names}


def chain(*disruptions: Block, sites: Block, parts: tuple[str, ...] = ("part",)) -> CompiledNetwork:
    """24 vehicles a day, one an hour, of one part of each kind; the line can make 48 a day."""
    plant: Block = {
        "stage": "midstream",
        "region": "south",
        "stocks": {"vehicle": {"initial": 0}},
        "operations": {
            "line": {
                "inputs": dict.fromkeys(parts, 1),
                "outputs": {"vehicle": 1},
                "rate": "48 /d",
                "release": {"pull": "vehicle", "level": 0},
            }
        },
        "demand": {"vehicle": {"process": "regular", "every": "1 h", "first": "1 h"}},
    }
    for key, block in sites.pop("plant").items():
        plant[key] = plant.get(key, {}) | block
    items = ("ore", "steel", *parts, "vehicle")
    scenario = {
        "name": "By hand",
        "run": {"start": "2024-01-01", "length": "120 d"},
        "items": {item: {} for item in items},
        "sites": {"plant": plant, **sites},
        "lanes": {
            f"{item}_{source}": {"from": source, "to": site, "items": [item], "transit": days}
            for site, body in {"plant": plant, **sites}.items()
            for item, order in body.get("replenishment", {}).items()
            for source, days in transit(order["sources"]).items()
        },
        "disruptions": [{"id": f"d{k}", **block} for k, block in enumerate(disruptions)],
        "output_item": "vehicle",
        "resilience": {"fail": "1 d", "recover": "1 d", "hold": "3 d"},
    }
    return chainsim.compile_network(chainsim.scenario_from_mapping(scenario))


def single(*disruptions: Block) -> CompiledNetwork:
    """One supplier of one part, of which the plant has three days on hand and under way."""
    supplier = works("part") | {"region": "north"}
    return chain(*disruptions, sites={"plant": bought("part", "supplier", 3), "supplier": supplier})


def stop(target: Block, at: int, days: int, effect: Block | None = None) -> Block:
    return {
        "target": target,
        "effect": effect or {"capacity": 0},
        "timing": {"at": [f"{at} d"]},
        "duration": f"{days} d",
    }


def losses_of(network: CompiledNetwork) -> Losses:
    found = replicated(network, None, 0)
    assert found.resilience is not None, found.error
    assert found.resilience.losses is not None
    return found.resilience.losses


def parts(network: CompiledNetwork, losses: Losses) -> list[tuple[int, str, str, str, float]]:
    """(day, missing item, site, state, vehicles), without what was caught up."""
    rows = [Loss(*row) for row in losses.rows.tolist()]
    assert {network.sites[row.maker].id for row in rows} <= {"plant"}
    return [
        (
            row.day,
            network.items[row.item].id if row.item >= 0 else "",
            network.sites[row.node].id,
            CAUSES[row.why],
            row.quantity / 1000,
        )
        for row in rows
        if CAUSES[row.why] != "catch_up"
    ]


def total(network: CompiledNetwork, losses: Losses) -> dict[tuple[str, str, str], float]:
    """Vehicles lost by missing item, site and state."""
    found: Counter[tuple[str, str, str]] = Counter()
    for _, item, site, state, vehicles in parts(network, losses):
        found[item, site, state] += vehicles
    return dict(found)


def test_all_that_is_lost_is_the_only_suppliers() -> None:
    """Three days on hand and under way of ten: 8 days' output is late, from day 33 to day 41.

    The supplier is back on day 40 and its parts at the plant on day 41. Then 24 a day are caught
    up, so nothing is lost in the end.
    """
    network = single(stop({"site": "supplier"}, 30, 10))
    found = losses_of(network)
    assert set(total(network, found)) == {("part", "supplier", "disrupted")}
    by_day = {day: vehicles for day, *_, vehicles in parts(network, found)}
    assert [day for day in by_day if by_day[day] > 2] == list(range(33, 41))
    assert [by_day[day] for day in range(34, 40)] == [24] * 6
    assert sum(by_day.values()) == pytest.approx(8 * 24, abs=2)
    assert found.net == 0


def test_what_is_caught_up_is_a_part_of_its_own() -> None:
    """Below zero, without a cause, and as much as was lost; while 24 a day more are made."""
    network = single(stop({"site": "supplier"}, 30, 10))
    found = losses_of(network)
    rows = [Loss(*row) for row in found.rows.tolist()]
    made_up = [row for row in rows if CAUSES[row.why] == "catch_up"]
    assert {(row.maker, row.node, row.item) for row in made_up} == {(0, 0, -1)}
    assert {row.quantity for row in made_up if 41 < row.day < 48} == {-24_000}
    assert sum(row.quantity for row in made_up) == -sum(
        row.quantity for row in rows if row.quantity > 0
    )


def test_two_suppliers_fail_one_after_the_other() -> None:
    """Left stops on days 30 to 40, right on days 35 to 50; three days of both are on hand.

    Left parts run out on day 33. Meanwhile no right ones are used: 72 are there when the line
    runs again on day 41, at 48 a day, so they last one and a half days. Until noon of day 42 the
    line has made as many as the twin in all of it; from day 43 to day 50 right parts are missing.
    """
    sites = {
        "plant": {
            key: bought("left", "east", 3)[key] | bought("right", "south", 3)[key]
            for key in ("stocks", "replenishment")
        },
        "east": works("left"),
        "south": works("right"),
    }
    outages = stop({"site": "east"}, 30, 10), stop({"site": "south"}, 35, 15)
    network = chain(*outages, sites=sites, parts=("left", "right"))
    found = losses_of(network)
    by_day: dict[str, dict[int, float]] = defaultdict(dict)
    for day, item, site, state, vehicles in parts(network, found):
        assert (item, site, state) in (
            ("left", "east", "disrupted"),
            ("right", "south", "disrupted"),
        )
        by_day[item][day] = vehicles
    assert [by_day["left"][day] for day in range(34, 40)] == [24] * 6
    assert [by_day["right"][day] for day in range(44, 50)] == [24] * 6
    assert max(by_day["left"]) <= 41 and min(by_day["right"]) >= 42
    assert sum(by_day["left"].values()) == pytest.approx(8 * 24, abs=2)
    assert sum(by_day["right"].values()) == pytest.approx(8 * 24, abs=2)


def test_of_two_sources_the_one_that_is_overdue_is_to_blame() -> None:
    """Half of the orders go to the west, six days away: they are always older than those east.

    East stops for ten days. Its orders are late against the twin; those from the west are not.
    """
    shared = bought("part", "east", 7)
    shared["replenishment"]["part"]["sources"] = {"east": 0.5, "west": 0.5}
    sites = {"plant": shared, "east": works("part"), "west": works("part")}
    network = chain(stop({"site": "east"}, 30, 20), sites=sites)
    found = total(network, losses_of(network))
    assert found.pop(("part", "east", "disrupted")) > 200
    assert sum(found.values()) == 0


def test_a_stop_of_the_makers_own_line_is_its_own() -> None:
    """Five days without the line: 120 vehicles late, and no item is missing."""
    network = single(stop({"site": "plant"}, 30, 5))
    assert total(network, losses_of(network)) == {("", "plant", "disrupted"): 120}


@pytest.mark.parametrize(
    ("target", "effect", "site", "state"),
    [
        ({"lane": "part_supplier"}, {"lane": "closed"}, "supplier", "staged"),
        (
            {"lane": "part_supplier"},
            {"lane": "closed", "in_transit": "hold"},
            "supplier",
            "in_transit",
        ),
        ({"site": "supplier"}, {"shipments": "paused"}, "supplier", "staged"),
        ({"site": "plant"}, {"receipts": "paused"}, "plant", "at_gate"),
        ({"site": "plant"}, {"orders": "paused"}, "plant", "ordered_late"),
    ],
)
def test_goods_and_orders_that_are_held_point_to_where(
    target: Block, effect: Block, site: str, state: str
) -> None:
    """A lane, a gate or an order that was not placed: of 20 days at least 16 are not survived.

    Goods that left before a closed lane opened again are then on the road for a day more.
    """
    network = single(stop(target, 30, 20, effect))
    found = total(network, losses_of(network))
    assert found.pop(("part", site, state)) >= 16 * 24
    assert sum(found.values()) <= 24 + 2


def test_a_slow_supplier_is_told_from_a_stopped_one() -> None:
    """A quarter of 48 a day is 12: of 24 a day 12 are missing once the three days are used up."""
    network = single(stop({"site": "supplier"}, 30, 20, {"capacity": 0.25}))
    found = total(network, losses_of(network))
    assert set(found) == {("part", "supplier", "slowed")}


def test_a_mill_behind_the_supplier_is_found() -> None:
    """The mill stops for 20 days: five days of steel and parts are there, then both starve.

    The supplier runs all the time it has steel; what is missing at the plant is the part.
    """
    sites = {
        "plant": bought("part", "supplier", 3),
        "supplier": works("part", tier=bought("steel", "mill", 2)),
        "mill": works("steel", material="ore") | {"region": "far"},
    }
    network = chain(stop({"site": "mill"}, 30, 20), sites=sites)
    found = losses_of(network)
    assert set(total(network, found)) == {("part", "mill", "disrupted")}
    assert sum(total(network, found).values()) == pytest.approx((20 - 5 + 2) * 24, abs=26)
    assert found.regions["far"].struck and not found.regions["south"].struck


def test_without_disruptions_nothing_is_lost() -> None:
    network = single()
    found = losses_of(network)
    assert (len(found.rows), found.net, found.lost_sales) == (0, 0, {"plant": 0})
    assert loss_summary(network, [replicated(network, None, 0)], 0.95, "vehicles") is not None


def test_lost_sales_stand_beside_lost_output() -> None:
    """Customers who do not wait: what was not made is never made up, and as many sales are lost.

    Seven of 20 days are survived and two pass on the road, so 15 days' output is lost: 360. Of the
    two vehicles that are kept two more are sold than made.
    """
    outage = test_resilience.stop(test_resilience.SUPPLIER, {"capacity": 0})
    found = losses_of(test_resilience.chain(outage, unmet="lost"))
    assert found.net == pytest.approx(360_000, abs=2000)
    assert found.lost_sales == {"plant": pytest.approx(found.net, abs=2000)}


def test_survival_by_region_of_the_cause() -> None:
    """More than a day's output is missing by the end of the second day, day 35; made up in 7 more.

    192 vehicles are late by day 41; 24 a day are made up, until a day's output is missing.
    """
    network = single(stop({"site": "supplier"}, 30, 10))
    north, south = (losses_of(network).regions[region] for region in ("north", "south"))
    assert north.time_to_survive == 5
    assert north.time_to_recover == pytest.approx(18, abs=1)  # the first part takes half an hour
    assert north.lost_area == pytest.approx(192, abs=2)
    assert (north.never_made_up, north.peak_backlog) == (0, None)
    assert (south.struck, south.lost_area) == (False, 0)


def test_each_stage_has_its_own_resilience() -> None:
    """The supplier falls behind at once and the plant three days later; so do their customers."""
    network = single(stop({"site": "supplier"}, 30, 10))
    comparison = compared_with_twin(network, chainsim.simulate(network), 0)
    stages = comparison.stages
    assert set(stages) == {("upstream", "part"), ("midstream", "vehicle")}
    upstream, midstream = stages["upstream", "part"], stages["midstream", "vehicle"]
    assert upstream.time_to_survive == pytest.approx(1, abs=0.1)
    assert midstream == comparison.total
    assert comparison.total.peak_backlog == pytest.approx(192, abs=2)
    assert upstream.peak_backlog == pytest.approx(3 * 24, abs=2)  # all that the plant may order
    assert isinstance(upstream, Resilience)
    assert sum(comparison.output_of_twin) == pytest.approx(119.9 * 24 * 1000, rel=0.01)


def test_bars_add_up_over_replications() -> None:
    network = single(stop({"site": "supplier"}, 30, 10), stop({"site": "plant"}, 80, 45))
    found = loss_summary(network, [replicated(network, None, k) for k in (0, 1)], 0.95, "vehicles")
    assert found is not None and found.net.mean is not None
    for bars in (found.causes, found.nodes, found.states, found.makers):
        means = [bar.mean or 0 for bar in bars.values()]
        assert sum(means) + (found.catch_up.mean or 0) == pytest.approx(found.net.mean)
        assert {bar.n for bar in bars.values()} == {2}
    assert found.net.mean == pytest.approx(40 * 24, abs=2)  # still closed at the end
    assert sum(found.days.values()) == pytest.approx(found.net.mean)


def test_parts_that_do_not_add_up_are_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    network = single(stop({"site": "supplier"}, 30, 10))
    monkeypatch.setattr(causes, "_rows", lambda *_: [Loss(0, 0, -1, 0, 0, 1000)])
    with pytest.raises(LawError, match="loss by cause"):
        compared_with_twin(network, chainsim.simulate(network), 0)
