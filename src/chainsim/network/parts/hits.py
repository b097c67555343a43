"""What a disruption's target hits: operations, lanes, stocks, demands."""

from __future__ import annotations

from collections.abc import Iterable

from chainsim.network.names import Names
from chainsim.scenario.launching import kinds_of, made_from
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.selectors import Selector
from chainsim.scenario.selection import LANE_WORDS, matches, selected_sites


def about_lanes(target: Selector) -> bool:
    """Whether a target speaks of lanes, not of what stands at sites."""
    return any(getattr(target, word) for word in LANE_WORDS)


def hit_lanes(document: ScenarioFile, names: Names, target: Selector) -> list[int]:
    """Lanes by their own words; without such words those that leave the selected sites.

    What a launch made goes by the names of what it was made like, here and below.
    """
    if about_lanes(target):
        origins = set(selected_sites(document, target.origin or Selector()))
        destinations = set(selected_sites(document, target.destination or Selector()))
        sites = set(selected_sites(document, target))
        origins &= sites
    else:
        origins = set(selected_sites(document, target))
        destinations = set(document.sites)
        if target.operation:
            return []
    return [
        index
        for index, (_, block, origin, destination, item) in enumerate(names.lanes)
        if origin in origins
        and destination in destinations
        and matches(made_from(block), target.lane)
        and _any(kinds_of(document, item), target.item)
    ]


def hit_operations(document: ScenarioFile, names: Names, target: Selector) -> list[int]:
    """Operations at the selected sites that make or use the item and have the name."""
    if about_lanes(target):
        return []
    sites = set(selected_sites(document, target))
    found = []
    for index, (site, key) in enumerate(names.operation_keys):
        operation = document.sites[site].operations[key]
        touched = {*operation.inputs, *operation.outputs} - {"scrap"}
        items = {kind for item in touched for kind in kinds_of(document, item)}
        named = matches(made_from(key), target.operation)
        if site in sites and named and (not target.item or _any(items, target.item)):
            found.append(index)
    return found


def hit_stocks(document: ScenarioFile, names: Names, target: Selector) -> list[int]:
    """Stocks at the selected sites that hold the item."""
    if about_lanes(target) or target.operation:
        return []
    sites = set(selected_sites(document, target))
    return [
        index
        for index, (site, item) in enumerate(names.stock_keys)
        if site in sites and _any(kinds_of(document, item), target.item)
    ]


def _any(items: Iterable[str], wanted: str | tuple[str, ...]) -> bool:
    return any(matches(item, wanted) for item in items)
