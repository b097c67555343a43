"""Units of what a network makes and of its measures."""

from __future__ import annotations

from collections.abc import Mapping

from chainsim.network.compiled import CompiledNetwork
from chainsim.scenario.quantities import COUNTED


def unit_of_output(network: CompiledNetwork) -> str:
    """The unit of output as a plural: vehicles."""
    if network.output_item < 0:
        return "units"
    return units_of_items(network)[network.items[network.output_item].id]


def units_of_items(network: CompiledNetwork) -> Mapping[str, str]:
    """The units of all items, as plurals where there are."""
    units = {item.id: item.unit for item in network.items}
    return {key: f"{unit}s" if f"{unit}s" in COUNTED else unit for key, unit in units.items()}


def units_of(network: CompiledNetwork) -> Mapping[str, str]:
    """The units of the measures of output, and of what is used for it."""
    unit = unit_of_output(network)
    one = network.items[network.output_item].unit if network.output_item >= 0 else "unit"
    use = {f"use_per_output.{item.id}": f"{item.unit}/{one}" for item in network.items}
    return {"output": unit, "output_per_day": f"{unit}/d", **use}
