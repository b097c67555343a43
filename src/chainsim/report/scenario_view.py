"""A merged scenario for people: every value with its origin, and where two scenarios differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, get_args

import yaml

from chainsim.errors import InputError, Problem, did_you_mean, shortened
from chainsim.report.tables import Sheet
from chainsim.scenario.evaluation import jsonable, written
from chainsim.scenario.loading import DEFAULT, Origin, Scenario
from chainsim.scenario.quantities import Quantity
from chainsim.scenario.schema.fields import Block, TimeOfDay

COMMENT_COLUMN = 44
"""Where comments begin, where the value leaves room."""
LONGEST_ORIGIN = 110
LONGEST_VALUE = 60
"""Of a value, or of an origin, beside others on one line."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the merged scenario: YAML text, and the value that it gives, if it gives one."""

    text: str
    path: str = ""
    value: Any = None
    origin: Origin | None = None


def lines(scenario: Scenario, defaults: bool = True) -> Iterator[Line]:
    """The merged scenario line by line; together the texts are YAML."""
    writer = _Writer(scenario, defaults)
    yield from writer.map(scenario.merged, scenario.document, "", "")


def commented(line: Line) -> str:
    """A line with the origin of its value as a comment."""
    if line.origin is None:
        return line.text
    words = _short_origin(line.origin, LONGEST_ORIGIN)
    rounded = f"{_rounded(line.value)}; " if _rounded(line.value) else ""
    return f"{line.text.ljust(COMMENT_COLUMN)}  # {rounded}{words}"


_FRACTION = re.compile(r"= (-?\d+) / (\d+)(?: \* 1 \[(.*)\])?\Z")


def _rounded(value: Any) -> str:
    """About how much an exact fraction is, such as ~0.0696; empty for any other value."""
    match = _FRACTION.match(value) if isinstance(value, str) else None
    if match is None:
        return ""
    above, below, unit = match.groups()
    return f"~{float(Fraction(int(above), int(below))):.6g} {unit or ''}".rstrip()


def origin_words(origin: Origin) -> str:
    """The place of a value, and the expression that it comes from."""
    if origin.expression is None:
        return origin.place
    named = "parameters" if len(origin.parameters) > 1 else "parameter"
    source = f" ({named} {', '.join(origin.parameters)})" if origin.parameters else ""
    return f"{origin.place}{source} {origin.expression}"


def _short_origin(origin: Origin, longest: int) -> str:
    """The words of an origin; of a long path the end is kept, with line and column."""
    return shortened(origin_words(replace(origin, place=_end_of(origin.place, longest))), longest)


def _end_of(place: str, longest: int) -> str:
    return place if len(place) <= longest else f"...{place[3 - longest :]}"


@dataclass(frozen=True)
class _Writer:
    """Writes the values of a scenario, beside what the checked document has in their place."""

    scenario: Scenario
    defaults: bool

    def map(self, value: Mapping[str, Any], block: Any, path: str, indent: str) -> Iterator[Line]:
        """The entries of a map, and the defaults of the block that it is."""
        start = f"{path}." if path else ""
        for key, below in value.items():
            head = f"{indent}{_scalar(key)}:"
            yield from self.entry(below, _inside(block, key), start + key, head, indent + "  ")
        if self.defaults and isinstance(block, Block):
            for key, below in _defaults(block):
                yield Line(f"{indent}{key}: {_scalar(below)}", start + key, below, DEFAULT)

    def entry(self, value: Any, block: Any, path: str, head: str, indent: str) -> Iterator[Line]:
        """A value after its head (a key or a dash), on one line or on several below."""
        if isinstance(value, Mapping) and value:
            yield Line(head)
            yield from self.map(value, block, path, indent)
        elif isinstance(value, list) and value:
            yield Line(head)
            for k, below in enumerate(value):
                own = below.get("id") if isinstance(below, Mapping) else None
                at = f"{path}[{k}]" if own is None else f"{path}.{own}"
                lines = self.entry(below, _inside(block, k), at, f"{indent}-", indent + "  ")
                yield from _joined(lines, indent)
        else:
            yield Line(f"{head} {_scalar(value)}", path, value, self.scenario.origin(path))


def _joined(entry: Iterator[Line], indent: str) -> Iterator[Line]:
    """A list entry with its first key on the line of its dash."""
    head = next(entry)
    if head.origin is not None:
        yield head
        return
    first = next(entry)
    yield Line(f"{indent}- {first.text[len(indent) + 2 :]}", first.path, first.value, first.origin)
    yield from entry


