"""Result folders: whole or absent, in their place, the same for the same run."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.unit.cli_support import ROOT, SHORT, TINY, call, finished, scenario

from chainsim import load_scenario
from chainsim.errors import InputError, LoopError, RunError
from chainsim.experiments import replications
from chainsim.experiments.runs import Run, prepare, run
from chainsim.network.compiled import CompiledNetwork
from chainsim.network.compiling import fingerprint
from chainsim.outcome.trajectory import Trajectory
from chainsim.report import files, placement
from chainsim.report import folder as folders
from chainsim.report.figures.style import as_svg
from chainsim.report.files import csv_text, json_text
from chainsim.report.folder import Circumstances, check_target, write_run
from chainsim.report.page import page
from chainsim.report.places import folder_name
from chainsim.report.tables import Sheet, plain

HOW = Circumstances("chainsim run", "2022-01-01T00:00:00+00:00", 1.0, 1)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of the tiny chain, with names that a page must escape."""
    text = TINY.replace("Tiny chain", "'<script>alert(1) & co'")
    return run(prepare(load_scenario(scenario(tmp_path_factory.mktemp("run"), text))))


@pytest.fixture(scope="module")
def results(done: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the run."""
    target = check_target(tmp_path_factory.mktemp("out"), "tiny")
    write_run(done, target, HOW)
    return target


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "pictures", lambda run: ())


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


# ---- what is in it


def test_it_has_all_parts(results: Path) -> None:
    names = {path.name for path in results.iterdir()}
    daily = {"daily.csv.gz", "daily.parquet"} & names
    assert len(daily) == 1
    assert names - daily == {
        "summary.json", "measures.csv", "years.csv", "scenario.yaml", "provenance.json",
        "validation.csv", "report.html", "figures",
    }  # fmt: skip
    assert [path.name for path in results.parent.iterdir()] == ["tiny"]


def test_the_summary_has_neither_times_nor_places(results: Path) -> None:
    found = json.loads((results / "summary.json").read_text())
    assert found["schema"] == "chainsim/run/1"
    assert not {"wall_s", "out"} & set(found)


def test_measures_by_replication_give_the_means(results: Path, done: Run) -> None:
    found = rows((results / "measures.csv").read_text())
    total = [float(row["output"]) for row in found if row["level"] == "total"]
    site = [float(r["output"]) for r in found if (r["level"], r["entity"]) == ("site", "maker")]
    assert len(total) == 3
    assert total == site
    assert sum(total) / 3 == pytest.approx(done.summary.total["output"].mean)


def test_days_add_up_to_the_measure(results: Path, done: Run) -> None:
    if not (results / "daily.csv.gz").exists():
        pytest.skip("written as Parquet")
    found = rows(gzip.decompress((results / "daily.csv.gz").read_bytes()).decode())
    output = [row for row in found if (row["kind"], row["entity"]) == ("sites", "maker")]
    assert [output[0]["date"], output[-1]["date"]] == ["2022-01-03", "2022-02-11"]
    assert {row["unit"] for row in output} == {"vehicle"}
    assert sum(float(row["mean"]) for row in output) == pytest.approx(
        done.summary.total["output"].mean, abs=0.01
    )
    for row in output:
        assert float(row["p5"]) <= float(row["p50"]) <= float(row["p95"])
    seconds = [r for r in found if (r["kind"], r["entity"]) == ("resources", "maker/line")]
    first = {r["series"]: float(r["mean"]) for r in seconds if r["date"] == "2022-01-03"}
    assert first.pop("servers") == 1
    assert sum(first.values()) == pytest.approx(86_400)


def test_days_hold_what_a_response_moves(
    tmp_path: Path, no_figures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    text = TINY.replace("level: 300, sources", "level: {cover: 2 d}, sources")
    text = text.replace("process: poisson", "process: plan") + (
        "responses:\n  hurry: {kind: expedite, at: maker, item: part, below: 30 d, transit: 0.5,"
        " cost: {per_unit: 2}}\n"
    )
    done = run(prepare(load_scenario(scenario(tmp_path, text))))
    target = check_target(tmp_path / "out", "hurry")
    write_run(done, target, HOW)
    found = rows(gzip.decompress((target / "daily.csv.gz").read_bytes()).decode())
    moved = [row for row in found if (row["kind"], row["series"]) == ("responses", "units")]
    assert {row["unit"] for row in moved} == {"unit"}
    assert 2 * sum(float(row["mean"]) for row in moved) == pytest.approx(
        done.summary.total["response_cost"].mean, abs=0.1
    )


def test_the_scenario_in_it_is_the_same_scenario(results: Path, done: Run) -> None:
    again = load_scenario(results / "scenario.yaml")
    assert again.document == done.scenario.document
    assert fingerprint(again) == done.network.fingerprint


def test_provenance_names_versions_files_and_sources(results: Path) -> None:
    found = json.loads((results / "provenance.json").read_text())
    assert set(found["versions"]) >= {"chainsim", "python", "simpy", "numpy"}
    assert found["command"] == "chainsim run"
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in found["files"].values())
    assert found["peak_memory_mb"] is None or found["peak_memory_mb"]["this_process"] > 0


@pytest.mark.usefixtures("no_figures")
def test_provenance_has_the_bytes_of_every_input_file(tmp_path: Path) -> None:
    tables = {
        "p.csv": "name,value,unit,kind,source\npace,30,/h,documented,S1\n",
        "s.csv": "id,title\nS1,A yearbook\n",
        "days.csv": "date,kind\n2022-01-31,closed\n",
        "seen.csv": "month,value\n2022-01,2500\n",
    }
    for name, table in tables.items():
        (tmp_path / name).write_text(table)
    text = TINY.replace("rate: 30 /h", "rate: '= pace'").replace(
        "    special:\n      - {from: 2022-01-31, to: 2022-02-03}", "    days_file: days.csv"
    )
    text += "parameter_tables: [p.csv]\nsources: [s.csv]\nobserved_series: {output: seen.csv}\n"
    base = scenario(tmp_path, text)
    file = scenario(tmp_path, "extends: tiny.yaml\n", "above.yaml")
    done = call("run", file, "--workers", 1, "--out", tmp_path / "out", *SHORT)
    assert done.exit_code == 0, done.stderr
    found = json.loads((tmp_path / "out" / "above" / "provenance.json").read_text())["files"]
    assert found == {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (file, base, *(tmp_path / name for name in tables))
    }


@pytest.mark.usefixtures("no_figures")
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
@pytest.mark.parametrize("change", ["edited", "deleted", "pipe"])
def test_provenance_tells_of_the_files_before_the_run(
    tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen.csv"
    seen.write_text("month,value\n2022-01,2500\n")
    file = scenario(tmp_path, TINY + "observed_series: {output: seen.csv}\n")
    before = {str(path): path.read_bytes() for path in (file, seen)}
    works = replications.simulate

    def changes(network: CompiledNetwork, number: int = 0) -> Trajectory:
        for path in (file, seen):
            path.unlink(missing_ok=True)
            if change == "edited":
                path.write_text("another text")
            if change == "pipe":
                os.mkfifo(path)
        return works(network, number)

    monkeypatch.setattr(replications, "simulate", changes)
    done = call("run", file, "--workers", 1, "--out", tmp_path / "out", *SHORT)
    assert done.exit_code == 0, done.stderr
    folder = tmp_path / "out" / "tiny"
    found = json.loads((folder / "provenance.json").read_text())["files"]
    assert found == {path: hashlib.sha256(raw).hexdigest() for path, raw in before.items()}
    assert (folder / "observed" / "output.csv").read_bytes() == before[str(seen)]
    assert load_scenario(folder / "scenario.yaml").series


class Page(HTMLParser):
    """The tags and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_stands_alone_and_escapes_names(results: Path) -> None:
    text = (results / "report.html").read_text("utf-8")
    found = Page(text)
    assert "script" not in found.tags
    assert "&lt;script&gt;" in text
    assert found.tags.count("img") == len(list((results / "figures").glob("*.svg")))
    assert all(address.startswith("data:image/svg+xml;base64,") for address in found.addresses)


# ---- the same run, the same bytes


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "provenance.json"
    }


