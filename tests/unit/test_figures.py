"""Figures: all that a run has something to say about, each with the data behind it."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from tests.unit.cli_support import SHORT, TINY, finished, scenario

from chainsim import load_scenario
from chainsim.experiments.runs import Run, prepare, run
from chainsim.report.figures import pictures
from chainsim.report.figures.chain import chain
from chainsim.report.figures.scene import Scene, moving_mean
from chainsim.report.figures.style import FAINT, RED, Picture, as_png, as_svg
from chainsim.report.files import csv_text

OBSERVED = """\
month,value,unit,kind,source
2022-01,2500,vehicles,derived,S1
2022-02/2022-03,5000,vehicles,documented,S2
2021-12,1,vehicles,derived,S1
"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("run")
    (folder / "seen.csv").write_text(OBSERVED)
    text = TINY.replace("2022-01-03", "2022-01-01").replace("length: 40 d", "length: 100 d")
    text += "observed_series: {output: seen.csv}\n"
    return run(prepare(load_scenario(scenario(folder, text))))


@pytest.fixture(scope="module")
def found(drawn: Run) -> dict[str, Picture]:
    return {picture.name: picture for picture in pictures(drawn)}


def test_all_figures_are_there(found: dict[str, Picture]) -> None:
    assert list(found) == [
        "output_per_day",
        "output_cumulative",
        "output_per_month",
        "capacity",
        "stock_and_cover",
        "server_time",
        "missing_items",
        "chain",
        "timeline",
    ]  # fmt: skip; output by site says nothing about a single site


def test_each_states_its_sample_and_has_data(found: dict[str, Picture]) -> None:
    for picture in found.values():
        assert isinstance(picture.figure, Figure)
        assert picture.name == "timeline" or "3 replications" in picture.caption
        rows = list(csv.reader(csv_text(picture.data).splitlines()))
        assert len(rows) > 1, picture.name
        assert all(len(row) == len(rows[0]) for row in rows)


def test_axes_have_units(found: dict[str, Picture]) -> None:
    labels = {
        name: {axes.get_ylabel() for axes in picture.figure.axes}
        | {axes.get_xlabel() for axes in picture.figure.axes}
        for name, picture in found.items()
    }
    assert "vehicles per day" in labels["output_per_day"]
    assert "vehicles per month" in labels["output_per_month"]
    assert {"piece", "days of cover"} <= labels["stock_and_cover"]
    assert "server-hours per day" in labels["missing_items"]


def test_files_are_the_same_every_time(found: dict[str, Picture], drawn: Run) -> None:
    again = next(iter(pictures(drawn)))
    svg = as_svg(found["output_per_day"].figure)
    assert as_svg(again.figure) == svg
    assert as_png(again.figure) == as_png(found["output_per_day"].figure)
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert not re.search(rb"<dc:date>|\d{2}:\d{2}:\d{2}", svg)


def test_drawing_changes_no_setting(drawn: Run) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    for picture in pictures(drawn):
        as_svg(picture.figure)
        break
    assert dict(matplotlib.rcParams) == before


def test_settings_of_the_user_change_no_figure(tmp_path: Path) -> None:
    words = ("run", scenario(tmp_path), *SHORT, "--workers", 1, "-q", "--out")
    odd = tmp_path / "odd"
    odd.mkdir()
    (odd / "matplotlibrc").write_text(
        "font.size: 30\nlines.linewidth: 9\nfigure.facecolor: red\nsavefig.dpi: 20\n"
        "timezone: Asia/Shanghai\ndate.epoch: 2000-01-01\naxes.prop_cycle: cycler('color', 'k')\n"
    )
    plain = finished(*words, tmp_path / "a", cwd=tmp_path)
    other = finished(*words, tmp_path / "b", cwd=odd, MPLBACKEND="module://absent.backend")
    assert (plain.returncode, other.returncode) == (0, 0), plain.stderr + other.stderr
    drawn = sorted((tmp_path / "a" / "tiny" / "figures").iterdir())
    assert drawn
    for path in drawn:
        assert path.read_bytes() == (tmp_path / "b" / "tiny" / "figures" / path.name).read_bytes()


def test_observed_months_are_compared(found: dict[str, Picture]) -> None:
    data = {name: list(column) for name, column in found["output_per_month"].data.items()}
    assert data["month"] == ["2022-01", "2022-02", "2022-03", "2022-04", "2022-02/2022-03"]
    assert data["whole"] == [True, True, True, False, True]
    assert data["observed"] == [2500, None, None, None, 5000]
    assert data["difference"][0] == pytest.approx(data["mean"][0] - 2500)
    assert data["mean"][4] == pytest.approx(data["mean"][1] + data["mean"][2])
    error = abs(data["mean"][0] - 2500) / 2500
    assert f"1 observed months: {100 * error:.1f} %" in found["output_per_month"].caption


