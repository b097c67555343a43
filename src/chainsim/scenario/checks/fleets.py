"""Fleets: their cohorts, lifetimes and inspections, and the arrivals that bring what is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from chainsim.scenario.checks.ground import Ground, Problems
from chainsim.scenario.nodes import Path
from chainsim.scenario.schema.distributions import values_of
from chainsim.scenario.schema.material import Arrivals
from chainsim.scenario.selection import sold_as

END_OF_DAY = 86_400


def cohorts_were_sold_before_the_start(ground: Ground) -> Problems:
    """What is in use at the start was sold before the first day of the simulation."""
    run = ground.document.run
    first = (run.start - dt.timedelta(seconds=round(run.settled or 0))).date()
    for key, fleet in ground.document.fleets.items():
        for index, cohort in enumerate(fleet.initial):
            if (cohort.last or cohort.sold).date() >= first:
                field = "sold" if cohort.last is None else "to"
                path: Path = ("fleets", key, "initial", index, field)
                remedy = "what is sold later comes of the demands of the item"
                rule = f"lie before the first day of the simulation, {first}"
                yield ground.problem(path, rule, remedy)


def inspection_ages_rise(ground: Ground) -> Problems:
    """The ages at inspections are in rising order."""
    for key, fleet in ground.document.fleets.items():
        ages = fleet.inspections.ages if fleet.inspections else ()
        for index in range(1, len(ages)):
            if ages[index] <= ages[index - 1]:
                path: Path = ("fleets", key, "inspections", "ages", index)
                yield ground.problem(path, "be above the age before it")


def lifetimes_are_above_zero(ground: Ground) -> Problems:
    """A lifetime is not always zero."""
    for key, fleet in ground.document.fleets.items():
        values = [v.value for name, v in values_of(fleet.lifetime) if name != "shift"]
        shift = fleet.lifetime.shift.value if fleet.lifetime.shift else 0
        if values and max(values) + shift <= 0:
            yield ground.problem(("fleets", key, "lifetime"), "be above 0")


def inspections_come_to_one_place(ground: Ground) -> Problems:
    """What a fleet sends to inspection is stated, and one block of arrivals brings it."""
    known: dict[str, str] = {}
    for path, arrival in _bringing(ground):
        fleet = ground.document.fleets.get(arrival.fleet or "")
        if fleet is None:
            continue
        where = (*path, "fleet")
        if fleet.inspections is None:
            remedy = f"add fleets.{arrival.fleet}.inspections"
            yield ground.problem(where, "name a fleet that has inspections", remedy)
        elif arrival.fleet in known:
            rule = "name a fleet that no other arrivals bring"
            yield ground.problem(where, rule, f"{known[arrival.fleet]} bring it already")
        known.setdefault(arrival.fleet or "", ".".join(map(str, path)))


def times_of_day_rise(ground: Ground) -> Problems:
    """The times over which a day is divided are in rising order, before the end of the day."""
    for path, arrival in _bringing(ground):
        if not arrival.times:
            yield ground.problem((*path, "times"), "have a time of day at least")
        for index, at in enumerate(arrival.times):
            if at >= END_OF_DAY:
                yield ground.problem((*path, "times", index), "be before 24:00")
            if index and at <= arrival.times[index - 1]:
                yield ground.problem((*path, "times", index), "come after the one before it")


def fleets_are_sold(ground: Ground) -> Problems:
    """Warn of a fleet that nothing enters: no customer demands its item."""
    demanded = {
        demand.item or key
        for body in ground.document.sites.values()
        for key, demand in body.demand.items()
    }
    for key, fleet in ground.document.fleets.items():
        if not sold_as(ground.document, fleet.item) & demanded:
            rule = "be an item that customers demand: the fleet only shrinks"
            yield ground.problem(("fleets", key, "item"), rule)


def inspections_come_somewhere(ground: Ground) -> Problems:
    """Warn of inspections that fall due and are brought nowhere."""
    brought = {arrival.fleet for _, arrival in _bringing(ground)}
    for key, fleet in ground.document.fleets.items():
        if fleet.inspections is not None and key not in brought:
            rule = "be named by arrivals with process: fleet: what falls due comes nowhere"
            yield ground.problem(("fleets", key), rule, got="", key=True)


def _bringing(ground: Ground) -> Iterator[tuple[Path, Arrivals]]:
    """The arrivals that bring what a fleet sends, with their places."""
    for site, body in ground.document.sites.items():
        for key, arrival in body.arrivals.items():
            if arrival.process == "fleet":
                yield ("sites", site, "arrivals", key), arrival
