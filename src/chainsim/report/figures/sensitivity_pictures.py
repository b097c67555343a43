"""All figures about what one design says of one measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chainsim.experiments.sensitivity.analysis import Analysis, order_of
from chainsim.experiments.sensitivity.drivers import Basis
from chainsim.experiments.sensitivity.given_data import FromSample
from chainsim.experiments.sensitivity.morris import MorrisEffects
from chainsim.experiments.sensitivity.one_at_a_time import Swings
from chainsim.experiments.sensitivity.resampling import Floats
from chainsim.experiments.sensitivity.sobol import SobolIndices
from chainsim.report.figures.sensitivity import Measured, screening, tornado
from chainsim.report.figures.sensitivity_indices import convergence, index_bars, sample_bars
from chainsim.report.figures.sensitivity_points import (
    Column,
    Target,
    parallel_coordinates,
    scatter,
)
from chainsim.report.figures.style import Picture


def analysis_pictures(
    analysis: Analysis, bases: Mapping[str, Basis], stem: str = ""
) -> Iterator[Picture]:
    """The figure of the method, and how the index settled; one by one.

    Args:
        analysis: Of one measure.
        bases: The ranges of the factors in words, by name.
        stem: What files have in their name beside the kind of figure; the measure unless given.
    """
    about = Measured(analysis.measure, analysis.unit, stem)
    found, drawn = analysis.found, None
    if isinstance(found, Swings):
        drawn = tornado(about, found, bases)
    elif isinstance(found, MorrisEffects):
        drawn = screening(about, found)
    elif isinstance(found, SobolIndices):
        drawn = index_bars(about, found)
    elif isinstance(found, FromSample):
        drawn = sample_bars(about, found)
    if drawn is not None:
        yield drawn
    settled = convergence(about, analysis.convergence) if analysis.convergence else None
    if settled is not None and drawn is not None:
        yield settled


def point_pictures(
    analysis: Analysis,
    columns: Sequence[Column],
    values: Floats,
    target: Target | None = None,
    stem: str = "",
) -> Iterator[Picture]:
    """The points over all factors side by side, and over each factor; the leading ones first.

    Args:
        analysis: Of one measure: it puts the factors in order.
        columns: The factors at each point.
        values: (point, replication).
        target: Of the measure, if there is one.
        stem: As in `analysis_pictures`.
    """
    about = Measured(analysis.measure, analysis.unit, stem)
    rank = {name: place for place, name in enumerate(order_of(analysis))}
    plan = analysis.plan
    group = dict(zip(plan.names, plan.groups or plan.names, strict=True))
    ordered = sorted(
        columns, key=lambda column: rank.get(group.get(column.name, column.name), len(rank))
    )
    for draw in (parallel_coordinates, scatter):
        picture = draw(about, ordered, values, target)
        if picture is not None:
            yield picture
