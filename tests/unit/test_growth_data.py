"""The growth data: published totals kept, sums closed by year, plans carried, 2022 untouched."""

from __future__ import annotations

import datetime as dt
import random
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from chainsim.network.clock import Clock
from chainsim.network.compiled import FULL_SPEED, CompiledNetwork
from chainsim.network.compiling import compile_network
from chainsim.scenario import quantities
from chainsim.scenario.loading import Scenario, load_scenario
from chainsim.scenario.schema.time import Months, Years

SCENARIOS = Path(__file__).parents[2] / "scenarios"
YEARS = range(2021, 2031)
DAY = 86_400

CITY = {2021: 152_083, 2022: 365_000, 2023: 500_000, 2024: 953_200, 2025: 1_296_000}
NATION = {2021: 3_545, 2022: 7_058, 2023: 9_587, 2024: 12_888, 2025: 16_626}
"""Published totals, vehicles and thousand vehicles."""

BLOCKS = {
    (2021, 1, 9): 97_000,
    (2022, 1, 2): 36_580,
    (2022, 3, 10): 245_742,
    (2023, 1, 2): 52_200,
    (2023, 1, 6): 156_400,
    (2023, 1, 8): 208_831,
    (2023, 1, 10): 321_000,
    (2023, 11, 11): 73_000,
    (2024, 1, 6): 391_000,
    (2024, 1, 8): 525_000,
    (2024, 1, 11): 812_900,
    (2025, 1, 6): 492_480,
}
"""Output by year and months (first, last), published or by published growth rates."""


@cache
def growth() -> Scenario:
    return load_scenario(SCENARIOS / "growth_2030.yaml")


@cache
def network() -> CompiledNetwork:
    return compile_network(growth())


def value(name: str, scenario: Scenario | None = None) -> float:
    return float((scenario or growth()).parameters[name].value.value)


def makers() -> list[str]:
    sites = growth().document.sites.items()
    return [key for key, site in sites if site.stage == "midstream"]


@pytest.mark.parametrize("year", CITY)
def test_published_totals(year: int) -> None:
    assert value(f"chongqing.output_{year}") == pytest.approx(CITY[year], abs=1)
    assert value(f"national.output_{year}") == 1000 * NATION[year]


def test_the_target_was_missed() -> None:
    """1,296,000 of 16,626,000 are 7.8 %; a tenth would have been 1,662,600: 366,600 more."""
    assert value("chongqing.share_2025") == pytest.approx(0.078, abs=5e-5)
    missing = value("chongqing.target_share_2025") * value("national.output_2025") - 1_296_000
    assert missing == pytest.approx(366_600)


def path_of(site: str) -> dict[str, float]:
    profile = growth().document.profiles[f"{site}_path"]
    assert isinstance(profile, Years)
    return {year: float(total) for year, total in profile.values.items()}


@pytest.mark.parametrize("year", YEARS)
def test_makers_add_up_to_the_city(year: int) -> None:
    totals = [path_of(maker).get(str(year), 0.0) for maker in makers()]
    assert len(totals) == 20
    assert sum(total > 0 for total in totals) == (14 if year == 2021 else 16)
    assert sum(totals) == pytest.approx(path_of("city")[str(year)], rel=1e-12)
    assert path_of("changan")[str(year)] > 50_000  # closes the sum, and is no remainder


@pytest.mark.parametrize("year", range(2021, 2026))
def test_months_of_a_year_sum_to_one(year: int) -> None:
    season = growth().document.profiles["season"]
    assert isinstance(season, Months)
    assert sum(season.values[f"{year}-{month:02d}"] for month in range(1, 13)) == 1


@pytest.mark.parametrize("block", BLOCKS)
def test_the_plan_meets_the_published_blocks(block: tuple[int, int, int]) -> None:
    year, first, last = block
    season = growth().document.profiles["season"]
    assert isinstance(season, Months)
    shares = sum(season.values[f"{year}-{month:02d}"] for month in range(first, last + 1))
    assert float(shares) * CITY[year] == pytest.approx(BLOCKS[block], rel=2e-4)


