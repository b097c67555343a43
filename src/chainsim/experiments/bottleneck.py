"""Where a chain binds: server time by month, losses by what binds, shadow values, steady bounds.

docs/bottleneck.md says for users what each number means.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from pydantic import TypeAdapter, ValidationError

from chainsim.errors import InputError, Problem, RunError
from chainsim.experiments.expansion import Expansion, Goal, Terms, expansion
from chainsim.experiments.fluid import Floats
from chainsim.experiments.pairing import check_pairing
from chainsim.experiments.replications import OnDone
from chainsim.experiments.runs import Prepared, prepare
from chainsim.experiments.shadow import Bench, Observed, ShadowValue, Tried, shadow_values, tried
from chainsim.experiments.steady import SteadyOutput, steady_output
from chainsim.experiments.summary import Aggregate, aggregate
from chainsim.experiments.units import unit_of_output
from chainsim.network.compiled import SECONDS_PER_DAY, THOUSANDTHS, CompiledNetwork
from chainsim.outcome.binding import NO_CONSTRAINT
from chainsim.outcome.calendar_years import calendar_years
from chainsim.outcome.server_groups import Group, Period, periods, server_groups
from chainsim.scenario.loading import Scenario
from chainsim.scenario.schema.fields import Duration
from chainsim.scenario.schema.investments import Expansion as WrittenExpansion
from chainsim.scenario.schema.investments import Ramp

TOLERANCE = 0.01
"""A period is bound where more than this part of what ample capacity makes is lost."""
NOTHING = "none"
"""What binds where the plan is met."""
STEP = 0.02
TIME_CONSTANTS = 3
LONGEST_RAMP = 540 * SECONDS_PER_DAY
"""Seconds: capacity that comes over a longer time stands for plants one after another."""
"""After so many an exponential ramp counts as full; a Gompertz ramp after twice as many."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an analysis is asked for."""

    step: float = STEP
    """Share by which each group is made faster."""
    since: dt.datetime | None = None
    """From when; the start of statistics, unless given."""
    year: int | None = None
    """In which extra output is counted and a target is to be reached; else all statistics, and
    the last whole year."""
    target: float | None = None
    """Output of the year; no search without."""
    by_site: bool = False
    """Whether servers of different sites are groups of their own."""
    yearly: bool = False
    """Whether periods are years."""
    construction: int = 365 * SECONDS_PER_DAY
    """Seconds, where the scenario does not say."""
    ramp: int = 90 * SECONDS_PER_DAY
    """Likewise."""
    only: tuple[str, ...] = ()
    """Shadow values of groups whose ids contain one of these; of all unless given."""
    shadow: bool = True
    """Whether there are shadow values."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What binds in a period."""

    period: Period
    binds: str
    """The id of a group of servers, a state that keeps goods or orders, or none."""
    share: float | None
    """Its part of the loss before what was caught up."""
    output: Aggregate
    loss: Aggregate
    """What ample capacity makes more."""
    parts: Mapping[str, float]
    """Means by what binds, the largest first; with `caught_up` they add up to the loss."""
    caught_up: float
    """Below zero."""


@dataclass(frozen=True)
class Analysis:
    """An analysis that is ready to run: all that can be wrong with it has been looked for."""

    ready: Prepared
    asked: Asked
    bench: Bench
    goal: Goal | None

    @property
    def network(self) -> CompiledNetwork:
        """Of all runs."""
        return self.bench.network

    @property
    def scenario(self) -> Scenario:
        """Of all runs."""
        return self.ready.scenario

    @property
    def runs(self) -> int:
        """Runs before the search."""
        return self.network.replications * self.bench.cases

    @property
    def confidence(self) -> float:
        """Of all intervals."""
        return float(self.scenario.document.run.confidence)

    @property
    def unit(self) -> str:
        """Of output, as a plural."""
        return unit_of_output(self.network)


@dataclass(frozen=True)
class Bottlenecks:
    """An analysis that was run."""

    analysis: Analysis
    states: Floats
    """Mean server-seconds, (period, group, state)."""
    bound: tuple[Bound, ...]
    """By period."""
    shadow: tuple[ShadowValue, ...]
    """The most valuable group first."""
    steady: tuple[tuple[SteadyOutput | None, SteadyOutput | None], ...]
    """By period: with free sources and makers, and as ordered."""
    errors: dict[str, str] = field(default_factory=dict)
    """Why runs failed, by what was run."""
    expansion: Expansion | None = None


