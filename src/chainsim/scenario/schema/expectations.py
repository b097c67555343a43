"""What a scenario expects of its runs: the statements that `chainsim check` decides."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from chainsim.scenario.schema.fields import Block, Count, Flag, Id, Written, as_quantity

SERIES = ("output", "delivered", "backlog")
"""Daily series of the whole chain that can be compared with a baseline."""


@dataclass(frozen=True, slots=True)
class Margin:
    """How far from a baseline is near enough: a quantity, or a share of the baseline's mean."""

    written: Written
    """The quantity and whether it has a unit, or the share as a plain number."""
    share: bool
    """Whether it was written with a per cent sign."""

    @property
    def value(self) -> Fraction:
        """The quantity in base units, or the share."""
        return self.written[0].value


def _margin(value: Any) -> Margin:
    share = isinstance(value, str) and value.rstrip().endswith("%")
    return Margin(as_quantity(value), share)


Within = Annotated[
    Margin,
    BeforeValidator(_margin),
    WithJsonSchema({"type": ["number", "string"], "description": "a quantity, or a share in %"}),
]


class Expectation(Block):
    """A statement that `chainsim check` decides from the replications.

    It is about a measure on its own, a measure against another scenario (`versus`) or against the
    baseline (`within`), a daily series against the baseline, or the rank of a driver in a study.
    """

    id: Id
    measure: str | None = None
    """A measure of the run; of an item as MEASURE.ITEM; with a resilience block also one against
    the twin, such as time_to_survive."""
    series: str | None = None
    """Instead of a measure: output, delivered or backlog, by week, against the baseline."""
    at_least: Written | None = None
    """The mean is at least this, in the unit of the measure unless given."""
    at_most: Written | None = None
    versus: str | None = None
    """Another scenario, relative to this file: the bounds are on this less the other."""
    relative: Flag = False
    """With versus: the bounds are shares of the other's mean."""
    within: Within | None = None
    """The mean is as near as this to the baseline's: `2 %` of its mean, or a quantity."""
    driver: str | None = None
    """A parameter of a study, whose rank among the drivers of the measure is expected."""
    rank_at_most: Count | None = None
