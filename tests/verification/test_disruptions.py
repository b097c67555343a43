"""Disruption cases: outages, recoveries, lead times, routes, calendars, growth (A-D01 to A-D19)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from itertools import groupby

import numpy as np
import pytest

from chainsim.errors import InputError
from chainsim.network.compiled import FULL_SPEED, SECONDS_PER_DAY
from chainsim.outcome.trajectory import Trajectory
from tests.verification.conftest import Confidence
from tests.verification.observing import run_once
from tests.verification.reading import at_midnights, daily, days, instants, stops
from tests.verification.recorder import CaseRecorder

LINE = "plant/line"
TAKT = 216
"""Seconds between the slots of a line with 400 vehicles a day."""


def simulated(record_case: CaseRecorder, *overrides: str, variant: str = "") -> Trajectory:
    """One run of the case's scenario, or of a variant that stands beside it."""
    path = record_case.case.scenario
    return run_once(path.with_name(f"{path.stem}{variant}.yaml"), overrides)


def missed(run: Trajectory) -> float:
    """Slots of the line that were lost."""
    return run.count("operations", "missed", LINE)


def stop(run: Trajectory, interval: int = TAKT) -> tuple[float, float]:
    """The first time the line stood still: its last start before and its first after, in days."""
    before, after = stops(instants(run, "start", LINE), interval)[0]
    return days(before), days(after)


@pytest.mark.case("A-D01")
def test_full_outage(record_case: CaseRecorder) -> None:
    run = simulated(record_case)
    stopped, restarted = stop(run)
    record_case.exact("TTS_d", stopped - 10)
    record_case.exact("line_stop_t", stopped)
    record_case.exact("line_restart_t", restarted)
    record_case.exact("line_down_d", restarted - stopped)
    record_case.exact("lost_vehicles", missed(run))
    record_case.exact("produced_60d", run.count("operations", "completed", LINE))
    stock = at_midnights(run, "stocks", "on_hand", "plant/part")
    record_case.exact("min_stock", float(stock.min()))


@pytest.mark.case("A-D02")
def test_backlog_burn_off(record_case: CaseRecorder) -> None:
    run = simulated(record_case)
    starts = np.array(instants(run, "start", LINE))
    count = np.arange(1, len(starts) + 1)
    backlog = starts // TAKT - count
    _, restarted = stop(run)
    late = np.flatnonzero(backlog > 0)
    cleared = days(int(starts[late[-1] + 1]))
    record_case.exact("peak_backlog", int(backlog.max()))
    record_case.exact("backlog_cleared_t", cleared)
    record_case.exact("burn_off_d", cleared - restarted)
    record_case.exact("stock_rebuilt_t", days(rebuilt(run, starts, 4800)))
    record_case.exact("produced_130d", run.count("operations", "completed", LINE))
    record_case.exact("backlog_days_area", days(int((starts - count * TAKT).sum())))


def rebuilt(run: Trajectory, starts: np.ndarray, level: int) -> int:
    """The first second after the line's first stop at which the stock is at its level again."""
    arrivals = np.array([entry.time for entry in run.log if entry.what == "arrive"])
    used = np.searchsorted(starts, arrivals, side="left")
    stock = level + np.arange(1, len(arrivals) + 1) - used
    stopped = stops(starts.tolist(), TAKT)[0][1]
    return int(next(t for t, s in zip(arrivals, stock, strict=True) if t > stopped and s >= level))


@pytest.mark.case("A-D03")
def test_partial_outage(record_case: CaseRecorder) -> None:
    run = simulated(record_case)
    stopped, _ = stop(run)
    record_case.exact("TTS_d", stopped - 10)
    record_case.exact("lost_vehicles", missed(run))
    record_case.exact("produced_60d", run.count("operations", "completed", LINE))
    starved = daily(run, "operations", "started", LINE)[29:33]
    record_case.exact("rate_while_starved", float(starved.mean()))


@pytest.mark.case("A-D03")
def test_a_quarter_of_the_capacity_is_not_missed(record_case: CaseRecorder) -> None:
    run = simulated(record_case, "disruptions.outage.effect.capacity=0.75")
    record_case.exact("lost_if_severity_is_remaining_capacity", missed(run))


