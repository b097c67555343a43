"""How many replications would decide a check that is inconclusive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt

from chainsim.experiments.gates import ROUNDING, Room

POWER = 0.8
"""With which a check should be decided."""
MOST = 1_000_000
"""More replications than this decide nothing in practice: the mean sits on the bound."""
NORMAL = 2_000
"""Replications from which on the noncentral t is its normal limit."""


def replications_to_decide(found: Sequence[Room], level: float, power: float = POWER) -> int | None:
    """The smallest number of replications that decides a check with a power.

    It takes the means and standard deviations that were found for the true ones. Where all means
    have room the check has to pass: every bound at the level; where one has none it has to fail:
    that bound at the level over the number of bounds.

    Args:
        found: The room within each bound, of two or more replications.
        level: Of one claim of this check.
        power: The probability of the verdict.

    Returns:
        None for a tie: the mean sits on a bound, so no number would decide. Also None where no
        number could, because the values do not prove what they would have to.
    Source: the power of Student's test is a tail of the noncentral t with n - 1 degrees of freedom
    and noncentrality sqrt(n) |mean| / sd (Johnson, Kotz and Balakrishnan, vol. 2, chapter 31).
    """
    worst = min(found, key=_distance)
    if worst.n < 2 or abs(worst.mean) <= ROUNDING * worst.scale:
        return None
    passes = worst.mean > 0
    if passes:
        if any(room.may_be_less for room in found):
            return None
        effects, each = [_distance(room) for room in found], level
    else:
        if worst.may_be_more:
            return None
        effects, each = [-_distance(worst)], level / len(found)

    def enough(n: int) -> bool:
        return sum(1 - power_of(effect, n, each) for effect in effects) <= 1 - power

    return _smallest(enough, worst.n + 1)


def power_of(effect: float, n: int, level: float) -> float:
    """The probability that a one-sided t-test rejects.

    Args:
        effect: True mean over standard deviation, in the direction of the alternative.
        n: Replications, at least 2.
        level: Of the test.
    """
    from scipy import special  # type: ignore[import-untyped, unused-ignore]

    if effect == float("inf"):
        return 1.0
    shift = effect * sqrt(n)
    if n >= NORMAL:
        return float(special.ndtr(shift + special.ndtri(level)))
    critical = -float(special.stdtrit(n - 1, level))
    if shift > critical + 40:  # a power of 1, out of reach of the series for the noncentral t
        return 1.0
    return 1 - float(special.nctdtr(n - 1, shift, critical))


def _distance(room: Room) -> float:
    """The mean room in standard deviations."""
    if room.sd == 0:
        return float("inf") if room.mean >= -ROUNDING * room.scale else float("-inf")
    return room.mean / room.sd


def _smallest(enough: Callable[[int], bool], first: int) -> int | None:
    """The smallest number that is enough, by doubling and bisection: power grows with it."""
    too_few, some = first - 1, first
    while not enough(some):
        too_few, some = some, 2 * some
        if too_few >= MOST:
            return None
    while some - too_few > 1:
        middle = (too_few + some) // 2
        if enough(middle):
            some = middle
        else:
            too_few = middle
    return some if some <= MOST else None
