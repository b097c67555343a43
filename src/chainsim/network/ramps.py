"""How the capacity of an investment comes and goes, as a function of time."""

from __future__ import annotations

import math
from collections.abc import Callable

from chainsim.network.clock import Factor, Piece
from chainsim.scenario.schema.investments import Learning, Ramp

BEFORE = -(10**11)
"""A second before any run."""
Curve = Callable[[float], float]


def ramp_factor(ramp: Ramp, learning: Learning | None, opens: int, size: float) -> Factor:
    """What is added to a speed over time: 0, then `size` times ramp times yield."""
    grown = _grown(ramp, opens, size)
    if learning is not None:
        grown = [_learnt(piece, learning, opens) for piece in grown]
    return [Piece(BEFORE, 0.0), *grown]


def _grown(ramp: Ramp, opens: int, size: float) -> Factor:
    """The pieces from the opening on, at full yield."""
    if ramp.shape == "stages":
        return [Piece(opens + round(s.after), size * float(s.ready)) for s in ramp.stages]
    if ramp.shape == "step":
        return [Piece(opens, size)]
    shape = _shape(ramp)

    def curve(t: float) -> float:
        return size * shape(max(t - opens, 0.0))

    rising = Piece(opens, 0.0, curve)
    return [rising] if ramp.over is None else [rising, Piece(opens + round(ramp.over), size)]


def _shape(ramp: Ramp) -> Curve:
    """The part that is ready, by seconds since the opening."""
    if ramp.over is not None:
        over = float(ramp.over)
        if ramp.shape == "linear":
            return lambda t: t / over
        return lambda t: (t / over) ** 2 * (3.0 - 2.0 * t / over)
    assert ramp.tau is not None
    tau, low = float(ramp.tau), float(ramp.low)
    if ramp.shape == "exponential":
        return lambda t: 1.0 - math.exp(-t / tau)
    return lambda t: math.exp(math.log(low) * math.exp(-t / tau))


def _learnt(piece: Piece, learning: Learning, opens: int) -> Piece:
    """A piece times the yield, which grows with the time since the opening."""
    missing, after = 1.0 - float(learning.start), float(learning.after)
    exponent = math.log2(float(learning.rate))
    full = piece.curve

    def curve(t: float) -> float:
        practice = 1.0 + max(t - opens, 0.0) / after
        size = piece.value if full is None else full(t)
        return size * (1.0 - missing * math.pow(practice, exponent))

    return Piece(piece.begin, 0.0, curve)


def total(factors: list[Factor], additions: list[Factor]) -> Factor:
    """The product of factors, plus additions, as one factor; never below 0."""
    begins = sorted({piece.begin for factor in (*factors, *additions) for piece in factor})
    return [_sum(begin, _in_force(factors, begin), _in_force(additions, begin)) for begin in begins]


def _sum(begin: int, product: list[Piece], additions: list[Piece]) -> Piece:
    def value(t: float) -> float:
        times = math.prod(_at(piece, t) for piece in product)
        return max(times + sum(_at(piece, t) for piece in additions), 0.0)

    curved = any(piece.curve is not None for piece in (*product, *additions))
    return Piece(begin, 0.0, value) if curved else Piece(begin, value(begin))


def _at(piece: Piece, t: float) -> float:
    return piece.value if piece.curve is None else piece.curve(t)


def _in_force(factors: list[Factor], time: int) -> list[Piece]:
    """The piece of each factor that holds at a time; before its first one the first."""
    return [
        next((piece for piece in reversed(factor) if piece.begin <= time), factor[0])
        for factor in factors
    ]