def _inside(block: Any, step: str | int) -> Any:
    """What the checked document has at a key or an index, if its shape is the one written."""
    if isinstance(block, Block) and isinstance(step, str):
        names = {field.alias or name: name for name, field in type(block).model_fields.items()}
        return getattr(block, names[step]) if step in names else None
    if isinstance(block, Mapping):
        return block.get(step)
    if isinstance(block, tuple) and isinstance(step, int) and step < len(block):
        return block[step]
    return None


def _defaults(block: Block) -> Iterator[tuple[str, Any]]:
    """The keys that nobody gave and that have a value nevertheless."""
    for name, field in type(block).model_fields.items():
        value = getattr(block, name)
        if name in block.model_fields_set or value is None or value in ((), {}):
            continue
        clock = set(get_args(TimeOfDay)[1:]) & set(field.metadata)
        hour, minute = divmod(value // 60, 60) if clock else (0, 0)
        yield field.alias or name, f"{hour:02}:{minute:02}" if clock else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Block):
        given = {
            field.alias or name: _plain(getattr(value, name))
            for name, field in type(value).model_fields.items()
        }
        return {name: below for name, below in given.items() if below not in (None, (), [], {})}
    if isinstance(value, Fraction):
        return written(Quantity(value))
    return jsonable(value)


def _scalar(value: Any) -> str:
    """A value on one line of YAML."""
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    return text.removesuffix("...\n").strip()


@dataclass(frozen=True, slots=True)
class Difference:
    """A path at which two scenarios differ; None where one has no value."""

    path: str
    first: Line | None
    second: Line | None


def differences(first: Scenario, second: Scenario) -> list[Difference]:
    """Where the parameters of two scenarios differ, and what they come to."""
    one, two = (
        {x.path: x for x in (*_given_parameters(s), *lines(s)) if x.origin is not None}
        for s in (first, second)
    )
    return [
        Difference(path, one.get(path), two.get(path))
        for path in dict.fromkeys((*one, *two))
        if _value(one.get(path)) != _value(two.get(path))
    ]


def _given_parameters(scenario: Scenario) -> Iterator[Line]:
    """The parameters that are not computed from others."""
    for name, parameter in scenario.parameters.items():
        if not parameter.uses:
            value = f"{parameter.in_unit:.10g} {parameter.unit}".rstrip()
            yield Line("", f"parameters.{name}", value, Origin(str(parameter.origin)))


def _value(line: Line | None) -> Any:
    return ("given", line.value) if line is not None else None


def differences_sheet(found: list[Difference], names: tuple[str, str]) -> Sheet:
    """The differences, one line each, with the origin of the second value, else of the first."""
    rows = [
        (d.path, _shown(d.first), _shown(d.second), _origin(d.second) or _origin(d.first))
        for d in found
    ]
    heads = (_end_of(name, LONGEST_VALUE) for name in names)
    return Sheet("", ("path", *heads, "origin"), rows, single_lines=True)


def _shown(line: Line | None) -> str:
    if line is None:
        return "(none)"
    return shortened(_rounded(line.value) or _scalar(line.value), LONGEST_VALUE)


def _origin(line: Line | None) -> str:
    return _short_origin(line.origin, LONGEST_VALUE) if line and line.origin else ""


def inside(found: Iterable[Line], path: str) -> Iterator[Line]:
    """The lines at and below a path; all of them for an empty path.

    Raises:
        InputError: nothing is there.
    """
    known = list(found)
    if not path:
        yield from known
        return
    chosen = [x for x in known if x.path == path or x.path.startswith((f"{path}.", f"{path}["))]
    if not chosen:
        remedy = did_you_mean(path, {_cut(x.path, path.count(".") + 1) for x in known if x.path})
        raise InputError([Problem("--path", 0, 0, path, "be a path of the scenario", "", remedy)])
    for line in chosen:
        yield replace(line, text=f"{line.path}: {_scalar(line.value)}")


def _cut(path: str, steps: int) -> str:
    return ".".join(path.split(".")[:steps])


def value_object(line: Line) -> dict[str, Any]:
    """A value with its origin as a JSON object."""
    origin = line.origin or DEFAULT
    return {
        "path": line.path,
        "value": line.value,
        "origin": origin.place,
        "expression": origin.expression,
        "parameters": list(origin.parameters),
    }


def difference_object(found: Difference) -> dict[str, Any]:
    """A difference as a JSON object; a side without a value is null."""
    return {
        "path": found.path,
        "first": value_object(found.first) if found.first else None,
        "second": value_object(found.second) if found.second else None,
    }
