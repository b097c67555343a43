"""The servers that are there by plan: those of the scenario and those of dated investments."""

from __future__ import annotations

from chainsim.network.clock import Clock
from chainsim.network.compiled import CompiledNetwork


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
    steps = installed_servers(network, resource)
    over_time = Clock([time for time, _ in steps], [count for _, count in steps])
    return (over_time.work(end) - over_time.work(begin)) / (end - begin)
