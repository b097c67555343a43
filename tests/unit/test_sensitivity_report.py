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
from chainsim.experiments.sensitivity.convergence import (
    morris_convergence,
    rank_morris,
    rank_sample,
    rank_sobol,
    sample_convergence,
    sobol_convergence,
)
from chainsim.experiments.sensitivity.discovery import find_box, misses
from chainsim.experiments.sensitivity.drivers import (
    Basis,
    morris_drivers,
    sobol_drivers,
    swing_drivers,
)
from chainsim.experiments.sensitivity.given_data import from_sample
from chainsim.experiments.sensitivity.morris import morris_effects
from chainsim.experiments.sensitivity.one_at_a_time import swings
from chainsim.experiments.sensitivity.resampling import Bootstrap
from chainsim.experiments.sensitivity.results import MissedTarget, Result, order_of
from chainsim.experiments.sensitivity.sobol import sobol_indices
from chainsim.report.figures.sensitivity import Measured, screening, tornado
from chainsim.report.figures.sensitivity_indices import convergence, index_bars, sample_bars
from chainsim.report.figures.sensitivity_map import heat_map
from chainsim.report.figures.sensitivity_points import (
    Column,
    Target,
    parallel_coordinates,
    scatter,
)
from chainsim.report.figures.style import Picture, as_png, as_svg
from chainsim.report.files import csv_text, json_text
from chainsim.report.sensitivity import sensitivity_sentences, sensitivity_sheets
from chainsim.report.sensitivity_objects import factor_columns, result_object
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


METHODS = ("one_at_a_time", "morris", "groups", "sobol", "latin_hypercube")
MEASURE = ("peak_backlog", "vehicles")
GROUPS = ("share", "buffer", "rest", "rest")


def of_swings() -> Result:
    values = outputs(one_at_a_time(4))
    found = swings(values, NAMES)
    drivers = swing_drivers(*MEASURE, found, BASES)
    return Result(*MEASURE, "one_at_a_time", NAMES, 9, 3, found, drivers)


def of_walks(groups: tuple[str, ...] | None = None) -> Result:
    places = morris(10, NAMES, 4, 1, groups)
    values = outputs(places)
    found = morris_effects(places, values, NAMES, groups, FEW)
    bases = BASES | {"rest": Basis("assumed")}
    return Result(
        *MEASURE, "morris", found.names, len(places), 3, found,
        morris_drivers(*MEASURE, found, bases), rank_morris(found),
        morris_convergence(places, values, NAMES, groups, FEW),
    )  # fmt: skip


def of_sobol() -> Result:
    names = (*NAMES, DUMMY)
    values = outputs(saltelli(64, names, 1, True))
    found = sobol_indices(values, names, True, FEW)
    return Result(
        *MEASURE, "sobol", names, len(values), 3, found, sobol_drivers(*MEASURE, found, BASES),
        rank_sobol(found), sobol_convergence(values, names, True, FEW),
    )  # fmt: skip


POINTS = latin_hypercube(400, 4, 1)


def of_sample() -> Result:
    values = outputs(POINTS)
    found = from_sample(POINTS, values, NAMES, FEW)
    return Result(
        *MEASURE, "latin_hypercube", NAMES, 400, 3, found, None, rank_sample(found),
        sample_convergence(POINTS, values, NAMES),
    )  # fmt: skip


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    found = (of_swings(), of_walks(), of_walks(GROUPS), of_sobol(), of_sample())
    return dict(zip(METHODS, found, strict=True))


@pytest.mark.parametrize("method", METHODS)
def test_every_design_finds_what_drives(results: dict[str, Result], method: str) -> None:
    analysis = results[method]
    assert list(order_of(analysis))[:2] == ["share", "buffer"]
    sentence = sensitivity_sentences(analysis)[0]
    assert "share" in sentence and "idle" not in sentence
    found = result_object(analysis)
    assert [row["factor"] for row in found["factors"]][:2] == ["share", "buffer"]
    assert found["factors"][0]["above_noise"] in (True, None)
    if method != "latin_hypercube":
        assert found["factors"][0]["evidence"] == "assumed"
        assert found["drivers"]["leading_assumptions"] == ["share"]


