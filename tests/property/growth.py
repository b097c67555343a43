"""Random investments in random networks: servers and speed that come and go, by date or rule."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.property.levers import answered_networks
from tests.property.networks import Block, Draw, one_of

RAMPS = one_of(
    {"shape": "step"},
    {"shape": "linear", "over": "2 d"},
    {"shape": "exponential", "tau": "1 d"},
    {"shape": "stages", "stages": [{"after": "0 d", "ready": 0.4}, {"after": "30 h", "ready": 1}]},
)
BUILT = one_of("0 h", "10 h", "2 d")
STARTS = one_of("10 h", "1 d", "60 h", "4 d")


@st.composite
def investments(draw: Draw, site: str, body: Block) -> Block:
    """An investment in one of the operations of a site, or in the servers that it shares."""
    name = draw(st.sampled_from(sorted(body["operations"])))
    shared = body["operations"][name].get("resource")
    block: Block = {"at": site, "kind": draw(one_of("expansion", "retirement"))}
    if draw(st.booleans()):
        block |= {"operation": name, "share": draw(one_of(0.5, 0.25, 1)), "ramp": draw(RAMPS)}
    else:
        block |= {"resource": shared} if shared else {"operation": name}
        block["servers"] = draw(st.integers(1, 2))
    by_rule = "servers" in block and block["kind"] == "expansion" and draw(st.booleans())
    if by_rule:
        rule: dict[str, Any] = {"utilisation": draw(one_of(0.05, 0.5)), "over": "1 d"}
        block["when"] = rule | {"at_most": draw(st.integers(1, 3))}
    else:
        block["start"] = draw(STARTS)
    if block["kind"] == "expansion":
        block["construction"] = draw(BUILT)
    return block


@st.composite
def grown_networks(draw: Draw) -> Block:
    """A network with responses, disruptions and up to four investments."""
    mapping = draw(answered_networks())
    working = sorted(key for key, body in mapping["sites"].items() if body.get("operations"))
    found = {}
    for k in range(draw(st.integers(1, 4))):
        site = draw(st.sampled_from(working))
        found[f"project{k}"] = draw(investments(site, mapping["sites"][site]))
    return mapping | {"investments": found}
