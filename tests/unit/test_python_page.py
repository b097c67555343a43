"""Pages with examples are true: the examples run, and print what stands below them."""

from __future__ import annotations

import contextlib
import io
import re
from typing import Any

import pytest
from tests.unit.cli_support import ROOT

PAGES = ("python.md", "bounds.md")
EXAMPLE = re.compile(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
def test_every_example_prints_what_the_page_says(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / name).read_text("utf-8")
    examples = EXAMPLE.findall(page)
    assert len(examples) == page.count("```python")
    assert len([said for _, said in examples if said]) == page.count("```text")
    session: dict[str, Any] = {"__name__": "session"}
    for code, said in examples:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, name, "exec"), session)
        assert printed.getvalue() == said, code
