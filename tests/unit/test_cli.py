"""The command line: what it prints, how it exits, what it leaves alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.cli_support import ROOT, SHORT, TINY, call, finished, scenario, start

from chainsim import __version__, load_scenario
from chainsim.errors import RunError
from chainsim.experiments import replications

HEAVY = ("numpy", "scipy", "matplotlib", "simpy", "rich", "jinja2")


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures have tests of their own; without them a run is quick."""
    monkeypatch.setattr("chainsim.report.folder.pictures", lambda run: ())


def test_help_and_version() -> None:
    assert "run " in call("--help").output
    assert __version__ in call("--version").output
    assert call().exit_code in (0, 2)  # the help, whatever click's version calls it


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["validate", "tiny.yaml"]])
def test_light_commands_load_nothing_heavy(tmp_path: Path, words: list[str]) -> None:
    scenario(tmp_path)
    code = (
        "import sys\nfrom chainsim.cli import main\n"
        f"sys.argv = ['chainsim', *{words!r}]\n"
        "try: main()\nexcept SystemExit as error: assert not error.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"


def test_the_shim_runs_scenarios(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "run_scenario.py"), "absent.yaml"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "absent.yaml: the file must be a file that exists" in done.stderr


def test_the_shim_says_how_to_install(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-I", str(ROOT / "run_scenario.py"), "x.yaml"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 4
    assert "pip install" in done.stderr
    assert len(done.stderr.splitlines()) == 1


# ---- bad input


BAD = TINY.replace("rate: 100 /d", "rate: 100 km").replace("region: south", "regoin: south")


def test_validate_reports_every_problem_with_its_place(tmp_path: Path) -> None:
    bad, good = scenario(tmp_path, BAD, "bad.yaml"), scenario(tmp_path)
    done = call("validate", good, bad)
    assert done.exit_code == 2
    assert f"{good}: fine" in done.stdout
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"{bad}:") for line in lines)
    assert "did you mean 'region'?" in done.stderr


def test_validate_as_json(tmp_path: Path) -> None:
    bad = scenario(tmp_path, BAD)
    done = call("validate", bad, "--json")
    assert done.exit_code == 2
    found = json.loads(done.stdout)
    assert found["schema"] == "chainsim/validate/1"
    problems = found["files"][0]["problems"]
    assert {p["path"] for p in problems} >= {"sites.maker.demand.car.rate"}
    assert all(p["line"] > 0 and p["column"] > 0 and p["rule"] for p in problems)


