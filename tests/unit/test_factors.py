"""What factors become: values by their shape, base values by scenario, and where targets lie."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from tests.unit.cli_support import call
from tests.unit.sweep_support import CHAIN, PARAMETERS, STUDY, exported, rows, study, swept

from chainsim.experiments.sweeps.analysis import analysed
from chainsim.experiments.sweeps.answers import finished
from chainsim.experiments.sweeps.planning import planned
from chainsim.experiments.sweeps.store import reading
from chainsim.scenario.factors import Variable
from chainsim.scenario.loading import open_scenario
from chainsim.scenario.recipe import digest_of
from chainsim.scenario.studies import load_study

PLACES = (np.arange(6000) + 0.5) / 6000


def numbers(**words: object) -> list[float]:
    """The values of a factor at evenly spaced places."""
    variable = Variable("x", "x", "", "chosen", None, **words)  # type: ignore[arg-type]
    return [float(variable.setting(place)) for place in PLACES]


def test_whole_numbers_are_alike_likely_and_in_their_range() -> None:
    found = Counter(numbers(low=1.0, high=3.0, whole=True))
    assert found == {1.0: 2000, 2.0: 2000, 3.0: 2000}


def test_log_uniform_over_decades_has_digits_at_its_low_end() -> None:
    found = numbers(low=1e-6, high=1.0, shape="log_uniform")
    assert np.quantile(np.log10(found), [0, 0.25, 0.5, 0.75, 1]) == pytest.approx(
        [-6, -4.5, -3, -1.5, 0], abs=0.01
    )
    assert len(set(found)) == len(found)


def test_triangular_and_normal_have_their_moments() -> None:
    found = np.array(numbers(low=0.0, high=10.0, shape="triangular", centre=2.0))
    assert found.mean() == pytest.approx((0 + 2 + 10) / 3, rel=1e-3)  # (a + b + c) / 3
    assert found.var() == pytest.approx((0 + 4 + 100 - 0 - 0 - 20) / 18, rel=1e-2)
    found = np.array(numbers(low=-30.0, high=50.0, shape="normal", centre=10.0, sd=5.0))
    assert (found.mean(), found.std()) == pytest.approx((10, 5), rel=1e-2)


def test_several_bases_have_their_own_values(tmp_path: Path) -> None:
    text = """\
name: Two bases
base: {calm: chain.yaml, large: large.yaml}
factors: [{parameter: maker.stock}, {parameter: road.time}]
design: {method: list, file: points.csv}
"""
    path = study(tmp_path, text)
    (tmp_path / "points.csv").write_text("maker.stock,road.time\n,1\n70,\n")
    large = "extends: chain.yaml\nname: Large\nparameters: {maker.stock: 77}\n"
    (tmp_path / "large.yaml").write_text(large)
    calm, other = planned(load_study(path)).points.blocks
    assert calm.numbers.tolist() == [[60, 1], [70, 1]]
    assert other.numbers.tolist() == [[77, 1], [70, 1]]


def test_a_target_is_in_the_unit_of_its_measure(tmp_path: Path) -> None:
    """Twelve hours are half a day, and nothing that was followed for longer meets them."""
    text = STUDY + "measures: [output]\ntargets: [{measure: time_to_recover, at_most: 12 h}]\n"
    path, out = study(tmp_path, text), tmp_path / "out"
    swept(path, out)
    plan = planned(load_study(path))
    with reading(out / "study.sqlite") as store:
        found = analysed(finished(plan, store))
    (finding,) = [one for one in found.findings if one.missed]
    (missed,) = finding.missed
    assert missed.target.at_most == 0.5
    by_point: dict[str, list[float]] = {}
    for row in rows(out):
        watched = row["time_to_recover"] or ("0" if "survive" in row["censored"] else "1e9")
        by_point.setdefault(row["point"], []).append(float(watched))
    assert missed.n == len(by_point)
    assert missed.points == sum(sum(v) / len(v) > 0.5 for v in by_point.values()) > 0


def test_a_censored_time_meets_or_misses_a_bound_only_if_it_was_followed_so_long(
    tmp_path: Path,
) -> None:
    """Output never falls behind, so each time to survive is longer than the 15 days watched."""
    calm = CHAIN.replace("duration: 3 d", "duration: 1 h")
    text = STUDY + (
        "measures: [output]\ntargets: [{measure: time_to_survive, at_least: 10 d}, "
        "{measure: time_to_survive, at_least: 30 d}]\n"
    )
    path, out = study(tmp_path, text, chain=calm), tmp_path / "out"
    swept(path, out)
    with reading(out / "study.sqlite") as store:
        found = analysed(finished(planned(load_study(path)), store))
    (finding,) = [one for one in found.findings if one.missed]
    met, unknown = finding.missed
    assert (met.points, met.n) == (0, 4)
    assert (unknown.points, unknown.n) == (0, 0)


WEEK = """\
calendars:
  week: {week: {mon-fri: ['06:00-22:00']}, days_file: a/days.csv}
  other: {week: {mon-fri: ['06:00-22:00']}, days_file: b/days.csv}