def test_bytes_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    file = scenario(tmp_path)
    words = ["run", file, *SHORT, "--replications", 3]
    for workers in (1, 2):
        done = call(*words, "--workers", workers, "--out", tmp_path / str(workers))
        assert done.exit_code == 0, done.stderr
    one, two = (contents(tmp_path / workers / "tiny") for workers in "12")
    assert list(one) == list(two)
    assert [name for name in one if one[name] != two[name]] == []


# ---- where it is


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("scenarios/baseline_2022.yaml", "baseline_2022"),
        ("../../etc/passwd.yaml", "passwd"),
        ("a b;rm -rf.yaml", "a_b_rm_-rf"),
        ("..yaml", "scenario"),
        ("...", "scenario"),
        ("-.yaml", "scenario"),
        (".hidden.yaml", "hidden"),
        ("四川.yaml", "四川"),
        ("x" * 300 + ".yaml", "x" * 80),
        ("川" * 100 + ".yaml", "川" * 26),
    ],
)
def test_folder_names_are_safe(file: str, name: str) -> None:
    assert folder_name(file) == name


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("place", ["name: Tiny chain", "region: north"])
def test_a_name_in_a_scenario_cannot_write_elsewhere(tmp_path: Path, place: str) -> None:
    text = TINY.replace(place, place.split(":")[0] + ": ../../../escaped")
    out = tmp_path / "deep" / "out"
    done = call("run", scenario(tmp_path, text), "--out", out, "--workers", 1, *SHORT)
    assert done.exit_code in (0, 2)
    assert not out.exists() or [path.name for path in out.iterdir()] == ["tiny"]
    assert not list(tmp_path.rglob("*escaped*"))


