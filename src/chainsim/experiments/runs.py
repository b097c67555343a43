"""The run of one scenario: all its replications and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chainsim.errors import InputError, Problem, RunError, did_you_mean, shown
from chainsim.experiments.daily import DailyRuns
from chainsim.experiments.expectations import stated
from chainsim.experiments.judging import Judged, judged_by_run
from chainsim.experiments.launch_summary import LaunchSummary, launch_summaries
from chainsim.experiments.losses import LossSummary, loss_summary
from chainsim.experiments.observed import ObservedMonths, observed_series
from chainsim.experiments.readings import reading_of
from chainsim.experiments.replications import (
    OnDone,
    Precision,
    Replication,
    is_precise,
    run_replications,
)
from chainsim.experiments.start_up import FoundWarmUp, find_warm_up
from chainsim.experiments.summary import Compared, Summary, compared, summarise
from chainsim.experiments.survival import Impacts, impacts
from chainsim.experiments.units import unit_of_output, units_of, units_of_items
from chainsim.experiments.years import YearSummary, years_summary
from chainsim.network.compiled import CompiledNetwork
from chainsim.network.compiling import compile_network
from chainsim.outcome.measures import MEASURES
from chainsim.outcome.validation import check_figures, comparisons
from chainsim.provenance import Inputs, inputs_of
from chainsim.scenario.loading import Scenario
from chainsim.scenario.warm_up import leaves_warm_up_open, with_warm_up

ENGINES = ("simpy",)


@dataclass(frozen=True)
class Run:
    """A scenario that was run."""

    scenario: Scenario
    network: CompiledNetwork
    replications: tuple[Replication, ...]
    """By number, the failed ones too."""
    summary: Summary
    validation: tuple[Compared, ...]
    observed: Mapping[str, tuple[ObservedMonths, ...]]
    """Observed series by measure."""
    engine: str
    years: tuple[YearSummary, ...] = ()
    """The measures by calendar year."""
    expectations: tuple[Judged, ...] = ()
    """What the scenario expects, with verdicts."""
    precision: Precision | None = None
    """Until which replications were added."""
    impact: Impacts | None = None
    """Against the twins, where the scenario has a resilience block."""
    losses: LossSummary | None = None
    """Output lost against the twins, by cause; likewise."""
    launches: Mapping[str, LaunchSummary] = field(default_factory=dict)
    """New models by id."""
    found_warm_up: FoundWarmUp | None = None
    """Where the scenario left the warm-up to MSER-5; then `scenario` has it as a time."""
    inputs: Inputs = field(default_factory=Inputs)
    """What the input files held before the run."""

    @property
    def daily(self) -> DailyRuns:
        """The daily series of the replications that did not fail."""
        return DailyRuns([r.daily for r in self.replications if r.daily is not None])

    @property
    def output_unit(self) -> str:
        """The unit of output, as a plural."""
        return unit_of_output(self.network)


@dataclass(frozen=True)
class Prepared:
    """A scenario that is ready to run: all that can be wrong with it has been looked for."""

    scenario: Scenario
    network: CompiledNetwork
    precision: Precision | None
    observed: Mapping[str, tuple[ObservedMonths, ...]]
    inputs: Inputs
    """What the input files hold now: they may change while it runs."""


def prepare(scenario: Scenario) -> Prepared:
    """The scenario with its network.

    Raises:
        InputError: it does not compile, or names a measure that does not exist.
    """
    file = scenario.files[0] if scenario.files else "the scenario"
    check_figures(scenario.document, file)
    precision = _precision(scenario)
    observed = observed_series(scenario)
    counted = scenario
    if leaves_warm_up_open(scenario):
        counted = with_warm_up(scenario, 0, "not known before the run")
    files = (*scenario.files, *scenario.csv_files)
    inputs = inputs_of(files, tuple(scenario.series.values()))
    network = compile_network(counted)
    stated(scenario, network)
    return Prepared(scenario, network, precision, observed, inputs)


def run(prepared: Prepared, workers: int = 1, on_done: OnDone | None = None) -> Run:
    """All replications of a scenario.

    Raises:
        WarmUpError: the scenario leaves its warm-up to MSER-5, which does not find it.
        RunError: every replication failed, or a worker process died.
    """
    prepared, found_warm_up = with_found_warm_up(prepared, workers)
    document, network = prepared.scenario.document, prepared.network
    confidence = float(document.run.confidence)
    found = run_replications(
        network, document.run.replications, workers, on_done, prepared.precision, document
    )
    if all(r.values is None for r in found):
        raise RunError(f"all {len(found)} replications failed; the first: {found[0].error}")
    units = units_of(network)
    summary = summarise(found, confidence, units)
    figures = comparisons(document, [r.figures for r in found if r.values is not None])
    return Run(
        scenario=prepared.scenario,
        network=network,
        replications=tuple(found),
        summary=summary,
        validation=compared(figures, summary.failed, confidence, units),
        observed=prepared.observed,
        engine=ENGINES[0],
        years=years_summary(found, confidence, units),
        expectations=judged_by_run(
            stated(prepared.scenario, network), [reading_of(r) for r in found], confidence
        ),
        precision=prepared.precision,
        impact=impacts(found, confidence, unit_of_output(network), units_of_items(network)),
        losses=loss_summary(network, found, confidence, unit_of_output(network)),
        launches=launch_summaries(network, found, confidence, unit_of_output(network)),
        found_warm_up=found_warm_up,
        inputs=prepared.inputs,
    )


def reached(found: Run) -> bool:
    """Whether the precision that a scenario asks for was reached; true where it asks for none."""
    wanted = found.precision
    return wanted is None or is_precise(found.replications, wanted)


def with_found_warm_up(prepared: Prepared, workers: int = 1) -> tuple[Prepared, FoundWarmUp | None]:
    """The scenario with its warm-up as a time, and how that was found where MSER-5 had to.

    Raises:
        WarmUpError: MSER-5 does not find it.
        RunError: every replication failed, or a worker process died.
    """
    if not leaves_warm_up_open(prepared.scenario):
        return prepared, None
    found = find_warm_up(prepared.scenario, workers)
    scenario = with_warm_up(prepared.scenario, found.days, found.words)
    return replace(prepared, scenario=scenario, network=compile_network(scenario)), found


def _precision(scenario: Scenario) -> Precision | None:
    run = scenario.document.run
    wanted = run.precision
    if wanted is None:
        return None
    if wanted.measure not in MEASURES:
        path = "run.precision.measure"
        place = scenario.origin(path).place
        remedy = did_you_mean(wanted.measure, MEASURES)
        raise InputError(
            [Problem(place, 0, 0, path, "name a measure", shown(wanted.measure), remedy)]
        )
    return Precision(
        wanted.measure,
        float(wanted.relative),
        float(wanted.absolute.value) if wanted.absolute is not None else 0.0,
        wanted.at_most,
        float(run.confidence),
    )
