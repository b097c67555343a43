"""What observed figures become at chosen values of parameters, with the same random numbers.

A point is a tuple of places in the ranges of the parameters, from 0 (low) to 1 (high).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

from chainsim.errors import RunError
from chainsim.experiments.executors import completed
from chainsim.experiments.replications import OnDone, simulate
from chainsim.network.compiled import CompiledNetwork
from chainsim.network.compiling import compile_network
from chainsim.outcome.validation import measures_of
from chainsim.scenario.loading import Scenario
from chainsim.scenario.schema.document import ScenarioFile

Floats = NDArray[np.float64]
Point = tuple[float, ...]
Load = Callable[[Sequence[str]], Scenario]
"""The scenario with further overrides, as `--set` has them."""
DIGITS = 6
"""Of a range, to which values are rounded, so that what is printed is what was run."""
SEEDS = 2**63


@dataclass(frozen=True, slots=True)
class Range:
    """A parameter that is fitted, with the range in which it is sought, in its own unit."""

    name: str
    unit: str
    low: float
    high: float
    start: float

    def value(self, place: float) -> float:
        """The value at a place of the range, in the unit, rounded to `DIGITS` of the range."""
        span = self.high - self.low
        rounded = round(self.low + float(place) * span, DIGITS - floor(log10(span)))
        return min(max(rounded, self.low), self.high)

    def place(self, value: float) -> float:
        """Where a value stands in the range: 0 is low, 1 is high."""
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All replications at one point."""

    number: int
    point: Point
    values: tuple[float, ...]
    """Of the parameters, in their units."""
    figures: dict[str, Floats | None]
    """By observed figure: its value in each replication; None where the run does not have it."""

    def means(self, ids: Iterable[str]) -> Floats:
        """The means of some figures over the replications, (figure,)."""
        found: Floats = self.table(ids).mean(axis=0)
        return found

    def table(self, ids: Iterable[str]) -> Floats:
        """Some figures in all replications, (replication, figure).

        Raises:
            RunError: a figure has no value in one of them.
        """
        columns = []
        for name in ids:
            values = self.figures[name]
            if values is None:
                tried = ", ".join(map(in_words, self.values))
                raise RunError(f"figure '{name}' has no value in a replication at {tried}")
            columns.append(values)
        return np.column_stack(columns)


class BudgetSpent(Exception):
    """No more points may be tried."""


@dataclass
class Evaluations:
    """Points that were tried, each once; more are run as they are asked for, up to the budget."""

    load: Load
    ranges: tuple[Range, ...]
    budget: int
    workers: int = 1
    on_done: OnDone | None = None
    done: dict[tuple[float, ...], Evaluation] = field(default_factory=dict)

    def at(self, points: Sequence[Point]) -> list[Evaluation]:
        """The evaluations at some points, in their order.

        Raises:
            BudgetSpent: not all of them can be tried; none is then.
            InputError: a value makes the scenario impossible.
            RunError: a replication failed, or a worker process died.
        """
        wanted = [self._values(point) for point in points]
        new = [values for values in dict.fromkeys(wanted) if values not in self.done]
        if len(self.done) + len(new) > self.budget:
            raise BudgetSpent
        for evaluation in self._run(new):
            self.done[evaluation.values] = evaluation
        return [self.done[values] for values in wanted]

    def fresh(self, evaluation: Evaluation) -> Evaluation:
        """The same point with random numbers of its own, from the next seed; it costs no budget."""
        (found,) = self._run([evaluation.values], 1)
        return found

    @property
    def left(self) -> int:
        """How many more points may be tried."""
        return self.budget - len(self.done)

    def scenario(self, values: Sequence[float]) -> Scenario:
        """The scenario with the parameters at some values."""
        return self.load(
            [f"parameters.{r.name}={in_words(v)}" for r, v in zip(self.ranges, values, strict=True)]
        )

    def _values(self, point: Point) -> tuple[float, ...]:
        return tuple(r.value(place) for r, place in zip(self.ranges, point, strict=True))

    def _run(self, rows: Sequence[tuple[float, ...]], shift: int = 0) -> list[Evaluation]:
        """Each row of values with all replications; tasks of all rows share the workers."""
        if not rows:
            return []
        cases = [_case(self.scenario(values), shift) for values in rows]
        count = cases[0][0].replications
        tasks = range(len(rows) * count)
        found: list[dict[str, float | None]] = [{} for _ in tasks]
        left = [count] * len(rows)
        work = partial(_figures, cases, count)
        with closing(completed(work, tasks, min(self.workers, len(tasks)))) as running:
            for index, (figures, error) in running:
                row, number = divmod(index, count)
                if error:
                    raise RunError(f"replication {number} at {self._words(rows[row])}: {error}")
                found[index] = figures
                left[row] -= 1
                if not left[row] and self.on_done is not None:
                    self.on_done(len(self.done) + left.count(0) - 1, False)
        return [
            self._evaluation(row, values, found[row * count : (row + 1) * count])
            for row, values in enumerate(rows)
        ]

    def _evaluation(
        self, row: int, values: tuple[float, ...], found: Sequence[dict[str, float | None]]
    ) -> Evaluation:
        point = tuple(r.place(value) for r, value in zip(self.ranges, values, strict=True))
        figures: dict[str, Floats | None] = {}
        for name in found[0]:
            numbers = [figures_of_one[name] for figures_of_one in found]
            known = [number for number in numbers if number is not None]
            figures[name] = np.array(known) if len(known) == len(numbers) else None
        return Evaluation(len(self.done) + row, point, values, figures)

    def _words(self, values: Sequence[float]) -> str:
        return ", ".join(
            f"{r.name} = {in_words(v)} {r.unit}".rstrip()
            for r, v in zip(self.ranges, values, strict=True)
        )


def in_words(value: float) -> str:
    """A value as a scenario can have it: digits without an exponent."""
    return f"{Decimal(repr(value)).normalize():f}"


def _case(scenario: Scenario, shift: int) -> tuple[CompiledNetwork, ScenarioFile]:
    """What is run, without a twin: no observed figure needs it."""
    network = compile_network(scenario)
    seed = (network.seed + shift) % SEEDS
    return replace(network, seed=seed, resilience=None), scenario.document


def _figures(
    cases: Sequence[tuple[CompiledNetwork, ScenarioFile]], count: int, index: int
) -> tuple[dict[str, float | None], str]:
    """The observed figures of one replication of one case, or why it failed."""
    row, number = divmod(index, count)
    network, document = cases[row]
    try:
        return measures_of(document, network, simulate(network, number)), ""
    except RunError as error:
        return {}, f"{type(error).__name__}: {error}"
    except MemoryError:
        return {}, "out of memory"
