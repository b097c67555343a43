"""The scenarios and studies that README and docs show can be loaded as they stand."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from chainsim.experiments.sweeps.planning import planned
from chainsim.scenario.loading import load_scenario
from chainsim.scenario.studies import load_study

PAGES = [Path("README.md"), *sorted(Path("docs").glob("*.md"))]
SHOWN = [
    (page, text)
    for page in PAGES
    for text in re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    if (base := re.search(r"^extends: (\S+)", text, re.MULTILINE))
    and Path("scenarios", base[1]).exists()
]
"""Pages that show a chain of nobody's extend a file that does not exist."""


@pytest.mark.parametrize(("page", "text"), SHOWN, ids=[page.stem for page, _ in SHOWN])
def test_a_scenario_that_a_page_shows_is_right(page: Path, text: str, tmp_path: Path) -> None:
    shutil.copytree("scenarios", tmp_path / "scenarios")
    shown = tmp_path / "scenarios" / "shown.yaml"
    shown.write_text(text, encoding="utf-8")
    assert load_scenario(shown).warnings == ()


def test_pages_show_scenarios() -> None:
    assert {"README", "responses", "investments"} <= {page.stem for page, _ in SHOWN}


STUDIES = [
    (page, text)
    for page in PAGES
    for text in re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    if re.search(r"^base: \S", text, re.MULTILINE) and "factors:" in text
]


@pytest.mark.parametrize(("page", "text"), STUDIES, ids=[page.stem for page, _ in STUDIES])
def test_a_study_that_a_page_shows_is_right(page: Path, text: str, tmp_path: Path) -> None:
    shutil.copytree("scenarios", tmp_path / "scenarios")
    shown = tmp_path / "scenarios" / "studies" / "shown.yaml"
    shown.write_text(text, encoding="utf-8")
    plan = planned(load_study(shown))
    assert len(plan.tasks) <= plan.study.document.budget.runs


@pytest.mark.parametrize("file", sorted(Path("scenarios/studies").glob("*.yaml")), ids=str)
def test_the_studies_that_come_with_the_scenarios_are_right(file: Path) -> None:
    plan = planned(load_study(file))
    assert plan.tasks and plan.study.document.measures


def test_pages_show_studies() -> None:
    assert "sweep" in {page.stem for page, _ in STUDIES}
