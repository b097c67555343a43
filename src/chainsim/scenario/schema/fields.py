"""The types of fields: durations, rates, amounts, shares, dates, names."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Strict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from chainsim.scenario import quantities
from chainsim.scenario.quantities import Dimension, Quantity, QuantityError


class Block(BaseModel):
    """A frozen block that refuses unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        defer_build=True,
    )


def refuse(rule: str) -> PydanticCustomError:
    """The error of a value that breaks `rule` (the rule continues 'must ...')."""
    return PydanticCustomError("rule", "{rule}", {"rule": rule})


LARGEST = 10**15
"""Of any number, in base units: its thousandths fit into 64 bits."""


def as_quantity(value: Any) -> tuple[Quantity, bool]:
    """A number, a text with a unit, or a computed quantity; and whether a unit was given."""
    quantity, has_unit = _quantity(value)
    if abs(quantity.value) > LARGEST:
        raise refuse(f"be at most {LARGEST:.0e}")
    return quantity, has_unit


def _quantity(value: Any) -> tuple[Quantity, bool]:
    if isinstance(value, Quantity):
        return value, value.dimension != quantities.NONE
    if isinstance(value, bool) or value is None:
        raise refuse("be a number, with a unit if it has one")
    try:
        if isinstance(value, str):
            if not re.search(r"[A-Za-z%]", value):
                raise refuse("be a number without quotes, or carry a unit inside them")
            return quantities.parse(value)
        if isinstance(value, int | float | Decimal | Fraction):
            return Quantity(quantities.exact(value)), False
    except QuantityError as error:
        rule = str(error)
        known = rule.startswith("must ")
        raise refuse(rule.removeprefix("must ") if known else f"be a quantity: {rule}") from error
    raise refuse("be a number, with a unit if it has one")


def _dimensioned(
    dimension: Dimension,
    unit: str,
    low: Fraction | None,
    high: Fraction | None,
    exclusive: bool,
) -> Callable[[Any], Fraction]:
    bare = quantities.unit(unit).value
    word = "" if unit == "1" else f" {unit}"

    def validate(value: Any) -> Fraction:
        quantity, has_unit = as_quantity(value)
        if has_unit and quantity.dimension != dimension:
            raise refuse(
                f"be {quantities.describe(dimension)} (in {quantities.units_of(dimension)}),"
                f" not {quantities.describe(quantity.dimension)}"
            )
        number = quantity.value if has_unit else quantity.value * bare
        shown = number / bare
        if low is not None and (shown < low or (exclusive and shown == low)):
            raise refuse(f"be {'above' if exclusive else 'at least'} {float(low):g}{word}")
        if high is not None and shown > high:
            raise refuse(f"be at most {float(high):g}{word}")
        return number

    return validate


def dimensioned(
    dimension: Dimension,
    unit: str,
    low: float | None = None,
    high: float | None = None,
    exclusive: bool = False,
) -> Any:
    """A field type: an exact number in base units; a bare number means `unit`.

    `low` and `high` bound the value in `unit`; `exclusive` keeps `low` itself out.
    """
    check = _dimensioned(
        dimension,
        unit,
        None if low is None else Fraction(str(low)),
        None if high is None else Fraction(str(high)),
        exclusive,
    )
    text = f"{quantities.describe(dimension)}; a bare number means {unit}"
    schema = {"type": ["number", "string"], "description": text}
    return Annotated[Fraction, BeforeValidator(check), WithJsonSchema(schema)]


def _amount(value: Any) -> Quantity:
    quantity, _ = as_quantity(value)
    if quantity.dimension not in (quantities.NONE, quantities.ENERGY):
        raise refuse(
            "be an amount of the item (a number, a counted thing or an energy),"
            f" not {quantities.describe(quantity.dimension)}"
        )
    if quantity.value < 0:
        raise refuse("be at least 0")
    return quantity


def _flow(value: Any) -> Quantity:
    quantity, has_unit = as_quantity(value)
    if not has_unit and quantity.dimension == quantities.NONE:
        quantity = quantity * quantities.unit("/d")
    if quantity.dimension[0] != -1 or quantity.dimension[2:] != (0, 0):
        raise refuse(
            "be an amount per time (such as 400 /d, 60 /h, 12 GWh/yr),"
            f" not {quantities.describe(quantity.dimension)}"
        )
    if quantity.value < 0:
        raise refuse("be at least 0")
    return quantity


def _any_quantity(value: Any) -> Quantity:
    return as_quantity(value)[0]


def _whole_from(low: int) -> Callable[[Any], int]:
    def validate(value: Any) -> int:
        quantity, _ = as_quantity(value)
        whole = quantity.value
        plain = quantity.dimension == quantities.NONE and whole.denominator == 1
        if not plain or not low <= whole <= 10**6:
            raise refuse(f"be a whole number from {low} to 1000000")
        return int(whole)

    return validate


_QUANTITY_SCHEMA = WithJsonSchema({"type": ["number", "string"]})

LONGEST_TIME = 365_250
"""Days: a thousand years."""
Duration = dimensioned(quantities.TIME, "d", low=0, high=LONGEST_TIME)
"""Seconds as an exact fraction; a bare number means days; at least 0."""
PositiveDuration = dimensioned(quantities.TIME, "d", low=0, high=LONGEST_TIME, exclusive=True)
DayOrMore = dimensioned(quantities.TIME, "d", low=1, high=LONGEST_TIME)


def _interval(value: Any) -> Fraction:
    check = _dimensioned(quantities.TIME, "d", Fraction(0), Fraction(LONGEST_TIME), True)
    seconds = check(value)
    if seconds < 1:
        raise refuse("be at least 1 s")
    return seconds


