"""Lanes and replenishment."""

from __future__ import annotations

from chainsim.network.calendars import Time
from chainsim.network.compiled import NONE, LaneSpec, ReplenishmentSpec
from chainsim.network.distributions import duration
from chainsim.network.levels import Forecast, Target
from chainsim.network.names import Names
from chainsim.network.parts.hits import hit_lanes
from chainsim.network.parts.rates import Rates
from chainsim.network.parts.shop import in_quanta, thousandths
from chainsim.scenario.quantities import Quantity
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.flows import Departures, Lane
from chainsim.scenario.schema.replenishment import Cover, Replenishment, Review
from chainsim.scenario.schema.replenishment import Forecast as WrittenForecast


def lanes(document: ScenarioFile, names: Names, rates: Rates, time: Time) -> tuple[LaneSpec, ...]:
    """One lane for every origin, destination and item."""
    closable = _with_effect(document, names, "closed")
    holding = _with_effect(document, names, "hold")
    limited = _with_effect(document, names, "quota")
    groups: dict[tuple[str, str, str], int] = {}
    found = []
    for index, (key, block, origin, destination, item) in enumerate(names.lanes):
        lane = document.lanes[block]
        quota = thousandths(lane.capacity_per_day, NONE)
        found.append(
            LaneSpec(
                id=key,
                rank=names.ranks["lane", key],
                source=names.stocks[origin, item],
                destination=names.stocks[destination, item],
                order_lead=duration(lane.order_lead),
                transit=duration(lane.transit),
                crossing=lane.crossing,
                departures=_departures(lane.departures, time),
                load=thousandths(lane.load),
                daily_quota=quota,
                quota_group=groups.setdefault((block, origin, destination), len(groups)),
                transit_clock=rates.lane("transit", index) if index in holding else NONE,
                open_clock=rates.lane("open", index) if index in closable else NONE,
                quota_clock=(
                    rates.lane("quota", index) if index in limited and quota >= 0 else NONE
                ),
                priority=lane.priority,
                cost=float(lane.cost or 0),
                in_transit=_in_transit(lane, item, time),
            )
        )
    return tuple(found)


def _with_effect(document: ScenarioFile, names: Names, effect: str) -> set[int]:
    """Lanes that some disruption closes, holds goods on, or limits."""
    found: set[int] = set()
    for disruption in document.disruptions:
        wanted = {
            "closed": disruption.effect.lane == "closed",
            "hold": disruption.effect.lane == "closed" and disruption.effect.in_transit == "hold",
            "quota": disruption.effect.capacity is not None,
        }[effect]
        if wanted and disruption.enabled:
            found.update(hit_lanes(document, names, disruption.target))
    return found


def _departures(departures: Departures | None, time: Time) -> tuple[int, int] | None:
    if departures is None:
        return None
    return first_after_zero(departures.at, round(departures.every), time)


def first_after_zero(at: int, every: int, time: Time) -> tuple[int, int]:
    """(first, interval): the first stated time of day that is not before second 0."""
    first = at + time.day_start(time.midnight.date())
    while first < 0:
        first += every
    return first, every


def _in_transit(lane: Lane, item: str, time: Time) -> tuple[tuple[int, int], ...]:
    found = []
    for goods in lane.in_transit:
        if goods.item == item:
            first, every = time.second(goods.arrives), goods.every or 0
            found += [
                (first + round(k * every), thousandths(goods.amount)) for k in range(goods.count)
            ]
    return tuple(sorted(found))


def lanes_for_orders(
    document: ScenarioFile, names: Names
) -> dict[tuple[str, str, str], tuple[int, ...]]:
    """By origin, destination and item: the lanes that orders may take, by priority, then rank.

    The document is the one that was written: the lanes of pools are for loans alone.
    """
    found: dict[tuple[str, str, str], list[tuple[int, int, int]]] = {}
    for index, (key, block, origin, destination, item) in enumerate(names.lanes):
        if block in document.lanes:
            entry = (document.lanes[block].priority, names.ranks["lane", key], index)
            found.setdefault((origin, destination, item), []).append(entry)
    return {ends: tuple(index for *_, index in sorted(ways)) for ends, ways in found.items()}


def replenishments(
    document: ScenarioFile, names: Names, time: Time
) -> tuple[ReplenishmentSpec, ...]:
    """All replenishments, by site and item; cover targets are laid out later."""
    by_pair = lanes_for_orders(document, names)
    found = []
    for site, body in sorted(document.sites.items()):
        for item, policy in sorted(body.replenishment.items()):
            sources = tuple(
                by_pair.get((origin, site, item), ()) for origin in policy.sources.sites
            )
            found.append(_replenishment(names, time, site, item, policy, sources))
    return tuple(found)


def _replenishment(
    names: Names,
    time: Time,
    site: str,
    item: str,
    policy: Replenishment,
    sources: tuple[tuple[int, ...], ...],
) -> ReplenishmentSpec:
    quantum = names.quantum(item)
    return ReplenishmentSpec(
        id=f"{site}/{item}",
        rank=names.ranks["replenishment", f"{site}/{item}"],
        stock=names.stocks[site, item],
        policy=policy.policy,
        level=_target(policy.level, quantum),
        reorder=_target(policy.reorder, quantum),
        quantity=in_quanta(policy.quantity, quantum),
        review=_review(policy.review, time),
        sources=sources,
        shares=tuple(float(share) for share in policy.sources.shares),
        spill=thousandths(policy.spill, NONE),
        minimum=thousandths(policy.minimum),
        multiple=thousandths(policy.multiple),
        requirements=names.stocks[site, policy.requirements] if policy.requirements else NONE,
        priority=policy.priority,
    )


def _review(review: Review | None, time: Time) -> tuple[int, int] | None:
    if review is None:
        return None
    return first_after_zero(review.at, round(review.every), time)


def _target(level: Quantity | Cover | WrittenForecast | None, quantum: int) -> Target:
    if isinstance(level, Quantity):
        return Target(in_quanta(level, quantum))
    if isinstance(level, WrittenForecast):
        forecast = Forecast(
            window=level.window or 0,
            alpha=float(level.alpha or 0),
            periods=float(level.periods),
            safety=float(level.safety or 0),
            initial=float(level.initial.value * 1000),
        )
        return Target(forecast=forecast)
    return Target()
