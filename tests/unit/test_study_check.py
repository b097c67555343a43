"""chainsim check of studies: ranks of drivers, bounds at every point, failures, formats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from click.testing import Result
from tests.unit.cli_support import call
from tests.unit.sweep_support import CHAIN, rows, study, swept

from chainsim.errors import LawError, LoopError
from chainsim.experiments import designs
from chainsim.experiments.gates import Claims, all_hold, of_few_rows, rank_claims
from chainsim.experiments.sensitivity.analysis import Plan, ranking_of
from chainsim.experiments.sensitivity.convergence import ranks_among
from chainsim.experiments.sensitivity.resampling import Bootstrap
from chainsim.experiments.sweeps import runs
from chainsim.experiments.sweeps.analysis import analysed
from chainsim.experiments.sweeps.answers import finished
from chainsim.experiments.sweeps.planning import planned
from chainsim.experiments.sweeps.store import reading
from chainsim.scenario.studies import load_study

STUDY = """\
name: What carries the small chain
base: chain.yaml
factors:
  - {assumed: [supplier.*, road.*]}
  - {parameter: maker.stock, whole: true}
design: {method: morris, trajectories: 8}
replications: 3
measures: [lost_area]
"""
FEW = """\
name: Two ends
base: {calm: chain.yaml, slow: chain.yaml}
factors: [{parameter: road.time, name: road}]
design: {method: one_at_a_time}
replications: 2
"""
LEADS = "{id: leads, measure: lost_area, driver: maker.stock, rank_at_most: 1}"
LAST = "{id: last, measure: lost_area, driver: supplier.cycle, rank_at_most: 1}"
HIGH = "{id: high, measure: output, at_least: 200}"
LOW = "{id: low, measure: output, at_most: 200 vehicles}"
Sweep = tuple[Path, Path]
"""A study, and the folder of its finished runs."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """The study of the small chain, run once for all tests; what it expects is changed by each."""
    folder = tmp_path_factory.mktemp("small")
    path = study(folder / "in", STUDY)
    swept(path, folder / "out")
    return path, folder / "out"


def expecting(small: Sweep, *expected: str, text: str = STUDY) -> Path:
    """The study with what it expects."""
    block = "".join(f"  - {row}\n" for row in expected)
    small[0].write_text(f"{text}expect:\n{block}" if expected else text, encoding="utf-8")
    return small[0]


def check(path: Path, out: Path, *options: Any) -> Result:
    return call("check", path, "--out", out, "-q", "--workers", 1, *options)


def judged(path: Path, out: Path, code: int) -> dict[str, Any]:
    """What the JSON says of one study."""
    done = check(path, out, "--json")
    assert done.exit_code == code, done.output
    whole = json.loads(done.stdout, parse_constant=lambda name: pytest.fail(name))
    (file,) = whole["files"]
    assert isinstance(file, dict) and file["exit_code"] == code
    return file


def verdicts(small: Sweep, code: int, *expected: str) -> dict[str, dict[str, Any]]:
    """The checks of the small study by id."""
    file = judged(expecting(small, *expected), small[1], code)
    return {row["id"]: row for row in file["checks"]}


# ranks


def test_a_driver_that_leads_passes_and_one_that_comes_last_fails(small: Sweep) -> None:
    """Of three factors the stock has the largest elementary effects on what a stop costs."""
    found = verdicts(small, 1, LEADS, LAST)
    assert {id_: row["verdict"] for id_, row in found.items()} == {"leads": "pass", "last": "fail"}
    leads, last = found["leads"], found["last"]
    assert (leads["kind"], leads["driver"], leads["at_most"]) == ("driver", "maker.stock", 1.0)
    assert (leads["mean"], leads["low"], leads["high"], leads["n"]) == (1, 1, 1, 8)
    assert last["mean"] == 3 and leads["p_outside"] <= 0.025 < leads["p_inside"]
    assert "100 % of resamples of 8 trajectories have it at rank 1 or better" in leads["why"]


def test_the_ranks_are_those_of_the_sensitivity_analysis(small: Sweep) -> None:
    drivers = ("maker.stock", "road.time", "supplier.cycle")
    expected = [
        f"{{id: d{k}, measure: lost_area, driver: {name}, rank_at_most: 1}}"
        for k, name in enumerate(drivers)
    ]
    found = verdicts(small, 1, *expected)
    ranks = {row["driver"]: row["mean"] for row in found.values()}
    with reading(small[1] / "study.sqlite") as store:
        (one,) = analysed(finished(planned(load_study(small[0])), store)).findings
    assert one.analysis is not None and one.analysis.ranking is not None
    assert ranks == {place.name: place.rank for place in one.analysis.ranking.places}


def test_a_measure_that_does_not_vary_has_no_drivers(small: Sweep) -> None:
    row = "{id: flat, measure: fill_rate, driver: road.time, rank_at_most: 1}"
    found = verdicts(small, 3, row)["flat"]
    assert found["verdict"] == "inconclusive" and "nothing to rank" in found["why"]
    assert found["mean"] is None


def test_a_driver_has_to_lead_in_every_base_scenario(tmp_path: Path) -> None:
    """In the other base the stop is over at once: there the stock has nothing to carry."""
    calm = CHAIN.replace("duration: 3 d", "duration: 1 min")
    text = STUDY.replace("base: chain.yaml", "base: {struck: chain.yaml, calm: calm.yaml}")
    text = text.replace("trajectories: 8", "trajectories: 7").replace("tions: 3", "tions: 2")
    path = study(tmp_path / "in", text)
    (tmp_path / "in" / "calm.yaml").write_text(calm, encoding="utf-8")
    swept(path, tmp_path / "out")
    small = (path, tmp_path / "out")
    file = judged(expecting(small, LEADS, text=text), tmp_path / "out", 3)
    (row,) = file["checks"]
    assert row["verdict"] == "inconclusive" and "calm" in row["why"]
    alone = text.replace("{struck: chain.yaml, calm: calm.yaml}", "{struck: chain.yaml}")
    assert judged(expecting(small, LEADS, text=alone), tmp_path / "out", 0)["points"] == 28


def test_two_drivers_that_are_alike_seldom_pass() -> None:
    """y = x1 x2 + x3 / 5 does not change if x1 and x2 change places: neither leads.

    Of 300 designs at most alpha / 2 = 2.5 % may say that one does; 5.2 % would be three standard
    errors more. Without the correction for few rows 5.3 % do.
    """
    wrong = 0
    for seed in range(300):
        places = designs.morris(8, ("a", "b", "c"), 4, seed)
        values = places[:, 0] * places[:, 1] + 0.2 * places[:, 2]
        plan = Plan("morris", ("a", "b", "c"), places)
        ranking = ranking_of(plan, values[:, None], Bootstrap(0.95, 1000, seed))
        assert ranking is not None
        worst = ranks_among(ranking, "a", ("b", "c"))[1]
        wrong += of_few_rows(rank_claims(worst, 1), 8).outside <= 0.025
    assert wrong / 300 <= 0.052


def test_few_rows_that_agree_prove_little() -> None:
    """Five rows agree by luck once in 32 times; with many rows nothing is taken off."""
    sure = Claims(inside=1.0, outside=1e-9)
    assert of_few_rows(sure, 5).outside >= 1 / 32 > 0.025
    many = of_few_rows(Claims(0.3, 0.02), 1_000_000)
    assert (many.inside, many.outside) == (pytest.approx(0.3, rel=1e-4), pytest.approx(0.02, 1e-4))
    assert all_hold([Claims(0.5, 0.1), Claims(0.1, 0.2)]) == Claims(inside=0.2, outside=0.2)


def test_ties_count_against_either_verdict() -> None:
    places = designs.morris(8, ("a", "b", "c"), 4, 1)
    values = places[:, 0] + places[:, 1]
    plan = Plan("morris", ("a", "b", "c"), places)
    ranking = ranking_of(plan, values[:, None], Bootstrap(0.95, 100, 1))
    assert ranking is not None
    best, worst = ranks_among(ranking, "c", ("a", "b"))
    assert set(best.tolist()) == set(worst.tolist()) == {3.0}
    best, worst = ranks_among(ranking, "a", ("b", "c"))
    assert (best <= worst).all() and (worst >= 1).all() and (worst <= 2).all()
    flat = ranking_of(plan, np.zeros((len(places), 1)), Bootstrap(0.95, 100, 1))
    assert flat is not None
    best, worst = ranks_among(flat, "a", ("b", "c"))
    assert set(best.tolist()) == {1.0} and set(worst.tolist()) == {3.0}


# bounds at every point


def means_by_point(out: Path) -> dict[int, list[float]]:
    """The output in all replications of every point, by the export."""
    found: dict[int, list[float]] = {}
    for row in rows(out):
        found.setdefault(int(row["point"]), []).append(float(row["output"]))
    return found


def test_bounds_hold_at_every_point_or_not(small: Sweep) -> None:
    found = verdicts(small, 1, HIGH, LOW)
    assert (found["high"]["verdict"], found["low"]["verdict"]) == ("pass", "fail")
    outputs = means_by_point(small[1])
    assert min(np.mean(values) for values in outputs.values()) > 200
    worst = found["high"]["worst"]
    assert found["high"]["mean"] == pytest.approx(np.mean(outputs[worst["point"]]))
    assert found["high"]["n"] == 3 and set(worst["values"]) <= {
        "maker.stock", "road.time", "supplier.cycle",
    }  # fmt: skip


def test_one_point_that_is_not_sure_leaves_all_open(small: Sweep) -> None:
    """A bound at the least of the means: most points are far inside, that one sits on it."""
    outputs = means_by_point(small[1])
    point, least = min(((k, np.mean(v)) for k, v in outputs.items()), key=lambda row: row[1])
    row = verdicts(small, 3, f"{{id: edge, measure: output, at_least: {float(least)}}}")["edge"]
    assert row["verdict"] == "inconclusive" and row["p_outside"] >= 0.5 - 1e-9
    assert row["worst"]["point"] == point
    text = check(small[0], small[1]).stdout
    assert f"worst at point {point} (" in text and " d" in text


def test_equal_values_at_one_of_many_points_are_not_exact(small: Sweep) -> None:
    """Of 30 points with three whole numbers each some are equal by chance: no bound is exact."""
    outputs = means_by_point(small[1])
    highest = max(np.mean(values) for values in outputs.values())
    row = f"{{id: near, measure: output, at_most: {float(highest) - 0.01}}}"
    found = verdicts(small, 3, row)["near"]
    assert found["verdict"] == "inconclusive"


def test_censored_times_prove_no_upper_bound(small: Sweep) -> None:
    """Where the chain survives to the end, it may have survived longer: it can only be more."""
    least = "{id: some, measure: time_to_survive, at_most: 1000 d}"
    found = verdicts(small, 3, least)["some"]
    assert found["verdict"] == "inconclusive" and "beyond the end of the run" in found["why"]


def test_one_replication_is_inconclusive(small: Sweep) -> None:
    done = check(expecting(small, HIGH), small[1], "--replications", 1)
    assert done.exit_code == 3 and "run two or more" in done.stdout


# runs that are missing, or failed


def test_runs_that_are_missing_are_asked_for(small: Sweep, tmp_path: Path) -> None:
    path = expecting(small, HIGH)
    done = check(path, small[1], "--replications", 4, "--set", "run.seed=8")
    assert done.exit_code == 2 and done.stdout == ""
    command = f"run chainsim sweep {path} --out {small[1]} --set run.seed=8 --replications 4"
    assert command in done.stderr
    done = check(path, tmp_path / "nowhere")
    assert done.exit_code == 2 and f"chainsim sweep {path} --out" in done.stderr
    assert not (tmp_path / "nowhere").exists()


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception]]:
    """What the second replication of every point fails with."""
    errors: list[Exception] = []
    simulate = runs.simulate

    def maybe(network: Any, number: int) -> Any:
        if errors and number == 1:
            raise errors[0]
        return simulate(network, number)

    monkeypatch.setattr(runs, "simulate", maybe)
    yield errors


def test_a_check_with_failed_runs_cannot_pass(tmp_path: Path, failing: list[Exception]) -> None:
    failing.append(LoopError(5, 9, "nobody"))
    path = study(tmp_path / "in", f"{FEW}expect:\n  - {HIGH}\n")
    swept(path, tmp_path / "out", code=4)
    file = judged(path, tmp_path / "out", 4)
    (row,) = file["checks"]
    assert (
        row["verdict"] == "inconclusive" and "1 of 2 replications failed at point 0" in row["why"]
    )
    assert (file["failed"], file["laws"]["verdict"]) == (6, "inconclusive")
    assert file["errors"][0]["of"].startswith("point 0 (calm")
    assert "LoopError: after 9 rounds" in file["errors"][0]["error"]


def test_a_broken_law_is_a_failure(tmp_path: Path, failing: list[Exception]) -> None:
    failing.append(LawError("stock balance", "part", 1))
    path = study(tmp_path / "in", f"{FEW}expect:\n  - {HIGH}\n")
    swept(path, tmp_path / "out", code=4)
    file = judged(path, tmp_path / "out", 1)
    assert file["laws"] | {"laws": []} == {
        "verdict": "fail", "laws": [], "replications": 12, "broken": 6,
    }  # fmt: skip
    text = check(path, tmp_path / "out").stdout
    assert "12 laws in 12 runs: BROKEN in 6" in text
    assert "replication 1 of point 0 (calm) failed: LawError" in text


# side by side, options, formats


def test_scenarios_and_studies_stand_side_by_side(small: Sweep) -> None:
    text = CHAIN.replace("length: 20 d", "length: 5 d") + f"expect:\n  - {LOW}\n"
    scenario = small[0].with_name("short.yaml")
    scenario.write_text(text.split("disruptions:")[0] + f"expect:\n  - {LOW}\n", encoding="utf-8")
    done = check(expecting(small, HIGH), small[1], scenario, "--json")
    assert done.exit_code == 0, done.output
    one, two = json.loads(done.stdout)["files"]
    assert one["study"] == "What carries the small chain" and two["scenario"] == "A small chain"
    common = {"file", "verdict", "exit_code", "failed", "error", "error_budget", "checks", "laws",
              "replications", "errors"}  # fmt: skip
    assert set(one) == common | {"study", "bases", "points", "store"}
    assert set(one) & set(two) == common
    assert set(one["checks"][0]) == set(two["checks"][0])


def test_a_study_that_expects_nothing_is_told(small: Sweep) -> None:
    done = call("check", expecting(small), "--out", small[1])
    assert done.exit_code == 0 and "expects nothing: only the laws are checked" in done.stderr


@pytest.mark.parametrize(
    "options", [["--sequential"], ["--baseline", "b.json"], ["--update-baseline"]]
)
def test_what_runs_or_renews_is_not_for_studies(small: Sweep, options: list[str]) -> None:
    done = check(expecting(small, HIGH), small[1], *options)
    assert done.exit_code == 2 and options[0] in done.stderr
    assert "judged from runs that are finished" in done.stderr


def test_every_format_tells_of_studies(small: Sweep, tmp_path: Path) -> None:
    path = expecting(small, LEADS, LAST)
    names = {name: tmp_path / name for name in ("text", "json", "junit", "markdown", "github")}
    options = [word for name, to in names.items() for word in ("--format", f"{name}:{to}")]
    assert check(path, small[1], *options).exit_code == 1
    said = {name: to.read_text("utf-8") for name, to in names.items()}
    suite = ET.fromstring(said["junit"]).find("testsuite")
    assert suite is not None and suite.get("failures") == "1"
    assert [case.get("name") for case in suite] == ["leads", "last", "laws"]
    assert json.loads(said["json"])["files"][0]["checks"][0]["verdict"] == "pass"
    line = path.read_text("utf-8").splitlines().index(f"  - {LAST}") + 1
    (command,) = said["github"].splitlines()
    assert command.startswith("::error file=") and f",line={line},col=" in command
    words = "rank of supplier.cycle among the drivers of lost_area"
    assert words in said["text"] and words in command and "| leads | " in said["markdown"]
    assert "30 points, 3 replications" in said["text"]


def test_another_bug_stops_no_other_file(small: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: Any) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("chainsim.experiments.sweeps.checking.at_every_point", bug)
    file = judged(expecting(small, HIGH), small[1], 4)
    assert "a bug" in file["error"] and file["checks"][0]["verdict"] == "inconclusive"
