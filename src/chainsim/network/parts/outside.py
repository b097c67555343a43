"""Demands and arrivals: the streams of the outside world."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Any

from chainsim.network.calendars import Time, months_of_year, profile_factors
from chainsim.network.clock import DAY, Clock, tabulate
from chainsim.network.compiled import FULL_SPEED, NONE, ArrivalSpec, DemandSpec, StreamSpec
from chainsim.network.distributions import compiled, duration, mean
from chainsim.network.levels import Distribution
from chainsim.network.names import Names
from chainsim.network.parts.divided import Division
from chainsim.network.parts.fleets import slots
from chainsim.network.parts.hits import hit_stocks
from chainsim.network.parts.rates import Rates
from chainsim.network.parts.shop import thousandths
from chainsim.network.plan import monthly_plan
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.material import Stream


def demands(
    document: ScenarioFile,
    names: Names,
    rates: Rates,
    time: Time,
    divisions: Mapping[tuple[str, str], Division],
) -> tuple[DemandSpec, ...]:
    """All outside demands, by site and id; `divisions` say which are parts of one plan."""
    recorded = set(document.run.record.delays)
    disrupted = _disrupted(document, names)
    found: list[DemandSpec] = []
    for site, body in sorted(document.sites.items()):
        for key, demand in sorted(body.demand.items()):
            item = demand.item or key
            stock = names.stocks[site, item]
            own = body.stocks.get(item)
            clock = rates.demand(
                demand.profile if demand.process == "poisson" else None,
                len(found),
                stock in disrupted,
            )
            whole = stream(document, demand, site, item, time, clock)
            division = divisions.get((site, key))
            found.append(
                DemandSpec(
                    id=f"{site}/{key}",
                    rank=names.ranks["demand", f"{site}/{key}"],
                    stock=stock,
                    stream=whole if division is None else division.applied(whole),
                    unmet=demand.unmet,
                    patience=round(demand.patience or 0),
                    priority=demand.priority,
                    recorded=f"{site}/{key}" in recorded,
                    initial_backlog=thousandths(own.backlog if own else None),
                )
            )
    return tuple(found)


def _disrupted(document: ScenarioFile, names: Names) -> set[int]:
    """Stocks whose outside demand some disruption changes."""
    found: set[int] = set()
    for disruption in document.disruptions:
        if disruption.effect.demand is not None and disruption.enabled:
            found.update(hit_stocks(document, names, disruption.target))
    return found


def arrivals(
    document: ScenarioFile, names: Names, rates: Rates, time: Time
) -> tuple[ArrivalSpec, ...]:
    """All arrivals from outside, by site and id."""
    fleets = {key: i for i, key in enumerate(sorted(document.fleets))}
    found = []
    for site, body in sorted(document.sites.items()):
        for key, arrival in sorted(body.arrivals.items()):
            item = arrival.item or key
            clock = rates.profile(arrival.profile if arrival.process == "poisson" else None)
            found.append(
                ArrivalSpec(
                    id=f"{site}/{key}",
                    rank=names.ranks["arrival", f"{site}/{key}"],
                    stock=names.stocks[site, item],
                    stream=stream(document, arrival, site, item, time, clock),
                    fleet=fleets.get(arrival.fleet or "", NONE),
                    slots=slots(document, arrival, site, time) if arrival.fleet else (),
                )
            )
    return tuple(found)


def stream(
    document: ScenarioFile, spec: Stream, site: str, item: str, time: Time, clock: int
) -> StreamSpec:
    """The stream behind a demand or an arrival; with a rate of 0, or of a fleet, an empty trace."""
    quantum = round(document.items[item].quantum.value * 1000)
    size = compiled(spec.size, 1000) if spec.size is not None else None
    fixed = round(size.constant) if size is not None and size.constant is not None else 1000
    varying = size if size is not None and size.constant is None else None
    common: dict[str, Any] = {
        "size": varying,
        "fixed_size": fixed,
        "quantum": quantum,
        "clock": clock,
    }
    if spec.process == "fleet" or (spec.rate is not None and not spec.rate.value):
        return StreamSpec("trace", quantum=quantum, clock=clock)
    if spec.process == "poisson":
        assert spec.rate is not None
        gap = float(1 / spec.rate.value)
        return StreamSpec("poisson", interval=Distribution("exponential", (gap,)), **common)
    if spec.process == "renewal":
        assert spec.interval is not None
        first = Fraction(time.second(spec.first)) if spec.first is not None else Fraction(0)
        return StreamSpec(
            "renewal",
            interval=duration(spec.interval),
            first=(first.numerator, first.denominator),
            has_first=spec.first is not None,
            **common,
        )
    if spec.process == "regular":
        return _regular(spec, time, varying, common)
    if spec.process == "trace":
        events = tuple((time.second(at), thousandths(amount)) for at, amount in spec.events)
        return StreamSpec("trace", trace=events, quantum=quantum, clock=clock)
    noise = compiled(spec.noise) if spec.noise is not None else None
    events = tuple(_plan(document, spec, site, time, quantum))
    return StreamSpec("plan", trace=events, noise=noise, quantum=quantum, clock=clock)


def _regular(
    spec: Stream, time: Time, varying: Distribution | None, common: dict[str, Any]
) -> StreamSpec:
    """Events at exact intervals: stated, or one event's mean amount over the rate."""
    if spec.every is not None:
        interval = spec.every
    else:
        assert spec.rate is not None
        amount = Fraction(int(common["fixed_size"]))
        if varying is not None:
            amount = Fraction(mean(varying)).limit_denominator(1000)
        if amount <= 0:
            return StreamSpec("trace", quantum=common["quantum"], clock=common["clock"])
        interval = amount / 1000 / spec.rate.value
    first = Fraction(time.second(spec.first)) if spec.first is not None else interval
    return StreamSpec(
        "regular",
        exact_interval=(interval.numerator, interval.denominator),
        first=(first.numerator, first.denominator),
        has_first=True,
        **common,
    )


def _plan(
    document: ScenarioFile, spec: Stream, site: str, time: Time, quantum: int
) -> list[tuple[int, int]]:
    """The plan's amount at the stated time of each open day."""
    name = spec.calendar or document.sites[site].calendar
    calendar = document.calendars[name] if name else None
    if spec.volume is not None and spec.months is not None:
        amounts = monthly_plan(
            spec.volume.value,
            partial(months_of_year, document.profiles[spec.months], document.profiles),
            lambda day: time.is_open(calendar, day),
            time,
            quantum,
        )
    else:
        assert spec.rate is not None
        per_day = float(spec.rate.value * DAY * 1000)
        factor = _profile_clock(document, spec.profile, time)
        amounts, exact, given = [], 0.0, 0
        for day in time.days:
            if time.is_open(calendar, day):
                start = max(0, time.day_start(day))
                work = factor.work(start + DAY) - factor.work(start)
                exact += per_day * work / (DAY * FULL_SPEED)
                amount = round((exact - given) / quantum) * quantum
                given += amount
                amounts.append((day, amount))
    events = [(time.day_start(day) + spec.at, amount) for day, amount in amounts if amount]
    return [(at, amount) for at, amount in events if at >= 0]


def _profile_clock(document: ScenarioFile, profile: str | None, time: Time) -> Clock:
    if profile is None:
        return Clock([0], [FULL_SPEED])
    factors = profile_factors(profile, document.profiles, time)
    return Clock(*tabulate(factors, time.end + 200 * DAY))