@pytest.mark.case("A-D04")
def test_linear_recovery(record_case: CaseRecorder) -> None:
    run = simulated(record_case)
    supplier = "supplier/make"
    slowed = run.count("resources", "slow_loss", supplier)
    idle = run.count("resources", "disrupted", supplier)
    record_case.exact("capacity_lost", 400 * days(slowed + idle))
    record_case.exact("TTS_d", stop(run)[0] - 10)
    record_case.exact("lost_vehicles", missed(run))
    received = daily(run, "stocks", "received", "plant/part")
    normal_again = 20 + int(np.flatnonzero(received[20:] >= 400)[0])
    record_case.exact("supply_normal_again_t", normal_again)


@pytest.mark.case("A-D05")
def test_outage_of_the_main_source_with_flexing(record_case: CaseRecorder) -> None:
    run = simulated(record_case, variant="-flexing")
    record_case.exact("TTS_i", stop(run)[0] - 10)
    record_case.exact("lost_i", missed(run))


@pytest.mark.case("A-D05")
def test_outage_of_the_main_source_without_flexing(record_case: CaseRecorder) -> None:
    run = simulated(record_case)
    record_case.exact("TTS_ii", stop(run)[0] - 10)
    record_case.exact("lost_ii", missed(run))


@pytest.mark.case("A-D05")
def test_half_an_outage_of_the_main_source_with_flexing(record_case: CaseRecorder) -> None:
    run = simulated(record_case, "disruptions.outage.effect.capacity=0.5", variant="-flexing")
    record_case.exact("lost_iii", missed(run))
    record_case.exact("stock_after_iii", run.at(0, "stocks", "on_hand", "plant/part"))


def days_with(received: np.ndarray, trucks: int, first: int, last: int) -> list[int]:
    """The days from first to last on which that many trucks of 400 parts arrived."""
    return [day for day in range(first, last + 1) if received[day] == 400 * trucks]


@pytest.mark.case("A-D06")
def test_lead_time_shock(record_case: CaseRecorder) -> None:
    run = simulated(record_case)
    received = daily(run, "stocks", "received", "plant/part")
    record_case.exact("no_arrival_days", days_with(received, 0, 1, 49))
    record_case.exact("double_arrival_days", days_with(received, 2, 1, 49))
    record_case.exact("stop_interval", list(stop(run)))
    record_case.exact("lost_vehicles", missed(run))
    record_case.exact("in_transit_t26_5", run.at(1, "lanes", "in_transit", "road"))
    record_case.exact("in_transit_t19_5", run.at(0, "lanes", "in_transit", "road"))
    record_case.exact("stock_after_arrivals_t36", run.at(3, "stocks", "on_hand", "plant/part"))


@pytest.mark.case("A-D06b")
def test_lead_time_shock_without_overtaking(record_case: CaseRecorder) -> None:
    run = simulated(record_case)
    received = daily(run, "stocks", "received", "plant/part")
    record_case.exact("no_arrival_days", days_with(received, 0, 1, 49))
    record_case.exact("arrivals_day36", received[36] / 400)
    record_case.exact("lost_vehicles", missed(run))
    record_case.exact("in_transit_t35_5", run.at(2, "lanes", "in_transit", "road"))
    record_case.exact("stock_after_arrivals_t36", run.at(3, "stocks", "on_hand", "plant/part"))


@pytest.mark.case("A-D07")
def test_closed_route_holds_trucks(record_case: CaseRecorder) -> None:
    run = simulated(record_case)
    received = daily(run, "stocks", "received", "plant/part")
    record_case.exact("hold_stop_interval", list(stop(run)))
    record_case.exact("hold_lost", missed(run))
    record_case.exact("hold_trucks_at_29", received[29] / 400)


@pytest.mark.case("A-D07")
def test_closed_route_with_a_detour(record_case: CaseRecorder) -> None:
    run = simulated(record_case, variant="-reroute")
    received = daily(run, "stocks", "received", "plant/part")
    record_case.exact("reroute_no_arrival_days", days_with(received, 0, 1, 49))
    record_case.exact("reroute_lost", missed(run))
    record_case.exact("reroute_double_days", days_with(received, 2, 1, 49))
    record_case.exact("reroute_min_stock", run.at(0, "stocks", "on_hand", "plant/part"))


