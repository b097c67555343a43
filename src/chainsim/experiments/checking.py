"""A scenario file as a gate: its replications are run, its expectations and the laws judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chainsim.errors import InputError, Problem, shown
from chainsim.experiments.baseline import Baseline, baseline_of, baseline_path, read_baseline
from chainsim.experiments.checked import CheckedFile
from chainsim.experiments.evidence import (
    Evidence,
    against_baseline,
    against_other,
    nothing,
    on_its_own,
    series_against_baseline,
)
from chainsim.experiments.expectations import Stated, place_of, stated
from chainsim.experiments.judging import Judged, judged
from chainsim.experiments.looks import Look, Plan, judged_by_looks
from chainsim.experiments.pairing import check_pairing
from chainsim.experiments.readings import Reading, readings, units_by_measure
from chainsim.experiments.runs import Prepared, prepare, with_found_warm_up
from chainsim.experiments.staleness import check_baseline
from chainsim.scenario.loading import Scenario, load_scenario

OnDone = Callable[[int, bool], None]


@dataclass(frozen=True)
class Gate:
    """A scenario file that is ready to be checked: all that can be wrong has been looked for."""

    file: Path
    prepared: Prepared
    expected: tuple[Stated, ...]
    others: Mapping[str, Prepared]
    """The scenarios of `versus`, by name as it is written."""
    baseline: Baseline | None
    """Where an expectation needs it, or it is to be renewed and is there."""
    baseline_file: Path

    @property
    def scenario(self) -> Scenario:
        """The scenario that is checked."""
        return self.prepared.scenario

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What may not be meant in the scenario."""
        return self.scenario.warnings

    @property
    def has_precision(self) -> bool:
        """Whether the scenario has a rule for the number of its replications."""
        return self.prepared.precision is not None

    @property
    def alpha(self) -> float:
        """The error budget of all verdicts: 1 - run.confidence."""
        return 1 - float(self.scenario.document.run.confidence)


@dataclass(frozen=True)
class Checked(CheckedFile):
    """A scenario file with its verdicts."""

    gate: Gate
    checks: tuple[Judged, ...]
    looks: tuple[Look, ...]
    readings: tuple[Reading, ...]
    others: Mapping[str, tuple[Reading, ...]]
    renewed: bool = False
    """Whether the gate's baseline is a new one, made from these replications."""
    replaced: Baseline | None = None
    """Then the baseline before it, if there was one."""
    error: str = ""

    @property
    def file(self) -> Path:
        """The scenario file."""
        return self.gate.file

    @property
    def alpha(self) -> float:
        """The error budget of the gate."""
        return self.gate.alpha

    @property
    def basis(self) -> str:
        """Replications and seed."""
        return f"{len(self.readings)} replications, seed {self.gate.prepared.network.seed}"

    @property
    def every_reading(self) -> Iterator[tuple[str, Reading]]:
        """(name of another scenario or '', reading) of all replications that were run."""
        yield from (("", reading) for reading in self.readings)
        for name, found in self.others.items():
            yield from ((name, reading) for reading in found)


def open_gate(
    file: Path, overrides: Sequence[str], baseline_file: Path | None, renew: bool
) -> Gate:
    """A scenario file with all that its expectations need.

    Args:
        file: The scenario.
        overrides: Of it and of the scenarios that it is compared with.
        baseline_file: Its baseline; the one beside it unless given.
        renew: Whether the baseline is to be written, so that an old one may be stale or missing.

    Raises:
        InputError: with every problem of the file, of the others, or of the baseline.
    """
    prepared = prepare(load_scenario(file, overrides))
    expected = stated(prepared.scenario, prepared.network)
    others, problems = _others(prepared, expected, overrides)
    path = baseline_file or baseline_path(file)
    baseline = None
    wanting = [one for one in expected if one.needs_baseline]
    try:
        if renew:
            baseline = _old(path)
        elif wanting:
            baseline = _fresh(path, file, prepared, expected)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    return Gate(file, prepared, expected, others, baseline, path)


def _old(path: Path) -> Baseline | None:
    """The baseline that is renewed, if it can be read at all."""
    try:
        return read_baseline(path)
    except InputError:
        return None


def _fresh(path: Path, file: Path, prepared: Prepared, expected: tuple[Stated, ...]) -> Baseline:
    if not path.exists():
        first = next(one for one in expected if one.needs_baseline)
        rule = f"have a baseline to be compared with: {path} does not exist"
        remedy = f"chainsim check --update-baseline {file} writes it; then commit it"
        raise InputError([Problem(first.place, 0, 0, f"expect.{first.id}", rule, "", remedy)])
    found = read_baseline(path)
    check_baseline(found, path, prepared.scenario, prepared.network, expected)
    return found


def _others(
    prepared: Prepared, expected: Sequence[Stated], overrides: Sequence[str]
) -> tuple[dict[str, Prepared], list[Problem]]:
    """The scenarios of `versus`, with the seed and replications of this one; or what is wrong."""
    found: dict[str, Prepared] = {}
    problems: list[Problem] = []
    for one in expected:
        if one.versus is None:
            continue
        path = _beside(prepared.scenario, one)
        try:
            if one.versus not in found:
                found[one.versus] = _other(prepared, one, path, overrides)
            problems += _unit_problems(one, found[one.versus], path)
        except InputError as error:
            problems += [_named(problem, path) for problem in error.problems]
    return found, problems