@pytest.mark.parametrize(
    ("nation", "city", "expected"),
    [(0, 1, 21.0 * 0.09), (1, 1, 25.0 * 0.09), (2, 1, 29.0 * 0.09), (0, 0, 21.0 * 0.075),
     (2, 2, 29.0 * 0.105)],
)  # fmt: skip
def test_paths_are_chosen_by_parameters(nation: int, city: int, expected: float) -> None:
    """Million vehicles in 2030: the national path times the share of the city."""
    chosen = [f"parameters.national.path={nation}", f"parameters.chongqing.path={city}"]
    scenario = load_scenario(SCENARIOS / "growth_2030.yaml", chosen)
    assert value("chongqing.output_2030", scenario) == pytest.approx(expected * 1e6)


def test_the_way_to_2030_is_a_straight_line() -> None:
    nation = [value(f"national.output_{year}") for year in range(2026, 2031)]
    assert nation == pytest.approx([19e6, 20.5e6, 22e6, 23.5e6, 25e6])
    shares = [value(f"chongqing.output_{year}") / n for year, n in enumerate(nation, 2026)]
    steps = [b - a for a, b in pairwise(shares)]
    assert steps == pytest.approx([(0.09 - value("chongqing.share_2025")) / 5] * 4)


def test_plans_add_up_to_the_path() -> None:
    """What all makers and both institutes want of a year, in whole cars."""
    chain = network()
    origin = chain.horizon.origin.date()
    for year in (2021, 2025, 2030):
        first = (dt.date(year, 1, 1) - origin).days
        after = (dt.date(year + 1, 1, 1) - origin).days
        wanted = 0
        for demand in chain.demands:
            if chain.items[chain.stocks[demand.stock].item].id == "vehicle":
                events = demand.stream.trace
                wanted += sum(n for at, n in events if first <= at // DAY < after)
        sampled = 1 - value("conformity.sample_rate")
        assert wanted / 1000 == pytest.approx(sampled * path_of("city")[str(year)], rel=1e-4)


@pytest.mark.parametrize("year", YEARS)
def test_capacity_stays_above_the_plan(year: int) -> None:
    """A year's plan of what a line, a battery or a parts plant makes, over what it can make."""
    chain = network()
    origin = chain.horizon.origin.date()
    first = (dt.date(year, 1, 1) - origin).days
    after = (dt.date(year + 1, 1, 1) - origin).days
    pulled = {spec.id: spec for spec in chain.operations if spec.release.kind == "pull"}
    looked = 0
    for key, spec in pulled.items():
        site, name = key.split("/")
        if name not in ("line", "cells", "packs", "drives", "axles", "kits"):
            continue
        plan = sum(chain.plan_per_day.get(spec.release.stock, ())[first:after]) / 1000
        base = chain.bases[chain.clocks[spec.clock].base]
        clock = Clock(base.times, base.rates)
        seconds = (clock.work(after * DAY) - clock.work(first * DAY)) / FULL_SPEED
        per_second = spec.lot / spec.work.constant  # thousandths over milliseconds
        able = seconds * per_second
        if name == "line":
            able *= value("assembly.availability")
        if name == "cells":
            able *= value("battery.yield")
        assert plan <= 0.9 * able, (site, name, plan / able)
        looked += plan > 0
    assert looked == (14 if year == 2021 else 16) + 6 + 6 + 5 + 3 + 5


def test_every_number_has_provenance() -> None:
    table = growth().parameters
    known = set(table.sources)
    for parameter in table.values():
        assert parameter.sources and set(parameter.sources) <= known, parameter.name
        if parameter.kind == "assumed":
            assert parameter.low is not None and parameter.high is not None, parameter.name
            low, high = parameter.low.value, parameter.high.value
            assert low <= parameter.value.value <= high, parameter.name


@pytest.mark.parametrize("draw", ["low", "high", 1, 2])
def test_every_point_of_the_assumed_ranges_loads(draw: str | int) -> None:
    generator = random.Random(draw)
    changes = []
    for parameter in growth().parameters.values():
        if parameter.kind != "assumed" or parameter.low is None or parameter.high is None:
            continue
        unit = quantities.unit(parameter.unit or "1").value
        low, high = float(parameter.low.value / unit), float(parameter.high.value / unit)
        chosen = {"low": low, "high": high}.get(str(draw), generator.uniform(low, high))
        changes.append(f"parameters.{parameter.name}={chosen:.6f}")
    assert len(load_scenario(SCENARIOS / "growth_2030.yaml", changes).document.sites) == 42


def test_the_scenarios_of_2022_know_nothing_of_it() -> None:
    baseline = load_scenario(SCENARIOS / "baseline_2022.yaml")
    assert not baseline.document.investments
    assert "chongqing.output_2030" not in baseline.parameters