@pytest.mark.case("A-D08b")
def test_overlapping_disruptions_multiply(record_case: CaseRecorder) -> None:
    run = simulated(record_case)
    made = daily(run, "operations", "completed", "node/make")
    record_case.exact("output_multiplicative", float(made.sum()))
    after = made[25:40]
    assert after.min() == after.max()
    record_case.exact("output_after_end_same_as_nominal", float(after.mean()))


@pytest.mark.case("A-D09")
def test_resilience_triangle(record_case: CaseRecorder) -> None:
    hours = range(600, 625)
    at = f"run.record.at=[{', '.join(f'{hour} h' for hour in hours)}]"
    run = simulated(record_case, at)
    loss = run.daily("resources", "slow_loss", LINE)[:60] / FULL_SPEED / SECONDS_PER_DAY
    area = float(loss.sum())
    record_case.exact("area_pct_days", 100 * area)
    record_case.exact("area_day_equivalents", area)
    made = run.count("operations", "completed", LINE)
    record_case.exact("lost_vehicles", 60 * 400 - made)
    record_case.exact("resilience_index_60d", 1 - area / 60)
    record_case.exact("max_drop_pct", 100 * float(loss.max()))
    record_case.exact("time_to_recover_d", int(np.flatnonzero(loss)[-1]) + 1 - 10)
    lost = [run.at(i, "resources", "slow_loss", LINE) for i in range(len(hours))]
    performance = 1 - np.diff(lost) / 3600
    good = hours[int(np.flatnonzero(performance >= 0.95)[0])]
    record_case.exact("time_to_95pct_d", good / 24 - 10)


@pytest.mark.case("A-D10")
def test_growth(record_case: CaseRecorder) -> None:
    run = simulated(record_case)
    for short, plant in (("lin", "linear"), ("logistic", "logistic"), ("smoothstep",) * 2):
        for instant, day in enumerate((45, 90)):
            made = run.at(instant, "operations", "completed", f"{plant}/make")
            record_case.exact(f"{short}_{day}", made)
    first_day = daily(run, "operations", "completed", "logistic/make")[0]
    record_case.exact("logistic_rate_0", float(first_day))


def working_days(run: Trajectory) -> list[dt.date]:
    """The days on which the line worked, each for 16 hours."""
    busy = run.daily("resources", "busy", LINE)
    assert set(busy.tolist()) <= {0, 16 * 3600}
    return [run.origin.date() + dt.timedelta(days=int(day)) for day in np.flatnonzero(busy)]


@pytest.mark.case("A-D11")
def test_shift_calendar(record_case: CaseRecorder) -> None:
    run = simulated(record_case)
    worked = working_days(run)
    record_case.exact("workdays", len(worked))
    record_case.exact("work_hours", run.count("resources", "busy", LINE) / 3600)
    record_case.exact("vehicles", run.count("operations", "completed", LINE))
    record_case.exact("workdays_Q1", sum(day.month <= 3 for day in worked))
    record_case.exact("feb_workdays", sum(day.month == 2 for day in worked))
    first = run.origin + dt.timedelta(seconds=instants(run, "start", LINE)[0])
    record_case.exact("first_start", first.isoformat())


@pytest.mark.case("A-D11")
def test_longer_closure(record_case: CaseRecorder) -> None:
    usual, longer = simulated(record_case), simulated(record_case, variant="-variant")
    record_case.exact("variant_workdays", len(working_days(longer)))
    hours = [run.count("resources", "busy", LINE) / 3600 for run in (usual, longer)]
    record_case.exact("variant_lost_hours", hours[0] - hours[1])


@pytest.mark.case("A-D12")
def test_outage_across_non_working_time(record_case: CaseRecorder) -> None:
    def output(*enabled: str) -> float:
        run = simulated(record_case, *(f"disruptions.{id_}.enabled=true" for id_ in enabled))
        return run.count("operations", "completed", LINE)

    usual = output()
    record_case.exact("output_no_outage", usual)
    record_case.exact("lost_i", usual - output("thursday"))
    record_case.exact("lost_ii", usual - output("saturday"))
    record_case.exact("lost_iii", usual - output("friday_noon"))


