"""Replications of a scenario: one, or many on several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Any

from pydantic import TypeAdapter

from chainsim.engines import draws
from chainsim.engines.hazards import occurrences
from chainsim.engines.simpy_engine.simulate import simulate as simulate_network
from chainsim.errors import RunError
from chainsim.experiments.daily import PackedDays, packed
from chainsim.experiments.executors import completed
from chainsim.experiments.statistics import precise_enough
from chainsim.network.compiled import CompiledNetwork
from chainsim.network.compiling import compile_network
from chainsim.network.distributions import compiled
from chainsim.outcome.causes import loss_by_cause
from chainsim.outcome.launches import LaunchCourse, launch_courses
from chainsim.outcome.laws import check_laws
from chainsim.outcome.measures import Values, measure
from chainsim.outcome.trajectory import Trajectory
from chainsim.outcome.twin import TwinComparison, against_twin
from chainsim.outcome.validation import measures_of
from chainsim.outcome.yearly import YearValues, measures_by_year
from chainsim.scenario.loading import Scenario
from chainsim.scenario.schema.distributions import distribution_of
from chainsim.scenario.schema.document import ScenarioFile

WITH_DAYS = 200
"""Replications whose daily series are kept: enough for 5 and 95 % quantiles."""
OnDone = Callable[[int, bool], None]
"""Called with each replication that is finished, in order of number: (number, failed)."""


def simulate(scenario: Scenario | CompiledNetwork, replication: int = 0) -> Trajectory:
    """The trajectory of one replication; the laws are checked before it is handed out.

    Raises:
        InputError: the scenario does not compile.
        LawError: a law of conservation is broken, which is a defect of the engine.
        LoopError: an instant does not end.
    """
    network = scenario if isinstance(scenario, CompiledNetwork) else compile_network(scenario)
    trajectory = simulate_network(network, replication)
    check_laws(network, trajectory)
    return trajectory


def sample(distribution: Mapping[str, Any] | float, n: int, seed: int = 1) -> list[float]:
    """`n` unrounded values of a distribution written as in a scenario, in plain numbers."""
    written = TypeAdapter(distribution_of(None, "1", low=None)).validate_python(distribution)
    generator = draws.Draws(seed, 0).generator("sample", "values")
    return draws.sample(compiled(written, low=None), generator, n)


@dataclass(frozen=True, slots=True)
class Replication:
    """What is kept of one replication."""

    number: int
    values: Values | None
    """The measures; None if it failed."""
    daily: PackedDays | None
    """The daily series of the first `WITH_DAYS` replications."""
    events: int
    figures: dict[str, float | None] = field(default_factory=dict)
    """What the observed figures of the scenario are in this replication, by id."""
    error: str = ""
    """Why it failed."""
    years: tuple[YearValues, ...] = ()
    """The measures by calendar year."""
    resilience: TwinComparison | None = None
    """Where the scenario asks for it."""
    launches: dict[str, LaunchCourse] = field(default_factory=dict)
    """By id."""


@dataclass(frozen=True, slots=True)
class Precision:
    """Replications are added until the mean of a measure is known this well."""

    measure: str
    relative: float
    """Half-width of the interval over the absolute mean."""
    absolute: float = 0.0
    """Or this half-width, where the mean is near zero; in the measure's unit."""
    at_most: int = 1000
    confidence: float = 0.95


def run_replications(
    network: CompiledNetwork,
    replications: int,
    workers: int = 1,
    on_done: OnDone | None = None,
    precision: Precision | None = None,
    document: ScenarioFile | None = None,
) -> list[Replication]:
    """The replications of a network by number; they do not depend on the number of workers.

    Args:
        network: What is run.
        replications: How many; with a precision, how many at least (and never less than two).
        workers: Processes.
        on_done: Told of each finished replication.
        precision: When it is reached, no more replications are added.
        document: Of the network; its observed figures are measured if it is given.

    Raises:
        RunError: a worker process died. What fails within a replication is kept as its error.
    """
    work = partial(replicated, network, document)
    least = max(2, replications) if precision else replications
    most = max(least, precision.at_most) if precision else replications
    found: list[Replication] = []
    results = completed(work, range(most), min(workers, most))
    with closing(results) as running:
        for replication in _in_order(running):
            found.append(replication)
            if on_done is not None:
                on_done(replication.number, replication.values is None)
            if precision and len(found) >= least and is_precise(found, precision):
                break
    return found


def replicated(network: CompiledNetwork, document: ScenarioFile | None, number: int) -> Replication:
    """One replication, reduced to its measures and compressed daily series."""
    try:
        trajectory = simulate(network, number)
        twin_comparison = None
        if network.resilience is not None:
            twin_comparison = compared_with_twin(network, trajectory, number)
    except RunError as error:
        return Replication(number, None, None, 0, error=f"{type(error).__name__}: {error}")
    except MemoryError:
        return Replication(number, None, None, 0, error="out of memory")
    return Replication(
        number,
        measure(network, trajectory),
        packed(network, trajectory) if number < WITH_DAYS else None,
        trajectory.events,
        measures_of(document, network, trajectory) if document is not None else {},
        years=measures_by_year(network, trajectory),
        resilience=twin_comparison,
        launches=launch_courses(network, trajectory),
    )


def compared_with_twin(
    network: CompiledNetwork, trajectory: Trajectory, number: int
) -> TwinComparison:
    """A replication against its twin, the same draws without any disruption, with its losses.

    Raises:
        ValueError: the network has no resilience block.
        LawError, LoopError: as `simulate`, of the twin; or losses by cause that do not add up.
    """
    twin = simulate(replace(network, disruptions=()), number)
    strikes = occurrences(network, draws.Draws(network.seed, number))
    within = [o.start for o in strikes if 0 <= o.start < network.horizon.end and o.sites]
    strike = min(within, default=None)
    losses = loss_by_cause(network, trajectory, twin, strike)
    return replace(against_twin(network, trajectory, twin, strike), losses=losses)


def _in_order(results: Iterator[tuple[int, Replication]]) -> Iterator[Replication]:
    """The results by number: what comes early waits."""
    early: dict[int, Replication] = {}
    numbers = count()
    number = next(numbers)
    for index, result in results:
        early[index] = result
        while number in early:
            yield early.pop(number)
            number = next(numbers)


def is_precise(found: Sequence[Replication], wanted: Precision) -> bool:
    """Whether the mean of a measure is known as well as wanted."""
    values = [r.values.total[wanted.measure] for r in found if r.values is not None]
    defined = [value for value in values if value is not None]
    return bool(defined) and precise_enough(
        defined, wanted.relative, wanted.absolute, wanted.confidence
    )
