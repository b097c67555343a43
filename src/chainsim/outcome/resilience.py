"""What a disruption does to output: a run against its twin, the same draws without disruptions.

Both are compared event by event. The shortfall D(t) is what the twin has made by the end of
instant t less what the run has made, so goods that are made up later count as recovered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from chainsim.network.compiled import SECONDS_PER_DAY, THOUSANDTHS, CompiledNetwork
from chainsim.network.disruption import ResilienceSpec
from chainsim.outcome.trajectory import Integers

Made = Mapping[str, tuple[Integers, Integers]]
"""Instants and quantities (thousandths) that operations brought into stocks, by stock id."""
DEPTH_DAYS = 7
"""The depth is the largest loss on a mean of so many days."""


@dataclass(frozen=True, slots=True)
class Strike:
    """When disruptions begin, and what counts as struck and as recovered."""

    spec: ResilienceSpec
    first: int | None
    """Second of the first disruption; None if nothing strikes."""
    end: int
    """Second at which the run ends."""

    @property
    def since(self) -> int:
        """The second from which on output is watched."""
        return self.end if self.first is None else self.first


@dataclass(frozen=True, slots=True)
class Course:
    """What a run makes less than its twin, over time; thousandths."""

    times: Integers
    """Instants, in order (n,)."""
    shortfall: Integers
    """D after each instant (n,)."""
    lost: Integers
    """What the twin makes on a day less what the run makes (day,)."""
    mean: float
    """What the twin makes in a day."""


@dataclass(frozen=True, slots=True)
class Resilience:
    """How something that is made survived and recovered. Times are days from the strike.

    It is output in total, at a site, or by region of cause, or an item that a stage makes.
    """

    struck: bool
    """Whether the shortfall ever exceeded the failure level."""
    time_to_survive: float | None
    """Until the shortfall first exceeds the failure level; None if it never does."""
    time_to_recover: float | None
    """Until the shortfall comes back within the recovery level and stays; None if never struck, or
    if that lies beyond the horizon (then `struck`, and the time is censored)."""
    followed: float
    """Days from the strike to the end of the run: what is censored is more than that."""
    depth: float | None
    """Largest loss of output on a 7-day mean, in the twin's mean daily output over the whole run;
    above 1 where the loss falls into days on which the twin makes more than that."""
    lost_area: float
    """Sum of the daily losses, units: what was not made on its day, made up later or not."""
    peak_shortfall: float
    """Largest D, units."""
    never_made_up: float
    """D at the end of the run, units."""
    peak_backlog: float | None = None
    """Largest backlog at the end of a day less the twin's, units: of outside customers, of a stage
    of all who order there; None by region of cause."""


def strike_of(network: CompiledNetwork, first: int | None, end: int) -> Strike:
    """When the disruptions of a run begin, and when it ends, with what counts as struck.

    Raises:
        ValueError: the network has no resilience block.
    """
    if network.resilience is None:
        raise ValueError("the network records no output: it has no resilience block")
    return Strike(network.resilience, first, end)


def course_of(
    times: Integers, shortfall: Integers, made: Integers, made_by_twin: Integers
) -> Course:
    """A course from the steps of D and from what both make in a day, (day,)."""
    mean = float(made_by_twin.sum()) / len(made_by_twin)
    return Course(times, shortfall, made_by_twin - made, mean)


def shortfall_of(run: Made, twin: Made, stocks: Iterable[str]) -> tuple[Integers, Integers]:
    """The instants at which D changes, in order, and D after each, thousandths; both (n,)."""
    times: list[Integers] = [np.zeros(1, np.int64)]
    changes: list[Integers] = [np.zeros(1, np.int64)]
    for stock in stocks:
        for made, sign in ((twin[stock], 1), (run[stock], -1)):
            times.append(made[0])
            changes.append(sign * made[1])
    instants, place = np.unique(np.concatenate(times), return_inverse=True)
    steps = np.zeros(len(instants), np.int64)
    np.add.at(steps, place, np.concatenate(changes))
    return instants, np.cumsum(steps)


def assessed(strike: Strike, course: Course, waiting: Integers | None = None) -> Resilience:
    """The resilience that a course shows.

    Args:
        strike: From when on it is watched, and what counts.
        course: What the run made less than its twin.
        waiting: Backlog at the end of each day less the twin's (day,), where there is one.
    """
    spec, since, end = strike.spec, strike.since, strike.end
    times, shortfall, lost = course.times, course.shortfall, course.lost
    fail, recover = (_level(seconds, course.mean) for seconds in (spec.fail, spec.recover))
    struck_at = _first_above(times, shortfall, fail, since)
    recovered_at = None
    if struck_at is not None:
        recovered_at = _first_stay(times, shortfall, recover, struck_at, spec.hold, end)
    return Resilience(
        struck=struck_at is not None,
        time_to_survive=_days(struck_at, since),
        time_to_recover=_days(recovered_at, since),
        followed=(end - since) / SECONDS_PER_DAY,
        depth=_depth(lost, course.mean),
        lost_area=float(lost[lost > 0].sum()) / THOUSANDTHS,
        peak_shortfall=max(0.0, float(shortfall.max())) / THOUSANDTHS,
        never_made_up=float(shortfall[-1]) / THOUSANDTHS,
        peak_backlog=None if waiting is None else float(waiting.max(initial=0)) / THOUSANDTHS,
    )


def _level(seconds: int, mean: float) -> int:
    """So many seconds of mean daily output, rounded up to whole units; thousandths.

    Where less than a unit is made in a day, a lot that comes an hour late is no failure.
    """
    return ceil(seconds * mean / SECONDS_PER_DAY / THOUSANDTHS) * THOUSANDTHS


def _first_above(times: Integers, values: Integers, level: int, since: int) -> int | None:
    """The first instant from `since` on at which a step function is above a level."""
    above = np.flatnonzero((values > level) & (times >= since))
    return int(times[above[0]]) if above.size else None


def _first_stay(
    times: Integers, values: Integers, level: int, since: int, hold: int, end: int
) -> int | None:
    """The first instant after `since` that begins a stay of `hold` seconds at or below a level."""
    begin: int | None = None
    for time, is_above in zip(times.tolist(), (values > level).tolist(), strict=True):
        if time < since:
            continue
        if begin is not None and time - begin >= hold:
            return begin
        if is_above:
            begin = None
        elif begin is None:
            begin = time
    return begin if begin is not None and end - begin >= hold else None


def _days(time: int | None, since: int) -> float | None:
    return None if time is None else (time - since) / SECONDS_PER_DAY


def _depth(lost: Integers, mean: float) -> float | None:
    """The largest mean loss of DEPTH_DAYS days, as a share of the mean; None without output."""
    if not mean:
        return None
    width = min(DEPTH_DAYS, len(lost))
    sums = np.convolve(lost, np.ones(width, np.int64), mode="valid")
    return max(0.0, float(sums.max()) / width / mean)
