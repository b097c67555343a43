"""Addressed randomness: a stream is its address, and nothing else moves it (docs/model.md, 9)."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest

import chainsim
from chainsim.engines import draws
from chainsim.engines.draws import Draws
from chainsim.network.levels import Distribution

MANY = 500
EXPONENTIAL = Distribution("exponential", (2.0,))
DISTRIBUTIONS = {
    "constant": Distribution("constant", (3.0,), shift=0.5),
    "uniform": Distribution("uniform", (1.0, 4.0)),
    "triangular": Distribution("triangular", (1.0, 2.0, 5.0)),
    "pert": Distribution("pert", (1.0, 2.0, 5.0)),
    "beta": Distribution("beta", (2.0, 3.0, 1.0, 5.0)),
    "normal": Distribution("normal", (5.0, 2.0, -float("inf"), float("inf"))),
    "truncated normal": Distribution("normal", (1.0, 2.0, 0.0, 2.0)),
    "exponential": EXPONENTIAL,
    "gamma": Distribution("gamma", (0.4, 2.0)),
    "lognormal": Distribution("lognormal", (0.1, 0.7)),
    "weibull": Distribution("weibull", (1.5, 2.0)),
    "geometric": Distribution("geometric", (0.3,), scale=1000.0),
    "poisson": Distribution("poisson", (2.5,), shift=1.0, scale=1000.0),
    "large poisson": Distribution("poisson", (40.0,), scale=1000.0),
    "discrete": Distribution("discrete", (1.0, 0.2, 2.0, 0.5, 7.0, 0.3)),
    "empirical": Distribution("empirical", (1.0, 4.0, 9.0)),
    "trace": Distribution("trace", (1.0, 2.0, 3.0)),
}


def first(values: Iterator[float], n: int = MANY) -> list[float]:
    return list(islice(values, n))


def numbers(
    seed: int = 1, replication: int = 0, entity: str = "plant/line", purpose: str = "work"
) -> list[float]:
    """The first draws of an exponential stream."""
    return first(Draws(seed, replication).stream(entity, purpose, EXPONENTIAL))


def one_by_one(d: Distribution, g: np.random.Generator) -> Iterator[float]:
    """The values of a distribution as single calls of the generator's methods."""
    p = d.parameters
    while True:
        if d.kind == "normal":
            value = p[0] + p[1] * g.standard_normal()
            while not p[2] <= value <= p[3]:
                value = p[0] + p[1] * g.standard_normal()
        elif d.kind == "discrete":
            limits = np.cumsum(p[1::2])
            value = p[::2][min(int(np.searchsorted(limits, g.random(), "right")), len(limits) - 1)]
        elif d.kind == "pert":
            width = p[2] - p[0]
            a, b = 1 + 4 * (p[1] - p[0]) / width, 1 + 4 * (p[2] - p[1]) / width
            value = p[0] + width * g.beta(a, b)
        else:
            value = {
                "uniform": lambda: p[0] + (p[1] - p[0]) * g.random(),
                "triangular": lambda: g.triangular(*p),
                "beta": lambda: p[2] + (p[3] - p[2]) * g.beta(p[0], p[1]),
                "exponential": lambda: p[0] * g.standard_exponential(),
                "gamma": lambda: p[1] * g.standard_gamma(p[0]),
                "lognormal": lambda: g.lognormal(*p),
                "weibull": lambda: p[1] * g.weibull(p[0]),
                "geometric": lambda: float(g.geometric(p[0])),
                "poisson": lambda: float(g.poisson(p[0])),
                "empirical": lambda: p[int(g.random() * len(p))],
            }[d.kind]()
        yield value * d.scale + d.shift


@pytest.mark.parametrize("name", sorted(DISTRIBUTIONS.keys() - {"constant", "trace"}))
def test_blocks_are_single_draws(name: str) -> None:
    """Drawing in blocks gives what one call after the other gives, to the last bit."""
    distribution = DISTRIBUTIONS[name]
    generator = Draws(7, 2).generator("site/thing", "work")
    stream = Draws(7, 2).stream("site/thing", "work", distribution)
    assert first(stream) == first(one_by_one(distribution, generator))


