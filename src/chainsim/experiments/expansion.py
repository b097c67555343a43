"""What has to be built to reach an output: the least capacity by a linear program, then by runs.

The program finds what every server must do for the plan; runs then find how much room above that
the chain needs for its luck, its calendars and its rules. docs/bottleneck.md says what that claims.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from chainsim.errors import RunError
from chainsim.experiments.capacity import (
    faster,
    highest_speed,
    planned_output,
    resource_capacity,
    unit_of,
    with_plan,
)
from chainsim.experiments.executors import completed
from chainsim.experiments.fluid import Floats
from chainsim.experiments.needs import Needs
from chainsim.experiments.replications import OnDone, simulate
from chainsim.experiments.summary import Aggregate, aggregate
from chainsim.network.compiled import SECONDS_PER_DAY, THOUSANDTHS, CompiledNetwork
from chainsim.network.installed import mean_servers
from chainsim.outcome.measures import daily_output
from chainsim.outcome.server_groups import Period

MARGIN = 0.01
"""The plan is so much above the target: output never passes its plan."""
RUN_UP = 60
"""Days before the year at which capacity opens and the plan rises, so that pipelines fill."""
ROOMS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Room above what the plan needs that is tried in turn until the target is reached."""
RESOLUTION = 0.005
"""Of the room."""
MOST_TRIALS = 16
"""Nothing built, every room, the halvings between two of them, and one with fresh numbers."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How capacity comes, and for how much."""

    construction: int
    """Seconds from the start of works to the opening."""
    ramp: int
    """Seconds from the opening to full capacity."""
    price: float | None = None
    """Yuan for what makes one unit more in 365 days; None if nobody says."""


@dataclass(frozen=True, slots=True)
class Goal:
    """An output that a year is to reach, and how capacity comes."""

    output: float
    """Units in the year."""
    year: Period
    usual: Terms
    """For servers of which the scenario has no expansion."""
    terms: Mapping[str, Terms] = field(default_factory=dict)
    """By id of the servers."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Replications with some capacity built."""

    room: float | None
    """Above what the plan needs; None where nothing is built."""
    output: Aggregate
    """Of the year."""
    reached: bool
    """Whether the lower bound of the interval is no less than the goal."""


@dataclass(frozen=True, slots=True)
class Build:
    """Capacity that is added to some servers."""

    resource: int
    id: str
    share: float
    """Of the capacity that is there."""
    present: float
    """What they can make in the year as they are."""
    unit: str
    """Of what they make."""
    servers: float
    """Servers that are there, on average over the year."""
    speed: float
    """The highest in the year, 1 is the full speed of the scenario without any growth."""
    terms: Terms
    full_by: dt.datetime
    """When it has to be there in full."""

    @property
    def added(self) -> float:
        """What they can make more in the year."""
        return self.share * self.present

    @property
    def opens(self) -> dt.datetime:
        """When the ramp begins."""
        return self.full_by - dt.timedelta(seconds=self.terms.ramp)

    @property
    def begins(self) -> dt.datetime:
        """When works have to begin."""
        return self.opens - dt.timedelta(seconds=self.terms.construction)

    @property
    def cost(self) -> float | None:
        """Yuan; None where the scenario has no price."""
        return None if self.terms.price is None else self.terms.price * self.added


@dataclass(frozen=True)
class Expansion:
    """What to build for a goal."""

    goal: Goal
    plan: float
    """What customers order in the year by plan, before it is raised."""
    factor: float
    """By which the plan is raised."""
    trials: tuple[Trial, ...]
    """In the order in which they were tried; the first with nothing built."""
    chosen: Trial | None
    """The one with the least room that reaches the goal."""
    builds: tuple[Build, ...]
    fresh: Trial | None
    """The same capacity with random numbers that the search has not seen."""

    @property
    def verdict(self) -> str:
        """What came out; where only a mean reaches the goal, the replications are too few."""
        if self.chosen is None:
            means = [trial.output.mean or 0.0 for trial in self.trials]
            return "not told" if max(means) >= self.goal.output else "not reached"
        return "reached" if self.builds else "nothing to build"


