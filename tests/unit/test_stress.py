"""The command that knocks out one thing after the other: resumed, parallel, refused, drawn."""

from __future__ import annotations

import csv
import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli_support import call, start
from tests.unit.stress_support import by_hand, mapping

from chainsim import compile_network
from chainsim.errors import InputError, LawError
from chainsim.experiments import cases
from chainsim.experiments.bounds import Bounds
from chainsim.experiments.fluid import holdings_of
from chainsim.experiments.knockouts import chosen, knockouts
from chainsim.experiments.replications import simulate
from chainsim.experiments.store import writing
from chainsim.experiments.stress import Course, Outlook, Stress, StressTest, stressed
from chainsim.experiments.stress_design import Asked, designed
from chainsim.experiments.twins import packed_twin, unpacked_holdings, unpacked_output
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.trajectory import Trajectory
from chainsim.outcome.twin import output_of
from chainsim.report.figures.stress import stress_pictures
from chainsim.report.figures.style import as_svg
from chainsim.report.files import csv_text, json_text
from chainsim.report.stress import ranking_columns, stress_object, stress_sheets

ASKED = Asked("9", "2, 9", "0", "10", ("3 d",))
QUICK = ("--duration", "9", "--durations", "2, 9", "--follow", "10", "--start", "3 d")
ONE = ("--only", "site=a,b", "--only", "kind=supplier", "--top", 1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "chain.yaml"
    path.write_text(json.dumps(mapping()))
    return path


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainsim.report.stress_folder.stress_pictures", lambda found: ())


def two(**changes: Any) -> Stress:
    """Two suppliers, two replications, one of the two at two durations."""
    run = {"start": "2024-01-01", "length": "9 d", "replications": 2}
    scenario = by_hand(run=run, **changes)
    return stressed(scenario, ASKED, ["site=a,b", "kind=supplier"], top=1)


def course(stress: Stress, path: Path, **options: Any) -> StressTest:
    with writing(path) as store:
        return Course(stress, store, **options).run()


# ---- what can be knocked out


@pytest.mark.parametrize(
    ("only", "ids"),
    [
        (["region=north"], ["supplier:c", "region:north", "lanes:north/part_c"]),
        (["kind=supplier,institute", "site=a, lab"], ["supplier:a", "institute:lab"]),
        (["item=part_b"], ["supplier:b", "region:south", "lanes:south/part_b"]),
        (["stage=downstream"], ["institute:lab"]),
        (["tags.makes=part_a"], ["supplier:a", "lanes:south/part_a"]),
    ],
)
def test_some_are_chosen_by_words(only: list[str], ids: list[str]) -> None:
    scenario = by_hand()
    found = chosen(knockouts(compile_network(scenario)), only, scenario.document)
    assert [one.id for one in found] == ids


@pytest.mark.parametrize(
    ("only", "words"),
    [
        (["region=sout"], "did you mean 'south'"),
        (["kind=suppliers"], "did you mean 'supplier'"),
        (["site=plant"], "match something that can be knocked out"),
        (["region=north", "item=part_a"], "match something"),
        (["colour=red"], "words are kind, site"),
        (["region"], "be WORD=VALUE"),
        (["tags=x"], "tags.NAME"),
    ],
)
def test_words_that_match_nothing_are_refused(only: list[str], words: str) -> None:
    scenario = by_hand()
    with pytest.raises(InputError, match=words):
        chosen(knockouts(compile_network(scenario)), only, scenario.document)


def test_a_site_without_operations_stops_its_shipments() -> None:
    """A store of parts has no capacity to lose."""
    changed = mapping()
    for key in ("a", "b"):
        changed["sites"][key]["operations"] = {}
        changed["sites"][key]["stocks"] = {f"part_{key}": {"unlimited": True}}
    changed["sites"]["a"]["operations"] = mapping()["sites"]["a"]["operations"]
    changed["sites"]["a"]["stocks"] = mapping()["sites"]["a"]["stocks"]
    stress = stressed(by_hand(**changed), ASKED)
    found = {one.id: one for one in stress.knockouts}
    assert [b["effect"] for b in found["supplier:b"].blocks] == [{"shipments": "paused"}]
    effects = [b["effect"] for b in found["region:south"].blocks]
    assert effects == [{"capacity": 0}, {"shipments": "paused"}]


def test_when_it_strikes_unless_told(tmp_path: Path) -> None:
    """The first dated disruption that is enabled; else 60 days after statistics begin."""
    storm = {"target": {"site": "a"}, "effect": {"capacity": 0}, "duration": "1 d"}
    dated = [
        {"id": "late", **storm, "timing": {"at": ["9 d", "2024-01-08"]}},
        {"id": "off", **storm, "timing": {"at": "2 d"}, "enabled": False},
        {"id": "random", **storm, "timing": {"every": "3 d"}},
    ]
    assert f"{designed(by_hand(disruptions=dated), Asked()).starts[0]:%m-%d}" == "01-08"
    run = {"start": "2024-01-01", "length": "90 d", "warm_up": "10 d"}
    assert f"{designed(by_hand(run=run), Asked()).starts[0]:%m-%d}" == "03-11"
    run["warm_up"] = "mser5"
    assert f"{designed(by_hand(run=run), Asked()).starts[0]:%m-%d}" == "03-01"
    assert stressed(by_hand(run=run), ASKED).bench.network.resilience is not None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--durations", "3, 0"], "--durations: 0 must be above 0 d"),
        (["--durations", "3,,5"], "either side of a comma"),
        (["--duration", "-1"], "--duration: -1 must be above 0 d"),
        (["--duration", "3, 4"], "single time"),
        (["--duration", "nan"], "--duration: nan must"),
        (["--duration", "4000"], "at most 3650 d"),
        (["--recovery", "-1 d"], "--recovery: -1 d must be at least 0 d"),
        (["--follow", "2 d"], "resilience.hold"),
        (["--start", "2023-12-31"], "not lie before 2024-01-01"),
        (["--start", "1e9"], "within 3650 d"),
        (["--start", "tomorrow"], "--start: tomorrow must"),
        (["--only", "site=nobody"], "match something"),
        (["--top", "-1"], "--top"),
        (["--rerun", "all"], "--rerun"),
    ],
)
def test_bad_options_are_refused_and_nothing_is_written(
    file: Path, options: list[str], words: str
) -> None:
    done = call("stress", file, "--out", file.parent / "out", *options)
    assert done.exit_code == 2
    assert words in done.stderr and "Traceback" not in done.stderr
    assert not (file.parent / "out").exists()


