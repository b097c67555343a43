"""The document with what responses change in it before it is compiled."""

from __future__ import annotations

import datetime as dt

from chainsim.network.calendars import Time
from chainsim.scenario.launching import made_from
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.flows import Lane
from chainsim.scenario.schema.material import Overtime, Pull, Site
from chainsim.scenario.schema.responses import OtherShifts, PlannedOvertime, Pooling
from chainsim.scenario.schema.time import Calendar, Special
from chainsim.scenario.selection import enabled_responses, selected_sites


def answered(document: ScenarioFile, time: Time) -> ScenarioFile:
    """The document with what responses change in sites, calendars and lanes."""
    sites, lanes = dict(document.sites), dict(document.lanes)
    calendars = dict(document.calendars)
    for key, response in enabled_responses(document):
        chosen = selected_sites(document, response.at)
        if isinstance(response, PlannedOvertime):
            sites |= {s: _with_overtime(sites[s], response) for s in chosen}
        elif isinstance(response, OtherShifts):
            for site in chosen:
                sites[site] = _with_shifts(sites[site], calendars, key, response, time)
        elif isinstance(response, Pooling):
            ends = {"from": response.at, "to": response.at}
            goods = {"items": response.item, "transit": response.transit}
            lanes[key] = Lane.model_validate(ends | goods)
    return document.model_copy(update={"sites": sites, "lanes": lanes, "calendars": calendars})


def _with_overtime(site: Site, response: PlannedOvertime) -> Site:
    # a threshold in time has been read already: read again, its seconds would be an amount
    given = {"factor": response.factor, "backlog_above": response.backlog_above}
    overtime = Overtime.model_construct(None, **given)
    faster = {
        key: operation.model_copy(update={"overtime": overtime})
        for key, operation in site.operations.items()
        if made_from(key) == response.operation and isinstance(operation.release, Pull)
    }
    return site.model_copy(update={"operations": {**site.operations, **faster}})


def _with_shifts(
    site: Site, calendars: dict[str, Calendar], key: str, response: OtherShifts, time: Time
) -> Site:
    """The site and its operations on calendars that follow the other one for some days."""

    def followed(name: str | None) -> str | None:
        if name is None:
            return None
        changed = f"{name}:{key}"  # no calendar of the user is called so
        if changed not in calendars:
            days = _days_of(calendars[response.calendar], response, time)
            base = calendars[name]
            calendars[changed] = base.model_copy(update={"special": (*base.special, *days)})
        return changed

    operations = {
        name: operation.model_copy(update={"calendar": followed(operation.calendar)})
        for name, operation in site.operations.items()
    }
    return site.model_copy(update={"calendar": followed(site.calendar), "operations": operations})


def _days_of(calendar: Calendar, response: OtherShifts, time: Time) -> list[Special]:
    """The days of a window with the shifts that a calendar gives them."""
    return [
        Special.model_construct(first=_midnight(day), shifts=shifts)
        for day, shifts in time.shifts(calendar).by_day.items()
        if applies(response, day)
    ]


def applies(response: OtherShifts, day: dt.date) -> bool:
    """Whether the shifts of a day are those of the other calendar."""
    return response.first.date() <= day <= response.last.date()


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day)
