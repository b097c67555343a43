"""A run against its twin: the same replication without disruptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.causes import Losses
from chainsim.outcome.costs import total_cost
from chainsim.outcome.measures import daily_output
from chainsim.outcome.resilience import (
    Made,
    Resilience,
    assessed,
    course_of,
    shortfall_of,
    strike_of,
)
from chainsim.outcome.trajectory import Integers, Trajectory


@dataclass(frozen=True, slots=True)
class OutputRecord:
    """Of a trajectory what the comparison needs."""

    daily: Integers
    """Output by day and site, thousandths, (day, site)."""
    waiting: Integers
    """Backlog of outside customers of output at the end of each day, (day, site)."""
    made: Made
    end: int
    """Second at which the run ends."""


@dataclass(frozen=True, slots=True)
class TwinComparison:
    """A replication against its twin."""

    total: Resilience
    sites: dict[str, Resilience]
    """By site that makes output in the twin."""
    stages: dict[tuple[str, str], Resilience] = field(default_factory=dict)
    """By stage and item that its sites make for others in the twin."""
    output_of_twin: tuple[int, ...] = ()
    """What the twin makes in total on each day of the run, thousandths."""
    losses: Losses | None = None
    """What was lost by cause."""
    cost: float | None = None
    """Total cost of the run less the twin's, yuan; None without prices."""


def output_of(network: CompiledNetwork, trajectory: Trajectory) -> OutputRecord:
    """The output of a trajectory; the network must have a resilience block."""
    daily = daily_output(network, trajectory)
    waiting = np.zeros_like(daily)
    backlog = trajectory.tables["demands"].levels["backlog"]
    for k, demand in enumerate(network.demands):
        if demand.stock in network.output_stocks:
            waiting[:, network.stocks[demand.stock].site] += backlog[:, k]
    ids = [network.stocks[stock].id for stock in network.output_stocks]
    made = {key: trajectory.made[key] for key in ids}
    return OutputRecord(daily, waiting, made, int(trajectory.day_ends[-1]))


def against_twin(
    network: CompiledNetwork, run: Trajectory, twin: Trajectory, strike: int | None
) -> TwinComparison:
    """The resilience of output, in total and by site, and of what each stage makes for others.

    Args:
        network: Of the run; it must have a resilience block.
        run: A replication of it.
        twin: The same replication of the network without disruptions.
        strike: Second of the first disruption; None if nothing strikes.

    Raises:
        ValueError: the network has no resilience block.
    """
    found = output_against_twin(network, output_of(network, run), output_of(network, twin), strike)
    struck = strike_of(network, strike, int(run.day_ends[-1]))
    behind = run.tables["stocks"].levels["backlog"] - twin.tables["stocks"].levels["backlog"]

    produced = [t.tables["stocks"].counts["produced"] for t in (run, twin)]

    def of_stage(stocks: Sequence[int]) -> Resilience:
        made, made_by_twin = (series[:, stocks].sum(axis=1) for series in produced)
        ids = [network.stocks[stock].id for stock in stocks]
        steps = shortfall_of(run.made, twin.made, ids)
        return assessed(
            struck, course_of(*steps, made, made_by_twin), behind[:, stocks].sum(axis=1)
        )

    by_stage = _stocks_by_stage(network, twin)
    costs = total_cost(network, run), total_cost(network, twin)
    return replace(
        found,
        stages={key: of_stage(stocks) for key, stocks in by_stage.items()},
        cost=None if None in costs else (costs[0] or 0.0) - (costs[1] or 0.0),
    )


def output_against_twin(
    network: CompiledNetwork, run: OutputRecord, twin: OutputRecord, strike: int | None
) -> TwinComparison:
    """The resilience of output alone, in total and by site; strike and errors as `against_twin`."""
    struck = strike_of(network, strike, run.end)
    ids = {stock: network.stocks[stock].id for stock in network.output_stocks}

    def over(sites: Sequence[int]) -> Resilience:
        made, made_by_twin = (record.daily[:, sites].sum(axis=1) for record in (run, twin))
        waiting = (run.waiting[:, sites] - twin.waiting[:, sites]).sum(axis=1)
        chosen = [key for stock, key in ids.items() if network.stocks[stock].site in sites]
        steps = shortfall_of(run.made, twin.made, chosen)
        return assessed(struck, course_of(*steps, made, made_by_twin), waiting)

    makers = sorted({network.stocks[stock].site for stock in ids})
    return TwinComparison(
        over(range(len(network.sites))),
        {network.sites[site].id: over([site]) for site in makers if twin.daily[:, site].any()},
        output_of_twin=tuple(twin.daily.sum(axis=1).tolist()),
    )


def _stocks_by_stage(
    network: CompiledNetwork, twin: Trajectory
) -> dict[tuple[str, str], list[int]]:
    """The stocks that supply others by (stage, item), in order; of what the twin makes."""
    made = twin.tables["stocks"].counts["produced"]
    found: dict[tuple[str, str], list[int]] = {}
    for stock in network.supplying_stocks:
        spec = network.stocks[stock]
        key = network.sites[spec.site].stage, network.items[spec.item].id
        found.setdefault(key, []).append(stock)
    return {key: found[key] for key in sorted(found) if made[:, found[key]].any()}
