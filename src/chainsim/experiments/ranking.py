"""Knock-outs by the harm that they do to output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chainsim.experiments.bounds import Bounds
from chainsim.experiments.knockouts import KINDS, Tried
from chainsim.experiments.survival import Impact, impact
from chainsim.outcome.twin import TwinComparison


@dataclass(frozen=True, slots=True)
class Cell:
    """What all replications say about a knock-out from a date on."""

    tried: Tried
    found: tuple[TwinComparison | None, ...]
    """By replication; None where it failed."""
    errors: tuple[str, ...]
    """By replication; empty where it did not fail."""
    impact: Impact
    """On all output, over the replications that did not fail."""

    @property
    def failed(self) -> int:
        """Replications that failed."""
        return sum(one is None for one in self.found)

    @property
    def hardest_hit(self) -> str:
        """The site that is furthest behind at its worst moment; empty where none is struck."""
        behind: dict[str, float] = {}
        for one in self.found:
            for site, resilience in one.sites.items() if one else ():
                if resilience.struck:
                    behind[site] = behind.get(site, 0.0) + resilience.peak_shortfall
        return min(behind, key=lambda site: (-behind[site], site), default="")


@dataclass(frozen=True, slots=True)
class Ranked:
    """A knock-out with its place among all."""

    rank: int
    """From 1, the most harmful one first; what failed in every replication comes last."""
    cell: Cell
    risk_index: float | None
    """Its impact over the largest impact; None where every replication failed."""
    bounds: Bounds | None = None


def cell_of(
    tried: Tried,
    found: Sequence[TwinComparison | None],
    errors: Sequence[str],
    confidence: float,
    unit: str,
) -> Cell:
    """The cell of some replications; `unit` is that of output."""
    totals = [one.total for one in found if one is not None]
    failed = len(found) - len(totals)
    return Cell(tried, tuple(found), tuple(errors), impact(totals, confidence, unit, failed))


def ranked(cells: Iterable[Cell]) -> list[Ranked]:
    """The cells by impact, the mean peak shortfall: how far output is behind at the worst moment.

    Of equal ones the kinds come in the order of `KINDS`, then by id.
    """
    ordered = sorted(
        cells,
        key=lambda cell: (
            -_or(harm(cell), -1.0),
            KINDS.index(cell.tried.knockout.kind),
            cell.tried.knockout.id,
        ),
    )
    largest = max((_or(harm(cell), 0.0) for cell in ordered), default=0.0)
    return [
        Ranked(place, cell, _share(harm(cell), largest))
        for place, cell in enumerate(ordered, start=1)
    ]


def harm(cell: Cell) -> float | None:
    """The impact by which knock-outs are ranked, units of output; None if all runs failed."""
    return cell.impact.peak_shortfall.mean


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _share(value: float | None, largest: float) -> float | None:
    """A share of the largest; zero where nothing does any harm."""
    if value is None:
        return None
    return value / largest if largest else 0.0
