"""What every golden test is handed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.golden.golden import Golden


@pytest.fixture
def golden(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Golden:
    """Expected outputs, compared or renewed."""
    return Golden(request.config.getoption("--update-golden"), record_property)


@pytest.fixture(autouse=True)
def beside_the_scenarios(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in the folder of the scenarios, so that places are the same on every machine."""
    monkeypatch.chdir(Path(__file__).parent / "scenarios")