Interval = Annotated[
    Fraction,
    BeforeValidator(_interval),
    WithJsonSchema({"type": ["number", "string"], "description": "a time; a bare number means d"}),
]
"""Between events on whole seconds that come again and again."""
Share = dimensioned(quantities.NONE, "1", low=0, high=1)
"""A fraction from 0 to 1 (a per cent sign is understood)."""
PositiveShare = dimensioned(quantities.NONE, "1", low=0, high=1, exclusive=True)
Factor = dimensioned(quantities.NONE, "1", low=0)
PositiveFactor = dimensioned(quantities.NONE, "1", low=0, exclusive=True)
Number = dimensioned(quantities.NONE, "1")
Length = dimensioned(quantities.LENGTH, "km", low=0)
Money = dimensioned(quantities.MONEY, "yuan", low=0)
Amount = Annotated[Quantity, BeforeValidator(_amount), _QUANTITY_SCHEMA]
"""An amount of an item, in the item's unit; at least 0."""
Flow = Annotated[Quantity, BeforeValidator(_flow), _QUANTITY_SCHEMA]
"""An amount of an item per time; a bare number means per day; at least 0."""
_WHOLE_SCHEMA = WithJsonSchema({"type": ["integer", "string"]})
Count = Annotated[int, BeforeValidator(_whole_from(1)), _WHOLE_SCHEMA]
"""A whole number of at least 1, written or computed."""
Tally = Annotated[int, BeforeValidator(_whole_from(0)), _WHOLE_SCHEMA]
"""A whole number of at least 0, written or computed."""
Whole = Annotated[int, Strict()]
"""A whole number: no text, no truth value."""
Flag = Annotated[bool, Strict()]
"""true or false: no text, no number."""
AnyQuantity = Annotated[Quantity, BeforeValidator(_any_quantity), _QUANTITY_SCHEMA]
Written = Annotated[tuple[Quantity, bool], BeforeValidator(as_quantity), _QUANTITY_SCHEMA]
"""A number and whether it has a unit: a bare one means a unit that is known elsewhere."""

Id = Annotated[
    str,
    StringConstraints(
        pattern=r"^[^\s/\\:*?\"<>|{}=,\[\]#&!%@`'.\x00-\x1f-][^\s/\\:*?\"<>|{}=,\[\]#&!%@`'.\x00-\x1f]{0,63}$"
    ),
]
"""A short name without spaces, dots, slashes or signs that YAML or a file system would read."""

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?\Z")
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?\Z")


FIRST_YEAR, LAST_YEAR = 1000, 8000
"""A thousand years may follow, and dates still have four digits."""


def _moment(value: Any) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    match = _DATE.match(value) if isinstance(value, str) else None
    if not match:
        raise refuse("be a date or a date and time, such as 2022-08-15 or 2022-08-15T06:00")
    try:
        moment = dt.datetime.fromisoformat(match.group())
    except ValueError as error:
        raise refuse(f"be a date of the calendar ({error})") from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise refuse(f"lie between the years {FIRST_YEAR} and {LAST_YEAR}")
    return moment


def _time_of_day(value: Any) -> int:
    match = _CLOCK.match(value) if isinstance(value, str) else None
    if not match:
        raise refuse("be a time of day such as 08:00 (two digits each, up to 24:00)")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total > 86_400:
        raise refuse("be a time of day, at most 24:00")
    return total


def _window(value: Any) -> tuple[int, int]:
    start, dash, end = value.partition("-") if isinstance(value, str) else ("", "", "")
    if not dash:
        raise refuse("be a shift such as 08:00-16:00")
    begin, stop = _time_of_day(start.strip()), _time_of_day(end.strip())
    if stop <= begin:
        stop += 86_400  # a night shift belongs to the day on which it starts
    return begin, stop


BY_MSER5: Literal["mser5"] = "mser5"


def _warm_up(value: Any) -> Fraction | str:
    if value == BY_MSER5:
        return BY_MSER5
    if isinstance(value, str) and value[:1].isalpha():
        raise refuse(f"be a time such as 60 d, or {BY_MSER5}")
    check = _dimensioned(quantities.TIME, "d", Fraction(0), None, False)
    return check(value)


WarmUp = Annotated[
    Fraction | Literal["mser5"],
    BeforeValidator(_warm_up),
    WithJsonSchema({"type": ["number", "string"], "description": "a time, or mser5"}),
]
"""Seconds as an exact fraction, or the word for the rule that finds them."""

Moment = Annotated[
    dt.datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date"})
]
"""A civil date, or a date and time."""
TimeOfDay = Annotated[int, BeforeValidator(_time_of_day), WithJsonSchema({"type": "string"})]
"""Seconds after midnight, written HH:MM or HH:MM:SS."""
Window = Annotated[tuple[int, int], BeforeValidator(_window), WithJsonSchema({"type": "string"})]
"""A shift HH:MM-HH:MM as (start, end) in seconds after midnight; the end may be past 24:00."""


def _moment_or_offset(value: Any) -> dt.datetime | Fraction:
    if isinstance(value, dt.datetime) or (isinstance(value, str) and _DATE.match(value)):
        return _moment(value)
    check: Callable[[Any], Fraction] = _dimensioned(quantities.TIME, "d", None, None, False)
    return check(value)


When = Annotated[
    dt.datetime | Fraction,
    BeforeValidator(_moment_or_offset),
    WithJsonSchema({"type": ["string", "number"]}),
]
"""A date, or a time since the start of the run ("10 d")."""
