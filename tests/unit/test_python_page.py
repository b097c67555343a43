"""The page docs/python.md is true: its examples run, and print what stands below them."""

from __future__ import annotations

import contextlib
import io
import re
from typing import Any

import pytest
from tests.unit.cli_support import ROOT

PAGE = ROOT / "docs" / "python.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def test_every_example_prints_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    page = PAGE.read_text("utf-8")
    examples = EXAMPLE.findall(page)
    assert len(examples) == page.count("```python")
    assert len([said for _, said in examples if said]) == page.count("```text")
    session: dict[str, Any] = {"__name__": "session"}
    for code, said in examples:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(PAGE), "exec"), session)
        assert printed.getvalue() == said, code