def expansion(
    network: CompiledNetwork,
    goal: Goal,
    confidence: float,
    unit: str,
    workers: int = 1,
    on_done: OnDone | None = None,
) -> Expansion:
    """The least capacity with which the lower bound of the output of a year reaches a goal.

    Args:
        network: At least two replications, else there is no bound.
        goal: What is to be reached.
        confidence: Of the interval.
        unit: Of output.
        workers: Processes; the result does not depend on them.
        on_done: Told of each replication.

    Raises:
        RunError: no enlargement carries the plan, a replication failed, or a worker died.
    """
    since = max(0, goal.year.begin - RUN_UP * SECONDS_PER_DAY)
    plan = planned_output(network, goal.year.begin, goal.year.end)
    if not plan:
        raise RunError(f"customers order no output in {goal.year.name}: there is no plan to raise")
    factor = max(1.0, goal.output * (1 + MARGIN) / plan)
    cut = replace(network, horizon=replace(network.horizon, end=goal.year.end))
    raised = with_plan(cut, factor, since, goal.year.end)
    search = _Search(raised, goal, confidence, unit, since, workers, on_done)
    chosen, builds = search.found()
    seen = replace(raised, seed=(raised.seed + 1) % 2**63)
    fresh = None
    if chosen is not None:
        other = replace(search, network=seen, trials=[], counted=search.counted)
        fresh = other.trial(chosen.room, {b.resource: b.share for b in builds})
    return Expansion(goal, plan, factor, tuple(search.trials), chosen, builds, fresh)


@dataclass
class _Search:
    """Tries room after room."""

    network: CompiledNetwork
    """With the raised plan, to the end of the year."""
    goal: Goal
    confidence: float
    unit: str
    since: int
    workers: int
    on_done: OnDone | None
    trials: list[Trial] = field(default_factory=list)
    counted: int = 0

    def __post_init__(self) -> None:
        self._needs = Needs.of(self.network, self.goal.year, self._weights())

    def _weights(self) -> Floats:
        """What one time more of each capacity costs: by prices, if all servers have one, else 1."""
        year, terms = self.goal.year, self.goal.terms
        prices = [terms.get(spec.id, self.goal.usual).price for spec in self.network.resources]
        if any(price is None for price in prices):
            return np.ones(len(prices))
        capacities = [resource_capacity(self.network, r, year.begin, year.end)
                      for r in range(len(prices))]  # fmt: skip
        return np.array([(price or 0.0) * amount
                         for price, amount in zip(prices, capacities, strict=True)])  # fmt: skip

    def found(self) -> tuple[Trial | None, tuple[Build, ...]]:
        """The trial with the least room that reaches the goal, and what it builds."""
        from scipy.optimize import bisect

        first = self.trial(None, {})
        if first.reached:
            return first, ()
        tried: dict[float, Trial] = {}

        def short(room: float) -> float:
            """Units by which the lower bound misses the goal."""
            if room not in tried:
                tried[room] = self.trial(room, self._needs.shares(room))
            return self.goal.output - (tried[room].output.low or 0.0)

        enough = next((k for k, room in enumerate(ROOMS) if short(room) <= 0), None)
        if enough is None:
            return None, ()
        if enough:
            bisect(short, ROOMS[enough - 1], ROOMS[enough], xtol=RESOLUTION)
        room = min(room for room, trial in tried.items() if trial.reached)
        return tried[room], self._builds(self._needs.shares(room))

    def trial(self, room: float | None, shares: Mapping[int, float]) -> Trial:
        """All replications with shares of capacity added, by resource."""
        network = faster(self.network, {r: 1 + z for r, z in shares.items()}, self.since)
        count = network.replications
        outputs = [0.0] * count
        days = self.goal.year.days
        results = completed(partial(_output, network, days), range(count), min(self.workers, count))
        with closing(results) as running:
            for number, output in running:
                outputs[number] = output
                if self.on_done is not None:
                    self.on_done(self.counted, False)
                self.counted += 1
        found = aggregate(outputs, self.unit, 0, self.confidence)
        trial = Trial(room, found, found.low is not None and found.low >= self.goal.output)
        self.trials.append(trial)
        return trial

    def _builds(self, shares: Mapping[int, float]) -> tuple[Build, ...]:
        return tuple(self._build(r, share) for r, share in sorted(shares.items()))

    def _build(self, resource: int, share: float) -> Build:
        network, window = self.network, (self.goal.year.begin, self.goal.year.end)
        key = network.resources[resource].id
        return Build(
            resource,
            key,
            share,
            resource_capacity(network, resource, *window),
            unit_of(network, resource),
            mean_servers(network, resource, *window),
            highest_speed(network, resource, *window),
            self.goal.terms.get(key, self.goal.usual),
            network.horizon.origin + dt.timedelta(seconds=self.since),
        )


def _output(network: CompiledNetwork, days: range, number: int) -> float:
    run = simulate(network, number)
    return float(daily_output(network, run)[days.start : days.stop].sum()) / THOUSANDTHS
