"""What one design says about one measure, whatever the design: what reports are made of."""

from __future__ import annotations

from dataclasses import dataclass

from chainsim.experiments.designs import DUMMY
from chainsim.experiments.sensitivity.convergence import Convergence, Ranking
from chainsim.experiments.sensitivity.discovery import Box
from chainsim.experiments.sensitivity.drivers import Drivers
from chainsim.experiments.sensitivity.given_data import FromSample
from chainsim.experiments.sensitivity.morris import MorrisEffects
from chainsim.experiments.sensitivity.one_at_a_time import Swings
from chainsim.experiments.sensitivity.sobol import SobolIndices

Found = Swings | MorrisEffects | SobolIndices | FromSample


@dataclass(frozen=True)
class MissedTarget:
    """Where a target of the measure is missed."""

    target: str
    """In words: at most 10,000 vehicles."""
    points: int
    """At which it is missed on average."""
    n: int
    """Of so many that have all their values."""
    box: Box | None = None
    """The part of the space where it is missed; None where it was not looked for."""
    limits: tuple[str, ...] = ()
    """The limits of the box in words, in their order: duration is at least 21 d."""


@dataclass(frozen=True)
class Result:
    """The analysis of one measure at the points of one design."""

    measure: str
    unit: str
    method: str
    """The design: one_at_a_time, morris, sobol, latin_hypercube, list, grid, base."""
    names: tuple[str, ...]
    """What is moved at once, the factors or groups; the dummy among them if there is one."""
    points: int
    replications: int
    found: Found | None
    """None where the design is not analysed, or has too few points."""
    drivers: Drivers | None = None
    """None for a sample, which has neither shares of variance nor effects in a unit."""
    ranking: Ranking | None = None
    """None for one factor at a time, where each has its interval."""
    convergence: Convergence | None = None
    missed: tuple[MissedTarget, ...] = ()
    reason: str = ""
    """Why nothing was found; empty otherwise."""
    note: str = ""
    """What was done to the values beforehand, in words (`censored.Restricted.sentence`)."""
    failed: int = 0
    """Runs that failed."""


def order_of(result: Result) -> list[str]:
    """The factors or groups, the most important one first; as they come if nothing was found."""
    if result.drivers is not None and result.drivers.drivers:
        return [one.name for one in result.drivers.drivers]
    if isinstance(result.found, FromSample):
        distance = dict(zip(result.found.names, result.found.pawn, strict=True))
        return sorted(result.found.names, key=lambda name: (-(distance[name] or 0.0), name))
    return [name for name in result.names if name != DUMMY]
