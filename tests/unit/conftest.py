"""What all unit tests share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def nowhere_in_particular(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests mean the same where GitHub runs them: nothing is told to it."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
