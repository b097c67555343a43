"""Overrides of single values: `--set run.seed=5`, `--set parameters.north.share=0.9`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from chainsim.errors import InputError, Problem, did_you_mean, shortened
from chainsim.scenario import strict_yaml
from chainsim.scenario.layers import overlaid
from chainsim.scenario.nodes import Node, Path, Place

KnownKeys = Callable[[Path], list[str]]
"""The keys that the schema knows for the block at a path."""


@dataclass(frozen=True, slots=True)
class Override:
    """A value that wins over the files."""

    steps: tuple[str, ...]
    value: Node

    @property
    def early(self) -> bool:
        """Whether it changes what templates and parameters are made of."""
        return self.steps[0] in ("templates", "parameters") or self.steps[-1] == "template"


def parse_overrides(texts: Iterable[str]) -> list[Override]:
    """The overrides written as `path=value`.

    Raises:
        InputError: no path, or a value that is not YAML.
    """
    found, problems = [], []
    for text in texts:
        path, equals, value = text.partition("=")
        name = f"--set {shortened(text)}"
        if not equals or not all(path.split(".")):
            remedy = "for instance --set run.seed=5"
            problems.append(Problem(name, 0, 0, "an override", "be path=value", "", remedy))
            continue
        node, wrong = strict_yaml.read_value(value, name)
        problems.extend(wrong)
        if node is not None:
            found.append(Override(_steps(path), _placed(node, Place(name))))
    if problems:
        raise InputError(problems)
    return found


def _steps(path: str) -> tuple[str, ...]:
    first, _, rest = path.partition(".")
    if first == "parameters" and rest:
        return first, rest  # names of parameters contain dots
    return tuple(path.split("."))


def _placed(node: Node, place: Place) -> Node:
    for _, below in node.walk():
        below.place = below.key = place
    return node


def apply_overrides(root: Node, overrides: Iterable[Override], known: KnownKeys) -> list[Problem]:
    """Put the values into the tree; a path that leads nowhere is a problem."""
    return [p for override in overrides for p in _apply(root, override, known)]


def _apply(root: Node, override: Override, known: KnownKeys) -> Iterator[Problem]:
    node = root
    path: Path = ()
    for step in override.steps[:-1]:
        below = _below(node, step)
        if below is None:
            if not _creates(node, step, path, known):
                yield _missing(node, override, path, step, known)
                return
            below = Node({}, override.value.place, override.value.key)
            node.value[step] = below
        node, path = below, (*path, _index(node, below, step))
    last = override.steps[-1]
    existing = _below(node, last)
    if existing is None and not _creates(node, last, path, known):
        yield _missing(node, override, path, last, known)
        return
    _put(node, last, override.value, path)


def _index(node: Node, below: Node, step: str) -> str | int:
    """The step itself, or the index in a list of the entry that it names."""
    if not isinstance(node.value, list):
        return step
    position: int = node.value.index(below)
    return position


def _below(node: Node, step: str) -> Node | None:
    below = node.child(step)
    if below is None and isinstance(node.value, list) and step.isdecimal() and len(step) < 10:
        return node.child(int(step))
    return below


def _creates(node: Node, step: str, path: Path, known: KnownKeys) -> bool:
    """Whether a key that no file gives may be given here."""
    if path == ("parameters",):
        return True  # the table of parameters knows better what is missing
    return isinstance(node.value, dict) and step in known(path)


def _put(node: Node, last: str, value: Node, path: Path) -> None:
    names = tuple(str(step) for step in path)
    below = _below(node, last)
    if isinstance(node.value, list) and below is not None:
        node.value[node.value.index(below)] = overlaid(below, value, (*names, last))
        return
    top = Node({last: value}, node.place, node.key)
    node.value = overlaid(node, top, names).value


def _missing(node: Node, override: Override, path: Path, step: str, known: KnownKeys) -> Problem:
    there = {*_names(node), *known(path)}
    above = override.steps[: len(path)]
    where = ".".join((*above, step))
    remedy = did_you_mean(step, there, f"{'.'.join(above) or 'a scenario'} has")
    return Problem(override.value.place.file, 0, 0, where, "exist", "", remedy)


def _names(node: Node) -> list[str]:
    if isinstance(node.value, dict):
        return list(node.value)
    if isinstance(node.value, list):
        return [entry.id or str(index) for index, entry in enumerate(node.value)]
    return []
