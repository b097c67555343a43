"""Stress: every knock-out of a chain against the same twin, then the worst over a grid.

A knock-out takes the place of the scenario's own disruptions, dated and random ones alike. All runs
have one horizon, so a single twin per replication serves them all, and every time to recover is
followed equally far.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from math import comb
from typing import Any

from chainsim.errors import RunError
from chainsim.experiments.bounds import bounds_of
from chainsim.experiments.cases import Bench, Case, Specs, comparison_of, perform
from chainsim.experiments.executors import completed
from chainsim.experiments.fluid import Holdings
from chainsim.experiments.knockouts import SUPPLIER, Knockout, Tried, chosen, knockouts, pairs
from chainsim.experiments.ranking import Cell, Ranked, cell_of, ranked
from chainsim.experiments.replications import OnDone
from chainsim.experiments.store import Kept, Store, key_of
from chainsim.experiments.stress_design import Asked, Design, designed
from chainsim.experiments.twins import unpacked_holdings
from chainsim.experiments.units import unit_of_output
from chainsim.network.compiled import CompiledNetwork
from chainsim.network.compiling import WORDS, compile_network, fingerprint
from chainsim.provenance import Inputs, inputs_of
from chainsim.scenario.loading import Scenario, scenario_from_mapping
from chainsim.scenario.warm_up import leaves_warm_up_open

PAIRED = 6
"""The most harmful suppliers of which every two are knocked out together: 15 pairs."""


@dataclass(frozen=True)
class Stress:
    """A stress test that is ready to run: all that can be wrong with it has been looked for."""

    scenario: Scenario
    design: Design
    bench: Bench
    knockouts: tuple[Knockout, ...]
    top: int
    """So many of the most harmful ones are tried over the grid."""
    paired: bool
    """Whether pairs of the most harmful suppliers are tried as well."""
    inputs: Inputs = field(default_factory=Inputs)

    @property
    def replications(self) -> int:
        """Of each case."""
        return self.scenario.document.run.replications

    @property
    def seed(self) -> int:
        """Of all runs."""
        return self.bench.network.seed

    @property
    def end(self) -> dt.datetime:
        """The end that all runs have in common."""
        horizon = self.bench.network.horizon
        return horizon.origin + dt.timedelta(seconds=horizon.end)

    @property
    def output_unit(self) -> str:
        """The unit of output, as a plural."""
        return unit_of_output(self.bench.network)


@dataclass(frozen=True)
class StressTest:
    """A stress test that was run."""

    stress: Stress
    ranking: tuple[Ranked, ...]
    """The most harmful first."""
    cells: tuple[Cell, ...]
    """Every knock-out at every start and duration that was tried, as ranked, then by time."""

    @property
    def durations(self) -> tuple[int, ...]:
        """Of the grid, seconds."""
        return self.stress.design.durations

    @property
    def grid(self) -> dict[dt.datetime, dict[str, list[Cell]]]:
        """By start and id of the most harmful ones: a cell for each duration of the grid."""
        cells = {(cell.tried.start, cell.tried.duration, cell.tried.knockout.id): cell
                 for cell in self.cells}  # fmt: skip
        worst = [row.cell.tried.knockout.id for row in self.ranking[: self.stress.top]]
        return {
            start: {id_: [cells[start, length, id_] for length in self.durations] for id_ in worst}
            for start in self.stress.design.starts
        }

    @property
    def errors(self) -> dict[str, str]:
        """Why runs failed, by what was run."""
        return {
            f"{cell.tried.words}, replication {k}": error
            for cell in self.cells
            for k, error in enumerate(cell.errors)
            if error
        }


def stressed(
    scenario: Scenario,
    asked: Asked | None = None,
    only: Iterable[str] = (),
    each_lane: bool = False,
    paired: bool = False,
    top: int = 15,
) -> Stress:
    """The stress test of a scenario.

    Args:
        scenario: Its own disruptions are left out.
        asked: Durations and dates.
        only: Which knock-outs, as WORD=VALUE; all unless given.
        each_lane: Whether single lanes are closed, too.
        paired: Whether pairs of suppliers stand still, too.
        top: How many of the most harmful ones are tried over the grid.

    Raises:
        InputError: with every problem of one kind.
    """
    design = designed(scenario, asked or Asked())
    calm = _without_disruptions(scenario, design)
    plain = scenario_from_mapping(calm)
    found = chosen(knockouts(compile_network(plain), each_lane), only, scenario.document)
    network, specs = _compiled(calm, design, found)
    bench = Bench(network, fingerprint(plain), specs, design.recovery)
    inputs = inputs_of((*scenario.files, *scenario.csv_files), ())
    return Stress(scenario, design, bench, found, top, paired, inputs)


def _without_disruptions(scenario: Scenario, design: Design) -> dict[str, Any]:
    """The scenario as plain data, long enough, and with nothing that changes no number."""
    left_out = ("end", "length", "replications", "precision", "record", "confidence")
    run = {key: value for key, value in scenario.merged["run"].items() if key not in left_out}
    run["length"] = f"{design.length(scenario.document.run.start)} s"
    if leaves_warm_up_open(scenario):
        del run["warm_up"]  # no statistics are kept
    kept = {key: value for key, value in scenario.merged.items() if key not in WORDS}
    kept["resilience"] = kept.get("resilience") or {}
    return kept | {"name": scenario.document.name, "run": run, "disruptions": []}


def _compiled(
    calm: Mapping[str, Any], design: Design, found: Sequence[Knockout]
) -> tuple[CompiledNetwork, Specs]:
    """The network without disruptions, and every knock-out compiled for it."""
    way_back = {"shape": "linear", "over": f"{design.recovery} s"} if design.recovery else {}
    timing = {"at": design.starts[0].isoformat()}
    common = {"timing": timing, "duration": f"{design.duration} s", "recovery": way_back}
    names = {
        one.id: [f"knockout_{k}_{part}" for part in range(len(one.blocks))]
        for k, one in enumerate(found)
    }
    written = [
        {"id": name, **block, **common}
        for one in found
        for name, block in zip(names[one.id], one.blocks, strict=True)
    ]
    network = compile_network(scenario_from_mapping({**calm, "disruptions": written}))
    compiled = {spec.id: spec for spec in network.disruptions}
    specs = {id_: tuple(compiled[name] for name in parts) for id_, parts in names.items()}
    return replace(network, disruptions=()), specs


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a stress test has before it."""

    kept: int
    """Runs that are in the store."""
    left: int
    """Runs still to do; more than there will be where it is not known yet what is worst."""


