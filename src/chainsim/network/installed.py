"""The servers that are there by plan: those of the scenario and those of dated investments."""

from __future__ import annotations

from itertools import pairwise

from chainsim.network.clock import STEADY, Clock
from chainsim.network.compiled import FULL_SPEED, CompiledNetwork


def installed_servers(network: CompiledNetwork, resource: int) -> list[tuple[int, int]]:
    """(second, servers from then on) of a resource, the first at second 0, in order of time.

    What rules decide during a run is not known here; servers that go leave at once.
    """
    servers = network.resources[resource].servers
    changes: dict[int, int] = {0: 0}
    for project in network.projects:
        for after, changed, count in project.changes if project.trigger is None else ():
            if changed == resource:
                time = max(project.start + after, 0)
                changes[time] = changes.get(time, 0) + count
    found = []
    for time, count in sorted(changes.items()):
        servers += count
        found.append((time, servers))
    return found


def mean_servers(network: CompiledNetwork, resource: int, begin: int, end: int) -> float:
    """The mean number of servers of a resource over [begin, end), seconds."""
    return server_work(network, resource, STEADY, begin, end) / FULL_SPEED / (end - begin)


def server_work(network: CompiledNetwork, resource: int, clock: Clock, begin: int, end: int) -> int:
    """The work that the servers of a resource can do over [begin, end), ppm-seconds.

    The integral of the rate of a clock times the servers that are there.
    """
    steps = [*installed_servers(network, resource), (end, 0)]
    return sum(
        servers * (clock.work(min(stop, end)) - clock.work(max(start, begin)))
        for (start, servers), (stop, _) in pairwise(steps)
        if max(start, begin) < min(stop, end)
    )
