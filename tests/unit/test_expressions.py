"""Expressions: the arithmetic of Python on exact fractions, and nothing else."""

from __future__ import annotations

import ast
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainsim.scenario.expressions import ExpressionError, Name, evaluate, names_in, parse
from chainsim.scenario.quantities import NONE, Quantity

VALUES = {
    "sichuan.share": Fraction(3, 5),
    "reserve": Fraction(1, 4),
    "makers.a.output_2022": 365_000,
}


def value(text: str) -> Fraction:
    """The value of an expression over VALUES."""
    result = evaluate(parse(text), lambda name: Quantity(Fraction(VALUES[name.name])))
    assert result.dimension == NONE
    return result.value


def by_python(text: str) -> Fraction:
    """The same text, evaluated by Python with every number as a fraction."""
    exact = re.sub(r"\d+(?:\.\d+)?", lambda m: f"Fraction('{m.group()}')", text)
    return Fraction(
        eval(compile(ast.parse(exact, mode="eval"), "", "eval"), {"Fraction": Fraction})
    )


NUMBERS = st.decimals(0, 100, places=2).map(str) | st.integers(0, 50).map(str)
ARITHMETIC = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map(" ".join),
        inner.map("({})".format),
        inner.map("-{}".format),
        st.tuples(inner.map("({})".format), st.sampled_from(["2", "-1", "3"])).map("**".join),
    ),
    max_leaves=8,
)


@given(ARITHMETIC)
def test_arithmetic_is_that_of_python(text: str) -> None:
    try:
        expected = by_python(text)
    except ZeroDivisionError:
        with pytest.raises(ExpressionError, match="division by zero"):
            value(text)
        return
    assert value(f"= {text}") == expected


def test_names_and_units() -> None:
    assert value("= makers.a.output_2022 * sichuan.share * (1 - reserve)") == 164_250
    assert value("=30 [d] / 12 [h]") == 60
    assert [n.name for n in names_in(parse("= a.b + 2 * (c - a.b)"))] == ["a.b", "c", "a.b"]
    assert parse("= a.__class__") == Name("a.__class__", 2), "dots are part of names, no access"


@pytest.mark.parametrize(
    ("text", "says", "offset"),
    [
        ("= open(1)", "functions are not allowed", 2),
        ("= (1).real", "attributes are not allowed", 5),
        ("= 1 < 2", "comparisons are not allowed", 4),
        ("= a == 1", "comparisons are not allowed", 4),
        ("= 'text'", "texts are not allowed", 2),
        ("= 1 if 1", "'if' is not expected here", 4),
        ("= a[0]", "a unit in brackets stands after a number only", 3),
        ("= lambda: 1", "':' is not allowed", 8),
        ("= 1; 2", "';' is not allowed", 3),
        ("= 3 4", "'4' is not expected here", 4),
        ("= 1 [m]", "ambiguous", 4),
        ("= (1", "closing parenthesis is missing", 4),
        ("=", "ends too early", 1),
        ("= 1 [d] + 1", "units differ", 8),
        ("= 1 / (2 - 2)", "division by zero", 4),
        ("= 2 ** 0.5", "whole number up to 64", 4),
        ("= 9 ** 64 ** 2", "too large", 4),
        ("= " + "(" * 60, "nested too deeply", 52),
        ("= " + "-" * 60 + "1", "nested too deeply", 52),
        ("= " + "1+" * 600 + "1", "at most 1000 characters", 0),
        ("= ((9**64)**9)**9 * 2", "too large", 14),
    ],
)
def test_everything_else_is_refused_at_its_character(text: str, says: str, offset: int) -> None:
    with pytest.raises(ExpressionError) as refusal:
        value(text)
    assert says in refusal.value.message
    assert refusal.value.offset == offset


def test_the_longest_chain_does_not_exhaust_the_stack() -> None:
    assert value("=" + "1+" * 498 + "1") == 499
