"""From finished runs to the numbers of the page: each with its interval."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from study_cases import DURATIONS, ENDS, LEFT, TURNED
from study_levers import PRICE, Lever, Turned, levers, range_of, turned
from study_numbers import scaled
from study_runs import total_of, twins

from chainsim.experiments.replications import Replication
from chainsim.experiments.runs import Run
from chainsim.experiments.summary import Aggregate, aggregate
from chainsim.experiments.survival import Impact, impact

BATTERY = "battery"
POWERTRAINS = {
    "phev": "plug-in hybrids",
    "erev": "range-extended cars",
    "fcev": "fuel-cell vehicles",
    "bev": "battery cars",
}
"""Kinds by the beginning of their `*_share` parameters; battery cars are the rest."""
CHEMISTRY = {"findreams_bishan": "LFP"}
"""By supplier where it is documented (SEED-001); what the others send here is not known."""
MARGIN = "price.vehicle_margin"
WINDOW = 44
"""Days from the start of the outage to the end of the way back."""


@dataclass(frozen=True)
class Maker:
    """What the outage does to a maker."""

    name: str
    site: str
    impact: Impact
    late_days: Aggregate
    """Vehicles that were not made on their day, in days of the maker's mean output."""


@dataclass(frozen=True)
class Cause:
    """A bar of the waterfall, and its share of all that was lost."""

    item: str
    region: str
    lost: Aggregate
    share: Aggregate


@dataclass(frozen=True)
class Powertrain:
    """What the outage does to a kind of vehicle, if every maker loses all kinds alike."""

    name: str
    share: float
    """Of all vehicles that the twin makes."""
    late: Aggregate
    late_days: Aggregate
    range: tuple[float, float]
    """Late vehicles with all shares of the kind at the low or the high end of their ranges."""


@dataclass(frozen=True)
class Supplier:
    """What a battery supplier delivers from the start of the outage to the end of the way back."""

    name: str
    region: str
    chemistry: str
    """Empty where it is not documented."""
    calm: Aggregate
    change: Aggregate
    """Outage less calm, kWh."""

    @property
    def documented(self) -> bool:
        """Whether its chemistry is known."""
        return bool(self.chemistry)


@dataclass(frozen=True)
class Bounds:
    """What linear programming says of each of some replications."""

    days: Sequence[float]
    without_cars: Sequence[float]
    spared: Sequence[float]
    """If the kits kept coming."""
    least_lost: Sequence[float]
    simulated: Sequence[float]
    kits: float
    """In the chain when the outage begins."""
    demand: float
    """Vehicles per day."""


@dataclass(frozen=True)
class Facts:
    """All numbers of the page."""

    replications: int
    fewer: int
    version: str
    fingerprint: str
    events: int
    unit: str
    strike: dt.date
    total: Impact
    makers: Sequence[Maker]
    causes: Sequence[Cause]
    caught_up: Aggregate
    net: Aggregate
    lost_sales: Aggregate
    bounds: Bounds
    grid: Mapping[tuple[int, int], Impact]
    """By days and per cent of capacity left."""
    powertrains: Sequence[Powertrain]
    suppliers: Sequence[Supplier]
    levers: Sequence[Lever]
    prices: Sequence[float]
    margins: Sequence[float]
    spared: Impact
    """The outage if the makers of the kit go on."""
    kits_alone: Impact
    """The outage if these alone stop."""
    turned: Sequence[Turned]
    base: Impact
    """The outage in the replications of `turned`."""


def facts_of(runs: Mapping[str, Run], bounds: Bounds, fewer: int, version: str) -> Facts:
    """All numbers of the page from the finished runs by name of their case."""
    outage = runs["outage"]
    assert outage.impact and outage.losses
    network = outage.network
    strike = network.horizon.origin + dt.timedelta(seconds=network.disruptions[0].starts[0])
    table = outage.scenario.parameters
    return Facts(
        replications=len(outage.replications),
        fewer=fewer,
        version=version,
        fingerprint=network.fingerprint,
        events=sum(one.summary.events for one in runs.values()),
        unit=outage.output_unit,
        strike=strike.date(),
        total=outage.impact.total,
        makers=makers_of(outage),
        causes=causes_of(outage),
        caught_up=outage.losses.catch_up,
        net=outage.losses.net,
        lost_sales=outage.losses.lost_sales,
        bounds=bounds,
        grid={(d, c): total_of(runs[f"grid_{d}_{c}"]) for d in DURATIONS for c in LEFT},
        powertrains=powertrains_of(outage),
        suppliers=suppliers_of(outage, runs["calm"], strike.date()),
        levers=levers(runs),
        prices=range_of(table[PRICE]),
        margins=range_of(table[MARGIN]),
        spared=total_of(runs["spared"]),
        kits_alone=total_of(runs["kits_alone"]),
        turned=[turned(runs, name, fewer) for name in TURNED],
        base=impact([twins(outage)[k].total for k in range(fewer)], 0.95, outage.output_unit),
    )


