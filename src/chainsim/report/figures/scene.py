"""What figures of one run share: the days shown, disruptions, holidays, the sample size."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from chainsim.engines.draws import Draws
from chainsim.engines.hazards import occurrences
from chainsim.experiments.daily import DailyRuns
from chainsim.experiments.runs import Run
from chainsim.network.compiled import CompiledNetwork
from chainsim.report.figures.style import FAINT, ORANGE, place
from chainsim.scenario.schema.document import ScenarioFile

Floats = NDArray[np.float64]
WEEK = 7


@dataclass(frozen=True, slots=True)
class Window:
    """One time that a disruption strikes."""

    disruption: int
    start: dt.datetime
    full_from: dt.datetime
    full_until: dt.datetime
    until: dt.datetime
    """When the recovery ends."""


@dataclass(frozen=True)
class Scene:
    """One run, ready to be drawn."""

    run: Run

    @property
    def network(self) -> CompiledNetwork:
        """The network that was run."""
        return self.run.network

    @property
    def document(self) -> ScenarioFile:
        """The scenario as written."""
        return self.run.scenario.document

    @cached_property
    def daily(self) -> DailyRuns:
        """The daily series."""
        return self.run.daily

    @cached_property
    def first(self) -> int:
        """The first day that is shown: that of the scenario's start."""
        horizon = self.network.horizon
        return int(np.searchsorted(horizon.day_ends, horizon.reported_from, side="right"))

    @cached_property
    def first_counted(self) -> int:
        """The first day of statistics, among those shown."""
        horizon = self.network.horizon
        first = np.searchsorted(horizon.day_ends, horizon.statistics_from, side="right")
        return int(first) - self.first

    @cached_property
    def run_dates(self) -> list[dt.date]:
        """The civil days of the whole run, with settling."""
        horizon = self.network.horizon
        moments = [horizon.origin + dt.timedelta(seconds=end - 1) for end in horizon.day_ends]
        return [moment.date() for moment in moments]

    @cached_property
    def dates(self) -> list[dt.date]:
        """The civil days that are shown."""
        return self.run_dates[self.first :]

    @cached_property
    def x(self) -> Floats:
        """Where the days stand along x: the middle of each."""
        return np.array([place(day) for day in self.dates]) + 0.5

    @cached_property
    def n(self) -> int:
        """Replications behind the daily series."""
        return len(self.daily.packs)

    @cached_property
    def sample(self) -> str:
        """The sample size in words."""
        words = "1 replication" if self.n == 1 else f"{self.n} replications"
        failed = self.run.summary.failed
        return words + (f" ({failed} more failed)" if failed else "")

    @cached_property
    def output_unit(self) -> str:
        """The unit of output, as a plural."""
        return self.run.output_unit

    def total(self, kind: str, name: str, columns: Sequence[int] | slice = slice(None)) -> Floats:
        """The sum over entities on the days shown, in units, (replication, day)."""
        return self.daily.total(kind, name, columns)[:, self.first :]

    def plan(self, stocks: Sequence[int]) -> Floats:
        """What leaves some stocks by plan on the days shown, in units, (day)."""
        days = len(self.dates)
        plans = [self.network.plan_per_day.get(stock) for stock in stocks]
        rows = [np.array(plan[self.first :]) / 1000 for plan in plans if plan is not None]
        return np.sum(rows, axis=0) if rows else np.zeros(days)

    @cached_property
    def planned_output(self) -> Floats:
        """The plan of the output on the days shown, in units, (day)."""
        return self.plan(self.network.output_stocks)

    # ---- disruptions and holidays

    @cached_property
    def repeats(self) -> bool:
        """Whether disruptions strike at the same times in every replication."""
        return all(
            spec.every is None and spec.duration.constant is not None
            for spec in self.network.disruptions
        )

    @cached_property
    def windows(self) -> list[Window]:
        """The occurrences of all disruptions in the first replication, by disruption and time."""
        network = self.network
        origin = network.horizon.origin
        found = []
        for occurrence in occurrences(network, Draws(network.seed, 0)):
            spec = network.disruptions[occurrence.disruption]
            last_stage = max((after for after, _ in spec.stages), default=0)
            seconds = (
                occurrence.start,
                occurrence.start + spec.onset,
                occurrence.full_until,
                occurrence.full_until + max(spec.recovery_over, last_stage),
            )
            moments = [origin + dt.timedelta(seconds=second) for second in seconds]
            if moments[3] > dt.datetime.combine(self.dates[0], dt.time()):
                found.append(Window(occurrence.disruption, *moments))
        return found

    @cached_property
    def holidays(self) -> list[tuple[dt.date, dt.date]]:
        """Runs of days (first, day after) that the most used calendar closes out of turn."""
        used = Counter(s.calendar for s in self.document.sites.values() if s.calendar)
        if not used:
            return []
        most = max(used.values())
        name = min(calendar for calendar, count in used.items() if count == most)
        return self.closures(name)

    def closures(self, calendar: str) -> list[tuple[dt.date, dt.date]]:
        """Runs of days (first, day after) that a calendar closes out of turn."""
        body = self.document.calendars[calendar]
        closed: set[dt.date] = set()
        for special in (*body.days, *body.special):
            first, last = special.first.date(), (special.last or special.first).date()
            first, last = max(first, self.dates[0]), min(last, self.dates[-1])
            days = {first + dt.timedelta(days=k) for k in range((last - first).days + 1)}
            closed = closed - days if special.shifts else closed | days
        runs: list[tuple[dt.date, dt.date]] = []
        for day in sorted(closed):
            after = day + dt.timedelta(days=1)
            if runs and runs[-1][1] == day:
                runs[-1] = (runs[-1][0], after)
            else:
                runs.append((day, after))
        return runs

    def mark(self, axes: Axes) -> None:
        """Shade disruptions and warm-up and mark holidays behind what an axes shows."""
        for k, (first, after) in enumerate(self.holidays):
            ends = place(first), place(after)
            label = "holiday" if k == 0 else None
            axes.axvspan(*ends, ymin=0.0, ymax=0.02, color=FAINT, lw=0, label=label)
            axes.axvspan(*ends, color=FAINT, alpha=0.10, lw=0)
        if self.first_counted > 0:
            axes.axvspan(
                place(self.dates[0]), place(self.dates[self.first_counted]), facecolor="none",
                edgecolor=FAINT, hatch="..", alpha=0.5, lw=0, label="warm-up",
            )  # fmt: skip
        if self.repeats:
            self.mark_disruptions(axes, self.windows)

    def mark_disruptions(self, axes: Axes, windows: Sequence[Window]) -> None:
        """Shade some times of disruptions."""
        for k, window in enumerate(windows):
            full = "disruption" if k == 0 else None
            back = "recovery" if k == 0 and window.until > window.full_until else None
            start, end = place(window.start), place(window.full_until)
            axes.axvspan(start, end, color=ORANGE, alpha=0.30, lw=0, label=full)
            axes.axvspan(end, place(window.until), color=ORANGE, alpha=0.13, lw=0, label=back)


def moving_mean(values: Floats, width: int = WEEK) -> Floats:
    """The mean over some days around each day (fewer at the ends), along the last axis."""
    days = np.arange(values.shape[-1])
    first = np.maximum(days - width // 2, 0)
    after = np.minimum(days + (width + 1) // 2, days.size)
    before = np.zeros((*values.shape[:-1], 1))
    sums = np.concatenate([before, np.cumsum(values, axis=-1)], axis=-1)
    means: Floats = (sums[..., after] - sums[..., first]) / (after - first)
    return means
