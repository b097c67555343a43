"""Server time by stage and month: which groups of servers there are, and what they did when."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chainsim.network.compiled import CompiledNetwork, Horizon
from chainsim.network.stages import STAGES, main_item, owner_of
from chainsim.outcome.trajectory import STATES, Integers, Trajectory


@dataclass(frozen=True, slots=True)
class Group:
    """Servers that do the same work: of one stage, of one name, for one item."""

    stage: str
    name: str
    """Of the operation, or of the resource that several operations share."""
    item: str
    """What they make; empty where operations share servers that are none's own."""
    resources: tuple[int, ...]
    site: str = ""
    """Where groups are told apart by site."""

    @property
    def id(self) -> str:
        """The parts of the name with slashes: upstream/axles/axle."""
        return "/".join(part for part in (self.stage, self.site, self.name, self.item) if part)


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar month or year, as far as it lies in the statistics of a run."""

    name: str
    """2024-03, or 2024."""
    days: range
    """Of the run."""
    begin: int
    """Second of the run."""
    end: int


def server_groups(network: CompiledNetwork, by_site: bool = False) -> tuple[Group, ...]:
    """The groups of servers of a network, in the order of the flow, then by name.

    Args:
        network: A network.
        by_site: Whether servers of different sites are groups of their own.
    """
    found: dict[tuple[str, str, str, str], list[int]] = defaultdict(list)
    for k, spec in enumerate(network.resources):
        site = network.sites[spec.site]
        owner = owner_of(network, k)
        item = main_item(network, owner) if owner is not None else ""
        name = spec.id.split("/", 1)[1]
        found[site.stage, site.id if by_site else "", name, item].append(k)
    ordered = sorted(found, key=lambda key: (STAGES.index(key[0]), key[1:]))
    return tuple(
        Group(stage, name, item, tuple(found[stage, site, name, item]), site)
        for stage, site, name, item in ordered
    )


def periods(horizon: Horizon, yearly: bool = False) -> tuple[Period, ...]:
    """The calendar months (or years) of the statistics; the first and the last may be cut."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    for day, begin, end in _days(horizon):
        date = (horizon.origin + dt.timedelta(seconds=begin)).date()
        name = f"{date:%Y}" if yearly else f"{date:%Y-%m}"
        found.setdefault(name, []).append((day, begin, end))
    return tuple(
        Period(name, range(days[0][0], days[-1][0] + 1), days[0][1], days[-1][2])
        for name, days in found.items()
    )


def _days(horizon: Horizon) -> Iterator[tuple[int, int, int]]:
    """(day, first second, end) of the days of statistics."""
    begin = 0
    for day, end in enumerate(horizon.day_ends):
        if end > horizon.statistics_from:
            yield day, begin, end
        begin = end


def states_by_period(
    trajectory: Trajectory, groups: Sequence[Group], parts: Sequence[Period]
) -> Integers:
    """Server-seconds by period, group and state, (period, group, state) in the order of `STATES`.

    Their sum over the states is the installed server time, whatever servers came and went.
    """
    counts = trajectory.tables["resources"].counts
    found = np.zeros((len(parts), len(groups), len(STATES)), dtype=np.int64)
    for s, state in enumerate(STATES):
        of_state = counts[state]
        for g, group in enumerate(groups):
            daily = of_state[:, list(group.resources)].sum(axis=1)
            for p, part in enumerate(parts):
                found[p, g, s] = daily[part.days.start : part.days.stop].sum()
    return found
