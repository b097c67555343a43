"""Counts and levels of one entity, with exact time integrals."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, ClassVar

from chainsim.outcome.trajectory import COUNTS, LEVELS


class Account:
    """What an entity has counted since second 0, and its levels.

    For each count of its kind an entity has an attribute of that name, for each level two: the
    level and its moment, the sum of each change times the instant at which it came. The integral of
    the level is level x now - moment: exact, and two additions per change.
    """

    kind: ClassVar[str]

    def __init__(self) -> None:
        for name in COUNTS[self.kind]:
            setattr(self, name, 0)
        for name in LEVELS[self.kind]:
            setattr(self, name, 0)
            setattr(self, f"{name}_moment", 0)


def readers(kind: str) -> tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any]]:
    """Functions that read the counts, the levels and the moments of an account of a kind."""
    levels = LEVELS[kind]
    return (
        _reader(COUNTS[kind]),
        _reader(levels),
        _reader(tuple(f"{name}_moment" for name in levels)),
    )


def _reader(names: tuple[str, ...]) -> Callable[[Any], Any]:
    if not names:
        return lambda _: ()
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda account: (get(account),)
