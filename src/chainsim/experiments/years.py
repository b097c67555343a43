"""What all replications of a scenario say about each calendar year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainsim.experiments.replications import Replication
from chainsim.experiments.summary import Aggregate, aggregate
from chainsim.outcome.calendar_years import CalendarYear
from chainsim.outcome.yearly import YEAR_MEASURES


@dataclass(frozen=True, slots=True)
class YearSummary:
    """A calendar year over the replications."""

    year: CalendarYear
    measures: dict[str, Aggregate]
    utilisation: dict[tuple[str, str], Aggregate]
    """By (stage, name); the name is empty for the whole stage."""


def years_summary(
    replications: Sequence[Replication],
    confidence: float = 0.95,
    units: Mapping[str, str] | None = None,
) -> tuple[YearSummary, ...]:
    """Mean and interval of every measure by year over the replications that did not fail.

    `units` are the units of measures whose unit depends on the network.
    """
    rows = [r.years for r in replications if r.values is not None]
    failed = len(replications) - len(rows)
    known = {name: m.unit for name, m in YEAR_MEASURES.items()} | dict(units or {})
    found = []
    for same in zip(*rows, strict=True):
        measures = {
            name: aggregate((one.total[name] for one in same), known[name], failed, confidence)
            for name in YEAR_MEASURES
        }
        utilisation = {
            group: aggregate((one.utilisation[group] for one in same), "1", failed, confidence)
            for group in same[0].utilisation
        }
        found.append(YearSummary(same[0].year, measures, utilisation))
    return tuple(found)
