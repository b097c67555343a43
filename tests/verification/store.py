"""Finished replications on disk, so that a long verification can be stopped and resumed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from os import SEEK_END
from pathlib import Path
from typing import Any

import chainsim

ENGINE_PACKAGES = ("scenario", "network", "engines", "outcome")
"""What decides the numbers of a run; reports and commands do not."""


class ReplicationStore:
    """Values of finished replications in one JSON-lines file, under a key.

    The key stands for the scenario, the code and what is measured: values under another key are
    left alone and not used. A last line that was cut off by a crash is ignored.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.path = path
        self.key = key
        self._values: dict[tuple[int, int], dict[str, float]] = {
            (entry["seed"], entry["replication"]): entry["values"]
            for entry in _entries(path)
            if entry["key"] == key
        }

    def get(self, seed: int, replication: int) -> dict[str, float] | None:
        """The values of a finished replication, or None."""
        return self._values.get((seed, replication))

    def put(self, seed: int, replication: int, values: dict[str, float]) -> None:
        """Keep the values of a finished replication."""
        self._values[seed, replication] = values
        entry = {"key": self.key, "seed": seed, "replication": replication, "values": values}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        separator = b"\n" if _ends_torn(self.path) else b""
        with self.path.open("ab") as file:
            file.write(separator + json.dumps(entry).encode() + b"\n")


def _ends_torn(path: Path) -> bool:
    if not path.exists() or path.stat().st_size == 0:
        return False
    with path.open("rb") as file:
        file.seek(-1, SEEK_END)
        return file.read() != b"\n"


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue  # torn by a crash


@cache
def code_version() -> str:
    """Hash of the source code that decides the numbers of a run."""
    root = Path(chainsim.__file__).parent
    digest = hashlib.sha256()
    for package in ENGINE_PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def store_key(*parts: str) -> str:
    """One short key for texts that together decide the values."""
    return hashlib.sha256("\0".join((code_version(), *parts)).encode()).hexdigest()[:16]
