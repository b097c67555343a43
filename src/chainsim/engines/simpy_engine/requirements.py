"""Requirements: what the open orders of one item need of another (docs/model.md, section 4)."""

from __future__ import annotations

from collections.abc import Sequence

from chainsim.engines.simpy_engine.stock import Stock
from chainsim.network.compiled import SCRAP


def requirement(
    stocks: Sequence[Stock], stock: Stock, parent: Stock, behind: tuple[Stock, ...] = ()
) -> int:
    """What open orders of `parent` still need of an item through the stages between, thousandths.

    Netted stage by stage as in material requirements planning: open orders less what is on
    hand and in the making, times the amount per unit; of the outputs between which a lot
    chooses the one that needs most. Rework that leads back to the item or to one `behind` it
    needs nothing more.
    """
    needed = 0
    for user in stock.users:
        amount = next(i.quantity for i in user.inputs if i.stock is stock)
        wanted = 0
        for output in user.spec.outputs:
            if output.stock == SCRAP:
                continue
            made = stocks[output.stock]
            if made is stock or made in behind:
                continue
            open_orders = made.backlog
            if made is not parent:
                open_orders = requirement(stocks, made, parent, (*behind, stock))
            net = max(0, open_orders - made.on_hand - made.making)
            wanted = max(wanted, -(-net * amount // output.quantity))
        needed += wanted
    return needed


def way_to(stocks: Sequence[Stock], stock: Stock, parent: Stock) -> list[Stock]:
    """The stocks on the way from an item to the parent that it is required for."""
    found: dict[str, Stock] = {}
    frontier = [stock]
    while frontier:
        for user in frontier.pop().users:
            for output in user.spec.outputs:
                made = stocks[output.stock] if output.stock != SCRAP else stock
                if made is not stock and made.id not in found:
                    found[made.id] = made
                    if made is not parent:
                        frontier.append(made)
    return [made for _, made in sorted(found.items())]