@pytest.mark.parametrize(
    "words",
    [
        ["--set", "sites.nowhere.stage=upstream"],
        ["--set", "run.seed"],
        ["--set", "run.precision={measure: beauty, relative: 0.1}"],
        ["--seed", "-1"],
        ["--replications", "0"],
        ["--workers", "0"],
        ["--engine", "warp"],
        ["--no-such-option"],
    ],
)
def test_wrong_words_exit_2_and_write_nothing(tmp_path: Path, words: list[str]) -> None:
    done = call("run", scenario(tmp_path), "--out", tmp_path / "out", *words)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_one_bad_file_of_several_runs_nothing(tmp_path: Path) -> None:
    good, bad = scenario(tmp_path), scenario(tmp_path, BAD, "bad.yaml")
    done = call("run", good, bad, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_two_scenarios_for_one_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    one, two = scenario(tmp_path), scenario(tmp_path / "a")
    done = call("run", one, two, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "two scenarios would write into 'tiny'" in done.stderr


# ---- run


def finite(value: Any) -> bool:
    """Whether JSON text of it needs no NaN."""
    json.dumps(value, allow_nan=False)
    return True


@pytest.mark.usefixtures("no_figures")
def test_run_as_json(tmp_path: Path) -> None:
    done = call("run", scenario(tmp_path), "--json", "--workers", 1, "--out", tmp_path, *SHORT)
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert finite(found)
    assert found["schema"] == "chainsim/run/1"
    assert found["scenario"] == "Tiny chain"
    assert found["fingerprint"].startswith("sha256:")
    assert (found["engine"], found["seed"], found["replications"]) == ("simpy", 7, 2)
    assert (found["failed"], found["resilience"], found["out"]) == (0, None, str(tmp_path / "tiny"))
    assert found["events"] > 0 and found["wall_s"] > 0
    output = found["measures"]["output"]
    assert set(output) == {"unit", "mean", "low", "high", "n", "confidence"}
    assert (output["unit"], output["n"], output["confidence"]) == ("vehicles", 2, 0.95)
    assert output["low"] < output["mean"] < output["high"]
    assert set(found["sites"]) == {"plant", "maker"}
    assert found["sites"]["maker"]["output"]["mean"] == output["mean"]


@pytest.mark.usefixtures("no_figures")
def test_options_win_over_the_file(tmp_path: Path) -> None:
    words = ["run", scenario(tmp_path), "--json", "--workers", 1, "--out", tmp_path, *SHORT]
    found = json.loads(call(*words, "--seed", 0, "--set", "name=Other").stdout)
    assert (found["seed"], found["replications"], found["scenario"]) == (0, 2, "Other")


@pytest.mark.usefixtures("no_figures")
def test_tables_go_to_stdout_and_the_rest_to_stderr(tmp_path: Path) -> None:
    done = call("run", scenario(tmp_path), "--workers", 1, "--out", tmp_path, *SHORT)
    assert "Tiny chain" in done.stdout
    assert "output_per_day" in done.stdout
    assert "\x1b" not in done.stdout
    assert all(line == line.rstrip() for line in done.stdout.splitlines())
    assert "written" in done.stderr
    quiet = call("run", scenario(tmp_path), "--workers", 1, "--out", tmp_path, "-q", *SHORT)
    assert quiet.stdout == done.stdout
    assert quiet.stderr == ""


@pytest.mark.usefixtures("no_figures")
def test_a_failed_replication_is_shown_and_exits_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = replications.simulate

    def fails(network: Any, number: int = 0) -> Any:
        if number == 1:
            raise RunError("a loop in the yard")
        return works(network, number)

    monkeypatch.setattr(replications, "simulate", fails)
    words = ["run", scenario(tmp_path), "--workers", 1, "--out", tmp_path, "--json"]
    done = call(*words, *SHORT, "--replications", 3)
    assert done.exit_code == 4
    found = json.loads(done.stdout)
    assert (found["failed"], found["replications"]) == (1, 3)
    assert found["measures"]["output"]["n"] == 2
    assert "a loop in the yard" in found["errors"]["1"]
    assert "1 of 3 replications failed" in done.stderr
    assert "a loop in the yard" in (tmp_path / "tiny" / "measures.csv").read_text()


def test_nothing_is_written_if_every_replication_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(network: Any, number: int = 0) -> Any:
        raise RunError("no")

    monkeypatch.setattr(replications, "simulate", fails)
    done = call("run", scenario(tmp_path), "--workers", 1, "--out", tmp_path / "out")
    assert done.exit_code == 4
    assert "all 3 replications failed" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.usefixtures("no_figures")
def test_a_bug_shows_its_traceback_and_stops_no_other_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = replications.simulate

    def fails(network: Any, number: int = 0) -> Any:
        if network.seed == 1:
            raise ZeroDivisionError("a bug")
        return works(network, number)

    monkeypatch.setattr(replications, "simulate", fails)
    scenario(tmp_path)
    bad = scenario(tmp_path, "extends: tiny.yaml\nrun: {seed: 1}\n", "bad.yaml")
    out = tmp_path / "out"
    done = call("run", bad, tmp_path / "tiny.yaml", "--workers", 1, "--out", out, *SHORT)
    assert done.exit_code == 4
    assert "bad: Traceback" in done.stderr and "ZeroDivisionError: a bug" in done.stderr
    assert [path.name for path in out.iterdir()] == ["tiny"]
    assert "Tiny chain" in done.stdout


@pytest.mark.parametrize("words", [["compare", "tiny.yaml", "bad.yaml"], ["list"]])
def test_a_bug_of_any_command_is_no_failed_check(
    tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*words: Any, **options: Any) -> Any:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(replications, "simulate", fails)
    monkeypatch.setattr("chainsim.report.catalogue.catalogue", fails)
    monkeypatch.chdir(tmp_path)
    scenario(tmp_path)
    scenario(tmp_path, "extends: tiny.yaml\n", "bad.yaml")
    done = call(*words, *(["--workers", 1, *SHORT] if words[0] == "compare" else []))
    assert done.exit_code == 4
    assert "Traceback" in done.stderr and "ZeroDivisionError: a bug" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_stops_everything(tmp_path: Path, workers: int) -> None:
    file = scenario(tmp_path, TINY.replace("length: 40 d", "length: 20000 d"))
    process = start("run", file, "--workers", workers, "-v", "--out", "out", cwd=tmp_path)
    assert process.stderr is not None
    assert "sites" in process.stderr.readline()  # it is about to run
    time.sleep(1.0)
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.strip().endswith("interrupted")
    assert "Traceback" not in errors
    assert list((tmp_path / "out").iterdir()) == []
    assert group_is_empty(process.pid)


def group_is_empty(group: int) -> bool:
    """Whether all processes of a group have ended, or do so within seconds."""
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_chinese_names_in_a_plain_locale(tmp_path: Path) -> None:
    text = TINY
    for name, chinese in (("plant", "电池厂"), ("maker", "整车厂"), ("north", "四川"),
                          ("car", "汽车"), ("Tiny chain", "小链条 $x_1$ [red]")):  # fmt: skip
        text = text.replace(name, chinese)
    scenario(tmp_path, text, "链条.yaml")
    words = ("run", "链条.yaml", *SHORT, "--workers", 1)
    done = finished(*words, cwd=tmp_path, LC_ALL="C", LANG="C")
    assert done.returncode == 0, done.stderr
    assert "小链条 $x_1$ [red]" in done.stdout
    folder = tmp_path / "results" / "链条"
    assert "整车厂" in json.loads((folder / "summary.json").read_text("utf-8"))["sites"]
    assert "整车厂" in (folder / "figures" / "chain.svg").read_text("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes")
@pytest.mark.usefixtures("no_figures")
def test_a_file_name_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"caf\xe9.yaml")
    file.write_text(TINY)
    done = call("run", file, "--workers", 1, "--out", tmp_path / "out", "--json", *SHORT)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["out"] == str(tmp_path / "out" / "caf")
    assert json.loads((tmp_path / "out" / "caf" / "provenance.json").read_text())["files"]


# ---- show, diff, parameters, schema, list, new


def test_show_is_yaml_with_the_origin_of_every_value(tmp_path: Path) -> None:
    file = scenario(tmp_path)
    done = call("show", file, "--set", "run.seed=9")
    assert done.exit_code == 0
    shown = yaml.safe_load(done.stdout)
    assert shown["run"]["seed"] == 9
    assert shown["sites"]["maker"]["operations"]["line"]["lot"] == 10
    by_key = {line.split(":")[0].strip(): line for line in done.stdout.splitlines()}
    assert by_key["seed"].endswith("# --set run.seed=9")
    assert by_key["settled"].endswith(f"# {file}:2:49")
    assert by_key["confidence"].endswith("# default")
    given = call("show", file, "--given").stdout
    assert "default" not in given
    assert load_scenario(scenario(tmp_path, given, "again.yaml")).merged == (
        load_scenario(file).merged
    )


def test_show_names_observed_series_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "seen.csv").write_text("month,value\n2022-01,2500\n")
    scenario(tmp_path / "data", TINY + "observed_series: {output: seen.csv}\n", "base.yaml")
    one = scenario(tmp_path, TINY + "observed_series: {output: data/seen.csv}\n")
    two = scenario(tmp_path, "extends: data/base.yaml\n", "two.yaml")
    for file in (one, two):
        given = call("show", file, "--given").stdout
        assert yaml.safe_load(given)["observed_series"] == {"output": "data/seen.csv"}
        again = load_scenario(scenario(tmp_path, given, "again.yaml"))
        assert again.document == load_scenario(file).document


