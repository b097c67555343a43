"""Profiles (functions of time) and calendars (when work is done)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from chainsim.scenario.schema.fields import (
    Block,
    Factor,
    Id,
    Moment,
    Number,
    PositiveDuration,
    PositiveFactor,
    When,
    Window,
    refuse,
)

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])\Z")
_YEAR = re.compile(r"\d{4}\Z")


class Steps(Block):
    """Constant between the stated instants; before the first one the value `before`."""

    kind: Literal["steps"]
    at: Annotated[tuple[tuple[When, Factor], ...], Field(min_length=1)]
    """[instant, value] pairs in order of time."""
    before: Factor | None = None
    """The value before the first instant; the first value unless given."""


class Linear(Block):
    """Straight lines between the stated points; flat before the first and after the last."""

    kind: Literal["linear"]
    at: Annotated[tuple[tuple[When, Factor], ...], Field(min_length=2)]
    """[instant, value] pairs in order of time."""


class Months(Block):
    """One value per calendar month. Past its ends the months of the last (first) year repeat."""

    kind: Literal["months"]
    values: Annotated[dict[str, Factor], Field(min_length=1)]
    """Values by month, keyed 2022-01 and so on, without a gap."""

    @model_validator(mode="after")
    def _without_gap(self) -> Months:
        wrong = [key for key in self.values if not _MONTH.match(key)]
        if wrong:
            raise refuse(f"be keyed by months such as 2022-01, not '{wrong[0]}'")
        numbers = sorted(int(key[:4]) * 12 + int(key[5:]) for key in self.values)
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            raise refuse("name every month from the first to the last: one is missing")
        return self


class Years(Block):
    """One total per year, divided over its months. Past its ends the nearest year's repeats.

    A season divides a year in proportion to its values of the months of that year; without one
    every day of the year is alike.
    """

    kind: Literal["years"]
    values: Annotated[dict[str, Factor], Field(min_length=1)]
    """Totals by year, keyed 2021 and so on, without a gap."""
    season: Id | None = None
    """A profile of kind months."""

    @model_validator(mode="after")
    def _without_gap(self) -> Years:
        wrong = [key for key in self.values if not _YEAR.match(key)]
        if wrong:
            raise refuse(f"be keyed by years such as 2021, not '{wrong[0]}'")
        numbers = sorted(int(key) for key in self.values)
        for number in range(numbers[0], numbers[-1]):
            if number not in numbers:
                raise refuse(f"name every year from the first to the last: {number} is missing")
        return self


class Curve(Block):
    """A rise (or fall) from one value to another: S-curve, smooth step or exponential ramp.

    logistic: from + (to - from) / (1 + exp(-steepness (t - middle))), not rescaled;
    smoothstep: from + (to - from)(3x^2 - 2x^3), x = (t - start) / over;
    exponential: from + (to - from)(1 - exp(-(t - start) / tau)).
    """

    kind: Literal["logistic", "smoothstep", "exponential"]
    start: When
    """Where the curve begins (logistic: flat before it)."""
    low: Factor = Field(alias="from")
    high: Factor = Field(alias="to")
    over: PositiveDuration | None = None
    """Length of a smoothstep; of a logistic the time after which it stays at its end value."""
    middle: When | None = None
    """Of a logistic: the instant of the mean value."""
    steepness: PositiveFactor | None = None
    """Of a logistic: the rate of growth per day."""
    tau: PositiveDuration | None = None
    """Of an exponential ramp: its time constant."""

    @model_validator(mode="after")
    def _complete(self) -> Curve:
        needs = {
            "logistic": ("middle", "steepness", "over"),
            "smoothstep": ("over",),
            "exponential": ("tau",),
        }[self.kind]
        for name in ("over", "middle", "steepness", "tau"):
            if (getattr(self, name) is not None) != (name in needs):
                raise refuse(f"have exactly {', '.join(needs)} with kind {self.kind}")
        return self


class Wave(Block):
    """A sine: mean + amplitude sin(2 pi (t - start) / period)."""

    kind: Literal["wave"]
    mean: Factor
    amplitude: Number
    period: PositiveDuration
    start: When | None = None

    @model_validator(mode="after")
    def _not_negative(self) -> Wave:
        if abs(self.amplitude) > self.mean:
            raise refuse("not fall below 0: the amplitude is above the mean")
        return self


class Product(Block):
    """The product of other profiles and numbers."""

    kind: Literal["product"]
    of: Annotated[tuple[Id | Factor, ...], Field(min_length=1)]


Profile = Annotated[
    Steps | Linear | Months | Years | Curve | Wave | Product, Field(discriminator="kind")
]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def days_of(key: str) -> list[str]:
    """The days that a key such as 'mon-fri' or 'sat,sun' names, in order."""
    found: list[str] = []
    for part in key.split(","):
        first, _, last = part.strip().partition("-")
        if first not in DAYS or (last and last not in DAYS):
            raise refuse(f"be keyed by days such as mon-fri, not '{key[:40]}'")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found += DAYS[begin : end + 1] if begin <= end else DAYS[begin:] + DAYS[: end + 1]
    return found


def _days(value: Any) -> Any:
    """Expand 'mon-fri' and 'sat,sun' to single days."""
    if not isinstance(value, dict):
        return value
    week: dict[str, Any] = {}
    for key, shifts in value.items():
        for day in days_of(str(key)):
            if day in week:
                raise refuse(f"name each day once: '{day}' is given twice")
            week[day] = shifts
    return week


class Special(Block):
    """Days that differ from the week: closed, or open with their own shifts."""

    first: Moment = Field(alias="from")
    last: Moment | None = Field(default=None, alias="to")
    """The last day (inclusive); the first day alone unless given."""
    shifts: tuple[Window, ...] | Literal["usual"] = ()
    """The shifts of these days: none (closed), or 'usual' for those of a working Monday."""

    @model_validator(mode="after")
    def _in_order(self) -> Special:
        if self.last is not None and self.last < self.first:
            raise refuse("have 'to' not before 'from'")
        return self


class Calendar(Block):
    """When a site works: weekly shifts, then days that differ. Later entries win."""

    week: Annotated[dict[str, tuple[Window, ...]], BeforeValidator(_days)]
    """Shifts by day of the week, keyed mon-fri, sat and so on; a day left out is closed."""
    special: tuple[Special, ...] = ()
    """Holidays and make-up days, in order; a later entry wins over an earlier one."""
    days_file: str | None = None
    """A CSV file of special days (date, kind: closed or open, name), beside this file."""
    days: tuple[Special, ...] = ()
    """The days read from `days_file`; they come before `special`."""
