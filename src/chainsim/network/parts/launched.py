"""The document with what launches stand for: items, operations, orders, lanes and demand.

A model is a variant of the output item. Its series is built on the servers of the maker's
operation and needs the approval, which stays; what follows on the way is done with the model's own
items. The institute makes the approval to order, on servers that it has, from an application and
crash cars.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from chainsim.errors import InputError, Problem
from chainsim.network.calendars import Time, profile_factors
from chainsim.network.clock import DAY, Clock, tabulate
from chainsim.network.compiled import FULL_SPEED
from chainsim.network.parts.divided import Division, NewShare
from chainsim.network.parts.launched_model import Model
from chainsim.scenario.launching import enabled_launches, planned_demands
from chainsim.scenario.loading import Scenario
from chainsim.scenario.quantities import Quantity
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.fields import When
from chainsim.scenario.schema.launches import Launch
from chainsim.scenario.schema.material import Arrivals, Resource, Site, Stock
from chainsim.scenario.schema.replenishment import Replenishment

NEVER_AGAIN = "365250 d"
"""Between reviews of what is ordered once: the longest time there is."""


@dataclass(frozen=True)
class Launched:
    """A document without launches that runs as one with them."""

    document: ScenarioFile
    launches: Mapping[str, Launch] = field(default_factory=dict)
    """Those that plan a car at all."""
    divisions: Mapping[tuple[str, str], Division] = field(default_factory=dict)
    """By (site, demand): which part of what was written it is."""


def launched(scenario: Scenario, time: Time) -> Launched:
    """What a scenario with launches stands for; a launch that is off, or 0 for ever, adds nothing.

    Raises:
        InputError: new models take more than all of a maker's plan.
    """
    document = scenario.document
    shares = {key: _share(document, one, time) for key, one in enabled_launches(document)}
    active = {key: document.launches[key] for key, share in shares.items() if _plans_any(share)}
    _refuse_more_than_all(scenario, active, shares)
    building = _Building(document, time)
    for key, launch in active.items():
        building.add(key, launch)
    changed = building.document()
    return Launched(changed, active, _divisions(document, active, shares))


def _share(document: ScenarioFile, launch: Launch, time: Time) -> NewShare:
    if isinstance(launch.share, str):
        factors = profile_factors(launch.share, document.profiles, time)
        clock = Clock(*tabulate(factors, time.end + 200 * DAY))
    else:
        clock = Clock([0], [round(launch.share * FULL_SPEED)])
    return NewShare(time.second(launch.planned), clock)


def _plans_any(share: NewShare) -> bool:
    return any(share.at(second) for second in share.seconds())


def _refuse_more_than_all(
    scenario: Scenario, active: Mapping[str, Launch], shares: Mapping[str, NewShare]
) -> None:
    """The models of a maker never take more than its plan (a part per million each is rounding)."""
    problems = []
    for key, launch in active.items():
        earlier = [k for k, one in active.items() if one.at == launch.at and k <= key]
        seconds = set().union(*(shares[k].seconds() for k in earlier))
        most = max(sum(shares[k].at(second) for k in earlier) for second in seconds)
        if most > FULL_SPEED + len(earlier):
            path = f"launches.{key}.share"
            rule = f"leave the models of '{launch.at}' at most 1 together"
            place = scenario.origin(path).place
            problems.append(Problem(place, 0, 0, path, rule, f"{most / FULL_SPEED:g}"))
    if problems:
        raise InputError(problems)


def _divisions(
    document: ScenarioFile, active: Mapping[str, Launch], shares: Mapping[str, NewShare]
) -> dict[tuple[str, str], Division]:
    """Which part every demand is, of those of which new models take some."""
    found: dict[tuple[str, str], Division] = {}
    for site in sorted({launch.at for launch in active.values()}):
        models = [key for key, launch in active.items() if launch.at == site]
        parts = tuple(shares[key] for key in models)
        for demand in planned_demands(document, site):
            entity = f"{site}/{demand}"
            found[site, demand] = Division(entity, parts, len(models))
            for place, key in enumerate(models):
                found[site, f"{demand}:{key}"] = Division(entity, parts, place)
    return found


class _Building:
    """A document to which launches are added one by one."""

    def __init__(self, document: ScenarioFile, time: Time) -> None:
        self.written = document
        self.time = time
        self.items = dict(document.items)
        self.sites = dict(document.sites)
        self.lanes = dict(document.lanes)
        self.delays = list(document.run.record.delays)

    def document(self) -> ScenarioFile:
        """The document with all that was added."""
        record = self.written.run.record.model_copy(update={"delays": tuple(self.delays)})
        run = self.written.run.model_copy(update={"record": record})
        blocks = {"items": self.items, "sites": self.sites, "lanes": self.lanes}
        return self.written.model_copy(update={**blocks, "run": run, "launches": {}})

    def add(self, key: str, launch: Launch) -> None:
        """Add what one launch stands for."""
        model = Model(key, launch, self.written)
        self.items |= model.items()
        self.sites[launch.at] = self.maker(model)
        self.sites[launch.approval.at] = self.institute(model)
        self.lanes |= model.lanes()

    def maker(self, model: Model) -> Site:
        """The maker with the model's series and pilot, its orders and its demand."""
        launch, key = model.launch, model.key
        body, own = self.sites[launch.at], self.written.sites[launch.at]
        changes = _Changes(body)
        for name in model.way.operations:
            changes.share_servers(name)
            changes.operations[f"{name}:{key}"] = model.built_like(own.operations[name], name)
        changes.operations |= model.pilot_operations()
        for item, other in model.renamed.items():
            if item in own.stocks:
                changes.stocks[other] = _empty(own.stocks[item])
        if launch.pilot is not None:
            cars = own.operations[launch.operation].lot.value * launch.pilot.lots
            changes.expect(model.pilot_order, launch.pilot.start, cars)
        changes.order(model.approval, launch.approval.at, 1)
        if model.repeat is not None and model.repeat.samples:
            changes.order(model.failure, launch.approval.at, 1)
        for demand in planned_demands(self.written, launch.at):
            update = {"item": key}
            changes.demand[f"{demand}:{key}"] = own.demand[demand].model_copy(update=update)
            if f"{launch.at}/{demand}" in self.written.run.record.delays:
                self.delays.append(f"{launch.at}/{demand}:{key}")
        return changes.applied()

    def institute(self, model: Model) -> Site:
        """The institute with the model's tests, its application and its orders of crash cars."""
        launch, approval = model.launch, model.launch.approval
        changes = _Changes(self.sites[approval.at])
        changes.share_servers(approval.operation)
        changes.expect(model.application, approval.applied, Fraction(1))
        bench = self.sites[approval.at].operations[approval.operation]
        changes.operations |= model.tests(bench)
        if approval.samples:
            at = f"{self.time.origin.time():%H:%M:%S}"
            once = {"policy": "fixed", "quantity": approval.samples, "sources": launch.at}
            once |= {"review": {"every": NEVER_AGAIN, "at": at}}
            changes.replenishment[model.sample] = Replenishment.model_validate(once)
        if model.repeat is not None and model.repeat.samples:
            changes.order(model.resample, launch.at, model.repeat.samples)
        return changes.applied()


