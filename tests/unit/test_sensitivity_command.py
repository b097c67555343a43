"""`chainsim sensitivity`: from a finished sweep to sentences, tables, figures, a page and JSON."""

from __future__ import annotations

import csv
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.unit.cli_support import call
from tests.unit.sweep_support import study, swept

EVERY = """\
name: Every design
base: chain.yaml
factors:
  - {parameter: maker.stock, whole: true}
  - {path: disruptions.stop.duration, low: 1 d, high: 9 d, name: outage}
  - {parameter: road.time, group: roads}
  - {parameter: supplier.cycle, group: roads}
  - {path: disruptions.stop.effect.capacity, values: [0, 0.5], name: left}
  - {path: disruptions.stop.target.site, values: [supplier, maker], name: node}
design:
  - {method: one_at_a_time, factors: [maker.stock, outage]}
  - {method: morris, trajectories: 4, factors: [maker.stock, roads]}
  - {method: sobol, n: 2, factors: [maker.stock, outage]}
  - {method: latin_hypercube, n: 20, factors: [maker.stock, outage]}
  - {method: grid, levels: 2, factors: [outage, node]}
  - {method: list, file: points.csv}
  - {method: base}
replications: 2
measures: [peak_shortfall]
targets:
  - {measure: peak_shortfall, at_most: 60}
"""
LIST = "outage,left,node\n2 d,0,supplier\n8 d,0.5,maker\n"


def asked(folder: Path, *options: Any, code: int = 0) -> Any:
    """What the command says about the study in a folder."""
    found = call("sensitivity", folder / "study.yaml", "--out", folder / "out", *options)
    assert found.exit_code == code, found.output
    return found


