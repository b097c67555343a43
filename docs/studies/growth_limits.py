"""Where the chain binds when more is asked of it, and what has to be built to reach a share."""

from __future__ import annotations

import datetime as dt
import hashlib
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from growth_cases import HIGH, MIDDLE, Paths
from growth_loads import Tightest, tightest_of
from growth_sketch import sketched
from study_runs import ROOT, write_whole

from chainsim import __version__, load_scenario
from chainsim.errors import RunError
from chainsim.experiments.bottleneck import (
    Analysis,
    Asked,
    Bottlenecks,
    Bound,
    analyse,
    analysed,
)
from chainsim.experiments.expansion import Expansion, expansion
from chainsim.experiments.shadow import ShadowValue
from chainsim.experiments.steady import SteadyOutput, steady_output
from chainsim.network.compiled import SECONDS_PER_DAY, THOUSANDTHS, CompiledNetwork
from chainsim.report.bottleneck import grown_groups

T = TypeVar("T")
WORTH = ("midstream/line/vehicle_built", "upstream/cells/cell")
"""Groups that are made faster in turn: the lines of the makers, and the suppliers with least room
by the plan."""
SINCE = dt.datetime(2026, 1, 1)
WINDOW = 2030
"""The year in which extra output is counted."""


class Aim(NamedTuple):
    """A share of national output that is to be reached in a year."""

    year: int
    share: float
    paths: Paths
    """Of the nation and, before the plan is raised, of the city."""


AIMS = (
    Aim(2028, 0.1, Paths(1, 1)),
    Aim(2030, 0.1, Paths(1, 1)),
    Aim(2030, 0.105, HIGH),
)
"""The missed target later on the middle path, and all of the high path."""


@dataclass(frozen=True)
class SteadyYear:
    """The largest steady output of a year on the high path: linear programs, no run."""

    year: int
    planned: float
    """Units a year."""
    as_ordered: float
    """With the shares of orders and makers."""
    limited_by: str
    maximum_flow: float
    """With free sources and makers."""
    cut: str
    """What limits it: the minimum cut."""
    national: float


@dataclass(frozen=True)
class Demanding:
    """The high path of nation and city on the plants of the middle path, without any run."""

    tightest: Sequence[Tightest]
    steady: Sequence[SteadyYear]


@dataclass(frozen=True)
class Limits:
    """What binds on the high path, by year, and what more capacity is worth."""

    replications: int
    bound: Sequence[Bound]
    """By year."""
    groups: Sequence[str]
    states: Any
    """Mean server-seconds, (year, group, state)."""
    shadow: Sequence[ShadowValue]
    step: float


@dataclass(frozen=True)
class Reach:
    """What to build so that a year's output is a share of the nation's."""

    aim: Aim
    found: Expansion
    groups: Sequence[dict[str, Any]]
    """Rows by group of servers: what is there, what is added, and the dates."""
    replications: int


def demanding(kept: Path) -> Demanding:
    """The high path from its plan and its plants alone; kept like the runs."""
    analysis = analysed(load_scenario(ROOT / MIDDLE, HIGH.changes), Asked(yearly=True))
    return _kept(kept, "demanding", analysis, (), lambda: _demanding(analysis))


def _demanding(analysis: Analysis) -> Demanding:
    bench = analysis.bench
    national = {one.year: one.output / THOUSANDTHS for one in bench.network.national}
    steady = []
    for part in bench.periods:
        free, ordered = (
            steady_output(bench.network, bench.groups, part, as_ordered=fixed)
            for fixed in (False, True)
        )
        assert free is not None and ordered is not None
        days = (part.end - part.begin) / SECONDS_PER_DAY
        steady.append(
            SteadyYear(
                int(part.name), free.planned * days, ordered.per_day * days, _first(ordered),
                free.per_day * days, _first(free), national[int(part.name)],
            )
        )  # fmt: skip
    return Demanding(tightest_of(bench.network), steady)


def _first(one: SteadyOutput) -> str:
    """What limits a steady output most."""
    return next(iter(one.binding), "")


def limits_on_high_path(kept: Path, workers: int, replications: int) -> Limits:
    """What binds on both high paths; kept like the runs.

    Raises:
        RunError: a run failed.
    """
    changes = [*HIGH.changes, f"run.replications={replications}"]
    asked = Asked(since=SINCE, year=WINDOW, yearly=True)
    analysis = analysed(load_scenario(ROOT / MIDDLE, changes), asked)
    raised = tuple(g for g, group in enumerate(analysis.bench.groups) if group.id in WORTH)
    analysis = replace(analysis, bench=replace(analysis.bench, raised=raised))
    return _kept(kept, "limits", analysis, raised, lambda: _limits(analysis, workers))


def _limits(analysis: Analysis, workers: int) -> Limits:
    found: Bottlenecks = analyse(analysis, workers)
    if found.errors:
        what, why = next(iter(found.errors.items()))
        raise RunError(f"{what}: {why}")
    groups = [group.id for group in analysis.bench.groups]
    return Limits(
        analysis.network.replications, found.bound, groups, found.states, found.shadow,
        analysis.bench.step,
    )  # fmt: skip


def reach(aim: Aim, kept: Path, workers: int, replications: int, search: bool = True) -> Reach:
    """What to build for an aim; kept likewise.

    Without a search every server gets the same room above the plan, if anything is needed at all,
    and runs check it.

    Raises:
        RunError: no enlargement carries the plan, or a run failed.
    """
    changes = [*aim.paths.changes, f"run.replications={replications}"]
    scenario = load_scenario(ROOT / MIDDLE, changes)
    national = scenario.parameters[f"national.output_{aim.year}"].in_unit
    asked = Asked(year=aim.year, target=aim.share * national, shadow=False)
    analysis = analysed(scenario, asked)
    name = f"{'reach' if search else 'sketch'}_{aim.year}_{aim.share:g}"
    return _kept(kept, name, analysis, aim, lambda: _reach(analysis, aim, workers, search))


def _reach(analysis: Analysis, aim: Aim, workers: int, search: bool) -> Reach:
    goal = analysis.goal
    assert goal is not None
    network, unit = analysis.network, analysis.unit
    if search:
        found = expansion(network, goal, analysis.confidence, unit, workers)
    else:
        found = sketched(analysis, workers)
    bare = Bottlenecks(analysis, np.zeros(0), (), (), ())
    return Reach(aim, found, grown_groups(bare, found), network.replications)


def _kept(kept: Path, name: str, analysis: Analysis, more: Any, find: Callable[[], T]) -> T:
    """What was found, or is found now and kept."""
    network: CompiledNetwork = analysis.network
    facts = (__version__, network.fingerprint, network.replications, analysis.asked, more)
    path = kept / f"{name}_{hashlib.sha256(repr(facts).encode()).hexdigest()[:16]}.pickle"
    if not path.exists():
        kept.mkdir(parents=True, exist_ok=True)
        write_whole(path, pickle.dumps(find()))
    found: T = pickle.loads(path.read_bytes())
    return found
