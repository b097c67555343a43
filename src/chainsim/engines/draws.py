"""Addressed randomness: every number belongs to (seed, replication, entity, purpose, n).

Each stream has a generator of its own, seeded by the hash of its address, so adding or removing
an entity leaves all other streams as they were. Values come from the generator's own methods in
order: whole-array logarithms and powers may differ in the last bit between processors.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate, chain, cycle, repeat

import numpy as np

from chainsim.network.levels import Distribution

FIRST_BLOCK = 16
LARGEST_BLOCK = 512
Block = Callable[[np.random.Generator, int], "list[float]"]


class Draws:
    """The named streams of one replication."""

    def __init__(self, seed: int, replication: int) -> None:
        self.seed = seed
        self.replication = replication

    def generator(self, entity: str, purpose: str) -> np.random.Generator:
        """The generator of a stream (PCG64 seeded by the hash of the address)."""
        digest = hashlib.sha256(f"{entity}\0{purpose}".encode()).digest()
        words = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4)]
        sequence = np.random.SeedSequence([self.seed, self.replication, *words])
        return np.random.Generator(np.random.PCG64(sequence))

    def stream(self, entity: str, purpose: str, distribution: Distribution) -> Iterator[float]:
        """The endless sequence of draws of a stream."""
        if distribution.constant is not None:
            return repeat(distribution.constant)
        return sequence(distribution, self.generator(entity, purpose))

    def uniforms(self, entity: str, purpose: str) -> Iterator[float]:
        """The endless sequence of uniform draws on [0, 1) of a stream."""
        return sequence(Distribution("uniform", (0.0, 1.0)), self.generator(entity, purpose))


def sequence(distribution: Distribution, generator: np.random.Generator) -> Iterator[float]:
    """The endless sequence of values of a distribution."""
    if distribution.constant is not None:
        return repeat(distribution.constant)
    if distribution.kind == "trace":
        return cycle([value + distribution.shift for value in distribution.parameters])
    return chain.from_iterable(_growing_blocks(distribution, generator))


def _growing_blocks(d: Distribution, generator: np.random.Generator) -> Iterator[list[float]]:
    """The values of a distribution that varies, in blocks that grow."""
    block = _blocks(d)
    size = FIRST_BLOCK
    while True:
        yield [value * d.scale + d.shift for value in block(generator, size)]
        size = min(2 * size, LARGEST_BLOCK)


def sample(distribution: Distribution, generator: np.random.Generator, n: int) -> list[float]:
    """The first `n` values of a distribution, unrounded."""
    values = sequence(distribution, generator)
    return [next(values) for _ in range(n)]


def _blocks(d: Distribution) -> Block:
    """The function that draws a block; parameters as the compiler writes them."""
    p = d.parameters
    simple: dict[str, Block] = {
        "uniform": lambda g, n: [p[0] + (p[1] - p[0]) * u for u in g.random(n).tolist()],
        "triangular": lambda g, n: g.triangular(p[0], p[1], p[2], n).tolist(),
        "pert": lambda g, n: _stretched(g, _pert_shapes(p), p[0], p[2], n),
        "beta": lambda g, n: _stretched(g, (p[0], p[1]), p[2], p[3], n),
        "normal": lambda g, n: _normal(g, p, n),
        "exponential": lambda g, n: [p[0] * x for x in g.standard_exponential(n).tolist()],
        "gamma": lambda g, n: [p[1] * x for x in g.standard_gamma(p[0], n).tolist()],
        "lognormal": lambda g, n: g.lognormal(p[0], p[1], n).tolist(),
        "weibull": lambda g, n: [p[1] * x for x in g.weibull(p[0], n).tolist()],
        "geometric": lambda g, n: g.geometric(p[0], n).astype(float).tolist(),
        "poisson": lambda g, n: g.poisson(p[0], n).astype(float).tolist(),
        "empirical": lambda g, n: [p[int(u * len(p))] for u in g.random(n).tolist()],
    }
    if d.kind == "discrete":
        values, limits = p[::2], list(accumulate(p[1::2]))
        top = len(values) - 1
        return lambda g, n: [
            values[min(bisect_right(limits, u), top)] for u in g.random(n).tolist()
        ]
    return simple[d.kind]


def _pert_shapes(p: tuple[float, ...]) -> tuple[float, float]:
    low, mode, high = p
    return 1 + 4 * (mode - low) / (high - low), 1 + 4 * (high - mode) / (high - low)


def _stretched(
    g: np.random.Generator, shapes: tuple[float, float], low: float, high: float, n: int
) -> list[float]:
    return [low + (high - low) * x for x in g.beta(shapes[0], shapes[1], n).tolist()]


def _normal(g: np.random.Generator, p: tuple[float, ...], n: int) -> list[float]:
    """Normal draws within [p[2], p[3]], by rejection in order."""
    average, sd, low, high = p
    kept: list[float] = []
    while len(kept) < n:
        drawn = g.standard_normal(n - len(kept)).tolist()
        kept.extend(x for x in (average + sd * z for z in drawn) if low <= x <= high)
    return kept
