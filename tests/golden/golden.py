"""Expected outputs in files: compared with what comes out now, or renewed from it.

`pytest tests/golden --update-golden` writes the files of the tests that it runs and shows, at its
end, what has changed in them. What is renewed is a claim that the change is meant: commit it with
the reason.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

EXPECTED = Path(__file__).parent / "expected"
DIGITS = 6
"""Significant digits of numbers: later ones may depend on the release of scipy."""
RENEWED = "renewed-golden-file"
Check = Callable[[str, str], None]


class Golden:
    """The expected outputs of one test."""

    def __init__(self, renew: bool, record: Callable[[str, object], None]) -> None:
        self.renew = renew
        self.record = record

    def check(self, name: str, text: str) -> None:
        """The text is that of the file; if files are renewed, write it.

        Raises:
            AssertionError: with the lines that differ.
        """
        path = EXPECTED / name
        before = path.read_text("utf-8") if path.exists() else ""
        found = difference(before, text, name)
        if found and self.renew:
            path.write_text(text, encoding="utf-8", newline="\n")
            self.record(RENEWED, found)
        elif found:
            remedy = "if this is meant: pytest tests/golden --update-golden"
            raise AssertionError(f"{found}\n{remedy}")


def difference(before: str, after: str, name: str) -> str:
    """The lines that differ, with two lines around them; empty if none."""
    names = f"expected/{name}", f"{name} as it is now"
    return "\n".join(
        difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="", n=2)
    )


def readable(value: Any, indent: int = 0) -> str:
    """JSON with a line for every object that holds no other, and rounded numbers."""
    if not isinstance(value, Mapping) or not any(_holds(below) for below in value.values()):
        return json.dumps(_rounded(value), ensure_ascii=False)
    margin = "\n" + " " * (indent + 1)
    rows = [f"{json.dumps(key)}: {readable(below, indent + 1)}" for key, below in value.items()]
    return "{" + margin + ("," + margin).join(rows) + "\n" + " " * indent + "}"


def _holds(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _rounded(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_rounded(below) for below in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


class Renewals:
    """Collects what was renewed, on whichever worker, and shows it at the end."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the differences of a finished test."""
        if report.when == "call":
            self.found += [str(v) for name, v in report.user_properties if name == RENEWED]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the differences."""
        terminalreporter.section("renewed golden files")
        terminalreporter.write_line("\n\n".join(self.found) or "no file has changed")
