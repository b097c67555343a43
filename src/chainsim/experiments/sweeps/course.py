"""A sweep on its way: what is planned, what is kept, and what is still to be run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

from chainsim.errors import InputError, Problem
from chainsim.experiments.chunks import chunked
from chainsim.experiments.executors import Executor, InProcess
from chainsim.experiments.sweeps.planning import Sweep
from chainsim.experiments.sweeps.runs import Bench, Result
from chainsim.experiments.sweeps.store import SweepStore
from chainsim.scenario.recipe import changed

Rerun = Literal["", "failed", "stale", "all"]
OnDone = Callable[[int, bool], None]
SHOWN = 10
"""Changed keys that a message names."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a sweep has before it."""

    points: int
    runs: int
    kept: int
    """Finished already, the failed ones too."""
    failed: int
    """Of those kept."""
    left: int
    other: int
    """Runs in the store that the study does not ask for any more."""
    seconds: float | None
    """Of one run, the median of those kept; None where none is."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a sweep has come to."""

    runs: int
    done: int
    """Run now."""
    failures: tuple[tuple[tuple[int, int], str], ...]
    """(point, replication) and the error of every failed run, in order."""


class Course:
    """A sweep and the store that it is kept in."""

    def __init__(self, sweep: Sweep, store: SweepStore, rerun: Rerun = "") -> None:
        """The course of a sweep.

        Raises:
            InputError: the store belongs to another study, or to what the study was before, and
                that is not to be run again.
        """
        self.sweep = sweep
        self.store = store
        self._check(store.path, store.facts(), rerun)
        self._kept = store.kept(with_days=bool(sweep.study.document.daily))
        self.missing = [task for task in self._once() if self._is_missing(task, rerun)]

    def outlook(self) -> Outlook:
        """How many runs are kept, and how many are left."""
        keys = {self.sweep.key(task) for task in self.sweep.tasks}
        kept = [self._kept[key] for key in keys if key in self._kept]
        times = [one.seconds for one in self._kept.values() if not one.error]
        points = {point for point, _ in self.sweep.tasks}
        return Outlook(
            points=len(points),
            runs=len(keys),
            kept=len(kept),
            failed=sum(bool(one.error) for one in kept),
            left=len(self.missing),
            other=len(self._kept.keys() - keys),
            seconds=median(times) if times else None,
        )

    def run(self, executor: Executor | None = None, on_done: OnDone | None = None) -> Outcome:
        """Run what is missing, and keep each run as it is finished.

        Args:
            executor: Who does it; this process unless given. No result depends on it.
            on_done: Told of each finished run: (number, failed).

        Raises:
            RunError: a worker died, or the store cannot be written. What fails within a run is kept
                as its error.
        """
        sweep = self.sweep
        hashes = list(zip(sweep.points.points, sweep.hashes, strict=True))
        self.store.state(sweep.facts, hashes)
        if self.missing:
            work = _Timed(self._bench(self.missing))
            results = chunked(executor or InProcess(), work, range(len(self.missing)))
            with closing(results) as running:
                for number, (index, (result, seconds)) in enumerate(running):
                    self.store.keep(sweep.key(self.missing[index]), result, seconds)
                    if on_done is not None:
                        on_done(number, bool(result.error))
        return self._outcome()

    def timed(self) -> float:
        """Seconds that the first missing run takes; it is not kept."""
        return _Timed(self._bench(self.missing[:1]))(0)[1]

    def _bench(self, tasks: Sequence[tuple[int, int]]) -> Bench:
        study, points = self.sweep.study, self.sweep.points.points
        return Bench(study.bases, points, tasks, study.document.daily, self.sweep.twins)

    def _outcome(self) -> Outcome:
        kept, runs = self.store.kept(), self._once()
        failures = [
            (task, one.error)
            for task in runs
            if (one := kept.get(self.sweep.key(task))) is not None and one.error
        ]
        return Outcome(len(runs), len(self.missing), tuple(failures))

    def _once(self) -> list[tuple[int, int]]:
        """The runs of the sweep; of equal ones the first."""
        found: dict[bytes, tuple[int, int]] = {}
        for task in self.sweep.tasks:
            found.setdefault(self.sweep.key(task), task)
        return list(found.values())

    def _is_missing(self, task: tuple[int, int], rerun: Rerun) -> bool:
        kept = self._kept.get(self.sweep.key(task))
        if kept is None or rerun == "all":
            return True
        if kept.error:
            return rerun == "failed"
        return not kept.days >= {*self.sweep.study.document.daily}

    def _check(self, path: Path, before: Mapping[str, Any] | None, rerun: Rerun) -> None:
        """Nothing, if the store is one of this study as it is now, or may become one."""
        if before is None:
            return
        name = before["study"]["name"]
        if name != self.sweep.study.document.name:
            rule = f"belong to the study '{self.sweep.study.document.name}'"
            remedy = "choose another folder with --out"
            raise _refused(path, rule, f"that of '{name}'", remedy)
        found = list(_differences(before, self.sweep.facts))
        if found and rerun not in ("stale", "all"):
            more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            rule = "hold runs of the scenarios as they are now"
            remedy = "--rerun stale runs again what they concern; --out keeps both"
            raise _refused(path, rule, f"changes: {'; '.join(found[:SHOWN])}{more}", remedy)


def _refused(path: Path, rule: str, got: str, remedy: str) -> InputError:
    return InputError([Problem(str(path), 0, 0, "the store", rule, got, remedy)])


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterable[str]:
    """What of the program and of the base scenarios is not as it was."""
    for word, value in now["program"].items():
        if before["program"].get(word) != value:
            yield f"{word}: {before['program'].get(word)} -> {value}"
    for name, recipe in now["recipes"].items():
        if name in before["recipes"]:
            yield from changed(before["recipes"][name], recipe)
    if before["overrides"] != now["overrides"]:
        yield f"set: {_listed(before['overrides'])} -> {_listed(now['overrides'])}"


def _listed(overrides: Sequence[str]) -> str:
    return ", ".join(overrides) or "nothing"


@dataclass(frozen=True)
class _Timed:
    """A run with the seconds that it took."""

    bench: Bench

    def __call__(self, index: int) -> tuple[Result, float]:
        began = time.perf_counter()
        result = self.bench.perform(index)
        return result, time.perf_counter() - began
