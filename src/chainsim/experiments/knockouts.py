"""What can be knocked out of a chain, one thing at a time: each as an ordinary disruption."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from pydantic import ValidationError

from chainsim.errors import InputError, Problem, did_you_mean, shown
from chainsim.network.compiled import SECONDS_PER_DAY, CompiledNetwork, LaneSpec
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.selectors import Selector
from chainsim.scenario.selection import selected_sites

SUPPLIER, REGION, INSTITUTE = "supplier", "region", "institute"
LANES, LANE, PAIR = "lanes", "lane", "pair"
KINDS = (SUPPLIER, REGION, INSTITUTE, LANES, LANE, PAIR)
"""In the order of ties."""
STOPPED: Mapping[str, Any] = {"capacity": 0}
HALTED: Mapping[str, Any] = {"shipments": "paused"}
"""Of a site without operations, which has no capacity to lose."""
CLOSED: Mapping[str, Any] = {"lane": "closed"}


@dataclass(frozen=True, slots=True)
class Knockout:
    """Sites that stand still, or lanes on which nothing departs."""

    id: str
    """By its kind and what it is about; unique."""
    kind: str
    name: str
    """In words."""
    sites: tuple[str, ...]
    """The sites that stand still, or where the closed lanes begin."""
    items: tuple[str, ...]
    """What these make, or what the lanes carry."""
    blocks: tuple[Mapping[str, Any], ...]
    """Target and effect as a scenario has them; together they are the knock-out."""
    couple: tuple[str, ...] = ()
    """Of a pair: the ids of the two."""

    @property
    def what(self) -> str:
        """The id without the kind."""
        return self.id.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Tried:
    """A knock-out from a date on."""

    knockout: Knockout
    start: dt.datetime
    duration: int
    """Seconds."""

    @property
    def days(self) -> float:
        """The duration in days."""
        return self.duration / SECONDS_PER_DAY

    @property
    def words(self) -> str:
        """What, from when and for how long."""
        return f"{self.knockout.id} from {self.start:%Y-%m-%d} for {self.days:g} d"


def knockouts(network: CompiledNetwork, each_lane: bool = False) -> tuple[Knockout, ...]:
    """Every knock-out of a network but pairs, by kind and id.

    A supplier is a site that a lane leaves, makes no output and is not downstream; a region stands
    for its suppliers, an institute for a downstream site, `lanes` for all lanes that carry an item
    out of a region. With `each_lane` every single lane comes as well.
    """
    chain = _Chain(network)
    found = [*chain.suppliers(), *chain.regions(), *chain.institutes(), *chain.lane_groups()]
    return tuple(found + list(chain.lanes()) if each_lane else found)


def pairs(suppliers: Iterable[Knockout]) -> tuple[Knockout, ...]:
    """Every two of some suppliers at the same time, by id."""
    return tuple(
        Knockout(
            id=f"{PAIR}:{a.sites[0]}+{b.sites[0]}",
            kind=PAIR,
            name=f"{a.name}, and {b.name}",
            sites=a.sites + b.sites,
            items=tuple(sorted({*a.items, *b.items})),
            blocks=a.blocks + b.blocks,
            couple=(a.id, b.id),
        )
        for a, b in combinations(sorted(suppliers, key=lambda one: one.id), 2)
    )


class _Chain:
    """A network by what its sites do for each other."""

    def __init__(self, network: CompiledNetwork) -> None:
        self.sites = network.sites
        self.stocks = network.stocks
        self.items = network.items
        beside = network.beside
        self.open = [k for k in network.lanes if self.stocks[k.source].item not in beside]
        outputs = set(network.output_stocks)
        self.made: dict[int, set[str]] = {}
        """Items by site with operations."""
        makers: set[int] = set()
        for operation in network.operations:
            items = self.made.setdefault(operation.site, set())
            for way in operation.outputs:
                if way.stock >= 0:
                    items.add(self.items[self.stocks[way.stock].item].id)
                    makers |= {operation.site} if way.stock in outputs else set()
        leaving = {self.origin(lane) for lane in self.open}
        downstream = {k for k, site in enumerate(self.sites) if site.stage == "downstream"}
        self.supplying = sorted(leaving - makers - downstream)
        self.testing = sorted(downstream & (self.made.keys() | leaving))

    def origin(self, lane: LaneSpec) -> int:
        return self.stocks[lane.source].site

    def item(self, lane: LaneSpec) -> str:
        return self.items[self.stocks[lane.source].item].id

    def stop(self, kind: str, what: str, name: str, sites: Iterable[str]) -> Knockout:
        """Sites that stand still: they make nothing, and ship what they have."""
        chosen = [(k, site.id) for k, site in enumerate(self.sites) if site.id in set(sites)]
        groups = (
            ([site for k, site in chosen if k in self.made], STOPPED),
            ([site for k, site in chosen if k not in self.made], HALTED),
        )
        blocks = tuple(
            {"target": {"site": group}, "effect": dict(effect)} for group, effect in groups if group
        )
        items = sorted({item for k, _ in chosen for item in self.made.get(k, ())})
        ids = tuple(site for _, site in chosen)
        return Knockout(f"{kind}:{what}", kind, name, ids, tuple(items), blocks)

    def suppliers(self) -> Iterator[Knockout]:
        for k in self.supplying:
            site = self.sites[k]
            yield self.stop(SUPPLIER, site.id, site.name, [site.id])

    def institutes(self) -> Iterator[Knockout]:
        for k in self.testing:
            site = self.sites[k]
            yield self.stop(INSTITUTE, site.id, site.name, [site.id])

    def regions(self) -> Iterator[Knockout]:
        for region in sorted({self.sites[k].region for k in self.supplying} - {""}):
            sites = [self.sites[k].id for k in self.supplying if self.sites[k].region == region]
            yield self.stop(REGION, region, f"suppliers in {region}", sites)

    def lane_groups(self) -> Iterator[Knockout]:
        groups: dict[tuple[str, str], set[str]] = {}
        for lane in self.open:
            site = self.sites[self.origin(lane)]
            groups.setdefault((site.region, self.item(lane)), set()).add(site.id)
        for (region, item), origins in sorted(groups.items()):
            target = {"origin": {"site": sorted(origins)}, "item": item}
            name = f"lanes with {item} from {region or 'no region'}"
            yield self._close(LANES, f"{region}/{item}", name, sorted(origins), item, target)

    def lanes(self) -> Iterator[Knockout]:
        for lane in self.open:
            origin = self.sites[self.origin(lane)].id
            destination = self.sites[self.stocks[lane.destination].site].id
            item = self.item(lane)
            target = {
                "lane": lane.id.partition(":")[0],
                "origin": {"site": origin},
                "destination": {"site": destination},
                "item": item,
            }
            name = f"{item} from {origin} to {destination}"
            yield self._close(LANE, lane.id, name, [origin], item, target)

    def _close(
        self, kind: str, what: str, name: str, origins: list[str], item: str, target: Any
    ) -> Knockout:
        blocks = ({"target": target, "effect": dict(CLOSED)},)
        return Knockout(f"{kind}:{what}", kind, name, tuple(origins), (item,), blocks)


# ---- choosing some of them

WORDS = ("kind", "site", "stage", "region", "item", "tags")
"""What `--only` chooses by; tags as tags.NAME."""


def chosen(
    found: Iterable[Knockout], only: Iterable[str], document: ScenarioFile
) -> tuple[Knockout, ...]:
    """The knock-outs that match every `WORD=VALUE[,VALUE]`.

    Sites and regions match if all that stands still does; lanes if all their origins do.

    Raises:
        InputError: a word that is none, or words that nothing matches.
    """
    kept = tuple(found)
    problems = []
    for text in only:
        word, _, rest = text.partition("=")
        values = tuple(value.strip() for value in rest.split(",") if value.strip())
        if word.partition(".")[0] not in WORDS or not values:
            remedy = f"words are {', '.join(WORDS)}, such as region=NAME or kind=supplier,region"
            problems.append(_wrong(text, "be WORD=VALUE", "", remedy))
            continue
        matching = tuple(one for one in kept if one.id in _matching(kept, word, values, document))
        if not matching:
            remedy = did_you_mean(values[0], _known(kept, word, document))
            problems.append(_wrong(text, "match something that can be knocked out", "", remedy))
            continue
        kept = matching
    if problems:
        raise InputError(problems)
    if not kept:
        raise InputError([_wrong("", "have suppliers, downstream sites or lanes", "none")])
    return kept


def _wrong(text: str, rule: str, got: str = "", remedy: str = "") -> Problem:
    return Problem("--only" if text else "stress", 0, 0, text or "the scenario", rule, got, remedy)


def _matching(
    found: Iterable[Knockout], word: str, values: tuple[str, ...], document: ScenarioFile
) -> set[str]:
    """Ids of the knock-outs that match a word."""
    if word == "kind":
        return {one.id for one in found if one.kind in values}
    if word == "item":
        return {one.id for one in found if set(one.items) & set(values)}
    head, _, tag = word.partition(".")
    written = {head: {tag: values}} if tag else {head: values}
    try:
        selector = Selector.model_validate(written)
    except ValidationError:
        rule = "name a tag as tags.NAME=VALUE"
        raise InputError([_wrong(f"{word}={','.join(values)}", rule, shown(word))]) from None
    sites = set(selected_sites(document, selector))
    return {one.id for one in found if sites.issuperset(one.sites)}


def _known(found: Iterable[Knockout], word: str, document: ScenarioFile) -> set[str]:
    """The values that a word may have."""
    sites = document.sites.values()
    known: dict[str, set[str]] = {
        "kind": {one.kind for one in found},
        "item": {item for one in found for item in one.items},
        "site": {site for one in found for site in one.sites},
        "stage": {site.stage for site in sites},
        "region": {site.region for site in sites if site.region},
    }
    tag = word.partition(".")[2]
    return known.get(word) or {site.tags[tag] for site in sites if tag in site.tags}
