"""Packed series hold what was put in; what a window of days comes to, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.series import different, series

import chainsim
from chainsim.engines.simpy_engine import books
from chainsim.errors import RunError
from chainsim.outcome.packing import PackedSeries, packed_series
from chainsim.outcome.sums import Sums

ROWS = np.array([[1, 0], [2, 0], [-300, 0], [70_000, 5 << 40]], dtype=np.int64)


def two_pages() -> PackedSeries:
    found = packed_series(ROWS[:2])
    found.append(ROWS[2:])
    return found


@pytest.mark.parametrize(
    "days", [slice(0, 4), slice(1, 3), slice(2, 4), slice(3, 3), slice(-1, None), slice(0, 99)]
)
def test_what_is_unpacked_is_what_was_packed(days: slice) -> None:
    found = two_pages().rows(days)
    assert found.dtype == np.int64
    assert found.tolist() == ROWS[days].tolist()
    with pytest.raises(ValueError, match="read-only"):
        found[...] = 0


def test_sums_and_lowest_by_hand() -> None:
    """Days 1 to 3: 2 - 300 + 70,000 = 69,702."""
    packed = two_pages()
    assert packed.days == 4
    assert packed.total(slice(1, 4)).tolist() == [69_702, 5 << 40]
    assert packed.total(slice(0, 2)).tolist() == [3, 0]
    assert packed.lowest().tolist() == [-300, 0]


def test_zeros_take_no_room() -> None:
    nothing = packed_series(np.zeros((1000, 1000), np.int64))
    assert nothing.is_zero and not two_pages().is_zero
    assert [page.data for page in nothing.pages] == [b""]
    assert not nothing.rows().any() and nothing.rows().shape == (1000, 1000)


def test_the_smallest_type_that_fits_is_taken() -> None:
    types = ["int8", "int16", "int32", "int64"]
    for bits, name in zip((7, 15, 31, 63), types, strict=True):
        low, high = -(1 << bits), (1 << bits) - 1
        packed = packed_series(np.array([[low, high]], dtype=np.int64))
        assert packed.pages[0].dtype == name
        assert packed.rows().tolist() == [[low, high]]


def shop() -> dict[str, Any]:
    """Ten a day are made, and seven bought at noon, so three more are there every midnight."""
    return {
        "name": "shop",
        "run": {"start": "2024-01-01", "length": "10 d"},
        "items": {"part": {}},
        "sites": {
            "shop": {
                "operations": {"make": {"outputs": {"part": 10}, "time": "24 h"}},
                "demand": {"part": {"process": "plan", "rate": "7 /d", "at": "12:00"}},
            }
        },
    }


@pytest.mark.parametrize("days", [1, 3, 10, 11])
def test_pages_of_any_length_hold_the_same_run(days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    network = chainsim.compile_network(chainsim.scenario_from_mapping(shop()))
    whole = series(chainsim.simulate(network))
    monkeypatch.setattr(books, "DAYS_OF_A_PAGE", days)
    run = chainsim.simulate(network)
    assert not different(whole, series(run))
    packed = run.tables["stocks"].counts.packed["shipped"]
    assert len(packed.pages) == -(-10 // days)


def test_integrals_beyond_64_bits_are_exact_by_day_or_refused() -> None:
    """10^10 parts less 7 at midnight: (10^13 - 7,000) thousandths for 86,400 s on the first day."""
    scenario = shop()
    site = scenario["sites"]["shop"]
    site["operations"] = {}
    site["demand"]["part"]["at"] = "00:00"
    site["stocks"] = {"part": {"initial": 10**10}}
    run = chainsim.simulate(chainsim.scenario_from_mapping(scenario))
    by_day = run.tables["stocks"].integrals["on_hand"][:, 0].tolist()
    assert by_day == [(10**13 - 7_000 * k) * 86_400 for k in range(1, 11)]
    site["stocks"] = {"part": {"initial": 10**12}}
    with pytest.raises(RunError, match="count in larger units"):
        chainsim.simulate(chainsim.scenario_from_mapping(scenario))


def test_a_plan_beyond_64_bits_is_refused() -> None:
    scenario = shop()
    scenario["sites"]["shop"]["demand"]["part"]["rate"] = "1e18 /d"
    with pytest.raises(RunError, match="count in larger units"):
        chainsim.compile_network(chainsim.scenario_from_mapping(scenario))


def test_sums_over_a_window_of_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "DAYS_OF_A_PAGE", 4)
    run = chainsim.simulate(chainsim.scenario_from_mapping(shop()))
    sums = Sums(run, slice(2, 9))
    assert sums.count("demands", "demanded").tolist() == [7 * 7_000]
    backlog = run.tables["demands"].integrals["backlog"][2:9].sum()
    assert sums.integral("demands", "backlog").tolist() == [float(backlog)]


def test_series_are_kept_where_it_is_asked_for() -> None:
    run = chainsim.simulate(chainsim.scenario_from_mapping(shop()))
    table, kept = run.tables["stocks"], run.keeping().tables["stocks"]
    assert table.counts["used"] is not table.counts["used"]
    assert kept.counts["used"] is kept.counts["used"]
    assert kept.levels["on_hand"] is kept.levels["on_hand"]
    assert kept.levels["on_hand"].tolist() == table.levels["on_hand"].tolist()
