"""The timetable of one replication: every change that is known before the run starts.

Random disruptions are drawn first (by the engine's draws); here their occurrences become operating
clocks, closures, pauses and losses. Overlapping effects multiply; closures and pauses hold while
any is in force (docs/model.md, section 7).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from chainsim.network.clock import Clock, Factor, Piece, tabulate
from chainsim.network.compiled import FULL_SPEED, CompiledNetwork
from chainsim.network.disruption import DisruptionSpec
from chainsim.network.levels import ClockSpec
from chainsim.network.levers import BackupSpec

DECAY = 3.0
"""An exponential recovery takes three time constants."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a disruption strikes, on the sites that it hits."""

    disruption: int
    start: int
    full_until: int
    """End of the full effect."""
    sites: frozenset[int]
    capacity: float | None
    """What is left of the speed, drawn for this occurrence."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A share of a stock on hand that is lost at an instant."""

    time: int
    stock: int
    share: float
    rank: int


@dataclass
class Timetable:
    """Clocks by index, and what disruptions do to lanes, sites and stocks."""

    clocks: list[Clock]
    undisturbed: list[Clock]
    """The same clocks without disruptions."""
    stops: dict[int, Clock]
    """By clock that disruptions change: what they leave of the rate, whatever the calendar says."""
    occurrences: tuple[Occurrence, ...]
    lead_changes: dict[int, list[tuple[int, int, float, int]]] = field(default_factory=dict)
    """By lane: (from, until, factor, extra seconds) for shipments dispatched meanwhile."""
    pauses: dict[tuple[str, int], list[tuple[int, int]]] = field(default_factory=dict)
    """By (what is paused, site): disjoint intervals."""
    losses: list[Loss] = field(default_factory=list)


def timetable(network: CompiledNetwork, occurrences: Iterable[Occurrence]) -> Timetable:
    """The timetable that a network and the occurrences of its disruptions give."""
    found = tuple(occurrences)
    base_clocks = [Clock(base.times, base.rates) for base in network.bases]
    undisturbed = [base_clocks[spec.base] for spec in network.clocks]
    effects = [_effects(network, spec, found) for spec in network.clocks]
    end = network.horizon.end
    clocks = [
        _clock(base, factors, end) for base, factors in zip(undisturbed, effects, strict=True)
    ]
    stops = {i: Clock(*tabulate(factors, end)) for i, factors in enumerate(effects) if factors}
    table = Timetable(clocks, undisturbed, stops, found)
    for occurrence in found:
        spec = network.disruptions[occurrence.disruption]
        _note_lead_times(table, network, spec, occurrence)
        _note_pauses(table, spec, occurrence)
        _note_losses(table, network, spec, occurrence)
    table.pauses = {key: united(intervals) for key, intervals in table.pauses.items()}
    return table