def test_out_must_be_a_folder_that_can_be_written(tmp_path: Path) -> None:
    file = scenario(tmp_path)
    taken = tmp_path / "file"
    taken.write_text("mine")
    for out in (taken, taken / "below"):
        done = call("run", file, "--out", out)
        assert done.exit_code == 2
        assert "--out: " in done.stderr and "choose another folder" in done.stderr
    assert taken.read_text() == "mine"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder nobody can write to")
def test_out_that_is_read_only(tmp_path: Path) -> None:
    done = call("run", scenario(tmp_path), "--out", "/proc/results")
    assert done.exit_code == 2


def test_what_is_no_result_folder_is_never_replaced(tmp_path: Path) -> None:
    mine = tmp_path / "out" / "tiny"
    mine.mkdir(parents=True)
    (mine / "thesis.tex").write_text("years of work")
    done = call("run", scenario(tmp_path), "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert (mine / "thesis.tex").read_text() == "years of work"
    (tmp_path / "out" / "linked").symlink_to(mine)
    with pytest.raises(InputError):
        check_target(tmp_path / "out", "linked")


@pytest.mark.usefixtures("no_figures")
def test_an_older_result_is_replaced_as_a_whole(tmp_path: Path, done: Run) -> None:
    target = check_target(tmp_path, "tiny")
    write_run(done, target, HOW)
    (target / "left_over").touch()
    write_run(done, check_target(tmp_path, "tiny"), HOW)
    assert not (target / "left_over").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


@pytest.mark.usefixtures("no_figures")
def test_runs_at_one_time_do_not_mix(tmp_path: Path, done: Run) -> None:
    target = check_target(tmp_path, "tiny")
    failures: list[BaseException] = []

    def write(k: int) -> None:
        try:
            for _ in range(3):
                write_run(done, target, Circumstances(f"run {k}", "", 0.0, k))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]
    found = json.loads((target / "provenance.json").read_text())
    assert found["command"] == f"run {found['workers']}"


# ---- when writing fails


