"""What a study varies, one thing at a time: between what, and on what evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from statistics import NormalDist
from typing import Literal

from chainsim.scenario import quantities
from chainsim.scenario.quantities import QuantityError
from chainsim.scenario.schema.study import Shape

Evidence = Literal["documented", "derived", "assumed", "chosen"]
"""Of a parameter as its table has it; what a scenario sets at a path is chosen."""
DIGITS = 6
"""Of a range, to which values are rounded, so that what is printed is what was run."""
TAIL = 0.0005
"""Probability beyond the ends of a normal shape that is not cut."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One thing that is varied. Numbers are in `unit`."""

    name: str
    path: str
    """As an override has it."""
    unit: str
    evidence: Evidence
    base: float | None
    """The value of the first base scenario; None where it is no number."""
    low: float = 0.0
    high: float = 0.0
    values: tuple[str, ...] = ()
    """Instead of a range: the values as an override has them."""
    shape: Shape = "uniform"
    centre: float = 0.0
    """The mode of a triangular, the mean of a normal shape."""
    sd: float = 0.0
    whole: bool = False
    group: str = ""
    """Varied together with others; itself if it has no group."""
    suffix: str = ""
    """What follows the number in an override: a space and a unit."""
    bases: tuple[tuple[str, float | None], ...] = ()
    """The value of each base scenario by its name, where there are several."""

    def base_of(self, name: str) -> float | None:
        """The value of a base scenario; None where it is no number."""
        return dict(self.bases).get(name, self.base)

    def setting(self, place: float) -> str:
        """The value at a place of the unit interval, as an override has it."""
        if self.values:
            return self.values[min(int(place * len(self.values)), len(self.values) - 1)]
        return f"{self._rounded(self._quantile(min(max(place, 0.0), 1.0)))}{self.suffix}"

    def number(self, setting: str) -> float:
        """What a setting is as a number in `unit`; NaN for a word."""
        try:
            return float(setting.removesuffix(self.suffix) if self.suffix else setting)
        except ValueError:
            pass
        try:
            quantity, has_unit = quantities.parse(setting)
        except QuantityError:
            return math.nan
        scale = quantities.unit(self.unit or "1").value if has_unit else Fraction(1)
        return float(quantity.value / scale)

    def override(self, setting: str) -> str:
        """The setting as `--set` has it."""
        return f"{self.path}={setting}"

    def _quantile(self, place: float) -> float:
        low, high = self.low, self.high
        if self.whole and self.shape == "uniform":  # each whole number alike likely
            return min(high, low + math.floor(place * (high - low + 1)))
        if self.shape == "log_uniform":
            return math.exp(math.log(low) + place * (math.log(high) - math.log(low)))
        if self.shape == "triangular":
            return _triangular(low, self.centre, high, place)
        if self.shape == "normal":
            bell = NormalDist(self.centre, self.sd)
            start, end = bell.cdf(low), bell.cdf(high)
            return bell.inv_cdf(min(max(start + place * (end - start), TAIL / 10), 1 - TAIL / 10))
        return low + place * (high - low)

    def _rounded(self, value: float) -> str:
        if self.whole:
            return str(min(max(round(value), round(self.low)), round(self.high)))
        if self.shape == "log_uniform":  # digits of the value: the range spans decades
            rounded = float(f"{value:.{DIGITS}g}")
        else:
            rounded = round(value, DIGITS - math.floor(math.log10(self.high - self.low)))
        return f"{Decimal(repr(min(max(rounded, self.low), self.high))).normalize():f}"


def _triangular(low: float, mode: float, high: float, place: float) -> float:
    """The quantile of a triangular distribution, by inversion of its two parabolas."""
    share = (mode - low) / (high - low)
    if place < share:
        return low + math.sqrt(place * (high - low) * (mode - low))
    return high - math.sqrt((1 - place) * (high - low) * (high - mode))
