"""The acceptance rule itself: it refuses what is wrong, and resumes what was stopped."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.verification.catalogue import Metric, RunLength, cases
from tests.verification.harness import check_fast, interval
from tests.verification.page import write_page
from tests.verification.recorder import CaseRecorder, Record
from tests.verification.store import ReplicationStore
from tests.verification.test_lines import buffered_stations

TESTS = Path(__file__).parent


def _normal(mean: float, sd: float, n: int) -> list[float]:
    generator = random.Random(7)
    return [generator.gauss(mean, sd) for _ in range(n)]


def test_the_interval_holds_the_mean_and_not_a_biased_one() -> None:
    """Twice the half-width off is refused."""
    found = interval(_normal(10, 1, 30), Metric(expected=10))
    assert found.contains(10)
    assert not found.contains(10 + 2 * found.half_width)


def test_the_interval_of_a_standard_deviation_and_of_a_dispersion() -> None:
    """The chi-square intervals hold the true values and refuse others."""
    values = _normal(100, 10, 2000)
    sd = interval(values, Metric(kind="sd"))
    dispersion = interval(values, Metric(kind="dispersion"))
    assert sd.contains(10) and not sd.contains(11)
    assert dispersion.contains(1) and not dispersion.contains(1.25)


def test_the_bound_of_a_fast_run_grows_with_the_square_root_of_what_is_left_out() -> None:
    """A quarter of the observed time doubles the half-width (but for Student's factor)."""
    metric = Metric(expected=4, delta=0.02, n=100)
    full, fast = RunLength("110 d", "10 d"), RunLength("26 d", "1 d", replications=100)
    assert metric.fast_bound(full, fast) == pytest.approx(1.5 * 2 * 0.08)


def test_disagreement_fails_the_test_with_the_numbers() -> None:
    """The message names case, metric, expected and got."""
    recorder = CaseRecorder(cases()["A-Q01"], [])
    recorder.interval("Wq", interval(_normal(5, 0.1, 20), Metric()), "fast", bound=1)
    with pytest.raises(AssertionError, match=r"A-Q01 Wq: expected 4, got 4\.98.*n = 20"):
        recorder.conclude()


def test_an_interval_that_is_too_wide_fails() -> None:
    """Holding the value is not enough."""
    recorder = CaseRecorder(cases()["A-Q01"], [])
    assert not recorder.interval("Wq", interval(_normal(4, 9, 20), Metric()), "fast", bound=0.5)


def test_a_wrong_model_is_refused() -> None:
    """Two places instead of three: the throughput of blocking before service, 4 % lower."""
    case = replace(cases()["A-M03"], overrides=("sites.line.stocks.part.room=2",))
    with pytest.raises(AssertionError, match="A-M03 throughput"):
        check_fast(case, buffered_stations, CaseRecorder(case, []))


def test_a_store_resumes_and_ignores_a_torn_line(tmp_path: Path) -> None:
    """Finished replications come back; a line cut off by a crash does not."""
    path = tmp_path / "case.jsonl"
    ReplicationStore(path, "key").put(1, 0, {"Wq": 4.5})
    with path.open("a") as file:
        file.write('{"key": "key", "seed": 1, "repl')
    resumed = ReplicationStore(path, "key")
    assert resumed.get(1, 0) == {"Wq": 4.5}
    assert resumed.get(1, 1) is None
    resumed.put(1, 1, {"Wq": 4.25})
    assert ReplicationStore(path, "key").get(1, 1) == {"Wq": 4.25}
    assert ReplicationStore(path, "other").get(1, 0) is None


def test_the_page_shows_full_runs_before_fast_ones(tmp_path: Path) -> None:
    """One row per metric, in a table per family."""

    def record(mode: str, n: int) -> Record:
        return Record("A-Q01", "queueing", "Wq", "h", "4", "4.1", "3.9 to 4.3", n, mode, "x", "y",
                      passed=True)  # fmt: skip

    write_page(tmp_path / "page.md", [record("full", 29), record("fast", 20)])
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| A-Q01 | Wq [h] | 4 | 4.1 | 3.9 to 4.3 | 29 (full) | x | pass |" in text
    assert "20 (fast)" not in text


@pytest.mark.parametrize("key", cases())
def test_every_case_of_the_tables_has_a_test(key: str) -> None:
    """No expected value without a test that is marked with its case."""
    texts = [path.read_text(encoding="utf-8") for path in TESTS.glob("test_*.py")]
    assert any(f'case("{key}")' in text for text in texts)