def test_all_bad_times_are_told_at_once(file: Path) -> None:
    done = call("stress", file, "--durations", "0,-2", "--recovery", "x", "--start", "y")
    assert len(done.stderr.splitlines()) == 4


# ---- stopped, resumed, parallel


def test_a_stopped_test_goes_on_where_it_was(tmp_path: Path) -> None:
    """2 twins, 2 x 2 runs of the first pass and 1 x 2 of the grid, stopped after 4 of them."""
    stress = two()
    whole = json_text(stress_object(course(stress, tmp_path / "whole.sqlite")))
    path = tmp_path / "stopped.sqlite"

    def stop(number: int, failed: bool) -> None:
        if number == 3:
            raise KeyboardInterrupt

    with writing(path) as store, pytest.raises(KeyboardInterrupt):
        Course(stress, store).run(on_done=stop)
    with writing(path) as store:
        again = Course(stress, store)
        assert again.outlook() == Outlook(kept=4, left=4)
        numbers: list[int] = []
        found = again.run(on_done=lambda number, failed: numbers.append(number))
        assert json_text(stress_object(found)) == whole
        assert numbers == [0, 1, 2, 3]
        assert Course(stress, store).outlook() == Outlook(kept=8, left=0)


def test_more_of_the_same_reuses_what_is_kept(tmp_path: Path) -> None:
    """More replications, and another knock-out: neither is part of what a run depends on."""
    scenario = by_hand(run={"start": "2024-01-01", "length": "9 d", "replications": 3})
    wider = stressed(scenario, ASKED, ["kind=supplier"], top=2)
    with writing(tmp_path / "runs.sqlite") as store:
        Course(two(), store).run()
        outlook = Course(wider, store).outlook()
        assert outlook.kept == 2 + 2 * 2  # the twins and the first pass
        other = two(resilience={"fail": "1 d", "recover": "0 d", "hold": "3 d"})
        assert Course(other, store).outlook().kept == 0


