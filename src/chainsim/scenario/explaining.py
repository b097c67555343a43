"""What pydantic finds wrong, as problems with a place, a rule and a remedy."""

from __future__ import annotations

import types
from collections import defaultdict
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from chainsim.errors import Problem, did_you_mean, shortened, shown
from chainsim.scenario.nodes import BROKEN, Node, Path, path_text
from chainsim.scenario.schema.fields import Block
from chainsim.scenario.schema.time import DAYS, days_of

SHORTHANDS = ("pull", "paced")
"""Keys of a shorthand that are also the name of the branch it stands for."""


Fork = tuple[Path, tuple[str, ...]]
"""Where a union stands: the path, and the branches already taken at it."""
Branches = tuple[tuple[Fork, str], ...]


class Finding(NamedTuple):
    """One error of pydantic, brought back to what the user wrote."""

    error: dict[str, Any]
    path: Path
    """The steps of the location that exist in the user's data."""
    branches: Branches
    """The branches of unions on the way: where, and which."""
    last: str | int | None
    """The last step of the location."""


def problems_of(error: ValidationError, root: Node, model: type[BaseModel]) -> list[Problem]:
    """One problem per mistake; of a union only the branch that the user meant."""
    findings = [_finding(dict(e), root) for e in error.errors(include_url=False)]
    findings = [f for f in findings if not _moot(f, root.at(f.path))]
    findings = _meant(findings, root) or findings
    misspelt = [f for f in findings if f.error["type"] == "extra_forbidden"]
    return [_problem(f, root, model) for f in findings if not _explained(f, misspelt)]


def paths_of(error: ValidationError, root: Node) -> set[Path]:
    """Where the user wrote what pydantic refuses; of what is missing, the block that lacks it."""
    return {_finding(dict(e), root).path for e in error.errors(include_url=False)}


def _moot(finding: Finding, node: Node) -> bool:
    """Whether the value, or its kind, has been reported, or others that would make it enough."""
    context = finding.error.get("ctx", {})
    if finding.error["type"] == "union_tag_invalid":
        kind = node.child(context["discriminator"].strip("'"))
        return kind is not None and kind.value is BROKEN
    counted = finding.error["type"] == "too_short" and isinstance(node.value, list | dict)
    return node.value is BROKEN or (counted and len(node.value) >= context["min_length"])


def _explained(finding: Finding, misspelt: list[Finding]) -> bool:
    """Whether a missing key is the one that an unknown key beside it was meant to be."""
    return finding.error["type"] == "missing" and any(
        other.error["loc"][:-1] == finding.error["loc"][:-1]
        and bool(get_close_matches(str(other.last), [str(finding.last)], cutoff=0.6))
        for other in misspelt
    )


def _finding(error: dict[str, Any], root: Node) -> Finding:
    loc = tuple(error["loc"])
    path, branches = _best_way(root, loc[:-1] if error["type"] == "missing" else loc)
    return Finding(error, path, branches, loc[-1] if loc else None)


def _best_way(root: Node, steps: Path) -> tuple[Path, Branches]:
    """The location without the names of branches that pydantic puts in between.

    The way that finds most steps in the data wins; of equals the one that found its last step
    latest.
    """
    _, _, path, branches = max(_ways(root, steps, (), (), -len(steps) - 1), key=lambda way: way[:2])
    return path, branches


def _ways(
    node: Node, steps: Path, path: Path, branches: Branches, latest: int
) -> Iterator[tuple[int, int, Path, Branches]]:
    if not steps:
        yield len(path), latest, path, branches
        return
    step = _spelled(node, steps[0])
    exists = isinstance(node.value, list if isinstance(step, int) else dict)
    below = node.child(step) if exists else None
    if below is not None:
        yield from _ways(below, steps[1:], (*path, step), branches, -len(steps))
    if below is None or step in SHORTHANDS:
        taken = tuple(tag for (where, _), tag in branches if where == path)
        further = (*branches, ((path, taken), str(step)))
        yield from _ways(node, steps[1:], path, further, latest)


def _spelled(node: Node, step: str | int) -> str | int:
    """A step as the user wrote it: a day may stand in 'mon-fri', a share in a map of shares."""
    if step in DAYS and isinstance(node.value, dict) and step not in node.value:
        return next((key for key in node.value if step in _named_days(key)), step)
    if isinstance(step, int) and isinstance(node.value, dict) and step < len(node.value):
        names: list[str] = list(node.value)
        return names[step]
    return step


def _named_days(key: str) -> list[str]:
    try:
        return days_of(key)
    except PydanticCustomError:
        return []


def _meant(findings: list[Finding], root: Node) -> list[Finding]:
    tags: dict[Fork, dict[str, int]] = defaultdict(dict)
    for finding in findings:
        for union, tag in finding.branches:
            tags[union][tag] = tags[union].get(tag, 0) + 1
    chosen = {union: _branch(counts, root.at(union[0])) for union, counts in tags.items()}
    return [f for f in findings if all(chosen[union] == tag for union, tag in f.branches)]


