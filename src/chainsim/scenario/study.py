"""A study that has been read: what is varied about some scenarios, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chainsim.errors import Problem
from chainsim.scenario.factors import Variable
from chainsim.scenario.loading import OpenedScenario
from chainsim.scenario.nodes import Node, Place, path_text
from chainsim.scenario.schema.study import StudyFile
from chainsim.scenario.tables import Row


@dataclass(frozen=True)
class Study:
    """What is varied about some scenarios, and how."""

    document: StudyFile
    file: str
    written: Mapping[str, Any]
    """The study as plain data."""
    bases: Mapping[str, OpenedScenario]
    """The scenarios that are varied, by name."""
    variables: tuple[Variable, ...]
    """What is varied, one by one."""
    overrides: tuple[str, ...]
    """Of the base scenarios at all points, `path=value`."""
    lists: Mapping[int, tuple[Row, ...]] = field(default_factory=dict)
    """The rows of listed points, by index of the design."""
    root: Node | None = None

    def problem(
        self, path: tuple[str | int, ...], rule: str, got: str = "", remedy: str = ""
    ) -> Problem:
        """A problem at a path of the study."""
        node = self.root.at(path) if self.root else None
        place = node.place if node else Place(self.file)
        if self.root:
            words = path_text(self.root, path)
        else:
            words = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in path).lstrip(".")
        return Problem(*place, words, rule, got, remedy)
