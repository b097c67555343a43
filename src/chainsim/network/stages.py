"""Stages in the order of the flow, and what tells servers apart in tables: stage, name, item."""

from __future__ import annotations

from collections import defaultdict

from chainsim.network.compiled import CompiledNetwork, OperationSpec
from chainsim.scenario.launching import made_from

STAGES = ("upstream", "midstream", "downstream")
"""In the order of the flow."""


def resource_groups(network: CompiledNetwork) -> dict[tuple[str, str], list[int]]:
    """Indices of resources by (stage, name), the stages in the order of the flow."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for k, spec in enumerate(network.resources):
        found[network.sites[spec.site].stage, spec.id.split("/", 1)[1]].append(k)
    ordered = sorted(found, key=lambda group: (STAGES.index(group[0]), group[1]))
    return {group: found[group] for group in ordered}


def own_operation(network: CompiledNetwork, resource: int) -> int | None:
    """The operation whose servers some servers are; None where operations of several kinds share.

    What launches made like it, and their pilot cars, take the time of its servers.
    """
    spec = network.resources[resource]
    ids = {o: network.operations[o].id for o in spec.operations}
    named = next((o for o, one in ids.items() if one == spec.id), None)
    if named is not None or len({made_from(one) for one in ids.values()}) > 1:
        return named
    return next(o for o, one in ids.items() if one == made_from(one))


def main_item(network: CompiledNetwork, operation: OperationSpec) -> str:
    """The item of which an operation makes most; empty if all is thrown away."""
    made = [output for output in operation.outputs if output.stock >= 0]
    if not made:
        return ""
    most = max(made, key=lambda output: output.quantity * output.share)
    return network.items[network.stocks[most.stock].item].id