def _branch(counts: dict[str, int], node: Node) -> str:
    """The branch of a union that fits the shape of the value, with the fewest errors."""
    value = node.value if node.computed is None else node.computed

    def misfit(tag: str) -> int:
        words = tag.startswith("literal") or tag in ("str", "constrained-str")
        if isinstance(value, dict):
            liked = not words and (tag.isidentifier() or tag.startswith("function-after"))
        elif isinstance(value, list):
            liked = tag.startswith("tuple")
        elif isinstance(value, str) and value[:1].isalpha():
            liked = words
        else:
            liked = tag.startswith("function-before")
        return 0 if liked else 1 if tag.startswith("function") else 2

    return min(counts, key=lambda tag: (misfit(tag), counts[tag]))


def _problem(finding: Finding, root: Node, model: type[BaseModel]) -> Problem:
    error, path = finding.error, finding.path
    node = root.at(path)
    kind = error["type"]
    place = node.key if kind in ("missing", "extra_forbidden") and node.key else node.place
    rule, got, remedy = "", shown(node.written()), ""
    if kind == "rule":
        rule = str(error["ctx"]["rule"])
    elif kind == "missing":
        rule, got = f"have the key '{finding.last}'", ""
        if isinstance(finding.last, int):
            rule, got = f"have {finding.last + 1} entries", shown(node.written())
    elif kind == "extra_forbidden":
        known = keys_at(model, error["loc"][:-1]) + list(_before_the_schema(path))
        rule, got = "be a known key", f"'{shortened(str(finding.last))}'"
        remedy = did_you_mean(str(finding.last), known)
    else:
        rule, remedy = _rule(error, node)
    if finding.last == "[key]":
        place, got = node.key or node.place, shown(str(path[-1]))
    return Problem(*place, path_text(root, path), rule, got, remedy)


def _before_the_schema(path: Path) -> tuple[str, ...]:
    """The keys at a place that are worked in before the schema is asked."""
    if len(path) == 1:
        return ("extends", "parameter_tables", "parameters", "sources", "templates")
    return ("template",) if len(path) == 3 and path[0] == "sites" else ()


_TYPES: dict[str, tuple[str, str]] = {
    "string_type": ("be text", "put it in quotes"),
    "dict_type": ("be a map of keys and values", ""),
    "model_type": ("be a map of keys and values", ""),
    "model_attributes_type": ("be a map of keys and values", ""),
    "tuple_type": ("be a list", "put it in [ ]"),
    "int_type": ("be a whole number", ""),
    "bool_type": ("be true or false", ""),
    "string_pattern_mismatch": (
        "be a name of at most 64 letters, digits, _ or - without spaces, slashes and dots",
        "",
    ),
}
_BOUNDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "greater_than_equal": lambda c: f"be at least {c['ge']}",
    "greater_than": lambda c: f"be above {c['gt']}",
    "less_than_equal": lambda c: f"be at most {c['le']}",
    "less_than": lambda c: f"be below {c['lt']}",
    "too_short": lambda c: f"have at least {c['min_length']} entries",
    "too_long": lambda c: f"have at most {c['max_length']} entries",
    "string_too_short": lambda c: f"have at least {c['min_length']} characters",
    "string_too_long": lambda c: f"have at most {c['max_length']} characters",
}


def _rule(error: dict[str, Any], node: Node) -> tuple[str, str]:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _TYPES:
        return _TYPES[kind]
    if kind in _BOUNDS:
        return _BOUNDS[kind](context), ""
    if kind == "literal_error":
        rule = f"be one of {context['expected']}".replace(" or ", ", ")
        words = [word.strip(" '") for word in context["expected"].replace(" or ", ",").split(",")]
        return rule, did_you_mean(node.value, words, "") if isinstance(node.value, str) else ""
    if kind == "union_tag_invalid":
        key = str(context["discriminator"]).strip("'")
        words = [word.strip(" '") for word in context["expected_tags"].split(",")]
        return f"have {key} as one of {', '.join(words)}", did_you_mean(context["tag"], words, "")
    if kind == "union_tag_not_found":
        return f"have the key {context['discriminator']}", ""
    return f"be valid ({shortened(error['msg'], 120)})", ""


def keys_at(model: type[BaseModel], loc: Path) -> list[str]:
    """The keys that the block at a location of pydantic may have."""
    types_here: list[Any] = [model]
    for step in loc:
        below = [kind for outer in types_here for kind in _below(outer, step)]
        validated = isinstance(step, str) and step.startswith("function-")
        types_here = types_here if validated and not below else below
    blocks = [kind for outer in types_here for kind in _members(outer) if _is_block(kind)]
    return sorted({field.alias or name for b in blocks for name, field in b.model_fields.items()})


def _is_block(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Block)


def _members(kind: Any) -> list[Any]:
    """The types that a type is made of by Annotated and unions."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _members(get_args(kind)[0])
    if origin is Union or origin is types.UnionType:
        return [member for part in get_args(kind) for member in _members(part)]
    return [kind]


def _below(outer: Any, step: str | int) -> Iterator[Any]:
    for kind in _members(outer):
        origin, args = get_origin(kind), get_args(kind)
        if origin is dict:
            yield args[1]
        elif origin is tuple and isinstance(step, int):
            yield args[0] if args[-1] is Ellipsis else args[min(step, len(args) - 1)]
        elif _is_block(kind):
            yield from _in_block(kind, step)


def _in_block(block: type[Block], step: str | int) -> Iterator[Any]:
    for name, field in block.model_fields.items():
        if step == (field.alias or name):
            yield field.annotation
        elif get_origin(field.annotation) is Literal and step in get_args(field.annotation):
            yield block
    if step == block.__name__ or str(step).endswith(f" {block.__name__}]"):
        yield block
