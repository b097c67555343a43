"""A path by years: its months, its days and its gaps, by hand."""

from __future__ import annotations

from typing import Any

import pytest

import chainsim
from chainsim.errors import InputError

WEIGHTS = [6.1, 5.2, 7.4, 7.0, 7.6, 8.3, 7.9, 8.4, 9.3, 9.8, 11.2, 11.8]
"""Of the months of a year; they sum to 100."""
LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def planned(path: dict[str, Any], years: int, **stream: Any) -> list[int]:
    """Vehicles demanded by month, from January 2021 on."""
    season = {f"2021-{month:02d}": weight for month, weight in enumerate(WEIGHTS, start=1)}
    plan = {"process": "plan", "volume": 1, "months": "path", **stream}
    run = chainsim.simulate(
        chainsim.scenario_from_mapping(
            {
                "name": "years",
                "run": {"start": "2021-01-01", "end": f"{2021 + years}-01-01"},
                "items": {"vehicle": {}},
                "profiles": {
                    "path": {"kind": "years", **path},
                    "season": {"kind": "months", "values": season},
                },
                "sites": {
                    "market": {
                        "stocks": {"vehicle": {"unlimited": True}},
                        "demand": {"vehicle": {k: v for k, v in plan.items() if v is not None}},
                    }
                },
            }
        )
    )
    by_day = run.daily("demands", "demanded", "market/vehicle") // 1000
    ends = [365 * year + sum(LENGTHS[: month + 1]) for year in range(years) for month in range(12)]
    return [int(by_day[end - LENGTHS[k % 12] : end].sum()) for k, end in enumerate(ends)]


def test_a_season_divides_each_total() -> None:
    """365,000 x 6.1 / 100 = 22,265 in January (A-C03); 365,000 x 2 the year after."""
    of_2021 = [22265, 18980, 27010, 25550, 27740, 30295, 28835, 30660, 33945, 35770, 40880, 43070]
    path = {"values": {"2021": 365_000, "2022": 730_000}, "season": "season"}
    assert planned(path, 2) == [*of_2021, *(2 * month for month in of_2021)]


def test_a_year_without_a_season_has_equal_days() -> None:
    """1,000 a day: 31,000 in January, 28,000 in February."""
    assert planned({"values": {"2021": 365_000}}, 1) == [1000 * days for days in LENGTHS]


def test_constant_growth_from_month_to_month() -> None:
    """A-C04: 5 % a month and 365,000 a year, so 365,000 x 0.05 / (1.05^12 - 1) = 22,931.27."""
    growing = {f"2021-{month:02d}": 1.05**month for month in range(1, 13)}
    run_profiles = {"kind": "months", "values": growing}
    scenario = {
        "name": "growth",
        "run": {"start": "2021-01-01", "end": "2022-01-01"},
        "items": {"vehicle": {}},
        "profiles": {
            "path": {"kind": "years", "values": {"2021": 365_000}, "season": "growing"},
            "growing": run_profiles,
        },
        "sites": {
            "market": {
                "stocks": {"vehicle": {"unlimited": True}},
                "demand": {"vehicle": {"process": "plan", "volume": 1, "months": "path"}},
            }
        },
    }
    run = chainsim.simulate(chainsim.scenario_from_mapping(scenario))
    by_day = run.daily("demands", "demanded", "market/vehicle") // 1000
    assert (by_day[:31].sum(), by_day[-31:].sum(), by_day.sum()) == (22_931, 39_220, 365_000)


def test_past_the_ends_the_nearest_total_repeats() -> None:
    path = {"values": {"2022": 365_000, "2023": 730_000}}
    months = planned(path, 4 - 1)
    assert [sum(months[k : k + 12]) for k in (0, 12, 24)] == [365_000, 365_000, 730_000]


def test_as_a_factor_the_total_is_the_level_of_the_year() -> None:
    """Two a day times 3 in 2021: 6 a day; with the season January has 365 x 0.061 / 31 of it."""
    level = {"volume": None, "months": None, "rate": "2 /d", "profile": "path"}
    assert planned({"values": {"2021": 3}}, 1, **level) == [6 * days for days in LENGTHS]
    seasonal = planned({"values": {"2021": 3}, "season": "season"}, 1, **level)
    assert seasonal[0] == pytest.approx(6 * 365 * 0.061, abs=1)
    assert sum(seasonal) == pytest.approx(6 * 365, abs=1)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"2021": 1, "2023": 1}, "2022 is missing"),
        ({"2021-01": 1}, "be keyed by years such as 2021, not '2021-01'"),
    ],
)
def test_a_path_with_a_gap_is_refused(values: dict[str, int], says: str) -> None:
    with pytest.raises(InputError, match=says):
        planned({"values": values}, 1)
