"""What the finished runs of a study say to one expectation: bounds at all points, or a rank.

The rank of a driver is judged from resamples of the rows of the design that ranks it: that tests
how much it depends on the points that were drawn. Ties count against either verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt
from statistics import fmean

import numpy as np

from chainsim.experiments.evidence import Evidence, Spot, nothing, on_its_own
from chainsim.experiments.expectations import Stated
from chainsim.experiments.gates import Claims, all_hold, of_few_rows, rank_claims
from chainsim.experiments.readings import Reading
from chainsim.experiments.sensitivity.analysis import Plan, ranking_of
from chainsim.experiments.sensitivity.convergence import Ranking, ranks_among
from chainsim.experiments.sensitivity.resampling import Bootstrap, complete
from chainsim.experiments.statistics import Interval
from chainsim.experiments.sweeps.analysis import known_values
from chainsim.experiments.sweeps.answers import Answers
from chainsim.experiments.sweeps.methods import plan_of, ranked_factors
from chainsim.experiments.sweeps.points import Block
from chainsim.scenario.schema.study import BASE

FEWEST, MOST = 500, 10_000
"""Resamples of a ranking."""
OF_SAMPLE = 1_000
"""Resamples of a sample at least: each takes longer there."""
LARGEST = 20_000_000
"""Points times resamples."""
FINENESS = 10
"""How many times finer p-values of ranks are than the smallest level that they are tested at."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The error budget of a study."""

    alpha: float
    checks: int
    """That share it."""


@dataclass(frozen=True)
class _Standing:
    """Where a driver stands among the factors of one base scenario."""

    spot: Spot | None
    rank: int
    best: int
    worst: int
    claims: Claims
    agree: float
    """The share of resamples that rank it as is expected."""
    n: int
    """Rows of the design."""
    rows: str
    """Their number and what they are called."""
    notes: tuple[str, ...]


def at_every_point(
    one: Stated, by_point: Sequence[tuple[Spot, Sequence[Reading]]], confidence: float
) -> Evidence:
    """The evidence on a measure whose mean shall lie within its bounds at every point.

    The estimate is that of the point with the weakest evidence that it does. Equal values at some
    of many points may be chance: those are judged with the spread that the other points have.
    """
    each = [(spot, on_its_own(one, found, confidence)) for spot, found in by_point]
    lacking = [(spot, found) for spot, found in each if not found.rooms]
    if lacking:
        spot, found = lacking[0]
        more = f", and so at {len(lacking) - 1} more points" if len(lacking) > 1 else ""
        return replace(nothing(one, f"{found.why} at {spot.words}{more}"), spot=spot)
    each = _with_spread(each)
    spot, worst = max(each, key=lambda row: _weakness(row[1]))
    rooms = tuple(room for _, found in each for room in found.rooms)
    words = (found.why for _, found in each if found.why and not found.rooms[0].spread)
    why = worst.why or next(words, "")
    return replace(worst, rooms=rooms, spot=spot, why=why)


def _with_spread(each: Sequence[tuple[Spot, Evidence]]) -> list[tuple[Spot, Evidence]]:
    """The evidence, where points of equal values get the root mean square of the other spreads."""
    spreads = [found.rooms[0].sd for _, found in each]
    varying = [sd for sd in spreads if sd > 0]
    if not varying:
        return list(each)
    usual = sqrt(fmean(sd**2 for sd in varying))
    rows = []
    for (spot, found), sd in zip(each, spreads, strict=True):
        if sd == 0 and found.rooms[0].n > 1:
            rooms = tuple(replace(room, spread=usual) for room in found.rooms)
            words = f"equal in all {rooms[0].n} replications, judged with the spread elsewhere"
            found = replace(found, rooms=rooms, why=found.why or words)
        rows.append((spot, found))
    return rows


def _weakness(found: Evidence) -> tuple[float, float]:
    """The p-value against "inside", and how far outside the mean lies."""
    return found.tested.outside, -min(room.mean for room in found.rooms)


def resamples_for(plan: Plan, budget: Budget) -> int:
    """Resamples that make p-values fine enough for all checks that share a budget."""
    if plan.method == "sample":
        return min(MOST, max(OF_SAMPLE, ceil(FINENESS * 2 * budget.checks / budget.alpha)))
    return min(MOST, max(FEWEST, LARGEST // len(plan.places)))


def of_rank(one: Stated, answers: Answers, blocks: Sequence[Block], budget: Budget) -> Evidence:
    """The evidence on the rank of a driver, for every base scenario: all have to hold.

    Args:
        one: With its driver.
        answers: The finished runs.
        blocks: Of the design that ranks, one for each base scenario.
        budget: Of the study.
    """
    standings = []
    for block in blocks:
        found = _standing(one, answers, block, budget)
        if isinstance(found, str):
            of = "" if block.base == BASE else f" ({block.base})"
            return nothing(one, found + of)
        standings.append(found)
    claims = all_hold([found.claims for found in standings])
    worst = max(standings, key=lambda found: (found.claims.outside, found.rank))
    estimate = Interval(
        float(worst.rank), float(worst.best), float(worst.worst), None, None, worst.n,
        1 - budget.alpha,
    )  # fmt: skip
    words = "; ".join([_agreement(one, worst), *worst.notes])
    return Evidence((), estimate, "1", None, one.at_most, words, claims=claims, spot=worst.spot)


def _agreement(one: Stated, found: _Standing) -> str:
    where = f"{found.spot.words}: " if found.spot else ""
    return (
        f"{where}{100 * found.agree:.3g} % of resamples of {found.rows} have it at rank"
        f" {one.at_most:g} or better"
    )


def _standing(one: Stated, answers: Answers, block: Block, budget: Budget) -> _Standing | str:
    """Where the driver stands; or why that cannot be said."""
    answer = answers.of(one.name, block)
    if answer.failed.any():
        return f"{answer.failed.sum()} of {answer.failed.size} runs failed"
    values, note, _ = known_values(answer)
    if not complete(values).all():
        lacking = int(np.isnan(values).sum())
        return f"no value in {lacking} of {values.size} runs"
    plan = plan_of(block)
    assert plan is not None, "the design ranks"
    bootstrap = Bootstrap(1 - budget.alpha, resamples_for(plan, budget))
    ranking = ranking_of(plan, values, bootstrap)
    if ranking is None or one.driver not in ranking.names or np.ptp(values.mean(axis=1)) == 0:
        return "the measure is the same at every point: there is nothing to rank"
    notes = (note,) if note else ()
    return _ranked(one, ranking, block, notes, budget.alpha / 2)


def _ranked(
    one: Stated, ranking: Ranking, block: Block, notes: tuple[str, ...], tail: float
) -> _Standing:
    driver, most = one.driver or "", int(one.at_most or 1)
    best, worst = ranks_among(ranking, driver, ranked_factors(block))
    place = next(found for found in ranking.places if found.name == driver)
    others = [p.name for p in ranking.places if p.name in ranked_factors(block)]
    claims = Claims(rank_claims(best, most).inside, rank_claims(worst, most).outside)
    claims = of_few_rows(claims, ranking.n)
    if place.above_floor is False:
        claims = replace(claims, outside=1.0)
        notes = (*notes, "its effect cannot be told from noise, so that it cannot pass")
    spot = None if block.base == BASE else Spot(block.base, None)
    low, high = np.quantile(worst, [tail, 1 - tail], method="closest_observation")
    return _Standing(
        spot, others.index(driver) + 1, int(low), int(high), claims,
        float((worst <= most).mean()), ranking.n, f"{ranking.n} {ranking.rows}", notes,
    )  # fmt: skip
