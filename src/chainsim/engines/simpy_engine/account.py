"""Counts and levels of one entity, with exact time integrals."""

from __future__ import annotations


class Account:
    """What an entity has counted today, and its levels.

    The integral of a level over time is value x now - moment, where the moment sums each change
    times the instant at which it came: exact, and two additions per change.
    """

    __slots__ = ("counts", "levels", "moments")

    def __init__(self, counts: int, levels: int) -> None:
        self.counts = [0] * counts
        self.levels = [0] * levels
        self.moments = [0] * levels

    def change(self, level: int, by: int, now: int) -> None:
        """Change a level at an instant."""
        self.levels[level] += by
        self.moments[level] += by * now

    def integral(self, level: int, now: int) -> int:
        """The integral of a level from second 0 to now, thousandth-seconds."""
        return self.levels[level] * now - self.moments[level]
