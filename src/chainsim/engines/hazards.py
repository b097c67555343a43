"""Random disruptions: drawn before the run, each from streams of its own."""

from __future__ import annotations

from collections.abc import Iterator

from chainsim.engines import rules
from chainsim.engines.draws import Draws
from chainsim.errors import RunError
from chainsim.network.compiled import CompiledNetwork
from chainsim.network.disruption import DisruptionSpec
from chainsim.network.timetable import Occurrence

MOST = 100_000
"""Occurrences of all disruptions in one replication."""


def occurrences(network: CompiledNetwork, draws: Draws) -> list[Occurrence]:
    """All occurrences of all disruptions of a replication, by disruption and start."""
    found: list[Occurrence] = []
    for index, spec in enumerate(network.disruptions):
        durations = draws.stream(spec.id, "duration", spec.duration)
        capacities = draws.stream(spec.id, "capacity", spec.capacity) if spec.capacity else None
        dice = {
            site: draws.uniforms(f"{spec.id}@{network.sites[site].id}", "participation")
            for site in spec.sites
            if spec.participation < 1.0
        }
        for start, length in _times(spec, draws, durations, network.horizon.end):
            hit = {s for s in spec.sites if s not in dice or next(dice[s]) < spec.participation}
            capacity = max(0.0, next(capacities)) if capacities else None
            end = start + spec.onset + length
            if length > 0:
                found.append(Occurrence(index, start, end, frozenset(hit), capacity))
            if len(found) > MOST:
                raise RunError(f"disruption '{spec.id}' strikes more than {MOST:,} times in a run")
    return found


def _times(
    spec: DisruptionSpec, draws: Draws, durations: Iterator[float], end: int
) -> Iterator[tuple[int, int]]:
    """Start and length of the full effect of each occurrence, in seconds."""
    if spec.every is None:
        for start in spec.starts:
            yield start, max(0, rules.whole(next(durations)))
        return
    intervals = draws.stream(spec.id, "interval", spec.every)
    start = spec.first + max(0, rules.whole(next(intervals)))
    while start < end:
        length = max(0, rules.whole(next(durations)))
        yield start, length
        past = spec.onset + length if spec.alternating else 0
        start += past + max(1, rules.whole(next(intervals)))
