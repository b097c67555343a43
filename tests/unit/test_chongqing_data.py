"""The Chongqing data: published numbers kept, sums closed, every number used and sourced."""

from __future__ import annotations

import csv
import datetime as dt
import random
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from chainsim.network.compiling import compile_network
from chainsim.scenario import quantities
from chainsim.scenario.loading import Scenario, load_scenario
from chainsim.scenario.parameters import Parameter
from chainsim.scenario.schema.time import DAYS, Calendar

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FILES = sorted(file.name for file in SCENARIOS.glob("*.yaml"))
COMPILED = (
    "jianan_outage.yaml",
    "power_rationing_2022.yaml",
    "sichuan_outage_30d_backup_power.yaml",
    "sichuan_outage_30d_combined.yaml",
    "sichuan_road_closure.yaml",
    "spring_festival_2024_work_through.yaml",
)
"""Together they hold every disruption and response with dates; the others differ in values."""
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

PUBLISHED = {
    "chongqing.output_2022": 365_000,
    "chongqing.growth_2022": 1.4,
    "chongqing.output_2023": 500_000,
    "chongqing.jan_sep_2021": 97_000,
    "chongqing.all_vehicles_2022": 2_092_000,
    "chongqing.line_capacity_all": 4_000_000,
    "sichuan_chongqing.all_vehicles_2023": 3_290_000,
    "sichuan_chongqing.share_2023": 0.109,
    "national.output_2022": 7_058_000,
    "national.jan_2022": 452,
    "national.feb_2022": 368,
    "national.may_2022": 466,
    "national.jun_2022": 590,
    "national.jul_2022": 617,
    "national.aug_2022": 691,
    "national.oct_2022": 762,
    "seres.sales_2023": 106_703,
    "seres.growth_2023": 0.3331,
    "seres.capacity": 300_000,
    "livan.sales_h1_2022": 12_547,
    "hyundai.output_2022": 0,
    "battery.output.yibin_2022": 72,
    "battery.output.sichuan_2022": 83,
    "battery.installed_national_2022": 294.6,
    "battery.cell_share.catl": 0.434,
    "battery.cell_share.calb": 0.09,
    "lane.yibin.transit": 3,
    "lane.chengdu.distance": 310,
    "lane.mianyang.distance": 320,
}
"""Figures seen in a source, in the unit of the table."""

DERIVED = {
    "chongqing.output_2021": 152_083,
    "chongqing.jan_feb_2022": 36_580,
    "chongqing.jan_oct_2022": 282_300,
    "chongqing.jan_nov_2022": 318_800,
    "chongqing.line_use_2022": 0.523,
    "chongqing.h1_share_2023": 0.313,
    "changan.output_2022": 157_200,
    "seres.output_2022": 80_000,
    "livan.output_2022": 25_000,
    "battery.kwh_per_vehicle_2022": 38.9,
    "battery.kwh_per_vehicle_national_2022": 41.74,
    "national.feb_2023": 552,
    "assembly.availability": 0.92,
}
"""Figures that follow by formula, to the digits with which they are quoted."""

MAKERS = {
    "deepal": (30_000, 130_000),
    "avatr": (1_500, 20_000),
    "changan_ford": (7_000, 20_000),
    "kuayue": (6_000, 12_000),
    "ruichi": (34_000, 60_000),
    "dfsk": (8_000, 20_000),
    "sgmw": (6_000, 15_000),
    "hongyan": (1_600, 5_000),
    "qingling": (600, 3_000),
    "great_wall": (500, 5_000),
    "xinyuan": (7_000, 14_000),
    "hengtong": (400, 2_000),
    "north_benz": (200, 1_000),
    "geely": (0, 0),
    "baic_yinxiang": (0, 0),
    "weichai": (0, 0),
    "hyundai": (0, 0),
}
"""Output and capacity of 2022 as assumed for makers that publish nothing."""


@cache
def loaded(file: str) -> Scenario:
    return load_scenario(SCENARIOS / file)


@pytest.fixture(scope="module")
def baseline() -> Scenario:
    return loaded("baseline_2022.yaml")


def in_unit(parameter: Parameter) -> float:
    """The value of a parameter in the unit of the table."""
    return float(parameter.value.value / quantities.unit(parameter.unit or "1").value)


