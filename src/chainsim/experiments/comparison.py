"""Scenarios compared with the first of them, paired by replication.

Replication k of every scenario draws from the same streams, which are keyed by the names of what
draws. What two scenarios share is therefore exposed to the same luck, and the differences vary less
than the scenarios themselves, whatever else their structure is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from chainsim.errors import RunError
from chainsim.experiments.contrasts import (
    ALL_MEASURES,
    IMPACT_MEASURES,
    Contrast,
    Contrasts,
    impact_row,
    is_censored,
)
from chainsim.experiments.replications import Replication
from chainsim.experiments.runs import Run
from chainsim.experiments.units import unit_of_output, units_of
from chainsim.outcome.measures import Row


@dataclass(frozen=True, slots=True)
class Only:
    """What one scenario of two has and the other has not."""

    measures: tuple[str, ...]
    """Measures that have a value in some pair, and never in the other scenario."""
    sites: tuple[str, ...]
    items: tuple[str, ...]
    """Items used where output is made."""

    def __bool__(self) -> bool:
        return bool(self.measures or self.sites or self.items)


@dataclass(frozen=True)
class Against:
    """Another scenario against the first."""

    name: str
    numbers: tuple[int, ...]
    """The replications that ran in both."""
    dropped: tuple[int, ...]
    """The replications that failed in either: they are in no mean."""
    total: dict[str, Contrast]
    sites: dict[str, dict[str, Contrast]]
    items: dict[str, dict[str, Contrast]]
    only_first: Only
    only_other: Only
    other_units: tuple[str, ...]
    """Measures that both have, in different units: they are not compared."""


@dataclass(frozen=True)
class Comparison:
    """Scenarios that were run, and each but the first against the first."""

    runs: Mapping[str, Run]
    """By the name under which a scenario is shown, the first one first."""
    against: tuple[Against, ...]

    @property
    def first(self) -> str:
        """The name of the scenario that the others are compared with."""
        return next(iter(self.runs))

    @property
    def confidence(self) -> float:
        """Of every interval on its own."""
        return float(self.runs[self.first].scenario.document.run.confidence)

    @cached_property
    def common(self) -> tuple[int, ...]:
        """The replications that ran in all scenarios."""
        return tuple(sorted(set.intersection(*(set(a.numbers) for a in self.against))))


def compare(runs: Mapping[str, Run]) -> Comparison:
    """Every run but the first against the first.

    Args:
        runs: By name; they have the same seed, horizon and number of replications
            (`pairing.check_pairing`).

    Raises:
        RunError: no replication ran in both scenarios of a pair.
    """
    (_, first), *others = runs.items()
    return Comparison(runs, tuple(_against(first, name, other) for name, other in others))


def _against(first: Run, name: str, other: Run) -> Against:
    ours, theirs = _ran(first), _ran(other)
    numbers = sorted(ours.keys() & theirs.keys())
    if not numbers:
        raise RunError(f"no replication ran in both the first scenario and {name}")
    one, two = (_Sample([found[k] for k in numbers]) for found in (ours, theirs))
    units, their_units = _units(first), _units(other)
    differ = {key for key in units if their_units[key] != units[key]}
    maker = Contrasts(units, differ, float(first.scenario.document.run.confidence))
    sites = maker.groups(one.sites, two.sites)
    return Against(
        name=name,
        numbers=tuple(numbers),
        dropped=tuple(sorted((_all(first) | _all(other)) - set(numbers))),
        total=_with_censored(maker.rows(one.total, two.total), one, two),
        sites={site: _with_censored(rows, one, two, site) for site, rows in sites.items()},
        items=maker.groups(one.items, two.items),
        only_first=_only(one, two),
        only_other=_only(two, one),
        other_units=tuple(key for key in one.total[0] if key in differ),
    )


def _with_censored(
    rows: dict[str, Contrast], one: _Sample, two: _Sample, site: str | None = None
) -> dict[str, Contrast]:
    """The contrasts with what lies beyond the ends of the runs."""
    return {
        measure: replace(
            contrast, censored=(one.censored(measure, site), two.censored(measure, site))
        )
        for measure, contrast in rows.items()
    }


def _all(run: Run) -> set[int]:
    return {replication.number for replication in run.replications}


def _ran(run: Run) -> dict[int, Replication]:
    return {r.number: r for r in run.replications if r.values is not None}


def _units(run: Run) -> dict[str, str]:
    """The unit of each measure in a scenario."""
    output = unit_of_output(run.network)
    impact = {name: m.unit.replace("units", output) for name, m in IMPACT_MEASURES.items()}
    known = {name: measure.unit for name, measure in ALL_MEASURES.items()}
    own = {key: unit for key, unit in units_of(run.network).items() if key in known}
    return known | own | impact


class _Sample:
    """The measures of one scenario in the replications of a pair, in the same order."""

    def __init__(self, replications: Sequence[Replication]) -> None:
        values = [r.values for r in replications if r.values is not None]
        self.total: list[Row] = [v.total for v in values]
        self.sites: list[dict[str, Row]] = [v.sites for v in values]
        self.items = [v.items for v in values]
        self._impacts = [r.resilience for r in replications if r.resilience is not None]
        if len(self._impacts) == len(values):
            self.total = [
                row | impact_row(found.total)
                for row, found in zip(self.total, self._impacts, strict=True)
            ]
            makers = set.intersection(*(set(found.sites) for found in self._impacts))
            self.sites = [
                rows | {site: rows[site] | impact_row(found.sites[site]) for site in makers}
                for rows, found in zip(self.sites, self._impacts, strict=True)
            ]

    def censored(self, measure: str, site: str | None = None) -> int:
        """Replications in which a time lies beyond the end of the run, in total or at a site."""
        found = [r.total if site is None else r.sites.get(site) for r in self._impacts]
        return sum(one is not None and is_censored(one, measure) for one in found)

    def defined(self) -> list[str]:
        """The measures that have a value in some replication."""
        return [name for name in self.total[0] if any(row[name] is not None for row in self.total)]


def _only(mine: _Sample, yours: _Sample) -> Only:
    """What one has and the other has not."""
    theirs = set(yours.defined())
    return Only(
        tuple(name for name in mine.defined() if name not in theirs),
        tuple(key for key in mine.sites[0] if key not in yours.sites[0]),
        tuple(key for key in mine.items[0] if key not in yours.items[0]),
    )
