"""Calendars and profiles as factors over the seconds of a run."""

from __future__ import annotations

import datetime as dt
import math
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from chainsim.network.clock import DAY, Factor, Piece
from chainsim.scenario.schema import time as written

DAYS_AFTER = 120
"""Plans are laid out this far beyond the run, because targets look ahead."""
DAYS_OF_A_MONTH = 32


class Time:
    """Civil time and seconds of a run."""

    def __init__(self, origin: dt.datetime, start: dt.datetime, end: int) -> None:
        """`origin` is second 0, `start` the scenario's start (offsets count from it)."""
        self.origin = origin
        self.start = start
        self.end = end
        self.midnight = dt.datetime(origin.year, origin.month, origin.day)
        self._since_midnight = int((origin - self.midnight).total_seconds())
        first = self.midnight.date()
        self.days = [first + dt.timedelta(days=k) for k in range(end // DAY + 1 + DAYS_AFTER)]
        """The civil days of the run from that of second 0 on, and a margin after it."""
        self._shifts: dict[int, Shifts] = {}

    def second(self, when: dt.datetime | Fraction) -> int:
        """The second of a date, or of a time since the scenario's start; halves up."""
        if isinstance(when, dt.datetime):
            return int((when - self.origin).total_seconds())
        offset = int((self.start - self.origin).total_seconds())
        return offset + math.floor(when + Fraction(1, 2))

    def shifts(self, calendar: written.Calendar) -> Shifts:
        """The shifts of a calendar on all days of all months that the run touches.

        The day before is laid out too: its night shift may end in the run.
        """
        if id(calendar) not in self._shifts:
            first = self.days[0].replace(day=1) - dt.timedelta(days=1)
            count = (self.days[-1] - first).days + DAYS_OF_A_MONTH
            days = [first + dt.timedelta(days=k) for k in range(count)]
            self._shifts[id(calendar)] = Shifts(calendar, days)
        return self._shifts[id(calendar)]

    def is_open(self, calendar: written.Calendar | None, day: dt.date) -> bool:
        """Whether any shift starts on a day; always without a calendar."""
        return calendar is None or self.shifts(calendar).open(day)

    def day_start(self, day: dt.date) -> int:
        """The second at which a civil day begins (may be below 0)."""
        return (day - self.days[0]).days * DAY - self._since_midnight


class Shifts:
    """The shifts of a calendar, laid out by day."""

    def __init__(self, calendar: written.Calendar, days: Sequence[dt.date]) -> None:
        """`days` are consecutive; later special days win over earlier ones."""
        week = calendar.week
        self.by_day = {day: week.get(written.DAYS[day.weekday()], ()) for day in days}
        usual = next((week[day] for day in written.DAYS if week.get(day)), ())
        for special in (*calendar.days, *calendar.special):
            shifts = usual if special.shifts == "usual" else special.shifts
            first = max(special.first.date(), days[0])
            last = min((special.last or special.first).date(), days[-1])
            for k in range((last - first).days + 1):
                self.by_day[first + dt.timedelta(days=k)] = shifts

    def open(self, day: dt.date) -> bool:
        """Whether any shift starts on a day."""
        return bool(self.by_day.get(day))


def shift_times(calendar: written.Calendar, time: Time) -> list[tuple[int, int]]:
    """Begin and end of every shift in seconds, in order. A night shift belongs to its start day."""
    return sorted(
        (time.day_start(day) + begin, time.day_start(day) + end)
        for day, windows in time.shifts(calendar).by_day.items()
        for begin, end in windows
    )


def calendar_factor(calendar: written.Calendar, time: Time) -> Factor:
    """1 during shifts, else 0."""
    open_: list[list[int]] = []
    for begin, end in shift_times(calendar, time):
        if open_ and begin <= open_[-1][1]:
            open_[-1][1] = max(open_[-1][1], end)
        else:
            open_.append([begin, end])
    pieces = [Piece(-2 * DAY, 0.0)]
    for begin, end in open_:
        pieces += [Piece(begin, 1.0), Piece(end, 0.0)]
    return pieces


def profile_factors(name: str, profiles: Mapping[str, written.Profile], time: Time) -> list[Factor]:
    """The factors whose product is a profile."""
    profile = profiles[name]
    if isinstance(profile, written.Product):
        factors: list[Factor] = []
        for part in profile.of:
            if isinstance(part, str):
                factors += profile_factors(part, profiles, time)
            else:
                factors.append([Piece(-DAY, float(part))])
        return factors
    if isinstance(profile, written.Steps):
        return [_steps(profile, time)]
    if isinstance(profile, written.Linear):
        return [_linear(profile, time)]
    if isinstance(profile, written.Months):
        return [_months(profile, time)]
    if isinstance(profile, written.Years):
        return [_years(profile, profiles, time)]
    if isinstance(profile, written.Wave):
        return [[Piece(-DAY, 0.0, _wave(profile, time))]]
    return [_curve(profile, time)]


def _steps(profile: written.Steps, time: Time) -> Factor:
    first = profile.at[0][1] if profile.before is None else profile.before
    pieces = [Piece(-(10**11), float(first))]
    return pieces + [Piece(time.second(when), float(value)) for when, value in profile.at]


def _linear(profile: written.Linear, time: Time) -> Factor:
    points = [(time.second(when), float(value)) for when, value in profile.at]
    pieces = [Piece(-(10**11), points[0][1])]
    for (t0, v0), (t1, v1) in pairwise(points):
        pieces.append(Piece(t0, v0, _line(t0, v0, t1, v1)))
    return [*pieces, Piece(points[-1][0], points[-1][1])]


def _line(t0: int, v0: float, t1: int, v1: float) -> Callable[[float], float]:
    return lambda t: v0 + (v1 - v0) * (t - t0) / (t1 - t0)


def month_value(profile: written.Months, year: int, month: int) -> Fraction:
    """The value of a month; past the ends the months of the nearest year repeat."""
    values: dict[str, Fraction] = profile.values
    keys = sorted(values)
    key = f"{year:04d}-{month:02d}"
    if key in values:
        return values[key]
    same = [k for k in keys if k.endswith(f"-{month:02d}")]
    if not same:
        return values[keys[-1] if key > keys[-1] else keys[0]]
    return values[same[-1] if key > keys[-1] else same[0]]


def _months(profile: written.Months, time: Time) -> Factor:
    pieces: Factor = []
    for day in time.days:
        if day.day == 1 or not pieces:
            value = float(month_value(profile, day.year, day.month))
            pieces.append(Piece(time.day_start(day), value))
    return pieces


def months_of_year(
    profile: written.Profile, profiles: Mapping[str, written.Profile], year: int
) -> list[Fraction]:
    """What falls to each month of a year, by a profile of kind months or years.

    Past the ends of its years the total of the nearest one repeats.
    """
    if isinstance(profile, written.Months):
        return [month_value(profile, year, month) for month in range(1, 13)]
    assert isinstance(profile, written.Years)
    totals: dict[str, Fraction] = profile.values
    total = totals[min(max(f"{year:04d}", min(totals)), max(totals))]
    if profile.season is None:
        weights = [Fraction(monthrange(year, month)[1]) for month in range(1, 13)]
    else:
        weights = months_of_year(profiles[profile.season], profiles, year)
    whole = sum(weights)
    return [total * weight / whole for weight in weights]


def _years(profile: written.Years, profiles: Mapping[str, written.Profile], time: Time) -> Factor:
    """The total of a year as a level: its mean over the days of the year is the total."""
    pieces: Factor = []
    for day in time.days:
        if day.day == 1 or not pieces:
            part = months_of_year(profile, profiles, day.year)[day.month - 1]
            days = (dt.date(day.year + 1, 1, 1) - dt.date(day.year, 1, 1)).days
            level = part * days / monthrange(day.year, day.month)[1]
            pieces.append(Piece(time.day_start(day), float(level)))
    return pieces


def _wave(profile: written.Wave, time: Time) -> Callable[[float], float]:
    start = time.second(profile.start if profile.start is not None else Fraction(0))
    mean, amplitude = float(profile.mean), float(profile.amplitude)
    frequency = 2 * math.pi / float(profile.period)
    return lambda t: mean + amplitude * math.sin(frequency * (t - start))


def _curve(profile: written.Curve, time: Time) -> Factor:
    start = time.second(profile.start)
    low, rise = float(profile.low), float(profile.high - profile.low)
    if profile.kind == "smoothstep":
        assert profile.over is not None
        over = float(profile.over)
        end = start + round(over)

        def smooth(t: float) -> float:
            x = (t - start) / over
            return low + rise * x * x * (3 - 2 * x)

        return [Piece(-(10**11), low), Piece(start, low, smooth), Piece(end, low + rise)]
    if profile.kind == "exponential":
        assert profile.tau is not None
        tau = float(profile.tau)

        def ramp(t: float) -> float:
            return low + rise * (1 - math.exp(-(t - start) / tau))

        return [Piece(-(10**11), low), Piece(start, low, ramp)]
    return _logistic(profile, time, start)


def _logistic(profile: written.Curve, time: Time, start: int) -> Factor:
    assert profile.middle is not None and profile.steepness and profile.over is not None
    middle, steepness = time.second(profile.middle), float(profile.steepness)
    low, rise = float(profile.low), float(profile.high - profile.low)
    end = start + round(float(profile.over))

    def curve(t: float) -> float:
        return low + rise / (1 + math.exp(-steepness * (t - middle) / DAY))

    return [Piece(-(10**11), curve(start)), Piece(start, low, curve), Piece(end, curve(end))]
