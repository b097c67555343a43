"""Base rates and clocks, shared where they are equal."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from chainsim.network.calendars import Time, calendar_factor, profile_factors
from chainsim.network.clock import DAY, Factor, Piece, tabulate
from chainsim.network.compiled import FULL_SPEED, NONE
from chainsim.network.levels import Base, ClockSpec
from chainsim.network.ramps import total
from chainsim.scenario.launching import made_from
from chainsim.scenario.schema.document import ScenarioFile

Pair = tuple[str, str]
Capacity = str | Fraction | None
"""A profile, a number, or full speed."""


class Rates:
    """Lays out every rate once and hands out clocks for it."""

    def __init__(
        self, document: ScenarioFile, time: Time, additions: Mapping[Pair, list[Factor]]
    ) -> None:
        """`additions` to the speed of operations, by (site, operation), come from investments."""
        self.document = document
        self.time = time
        self._additions = additions
        self.bases: list[Base] = [Base((0,), (FULL_SPEED,))]
        self.clocks: list[ClockSpec] = []
        self._calendars: dict[str, Factor] = {}
        self._known: dict[tuple[str | None, Capacity, Pair | None], int] = {(None, None, None): 0}

    def operation(self, site: str, key: str, owner: int) -> int:
        """The clock of an operation: its calendar times its capacity with what is added to it."""
        body = self.document.sites[site]
        operation = body.operations[key]
        grown = (site, made_from(key)) if (site, made_from(key)) in self._additions else None
        base = self._base(operation.calendar or body.calendar, operation.capacity, grown)
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

    def _base(self, calendar: str | None, capacity: Capacity, grown: Pair | None = None) -> int:
        key = (calendar, capacity, grown)
        if key not in self._known:
            factors = self.factors(calendar, capacity, grown)
            times, rates = tabulate(factors, self.time.end + DAY)
            self.bases.append(Base(tuple(times), tuple(rates)))
            self._known[key] = len(self.bases) - 1
        return self._known[key]

    def factors(
        self, calendar: str | None, capacity: Capacity, grown: Pair | None = None
    ) -> list[Factor]:
        """The factors of a rate; `grown` names the operation to whose capacity is added."""
        factors: list[Factor] = [[Piece(-DAY, 1.0)]]
        if isinstance(capacity, str):
            factors = profile_factors(capacity, self.document.profiles, self.time)
        elif capacity is not None:
            factors = [[Piece(-DAY, float(capacity))]]
        if grown is not None:
            factors = [total(factors, self._additions[grown])]
        if calendar is not None:
            factors = [self._open(calendar), *factors]
        return factors

    def _open(self, calendar: str) -> Factor:
        if calendar not in self._calendars:
            written = self.document.calendars[calendar]
            self._calendars[calendar] = calendar_factor(written, self.time)
        return self._calendars[calendar]
