"""Disruptions as integers, and when output counts as struck by them and as recovered."""

from __future__ import annotations

from dataclasses import dataclass

from chainsim.network.levels import Distribution


@dataclass(frozen=True, slots=True)
class DisruptionSpec:
    """A disruption with the indices of what it hits."""

    id: str
    rank: int
    starts: tuple[int, ...]
    """Dated starts; empty where it is a random process."""
    every: Distribution | None
    alternating: bool
    first: int
    duration: Distribution
    onset: int
    recovery: str
    recovery_over: int
    stages: tuple[tuple[int, float], ...]
    participation: float
    capacity: Distribution | None
    floor: float
    demand: float | None
    lead_factor: float
    lead_extra: int
    closes_lanes: bool
    holds_transit: bool
    pauses: tuple[str, ...]
    """Any of orders, shipments, receipts."""
    stock_loss: float
    operations: tuple[int, ...] = ()
    lanes: tuple[int, ...] = ()
    stocks: tuple[int, ...] = ()
    demands: tuple[int, ...] = ()
    sites: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ResilienceSpec:
    """When output counts as struck and as recovered, against the twin without disruptions."""

    fail: int
    """Shortfall above which output is struck, in seconds of the twin's mean output."""
    recover: int
    """Shortfall at or below which it is recovered, likewise."""
    hold: int
    """Seconds for which it must stay recovered."""