def _other(prepared: Prepared, one: Stated, path: Path, overrides: Sequence[str]) -> Prepared:
    """The scenario of a `versus`, once it can be paired with this one.

    Raises:
        InputError: it cannot be read, is wrong, or has other days.
    """
    scenario = prepared.scenario
    if not path.is_file():
        place, where = place_of(scenario, one.id, "versus"), f"expect.{one.id}.versus"
        rule = f"be a file that exists: {path} does not"
        raise InputError([Problem(place, 0, 0, where, rule, shown(one.versus))])
    run = scenario.document.run
    same = {"seed": run.seed, "replications": run.replications, "confidence": run.confidence}
    settings = [f"run.{key}={float(value) if key == 'confidence' else value}"
                for key, value in same.items()]  # fmt: skip
    other = prepare(load_scenario(path, [*overrides, *settings]))
    check_pairing({"": prepared, str(path): other})
    return other


def _unit_problems(one: Stated, other: Prepared, path: Path) -> Iterator[Problem]:
    unit = units_by_measure(other.network).get(one.name, one.unit)
    if unit != one.unit:
        rule = f"have {one.name} in {one.unit} as the scenario that is compared with it"
        yield Problem(str(path), 0, 0, "", rule, unit)


def _named(problem: Problem, file: Path) -> Problem:
    """A problem with an option, with the scenario of `versus` that it does not fit."""
    if not problem.file.startswith("--"):
        return problem
    return replace(problem, file=f"{file}: {problem.file}")


def _beside(scenario: Scenario, one: Stated) -> Path:
    """The file of `versus`, relative to the file in which it stands."""
    file, *numbers = place_of(scenario, one.id, "versus").rsplit(":", 2)
    if len(numbers) < 2 and scenario.files:  # an option: there is no other folder than the file's
        file = scenario.files[0]
    return Path(file).parent / (one.versus or "")


def run_gate(gate: Gate, plan: Plan, workers: int = 1, on_done: OnDone | None = None) -> Checked:
    """A file with its verdicts; replications are added look by look where the plan says so.

    Raises:
        WarmUpError: the scenario leaves its warm-up to MSER-5, which does not find it.
        RunError: a worker process died.
    """
    gate = replace(gate, prepared=with_found_warm_up(gate.prepared, workers)[0])
    runs = _Runs(gate, workers, on_done)
    first = gate.scenario.document.run.replications
    rows, looks = judged_by_looks(gate.expected, runs.evidence, plan, first, gate.alpha)
    return Checked(gate, rows, looks, tuple(runs.found), runs.others_found())


class _Runs:
    """The replications of a file and of those it is compared with, as they grow."""

    def __init__(self, gate: Gate, workers: int, on_done: OnDone | None) -> None:
        self.gate = gate
        self.networks = {"": gate.prepared.network}
        self.networks |= {name: other.network for name, other in gate.others.items()}
        self.all: dict[str, list[Reading]] = {name: [] for name in self.networks}
        self.workers = workers
        self.on_done = on_done
        self.done = 0

    @property
    def found(self) -> list[Reading]:
        """Of the file itself."""
        return self.all[""]

    def others_found(self) -> dict[str, tuple[Reading, ...]]:
        """Of the others, by name."""
        return {name: tuple(found) for name, found in self.all.items() if name}

    def grow(self, size: int) -> None:
        """Run replications until there are so many of each."""
        for name, network in self.networks.items():
            numbers = range(len(self.all[name]), size)
            if numbers:
                self.all[name] += readings(network, numbers, self.workers, self.count)

    def count(self, _: int, failed: bool) -> None:
        """Tell of one more replication."""
        if self.on_done is not None:
            self.on_done(self.done, failed)
        self.done += 1

    def evidence(self, size: int) -> list[Evidence]:
        """What so many replications say to each expectation."""
        self.grow(size)
        return [self._evidence_on(one, self.gate) for one in self.gate.expected]

    def _evidence_on(self, one: Stated, gate: Gate) -> Evidence:
        confidence = 1 - gate.alpha
        if one.versus is not None:
            return against_other(one, self.found, self.all[one.versus], confidence)
        if not one.needs_baseline:
            return on_its_own(one, self.found, confidence)
        baseline = gate.baseline
        if baseline is None:
            return nothing(one, "there is no baseline yet")
        if one.kind == "baseline":
            return against_baseline(one, self.found, baseline, confidence)
        first = _first_day(gate.prepared)
        return series_against_baseline(one, self.found, baseline, confidence, first)


def _first_day(prepared: Prepared) -> dt.date:
    """The first day of statistics."""
    horizon = prepared.network.horizon
    return (horizon.origin + dt.timedelta(seconds=horizon.statistics_from)).date()


def unfinished(gate: Gate, why: str) -> Checked:
    """A file that could not be run: every check is inconclusive."""
    found = [nothing(one, "it could not be run") for one in gate.expected]
    rows = judged(gate.expected, found, gate.alpha, gate.alpha)
    return Checked(gate, rows, (), (), {}, error=why)


def renewed(gate: Gate, workers: int, on_done: OnDone | None = None) -> Checked:
    """A file with a new baseline of its own replications, and the verdicts against that.

    Where a replication failed there is no new baseline.

    Raises:
        WarmUpError: the scenario leaves its warm-up to MSER-5, which does not find it.
        RunError: a worker process died.
    """
    source = gate.scenario  # a warm-up that is found is no part of what it is found from
    gate = replace(gate, prepared=with_found_warm_up(gate.prepared, workers)[0])
    old, first = gate.baseline, gate.scenario.document.run.replications
    runs = _Runs(replace(gate, baseline=None), workers, on_done)
    runs.grow(first)
    if not any(reading.error for reading in runs.found):
        network = gate.prepared.network
        runs.gate = gate = replace(gate, baseline=baseline_of(source, network, runs.found))
    rows, looks = judged_by_looks(gate.expected, runs.evidence, Plan(), first, gate.alpha)
    is_new = runs.gate.baseline is not None
    others = runs.others_found()
    return Checked(runs.gate, rows, looks, tuple(runs.found), others, is_new, old)
