"""Options of the test suite and what spans its parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

MARKERS = (
    "full: a long verification run at the precision of its case (only with -m full)",
    "case(id): the verification case that the test checks",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the verification page."""
    parser.addoption(
        "--write-verification",
        metavar="PATH",
        type=Path,
        help="write the page of verification results (docs/verification.md)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers and start collecting verification records."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    page = config.getoption("--write-verification")
    if page is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(VerificationPage(page), "verification-page")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long runs unless a marker expression asks for them."""
    if "full" in config.getoption("-m"):
        return
    long = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in set(long)]


class VerificationPage:
    """Collects the records of all tests, on whichever worker they ran, and writes the page."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the records of a finished test."""
        if report.when == "call":
            self.found += [v for name, v in report.user_properties if name == "verification"]

    def pytest_sessionfinish(self) -> None:
        """Write the page."""
        from tests.verification.page import write_page
        from tests.verification.recorder import Record

        write_page(self.path, [Record(**values) for values in self.found])
