"""Investments: construction starts at a date or by a rule, then servers come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainsim.engines.simpy_engine.account import Account
from chainsim.engines.simpy_engine.instant import Errand
from chainsim.network.compiled import FULL_SPEED, Phase
from chainsim.network.project import ProjectSpec, TriggerSpec

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain


class Project(Account):
    """Counts the begins and openings of an investment, and brings its servers.

    What it adds to speeds is in the operating clocks.
    """

    kind = "investments"
    begun: int
    opened: int

    def __init__(self, chain: Chain, spec: ProjectSpec) -> None:
        super().__init__()
        self.chain = chain
        self.id = spec.id
        self.spec = spec
        self._starts: list[int] = []
        late = spec.trigger is not None and spec.trigger.since > 0
        self._past: list[tuple[int, int]] = [] if late else [(0, 0)]
        """Busy and open server-seconds so far, at second 0 and at each midnight at which the rule
        has looked since; it begins anew when it decides."""
        self._ready = 0
        """The second at which the last servers of the last construction have come."""
        if spec.trigger is None:
            self._begin(spec.start)

    def _begin(self, start: int) -> None:
        """Construction starts at a second; it may have begun before second 0."""
        self._starts.append(start)
        for after, resource, servers in self.spec.changes:
            self._bring(start + after, resource, servers)
        last = self.spec.changes[-1][0] if self.spec.changes else 0
        self._ready = start + max(last, self.spec.opens)

    def _bring(self, time: int, place: int, servers: int) -> None:
        """Servers come to a resource, or go, at a second (at second 0 at the earliest)."""
        env, resource = self.chain.env, self.chain.resources[place]

        def install() -> None:
            resource.install(servers, env._now)
            for operation in resource.operations:
                operation.floor.turn.arm()

        env.post(max(time, 0), Errand(Phase.CHANGE, self.spec.rank, install))

    def account(self, now: int) -> None:
        """Count what has started and opened before this second."""
        self.begun = sum(0 <= start < now for start in self._starts)
        self.opened = sum(0 <= start + self.spec.opens < now for start in self._starts)

    def look(self, now: int) -> None:
        """At a midnight: start, if the servers have been busy for long enough."""
        trigger = self.spec.trigger
        if trigger is None or len(self._starts) == trigger.at_most:
            return
        if now < max(self._ready, trigger.since):
            return
        resource = self.chain.resources[trigger.resource]
        self._past.append((resource.busy, resource.open_time))
        if len(self._past) > trigger.days and self._was_busy(trigger):
            here = self._past[-1]
            self._begin(now)
            self._past = [here] if self._ready == now else []

    def _was_busy(self, trigger: TriggerSpec) -> bool:
        busy, open_time = self._past[-1]
        before_busy, before_open = self._past[-1 - trigger.days]
        worked, there = busy - before_busy, open_time - before_open
        return there > 0 and worked * FULL_SPEED >= trigger.utilisation * there
