"""The special days of the Chongqing calendars against the `holidays` package."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import holidays
import pytest

FILE = Path(__file__).parents[2] / "scenarios" / "chongqing" / "calendars.csv"
ANNOUNCED = range(2021, 2027)
"""Years whose holidays and make-up workdays have been announced."""
ESTIMATED = range(2027, 2032)
DAY = dt.timedelta(days=1)
SATURDAY = 5


def read_days() -> dict[dt.date, tuple[str, str]]:
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    days = {dt.date.fromisoformat(row["date"]): (row["kind"], row["name"]) for row in rows}
    assert len(days) == len(rows), "a date stands twice"
    return days


DAYS = read_days()


def days_of(year: int, kind: str) -> set[dt.date]:
    return {day for day, (what, _) in DAYS.items() if day.year == year and what == kind}


def china(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("CN", years=year)


def make_up_days(year: int) -> set[dt.date]:
    """Weekend days worked; skips a year that an older version of the package does not know."""
    found = {day for day in china(year).weekend_workdays if day.year == year}
    if not found and year == max(ANNOUNCED):
        pytest.skip(f"this version of holidays does not know {year} yet")
    return found


def announced_holidays(year: int) -> set[dt.date]:
    """Holidays of the package, and the weekends that an announcement joins to them.

    The package lists public holidays and the working days given off for them; an announced
    holiday runs on over the Saturdays and Sundays beside these that are not worked instead.
    """
    listed = {day for y in (year - 1, year, year + 1) for day in china(y)}
    worked = {day for y in (year - 1, year, year + 1) for day in china(y).weekend_workdays}
    joined = {day for start in listed for day in weekend_beside(start, worked)}
    return {day for day in listed | joined if day.year == year}


def weekend_beside(start: dt.date, worked: set[dt.date]) -> Iterator[dt.date]:
    for step in (DAY, -DAY):
        day = start + step
        while day.weekday() >= SATURDAY and day not in worked:
            yield day
            day += step


@pytest.mark.parametrize("year", ANNOUNCED)
def test_make_up_workdays(year: int) -> None:
    assert days_of(year, "open") == make_up_days(year)


@pytest.mark.parametrize("year", ANNOUNCED)
def test_announced_holidays(year: int) -> None:
    assert make_up_days(year)
    assert days_of(year, "closed") == announced_holidays(year)


@pytest.mark.parametrize("year", ESTIMATED)
def test_estimated_holidays_are_public_holidays_and_say_so(year: int) -> None:
    # A later version of the package may know the announcement, which only adds days.
    closed = days_of(year, "closed")
    core = {day for day in closed if "Spring Festival" in DAYS[day][1]}
    assert len(core) >= 4
    statutory = {dt.date(year, 1, 1), dt.date(year, 5, 1), dt.date(year, 10, 1)}
    assert statutory <= closed
    assert days_of(year, "open") == set()
    assert all(DAYS[day][1].endswith("(estimated)") for day in closed)
    if not any(day.year == year for day in china(year).weekend_workdays):
        assert closed == {day for day in china(year) if day.year == year}


def span(first: str, last: str) -> set[dt.date]:
    start, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    return {start + k * DAY for k in range((end - start).days + 1)}


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2021-02-11", "2021-02-17"),
        ("2022-01-31", "2022-02-06"),
        ("2022-10-01", "2022-10-07"),
        ("2023-01-21", "2023-01-27"),
        ("2024-02-10", "2024-02-17"),
        ("2025-01-28", "2025-02-04"),
        ("2025-04-04", "2025-04-06"),
        ("2025-05-01", "2025-05-05"),
        ("2025-05-31", "2025-06-02"),
        ("2025-10-01", "2025-10-08"),
    ],
)
def test_holidays_as_announced_by_the_state_council(first: str, last: str) -> None:
    closed = {day for day, (kind, _) in DAYS.items() if kind == "closed"}
    days = span(first, last)
    assert days <= closed
    assert {min(days) - DAY, max(days) + DAY}.isdisjoint(closed)


def test_make_up_days_of_2025() -> None:
    assert days_of(2025, "open") == {
        dt.date(2025, 1, 26),
        dt.date(2025, 2, 8),
        dt.date(2025, 4, 27),
        dt.date(2025, 9, 28),
        dt.date(2025, 10, 11),
    }