def test_one_and_two_workers_write_the_same(file: Path, no_figures: None) -> None:
    folders = []
    for workers in (1, 2):
        out = file.parent / f"out{workers}"
        done = call("stress", file, *QUICK, *ONE, "--workers", workers, "--out", out)
        assert done.exit_code == 0, done.stderr
        folders.append(out / "chain_stress")
    for name in ("summary.json", "ranking.csv", "cells.csv", "stress.csv", "scenario.yaml"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_the_same_command_again_runs_nothing(file: Path, no_figures: None) -> None:
    words = ("stress", file, *QUICK, *ONE, "--workers", 1, "--out", file.parent / "out")
    first = call(*words)
    assert first.exit_code == 0, first.stderr
    again = call(*words, "--json")
    assert "4 runs are kept in" in again.stderr
    found = json.loads(again.stdout)
    assert found["schema"] == "chainsim/stress/1"
    assert [row["id"] for row in found["ranking"]] == ["supplier:a", "supplier:b"]
    folder = file.parent / "out" / "chain_stress"
    written = json.loads((folder / "summary.json").read_text())
    assert written == {key: value for key, value in found.items() if key not in ("wall_s", "out")}
    rows = list(csv.DictReader((folder / "stress.csv").read_text().splitlines()))
    assert [(row["id"], row["duration_d"]) for row in rows] == [
        ("supplier:a", "2.0"), ("supplier:a", "9.0"), ("supplier:b", "9.0"),
    ]  # fmt: skip
    assert json.loads((folder / "provenance.json").read_text())["store"] == "chain_stress.sqlite"


def test_a_second_command_on_the_same_store_is_turned_away(file: Path, no_figures: None) -> None:
    out = file.parent / "out"
    out.mkdir()
    with writing(out / "chain_stress.sqlite"):
        done = call("stress", file, *QUICK, *ONE, "--out", out)
    assert done.exit_code == 4
    assert "another command is writing" in done.stderr
    assert not (out / "chain_stress").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_says_how_to_go_on(file: Path) -> None:
    words = ("stress", file, "--only", "kind=supplier", "--follow", "3000 d", "--workers", 1)
    process = start(*words, "--out", "out", cwd=file.parent)
    assert process.stderr is not None
    assert "knock-outs" in process.stderr.readline()  # it is about to run
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "to go on:\nchainsim stress" in errors and "Traceback" not in errors
    assert not (file.parent / "out" / "chain_stress").exists()


# ---- what fails


def fail(monkeypatch: pytest.MonkeyPatch, when: Any) -> None:
    def broken(network: CompiledNetwork, replication: int) -> Trajectory:
        if when(network, replication):
            raise LawError("a law does not hold")
        return simulate(network, replication)

    monkeypatch.setattr(cases, "simulate", broken)


def test_a_failed_run_is_kept_shown_and_run_again_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "runs.sqlite"
    with monkeypatch.context() as patched:
        fail(patched, lambda network, k: k == 1 and bool(network.disruptions))
        found = course(two(), path)
    worst = found.ranking[0].cell
    assert worst.failed == 1 and worst.impact.peak_shortfall.n == 1
    assert worst.errors == ("", "LawError: a law does not hold")
    assert "FAILED" in stress_sheets(found)[0].rows[0][6]  # type: ignore[index]
    assert "supplier:a from 2024-01-04 for 9 d, replication 1" in found.errors
    assert course(two(), path).errors == found.errors  # kept
    mended = course(two(), path, rerun_failed=True)
    assert not mended.errors and mended.ranking[0].cell.impact.peak_shortfall.n == 2


def test_a_failed_twin_fails_what_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, lambda network, k: k == 0 and not network.disruptions)
    found = course(two(), tmp_path / "runs.sqlite")
    assert [cell.failed for cell in found.cells] == [1, 1, 1]
    assert "the twin without disruptions failed" in found.cells[0].errors[0]