def test_show_names_parameters_and_expressions(tmp_path: Path) -> None:
    table = "name,value,unit,low,high,kind,source,note\npace,10,/h,5,20,assumed,,\n"
    (tmp_path / "p.csv").write_text(table)
    text = TINY.replace("rate: 30 /h", "rate: '= 3 * pace'") + "parameter_tables: [p.csv]\n"
    file = scenario(tmp_path, text)
    found = json.loads(call("show", file, "--json", "--path", "sites.plant.operations").stdout)
    row = next(v for v in found["values"] if v["path"].endswith("rate"))
    assert (row["expression"], row["parameters"]) == ("= 3 * pace", ["pace"])
    assert row["origin"].startswith(f"{file}:")
    table_shown = json.loads(call("parameters", file, "--json").stdout)["parameters"]["pace"]
    assert (table_shown["value"], table_shown["low"], table_shown["kind"]) == (10, 5, "assumed")
    assert table_shown["grade"] == "D"
    plain = call("parameters", file, "--kind", "assumed").stdout
    assert "pace" in plain and "/h" in plain
    assert "pace" not in call("parameters", file, "--kind", "documented").stdout


def test_show_refuses_a_path_that_is_not_there(tmp_path: Path) -> None:
    done = call("show", scenario(tmp_path), "--path", "run.sed")
    assert done.exit_code == 2
    assert "did you mean 'run.seed'?" in done.stderr


