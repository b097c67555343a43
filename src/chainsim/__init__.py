"""Discrete-event simulation of regional supply chains.

The three steps of the public interface are `load_scenario`, `compile_network` and `simulate`
(docs/python.md shows them by example); names are imported when they are first used, so that light
commands stay light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainsim.errors import InputError as InputError
    from chainsim.experiments.replications import run_replications as run_replications
    from chainsim.experiments.replications import sample as sample
    from chainsim.experiments.replications import simulate as simulate
    from chainsim.network.compiling import compile_network as compile_network
    from chainsim.outcome.measures import measure as measure
    from chainsim.outcome.trajectory import Trajectory as Trajectory
    from chainsim.scenario.loading import load_scenario as load_scenario
    from chainsim.scenario.loading import scenario_from_mapping as scenario_from_mapping
    from chainsim.scenario.loading import scenario_from_text as scenario_from_text

__version__ = "0.1.0"

_HOMES = {
    "load_scenario": "chainsim.scenario.loading",
    "scenario_from_text": "chainsim.scenario.loading",
    "scenario_from_mapping": "chainsim.scenario.loading",
    "compile_network": "chainsim.network.compiling",
    "simulate": "chainsim.experiments.replications",
    "sample": "chainsim.experiments.replications",
    "run_replications": "chainsim.experiments.replications",
    "measure": "chainsim.outcome.measures",
    "Trajectory": "chainsim.outcome.trajectory",
    "InputError": "chainsim.errors",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'chainsim' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
