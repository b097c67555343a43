"""From finished runs to the numbers of the page: each with its interval."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from study_cases import DURATIONS, LEFT, TURNED, levers_of

from chainsim.experiments.comparison import compare
from chainsim.experiments.contrasts import Contrast
from chainsim.experiments.replications import Replication
from chainsim.experiments.runs import Run
from chainsim.experiments.statistics import t_interval
from chainsim.experiments.summary import Aggregate, aggregate
from chainsim.experiments.survival import Impact, impact
from chainsim.outcome.resilience import TwinComparison
from chainsim.report.parameter_view import grade
from chainsim.scenario.quantities import Quantity, unit

BATTERY = "battery"
POWERTRAINS = {
    "phev": "plug-in hybrids",
    "erev": "range-extended cars",
    "fcev": "fuel-cell vehicles",
    "bev": "battery cars",
}
"""Kinds by the beginning of their `*_share` parameters; battery cars are the rest."""
CHEMISTRY = {"findreams_bishan": "LFP (SEED-001)"}
"""What is documented; of no other supplier is the chemistry of what it sends to Chongqing known."""
PRICE = "price.vehicle_waiting"
MARGIN = "price.vehicle_margin"
WINDOW = 44
"""Days from the start of the outage to the end of the way back."""
LOW, HIGH = 0, 1


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
    calm: Aggregate
    change: Aggregate
    """Outage less calm, kWh."""


@dataclass(frozen=True)
class Lever:
    """A lever against the outage, paired with the outage without it."""

    name: str
    title: str
    measures: Mapping[str, Contrast]
    extra: Aggregate
    """What it costs more, but for the waiting of customers; yuan."""
    waited: Aggregate
    """Vehicle-days of waiting that it avoids."""
    break_even: Aggregate
    """Yuan for a vehicle that waits a day at which it costs as much as it saves."""
    worth: tuple[Aggregate, ...]
    """Yuan gained at each price of `Facts.prices`."""
    per_vehicle: Aggregate
    """Yuan for each vehicle less behind at the worst moment."""


@dataclass(frozen=True)
class Turned:
    """An assumed parameter at both ends of its range."""

    name: str
    unit: str
    values: tuple[float, float, float]
    """Low, as assumed, high."""
    grade: str
    note: str
    impacts: tuple[Impact, Impact]
    changes: tuple[Aggregate, Aggregate]
    """Of the peak shortfall, paired with the outage as assumed."""
    survival: tuple[Aggregate, Aggregate]
    """Of the time to survive, days; likewise."""


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
        prices=_range(table[PRICE]),
        margins=_range(table[MARGIN]),
        spared=total_of(runs["spared"]),
        turned=[turned(runs, name, fewer) for name in TURNED],
        base=impact([twins(outage)[k].total for k in range(fewer)], 0.95, outage.output_unit),
    )


def total_of(one: Run) -> Impact:
    """The impact on all output."""
    assert one.impact is not None
    return one.impact.total


def twins(one: Run) -> list[TwinComparison]:
    """The comparison of every replication with its twin."""
    return [r.resilience for r in one.replications if r.resilience is not None]


def _values(one: Run) -> list[Mapping[str, float | None]]:
    return [r.values.total for r in one.replications if r.values is not None]


def _mean(values: Sequence[float], unit: str) -> Aggregate:
    return aggregate(values, unit)


# ---- makers and kinds of vehicles


def makers_of(outage: Run) -> list[Maker]:
    """The makers, the one with the largest peak shortfall first."""
    assert outage.impact is not None
    names = {site.id: site.name for site in outage.network.sites}
    found = [
        Maker(names[site], site, one, _mean(_late_days(outage, {site: 1.0}), "d"))
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
        weights, low, high = (_shares(outage, kind, makers, end) for end in ("value", *_ENDS))
        ends = [float(np.mean(_late(outage, one))) for one in (low, high)]
        late = _mean(_late(outage, weights), outage.output_unit)
        share = float(np.mean(_made(outage, weights)) / whole)
        late_days = _mean(_late_days(outage, weights), "d")
        found.append(Powertrain(name, share, late, late_days, (min(ends), max(ends))))
    return found


_ENDS = ("low", "high")


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
            chemistry = CHEMISTRY.get(spec.id, "not known")
            found.append(
                Supplier(spec.name, spec.region, chemistry, _mean(before.tolist(), "kWh"),
                         _mean((after - before).tolist(), "kWh"))
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
        Cause(item, region, bar, Aggregate("1", *(_over(v, whole) for v in
              (bar.mean, bar.low, bar.high)), bar.n, bar.confidence))
        for (item, region), bar in causes.items()
    ]  # fmt: skip


def _over(value: float | None, whole: float) -> float | None:
    return None if value is None else value / whole


# ---- levers


def levers(runs: Mapping[str, Run]) -> list[Lever]:
    """Every lever against the outage, the one that leaves the smallest shortfall first."""
    outage, others = runs["outage"], levers_of(runs)
    against = compare({"outage": outage, **others}).against
    found = [_lever(outage, others[one.name], one.name, one.total) for one in against]
    return sorted(found, key=lambda one: one.measures["peak_shortfall"].other or 0.0)


def _lever(outage: Run, run: Run, name: str, measures: Mapping[str, Contrast]) -> Lever:
    table = outage.scenario.parameters
    price = float(table[PRICE].in_unit)
    extra = _paired(outage, run, lambda row: row["total_cost"] - row["waiting_cost"])
    waited = [-x / price for x in _paired(outage, run, lambda row: row["waiting_cost"])]
    peaks = [
        mine.total.peak_shortfall - theirs.total.peak_shortfall
        for mine, theirs in zip(twins(outage), twins(run), strict=True)
    ]
    worth = tuple(
        _mean([p * w - x for w, x in zip(waited, extra, strict=True)], "yuan")
        for p in _range(table[PRICE])
    )
    return Lever(
        name, run.scenario.document.description, measures, _mean(extra, "yuan"),
        _mean(waited, "vehicle-days"), ratio(extra, waited, "yuan/vehicle/d"), worth,
        ratio(extra, peaks, "yuan/vehicle"),
    )  # fmt: skip


def _paired(outage, run, value) -> list[float]:  # type: ignore[no-untyped-def]
    """A value of the run with a lever less that of the outage, by replication."""
    return [value(b) - value(a) for a, b in zip(_values(outage), _values(run), strict=True)]


def ratio(above: Sequence[float], below: Sequence[float], unit: str) -> Aggregate:
    """The ratio of two means over the same replications, with its interval.

    Source: the ratio estimator, Cochran (1977), Sampling Techniques, chapter 6: the deviations
    above - ratio x below have the variance of the ratio times the mean below. No interval where
    the mean below is not told apart from zero.
    """
    bottom = t_interval(below)
    if not bottom.mean or bottom.low is None or bottom.high is None:
        return Aggregate(unit, None, None, None, len(below), 0.95)
    if bottom.low <= 0 <= bottom.high:
        return Aggregate(unit, None, None, None, len(below), 0.95)
    value = float(np.mean(above)) / bottom.mean
    rest = t_interval([(a - value * b) / bottom.mean for a, b in zip(above, below, strict=True)])
    half = rest.half_width or 0.0
    return Aggregate(unit, value, value - half, value + half, len(below), 0.95)


def _range(parameter) -> tuple[float, float, float]:  # type: ignore[no-untyped-def]
    """Low, value and high of an assumed parameter, in its unit."""

    def in_unit(bound: Quantity) -> float:
        return float(bound.value / unit(parameter.unit or "1").value)

    return in_unit(parameter.low), parameter.in_unit, in_unit(parameter.high)


# ---- what the numbers rest on


def turned(runs: Mapping[str, Run], name: str, fewer: int) -> Turned:
    """An assumed parameter at its ends, paired with the outage as assumed."""
    outage = runs["outage"]
    table = outage.scenario.parameters
    ends = [runs[f"{end}_{name}"] for end in _ENDS]
    base = twins(outage)[:fewer]

    def change(end: Run, measure: str) -> Aggregate:
        pairs = zip(base, twins(end), strict=True)
        values = [
            None if (x := getattr(b.total, measure)) is None else x - getattr(a.total, measure)
            for a, b in pairs
        ]
        return aggregate(values, "")

    return Turned(
        name=name,
        unit=table[name].unit if table[name].unit != "fraction" else "",
        values=_range(table[name]),
        grade=grade(table, name),
        note=table[name].note,
        impacts=(total_of(ends[LOW]), total_of(ends[HIGH])),
        changes=(change(ends[LOW], "peak_shortfall"), change(ends[HIGH], "peak_shortfall")),
        survival=(change(ends[LOW], "time_to_survive"), change(ends[HIGH], "time_to_survive")),
    )


def half_width(one: Aggregate) -> float:
    """Half the interval, zero without one."""
    return 0.0 if one.low is None or one.high is None else (one.high - one.low) / 2


def pooled(parts: Sequence[Aggregate]) -> float:
    """The root of the sum of squared half-widths."""
    return sqrt(sum(half_width(one) ** 2 for one in parts))
