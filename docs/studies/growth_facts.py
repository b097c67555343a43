"""From finished runs to the numbers of the page on growth: each with its interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from growth_cases import FIRST, LAST, OTHER_PATHS, SCENARIOS, TURNS
from growth_limits import Demanding, Limits, Reach
from growth_loads import Fleet, ServerYear, Tightest, fleet_of, server_years, tightest_of
from growth_scenarios import (
    Launch,
    Outage,
    Turned,
    Variant,
    launches_of,
    outage,
    turned,
    variant,
)
from growth_years import Documented, Path, Year, documented, path_of, years_of

from chainsim import __version__
from chainsim.experiments.runs import Run
from chainsim.experiments.summary import Aggregate, Compared

K = TypeVar("K", str, int)
MIDDLE = "middle"
STRUCK = (2022, 2028)
"""Years of the outage in Sichuan."""


@dataclass(frozen=True)
class Facts:
    """All numbers of the page."""

    replications: int
    fewer: int
    version: str
    fingerprint: str
    unit: str
    seed: int
    target: float
    """The share that was wanted for the last year of history."""
    documented: Sequence[Documented]
    history: Sequence[Compared]
    years: Sequence[Year]
    """On the middle path."""
    paths: Sequence[Path]
    tightest: Sequence[Tightest]
    """By year, from the plan alone."""
    servers: Sequence[ServerYear]
    demanding: Demanding
    """The high path without any run."""
    limits: Limits | None
    """The same with runs."""
    reaches: Sequence[Reach]
    variants: Sequence[Variant]
    outages: Sequence[Outage]
    launches: Mapping[str, Launch]
    fleet: Fleet
    turned: Sequence[Turned]
    spent: Aggregate
    """Yuan for investments on the middle path, over all years."""


def facts_of(
    runs: Mapping[str, Run],
    high: Demanding,
    limits: Limits | None = None,
    reaches: Sequence[Reach] = (),
) -> Facts:
    """All numbers of the page from the finished runs by name of their case."""
    middle = runs[MIDDLE]
    names = [name for name in SCENARIOS if name in runs]
    table = middle.scenario.parameters
    fewer = min(len(run.replications) for run in runs.values())

    def ran(kind: str, keys: Iterable[K]) -> list[tuple[K, str]]:
        """The cases of a kind that were run."""
        return [(key, f"{kind}_{key}") for key in keys if f"{kind}_{key}" in runs]

    return Facts(
        replications=len(middle.replications),
        fewer=fewer,
        version=__version__,
        fingerprint=middle.network.fingerprint,
        unit=middle.output_unit,
        seed=middle.network.seed,
        target=table["chongqing.target_share_2025"].in_unit,
        documented=[documented(middle, year) for year in range(FIRST, LAST + 1)],
        history=middle.validation,
        years=years_of(middle),
        paths=[path_of(runs[case], name) for name, case in ran("path", OTHER_PATHS)],
        tightest=tightest_of(middle.network),
        servers=server_years(middle),
        demanding=high,
        limits=limits,
        reaches=reaches,
        variants=[variant(middle, runs[name], name) for name in names],
        outages=[outage(runs[case], middle, year) for year, case in ran("outage", STRUCK)],
        launches=launches_of(middle),
        fleet=fleet_of(middle),
        turned=[turned(middle, runs[turn.name], turn) for turn in TURNS if turn.name in runs],
        spent=middle.summary.total["investment_cost"],
    )  # fmt: skip