class _Changes:
    """A site of which parts are replaced."""

    def __init__(self, body: Site) -> None:
        self.body = body
        self.stocks = dict(body.stocks)
        self.resources = dict(body.resources)
        self.operations = dict(body.operations)
        self.replenishment = dict(body.replenishment)
        self.demand = dict(body.demand)
        self.arrivals = dict(body.arrivals)

    def applied(self) -> Site:
        """The site with the parts as they are now."""
        parts = ("stocks", "resources", "operations", "replenishment", "demand", "arrivals")
        return self.body.model_copy(update={name: getattr(self, name) for name in parts})

    def share_servers(self, name: str) -> None:
        """Make the servers of an operation a resource of its name, so that others can use them."""
        operation = self.operations[name]
        if operation.resource is None:
            self.resources[name] = Resource.model_construct(servers=operation.servers or 1)
            update = {"resource": name, "servers": None}
            self.operations[name] = operation.model_copy(update=update)

    def expect(self, item: str, when: When, amount: Fraction) -> None:
        """An amount of an item comes from outside, once."""
        events = ((when, Quantity(amount)),)
        self.arrivals[item] = Arrivals.model_construct(process="trace", item=item, events=events)

    def order(self, item: str, source: str, level: int) -> None:
        """Order an item as soon as less than the level is there or on its way."""
        policy = {"policy": "base_stock", "level": level, "sources": source}
        self.replenishment[item] = Replenishment.model_validate(policy)


def _empty(stock: Stock) -> Stock:
    """A stock with the same rules that holds and owes nothing at the start."""
    return stock.model_copy(update={"initial": Quantity(Fraction(0)), "backlog": None})
