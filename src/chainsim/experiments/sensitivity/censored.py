"""Times that a run does not see the end of: what is analysed instead of them.

A time to recover that lies beyond the end of a run is known to be longer than what was followed,
and no more. To leave it out would keep the quick recoveries only, so that a factor which delays
recovery could seem to speed it up. To take the end of the run for it is a mean of nothing.

The restricted mean E[min(T, L)] is well defined, and min(T, L) is known in every run that was
followed for L at least: T if it was seen and is shorter, else L. It is a measure like any other, so
every index and interval holds for it. It says nothing of how much longer than L it takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainsim.experiments.sensitivity.resampling import Floats


@dataclass(frozen=True)
class Restricted:
    """Times no longer than a limit, all of them known."""

    values: Floats
    """(point, replication): min(T, limit); NaN where a run failed."""
    limit: float
    censored: int
    """Runs in which the time is longer than what was followed."""
    cut: int
    """Runs in which the time was seen, and is longer than the limit."""
    n: int
    """Runs that did not fail."""
    points: int
    """Points at which a time is censored in some replication."""

    def sentence(self, measure: str, unit: str) -> str:
        """What was analysed and how often, in words; empty where no time was restricted."""
        if not self.censored + self.cut:
            return ""
        at = "1 point" if self.points == 1 else f"{self.points} points"
        text = (
            f"{measure.replace('_', ' ')} is longer than what was followed in {self.censored} of "
            f"{self.n} runs (at {at}): analysed is the time within the first {self.limit:g} "
            f"{unit}, for which longer times count as that"
        )
        return f"{text}; {self.cut} longer ones were seen." if self.cut else f"{text}."


def restricted(
    values: Floats, censored: NDArray[np.bool_], limit: float | None = None
) -> Restricted:
    """Every time, cut at a limit, so that censored ones are known, too.

    Args:
        values: (point, replication): the time, or what was followed if it is censored; NaN where
            a run failed.
        censored: (point, replication): whether the time is longer than its value.
        limit: At most the shortest time that a censored run was followed; that one unless given.

    Raises:
        ValueError: different shapes, or a limit beyond what a censored run was followed.
    Source: the restricted mean survival time (Irwin 1949; Royston and Parmar 2013).
    """
    times = np.asarray(values, dtype=np.float64)
    if times.shape != censored.shape:
        raise ValueError(f"times {times.shape} and their censoring {censored.shape} do not fit")
    ran = np.isfinite(times)
    open_ = censored & ran
    followed = float(times[open_].min()) if open_.any() else None
    longest = float(times[ran].max()) if ran.any() else 0.0
    chosen = limit if limit is not None else (followed if followed is not None else longest)
    if followed is not None and chosen > followed:
        raise ValueError(
            f"a limit of {chosen:g} is longer than a censored run was followed ({followed:g})"
        )
    return Restricted(
        np.where(ran, np.minimum(times, chosen), np.nan),
        chosen,
        int(open_.sum()),
        int((ran & ~censored & (times > chosen)).sum()),
        int(ran.sum()),
        int(open_.any(axis=1).sum()),
    )
