"""Quantities: exact values in base units, against the definitions of the units."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainsim.scenario.evaluation import written
from chainsim.scenario.quantities import Quantity, QuantityError, exact, parse, unit

HOUR, DAY = 3600, 86_400


@pytest.mark.parametrize(
    ("text", "value", "dimension"),
    [
        ("30 d", 30 * DAY, (1, 0, 0, 0)),
        ("30d", 30 * DAY, (1, 0, 0, 0)),
        ("1.5 h", 5400, (1, 0, 0, 0)),
        ("2 weeks", 14 * DAY, (1, 0, 0, 0)),
        ("1 yr", 365 * DAY, (1, 0, 0, 0)),
        ("12 GWh/yr", Fraction(12_000_000, 365 * DAY), (-1, 1, 0, 0)),
        ("60 vehicles/h", Fraction(60, HOUR), (-1, 0, 0, 0)),
        ("400 /d", Fraction(400, DAY), (-1, 0, 0, 0)),
        ("365 thousand vehicles/yr", Fraction(1000, DAY), (-1, 0, 0, 0)),
        ("430 km", 430, (0, 0, 1, 0)),
        ("0.6 yuan/kWh", Fraction(3, 5), (0, -1, 0, 1)),
        ("97 %", Fraction(97, 100), (0, 0, 0, 0)),
        ("1e3 kWh", 1000, (0, 1, 0, 0)),
    ],
)
def test_a_text_is_exact_in_base_units(
    text: str, value: Fraction, dimension: tuple[int, ...]
) -> None:
    assert parse(text) == (Quantity(Fraction(value), dimension), True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("3 m", "ambiguous"),
        ("3 ton", "write t"),
        ("3 months", "differ in length"),
        ("3 dya", "did you mean 'day'"),
        ("days", "must be a number"),
        ("3 d/", "a unit is missing"),
        ("1 200 d", "unknown unit '200'"),
        ("9" * 5000 + " d", "at most 100 characters"),
        ("1e999 d", "finite"),
    ],
)
def test_what_is_ambiguous_is_refused(text: str, says: str) -> None:
    with pytest.raises(QuantityError, match=says):
        parse(text)


def test_numbers_mean_what_was_written() -> None:
    assert exact(0.1) == exact("0.1") == exact(Decimal("0.1")) == Fraction(1, 10)


def test_dimensions_follow_arithmetic() -> None:
    """The capacity of 12 GWh/yr over 30 days at 60 kWh per pack: 12e6/365*30/60 packs."""
    packs = unit("GWh/yr") * Quantity(Fraction(12)) * parse("30 d")[0] / parse("60 kWh")[0]
    assert packs == Quantity(Fraction(12_000_000 * 30, 365 * 60))
    with pytest.raises(QuantityError, match="cannot add a time and a plain number"):
        parse("1 d")[0] + Quantity(Fraction(1))
    assert parse("7 d")[0] // parse("2 d")[0] == Quantity(Fraction(3))
    assert parse("7 d")[0] % parse("2 d")[0] == parse("1 d")[0]


@given(
    st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**6),
    st.tuples(*[st.integers(-2, 2)] * 4),
)
def test_a_quantity_written_out_reads_back_the_same(
    value: Fraction, dimension: tuple[int, int, int, int]
) -> None:
    from chainsim.scenario import expressions

    quantity = Quantity(value, dimension)
    text = written(quantity)
    if isinstance(text, str) and expressions.is_expression(text):
        back = expressions.evaluate(expressions.parse(text), lambda _: quantity)
    else:
        back = parse(str(text))[0]
    assert back == quantity