# ---- makers and kinds of vehicles


def makers_of(outage: Run) -> list[Maker]:
    """The makers, the one with the largest peak shortfall first."""
    assert outage.impact is not None
    names = {site.id: site.name for site in outage.network.sites}
    found = [
        Maker(names[site], site, one, aggregate(_late_days(outage, {site: 1.0}), "d"))
        for site, one in outage.impact.sites.items()
    ]
    return sorted(found, key=lambda maker: -(maker.impact.peak_shortfall.mean or 0.0))


def _late(outage: Run, weights: Mapping[str, float]) -> list[float]:
    """Vehicles not made on their day, by replication; makers by weight."""
    return [sum(w * t.sites[m].lost_area for m, w in weights.items()) for t in twins(outage)]


def _made(outage: Run, weights: Mapping[str, float]) -> list[float]:
    """What the twins make in the run, by replication: what is made and what never was."""

    def twin(one: Replication, site: str) -> float:
        assert one.values and one.resilience
        made = one.values.sites[site]["output"] or 0.0
        return made + one.resilience.sites[site].never_made_up

    return [sum(w * twin(r, m) for m, w in weights.items()) for r in outage.replications]


def _late_days(outage: Run, weights: Mapping[str, float]) -> list[float]:
    horizon = outage.network.horizon
    days = (horizon.end - horizon.statistics_from) / 86_400
    pairs = zip(_late(outage, weights), _made(outage, weights), strict=True)
    return [late / (made / days) for late, made in pairs]


def powertrains_of(outage: Run) -> list[Powertrain]:
    """The loss by kind of vehicle, by the assumed shares of every maker."""
    assert outage.impact is not None
    makers = list(outage.impact.sites)
    whole = np.mean(_made(outage, dict.fromkeys(makers, 1.0)))
    found = []
    for kind, name in POWERTRAINS.items():
        weights, low, high = (_shares(outage, kind, makers, end) for end in ("value", *ENDS))
        ends = [float(np.mean(_late(outage, one))) for one in (low, high)]
        late = aggregate(_late(outage, weights), outage.output_unit)
        share = float(np.mean(_made(outage, weights)) / whole)
        late_days = aggregate(_late_days(outage, weights), "d")
        found.append(Powertrain(name, share, late, late_days, (min(ends), max(ends))))
    return found


def _shares(outage: Run, kind: str, makers: Sequence[str], end: str) -> dict[str, float]:
    """The share of a kind at every maker; what is no other kind is a battery car."""
    table = outage.scenario.parameters

    def share(maker: str, one: str) -> float:
        name = f"{maker}.{one}_share"
        return float(getattr(table[name], end).value) if name in table else 0.0

    if kind != "bev":
        return {maker: share(maker, kind) for maker in makers}
    others = [one for one in POWERTRAINS if one != "bev"]
    return {maker: 1.0 - sum(share(maker, one) for one in others) for maker in makers}


def suppliers_of(outage: Run, calm: Run, strike: dt.date) -> list[Supplier]:
    """What battery suppliers deliver in the window of the outage, with and without it."""
    network = outage.network
    with_outage, without = (_delivered(one, strike) for one in (outage, calm))
    found = []
    for site in dict.fromkeys(network.stocks[lane.source].site for lane in network.lanes):
        lanes = [
            k
            for k, lane in enumerate(network.lanes)
            if network.stocks[lane.source].site == site
            and network.items[network.stocks[lane.source].item].id == BATTERY
        ]
        if lanes:
            spec = network.sites[site]
            before, after = (a[:, lanes].sum(axis=1) for a in (without, with_outage))
            chemistry = CHEMISTRY.get(spec.id, "")
            found.append(
                Supplier(spec.name, spec.region, chemistry, aggregate(before.tolist(), "kWh"),
                         aggregate((after - before).tolist(), "kWh"))
            )  # fmt: skip
    return found


def _delivered(one: Run, strike: dt.date) -> np.ndarray:
    """What lanes deliver in the window, (replication, lane), units."""
    first = (strike - one.network.horizon.origin.date()).days
    received = one.daily.values("lanes", "received")[:, first : first + WINDOW]
    return np.asarray(received.sum(axis=1) / 1000)


# ---- causes


def causes_of(outage: Run) -> list[Cause]:
    """The causes of loss with their share of all that was lost, the largest first."""
    assert outage.losses is not None
    causes = outage.losses.causes
    whole = sum(bar.mean or 0.0 for bar in causes.values())
    return [
        Cause(item, region, bar, scaled(bar, 1 / whole)) for (item, region), bar in causes.items()
    ]
