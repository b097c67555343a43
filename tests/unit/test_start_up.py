"""A warm-up that the scenario leaves to MSER-5: found by hand here, and used as if written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.unit.cli_support import call, scenario

from chainsim import compile_network, scenario_from_text
from chainsim.errors import InputError, WarmUpError
from chainsim.experiments.runs import Run, prepare, run
from chainsim.report.objects import run_object

PIPELINE = """\
name: Pipeline
run: {start: 2024-01-01, length: 100 d, warm_up: mser5, replications: 3}
output_item: car
items: {part: {unit: piece}, car: {unit: vehicle}}
sites:
  maker:
    stage: upstream
    stocks: {part: {unlimited: true}}
  plant:
    stage: midstream
    stocks: {part: {}, car: {}}
    operations:
      line: {inputs: {part: 1}, outputs: {car: 1}, rate: 96 /d, release: {pull: car, level: 10}}
    replenishment: {part: {policy: base_stock, level: 400, sources: maker}}
    demand: {car: {process: plan, rate: 10, unmet: lost}}
lanes:
  road: {from: maker, to: plant, items: [part], transit: 20 d}
"""
"""The first parts are 20 days on the road. From then on a stock of ten cars is filled, sold and
filled again each day: output is nothing for 20 days, then ten a day."""


def pipeline(*changes: str) -> Run:
    return run(prepare(scenario_from_text(PIPELINE, changes)))


def test_the_start_up_is_cut_where_the_hand_computes_it() -> None:
    by_hand = [0.0] * 20 + [10.0] * 80
    found = pipeline()
    assert np.array_equal(found.daily.total("sites", "output"), [by_hand] * 3)
    # Twenty batches of five, four of them 0: without these nothing varies.
    assert found.found_warm_up is not None
    assert (found.found_warm_up.days, found.found_warm_up.replications) == (20, 3)
    assert found.found_warm_up.cut.minimum == 0
    assert found.summary.total["output"].mean == 10 * 80
    assert found.summary.total["output_per_day"].mean == 10


def test_it_is_the_run_with_that_warm_up() -> None:
    found, given = run_object(pipeline()), run_object(pipeline("run.warm_up=20 d"))
    assert found.pop("warm_up") == {"days": 20, "by": "mser5", "replications": 3}
    assert given.pop("warm_up") == {"days": 20, "by": "fixed", "replications": None}
    assert found == given  # the fingerprint too


def test_the_settled_time_and_part_of_a_day_are_not_looked_at() -> None:
    settled = pipeline("run.settled=7 d", "run.length=90.5 d")
    assert settled.found_warm_up is not None
    # Of the 20 days, 7 come before the start and 13 after it: three batches.
    assert settled.found_warm_up.days == 15
    assert settled.found_warm_up.cut.batches == 18


def test_a_cut_in_the_middle_asks_for_a_longer_run() -> None:
    with pytest.raises(WarmUpError, match="first half of 40 days: run longer"):
        pipeline("run.length=40 d")


OUTAGE = "{id: cut, target: {site: plant}, effect: {capacity: 0}, timing: {at: %s}, duration: 9 d}"


def test_a_dated_disruption_is_no_start_up() -> None:
    late = pipeline(f"disruptions=[{OUTAGE % '40 d'}]")
    assert late.found_warm_up is not None and late.found_warm_up.days == 20
    assert late.daily.total("sites", "output")[0, 45] == 0
    with pytest.raises(WarmUpError, match="after 20 days, but disruption 'cut' starts on day 20"):
        pipeline(f"disruptions=[{OUTAGE % '19 d'}]")
    assert pipeline(f"disruptions=[{OUTAGE % '20 d'}]").found_warm_up is not None


def test_a_random_disruption_is_part_of_the_chain() -> None:
    often = OUTAGE.replace("at: %s", "every: 15 d")
    assert pipeline(f"disruptions=[{often}]").found_warm_up != pipeline().found_warm_up


@pytest.mark.parametrize("word", ["auto", "mser-5", "welch"])
def test_other_words_are_refused(word: str) -> None:
    with pytest.raises(InputError, match=f"be a time such as 60 d, or mser5, got '{word}'"):
        scenario_from_text(PIPELINE, [f"run.warm_up={word}"])


def test_one_network_has_no_replications_to_average() -> None:
    with pytest.raises(InputError, match=r"run\.warm_up must be a time for a single simulation"):
        compile_network(scenario_from_text(PIPELINE))


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainsim.report.folder.pictures", lambda run: ())


def test_the_command_says_what_it_found(tmp_path: Path, no_figures: None) -> None:
    file = scenario(tmp_path, PIPELINE)
    done = call("run", file, "--workers", 1, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert "tiny: some replications are run first, to find the warm-up" in done.stderr
    assert "Warm-up of 20 days by MSER-5 on the daily output of 3 replications." in done.stdout
    summary = json.loads((tmp_path / "out" / "tiny" / "summary.json").read_text("utf-8"))
    assert summary["warm_up"] == {"days": 20, "by": "mser5", "replications": 3}
    again = call("show", tmp_path / "out" / "tiny" / "scenario.yaml", "--path", "run.warm_up")
    assert "20 d" in again.stdout
    assert call("show", file, "--exposure").exit_code == 0


def test_a_run_that_is_too_short_writes_nothing(tmp_path: Path, no_figures: None) -> None:
    file = scenario(tmp_path, PIPELINE)
    done = call("run", file, "--set", "run.length=40 d", "--out", tmp_path / "out")
    assert done.exit_code == 4
    assert "tiny: MSER-5 finds no end of the start-up in the first half of 40 days" in done.stderr
    assert not (tmp_path / "out" / "tiny").exists()
