"""The example for continuous integration: the command of its workflow passes, and would fail."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from tests.unit.cli_support import ROOT, call

from chainsim.experiments.baseline import read_baseline
from chainsim.experiments.staleness import check_baseline
from chainsim.network.compiling import compile_network
from chainsim.scenario.loading import load_scenario

EXAMPLE = ROOT / "examples" / "ci"
STUDY = "examples/ci/workshop_study.yaml"


def steps() -> list[dict[str, Any]]:
    """The steps of the workflow."""
    workflow = yaml.safe_load((EXAMPLE / "github-workflow.yml").read_text("utf-8"))
    found: list[dict[str, Any]] = workflow["jobs"]["check"]["steps"]
    return found


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example in a repository of its own."""
    shutil.copytree(EXAMPLE, tmp_path / "examples" / "ci")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_of_the_workflow_passes(copied: Path) -> None:
    sweep, check = (
        shlex.split(step["run"])[1:]
        for step in steps()
        if step.get("run", "").startswith("chainsim ")
    )
    assert (sweep[0], check[0]) == ("sweep", "check")
    assert STUDY in sweep and STUDY in check
    quick = [word for word in check if word != STUDY]  # the study is run where all is run: .ci/run
    done = call(*quick, "--replications", 4, "--workers", 1, "-q")
    assert done.exit_code == 0, done.stdout + done.stderr
    root = ET.parse(copied / "check.xml").getroot()
    assert (root.get("failures"), root.get("errors"), len(root)) == ("0", "0", 2)
    assert (copied / "check.json").stat().st_size > 1000


def test_the_study_asks_for_its_sweep_and_expects_a_driver(copied: Path) -> None:
    done = call("sweep", STUDY, "--replications", 1, "--dry-run", "-q")
    assert done.exit_code == 0, done.stderr
    done = call("check", STUDY, "-q")
    assert done.exit_code == 2 and f"run chainsim sweep {STUDY}" in done.stderr
    expected = yaml.safe_load((copied / STUDY).read_text("utf-8"))["expect"]
    assert [row.get("driver") for row in expected] == ["power_cut", None]


def test_a_change_of_the_scenario_makes_its_baseline_stale(copied: Path) -> None:
    file = copied / "examples" / "ci" / "workshop.yaml"
    file.write_text(file.read_text("utf-8").replace("duration: 7 d", "duration: 9 d"), "utf-8")
    done = call("check", file, "-q")
    assert done.exit_code == 2
    assert f"{file}:" in done.stderr
    assert "disruptions.power_cut.duration must be 7 d as in the baseline" in done.stderr


def test_the_committed_baseline_is_that_of_the_scenario() -> None:
    file = EXAMPLE / "workshop.yaml"
    path = EXAMPLE / "baselines" / "workshop.baseline.json"
    scenario = load_scenario(file)
    found = read_baseline(path)
    check_baseline(found, path, scenario, compile_network(scenario), ())
    assert found.replications == scenario.document.run.replications
