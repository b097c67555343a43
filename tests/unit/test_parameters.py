"""Parameter tables: evidence, formulas that are evaluated, overrides, and their mistakes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from chainsim.errors import InputError
from chainsim.scenario.loading import Scenario, scenario_from_text

HEADER = "name,value,unit,low,high,kind,source,note\n"
TABLE = f"""{HEADER}# output of the city: 365,000 in 2022, up 140 % on the year before
city.output_2022,365000,vehicles/yr,365000,384000,documented,S0;W4,
city.growth,140,%,,,documented,S0,"on 2021, as announced"
city.output_2021,= city.output_2022 / (1 + city.growth),vehicles/yr,,,derived,,
pack.energy,60,kWh,30,90,assumed,,
cells.need,= city.output_2022 * pack.energy,GWh/yr,,,derived,,
"""
SOURCES = "id,title,address,date,reliability\nS0,Study,seed,2023,good\nW4,News,web,2023,good\n"
SCENARIO = """
name: parameters
run: {start: 2022-01-01, length: 60 d}
parameter_tables: [table.csv]
sources: sources.csv
items: {car: {unit: vehicle}}
sites:
  city:
    operations:
      make: {outputs: {car: 1}, rate: "= {site}.output_2022"}
    demand:
      car: {process: plan, rate: = city.output_2021}
"""
SCENARIO = SCENARIO.replace("{site}", "city")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a table and its sources."""
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "sources.csv").write_text(SOURCES, encoding="utf-8")
    return tmp_path


def loaded(folder: Path, *overrides: str, more: str = "") -> Scenario:
    """The scenario over the table of a folder."""
    return scenario_from_text(SCENARIO + more, overrides, directory=folder)


def refused(folder: Path, *overrides: str, more: str = "") -> list[str]:
    """The problems of the scenario, without the name of the folder."""
    with pytest.raises(InputError) as refusal:
        loaded(folder, *overrides, more=more)
    return [line.replace(f"{folder}/", "") for line in str(refusal.value).splitlines()]


def test_formulas_are_evaluated(folder: Path) -> None:
    """365,000 / 2.4 = 152,083 vehicles in 2021; 365,000 packs of 60 kWh are 21.9 GWh a year."""
    table = loaded(folder).parameters
    assert round(table["city.output_2021"].in_unit) == 152_083
    assert table["cells.need"].in_unit == 21.9
    assert table["city.output_2021"].uses == ("city.output_2022", "city.growth")
    assert table["city.growth"].value.value == Fraction(7, 5)
    assert table["city.output_2022"].sources == ("S0", "W4")
    assert table.sources["W4"].title == "News"


def test_values_know_their_parameters(folder: Path) -> None:
    scenario = loaded(folder)
    rate = scenario.document.sites["city"].demand["car"].rate
    assert rate is not None
    assert rate.value == Fraction(365_000, 365 * 86_400) / Fraction(12, 5)
    origin = scenario.origin("sites.city.demand.car.rate")
    assert (origin.expression, origin.parameters) == ("= city.output_2021", ("city.output_2021",))
    assert scenario.parameters.behind(origin.parameters) == (
        "city.output_2021",
        "city.output_2022",
        "city.growth",
    )


def test_an_override_reaches_what_is_derived_from_it(folder: Path) -> None:
    table = loaded(folder, "parameters.pack.energy=0.03 MWh").parameters
    assert table["cells.need"].in_unit == 10.95
    assert table["pack.energy"].overridden and not table["cells.need"].overridden
    bare = loaded(folder, more="parameters: {pack.energy: 80, city.growth: = 0.7 * 2}\n").parameters
    assert bare["pack.energy"].value.value == 80, "a bare number is in the unit of the table"
    assert bare["city.growth"].value.value == Fraction(7, 5)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        (
            "pack.enrgy=1",
            "be the name of a parameter, got 'pack.enrgy'; did you mean 'pack.energy'?",
        ),
        ("pack.energy=3 d", "must be an energy (in kWh), not a time, got '3 d'"),
        ("pack.energy=3 m", "ambiguous"),
        ("pack.energy=true", "must be a number"),
        ("pack.energy== 2 * pack.energy", "not refer to itself: pack.energy uses pack.energy"),
        ("pack.energy== pack.nergy", "no parameter has the name 'pack.nergy'"),
    ],
)
def test_a_wrong_override(folder: Path, override: str, says: str) -> None:
    (line,) = refused(folder, f"parameters.{override}")
    assert says in line