def test_nothing_is_left_when_writing_fails(
    tmp_path: Path, done: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(run: Run) -> Iterator[None]:
        raise OSError(28, "No space left on device")
        yield

    target = check_target(tmp_path, "tiny")
    monkeypatch.setattr(folders, "pictures", full)
    with pytest.raises(RunError, match="the disk is full"):
        write_run(done, target, HOW)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_when_writing_is_interrupted(
    tmp_path: Path, done: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(run: Run) -> Iterator[None]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(folders, "pictures", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_run(done, check_target(tmp_path, "tiny"), HOW)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def older(tmp_path: Path, done: Run, no_figures: None) -> Path:
    """A result that is there already."""
    target = check_target(tmp_path, "tiny")
    write_run(done, target, Circumstances("older", "", 0.0, 1))
    return target


def command_of(target: Path) -> str:
    return str(json.loads((target / "provenance.json").read_text())["command"])


def renames_that_fail(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """A new folder cannot take its name; all other renames work."""
    works = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if placement.NEW in self.name:
            raise error
        return works(self, target)

    monkeypatch.setattr(Path, "rename", rename)


def test_the_older_result_comes_back_when_the_new_one_cannot_be_moved(
    older: Path, done: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    renames_that_fail(monkeypatch, PermissionError(13, "Permission denied"))
    with pytest.raises(RunError, match="Permission denied"):
        write_run(done, older, HOW)
    assert command_of(older) == "older"
    assert list(older.parent.iterdir()) == [older]


@pytest.mark.parametrize("step", ["_exchange", "rmtree", "between"])
def test_a_killed_run_loses_nothing(older: Path, step: str) -> None:
    # A child that ends without any cleaning up, as one that is killed does.
    script = f"""
import os, shutil
from pathlib import Path
from chainsim.report import placement
target = Path({str(older)!r})
end = lambda *words, **options: os._exit(9)
if {step!r} == "_exchange":
    placement._exchange = end
if {step!r} == "rmtree":
    shutil.rmtree = end
works = Path.rename
def rename(self, to):
    if {step!r} == "between" and placement.NEW in self.name:
        end()
    return works(self, to)
Path.rename = rename
with placement.put_in_place(target) as folder:
    (folder / "provenance.json").write_text('{{"command": "newer"}}')
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(ROOT / "src")}
    )
    assert ended.returncode == 9
    assert older.exists() == (step != "between")
    assert len(list(older.parent.iterdir())) == 2
    assert check_target(older.parent, "tiny") == older
    assert list(older.parent.iterdir()) == [older]
    assert command_of(older) == ("newer" if step == "rmtree" else "older")


def test_what_a_living_run_writes_is_not_cleared(older: Path) -> None:
    with placement.put_in_place(older) as folder:
        check_target(older.parent, "tiny")
        assert folder.exists()
        (folder / "provenance.json").write_text('{"command": "newer"}')
    assert command_of(older) == "newer"
    assert list(older.parent.iterdir()) == [older]


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_a_file_that_cannot_grow(tmp_path: Path) -> None:
    scenario(tmp_path)
    (tmp_path / "sitecustomize.py").write_text(
        "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
    )
    path = os.pathsep.join([str(tmp_path), str(Path(folders.__file__).parents[2])])
    done = finished("run", "tiny.yaml", "--workers", 1, *SHORT, cwd=tmp_path, PYTHONPATH=path,
                    PYTHONDONTWRITEBYTECODE="1")  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert "the results could not be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "results").iterdir()) == []


# ---- formats


def test_json_and_csv_know_no_nan() -> None:
    nan, inf = float("nan"), float("inf")
    assert json.loads(json_text({"a": nan, "b": [inf, 1.5], "c": {"d": -inf}})) == {
        "a": None, "b": [None, 1.5], "c": {"d": None},
    }  # fmt: skip
    assert csv_text({"a": [1.5, nan, None], "b": [True, "x,y", inf]}) == (
        'a,b\n1.5,true\n,"x,y"\n,\n'
    )


def test_no_cell_of_text_is_a_formula() -> None:
    cells = ["=1+1", "+x", "-x", "@x", "\tx", "-5", "+1e3", -5, "x=1", "-"]
    assert csv_text({"=head": cells}).splitlines() == [
        "'=head", "'=1+1", "'+x", "'-x", "'@x", "'\tx", "-5", "+1e3", "-5", "x=1", "'-",
    ]  # fmt: skip


def test_characters_that_control_a_display_are_escaped(done: Run) -> None:
    from matplotlib.figure import Figure

    odd = "a\x1b[31m\x9b\u202e\u2066\ufffe\x00b"
    shown = "a\\x1b[31m\\x9b\\u202e\\u2066\\ufffe\\x00b"
    document = done.scenario.document.model_copy(update={"name": odd, "description": "1\n2" + odd})
    named = replace(done, scenario=replace(done.scenario, document=document))
    text = page(named, [])
    assert shown in text and "1\n2a" in text
    figure = Figure()
    figure.text(0, 0, odd)
    svg = as_svg(figure).decode()
    assert shown in svg
    table = plain(Sheet(odd, (odd,), [(odd,)], note=odd, footnotes=(odd,)))
    assert table.count(shown) == 5
    for found in (text, svg, table):
        assert not set("\x1b\x9b\u202e\u2066\ufffe\x00") & set(found)


def test_a_loop_is_told_in_a_sentence() -> None:
    assert str(LoopError(60, 1000, "mill, press")) == (
        "after 1000 rounds the instant at second 60 of the run does not end; "
        "still active: mill, press"
    )
    assert str(LoopError("no more")) == "no more"
