"""Fixtures of the verification tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.verification import harness
from tests.verification.catalogue import cases
from tests.verification.recorder import CaseRecorder

Confidence = Callable[[harness.Measure], None]


def _key(request: pytest.FixtureRequest) -> str:
    marker = request.node.get_closest_marker("case")
    if marker is None:
        raise pytest.UsageError(f"{request.node.name} needs @pytest.mark.case(ID)")
    return str(marker.args[0])


@pytest.fixture
def record_case(request: pytest.FixtureRequest) -> CaseRecorder:
    """The recorder of the case that the test is marked with."""
    return CaseRecorder(cases()[_key(request)], request.node.user_properties)


@pytest.fixture(params=["fast", pytest.param("full", marks=pytest.mark.full)])
def confidence_case(
    request: pytest.FixtureRequest, record_case: CaseRecorder, pytestconfig: pytest.Config
) -> Confidence:
    """Checks the marked case by replications of its scenario, given what to measure of a run."""

    def check(measure: harness.Measure) -> None:
        case = record_case.case
        if request.param == "fast":
            harness.check_fast(case, measure, record_case)
        else:
            stored_in = Path(pytestconfig.rootpath) / ".verification" / f"{case.key}.jsonl"
            harness.check_full(case, measure, record_case, stored_in)

    return check
