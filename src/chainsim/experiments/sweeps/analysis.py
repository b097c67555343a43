"""What a finished sweep says of its factors: each measure of each design, analysed as it allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chainsim.experiments.designs import columns_of
from chainsim.experiments.sensitivity.censored import Restricted, restricted
from chainsim.experiments.sensitivity.convergence import (
    Convergence,
    Ranking,
    morris_convergence,
    rank_morris,
    rank_sample,
    rank_sobol,
    sample_convergence,
    sobol_convergence,
)
from chainsim.experiments.sensitivity.discovery import Box, find_box, misses
from chainsim.experiments.sensitivity.drivers import (
    Basis,
    Drivers,
    group_basis,
    morris_drivers,
    sobol_drivers,
    swing_drivers,
)
from chainsim.experiments.sensitivity.given_data import FromSample, from_sample
from chainsim.experiments.sensitivity.morris import MorrisEffects, morris_effects
from chainsim.experiments.sensitivity.one_at_a_time import Swings, swings
from chainsim.experiments.sensitivity.resampling import Bootstrap, Floats, complete
from chainsim.experiments.sensitivity.sobol import SobolIndices, sobol_indices
from chainsim.experiments.sweeps.answers import Answer, Answers
from chainsim.experiments.sweeps.planning import measures_of
from chainsim.experiments.sweeps.points import Block
from chainsim.scenario.factors import Variable
from chainsim.scenario.schema.study import (
    LatinHypercube,
    Listed,
    Morris,
    OneAtATime,
    Sobol,
    Target,
)

LEAST = 20
"""Points from which on a sample is searched for a box."""


@dataclass(frozen=True)
class Missed:
    """Where a target of the study is missed."""

    target: Target
    points: int
    """At which it is missed on average."""
    n: int
    """Of so many with all their values."""
    box: Box | None
    """The part of the space where that is so; None where all or no points miss it, or of few."""


@dataclass(frozen=True)
class Analysis:
    """One measure at the points of one design for one base scenario."""

    block: Block
    answer: Answer
    values: Floats
    """(point, replication) as analysed: times that are censored cut at what was followed."""
    cut: Restricted | None
    """How times were cut; None for measures that are no times to an event."""
    found: SobolIndices | MorrisEffects | Swings | FromSample | None
    """As the design allows; None for grids, single points, and too few points."""
    convergence: Convergence | None
    ranking: Ranking | None
    drivers: Drivers | None
    missed: tuple[Missed, ...]

    @property
    def failed(self) -> int:
        """Runs that failed."""
        return int(self.answer.failed.sum())


@dataclass(frozen=True)
class Sensitivity:
    """All measures of a study, analysed."""

    answers: Answers
    analyses: tuple[Analysis, ...]
    """By base scenario, design and measure."""


def analysed(answers: Answers) -> Sensitivity:
    """The analyses of a sweep of which all runs are finished."""
    study = answers.sweep.study
    return Sensitivity(
        answers,
        tuple(
            _analysis(answers, block, measure)
            for block in answers.sweep.points.blocks
            for measure in measures_of(study)
        ),
    )


def _analysis(answers: Answers, block: Block, measure: str) -> Analysis:
    document = answers.sweep.study.document
    answer = answers.of(measure, block)
    values, cut = answer.values, None
    if answer.censored.any():
        cut = restricted(np.where(answer.censored, answer.followed, values), answer.censored)
        values = cut.values
    bootstrap = Bootstrap(float(document.confidence))
    found, convergence, ranking = _effects(block, values, bootstrap)
    wanted = [one for one in document.targets if one.measure == measure]
    return Analysis(
        block, answer, values, cut, found, convergence, ranking,
        _drivers(answer, found, bases_of(block.variables)),
        tuple(_missed(block, values, one) for one in wanted),
    )  # fmt: skip


Found = SobolIndices | MorrisEffects | Swings | FromSample


def _effects(
    block: Block, values: Floats, bootstrap: Bootstrap
) -> tuple[Found | None, Convergence | None, Ranking | None]:
    """What the design allows to say, as it settles, and in which order."""
    design, names, groups = block.design, block.names, block.groups
    if isinstance(design, Sobol):
        columns = columns_of(names, groups)
        indices = sobol_indices(values, columns, design.second_order, bootstrap)
        if indices.best is None:
            return indices, None, None
        settling = sobol_convergence(values, columns, design.second_order, bootstrap)
        return indices, settling, rank_sobol(indices)
    if isinstance(design, Morris):
        effects = morris_effects(block.places, values, names, groups, bootstrap)
        settling = morris_convergence(block.places, values, names, groups, bootstrap)
        return effects, settling, rank_morris(effects)
    if isinstance(design, OneAtATime):
        return swings(values, names, bootstrap.confidence), None, None
    if isinstance(design, LatinHypercube | Listed):
        return _of_sample(block, values, bootstrap)
    return None, None, None


def _of_sample(
    block: Block, values: Floats, bootstrap: Bootstrap
) -> tuple[Found | None, Convergence | None, Ranking | None]:
    places, names = places_of(block)
    if complete(values).sum() < LEAST or not names:
        return None, None, None
    found = from_sample(places, values, names, bootstrap)
    settling = sample_convergence(places, values, names, bootstrap.confidence)
    return found, settling, rank_sample(found)


def places_of(block: Block) -> tuple[Floats, tuple[str, ...]]:
    """The places (point, factor) of a sample, and its factors; of a list those that are numbers.

    A value of a list has its place between the least and the largest one.
    """
    if not isinstance(block.design, Listed):
        return block.places[:, : len(block.variables)], tuple(v.name for v in block.variables)
    known = [j for j in range(len(block.variables)) if np.isfinite(block.numbers[:, j]).all()]
    numbers = block.numbers[:, known]
    low, high = numbers.min(axis=0), numbers.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    return (numbers - low) / span, tuple(block.variables[j].name for j in known)


def _drivers(answer: Answer, found: Found | None, bases: Mapping[str, Basis]) -> Drivers | None:
    about = (answer.measure, answer.unit)
    if isinstance(found, SobolIndices):
        return sobol_drivers(*about, found, bases)
    if isinstance(found, MorrisEffects):
        return morris_drivers(*about, found, bases)
    return swing_drivers(*about, found, bases) if isinstance(found, Swings) else None


def bases_of(variables: Sequence[Variable]) -> dict[str, Basis]:
    """What each factor rests on, and over which range it is varied; groups as well."""
    own = {one.name: _basis(one) for one in variables}
    members: dict[str, list[Basis]] = {}
    for one in variables:
        members.setdefault(one.group, []).append(own[one.name])
    return own | {
        group: of[0] if group in own else group_basis(of) for group, of in members.items()
    }


def _basis(variable: Variable) -> Basis:
    unit = "" if variable.unit in ("", "1", "fraction") else f" {variable.unit}"
    base = "" if variable.base is None else f"{variable.base:g}{unit}"
    if variable.values:
        return Basis(variable.evidence, base, variable.values[0], variable.values[-1])
    return Basis(variable.evidence, base, f"{variable.low:g}{unit}", f"{variable.high:g}{unit}")


def _missed(block: Block, values: Floats, target: Target) -> Missed:
    """Where a target is missed; of Saltelli's points only those that fill the space are used."""
    low, high = (None if q is None else float(q.value) for q in (target.at_least, target.at_most))
    places, names = places_of(block)
    if isinstance(block.design, Sobol):
        moved = len(columns_of(block.names, block.groups))
        step = 2 * moved + 2 if block.design.second_order else moved + 2
        chosen = np.sort(np.concatenate([np.arange(0, len(values), step),
                                         np.arange(step - 1, len(values), step)]))  # fmt: skip
        places, values = places[chosen], values[chosen]
    cases, usable = misses(values, low, high)
    number, n = int(cases.sum()), int(usable.sum())
    sampled = isinstance(block.design, LatinHypercube | Listed | Sobol)
    if not sampled or not 0 < number < n or n < LEAST:
        return Missed(target, number, n, None)
    return Missed(target, number, n, find_box(places[usable], cases[usable], names))
