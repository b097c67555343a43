"""A floor: operations that compete for servers or inputs start their lots one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainsim.engines.simpy_engine.instant import Turn
from chainsim.network.clock import OPEN
from chainsim.network.compiled import NONE, Phase

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain
    from chainsim.engines.simpy_engine.operation import Operation


class Floor:
    """Operations that share servers or a finite input."""

    def __init__(self, chain: Chain, operations: list[Operation]) -> None:
        self.operations = operations
        first = min(operations, key=lambda o: o.rank)
        alone = len(operations) == 1
        start = self._start_lots_of_one if alone else self._start_lots
        self.turn = Turn(chain.env, first.id, Phase.START, first.rank, start)
        """The turn in which lots start."""
        self._one = operations[0]
        self.wake = self._wake_one if alone else self.turn.arm
        """Something that may let a lot start has changed. Operations that compete also note since
        when their release allows a lot, even while none can start."""
        self._released = [False] * len(operations)
        for operation in operations:
            operation.floor = self
        inputs = {i.stock.id: i.stock for o in operations for i in o.inputs}
        self._rooms = [stock for _, stock in sorted(inputs.items()) if stock.spec.room != NONE]

    def _wake_one(self) -> None:
        """Without a free server, or closed, nothing can start; opening is a reason of its own."""
        if self._one.state == OPEN and self._one.resource.free:
            self.turn.arm()

    def _start_lots_of_one(self) -> None:
        operation = self._one
        while operation.can_start():
            operation.start()
        if operation.resource.free:
            operation.resource.touch()
        if self._rooms:
            self._let_goods_pass()

    def _start_lots(self) -> None:
        """Start one lot after another: by priority, readiness, rank."""
        self._note_releases()
        while ready := [o for o in self.operations if o.can_start()]:
            min(ready, key=lambda o: (o.spec.priority, o.ready_since(), o.rank)).start()
            self._note_releases()
        for operation in self.operations:
            operation.resource.touch()
        self._let_goods_pass()

    def _let_goods_pass(self) -> None:
        for stock in self._rooms:
            stock.ask_for_room_if_it_fits()

    def _note_releases(self) -> None:
        """Keep the instant since which each operation's release has allowed a lot."""
        for i, operation in enumerate(self.operations):
            released = operation.released()
            if released and not self._released[i]:
                operation.released_since = operation.env._now
            self._released[i] = released
