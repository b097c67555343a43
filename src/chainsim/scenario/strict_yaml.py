"""YAML read strictly: YAML 1.2 scalars, exact numbers, the place of every key and value.

What other readers accept in silence is a problem here: duplicate keys, anchors and aliases, tags,
a value left empty, numbers with leading zeros, infinities. `no`, `12:30` and `2022-01-01` stay
text. Nesting is bounded while events are read, so that no input can exhaust the stack.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import yaml
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.reader import ReaderError

from chainsim.errors import Problem, printable, shown
from chainsim.scenario.nodes import BROKEN, Node, Place

LARGEST_FILE = 1_000_000
"""Bytes of one file."""
MOST_VALUES = 60_000
"""Of one file: some twenty thousand lines."""
MOST_PROBLEMS = 100
"""Of one file, after which it is not read further."""
DEEPEST = 32
"""Levels of maps and lists in one another."""
DIGITS = 40
"""Of one number."""

UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Characters that no name or text may have: control, direction and surrogate characters."""
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_BASED = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE]([-+]?[0-9]+))?\Z")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")


class Refused(Exception):
    """A scalar that is not allowed: (rule, remedy)."""


def resolve(text: str) -> str | int | Decimal | bool:
    """The value of a plain scalar by the core schema of YAML 1.2.

    Raises:
        Refused: empty, not finite, with leading zeros, or too long to be meant.
    """
    if text in _NULL:
        raise Refused("have a value: it has no value", "leave the key out or give it one")
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _NOT_FINITE.match(text):
        raise Refused("be a finite number", "leave the key out where nothing is limited")
    decimal = _DECIMAL.match(text)
    if not decimal and not _BASED.match(text):
        return text
    if len(text) > DIGITS:
        raise Refused(f"have at most {DIGITS} digits", "")
    if not decimal:
        return int(text, 0)
    if _LEADING_ZERO.match(text):
        bare = text.lstrip("+-").lstrip("0") or "0"
        raise Refused(
            "have no leading zeros",
            f"write {'0' if bare[0] == '.' else ''}{bare}, or '{text}' in quotes if it is a name",
        )
    if _INTEGER.match(text):
        return int(text)
    if decimal.group(1) and abs(int(decimal.group(1))) > 99:
        raise Refused("have an exponent of at most 99", "")
    number = Decimal(text)
    return number if "." in text else int(number) if number == int(number) else number


