"""Base rates and clocks, shared where they are equal."""

from __future__ import annotations

from fractions import Fraction

from chainsim.network.calendars import Time, calendar_factor, profile_factors
from chainsim.network.clock import DAY, Factor, Piece, tabulate
from chainsim.network.compiled import FULL_SPEED, NONE, Base, ClockSpec
from chainsim.scenario.schema.document import ScenarioFile


class Rates:
    """Lays out every rate once and hands out clocks for it."""

    def __init__(self, document: ScenarioFile, time: Time) -> None:
        self.document = document
        self.time = time
        self.bases: list[Base] = [Base((0,), (FULL_SPEED,))]
        self.clocks: list[ClockSpec] = []
        self._known: dict[tuple[str | None, str | Fraction | None], int] = {(None, None): 0}

    def operation(self, site: str, key: str, owner: int) -> int:
        """The clock of an operation: its calendar times its capacity."""
        body = self.document.sites[site]
        operation = body.operations[key]
        base = self._base(operation.calendar or body.calendar, operation.capacity)
        return self._clock(base, "operation", owner)

    def demand(self, profile: str | None, owner: int, disrupted: bool) -> int:
        """The clock of a demand's rate; NONE where nothing changes it."""
        if profile is None and not disrupted:
            return NONE
        return self._clock(self._base(None, profile), "demand", owner)

    def profile(self, profile: str | None) -> int:
        """A clock that follows a profile and that no disruption changes; NONE without one."""
        if profile is None:
            return NONE
        return self._clock(self._base(None, profile), "demand", NONE)

    def lane(self, kind: str, owner: int) -> int:
        """A clock of a lane: open, transit or quota."""
        return self._clock(0, kind, owner)

    def _clock(self, base: int, kind: str, owner: int) -> int:
        self.clocks.append(ClockSpec(base, kind, owner))
        return len(self.clocks) - 1

    def _base(self, calendar: str | None, capacity: str | Fraction | None) -> int:
        key = (calendar, capacity)
        if key not in self._known:
            factors = self.factors(calendar, capacity)
            times, rates = tabulate(factors, self.time.end + DAY)
            self.bases.append(Base(tuple(times), tuple(rates)))
            self._known[key] = len(self.bases) - 1
        return self._known[key]

    def factors(self, calendar: str | None, capacity: str | Fraction | None) -> list[Factor]:
        """The factors of a rate."""
        factors: list[Factor] = []
        if calendar is not None:
            factors.append(calendar_factor(self.document.calendars[calendar], self.time))
        if isinstance(capacity, str):
            factors += profile_factors(capacity, self.document.profiles, self.time)
        elif capacity is not None:
            factors.append([Piece(-DAY, float(capacity))])
        return factors or [[Piece(-DAY, 1.0)]]