def test_a_group_rests_on_what_its_factors_rest_on(results: dict[str, Result]) -> None:
    rows = {row["factor"]: row for row in result_object(results["groups"])["factors"]}
    assert rows["rest"]["evidence"] == "assumed"
    assert rows["rest"]["above_noise"] is False
    assert rows["rest"]["mu"] is None and rows["share"]["mu"] is not None


def test_the_tables_have_units_and_what_they_rest_on(results: dict[str, Result]) -> None:
    text = "\n".join(plain(sheet) for sheet in sensitivity_sheets(results.values()))
    assert text.count("peak backlog [vehicles]\n") == 5
    for words in (
        "sd if known [vehicles]", "noise floor", "Morris: 10 trajectories, 3 replications",
        "Sobol: 64 rows of the design, 3 replications, 95 % bootstrap intervals.",
        "400 points, 3 replications, noise floor of PAWN", "One factor at a time: changes to",
        "documented",
    ):  # fmt: skip
        assert words in text, words


def test_the_object_is_json_without_gaps_in_its_keys(results: dict[str, Result]) -> None:
    keys = None
    for analysis in results.values():
        found = json.loads(json_text(result_object(analysis)))
        assert keys is None or found.keys() == keys
        keys = found.keys()
        assert len({tuple(row) for row in found["factors"]}) == 1
    sobol = result_object(results["sobol"])
    assert len(sobol["second_order"]) == 6  # of four factors; the dummy has none
    assert sobol["sample"]["noise_corrected"] is True
    assert sobol["factors"][-1]["factor"] == DUMMY


def test_columns_have_a_row_for_each_factor(results: dict[str, Result]) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(factor_columns(results.values())))))
    assert len(rows) == 4 + 4 + 3 + 5 + 4
    first = rows[0]
    assert (first["method"], first["factor"], first["mu_star"]) == ("one_at_a_time", "share", "")
    assert float(first["change_high"]) == pytest.approx(3_000, abs=400)


def test_what_was_not_analysed_says_why() -> None:
    reason = "10 points have all their values, and 20 are needed"
    result = Result("output", "vehicles", "latin_hypercube", NAMES, 10, 3, None, reason=reason)
    assert sensitivity_sentences(result) == [f"output: nothing can be said: {reason}."]
    (sheet,) = sensitivity_sheets([result])
    assert reason in plain(sheet)
    assert result_object(result)["reason"] == reason


def test_notes_and_failed_runs_are_passed_on(results: dict[str, Result]) -> None:
    noted = replace(results["sobol"], note="Some were cut.", failed=2)
    *_, failed, note = sensitivity_sentences(noted)
    assert (failed, note) == ("2 runs FAILED: what is said is in doubt.", "Some were cut.")


def test_where_a_target_is_missed_is_said_in_words(results: dict[str, Result]) -> None:
    values = np.where((POINTS[:, 0] > 0.5) & (POINTS[:, 1] < 0.5), 12_000.0, 4_000.0)[:, None]
    missed, usable = misses(values, at_most=10_000)
    box = find_box(POINTS, missed, NAMES)
    assert {one.name for one in box.limits} == {"share", "buffer"}
    words = tuple(f"{one.name} is somewhere" for one in box.limits)
    target = MissedTarget(
        "at most 10,000 vehicles", int(missed.sum()), int(usable.sum()), box, words
    )
    noted = replace(results["latin_hypercube"], missed=(target,))
    said = sensitivity_sentences(noted)[-1]
    assert said.startswith(f"{missed.sum() / 4:.3g} % of 400 points miss the target of at most")
    assert f"lie where {' and '.join(words)}, and " in said
    (found,) = json.loads(json_text(result_object(noted)))["targets"]
    assert {one["words"] for one in found["box"]["limits"]} == set(words)
    everywhere = replace(noted, missed=(MissedTarget("at least 1 d", 0, 400),))
    assert (
        sensitivity_sentences(everywhere)[-1]
        == "0 % of 400 points miss the target of at least 1 d."
    )