def analysed(folder: Path) -> dict[str, Any]:
    """The object that the command wrote."""
    text = (results(folder) / "summary.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the finished sweep of every design, and its analysis."""
    folder = tmp_path_factory.mktemp("every")
    path = study(folder, EVERY)
    (folder / "points.csv").write_text(LIST, encoding="utf-8")
    swept(path, folder / "out", "-q")
    (folder / "said.txt").write_text(asked(folder).stdout, encoding="utf-8")
    return folder


def results(folder: Path) -> Path:
    return folder / "out" / "study_sensitivity"


def test_every_design_is_analysed_as_it_allows(every: Path) -> None:
    found = analysed(every)
    assert (found["schema"], found["study"]) == ("chainsim/sensitivity/1", "Every design")
    assert (found["failed"], found["errors"]) == (0, {})
    by_design = {one["design"]: one["analysis"] for one in found["analyses"]}
    assert {design: one and one["method"] for design, one in by_design.items()} == {
        "one_at_a_time": "one_at_a_time", "morris": "morris", "sobol": "sobol",
        "latin_hypercube": "sample", "grid": None, "list": "sample", "base": None,
    }  # fmt: skip
    assert by_design["list"]["reason"] == "2 points have all their values, and 20 are needed"
    assert [row["factor"] for row in by_design["morris"]["factors"]] == ["maker.stock", "roads"]
    kinds = {row["factor"]: row["evidence"] for row in by_design["one_at_a_time"]["factors"]}
    assert kinds == {"maker.stock": "assumed", "outage": "chosen"}
    dummy = by_design["sobol"]["factors"][-1]
    assert (dummy["factor"], dummy["raw_total"]) == ("(dummy)", 0)


def test_what_is_printed_is_what_is_in_the_object(every: Path) -> None:
    said = (every / "said.txt").read_text(encoding="utf-8")
    for one in analysed(every)["analyses"]:
        for sentence in one["analysis"]["sentences"] if one["analysis"] else []:
            assert sentence in said
    assert "(base, morris)" in said and "Targets" in said


def test_where_a_target_is_missed_is_in_the_units_of_the_factors(every: Path) -> None:
    (target,) = next(
        one["targets"] for one in analysed(every)["analyses"]
        if one["design"] == "latin_hypercube"
    )  # fmt: skip
    assert (target["at_least"], target["at_most"], target["points"]) == (None, 60, 20)
    (limit,) = [one for one in target["box"]["limits"] if one["name"] == "outage"]
    assert limit["unit"] == "d" and 3 < limit["low"] < 9 and limit["high"] is None
    assert f"outage is at least {limit['low']:.4g} d" in (every / "said.txt").read_text("utf-8")


def test_the_folder_has_figures_tables_and_a_page(every: Path) -> None:
    folder = results(every)
    assert {path.name for path in folder.iterdir()} == {
        "summary.json", "factors.csv", "points.csv", "figures", "report.html", "provenance.json"
    }  # fmt: skip
    stems = {path.stem for path in (folder / "figures").glob("*.svg")}
    for name in ("tornado_base_1", "screening_base_2", "indices_base_3", "sample_base_4",
                 "parallel_base_4", "scatter_base_4", "map_base_5"):  # fmt: skip
        assert f"{name}_peak_shortfall" in stems, name
    for stem in stems:
        assert (folder / "figures" / f"{stem}.png").exists()
        with (folder / "figures" / f"{stem}.csv").open(encoding="utf-8", newline="") as file:
            assert len(list(csv.reader(file))) > 1


def test_means_at_points_are_those_of_the_runs(every: Path) -> None:
    with (results(every) / "points.csv").open(encoding="utf-8", newline="") as file:
        points = list(csv.DictReader(file))
    exported = call("export", every / "out").stdout
    runs = list(csv.DictReader(exported.splitlines()))
    for point in points:
        own = [float(r["peak_shortfall"]) for r in runs if r["point"] == point["point"]]
        assert float(point["peak_shortfall"]) == pytest.approx(sum(own) / len(own))
        assert int(point["peak_shortfall n"]) == len(own) == 2


def test_again_it_prints_the_object_and_writes_the_same_files(every: Path) -> None:
    before = {p.name: p.read_bytes() for p in (results(every) / "figures").iterdir()}
    summary = analysed(every)
    printed = json.loads(asked(every, "--json", "-q").stdout)
    assert printed.pop("out") == str(results(every))
    assert printed == summary == analysed(every)
    assert {p.name: p.read_bytes() for p in (results(every) / "figures").iterdir()} == before


# ---- what can be wrong

SMALL = """\
name: Small
base: chain.yaml
factors: [{parameter: maker.stock}, {parameter: road.time}]
design: {method: one_at_a_time}
replications: 2
measures: [output]
"""


def test_a_time_beyond_the_end_is_cut_and_said(tmp_path: Path) -> None:
    """Nine days of outage in a run of twenty: recovery is not seen, and not forgotten."""
    text = SMALL.replace(
        "{parameter: road.time}", "{path: disruptions.stop.duration, low: 1 d, high: 9 d}"
    ).replace("[output]", "[time_to_recover]")
    swept(study(tmp_path, text), tmp_path / "out", "-q")
    said = asked(tmp_path).stdout
    (one,) = analysed(tmp_path)["analyses"]
    assert one["censored"] == 2
    assert "time to recover is longer than what was followed in 2 of 10 runs (at 1 point)" in said
    rows = {row["factor"]: row for row in one["analysis"]["factors"]}
    assert rows["disruptions.stop.duration"]["left_out"] == 0


def test_a_sweep_that_is_not_finished_is_told_how_to_go_on(tmp_path: Path) -> None:
    swept(study(tmp_path, SMALL), tmp_path / "out", "--shard", "1/2", "-q")
    (part,) = (tmp_path / "out").glob("*.sqlite")
    shutil.copy(part, tmp_path / "out" / "study.sqlite")
    found = asked(tmp_path, code=2)
    assert "must hold all 10 runs of the study" in found.stderr
    assert "chainsim sweep" in found.stderr and "Traceback" not in found.output
    assert not results(tmp_path).exists()


def test_a_study_that_was_never_run_is_told_how_to_begin(tmp_path: Path) -> None:
    study(tmp_path, SMALL)
    found = asked(tmp_path, code=2)
    assert "study.sqlite" in found.stderr and "Traceback" not in found.output
    assert not results(tmp_path).exists()


def test_runs_that_failed_are_counted_and_never_averaged(tmp_path: Path) -> None:
    text = SMALL.replace(
        "{parameter: road.time}", "{path: run.warm_up, values: [0 d, mser5], name: warm_up}"
    )
    swept(study(tmp_path, text), tmp_path / "out", "-q", code=4)
    assert "warm_up" in asked(tmp_path).stdout
    found = analysed(tmp_path)
    assert found["failed"] == 2 and len(found["errors"]) == 2
    (one,) = found["analyses"]
    assert one["failed"] == 2
    rows = {row["factor"]: row for row in one["analysis"]["factors"]}
    assert rows["warm_up"]["change_high"] is None and rows["warm_up"]["change_low"] == 0
    assert rows["warm_up"]["left_out"] == 2 and rows["maker.stock"]["left_out"] == 0
    page = (results(tmp_path) / "report.html").read_text(encoding="utf-8")
    assert "2 runs failed" in page


class _Tags(HTMLParser):
    """The names of all tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)


def test_hostile_names_stay_text_wherever_they_are_shown(tmp_path: Path) -> None:
    evil = "<blink>$x_1$ =cmd()"
    text = SMALL.replace("name: Small", f"name: '{evil}'").replace(
        "{parameter: road.time}", f"{{parameter: road.time, name: '{evil} ../../x'}}"
    )
    swept(study(tmp_path, text), tmp_path / "out", "-q")
    found = asked(tmp_path)
    assert evil in found.stdout
    tags = _Tags()
    tags.feed((results(tmp_path) / "report.html").read_text(encoding="utf-8"))
    assert "blink" not in tags.found
    for path in (results(tmp_path) / "figures").glob("*.svg"):
        root = ElementTree.fromstring(path.read_bytes())
        assert not [one for one in root.iter() if str(one.tag).endswith("blink")]
    assert sorted(p.name for p in (tmp_path / "out").iterdir() if not p.name.startswith(".")) == [
        "study.sqlite", "study_sensitivity"
    ]  # fmt: skip