def test_show_exposure(tmp_path: Path) -> None:
    file = scenario(tmp_path)
    plain = call("show", "--exposure", file).stdout
    assert "from north" in plain
    assert "single" in plain
    found = json.loads(call("show", "--exposure", file, "--json").stdout)["exposure"]
    assert found[0]["site"] == "maker"
    assert found[0]["regions"] == {"north": 1.0}


def test_diff(tmp_path: Path) -> None:
    one = scenario(tmp_path)
    two = scenario(tmp_path, "extends: tiny.yaml\nrun: {seed: 8}\n", "two.yaml")
    assert call("diff", one, one).stdout == "no difference\n"
    rows = json.loads(call("diff", one, two, "--json").stdout)["differences"]
    assert [(r["path"], r["first"]["value"], r["second"]["value"]) for r in rows] == [
        ("run.seed", 7, 8)
    ]
    assert "two.yaml:2:13\n" in call("diff", one, two).stdout


@pytest.mark.parametrize("length", [1, 150])
def test_an_origin_keeps_its_line_however_long_the_path(tmp_path: Path, length: int) -> None:
    folder = tmp_path / ("x" * length)
    folder.mkdir()
    one = scenario(folder)
    two = scenario(folder, "extends: tiny.yaml\nrun: {seed: 8}\n", "two.yaml")
    (row,) = (r for r in call("diff", one, two).stdout.splitlines() if r.startswith("run.seed"))
    assert row.endswith("two.yaml:2:13")
    assert "two.yaml:2:13\n" in call("show", two).stdout


def test_diff_cuts_long_values_except_in_json(tmp_path: Path) -> None:
    one = scenario(tmp_path)
    long = "many words " * 20
    options = ("--set", f"description={long}")
    two = scenario(tmp_path, f"extends: tiny.yaml\ndescription: {long}\n", "two.yaml")
    assert call("diff", one, two, *options).stdout == "no difference\n"
    lines = call("diff", one, two).stdout.splitlines()
    path, value = lines[1].split(maxsplit=1)
    assert path == "description" and "..." in value
    assert len(lines[1]) <= len("description") + 3 * (60 + 2)
    assert lines[1].count("many") <= 6
    rows = json.loads(call("diff", one, two, "--json").stdout)["differences"]
    assert rows[0]["second"]["value"] == long.strip()


