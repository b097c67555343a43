"""National output of the output item, as integers by calendar year."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NationalYear:
    """What the nation makes of the output item in one calendar year, thousandths."""

    year: int
    output: int
    """On the middle path."""
    low: int
    high: int