def test_failures_end_the_command_with_their_code(
    file: Path, no_figures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("stress", file, *QUICK, *ONE, "--workers", 1, "--out", file.parent / "out")
    fail(monkeypatch, lambda network, k: bool(network.disruptions))
    done = call(*words)
    assert done.exit_code == 4
    assert "3 runs failed" in done.stderr and "--rerun failed" in done.stderr
    assert "failed" in done.stdout
    fail(monkeypatch, lambda network, k: True)
    done = call(*words, "--seed", 9)
    assert done.exit_code == 4 and "all 1 twins failed" in done.stderr


# ---- how it is shown


@pytest.fixture(scope="module")
def seasons(tmp_path_factory: pytest.TempPathFactory) -> StressTest:
    """Two starts and two durations."""
    asked = replace(ASKED, starts=("3 d", "8 d"))
    stress = stressed(by_hand(), asked, ["region=south"], top=2)
    return course(stress, tmp_path_factory.mktemp("stress") / "runs.sqlite")


def test_figures_have_their_data(seasons: StressTest) -> None:
    found = {picture.name: picture for picture in stress_pictures(seasons)}
    assert list(found) == [
        "ranking", "impact_by_duration", "recovery_by_duration", "impact_by_start",
    ]  # fmt: skip
    for picture in found.values():
        assert as_svg(picture.figure)
        assert len(csv_text(picture.data).splitlines()) > 4
    assert len(list(found["impact_by_start"].data["id"])) == 2 * 2 * 2


def test_every_start_has_its_own_table(seasons: StressTest) -> None:
    _, *grids = stress_sheets(seasons)
    assert [sheet.title[:15] for sheet in grids] == ["From 2024-01-04", "From 2024-01-09"]
    late = [cell for cell in seasons.cells if f"{cell.tried.start:%d}" == "09"]
    assert len(late) == 2 * 2
    assert all(cell.impact.time_to_survive.beyond in (None, 19.0) for cell in late)


def test_bounds_stand_in_their_columns(seasons: StressTest) -> None:
    first = replace(seasons.ranking[0], bounds=Bounds(7.0, 12.0))
    second = replace(seasons.ranking[1], bounds=Bounds(None, 0.0))
    bounded = replace(seasons, ranking=(first, second, *seasons.ranking[2:]))
    columns = ranking_columns(bounded)
    assert columns["lost_at_least"][:2] == [12.0, 0.0]
    assert columns["time_to_survive_at_most"][:2] == [7.0, None]
    assert stress_object(bounded)["ranking"][0]["bounds"]["time_to_survive"] == 7.0
    assert [row[4] for row in stress_sheets(bounded)[0].rows[:2]] == ["7", "for ever"]


def test_a_packed_twin_is_the_twin() -> None:
    network = two().bench.network
    run = simulate(network, 0)
    output = output_of(network, run)
    holdings = holdings_of(network, run)
    packed = packed_twin(network, output, holdings)
    again = unpacked_output(network, packed)
    assert (again.daily == output.daily).all() and again.end == output.end
    assert (again.waiting == output.waiting).all()
    for stock, (instants, quantities) in output.made.items():
        assert (again.made[stock][0] == instants).all()
        assert (again.made[stock][1] == quantities).all()
    assert (unpacked_holdings(packed).goods == holdings.goods).all()
    assert (unpacked_holdings(packed).in_process == holdings.in_process).all()
    assert packed_twin(network, again, unpacked_holdings(packed)) == packed
