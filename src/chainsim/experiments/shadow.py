"""What a little more capacity is worth: runs with the same luck, one group of servers larger."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np

from chainsim.errors import RunError
from chainsim.experiments.capacity import capacity_of, faster, with_ample_capacity
from chainsim.experiments.executors import completed
from chainsim.experiments.replications import OnDone, simulate
from chainsim.experiments.summary import Aggregate, aggregate
from chainsim.network.compiled import THOUSANDTHS, CompiledNetwork
from chainsim.outcome.binding import Waterfall, capacity_waterfall
from chainsim.outcome.measures import daily_output
from chainsim.outcome.server_groups import Group, Period, states_by_period
from chainsim.outcome.trajectory import Integers, Trajectory


@dataclass(frozen=True)
class Bench:
    """What all runs have in common."""

    network: CompiledNetwork
    groups: tuple[Group, ...]
    periods: tuple[Period, ...]
    step: float
    """Share by which one group is made faster."""
    since: int
    """Second of the run from which it is."""
    window: Period
    """In which output is counted."""
    raised: tuple[int, ...]
    """The groups that are made faster in turn, by index."""

    @property
    def cases(self) -> int:
        """Runs of a replication: as it is, and with each group larger."""
        return 1 + len(self.raised)


@dataclass(frozen=True, slots=True)
class Observed:
    """A replication as it is: what servers did, and what binds against its twin."""

    states: Integers
    """Server-seconds, (period, group, state)."""
    waterfall: Waterfall


@dataclass(frozen=True, slots=True)
class Tried:
    """What is kept of one run."""

    output: int = 0
    """In the window, thousandths."""
    observed: Observed | None = None
    """Of the chain as it is."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ShadowValue:
    """What more of a group of servers is worth."""

    group: Group
    capacity: float
    """What they can make in the window, or from the step to its end."""
    unit: str
    """Of the capacity."""
    extra: Aggregate
    """Units of output more in the window with the group faster by the step, in pairs."""
    step: float

    @property
    def added(self) -> float:
        """Capacity that the step adds."""
        return self.capacity * self.step

    @property
    def told(self) -> bool:
        """Whether the interval excludes zero."""
        low, high = self.extra.low, self.extra.high
        return low is not None and high is not None and (low > 0 or high < 0)

    def per_unit(self, value: float | None) -> float | None:
        """Of an amount of output: for every unit of capacity that is added."""
        return value / self.added if value is not None and self.added else None

    def per_percent(self, value: float | None) -> float | None:
        """Of an amount of output: for every per cent of capacity that is added."""
        return value / (100 * self.step) if value is not None else None


def tried(
    bench: Bench, replications: int, workers: int = 1, on_done: OnDone | None = None
) -> list[list[Tried]]:
    """Every replication as it is and with each group larger, [replication][case].

    Case 0 is the chain as it is, case k + 1 has the k-th raised group faster. What fails within a
    run is kept as its error.

    Raises:
        RunError: a worker process died.
    """
    count = replications * bench.cases
    found = [Tried()] * count
    results = completed(partial(_perform, bench), range(count), min(workers, count))
    with closing(results) as running:
        for done, (index, one) in enumerate(running):
            found[index] = one
            if on_done is not None:
                on_done(done, bool(one.error))
    return [found[k : k + bench.cases] for k in range(0, count, bench.cases)]


def _perform(bench: Bench, index: int) -> Tried:
    replication, case = divmod(index, bench.cases)
    try:
        return (
            _as_it_is(bench, replication)
            if case == 0
            else _raised(bench, replication, bench.raised[case - 1])
        )
    except RunError as error:
        return Tried(error=f"{type(error).__name__}: {error}")
    except MemoryError:
        return Tried(error="out of memory")


def _as_it_is(bench: Bench, replication: int) -> Tried:
    network, groups, parts = bench.network, bench.groups, bench.periods
    run = simulate(network, replication)
    ample = simulate(with_ample_capacity(network), replication)
    waterfall = capacity_waterfall(network, run, ample, groups, parts)
    seen = Observed(states_by_period(run, groups, parts), waterfall)
    return Tried(_output(bench, run), seen)


def _raised(bench: Bench, replication: int, group: int) -> Tried:
    factors = dict.fromkeys(bench.groups[group].resources, 1 + bench.step)
    network = faster(bench.network, factors, bench.since)
    return Tried(_output(bench, simulate(network, replication)))


def _output(bench: Bench, run: Trajectory) -> int:
    days = bench.window.days
    return int(daily_output(bench.network, run)[days.start : days.stop].sum())


def shadow_values(
    bench: Bench, runs: Sequence[Sequence[Tried]], confidence: float, unit: str
) -> list[ShadowValue]:
    """What each group is worth, the most first; ties in the order of the groups.

    Output with the group faster less output as it is, in pairs with the same draws; a pair in which
    a run failed is left out and counted.
    """
    found = []
    for k, group in enumerate(bench.groups[g] for g in bench.raised):
        pairs = [(row[0], row[k + 1]) for row in runs]
        whole = [(a, b) for a, b in pairs if not a.error and not b.error]
        differences = np.array([b.output - a.output for a, b in whole]) / THOUSANDTHS
        extra = aggregate(differences.tolist(), unit, len(pairs) - len(whole), confidence)
        begin = max(bench.since, bench.window.begin)
        capacity = capacity_of(bench.network, group, begin, bench.window.end)
        found.append(ShadowValue(group, capacity.amount, capacity.unit, extra, bench.step))
    return sorted(found, key=lambda one: -(one.extra.mean or 0.0))
