"""Stores of one study, run in parts, as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chainsim.errors import InputError, Problem
from chainsim.experiments.sweeps.runs import Result
from chainsim.experiments.sweeps.store import SweepStore, reading


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of a merge."""

    added: int
    known: int
    """Runs that were there already."""


def merge(into: SweepStore, parts: Sequence[Path]) -> Merged:
    """Bring the runs of some stores into one; a success takes the place of a failure.

    Raises:
        InputError: a part is of another study or of other scenarios; two stores have different
            results for one run.
    """
    added = known = 0
    for path in parts:
        with reading(path) as part:
            _check(into, part)
            new, there = _brought(into, part)
            added, known = added + new, known + there
    return Merged(added, known)


def _brought(into: SweepStore, part: SweepStore) -> tuple[int, int]:
    have, days = into.results(), into.kept(with_days=True)
    news: list[bytes] = []
    known: list[bytes] = []

    def new_ones() -> Iterator[tuple[bytes, Result, float]]:
        for key, result, seconds in part.whole():
            if key not in have or (have[key][1] and not result.error):
                news.append(key)
                yield key, result, seconds
                continue
            known.append(key)
            if not result.error and have[key] != (result.payload, result.error):
                rule = f"have the same result for run {key.hex()[:12]} as {part.path}"
                remedy = "the two machines differ (versions of libraries?): make it again on one"
                raise InputError([_problem(into, rule, "another", remedy)])
            if not {*result.series} <= days[key].days:
                yield key, result, seconds

    into.keep_all(new_ones())
    return len(news), len(known)


def _check(into: SweepStore, part: SweepStore) -> None:
    mine, theirs = into.facts(), part.facts()
    if theirs is None:
        raise InputError([_problem(part, "hold the runs of a study", "nothing")])
    if mine is None:
        into.state(theirs, part.points())
        return
    for word, words in (("study", "the same study"), ("recipes", "the same scenarios"),
                        ("lists", "the same lists of points"),
                        ("program", "the same version"), ("overrides", "the same values"),
                        ("replications", "the same replications")):  # fmt: skip
        if mine[word] != theirs[word]:
            raise InputError([_problem(part, f"be of {words} as {into.path}")])


def _problem(store: SweepStore, rule: str, got: str = "", remedy: str = "") -> Problem:
    return Problem(str(store.path), 0, 0, "the store", rule, got, remedy)