sites:"""


def with_days(folder: Path) -> Path:
    chain = CHAIN.replace("sites:", WEEK, 1).replace(
        "  maker:\n", "  maker:\n    calendar: week\n"
    ).replace("  supplier:\n", "  supplier:\n    calendar: other\n")  # fmt: skip
    path = study(folder, chain=chain)
    for name in "ab":
        (folder / name).mkdir()
        (folder / name / "days.csv").write_text("date,kind\n2024-01-08,closed\n")
    return path


@pytest.mark.parametrize("changed", ["a/days.csv", "b/days.csv", "parameters.csv", "chain.yaml"])
def test_whatever_a_scenario_reads_is_part_of_its_recipe(tmp_path: Path, changed: str) -> None:
    with_days(tmp_path)
    before = digest_of(open_scenario(tmp_path / "chain.yaml").recipe)
    file = tmp_path / changed
    text = file.read_text()
    file.write_text(text.replace("2024-01-08", "2024-01-09").replace("60,", "61,").replace(
        "rate: 20 /d", "rate: 21 /d"))  # fmt: skip
    assert file.read_text() != text
    assert digest_of(open_scenario(tmp_path / "chain.yaml").recipe) != before
    file.write_text("# a comment\n" + text)
    assert digest_of(open_scenario(tmp_path / "chain.yaml").recipe) == before


def test_a_scenario_that_was_opened_does_not_change_with_its_files(tmp_path: Path) -> None:
    with_days(tmp_path)
    opened = open_scenario(tmp_path / "chain.yaml")
    before = opened.load(["parameters.maker.stock=50"]).merged
    for name in ("a/days.csv", "parameters.csv", "chain.yaml"):
        (tmp_path / name).unlink()
    assert opened.load(["parameters.maker.stock=50"]).merged == before


def test_a_file_that_only_an_override_names_is_refused(tmp_path: Path) -> None:
    path = with_days(tmp_path)
    (tmp_path / "c.csv").write_text("date,kind\n2024-01-10,closed\n")
    found = call("sweep", path, "--out", tmp_path / "out", "--set",
                 f"calendars.week.days_file={tmp_path / 'c.csv'}")  # fmt: skip
    assert found.exit_code == 2
    assert "be a file that the scenario itself names" in found.stderr


def test_another_choice_of_daily_series_is_run_for(tmp_path: Path) -> None:
    out = tmp_path / "out"
    swept(study(tmp_path), out)
    wider = STUDY.replace("daily: [output]", "daily: [output, demands.backlog]")
    assert "8 are to be run" in swept(study(tmp_path, wider), out)
    days = rows(out, "--days")
    assert len(days) == 8 * 20 and all(day["demands.backlog"] for day in days)
    assert "0 are to be run" in swept(study(tmp_path), out)  # less is there already
    assert list(rows(out, "--days")[0]) == ["base", "point", "replication", "day", "output"]


def test_damaged_days_are_made_again(tmp_path: Path) -> None:
    import sqlite3

    path, out = study(tmp_path), tmp_path / "out"
    swept(path, out)
    before = exported(out, "--days")
    with sqlite3.connect(out / "study.sqlite") as connection:
        connection.execute("UPDATE days SET payload = zeroblob(40) WHERE rowid = 1")
    connection.close()
    merged = call("merge", path, out / "study.sqlite", "--out", tmp_path / "merged")
    assert merged.exit_code == 0, merged.output
    for folder in (out, tmp_path / "merged"):
        assert "1 are to be run" in swept(path, folder)
        assert exported(folder, "--days") == before


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    path = study(tmp_path / "in")
    assert "about" in swept(path, tmp_path / "out", "--dry-run")
    assert not (tmp_path / "out").exists()


def test_parameters_of_the_table_are_read_as_they_were(tmp_path: Path) -> None:
    """A value of the table that only a formula elsewhere uses is part of the recipe, too."""
    formula = PARAMETERS + "maker.half,= maker.stock / 2,,,,derived,,\n"
    study(tmp_path, parameters=formula)
    before = digest_of(open_scenario(tmp_path / "chain.yaml").recipe)
    study(tmp_path, parameters=formula.replace("/ 2", "/ 3"))
    assert digest_of(open_scenario(tmp_path / "chain.yaml").recipe) != before


def test_a_budget_that_is_just_enough_is_enough(tmp_path: Path) -> None:
    """Sobol's n (k + 2) points: those of the dummy are the same runs as others."""
    text = STUDY.replace("latin_hypercube, n: 4, seed: 3", "sobol, n: 4").replace(
        "replications: 2", "budget: {runs: 20}\nreplications: 1"
    )
    plan = planned(load_study(study(tmp_path, text)))
    assert len(plan.tasks) == 4 * (3 + 2)