@pytest.mark.parametrize("sizes", [(1, 1), (3, 24), (4096, 4096)])
@pytest.mark.parametrize("name", sorted(DISTRIBUTIONS))
def test_the_size_of_blocks_does_not_matter(
    name: str, sizes: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = first(Draws(7, 2).stream("site/thing", "work", DISTRIBUTIONS[name]))
    monkeypatch.setattr(draws, "FIRST_BLOCK", sizes[0])
    monkeypatch.setattr(draws, "LARGEST_BLOCK", sizes[1])
    assert first(Draws(7, 2).stream("site/thing", "work", DISTRIBUTIONS[name])) == usual


def test_the_distributions_of_this_file_are_all_that_there_are() -> None:
    """A new kind of distribution needs its row above."""
    from chainsim.scenario.schema import distributions as written

    kinds = {kind.model_fields["dist"].annotation for kind in written.Shifted.__subclasses__()}
    named = {name for kind in kinds for name in getattr(kind, "__args__", ())}
    assert named - {"erlang"} == {d.kind for d in DISTRIBUTIONS.values()}


def test_a_stream_is_its_address() -> None:
    """The generator is PCG64 seeded by (seed, replication, 128 bits of the address's SHA-256)."""
    digest = hashlib.sha256(b"plant/line\0work").digest()[:16]
    words = np.frombuffer(digest, dtype="<u4").tolist()
    known = np.random.Generator(np.random.PCG64(np.random.SeedSequence([5, 3, *words])))
    assert numbers(5, 3) == [2.0 * known.standard_exponential() for _ in range(MANY)]


def test_every_part_of_an_address_counts() -> None:
    """Seed (zero is one), replication, entity and purpose each give other numbers."""
    streams = [
        numbers(),
        numbers(seed=0),
        numbers(seed=2),
        numbers(seed=2**63 - 1),
        numbers(replication=1),
        numbers(replication=10**6),
        numbers(entity="plant/lin"),
        numbers(purpose="output"),
        numbers(entity="plant", purpose="line\0work"),
        numbers(entity="plant/linew", purpose="ork"),
    ]
    assert all(a != b for a, b in itertools.combinations(streams, 2))
    assert not {s for s in streams[0]} & {s for stream in streams[1:] for s in stream}


def test_streams_do_not_follow_each_other() -> None:
    """The correlation of neighbouring addresses is that of chance (4.5 standard errors)."""
    n = 20_000
    purposes = ["uptime 0", "uptime 1", "repair 0", "work"]
    rows = [first(Draws(1, 0).uniforms("plant/line", purpose), n) for purpose in purposes]
    rows += [first(Draws(1, r).uniforms("plant/line", "work"), n) for r in (1, 2)]
    rows += [first(Draws(s, 0).uniforms("plant/line", "work"), n) for s in (0, 2)]
    correlations = np.corrcoef(np.array(rows))[np.triu_indices(len(rows), 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(n)


def test_other_streams_move_nothing() -> None:
    """Neither the order in which streams are made nor what is drawn from others matters."""
    alone = numbers()
    source = Draws(1, 0)
    others = [source.stream(f"plant/{i}", "work", EXPONENTIAL) for i in range(5)]
    first(others[0], 40)
    stream = source.stream("plant/line", "work", EXPONENTIAL)
    found = []
    for value in islice(stream, MANY):
        found.append(value)
        next(others[len(found) % 5])
    assert found == alone


def test_two_streams_of_one_address_are_the_same() -> None:
    """A stream keeps its place: asking for it again begins it again."""
    source = Draws(1, 0)
    stream = source.stream("plant/line", "work", EXPONENTIAL)
    first(stream, 100)
    assert first(source.stream("plant/line", "work", EXPONENTIAL)) == numbers()


def test_constants_and_traces_draw_nothing() -> None:
    """A constant repeats, a trace begins again after its last value."""
    assert first(Draws(1, 0).stream("a", "b", DISTRIBUTIONS["constant"]), 4) == [3.5] * 4
    assert first(Draws(1, 0).stream("a", "b", DISTRIBUTIONS["trace"]), 4) == [1.0, 2.0, 3.0, 1.0]


@pytest.mark.parametrize("name", sorted(DISTRIBUTIONS))
def test_a_sample_is_the_beginning_of_a_stream(name: str) -> None:
    d = DISTRIBUTIONS[name]
    stream = first(Draws(3, 0).stream("a", "b", d), 40)
    assert draws.sample(d, Draws(3, 0).generator("a", "b"), 40) == stream


def test_the_public_sampler_is_addressed_by_its_seed() -> None:
    """The same seed, the same values; seed 0 is a seed of its own."""
    written = {"dist": "exponential", "mean": 2}
    one, again, zero = (chainsim.sample(written, 50, seed=s) for s in (1, 1, 0))
    assert one == again == chainsim.sample(written, 50)
    assert zero == chainsim.sample(written, 50, seed=0) != one
