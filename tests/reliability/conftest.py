"""Fixtures of the reliability tests."""

from __future__ import annotations

import pytest

from tests.reliability.failing import FailingDisk, failing_disk


@pytest.fixture(scope="session")
def disk(tmp_path_factory: pytest.TempPathFactory) -> FailingDisk:
    """A library that makes operations of a process fail."""
    try:
        return failing_disk(tmp_path_factory.mktemp("library"))
    except OSError as error:
        pytest.skip(f"operations cannot be made to fail: {error}")
