"""Fleets in what a run prints and writes."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest
from tests.unit.cli_support import call, scenario

from chainsim.outcome.measures import FLEET_MEASURES
from chainsim.report import files

MARKET = """\
name: Market
run: {start: 2024-01-01, length: 6 d}
items: {car: {unit: vehicle}, visitor: {unit: vehicle}}
sites:
  shop:
    stocks: {car: {unlimited: true}}
    demand: {car: {process: plan, rate: 10 /d}}
  station:
    arrivals: {visitor: {process: fleet, fleet: road, times: ['09:00']}}
fleets:
  road: {item: car, lifetime: 4 d, inspections: {ages: [2 d]}}
"""


def test_a_run_prints_and_writes_its_fleets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10 a day for six days, for 4 d each; due at the end of days 3 to 6, brought a day later."""
    monkeypatch.setattr("chainsim.report.folder.pictures", lambda run: ())
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    done = call("run", scenario(tmp_path, MARKET), "--workers", 1, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert "\nFleets\n" in done.stdout
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("road"))
    # mean: 0, 10, 20, 30, 40, 40 on the six days
    assert line.split() == ["road", "23.33", "40", "60", "20", "40", "30"]
    (folder,) = (tmp_path / "out").iterdir()
    found = json.loads((folder / "summary.json").read_text("utf-8"))["fleets"]["road"]
    assert list(found) == list(FLEET_MEASURES)
    assert (found["fleet_end"]["mean"], found["fleet_end"]["unit"]) == (40, "units")
    rows = list(csv.DictReader((folder / "measures.csv").read_text("utf-8").splitlines()))
    (row,) = (row for row in rows if row["level"] == "fleet")
    assert (row["entity"], row["inspections_came"]) == ("road", "30.0")
    daily = gzip.decompress((folder / "daily.csv.gz").read_bytes()).decode("utf-8")
    last = "2024-01-06,fleets,road,in_use,vehicle,40.0"
    assert any(line.startswith(last) for line in daily.splitlines())
