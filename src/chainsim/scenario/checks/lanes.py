"""Lanes and orders: goods can come from where they are ordered."""

from __future__ import annotations

import graphlib
from collections.abc import Iterator

from chainsim.errors import did_you_mean
from chainsim.scenario.checks.ground import Ground, Problems
from chainsim.scenario.checks.names import selects_sites
from chainsim.scenario.quantities import Quantity
from chainsim.scenario.schema.distributions import Constant, Distribution
from chainsim.scenario.schema.flows import Lane
from chainsim.scenario.schema.replenishment import Replenishment

Stock = tuple[str, str]
"""(site, item)."""


def lanes_join_sites(ground: Ground) -> Problems:
    """The ends of a lane select sites, and at least one pair of different ones."""
    for key, lane in ground.document.lanes.items():
        found = [*_end_problems(ground, key, lane)]
        yield from found
        ends = ground.sites(lane.origin), ground.sites(lane.destination)
        if not found and all(ends) and not ground.pairs(key):
            rule = "join two different sites"
            yield ground.problem(("lanes", key, "to"), rule, "from and to are the same site")


def _end_problems(ground: Ground, key: str, lane: Lane) -> Problems:
    for end, selector in (("from", lane.origin), ("to", lane.destination)):
        yield from selects_sites(ground, ("lanes", key, end), selector)


def sources_have_a_lane(ground: Ground) -> Problems:
    """A lane carries the item from each source to the site that orders it."""
    for (site, item), policy in _policies(ground):
        for source in policy.sources.sites:
            path = ground.standing(("sites", site, "replenishment", item, "sources"), source)
            if source == site:
                yield ground.problem(path, "be another site: a site cannot order from itself")
            elif source in ground.document.sites and not _lanes(ground, source, site, item):
                rule = f"have a lane that carries '{item}' from '{source}' to '{site}'"
                yield ground.problem(path, rule, _nearest_lane(ground, source, site), got="")


def _policies(ground: Ground) -> Iterator[tuple[Stock, Replenishment]]:
    for site, body in ground.document.sites.items():
        for item, policy in body.replenishment.items():
            yield (site, item), policy


def _lanes(ground: Ground, origin: str, destination: str, item: str) -> list[Lane]:
    return [
        lane
        for key, lane in ground.document.lanes.items()
        if item in lane.items and (origin, destination) in ground.pairs(key)
    ]


def _nearest_lane(ground: Ground, origin: str, destination: str) -> str:
    joining = [key for key in ground.document.lanes if (origin, destination) in ground.pairs(key)]
    if joining:
        return f"add the item to the lane '{joining[0]}'"
    return "add a lane between them"


def goods_in_transit_fit_their_lane(ground: Ground) -> Problems:
    """Goods on the road at the start are among the items of their lane."""
    for key, lane in ground.document.lanes.items():
        for index, goods in enumerate(lane.in_transit):
            path = ("lanes", key, "in_transit", index, "item")
            if goods.item not in lane.items:
                remedy = did_you_mean(goods.item, lane.items, "the lane carries")
                yield ground.problem(path, "be an item of the lane", remedy)


def loads_fit_the_quota(ground: Ground) -> Problems:
    """A whole load leaves in one day, so it is no more than the day's quota."""
    for key, lane in ground.document.lanes.items():
        load, quota = lane.load, lane.capacity_per_day
        if load is not None and quota is not None and load.value > quota.value:
            rule = "be at most capacity_per_day: a larger load never leaves"
            yield ground.problem(("lanes", key, "load"), rule)


def orders_do_not_run_in_a_circle(ground: Ground) -> Problems:
    """Stocks that order from each other without any lead time would never come to rest."""
    graph: dict[Stock, set[Stock]] = {}
    for (site, item), policy in _policies(ground):
        if policy.review is None:
            graph[site, item] = {
                (source, item)
                for source in policy.sources.sites
                if any(_at_once(lane) for lane in _lanes(ground, source, site, item))
            }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        ring: list[Stock] = list(reversed(error.args[1]))[:-1]
        first = ring.index(min(ring))
        ring = [*ring[first:], *ring[:first]]
        site, item = ring[0]
        sites = [stock[0] for stock in [*ring, ring[0]]]
        rule = f"not go in a circle without lead time: {' orders from '.join(sites)}"
        path = ("sites", site, "replenishment", item)
        yield ground.problem(path, rule, "give one lane a transit or order_lead time", got="")


def _at_once(lane: Lane) -> bool:
    return lane.departures is None and all(_is_zero(d) for d in (lane.order_lead, lane.transit))


def _is_zero(distribution: Distribution) -> bool:
    shift = distribution.shift.value if distribution.shift else 0
    return isinstance(distribution, Constant) and distribution.value.value + shift == 0


def reorder_is_below_level(ground: Ground) -> Problems:
    """With (s, S) the reorder point s lies below the level S."""
    for (site, item), policy in _policies(ground):
        low, high = policy.reorder, policy.level
        if policy.policy != "s_S" or type(low) is not Quantity or type(high) is not Quantity:
            continue
        if low.value >= high.value:
            path = ("sites", site, "replenishment", item, "reorder")
            yield ground.problem(path, "be below the level")
