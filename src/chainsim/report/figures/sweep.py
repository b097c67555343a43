"""All figures of a sweep: of each measure of each design the one that fits it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chainsim.experiments.sensitivity.given_data import FromSample
from chainsim.experiments.sensitivity.morris import MorrisEffects
from chainsim.experiments.sensitivity.one_at_a_time import Swings
from chainsim.experiments.sensitivity.results import Result, order_of
from chainsim.experiments.sensitivity.sobol import SobolIndices
from chainsim.experiments.sweeps.analysis import Analysis, bases_of
from chainsim.experiments.sweeps.points import Block
from chainsim.report.figures.sensitivity import Measured, screening, tornado
from chainsim.report.figures.sensitivity_indices import convergence, index_bars, sample_bars
from chainsim.report.figures.sensitivity_map import heat_map
from chainsim.report.figures.sensitivity_points import (
    Column,
    Target,
    parallel_coordinates,
    scatter,
)
from chainsim.report.figures.style import Picture
from chainsim.report.sweep_results import result_of
from chainsim.scenario.schema.study import Base, Grid, OneAtATime


def sweep_pictures(analyses: Sequence[Analysis]) -> Iterator[Picture]:
    """All figures, one by one, so that only one is in memory.

    Files are told apart by measure, and where there are several by base and number of the design.
    """
    bases = {one.block.base for one in analyses}
    designs = {one.block.index for one in analyses}
    for one in analyses:
        parts = [one.answer.measure.replace("@", "_").replace(".", "_")]
        parts += [one.block.base] if len(bases) > 1 else []
        parts += [str(one.block.index + 1)] if len(designs) > 1 else []
        yield from analysis_pictures(one, "_".join(parts))


def analysis_pictures(analysis: Analysis, stem: str = "") -> Iterator[Picture]:
    """The figures of one measure of one design; `stem` ends the names of their files."""
    result = result_of(analysis)
    about = Measured(result.measure, result.unit, stem)
    drawn = _of_method(about, result, analysis)
    if drawn is not None:
        yield drawn
        settled = convergence(about, result.convergence) if result.convergence else None
        if settled is not None:
            yield settled
    if not isinstance(analysis.block.design, Base | OneAtATime):
        yield from _of_points(about, result, analysis)


def _of_method(about: Measured, result: Result, analysis: Analysis) -> Picture | None:
    found = result.found
    if isinstance(found, Swings):
        return tornado(about, found, bases_of(analysis.block.variables))
    if isinstance(found, MorrisEffects):
        return screening(about, found)
    if isinstance(found, SobolIndices):
        return index_bars(about, found)
    return sample_bars(about, found) if isinstance(found, FromSample) else None


def _of_points(about: Measured, result: Result, analysis: Analysis) -> Iterator[Picture]:
    """A map of a grid of two factors; of other designs all points, by factor and side by side."""
    target = _target(analysis)
    columns = columns_of_points(analysis.block)
    pictures: list[Picture | None]
    if isinstance(analysis.block.design, Grid) and len(columns) == 2:
        pictures = [heat_map(about, columns[0], columns[1], analysis.values, target)]
    else:
        rank = {name: place for place, name in enumerate(order_of(result))}
        group = {one.name: one.group for one in analysis.block.variables}
        ordered = sorted(
            columns, key=lambda c: rank.get(c.name, rank.get(group[c.name], len(rank)))
        )
        pictures = [draw(about, ordered, analysis.values, target)
                    for draw in (parallel_coordinates, scatter)]  # fmt: skip
    yield from (picture for picture in pictures if picture is not None)


def columns_of_points(block: Block) -> list[Column]:
    """The factors at each point of a block."""
    found = []
    for j, variable in enumerate(block.variables):
        unit = "" if variable.unit == "fraction" else variable.unit
        texts = tuple(row[j] or "base" for row in block.settings) if variable.values else ()
        found.append(Column(variable.name, unit, block.numbers[:, j], texts))
    return found


def _target(analysis: Analysis) -> Target | None:
    """The first target of the measure."""
    if not analysis.missed:
        return None
    low, high = (
        None if bound is None else float(bound.value)
        for bound in (analysis.missed[0].target.at_least, analysis.missed[0].target.at_most)
    )
    return Target(low, high)
