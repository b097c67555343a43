"""What has to be built for an output, without a search: one linear program, checked by runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from chainsim.experiments.bottleneck import Analysis
from chainsim.experiments.capacity import (
    faster,
    highest_speed,
    planned_output,
    resource_capacity,
    unit_of,
    with_plan,
)
from chainsim.experiments.executors import completed
from chainsim.experiments.expansion import MARGIN, RUN_UP, Build, Expansion, Goal, Trial
from chainsim.experiments.needs import Needs
from chainsim.experiments.replications import simulate
from chainsim.experiments.summary import aggregate
from chainsim.network.compiled import SECONDS_PER_DAY, THOUSANDTHS, CompiledNetwork
from chainsim.network.installed import mean_servers
from chainsim.outcome.measures import daily_output

ROOM = 0.1
"""Above what the plan needs of every server; nothing less is tried."""


def sketched(analysis: Analysis, workers: int) -> Expansion:
    """Nothing, if runs say that it is enough; else what carries the raised plan with some room.

    The runs have the random numbers of the next seed, as the check of a search has.

    Raises:
        RunError: no enlargement carries the plan, or a run failed.
    """
    goal = analysis.goal
    assert goal is not None
    network, year = analysis.network, goal.year
    since = max(0, year.begin - RUN_UP * SECONDS_PER_DAY)
    plan = planned_output(network, year.begin, year.end)
    factor = max(1.0, goal.output * (1 + MARGIN) / plan)
    cut = replace(network, horizon=replace(network.horizon, end=year.end))
    raised = with_plan(cut, factor, since, year.end)
    seen = replace(raised, seed=(raised.seed + 1) % 2**63)
    first = _checked(seen, None, analysis, workers)
    if first.reached:
        return Expansion(goal, plan, factor, (), first, (), first)
    shares = Needs.of(raised, year, np.ones(len(raised.resources))).shares(ROOM)
    builds = tuple(_build(raised, goal, r, share, since) for r, share in sorted(shares.items()))
    built = faster(seen, {r: 1 + share for r, share in shares.items()}, since)
    check = _checked(built, ROOM, analysis, workers)
    return Expansion(goal, plan, factor, (), check, builds, check)


def _build(network: CompiledNetwork, goal: Goal, resource: int, share: float, since: int) -> Build:
    window = (goal.year.begin, goal.year.end)
    key = network.resources[resource].id
    return Build(
        resource, key, share, resource_capacity(network, resource, *window),
        unit_of(network, resource), mean_servers(network, resource, *window),
        highest_speed(network, resource, *window), goal.terms.get(key, goal.usual),
        network.horizon.origin + dt.timedelta(seconds=since),
    )  # fmt: skip


def _checked(
    network: CompiledNetwork, room: float | None, analysis: Analysis, workers: int
) -> Trial:
    """The output of the year in all replications."""
    goal = analysis.goal
    assert goal is not None
    count = network.replications
    outputs: Mapping[int, float] = dict(
        completed(_Yearly(network, goal.year.days), range(count), min(workers, count))
    )
    found = aggregate([outputs[k] for k in range(count)], analysis.unit, 0, analysis.confidence)
    return Trial(room, found, found.low is not None and found.low >= goal.output)


class _Yearly:
    """The output of some days of a replication, units."""

    def __init__(self, network: CompiledNetwork, days: range) -> None:
        self.network, self.days = network, days

    def __call__(self, number: int) -> float:
        made = daily_output(self.network, simulate(self.network, number))
        return float(made[self.days.start : self.days.stop].sum()) / THOUSANDTHS
