"""What responses cost, when they are known to be in force, and what they add to specs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from chainsim.network.calendars import Time
from chainsim.network.clock import DAY
from chainsim.network.compiled import (
    FULL_SPEED,
    NONE,
    Allocation,
    CompiledNetwork,
    LaneSpec,
    OperationSpec,
    ReplenishmentSpec,
    StockSpec,
)
from chainsim.network.levels import Target
from chainsim.network.levers import (
    BackupSpec,
    ExpediteSpec,
    PoolSpec,
    ResponseSpec,
    SecondSourceSpec,
)
from chainsim.network.names import Names
from chainsim.network.parts.answered import applies
from chainsim.network.parts.flows import first_after_zero, lanes_for_orders
from chainsim.scenario.launching import kinds_of, made_from
from chainsim.scenario.schema.document import ScenarioFile
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
from chainsim.scenario.selection import enabled_responses, pool_members, selected_sites

Kind = TypeVar("Kind", bound=Response)
Levels = Callable[[int, float], Sequence[int]]
"""(stock, seconds of cover) to the level on every day."""


def extra_covers(
    document: ScenarioFile, time: Time
) -> dict[tuple[str, str], list[tuple[float, int, int]]]:
    """By (site, item): (seconds of cover, from, until) that responses add to its targets."""
    found: dict[tuple[str, str], list[tuple[float, int, int]]] = {}
    for _, response in enabled_responses(document):
        if not isinstance(response, ExtraCover):
            continue
        begin, end = _dates(response, time)
        for site in selected_sites(document, response.at):
            for item in document.items:
                if set(response.item) & set(kinds_of(document, item)):
                    entry = float(response.extra), begin, end
                    found.setdefault((site, item), []).append(entry)
    return found


def _dates(response: ExtraCover, time: Time) -> tuple[int, int]:
    """From when until when a cover is kept: always unless it has dates."""
    begin = 0 if response.first is None else time.second(response.first)
    end = time.end if response.last is None else time.second(response.last)
    return begin, end


# ---- what responses cost


def responses(document: ScenarioFile, time: Time) -> tuple[ResponseSpec, ...]:
    """All responses that are on, in code-point order of their ids."""
    return tuple(
        ResponseSpec(
            id=key,
            kind=response.kind,
            fixed=float(response.cost.fixed),
            per_day=float(response.cost.per_day),
            per_unit=float(response.cost.per_unit),
            windows=tuple(_windows(document, response, time)),
        )
        for key, response in enabled_responses(document)
    )


def _windows(
    document: ScenarioFile, response: Response, time: Time
) -> Iterator[tuple[int, int, int]]:
    """(from, until, sites) of what is known before the run."""
    sites = selected_sites(document, response.at)
    if isinstance(response, OtherShifts):
        yield from _changed_days(document, response, sites, time)
    elif isinstance(response, ExtraCover):
        yield *_dates(response, time), len(sites)
    elif not isinstance(response, BackupPower | SecondSource):
        yield 0, time.end, len(sites)


def _changed_days(
    document: ScenarioFile, response: OtherShifts, sites: Iterable[str], time: Time
) -> Iterator[tuple[int, int, int]]:
    """The days on which another calendar changes the shifts of sites."""
    other = time.shifts(document.calendars[response.calendar]).by_day
    for site in sites:
        own = time.shifts(document.calendars[document.sites[site].calendar or ""]).by_day
        for day, shifts in other.items():
            if applies(response, day) and own[day] != shifts:
                begin = time.day_start(day)
                yield begin, begin + DAY, 1


# ---- what responses add to specs


def with_responses(
    network: CompiledNetwork, document: ScenarioFile, names: Names, time: Time, levels: Levels
) -> CompiledNetwork:
    """The network with what its responses add to stocks, operations, lanes and replenishments."""
    adding = _Adding(document, names, levels)
    return replace(
        network,
        stocks=tuple(adding.stock(spec) for spec in network.stocks),
        operations=tuple(adding.operation(spec) for spec in network.operations),
        lanes=tuple(
            adding.lane(spec, *ends)
            for spec, (_, _, *ends) in zip(network.lanes, names.lanes, strict=True)
        ),
        replenishments=tuple(adding.replenishment(spec) for spec in network.replenishments),
        pools=tuple(adding.pools(time)),
    )


class _Adding:
    """Looks up which response concerns an entity; checks have made sure that it is one at most."""

    def __init__(self, document: ScenarioFile, names: Names, levels: Levels) -> None:
        self.document = document
        self.names = names
        self.levels = levels
        self.ways = lanes_for_orders(document, names)
        self.responses: Mapping[str, Any] = dict(enabled_responses(document))
        self.places = {key: place for place, key in enumerate(self.responses)}
        self.sites = {
            key: frozenset(selected_sites(document, response.at))
            for key, response in self.responses.items()
        }

    def _of(self, kind: type[Kind], site: str, **wanted: str) -> tuple[int, Kind] | None:
        """The response of a kind at a site; `wanted` are values of its fields, or in them."""
        for key, response in self.responses.items():
            concerned = isinstance(response, kind) and site in self.sites[key]
            if concerned and all(_fits(getattr(response, name), wanted[name]) for name in wanted):
                return self.places[key], response
        return None

    def stock(self, spec: StockSpec) -> StockSpec:
        """Short sources fill by class."""
        site, item = spec.id.split("/", 1)
        if self._of(Rationing, site, item=item) is None:
            return spec
        return replace(spec, allocation=Allocation.PRIORITY)

    def operation(self, spec: OperationSpec) -> OperationSpec:
        """Overtime is counted, and power of their own keeps operations going."""
        site, key = spec.id.split("/", 1)
        like = made_from(key)
        overtime = self._of(PlannedOvertime, site, operation=like)
        if overtime is not None:
            spec = replace(spec, overtime_response=overtime[0])
        backup = self._of(BackupPower, site, operation=like)
        if backup is None:
            return spec
        place, response = backup
        lasts = NONE if response.lasts is None else round(response.lasts)
        floor = float(response.floor)
        return replace(spec, backup=BackupSpec(place, floor, round(response.start), lasts))

    def lane(self, spec: LaneSpec, origin: str, destination: str, item: str) -> LaneSpec:
        """Lanes hurry, and their orders have a class at the source."""
        expedite = self._of(Expedite, destination, item=item)
        if expedite is not None:
            place, response = expedite
            below = Target(daily=self.levels(spec.destination, float(response.below)))
            factors = float(response.transit), float(response.order_lead)
            spec = replace(spec, expedite=ExpediteSpec(place, below, *factors))
        rationing = self._of(Rationing, origin, item=item)
        if rationing is None:
            return spec
        classes = [selected_sites(self.document, chosen) for chosen in rationing[1].classes]
        first = next((k for k, sites in enumerate(classes) if destination in sites), len(classes))
        return replace(spec, order_priority=first)

    def replenishment(self, spec: ReplenishmentSpec) -> ReplenishmentSpec:
        """Another source for what falls to sources that are down."""
        site, item = spec.id.split("/", 1)
        found = self._of(SecondSource, site, item=item)
        if found is None:
            return spec
        place, response = found
        sources = self.document.sites[site].replenishment[item].sources.sites
        activate = response.activate
        second = SecondSourceSpec(
            response=place,
            lanes=self.ways[response.source, site, item],
            instead_of=tuple(
                k
                for k, source in enumerate(sources)
                if not response.instead_of or source in response.instead_of
            ),
            after=round(activate.after),
            qualification=round(activate.qualification),
            ramp=round(activate.ramp),
            left=round(activate.left * FULL_SPEED),
            share=round(response.share * FULL_SPEED),
        )
        return replace(spec, second=second)

    def pools(self, time: Time) -> Iterator[PoolSpec]:
        """One pool for every item that sites lend each other."""
        index = {key: i for i, (key, *_) in enumerate(self.names.lanes)}
        for key, response in self.responses.items():
            if not isinstance(response, Pooling):
                continue
            for item in sorted(response.item):
                members = pool_members(self.document, response, item)
                stocks = tuple(self.names.stocks[site, item] for site in members)
                yield PoolSpec(
                    id=f"{key}:{item}",
                    rank=self.names.ranks["pool", f"{key}:{item}"],
                    response=self.places[key],
                    stocks=stocks,
                    lanes=tuple(
                        tuple(index.get(f"{key}:{a}>{b}:{item}", NONE) for b in members)
                        for a in members
                    ),
                    below=tuple(self._level(stock, response.below) for stock in stocks),
                    above=tuple(self._level(stock, response.above) for stock in stocks),
                    review=first_after_zero(response.review.at, round(response.review.every), time),
                )

    def _level(self, stock: int, cover: Any) -> Target:
        return Target(daily=self.levels(stock, float(cover)))


def _fits(given: str | tuple[str, ...], value: str) -> bool:
    """Whether a field that names one or several things, or all by naming none, means a value."""
    return value == given if isinstance(given, str) else not given or value in given
