"""Discrete-event simulation of regional supply chains.

The three steps of the public interface are `load_scenario`, `compile_network` and `simulate`
(docs/python.md shows them by example); names are imported when they are first used, so that light
commands stay light.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "load_scenario": "chainsim.scenario.loading",
    "scenario_from_text": "chainsim.scenario.loading",
    "scenario_from_mapping": "chainsim.scenario.loading",
    "compile_network": "chainsim.network.compiling",
    "simulate": "chainsim.experiments.replications",
    "sample": "chainsim.experiments.replications",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'chainsim' has no attribute '{name}'")
