"""Loading: plain data, warnings, limits, and what the import costs."""

from __future__ import annotations

import datetime as dt
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import chainsim
from chainsim.errors import InputError, Problem, shortened, shown
from chainsim.scenario.loading import load_scenario, scenario_from_mapping, scenario_from_text

DATA: dict[str, Any] = {
    "name": "plain",
    "run": {"start": dt.date(2022, 1, 1), "length": 30},
    "items": {"car": {"unit": "vehicle"}},
    "sites": {
        "maker": {
            "operations": {"make": {"outputs": {"car": 1}, "rate": 0.1}},
            "demand": {"car": {"process": "plan", "rate": "400 /d"}},
        }
    },
}


def problems_of(data: Any) -> list[str]:
    """The problems of plain data."""
    with pytest.raises(InputError) as refusal:
        scenario_from_mapping(data)
    return str(refusal.value).splitlines()


def test_plain_data_is_read_exactly() -> None:
    scenario = scenario_from_mapping(DATA)
    rate = scenario.document.sites["maker"].operations["make"].rate
    assert rate is not None and rate.value * 86_400 * 10 == 1, "0.1 a day is a tenth"
    assert scenario.merged["run"]["start"] == "2022-01-01"
    assert pickle.loads(pickle.dumps(scenario)).document == scenario.document


def test_what_is_no_data_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["loop"] = loop
    assert "be nested at most 32 levels deep" in problems_of(loop)[0]
    assert "be a map of keys and values at its root" in problems_of([DATA])[0]
    wrong = DATA | {"run": {"start": None, "length": float("nan"), "seed": 10**5000}}
    assert problems_of(wrong) == [
        "<mapping>: run.start must have a value: it has no value",
        "<mapping>: run.length must be a finite number, got nan",
        "<mapping>: run.seed must have at most 40 digits, got a number of very many digits",
    ]
    (line,) = problems_of(DATA | {"description": object()})
    assert "be text, a number, true or false, a list or a map, got object" in line


def test_a_shape_is_explained_by_the_branch_that_was_meant() -> None:
    """Of the forms that a value may have, only the one that was begun is spoken of."""
    text = (Path(__file__).parents[1] / "broken/files/00_valid.yaml").read_text(encoding="utf-8")

    def says(old: str, new: str) -> list[str]:
        with pytest.raises(InputError) as refusal:
            scenario_from_text(text.replace(old, new))
        return [f"{p.path} must {p.rule}" for p in refusal.value.problems]

    level = "sites.P.replenishment.part.level"
    assert says("{cover: 3}", "{cover: -3}") == [f"{level}.cover must be at least 0 d"]
    assert says("{cover: 3}", "{covr: 3}") == [f"{level}.covr must be a known key"]
    forecast = "{forecast: moving_average, periods: 2, initial: 4}"
    assert says("{cover: 3}", forecast) == [
        f"{level} must have window exactly with forecast: moving_average"
    ]
    assert says("level: 1200", "levl: 1200") == [
        "sites.S.operations.make.release.levl must be a known key"
    ]
    assert says("sources: S", "sources: {S: 1.5}") == [
        "sites.P.replenishment.part.sources.S must be at most 1"
    ]
    assert says("disruptions:", "calendars: {c: {week: {mon-fri: [8-16]}}}\ndisruptions:") == [
        "calendars.c.week.mon-fri[0] must be a time of day such as 08:00 (two digits each, up to"
        " 24:00)"
    ]


def test_very_many_problems_are_cut() -> None:
    text = "name: a\nrun: {length: 5 d}\nitems: {}\nsites:\n"
    text += "".join(f"  s{i}: {{x: 1}}\n" for i in range(2000))
    with pytest.raises(InputError) as refusal:
        scenario_from_text(text)
    assert len(refusal.value.problems) == 201
    assert "1800 more places" in str(refusal.value.problems[-1])


def test_large_inputs_are_bounded(tmp_path: Path) -> None:
    cases = {
        "values.yaml": ("x:\n" + "- []\n" * 100_000, "hold at most 60,000 values"),
        "bytes.yaml": ("#" * 1_000_001, "be a file of at most 1,000,000 bytes"),
        "control.yaml": ("name: a\x07b\n", "hold no control characters, got \\x07"),
    }
    for name, (text, rule) in cases.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=rule.replace("\\", ".")):
            load_scenario(tmp_path / name)
    for path, rule in ((tmp_path, "not a folder"), (tmp_path / "no.yaml", "file that exists")):
        with pytest.raises(InputError, match=rule):
            load_scenario(path)
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(InputError, match="not a folder or a device"):
        load_scenario(tmp_path / "pipe.yaml")