class _Builder:
    """Turns the events of one document into nodes, with an explicit stack."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self.stack: list[tuple[Node, Node | None]] = []
        """Open maps and lists, each with the key that waits for its value."""
        self.steps: list[str] = []
        """The keys and indices under which they stand."""
        self.documents = 0
        self.values = 0
        self.refused_alias = False
        self.unreadable = False
        """Whether something stands there that is no plain data."""

    def place(self, event: Event) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file, 1, 1)

    def step(self) -> str:
        """The key or index at which the next value will stand."""
        if not self.stack:
            return ""
        node, key = self.stack[-1]
        if isinstance(node.value, list):
            return f"[{len(node.value)}]"
        return "" if key is None else str(key.value)

    def path(self) -> str:
        words = [word for word in (*self.steps, self.step()) if word]
        return ".".join(words).replace(".[", "[")

    def report(self, place: Place, rule: str, got: str = "", remedy: str = "") -> None:
        self.problems.append(Problem(*place, self.path(), rule, got, remedy))

    def take(self, event: Event) -> bool:
        """Work one event in; False stops the reading."""
        self.values += 1
        if self.values > 2 * MOST_VALUES:  # a value comes with a key or an end
            self.report(self.place(event), f"hold at most {MOST_VALUES:,} values")
        if self.values > 2 * MOST_VALUES or len(self.problems) >= MOST_PROBLEMS:
            return False
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.report(
                    self.place(event), "hold one document", "a second one", "remove the line ---"
                )
                return False
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self.stack.pop()
            self.steps.pop()
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            return self.open(event)
        elif isinstance(event, ScalarEvent):
            self.scalar(event)
        elif isinstance(event, AliasEvent):
            self.no_alias(self.place(event), f"*{event.anchor}")
            self.add(Node(BROKEN, self.place(event)))
        return True

    def open(self, event: MappingStartEvent | SequenceStartEvent) -> bool:
        place = self.place(event)
        self.no_extras(event, place)
        if len(self.stack) >= DEEPEST:
            self.problems.append(
                Problem(*place, "", f"be nested at most {DEEPEST} levels deep", "", "")
            )
            return False
        container: Any = {} if isinstance(event, MappingStartEvent) else []
        node = Node(container, place)
        if self.stack and self.expects_key():
            self.report(place, "have text as its keys", shown(container))
            return False
        self.steps.append(self.step())
        self.add(node)
        self.stack.append((node, None))
        return True

    def scalar(self, event: ScalarEvent) -> None:
        place = self.place(event)
        self.no_extras(event, place)
        if self.stack and self.expects_key():
            self.key(event, place)
            return
        value: Any = event.value
        if strange := UNFIT.search(event.value):
            rule, got = "have no control or surrogate characters", shown(strange.group())
            self.report(place, rule, got)
            value = BROKEN
        elif event.implicit[0]:
            try:
                value = resolve(event.value)
            except Refused as refusal:
                rule, remedy = refusal.args
                got = shown(event.value).strip("'") if event.value else ""
                self.report(self.empty_place(place, event), rule, got, remedy)
                value = BROKEN
        self.add(Node(value, place, inset=1 if event.style in ("'", '"') else 0))

    def empty_place(self, place: Place, event: ScalarEvent) -> Place:
        """An empty value is reported at its key."""
        key = self.stack[-1][1] if self.stack else None
        return key.place if key is not None and not event.value else place

    def expects_key(self) -> bool:
        node, key = self.stack[-1]
        return isinstance(node.value, dict) and key is None

    def key(self, event: ScalarEvent, place: Place) -> None:
        node, _ = self.stack[-1]
        name = event.value
        if event.implicit[0] and name == "<<":
            self.no_alias(place, "<<")
        if event.implicit[0] and name in _NULL:
            self.report(place, "have text as its keys", "an empty key")
        elif name in node.value:
            first = node.value[name].key or place
            self.stack[-1] = (node, Node(name, place))
            self.report(
                place, "be given once", "", f"it stands already in line {first.line}: remove one"
            )
        self.stack[-1] = (node, Node(name, place))

    def add(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        parent, key = self.stack[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
        elif key is None:
            self.stack[-1] = (parent, Node("", node.place))
        else:
            node.key = key.place
            parent.value[key.value] = node
            self.stack[-1] = (parent, None)

    def no_extras(self, event: Any, place: Place) -> None:
        if event.anchor is not None:
            self.no_alias(place, f"&{event.anchor}")
        if event.tag is not None:
            self.report(place, "not have a tag", shown(event.tag), "remove it")
            self.unreadable = True

    def no_alias(self, place: Place, got: str) -> None:
        if not self.refused_alias:
            self.report(
                place,
                "not use anchors, aliases or merge keys",
                shown(got).strip("'"),
                "write the value out, or use templates",
            )
        self.refused_alias = self.unreadable = True


def read(text: str, file: str) -> tuple[Node | None, list[Problem]]:
    """The root map of a YAML text, and every problem found in it.

    The root is None where the text cannot be read to its end or is not a map.
    """
    builder = _Builder(file)
    complete = True
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if not builder.take(event):
                complete = False
                break
    except MarkedYAMLError as error:
        complete = False
        builder.problems.append(_syntax_problem(error, file, text))
    except ReaderError as error:
        complete = False
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1
        got = printable(text[error.position : error.position + 1])
        builder.problems.append(
            Problem(file, line, column, "", "hold no control characters", got, "remove it")
        )
    if not complete or builder.unreadable:
        return None, builder.problems
    return _root_map(builder, file)


def read_value(text: str, name: str) -> tuple[Node | None, list[Problem]]:
    """The value of a text such as `30 d`, `0.9` or `{at: 2022-08-15}`, as in an option."""
    root, problems = read("value: " + text, name)
    node = None if root is None else root.value.get("value")
    problems = [Problem(name, 0, 0, "the value", p.rule, p.got, p.remedy) for p in problems]
    return (None if problems else node), problems


def _root_map(builder: _Builder, file: str) -> tuple[Node | None, list[Problem]]:
    root = builder.root
    if root is not None and isinstance(root.value, dict):
        return root, builder.problems
    if root is None or root.value is BROKEN:
        problem = Problem(file, 1, 1, "", "hold a scenario: it is empty", "", "start with name:")
        return None, [*builder.problems[:0], problem]
    kind = "a list" if isinstance(root.value, list) else shown(root.value)
    rule = "be a map of keys and values at its root"
    return None, [*builder.problems, Problem(*root.place, "", rule, kind, "start with name:")]


def _syntax_problem(error: MarkedYAMLError, file: str, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    if "\t" in here[: len(here) - len(here.lstrip())] or here[column - 1 : column] == "\t":
        return Problem(
            file, line, column, "", "be indented with spaces", "a tab", "replace tabs by spaces"
        )
    what = " ".join(part for part in (error.context, error.problem) if part)
    return Problem(file, line, column, "", f"be YAML: {printable(what)}", "", _hint(what))


def _hint(what: str) -> str:
    if "mapping values are not allowed" in what:
        return "put a text that contains ': ' in quotes, or check the indentation"
    if "could not find expected ':'" in what:
        return "a key needs ': ' after it"
    if "flow" in what and "got '['" in what:
        return "inside { } put a text that contains [ ] in quotes"
    if "cannot start any token" in what:
        return "put the text in quotes"
    return "check brackets, quotes and indentation"
