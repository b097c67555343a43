"""What tables and the page of a run tell: disruptions in words, sites in order, notes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from tests.unit.cli_support import SHORT, TINY, call, scenario

from chainsim import load_scenario
from chainsim.report import tables
from chainsim.report.disruption_view import disruptions_sheet

STRIKES = """\
disruptions:
  - id: flood
    name: High water
    note: as in 2020
    target: {region: north, except: [maker]}
    participation: 0.5
    effect: {capacity: 0.25, floor: 0.1, stock_loss: 5 %}
    timing: {at: [2022-01-17, '2022-01-20T06:00', 25 d]}
    onset: 6 h
    duration: 4 d
    recovery: {shape: linear, over: 36 h}
  - id: strike
    target: {lane: road, origin: {stage: upstream}}
    effect: {lane: closed, in_transit: hold, lead_time: {factor: 1.5, extra: 2 h}}
    timing: {every: {dist: exponential, mean: 30 d}, between: ends, first: 2022-01-10}
    duration: {dist: uniform, low: 6 h, high: 2 d}
    recovery: {shape: stages, stages: [{after: 1 d, recovered: 0.5}, {after: 3 d, recovered: 1}]}
  - id: never
    enabled: false
    target: {site: maker}
    effect: {demand: 2}
    timing: {at: 5}
    duration: 1
"""
OBSERVED = """\
observed:
  - {id: plan, measure: output, value: 3000, source: S1, fitted: true, note: as <planned>}
  - {id: use, measure: utilisation, value: 0.5, source: S2}
  - {id: share, computed: 0.5, value: 0.5, source: S3}
