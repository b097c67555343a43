"""What belongs to a lot: its inputs, its time under way, and its outputs that wait for room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainsim.engines.simpy_engine.account import Account
from chainsim.engines.simpy_engine.resource import Server
from chainsim.engines.simpy_engine.stock import Stock
from chainsim.network.compiled import InputSpec, OutputSpec, Phase

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.operation import Operation


class Input(Account):
    """What a lot takes of a stock, and the server time spent starved of it."""

    kind = "inputs"
    starved: int

    def __init__(self, operation: str, stock: Stock, spec: InputSpec) -> None:
        super().__init__()
        self.id = f"{operation}<{stock.id}"
        self.stock = stock
        self.quantity = spec.quantity
        self.consumed = spec.consumed

    @property
    def is_there(self) -> bool:
        """Whether one lot's amount is on hand."""
        return self.stock.on_hand >= self.quantity or self.stock.unlimited


class Lot:
    """A lot under way; what happens to it is its completion."""

    __slots__ = ("armed", "operation", "output", "rank", "scrapped", "server", "waiting")
    phase = int(Phase.COMPLETE)
    armed: bool

    def __init__(self, operation: Operation, server: Server, output: OutputSpec) -> None:
        self.rank = operation.rank
        self.operation = operation
        self.server = server
        self.output = output
        self.waiting = 0
        """Outputs that wait for room."""
        self.scrapped = 0
        """Thousandths of the lot that were thrown away."""

    def happen(self) -> None:
        """The lot is complete."""
        self.operation.complete(self)


class Blocked:
    """An output that waits for room, and its server with it."""

    __slots__ = ("lot", "quantity", "stock")

    def __init__(self, lot: Lot, stock: Stock, quantity: int) -> None:
        self.lot = lot
        self.stock = stock
        self.quantity = quantity

    def admitted(self) -> None:
        """Room was found."""
        self.lot.operation.unblock(self)
