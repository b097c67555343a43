"""The bounds of the study: what the best of all rules could do with what the outage finds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from study_cases import KIT
from study_facts import Bounds
from study_runs import twins, write_whole

from chainsim import simulate
from chainsim.experiments.bounds import least_lost, time_to_survive
from chainsim.experiments.fluid import State, holdings_of, speeds_left, state_at
from chainsim.experiments.runs import Run
from chainsim.network.compiled import CompiledNetwork

DAYS = 30
"""Over which rates are averaged: as long as the outage."""


def bounds_of(outage: Run, replications: int, kept: Path) -> Bounds:
    """The bounds of the first replications of the outage; they are kept like the runs."""
    network = outage.network
    path = kept / f"bounds_{network.fingerprint[-16:]}_{replications}.json"
    if not path.exists():
        found = _found(outage, replications)
        write_whole(path, json.dumps(asdict(found)).encode())
    return Bounds(**json.loads(path.read_text("utf-8")))


def _found(outage: Run, replications: int) -> Bounds:
    network = outage.network
    (disruption,) = network.disruptions
    left = speeds_left(network, disruption)
    kits = _makers_of_kits(network)
    others = {k: share for k, share in left.items() if k not in kits}
    calm = replace(network, disruptions=())
    found = [holdings_of(network, simulate(calm, k)) for k in range(replications)]
    states = [state_at(network, [one], disruption.starts[0], DAYS) for one in found]
    return Bounds(
        days=[_days(network, state, left) for state in states],
        without_cars=[_days(network, _without_cars(network, state), left) for state in states],
        spared=[_days(network, state, others) for state in states],
        least_lost=[least_lost(network, state, left) for state in states],
        simulated=[twin.total.time_to_survive or 0.0 for twin in twins(outage)[:replications]],
        kits=float(np.mean([_kits(network, state) for state in states])),
        demand=float(np.mean([sum(state.demand.values()) for state in states])),
    )


def _days(network: CompiledNetwork, state: State, left: Mapping[int, float]) -> float:
    days = time_to_survive(network, state, left)
    return float("inf") if days is None else days


def _without_cars(network: CompiledNetwork, state: State) -> State:
    goods = state.goods.copy()
    goods[list(network.output_stocks)] = 0.0
    return replace(state, goods=goods)


def _kits(network: CompiledNetwork, state: State) -> float:
    """Kits in the chain, at their makers, on the road and at the lines."""
    return float(sum(state.goods[k] for k, s in enumerate(network.stocks)
                     if network.items[s.item].id == KIT))  # fmt: skip


def _makers_of_kits(network: CompiledNetwork) -> set[int]:
    """Operations that make kits, by index."""
    return {
        k
        for k, operation in enumerate(network.operations)
        for way in operation.outputs
        if way.stock >= 0 and network.items[network.stocks[way.stock].item].id == KIT
    }
