"""chainsim check from the command line: verdicts, exit codes, comparisons, looks, failures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.check_support import (
    BRIEF,
    FAIL,
    PASS,
    TIE,
    broken,
    check,
    checks_of,
    expecting,
)
from tests.unit.cli_support import call, scenario

from chainsim.errors import LawError, LoopError
from chainsim.experiments import readings
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.trajectory import Trajectory

__all__ = ["broken"]


@pytest.mark.parametrize(
    ("rows", "code", "verdict"),
    [
        ([PASS], 0, "pass"),
        ([PASS, FAIL], 1, "fail"),
        ([PASS, TIE], 3, "inconclusive"),
        ([FAIL, TIE], 1, "fail"),
        ([], 0, "pass"),
    ],
)
def test_the_exit_code_is_the_worst_verdict(
    tmp_path: Path, rows: list[str], code: int, verdict: str
) -> None:
    done = check(expecting(tmp_path, *rows), "--json")
    assert done.exit_code == code
    (file,) = json.loads(done.stdout)["files"]
    assert (file["verdict"], file["exit_code"]) == (verdict, code)
    assert file["laws"]["verdict"] == "pass" and file["laws"]["replications"] == 3
    assert not list(tmp_path.glob("results"))


def test_the_text_says_what_was_found_and_what_would_decide(tmp_path: Path) -> None:
    rows = (PASS, FAIL, "{id: near, measure: demanded, at_least: 590}")
    done = check(expecting(tmp_path, *rows))
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert " pass " in lines["enough"] and " fail " in lines["too_much"]
    assert "replications would decide" in lines["near"]
    assert "12 laws in 3 replications: all hold" in lines["laws"]
    assert "budget of 5 % is shared by 3 checks" in done.stdout


def test_the_files_are_told_apart(tmp_path: Path) -> None:
    good = expecting(tmp_path, PASS, name="good.yaml")
    bad = expecting(tmp_path, FAIL, name="bad.yaml")
    done = check(good, bad, good, "--json")
    files = json.loads(done.stdout)["files"]
    assert [(Path(f["file"]).name, f["exit_code"]) for f in files] == [
        ("good.yaml", 0), ("bad.yaml", 1),
    ]  # fmt: skip
    assert done.exit_code == 1


def test_nothing_is_run_if_any_file_is_wrong(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(readings, "simulate", lambda *_: pytest.fail("something was run"))
    good = expecting(tmp_path, PASS)
    wrong = expecting(tmp_path, PASS.replace("output", "outputt"), name="wrong.yaml")
    other = expecting(tmp_path, "{id: a, measure: m, within: 0 %}", name="other.yaml")
    done = check(good, wrong, other)
    assert done.exit_code == 2 and done.stdout == ""
    assert "did you mean 'output'?" in done.stderr and "other.yaml" in done.stderr


def test_a_file_that_expects_nothing_is_told(tmp_path: Path) -> None:
    done = call("check", expecting(tmp_path), "--workers", 1)
    assert "expects nothing: only the laws are checked" in done.stderr


def test_precision_is_not_used(tmp_path: Path) -> None:
    wanted = "precision: {measure: output, relative: 0.0001, at_most: 50}, replications"
    file = expecting(tmp_path, PASS, text=BRIEF.replace("replications", wanted, 1))
    done = call("check", file, "--workers", 1, "--json")
    assert "run.precision is not used" in done.stderr
    assert json.loads(done.stdout)["files"][0]["replications"] == 3


def test_one_replication_is_inconclusive(tmp_path: Path) -> None:
    done = check(expecting(tmp_path, PASS), "--replications", 1)
    assert done.exit_code == 3 and "run two or more" in done.stdout


def test_results_do_not_depend_on_the_workers(tmp_path: Path) -> None:
    file = expecting(tmp_path, PASS, TIE)
    one = call("check", file, "--workers", 1, "--json", "-q")
    two = call("check", file, "--workers", 2, "--json", "-q")
    assert one.stdout == two.stdout


# against another scenario


def more_demand(folder: Path, *rows: str) -> Path:
    """Twice the demand of the tiny chain, compared with it."""
    scenario(folder, BRIEF, "base.yaml")
    return expecting(folder, *rows, text=BRIEF.replace("rate: 100 /d", "rate: 200 /d"))


def test_another_scenario_is_compared_in_pairs(tmp_path: Path) -> None:
    """A Poisson process of twice the rate, the same streams: the mean difference is 600."""
    file = more_demand(
        tmp_path,
        "{id: more, measure: demanded, versus: base.yaml, at_least: 400, at_most: 800}",
        "{id: share, measure: demanded, versus: base.yaml, relative: true, at_least: 70 %}",
        "{id: less, measure: demanded, versus: base.yaml, at_most: 0}",
    )
    rows = checks_of(check(file, "--json", "--replications", 6))
    assert {key: row["verdict"] for key, row in rows.items()} == {
        "more": "pass", "share": "pass", "less": "fail",
    }  # fmt: skip
    assert rows["more"]["mean"] == pytest.approx(600, rel=0.1)
    assert rows["share"]["mean"] == pytest.approx(1, rel=0.1) and rows["share"]["unit"] == "1"
    assert rows["share"]["reference"] == pytest.approx(600, rel=0.1)
    assert rows["more"]["n"] == 6


def test_a_scenario_does_not_differ_from_itself(tmp_path: Path) -> None:
    row = "{id: same, measure: output, versus: tiny.yaml, relative: true, at_least: 0, at_most: 0}"
    done = check(expecting(tmp_path, row), "--json")
    assert done.exit_code == 0 and checks_of(done)["same"]["mean"] == 0


def test_the_other_scenario_is_found_beside_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    expecting(tmp_path / "base", "{id: same, measure: output, versus: ../other.yaml, at_least: 0}")
    scenario(tmp_path, BRIEF, "other.yaml")
    file = scenario(tmp_path, "extends: base/tiny.yaml\nname: on top\n", "top.yaml")
    assert check(file).exit_code == 0


def test_another_seed_and_number_of_replications_are_those_of_the_file(tmp_path: Path) -> None:
    scenario(tmp_path, BRIEF.replace("seed: 7", "seed: 8").replace("ns: 3", "ns: 30"), "base.yaml")
    row = "{id: same, measure: output, versus: base.yaml, at_least: 0, at_most: 0}"
    done = check(expecting(tmp_path, row), "--json")
    assert done.exit_code == 0 and json.loads(done.stdout)["files"][0]["laws"]["replications"] == 6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "must be a file that exists"),
        (BRIEF.replace("6 d", "7 d"), "run.length must be"),
        ("name: [", "base.yaml:1"),
    ],
)
def test_another_scenario_that_cannot_be_compared_is_refused(
    tmp_path: Path, text: str | None, says: str
) -> None:
    if text is not None:
        scenario(tmp_path, text, "base.yaml")
    file = expecting(tmp_path, "{id: a, measure: output, versus: base.yaml, at_least: 0}")
    done = check(file)
    assert done.exit_code == 2 and says in done.stderr
    if text is None:
        assert f"{file}:" in done.stderr and "expect.a.versus" in done.stderr


def test_an_option_that_only_fits_one_of_the_two_names_the_other(tmp_path: Path) -> None:
    scenario(tmp_path, BRIEF.replace("lot: 10", "lot: 5"), "base.yaml")
    row = "{id: a, measure: output, versus: base.yaml, at_least: 0}"
    extra = (
        "responses: {}\nprofiles: {p: {kind: smoothstep, start: 1 d, from: 0, to: 1, over: 1 d}}\n"
    )
    file = expecting(tmp_path, row, text=BRIEF + extra)
    done = check(file, "--set", "profiles.p.to=0.5")
    assert done.exit_code == 2 and "base.yaml: --set" in done.stderr


def test_a_measure_that_the_other_has_not_is_inconclusive(tmp_path: Path) -> None:
    scenario(tmp_path, BRIEF, "base.yaml")
    row = "{id: a, measure: lost_area, versus: base.yaml, at_most: 1}"
    done = check(expecting(tmp_path, row, text=f"{BRIEF}resilience: {{fail: 1 d}}\n"))
    assert done.exit_code == 3 and "the other scenario has no such measure" in done.stdout


def test_the_twin_is_a_scenario_to_compare_with_too(tmp_path: Path) -> None:
    """Nothing strikes: the time to survive is censored, the recovery needs no time."""
    rows = (
        "{id: survives, measure: time_to_survive, at_most: 1 d}",
        "{id: recovers, measure: time_to_recover, at_most: 1 d}",
        "{id: lost, measure: lost_area, at_most: 0}",
    )
    file = expecting(tmp_path, *rows, text=f"{BRIEF}resilience: {{fail: 1 d}}\n")
    found = checks_of(check(file, "--json"))
    assert [found[key]["verdict"] for key in ("survives", "recovers", "lost")] == [
        "inconclusive", "pass", "pass",
    ]  # fmt: skip
    assert "beyond the end of the run" in found["survives"]["why"]


def test_another_unit_cannot_be_compared(tmp_path: Path) -> None:
    scenario(tmp_path, BRIEF.replace("car: {unit: vehicle}", "car: {unit: set}"), "base.yaml")
    rows = (
        "{id: a, measure: demanded, versus: base.yaml, at_least: 0}",
        "{id: b, measure: output, versus: base.yaml, at_least: 0}",
    )
    done = check(expecting(tmp_path, *rows))
    assert done.exit_code == 2
    assert "base.yaml: the file must have output in vehicles as the scenario" in done.stderr


# growing numbers of replications


def test_looks_add_replications_until_all_is_decided(tmp_path: Path) -> None:
    file = expecting(tmp_path, PASS, "{id: near, measure: demanded, at_least: 570}")
    done = check(file, "--sequential", "--at-most", 24, "--json")
    (found,) = json.loads(done.stdout)["files"]
    assert done.exit_code == 0 and len(found["looks"]) > 1
    sizes = [look["replications"] for look in found["looks"]]
    assert sizes == [3 * 2**k for k in range(len(sizes))]
    assert [look["alpha"] for look in found["looks"]] == pytest.approx(
        [0.05 / 2 ** (k + 1) for k in range(len(sizes))]
    )
    assert found["looks"][0]["decided"] == ["enough"]
    assert found["looks"][-1]["decided"] == ["near"]


def test_looks_give_up_at_most(tmp_path: Path) -> None:
    done = check(expecting(tmp_path, TIE), "--sequential", "--at-most", 7, "--json")
    (found,) = json.loads(done.stdout)["files"]
    assert done.exit_code == 3 and found["replications"] == 7
    assert [look["replications"] for look in found["looks"]] == [3, 6, 7]


def test_looks_give_the_values_of_one_long_run(tmp_path: Path) -> None:
    file = expecting(tmp_path, TIE)
    looks = checks_of(check(file, "--sequential", "--at-most", 6, "--json"))["tie"]
    whole = checks_of(check(file, "--replications", 6, "--json"))["tie"]
    assert (looks["mean"], looks["low"], looks["n"]) == (whole["mean"], whole["low"], 6)


# failures


def test_a_replication_that_fails_lets_nothing_pass(
    tmp_path: Path, broken: dict[int, Exception]
) -> None:
    broken[1] = LoopError(5, 1000, "")
    done = check(expecting(tmp_path, PASS), "--json")
    (found,) = json.loads(done.stdout)["files"]
    assert done.exit_code == 4 and found["verdict"] == "inconclusive"
    assert found["checks"][0]["why"] == "1 of 3 replications failed"
    assert found["errors"][0]["replication"] == 1 and "LoopError" in found["errors"][0]["error"]
    assert found["laws"]["verdict"] == "inconclusive"


def test_a_broken_law_fails_whatever_the_statistics_say(
    tmp_path: Path, broken: dict[int, Exception]
) -> None:
    broken[2] = LawError("stock balance", "maker/part", -1000)
    done = check(expecting(tmp_path, PASS))
    assert done.exit_code == 1
    assert "12 laws in 3 replications: BROKEN in 1" in done.stdout
    assert "replication 2 failed: LawError" in done.stdout


def test_a_failure_counts_more_than_a_failed_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate = readings.simulate

    def other_fails(network: CompiledNetwork, number: int) -> Trajectory:
        if network.name == "Other":
            raise LoopError(5, 1000, "")
        return simulate(network, number)

    monkeypatch.setattr(readings, "simulate", other_fails)
    other = expecting(tmp_path, PASS, name="b.yaml", text=BRIEF.replace("Tiny chain", "Other"))
    assert check(expecting(tmp_path, PASS), other).exit_code == 4
    assert check(expecting(tmp_path, TIE), other).exit_code == 4
    assert check(expecting(tmp_path, FAIL), other).exit_code == 1


def test_a_verdict_does_not_outlive_a_later_failure(
    tmp_path: Path, broken: dict[int, Exception]
) -> None:
    """The first look passes one check, the second has a replication that fails."""
    broken[4] = LoopError(5, 1000, "")
    done = check(expecting(tmp_path, PASS, TIE), "--sequential", "--at-most", 12, "--json")
    (found,) = json.loads(done.stdout)["files"]
    assert found["looks"][0]["decided"] == ["enough"] and len(found["looks"]) == 2
    assert [row["verdict"] for row in found["checks"]] == ["inconclusive"] * 2
    assert done.exit_code == 4


def test_what_cannot_be_run_at_all_stops_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate = readings.simulate

    def bug(network: CompiledNetwork, number: int) -> Trajectory:
        if network.name == "Tiny chain":
            raise KeyError("a bug")
        return simulate(network, number)

    monkeypatch.setattr(readings, "simulate", bug)
    first = expecting(tmp_path, PASS)
    second = expecting(tmp_path, PASS, name="b.yaml", text=BRIEF.replace("Tiny chain", "Other"))
    done = check(first, second, "--json")
    assert done.exit_code == 4 and "Traceback" in done.stderr
    broken_, fine = json.loads(done.stdout)["files"]
    assert broken_["error"] == "KeyError: 'a bug'" and broken_["verdict"] == "inconclusive"
    assert fine["verdict"] == "pass"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--at-most", 5], "--at-most must stand beside --sequential"),
        (["--sequential", "--update-baseline"], "must stand without --sequential"),
        (["--format", "html"], "must be one of text, json, junit, github, markdown"),
        (["--format", "junit:"], "must name a file after the colon"),
        (["--format", "junit:no/such/folder.xml"], "in a folder that can be written to"),
        (["--format", "json", "--json"], "must go to a place of its own"),
        (["--format", "text", "--format", "markdown"], "must go to a place of its own"),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path: Path, options: list[Any], says: str) -> None:
    done = check(expecting(tmp_path, PASS), *options)
    assert done.exit_code == 2 and says in done.stderr and done.stdout == ""


def test_a_baseline_belongs_to_one_file(tmp_path: Path) -> None:
    first, second = expecting(tmp_path, PASS), expecting(tmp_path, PASS, name="b.yaml")
    done = check(first, second, "--baseline", tmp_path / "x.json")
    assert done.exit_code == 2 and "beside one scenario" in done.stderr