def value(scenario: Scenario, name: str) -> Fraction:
    return scenario.parameters[name].value.value


def makers(scenario: Scenario) -> list[str]:
    return [key for key, site in scenario.document.sites.items() if site.stage == "midstream"]


@pytest.mark.parametrize("file", FILES)
def test_loads_without_warnings(file: str) -> None:
    assert not loaded(file).warnings


@pytest.mark.parametrize("file", FILES)
def test_says_what_it_is_and_what_is_expected(file: str) -> None:
    assert (SCENARIOS / file).read_text(encoding="utf-8").startswith("# ")
    document = loaded(file).document
    assert document.description
    assert document.expect
    assert (document.resilience is not None) == bool(document.disruptions)


@pytest.mark.parametrize("file", COMPILED)
def test_compiles(file: str) -> None:
    assert compile_network(loaded(file)).lanes


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures(baseline: Scenario, name: str) -> None:
    parameter = baseline.parameters[name]
    assert parameter.kind == "documented"
    assert in_unit(parameter) == PUBLISHED[name]


@pytest.mark.parametrize("name", DERIVED)
def test_derived_figures(baseline: Scenario, name: str) -> None:
    parameter = baseline.parameters[name]
    assert parameter.kind == "derived"
    assert in_unit(parameter) == pytest.approx(DERIVED[name], rel=1e-3)


@pytest.mark.parametrize("maker", MAKERS)
def test_assumed_makers(baseline: Scenario, maker: str) -> None:
    output, capacity = MAKERS[maker]
    assert in_unit(baseline.parameters[f"{maker}.output_2022"]) == output
    assert in_unit(baseline.parameters[f"{maker}.capacity"]) == capacity


def test_makers_add_up_to_the_city(baseline: Scenario) -> None:
    outputs = [value(baseline, f"{maker}.output_2022") for maker in makers(baseline)]
    assert len(outputs) == 20
    assert sum(output > 0 for output in outputs) == 16
    assert sum(outputs) == value(baseline, "chongqing.output_2022") == 365_000


def test_the_first_maker_takes_up_changes() -> None:
    changed = ["parameters.ruichi.output_2022=30000", "parameters.chongqing.output_2022=369000"]
    scenario = load_scenario(SCENARIOS / "baseline_2022.yaml", changed)
    assert sum(value(scenario, f"{maker}.output_2022") for maker in makers(scenario)) == 369_000
    assert value(scenario, "changan.output_2022") == 157_200 + 4_000 + 4_000


def test_idle_makers_have_closed_lines(baseline: Scenario) -> None:
    idle = [key for key, (output, _) in MAKERS.items() if output == 0]
    lines = [baseline.document.sites[key].operations["line"] for key in idle]
    assert [line.capacity for line in lines] == [0, 0, 0, 0]


@pytest.mark.parametrize("year", [2021, 2022, 2023])
def test_months_of_a_year_sum_to_one(baseline: Scenario, year: int) -> None:
    assert sum(value(baseline, f"plan.{month}_{year}") for month in MONTHS) == 1


def test_the_plan_meets_the_published_blocks(baseline: Scenario) -> None:
    def planned(year: int, months: slice) -> float:
        shares = sum(value(baseline, f"plan.{month}_{year}") for month in MONTHS[months])
        return float(shares * value(baseline, f"chongqing.output_{year}"))

    assert planned(2021, slice(0, 9)) == pytest.approx(97_000)
    assert planned(2022, slice(0, 2)) == pytest.approx(36_580, abs=1)
    assert planned(2022, slice(2, 10)) == pytest.approx(282_300 - 36_580, rel=2e-4)
    assert planned(2022, slice(10, 11)) == pytest.approx(36_450, rel=2e-3)
    assert planned(2022, slice(11, 12)) == pytest.approx(46_230, rel=2e-3)
    assert planned(2023, slice(0, 2)) == pytest.approx(52_200)
    assert planned(2023, slice(0, 10)) == pytest.approx(321_000)
    assert planned(2023, slice(10, 11)) == pytest.approx(73_000)