@pytest.mark.parametrize(
    ("row", "place", "says"),
    [
        ("a,1,d,,,assumed,,", "2:7", "a.low must be given (its kind is assumed)"),
        ("a,9,d,1,2,assumed,,", "2:3", "a must lie between low 1 and high 2, got '9'"),
        ("a,1,d,,,documented,,", "2:20", "a.source must be given"),
        ("a,1,d,,,documented,S0;W5,", "2:20", "cite ids of the sources file, not 'W5'"),
        ("a,1,d,,,guessed,,", "2:9", "be one of documented, derived, assumed, got 'guessed'"),
        ("a,1,d,,,derived,,", "2:3", "be a formula that starts with ="),
        ("a,= 1 [d],d,0,2,assumed,,", "2:3", "call it derived"),
        ("a,one,d,,,documented,S0,", "2:3", "be a number"),
        ("a,1 d,d,,,documented,S0,", "2:3", "the unit has its own column"),
        ("a,1,dya,,,documented,S0,", "2:5", "did you mean 'day'?"),
        ("a-b,1,d,,,documented,S0,", "2:1", "be letters, digits and _"),
        ("a,= 1 [kWh],d,,,derived,,", "2:3", "the formula gives an energy, the unit says a time"),
        ("a,= b * 2,d,,,derived,,", "2:5", "no parameter has the name 'b'"),
        ("a,= f(2),d,,,derived,,", "2:5", "functions are not allowed"),
        ("a,1,d,,,documented,S0", "2:1", "have 8 cells, got 7"),
        ("a,1,d,,,documented,S0,x\na,2,d,,,documented,S0,", "3:1", "stands already in"),
        ('a,1,d,,,documented,S0,"x', "2:1", "be a table of comma-separated values"),
    ],
)
def test_a_wrong_row_is_named_at_its_cell(folder: Path, row: str, place: str, says: str) -> None:
    (folder / "rows.csv").write_text(f"{HEADER}{row}\n", encoding="utf-8")
    lines = _with_rows(folder)
    assert any(line.startswith(f"rows.csv:{place}: ") and says in line for line in lines), lines


def _with_rows(folder: Path) -> list[str]:
    text = SCENARIO.replace("[table.csv]", "[table.csv, rows.csv]")
    with pytest.raises(InputError) as refusal:
        scenario_from_text(text, directory=folder)
    return [line.replace(f"{folder}/", "") for line in str(refusal.value).splitlines()]


def test_circles_are_named_once(folder: Path) -> None:
    rows = "".join(f"p{i},= p{(i + 1) % 300},d,,,derived,,\n" for i in range(300))
    (folder / "rows.csv").write_text(HEADER + rows + "q,= p5,d,,,derived,,\n", encoding="utf-8")
    (line,) = _with_rows(folder)
    assert "rows.csv:2:4: parameters.p0 must not refer to itself: p0 uses p1 uses p2" in line


def test_a_long_chain_of_formulas_is_no_problem(folder: Path) -> None:
    rows = "".join(f"p{i},= p{i + 1} + 1 [d],d,,,derived,,\n" for i in range(3000))
    (folder / "table.csv").write_text(
        TABLE + rows + "p3000,1,d,,,documented,S0,\n", encoding="utf-8"
    )
    assert loaded(folder).parameters["p0"].in_unit == 3001


def test_a_missing_table_is_reported_where_it_is_named(folder: Path) -> None:
    (folder / "table.csv").rename(folder / "tables.csv")
    line = refused(folder)[0]
    assert line.startswith("<text>:4:20: parameter_tables must be a file that exists, got 'table.c")
    assert line.endswith("did you mean 'tables.csv'?")


def test_days_of_a_calendar_come_from_a_file(folder: Path) -> None:
    (folder / "days.csv").write_text(
        "date,kind,name\n2022-01-31,closed,Spring Festival\n2022-02-01,closed,Spring Festival\n"
        "2022-01-29,open,make-up day\n",
        encoding="utf-8",
    )
    more = "calendars: {five: {week: {mon-fri: [08:00-16:00]}, days_file: days.csv}}\n"
    days = loaded(folder, more=more).merged["calendars"]["five"]["days"]
    assert days == [
        {"from": "2022-01-29", "shifts": "usual"},
        {"from": "2022-01-31", "shifts": [], "to": "2022-02-01"},
    ]
    (folder / "days.csv").write_text("date,kind\n2022-02-30,closed\n2022-02-01,clsed\n")
    assert refused(folder, more=more) == [
        "days.csv:2:1: date must be a date such as 2022-08-15, got '2022-02-30'",
        "days.csv:3:12: kind must be closed or open, got 'clsed'; did you mean 'closed'?",
    ]
