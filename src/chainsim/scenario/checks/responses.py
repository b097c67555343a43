"""Responses: they concern sites that can respond, and no two of them fight over one target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from chainsim.scenario.checks.ground import Ground, Problems
from chainsim.scenario.checks.names import selector_words, selects_sites
from chainsim.scenario.checks.times import DAY
from chainsim.scenario.nodes import Path
from chainsim.scenario.schema.material import Pull, Site
from chainsim.scenario.schema.replenishment import Cover
from chainsim.scenario.schema.responses import (
    BackupPower,
    Expedite,
    ExtraCover,
    OtherShifts,
    PlannedOvertime,
    Pooling,
    Rationing,
    Response,
    SecondSource,
)
from chainsim.scenario.selection import items_at, pool_members, words


def responses_name_what_exists(ground: Ground) -> Problems:
    """Sites, items, calendars and words of selectors in responses refer to something."""
    for path, response in _responses(ground):
        yield from _unknown_names(ground, path, response)


def _unknown_names(ground: Ground, path: Path, response: Response) -> Problems:
    document = ground.document
    yield from selector_words(ground, (*path, "at"), response.at)
    if isinstance(response, Rationing):
        for index, chosen in enumerate(response.classes):
            yield from selector_words(ground, (*path, "classes", index), chosen)
    named: list[tuple[str, str, Mapping[str, object], str]]
    named = [("item", item, document.items, "item") for item in _items(response)]
    if isinstance(response, SecondSource):
        named.append(("source", response.source, document.sites, "site"))
        named += [("instead_of", site, document.sites, "site") for site in response.instead_of]
    if isinstance(response, OtherShifts):
        named.append(("calendar", response.calendar, document.calendars, "calendar"))
    for field, name, known, what in named:
        if name not in known:
            yield ground.unknown((*path, field), name, known, what)


def _responses(ground: Ground) -> Iterator[tuple[Path, Response]]:
    for key, response in sorted(ground.document.responses.items()):
        yield ("responses", key), response


def _known(ground: Ground) -> Iterator[tuple[str, Path, Response, list[str]]]:
    """(id, place, response, sites) of the responses whose names all refer to something."""
    for path, response in _responses(ground):
        if words(response.at) and not any(True for _ in _unknown_names(ground, path, response)):
            yield str(path[1]), path, response, ground.sites(response.at)


def _items(response: Response) -> tuple[str, ...]:
    given = getattr(response, "item", ())
    return (given,) if isinstance(given, str) else given


def responses_are_of_sites(ground: Ground) -> Problems:
    """The selector of a response names sites by their own words, and matches at least one."""
    for path, response in _responses(ground):
        places = [((*path, "at"), response.at)]
        if isinstance(response, Rationing):
            places += [((*path, "classes", i), one) for i, one in enumerate(response.classes)]
        for where, selector in places:
            yield from selects_sites(ground, where, selector)


def responses_can_apply(ground: Ground) -> Problems:
    """Every site that responds has what the response changes."""
    for key, path, response, sites in _known(ground):
        if isinstance(response, SecondSource):
            yield from _second_source(ground, path, response, sites)
        elif isinstance(response, Pooling):
            yield from _pooling(ground, key, path, response)
        else:
            for site in sites:
                for field, what in _lacking(ground, response, site):
                    yield ground.problem((*path, field), f"find {what} at '{site}'")


def _lacking(ground: Ground, response: Response, site: str) -> Iterator[tuple[str, str]]:
    """What a site lacks that a response would change, with the field that asks for it."""
    body = ground.document.sites[site]
    if isinstance(response, ExtraCover):
        for item in set(response.item) - _covered(body):
            yield "item", f"a target in days of cover for '{item}'"
    elif isinstance(response, Expedite):
        for item in response.item:
            if not _has_lane(ground, item, destination=site):
                yield "item", f"a lane that brings '{item}'"
    elif isinstance(response, Rationing):
        for item in response.item:
            if not _has_lane(ground, item, origin=site):
                yield "item", f"a lane that takes '{item}' away"
    elif isinstance(response, OtherShifts):
        if body.calendar is None:
            yield "at", "a calendar"
    elif isinstance(response, BackupPower):
        missing = set(response.operation) - set(body.operations)
        if missing or not body.operations:
            yield "operation" if missing else "at", " and ".join(sorted(missing)) or "operations"
    elif isinstance(response, PlannedOvertime):
        operation = body.operations.get(response.operation)
        if operation is None or not isinstance(operation.release, Pull):
            yield "operation", f"an operation '{response.operation}' with release: {{pull: ITEM}}"


def _covered(body: Site) -> set[str]:
    """The items of a site with a target in days of cover."""
    found = {
        item
        for item, policy in body.replenishment.items()
        if isinstance(policy.level, Cover) or isinstance(policy.reorder, Cover)
    }
    rules = (operation.release for operation in body.operations.values())
    return found | {r.item for r in rules if isinstance(r, Pull) and isinstance(r.level, Cover)}


def _has_lane(ground: Ground, item: str, origin: str = "", destination: str = "") -> bool:
    return any(
        item in lane.items and (origin in ("", a) and destination in ("", b))
        for key, lane in ground.document.lanes.items()
        for a, b in ground.pairs(key)
    )


def _second_source(
    ground: Ground, path: Path, response: SecondSource, sites: list[str]
) -> Problems:
    """The second source is another one, has the item, and a lane leads from it to every site."""
    document, item, source = ground.document, response.item, response.source
    if item not in items_at(document, source):
        yield ground.problem((*path, "source"), f"have '{item}'")
    for site in sites:
        policy = document.sites[site].replenishment.get(item)
        if policy is None:
            yield ground.problem((*path, "item"), f"be ordered by '{site}'")
            continue
        if source in policy.sources.sites:
            rule = f"be another source: '{site}' orders '{item}' from it already"
            yield ground.problem((*path, "source"), rule)
        elif source == site:
            yield ground.problem((*path, "source"), "be another site than the one that responds")
        elif not _has_lane(ground, item, source, site):
            rule = f"have a lane that carries '{item}' to '{site}'"
            yield ground.problem((*path, "source"), rule, "add one to lanes")
        for first in set(response.instead_of) - set(policy.sources.sites):
            rule = f"name sources from which '{site}' orders '{item}'"
            yield ground.problem((*path, "instead_of"), rule, got=first)


def _pooling(ground: Ground, key: str, path: Path, response: Pooling) -> Problems:
    """A pool has two members at least for each item, and an id that no lane has."""
    if key in ground.document.lanes:
        rule = "not be called like a lane: the pool makes lanes of this name"
        yield ground.problem(path, rule, got="", key=True)
    for item in response.item:
        members = pool_members(ground.document, response, item)
        if len(members) < 2:
            rule = f"select two sites at least that hold '{item}'"
            yield ground.problem((*path, "at"), rule, got=", ".join(members) or "none")
        for site in members:
            own = ground.document.sites[site].stocks.get(item)
            if own is not None and own.unlimited:
                rule = f"leave out '{site}': its stock of '{item}' has no limits"
                yield ground.problem((*path, "at"), rule, "order from it instead", got=site)


def responses_do_not_fight(ground: Ground) -> Problems:
    """No two responses of one kind change the same thing at the same time."""
    spans: dict[tuple[str, ...], list[tuple[Fraction, Fraction, str]]] = {}
    for key, _, response, sites in _known(ground):
        if response.enabled:
            for target in _targets(ground, response, sites):
                spans.setdefault(target, []).append((*_window(ground, response), key))
    fights: dict[str, str] = {}
    for target, found in spans.items():
        for first, second in _overlaps(found):
            fights.setdefault(second, f"'{first}' changes {' '.join(target[1:])} as well")
    for key, remedy in sorted(fights.items()):
        rule = f"not fight with another response of kind {ground.document.responses[key].kind}"
        yield ground.problem(("responses", key, "at"), rule, remedy, got="")


def _overlaps(spans: list[tuple[Fraction, Fraction, str]]) -> Iterator[tuple[str, str]]:
    """Pairs of ids, in order, whose (begin, end, id) overlap: one pair for every span at least."""
    latest, holder = None, ""
    for begin, end, key in sorted(spans):
        if latest is not None and begin < latest:
            yield min(holder, key), max(holder, key)
        if latest is None or end > latest:
            latest, holder = end, key


def _targets(ground: Ground, response: Response, sites: list[str]) -> Iterator[tuple[str, ...]]:
    """What a response changes, site by site."""
    for site in sites:
        if isinstance(response, PlannedOvertime):
            yield response.kind, site, response.operation
        elif isinstance(response, BackupPower):
            for operation in response.operation or ground.document.sites[site].operations:
                yield response.kind, site, operation
        elif isinstance(response, OtherShifts):
            yield response.kind, site
        else:
            for item in _items(response):
                yield response.kind, site, item


def _window(ground: Ground, response: Response) -> tuple[Fraction, Fraction]:
    """From when until when a response changes things, in seconds since the start."""
    if isinstance(response, ExtraCover) and response.first is not None:
        assert response.last is not None
        return ground.seconds(response.first), ground.seconds(response.last)
    if isinstance(response, OtherShifts):
        return ground.seconds(response.first), ground.seconds(response.last) + DAY
    return Fraction(-(10**15)), Fraction(10**15)


def overtime_is_given_once(ground: Ground) -> Problems:
    """A response of overtime does not meet overtime that the operation has already."""
    for _, path, response, sites in _known(ground):
        for site in sites if isinstance(response, PlannedOvertime) else ():
            assert isinstance(response, PlannedOvertime)
            operation = ground.document.sites[site].operations.get(response.operation)
            if operation is not None and operation.overtime is not None:
                rule = f"leave out '{site}': its operation has overtime of its own"
                yield ground.problem((*path, "operation"), rule)


def response_dates_lie_in_the_run(ground: Ground) -> Problems:
    """A response with dates begins before it ends, and has a day in the run."""
    settled = Fraction(ground.document.run.settled or 0)
    for path, response in _responses(ground):
        if not isinstance(response, ExtraCover | OtherShifts) or response.first is None:
            continue
        begin, end = _window(ground, response)
        if end <= begin:
            yield ground.problem((*path, "until"), "come after from")
        elif end <= -settled or begin >= ground.end:
            rule = f"lie within the run of {float(ground.end / DAY):g} d"
            yield ground.problem((*path, "from"), rule, "move it, or change run.start and run.end")
