"""Investments as integers: when they start and open, and which servers come and go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TriggerSpec:
    """The rule by which an investment is decided during a run."""

    resource: int
    """Whose servers are looked at."""
    utilisation: int
    """Busy time over time not closed, ppm, at or above which it is decided."""
    days: int
    """Over so many days."""
    at_most: int
    """Times in a run."""
    since: int = 0
    """Second from which on it looks."""


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    """An investment: when it starts and opens, and which servers come and go.

    What it adds to speeds is in the base rates of the clocks.
    """

    id: str
    rank: int
    site: int
    start: int
    """Second at which construction begins; without meaning where a trigger decides."""
    opens: int
    """Seconds from the start to the opening."""
    changes: tuple[tuple[int, int, int], ...]
    """(seconds after the start, resource, servers that come), in order of time."""
    cost: float
    """Yuan, at every start."""
    trigger: TriggerSpec | None = None
