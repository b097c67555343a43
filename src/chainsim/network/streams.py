"""What streams of the outside world bring on average."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from chainsim.network.clock import STEADY, Clock
from chainsim.network.compiled import FULL_SPEED, CompiledNetwork, StreamSpec
from chainsim.network.distributions import mean


def undisturbed(network: CompiledNetwork, clock: int) -> Clock:
    """A clock of the network as it runs without disruptions; always at full speed for NONE."""
    if clock < 0:
        return STEADY
    base = network.bases[network.clocks[clock].base]
    return Clock(base.times, base.rates)


def expected_amounts(
    network: CompiledNetwork, stream: StreamSpec, edges: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The expected amount of a stream between neighbouring edges, thousandths (n - 1,).

    Args:
        network: Which the stream is of.
        stream: Of a demand, an arrival or slots.
        edges: Seconds in order (n,); nothing comes before second 0.
    """
    amounts = np.zeros(len(edges) - 1)
    if stream.process in ("trace", "plan"):
        factor = mean(stream.noise) if stream.noise is not None else 1.0
        times = np.array([at for at, _ in stream.trace], dtype=np.int64)
        places = np.searchsorted(edges, times, side="right") - 1
        within = (places >= 0) & (places < len(amounts))
        listed = np.array([amount for _, amount in stream.trace], dtype=np.float64)
        expected = listed * factor * _parts(stream)
        np.add.at(amounts, places[within], expected[within])
        return amounts
    size = mean(stream.size) if stream.size is not None else float(stream.fixed_size)
    if stream.process == "regular":
        gap = float(Fraction(*stream.exact_interval))
    else:
        assert stream.interval is not None
        gap = mean(stream.interval)
    clock = undisturbed(network, stream.clock)
    done = [clock.work(max(int(edge), 0)) for edge in edges]
    for k in range(len(amounts)):
        amounts[k] = size * (done[k + 1] - done[k]) / FULL_SPEED / gap
    return amounts


def _parts(stream: StreamSpec) -> NDArray[np.float64]:
    """The part of each listed amount that is this stream's (events,)."""
    shares = np.array(stream.division, dtype=np.float64) / FULL_SPEED
    parts = np.ones(len(stream.trace))
    for earlier in shares[: stream.part]:
        parts *= 1 - earlier
    return shares[stream.part] * parts if stream.part < len(shares) else parts
