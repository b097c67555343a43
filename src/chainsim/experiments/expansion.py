"""What has to be built to reach an output: the least capacity by a linear program, then by runs.

The program finds what every server must do for the plan; runs then find how much room above that
the chain needs for its luck, its calendars and its rules. docs/bottleneck.md says what that claims.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from chainsim.errors import RunError
from chainsim.experiments.capacity import faster, planned_output, resource_capacity, with_plan
from chainsim.experiments.executors import completed
from chainsim.experiments.fluid import Floats, Flows, demand_rates
from chainsim.experiments.replications import OnDone, simulate
from chainsim.experiments.steady import outlets, source_shares, steady_flows
from chainsim.experiments.summary import Aggregate, aggregate
from chainsim.network.compiled import SECONDS_PER_DAY, THOUSANDTHS, CompiledNetwork
from chainsim.outcome.measures import daily_output
from chainsim.outcome.server_groups import Period, periods

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MARGIN = 0.01
"""The plan is so much above the target: output never passes its plan."""
RUN_UP = 60
"""Days before the year at which capacity opens and the plan rises, so that pipelines fill."""
ROOMS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Room above what the plan needs that is tried in turn until the target is reached."""
RESOLUTION = 0.005
"""Of the room."""
LEAST = 1e-6
"""Shares of capacity below this are rounding."""


@dataclass(frozen=True, slots=True)
class Goal:
    """An output that a year is to reach, and how capacity comes."""

    output: float
    """Units in the year."""
    year: Period
    construction: int
    """Seconds from the start of works to the opening."""
    ramp: int
    """Seconds from the opening to full capacity."""


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
    full_by: dt.datetime
    """When all has to be there."""

    @property
    def opens(self) -> dt.datetime:
        """When the ramp begins."""
        return self.full_by - dt.timedelta(seconds=self.goal.ramp)

    @property
    def begins(self) -> dt.datetime:
        """When works have to begin."""
        return self.opens - dt.timedelta(seconds=self.goal.construction)

    @property
    def verdict(self) -> str:
        """What came out."""
        if self.chosen is None:
            return "not reached"
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
    full_by = network.horizon.origin + dt.timedelta(seconds=since)
    return Expansion(goal, plan, factor, tuple(search.trials), chosen, builds, fresh, full_by)


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
    trials: list[Trial] = None  # type: ignore[assignment]
    counted: int = 0

    def __post_init__(self) -> None:
        self.trials = self.trials or []
        self._needs = _Needs.of(self.network, self.goal.year)

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
        results = completed(
            partial(_output, network, days), range(count), min(self.workers, count)
        )
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
        year = self.goal.year
        return tuple(
            Build(
                r,
                self.network.resources[r].id,
                share,
                resource_capacity(self.network, r, year.begin, year.end),
            )
            for r, share in sorted(shares.items())
        )


def _output(network: CompiledNetwork, days: range, number: int) -> float:
    run = simulate(network, number)
    return float(daily_output(network, run)[days.start : days.stop].sum()) / THOUSANDTHS