def test_capacity_stands_beside_plan_and_output(found: dict[str, Picture]) -> None:
    """The plant makes 30 parts an hour on 31 days of January: 22,320. The maker's line makes ten
    cars in an hour in two shifts from Monday to Saturday; 100 a day are planned.
    """
    data = {name: list(column) for name, column in found["capacity"].data.items()}
    assert data["month"] == ["2022-01", "2022-02", "2022-03", "2022-04"]
    assert data["plan"][:2] == pytest.approx([3100, 2800])
    assert data["upstream: make (part)"][0] == pytest.approx(30 * 24 * 31)
    assert data["output"][0] == pytest.approx(next(iter(found["output_per_month"].data["mean"])))
    # 25 days from Monday to Saturday in January 2022 but one on the 31st, 16 h, 10 cars an hour.
    assert data["midstream: line (car)"][0] == pytest.approx(25 * 16 * 10, rel=1e-6)
    assert data["least_group"] == ["midstream: line (car)"] * 4
    assert data["least_site"] == ["maker (line)"] * 4
    assert data["least_group_binds"] == [p >= 0.95 * c for p, c in zip(
        data["plan"], data["midstream: line (car)"], strict=True)]  # fmt: skip


def test_disruptions_and_holidays_come_from_the_scenario(drawn: Run) -> None:
    scene = Scene(drawn)
    (window,) = scene.windows
    assert window.start == dt.datetime(2022, 1, 17)
    assert window.full_until == dt.datetime(2022, 1, 21)
    assert window.until == dt.datetime(2022, 1, 23)
    assert scene.holidays == [(dt.date(2022, 1, 31), dt.date(2022, 2, 4))]
    assert scene.dates[0] == dt.date(2022, 1, 1)  # the days of settling are not shown


def test_shares_of_server_time_sum_to_one(found: dict[str, Picture]) -> None:
    data = {name: list(column) for name, column in found["server_time"].data.items()}
    states = [column for name, column in data.items() if name not in (
        "stage", "operation", "servers")]  # fmt: skip
    assert [sum(row) for row in zip(*states, strict=True)] == pytest.approx([1.0, 1.0])


def test_flows_are_shares_of_an_item(found: dict[str, Picture]) -> None:
    data = {name: list(column) for name, column in found["chain"].data.items()}
    assert (data["origin"], data["destination"]) == (["plant"], ["maker"])
    assert data["share"] == [1.0]
    assert data["amount"][0] > 0


def test_flows_of_a_region_are_marked(drawn: Run, found: dict[str, Picture]) -> None:
    scene = Scene(drawn)
    (region,) = {site.region for site in scene.network.sites if site.id == "plant"}
    for marked, color in ((region, RED), ("nowhere", FAINT)):
        picture = chain(scene, marked)
        assert picture is not None
        assert picture.figure.axes[0].patches[0].get_edgecolor()[:3] == to_rgb(color)
        assert picture.data == found["chain"].data


@pytest.mark.parametrize("days", [1, 3, 6, 30])
def test_moving_mean(days: int) -> None:
    values = np.arange(days, dtype=float) ** 2
    expected = [values[max(0, k - 3) : k + 4].mean() for k in range(days)]
    assert moving_mean(values) == pytest.approx(expected)
    assert moving_mean(np.stack([values, values]))[1] == pytest.approx(expected)


def test_a_bare_chain_is_drawn_too(tmp_path: Path) -> None:
    """No lanes, no regions, no output item, one day, one replication."""
    text = """\
name: bare
run: {length: 1 d}
items: {thing: {unit: unit}}
sites:
  shop:
    arrivals: {thing: {process: poisson, rate: 24 /d}}
    demand: {thing: {process: poisson, rate: 20 /d}}
"""
    for picture in pictures(run(prepare(load_scenario(scenario(tmp_path, text))))):
        assert as_svg(picture.figure)
        assert csv_text(picture.data)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("2022-13,5,,,", "month must be a month such as 2022-01"),
        ("2022-02/2022-01,5,,,", "must be a number for months in order"),
        ("2022-01,many,,,", "must be a number for months in order"),
    ],
)
def test_a_wrong_observed_series_is_refused_before_the_run(
    tmp_path: Path, line: str, rule: str
) -> None:
    from tests.unit.cli_support import call

    (tmp_path / "seen.csv").write_text(f"month,value,unit,kind,source\n{line}\n")
    file = scenario(tmp_path, TINY + "observed_series: {output: seen.csv}\n")
    done = call("run", file, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert f"{tmp_path / 'seen.csv'}:2:" in done.stderr
    assert rule in done.stderr
    assert not (tmp_path / "out").exists()
