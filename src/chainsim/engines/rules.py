"""The rules of the model as plain functions on integers, written once for every engine."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainsim.network.compiled import FULL_SPEED


def whole(value: float) -> int:
    """The nearest whole number, halves up."""
    below = math.floor(value)
    return below + (value - below >= 0.5)


def quotient(part: int, divisor: int) -> int:
    """The whole number nearest to part / divisor, halves up; of integers of any size."""
    return (2 * part + divisor) // (2 * divisor)


def in_quanta(value: float, quantum: int) -> int:
    """The nearest whole number of quanta, in thousandths; at least 0."""
    return max(0, whole(value / quantum) * quantum)


def rounded_up(quantity: int, multiple: int) -> int:
    """The smallest multiple that is at least `quantity`."""
    return -(-quantity // multiple) * multiple


def proportional(available: int, claims: Sequence[int], quantum: int) -> list[int]:
    """Shares of `available` in proportion to the claims, in whole quanta, never above a claim.

    Largest remainder (Hamilton), ties by position. All are thousandths.
    """
    total = sum(claims)
    if total <= available:
        return list(claims)
    units = available // quantum
    floors = [claim * units // total for claim in claims]
    remainders = [claim * units % total for claim in claims]
    left = units - sum(floors)
    for i in sorted(range(len(claims)), key=lambda k: (-remainders[k], k))[:left]:
        floors[i] += 1
    return [min(n * quantum, claim) for n, claim in zip(floors, claims, strict=True)]


def by_shares(quantity: int, unit: int, shares: Sequence[float], given: Sequence[int]) -> list[int]:
    """How an order of `quantity` (whole units) is divided so that all orders follow shares.

    `given` is what each source got before. Each source gets what it lacks to its share of all
    orders, rounded down to whole units; what is left goes to the largest remainders, ties by rank.
    """
    total = sum(given) + quantity
    lacking = [
        max(0.0, share * total - had) / unit for share, had in zip(shares, given, strict=True)
    ]
    left = -(-quantity // unit)
    parts = []
    for lack in lacking:
        part = min(int(lack + 1e-9), left)
        parts.append(part)
        left -= part
    order = sorted(range(len(shares)), key=lambda k: (-(lacking[k] - parts[k]), k))
    position = 0
    while left > 0:
        if shares[order[position % len(order)]] > 0:
            parts[order[position % len(order)]] += 1
            left -= 1
        position += 1
    amounts = [part * unit for part in parts]
    excess = sum(amounts) - quantity
    if excess:
        amounts[max(range(len(amounts)), key=lambda k: (amounts[k], -k))] -= excess
    return amounts


class Dividing:
    """Divides one amount after the other into parts that follow their shares, in whole quanta.

    Part k gets its share (ppm) of what the parts before it leave: all its amounts together are what
    its shares of them add up to, to the nearest quantum, halves up. The last part is what is left.
    """

    def __init__(self, parts: int, quantum: int) -> None:
        self.quantum = quantum
        self._due = [0] * parts
        self._given = [0] * parts

    def parts(self, amount: int, shares: Sequence[int]) -> list[int]:
        """The parts of the next amount (thousandths, whole quanta); one more than the shares."""
        found = []
        for k, share in enumerate(shares):
            self._due[k] += amount * share
            due = quotient(self._due[k], FULL_SPEED * self.quantum) * self.quantum
            part = due - self._given[k]
            self._given[k] += part
            found.append(part)
            amount -= part
        return [*found, amount]


def regular_instant(k: int, first: tuple[int, int], interval: tuple[int, int]) -> int:
    """The instant of the k-th event (k = 0, 1, ...) of a regular stream, halves up.

    `first` and `interval` are seconds as numerator and denominator: the event falls at
    round(first + k interval) without drift.
    """
    numerator = first[0] * interval[1] + k * interval[0] * first[1]
    denominator = first[1] * interval[1]
    return (2 * numerator + denominator) // (2 * denominator)


def regular_microsecond(k: int, first: tuple[int, int], interval: tuple[int, int]) -> int:
    """The microsecond, rounded down, in which the k-th event of a regular stream falls."""
    numerator = first[0] * interval[1] + k * interval[0] * first[1]
    return numerator * 1_000_000 // (first[1] * interval[1])
