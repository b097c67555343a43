"""Replications of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from chainsim.engines import draws
from chainsim.engines.simpy_engine.simulate import simulate as simulate_network
from chainsim.network.compiled import CompiledNetwork
from chainsim.network.compiling import compile_network
from chainsim.network.distributions import compiled
from chainsim.outcome.laws import check_laws
from chainsim.outcome.trajectory import Trajectory
from chainsim.scenario.loading import Scenario
from chainsim.scenario.schema.distributions import distribution_of


def simulate(scenario: Scenario | CompiledNetwork, replication: int = 0) -> Trajectory:
    """The trajectory of one replication; the laws are checked before it is handed out.

    Raises:
        InputError: the scenario does not compile.
        LawError: a law of conservation is broken, which is a defect of the engine.
        LoopError: an instant does not end.
    """
    network = scenario if isinstance(scenario, CompiledNetwork) else compile_network(scenario)
    trajectory = simulate_network(network, replication)
    check_laws(network, trajectory)
    return trajectory


def sample(distribution: Mapping[str, Any] | float, n: int, seed: int = 1) -> list[float]:
    """`n` unrounded values of a distribution written as in a scenario, in plain numbers."""
    written = TypeAdapter(distribution_of(None, "1", low=None)).validate_python(distribution)
    generator = draws.Draws(seed, 0).generator("sample", "values")
    return draws.sample(compiled(written, low=None), generator, n)
