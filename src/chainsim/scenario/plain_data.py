"""Plain data, as from JSON or from Python, as a tree of nodes without lines."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from chainsim.errors import Problem, shown
from chainsim.scenario.nodes import BROKEN, Node, Place
from chainsim.scenario.strict_yaml import DEEPEST, DIGITS


def tree(mapping: Any, name: str) -> tuple[Node | None, list[Problem]]:
    """The tree of a mapping, and what in it is no data; None if nothing can be made of it."""
    place = Place(name)
    if not isinstance(mapping, Mapping):
        rule = "be a map of keys and values at its root"
        return None, [Problem(*place, "", rule, shown(mapping))]
    problems: list[Problem] = []
    return _node(mapping, place, (), problems), problems


def _node(value: Any, place: Place, path: tuple[str, ...], problems: list[Problem]) -> Node:
    if len(path) > DEEPEST:
        return _refused(place, path, f"be nested at most {DEEPEST} levels deep", "", problems)
    if isinstance(value, Mapping):
        below = {str(k): _node(v, place, (*path, str(k)), problems) for k, v in value.items()}
        return Node(below, place, place)
    if isinstance(value, list | tuple):
        entries = [_node(v, place, (*path, str(i)), problems) for i, v in enumerate(value)]
        return Node(entries, place, place)
    if isinstance(value, float) and math.isfinite(value):
        value = Decimal(repr(value))
    elif isinstance(value, dt.date):
        value = value.isoformat()
    rule = _rule(value)
    if rule:
        return _refused(place, path, rule, "" if value is None else shown(value), problems)
    return Node(value, place, place)


def _rule(value: Any) -> str:
    """What is wrong with a scalar, if anything."""
    if value is None:
        return "have a value: it has no value"
    if isinstance(value, float):
        return "be a finite number"
    if isinstance(value, int) and abs(value) >= 10**DIGITS:
        return f"have at most {DIGITS} digits"
    if not isinstance(value, str | int | Decimal) or (
        isinstance(value, Decimal) and not value.is_finite()
    ):
        return "be text, a number, true or false, a list or a map"
    return ""


def _refused(
    place: Place, path: tuple[str, ...], rule: str, got: str, problems: list[Problem]
) -> Node:
    problems.append(Problem(*place, ".".join(path), rule, got))
    return Node(BROKEN, place, place)
