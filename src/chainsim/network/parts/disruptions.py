"""Disruptions with the indices of what they hit."""

from __future__ import annotations

from chainsim.network.calendars import Time
from chainsim.network.disruption import DisruptionSpec
from chainsim.network.distributions import compiled, duration
from chainsim.network.names import Names
from chainsim.network.parts.hits import about_lanes, hit_lanes, hit_operations, hit_stocks
from chainsim.scenario.schema.disruptions import Disruption, Effect
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.selection import selected_sites


def disruptions(document: ScenarioFile, names: Names, time: Time) -> tuple[DisruptionSpec, ...]:
    """All enabled disruptions, in code-point order of their ids."""
    enabled = [d for d in document.disruptions if d.enabled]
    return tuple(_disruption(document, names, time, d) for d in sorted(enabled, key=lambda d: d.id))


def _disruption(
    document: ScenarioFile, names: Names, time: Time, spec: Disruption
) -> DisruptionSpec:
    effect, timing, recovery = spec.effect, spec.timing, spec.recovery
    lanes = hit_lanes(document, names, spec.target)
    stocks = hit_stocks(document, names, spec.target)
    lead = effect.lead_time
    demands = _demands_of(document, names, stocks) if effect.demand is not None else ()
    origins = {names.sites[names.lanes[lane][2]] for lane in lanes}
    sites = origins
    if not about_lanes(spec.target):
        sites |= {names.sites[site] for site in selected_sites(document, spec.target)}
    return DisruptionSpec(
        id=spec.id,
        rank=names.ranks["disruption", spec.id],
        starts=tuple(sorted(time.second(at) for at in timing.at)),
        every=duration(timing.every) if timing.every is not None else None,
        alternating=timing.between == "ends",
        first=time.second(timing.first) if timing.first is not None else time.second(time.origin),
        duration=duration(spec.duration),
        onset=round(spec.onset or 0),
        recovery=recovery.shape,
        recovery_over=round(recovery.over or 0),
        stages=tuple((round(s.after), float(s.recovered)) for s in recovery.stages),
        participation=float(spec.participation),
        capacity=compiled(effect.capacity) if effect.capacity is not None else None,
        floor=float(effect.floor or 0),
        demand=float(effect.demand) if effect.demand is not None else None,
        lead_factor=float(lead.factor) if lead and lead.factor is not None else 1.0,
        lead_extra=round(lead.extra) if lead and lead.extra is not None else 0,
        closes_lanes=effect.lane == "closed",
        holds_transit=effect.in_transit == "hold",
        pauses=_pauses(effect),
        stock_loss=float(effect.stock_loss or 0),
        operations=tuple(hit_operations(document, names, spec.target)),
        lanes=tuple(lanes),
        stocks=tuple(stocks),
        demands=demands,
        sites=tuple(sorted(sites)),
    )


def _pauses(effect: Effect) -> tuple[str, ...]:
    return tuple(
        what for what in ("orders", "shipments", "receipts") if getattr(effect, what) == "paused"
    )


def _demands_of(document: ScenarioFile, names: Names, stocks: list[int]) -> tuple[int, ...]:
    """Indices of the outside demands on the given stocks."""
    hit = set(stocks)
    found, index = [], 0
    for site, body in sorted(document.sites.items()):
        for key, demand in sorted(body.demand.items()):
            if names.stocks[site, demand.item or key] in hit:
                found.append(index)
            index += 1
    return tuple(found)
