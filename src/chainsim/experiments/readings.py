"""What a check reads of one replication: every measure in one row, and the series by week."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from chainsim.errors import LawError, RunError
from chainsim.experiments.contrasts import IMPACT_MEASURES, impact_row, is_censored
from chainsim.experiments.executors import completed
from chainsim.experiments.replications import Replication, compared_with_twin, simulate
from chainsim.experiments.units import unit_of_output, units_of
from chainsim.network.compiled import THOUSANDTHS, CompiledNetwork
from chainsim.outcome.measures import ITEM_MEASURES, MEASURES, Row, Values, daily_output, measure
from chainsim.outcome.resilience import Resilience
from chainsim.outcome.trajectory import Integers, Trajectory

WEEK = 7


@dataclass(frozen=True, slots=True)
class Reading:
    """What one replication says to expectations."""

    number: int
    row: Row = field(default_factory=dict)
    """By measure, those of items as MEASURE.ITEM; empty if it failed. A time that lies beyond the
    end of the run is what was watched of it."""
    censored: frozenset[str] = frozenset()
    """The times that are longer than what the row says."""
    followed: float = 0.0
    """Days from the strike to the end of the run: no time is seen to be longer."""
    weeks: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """By series, in units; days of statistics, the last week may be shorter."""
    error: str = ""
    """Why it failed."""

    @property
    def broke_a_law(self) -> bool:
        """Whether it failed because a law of conservation does not hold."""
        return self.error.startswith(f"{LawError.__name__}:")


def reading_of(replication: Replication) -> Reading:
    """The reading of a replication of a run, without its weeks."""
    found = replication.resilience
    if replication.values is None:
        return Reading(replication.number, error=replication.error)
    impact = found.total if found is not None else None
    row, censored = _row(replication.values, impact)
    return Reading(replication.number, row, censored, impact.followed if impact else 0.0)


def read(network: CompiledNetwork, number: int) -> Reading:
    """The reading of one replication; what fails within it is kept as its error."""
    try:
        trajectory = simulate(network, number)
        impact = None
        if network.resilience is not None:
            impact = compared_with_twin(network, trajectory, number).total
    except RunError as error:
        return Reading(number, error=f"{type(error).__name__}: {error}")
    except MemoryError:
        return Reading(number, error="out of memory")
    row, censored = _row(measure(network, trajectory), impact)
    followed = impact.followed if impact else 0.0
    return Reading(number, row, censored, followed, weekly(network, trajectory))


def readings(
    network: CompiledNetwork,
    numbers: Sequence[int],
    workers: int = 1,
    on_done: Callable[[int, bool], None] | None = None,
) -> list[Reading]:
    """The readings of some replications, in their order, however many workers there are.

    Raises:
        RunError: a worker process died.
    """
    found: dict[int, Reading] = {}
    with closing(completed(partial(read, network), numbers, min(workers, len(numbers)))) as done:
        for number, reading in done:
            found[number] = reading
            if on_done is not None:
                on_done(numbers[0] + len(found) - 1, bool(reading.error))
    return [found[number] for number in numbers]


def _row(values: Values, impact: Resilience | None) -> tuple[Row, frozenset[str]]:
    row: Row = dict(values.total)
    for item, own in values.items.items():
        row |= {f"{name}.{item}": value for name, value in own.items()}
    if impact is None:
        return row, frozenset()
    censored = frozenset(name for name in IMPACT_MEASURES if is_censored(impact, name))
    row |= impact_row(impact) | dict.fromkeys(censored, impact.followed)
    if not impact.struck:
        row["time_to_recover"] = 0.0  # what was never struck has nothing to recover from
    return row, censored


def weekly(network: CompiledNetwork, trajectory: Trajectory) -> dict[str, tuple[float, ...]]:
    """The series by week, days of statistics from the first on; the last week may be shorter."""
    served = [k for k, one in enumerate(network.demands) if one.stock in network.output_stocks]
    demands = trajectory.tables["demands"]
    days = slice(trajectory.first_day, None)
    output = daily_output(network, trajectory)[days].sum(axis=1)
    delivered = demands.counts["delivered"][days][:, served].sum(axis=1)
    backlog = demands.levels["backlog"][days][:, served].sum(axis=1)
    return {
        "output": tuple(sum(week) / THOUSANDTHS for week in _weeks(output)),
        "delivered": tuple(sum(week) / THOUSANDTHS for week in _weeks(delivered)),
        "backlog": tuple(sum(week) / THOUSANDTHS / len(week) for week in _weeks(backlog)),
    }


def _weeks(days: Integers) -> Iterator[list[int]]:
    for first in range(0, len(days), WEEK):
        yield days[first : first + WEEK].tolist()


def number_of_weeks(network: CompiledNetwork) -> int:
    """The weeks of statistics, the last one as it may be."""
    ends = np.array(network.horizon.day_ends)
    days = int((ends > network.horizon.statistics_from).sum())
    return -(-days // WEEK)


def units_by_measure(network: CompiledNetwork) -> dict[str, str]:
    """The unit of every measure that an expectation may name."""
    output = unit_of_output(network)
    known = {name: one.unit for name, one in MEASURES.items()}
    known |= {name: one.unit.replace("units", output) for name, one in IMPACT_MEASURES.items()}
    for item in network.items:
        known |= {f"{name}.{item.id}": one.unit for name, one in ITEM_MEASURES.items()}
    return known | dict(units_of(network))
