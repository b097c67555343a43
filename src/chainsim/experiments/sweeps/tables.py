"""The runs of a store as a table, without the study: a row for each run, columns by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainsim.errors import InputError, Problem
from chainsim.experiments.sweeps.answers import names_in, value_of
from chainsim.experiments.sweeps.points import Point
from chainsim.experiments.sweeps.runs import (
    Identity,
    scale_of_series,
    unpacked,
    unpacked_days,
)
from chainsim.experiments.sweeps.store import SweepStore, reading

if TYPE_CHECKING:
    import pandas as pd

Cell = str | int | float | None
Columns = dict[str, list[Cell]]


@dataclass(frozen=True)
class _Row:
    point: int
    replication: int
    key: bytes
    result: dict[str, Any] | None
    error: str


def runs_table(store: SweepStore) -> Columns:
    """All finished runs of the study, by point and replication.

    Columns: base, point, replication, the factors (as they were set; empty for the value of the
    base), the measures, `censored` (names of measures whose event lies beyond the end of the run),
    and error.
    """
    facts, points = _study(store)
    rows = _rows(store, facts, points)
    measures = names_in([row.result for row in rows if row.result is not None])
    columns: Columns = {
        "base": [points[row.point][0].base for row in rows],
        "point": [row.point for row in rows],
        "replication": [row.replication for row in rows],
    }
    for variable in facts["variables"]:
        columns[variable["name"]] = [
            _setting(points[row.point][0], variable["path"]) for row in rows
        ]
    for name in measures:
        columns[name] = [value_of(r.result, name) if r.result else None for r in rows]
    columns["censored"] = [" ".join(sorted(r.result["censored"])) if r.result else "" for r in rows]
    columns["error"] = [row.error for row in rows]
    return columns


def days_table(store: SweepStore) -> Columns:
    """The daily series of all runs that have them: a row for each day of each run.

    Columns: base, point, replication, day (of the run, from 0), and the series in units.
    """
    facts, points = _study(store)
    names = facts["study"].get("daily", [])
    columns: Columns = {}
    for row in _rows(store, facts, points):
        packed = store.days(row.key)
        if packed is None:
            continue
        series = {n: v for n, v in unpacked_days(packed).items() if n in names}
        if len(series) < len(names):
            continue  # of an earlier form of the study; the next sweep makes it again
        n = len(next(iter(series.values())))
        head: Mapping[str, list[Cell]] = {
            "base": [points[row.point][0].base] * n,
            "point": [row.point] * n,
            "replication": [row.replication] * n,
            "day": list(range(n)),
        }
        scaled: Mapping[str, list[Cell]] = {
            name: [value / scale_of_series(name) for value in values]
            for name, values in series.items()
        }
        for name, values in {**head, **scaled}.items():
            columns.setdefault(name, []).extend(values)
    return columns


def frame(path: str | Path) -> pd.DataFrame:
    """All finished runs of a store as a pandas table, see `runs_table`.

    Raises:
        InputError: there is no store there, or nothing in it.
    """
    import pandas as pd

    with reading(store_at(Path(path))) as store:
        return pd.DataFrame(runs_table(store))


def store_at(path: Path) -> Path:
    """The store that a path means: itself, or the only one in a folder.

    Raises:
        InputError: there is none, or more than one.
    """
    if not path.is_dir():
        return path
    found = sorted(path.glob("*.sqlite"))
    if len(found) != 1:
        rule = "be a store of runs, or a folder with one"
        got = f"{len(found)} stores" if found else "none"
        remedy = f"name one: {', '.join(f.name for f in found[:5])}" if found else ""
        raise InputError([Problem(str(path), 0, 0, "the path", rule, got, remedy)])
    return found[0]


def _study(store: SweepStore) -> tuple[dict[str, Any], list[tuple[Point, bytes]]]:
    facts = store.facts()
    if facts is None:
        rule = "hold the runs of a study"
        raise InputError([Problem(str(store.path), 0, 0, "the store", rule, "nothing")])
    return facts, store.points()


def _rows(
    store: SweepStore, facts: Mapping[str, Any], points: list[tuple[Point, bytes]]
) -> list[_Row]:
    kept = store.results()
    rows = []
    for number, (_, hash_) in enumerate(points):
        for k in range(facts["replications"]):
            key = Identity.of_run(hash_, k)
            if key in kept:
                payload, error = kept[key]
                rows.append(_Row(number, k, key, None if error else unpacked(payload), error))
    return rows


def _setting(point: Point, path: str) -> Cell:
    """The last value that a point gives a path."""
    values = [text[len(path) + 1 :] for text in point.overrides if text.startswith(f"{path}=")]
    if not values:
        return None
    try:
        return float(values[-1])
    except ValueError:
        return values[-1]
