"""The verdicts on expectations: one implementation for runs, scenarios and studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainsim.experiments.decision_size import replications_to_decide
from chainsim.experiments.evidence import Evidence, nothing, on_its_own
from chainsim.experiments.expectations import Stated
from chainsim.experiments.gates import INCONCLUSIVE, Verdict, adjusted, verdicts
from chainsim.experiments.readings import Reading

ELSEWHERE = "judged by chainsim check"
"""Of what a run alone cannot judge."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An expectation and what the replications say to it."""

    stated: Stated
    evidence: Evidence
    verdict: Verdict
    p_inside: float
    """Of the claim that it is met, adjusted for all checks of the file (Holm)."""
    p_outside: float
    """Of the claim that it is not met, likewise."""
    needed: int | None = None
    """Replications that would decide an inconclusive check at power 0.8; None for others, for a
    tie, and where no number can."""
    why: str = ""
    """What keeps it from a verdict, or has to be known to judge it."""

    @property
    def id(self) -> str:
        """The id of the expectation."""
        return self.stated.id


def judged(
    expected: Sequence[Stated],
    found: Sequence[Evidence],
    alpha: float,
    next_alpha: float,
) -> tuple[Judged, ...]:
    """Every expectation of a file with its verdict, in the order of the file.

    Args:
        expected: What is expected.
        found: The evidence on each.
        alpha: The error budget of these verdicts, shared by all of them.
        next_alpha: The budget with which more replications would be judged.
    """
    if not expected:
        return ()
    claims = [evidence.tested for evidence in found]
    words = verdicts(claims, alpha)
    inside, outside = adjusted(claims)
    open_ones = sum(word == INCONCLUSIVE for word in words)
    level = next_alpha / 2 / max(1, open_ones)
    rows = []
    for k, (one, evidence) in enumerate(zip(expected, found, strict=True)):
        needed, why = None, evidence.why
        if words[k] == INCONCLUSIVE:
            needed, why = _to_decide(evidence, level)
        elif evidence.rooms and all(room.sd == 0 for room in evidence.rooms):
            why = why or _exact_words(one, evidence.rooms[0].n, alpha / 2)
        rows.append(Judged(one, evidence, words[k], inside[k], outside[k], needed, why))
    return tuple(rows)


def judged_by_run(
    expected: Sequence[Stated], found: Sequence[Reading], confidence: float
) -> tuple[Judged, ...]:
    """The verdicts that a run alone can give; comparisons count as checks that are open."""
    evidence = [
        on_its_own(one, found, confidence) if one.kind == "measure" else nothing(one, ELSEWHERE)
        for one in expected
    ]
    return judged(expected, evidence, 1 - confidence, 1 - confidence)


def _exact_words(one: Stated, n: int, risk: float) -> str:
    """What is said of values that are the same in all replications.

    What happens in a share q of all runs is absent from n of them with probability (1 - q)^n.
    """
    words = f"the same in all {n} replications: compared exactly"
    if one.kind != "measure":
        return words
    hidden = 1 - risk ** (1 / n)
    return f"{words}; what happens in fewer than {100 * hidden:.2g} % of runs may not have shown"


def _to_decide(evidence: Evidence, level: float) -> tuple[int | None, str]:
    """The replications that would decide an inconclusive check, and what is said of it."""
    if not evidence.rooms:
        return None, evidence.why
    if evidence.rooms[0].n < 2:
        return None, "one replication proves nothing: run two or more"
    needed = replications_to_decide(evidence.rooms, level)
    if needed is None:
        return None, evidence.why or "a tie: no number of replications would decide"
    if evidence.most is not None and needed > evidence.most:
        more = f"the baseline has {evidence.most}: renew it with {needed} replications to decide"
        return needed, more
    return needed, evidence.why