@dataclass(frozen=True)
class _Needs:
    """The linear program of the least capacity for a plan, month after month.

    Variables are the flows of every month, what is delivered in each, and the share that is added
    to each resource.
    """

    taken: csr_matrix
    """Rows that are no more than there is."""
    there: Floats
    """Without what is added."""
    owners: tuple[int, ...]
    """The resource that a row is of; -1 where it is none."""
    equal: csr_matrix
    equal_to: Floats
    most: Floats
    resources: int

    @classmethod
    def of(cls, network: CompiledNetwork, year: Period) -> _Needs:
        """The program for a year."""
        months = [m for m in periods(network.horizon)
                  if year.begin <= m.begin and m.end <= year.end]  # fmt: skip
        blocks = [_Month.of(network, month) for month in months]
        return _stacked(network, blocks)

    def shares(self, room: float) -> dict[int, float]:
        """What is added to each resource, as a share, so that the plan leaves it some room.

        Raises:
            RunError: no capacity carries the plan, or the solver fails.
        """
        from scipy.optimize import linprog
        from scipy.sparse import csr_matrix, hstack

        of_servers = np.array(self.owners) >= 0
        there = np.where(of_servers, self.there / (1 + room), self.there)
        added = np.zeros((len(there), self.resources))
        rows = np.flatnonzero(of_servers)
        added[rows, np.array(self.owners)[rows]] = -there[rows]
        width = self.taken.shape[1]
        found = linprog(
            np.concatenate([np.zeros(width), np.ones(self.resources)]),
            A_ub=hstack([self.taken, csr_matrix(added)], format="csr"),
            b_ub=there,
            A_eq=hstack([self.equal, csr_matrix((len(self.equal_to), self.resources))]),
            b_eq=self.equal_to,
            bounds=np.column_stack(
                [np.zeros(width + self.resources),
                 np.concatenate([self.most, np.full(self.resources, np.inf)])]
            ),
            method="highs",
        )  # fmt: skip
        if found.status == 2:
            raise RunError(
                "no enlargement of the servers that are there carries the plan: a lane, slots, or "
                "servers that are closed all year limit it"
            )
        if found.status != 0:
            raise RunError(f"the linear program of the expansion was not solved: {found.message}")
        shares = found.x[width:]
        return {int(r): float(shares[r]) for r in np.flatnonzero(shares > LEAST)}


@dataclass(frozen=True)
class _Month:
    """The flows of a month and what customers want in it."""

    flows: Flows
    wanted: dict[int, float]
    """Units by outlet."""
    days: float

    @classmethod
    def of(cls, network: CompiledNetwork, month: Period) -> _Month:
        days = (month.end - month.begin) / SECONDS_PER_DAY
        rates = demand_rates(network, month.begin, days)
        wanted = {stock: rates.get(stock, 0.0) * days for stock in outlets(network)}
        return cls(steady_flows(network, month), wanted, days)


def _stacked(network: CompiledNetwork, months: Sequence[_Month]) -> _Needs:
    """The months in one program: what is late in one may be delivered in a later one."""
    from scipy.sparse import block_diag, bmat, csr_matrix, vstack

    stocks = list(months[0].wanted)
    leaving = csr_matrix(
        (np.ones(len(stocks)), (stocks, range(len(stocks)))),
        shape=(len(months[0].flows.there), len(stocks)),
    )
    activities, width = len(months[0].flows.most), len(months[0].flows.most) + len(stocks)
    balances = block_diag(
        [bmat([[m.flows.taken, leaving]], format="csr")[m.flows.binding] for m in months]
    )
    until = np.zeros((len(months) * len(stocks), len(months) * width))
    for m in range(len(months)):
        for s in range(len(stocks)):
            until[m * len(stocks) + s, [k * width + activities + s for k in range(m + 1)]] = 1.0
    wanted = np.cumsum([[m.wanted[s] for s in stocks] for m in months], axis=0)
    shares = source_shares(network)
    of_shares = np.zeros((len(shares), width))
    for k, row in enumerate(shares):
        for lane, share in row.items():
            of_shares[k, len(network.operations) + lane] = share
    fixed = block_diag([csr_matrix(of_shares)] * len(months))
    owner_of = {("resource", r): r for r in range(len(network.resources))}
    owners = [owner_of.get(m.flows.owners[row], -1) for m in months for row in m.flows.binding]
    last = csr_matrix(until[-len(stocks) :])
    return _Needs(
        taken=vstack([balances, csr_matrix(until)], format="csr"),
        there=np.concatenate(
            [*(m.flows.gained[m.flows.binding] * m.days for m in months), wanted.ravel()]
        ),
        owners=(*owners, *[-1] * len(until)),
        equal=vstack([fixed, last], format="csr"),
        equal_to=np.concatenate([np.zeros(fixed.shape[0]), wanted[-1]]),
        most=np.concatenate(
            [np.append(m.flows.most, np.full(len(stocks), np.inf)) for m in months]
        ),
        resources=len(network.resources),
    )
