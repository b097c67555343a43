"""Names: what is referred to exists, and names are fit to be shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chainsim.scenario.checks.ground import Ground, Problems
from chainsim.scenario.nodes import Path
from chainsim.scenario.schema.material import Operation, Paced, Pull, Site
from chainsim.scenario.schema.selectors import Selector
from chainsim.scenario.schema.time import Months, Product, Years
from chainsim.scenario.selection import SITE_WORDS, words

Reference = tuple[Path, str, str]
"""(where, kind of thing, id)."""

STAGES = ("upstream", "midstream", "downstream")
RESERVED = "scrap"


def names_exist(ground: Ground) -> Problems:
    """Every name refers to something that exists."""
    document = ground.document
    known: dict[str, Iterable[str]] = {
        "item": document.items,
        "site": document.sites,
        "profile": document.profiles,
        "calendar": document.calendars,
        "fleet": document.fleets,
    }
    for path, kind, name in _references(ground):
        if name not in known[kind]:
            yield ground.unknown(path, name, known[kind], kind)


def _references(ground: Ground) -> Iterator[Reference]:
    document = ground.document
    for site, body in document.sites.items():
        yield from _site_references(("sites", site), body)
    for key, item_body in document.items.items():
        if item_body.variant_of is not None:
            yield ("items", key, "variant_of"), "item", item_body.variant_of
    for key, lane in document.lanes.items():
        for item in lane.items:
            yield ("lanes", key, "items"), "item", item
    for key, profile in document.profiles.items():
        if isinstance(profile, Product):
            for factor in profile.of:
                if isinstance(factor, str):
                    yield ("profiles", key, "of"), "profile", factor
        elif isinstance(profile, Years) and profile.season is not None:
            yield ("profiles", key, "season"), "profile", profile.season
    for key, fleet in document.fleets.items():
        yield ("fleets", key, "item"), "item", fleet.item
    if document.output_item is not None:
        yield ("output_item",), "item", document.output_item
    if document.national is not None:
        yield ("national", "item"), "item", document.national.item


def _site_references(path: Path, body: Site) -> Iterator[Reference]:
    if body.calendar is not None:
        yield (*path, "calendar"), "calendar", body.calendar
    for item in body.stocks:
        yield (*path, "stocks", item), "item", item
    for key, operation in body.operations.items():
        yield from _operation_references((*path, "operations", key), operation)
    for item, policy in body.replenishment.items():
        yield (*path, "replenishment", item), "item", item
        for source in policy.sources.sites:
            yield (*path, "replenishment", item, "sources"), "site", source
        if policy.requirements is not None:
            yield (*path, "replenishment", item, "requirements"), "item", policy.requirements
    for block, streams in (("demand", body.demand), ("arrivals", body.arrivals)):
        for key, stream in streams.items():
            yield (*path, block, key), "item", stream.item or key
            for field in ("profile", "months"):
                if getattr(stream, field) is not None:
                    yield (*path, block, key, field), "profile", getattr(stream, field)
            if stream.calendar is not None:
                yield (*path, block, key, "calendar"), "calendar", stream.calendar
    for key, arrival in body.arrivals.items():
        if arrival.fleet is not None:
            yield (*path, "arrivals", key, "fleet"), "fleet", arrival.fleet


def _operation_references(path: Path, operation: Operation) -> Iterator[Reference]:
    for item in operation.inputs:
        yield (*path, "inputs", item), "item", item
    for item in operation.outputs:
        if item != RESERVED:
            yield (*path, "outputs", item), "item", item
    if isinstance(operation.capacity, str):
        yield (*path, "capacity"), "profile", operation.capacity
    if operation.calendar is not None:
        yield (*path, "calendar"), "calendar", operation.calendar
    release = operation.release
    if isinstance(release, Pull):
        yield (*path, "release"), "item", release.item
        if release.parent is not None:
            yield (*path, "release", "parent"), "item", release.parent
    if isinstance(release, Paced) and release.profile is not None:
        yield (*path, "release", "profile"), "profile", release.profile


def resources_exist(ground: Ground) -> Problems:
    """An operation names a resource of its own site."""
    for site, body in ground.document.sites.items():
        for key, operation in body.operations.items():
            if operation.resource is not None and operation.resource not in body.resources:
                path = ("sites", site, "operations", key, "resource")
                yield ground.unknown(path, operation.resource, body.resources, "resource")


def resources_have_users(ground: Ground) -> Problems:
    """A resource is used, and is not called like an operation that has servers of its own."""
    for site, body in ground.document.sites.items():
        for key in body.resources:
            path = ("sites", site, "resources", key)
            if key in body.operations and body.operations[key].resource is None:
                rule = "not be called like an operation that has servers of its own"
                yield ground.problem(path, rule, got="", key=True)
            elif all(operation.resource != key for operation in body.operations.values()):
                remedy = f"write resource: {key} there, or leave it out"
                rule = f"be used by an operation of '{site}'"
                yield ground.problem(path, rule, remedy, got="", key=True)


def monthly_shares_are_months(ground: Ground) -> Problems:
    """The monthly shares of a plan are a profile of kind months or years."""
    profiles = ground.document.profiles
    for site, body in ground.document.sites.items():
        for block, streams in (("demand", body.demand), ("arrivals", body.arrivals)):
            for key, stream in streams.items():
                profile = profiles.get(stream.months or "")
                if profile is not None and not isinstance(profile, Months | Years):
                    path = ("sites", site, block, key, "months")
                    yield ground.problem(path, "name a profile of kind months or years")


def no_item_is_scrap(ground: Ground) -> Problems:
    """`scrap` as an output means thrown away, so no item is called so."""
    if RESERVED in ground.document.items:
        path = ("items", RESERVED)
        yield ground.problem(path, f"not be called '{RESERVED}'", "the word is reserved", key=True)


def ids_differ(ground: Ground) -> Problems:
    """Entries of a list have ids of their own."""
    document = ground.document
    for block in ("disruptions", "expect", "observed"):
        first: dict[str, int] = {}
        for index, entry in enumerate(getattr(document, block)):
            if entry.id in first:
                node = ground.root.at((block, first[entry.id]))
                remedy = f"{node.place} has the same id"
                yield ground.problem((block, index, "id"), "be given once", remedy)
            first.setdefault(entry.id, index)


def items_of_a_lane_differ(ground: Ground) -> Problems:
    """A lane names each of its items once."""
    for key, lane in ground.document.lanes.items():
        for index, item in enumerate(lane.items):
            if item in lane.items[:index]:
                yield ground.problem(("lanes", key, "items", index), "be named once")


def names_are_fit(ground: Ground) -> Problems:
    """Names have no control characters; the scenario's name cannot be taken for a path."""
    document = ground.document
    named: list[tuple[Path, str | None]] = [(("name",), document.name)]
    named += [(("items", key, "name"), item.name) for key, item in document.items.items()]
    named += [(("sites", key, "name"), site.name) for key, site in document.sites.items()]
    named += [(("launches", key, "name"), one.name) for key, one in document.launches.items()]
    named += [(("disruptions", i, "name"), d.name) for i, d in enumerate(document.disruptions)]
    for path, name in named:
        if name is not None and not name.isprintable():
            yield ground.problem(path, "hold no line breaks or control characters")
    if any(part in document.name for part in ("/", "\\", "..")):
        yield ground.problem(("name",), "not contain / or \\ or ..", "it is a title, not a path")


