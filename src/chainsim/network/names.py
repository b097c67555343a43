"""Ids, indices and ranks: every entity of a scenario gets its place here."""

from __future__ import annotations

from collections.abc import Iterable

from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.responses import Pooling
from chainsim.scenario.schema.selectors import Selector, several
from chainsim.scenario.selection import (
    called_for,
    enabled_investments,
    enabled_responses,
    selected_sites,
    used_items,
    words,
)

KINDS = (
    "disruption",
    "resource",
    "operation",
    "arrival",
    "stock",
    "demand",
    "lane",
    "replenishment",
    "pool",
    "investment",
)
"""Order of kinds among entities of one phase."""
FIRST_RANK = 16
"""Ranks below are kept for the day's end and other changes."""


def _one(selector: Selector) -> bool:
    """Whether a selector is the name of one site, so that no other site can ever match."""
    return words(selector) == {"site"} and len(several(selector.site)) == 1


class Names:
    """Indices by id and ranks of all entities of a scenario."""

    def __init__(self, document: ScenarioFile) -> None:
        self.document = document
        self.items = {key: i for i, key in enumerate(sorted(document.items))}
        self.sites = {key: i for i, key in enumerate(sorted(document.sites))}
        self.lanes = self._lanes()
        """(lane id, block key, origin, destination, item) of every lane."""
        self.stock_keys = sorted(self._stocks(), key=lambda pair: f"{pair[0]}/{pair[1]}")
        self.stocks = {pair: i for i, pair in enumerate(self.stock_keys)}
        self.operation_keys = sorted(
            (site, key) for site, body in document.sites.items() for key in body.operations
        )
        self.operations = {pair: i for i, pair in enumerate(self.operation_keys)}
        self.resource_keys = self._resources()
        self.resources = {pair: i for i, pair in enumerate(self.resource_keys)}
        self.ranks = self._ranks()

    def quantum(self, item: str) -> int:
        """The smallest amount of an item that moves, thousandths."""
        return round(self.document.items[item].quantum.value * 1000)

    def _lanes(self) -> list[tuple[str, str, str, str, str]]:
        found = []
        called = called_for(self.document)
        for key, lane in sorted(self.document.lanes.items()):
            origins = selected_sites(self.document, lane.origin)
            destinations = selected_sites(self.document, lane.destination)
            single = _one(lane.origin) and _one(lane.destination) and len(lane.items) == 1
            for origin in origins:
                for destination in destinations:
                    if origin == destination:
                        continue
                    used = used_items(self.document, key, (origin, destination))
                    for item in lane.items:
                        if not (single or item in used or (origin, destination, item) in called):
                            continue
                        name = key if single else f"{key}:{origin}>{destination}:{item}"
                        found.append((name, key, origin, destination, item))
        return sorted(found)

    def _stocks(self) -> set[tuple[str, str]]:
        """Every (site, item) that anything touches."""
        found: set[tuple[str, str]] = set()
        for site, body in self.document.sites.items():
            items: Iterable[str] = [
                *body.stocks,
                *body.replenishment,
                *(d.item or key for key, d in body.demand.items()),
                *(a.item or key for key, a in body.arrivals.items()),
            ]
            found.update((site, item) for item in items)
            for operation in body.operations.values():
                found.update((site, item) for item in operation.inputs)
                found.update((site, item) for item in operation.outputs if item != "scrap")
        for _, _, origin, destination, item in self.lanes:
            found.update([(origin, item), (destination, item)])
        return found

    def _resources(self) -> list[tuple[str, str]]:
        """Shared resources, and one for every operation that has servers of its own."""
        found = []
        for site, body in self.document.sites.items():
            found += [(site, key) for key in body.resources]
            found += [(site, key) for key, o in body.operations.items() if o.resource is None]
        return sorted(found)

    def _ranks(self) -> dict[tuple[str, str], int]:
        """The rank of every entity, by kind and id: order field, kind, id."""
        entries: list[tuple[int, int, str]] = []

        def add(kind: str, id_: str, order: int) -> None:
            entries.append((order, KINDS.index(kind), id_))

        sites = self.document.sites
        for site, item in self.stock_keys:
            own = sites[site].stocks.get(item)
            add("stock", f"{site}/{item}", own.order if own else sites[site].order)
        for site, key in self.operation_keys:
            add("operation", f"{site}/{key}", sites[site].operations[key].order)
        for site, key in self.resource_keys:
            add("resource", f"{site}/{key}", 0)
        for name, block, *_ in self.lanes:
            add("lane", name, self.document.lanes[block].order)
        for site, body in sites.items():
            for item, policy in body.replenishment.items():
                add("replenishment", f"{site}/{item}", policy.order)
            for key, demand in body.demand.items():
                add("demand", f"{site}/{key}", demand.order)
            for key, arrival in body.arrivals.items():
                add("arrival", f"{site}/{key}", arrival.order)
        for disruption in self.document.disruptions:
            add("disruption", disruption.id, 0)
        for key, response in enabled_responses(self.document):
            if isinstance(response, Pooling):
                for item in response.item:
                    add("pool", f"{key}:{item}", 0)
        for key, _ in enabled_investments(self.document):
            add("investment", key, 0)
        ordered = sorted(entries)
        return {
            (KINDS[kind], id_): FIRST_RANK + rank for rank, (_, kind, id_) in enumerate(ordered)
        }