@pytest.mark.usefixtures("no_figures")
def test_list_shows_scenarios_results_and_measures(tmp_path: Path) -> None:
    file = scenario(tmp_path)
    call("run", file, "--workers", 1, "--out", tmp_path / "out", *SHORT)
    words = ("list", "--scenarios", tmp_path, "--out", tmp_path / "out")
    found = json.loads(call(*words, "--json").stdout)
    assert [s["name"] for s in found["scenarios"]] == ["Tiny chain"]
    assert [r["folder"] for r in found["results"]] == [str(tmp_path / "out" / "tiny")]
    assert "fill_rate" in {m["name"] for m in found["measures"]}
    shown = call(*words).stdout
    assert "Tiny chain" in shown and "fill_rate" not in shown
    assert "fill_rate" in call(*words, "--measures").stdout
    assert call("list", "--scenarios", "absent", "--out", "absent").exit_code == 0


@pytest.mark.parametrize(
    "text",
    [
        "[]", "{}", "3", "", "not json", "[" * 100_000, "1" * 5000, '"\\ud800"',
        '{"schema": "chainsim/run/1", "measures": []}',
        '{"schema": "chainsim/run/1", "measures": {"output": [1]}}',
        '{"schema": "chainsim/run/1", "scenario": "x", "fingerprint": "y", "replications": 1,'
        ' "measures": {"output": {"unit": "t", "mean": NaN}}}',
        '{"schema": "chainsim/run/1", "scenario": "x", "fingerprint": "y", "replications": 1,'
        ' "measures": {"output": {"unit": "t", "mean": 1%s}}}' % ("0" * 400),
    ],
)  # fmt: skip
def test_list_skips_what_is_no_summary_with_a_note(tmp_path: Path, text: str) -> None:
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "summary.json").write_text(text)
    for words in ((), ("--json",)):
        done = call("list", "--scenarios", "absent", "--out", tmp_path, *words)
        assert done.exit_code == 0, done.stderr
        assert done.stderr == (
            f"{tmp_path / 'foreign'}: skipped, its summary.json is not one of a run or stress test "
            "or calibration or sensitivity analysis\n"
        )
    assert json.loads(done.stdout)["results"] == []


def test_list_shows_stress_tests_and_calibrations(tmp_path: Path) -> None:
    summaries = {
        "a_stress": {"schema": "chainsim/stress/1", "scenario": "A", "replications": 2,
                     "ranking": [{"id": "supplier:x"}]},
        "b_calibration": {"schema": "chainsim/calibrate/1", "scenario": "B", "verdict": "fitted"},
    }  # fmt: skip
    for name, summary in summaries.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "summary.json").write_text(json.dumps(summary))
    done = call("list", "--scenarios", "absent", "--out", tmp_path)
    assert "supplier:x" in done.stdout and "fitted" in done.stdout and not done.stderr
    found = json.loads(call("list", "--scenarios", "absent", "--out", tmp_path, "--json").stdout)
    assert [one["scenario"] for one in found["stress_tests"]] == ["A"]
    assert [one["verdict"] for one in found["calibrations"]] == ["fitted"]
    assert found["results"] == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_list_waits_for_no_pipe(tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    os.mkfifo(tmp_path / "foreign" / "summary.json")
    done = call("list", "--scenarios", "absent", "--out", tmp_path)
    assert done.exit_code == 0
    assert "skipped" in done.stderr


@pytest.mark.usefixtures("no_figures")
def test_new_writes_a_scenario_that_runs(tmp_path: Path) -> None:
    file = tmp_path / "first.yaml"
    assert call("new", file).exit_code == 0
    assert "#" in file.read_text()
    assert call("validate", file).exit_code == 0
    again = call("new", file)
    assert again.exit_code == 2
    assert "must be a file that does not exist" in again.stderr
    assert call("new", tmp_path / "absent" / "x.yaml").exit_code == 2
    assert call("new", "-").stdout == file.read_text()
    words = ("--set", "run.end=2024-01-15", "--set", "disruptions=[]", "--replications", 1)
    done = call("run", file, "--workers", 1, "--out", tmp_path, "--json", *words)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["measures"]["output"]["mean"] > 0
