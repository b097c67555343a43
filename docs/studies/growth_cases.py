"""What the study of growth runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from study_runs import ROOT, Case

from chainsim import load_scenario
from chainsim.scenario.quantities import unit

MIDDLE = "scenarios/growth_2030.yaml"
OUTAGE = "scenarios/growth_2030_sichuan_outage_2028.yaml"
SCENARIOS = ("test_bottleneck", "delayed_investment", "triggered", "local_batteries")
"""Compared with the middle path, by the ends of their files' names."""
ENDS, LIMITS, SEARCH = "ends", "limits", "search"
"""Parts that can be left out: assumed numbers at the ends of their ranges, runs of the
high path, and the search for what to build (then every server gets the same room)."""
FIRST, LAST = 2021, 2025
"""The years of history."""


class Paths(NamedTuple):
    """Which path national output and the city's share take: 0 low, 1 middle, 2 high."""

    national: int
    city: int

    @property
    def changes(self) -> tuple[str, ...]:
        """As after `--set`."""
        return (
            f"parameters.national.path={self.national}",
            f"parameters.chongqing.path={self.city}",
        )


HIGH = Paths(2, 2)
OTHER_PATHS = {"low": Paths(0, 0), "city_low": Paths(1, 0), "city_high": Paths(1, 2)}
"""Beside the middle path, by name; the high one is taken apart by its bottlenecks."""

LEAVABLE = (*SCENARIOS, *(f"path_{name}" for name in OTHER_PATHS), ENDS, LIMITS, SEARCH)


class Turn(NamedTuple):
    """An assumed parameter that is set to an end of its range."""

    parameter: str
    end: str
    """low or high: the end that makes growth harder."""

    @property
    def name(self) -> str:
        """Of its case."""
        return f"{self.end}_{self.parameter}"


TURNS = (
    Turn("ramp.line", "high"),
    Turn("ramp.battery", "high"),
    Turn("build.battery_plant", "high"),
    Turn("approval.filing", "high"),
)


def main_cases(often: int, fewer: int) -> Iterator[Case]:
    """The middle path often, what is compared with it fewer times."""
    yield Case("middle", MIDDLE, (), often, with_days=True)
    for name in SCENARIOS:
        yield Case(name, f"scenarios/growth_2030_{name}.yaml", (), fewer)
    yield Case("outage_2028", OUTAGE, (), fewer)
    early = ("disruptions.sichuan_outage.timing.at=2022-08-15", "run.end=2024-01-01")
    yield Case("outage_2022", OUTAGE, early, fewer)


def path_cases(fewer: int) -> Iterator[Case]:
    """The other paths of national output and of the city's share."""
    for name, paths in OTHER_PATHS.items():
        yield Case(f"path_{name}", MIDDLE, paths.changes, fewer)


def turned_cases(fewer: int) -> Iterator[Case]:
    """The middle path with one assumed parameter at an end of its range."""
    table = load_scenario(ROOT / MIDDLE).parameters
    for turn in TURNS:
        one = table[turn.parameter]
        bound = getattr(one, turn.end)
        value = f"{float(bound.value / unit(one.unit or '1').value):g} {one.unit}"
        yield Case(turn.name, MIDDLE, (f"parameters.{turn.parameter}={value}",), fewer)


def all_cases(often: int, fewer: int, without: Collection[str] = ()) -> list[Case]:
    """All that the study runs as whole scenarios, without some scenarios and parts."""
    found = [*main_cases(often, fewer), *path_cases(fewer)]
    found = [case for case in found if case.name not in without]
    return found if ENDS in without else [*found, *turned_cases(fewer)]
