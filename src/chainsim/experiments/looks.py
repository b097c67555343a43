"""Verdicts from growing numbers of replications, with one error budget for all looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chainsim.experiments.evidence import Evidence
from chainsim.experiments.expectations import Stated
from chainsim.experiments.gates import INCONCLUSIVE, budget_of_look
from chainsim.experiments.judging import Judged, judged

MOST_TIMES = 8
"""A sequential check stops at so many times its first replications, unless it is told where."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many replications are run, and whether more may be added."""

    sequential: bool = False
    at_most: int | None = None
    """With sequential: where to stop; `MOST_TIMES` the first look unless given."""

    def sizes(self, first: int) -> Iterator[int]:
        """The number of replications at each look: doubled from look to look."""
        yield first
        if not self.sequential:
            return
        most = MOST_TIMES * first if self.at_most is None else self.at_most
        size = first
        while size < most:
            size = min(2 * size, most)
            yield size


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the verdicts."""

    replications: int
    alpha: float
    """What it spent of the error budget."""
    decided: tuple[str, ...]
    """The ids that it decided."""


def judged_by_looks(
    expected: Sequence[Stated],
    evidence_at: Callable[[int], Sequence[Evidence]],
    plan: Plan,
    first: int,
    alpha: float,
) -> tuple[tuple[Judged, ...], tuple[Look, ...]]:
    """Every expectation with its verdict, and the looks that it took.

    A verdict stands once it is given, unless a replication fails later. Look k spends
    alpha / 2^k of the error budget, so that all looks together spend less than alpha; without
    `sequential` there is one look, which spends all of it.

    Args:
        expected: What is expected.
        evidence_at: The evidence on each, from so many replications.
        plan: Whether there is more than one look.
        first: Replications of the first look.
        alpha: The error budget.
    """
    rows: tuple[Judged, ...] = ()
    looks: list[Look] = []
    for number, size in enumerate(plan.sizes(first), 1):
        found = evidence_at(size)
        spent = budget_of_look(alpha, number) if plan.sequential else alpha
        later = budget_of_look(alpha, number + 1) if plan.sequential else alpha
        fresh = judged(expected, found, spent, later)
        done = {row.id for row in rows if row.verdict != INCONCLUSIVE}
        decided = (row.id for row in fresh if row.verdict != INCONCLUSIVE and row.id not in done)
        looks.append(Look(size, spent, tuple(decided)))
        rows = tuple(_standing(rows, fresh))
        if not any(_may_be_decided(row, size) for row in rows):
            break
    return rows, tuple(looks)


def _standing(before: Sequence[Judged], now: Sequence[Judged]) -> Iterator[Judged]:
    """The verdicts so far: one of an earlier look stays, where there is still evidence at all."""
    if not before:
        yield from now
    for old, new in zip(before, now, strict=False):
        yield new if old.verdict == INCONCLUSIVE or not new.evidence.rooms else old


def _may_be_decided(row: Judged, replications: int) -> bool:
    """Whether more replications could decide it."""
    most = row.evidence.most
    growing = most is None or most > replications
    return row.verdict == INCONCLUSIVE and bool(row.evidence.rooms) and growing