def analysed(scenario: Scenario, asked: Asked | None = None) -> Analysis:
    """The analysis of a scenario.

    Raises:
        InputError: with every problem of one kind.
    """
    asked = asked or Asked()
    ready = prepare(scenario)
    check_pairing({"": ready})
    network = ready.network
    problems: list[Problem] = []
    window = _window(network, asked, problems)
    since = _since(network, asked, window, problems)
    goal = _goal(scenario, network, asked, problems)
    groups = server_groups(network, asked.by_site)
    raised = _raised(groups, asked, problems)
    if problems:
        raise InputError(problems)
    bench = Bench(
        network,
        groups,
        periods(network.horizon, asked.yearly),
        asked.step,
        since,
        window,
        raised,
    )
    return Analysis(ready, asked, bench, goal)


def seconds_of(option: str, text: str) -> int:
    """The seconds of a time that is written as in a scenario, without quotes.

    Raises:
        InputError: it is none.
    """
    try:
        seconds: Fraction = TypeAdapter(Duration).validate_python(text)
    except ValidationError as error:
        rule = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InputError([Problem(option, 0, 0, text, rule)]) from None
    return round(seconds)


def _window(network: CompiledNetwork, asked: Asked, problems: list[Problem]) -> Period:
    """The days on which extra output is counted."""
    parts = periods(network.horizon, yearly=True)
    if asked.year is None:
        first, last = parts[0], parts[-1]
        days = range(first.days.start, last.days.stop)
        return Period("all", days, first.begin, last.end)
    found = [part for part in parts if part.name == str(asked.year)]
    if not found:
        rule = f"lie in the statistics, {parts[0].name} to {parts[-1].name}"
        problems.append(Problem("--year", 0, 0, "the year", rule, str(asked.year)))
    return found[0] if found else parts[0]


def _since(network: CompiledNetwork, asked: Asked, window: Period, problems: list[Problem]) -> int:
    if asked.since is None:
        return network.horizon.statistics_from
    second = round((asked.since - network.horizon.origin).total_seconds())
    if not 0 <= second < window.end:
        rule = "lie within the run and before the end of what is counted"
        problems.append(Problem("--since", 0, 0, "the date", rule, f"{asked.since:%Y-%m-%d}"))
    return second


def _raised(groups: Sequence[Group], asked: Asked, problems: list[Problem]) -> tuple[int, ...]:
    """The groups whose shadow values are looked for, by index."""
    for word in asked.only:
        if not any(word in group.id for group in groups):
            names = ", ".join(group.id for group in groups)
            rule = "be part of the name of a group of servers"
            problems.append(Problem("--only", 0, 0, "the word", rule, word, names))
    chosen = [
        g
        for g, group in enumerate(groups)
        if not asked.only or any(word in group.id for word in asked.only)
    ]
    return tuple(chosen) if asked.shadow else ()


def _goal(
    scenario: Scenario, network: CompiledNetwork, asked: Asked, problems: list[Problem]
) -> Goal | None:
    if asked.target is None:
        return None
    whole = _whole_years(network)
    chosen = [part for part in whole if asked.year is None or part.name == str(asked.year)]
    if not chosen:
        rule = "have a whole calendar year in the statistics"
        what = "" if asked.year is None else str(asked.year)
        problems.append(Problem("--target", 0, 0, "the run", rule, what))
        return None
    if network.replications < 2:
        rule = "be at least 2: one replication has no interval"
        place = scenario.origin("run.replications").place
        problems.append(Problem(place, 0, 0, "run.replications", rule, "1"))
    usual = Terms(asked.construction, asked.ramp)
    return Goal(asked.target, chosen[-1], usual, terms(scenario, usual))


def _whole_years(network: CompiledNetwork) -> list[Period]:
    horizon = network.horizon
    parts = periods(horizon, yearly=True)
    days = range(parts[0].days.start, parts[-1].days.stop)
    years = calendar_years(horizon.origin, horizon.day_ends, days)
    return [part for part, year in zip(parts, years, strict=True) if year.whole]


