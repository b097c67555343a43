"""A response: for how long it has been in force, and what it has moved or made."""

from __future__ import annotations

from chainsim.engines.simpy_engine.account import Account
from chainsim.network.clock import Clock
from chainsim.network.levers import ResponseSpec


class Response(Account):
    """What a response has done so far; others add to its units."""

    kind = "responses"
    active: int
    """Site-seconds in force."""
    units: int

    def __init__(self, spec: ResponseSpec, in_force: Clock) -> None:
        super().__init__()
        self.id = spec.id
        self._in_force = in_force

    def account(self, now: int) -> None:
        """Count the time in force up to now."""
        self.active = self._in_force.work(now)
