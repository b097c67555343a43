"""One replication with the SimPy engine."""

from __future__ import annotations

from chainsim.engines.draws import Draws
from chainsim.engines.simpy_engine.chain import Chain
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.trajectory import Trajectory


def simulate(network: CompiledNetwork, replication: int = 0) -> Trajectory:
    """The trajectory of one replication of a compiled network."""
    return Chain(network, Draws(network.seed, replication)).run()
