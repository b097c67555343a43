"""A value of a file together with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
"""The way to a value: keys of maps and indices of lists."""


class Place(NamedTuple):
    """A place in a file; line 0 where there are no lines (an option, a mapping)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Broken:
    """Stands for a value that has been reported already."""

    def __repr__(self) -> str:
        return "a value that cannot be read"


BROKEN = Broken()


@dataclass(slots=True, eq=False)
class Node:
    """A map, a list or a scalar, with its place and that of its key.

    Scalars are str, int, Decimal, bool, BROKEN, or a value computed from them.
    """

    value: Any
    place: Place
    key: Place | None = None
    computed: Any = None
    """What an expression came to, where the value is one."""
    inset: int = 0
    """Characters before the text itself: 1 where it stands in quotes."""
    beneath: frozenset[Place] = frozenset()
    """The places of the values that this one replaced."""

    def plain(self) -> Any:
        """The value without places; computed values in place of their expressions."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value if self.computed is None else self.computed

    def written(self) -> Any:
        """The value as the user wrote it, two levels deep, for messages."""
        if isinstance(self.value, dict):
            return {name: _outline(node) for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [_outline(node) for node in self.value]
        return self.value

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, Node]]:
        """This node and all below it, each with its path."""
        yield path, self
        if isinstance(self.value, dict):
            for name, node in self.value.items():
                yield from node.walk((*path, name))
        elif isinstance(self.value, list):
            for index, node in enumerate(self.value):
                yield from node.walk((*path, index))

    def child(self, step: str | int) -> Node | None:
        """The node under a key, at an index, or of the list entry with an `id`; else None."""
        if isinstance(self.value, dict):
            return self.value.get(step) if isinstance(step, str) else None
        if isinstance(self.value, list):
            if isinstance(step, int):
                return self.value[step] if 0 <= step < len(self.value) else None
            return next((node for node in self.value if node.id == step), None)
        return None

    @property
    def id(self) -> str | None:
        """The `id` of a list entry that has one."""
        node = self.value.get("id") if isinstance(self.value, dict) else None
        return node.value if node is not None and isinstance(node.value, str) else None

    def at(self, path: Path) -> Node:
        """The node at a path, or the last one on the way that exists."""
        node = self
        for step in path:
            below = node.child(step)
            if below is None:
                return node
            node = below
        return node


def _outline(node: Node) -> Any:
    """A scalar, or an empty map or list in place of a full one."""
    return type(node.value)() if isinstance(node.value, dict | list) else node.value


def copied(node: Node) -> Node:
    """A copy that can be changed without changing the original."""
    value = node.value
    if isinstance(value, dict):
        value = {name: copied(below) for name, below in value.items()}
    elif isinstance(value, list):
        value = [copied(below) for below in value]
    return replace(node, value=value)


def path_text(root: Node, path: Path) -> str:
    """A path as users write it: list entries by their id where they have one."""
    words: list[str] = []
    node: Node | None = root
    for step in path:
        node = node.child(step) if node is not None else None
        name = node.id if isinstance(step, int) and node is not None else None
        if isinstance(step, int) and name is None:
            words.append(f"{words.pop() if words else ''}[{step}]")
        else:
            words.append(name or str(step))
    return ".".join(words)
