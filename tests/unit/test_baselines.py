"""Committed baselines: written, compared with, renewed; stale, missing and corrupt ones."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tests.unit.check_support import BRIEF, FAIL, PASS, broken, check, checks_of, expecting
from tests.unit.cli_support import call

from chainsim.errors import LoopError
from chainsim.experiments.baseline import Baseline, baseline_path, facts_of, read_baseline, text_of
from chainsim.experiments.evidence import series_against_baseline
from chainsim.experiments.expectations import Stated
from chainsim.experiments.gates import claims_on, verdicts
from chainsim.experiments.readings import Reading
from chainsim.scenario.loading import load_scenario

__all__ = ["broken"]
NEAR = "{id: near, measure: output, within: 2 %}"
WEEKS = "{id: weeks, series: output, within: 5 %}"
LONG = BRIEF.replace("6 d", "20 d")
"""Two whole weeks and six days."""


def renewed(folder: Path, *rows: str, text: str = LONG) -> tuple[Path, Path]:
    """A scenario file with its baseline."""
    file = expecting(folder, *rows, text=text)
    done = check(file, "--update-baseline")
    assert done.exit_code == 0, done.stdout + done.stderr
    return file, baseline_path(file)


def edit(path: Path, change: Any) -> None:
    """Change the data of a baseline."""
    data = json.loads(path.read_text("utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")


def test_an_unchanged_model_passes_exactly(tmp_path: Path) -> None:
    file, path = renewed(tmp_path, NEAR, WEEKS, "{id: cover, measure: shortage.part, within: 1 %}")
    assert path == tmp_path / "baselines" / "tiny.baseline.json"
    done = check(file, "--json")
    assert done.exit_code == 0
    rows = checks_of(done)
    assert {row["mean"] for row in rows.values()} == {0.0}
    assert rows["weeks"]["weeks"]["leaving"] == 0 and len(rows["weeks"]["weeks"]["rows"]) == 3
    assert [row["week"] for row in rows["weeks"]["weeks"]["rows"]] == [
        "2022-01-03", "2022-01-10", "2022-01-17",
    ]  # fmt: skip


def test_the_same_run_writes_the_same_bytes(tmp_path: Path) -> None:
    file, path = renewed(tmp_path, NEAR)
    before = path.read_bytes()
    done = check(file, "--update-baseline")
    assert path.read_bytes() == before and "as it was" in done.stdout
    assert b"2026" not in before and b"\r" not in before and before.endswith(b"}\n")
    assert not list(path.parent.glob(".*"))
    assert text_of(read_baseline(path)).encode() == before


def test_a_baseline_has_what_its_numbers_depend_on(tmp_path: Path) -> None:
    _, path = renewed(tmp_path, NEAR)
    data = json.loads(path.read_text("utf-8"))
    assert data["schema"] == "chainsim/baseline/1"
    assert (data["seed"], data["replications"]) == (7, 3)
    assert data["blocks"]["run.length"] == "20 d"
    output = data["measures"]["output"]
    assert output["unit"] == "vehicles" and len(output["values"]) == 3
    rows = np.array(data["series"]["output"]["values"])
    assert rows.shape == (3, 3) and rows.sum(axis=1) == pytest.approx(output["values"])
    delivered = np.array(data["series"]["delivered"]["values"])
    assert delivered.sum(axis=1) == pytest.approx(data["measures"]["delivered"]["values"])


def test_an_update_shows_what_changed(tmp_path: Path) -> None:
    file, path = renewed(tmp_path, NEAR)
    before = json.loads(path.read_text("utf-8"))["measures"]["demanded"]["values"]
    file.write_text(file.read_text("utf-8").replace("100 /d", "110 /d"), encoding="utf-8")
    done = check(file, "--update-baseline")
    after = json.loads(path.read_text("utf-8"))["measures"]["demanded"]["values"]
    assert np.mean(after) > np.mean(before)
    line = next(line for line in done.stdout.splitlines() if line.startswith("demanded "))
    assert f"{np.mean(before):,.0f}" in line and f"{np.mean(after):,.0f}" in line
    assert "sites.maker.demand: " in done.stdout or "sites.maker.demand changed" in done.stdout
    edit(path, lambda data: data["measures"].pop("output"))
    found = json.loads(check(file, "--update-baseline", "--json").stdout)["files"][0]["renewed"]
    assert [(row["name"], row["old"]) for row in found["means"]] == [("output", None)]


def test_a_named_file_is_used_instead(tmp_path: Path) -> None:
    file, other = expecting(tmp_path, NEAR), tmp_path / "deep" / "mine.json"
    assert check(file, "--update-baseline", "--baseline", other).exit_code == 0
    assert other.exists() and not baseline_path(file).exists()
    assert check(file, "--baseline", other).exit_code == 0
    assert check(file).exit_code == 2


def test_a_missing_baseline_is_told_with_the_remedy(tmp_path: Path) -> None:
    file = expecting(tmp_path, PASS, NEAR)
    done = check(file)
    assert done.exit_code == 2 and f"{file}:" in done.stderr
    assert "expect.near must have a baseline" in done.stderr
    assert f"chainsim check --update-baseline {file}" in done.stderr


def test_a_stale_baseline_names_what_differs(tmp_path: Path) -> None:
    file, path = renewed(tmp_path, NEAR)
    done = check(file, "--set", "sites.maker.demand.car.rate=110 /d", "--seed", 8)
    assert done.exit_code == 2
    assert f"{path}: the file must be that of the scenario as it is now" in done.stderr
    assert "--update-baseline" in done.stderr
    assert "run.seed must be 7 as in the baseline, got 8" in done.stderr
    assert "sites.maker.demand must be" in done.stderr


def test_a_changed_parameter_is_named_with_both_values(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(
        "name,value,unit,low,high,kind,source,note\n"
        + "".join(f"p{k:02},{k},,0,99,assumed,,a guess\n" for k in range(1, 16)),
        encoding="utf-8",
    )
    text = "parameter_tables: table.csv\n" + LONG.replace(
        "initial: 300}, raw", "initial: '= p05'}, raw"
    )
    file, _ = renewed(tmp_path, NEAR, text=text)
    one = check(file, "--set", "parameters.p05=7")
    assert "parameters.p05 must be 5 as in the baseline, got 7" in one.stderr
    file.write_text(
        file.read_text("utf-8").replace("= p05", "= p04")
        + "parameters: {"
        + ", ".join(f"p{k:02}: {k + 20}" for k in range(1, 14))
        + "}\n",
        encoding="utf-8",
    )
    many = check(file).stderr.splitlines()
    assert len(many) == 12 and many[-1].endswith("more differ")  # a head, ten, and the rest
    assert "parameters.p10 must be 10 as in the baseline, got 30" in many[10]


def test_replications_and_confidence_make_no_baseline_stale(tmp_path: Path) -> None:
    file, _ = renewed(tmp_path, NEAR)
    for option in (["--replications", 2], ["--set", "run.confidence=0.9"]):
        assert check(file, *option).exit_code == 0
    more = checks_of(check(file, "--replications", 5, "--json"))["near"]
    assert more["n"] == 3  # pairs end where the baseline ends


def test_what_is_expected_without_a_baseline_does_not_read_it(tmp_path: Path) -> None:
    file = expecting(tmp_path, PASS)
    baseline_path(file).parent.mkdir()
    baseline_path(file).write_text("nonsense", encoding="utf-8")
    assert check(file).exit_code == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must be a baseline"),
        ("{", "must be a baseline"),
        ("[]", "must be a baseline"),
        ("[" * 100_000, "must be a baseline"),
        ('{"schema": "chainsim/baseline/1"}', "Field required"),
        ("\x00", "must be a baseline"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused(tmp_path: Path, text: str, says: str) -> None:
    file = expecting(tmp_path, NEAR)
    path = baseline_path(file)
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    done = check(file)
    assert done.exit_code == 2 and f"{path}: the file" in done.stderr and says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(schema="chainsim/baseline/9"), "its schema is 'chainsim/baseline/9'"),
        (lambda d: d["measures"]["output"]["values"].pop(), "2 values of output in 3"),
        (lambda d: d["series"]["output"]["values"][0].pop(), "series output are not alike"),
        (lambda d: d["measures"]["output"].update(values=["a", 1, 2]), "should be a valid number"),
        (lambda d: d["measures"]["output"].update(values=[float("nan")] * 3), "finite number"),
        (lambda d: d.update(replications="3"), "should be a valid integer"),
        (lambda d: d.update(extra=1), "Extra inputs"),
        (lambda d: d["measures"].pop("output"), "must have 'output'"),
        (lambda d: d["series"].pop("output"), "must have 'output'"),
        (lambda d: [row.pop() for row in d["series"]["output"]["values"]], "must have 3 weeks"),
    ],
)
def test_a_baseline_that_was_damaged_is_refused(tmp_path: Path, change: Any, says: str) -> None:
    file, path = renewed(tmp_path, NEAR, WEEKS)
    edit(path, change)
    done = check(file)
    assert done.exit_code == 2 and says in done.stderr, done.stderr


def test_a_corrupt_baseline_can_be_renewed(tmp_path: Path) -> None:
    file, path = renewed(tmp_path, NEAR)
    path.write_text("nonsense", encoding="utf-8")
    assert check(file, "--update-baseline").exit_code == 0
    assert check(file).exit_code == 0


def test_a_shifted_model_fails_and_names_the_weeks(tmp_path: Path) -> None:
    """What the model gives moves against the baseline: 10 % more, and one week apart."""
    file, path = renewed(tmp_path, NEAR, WEEKS)

    def shift(data: Any) -> None:
        values = data["measures"]["output"]["values"]
        data["measures"]["output"]["values"] = [1.1 * v + k for k, v in enumerate(values)]
        for k, row in enumerate(data["series"]["output"]["values"]):
            row[1] += 300 + k

    edit(path, shift)
    done = check(file, "--json")
    rows = checks_of(done)
    assert done.exit_code == 1
    assert [row["verdict"] for row in rows.values()] == ["fail", "fail"]
    weeks = rows["weeks"]["weeks"]
    assert (weeks["leaving"], weeks["first"], weeks["worst"]) == (1, "2022-01-10", "2022-01-10")
    assert weeks["rows"][1]["difference"] == pytest.approx(-301)
    assert "1 of 3 weeks not within: the first begins 2022-01-10 (-301)" in check(file).stdout


def test_the_band_covers_all_weeks_at_once() -> None:
    """Bonferroni over the weeks, against scipy: confidence 1 - 0.05 / 4 for four weeks."""
    generator = np.random.default_rng(1)
    ours, theirs = generator.normal(100, 5, (6, 4)), generator.normal(100, 5, (6, 4))
    found = [Reading(k, weeks={"output": tuple(row)}) for k, row in enumerate(ours.tolist())]
    series = {"unit": "cars", "values": theirs.tolist()}
    whole = Baseline.model_validate_json(
        json.dumps(
            {
                "schema": "chainsim/baseline/1", "scenario": "x", "chainsim": "0", "seed": 1,
                "fingerprint": "", "replications": 6, "parameters": {}, "blocks": {},
                "measures": {}, "series": {"output": series},
            }
        )
    )  # fmt: skip
    expected = Stated("a", "series", "output", "cars", -0.1, 0.1, relative=True)
    evidence = series_against_baseline(expected, found, whole, 0.95, dt.date(2022, 1, 3))
    assert evidence.weeks is not None
    assert evidence.weeks.margin == pytest.approx(0.1 * theirs.mean())
    for k, week in enumerate(evidence.weeks.rows):
        interval = stats.ttest_rel(ours[:, k], theirs[:, k]).confidence_interval(1 - 0.05 / 4)
        assert week.half_width is not None
        assert week.difference - week.half_width == pytest.approx(interval.low)
        assert week.difference + week.half_width == pytest.approx(interval.high)
    assert len(evidence.rooms) == 8
    assert verdicts([claims_on(evidence.rooms)], 0.05) == ("inconclusive",)


def test_more_replications_than_the_baseline_has_decide_nothing_more(tmp_path: Path) -> None:
    file, path = renewed(tmp_path, "{id: near, measure: delay, within: 0.1 d}")

    def scatter(data: Any) -> None:
        values = data["measures"]["delay"]["values"]
        data["measures"]["delay"]["values"] = [
            v + d for v, d in zip(values, (0.0, 0.09, -0.09), strict=True)
        ]

    edit(path, scatter)
    done = check(file, "--sequential", "--json")
    (found,) = json.loads(done.stdout)["files"]
    assert done.exit_code == 3 and found["replications"] == 3
    assert "the baseline has 3: renew it with" in found["checks"][0]["why"]


def test_no_baseline_is_written_from_a_failed_replication(
    tmp_path: Path, broken: dict[int, Exception]
) -> None:
    file, path = renewed(tmp_path, NEAR)
    before = path.read_bytes()
    broken[1] = LoopError(5, 1000, "")
    done = check(file, "--update-baseline")
    assert done.exit_code == 4 and path.read_bytes() == before


def test_other_checks_are_judged_while_a_baseline_is_renewed(tmp_path: Path) -> None:
    file = expecting(tmp_path, NEAR, FAIL)
    assert check(file, "--update-baseline").exit_code == 1
    assert baseline_path(file).exists()


def test_a_baseline_that_cannot_be_written_is_a_failed_run(tmp_path: Path) -> None:
    file = expecting(tmp_path, NEAR)
    (tmp_path / "baselines").write_text("a file in the place of the folder", encoding="utf-8")
    done = check(file, "--update-baseline")
    assert done.exit_code == 4 and "Traceback" not in done.stderr
    assert os.listdir(tmp_path) and not list(tmp_path.glob(".*"))


def test_facts_leave_out_what_changes_no_replication(tmp_path: Path) -> None:
    file = expecting(tmp_path, NEAR)
    one = facts_of(load_scenario(file))
    same = facts_of(load_scenario(file, ["run.replications=9", "run.seed=3", "name=x"]))
    assert one == same
    assert one != facts_of(load_scenario(file, ["items.car.quantum=0.5"]))


def test_no_baseline_is_written_where_none_is_needed(tmp_path: Path) -> None:
    file = expecting(tmp_path, PASS)
    done = call("check", file, "--update-baseline", "--workers", 1)
    assert done.exit_code == 0 and "expects nothing of a baseline" in done.stderr
    assert not baseline_path(file).exists()
    assert check(file, "--update-baseline", "--baseline", tmp_path / "b.json").exit_code == 0
    assert read_baseline(tmp_path / "b.json").replications == 3


def test_a_warm_up_that_is_found_makes_no_baseline_stale(tmp_path: Path) -> None:
    text = LONG.replace("20 d", "60 d, warm_up: mser5")
    file, path = renewed(tmp_path, NEAR, WEEKS, text=text)
    assert "mser5" in path.read_text("utf-8")
    done = check(file, "--json")
    assert done.exit_code == 0 and checks_of(done)["weeks"]["mean"] == 0

    def cut(data: Any) -> None:
        for row in data["series"]["output"]["values"]:
            row.pop()

    edit(path, cut)
    done = check(file)
    assert done.exit_code == 3 and "weeks, the run" in done.stdout


def test_a_censored_time_of_an_unchanged_model_passes(tmp_path: Path) -> None:
    """Nothing strikes in either: what was watched is the same."""
    rows = ("{id: same, measure: time_to_survive, within: 1 d}",)
    file, path = renewed(tmp_path, *rows, text=f"{LONG}resilience: {{fail: 1 d}}\n")
    assert json.loads(path.read_text("utf-8"))["measures"]["time_to_survive"]["censored"] == [
        0,
        1,
        2,
    ]
    done = check(file, "--json")
    assert done.exit_code == 0
    assert "what both were watched for" in checks_of(done)["same"]["why"]


def test_a_replication_that_fails_beyond_the_baseline_counts_too(
    tmp_path: Path, broken: dict[int, Exception]
) -> None:
    file, _ = renewed(tmp_path, NEAR, WEEKS)
    broken[4] = LoopError(5, 1000, "")
    done = check(file, "--replications", 5, "--json")
    assert done.exit_code == 4
    assert {row["verdict"] for row in checks_of(done).values()} == {"inconclusive"}