def recorded_things_exist(ground: Ground) -> Problems:
    """What is recorded is named as site/item or site/demand."""
    document = ground.document
    for field, block in (("waits", "items"), ("delays", "demand")):
        for index, text in enumerate(getattr(document.run.record, field)):
            site, slash, name = text.partition("/")
            path = ("run", "record", field, index)
            if not slash or site not in document.sites:
                remedy = f"known sites are {', '.join(sorted(document.sites)[:6])}"
                yield ground.problem(path, "be a site and a name, joined by /", remedy)
                continue
            known = document.items if block == "items" else document.sites[site].demand
            if name not in known:
                yield ground.unknown(path, text, [f"{site}/{k}" for k in known], field[:-1])


def selectors_name_what_exists(ground: Ground) -> Problems:
    """Every word of a selector occurs in the scenario."""
    for index, disruption in enumerate(ground.document.disruptions):
        yield from selector_words(ground, ("disruptions", index, "target"), disruption.target)
    for key, lane in ground.document.lanes.items():
        yield from selector_words(ground, ("lanes", key, "from"), lane.origin)
        yield from selector_words(ground, ("lanes", key, "to"), lane.destination)


def selector_words(ground: Ground, path: Path, selector: Selector) -> Problems:
    """The words of one selector that occur nowhere."""
    document = ground.document
    sites = document.sites.values()
    known: dict[str, set[str]] = {
        "site": set(document.sites),
        "stage": set(STAGES),
        "region": {site.region for site in sites if site.region},
        "item": set(document.items),
        "operation": {key for site in sites for key in site.operations},
        "lane": set(document.lanes),
        "except_": set(document.sites),
    }
    for word, names in known.items():
        for name in _several(getattr(selector, word)):
            if name not in names:
                yield ground.unknown(path, name, names, word.rstrip("_").replace("except", "site"))
    for tag, wanted in selector.tags.items():
        values = {site.tags[tag] for site in sites if tag in site.tags}
        if not values:
            known_tags = {key for site in sites for key in site.tags}
            yield ground.unknown((*path, "tags"), tag, known_tags, "tag")
            continue
        for name in _several(wanted):
            if name not in values:
                yield ground.unknown((*path, "tags", tag), name, values, tag)
    for end in ("origin", "destination"):
        below = getattr(selector, end)
        if below is not None:
            yield from selector_words(ground, (*path, end), below)


def selects_sites(ground: Ground, path: Path, selector: Selector) -> Problems:
    """A selector that must select sites, by words for sites only."""
    given = words(selector)
    if not given:
        yield ground.problem(path, "name a site, or at least one word that sites share")
    elif given - set(SITE_WORDS):
        extra = ", ".join(sorted(given - set(SITE_WORDS)))
        rule = "select sites, by site, stage, region, tags and except only"
        yield ground.problem(path, rule, got=extra)
    elif not ground.sites(selector) and words_are_known(ground, selector):
        yield ground.problem(path, "match at least one site", got="")


def words_are_known(ground: Ground, selector: Selector) -> bool:
    """Whether every word of a selector occurs at all."""
    return not any(True for _ in selector_words(ground, (), selector))


def _several(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value
