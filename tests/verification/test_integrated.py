"""Integrated cases: a small chain with masked disruptions, and a reference simulation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest

from chainsim.outcome.trajectory import Trajectory
from tests.verification.catalogue import SCENARIOS
from tests.verification.conftest import Confidence
from tests.verification.observing import run_once
from tests.verification.reading import at_midnights, days, fill_rate, instants
from tests.verification.recorder import CaseRecorder

LINE = "plant/line"
TAKT = 432
"""Seconds between the slots of a line with 200 vehicles a day."""


@cache
def chain(*overrides: str) -> Trajectory:
    """A run of the chain of A-N01."""
    return run_once(SCENARIOS / "A-N01.yaml", overrides)


@pytest.mark.case("A-N01")
def test_power_cut(record_case: CaseRecorder) -> None:
    run = chain()
    starts = np.array(instants(run, "start", LINE))
    count = np.arange(1, len(starts) + 1)
    backlog = starts // TAKT - count
    late = np.flatnonzero(backlog > 0)
    peak = np.flatnonzero(backlog == backlog.max())
    record_case.exact("battery_out_t", days(int(count[late[0]] * TAKT)))
    record_case.exact("peak_backlog", int(backlog.max()))
    record_case.exact("peak_backlog_t", days(float(starts[peak].mean())))
    record_case.exact("backlog_cleared_t", days(int(starts[late[-1] + 1])))
    record_case.exact("built_90d", run.count("operations", "completed", LINE))
    record_case.exact("delay_vehicle_days", days(int((starts - count * TAKT).sum())))
    drives = at_midnights(run, "stocks", "on_hand", "plant/drive")
    record_case.exact("drive_stock_min", float(drives.min()))
    record_case.exact("tested", run.count("operations", "completed", "plant/test"))
    waits = [wait.until - wait.since for wait in run.waits["plant/sample"]]
    record_case.exact("max_test_wait_min", max(waits) / 60)
    record_case.exact("battery_stock_at_85", run.at(0, "stocks", "on_hand", "plant/battery"))


@pytest.mark.case("A-N01")
def test_the_closure_is_masked_by_the_power_cut(record_case: CaseRecorder) -> None:
    with_closure = instants(chain(), "start", LINE)
    without = instants(chain("disruptions.closure.enabled=false"), "start", LINE)
    shifted = sum(a != b for a, b in zip(with_closure, without, strict=True))
    record_case.exact("backlog_caused_by_closure", shifted)


def assembly_to_order(run: Trajectory) -> Mapping[str, float]:
    """What the customers of the plant see."""
    vehicles = "plant/vehicle"
    return {
        "mean_backlog": run.mean("demands", "backlog", vehicles),
        "fill_rate": fill_rate(run, vehicles),
        "output_per_day": run.count("demands", "delivered", vehicles) / run.statistics_days,
    }


@pytest.mark.case("A-N02")
def test_assembly_to_order(confidence_case: Confidence) -> None:
    confidence_case(assembly_to_order)