def test_the_power_order_is_in_one_plan_only(baseline: Scenario) -> None:
    outage = loaded("sichuan_outage_30d.yaml")
    assert value(baseline, "plan.august_factor") == Fraction("0.77")
    assert value(outage, "plan.august_factor") == 1
    assert value(outage, "plan.aug_2022") > value(baseline, "plan.aug_2022")


@pytest.mark.parametrize("item", ["battery", "e_drive", "axle"])
def test_regional_shares_hold_for_every_maker(baseline: Scenario, item: str) -> None:
    sites = baseline.document.sites
    for maker in makers(baseline):
        if (maker, item) == ("avatr", "battery"):
            continue  # buys from CATL only, see below
        sources = sites[maker].replenishment[item].sources
        assert sum(sources.shares) == 1
        for region in ("chongqing", "sichuan"):
            part = sum(
                share
                for site, share in zip(sources.sites, sources.shares, strict=True)
                if sites[site].region == region
            )
            assert part == value(baseline, f"{item}.share.{region}")


def test_avatr_buys_batteries_from_catl_only(baseline: Scenario) -> None:
    sources = baseline.document.sites["avatr"].replenishment["battery"].sources
    assert set(sources.sites) == {"catl_yibin", "catl_elsewhere"}
    assert sum(sources.shares) == 1


@pytest.mark.parametrize(
    ("total", "sites"),
    [
        ("battery.capacity.sichuan", ["catl_yibin", "calb_chengdu"]),
        ("battery.capacity.rest", ["catl_elsewhere", "calb_elsewhere", "gotion"]),
        ("e_drive.capacity.chongqing", ["changan_edrive", "tsingshan", "seres_powertrain"]),
        ("kit_sichuan.capacity", ["kits_chengdu", "kits_suining", "kits_mianyang"]),
    ],
)
def test_sites_share_the_slice_of_their_region(
    baseline: Scenario, total: str, sites: list[str]
) -> None:
    parts = [value(baseline, f"{site}.capacity") for site in sites]
    assert sum(parts) == value(baseline, total)
    assert min(parts) > 0


def test_two_provinces_give_the_nation(baseline: Scenario) -> None:
    vehicles = value(baseline, "sichuan_chongqing.all_vehicles_2023")
    nation = float(vehicles / value(baseline, "sichuan_chongqing.share_2023"))
    assert nation == pytest.approx(30.18e6, rel=1e-3)
    assert nation == pytest.approx(float(value(baseline, "national.all_vehicles_2023")), rel=1e-3)


def shifts_on(calendar: Calendar, day: dt.date) -> tuple[tuple[int, int], ...]:
    """The shifts of a day by the rule of the schema: the last special entry for it wins."""
    shifts = calendar.week.get(DAYS[day.weekday()], ())
    for special in (*calendar.days, *calendar.special):
        if special.first.date() <= day <= (special.last or special.first).date():
            shifts = calendar.week["mon"] if special.shifts == "usual" else special.shifts
    return shifts


def open_days(scenario: Scenario, calendar: str, year: int) -> list[dt.date]:
    written = scenario.document.calendars[calendar]
    days = [dt.date(year, 1, 1) + dt.timedelta(days=k) for k in range(366)]
    return [day for day in days if day.year == year and shifts_on(written, day)]


def test_calendars_have_the_days_and_hours_that_the_table_counts(baseline: Scenario) -> None:
    table = baseline.parameters
    makers_days = open_days(baseline, "assembly_two_shifts", 2022)
    assert len(makers_days) == in_unit(table["calendar.assembly_days"])
    festival_days = open_days(baseline, "through_festival", 2022)
    assert len(festival_days) == in_unit(table["calendar.through_festival_days"])
    assert len(open_days(baseline, "institutes", 2022)) == 249
    assert len(open_days(baseline, "pilot_station", 2022)) == 20  # opened on 8 December
    calendars = baseline.document.calendars
    for name, hours in (
        ("assembly_two_shifts", "calendar.shift_hours"),
        ("through_festival", "calendar.shift_hours"),
        ("institutes", "calendar.institute_hours"),
    ):
        shifts = shifts_on(calendars[name], dt.date(2022, 3, 1))
        assert sum(end - begin for begin, end in shifts) == 3600 * in_unit(table[hours])


