"""Calendar years of a run, and what the chain makes of the nation's output in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chainsim.network.national import NationalYear


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """A calendar year, or the part of one that a window of days has of it."""

    year: int
    days: range
    """Days of the run."""
    first: dt.date
    last: dt.date
    """The last day (inclusive)."""
    whole: bool


def calendar_years(
    origin: dt.datetime, day_ends: Sequence[int], days: range
) -> tuple[CalendarYear, ...]:
    """The calendar years of a window of days of the run, in order.

    Args:
        origin: The civil date and time of second 0.
        day_ends: The end of each day of the run, seconds.
        days: The window. A year is whole if it lies in it from its first second to its last.
    """
    moments = [origin + dt.timedelta(seconds=s) for s in (0, *day_ends)]
    found = []
    begin = days.start
    while begin < days.stop:
        year = moments[begin].year
        end = begin + 1
        while end < days.stop and moments[end].year == year:
            end += 1
        bounds = dt.datetime(year, 1, 1), dt.datetime(year + 1, 1, 1)
        whole = (moments[begin], moments[end]) == bounds
        last = moments[end] - dt.timedelta(seconds=1)
        found.append(
            CalendarYear(year, range(begin, end), moments[begin].date(), last.date(), whole)
        )
        begin = end
    return tuple(found)


def national_shares(
    output: Mapping[int, float], nation: Iterable[NationalYear]
) -> dict[str, float | None]:
    """Output over national output: ratio of sums over the years that both have.

    Args:
        output: Of whole calendar years, thousandths.
        nation: National output by year. Its low and high paths give shares of their own, because
            their range is an assumption and not chance.
    """
    years = [one for one in nation if one.year in output]
    made = sum(output[one.year] for one in years)
    return {
        "national_share": made / sum(one.output for one in years) if years else None,
        "national_share_if_low": made / sum(one.low for one in years) if years else None,
        "national_share_if_high": made / sum(one.high for one in years) if years else None,
    }
