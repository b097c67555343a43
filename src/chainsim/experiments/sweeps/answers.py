"""What the finished runs of a sweep say: measures as arrays over points and replications."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainsim.errors import InputError, Problem
from chainsim.experiments.contrasts import IMPACT_MEASURES
from chainsim.experiments.readings import Reading
from chainsim.experiments.sweeps.planning import Sweep
from chainsim.experiments.sweeps.points import Block
from chainsim.experiments.sweeps.runs import unpacked
from chainsim.experiments.sweeps.store import SweepStore
from chainsim.experiments.units import units_of
from chainsim.network.compiling import compile_network
from chainsim.outcome.measures import ITEM_MEASURES, MEASURES
from chainsim.outcome.yearly import YEAR_MEASURES

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Answer:
    """One measure at the points of one block."""

    measure: str
    unit: str
    direction: str
    """Which way is better: higher, lower or none."""
    values: Floats
    """(point, replication); NaN where a run failed or has no value."""
    failed: Flags
    """(point, replication)."""
    censored: Flags
    """(point, replication): the event that is timed lies beyond the end of the run."""
    followed: Floats
    """(point, replication): days that were watched where the value is censored; else NaN."""


@dataclass(frozen=True)
class Answers:
    """The finished runs of a sweep."""

    sweep: Sweep
    results: Mapping[tuple[int, int], dict[str, Any] | None]
    """By (point, replication) of all finished runs; None of those that failed."""
    errors: Mapping[tuple[int, int], str]

    @cached_property
    def units(self) -> dict[str, str]:
        """The unit of every measure, items and years aside."""
        study = self.sweep.study
        first = next(iter(study.bases.values()))
        own = units_of(compile_network(first.load(study.overrides)))
        known = MEASURES | ITEM_MEASURES | YEAR_MEASURES | IMPACT_MEASURES
        output = own["output"]
        return {name: one.unit.replace("units", output) for name, one in known.items()} | {
            name: unit for name, unit in own.items() if "." not in name or name in known
        }

    def of(self, measure: str, block: Block) -> Answer:
        """A measure at the points of a block, in their order."""
        shape = (len(block.points), self.sweep.replications)
        values, followed = np.full(shape, np.nan), np.full(shape, np.nan)
        failed = np.zeros(shape, dtype=bool)
        for row, point in enumerate(block.points):
            for k in range(shape[1]):
                found = self.results.get((point, k))
                failed[row, k] = found is None
                if found is not None:
                    value = value_of(found, measure)
                    values[row, k] = np.nan if value is None else value
                    followed[row, k] = found["censored"].get(measure, np.nan)
        plain = measure.partition("@")[0].partition(".")[0]
        known = MEASURES | ITEM_MEASURES | YEAR_MEASURES | IMPACT_MEASURES
        return Answer(
            measure, self.units.get(measure, self.units.get(plain, "")), known[plain].direction,
            values, failed, ~np.isnan(followed), followed,
        )  # fmt: skip

    def reading(self, task: tuple[int, int], measures: Iterable[str]) -> Reading:
        """A run as a replication of its point, with some measures; a censored time as followed."""
        found = self.results[task]
        if found is None:
            return Reading(task[1], error=self.errors[task])
        censored = found["censored"]
        row = {name: censored.get(name, value_of(found, name)) for name in measures}
        return Reading(task[1], row, frozenset(name for name in row if name in censored))


def value_of(result: Mapping[str, Any], measure: str) -> float | None:
    """A measure of a run: NAME, NAME.ITEM or NAME@YEAR; None where the run does not have it."""
    name, at, year = measure.partition("@")
    plain, dot, item = name.partition(".")
    if at:
        row = result["years"].get(year, {})
    elif dot:
        name, row = plain, result["items"].get(item, {})
    else:
        row = result["total"]
    value: float | None = row.get(name)
    if name == "time_to_recover" and value is None and "time_to_survive" in result["censored"]:
        return 0.0  # what is never struck has nothing to recover from
    return value


def names_in(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of all measures that some run has, in order: total, by item, by year."""
    total = dict.fromkeys(name for one in results for name in one["total"])
    items = {f"{name}.{item}" for one in results for item, row in one["items"].items()
             for name in row}  # fmt: skip
    years = {f"{name}@{year}" for one in results for year, row in one["years"].items()
             for name in row}  # fmt: skip
    return [*sorted(total), *sorted(items), *sorted(years)]


def sweep_command(study: str, out: Path, options: Sequence[str] = ()) -> str:
    """The command that runs what is missing of a study, with the options of this call."""
    return shlex.join(["chainsim", "sweep", study, "--out", str(out), *options])


def finished(sweep: Sweep, store: SweepStore, options: Sequence[str] = ()) -> Answers:
    """The runs of a sweep, all of which are finished.

    Args:
        sweep: As planned.
        store: Of its runs.
        options: That make the sweep what it is, for the command that goes on.

    Raises:
        InputError: some are not, and how to go on.
    """
    kept = store.results()
    results: dict[tuple[int, int], dict[str, Any] | None] = {}
    errors: dict[tuple[int, int], str] = {}
    lacking = 0
    unpacked_once: dict[bytes, dict[str, Any]] = {}
    for task in sweep.tasks:
        key = sweep.key(task)
        if key not in kept:
            lacking += 1
            continue
        payload, error = kept[key]
        if error:
            results[task], errors[task] = None, error
            continue
        if key not in unpacked_once:
            unpacked_once[key] = unpacked(payload)
        results[task] = unpacked_once[key]
    if lacking:
        again = sweep_command(sweep.study.file, store.path.parent, options)
        rule = f"hold all {len(sweep.tasks)} runs of the study"
        got = f"{len(sweep.tasks) - lacking}"
        raise InputError([Problem(str(store.path), 0, 0, "the store", rule, got, f"run {again}")])
    return Answers(sweep, results, errors)
