"""When responses are in force: all of it is known once the disruptions of a replication are."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from chainsim.network.clock import STEADY, Clock, tabulate
from chainsim.network.compiled import FULL_SPEED, CompiledNetwork, ReplenishmentSpec
from chainsim.network.levers import SecondSourceSpec
from chainsim.network.timetable import Timetable, course, united

Intervals = list[tuple[int, int]]
"""Disjoint half-open intervals in order, seconds."""


def second_sources(network: CompiledNetwork, table: Timetable) -> dict[int, list[Intervals]]:
    """By replenishment with a second source: when that is used, for each of its sources."""
    makers = _makers(network)
    found = {}
    for index, spec in enumerate(network.replenishments):
        if spec.second is not None:
            down = [
                _down(network, table, makers, spec, source)
                if source in spec.second.instead_of
                else []
                for source in range(len(spec.sources))
            ]
            found[index] = _used(spec.second, down)
    return found


def in_force(
    network: CompiledNetwork, table: Timetable, second: dict[int, list[Intervals]]
) -> list[Clock]:
    """By response: a clock whose rate is the number of sites at which it is in force."""
    found = [list(response.windows) for response in network.responses]
    for index, sources in second.items():
        spec = network.replenishments[index].second
        assert spec is not None
        together = united([interval for intervals in sources for interval in intervals])
        found[spec.response] += [(begin, end, 1) for begin, end in together]
    for (response, _), intervals in sorted(_on_backup(network, table).items()):
        found[response] += [(begin, end, 1) for begin, end in united(intervals)]
    return [_counted(windows, network.horizon.end) for windows in found]


def _counted(windows: Iterable[tuple[int, int, int]], end: int) -> Clock:
    """How many windows are open at every second, as a clock."""
    changes = {0: 0}
    for begin, until, sites in windows:
        if max(begin, 0) < min(until, end):
            changes[max(begin, 0)] = changes.get(max(begin, 0), 0) + sites
            changes[until] = changes.get(until, 0) - sites
    times = sorted(changes)
    rates, open_ = [], 0
    for time in times:
        open_ += changes[time]
        rates.append(open_)
    return Clock(times, rates)


# ---- second sources


def _makers(network: CompiledNetwork) -> dict[int, list[int]]:
    """By stock: the clocks of the operations that make its item."""
    found: dict[int, list[int]] = {}
    for operation in network.operations:
        for output in operation.outputs:
            if output.stock >= 0:
                found.setdefault(output.stock, []).append(operation.clock)
    return found


def _down(
    network: CompiledNetwork,
    table: Timetable,
    makers: dict[int, list[int]],
    spec: ReplenishmentSpec,
    source: int,
) -> Intervals:
    """When a source cannot supply: nothing makes the item, or nothing may leave."""
    assert spec.second is not None
    lanes = [network.lanes[lane] for lane in spec.sources[source]]
    if not lanes:
        return []
    stock = lanes[0].source
    clocks = makers.get(stock, [])
    speeds = [table.stops.get(clock, STEADY) for clock in clocks]
    opens = [table.clocks[lane.open_clock] if lane.open_clock >= 0 else STEADY for lane in lanes]
    pauses = table.pauses.get(("shipments", network.stocks[stock].site), [])
    left = spec.second.left

    def is_down(t: int) -> bool:
        stopped = bool(speeds) and all(clock.rate(t) <= left for clock in speeds)
        closed = all(clock.rate(t) == 0 for clock in opens)
        return stopped or closed or any(begin <= t < end for begin, end in pauses)

    marks = {0, network.horizon.end, *(t for interval in pauses for t in interval)}
    marks.update(t for clock in (*speeds, *opens) for t in clock.times)
    inside = sorted(t for t in marks if 0 <= t <= network.horizon.end)
    return united([(begin, end) for begin, end in pairwise(inside) if is_down(begin)])


def _used(second: SecondSourceSpec, down: list[Intervals]) -> list[Intervals]:
    """When a second source is used, for each source that is down at some times.

    It is qualified once, from the first time at which it is called for.
    """
    called = [[(a + second.after, b) for a, b in one if a + second.after < b] for one in down]
    first = min((begin for one in called for begin, _ in one), default=0)
    qualified = first + second.qualification
    return [[(max(a, qualified), b) for a, b in one if qualified < b] for one in called]


# ---- power of one's own


def _on_backup(network: CompiledNetwork, table: Timetable) -> dict[tuple[int, int], Intervals]:
    """By (response, site): when disruptions leave some operation less than its floor."""
    found: dict[tuple[int, int], Intervals] = {}
    for operation in network.operations:
        backup = operation.backup
        if backup is None:
            continue
        index = network.clocks[operation.clock].owner
        for occurrence in table.occurrences:
            spec = network.disruptions[occurrence.disruption]
            hit = index in spec.operations and operation.site in occurrence.sites
            if not hit or occurrence.capacity is None:
                continue
            depth = max(occurrence.capacity, spec.floor)
            low = _below(Clock(*tabulate([course(spec, occurrence, depth)], network.horizon.end)),
                         round(backup.floor * FULL_SPEED), network.horizon.end)  # fmt: skip
            begin = occurrence.start + backup.start
            end = begin + backup.lasts if backup.lasts >= 0 else network.horizon.end
            runs = [(max(a, begin), min(b, end)) for a, b in low if max(a, begin) < min(b, end)]
            found.setdefault((backup.response, operation.site), []).extend(runs)
    return found


def _below(clock: Clock, level: int, end: int) -> Intervals:
    """When a clock's rate is below a level."""
    steps = [*clock.times, end]
    return [(a, b) for a, b in pairwise(steps) if a < b and clock.rate(a) < level]
