"""What each factor changes when it alone goes to its low and its high end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainsim.experiments.sensitivity.resampling import Floats, as_values
from chainsim.experiments.statistics import Interval, paired_difference, t_interval


@dataclass(frozen=True, slots=True)
class Swing:
    """The changes that one factor makes, in the unit of the measure, paired by replication."""

    name: str
    low: Interval | None
    """At the low end less at the base; None where no replication has both."""
    high: Interval | None
    """At the high end less at the base."""
    across: Interval | None
    """At the high end less at the low end."""
    left_out: int
    """Replications without a value at the base or at either end."""

    @property
    def size(self) -> float:
        """From the lowest to the highest of base, low end and high end; 0 if nothing is known."""
        changes = [0.0, *(one.mean for one in (self.low, self.high) if one is not None)]
        return max(changes) - min(changes)

    @property
    def told(self) -> bool:
        """Whether some interval leaves zero out, so that the effect is more than noise explains."""
        intervals = (self.low, self.high, self.across)
        return any(one is not None and _leaves_out_zero(one) for one in intervals)


@dataclass(frozen=True)
class Swings:
    """What a design of one factor at a time says about one measure."""

    base: Interval | None
    """The measure at the base; None where every replication failed."""
    swings: tuple[Swing, ...]
    """By factor, in the order of the design."""
    replications: int
    confidence: float


def swings(values: Floats, names: Sequence[str], confidence: float = 0.95) -> Swings:
    """Paired changes of every factor to the base, with Student-t intervals.

    Args:
        values: (point, replication) in the order of `designs.one_at_a_time`; NaN where a run
            failed. Equal replications have the same random numbers.
        names: Of the factors.
        confidence: Of every interval on its own.

    Raises:
        ValueError: the number of points does not fit the names.
    Source: `statistics.paired_difference`.
    """
    outputs = as_values(values, 1 + 2 * len(names))
    base, ends = outputs[0], outputs[1:].reshape(len(names), 2, -1)
    found = base[np.isfinite(base)]
    return Swings(
        t_interval(found, confidence) if found.size else None,
        tuple(
            Swing(
                name,
                _change(low, base, confidence),
                _change(high, base, confidence),
                _change(high, low, confidence),
                int(np.count_nonzero(~np.isfinite(base + low + high))),
            )
            for name, (low, high) in zip(names, ends, strict=True)
        ),
        outputs.shape[1],
        confidence,
    )


def _change(to: Floats, of: Floats, confidence: float) -> Interval | None:
    """The mean difference over the replications that have both."""
    both = np.isfinite(to) & np.isfinite(of)
    if not both.any():
        return None
    return paired_difference(to[both], of[both], confidence).difference


def _leaves_out_zero(interval: Interval) -> bool:
    if interval.low is None or interval.high is None:
        return False
    return interval.low > 0 or interval.high < 0
