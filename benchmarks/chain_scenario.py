"""The simplified chain of `naive_chain.py` as a chainsim scenario."""

from __future__ import annotations

from typing import Any

import naive_chain as naive


def scenario() -> dict[str, Any]:
    """The scenario as plain data."""
    return {
        "name": "Benchmark chain",
        "run": {"start": "2022-01-01", "length": f"{naive.DAYS} d"},
        "items": {kind: {} for kind in (*naive.KINDS, "raw", "vehicle", "sampled", "done")},
        "calendars": {"two_shifts": {"week": {"mon-sun": ["00:00-08:00", "08:00-16:00"]}}},
        "sites": {
            **{name: _supplier(kind, name) for kind, _, name in naive.SUPPLIERS},
            **{f"maker_{m}": _maker(m) for m in range(naive.MAKERS)},
        },
        "lanes": {region: _lane(region) for region in naive.REGIONS},
        "disruptions": [_outages(k, name) for k, (*_, name) in enumerate(naive.SUPPLIERS)],
        "output_item": "vehicle",
    }


def _supplier(kind: str, name: str) -> dict[str, Any]:
    lot = max(1.0, naive.demand_of(name) * naive.SLACK)
    return {
        "stage": "upstream",
        "calendar": "two_shifts",
        "stocks": {
            "raw": {"unlimited": True},
            kind: {"initial": int(naive.STOCK * lot), "room": int(2 * naive.STOCK * lot)},
        },
        "operations": {
            "make": {
                "inputs": {"raw": 1},
                "outputs": {kind: 1},
                "lot": int(lot),
                "time": "8 h",
            }
        },
    }


def _maker(m: int) -> dict[str, Any]:
    lot = naive.LOTS[m]
    sources = {kind: [s for s in naive.SUPPLIERS if s[0] == kind][m % 6][2] for kind in naive.KINDS}
    return {
        "calendar": "two_shifts",
        "stocks": {kind: {"initial": naive.COVER * lot} for kind in naive.KINDS},
        "operations": {
            "line": {
                "inputs": {kind: 1 for kind in naive.KINDS},
                "outputs": {
                    "vehicle": {"share": 1 - naive.SAMPLED},
                    "sampled": {"share": naive.SAMPLED},
                },
                "lot": lot,
                "time": "8 h",
            },
            "laboratory": {
                "inputs": {"sampled": 1},
                "outputs": {"vehicle": 1},
                "lot": lot,
                "time": "4 h",
            },
        },
        "replenishment": {
            kind: {"policy": "base_stock", "level": naive.COVER * lot, "sources": name}
            for kind, name in sources.items()
        },
    }


def _lane(region: str) -> dict[str, Any]:
    names = [name for _, r, name in naive.SUPPLIERS if r == region]
    return {
        "from": names,
        "to": {"stage": "midstream"},
        "items": list(naive.KINDS),
        "transit": f"{naive.TRANSIT[region]} h",
    }


def _outages(number: int, name: str) -> dict[str, Any]:
    return {
        "id": f"outage_{name}",
        "target": {"site": name},
        "effect": {"capacity": 0},
        "timing": {"at": [f"{hour} h" for hour in naive.outages_of(number)]},
        "duration": f"{naive.OUTAGE_LENGTH} h",
    }
