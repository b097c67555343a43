"""Expectations of a scenario: judged by the interval, printed, and checked for their names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli_support import TINY, call, scenario

from chainsim.experiments.expectations import verdict_on
from chainsim.experiments.summary import Aggregate

EXPECTED = """
expect:
  - {id: enough, measure: output, at_least: 1}
  - {id: impossible, measure: output, at_least: 999999}
"""


@pytest.mark.parametrize(
    ("low", "high", "at_least", "at_most", "verdict"),
    [
        (9.0, 11.0, 9.0, 11.0, "holds"),
        (9.0, 11.0, 8.0, None, "holds"),
        (9.0, 11.0, None, 12.0, "holds"),
        (9.0, 11.0, 10.0, None, "undecided"),
        (9.0, 11.0, None, 10.0, "undecided"),
        (9.0, 11.0, 11.5, None, "fails"),
        (9.0, 11.0, None, 8.5, "fails"),
        (None, None, 8.0, None, "undecided"),
    ],
)
def test_the_verdict_is_on_the_interval(
    low: float | None, high: float | None, at_least: float | None, at_most: float | None,
    verdict: str,
) -> None:  # fmt: skip
    found = Aggregate("units", 10.0, low, high, 5, 0.95)
    assert verdict_on(found, at_least, at_most) == verdict


def test_a_failed_replication_leaves_it_undecided() -> None:
    found = Aggregate("units", 10.0, 9.0, 11.0, 4, 0.95, failed=1)
    assert verdict_on(found, 1.0, None) == "undecided"


def test_a_run_says_what_became_of_each(tmp_path: Path) -> None:
    file = scenario(tmp_path, TINY + EXPECTED)
    done = call("run", file, "--replications", 2, "--out", tmp_path, "--json")
    rows = json.loads(done.stdout)["expectations"]
    assert [(row["id"], row["verdict"]) for row in rows] == [
        ("enough", "holds"), ("impossible", "fails"),
    ]  # fmt: skip
    shown = call("run", file, "--replications", 2, "--out", tmp_path)
    assert "Expectations" in shown.stdout and "impossible" in shown.stdout
    assert "replaced after" in shown.stderr


@pytest.mark.parametrize(("measure", "meant"), [("outputt", "output"), ("shortage.carr", "car")])
def test_an_unknown_measure_is_refused(tmp_path: Path, measure: str, meant: str) -> None:
    text = TINY + EXPECTED.replace("measure: output,", f"measure: {measure},", 1)
    done = call("run", scenario(tmp_path, text), "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "expect[0].measure" in done.stderr and f"did you mean '{meant}'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_precision_that_is_not_reached_is_said(tmp_path: Path) -> None:
    wanted = "precision: {measure: backlog, relative: 0.000001, at_most: 3}"
    text = TINY.replace("replications: 3", f"replications: 3, {wanted}")
    done = call("run", scenario(tmp_path, text), "--out", tmp_path)
    assert "backlog is not known to 1e-06 of its mean after 3 replications" in done.stderr
