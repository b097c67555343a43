"""A pool: sites that lend each other an item (docs/model.md, section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainsim.engines import rules
from chainsim.engines.simpy_engine.instant import Turn
from chainsim.engines.simpy_engine.lane import Lane
from chainsim.engines.simpy_engine.stock import Stock
from chainsim.network.compiled import NONE, Phase
from chainsim.network.levers import PoolSpec

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain


class Pool:
    """Looks at the stocks of its members, and lets those with plenty lend to those with little."""

    def __init__(self, chain: Chain, spec: PoolSpec) -> None:
        self.chain = chain
        self.spec = spec
        self.stocks: list[Stock] = [chain.stocks[stock] for stock in spec.stocks]
        self.lanes: list[list[Lane | None]] = [
            [chain.lanes[lane] if lane != NONE else None for lane in row] for row in spec.lanes
        ]
        self.quantum = self.stocks[0].quantum
        self.response = chain.responses[spec.response]
        self.turn = Turn(chain.env, spec.id, Phase.REVIEW, spec.rank, self._review)

    def _review(self) -> None:
        """Divide what can be lent in proportion to what is needed, and place the orders."""
        day = self.chain.day
        members = range(len(self.stocks))
        needs = [self._needs(i, self.spec.below[i].on(day)) for i in members]
        spare = [
            self._spares(i, self.spec.above[i].on(day)) if not needs[i] else 0 for i in members
        ]
        total = min(sum(needs), sum(spare))
        if not total:
            return
        borrowed = rules.proportional(total, needs, self.quantum)
        lent = rules.proportional(total, spare, self.quantum)
        lender = 0
        for borrower in members:
            while borrowed[borrower]:
                while not lent[lender]:
                    lender += 1
                part = min(borrowed[borrower], lent[lender])
                self._lend(lender, borrower, part)
                borrowed[borrower] -= part
                lent[lender] -= part

    def _needs(self, member: int, level: int) -> int:
        """What a member lacks to its lower level, with what the others have sent; whole quanta."""
        stock = self.stocks[member]
        if self.chain.paused("orders", stock.spec.site):
            return 0
        coming = sum(
            lane.under_way + lane.waiting + lane.staged + lane.in_transit + lane.at_gate
            for row in self.lanes
            if (lane := row[member]) is not None
        )
        return max(0, level - stock.on_hand - coming) // self.quantum * self.quantum

    def _spares(self, member: int, level: int) -> int:
        """What a member has above its upper level and owes nobody; whole quanta."""
        stock = self.stocks[member]
        shut = self.chain.paused("shipments", stock.spec.site)
        if shut or any(lane is not None and not lane.is_open for lane in self.lanes[member]):
            return 0
        return max(0, stock.on_hand - stock.backlog - level) // self.quantum * self.quantum

    def _lend(self, lender: int, borrower: int, quantity: int) -> None:
        lane = self.lanes[lender][borrower]
        assert lane is not None
        self.response.units += quantity
        lane.place(quantity, 0)
        if self.chain.log is not None:
            self.chain.note(Phase.REVIEW, "borrow", self.stocks[borrower].id, quantity)
