"""From a scenario to a compiled network: the only place where names become ids, units integers.

Curves, dates and shares are turned into whole seconds, thousandths and parts per million here,
once; engines do integer arithmetic only.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from fractions import Fraction

from chainsim.errors import InputError, Problem, shown
from chainsim.network.calendars import Time
from chainsim.network.compiled import NONE, CompiledNetwork, Horizon, ItemSpec, RecordSpec, SiteSpec
from chainsim.network.disruption import ResilienceSpec
from chainsim.network.launch import LaunchSpec
from chainsim.network.names import Names
from chainsim.network.parts import disruptions, flows, outside, shop
from chainsim.network.parts.answered import answered
from chainsim.network.parts.fleets import with_fleets
from chainsim.network.parts.launched import Launched, launched
from chainsim.network.parts.launched_model import Model
from chainsim.network.parts.national import national_years
from chainsim.network.parts.projects import additions, projects
from chainsim.network.parts.rates import Rates
from chainsim.network.parts.responses import responses
from chainsim.network.parts.targets import with_targets
from chainsim.scenario.launching import planned_demands
from chainsim.scenario.loading import Scenario
from chainsim.scenario.schema.document import Resilience, Run, ScenarioFile
from chainsim.scenario.schema.material import Item, Site

MODEL_VERSION = 1
"""Raised when the meaning of a scenario changes: part of every fingerprint."""

WORDS = ("name", "description", "expect", "observed", "observed_series", "calibrate")
"""Blocks of a scenario that change no number of a run."""


def compile_network(scenario: Scenario) -> CompiledNetwork:
    """The network of a scenario as integers over ids.

    Raises:
        InputError: what only shows when parts are put together, each with its place; a warm-up
            that is left to MSER-5, which takes the replications of `chainsim run`.
    """
    time = _time(scenario.document.run)
    all_launched = launched(scenario, time)
    document = all_launched.document
    built = answered(document, time)
    names = Names(built)
    rates = Rates(built, time, additions(scenario.document, time))
    horizon = _horizon(scenario, time)
    network = CompiledNetwork(
        name=document.name,
        fingerprint=fingerprint(scenario),
        seed=document.run.seed,
        replications=document.run.replications,
        rounds=document.run.rounds,
        horizon=horizon,
        record=RecordSpec(
            tuple(time.second(at) for at in document.run.record.at), document.run.record.log
        ),
        items=tuple(_item(names, key, item) for key, item in sorted(document.items.items())),
        sites=tuple(_site(key, site) for key, site in sorted(document.sites.items())),
        stocks=shop.stocks(document, names),
        resources=shop.resources(document, names),
        operations=shop.operations(built, names, rates, time),
        lanes=flows.lanes(built, names, rates, time),
        replenishments=flows.replenishments(document, names, time),
        demands=outside.demands(document, names, rates, time, all_launched.divisions),
        arrivals=outside.arrivals(document, names, rates, time),
        disruptions=disruptions.disruptions(document, names, time),
        clocks=tuple(rates.clocks),
        bases=tuple(rates.bases),
        makings=shop.makings(document, names),
        output_item=names.items.get(document.output_item or "", NONE),
        national=national_years(document.national),
        responses=responses(document, time),
        launches=tuple(_launches(scenario.document, all_launched, names, time)),
        projects=projects(scenario.document, names, time),
        resilience=_resilience(document.resilience),
    )
    return with_targets(with_fleets(network, document, names), document, names, time)


def check_launches(scenario: Scenario) -> None:
    """Nothing comes out; a look at what only shows by the tables of profiles, without compiling.

    Raises:
        InputError: new models take more than all of a maker's plan.
    """
    launched(scenario, _time(scenario.document.run))


def fingerprint(scenario: Scenario) -> str:
    """The hash of all that a run's numbers depend on, apart from the replication."""
    facts = {key: value for key, value in scenario.merged.items() if key not in WORDS}
    text = json.dumps([MODEL_VERSION, facts], sort_keys=True, ensure_ascii=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _time(run: Run) -> Time:
    origin = run.start - dt.timedelta(seconds=round(run.settled or 0))
    if run.end is not None:
        end = int((run.end - origin).total_seconds())
    else:
        assert run.length is not None
        end = round((run.settled or 0) + run.length)
    return Time(origin, run.start, end)


def _horizon(scenario: Scenario, time: Time) -> Horizon:
    run = scenario.document.run
    if isinstance(run.warm_up, str):
        place = scenario.origin("run.warm_up").place
        rule, remedy = "be a time for a single simulation", "`chainsim run` finds it first"
        raise InputError([Problem(place, 0, 0, "run.warm_up", rule, shown(run.warm_up), remedy)])
    settled = round(run.settled or 0)
    return Horizon(time.origin, time.end, settled + round(run.warm_up or 0), settled)


def _resilience(written: Resilience | None) -> ResilienceSpec | None:
    if written is None:
        return None
    return ResilienceSpec(round(written.fail), round(written.recover), round(written.hold))


def _item(names: Names, key: str, item: Item) -> ItemSpec:
    return ItemSpec(
        key,
        item.unit,
        round(item.quantum.value * 1000),
        float(item.value or 0),
        float(item.holding_cost or Fraction(0)),
        float(item.margin or 0),
        float(item.waiting_cost or 0),
        names.items.get(item.variant_of or "", NONE),
    )


def _launches(
    written: ScenarioFile, found: Launched, names: Names, time: Time
) -> Iterator[LaunchSpec]:
    """Where each launch shows in a run."""
    places = {f"{site}/{key}": i for i, (site, key) in enumerate(_demands(found.document))}
    for key, launch in found.launches.items():
        model, institute = Model(key, launch, written), launch.approval.at
        bench = f"{launch.approval.operation}:{key}"
        demands = (f"{launch.at}/{one}:{key}" for one in planned_demands(written, launch.at))
        yield LaunchSpec(
            id=key,
            name=launch.name or key,
            site=names.sites[launch.at],
            applied=time.second(launch.approval.applied),
            planned=time.second(launch.planned),
            tests=tuple(
                names.operations[institute, name]
                for name in (bench, f"{bench}:repeat")
                if (institute, name) in names.operations
            ),
            certificate=names.stocks[institute, model.approval],
            permit=names.stocks[launch.at, model.approval],
            vehicles=names.stocks[launch.at, key],
            demands=tuple(places[one] for one in demands),
            beside=tuple(names.items[item] for item in (*model.papers, *model.crash_cars)),
        )


def _demands(document: ScenarioFile) -> Iterator[tuple[str, str]]:
    """(site, key) of every demand, in the order of the network."""
    for site, body in sorted(document.sites.items()):
        for key in sorted(body.demand):
            yield site, key


def _site(key: str, site: Site) -> SiteSpec:
    return SiteSpec(
        key, site.name or key, site.stage, site.region or "", tuple(sorted(site.tags.items()))
    )
