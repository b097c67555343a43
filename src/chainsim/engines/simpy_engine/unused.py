"""Which counts and levels of an entity nothing can change: the books need not read them daily."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chainsim.engines.simpy_engine.lane import Lane
from chainsim.engines.simpy_engine.operation import Operation
from chainsim.engines.simpy_engine.resource import Resource
from chainsim.engines.simpy_engine.stock import Stock
from chainsim.network.compiled import SCRAP
from chainsim.outcome.trajectory import COUNTS, LEVELS

if TYPE_CHECKING:
    from chainsim.engines.simpy_engine.chain import Chain


def mark_unused(chain: Chain) -> None:
    """Note for every stock, lane, operation and resource what stays as it is for the whole run."""
    used: dict[Stock, set[str]] = {stock: {"on_hand"} for stock in chain.stocks}
    for user, names in _uses_of_stocks(chain):
        used[user].update(names)
    for stock in chain.stocks:
        stock.unused = frozenset((*COUNTS["stocks"], *LEVELS["stocks"])) - used[stock]
    moving = {id(one) for r in chain.replenishers if r.second for pair in r.lanes for one in pair}
    for lane in chain.lanes:
        own = set(_unused_of_lane(lane))
        lane.unused = frozenset(own if id(lane) in moving else own | {"cancelled"})
    for operation in chain.operations:
        operation.unused = frozenset(_unused_of_operation(chain, operation))
    for resource in chain.resources:
        resource.unused = frozenset(_unused_of_resource(resource))


def _uses_of_stocks(chain: Chain) -> Iterator[tuple[Stock, tuple[str, ...]]]:
    for operation in chain.operations:
        for i in operation.inputs:
            yield i.stock, ("used",)
        for output in operation.spec.outputs:
            if output.stock != SCRAP:
                yield chain.stocks[output.stock], ("produced",)
    for lane in chain.lanes:
        yield lane.source, ("shipped", "backlog")
        yield lane.destination, ("received", "on_order", "ordered")
    for demand in chain.demands:
        yield demand.stock, ("shipped", "backlog")
    for arrival in chain.arrivals:
        yield arrival.stock, ("arrived", "turned_away")
    for loss in chain.timetable.losses:
        yield chain.stocks[loss.stock], ("lost",)


def _unused_of_lane(lane: Lane) -> Iterator[str]:
    if lane.spec.order_lead.constant == 0:
        yield "under_way"
    if lane.always_open:
        yield "staged"
    if lane.destination.takes_all:
        yield "at_gate"


def _unused_of_operation(chain: Chain, operation: Operation) -> Iterator[str]:
    places = [output.stock for output in operation.spec.outputs]
    if SCRAP not in places:
        yield "scrapped"
    if all(place == SCRAP or chain.stocks[place].takes_all for place in places):
        yield "blocked"
    if operation.spec.release.kind != "paced":
        yield from ("slots", "missed")


def _unused_of_resource(resource: Resource) -> Iterator[str]:
    operations = resource.operations
    if all("blocked" in operation.unused for operation in operations):
        yield "blocked"
    if not any(operation.spec.breakdowns for operation in operations):
        yield "broken_down"
    if all(operation.clock is operation.undisturbed for operation in operations):
        yield from ("disrupted", "slow_loss")
    if all(i.consumed for operation in operations for i in operation.inputs):
        yield "waiting"