# ---- figures


@pytest.fixture(scope="module")
def drawn(results: dict[str, Result]) -> dict[str, Picture]:
    columns = [Column(n, "d", 60 * POINTS[:, j]) for j, n in enumerate(NAMES)]
    target, values = Target(at_most=13_000), outputs(POINTS)
    found: dict[str, Picture | None] = {
        "tornado": tornado(ABOUT, results["one_at_a_time"].found, BASES),  # type: ignore[arg-type]
        "screening": screening(ABOUT, results["morris"].found),  # type: ignore[arg-type]
        "groups": screening(ABOUT, results["groups"].found),  # type: ignore[arg-type]
        "indices": index_bars(ABOUT, results["sobol"].found),  # type: ignore[arg-type]
        "sample": sample_bars(ABOUT, results["latin_hypercube"].found),  # type: ignore[arg-type]
        "parallel": parallel_coordinates(ABOUT, columns, values, target),
        "scatter": scatter(ABOUT, columns, values, target),
    }
    for method in METHODS[1:]:
        found[f"convergence {method}"] = convergence(ABOUT, results[method].convergence)  # type: ignore[arg-type]
    assert all(found.values())
    return {name: picture for name, picture in found.items() if picture}


def test_each_states_its_sample_and_has_data(drawn: dict[str, Picture]) -> None:
    for name, picture in drawn.items():
        sample = "from the first" if "convergence" in name else "3 replications"
        assert sample in picture.caption, name
        assert picture.name.endswith("_peak_backlog")
        rows = list(csv.reader(csv_text(picture.data).splitlines()))
        assert len(rows) > 3 and all(len(row) == len(rows[0]) for row in rows)
        labels = {axes.get_xlabel() for axes in picture.figure.axes}
        labels |= {axes.get_ylabel() for axes in picture.figure.axes}
        if name in ("tornado", "screening", "groups", "scatter"):
            assert any("[vehicles]" in label for label in labels), name


def test_they_can_be_written(drawn: dict[str, Picture]) -> None:
    for picture in drawn.values():
        assert ElementTree.fromstring(as_svg(picture.figure)).tag.endswith("svg")
    assert as_png(drawn["tornado"].figure).startswith(b"\x89PNG")


def test_the_most_important_factor_stands_on_top(drawn: dict[str, Picture]) -> None:
    data = {name: list(column) for name, column in drawn["tornado"].data.items()}
    assert data["factor"][:2] == ["share", "buffer"]
    assert data["at_low"][0] == "0.7" and data["kind"][1] == "documented"
    assert data["change_high"][0] == pytest.approx(3_000, abs=400)


def test_bars_of_groups_have_no_sigma_beside_them(drawn: dict[str, Picture]) -> None:
    assert len(drawn["screening"].figure.axes) == 2
    assert len(drawn["groups"].figure.axes) == 1


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
    flat = np.ones((600, 2))
    assert index_bars(ABOUT, sobol_indices(flat, NAMES, False, FEW)) is None
    places = morris(10, NAMES, 4, 1)
    picture = screening(ABOUT, morris_effects(places, np.ones((50, 2)), NAMES, None, FEW))
    assert picture is not None
    as_svg(picture.figure)


def test_hostile_names_can_be_drawn() -> None:
    evil = "<b>\x1b[31m$x_1$\n" + "y" * 200
    found = swings(np.array([[1.0, 1.1], [0.0, 0.2], [3.0, 3.1]]), (evil,))
    picture = tornado(ABOUT, found, {evil: Basis("assumed", evil, evil, evil)})
    assert picture is not None
    assert ElementTree.fromstring(as_svg(picture.figure)).tag.endswith("svg")
