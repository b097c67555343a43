"""Fleets: lifetimes and inspections as kernels of whole millionths by age in days."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import count
from math import ceil

import numpy as np
from numpy.typing import NDArray

from chainsim.network.apportion import spread
from chainsim.network.calendars import Time
from chainsim.network.clock import DAY
from chainsim.network.compiled import FULL_SPEED, CompiledNetwork, Horizon, StreamSpec
from chainsim.network.distributions import duration
from chainsim.network.fleet import FleetSpec
from chainsim.network.names import Names
from chainsim.network.parts.shop import thousandths
from chainsim.network.streams import expected_amounts
from chainsim.network.survival import Floats, share_up_to
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.fleets import Cohort, Fleet, Inspections
from chainsim.scenario.schema.material import Arrivals
from chainsim.scenario.selection import sold_as

Integers = NDArray[np.int64]
MILLION = FULL_SPEED
LARGEST = 1 << 62


def with_fleets(network: CompiledNetwork, document: ScenarioFile, names: Names) -> CompiledNetwork:
    """The network with its fleets, by id, and what they send to inspection by plan."""
    if not document.fleets:
        return network
    fleets = tuple(
        _fleet(key, fleet, names, network.horizon, _buyers(document, fleet, network))
        for key, fleet in sorted(document.fleets.items())
    )
    return _with_expected_visits(replace(network, fleets=fleets))


def _buyers(document: ScenarioFile, fleet: Fleet, network: CompiledNetwork) -> tuple[int, ...]:
    """The demands whose deliveries enter a fleet."""
    entering = sold_as(document, fleet.item)
    items = [network.items[network.stocks[demand.stock].item].id for demand in network.demands]
    return tuple(i for i, item in enumerate(items) if item in entering)


def _fleet(
    key: str, fleet: Fleet, names: Names, horizon: Horizon, buyers: tuple[int, ...]
) -> FleetSpec:
    days, quantum = len(horizon.day_ends), names.quantum(fleet.item)
    cohorts = [pair for cohort in fleet.initial for pair in _sold(cohort, quantum, horizon)]
    oldest = max((age for age, _ in cohorts), default=0)
    gone = share_up_to(duration(fleet.lifetime), np.arange(oldest + days + 1.0) * DAY)
    dead = _millionths(gone[:days])
    inspected = list(_inspection_days(fleet.inspections, len(gone)))
    share = round((fleet.inspections.share if fleet.inspections else 0) * MILLION)
    known_dead, known_visits = _known(cohorts, gone, days, inspected, share)
    return FleetSpec(
        id=key,
        item=names.items[fleet.item],
        quantum=quantum,
        demands=buyers,
        sold_in=fleet.sold_in.as_integer_ratio(),
        initial=sum(amount for _, amount in cohorts),
        dead=tuple(dead.tolist()),
        visits=tuple(_visits(dead, inspected, share).tolist()),
        initial_dead=known_dead,
        initial_visits=known_visits,
        inspected_from=_first_day(fleet.inspections, horizon),
    )


def _sold(cohort: Cohort, quantum: int, horizon: Horizon) -> Iterator[tuple[int, int]]:
    """(age in days at the start, thousandths) of every day of sale of a cohort."""
    youngest = (horizon.origin.date() - (cohort.last or cohort.sold).date()).days - 1
    oldest = (horizon.origin.date() - cohort.sold.date()).days - 1
    ages = range(oldest, youngest - 1, -1)
    units = (2 * thousandths(cohort.amount) + quantum) // (2 * quantum)
    parts = spread(units, len(ages))
    for age, part in zip(ages, parts, strict=True):
        if part:
            yield age, part * quantum


def _known(
    cohorts: Sequence[tuple[int, int]],
    gone: Floats,
    days: int,
    inspected: Sequence[int],
    share: int,
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What is scrapped and falls due of the cohorts by the end of each day, millionths."""
    largest = sum(amount for _, amount in cohorts) * MILLION * (len(inspected) + 1)
    exact = np.int64 if largest < LARGEST else object
    dead, visits = np.zeros(days, exact), np.zeros(days, exact)
    for age, amount in cohorts:
        own = _millionths(_since(gone, age, days))
        first, last = bisect_right(inspected, age), bisect_right(inspected, age + days)
        ahead = [day - age - 1 for day in inspected[first:last]]  # those in the run
        dead += amount * own.astype(exact)
        visits += amount * _visits(own, ahead, share).astype(exact)
    return tuple(dead.tolist()), tuple(visits.tolist())


