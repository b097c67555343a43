"""What a study runs, and how finished runs are kept."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from chainsim import __version__, load_scenario
from chainsim.errors import RunError
from chainsim.experiments.executors import completed
from chainsim.experiments.runs import Prepared, Run, prepare, run
from chainsim.experiments.survival import Impact
from chainsim.outcome.twin import TwinComparison
from chainsim.scenario.loading import Scenario

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Case:
    """A scenario of the repository with what is changed in it."""

    name: str
    file: str
    changes: tuple[str, ...]
    """As after `--set`."""
    replications: int
    with_days: bool = False
    """Whether the daily series are kept."""

    @property
    def scenario(self) -> Scenario:
        """The scenario, read and checked."""
        count = f"run.replications={self.replications}"
        return load_scenario(ROOT / self.file, [*self.changes, count])


def finished(
    cases: Sequence[Case], kept: Path, workers: int, tell: Callable[[str], None]
) -> dict[str, Run]:
    """The runs of all cases by name; those that are kept are not run again.

    Args:
        cases: What to run.
        kept: Folder of finished runs.
        workers: Processes.
        tell: Told of each case that is finished.

    Raises:
        RunError: a replication failed.
    """
    kept.mkdir(parents=True, exist_ok=True)
    paths = {}
    for index, path in completed(partial(_finish, tuple(cases), kept), range(len(cases)), workers):
        paths[index] = path
        tell(f"{len(paths)} of {len(cases)}: {cases[index].name}")
    return {case.name: pickle.loads(paths[k].read_bytes()) for k, case in enumerate(cases)}


def _finish(cases: Sequence[Case], kept: Path, index: int) -> Path:
    """Run a case unless it is kept; where it is kept."""
    case = cases[index]
    prepared = prepare(case.scenario)
    path = kept / f"{case.name}_{_key(prepared, case)}.pickle"
    if not path.exists():
        found = run(prepared)
        if found.summary.failed:
            errors = [one.error for one in found.replications if one.error]
            raise RunError(f"{case.name}: a replication failed: {errors[0]}")
        if not case.with_days:
            found = replace(
                found, replications=tuple(replace(r, daily=None) for r in found.replications)
            )
        write_whole(path, pickle.dumps(found))
    return path


def _key(prepared: Prepared, case: Case) -> str:
    """Of all that the numbers of a run depend on; the seed is in the fingerprint."""
    facts = (__version__, prepared.network.fingerprint, case.replications, case.with_days)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there as a whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    draft.write_bytes(content)
    draft.replace(path)


def total_of(one: Run) -> Impact:
    """The impact on all output."""
    assert one.impact is not None
    return one.impact.total


def twins(one: Run) -> list[TwinComparison]:
    """The comparison of every replication with its twin."""
    return [r.resilience for r in one.replications if r.resilience is not None]
