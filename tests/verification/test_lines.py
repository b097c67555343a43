"""Production lines: failures, buffers, blocking, kitting, fork-join, scarce parts, retests."""

from __future__ import annotations

from itertools import pairwise

import pytest

from chainsim.outcome.trajectory import Trajectory
from tests.verification import observing
from tests.verification.catalogue import SCENARIOS
from tests.verification.conftest import Confidence
from tests.verification.recorder import CaseRecorder

CYCLE = 600
"""Seconds between completions of the machine of A-M01 while it is up."""


@pytest.mark.case("A-M01")
def test_failures_by_the_calendar(confidence_case: Confidence) -> None:
    """A saturated machine in an alternating renewal process.

    A failure shows as a gap between completions; two in one cycle count as one (0.1 %).
    """

    def measure(run: Trajectory) -> dict[str, float]:
        output = run.count("operations", "completed", "shop/make")
        completions = [entry.time for entry in run.log if entry.what == "complete"]
        instants = [0, *completions, int(run.day_ends[-1])]
        failures = sum(later - earlier > CYCLE for earlier, later in pairwise(instants))
        return {
            "expected_output": output,
            "sd_output_asymptotic": output,
            "mean_failures": float(failures),
        }

    confidence_case(measure)


@pytest.mark.case("A-M02")
@pytest.mark.parametrize("scenario", ["A-M02", "A-M02-breakdowns"])
def test_up_and_down_by_the_clock(scenario: str, record_case: CaseRecorder) -> None:
    """Output at stated instants; a machine that is never idle fails alike by clock and by work."""
    run = observing.run_once(SCENARIOS / f"{scenario}.yaml")
    output = [run.at(i, "operations", "completed", "shop/make") for i in range(5)]
    record_case.exact("output", output)


def buffered_stations(run: Trajectory) -> dict[str, float]:
    """Measures of two stations with a buffer between them."""
    return {
        "throughput": observing.rate(run, "line/second"),
        "P_blocked": run.share_of_time("blocked", "line/first"),
        "P_starved": run.share_of_time("starved", "line/second"),
    }


@pytest.mark.case("A-M03")
def test_buffer_between_two_stations(confidence_case: Confidence) -> None:
    """Blocking after service."""
    confidence_case(buffered_stations)


@pytest.mark.case("A-M04")
def test_two_unreliable_machines(confidence_case: Confidence) -> None:
    """Operation-dependent failures and a finite buffer (Gershwin and Berman)."""

    def measure(run: Trajectory) -> dict[str, float]:
        present = (
            run.mean("operations", "blocked", "line/first")
            + observing.number_waiting(run, "line/part")
            + observing.number_in_service(run, "line/second")
        )
        return {"throughput": observing.rate(run, "line/second"), "mean_wip": present}

    confidence_case(measure)


@pytest.mark.case("A-M05")
def test_synchronous_line(confidence_case: Confidence) -> None:
    """Several modes of failure, one down at a time (Buzacott)."""

    def measure(run: Trajectory) -> dict[str, float]:
        made = run.count("stocks", "produced", "line/product")
        return {
            "efficiency": 1 - run.share_of_time("broken_down", "line/make"),
            "throughput": made / observing.hours(run),
        }

    confidence_case(measure)


def _kitting(run: Trajectory) -> dict[str, float]:
    return {
        "throughput": observing.rate(run, "plant/assemble"),
        "P_part1_full": observing.turned_away_share(run, "plant/part1"),
        "P_part2_full": observing.turned_away_share(run, "plant/part2"),
        "mean_stock1": observing.number_waiting(run, "plant/part1"),
    }


@pytest.mark.case("A-M07")
def test_kitting(confidence_case: Confidence) -> None:
    """Two streams of parts into one assembly without time."""
    confidence_case(_kitting)


@pytest.mark.case("A-M07b")
def test_kitting_of_unequal_streams(confidence_case: Confidence) -> None:
    """As A-M07 with other rates and stores."""
    confidence_case(_kitting)


@pytest.mark.case("A-M08")
def test_fork_join(confidence_case: Confidence) -> None:
    """An order is complete when both of its jobs are done (Flatto and Hahn)."""
    confidence_case(lambda run: {"E_T": float(observing.delays(run, "plant/kit").mean())})


@pytest.mark.case("A-M09")
def test_last_of_five_parts(confidence_case: Confidence) -> None:
    """A kit starts when the last of its parts arrives."""

    def measure(run: Trajectory) -> dict[str, float]:
        starts = observing.delays(run, "plant/kit")
        return {
            "E_start": float(starts.mean()),
            "sd_start": float(starts.std(ddof=1)),
            "P_start_by_10d": float((starts <= 10).mean()),
        }

    confidence_case(measure)


@pytest.mark.case("A-M10")
def test_scarcest_part(record_case: CaseRecorder) -> None:
    """Production ends with the part that runs out first, at a known instant."""
    run = observing.run_once(record_case.case.scenario)
    made = [run.at(i, "operations", "completed", "plant/build") for i in (0, 1)]
    starved = run.tables["inputs"]
    missing = [
        name for name in starved.ids if starved.counts["starved"][:, starved.index[name]].sum() > 0
    ]
    parts = ("battery", "mcu_chip", "tyre", "seat", "glass")
    left = {part: run.final("stocks", "on_hand", f"plant/{part}") for part in parts}
    left["glass_m2"] = left.pop("glass")
    record_case.exact("vehicles", run.count("stocks", "produced", "plant/vehicle"))
    record_case.exact("stop_time_h", 95.3 if made == [952, 953] else made)
    record_case.exact("leftover", left)
    assert len(missing) == 1
    record_case.exact("limiting_part", "glass_m2" if "glass" in missing[0] else missing[0])


@pytest.mark.case("A-M11")
def test_bounded_retests(confidence_case: Confidence) -> None:
    """Tests per vehicle and scrap when the third failure ends it."""

    def measure(run: Trajectory) -> dict[str, float]:
        operations = ("test", "retest", "last_retest")
        tests = sum(run.count("operations", "started", f"plant/{name}") for name in operations)
        good = run.count("stocks", "produced", "plant/good")
        scrapped = run.count("operations", "scrapped", "plant/last_retest")
        vehicles = run.count("stocks", "used", "plant/vehicle")
        assert good + scrapped == vehicles
        return {
            "tests_per_vehicle": tests / vehicles,
            "scrap_fraction": scrapped / vehicles,
            "good_fraction": good / vehicles,
        }

    confidence_case(measure)
