"""What the rules stand on: the document, the tree it came from, and how to point at a place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from chainsim.errors import Problem, did_you_mean, shown
from chainsim.scenario.nodes import Node, Path, path_text
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.selectors import Selector
from chainsim.scenario.selection import lane_pairs, selected_sites

Problems = Iterator[Problem]


@dataclass
class Ground:
    """A document whose fields are right, and the places of its values."""

    document: ScenarioFile
    root: Node
    _pairs: dict[str, frozenset[tuple[str, str]]] = field(default_factory=dict)

    def problem(
        self, path: Path, rule: str, remedy: str = "", *, got: str | None = None, key: bool = False
    ) -> Problem:
        """A problem with the value at a path (or with its key)."""
        node = self.root.at(path)
        place = node.key if key and node.key else node.place
        if got is None:
            got = shown(node.written())
        return Problem(*place, path_text(self.root, path), rule, got, remedy)

    def unknown(self, path: Path, word: str, known: Iterable[str], what: str) -> Problem:
        """A name at or below a path that refers to nothing."""
        where = self.standing(path, word)
        node = self.root.at(where)
        place = node.key if where[-1:] == (word,) and node.value != word else node.place
        remedy = did_you_mean(word, known, f"known {what}s are")
        text, rule = path_text(self.root, where), f"be the id of a known {what}"
        return Problem(*(place or node.place), text, rule, shown(word), remedy)

    def standing(self, path: Path, word: str) -> Path:
        """Where a word stands: as a value or as a key at or below a path."""
        for below, node in self.root.at(path).walk(path):
            if node.value == word or below[-1:] == (word,):
                return below
        return path

    def computed(self, path: Path) -> bool:
        """Whether the value at a path was computed by an expression."""
        return any(node.computed is not None for _, node in self.root.at(path).walk())

    def existing(self, *paths: Path) -> Path:
        """The first of several spellings of a path that the user wrote."""
        for path in paths:
            node: Node | None = self.root
            for step in path:
                node = node.child(step) if node is not None else None
            if node is not None:
                return path
        return paths[0]

    def pairs(self, lane: str) -> frozenset[tuple[str, str]]:
        """The pairs of sites that a lane block joins."""
        if lane not in self._pairs:
            self._pairs[lane] = frozenset(lane_pairs(self.document, lane))
        return self._pairs[lane]

    def sites(self, selector: Selector) -> list[str]:
        """The sites that a selector names."""
        return selected_sites(self.document, selector)

    def seconds(self, when: dt.datetime | Fraction) -> Fraction:
        """An instant in seconds since the start of the run."""
        if isinstance(when, Fraction):
            return when
        return Fraction(round((when - self.document.run.start).total_seconds()))

    @property
    def end(self) -> Fraction:
        """The end of the run in seconds since its start."""
        run = self.document.run
        if run.end is not None:
            return self.seconds(run.end)
        return Fraction(run.length or 0)
