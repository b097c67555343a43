"""Division of whole numbers by shares."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm


def largest_remainder(total: int, weights: Sequence[Fraction | int]) -> list[int]:
    """`total` divided in proportion to the weights (Hamilton apportionment).

    Each part is rounded down; what is left goes to the largest remainders, ties by position.
    """
    scale = lcm(*(weight.denominator for weight in weights))
    shares = [int(weight * scale) for weight in weights]
    whole = sum(shares)
    parts = [total * share // whole for share in shares]
    order = sorted(range(len(parts)), key=lambda k: (-(total * shares[k] % whole), k))
    for k in order[: total - sum(parts)]:
        parts[k] += 1
    return parts


def spread(total: int, parts: int) -> list[int]:
    """`total` over equal parts, by cumulative rounding, so that no part differs by more than 1."""
    ends = [(2 * total * (k + 1) + parts) // (2 * parts) for k in range(parts)]
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]