def terms(scenario: Scenario, usual: Terms) -> dict[str, Terms]:
    """How capacity comes to operations of which the scenario has an expansion, by id.

    Of several the last one; a price for servers is none for speed. What comes evenly over years
    says nothing about the ramp of one plant: that is then the usual one.
    """
    found = {}
    for project in scenario.document.investments.values():
        if not isinstance(project, WrittenExpansion) or not project.enabled:
            continue
        priced = project.servers is None and project.cost.per_unit
        ramp = round(_length(project.ramp))
        found[f"{project.at}/{project.operation or project.resource}"] = Terms(
            round(project.construction) or usual.construction,
            ramp if ramp <= LONGEST_RAMP else usual.ramp,
            float(project.cost.per_unit) if priced else None,
        )
    return found


def _length(ramp: Ramp) -> float:
    """Seconds until a ramp counts as full."""
    if ramp.over is not None:
        return float(ramp.over)
    if ramp.tau is not None:
        return float(ramp.tau) * TIME_CONSTANTS * (2 if ramp.shape == "gompertz" else 1)
    return max((float(stage.after) for stage in ramp.stages), default=0.0)


def analyse(analysis: Analysis, workers: int = 1, on_done: OnDone | None = None) -> Bottlenecks:
    """Run an analysis; the result does not depend on the number of workers.

    Raises:
        RunError: every replication of the chain as it is failed, the search failed, or a worker
            died. What else fails within a run is kept as its error.
    """
    bench = analysis.bench
    rows = tried(bench, analysis.network.replications, workers, on_done)
    seen = [row[0].observed for row in rows if row[0].observed is not None]
    if not seen:
        raise RunError(f"all {len(rows)} replications failed; the first: {rows[0][0].error}")
    failed = len(rows) - len(seen)
    steady = tuple(
        (
            steady_output(bench.network, bench.groups, part, as_ordered=False),
            steady_output(bench.network, bench.groups, part, as_ordered=True),
        )
        for part in bench.periods
    )
    return Bottlenecks(
        analysis,
        np.mean([one.states for one in seen], axis=0),
        tuple(_bound(analysis, seen, p, failed) for p in range(len(bench.periods))),
        tuple(shadow_values(bench, rows, analysis.confidence, analysis.unit)),
        steady,
        _errors(bench, rows),
        _searched(analysis, workers, on_done),
    )


def _searched(analysis: Analysis, workers: int, on_done: OnDone | None) -> Expansion | None:
    if analysis.goal is None:
        return None

    def later(number: int, failed: bool) -> None:
        if on_done is not None:
            on_done(analysis.runs + number, failed)

    network, goal = analysis.network, analysis.goal
    return expansion(network, goal, analysis.confidence, analysis.unit, workers, later)


def _bound(analysis: Analysis, seen: Sequence[Observed], p: int, failed: int) -> Bound:
    """What binds in the p-th period, by means over the replications."""
    falls = [one.waterfall for one in seen]
    names = sorted({name for fall in falls for name in fall.parts})
    means = {
        name: sum(int(fall.parts[name][p]) for fall in falls if name in fall.parts)
        / len(falls) / THOUSANDTHS
        for name in names
    }  # fmt: skip
    parts = {k: v for k, v in sorted(means.items(), key=lambda part: -part[1]) if v}
    net = [int(fall.net[p]) / THOUSANDTHS for fall in falls]
    made = sum(int(fall.made_by_twin[p]) for fall in falls) / len(falls) / THOUSANDTHS
    unit, confidence = analysis.unit, analysis.confidence
    binding = [name for name in parts if name not in NO_CONSTRAINT]
    is_bound = sum(net) / len(net) > TOLERANCE * made and bool(binding)
    return Bound(
        analysis.bench.periods[p],
        binding[0] if is_bound else NOTHING,
        parts[binding[0]] / sum(parts.values()) if is_bound else None,
        aggregate((int(f.made[p]) / THOUSANDTHS for f in falls), unit, failed, confidence),
        aggregate(net, unit, failed, confidence),
        parts,
        sum(int(fall.caught_up[p]) for fall in falls) / len(falls) / THOUSANDTHS,
    )


def _errors(bench: Bench, rows: Sequence[Sequence[Tried]]) -> dict[str, str]:
    names = ["as it is", *(bench.groups[g].id for g in bench.raised)]
    return {
        f"{name}, replication {k}": one.error
        for k, row in enumerate(rows)
        for name, one in zip(names, row, strict=True)
        if one.error
    }