def test_months_observed_add_up(baseline: Scenario) -> None:
    with (SCENARIOS / "chongqing" / "observed_monthly.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    single = {row["month"]: int(row["value"]) for row in rows if "/" not in row["month"]}
    assert sorted(single) == [f"2022-{month:02d}" for month in range(1, 13)]
    assert sum(single.values()) == pytest.approx(365_000, abs=5)
    for row in rows:
        first, _, last = row["month"].partition("/")
        if last:
            inside = sum(v for month, v in single.items() if first <= month <= last)
            assert inside == pytest.approx(int(row["value"]), abs=5)
    for number, month in enumerate(MONTHS, start=1):
        share = value(baseline, f"plan.{month}_2022")
        assert single[f"2022-{number:02d}"] == pytest.approx(float(share * 365_000), abs=5)


def test_every_parameter_is_used() -> None:
    used: set[str] = set()
    table: dict[str, Parameter] = {}
    for file in FILES:
        scenario = loaded(file)
        used.update(name for origin in scenario.origins.values() for name in origin.parameters)
        table.update(scenario.parameters)
    waiting = sorted(used)
    while waiting:
        below = set(table[waiting.pop()].uses) - used
        used |= below
        waiting += below
    assert set(table) - used == set()


def test_prices_are_assumed_with_a_range(baseline: Scenario) -> None:
    prices = [p for p in baseline.parameters.values() if p.name.split(".")[0] in ("price", "haul")]
    assert len(prices) == 18
    for price in prices:
        assert price.kind == "assumed", price.name
        assert price.low is not None and price.high is not None, price.name
        assert price.low.value < price.value.value < price.high.value, price.name


def test_the_parts_of_a_vehicle_are_worth_less_than_it(baseline: Scenario) -> None:
    amounts = {
        "battery": value(baseline, "battery.kwh_per_vehicle_2022"),
        "e_drive": value(baseline, "e_drive.per_vehicle"),
        "axle": 1, "kit_local": 1, "kit_sichuan": 1, "kit_rest": 1,
    }  # fmt: skip
    parts = sum(value(baseline, f"price.{item}") * amount for item, amount in amounts.items())
    assert parts < value(baseline, "price.vehicle")


def test_the_alliance_has_seventeen_sites_and_five_names(baseline: Scenario) -> None:
    tags = {key: site.tags.get("alliance") for key, site in baseline.document.sites.items()}
    named = {"changan", "seres", "hongyan", "caeri", "cmv"}
    assert {key for key, tag in tags.items() if tag == "named"} == named
    assert sum(tag is not None for tag in tags.values()) == 17


def test_the_loss_of_august_is_what_was_announced() -> None:
    power = loaded("power_rationing_2022.yaml")
    family = value(power, "group.changan.output_2022") * value(power, "plan.aug_2022")
    lost = 1 - value(power, "changan.august_nev_output") / family
    assert float(lost) * 31 == pytest.approx(13.8, abs=0.05)


def test_assumptions_have_ranges_and_everything_a_source(baseline: Scenario) -> None:
    known = set(baseline.parameters.sources)
    for parameter in baseline.parameters.values():
        assert parameter.sources and set(parameter.sources) <= known, parameter.name
        if parameter.kind == "assumed":
            assert parameter.low is not None and parameter.high is not None, parameter.name
            assert parameter.low.value <= parameter.value.value <= parameter.high.value


@pytest.mark.parametrize("draw", ["low", "high", 1, 2, 3])
def test_every_point_of_the_assumed_ranges_compiles(baseline: Scenario, draw: str | int) -> None:
    generator = random.Random(draw)
    changes = []
    for parameter in baseline.parameters.values():
        if parameter.kind != "assumed" or parameter.low is None or parameter.high is None:
            continue
        unit = quantities.unit(parameter.unit or "1").value
        low, high = float(parameter.low.value / unit), float(parameter.high.value / unit)
        chosen = {"low": low, "high": high}.get(str(draw), generator.uniform(low, high))
        changes.append(f"parameters.{parameter.name}={chosen:.6f}")
    network = compile_network(load_scenario(SCENARIOS / "baseline_2022.yaml", changes))
    assert len(network.sites) == 42
