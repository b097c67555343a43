"""Queues: M/M/c, M/G/1, loss systems, Jackson networks, priorities, goods on the road."""

from __future__ import annotations

import statistics

import pytest

from chainsim.outcome.trajectory import Trajectory
from tests.verification import observing
from tests.verification.conftest import Confidence
from tests.verification.recorder import CaseRecorder


@pytest.mark.case("A-Q01")
def test_one_bench(confidence_case: Confidence) -> None:
    """M/M/1."""
    confidence_case(observing.station)


@pytest.mark.case("A-Q01-orders")
def test_one_bench_made_to_order(confidence_case: Confidence) -> None:
    """M/M/1 as make to order: the delay of an order is its time in the station."""

    def measure(run: Trajectory) -> dict[str, float]:
        times = observing.delays(run, "station/tested")
        return {"W": float(times.mean()), "P_W_gt_10h": float((times > 10).mean())}

    confidence_case(measure)


@pytest.mark.case("A-Q02")
def test_three_benches(confidence_case: Confidence) -> None:
    """M/M/3."""
    confidence_case(observing.station)


@pytest.mark.case("A-Q03")
def test_fixed_cycle(confidence_case: Confidence) -> None:
    """M/D/1."""
    confidence_case(observing.station)


@pytest.mark.case("A-Q03b")
def test_erlang_times(confidence_case: Confidence) -> None:
    """M/E4/1."""
    confidence_case(observing.station)


@pytest.mark.case("A-Q04")
def test_lognormal_times(confidence_case: Confidence) -> None:
    """M/G/1 with a lognormal time by mean and coefficient of variation."""
    confidence_case(observing.station)


@pytest.mark.case("A-Q05")
def test_four_fixed_cycles(confidence_case: Confidence) -> None:
    """M/D/4."""
    confidence_case(observing.station)


@pytest.mark.case("A-Q05b")
def test_two_erlang_servers(confidence_case: Confidence) -> None:
    """M/E2/2."""
    confidence_case(observing.station)


def _with_losses(run: Trajectory) -> dict[str, float]:
    return {
        "P_loss": observing.turned_away_share(run, "station/vehicle"),
        "L": observing.number_present(run),
        "throughput": observing.rate(run, "station/test"),
    }


@pytest.mark.case("A-Q06")
def test_finite_room(confidence_case: Confidence) -> None:
    """M/M/1/5."""
    confidence_case(_with_losses)


@pytest.mark.case("A-Q06b")
def test_finite_room_of_two_servers(confidence_case: Confidence) -> None:
    """M/M/2/6."""
    confidence_case(_with_losses)


@pytest.mark.case("A-Q07")
def test_tandem(confidence_case: Confidence) -> None:
    """Three stations in series (Jackson)."""

    def measure(run: Trajectory) -> dict[str, float]:
        items = ("vehicle", "once", "twice")
        present = [
            observing.number_waiting(run, f"line/{item}")
            + observing.number_in_service(run, f"line/station{number}")
            for number, item in enumerate(items, start=1)
        ]
        per_hour = observing.arrived(run, "line/vehicle") / observing.hours(run)
        times = {f"W_station{i}": mean / per_hour for i, mean in enumerate(present, start=1)}
        return {"L_total": sum(present), "W_total": sum(present) / per_hour, **times}

    confidence_case(measure)


@pytest.mark.case("A-Q08")
def test_retests(confidence_case: Confidence) -> None:
    """A failed vehicle joins the end of the queue (Jackson network with feedback)."""

    def measure(run: Trajectory) -> dict[str, float]:
        per_hour = observing.arrived(run, "station/vehicle") / observing.hours(run)
        tests = observing.rate(run, "station/test") * observing.hours(run)
        passed = run.count("stocks", "produced", "station/passed")
        present = observing.number_present(run)
        return {
            "tests_per_vehicle": tests / passed,
            "effective_rate": tests / observing.hours(run),
            "utilisation": run.share_of_time("busy", "station/test"),
            "L": present,
            "W_total": present / per_hour,
            "first_pass_yield": passed / tests,
        }

    confidence_case(measure)


@pytest.mark.case("A-Q09")
def test_priority(confidence_case: Confidence) -> None:
    """Two classes by non-preemptive priority; their common mean wait is that of FIFO."""

    def measure(run: Trajectory) -> dict[str, float]:
        urgent = observing.waiting_times(run, "station/urgent")
        normal = observing.waiting_times(run, "station/normal")
        everyone = float(urgent.sum() + normal.sum()) / (len(urgent) + len(normal))
        return {
            "Wq_class1": float(urgent.mean()),
            "Wq_class2": float(normal.mean()),
            "Wq_all": everyone,
        }

    confidence_case(measure)


def _road(run: Trajectory) -> str:
    (lane,) = run.tables["lanes"].ids
    return lane


@pytest.mark.case("A-Q10")
def test_goods_on_the_road(confidence_case: Confidence) -> None:
    """Poisson dispatches and independent lead times: a Poisson number on the road (Palm)."""

    def measure(run: Trajectory) -> dict[str, float]:
        table = run.tables["lanes"]
        ends = table.levels["in_transit"][run.first_day :: 5, table.index[_road(run)]] / 1000
        return {
            "in_transit_mean": run.mean("lanes", "in_transit", _road(run)),
            "in_transit_var": float(ends.var(ddof=1)),
        }

    confidence_case(measure)


@pytest.mark.case("A-Q10b")
def test_an_empty_road_fills(confidence_case: Confidence) -> None:
    """The number on the road after 2 and 6 days, one observation per replication."""

    def measure(run: Trajectory) -> dict[str, float]:
        after_2, after_6 = (run.at(i, "lanes", "in_transit", _road(run)) for i in (0, 1))
        return {"N_at_2": after_2, "N_at_6": after_6, "dispersion_at_6": after_6}

    confidence_case(measure)


@pytest.mark.case("A-Q11b")
def test_takt_paced_arrivals(confidence_case: Confidence) -> None:
    """D/M/1."""
    confidence_case(observing.station)


@pytest.mark.case("A-Q14b")
def test_truck_loads(confidence_case: Confidence) -> None:
    """Batch arrivals."""
    confidence_case(observing.station)


@pytest.mark.case("A-Q15")
def test_queue_by_hand(record_case: CaseRecorder) -> None:
    """D/D/3: every wait is known."""
    run = observing.run_once(record_case.case.scenario)
    waits = [wait.until - wait.since for wait in run.waits["station/vehicle"]]
    completed = [run.at(i, "operations", "completed", "station/test") for i in (0, 1)]
    busy = run.count("resources", "busy", "station/test")
    assert len(waits) == 100
    record_case.exact("mean_wait", statistics.fmean(waits) / 60)
    record_case.exact("max_wait", max(waits) / 60)
    record_case.exact("last_finish", 340 if completed == [99, 100] else completed)
    record_case.exact("utilisation_to_last_finish", busy / (3 * 340 * 60))
