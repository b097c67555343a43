"""Options of the test suite and what spans its parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the verification page."""
    parser.addoption(
        "--write-verification",
        metavar="PATH",
        type=Path,
        help="write the page of verification results (docs/verification.md)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start collecting verification records where their page is asked for."""
    page = config.getoption("--write-verification")
    if page is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(VerificationPage(page), "verification-page")


class VerificationPage:
    """Collects the records of all tests, on whichever worker they ran, and writes the page."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the records of a finished test."""
        if report.when == "call":
            kept: list[Any] = [v for name, v in report.user_properties if name == "verification"]
            self.found += kept

    def pytest_sessionfinish(self) -> None:
        """Write the page."""
        from tests.verification.page import write_page
        from tests.verification.recorder import Record

        write_page(self.path, [Record(**values) for values in self.found])
