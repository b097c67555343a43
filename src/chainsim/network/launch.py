"""A launch among the rows of a compiled network: where its course shows in a trajectory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """Places of a new model; times in seconds since the start of the simulation."""

    id: str
    name: str
    site: int
    """The maker."""
    applied: int
    planned: int
    tests: tuple[int, ...]
    """Operations: the test, and the repeat test if there is one."""
    certificate: int
    """Stock of the approval at the institute."""
    permit: int
    """Stock of the approval at the maker: what is there allows the series."""
    vehicles: int
    """Stock of the model at the maker."""
    demands: tuple[int, ...]
    """What customers want of it."""
    beside: tuple[int, ...]
    """Items that serve the approval alone: its papers and the crash cars."""