def united(intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The union of half-open intervals as disjoint ones in order."""
    result: list[tuple[int, int]] = []
    for begin, end in sorted(intervals):
        if result and begin <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((begin, end))
    return result


def _effects(
    network: CompiledNetwork, spec: ClockSpec, occurrences: tuple[Occurrence, ...]
) -> list[Factor]:
    """The factors by which occurrences change a clock."""
    return [
        factor
        for occurrence in occurrences
        if (factor := _effect_on(network, spec, occurrence)) is not None
    ]


def _clock(base: Clock, factors: list[Factor], end: int) -> Clock:
    if not factors:
        return base
    steps = [Piece(t, rate / FULL_SPEED) for t, rate in zip(base.times, base.rates, strict=True)]
    return Clock(*tabulate([steps, *factors], end))


def _effect_on(network: CompiledNetwork, spec: ClockSpec, occurrence: Occurrence) -> Factor | None:
    """The factor by which an occurrence changes a clock, or None."""
    disruption = network.disruptions[occurrence.disruption]
    hit = {"operation": disruption.operations, "demand": disruption.demands}.get(
        spec.kind, disruption.lanes
    )
    if spec.owner not in hit or _site(network, spec) not in occurrence.sites:
        return None
    closed = 0.0 if disruption.closes_lanes else None
    multiplier = {
        "operation": occurrence.capacity,
        "quota": occurrence.capacity,
        "demand": disruption.demand,
        "open": closed,
        "transit": closed if disruption.holds_transit else None,
    }[spec.kind]
    if multiplier is None or multiplier == 1.0:
        return None
    if spec.kind in ("open", "transit"):
        return [
            Piece(0, 1.0), Piece(occurrence.start, 0.0), Piece(occurrence.full_until, 1.0)
        ]  # fmt: skip
    if spec.kind != "demand":
        multiplier = max(multiplier, disruption.floor)
    factor = course(disruption, occurrence, multiplier)
    backup = network.operations[spec.owner].backup if spec.kind == "operation" else None
    return factor if backup is None else kept_up(factor, backup, occurrence.start)


def kept_up(factor: Factor, backup: BackupSpec, strike: int) -> Factor:
    """What a disruption leaves of the speed where power of its own keeps up a floor."""
    begin = strike + backup.start
    end = begin + backup.lasts if backup.lasts >= 0 else None
    found: Factor = []
    for i, piece in enumerate(factor):
        following = factor[i + 1].begin if i + 1 < len(factor) else None
        inside = [t for t in (begin, end) if t is not None and piece.begin < t]
        breaks = [t for t in inside if following is None or t < following]
        for at in (piece.begin, *breaks):
            runs = begin <= at and (end is None or at < end)
            found.append(_no_lower(piece, at, backup.floor) if runs else replace(piece, begin=at))
    return found


def _no_lower(piece: Piece, begin: int, floor: float) -> Piece:
    curve = piece.curve
    if curve is None:
        return Piece(begin, max(piece.value, floor))

    def higher(t: float) -> float:
        return max(curve(t), floor)

    return Piece(begin, max(piece.value, floor), higher)


def _site(network: CompiledNetwork, spec: ClockSpec) -> int:
    """The site of a clock's owner; of a lane its origin."""
    if spec.kind == "operation":
        return network.operations[spec.owner].site
    if spec.kind == "demand":
        return network.stocks[network.demands[spec.owner].stock].site
    return network.stocks[network.lanes[spec.owner].source].site


def course(spec: DisruptionSpec, occurrence: Occurrence, depth: float) -> Factor:
    """The factor over time: onset, full effect at `depth`, recovery to 1."""
    start, end = occurrence.start, occurrence.full_until
    pieces = [Piece(-1, 1.0)] if start >= 0 else []
    if spec.onset:
        pieces.append(Piece(start, 1.0, _line(start, 1.0, start + spec.onset, depth)))
    pieces.append(Piece(start + spec.onset, depth))
    return pieces + _recovery(spec, end, depth)


def _recovery(spec: DisruptionSpec, end: int, depth: float) -> Factor:
    over = spec.recovery_over
    if spec.recovery == "stages":
        return [Piece(end + after, depth + (1.0 - depth) * share) for after, share in spec.stages]
    if not over:
        return [Piece(end, 1.0)]

    def s_curve(t: float) -> float:
        x = min(max((t - end) / over, 0.0), 1.0)
        return depth + (1.0 - depth) * x * x * (3.0 - 2.0 * x)

    def exponential(t: float) -> float:
        return depth + (1.0 - depth) * (1.0 - math.exp(-DECAY * (t - end) / over))

    curves: dict[str, Callable[[float], float]] = {
        "linear": _line(end, depth, end + over, 1.0),
        "s_curve": s_curve,
        "exponential": exponential,
    }
    return [Piece(end, depth, curves[spec.recovery]), Piece(end + over, 1.0)]


def _line(t0: int, v0: float, t1: int, v1: float) -> Callable[[float], float]:
    return lambda t: v0 + (v1 - v0) * (t - t0) / (t1 - t0)


def _note_lead_times(
    table: Timetable, network: CompiledNetwork, spec: DisruptionSpec, occurrence: Occurrence
) -> None:
    if spec.lead_factor == 1.0 and spec.lead_extra == 0:
        return
    for lane in spec.lanes:
        if network.stocks[network.lanes[lane].source].site in occurrence.sites:
            change = (occurrence.start, occurrence.full_until, spec.lead_factor, spec.lead_extra)
            table.lead_changes.setdefault(lane, []).append(change)


def _note_pauses(table: Timetable, spec: DisruptionSpec, occurrence: Occurrence) -> None:
    for what in spec.pauses:
        for site in spec.sites:
            if site in occurrence.sites:
                interval = (occurrence.start, occurrence.full_until)
                table.pauses.setdefault((what, site), []).append(interval)


def _note_losses(
    table: Timetable, network: CompiledNetwork, spec: DisruptionSpec, occurrence: Occurrence
) -> None:
    if not spec.stock_loss:
        return
    for stock in spec.stocks:
        if network.stocks[stock].site in occurrence.sites:
            table.losses.append(Loss(occurrence.start, stock, spec.stock_loss, spec.rank))
