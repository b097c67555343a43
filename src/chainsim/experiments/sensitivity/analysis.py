"""What one design says about one measure: the analysis that fits the design, and its drivers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from chainsim.experiments.designs import DUMMY, Places, columns_of
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
from chainsim.experiments.sensitivity.drivers import (
    Basis,
    Drivers,
    group_basis,
    morris_drivers,
    sobol_drivers,
    swing_drivers,
)
from chainsim.experiments.sensitivity.given_data import LEAST_POINTS, FromSample, from_sample
from chainsim.experiments.sensitivity.morris import MorrisEffects, morris_effects
from chainsim.experiments.sensitivity.one_at_a_time import Swings, swings
from chainsim.experiments.sensitivity.resampling import Bootstrap, Floats, complete
from chainsim.experiments.sensitivity.sobol import SobolIndices, sobol_indices

Method = Literal["one_at_a_time", "morris", "sobol", "sample"]
"""Which analysis; sample is for every design without a structure of its own."""
Found = Swings | MorrisEffects | SobolIndices | FromSample


@dataclass(frozen=True)
class Plan:
    """The points of one design, in its order."""

    method: Method
    names: tuple[str, ...]
    """Of the factors, the dummy among them if there is one."""
    places: Places
    """(point, factor)."""
    groups: tuple[str, ...] | None = None
    """The group of each factor, if some move together."""
    second_order: bool = False
    """Whether a Sobol design has it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What is moved at once: the factors or the groups."""
        return columns_of(self.names, self.groups)


@dataclass(frozen=True)
class Analysis:
    """What a design says about one measure."""

    measure: str
    unit: str
    plan: Plan
    found: Found | None
    """None where there are too few points."""
    drivers: Drivers | None
    """None for a sample, which has neither shares of variance nor effects in a unit."""
    ranking: Ranking | None
    """None for one factor at a time, where each has its interval."""
    convergence: Convergence | None
    reason: str = ""
    """Why nothing was found; empty otherwise."""
    note: str = ""
    """What was done to the values beforehand, in words (`censored.Restricted.sentence`)."""


def analyse(
    measure: tuple[str, str],
    plan: Plan,
    values: Floats,
    bases: Mapping[str, Basis],
    bootstrap: Bootstrap | None = None,
) -> Analysis:
    """The analysis that fits the design.

    Args:
        measure: Its name and its unit.
        plan: The points.
        values: (point, replication) in the same order; NaN where a run failed.
        bases: What the range of each factor rests on; groups follow from their factors.
        bootstrap: How intervals are found.

    Raises:
        ValueError: the values do not fit the points.
        KeyError: a factor without a basis.
    """
    about = _with_groups(plan, bases)
    how = bootstrap or Bootstrap()
    if plan.method == "one_at_a_time":
        swung = swings(values, plan.names, how.confidence)
        return Analysis(*measure, plan, swung, swing_drivers(*measure, swung, about), None, None)
    if plan.method == "morris":
        moved = morris_effects(plan.places, values, plan.names, plan.groups, how)
        settled = morris_convergence(plan.places, values, plan.names, plan.groups, how)
        drivers = morris_drivers(*measure, moved, about)
        return Analysis(*measure, plan, moved, drivers, rank_morris(moved), settled)
    if plan.method == "sobol":
        shared = sobol_indices(values, plan.columns, plan.second_order, how)
        settled = sobol_convergence(values, plan.columns, plan.second_order, how)
        drivers = sobol_drivers(*measure, shared, about)
        return Analysis(*measure, plan, shared, drivers, rank_sobol(shared), settled)
    return _of_sample(measure, plan, values, how)


def ranking_of(plan: Plan, values: Floats, bootstrap: Bootstrap) -> Ranking | None:
    """The ranking alone, with its resamples; arguments as in `analyse`.

    None for one factor at a time, and where a sample has too few points.
    """
    if plan.method == "morris":
        return rank_morris(morris_effects(plan.places, values, plan.names, plan.groups, bootstrap))
    if plan.method == "sobol":
        return rank_sobol(sobol_indices(values, plan.columns, plan.second_order, bootstrap))
    if plan.method != "sample" or complete(values).sum() < LEAST_POINTS:
        return None
    return rank_sample(from_sample(plan.places, values, plan.names, bootstrap))


def _of_sample(measure: tuple[str, str], plan: Plan, values: Floats, how: Bootstrap) -> Analysis:
    n = int(complete(values).sum())
    if n < LEAST_POINTS:
        reason = f"{n} points have all their values, and {LEAST_POINTS} are needed"
        return Analysis(*measure, plan, None, None, None, None, reason)
    found = from_sample(plan.places, values, plan.names, how)
    settled = sample_convergence(plan.places, values, plan.names, how.confidence)
    return Analysis(*measure, plan, found, None, rank_sample(found), settled)


def _with_groups(plan: Plan, bases: Mapping[str, Basis]) -> dict[str, Basis]:
    """The basis of each factor, and of each group that is no factor."""
    found = {name: bases[name] for name in plan.names if name != DUMMY}
    members: dict[str, list[Basis]] = {}
    for name, group in zip(plan.names, plan.groups or (), strict=False):
        if name != DUMMY and name != group:
            members.setdefault(group, []).append(bases[name])
    return found | {group: group_basis(these) for group, these in members.items()}


def order_of(analysis: Analysis) -> Sequence[str]:
    """The factors or groups, the most important one first; as they come if nothing was found."""
    if analysis.drivers is not None and analysis.drivers.drivers:
        return [one.name for one in analysis.drivers.drivers]
    if isinstance(analysis.found, FromSample):
        distance = dict(zip(analysis.found.names, analysis.found.pawn, strict=True))
        return sorted(analysis.found.names, key=lambda name: (-(distance[name] or 0.0), name))
    return [name for name in analysis.plan.columns if name != DUMMY]
