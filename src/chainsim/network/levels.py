"""Numbers that vary: distributions that are drawn from, levels by day, and rates as steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution in the unit of its use: `kind`, float parameters and a shift."""

    kind: str
    parameters: tuple[float, ...]
    shift: float = 0.0
    scale: float = 1.0
    """Thousandths per counted thing (geometric, Poisson)."""

    @property
    def constant(self) -> float | None:
        """The value of a constant, or None."""
        return self.parameters[0] + self.shift if self.kind == "constant" else None


@dataclass(frozen=True, slots=True)
class Forecast:
    """A target from past orders: periods x forecast + safety x sd x sqrt(periods)."""

    window: int
    """Periods of a moving average; 0 for exponential smoothing."""
    alpha: float
    periods: float
    safety: float
    initial: float


@dataclass(frozen=True, slots=True)
class Target:
    """A level: constant, by day of the run, or from a forecast."""

    level: int = 0
    daily: Sequence[int] = ()
    forecast: Forecast | None = None

    def on(self, day: int) -> int:
        """The level on a day of the run."""
        return self.daily[min(day, len(self.daily) - 1)] if self.daily else self.level


@dataclass(frozen=True, slots=True)
class Base:
    """An undisturbed rate as steps: times (seconds) and rates (ppm)."""

    times: tuple[int, ...]
    rates: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ClockSpec:
    """What multiplies to a rate: calendar windows, a profile, and what may disrupt it."""

    base: int
    """Index of what nothing disrupts, among the bases of a network."""
    kind: str
    """operation, demand, quota, open, transit: which effects of a disruption apply."""
    owner: int
    """Index of the owning entity among those of its kind."""
