"""Fleets: lifetimes and inspections as kernels of whole millionths by age in days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, count
from math import ceil

import numpy as np
from numpy.typing import NDArray

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
from chainsim.scenario.schema.fleets import Fleet, Inspections
from chainsim.scenario.schema.material import Arrivals

Integers = NDArray[np.int64]
MILLION = FULL_SPEED


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
    entering = _entering(document, fleet)
    items = [network.items[network.stocks[demand.stock].item].id for demand in network.demands]
    return tuple(i for i, item in enumerate(items) if item in entering)


def _entering(document: ScenarioFile, fleet: Fleet) -> set[str]:
    """The items that enter a fleet when customers get them."""
    return {key for key in document.items if key == fleet.item}


def _fleet(
    key: str, fleet: Fleet, names: Names, horizon: Horizon, buyers: tuple[int, ...]
) -> FleetSpec:
    days = len(horizon.day_ends)
    ages = [(horizon.origin.date() - cohort.sold.date()).days - 1 for cohort in fleet.initial]
    lived = np.arange(max(ages, default=0) + days + 1, dtype=np.float64) * DAY
    gone = share_up_to(duration(fleet.lifetime), lived)
    dead = _millionths(gone[:days])
    inspected = list(_inspection_days(fleet.inspections, len(gone)))
    share = fleet.inspections.share if fleet.inspections else Fraction(0)
    known_dead, known_visits = np.zeros(days, object), np.zeros(days, object)
    for cohort, age in zip(fleet.initial, ages, strict=True):
        amount = thousandths(cohort.amount)
        own = _millionths(_since(gone, age, days))
        known_dead += amount * own.astype(object)
        ahead = [day - age - 1 for day in inspected if day > age]
        known_visits += amount * _visits(own, ahead, share).astype(object)
    return FleetSpec(
        id=key,
        item=names.items[fleet.item],
        quantum=names.quantum(fleet.item),
        demands=buyers,
        sold_in=fleet.sold_in.as_integer_ratio(),
        initial=sum(thousandths(cohort.amount) for cohort in fleet.initial),
        dead=tuple(dead.tolist()),
        visits=tuple(_visits(dead, inspected, share).tolist()),
        initial_dead=tuple(known_dead.tolist()),
        initial_visits=tuple(known_visits.tolist()),
        inspected_from=_first_day(fleet.inspections, horizon),
    )


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


def _visits(dead: Integers, inspected: Sequence[int], share: Fraction) -> Integers:
    """Inspections due by each day per million, cumulated and rounded: the share of those alive."""
    due = np.zeros(len(dead), np.int64)
    for day in inspected:
        if day < len(dead):
            due[day] += MILLION - int(dead[day])
    exact = (share * whole for whole in accumulate(due.tolist()))
    return np.array([_nearest(part) for part in exact], dtype=np.int64)


def _nearest(part: Fraction) -> int:
    """The nearest whole number, halves up."""
    return int((2 * part.numerator + part.denominator) // (2 * part.denominator))


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