def _first_day(inspections: Inspections | None, horizon: Horizon) -> int:
    """The first day of the run on which inspections fall due."""
    if inspections is None or inspections.since is None:
        return 0
    return max(0, (inspections.since.date() - horizon.origin.date()).days)


def _millionths(shares: Floats) -> Integers:
    return np.rint(shares * MILLION).astype(np.int64)


def _since(gone: Floats, age: int, days: int) -> Floats:
    """Of what is in use at an age, the share that is gone by the end of each day from then on."""
    left = 1.0 - gone[age]
    if left <= 0:
        return np.ones(days)
    shares: Floats = (gone[age + 1 : age + 1 + days] - gone[age]) / left
    return shares


def _inspection_days(inspections: Inspections | None, end: int) -> Iterator[int]:
    """The ages in whole days below `end` at which an inspection falls due, in order."""
    if inspections is None:
        return
    ages: Iterator[Fraction] = iter(inspections.ages)
    if inspections.every is not None:
        every = inspections.every
        first = inspections.first or every
        ages = (first + k * every for k in count())
    for age in ages:
        day = ceil(age / DAY)
        if day >= end:
            return
        yield day


def _visits(dead: Integers, inspected: Sequence[int], share: int) -> Integers:
    """Inspections due by each day per million sold, cumulated: `share` ppm of those alive."""
    due = np.zeros(len(dead), np.int64)
    days = np.array(inspected, np.int64)
    days = days[days < len(dead)]
    np.add.at(due, days, MILLION - dead[days])  # two ages may be due on one day
    rounded: Integers = (2 * share * np.cumsum(due) + MILLION) // (2 * MILLION)
    return rounded


# ---- what is brought


def slots(
    document: ScenarioFile, arrival: Arrivals, site: str, time: Time
) -> tuple[tuple[int, int, int], ...]:
    """(instant, place, number of times that day) of every time at which units may be brought."""
    name = arrival.calendar or document.sites[site].calendar
    calendar = document.calendars[name] if name else None
    found: list[tuple[int, int, int]] = []
    for day in time.days:
        if time.is_open(calendar, day):
            start = time.day_start(day)
            instants = [start + at for at in arrival.times if 0 <= start + at < time.end]
            found += [(instant, k, len(instants)) for k, instant in enumerate(instants)]
    return tuple(found)


def _with_expected_visits(network: CompiledNetwork) -> CompiledNetwork:
    """The network with the amounts that its fleets send by plan.

    Bounds count with these, as with the means of other streams; a run follows the fleet itself.
    """
    arrivals = tuple(
        replace(arrival, stream=_expected(network, arrival.stream, network.fleets[arrival.fleet]))
        if arrival.fleet >= 0
        else arrival
        for arrival in network.arrivals
    )
    return replace(network, arrivals=arrivals)


def _expected(network: CompiledNetwork, stream: StreamSpec, fleet: FleetSpec) -> StreamSpec:
    """The inspections due by day, at the midnight after it, if customers get what they ask for."""
    ends = network.horizon.day_ends
    edges = np.array([0, *ends])
    sold = np.zeros(len(ends))
    for demand in fleet.demands:
        sold += expected_amounts(network, network.demands[demand].stream, edges)
    sold *= fleet.sold_in[0] / fleet.sold_in[1]
    due = np.convolve(sold, np.array(fleet.visits, np.float64))[: len(ends)]
    total = (due + np.array(fleet.initial_visits, np.float64)) / MILLION
    before = min(fleet.inspected_from, len(ends))
    total = np.maximum(total - (total[before - 1] if before else 0.0), 0.0)
    amounts = np.diff(np.rint(total).astype(np.int64), prepend=0)
    trace = tuple(
        (end, amount) for end, amount in zip(ends, amounts.tolist(), strict=True) if amount
    )
    return replace(stream, trace=trace)
