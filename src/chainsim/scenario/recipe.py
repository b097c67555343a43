"""What a scenario is made of before anything is computed: the ground on which runs are compared.

Two scenarios of one recipe give the same runs under the same overrides, whatever their comments,
the order of their keys, and their words are.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping

from chainsim.scenario.files import Reference
from chainsim.scenario.layers import Layers
from chainsim.scenario.nodes import path_text
from chainsim.scenario.tables import read_table

WORDS = ("name", "description", "expect", "observed", "observed_series", "calibrate")
"""Blocks that change no number of a run."""
COUNTS = ("replications", "precision", "confidence", "record")
"""Keys of `run` that change no number of a replication."""

Recipe = Mapping[str, str]
"""What is written, by path; parameters and special days by name."""


def recipe_of(layers: Layers, data: Iterable[Reference]) -> Recipe:
    """The recipe of a scenario.

    Args:
        layers: What its files say together, before overrides.
        data: Its files of special days.
    """
    found = dict(_written(layers))
    for table in layers.tables:
        found |= {f"parameters.{row['name']}": f"{row['value']} {row['unit']}".rstrip()
                  for row in read_table(table, ("name", "value"), None)
                  if f"parameters.{row['name']}" not in found}  # fmt: skip
    for file in data:
        name = os.path.relpath(file.path, layers.directory)
        for row in read_table(file, (), None):
            if "date" in row.columns:
                found[f"{name}.{row['date']}"] = row["kind"]
    return dict(sorted(found.items()))


def digest_of(recipe: Recipe) -> str:
    """The hash of a recipe, hexadecimal."""
    return hashlib.sha256(json.dumps(list(recipe.items())).encode()).hexdigest()


def changed(before: Recipe, now: Recipe) -> list[str]:
    """What differs, as `path: before -> now`, in order of the paths."""
    paths = sorted(path for path in {*before, *now} if before.get(path) != now.get(path))
    return [f"{p}: {before.get(p, 'nothing')} -> {now.get(p, 'nothing')}" for p in paths]


def _written(layers: Layers) -> Iterator[tuple[str, str]]:
    root = layers.root
    assert root is not None
    for path, node in root.walk():
        if isinstance(node.value, dict | list) and node.value:
            continue
        counts = path[0] == "run" and len(path) > 1 and path[1] in COUNTS if path else False
        if path and path[0] not in WORDS and not counts:
            yield path_text(root, path), json.dumps(node.value, default=str, ensure_ascii=False)
