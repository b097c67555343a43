"""Expectations of a scenario: read in the units of measures, and judged by a run alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.cli_support import TINY, call, scenario

from chainsim.errors import InputError
from chainsim.experiments.evidence import against_other, on_its_own
from chainsim.experiments.expectations import Stated, stated
from chainsim.experiments.judging import ELSEWHERE, judged_by_run
from chainsim.experiments.readings import Reading
from chainsim.experiments.runs import prepare, run
from chainsim.scenario.loading import scenario_from_text
from chainsim.scenario.schema.expectations import Expectation

EXPECTED = """
expect:
  - {id: enough, measure: output, at_least: 1}
  - {id: impossible, measure: output, at_least: 999999}
"""


def one(text: str, more: str = "") -> Stated:
    """The only expectation of the tiny chain with this text."""
    prepared = prepare(scenario_from_text(f"{TINY}{more}\nexpect: [{{id: a, {text}}}]\n"))
    (found,) = stated(prepared.scenario, prepared.network)
    return found


@pytest.mark.parametrize(
    ("text", "at_least", "at_most"),
    [
        ("measure: delay, at_most: 36 h", None, 1.5),
        ("measure: delay, at_most: 2", None, 2.0),
        ("measure: slow_loss, at_most: 1 d", None, 24.0),
        ("measure: fill_rate, at_least: 90 %", 0.9, None),
        ("measure: output, at_least: 2 thousand vehicles", 2000.0, None),
        ("measure: output_per_day, at_least: 700 vehicles/wk", 100.0, None),
        ("measure: output_per_day, at_least: 100", 100.0, None),
        ("measure: days_of_cover.part, at_least: 12 h, at_most: 3 d", 0.5, 3.0),
        ("measure: output, within: 30 vehicles", -30.0, 30.0),
        ("measure: output, within: 2 %", -0.02, 0.02),
        ("series: output, within: 5 %", -0.05, 0.05),
        ("measure: delay, within: 6 h", -0.25, 0.25),
        ("measure: output, versus: b.yaml, at_least: -10", -10.0, None),
        ("measure: delay, versus: b.yaml, relative: true, at_most: 10 %", None, 0.1),
    ],
)
def test_bounds_are_in_the_unit_of_the_measure(
    text: str, at_least: float | None, at_most: float | None
) -> None:
    found = one(text)
    assert found.at_least == pytest.approx(at_least) and found.at_most == pytest.approx(at_most)


@pytest.mark.parametrize(
    ("text", "kind", "relative"),
    [
        ("measure: output, at_least: 1", "measure", False),
        ("measure: output, versus: b.yaml, at_least: -1", "versus", False),
        ("measure: output, within: 2 %", "baseline", True),
        ("measure: output, within: 2", "baseline", False),
        ("series: backlog, within: 2 %", "series", True),
    ],
)
def test_the_keys_say_of_what_kind_it_is(text: str, kind: str, relative: bool) -> None:
    found = one(text)
    assert (found.kind, found.relative) == (kind, relative)
    assert found.needs_baseline == (kind in ("baseline", "series"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("measure: delay, at_most: 3 km", "expect.a.at_most must be a time"),
        ("measure: output, at_least: 2 d", "expect.a.at_least must be a plain number"),
        ("measure: total_cost, at_most: 1 d", "be an amount of money"),
        ("measure: output, within: 2 d", "expect.a.within must be a plain number"),
        ("measure: output, versus: b.yaml, relative: true, at_most: 1 d", "be a plain number"),
        ("measure: outputt, at_least: 1", "did you mean 'output'?"),
        ("measure: shortage.carr, at_most: 1", "did you mean 'car'?"),
        ("measure: shortage, at_most: 1", "it is one of an item: write shortage.ITEM"),
        ("measure: time_to_survive, at_least: 2 d", "there is no resilience block"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        one(text)
    (problem,) = caught.value.problems
    assert says in str(problem) and str(problem).startswith("<text>:")


def test_all_slips_are_told_at_once() -> None:
    text = TINY + EXPECTED.replace("output", "outputt")
    with pytest.raises(InputError) as caught:
        prepare(scenario_from_text(text))
    assert len(caught.value.problems) == 2


def test_measures_against_the_twin_need_a_resilience_block() -> None:
    found = one("measure: time_to_survive, at_least: 48 h", "resilience: {fail: 1 d}")
    assert (found.at_least, found.unit) == (2.0, "d")
    assert one("measure: lost_area, at_most: 9", "resilience: {fail: 1 d}").unit == "vehicles"


def readings(*values: float | None, censored: set[int] | None = None) -> list[Reading]:
    """Readings of a time to survive."""
    late = censored or set()
    return [
        Reading(k, {"time_to_survive": value}, frozenset({"time_to_survive"} if k in late else ()))
        for k, value in enumerate(values)
    ]


def verdict(found: list[Reading], low: float | None, high: float | None) -> tuple[str, str]:
    """The verdict on the mean, and what is said of it."""
    expected = Stated("a", "measure", "time_to_survive", "d", low, high)
    (row,) = judged_by_run([expected], found, 0.95)
    return row.verdict, row.why


def test_a_censored_time_counts_as_longer_than_what_was_watched() -> None:
    found = readings(30.0, 29.0, 30.0, 28.0, censored={0, 2})
    assert verdict(found, 20, None)[0] == "pass"
    assert verdict(found, 40, None)[0] == "inconclusive"  # it may be longer than 40
    assert verdict(found, None, 40)[0] == "inconclusive"
    assert verdict(found, None, 20)[0] == "fail"
    assert "lie beyond the end of the run" in verdict(found, 20, None)[1]


def restricted(*rows: tuple[float, float]) -> list[Reading]:
    """Times to survive with the days that were followed; a time of that length is censored."""
    return [
        Reading(
            k,
            {"time_to_survive": min(time, followed)},
            frozenset({"time_to_survive"} if time > followed else ()),
            followed,
        )
        for k, (time, followed) in enumerate(rows)
    ]


def test_times_are_compared_as_far_as_both_were_followed() -> None:
    """One is followed for 30 days, the other for 20: both at most 20, pair by pair."""
    ours = restricted((99, 30), (99, 30), (12, 30))
    theirs = restricted((99, 20), (99, 20), (9, 20))
    expected = Stated("a", "versus", "time_to_survive", "d", 0.0, None, versus="b.yaml")
    found = against_other(expected, ours, theirs, 0.95)
    assert found.estimate is not None and found.estimate.mean == pytest.approx((0 + 0 + 3) / 3)
    assert found.reference == pytest.approx((20 + 20 + 9) / 3)
    assert "what both were watched for is compared" in found.why


def test_the_same_times_uncensored_decide_both_ways() -> None:
    found = readings(30.0, 29.0, 30.0, 28.0)
    assert verdict(found, 40, None)[0] == "fail" and verdict(found, None, 40)[0] == "pass"


def test_a_value_that_is_missing_in_a_replication_is_not_dropped() -> None:
    found = readings(30.0, None, 30.0, 28.0)
    assert verdict(found, 1, None) == ("inconclusive", "no value in 1 of 4 replications")


def test_a_failed_replication_cannot_pass() -> None:
    found = [*readings(30.0, 29.0, 28.0), Reading(3, error="RunError: out of parts")]
    assert verdict(found, 1, None) == ("inconclusive", "1 of 4 replications failed")
    shown = on_its_own(
        Stated("a", "measure", "time_to_survive", "d", 1, None), found, 0.95
    ).estimate
    assert shown is not None and shown.mean == pytest.approx(29.0)


def test_equal_values_say_what_may_be_hidden() -> None:
    """A share q of runs is absent from n with (1 - q)^n = 2.5 %: 0.707 for n = 3."""
    what, why = verdict(readings(30.0, 30.0, 30.0), 1, None)
    assert what == "pass" and "fewer than 71 % of runs" in why


def test_a_tie_and_a_single_replication_are_told() -> None:
    assert verdict(readings(29.0, 30.0, 31.0), 30, None) == (
        "inconclusive",
        "a tie: no number of replications would decide",
    )
    assert verdict(readings(29.0), 1, None) == (
        "inconclusive",
        "one replication proves nothing: run two or more",
    )


def rows_of(done: Any) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in json.loads(done.stdout)["expectations"]}


def test_a_run_says_what_became_of_each(tmp_path: Path) -> None:
    file = scenario(tmp_path, TINY + EXPECTED)
    rows = rows_of(call("run", file, "--replications", 2, "--out", tmp_path, "--json"))
    assert {key: row["verdict"] for key, row in rows.items()} == {
        "enough": "pass", "impossible": "fail",
    }  # fmt: skip
    shown = call("run", file, "--replications", 2, "--out", tmp_path)
    assert "Expectations" in shown.stdout and "impossible" in shown.stdout
    assert "replaced after" in shown.stderr


def test_a_run_leaves_comparisons_to_the_check() -> None:
    text = TINY.replace("40 d", "6 d").split("disruptions:")[0]
    text += "expect:\n  - {id: near, measure: output, within: 2 %}\n"
    (row,) = run(prepare(scenario_from_text(text))).expectations
    assert (row.verdict, row.why) == ("inconclusive", ELSEWHERE)


@pytest.mark.parametrize(("measure", "meant"), [("outputt", "output"), ("shortage.carr", "car")])
def test_an_unknown_measure_is_refused(tmp_path: Path, measure: str, meant: str) -> None:
    text = TINY + EXPECTED.replace("measure: output,", f"measure: {measure},", 1)
    file = scenario(tmp_path, text)
    done = call("run", file, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert f"{file}:" in done.stderr and "expect.enough.measure" in done.stderr
    assert f"did you mean '{meant}'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_precision_that_is_not_reached_is_said(tmp_path: Path) -> None:
    wanted = "precision: {measure: backlog, relative: 0.000001, at_most: 3}"
    text = TINY.replace("replications: 3", f"replications: 3, {wanted}")
    done = call("run", scenario(tmp_path, text), "--out", tmp_path)
    assert "backlog is not known to 1e-06 of its mean after 3 replications" in done.stderr


def test_the_page_shows_every_kind_of_expectation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "check.md").read_text("utf-8")
    block, of_studies = re.findall(r"```yaml\n[^`]*?(expect:\n[^`]*?)```", page)
    found = prepare(scenario_from_text(f"{TINY}resilience: {{fail: 1 d}}\n{block}"))
    rows = stated(found.scenario, found.network)
    assert {row.kind for row in rows} == {"measure", "versus", "baseline", "series"}
    assert {row.relative for row in rows} == {True, False}
    parsed = yaml.safe_load(of_studies)["expect"]
    assert {"driver" in row for row in parsed} == {True, False}
    assert all(Expectation.model_validate(row) for row in parsed)
