"""Inventory cases: stores, serial systems, bullwhip, and supply that fails (A-I01 to A-I17b)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from chainsim.outcome.trajectory import Trajectory
from tests.verification.conftest import Confidence
from tests.verification.observing import delays, run_once
from tests.verification.reading import at_midnights, daily, fill_rate
from tests.verification.recorder import CaseRecorder

STORE = "store/part"
DAYS_PER_YEAR = 10
"""Of A-I16, where ten days stand for a year."""


def base_stock(run: Trajectory) -> Mapping[str, float]:
    """What a store under one-for-one ordering shows."""
    return {
        "backorders": run.mean("stocks", "backlog", STORE),
        "on_hand": run.mean("stocks", "on_hand", STORE),
        "fill_rate": fill_rate(run, STORE),
        "on_order": run.mean("stocks", "on_order", STORE),
        "mean_customer_wait": float(delays(run, STORE).mean()) / 24,
    }


@pytest.mark.case("A-I01")
def test_base_stock(confidence_case: Confidence) -> None:
    confidence_case(base_stock)


@pytest.mark.case("A-I01b")
def test_base_stock_of_a_slow_mover(confidence_case: Confidence) -> None:
    confidence_case(base_stock)


@pytest.mark.case("A-I02")
def test_base_stock_with_overtaking(confidence_case: Confidence) -> None:
    confidence_case(base_stock)


@pytest.mark.case("A-I02")
def test_without_overtaking_the_backlog_is_larger(record_case: CaseRecorder) -> None:
    case = record_case.case
    overrides = (*case.overrides, "run.length=4000 d", "lanes.road.crossing=false")
    run = run_once(case.scenario, overrides)
    assert base_stock(run)["backorders"] > 1.5 * case.metrics["backorders"].expected


def reorder_point(run: Trajectory) -> Mapping[str, float]:
    """Levels and cost (K = 5, h = 1, p = 10) under (r, Q) with Q = 10."""
    backorders = run.mean("stocks", "backlog", STORE)
    on_hand = run.mean("stocks", "on_hand", STORE)
    orders = run.count("stocks", "ordered", STORE) / 10 / run.statistics_days
    return {
        "backorders": backorders,
        "on_hand": on_hand,
        "fill_rate": fill_rate(run, STORE),
        "orders_per_day": orders,
        "cost_per_day": 5 * orders + on_hand + 10 * backorders,
    }


@pytest.mark.case("A-I03")
def test_reorder_point(confidence_case: Confidence) -> None:
    confidence_case(reorder_point)


def period_costs(run: Trajectory, order: float, short: float) -> Mapping[str, float]:
    """Orders and cost per period of (s, S) with holding cost 1, from the levels at midnight."""
    on_hand = at_midnights(run, "stocks", "on_hand", STORE)
    backlog = at_midnights(run, "stocks", "backlog", STORE)
    orders = float((daily(run, "stocks", "ordered", STORE) > 0).mean())
    cost = order * orders + float(on_hand.mean()) + short * float(backlog.mean())
    return {"cost_per_period": cost, "orders_per_period": orders}


def period_costs_without_lead_time(run: Trajectory) -> Mapping[str, float]:
    """Of A-I04: K = 5, p = 4."""
    return period_costs(run, 5, 4)


def period_costs_with_lead_time(run: Trajectory) -> Mapping[str, float]:
    """Of A-I04b: K = 64, p = 9."""
    return period_costs(run, 64, 9)


@pytest.mark.case("A-I04")
def test_periodic_review_without_lead_time(confidence_case: Confidence) -> None:
    confidence_case(period_costs_without_lead_time)


@pytest.mark.case("A-I04b")
def test_periodic_review_with_lead_time(confidence_case: Confidence) -> None:
    confidence_case(period_costs_with_lead_time)


def newsvendor(run: Trajectory, over: float, under: float) -> Mapping[str, float]:
    """Cost per period and share of periods in which the stock was enough."""
    left = at_midnights(run, "stocks", "on_hand", "stand/paper")
    lost = daily(run, "demands", "lost", "stand/paper")
    cost = over * float(left.mean()) + under * float(lost.mean())
    return {"cost": cost, "P_no_stockout": float((lost == 0).mean())}


def newsvendor_with_normal_demand(run: Trajectory) -> Mapping[str, float]:
    """Of A-I05: overage 0.18, underage 0.70."""
    return newsvendor(run, 0.18, 0.70)


def newsvendor_with_poisson_demand(run: Trajectory) -> Mapping[str, float]:
    """Of A-I05b: overage 1, underage 4."""
    return newsvendor(run, 1, 4)


@pytest.mark.case("A-I05")
def test_newsvendor_with_normal_demand(confidence_case: Confidence) -> None:
    confidence_case(newsvendor_with_normal_demand)


@pytest.mark.case("A-I05b")
def test_newsvendor_with_poisson_demand(confidence_case: Confidence) -> None:
    confidence_case(newsvendor_with_poisson_demand)


def two_stages(run: Trajectory) -> Mapping[str, float]:
    """Levels and fill rates of two stores in series; stage 2 is the upper one."""
    upper, lower = "central/part", "local/part"
    return {
        "backorders_stage2": run.mean("stocks", "backlog", upper),
        "on_hand_stage2": run.mean("stocks", "on_hand", upper),
        "fill_stage2": float((at_midnights(run, "stocks", "on_hand", upper) > 0).mean()),
        "backorders_stage1": run.mean("stocks", "backlog", lower),
        "on_hand_stage1": run.mean("stocks", "on_hand", lower),
        "fill_stage1": fill_rate(run, lower),
    }


@pytest.mark.case("A-I06")
def test_two_stages_in_series(confidence_case: Confidence) -> None:
    confidence_case(two_stages)


def three_stages(run: Trajectory) -> Mapping[str, float]:
    """Levels at midnight and cost per period; goods on the road cost what their origin costs."""
    found: dict[str, float] = {}
    cost = 0.0
    for stage, holding in ((3, 2), (2, 4), (1, 7)):
        stock = f"stage{stage}/part"
        on_hand = float(at_midnights(run, "stocks", "on_hand", stock).mean())
        found[f"on_hand_stage{stage}"] = on_hand
        found[f"backorders_stage{stage}"] = float(
            at_midnights(run, "stocks", "backlog", stock).mean()
        )
        cost += holding * on_hand
        if stage > 1:
            on_road = at_midnights(run, "lanes", "in_transit", f"to_stage{stage - 1}")
            cost += holding * float(on_road.mean())
    return {**found, "cost_per_period": cost + 37.12 * found["backorders_stage1"]}


@pytest.mark.case("A-I08")
def test_three_stages_in_series(confidence_case: Confidence) -> None:
    confidence_case(three_stages)


def capacitated(run: Trajectory) -> Mapping[str, float]:
    """Levels and fill rate of a maker who holds finished goods."""
    return {
        "backorders": run.mean("stocks", "backlog", "maker/part"),
        "on_hand": run.mean("stocks", "on_hand", "maker/part"),
        "fill_rate": fill_rate(run, "maker/part"),
    }


@pytest.mark.case("A-I09")
def test_capacitated_supplier(confidence_case: Confidence) -> None:
    confidence_case(capacitated)


def lost_sales(run: Trajectory) -> Mapping[str, float]:
    """What a store shows whose customers do not wait."""
    lost = run.count("demands", "lost", STORE)
    return {
        "loss_fraction": lost / run.count("demands", "demanded", STORE),
        "on_hand": run.mean("stocks", "on_hand", STORE),
        "sold_per_day": run.count("demands", "delivered", STORE) / run.statistics_days,
    }


@pytest.mark.case("A-I10b")
def test_lost_sales(confidence_case: Confidence) -> None:
    confidence_case(lost_sales)


@pytest.mark.case("A-I13")
def test_sawtooth(record_case: CaseRecorder) -> None:
    run = run_once(record_case.case.scenario)
    before_order, order, low, before_receipt, receipt, *lows = range(len(run.snapshots))
    ordered = [run.at(i, "stocks", "ordered", STORE) for i in (before_order, order)]
    received = [run.at(i, "stocks", "received", STORE) for i in (before_receipt, receipt)]
    record_case.exact("orders", run.count("stocks", "ordered", STORE) / 96)
    record_case.exact("receipts", run.count("stocks", "received", STORE) / 96)
    least = min(run.at(i, "stocks", "on_hand", STORE) for i in (low, *lows))
    record_case.exact("min_on_hand", least)
    assert ordered == [0, 96] and received == [0, 96]
    record_case.exact("first_order_h", run.snapshots[order].time / 3600)
    record_case.exact("first_receipt_h", run.snapshots[receipt].time / 3600)
    record_case.exact("final_on_hand", run.final("stocks", "on_hand", STORE))
    record_case.exact("mean_on_hand", run.mean("stocks", "on_hand", STORE))


def bullwhip(run: Trajectory) -> Mapping[str, float]:
    """Variance of the orders of a day over the variance of the demand of a day."""
    orders = daily(run, "stocks", "ordered", STORE)
    demands = daily(run, "demands", "demanded", STORE)
    return {"bullwhip_ratio": float(orders.var() / demands.var())}


@pytest.mark.case("A-I14")
def test_bullwhip_of_a_moving_average(confidence_case: Confidence) -> None:
    confidence_case(bullwhip)


@pytest.mark.case("A-I15")
def test_bullwhip_of_exponential_smoothing(confidence_case: Confidence) -> None:
    confidence_case(bullwhip)


@pytest.mark.case("A-I15b")
def test_bullwhip_of_exponential_smoothing_over_a_long_lead_time(
    confidence_case: Confidence,
) -> None:
    confidence_case(bullwhip)


def disrupted_order_quantity(lots: int) -> tuple[float, float]:
    """Cost and lost units per year when an order of 773 is demanded in equal lots.

    Renewal argument of A-I16 from one empty stock to the next: the supplier is down with
    probability psi, and then the lots lost are those of an exponential time.
    """
    order, per_year, fails, recovers, fixed, holding, short = 773, 1300, 1.5, 14, 8, 0.225, 5
    size = order / lots
    gap = size / per_year
    rates = fails + recovers
    psi = fails / rates * (1 - math.exp(-rates * lots * gap))
    lost_lots = 1 / math.expm1(recovers * gap)
    rest_of_gap = 1 / recovers - gap * lost_lots
    cycle = lots * gap + psi * lost_lots * gap
    area = size * gap * lots * (lots + 1) / 2 - psi * order * rest_of_gap
    lost = psi * lost_lots * size
    return (fixed + holding * area + short * lost) / cycle, lost / cycle


@pytest.mark.case("A-I16")
def test_expected_values_of_lots_tend_to_those_of_fluid_demand(record_case: CaseRecorder) -> None:
    metrics = record_case.case.metrics
    cost, lost = disrupted_order_quantity(40)
    assert cost == pytest.approx(metrics["cost_per_yr"].expected, rel=1e-9)
    assert lost == pytest.approx(metrics["lost_per_yr"].expected, rel=1e-9)
    assert disrupted_order_quantity(10**7) == pytest.approx((173.95000769, 14.937450785), rel=1e-6)


def order_quantity(run: Trajectory) -> Mapping[str, float]:
    """Cost and lost units per year of ten days."""
    years = run.statistics_days / DAYS_PER_YEAR
    orders = run.count("stocks", "received", STORE) / 773 / years
    lost = run.count("demands", "lost", STORE) / years
    on_hand = run.mean("stocks", "on_hand", STORE)
    return {"cost_per_yr": 8 * orders + 0.225 * on_hand + 5 * lost, "lost_per_yr": lost}


@pytest.mark.case("A-I16")
def test_order_quantity_with_supplier_outages(confidence_case: Confidence) -> None:
    confidence_case(order_quantity)


def markov_outages(run: Trajectory) -> Mapping[str, float]:
    """Cost per period (h = 0.25, p = 3) by the levels at midnight; down is a day of no receipt."""
    on_hand = float(at_midnights(run, "stocks", "on_hand", STORE).mean())
    backlog = float(at_midnights(run, "stocks", "backlog", STORE).mean())
    down = float((daily(run, "stocks", "received", STORE) == 0).mean())
    return {
        "cost_per_period": 0.25 * on_hand + 3 * backlog,
        "backorders": backlog,
        "P_supplier_down": down,
    }


@pytest.mark.case("A-I17")
def test_base_stock_against_markov_outages(confidence_case: Confidence) -> None:
    confidence_case(markov_outages)


@pytest.mark.case("A-I17b")
def test_lower_base_stock_against_markov_outages(confidence_case: Confidence) -> None:
    confidence_case(markov_outages)
