"""Arithmetic over parameters: `= north.share * (1 - reserve) * 30 [d]`.

Numbers (with a unit in square brackets), dotted names, + - * / // % ** and parentheses, with the
precedence of Python. Nothing else is understood, so nothing else can happen. Values are exact.

    sum     = product (("+" | "-") product)*
    product = sign (("*" | "/" | "//" | "%") sign)*
    sign    = ("-" | "+") sign | power
    power   = atom ["**" sign]
    atom    = number ["[" unit "]"] | name | "(" sum ")"
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from chainsim.errors import shortened
from chainsim.scenario import quantities
from chainsim.scenario.quantities import Quantity, QuantityError

DEEPEST = 50
"""Parentheses and signs in one another."""
LONGEST = 1000
"""Characters of one expression; with this many no evaluation exhausts the stack."""
LARGEST_BITS = 4096
"""Of the numerator and the denominator of any intermediate value."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?)(?![\w.])"
    r"|(?P<name>[^\W\d]\w*(?:\.\w+)*)"
    r"|(?P<unit>\[[^\[\]]*\])"
    r"|(?P<sign>\*\*|//|[-+*/%()])"
    r"|(?P<end>\Z))"
)
_OPERATORS: dict[str, Callable[[Quantity, Quantity], Quantity]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


class ExpressionError(ValueError):
    """(message, offset): what is wrong in an expression, and at which character of its text."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message, offset)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Name:
    """A parameter referred to."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator between two values."""

    sign: str
    left: Term
    right: Term
    offset: int


Term = Quantity | Name | Apply


def is_expression(value: object) -> bool:
    """Whether a value of a file is a text that starts with an equals sign."""
    return isinstance(value, str) and value.lstrip().startswith("=")


def parse(text: str) -> Term:
    """The structure of an expression (with or without its leading equals sign).

    Raises:
        ExpressionError: anything but arithmetic over numbers and names.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST} characters", 0)
    start = len(text) - len(text.lstrip())
    return _Parser(text, start + 1 if text[start : start + 1] == "=" else start).whole()


class _Parser:
    """Recursive descent over one text; one method per line of the grammar."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.depth = 0
        self.position = start
        self.advance()

    def advance(self) -> None:
        """Read the next token: its kind, text and offset."""
        match = _TOKEN.match(self.text, self.position)
        if match is None:
            start = len(self.text) - len(self.text[self.position :].lstrip())
            raise ExpressionError(_unreadable(self.text[start:]), start)
        self.kind = match.lastgroup or "end"
        self.token = match.group(self.kind)
        self.offset = match.start(self.kind)
        self.position = match.end()

    def whole(self) -> Term:
        term = self.sum()
        if self.kind != "end":
            raise self.unexpected()
        return term

    def sum(self) -> Term:
        return self.chain(("+", "-"), self.product)

    def product(self) -> Term:
        return self.chain(("*", "/", "//", "%"), self.sign)

    def chain(self, signs: tuple[str, ...], part: Callable[[], Term]) -> Term:
        term = part()
        while self.kind == "sign" and self.token in signs:
            sign, offset = self.token, self.offset
            self.advance()
            term = Apply(sign, term, part(), offset)
        return term

    def sign(self) -> Term:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionError("parentheses or signs nested too deeply", self.offset)
        if self.kind == "sign" and self.token in ("-", "+"):
            sign, offset = self.token, self.offset
            self.advance()
            term = self.sign()
            if sign == "-":
                term = Apply("*", Quantity(quantities.exact(-1)), term, offset)
        else:
            term = self.power()
        self.depth -= 1
        return term

    def power(self) -> Term:
        base = self.atom()
        if self.kind != "sign" or self.token != "**":
            return base
        offset = self.offset
        self.advance()
        return Apply("**", base, self.sign(), offset)

    def atom(self) -> Term:
        kind, token, offset = self.kind, self.token, self.offset
        if kind == "number":
            self.advance()
            return self.number(token)
        if kind == "name":
            self.advance()
            if self.kind == "sign" and self.token == "(":
                raise ExpressionError("functions are not allowed, only arithmetic", offset)
            return Name(token, offset)
        if kind == "sign" and token == "(":
            self.advance()
            term = self.sum()
            if (self.kind, self.token) != ("sign", ")"):
                raise ExpressionError("a closing parenthesis is missing", self.offset)
            self.advance()
            return term
        raise self.unexpected()

    def number(self, digits: str) -> Quantity:
        value = Quantity(quantities.exact(digits))
        if self.kind != "unit":
            return value
        text, offset = self.token[1:-1].strip(), self.offset
        self.advance()
        try:
            return value * quantities.unit(text)
        except QuantityError as error:
            raise ExpressionError(str(error), offset) from error

    def unexpected(self) -> ExpressionError:
        if self.kind == "end":
            return ExpressionError("the expression ends too early", self.offset)
        if self.kind == "unit":
            return ExpressionError("a unit in brackets stands after a number only", self.offset)
        return ExpressionError(f"'{shortened(self.token, 20)}' is not expected here", self.offset)


def _unreadable(rest: str) -> str:
    if rest[:1] in "'\"":
        return "texts are not allowed, only arithmetic"
    if rest[:1] in "<>=!":
        return "comparisons are not allowed, only arithmetic"
    if rest[:1] == ".":
        return "attributes are not allowed, only arithmetic over numbers and parameter names"
    return f"'{shortened(rest[:1])}' is not allowed, only arithmetic"


def names_in(term: Term) -> tuple[Name, ...]:
    """Every parameter that an expression refers to, in order."""
    if isinstance(term, Name):
        return (term,)
    if isinstance(term, Apply):
        return names_in(term.left) + names_in(term.right)
    return ()


def evaluate(term: Term, lookup: Callable[[Name], Quantity]) -> Quantity:
    """The value of an expression; `lookup` gives the value of a name.

    Raises:
        ExpressionError: units that differ, division by zero, a value out of bounds.
    """
    if isinstance(term, Quantity):
        return term
    if isinstance(term, Name):
        return lookup(term)
    left, right = evaluate(term.left, lookup), evaluate(term.right, lookup)
    try:
        if term.sign == "**" and _bits(left) * abs(int(right.value)) > LARGEST_BITS:
            raise QuantityError("a power too large to be meant")
        value = _OPERATORS[term.sign](left, right)
    except QuantityError as error:
        raise ExpressionError(str(error), term.offset) from error
    if _bits(value) > LARGEST_BITS:
        raise ExpressionError("a number with too many digits to be meant", term.offset)
    return value


def _bits(quantity: Quantity) -> int:
    return max(quantity.value.numerator.bit_length(), quantity.value.denominator.bit_length())
