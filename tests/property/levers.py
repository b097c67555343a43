"""Random responses that fit a random network."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.property.networks import Block, Draw, networks, one_of


@st.composite
def answered_networks(draw: Draw) -> Block:
    """A random network with some responses."""
    mapping = draw(networks())
    options = [*_of_orders(mapping), *_of_operations(mapping)]
    chosen = draw(st.lists(st.sampled_from(options), max_size=4, unique_by=repr)) if options else []
    found: Block = {}
    taken = set()
    for block in chosen:
        target = (block["kind"], str(block["at"]))
        if target not in taken:
            taken.add(target)
            if block["kind"] == "second_source":
                _let_supply(mapping, f"way{len(found)}", block)
            cost = {"fixed": 5, "per_day": 2, "per_unit": 1}
            found[f"r{len(found)}"] = block | draw(_details(block["kind"])) | {"cost": cost}
    mapping["responses"] = found
    return mapping


def _let_supply(mapping: Block, lane: str, block: Block) -> None:
    """Give a second source something to sell, and a lane to bring it."""
    source, site, item = block["source"], block["at"], block["item"]
    mapping["sites"][source].setdefault("stocks", {}).setdefault(item, {"initial": 20})
    mapping["lanes"][lane] = {"from": source, "to": site, "items": [item], "transit": "3 h"}


def _of_orders(mapping: Block) -> list[Block]:
    """Responses about what sites order."""
    found: list[Block] = []
    holders: dict[str, list[str]] = {}
    for site, block in mapping["sites"].items():
        for item, policy in block.get("replenishment", {}).items():
            own = {"at": site, "item": item}
            holders.setdefault(item, []).append(site)
            found.append({"kind": "expedite"} | own)
            if isinstance(policy.get("level"), dict) and "cover" in policy["level"]:
                found.append({"kind": "cover"} | own)
            sources = policy["sources"]
            names = sources["sites"] if isinstance(sources, dict) else list(sources)
            found += [
                {"kind": "pooling", "at": [site, name], "item": item}
                for name in names
                if not _is_unlimited(mapping, name, item)
            ]
            found += [
                {"kind": "rationing", "at": name, "item": item, "classes": [site]} for name in names
            ]
            found += [
                {"kind": "second_source", "source": other} | own
                for other in mapping["sites"]
                if other not in (*names, site)
            ]
    return found + [
        {"kind": "pooling", "at": members, "item": item}
        for item, members in holders.items()
        if len([s for s in members if not _is_unlimited(mapping, s, item)]) == len(members) > 1
    ]


def _is_unlimited(mapping: Block, site: str, item: str) -> bool:
    return bool(mapping["sites"][site].get("stocks", {}).get(item, {}).get("unlimited"))


def _of_operations(mapping: Block) -> list[Block]:
    """Responses about what sites do."""
    found: list[Block] = []
    for site, block in mapping["sites"].items():
        if "calendar" in block:
            found.append({"kind": "shifts", "at": site, "calendar": "nights"})
        for key, operation in block["operations"].items():
            found.append({"kind": "backup_power", "at": site, "operation": key})
            release: Any = operation.get("release")
            if isinstance(release, dict) and "pull" in release and "overtime" not in operation:
                found.append({"kind": "overtime", "at": site, "operation": key})
    return found


def _details(kind: str) -> st.SearchStrategy[Block]:
    """The rest of a response of a kind."""
    days: list[Block] = [{}, {"from": "2 d", "until": "6 d"}]
    options: dict[str, list[Block]] = {
        "cover": [{"extra": "2 d"} | window for window in days],
        "expedite": [
            {"below": "3 d", "transit": 0.5},
            {"below": "1 d", "transit": 0, "order_lead": 0},
        ],
        "pooling": [
            {"below": "1 d", "above": "1 d", "review": {"every": "6 h"}, "transit": "2 h"},
            {"below": "2 d", "above": "3 d", "review": {"every": "1 d"}, "transit": 0},
        ],
        "rationing": [{}],
        "second_source": [
            {"activate": {"after": "6 h", "ramp": "1 d", "qualification": "5 h", "left": 0.5}},
            {"share": 0.5},
        ],
        "shifts": [{"from": "2024-02-28", "to": "2024-03-03"}],
        "backup_power": [{"floor": 0.4, "start": "3 h", "lasts": "1 d"}, {"floor": 1}],
        "overtime": [{"factor": 1.5}, {"factor": 3, "backlog_above": 2}],
    }
    return one_of(*options[kind])
