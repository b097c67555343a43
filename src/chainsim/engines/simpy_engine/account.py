"""Counts and levels of one entity, with exact time integrals."""

from __future__ import annotations

from typing import ClassVar

from chainsim.outcome.trajectory import COUNTS, LEVELS


class Account:
    """What an entity has counted since second 0, and its levels.

    For each count of its kind an entity has an attribute of that name, for each level two: the
    level and its moment, the sum of each change times the instant at which it came. The integral of
    the level is level x now - moment: exact, and two additions per change.
    """

    kind: ClassVar[str]
    unused: frozenset[str] = frozenset()
    """Counts and levels that nothing can change: the books leave them out."""

    def __init__(self) -> None:
        for name in COUNTS[self.kind]:
            setattr(self, name, 0)
        for name in LEVELS[self.kind]:
            setattr(self, name, 0)
            setattr(self, f"{name}_moment", 0)