class Course:
    """A stress test on its way, phase by phase: what is kept is not run again."""

    def __init__(self, stress: Stress, store: Store, rerun_failed: bool = False) -> None:
        self.stress = stress
        self.store = store
        self.rerun_failed = rerun_failed
        self._done: set[str] = set()
        """Keys of what was run now: it is not run twice, failed or not."""

    def run(self, workers: int = 1, on_done: OnDone | None = None) -> StressTest:
        """Run what is missing.

        Args:
            workers: Processes.
            on_done: Told of each finished run: (number, failed).

        Raises:
            RunError: every twin failed, or a worker process died. What fails within a run is kept
                as its error.
        """
        for phase in self._phases():
            self._carry_out(phase(), workers, on_done)
            if phase == self._twins:
                self._check_twins()
        twins = self._holdings()
        reference = [self._bounded(row, twins) for row in self._ranking()]
        cells = [row.cell for row in reference]
        cells += [self._cell(tried) for tried in self._grid_cells()]
        order = {row.cell.tried.knockout.id: row.rank for row in reference}
        cells.sort(
            key=lambda cell: (order[cell.tried.knockout.id], cell.tried.start, cell.tried.duration)
        )
        return StressTest(self.stress, tuple(reference), tuple(cells))

    def outlook(self) -> Outlook:
        """How many runs are kept, and how many are left."""
        kept = left = 0
        most = self._most()
        for phase in self._phases():
            if left and phase in most:
                left += most[phase]
                continue
            cases = phase()
            missing = len(self._missing(cases))
            left += missing
            kept += len({self._key(case) for case in cases}) - missing
        return Outlook(kept, left)

    # ---- phases

    def _phases(self) -> tuple[Callable[[], list[Case]], ...]:
        """Each lists its cases when all that come before have been run."""
        return (self._twins, self._first, self._pairs, self._grid)

    def _most(self) -> Mapping[Callable[[], list[Case]], int]:
        """Upper bounds of what is not known before the worst are."""
        stress, design = self.stress, self.stress.design
        suppliers = sum(one.kind == SUPPLIER for one in stress.knockouts)
        couples = comb(min(suppliers, PAIRED), 2) if stress.paired else 0
        worst = min(stress.top, len(stress.knockouts) + couples)
        points = {*product(design.starts, design.durations)} - {(design.starts[0], design.duration)}
        return {
            self._pairs: couples * stress.replications,
            self._grid: worst * len(points) * stress.replications,
        }

    def _reference(self, knockout: Knockout) -> Tried:
        """The start and the duration at which all are compared."""
        return Tried(knockout, self.stress.design.starts[0], self.stress.design.duration)

    def _twins(self) -> list[Case]:
        return [Case(k) for k in range(self.stress.replications)]

    def _first(self) -> list[Case]:
        return self._cases(map(self._reference, self.stress.knockouts))

    def _pairs(self) -> list[Case]:
        return self._cases(map(self._reference, self._couples()))

    def _grid(self) -> list[Case]:
        return self._cases(self._grid_cells())

    def _cases(self, tried: Iterable[Tried]) -> list[Case]:
        """By replication, so that a worker needs one twin after the other."""
        listed = list(tried)
        return [Case(k, one) for k in range(self.stress.replications) for one in listed]

    def _couples(self) -> tuple[Knockout, ...]:
        """Pairs of the most harmful suppliers."""
        if not self.stress.paired:
            return ()
        rows = self._ranked(self.stress.knockouts)
        suppliers = [
            row.cell.tried.knockout for row in rows if row.cell.tried.knockout.kind == SUPPLIER
        ]
        return pairs(suppliers[:PAIRED])

    def _ranking(self) -> list[Ranked]:
        return self._ranked((*self.stress.knockouts, *self._couples()))

    def _grid_cells(self) -> list[Tried]:
        """The most harmful ones at every start and duration but those of the first pass."""
        design = self.stress.design
        worst = [row.cell.tried.knockout for row in self._ranking()[: self.stress.top]]
        return [
            tried
            for knockout in worst
            for start, duration in product(design.starts, design.durations)
            if (tried := Tried(knockout, start, duration)) != self._reference(knockout)
        ]

    # ---- what is kept of them

    def _ranked(self, found: Iterable[Knockout]) -> list[Ranked]:
        return ranked([self._cell(self._reference(one)) for one in found])

    def _holdings(self) -> list[Holdings]:
        """What the twins hold that did not fail."""
        kept = [self._kept(case) for case in self._twins()]
        return [unpacked_holdings(one.payload) for one in kept if one.payload is not None]

    def _bounded(self, row: Ranked, twins: Sequence[Holdings]) -> Ranked:
        network, strike = self.stress.bench.struck(row.cell.tried)
        found = bounds_of(network, twins, strike, row.cell.tried.duration)
        return replace(row, bounds=found)

    def _cell(self, tried: Tried) -> Cell:
        stress = self.stress
        kept = [self._kept(case) for case in self._cases([tried])]
        found = [comparison_of(one.payload) if one.payload else None for one in kept]
        confidence = float(stress.scenario.document.run.confidence)
        return cell_of(tried, found, [one.error for one in kept], confidence, stress.output_unit)

    def _kept(self, case: Case) -> Kept:
        kept = self.store.find(self._key(case))
        assert kept is not None
        return kept

    def _key(self, case: Case) -> str:
        return key_of(self.stress.bench.facts(case))

    def _missing(self, cases: Iterable[Case]) -> list[Case]:
        """The cases that have to be run; of equal ones the first."""
        found: dict[str, Case] = {}
        for case in cases:
            key = self._key(case)
            if key in found or key in self._done:
                continue
            kept = self.store.find(key)
            if kept is None or (kept.payload is None and self.rerun_failed):
                found[key] = case
        return list(found.values())

    def _carry_out(self, cases: Iterable[Case], workers: int, on_done: OnDone | None) -> None:
        """Run what is missing, and keep each as it is finished."""
        missing = self._missing(cases)
        if not missing:
            return
        bench = self.stress.bench
        work = partial(perform, bench, self.store.path, missing)
        results = completed(work, range(len(missing)), min(workers, len(missing)))
        with closing(results) as running:
            for index, kept in running:
                self.store.keep(bench.facts(missing[index]), kept)
                self._done.add(self._key(missing[index]))
                if on_done is not None:
                    on_done(len(self._done) - 1, kept.payload is None)

    def _check_twins(self) -> None:
        kept = [self._kept(case) for case in self._twins()]
        if all(one.payload is None for one in kept):
            raise RunError(f"all {len(kept)} twins failed; the first: {kept[0].error}")
