"""Stages in the order of the flow, and what tells servers apart in tables: stage, name, item."""

from __future__ import annotations

from collections import defaultdict

from chainsim.network.compiled import NONE, CompiledNetwork, OperationSpec

STAGES = ("upstream", "midstream", "downstream")
"""In the order of the flow."""


def resource_groups(network: CompiledNetwork) -> dict[tuple[str, str], list[int]]:
    """Indices of resources by (stage, name), the stages in the order of the flow."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for k, spec in enumerate(network.resources):
        found[network.sites[spec.site].stage, spec.id.split("/", 1)[1]].append(k)
    ordered = sorted(found, key=lambda group: (STAGES.index(group[0]), group[1]))
    return {group: found[group] for group in ordered}


def owner_of(network: CompiledNetwork, resource: int) -> OperationSpec | None:
    """The operation whose own some servers are, though others may use them; None if no one's.

    What is built beside it (a new model, its pilot cars) takes their time, and is told in its item.
    """
    spec = network.resources[resource]
    operations = [network.operations[o] for o in spec.operations]
    if len(operations) == 1:
        return operations[0]
    return next((one for one in operations if one.id == spec.id), None)


def main_item(network: CompiledNetwork, operation: OperationSpec) -> str:
    """The item of which an operation makes most, or what it is a variant of; empty if none."""
    made = [output for output in operation.outputs if output.stock >= 0]
    if not made:
        return ""
    most = max(made, key=lambda output: output.quantity * output.share)
    item = network.items[network.stocks[most.stock].item]
    return item.id if item.variant_of == NONE else network.items[item.variant_of].id
