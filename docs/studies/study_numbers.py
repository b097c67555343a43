"""How pages say numbers: each with its interval, and no more than the replications can tell."""

from __future__ import annotations

from collections.abc import Sequence

from chainsim.experiments.contrasts import Contrast
from chainsim.experiments.summary import Aggregate
from chainsim.experiments.survival import Times
from chainsim.report.tables import number


def mean(one: Aggregate, digits: int = 3) -> str:
    """A mean with its interval: 25,780 (25,434 to 26,127)."""
    if one.mean is None:
        return "none"
    if one.low is None or one.high is None:
        return short(one.mean, digits)
    return f"{short(one.mean, digits)} ({short(one.low, digits)} to {short(one.high, digits)})"


def short(value: float, digits: int = 3) -> str:
    """A number with few digits; what rounds to 0.00 is 0."""
    return "0" if abs(value) < 0.005 else number(value, digits)


def percent(one: Aggregate) -> str:
    """A share with its interval: 90.4 % (89.3 to 91.4)."""
    parts = [None if v is None else f"{100 * v:.1f}" for v in (one.mean, one.low, one.high)]
    return f"{parts[0]} %" + (f" ({parts[1]} to {parts[2]})" if parts[1] else "")


def days(one: Times) -> str:
    """A median with its bounds: 15.8 (15.7 to 16.4); > 320 where it was not reached."""
    if not one.n:
        return "-"
    if one.median is None:
        return f"> {number(one.beyond, 3)}"
    if one.low is None or one.high is None:
        return f"{one.median:.1f}"
    return f"{one.median:.1f} ({one.low:.1f} to {one.high:.1f})"


def told(one: Aggregate) -> bool:
    """Whether the interval excludes zero."""
    return one.low is not None and one.high is not None and (one.low > 0 or one.high < 0)


def change(one: Aggregate, up: str = "more", down: str = "fewer") -> str:
    """A difference in words: 5,300 fewer (5,000 to 5,600)."""
    if one.mean is None or one.low is None or one.high is None:
        return "no difference that can be told"
    if not told(one):
        few = f"{short(one.low)} to {short(one.high)}"
        return f"no difference that {one.n} replications can tell ({few})"
    low, high = sorted((abs(one.low), abs(one.high)))
    way = up if one.mean > 0 else down
    return f"{short(abs(one.mean))} {way} ({short(low)} to {short(high)})"


def listed(words: Sequence[str]) -> str:
    """One, two and three."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def interval_of(found: Contrast) -> Aggregate:
    """A paired difference with its interval."""
    one = found.interval
    if one is None:
        return Aggregate(found.unit, None, None, None, 0, 0.95)
    return Aggregate(found.unit, one.mean, one.low, one.high, one.n, one.confidence)


def scaled(one: Aggregate, by: float, unit: str = "") -> Aggregate:
    """A mean and its interval times a number; below zero the bounds change places."""
    mean, low, high = (None if v is None else v * by for v in (one.mean, one.low, one.high))
    if by < 0:
        low, high = high, low
    return Aggregate(unit, mean, low, high, one.n, one.confidence, one.failed)
