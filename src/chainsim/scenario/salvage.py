"""What is left of a document with wrong fields: enough to look for wrong names as well."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from chainsim.errors import Problem, shown
from chainsim.scenario import checks, explaining
from chainsim.scenario.nodes import Node, Path
from chainsim.scenario.schema.document import ScenarioFile

ROUNDS = 6
"""Taking a field away may leave its block incomplete, and that the one above it."""
BASIC = ("items", "sites")
"""Maps whose entries everything else names: without one of them other names cannot be judged."""


def wrong_names(error: ValidationError, root: Node) -> list[Problem]:
    """Names that refer to nothing, in what is left without the fields that are wrong."""
    plain = root.plain()
    removed: set[str] = set()
    for _ in range(ROUNDS):
        for path in sorted(explaining.paths_of(error, root), key=len, reverse=True):
            step = _take_away(plain, path)
            if step is None:
                return []
            removed.add(shown(step))
        try:
            document = ScenarioFile.model_validate(plain)
        except ValidationError as again:
            error = again
            continue
        return [p for p in checks.naming(document, root) if p.got not in removed]
    return []


def _take_away(plain: Any, path: Path) -> str | int | None:
    """Remove what stands at a path, of a list the whole; the last step, None if it must stay.

    A list would lose the places of its other entries if only one were taken.
    """
    lists = [i for i, step in enumerate(path) if isinstance(step, int)]
    path = path[: lists[0]] if lists else path
    if not path or (len(path) <= 2 and path[0] in BASIC):
        return None
    for step in path[:-1]:
        if not isinstance(plain, dict) or step not in plain:
            return path[-1]
        plain = plain[step]
    if isinstance(plain, dict):
        plain.pop(path[-1], None)
    return path[-1]
