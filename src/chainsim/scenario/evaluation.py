"""Expressions in a scenario, evaluated; and computed values written out again."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from chainsim.errors import Problem
from chainsim.scenario import expressions, quantities
from chainsim.scenario.expressions import ExpressionError
from chainsim.scenario.nodes import BROKEN, Node, Path, path_text
from chainsim.scenario.parameters import (
    BrokenParameter,
    ParameterTable,
    expression_problem,
    value_of,
)
from chainsim.scenario.quantities import Quantity

Uses = dict[Path, tuple[str, ...]]
"""The parameters to which the expression at a path refers."""

WORDS = ("name", "description", "note", "source")
"""Keys of free text: an equals sign there begins a sentence, not a computation."""

_BASE = ("s", "kWh", "km", "yuan")


def evaluate_all(root: Node, table: ParameterTable) -> tuple[Uses, list[Problem]]:
    """Compute every text that starts with an equals sign, in place."""
    uses: Uses = {}
    problems: list[Problem] = []
    for path, node in root.walk():
        if not expressions.is_expression(node.value) or (path and path[-1] in WORDS):
            continue
        text = node.value
        try:
            term = expressions.parse(text)
            uses[path] = tuple(dict.fromkeys(name.name for name in expressions.names_in(term)))
            node.computed = _plainly(value_of(term, table))
        except BrokenParameter:
            node.value = BROKEN
        except ExpressionError as error:
            where = path_text(root, path)
            problems.append(expression_problem(error, where, text, node.place, node.inset))
            node.value = BROKEN
    return uses, problems


def _plainly(quantity: Quantity) -> Quantity | int:
    """A whole plain number as an int, so that counts can be computed too."""
    plain = quantity.dimension == quantities.NONE and quantity.value.denominator == 1
    return int(quantity.value) if plain else quantity


def jsonable(value: Any) -> Any:
    """Plain data that JSON and YAML can hold and that reads back as the same values."""
    if isinstance(value, dict):
        return {name: jsonable(below) for name, below in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(below) for below in value]
    if isinstance(value, Quantity):
        return written(value)
    if isinstance(value, Decimal):
        return _number(Fraction(value), f"= {value:f}")
    return value


def written(quantity: Quantity) -> int | float | str:
    """A quantity as a user could have written it, without loss: 12, '30 d', '= 1/3 [d]'."""
    scale, unit = scale_and_unit(quantity.dimension)
    value = quantity.value / scale
    exact = _number(value, "")
    if isinstance(exact, str):
        return f"= {value.numerator} / {value.denominator}" + (f" * 1 [{unit}]" if unit else "")
    return f"{_plain(exact)} {unit}" if unit else exact


def scale_and_unit(dimension: quantities.Dimension) -> tuple[Fraction, str]:
    """The unit in which quantities of a dimension are written, and its size in base units."""
    time = dimension[0]
    scale, second = (Fraction(86_400) ** time, "d") if time else (Fraction(1), "s")
    return scale, _unit(dimension, second)


def _unit(dimension: quantities.Dimension, second: str) -> str:
    words = [(second, dimension[0]), *zip(_BASE[1:], dimension[1:], strict=True)]
    over = [word for word, power in words for _ in range(power)]
    under = [word for word, power in words for _ in range(-power)]
    return " ".join(over) + "".join(f"/{word}" for word in under)


def _number(value: Fraction, otherwise: str) -> int | float | str:
    """An int or a float with exactly this value as written, or `otherwise`."""
    if value.denominator == 1:
        return int(value)
    try:
        number = float(value)
    except OverflowError:
        return otherwise
    return number if Fraction(repr(number)) == value else otherwise


def _plain(number: int | float | str) -> str:
    return format(Decimal(str(number)), "f")
