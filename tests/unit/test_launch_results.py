"""Launches in what a run prints and writes."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from tests.unit.cli_support import TINY, call, scenario
from tests.unit.test_editor_schema import errors

from chainsim import load_scenario
from chainsim.experiments.runs import Run, prepare, run
from chainsim.outcome.exposure import static_exposure
from chainsim.report.launch_view import launches_object, launches_sheet

LAB = """\
  lab:
    stage: downstream
    operations:
      approve: {inputs: {raw: 1}, outputs: {part: 1}, time: 9 d}
    stocks: {raw: {initial: 0.0}}
    arrivals: {raw: {process: trace, events: []}}
lanes:
  samples: {from: maker, to: lab, items: [car], transit: 1 d}
"""
LAUNCH = """\
launches:
  coupe:
    name: Coupe
    at: maker
    operation: line
    planned: 2022-01-20
    share: 0.5
    pilot: {lots: 1, start: 2022-01-04}
    approval: {at: lab, operation: approve, applied: 2022-01-05, samples: 5, time: 6 d, filing: 1 d}
"""
LAUNCHING = TINY.replace("{process: poisson", "{process: plan").replace("lanes:\n", LAB) + LAUNCH
NEVER = LAUNCHING.replace("applied: 2022-01-05", "applied: 2022-02-10")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("launches")


@pytest.fixture(scope="module")
def timely(folder: Path) -> Run:
    return run(prepare(load_scenario(scenario(folder, LAUNCHING))))


@pytest.fixture(scope="module")
def never(folder: Path) -> Run:
    return run(prepare(load_scenario(scenario(folder, NEVER, "never.yaml"))))


def test_dates_of_a_launch_by_hand(timely: Run) -> None:
    """The cars leave on 4 January and come on the 5th; six days of test and one of filing lead to
    the 12th; the model is planned, built and delivered on the 20th."""
    (row,) = launches_sheet(timely).rows
    dates = ("2022-01-05", "2022-01-05", "2022-01-11", "2022-01-12")
    assert row[:6] == ("coupe", "maker", *dates)
    assert row[7] == "2022-01-20" and row[8] == "0" and row[-1] == "1"
    found = timely.launches["coupe"]
    assert (found.applied, found.planned) == (dt.date(2022, 1, 5), dt.date(2022, 1, 20))
    assert found.milestones["approved"].median == -9 and found.milestones["approved"].n == 3


def test_what_had_not_come_is_more_than_what_was_watched(never: Run) -> None:
    """The run ends on 12 February, 23 days after the planned day: no median, and no mean.

    Half of 100 cars wait from each of 9 working days of January and 7 of February.
    """
    found = never.launches["coupe"]
    for name in ("approved", "permitted", "first_vehicle"):
        times = found.milestones[name]
        assert (times.median, times.censored, times.beyond) == (None, 3, 23)
    assert (found.late.median, found.late.censored, found.late.beyond) == (None, 3, 23)
    assert found.peak_backlog.mean == 16 * 50
    (row,) = launches_sheet(never).rows
    assert row[9].startswith("800 ") and row[10].startswith("0 ")
    assert row[4:7] == ("after 2022-02-11",) * 3 and row[8] == "> 23"
    object_ = launches_object(never)["coupe"]
    assert object_["late"]["median"] is None and object_["planned"] == "2022-01-20"


def test_a_run_prints_and_writes_its_launches(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainsim.report.folder.pictures", lambda run: ())
    file = scenario(folder, LAUNCHING, "written.yaml")
    done = call("run", file, "--workers", 1, "--out", folder / "out")
    assert done.exit_code == 0, done.stderr
    assert "\nLaunches\n" in done.stdout and "2022-01-12" in done.stdout
    found = json.loads((folder / "out" / "written" / "summary.json").read_text("utf-8"))
    assert list(found["launches"]) == ["coupe"]
    assert found["launches"]["coupe"]["permitted"]["median"] == -8
    assert "Launches" in (folder / "out" / "written" / "report.html").read_text("utf-8")


def test_papers_are_no_parts_of_a_car(timely: Run) -> None:
    assert list(timely.summary.items) == ["part"]
    assert {row.item for row in static_exposure(timely.network)} == {"part"}


def test_a_launch_that_is_planned_after_the_run_is_a_warning(folder: Path) -> None:
    text = LAUNCHING.replace("planned: 2022-01-20", "planned: 2023-01-20")
    prepared = prepare(load_scenario(scenario(folder, text, "later.yaml")))
    (warning,) = prepared.scenario.warnings
    assert "no vehicle of it is wanted by then" in str(warning)
    late = run(prepared).launches["coupe"].late
    assert (late.n, late.median) == (0, None)


def test_editors_know_launches() -> None:
    assert errors(LAUNCHING) == []
    assert errors(LAUNCHING.replace("planned:", "plant:"))
