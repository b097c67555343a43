"""Measures by calendar year, on a chain whose answers follow by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import chainsim
from chainsim.experiments.runs import prepare, run
from chainsim.experiments.statistics import t_interval
from chainsim.outcome.calendar_years import calendar_years
from chainsim.outcome.validation import measures_of
from chainsim.outcome.yearly import YEAR_MEASURES, YearValues, measures_by_year


def orders() -> dict[str, Any]:
    """A workshop makes to order, 5 h each; two whole years between two parts of years."""
    events = [
        ["2021-08-01", 5], ["2022-06-01", 10], ["2022-12-31T20:00", 2], ["2023-05-01", 28],
        ["2024-02-01", 3],
    ]  # fmt: skip
    make = {"outputs": {"vehicle": 1}, "time": "5 h", "release": {"pull": "vehicle", "level": 0}}
    return {
        "name": "Years by hand",
        "run": {"start": "2021-07-01", "end": "2024-03-01"},
        "items": {"vehicle": {}},
        "sites": {
            "shop": {
                "stage": "midstream",
                "operations": {"make": make},
                "demand": {"vehicle": {"process": "trace", "events": events}},
            }
        },
        "output_item": "vehicle",
        "national": {
            "item": "vehicle",
            "output": {"2022": 100, "2023": 400},
            "low": {"2023": 300},
            "high": {"2023": 600},
        },
    }


PART_2021 = {"output": 5, "demanded": 5, "delivered": 5}
YEAR_2022 = {
    "output": 10,
    "demanded": 12,
    "delivered": 10,
    "backlog_end": 2,
    "peak_backlog": 6,
    "utilisation": 54 / 8760,
    "output_growth": None,
    "national_share": 0.1,
    "national_share_if_low": 0.1,
    "national_share_if_high": 0.1,
}
YEAR_2023 = {
    "output": 30,
    "demanded": 28,
    "delivered": 30,
    "backlog_end": 0,
    "peak_backlog": 24,
    "utilisation": 146 / 8760,
    "output_growth": 2.0,
    "national_share": 0.075,
    "national_share_if_low": 0.1,
    "national_share_if_high": 0.05,
}
PART_2024 = {"output": 3, "output_growth": None, "national_share": None}
"""
The ten vehicles of 1 June 2022 are ready every five hours: four on that day, six wait at its end.
Of the two of New Year's Eve none is ready in 2022, when the shop has worked 50 + 4 of 8,760 h. In
2023 it works the 6 h that are left and 28 x 5 h; of 28 orders 24 wait at the end of their day. The
growth of 2023 is 30 / 10 - 1; 2022 has none, because 2021 is a part. Shares: 10 / 100; 30 / 400,
30 / 300, 30 / 600.
"""


def by_year(scenario: dict[str, Any]) -> dict[int, YearValues]:
    network = chainsim.compile_network(chainsim.scenario_from_mapping(scenario))
    found = measures_by_year(network, chainsim.simulate(network))
    return {one.year.year: one for one in found}


@pytest.mark.parametrize(
    ("year", "expected"),
    [(2021, PART_2021), (2022, YEAR_2022), (2023, YEAR_2023), (2024, PART_2024)],
)
def test_measures_of_a_year(year: int, expected: dict[str, float | None]) -> None:
    found = by_year(orders())[year].total
    assert list(found) == list(YEAR_MEASURES)
    for name, value in expected.items():
        assert found[name] == (None if value is None else pytest.approx(value)), name


def test_every_measure_of_a_year_is_proved() -> None:
    assert set(YEAR_2023) == set(YEAR_MEASURES)


def test_parts_of_years_are_marked() -> None:
    years = [one.year for one in by_year(orders()).values()]
    assert [(y.year, y.whole) for y in years] == [
        (2021, False), (2022, True), (2023, True), (2024, False)
    ]  # fmt: skip
    assert [y.first for y in years[:2]] == [dt.date(2021, 7, 1), dt.date(2022, 1, 1)]
    assert [y.last for y in years[2:]] == [dt.date(2023, 12, 31), dt.date(2024, 2, 29)]


def test_the_days_of_statistics_count() -> None:
    """With a warm-up to 2 January 2022, 2021 is gone and 2022 is no whole year any more."""
    scenario = orders()
    scenario["run"]["warm_up"] = "185 d"
    found = by_year(scenario)
    assert [(y, one.year.whole) for y, one in found.items()] == [
        (2022, False), (2023, True), (2024, False)
    ]  # fmt: skip
    assert found[2022].year.first == dt.date(2022, 1, 2)
    assert found[2022].total["national_share"] is None
    assert found[2023].total["output_growth"] is None


def test_a_year_that_ends_a_second_late_is_whole() -> None:
    """The run of A-D11 is one second longer than its year."""
    origin = dt.datetime(2025, 1, 1)
    ends = [86_400 * k for k in range(1, 366)] + [365 * 86_400 + 1]
    found = calendar_years(origin, ends, range(366))
    assert [(y.year, y.whole) for y in found] == [(2025, True), (2026, False)]
    assert (found[1].first, found[1].last) == (dt.date(2026, 1, 1), dt.date(2026, 1, 1))


def test_utilisation_by_stage_and_servers() -> None:
    """A second shop of the stage that does not work in 2022 halves the use of the stage."""
    scenario = orders()
    scenario["sites"]["depot"] = {
        "stage": "midstream",
        "operations": {"mend": {"outputs": {"vehicle": 1}, "time": "5 h",
                                "release": {"pull": "vehicle", "level": 0}}},
        "demand": {"vehicle": {"process": "trace", "events": [["2023-08-01", 1]]}},
    }  # fmt: skip
    used = by_year(scenario)[2022].utilisation
    assert used == {
        ("midstream", ""): pytest.approx(27 / 8760),
        ("midstream", "make"): pytest.approx(54 / 8760),
        ("midstream", "mend"): 0,
    }


def test_documented_shares_and_growth_of_a_year() -> None:
    """Observed figures name a year by its first and last day; parts of a year are not compared."""
    scenario = orders()
    year = {"from": "2023-01-01", "to": "2023-12-31"}
    rows = {
        "share": {"measure": "national_share", **year},
        "both": {"measure": "national_share"},
        "half": {"measure": "national_share", "from": "2023-01-01", "to": "2023-06-30"},
        "growth": {"measure": "output_growth", **year},
        "part": {"measure": "output_growth"},
    }
    scenario["observed"] = [
        {"id": id_, "value": 0, "source": "by hand", **row} for id_, row in rows.items()
    ]
    loaded = chainsim.scenario_from_mapping(scenario)
    network = chainsim.compile_network(loaded)
    found = measures_of(loaded.document, network, chainsim.simulate(network))
    # Both whole years: (10 + 30) / (100 + 400).
    assert found == {
        "share": 0.075, "both": 0.08, "half": None, "growth": pytest.approx(2), "part": None
    }  # fmt: skip


def test_years_over_replications() -> None:
    """Mean and interval are those of the replications; the years add up to the whole."""
    scenario = orders()
    scenario["run"] |= {"replications": 4, "start": "2022-12-01", "end": "2023-02-01"}
    del scenario["national"]
    demand = {"process": "poisson", "rate": "3 /d"}
    scenario["sites"]["shop"]["demand"] = {"vehicle": demand}
    done = run(prepare(chainsim.scenario_from_mapping(scenario)))
    assert [one.year.year for one in done.years] == [2022, 2023]
    for k, one in enumerate(done.years):
        values = [r.years[k].total["output"] or 0.0 for r in done.replications]
        interval = t_interval(values, 0.95)
        found = one.measures["output"]
        assert (found.mean, found.low, found.high, found.n) == (
            interval.mean, interval.low, interval.high, 4
        )  # fmt: skip
        assert found.unit == "units"
    means = [one.measures["output"].mean or 0.0 for one in done.years]
    assert sum(means) == pytest.approx(done.summary.total["output"].mean)
