"""Groups of resources: those of one name at the sites of one stage."""

from __future__ import annotations

from collections import defaultdict

from chainsim.network.compiled import CompiledNetwork

STAGES = ("upstream", "midstream", "downstream")
"""In the order of the flow."""


def resource_groups(network: CompiledNetwork) -> dict[tuple[str, str], list[int]]:
    """Indices of resources by (stage, name), the stages in the order of the flow."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for k, spec in enumerate(network.resources):
        found[network.sites[spec.site].stage, spec.id.split("/", 1)[1]].append(k)
    ordered = sorted(found, key=lambda group: (STAGES.index(group[0]), group[1]))
    return {group: found[group] for group in ordered}
