"""Rules that span fields: one small function per rule, each yields problems."""

from __future__ import annotations

from dataclasses import dataclass, field

from chainsim.errors import Problem
from chainsim.scenario.nodes import Node
from chainsim.scenario.schema.document import ScenarioFile


@dataclass
class Findings:
    """What the rules found."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def check(document: ScenarioFile, root: Node) -> Findings:
    """Everything that is wrong with a document whose fields are right."""
    return Findings()
