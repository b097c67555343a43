"""Sensitivity as sentences, tables, JSON, columns and figures, for every design."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray

from chainsim.experiments.designs import (
    DUMMY,
    full_grid,
    latin_hypercube,
    morris,
    one_at_a_time,
    saltelli,
)
from chainsim.experiments.sensitivity.analysis import Analysis, Plan, analyse, order_of
from chainsim.experiments.sensitivity.discovery import find_box, misses
from chainsim.experiments.sensitivity.drivers import Basis
from chainsim.experiments.sensitivity.resampling import Bootstrap
from chainsim.report.figures.sensitivity import Measured
from chainsim.report.figures.sensitivity_map import heat_map
from chainsim.report.figures.sensitivity_pictures import analysis_pictures, point_pictures
from chainsim.report.figures.sensitivity_points import (
    Column,
    Target,
    parallel_coordinates,
    scatter,
)
from chainsim.report.figures.style import Picture, as_png, as_svg
from chainsim.report.files import csv_text, json_text
from chainsim.report.sensitivity import box_sentence, sensitivity_sentences, sensitivity_sheets
from chainsim.report.sensitivity_objects import analysis_object, box_object, factor_columns
from chainsim.report.tables import plain

Floats = NDArray[np.float64]
NAMES = ("share", "buffer", "speed", "idle")
SLOPES = np.array([6_000.0, -3_000.0, 0.0, 0.0])
BASES = {
    "share": Basis("assumed", "0.9", "0.7", "1"),
    "buffer": Basis("documented", "3 d", "2 d", "5 d"),
    "speed": Basis("assumed", "50 km/h", "40 km/h", "60 km/h"),
    "idle": Basis("assumed", "1", "0", "2"),
}
FEW = Bootstrap(resamples=40)
ABOUT = Measured("peak_backlog", "vehicles")


def outputs(places: Floats, replications: int = 3, sd: float = 200.0) -> Floats:
    """10,000 and straight effects, with independent noise; the base is in the middle."""
    rng = np.random.default_rng(1)
    means = 10_000 + np.nan_to_num(places[:, :4], nan=0.5) @ SLOPES
    return means[:, None] + sd * rng.normal(size=(len(places), replications))


def plan_of(method: str) -> Plan:
    if method == "one_at_a_time":
        return Plan("one_at_a_time", NAMES, one_at_a_time(4))
    if method == "morris":
        return Plan("morris", NAMES, morris(10, NAMES, 4, 1))
    if method == "groups":
        groups = ("share", "buffer", "rest", "rest")
        return Plan("morris", NAMES, morris(10, NAMES, 4, 1, groups), groups)
    if method == "sobol":
        names = (*NAMES, DUMMY)
        return Plan("sobol", names, saltelli(64, names, 1, True), None, True)
    return Plan("sample", NAMES, latin_hypercube(400, 4, 1))


METHODS = ("one_at_a_time", "morris", "groups", "sobol", "sample")


@pytest.fixture(scope="module")
def analyses() -> dict[str, Analysis]:
    found = {}
    for method in METHODS:
        plan = plan_of(method)
        values = outputs(plan.places)
        found[method] = analyse(("peak_backlog", "vehicles"), plan, values, BASES, FEW)
    return found


@pytest.mark.parametrize("method", METHODS)
def test_every_design_finds_what_drives(analyses: dict[str, Analysis], method: str) -> None:
    analysis = analyses[method]
    assert list(order_of(analysis))[:2] == ["share", "buffer"]
    sentence = sensitivity_sentences(analysis)[0]
    assert "share" in sentence and "idle" not in sentence
    found = analysis_object(analysis)
    assert [row["factor"] for row in found["factors"]][:2] == ["share", "buffer"]
    assert found["factors"][0]["above_noise"] in (True, None)
    if method != "sample":
        assert found["factors"][0]["evidence"] == "assumed"
        assert found["drivers"]["leading_assumptions"] == ["share"]


def test_a_group_rests_on_what_its_factors_rest_on(analyses: dict[str, Analysis]) -> None:
    rows = {row["factor"]: row for row in analysis_object(analyses["groups"])["factors"]}
    assert rows["rest"]["evidence"] == "assumed"
    assert rows["rest"]["above_noise"] is False
    assert rows["rest"]["mu"] is None and rows["share"]["mu"] is not None


def test_the_tables_have_units_and_what_they_rest_on(analyses: dict[str, Analysis]) -> None:
    text = "\n".join(plain(sheet) for sheet in sensitivity_sheets(analyses.values()))
    assert text.count("peak backlog [vehicles]\n") == 5
    for words in (
        "sd if known [vehicles]", "noise floor", "Morris: 10 trajectories, 3 replications",
        "Sobol: 64 rows of the design, 3 replications, 95 % bootstrap intervals.",
        "400 points, 3 replications, noise floor of PAWN", "One factor at a time: changes to",
        "documented",
    ):  # fmt: skip
        assert words in text, words


def test_the_object_is_json_without_gaps_in_its_keys(analyses: dict[str, Analysis]) -> None:
    keys = None
    for analysis in analyses.values():
        found = json.loads(json_text(analysis_object(analysis)))
        assert keys is None or found.keys() == keys
        keys = found.keys()
        assert len({tuple(row) for row in found["factors"]}) == 1
    sobol = analysis_object(analyses["sobol"])
    assert len(sobol["second_order"]) == 6  # of four factors; the dummy has none
    assert sobol["sample"]["noise_corrected"] is True
    assert sobol["factors"][-1]["factor"] == DUMMY


def test_columns_have_a_row_for_each_factor(analyses: dict[str, Analysis]) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(factor_columns(analyses.values())))))
    assert len(rows) == 4 + 4 + 3 + 5 + 4
    first = rows[0]
    assert (first["method"], first["factor"], first["mu_star"]) == ("one_at_a_time", "share", "")
    assert float(first["change_high"]) == pytest.approx(3_000, abs=400)


def test_a_sample_that_is_too_small_says_why() -> None:
    plan = Plan("sample", NAMES, latin_hypercube(10, 4, 1))
    analysis = analyse(("output", "vehicles"), plan, outputs(plan.places), BASES, FEW)
    reason = "10 points have all their values, and 20 are needed"
    assert sensitivity_sentences(analysis) == [f"output: nothing can be said: {reason}."]
    (sheet,) = sensitivity_sheets([analysis])
    assert reason in plain(sheet)
    assert analysis_object(analysis)["reason"] == reason
    assert list(analysis_pictures(analysis, BASES)) == []


def test_a_note_on_the_values_is_passed_on(analyses: dict[str, Analysis]) -> None:
    noted = replace(analyses["sobol"], note="Some were cut.")
    assert sensitivity_sentences(noted)[-1] == "Some were cut."


def test_where_a_target_is_missed_is_said_in_words() -> None:
    rng = np.random.default_rng(1)
    points = np.column_stack([60 * rng.random(600), rng.random(600)])
    values = np.where((points[:, 0] > 30) & (points[:, 1] < 0.5), 12_000.0, 4_000.0)[:, None]
    missed, usable = misses(values, at_most=10_000)
    box = find_box(points[usable], missed[usable], ("duration", "left"))
    text = box_sentence(box, {"duration": "d", "left": "1"}, "at most 10,000 vehicles")
    assert text.startswith(f"{100 * missed.mean():.3g} % of 600 points miss the target of at most")
    low = next(one.low for one in box.limits if one.name == "duration")
    assert low == pytest.approx(30, abs=2)
    assert "duration is at least 3" in text
    assert "left is at most 0." in text
    found = box_object(box, {"duration": "d"})
    assert {one["name"]: one["unit"] for one in found["limits"]} == {"duration": "d", "left": ""}


# ---- figures


@pytest.fixture(scope="module")
def drawn(analyses: dict[str, Analysis]) -> list[Picture]:
    found = [
        picture
        for method, analysis in analyses.items()
        for picture in analysis_pictures(analysis, BASES, stem=method)
    ]
    columns = [Column(n, "d", 60 * analyses["sample"].plan.places[:, j])
               for j, n in enumerate(NAMES)]  # fmt: skip
    values = outputs(analyses["sample"].plan.places)
    target = Target(at_most=13_000)
    return [*found, *point_pictures(analyses["sample"], columns, values, target, "sample")]


def test_all_figures_are_there(drawn: list[Picture]) -> None:
    assert [picture.name for picture in drawn] == [
        "tornado_one_at_a_time",
        "screening_morris", "convergence_morris", "screening_groups", "convergence_groups",
        "indices_sobol", "convergence_sobol", "sample_sample", "convergence_sample",
        "parallel_sample", "scatter_sample",
    ]  # fmt: skip


def test_each_states_its_sample_and_has_data(drawn: list[Picture]) -> None:
    for picture in drawn:
        sample = "from the first" if "convergence" in picture.name else "3 replications"
        assert sample in picture.caption, picture.name
        rows = list(csv.reader(csv_text(picture.data).splitlines()))
        assert len(rows) > 3 and all(len(row) == len(rows[0]) for row in rows)
        labels = {axes.get_xlabel() for axes in picture.figure.axes}
        labels |= {axes.get_ylabel() for axes in picture.figure.axes}
        if picture.name.split("_")[0] in ("tornado", "screening", "scatter"):
            assert any("[vehicles]" in label for label in labels), picture.name


def test_they_can_be_written(drawn: list[Picture]) -> None:
    for picture in drawn:
        svg = as_svg(picture.figure)
        assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert as_png(drawn[0].figure).startswith(b"\x89PNG")


def test_the_most_important_factor_stands_on_top(drawn: list[Picture]) -> None:
    data = {name: list(column) for name, column in drawn[0].data.items()}
    assert data["factor"][:2] == ["share", "buffer"]
    assert data["at_low"][0] == "0.7" and data["kind"][1] == "documented"
    assert data["change_high"][0] == pytest.approx(3_000, abs=400)


def grid_of(levels: tuple[int, int]) -> tuple[Column, Column, Floats]:
    """Twice across and once up, on the grid of levels."""
    cells = full_grid(levels)
    across = Column("duration", "d", 10.0 * cells[:, 0])
    up = Column("capacity left", "1", cells[:, 1] / 4)
    values = (2.0 * cells[:, 0] + cells[:, 1])[:, None] * np.ones(2)
    return across, up, values


def test_a_map_has_the_mean_of_each_cell_and_marks_what_is_missed() -> None:
    across, up, values = grid_of((4, 3))
    picture = heat_map(ABOUT, across, up, values, Target(at_most=5))
    assert picture is not None
    data = {name: list(column) for name, column in picture.data.items()}
    cells = list(zip(data["across: duration"], data["up: capacity left"], strict=True))
    assert cells[:5] == [("0", "0"), ("10", "0"), ("20", "0"), ("30", "0"), ("0", "0.25")]
    assert data["mean"] == [0, 2, 4, 6, 1, 3, 5, 7, 2, 4, 6, 8]
    assert data["misses_target"] == [m > 5 for m in data["mean"]]
    assert "Line: target of at most 5 vehicles" in picture.caption
    as_svg(picture.figure)


def test_a_map_averages_what_it_does_not_show_and_leaves_gaps() -> None:
    across, up, values = grid_of((3, 2))
    twice = replace(across, values=np.tile(across.values, 2))
    other = replace(up, values=np.tile(up.values, 2))
    both = np.concatenate([values, values + 4])
    both[[0, 6], 0] = np.nan  # the first cell, both times
    both[7, 1] = np.nan  # the second cell, once
    picture = heat_map(ABOUT, twice, other, both)
    assert picture is not None
    data = {name: list(column) for name, column in picture.data.items()}
    assert np.isnan(data["mean"][0]) and data["points"][0] == 0
    assert dict(zip(data["mean"][1:], data["points"][1:], strict=True)) == {
        4: 2, 6: 2, 1: 1, 5: 2, 7: 2
    }  # fmt: skip
    assert "Up to 2 points are averaged" in picture.caption
    assert "Empty: no run, or one that failed." in picture.caption
    as_svg(picture.figure)


def test_a_map_of_words_and_a_map_of_nothing() -> None:
    words = Column("rule", "", np.full(4, np.nan), ("fair", "first", "fair", "first"))
    days = Column("days", "d", np.array([1.0, 1.0, 2.0, 2.0]))
    picture = heat_map(ABOUT, words, days, np.arange(4.0)[:, None])
    assert picture is not None
    assert list(picture.data["across: rule"]) == ["fair", "first", "fair", "first"]
    same = replace(days, values=np.ones(4))
    assert heat_map(ABOUT, words, same, np.arange(4.0)[:, None]) is None
    assert heat_map(ABOUT, words, days, np.full((4, 1), np.nan)) is None


def test_points_without_a_value_are_in_the_data_only() -> None:
    values = np.arange(6.0)[:, None]
    values[2] = np.nan
    columns = [Column("a", "d", np.arange(6.0))]
    for draw in (parallel_coordinates, scatter):
        picture = draw(ABOUT, columns, values, Target(at_least=3))
        assert picture is not None and "5 points" in picture.caption
        data = {name: list(column) for name, column in picture.data.items()}
        assert data["misses_target"] == [True, True, None, False, False, False]
        as_svg(picture.figure)
        assert draw(ABOUT, columns, np.full((6, 1), np.nan)) is None


def test_a_measure_that_is_the_same_everywhere_can_be_drawn() -> None:
    columns = [Column("a", "d", np.arange(30.0))]
    for draw in (parallel_coordinates, scatter):
        picture = draw(ABOUT, columns, np.ones((30, 2)))
        assert picture is not None
        as_svg(picture.figure)
    plan = plan_of("sobol")
    flat = analyse(("output", "1"), plan, np.ones((len(plan.places), 2)), BASES, FEW)
    assert list(analysis_pictures(flat, BASES)) == []
    plan = plan_of("morris")
    flat = analyse(("output", "1"), plan, np.ones((len(plan.places), 2)), BASES, FEW)
    for picture in analysis_pictures(flat, BASES):
        as_svg(picture.figure)


def test_hostile_names_can_be_drawn() -> None:
    evil = "<b>\x1b[31m$x_1$\n" + "y" * 200
    plan = Plan("one_at_a_time", (evil,), one_at_a_time(1))
    values = np.array([[1.0, 1.1], [0.0, 0.2], [3.0, 3.1]])
    analysis = analyse(("output", "1"), plan, values, {evil: Basis("assumed", evil)}, FEW)
    for picture in analysis_pictures(analysis, {evil: Basis("assumed", evil, evil, evil)}):
        assert ElementTree.fromstring(as_svg(picture.figure)).tag.endswith("svg")
