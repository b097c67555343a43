"""What all replications of a scenario say about each measure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chainsim.experiments.replications import Replication
from chainsim.experiments.statistics import t_interval
from chainsim.outcome.measures import (
    FLEET_MEASURES,
    INVESTMENT_MEASURES,
    ITEM_MEASURES,
    MEASURES,
    RESPONSE_MEASURES,
    Row,
)
from chainsim.outcome.validation import Comparison


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A measure over the replications; what is not known is None."""

    unit: str
    mean: float | None
    low: float | None
    high: float | None
    """The Student-t interval; None for a single replication."""
    n: int
    """Replications in which the measure is defined."""
    confidence: float
    failed: int = 0
    """Replications that failed: they are not in the mean, and the mean is in doubt."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The aggregates of a run: in total, by site, item, response and fleet."""

    total: dict[str, Aggregate]
    sites: dict[str, dict[str, Aggregate]]
    items: dict[str, dict[str, Aggregate]]
    responses: dict[str, dict[str, Aggregate]]
    investments: dict[str, dict[str, Aggregate]]
    fleets: dict[str, dict[str, Aggregate]]
    replications: int
    failed: int
    events: int
    """Events of the kernel, all replications together."""


def summarise(
    replications: Sequence[Replication],
    confidence: float = 0.95,
    units: Mapping[str, str] | None = None,
) -> Summary:
    """Mean and interval of every measure over the replications that did not fail.

    `units` are the units of measures whose unit depends on the network.
    """
    values = [r.values for r in replications if r.values is not None]
    failed = len(replications) - len(values)
    blocks = RESPONSE_MEASURES | INVESTMENT_MEASURES | FLEET_MEASURES
    measures = MEASURES | ITEM_MEASURES | blocks
    known = {name: m.unit for name, m in measures.items()} | dict(units or {})

    def aggregates(rows: Sequence[Row], item: str = "") -> dict[str, Aggregate]:
        own = {name: known.get(f"{name}.{item}", known[name]) for name in (rows[0] if rows else ())}
        return {
            name: aggregate((row[name] for row in rows), unit, failed, confidence)
            for name, unit in own.items()
        }

    sites = values[0].sites if values else {}
    items = values[0].items if values else {}
    responses = values[0].responses if values else {}
    investments = values[0].investments if values else {}
    fleets = values[0].fleets if values else {}
    return Summary(
        total=aggregates([v.total for v in values]),
        sites={site: aggregates([v.sites[site] for v in values]) for site in sites},
        items={item: aggregates([v.items[item] for v in values], item) for item in items},
        responses={key: aggregates([v.responses[key] for v in values]) for key in responses},
        investments={key: aggregates([v.investments[key] for v in values]) for key in investments},
        fleets={key: aggregates([v.fleets[key] for v in values]) for key in fleets},
        replications=len(replications),
        failed=failed,
        events=sum(r.events for r in replications),
    )


def aggregate(
    values: Iterable[float | None], unit: str, failed: int = 0, confidence: float = 0.95
) -> Aggregate:
    """Mean and interval of one value per replication; None is a replication without one."""
    defined = [value for value in values if value is not None]
    if not defined:
        return Aggregate(unit, None, None, None, 0, confidence, failed)
    interval = t_interval(defined, confidence)
    return Aggregate(
        unit, interval.mean, interval.low, interval.high, interval.n, confidence, failed
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """A documented figure and the simulated mean with its interval."""

    figure: Comparison
    simulated: Aggregate

    @property
    def difference(self) -> float | None:
        """Simulated mean less the documented figure, in its unit."""
        mean = self.simulated.mean
        return None if mean is None else mean - self.figure.documented

    @property
    def relative(self) -> float | None:
        """The difference as a share of the documented figure."""
        if self.difference is None or not self.figure.documented:
            return None
        return self.difference / abs(self.figure.documented)


def compared(
    comparisons: Iterable[Comparison],
    failed: int = 0,
    confidence: float = 0.95,
    units: Mapping[str, str] | None = None,
) -> tuple[Compared, ...]:
    """The comparisons with mean and interval over the replications that did not fail."""
    known = units or {}
    return tuple(
        Compared(
            figure,
            aggregate(
                figure.simulated,
                known.get(figure.measure, figure.unit),
                0 if figure.computed else failed,
                confidence,
            ),
        )
        for figure in comparisons
    )
