"""What a disruption does to output: a run against its twin, the same draws without disruptions.

Both are compared event by event. The shortfall D(t) is what the twin has made by the end of
instant t less what the run has made, so goods that are made up later count as recovered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

import numpy as np

from chainsim.network.compiled import SECONDS_PER_DAY, THOUSANDTHS, CompiledNetwork, ResilienceSpec
from chainsim.outcome.measures import daily_output
from chainsim.outcome.trajectory import Integers, Trajectory

DEPTH_DAYS = 7
"""The depth is the largest loss on a mean of so many days."""


@dataclass(frozen=True, slots=True)
class Resilience:
    """How output survived and recovered, in total or at a site. Times are days from the strike."""

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


@dataclass(frozen=True, slots=True)
class OutputRecord:
    """Of a trajectory what the comparison needs."""

    daily: Integers
    """Output by day and site, thousandths, (day, site)."""
    made: dict[str, tuple[Integers, Integers]]
    """Instants and quantities (thousandths) by stock of output."""
    end: int
    """Second at which the run ends."""


@dataclass(frozen=True, slots=True)
class TwinComparison:
    """A replication against its twin."""

    total: Resilience
    sites: dict[str, Resilience]
    """By site that makes output in the twin."""


def output_of(network: CompiledNetwork, trajectory: Trajectory) -> OutputRecord:
    """The output of a trajectory; the network must have a resilience block."""
    daily = daily_output(network, trajectory)
    return OutputRecord(daily, trajectory.made, int(trajectory.day_ends[-1]))


def against_twin(
    network: CompiledNetwork, run: OutputRecord, twin: OutputRecord, strike: int | None
) -> TwinComparison:
    """The resilience of output, in total and by site.

    Args:
        network: Of the run; it must have a resilience block.
        run: The output of a replication of it.
        twin: That of the same replication of the network without disruptions.
        strike: Second of the first disruption; None if nothing strikes.

    Raises:
        ValueError: the network has no resilience block.
    """
    spec = network.resilience
    if spec is None:
        raise ValueError("the network records no output: it has no resilience block")
    made, made_by_twin = run.daily, twin.daily
    stocks = network.output_stocks
    sites = sorted(
        {network.stocks[s].site for s in stocks if made_by_twin[:, network.stocks[s].site].any()}
    )

    def over(chosen: Iterable[int]) -> Resilience:
        columns = list(chosen)
        ids = [network.stocks[s].id for s in stocks if network.stocks[s].site in columns]
        times, shortfall = shortfall_of(run, twin, ids)
        lost = made_by_twin[:, columns].sum(axis=1) - made[:, columns].sum(axis=1)
        mean = float(made_by_twin[:, columns].sum()) / len(made_by_twin)
        return _assessed(spec, times, shortfall, lost, mean, strike, run.end)

    by_site = {network.sites[site].id: over([site]) for site in sites}
    return TwinComparison(over(range(len(network.sites))), by_site)


def shortfall_of(
    run: OutputRecord, twin: OutputRecord, stocks: Iterable[str]
) -> tuple[Integers, Integers]:
    """The instants at which D changes, in order, and D after each, thousandths; both (n,)."""
    times: list[Integers] = [np.zeros(1, np.int64)]
    changes: list[Integers] = [np.zeros(1, np.int64)]
    for stock in stocks:
        for record, sign in ((twin, 1), (run, -1)):
            made = record.made[stock]
            times.append(made[0])
            changes.append(sign * made[1])
    instants, place = np.unique(np.concatenate(times), return_inverse=True)
    steps = np.zeros(len(instants), np.int64)
    np.add.at(steps, place, np.concatenate(changes))
    return instants, np.cumsum(steps)


def _assessed(
    spec: ResilienceSpec, times: Integers, shortfall: Integers, lost: Integers, mean: float,
    strike: int | None, end: int,
) -> Resilience:  # fmt: skip
    """`lost` is the daily loss (day,), `mean` the twin's daily output, both thousandths."""
    since = end if strike is None else strike
    fail, recover = (_level(seconds, mean) for seconds in (spec.fail, spec.recover))
    struck_at = _first_above(times, shortfall, fail, since)
    recovered_at = None
    if struck_at is not None:
        recovered_at = _first_stay(times, shortfall, recover, struck_at, spec.hold, end)
    return Resilience(
        struck=struck_at is not None,
        time_to_survive=_days(struck_at, since),
        time_to_recover=_days(recovered_at, since),
        followed=(end - since) / SECONDS_PER_DAY,
        depth=_depth(lost, mean),
        lost_area=float(lost[lost > 0].sum()) / THOUSANDTHS,
        peak_shortfall=max(0.0, float(shortfall.max())) / THOUSANDTHS,
        never_made_up=float(shortfall[-1]) / THOUSANDTHS,
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
