"""What result folders, tables and pages say by calendar year."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.unit.cli_support import TINY, call, scenario

from chainsim import load_scenario
from chainsim.experiments.runs import Run, prepare, run
from chainsim.report.sheets import run_sheets
from chainsim.report.year_view import year_sheets

TEXT = (
    TINY.split("disruptions:")[0].replace("2022-01-03, length: 40 d", "2021-12-01, end: 2023-02-01")
    + "national:\n  item: car\n  output: {2022: 1000000}\n  low: {2022: 800000}\n"
    + "  high: {2022: 1250000}\n"
)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Fourteen months: a whole year between two months."""
    return run(prepare(load_scenario(scenario(tmp_path_factory.mktemp("run"), TEXT))))


def test_the_table_of_years_marks_parts(done: Run) -> None:
    years, share, used = year_sheets(done)
    rows = {row[0]: dict(zip(years.columns, row, strict=True)) for row in years.rows}
    assert list(rows) == ["(2021)", "2022", "(2023)"]
    assert {row["growth"] for row in rows.values()} == {"-"}
    assert "brackets" in years.note
    assert list(years.columns)[4:] == ["demanded", "delivered", "backlog end", "peak backlog"]
    assert [row[:2] for row in used.rows] == [
        ("upstream", "all"), ("upstream", "make"), ("midstream", "all"), ("midstream", "line")
    ]  # fmt: skip
    assert "chance" in share.note and "assumption" in share.note


def test_chance_and_assumption_stand_apart(done: Run) -> None:
    """The interval is around the middle path; the range is output over 1.25 and 0.8 million."""
    _, share, _ = year_sheets(done)
    (year, whole) = share.rows
    assert (year[0], whole[0]) == ("2022", "whole years")
    assert year[1:] == whole[1:]
    output = done.years[1].measures["output"]
    assert output.mean and output.low
    assert year[1] == f"{output.mean / 1e4:.2f} %"
    assert year[2].startswith(f"{output.low / 1e4:.2f} %")
    assert year[3] == f"{output.mean / 1.25e4:.2f} % to {output.mean / 0.8e4:.2f} %"


def test_a_run_within_a_year_has_no_table_of_years(tmp_path: Path) -> None:
    quick = TINY.replace("40 d", "6 d").split("disruptions:")[0]
    found = run(prepare(load_scenario(scenario(tmp_path, quick))))
    assert year_sheets(found) == []
    assert [one.year.whole for one in found.years] == [False]
    assert len(run_sheets(found)) == 2


def test_files_say_the_same_as_the_run(
    tmp_path: Path, done: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainsim.report.folder.pictures", lambda run: ())
    file = scenario(tmp_path, TEXT)
    printed = call("run", file, "--workers", 1, "--out", tmp_path / "out")
    assert printed.exit_code == 0
    folder = tmp_path / "out" / "tiny"
    assert "By calendar year [vehicles]" in printed.stdout
    assert "Share of national output" in (folder / "report.html").read_text()
    assert load_scenario(folder / "scenario.yaml").document == load_scenario(file).document
    summary = json.loads((folder / "summary.json").read_text())["years"]
    assert list(summary) == ["2021", "2022", "2023"]
    assert (summary["2021"]["from"], summary["2021"]["whole"]) == ("2021-12-01", False)
    rows = list(csv.DictReader((folder / "years.csv").read_text().splitlines()))
    for one in done.years:
        own = summary[str(one.year.year)]
        for name, found in one.measures.items():
            assert own["measures"][name]["mean"] == pytest.approx(found.mean)
        wanted = (str(one.year.year), "midstream", "line")
        (line,) = [r for r in rows if (r["year"], r["stage"], r["servers"]) == wanted]
        mean = one.utilisation["midstream", "line"].mean
        assert float(line["mean"]) == pytest.approx(mean)
        assert own["utilisation"]["midstream"]["servers"]["line"]["mean"] == pytest.approx(mean)
        assert own["utilisation"]["midstream"]["all"]["mean"] == pytest.approx(mean)
