"""The static exposure of a network, before any run: who depends on whom, and for how long.

For every stock that is replenished and used where output is made: the share that each region
supplies by plan, whether there is a single source, the cover of the target, and the lead time.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainsim.network.compiled import SECONDS_PER_DAY, CompiledNetwork, ReplenishmentSpec
from chainsim.network.distributions import mean


@dataclass(frozen=True, slots=True)
class Exposure:
    """One maker and item."""

    site: str
    item: str
    regions: dict[str, float]
    """Share of the supply by region of the source, by the plan's shares."""
    single_source: bool
    cover: float | None
    """Safety part of the target on the first day of statistics, in days of the plan's use."""
    lead_time: float
    """Review period plus mean order lead and transit, in days, weighted by shares."""

    @property
    def uncovered(self) -> bool:
        """Whether an order placed now arrives later than the safety cover lasts."""
        return self.cover is not None and self.lead_time > self.cover


def static_exposure(network: CompiledNetwork) -> list[Exposure]:
    """The exposure of every replenished stock at the sites that make output, by site and item."""
    makers = {
        network.stocks[o.stock].site
        for operation in network.operations
        for o in operation.outputs
        if o.stock >= 0 and network.is_output(network.stocks[o.stock].item)
    }
    rows = [
        _exposure(network, spec)
        for spec in network.replenishments
        if (not makers or network.stocks[spec.stock].site in makers)
        and network.stocks[spec.stock].item not in network.beside
    ]
    return sorted(rows, key=lambda row: (row.site, row.item))


def _exposure(network: CompiledNetwork, spec: ReplenishmentSpec) -> Exposure:
    stock = network.stocks[spec.stock]
    shares = spec.shares or (1.0,) + (0.0,) * (len(spec.sources) - 1)
    regions: dict[str, float] = {}
    lead = spec.review[1] if spec.review else 0.0
    for lanes, share in zip(spec.sources, shares, strict=True):
        if lanes:
            lane = network.lanes[lanes[0]]
            region = network.sites[network.stocks[lane.source].site].region
            regions[region] = regions.get(region, 0.0) + share
            lead += share * (mean(lane.order_lead) + mean(lane.transit))
    return Exposure(
        site=network.sites[stock.site].id,
        item=network.items[stock.item].id,
        regions=dict(sorted(regions.items())),
        single_source=sum(share > 0 for share in shares) == 1,
        cover=_safety_cover(network, spec, lead),
        lead_time=lead / SECONDS_PER_DAY,
    )


def _safety_cover(network: CompiledNetwork, spec: ReplenishmentSpec, lead: float) -> float | None:
    """The target less the use over the lead time, in days of mean planned use; None if unused."""
    plan = network.plan_per_day.get(spec.stock)
    if not plan or not sum(plan):
        return None
    first = network.horizon.statistics_from // SECONDS_PER_DAY
    days = range(min(first, len(plan) - 1), len(plan))
    use = sum(plan[d] for d in days) / len(days)
    if not use:
        return None
    target = sum(spec.level.on(d) for d in days) / len(days)
    return max(0.0, target / use - lead / SECONDS_PER_DAY)
