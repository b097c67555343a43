"""The scenarios that README and docs show can be loaded as they stand."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from chainsim.scenario.loading import load_scenario

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
