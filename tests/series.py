"""Runs and scenarios compared: all that a run says, bit by bit, and the same lines in any order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from chainsim.outcome.trajectory import Integers, Trajectory

Key = tuple[str, ...]
Series = dict[Key, Any]


def arrays(run: Trajectory) -> Iterator[tuple[Key, Integers]]:
    """Every array of a run with (kind, sort, name)."""
    for kind, table in run.tables.items():
        for sort in ("counts", "levels", "integrals", "initial"):
            for name, array in getattr(table, sort).items():
                yield (kind, sort, name), array
        for number, snapshot in enumerate(run.snapshots):
            for sort in ("levels", "counts"):
                for name, array in getattr(snapshot, sort)[kind].items():
                    yield (kind, f"{sort} at {number}", name), array


def series(run: Trajectory) -> Series:
    """Arrays by (kind, sort, name, id), and the waits and delays that were recorded."""
    found: Series = {
        (*key, id_): array[..., column].tolist()
        for key, array in arrays(run)
        for column, id_ in enumerate(run.tables[key[0]].ids)
    }
    found |= {("waits", id_): waits for id_, waits in run.waits.items()}
    return found | {("delays", id_): delays for id_, delays in run.delays.items()}


def different(one: Series, other: Series) -> list[Key]:
    """The keys of `one` whose series in `other` are not the same."""
    return [key for key, values in one.items() if other.get(key) != values]


def until(found: Series, days: int) -> Series:
    """The daily series of the first days."""
    daily = ("counts", "levels", "integrals")
    return {key: rows[:days] for key, rows in found.items() if key[1] in daily}


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same data with every map in another order."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda _: chance.random())
        return {key: shuffled(value[key], chance) for key in keys}
    return [shuffled(one, chance) for one in value] if isinstance(value, list) else value
