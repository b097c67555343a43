"""A compiled fleet: how the sales of a day are scrapped and inspected as they age."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FleetSpec:
    """A fleet: deliveries pass through two kernels by age in days.

    Age 0 is the midnight that closes the day of sale. Kernels are cumulative, in parts per million
    of what was sold. What was in use at the start is known beforehand: it is tabulated by day of
    the run, in millionths of thousandths.
    """

    id: str
    item: int
    quantum: int
    demands: tuple[int, ...]
    """Whose deliveries enter."""
    sold_in: tuple[int, int]
    """The part of the deliveries that enters, as numerator and denominator."""
    initial: int
    """Thousandths in use at the start."""
    dead: tuple[int, ...]
    """What has been scrapped by each age."""
    visits: tuple[int, ...]
    """Inspections that have fallen due by each age; more than a million where there are several."""
    initial_dead: tuple[int, ...]
    """Scrapped of what was in use at the start, by the end of each day of the run."""
    initial_visits: tuple[int, ...]
    """Inspections of it that have fallen due by then."""
    inspected_from: int = 0
    """The first day of the run on which inspections fall due."""
