"""What selectors select: sites by their facts, and what stands at them; or lanes by their ends.

A selector with a word for lanes (lane, origin, destination) selects lanes only; words for sites
beside it narrow where the lanes begin. Any other selects sites with their operations, stocks,
orders and demands, and the lanes that leave them. `item` and `operation` narrow both.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.investments import Investment
from chainsim.scenario.schema.material import Operation
from chainsim.scenario.schema.responses import Pooling, Response, SecondSource
from chainsim.scenario.schema.selectors import Selector

SITE_WORDS = ("site", "stage", "region", "tags", "except_")
LANE_WORDS = ("lane", "origin", "destination")

Pair = tuple[str, str]
"""(site, item), (site, operation) or (origin, destination)."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Everything that a selector selects, in code-point order."""

    sites: tuple[str, ...] = ()
    operations: tuple[Pair, ...] = ()
    stocks: tuple[Pair, ...] = ()
    """(site, item) of every stock that a scenario names or implies."""
    replenishments: tuple[Pair, ...] = ()
    demands: tuple[Pair, ...] = ()
    """(site, key of the demand)."""
    lanes: tuple[str, ...] = ()
    """Keys of lane blocks."""

    @property
    def empty(self) -> bool:
        """Whether nothing at all is selected."""
        return not (self.sites or self.lanes)


def words(selector: Selector) -> set[str]:
    """The words that a selector gives."""
    return {name for name in Selector.model_fields if getattr(selector, name)}


def matches(value: str | None, wanted: str | tuple[str, ...]) -> bool:
    """Whether a value is among the wanted ones; no wish matches all."""
    if not wanted:
        return True
    return value in ((wanted,) if isinstance(wanted, str) else wanted)


def selected_sites(document: ScenarioFile, selector: Selector) -> list[str]:
    """Ids of the sites that a selector names, in code-point order."""
    return [
        key
        for key, site in sorted(document.sites.items())
        if matches(key, selector.site)
        and matches(site.stage, selector.stage)
        and matches(site.region, selector.region)
        and all(matches(site.tags.get(tag), wanted) for tag, wanted in selector.tags.items())
        and key not in selector.except_
    ]


def lane_pairs(document: ScenarioFile, key: str) -> list[Pair]:
    """The (origin, destination) pairs that a lane block joins; a site is not joined to itself."""
    lane = document.lanes[key]
    origins = selected_sites(document, lane.origin)
    destinations = selected_sites(document, lane.destination)
    return [(a, b) for a, b in product(origins, destinations) if a != b]


def selected_lanes(document: ScenarioFile, selector: Selector) -> list[str]:
    """Keys of the lane blocks that a selector names, in code-point order.

    With a word for lanes those that match it; else those that leave the selected sites.
    """
    return [
        key
        for key, lane in sorted(document.lanes.items())
        if (not selector.item or any(matches(item, selector.item) for item in lane.items))
        and selected_pairs(document, selector, key)
    ]


def selected_pairs(document: ScenarioFile, selector: Selector, key: str) -> list[Pair]:
    """The (origin, destination) pairs of a lane block that a selector names, whatever the item."""
    if selector.operation or not matches(key, selector.lane):
        return []
    origins = set(selected_sites(document, selector))
    origins &= set(selected_sites(document, selector.origin or Selector()))
    destinations = set(selected_sites(document, selector.destination or Selector()))
    return [(a, b) for a, b in lane_pairs(document, key) if a in origins and b in destinations]


def used_items(document: ScenarioFile, key: str, pair: Pair) -> list[str]:
    """What a lane block carries between two sites: what is ordered there, or on the road."""
    lane, (origin, destination) = document.lanes[key], pair
    moving = {goods.item for goods in lane.in_transit}
    policies = document.sites[destination].replenishment
    return [
        item
        for item in lane.items
        if item in moving or (item in policies and origin in policies[item].sources.sites)
    ]


def enabled_responses(document: ScenarioFile) -> list[tuple[str, Response]]:
    """The responses that are on, in code-point order of their ids."""
    return [(key, one) for key, one in sorted(document.responses.items()) if one.enabled]


def enabled_investments(document: ScenarioFile) -> list[tuple[str, Investment]]:
    """The investments that are on, in code-point order of their ids."""
    return [(key, one) for key, one in sorted(document.investments.items()) if one.enabled]


def pool_members(document: ScenarioFile, response: Pooling, item: str) -> list[str]:
    """The sites of a pool that have a stock of an item, in code-point order."""
    return [s for s in selected_sites(document, response.at) if item in items_at(document, s)]


def called_for(document: ScenarioFile) -> set[tuple[str, str, str]]:
    """(origin, destination, item) of the lanes that only responses use."""
    found: set[tuple[str, str, str]] = set()
    for _, response in enabled_responses(document):
        if isinstance(response, SecondSource):
            sites = selected_sites(document, response.at)
            found.update((response.source, site, response.item) for site in sites)
        elif isinstance(response, Pooling):
            for item in response.item:
                members = pool_members(document, response, item)
                found.update((a, b, item) for a in members for b in members if a != b)
    return found


def reach(document: ScenarioFile, selector: Selector) -> Reach:
    """Everything that a selector selects."""
    lanes = tuple(selected_lanes(document, selector))
    if words(selector) & set(LANE_WORDS):
        return Reach(lanes=lanes)
    sites = selected_sites(document, selector)
    narrow = bool(selector.item or selector.operation)
    return Reach(
        sites=tuple(s for s in sites if not narrow or _touches(document, s, selector)),
        operations=tuple(pair for site in sites for pair in _operations(document, site, selector)),
        stocks=tuple(pair for site in sites for pair in _stocks(document, site, selector)),
        replenishments=tuple(
            (site, item)
            for site in sites
            for item in sorted(document.sites[site].replenishment)
            if matches(item, selector.item) and not selector.operation
        ),
        demands=tuple(
            (site, key)
            for site in sites
            for key, demand in sorted(document.sites[site].demand.items())
            if matches(demand.item or key, selector.item) and not selector.operation
        ),
        lanes=lanes,
    )


def _touches(document: ScenarioFile, site: str, selector: Selector) -> bool:
    return bool(_operations(document, site, selector) or _stocks(document, site, selector))


def _operations(document: ScenarioFile, site: str, selector: Selector) -> list[Pair]:
    return [
        (site, key)
        for key, operation in sorted(document.sites[site].operations.items())
        if matches(key, selector.operation)
        and (not selector.item or any(matches(i, selector.item) for i in items_of(operation)))
    ]


def _stocks(document: ScenarioFile, site: str, selector: Selector) -> list[Pair]:
    if selector.operation:
        return []
    return [(site, item) for item in items_at(document, site) if matches(item, selector.item)]


def items_of(operation: Operation) -> set[str]:
    """The items that an operation makes or uses."""
    return {*operation.inputs, *operation.outputs} - {"scrap"}


def items_at(document: ScenarioFile, site: str) -> list[str]:
    """Every item of which a site has a stock, named or implied; lanes left aside."""
    body = document.sites[site]
    found = {*body.stocks, *body.replenishment}
    found.update(demand.item or key for key, demand in body.demand.items())
    found.update(arrivals.item or key for key, arrivals in body.arrivals.items())
    for operation in body.operations.values():
        found |= items_of(operation)
    return sorted(found)


def sold_as(document: ScenarioFile, item: str) -> set[str]:
    """The items whose deliveries count as deliveries of an item: it and its variants."""
    return {key for key, one in document.items.items() if item in (key, one.variant_of)}
