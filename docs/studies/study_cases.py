"""What the study runs, and how finished runs are kept."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from chainsim.scenario.quantities import unit

ROOT = Path(__file__).resolve().parents[2]
OUTAGE = "scenarios/sichuan_outage_30d.yaml"
LEVERS = "sichuan_outage_30d_*.yaml"
DISRUPTION = "disruptions.sichuan_outage"
DURATIONS = (7, 14, 30, 60)
"""Days."""
LEFT = (0, 25, 50, 75)
"""Capacity that the sites keep, per cent."""
TURNED = (
    "cover.kit_sichuan",
    "cover.supplier",
    "cover.battery",
    "sichuan_outage.recovery",
    "kit_sichuan.capacity",
    "battery.capacity.sichuan",
    "battery.weight.sichuan",
    "lane.chengdu.order_lead",
)
"""Assumed parameters that are set to the ends of their ranges, one at a time."""
ENDS = ("low", "high")
KIT = "kit_sichuan"
"""The item that every vehicle needs and only the region makes."""
SHORTEST = "1 h"
"""In place of a time of zero, which a way back must not have."""


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


def main_cases(replications: int) -> Iterator[Case]:
    """The outage, the chain without it, every lever, and outages of a part of the sites."""
    calm = f"{DISRUPTION}.enabled=false"
    yield Case("outage", OUTAGE, (), replications, with_days=True)
    yield Case("calm", OUTAGE, (calm,), replications, with_days=True)
    for file in sorted((ROOT / "scenarios").glob(LEVERS)):
        name = "lever_" + file.stem.removeprefix(Path(OUTAGE).stem + "_")
        yield Case(name, f"scenarios/{file.name}", (), replications)
    for name, sites in (("spared", _hit(kits=False)), ("kits_alone", _hit(kits=True))):
        yield Case(name, OUTAGE, (f"{DISRUPTION}.target.site=[{', '.join(sites)}]",), replications)


def _hit(kits: bool) -> list[str]:
    """The sites in the outage that make kits, or those that do not."""
    document = load_scenario(ROOT / OUTAGE).document
    target = document.disruptions[0].target
    return [
        name
        for name, site in document.sites.items()
        if site.region in target.region
        and site.stage in target.stage
        and (site.tags["component"] == KIT) == kits
    ]


def grid_cases(replications: int) -> Iterator[Case]:
    """The outage by duration and by what capacity is left."""
    for days in DURATIONS:
        for left in LEFT:
            changes = (
                f"parameters.sichuan_outage.duration={days} d",
                f"{DISRUPTION}.effect.capacity={left / 100}",
            )
            yield Case(f"grid_{days}_{left}", OUTAGE, changes, replications)


def turned_cases(replications: int) -> Iterator[Case]:
    """The outage with one assumed parameter at an end of its range."""
    table = load_scenario(ROOT / OUTAGE).parameters
    for name in TURNED:
        one = table[name]
        for end in ENDS:
            bound = getattr(one, end)
            value = float(bound.value / unit(one.unit or "1").value)
            written = f"{value:g} {one.unit}" if one.unit != "fraction" else f"{value:g}"
            if not value:
                written = SHORTEST
            yield Case(f"{end}_{name}", OUTAGE, (f"parameters.{name}={written}",), replications)


def all_cases(replications: int, fewer: int) -> list[Case]:
    """All that the study runs: the main cases often, what surrounds them fewer times."""
    return [*main_cases(replications), *grid_cases(fewer), *turned_cases(fewer)]


# ---- finished runs


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


def levers_of(runs: Mapping[str, Run]) -> dict[str, Run]:
    """The runs with a lever, by its name."""
    return {
        name.removeprefix("lever_"): one for name, one in runs.items() if name.startswith("lever_")
    }


def total_of(one: Run) -> Impact:
    """The impact on all output."""
    assert one.impact is not None
    return one.impact.total


def twins(one: Run) -> list[TwinComparison]:
    """The comparison of every replication with its twin."""
    return [r.resilience for r in one.replications if r.resilience is not None]
