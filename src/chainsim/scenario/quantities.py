"""Numbers with units: read "30 d" or "12 GWh/yr" exactly, and refuse what is ambiguous.

A quantity is a `Fraction` in base units together with its dimension, the exponents of
(time, energy, length, money). Base units are second, kWh, km and yuan. Things that are counted
(vehicles, sets, kits) have no dimension: their unit words are accepted and mean 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction

Dimension = tuple[int, int, int, int]

NONE: Dimension = (0, 0, 0, 0)
TIME: Dimension = (1, 0, 0, 0)
ENERGY: Dimension = (0, 1, 0, 0)
LENGTH: Dimension = (0, 0, 1, 0)
MONEY: Dimension = (0, 0, 0, 1)
PER_TIME: Dimension = (-1, 0, 0, 0)

DIMENSION_NAMES: dict[Dimension, str] = {
    NONE: "a plain number",
    TIME: "a time",
    ENERGY: "an energy",
    LENGTH: "a length",
    MONEY: "an amount of money",
    PER_TIME: "a rate per time",
    (-1, 1, 0, 0): "an energy per time",
}

_DAY = 86_400
UNITS: dict[str, tuple[Fraction, Dimension]] = {
    "s": (Fraction(1), TIME),
    "min": (Fraction(60), TIME),
    "h": (Fraction(3600), TIME),
    "d": (Fraction(_DAY), TIME),
    "day": (Fraction(_DAY), TIME),
    "days": (Fraction(_DAY), TIME),
    "wk": (Fraction(7 * _DAY), TIME),
    "week": (Fraction(7 * _DAY), TIME),
    "weeks": (Fraction(7 * _DAY), TIME),
    "yr": (Fraction(365 * _DAY), TIME),
    "year": (Fraction(365 * _DAY), TIME),
    "years": (Fraction(365 * _DAY), TIME),
    "kWh": (Fraction(1), ENERGY),
    "MWh": (Fraction(1000), ENERGY),
    "GWh": (Fraction(1_000_000), ENERGY),
    "km": (Fraction(1), LENGTH),
    "yuan": (Fraction(1), MONEY),
    "CNY": (Fraction(1), MONEY),
    "%": (Fraction(1, 100), NONE),
    "1": (Fraction(1), NONE),
}
COUNTED = (
    "unit", "units", "vehicle", "vehicles", "car", "cars", "set", "sets", "kit", "kits", "piece",
    "pieces", "project", "projects", "lot", "lots", "job", "jobs", "order", "orders", "truck",
    "trucks", "pack", "packs", "fraction",
)  # fmt: skip
UNITS |= {word: (Fraction(1), NONE) for word in COUNTED}
THOUSANDS = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
UNITS |= {word: (Fraction(factor), NONE) for word, factor in THOUSANDS.items()}

AMBIGUOUS = {
    "m": "write min for minutes or mo in a monthly table",
    "M": "write million",
    "ton": "write t for tonnes",
    "mo": "months differ in length: write days",
    "month": "months differ in length: write days",
    "months": "months differ in length: write days",
}

LARGEST_NUMBER = 10**300
"""What a float still holds."""
LONGEST_TEXT = 100
"""Characters of a quantity."""
LARGEST_POWER = 8
"""Of a dimension."""

_NUMBER = r"[+-]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*(.*?)\s*\Z")


class QuantityError(ValueError):
    """A text that is not a quantity, or not one of the dimension that was asked for."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact value in base units and its dimension."""

    value: Fraction
    dimension: Dimension = NONE

    def __add__(self, other: Quantity) -> Quantity:
        return Quantity(self.value + other.value, _same(self, other))

    def __sub__(self, other: Quantity) -> Quantity:
        return Quantity(self.value - other.value, _same(self, other))

    def __mul__(self, other: Quantity) -> Quantity:
        return Quantity(self.value * other.value, _combine(self.dimension, other.dimension, 1))

    def __truediv__(self, other: Quantity) -> Quantity:
        if other.value == 0:
            raise QuantityError("division by zero")
        return Quantity(self.value / other.value, _combine(self.dimension, other.dimension, -1))

    def __floordiv__(self, other: Quantity) -> Quantity:
        ratio = self / other
        if ratio.dimension != NONE:
            raise QuantityError(
                f"cannot divide {describe(self.dimension)} by {describe(other.dimension)}"
                " in whole parts: units differ"
            )
        return Quantity(Fraction(ratio.value // 1))

    def __mod__(self, other: Quantity) -> Quantity:
        return self - other * (self // other)

    def __neg__(self) -> Quantity:
        return Quantity(-self.value, self.dimension)

    def __pow__(self, other: Quantity) -> Quantity:
        exponent = other.value
        if other.dimension != NONE or exponent.denominator != 1 or abs(exponent) > 64:
            raise QuantityError("an exponent must be a plain whole number up to 64")
        if self.value == 0 and exponent < 0:
            raise QuantityError("division by zero")
        power = int(exponent)
        t, e, length, money = (own * power for own in self.dimension)
        if max(abs(t), abs(e), abs(length), abs(money)) > LARGEST_POWER:
            raise QuantityError(f"a unit can be raised to the power of {LARGEST_POWER} at most")
        return Quantity(self.value**power, (t, e, length, money))


def _same(a: Quantity, b: Quantity) -> Dimension:
    if a.dimension != b.dimension:
        raise QuantityError(
            f"cannot add {describe(a.dimension)} and {describe(b.dimension)}: units differ"
        )
    return a.dimension


def _combine(a: Dimension, b: Dimension, sign: int) -> Dimension:
    return (a[0] + sign * b[0], a[1] + sign * b[1], a[2] + sign * b[2], a[3] + sign * b[3])


def describe(dimension: Dimension) -> str:
    """The words for a dimension, as used in messages."""
    known = DIMENSION_NAMES.get(dimension)
    if known:
        return known
    powers = zip(("time", "energy", "length", "money"), dimension, strict=True)
    return "a quantity of " + " ".join(f"{name}^{p}" for name, p in powers if p)


def units_of(dimension: Dimension) -> str:
    """Examples of unit words with this dimension, for the remedy of a message."""
    if dimension == NONE:
        return "no unit, %, or a counted thing such as vehicles"
    if dimension[0] == -1:
        rest = (0, *dimension[1:])
        top = [""] if rest == NONE else [w for w, (_, d) in UNITS.items() if d == rest]
        return ", ".join(f"{w}/{t}" for w in top for t in ("s", "min", "h", "d", "yr"))
    first = {factor: word for word, (factor, d) in reversed(UNITS.items()) if d == dimension}
    return ", ".join(first[factor] for factor in sorted(first))


def exact(number: int | float | Decimal | Fraction | str) -> Fraction:
    """The exact value of a number as it was written (0.1 is one tenth)."""
    if isinstance(number, float):
        number = repr(number)
    if isinstance(number, str):
        number = number.replace("_", "")
    try:
        value = Fraction(number)
    except (ValueError, OverflowError) as error:
        raise QuantityError("must be a finite number") from error
    if abs(value) > LARGEST_NUMBER:
        raise QuantityError("must be a finite number")
    return value


def unit(text: str) -> Quantity:
    """One of the unit `text`, e.g. 'kWh', '/d', 'vehicles/yr', 'GWh/yr', 'yuan/kWh'."""
    numerator, *denominators = [part.strip() for part in text.split("/")]
    result = _word(numerator) if numerator else Quantity(Fraction(1))
    for word in denominators:
        result = result / _word(word)
    return result


def _word(text: str) -> Quantity:
    result = Quantity(Fraction(1))
    for word in text.split():
        if word in AMBIGUOUS:
            raise QuantityError(f"the unit '{word}' is ambiguous: {AMBIGUOUS[word]}")
        if word not in UNITS:
            near = get_close_matches(word, UNITS, n=1, cutoff=0.5)
            raise QuantityError(
                f"unknown unit '{word[:40]}'" + (f"; did you mean '{near[0]}'?" if near else "")
            )
        factor, dimension = UNITS[word]
        result = result * Quantity(factor, dimension)
    if not text:
        raise QuantityError("a unit is missing")
    return result


def parse(text: str) -> tuple[Quantity, bool]:
    """The quantity written in `text`, and whether it carried a unit.

    Raises:
        QuantityError: not a number, an unknown or an ambiguous unit.
    """
    if len(text) > LONGEST_TEXT:
        raise QuantityError(f"must be written in at most {LONGEST_TEXT} characters")
    match = _QUANTITY.match(text)
    if not match:
        raise QuantityError("must be a number, with a unit if it has one (such as 30 d)")
    number, unit_text = match.groups()
    value = Quantity(exact(number))
    if not unit_text:
        return value, False
    return value * unit(unit_text), True