def outage(at: str, duration: str, capacity: float = 0) -> str:
    """The override that puts one disruption on the node of A-D13."""
    effect = f"effect: {{capacity: {capacity}}}, timing: {{at: {at}}}, duration: {duration}"
    return f"disruptions=[{{id: outage, target: {{site: node}}, {effect}}}]"


def same(one: Trajectory, other: Trajectory) -> bool:
    """Whether two runs have the same series, bit for bit."""
    return all(
        np.array_equal(series, getattr(other.tables[kind], part)[name])
        for kind, table in one.tables.items()
        for part in ("counts", "levels", "integrals")
        for name, series in getattr(table, part).items()
    )


@pytest.mark.case("A-D13")
def test_outage_beyond_the_horizon(record_case: CaseRecorder) -> None:
    run = simulated(record_case, outage("20 d", "20 d"))
    record_case.exact("out_i", run.count("operations", "completed", "node/make"))


@pytest.mark.case("A-D13")
@pytest.mark.parametrize(
    ("metric", "disruption"),
    [("out_iii", outage("10 d", "0 d")), ("out_iv", outage("10 d", "10 d", capacity=1))],
)
def test_disruption_without_effect(record_case: CaseRecorder, metric: str, disruption: str) -> None:
    run = simulated(record_case, disruption)
    record_case.exact(metric, run.count("operations", "completed", "node/make"))
    assert same(run, simulated(record_case))


@pytest.mark.case("A-D13")
@pytest.mark.parametrize("at", ["-5 d", "25 d"])
def test_disruption_outside_the_horizon_is_refused(record_case: CaseRecorder, at: str) -> None:
    with pytest.raises(InputError):
        simulated(record_case, outage(at, "10 d"), "run.length=25 d")


def losses(run: Trajectory) -> Mapping[str, float]:
    """Lost vehicles per outage; loss on successive days belongs to one outage."""
    lost = daily(run, "demands", "lost", "dealer/vehicle")
    up = days(run.day_ends[-1] - run.count("resources", "disrupted", "supplier/make"))
    outages = int(up / 0.5)
    found = [sum(block) for some, block in groupby(lost, key=lambda x: x > 0) if some]
    per_outage = np.zeros(outages)
    per_outage[: len(found)] = found
    return {
        "P_line_stops": len(found) / outages,
        "mean_lost": float(per_outage.mean()),
        "mean_lost_given_stop": float(np.mean(found)),
        "lost_q95": float(np.quantile(per_outage, 0.95)),
    }


@pytest.mark.case("A-D14")
def test_random_outages_against_a_buffer(confidence_case: Confidence) -> None:
    confidence_case(losses)


@pytest.mark.case("A-D14b")
def test_weibull_outages_against_a_buffer(confidence_case: Confidence) -> None:
    confidence_case(losses)


@pytest.mark.case("A-D16")
def test_two_tiers(record_case: CaseRecorder) -> None:
    run = simulated(record_case)
    stopped, restarted = stop(run, 864)
    record_case.exact("TTS_d", stopped - 50)
    record_case.exact("line_stop_t", stopped)
    record_case.exact("line_restart_t", restarted)
    record_case.exact("lost", missed(run))


def bottleneck(run: Trajectory) -> str:
    """The last station down the chain that never waits while it is open."""
    stations = ["cells_a/make", "cells_b/make", "chips/make", "plant/assembly", "plant/test"]
    waiting = ("no_release", "waiting", "starved", "blocked")
    busy = [s for s in stations if not any(run.count("resources", w, s) for w in waiting)]
    return busy[-1].split("/")[1]


@pytest.mark.case("A-D19")
def test_static_bottleneck(record_case: CaseRecorder) -> None:
    run = simulated(record_case)
    delivered = run.count("stocks", "received", "market/vehicle") / run.statistics_days
    record_case.exact("output_per_day", delivered)
    record_case.exact("bottleneck", bottleneck(run))


@pytest.mark.case("A-D19")
def test_static_bottleneck_without_rework(record_case: CaseRecorder) -> None:
    run = simulated(record_case, variant="-no-rework")
    delivered = run.count("stocks", "received", "market/vehicle") / run.statistics_days
    record_case.exact("if_no_rework", delivered)
