"""The bounds of linear programming (A-D17, A-D18), and that no run does better."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import chainsim
from chainsim.experiments.bounds import least_lost, time_to_survive
from chainsim.experiments.fluid import initial_state, speeds_left
from chainsim.experiments.steady import steady_output
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.server_groups import periods, server_groups
from chainsim.outcome.trajectory import Trajectory
from tests.verification.catalogue import SCENARIOS
from tests.verification.reading import days, instants
from tests.verification.recorder import CaseRecorder

NETWORK = SCENARIOS / "A-D17.yaml"
OUTAGE_DAYS = 14
WORKS = ("cell_a", "cell_b", "pack", "chip", "ecu", "suv", "sedan")
DEMANDS = ("suv/vehicle", "sedan/vehicle")
NAMES = {"cell_a": "cellA", "cell_b": "cellB"}
TAKT = 1 / 300
"""Days between two customers of the slower line."""


@cache
def knocked_out(works: str, *overrides: str, network: Path = NETWORK) -> CompiledNetwork:
    """The network with the outage of one works from the start."""
    overrides = (*overrides, f"disruptions.outage.target.site={works}")
    return chainsim.compile_network(chainsim.load_scenario(network, overrides))


def bound(network: CompiledNetwork) -> float | None:
    """The largest time to survive that is possible."""
    left = speeds_left(network, network.disruptions[0])
    return time_to_survive(network, initial_state(network, OUTAGE_DAYS), left)


def least(network: CompiledNetwork) -> float:
    """The vehicles that are lost at least."""
    left = speeds_left(network, network.disruptions[0])
    return least_lost(network, initial_state(network, OUTAGE_DAYS), left)


def survived(run: Trajectory) -> float:
    """Days until a run loses its first customer."""
    return days(min(t for demand in DEMANDS for t in instants(run, "lost", demand)))


@pytest.mark.case("A-D17")
@pytest.mark.parametrize("works", WORKS)
def test_time_to_survive(record_case: CaseRecorder, works: str) -> None:
    found = bound(knocked_out(works, network=record_case.case.scenario))
    record_case.exact(f"TTS_{NAMES.get(works, works)}", "infinite" if found is None else found)


@pytest.mark.case("A-D18")
@pytest.mark.parametrize("works", ["cell_a", "cell_b", "pack", "chip"])
def test_least_lost(record_case: CaseRecorder, works: str) -> None:
    found = least(knocked_out(works, network=record_case.case.scenario))
    record_case.exact(f"lost_{NAMES.get(works, works)}", found)


@pytest.mark.parametrize("works", WORKS)
def test_no_run_survives_longer_or_loses_less(works: str) -> None:
    """A line that gets its parts in the order in which it asks is myopic: it may stop earlier."""
    network = knocked_out(works)
    run, most = chainsim.simulate(network), bound(network)
    assert most is None or survived(run) <= most + TAKT
    lost = sum(run.count("demands", "lost", demand) for demand in DEMANDS)
    assert lost >= least(network) - 2, "but for the demand of the last instant, one on each line"


@pytest.mark.parametrize("works", ["pack", "chip", "ecu", "suv", "sedan"])
def test_a_run_with_stocks_in_proportion_to_demand_reaches_the_bound(works: str) -> None:
    """If all stocks last equally long, foresight and another division of parts gain nothing."""
    level = "sites.{0}.stocks.vehicle.initial={1}", "sites.{0}.operations.make.release.level={1}"
    stocks = [text.format(*line) for text in level for line in (("suv", 150), ("sedan", 250))]
    network = knocked_out(works, "run.length=3 d", *stocks)
    most = bound(network)
    assert most is not None
    assert survived(chainsim.simulate(network)) == pytest.approx(most, abs=TAKT)


@pytest.mark.parametrize(
    ("name", "per_day", "limit"),
    [
        # three benches of 22 h a day and 8 min a test, of which 47 in 50 pass: 495 x 0.94
        ("A-D19", 495 * 0.94, "midstream/test/vehicle"),
        ("A-D19-no-rework", 480, "midstream/assembly/untested"),
    ],
)
def test_the_maximum_flow_of_the_static_bottleneck(name: str, per_day: float, limit: str) -> None:
    """A-D19 by linear programming: batteries 550, chips 1,000, assembly 480, road 520 a day."""
    scenario = chainsim.load_scenario(SCENARIOS / f"{name}.yaml", ["output_item=vehicle"])
    network = chainsim.compile_network(scenario)
    for period in periods(network.horizon):
        found = steady_output(network, server_groups(network), period, as_ordered=False)
        assert found is not None
        assert found.per_day == pytest.approx(per_day)
        assert found.binding == {limit: pytest.approx(1)}