def test_a_problem_shows_nothing_that_could_mislead() -> None:
    problem = Problem("a\x1b[2J.yaml", 3, 7, "run.seed", "be a number", shown("1\u202e2\n" * 90))
    assert str(problem).startswith("a\\x1b[2J.yaml:3:7: run.seed must be a number, got '1\\u202e2")
    assert len(shown("1\u202e2\n" * 90)) <= 80
    assert shown({"a": 1, "b": [1, 2]}) == "{a: 1, b: ...}"
    assert shortened("x" * 81) == "x" * 77 + "..."


def test_the_import_is_light() -> None:
    code = (
        "import sys, chainsim.scenario.loading;"
        "heavy = {'numpy', 'scipy', 'matplotlib', 'simpy'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(chainsim.__file__).parents[1])}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert run.stdout.strip() == "[]"


def test_wrong_fields_do_not_hide_wrong_names() -> None:
    """A key, a date and three names are wrong: all are said, the names with their places."""
    text = """\
name: Many slips
run: {start: 2022-01-01, length: 30 d, sead: 3}
items: {part: {}, car: {}}
sites:
  plant:
    region: north
    stocks: {part: {unlimited: true}}
    operations:
      make: {inputs: {part: 1}, outputs: {car: 1}, rate: 3 /d, shift: day}
    demand: {car: {process: regular, every: 1 h}}
  shop:
    replenishment: {car: {policy: base_stock, level: 5, sources: plnt}}
lanes:
  road: {from: plant, to: shopp, items: [car], transit: 1 d}
disruptions:
  - {id: a, target: {region: nroth}, effect: {capacity: 0}, timing: {at: 2022-01-05}, duration: 3 d}
"""
    with pytest.raises(InputError) as caught:
        chainsim.scenario_from_text(text)
    found = [(p.line, p.path) for p in caught.value.problems]
    assert found == [
        (2, "run.sead"),
        (9, "sites.plant.operations.make.shift"),
        (12, "sites.shop.replenishment.car.sources"),
        (14, "lanes.road.to"),
        (16, "disruptions.a.target.region"),
    ]


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("disruptions.outage.duration=9999 yr", "at most 365250 d"),
        ("run.start=9999-12-01", "between the years 1000 and 8000"),
        ("sites.P.stocks.part.initial=1e16", "at most 1e+15"),
        ("lanes.road.transit={dist: normal, mean: -1000, sd: 1}", "keep at least 0.1%"),
        ("lanes.road.transit={dist: normal, mean: 0, sd: 1, min: 50}", "keep at least 0.1%"),
        ("lanes.road.transit={dist: weibull, shape: 0.001, scale: 1}", "at least 0.05"),
        ("disruptions.outage.timing={every: 0}", "once a minute at most"),
        ('description="\\ud800"', "no control or surrogate characters"),
        ("description='= see the paper'", ""),
    ],
)
def test_what_no_run_could_bear_is_refused(override: str, says: str) -> None:
    file = Path(__file__).parents[1] / "broken" / "files" / "00_valid.yaml"
    if not says:
        load_scenario(file, [override])
        return
    with pytest.raises(InputError) as caught:
        load_scenario(file, [override])
    assert says in str(caught.value)


def test_many_unknown_names_take_no_long_time_to_explain() -> None:
    """A hint compares with few of many known names; 1,000 by 1,000 took a quarter of a minute."""
    items = "".join(f"  item_{i}: {{}}\n" for i in range(1000))
    stocks = "".join(f"      other_{i}: {{initial: 1}}\n" for i in range(1000))
    text = (
        f"name: Many\nrun: {{start: 2022-01-01, length: 1 d}}\nitems:\n{items}"
        f"sites:\n  a:\n    stocks:\n{stocks}"
    )
    with pytest.raises(InputError) as caught:
        scenario_from_text(text)
    assert "other_0" in str(caught.value)
