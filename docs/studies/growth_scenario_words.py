"""What the page on growth says of scenarios, launches, the station and outages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from growth_facts import Facts
from growth_loads import STATION, FleetYear, ServerYear
from growth_scenarios import Launch, Outage, Variant
from growth_words import MILLION, count
from study_numbers import change, told

STATION_GROUP = ": ".join(STATION)
"""Of cars in use: no vehicle waits for it."""


def plain(name: str) -> str:
    """The name of a scenario as people write it."""
    return name.replace("_", " ")


def named(facts: Facts, name: str) -> Variant | None:
    """A scenario by name; None without it."""
    return next((one for one in facts.variants if one.name == name), None)


def beside(one: Variant) -> str:
    """What a scenario does beside the middle path: on the worst day, and at the end."""
    last = max(one.late)
    found = one.late[last]
    if found.low == found.high == 0:
        at_end = f"at the end of {last} as many are late as on the middle path"
    elif told(found):
        at_end = f"at the end of {last} {change(found)} are late than on the middle path"
    else:
        at_end = f"at the end of {last} there is {change(found)} from the middle path"
    return f"{count(one.peak)} are late on the worst day after 2025; {at_end}{_caught_up(one)}"


def _caught_up(one: Variant) -> str:
    """From which year on nothing more is late at the end; nothing where it always or never was."""
    years = sorted(one.late)
    more = [year for year in years if (one.late[year].mean or 0.0) > 1]
    if not more or more[-1] == years[-1]:
        return ""
    return f"; from {more[-1] + 1} on no year ends with more late"


def ends(values: Sequence[int | None]) -> str:
    """The lowest and the highest of the replications: 55 to 94; never where one has none."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return f"{min(known)} to never" if known else "never"
    low, high = min(known), max(known)
    return f"{low}" if low == high else f"{low} to {high}"


def room_ahead(rows: Mapping[str, Launch]) -> str:
    """The least and the most days by which approvals are ahead, over models and replications."""
    return ends([days for one in rows.values() for days in one.ahead])


def busiest(rows: Sequence[ServerYear]) -> str:
    """The group of the chain of vehicles that is busiest over a whole year."""
    one = max((row for row in rows if row.group != STATION_GROUP), key=lambda row: row.used)
    return f"{one.group} in {one.year} ({100 * one.used:.0f} %)"


def delayed_models(rows: Mapping[str, Launch]) -> list[Launch]:
    """The models that are late in some replication, the latest first."""
    late = [one for one in rows.values() if _latest(one) > 0]
    return sorted(late, key=_latest, reverse=True)


def _latest(one: Launch) -> float:
    return max(math.inf if days is None else days for days in one.late)


def full_since(rows: Mapping[int, float], least: float = 0.97) -> int | None:
    """The first year from which on servers stay busy nearly all of the time they are open."""
    years = sorted(rows)
    full = [y for y in years if all(rows[z] >= least for z in years if z >= y)]
    return full[0] if full else None


def approvals(one: Variant) -> str:
    """What a scenario does to launches, by its replications."""
    late = delayed_models(one.launches)
    since = full_since(one.benches)
    benches = f"the benches are full from {since} on" if since else "the benches are never full"
    if not late:
        return f"no model is late in any replication; {benches}"
    first = late[0]
    return (
        f"{len(late)} of {len(one.launches)} models {'is' if len(late) == 1 else 'are'} late in "
        f"some replication, most of all {first.name} (by {ends(first.late)} days); {benches}"
    )


def station(rows: Sequence[FleetYear]) -> str:
    """Since when the station is full, and how many times as many come as it can serve."""
    since = full_since({one.year: one.used.mean or 0.0 for one in rows})
    able = [
        (one.came.mean or 0.0) / used for one in rows if 0.2 < (used := one.used.mean or 0.0) < 0.97
    ]
    if since is None or not able:
        return "The station is full in no year"
    last = rows[-1]
    serves = sum(able) / len(able)
    return (
        f"The station is full from {since} on: it serves about {serves:,.0f} cars a year, and in "
        f"{last.year} {(last.came.mean or 0.0) / serves:.1f} times as many come"
    )


def spending(one: Variant) -> str:
    """What a scenario spends more or less for investments, million yuan."""
    by = one.spent.mean or 0.0
    if not by:
        return "the same"
    return f"{abs(by) / MILLION:,.0f} {'more' if by > 0 else 'less'}"


def outage_words(outages: Sequence[Outage]) -> str:
    """How the outage on the large chain compares with that on the small one."""
    first, last = outages
    survive = [one.impact.time_to_survive.median for one in outages]
    gap = abs((survive[1] or 0.0) - (survive[0] or 0.0))
    times = (last.impact.peak_shortfall.mean or 0.0) / (first.impact.peak_shortfall.mean or 1.0)
    scale = last.per_day / first.per_day
    when = "at about the same time" if gap < 1 else f"{gap:.1f} days apart"
    return (
        f"It bites {when}; the peak shortfall is {times:.1f} times as large on a chain "
        f"that makes {scale:.1f} times as much"
    )