"""


@pytest.fixture(autouse=True)
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainsim.report.folder.pictures", lambda run: ())


def with_strikes(folder: Path) -> Path:
    return scenario(folder, TINY.split("disruptions:")[0] + STRIKES)


def page(folder: Path, file: Path, *words: str) -> str:
    """The page of a quick run, without line ends."""
    done = call("run", file, "--workers", 1, "--replications", 2, "--out", folder / "out", *words)
    assert done.exit_code == 0, done.stderr
    text = (folder / "out" / file.stem / "report.html").read_text("utf-8")
    return text.replace("\n", "")


def test_disruptions_are_told_in_words(tmp_path: Path) -> None:
    file = with_strikes(tmp_path)
    flood, strike = disruptions_sheet(load_scenario(file).document).rows
    assert tuple(flood) == (
        "flood",
        "High water",
        "region north; except maker (1 site), each with probability 0.5",
        "capacity x 0.25; never below 0.1; 5 % of stock lost",
        "2022-01-17, 2022-01-20 06:00, 25 d after the start",
        "6 h",
        "4 d",
        "linear over 1.5 d",
        "as in 2020",
    )
    assert tuple(strike) == (
        "strike",
        "-",
        "lane road; lanes from stage upstream",
        "transit time x 1.5 + 2 h; lanes closed, goods in transit stand still",
        "random, every exponential (mean 30 d) from an end to the next start, from 2022-01-10 on",
        "at once",
        "uniform (low 6 h, high 2 d)",
        "in stages: 50 % after 1 d, 100 % after 3 d",
        "",
    )


def test_the_page_shows_every_disruption(tmp_path: Path) -> None:
    text = page(tmp_path, with_strikes(tmp_path))
    assert "<h2>Disruptions</h2>" in text
    for words in ("<td>flood</td>", "<td>High water</td>", "region north", "linear over 1.5 d"):
        assert words in text
    assert "never</td>" not in text
    assert "Disruptions" not in page(
        tmp_path, scenario(tmp_path, name="calm.yaml"), "--set", "disruptions=[]"
    )


def sites(output: str) -> list[list[str]]:
    """The rows of the table of sites, by cells."""
    lines = output.split("\nSites\n")[1].strip().splitlines()
    return [line.split() for line in lines[1:] if line]


def test_sites_by_output_with_intervals_and_dashes(tmp_path: Path) -> None:
    text = TINY.replace("sites:\n", "sites:\n  another:\n    template: small\n") + (
        "templates:\n  small:\n    stage: midstream\n    stocks: {raw: {unlimited: true}}\n"
        "    operations: {hand: {inputs: {raw: 1}, outputs: {car: 1}, rate: 1 /d}}\n"
    )
    words = ("--workers", 1, "--replications", 3, "--out", tmp_path, "-v")
    found = sites(call("run", scenario(tmp_path, text), *words).stdout)
    assert [row[0] for row in found] == ["maker", "another", "plant"]
    maker, _, plant = found
    assert maker[4] == "to" and float(maker[3].replace(",", "")) < float(maker[5].replace(",", ""))
    assert plant[2:5] == ["-", "-", "-"]


def test_recorded_delays_are_shown(tmp_path: Path) -> None:
    words = ("--workers", 1, "--replications", 2, "--out", tmp_path, "-v")
    file = scenario(tmp_path)
    assert "delay p95" not in call("run", file, *words).stdout
    shown = call("run", file, *words, "--set", "run.record.delays=[maker/car]").stdout
    assert "delay p95 [d]" in shown
    assert "delay_p95 " in shown


def test_notes_stand_below_the_table_and_in_a_column_of_the_page(tmp_path: Path) -> None:
    file = scenario(tmp_path, TINY + OBSERVED)
    words = ("--workers", 1, "--replications", 2, "--out", tmp_path)
    done = call("run", file, *words)
    assert "\nplan: as <planned>\n" in done.stdout
    assert "\nuse: " not in done.stdout
    text = page(tmp_path, file)
    assert "<th>note</th>" in text
    assert "<td>as &lt;planned&gt;</td>" in text


def test_agreement_says_what_was_fitted_and_under_what_conditions(tmp_path: Path) -> None:
    file = scenario(tmp_path, TINY + OBSERVED)
    words = ("--workers", 1, "--replications", 2, "--out", tmp_path)
    calm = call("run", file, *words, "--json", "--set", "disruptions=[]")
    rows = json.loads(calm.stdout)["validation"]
    assert [row["agreement"] for row in rows] == ["fitted", "not fitted", "arithmetic"]
    together = call("run", file, *words).stdout
    assert "fitted" in together and "fitted without the disruptions" not in together
    more = tmp_path / "more.yaml"
    flood = "{id: flood, target: {stage: upstream}, effect: {capacity: 0}, timing: {at: 1 d}, "
    more.write_text(f"extends: {file.name}\ndisruptions:\n  - {flood}duration: 1 d}}\n")
    struck = call("run", more, *words).stdout
    assert "fitted without the disruptions" in struck
    off = call("run", more, *words, "--set", "disruptions.flood.enabled=false").stdout
    assert "fitted" in off and "fitted without the disruptions" not in off


def test_each_item_is_used_in_its_own_unit(tmp_path: Path) -> None:
    text = TINY.replace("part: {unit: piece}", "part: {unit: kWh}")
    words = ("run", scenario(tmp_path, text), "--workers", 1, "--out", tmp_path, *SHORT)
    row = next(x for x in call(*words).stdout.splitlines() if x.startswith("part "))
    assert row.split()[2] == "kWh/vehicle"
    items = json.loads(call(*words, "--json").stdout)["items"]
    assert items["part"]["use_per_output"]["unit"] == "kWh/vehicle"


def test_costs_are_undefined_unless_the_scenario_gives_any(tmp_path: Path) -> None:
    words = ("run", scenario(tmp_path), "--workers", 1, "--out", tmp_path, *SHORT)
    shown = call(*words).stdout
    assert "holding_cost" not in shown and "transport_cost" not in shown
    priced = ("items.car.value=100 yuan", "items.car.holding_cost=0.1", "lanes.road.cost=2 yuan")
    options = [word for setting in priced for word in ("--set", setting)]
    found = json.loads(call(*words, "--json", *options).stdout)["measures"]
    assert found["holding_cost"]["mean"] > 0
    assert found["transport_cost"]["mean"] > 0


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_rows_of_single_lines_fit_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    heads, row = ("path", "one", "two"), ("a.path.of.a.value", "x" * 60, "short")
    stream = Terminal()
    tables.show([tables.Sheet("", heads, [row], single_lines=True)], stream)
    line = next(x for x in stream.getvalue().splitlines() if "a.path" in x)
    assert line.split()[0] == row[0] and line.split()[-1] == "short"
    assert "xxx..." in line and len(line.strip()) <= 80
