"""Measures of two scenarios, paired by replication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, isclose

from chainsim.experiments.statistics import Interval, PairedDifference, paired_difference
from chainsim.outcome.measures import ITEM_MEASURES, MEASURES, Measure, Row
from chainsim.outcome.resilience import Resilience

IMPACT_MEASURES: dict[str, Measure] = {
    m.name: m
    for m in (
        Measure(
            "time_to_survive", "d", "higher", "from the strike until output falls behind",
            "first time that the shortfall exceeds resilience.fail",
        ),
        Measure(
            "time_to_recover", "d", "lower", "from the strike until output has caught up",
            "first time of a stay of resilience.hold within resilience.recover",
        ),
        Measure(
            "depth", "1", "lower", "largest loss on a 7-day mean", "loss / mean output of the twin"
        ),
        Measure("lost_area", "units", "lower", "output that was late or lost", "sum of daily loss"),
        Measure("peak_shortfall", "units", "lower", "largest shortfall", "max over time"),
        Measure("never_made_up", "units", "lower", "shortfall at the end", "shortfall at the end"),
    )
}  # fmt: skip
"""Against the twin without disruptions; of scenarios with a resilience block."""
ALL_MEASURES: dict[str, Measure] = MEASURES | ITEM_MEASURES | IMPACT_MEASURES
ROUNDING = 1e-9
"""Half-width of an interval, as a share of its mean, that is rounding and no variation."""
SAME = 1e-12
"""Relative difference of two values that is rounding alone."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """One measure of another scenario less that of the first, paired by replication."""

    measure: str
    unit: str
    direction: str
    """Which way is better: higher, lower or none."""
    first: float | None
    """Mean of the first scenario over the pairs in which both have a value."""
    other: float | None
    """Mean of the other scenario over the same pairs."""
    paired: PairedDifference | None
    """Other less first, in the unit of the measure; None if no pair has both values."""
    defined: tuple[int, int]
    """Pairs in which the first and the other have a value."""
    pairs: int
    """Replications that ran in both."""
    censored: tuple[int, int]
    """Replications of the first and of the other that ended before the event that is timed: they
    have no value and are in no mean."""
    equal: bool
    """Whether the two are equal in every pair, also in having no value; up to the rounding of sums
    of floating-point numbers (`SAME`)."""

    @property
    def interval(self) -> Interval | None:
        """The mean difference with its Student-t interval."""
        return self.paired.difference if self.paired else None

    @property
    def n(self) -> int:
        """Pairs with both values."""
        return self.interval.n if self.interval else 0

    @property
    def told(self) -> bool:
        """Whether the interval excludes zero: the replications can tell the two apart."""
        found = self.interval
        if self.equal or found is None or found.low is None or found.high is None:
            return False
        return found.low > 0 or found.high < 0

    @property
    def constant(self) -> bool:
        """Whether the difference is the same in every one of several pairs, but for rounding."""
        found = self.interval
        return (
            found is not None
            and found.half_width is not None
            and found.half_width <= ROUNDING * abs(found.mean)
        )

    @property
    def verdict(self) -> str:
        """Better or worse, where the measure has a direction and the difference is told."""
        if not self.told or self.interval is None or self.direction == "none":
            return ""
        if any(self.censored):  # the pairs that are left are no fair sample of all
            return ""
        return "better" if (self.interval.mean > 0) == (self.direction == "higher") else "worse"

    def relative(self, value: float | None) -> float | None:
        """A difference as a share of the first's mean, taken as known; None if that is 0."""
        return None if value is None or not self.first else value / abs(self.first)


@dataclass(frozen=True, slots=True)
class Contrasts:
    """Makes contrasts of rows of measures."""

    units: Mapping[str, str]
    excluded: set[str]
    """Measures whose units differ."""
    confidence: float

    def groups(
        self, first: Sequence[Mapping[str, Row]], other: Sequence[Mapping[str, Row]]
    ) -> dict[str, dict[str, Contrast]]:
        """The contrasts of each site (or item) that both have."""
        return {
            key: self.rows([row[key] for row in first], [row[key] for row in other])
            for key in first[0]
            if key in other[0]
        }

    def rows(self, first: Sequence[Row], other: Sequence[Row]) -> dict[str, Contrast]:
        """The contrasts of the measures that both have, in the same unit."""
        return {
            name: self.contrast(name, [row[name] for row in first], [row[name] for row in other])
            for name in first[0]
            if name in other[0] and name not in self.excluded
        }

    def contrast(
        self,
        name: str,
        first: Sequence[float | None],
        other: Sequence[float | None],
        censored: tuple[int, int] = (0, 0),
    ) -> Contrast:
        """The contrast of one measure; None is a replication without a value."""
        pairs = [
            (a, b) for a, b in zip(first, other, strict=True) if a is not None and b is not None
        ]
        ours, theirs = [a for a, _ in pairs], [b for _, b in pairs]
        measure = ALL_MEASURES.get(name)
        return Contrast(
            measure=name,
            unit=self.units.get(name, ""),
            direction=measure.direction if measure else "none",
            first=fsum(ours) / len(ours) if pairs else None,
            other=fsum(theirs) / len(theirs) if pairs else None,
            paired=paired_difference(theirs, ours, self.confidence) if pairs else None,
            defined=(_count(first), _count(other)),
            pairs=len(first),
            censored=censored,
            equal=all(map(_same, first, other)),
        )


def _same(a: float | None, b: float | None) -> bool:
    return a == b if a is None or b is None else isclose(a, b, rel_tol=SAME)


def _count(values: Sequence[float | None]) -> int:
    return sum(value is not None for value in values)


def impact_row(found: Resilience) -> Row:
    """The resilience of a replication as measures; a time that was not reached is None."""
    return {name: getattr(found, name) for name in IMPACT_MEASURES}


def is_censored(found: Resilience, measure: str) -> bool:
    """Whether a time lies beyond the end of the run, so that it is more than what was watched."""
    if measure == "time_to_survive":
        return found.time_to_survive is None
    return measure == "time_to_recover" and found.struck and found.time_to_recover is None
