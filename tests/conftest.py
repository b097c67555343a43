"""Options of the test suite and what spans its parts."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that write the verification page and the golden files."""
    parser.addoption(
        "--write-verification",
        metavar="PATH",
        type=Path,
        help="write the page of verification results (docs/verification.md)",
    )
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="renew the expected outputs in tests/golden, and show what changed in them",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Heed interrupts; start collecting what is written or shown at the end, if asked for."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # What a shell starts in the background ignores them, and some tests send them.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(config, "workerinput"):
        return
    page = config.getoption("--write-verification")
    if page is not None:
        config.pluginmanager.register(VerificationPage(page), "verification-page")
    if config.getoption("--update-golden"):
        from tests.golden.golden import Renewals

        config.pluginmanager.register(Renewals(), "renewals")


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
