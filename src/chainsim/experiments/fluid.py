"""A chain as flows: what is there when an outage begins, and which flows are possible from then on.

Every operation and every lane is an activity; yields, work and rates are taken at their means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chainsim.network.clock import Clock
from chainsim.network.compiled import (
    FULL_SPEED,
    NONE,
    SCRAP,
    SECONDS_PER_DAY,
    THOUSANDTHS,
    CompiledNetwork,
    StreamSpec,
)
from chainsim.network.disruption import DisruptionSpec
from chainsim.network.distributions import mean
from chainsim.network.installed import server_work
from chainsim.network.streams import expected_amounts, undisturbed
from chainsim.outcome.trajectory import Integers, Trajectory

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]
MILLISECONDS_PER_DAY = 1_000 * SECONDS_PER_DAY


@dataclass(frozen=True)
class State:
    """What there is and what is wanted when an outage begins.

    Raises:
        ValueError: an amount is below zero or not finite, or there are no days.
    """

    begin: int
    """Second of the run at which the outage begins."""
    days: float
    """Days from then on over which rates of work, demand and arrivals are averaged."""
    goods: Floats
    """Units on hand, with those on the way there (stock,)."""
    in_process: Floats
    """Lots that servers work on (operation,)."""
    demand: Mapping[int, float]
    """Units per day that customers want of a stock, by its index."""

    def __post_init__(self) -> None:
        amounts = np.array([self.days, *self.goods, *self.in_process, *self.demand.values()])
        if not np.isfinite(amounts).all() or amounts.min() < 0 or not self.days:
            raise ValueError("the amounts of a state must be finite and not below zero")


def initial_state(network: CompiledNetwork, days: float) -> State:
    """The state at the start of the simulation, with what is on the road then.

    Args:
        network: A network.
        days: Over which rates are averaged.
    """
    goods = np.array([float(stock.initial) for stock in network.stocks])
    for lane in network.lanes:
        goods[lane.destination] += sum(amount for _, amount in lane.in_transit)
    lots = np.zeros(len(network.operations))
    return State(0, days, goods / THOUSANDTHS, lots, demand_rates(network, 0, days))


@dataclass(frozen=True)
class Holdings:
    """What a run holds at the start and at the end of each day."""

    goods: Floats
    """Units on hand, with those on the way there, (day + 1, stock)."""
    in_process: Floats
    """Lots that servers work on, (day + 1, operation)."""


def holdings_of(network: CompiledNetwork, run: Trajectory) -> Holdings:
    """What a run holds.

    Goods that are staged, in transit, at a gate or held by a server for lack of room count as
    there.
    """
    goods = _levels(run, "stocks", "on_hand") / THOUSANDTHS
    for where in ("staged", "in_transit", "at_gate"):
        on_the_way = _levels(run, "lanes", where) / THOUSANDTHS
        for k, lane in enumerate(network.lanes):
            goods[:, lane.destination] += on_the_way[:, k]
    sizes = np.array([operation.lot for operation in network.operations])
    blocked = _levels(run, "operations", "blocked") / sizes
    for k, stock, amount in _yields(network):
        goods[:, stock] += blocked[:, k] * amount
    return Holdings(goods, _levels(run, "operations", "in_process") / sizes)


def state_at(network: CompiledNetwork, runs: Sequence[Holdings], begin: int, days: float) -> State:
    """The mean state of runs at the last midnight that is not after `begin`.

    Args:
        network: Of the runs.
        runs: Replications. Those without disruptions (twins) show what an outage finds.
        begin: Second of the run.
        days: From then on, over which rates are averaged.
    """
    past = int(np.searchsorted(network.horizon.day_ends, begin, side="right"))
    goods = np.mean([run.goods[past] for run in runs], axis=0)
    lots = np.mean([run.in_process[past] for run in runs], axis=0)
    return State(begin, days, goods, lots, demand_rates(network, begin, days))


def _yields(network: CompiledNetwork) -> Iterator[tuple[int, int, float]]:
    """(operation, stock, units of a lot that come there on average) of all outputs but scrap."""
    for k, operation in enumerate(network.operations):
        for output in operation.outputs:
            if output.stock != SCRAP:
                yield k, output.stock, output.quantity * output.share / THOUSANDTHS


def _levels(run: Trajectory, kind: str, name: str) -> Floats:
    """A level of all entities of a kind at the start and at the end of each day, as stored."""
    table = run.tables[kind]
    return np.vstack([table.initial[name], table.levels[name]]).astype(np.float64)


def speeds_left(network: CompiledNetwork, disruption: DisruptionSpec) -> dict[int, float]:
    """The share of its speed that each operation keeps in the full effect of a disruption.

    By index of the operation; of a random effect its mean, as if all sites took part, and backup
    power as if it ran from the start.
    """
    if disruption.capacity is None:
        return {}
    left = max(mean(disruption.capacity), disruption.floor)
    backups = {o: network.operations[o].backup for o in disruption.operations}
    return {o: left if own is None else max(left, own.floor) for o, own in backups.items()}


def demand_rates(network: CompiledNetwork, begin: int, days: float) -> dict[int, float]:
    """Units per day that customers are expected to want, by index of the stock.

    Args:
        network: A network; what disruptions do to demand does not count.
        begin: Second of the run.
        days: From then on.
    """
    rates: dict[int, float] = {}
    for demand in network.demands:
        more = _per_day(network, demand.stream, begin, days)
        rates[demand.stock] = rates.get(demand.stock, 0.0) + more
    return rates


def _per_day(network: CompiledNetwork, stream: StreamSpec, begin: int, days: float) -> float:
    """Units (of slots: lots) per day that a stream is expected to bring."""
    edges = np.array([begin, begin + round(days * SECONDS_PER_DAY)])
    return float(expected_amounts(network, stream, edges)[0]) / THOUSANDTHS / days


@dataclass(frozen=True)
class Flows:
    """What is possible: `taken @ activities <= there + gained x days`.

    Activities are the lots of every operation, then the units on every lane. The first rows are
    the balances of the stocks, the others capacities.
    """

    taken: csr_matrix
    """(row, activity)."""
    there: Floats
    """(row,)."""
    gained: Floats
    """Per day (row,)."""
    most: Floats
    """Of each activity: 0 where it is stopped (activity,)."""
    binding: Integers
    """The rows that bind: not those of unlimited stocks."""
    owners: tuple[tuple[str, int], ...] = ()
    """Whose row it is, by kind and index: of a stock, resource, slots (operation) or lane (the
    first of those that share a quota)."""


def flows_of(
    network: CompiledNetwork, state: State, left: Mapping[int, float], closed: Collection[int]
) -> Flows:
    """The flows of a network from a state on.

    Args:
        network: A network.
        state: When the outage begins.
        left: The share of its speed that an operation keeps, by index; others keep all.
        closed: Lanes, by index, that carry nothing.
    """
    from scipy.sparse import csr_matrix

    operations = len(network.operations)
    down = {k for k, share in left.items() if not share}
    stocks = [("stock", k) for k in range(len(network.stocks))]
    rows = _Rows(list(state.goods), [0.0] * len(stocks), stocks)
    _add_balances(rows, network, state, down)
    _add_capacities(rows, network, state, left)
    _add_quotas(rows, network)
    most = np.full(operations + len(network.lanes), np.inf)
    working = _working(network, state, down, closed)
    most[[k for k in range(operations) if k not in working]] = 0.0
    most[[operations + k for k in closed]] = 0.0
    table = np.array(rows.entries).reshape(-1, 3)
    places = table[:, :2].astype(np.int64).T
    taken = csr_matrix((table[:, 2], tuple(places)), shape=(len(rows.there), len(most)))
    unlimited = [k for k, stock in enumerate(network.stocks) if stock.unlimited]
    binding = np.setdiff1d(np.arange(len(rows.there)), unlimited)
    there, gained = np.array(rows.there), np.array(rows.gained)
    return Flows(taken, there, gained, most, binding, tuple(rows.owners))


@dataclass
class _Rows:
    """Rows as they are written."""

    there: list[float]
    gained: list[float]
    owners: list[tuple[str, int]]
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    """(row, activity, taken by one of it)."""

    def add(self, taken: Mapping[int, float], per_day: float, owner: tuple[str, int]) -> None:
        """Write a capacity per day and what each activity takes of it."""
        self.owners.append(owner)
        self.entries += [(len(self.there), activity, share) for activity, share in taken.items()]
        self.there.append(0.0)
        self.gained.append(per_day)


def _add_balances(
    rows: _Rows, network: CompiledNetwork, state: State, down: Collection[int]
) -> None:
    """What activities take from stocks and bring, what servers hold, and what arrives."""
    for k, operation in enumerate(network.operations):
        for used in operation.inputs:
            if used.consumed:
                rows.entries.append((used.stock, k, used.quantity / THOUSANDTHS))
    for k, stock, amount in _yields(network):
        rows.entries.append((stock, k, -amount))
        if k not in down:
            rows.there[stock] += amount * state.in_process[k]
    for k, lane in enumerate(network.lanes, start=len(network.operations)):
        rows.entries += [(lane.source, k, 1.0), (lane.destination, k, -1.0)]
    for arrival in network.arrivals:
        rows.gained[arrival.stock] += _per_day(network, arrival.stream, state.begin, state.days)


def _add_capacities(
    rows: _Rows, network: CompiledNetwork, state: State, left: Mapping[int, float]
) -> None:
    """The time of servers, of each operation by itself and of those that share them; slots."""
    window = (state.begin, state.begin + round(state.days * SECONDS_PER_DAY))
    clocks = [undisturbed(network, operation.clock) for operation in network.operations]

    def per_day(r: int, clock: Clock) -> float:
        """Server-days of work that servers can do in a day."""
        return server_work(network, r, clock, *window) / FULL_SPEED / (window[1] - window[0])

    for r, resource in enumerate(network.resources):
        held = {k: _days_per_lot(network, k) for k in resource.operations}
        for k, days in held.items():
            rows.add({k: days}, per_day(r, clocks[k]) * left.get(k, 1.0), ("resource", r))
        if len(held) > 1:
            fastest = _fastest([clocks[k] for k in held])
            rows.add(held, per_day(r, fastest), ("resource", r))
    for k, operation in enumerate(network.operations):
        release = operation.release
        if release.slots is not None and not release.keep_missed:
            slots = _per_day(network, release.slots, state.begin, state.days)
            rows.add({k: 1.0}, slots, ("slots", k))


def _days_per_lot(network: CompiledNetwork, operation: int) -> float:
    """Days that a server works on a lot, with overtime where the operation has it."""
    spec = network.operations[operation]
    fastest = max(FULL_SPEED, spec.overtime_factor) / FULL_SPEED
    return mean(spec.work) / MILLISECONDS_PER_DAY / fastest


def _fastest(clocks: Sequence[Clock]) -> Clock:
    """A clock with the highest rate of some clocks at every second."""
    steps = sorted({second for clock in clocks for second in clock.times})
    return Clock(steps, [max(clock.rate(step) for clock in clocks) for step in steps])


def _add_quotas(rows: _Rows, network: CompiledNetwork) -> None:
    """What the lanes of a block and pair carry in a day."""
    groups: dict[tuple[int, int], dict[int, float]] = {}
    for k, lane in enumerate(network.lanes, start=len(network.operations)):
        if lane.daily_quota != NONE:
            groups.setdefault((lane.quota_group, lane.daily_quota), {})[k] = 1.0
    for (_, quota), group in groups.items():
        first = min(group) - len(network.operations)
        rows.add(group, quota / THOUSANDTHS, ("lane", first))


def _working(
    network: CompiledNetwork, state: State, down: Collection[int], closed: Collection[int]
) -> set[int]:
    """Operations that can ever start: what they need, consumed or not, is or comes there."""
    present = {k for k, stock in enumerate(network.stocks) if stock.unlimited or state.goods[k]}
    present |= {arrival.stock for arrival in network.arrivals}
    present |= {
        output.stock
        for k, operation in enumerate(network.operations)
        if state.in_process[k] and k not in down
        for output in operation.outputs
    }
    working: set[int] = set()
    known = -1
    while known != len(present) + len(working):
        known = len(present) + len(working)
        for k, operation in enumerate(network.operations):
            if k not in down and {used.stock for used in operation.inputs} <= present:
                working.add(k)
                present |= {output.stock for output in operation.outputs}
        present |= {
            lane.destination
            for k, lane in enumerate(network.lanes)
            if k not in closed and lane.source in present
        }
    return working
