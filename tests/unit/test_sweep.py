"""Sweeps: every run once, kept at once, the same whoever runs it, and never mixed with others."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from tests.unit.cli_support import call, finished
from tests.unit.sweep_support import CHAIN, PARAMETERS, STUDY, exported, rows, study, swept

from chainsim import load_scenario
from chainsim.experiments.replications import replicated
from chainsim.experiments.sweeps.tables import frame
from chainsim.network.compiling import compile_network

GRID = """\
name: Grid
base: chain.yaml
factors:
  - {path: disruptions.stop.effect.capacity, values: [0, 0.5, 1], name: left}
  - {path: disruptions.stop.duration, values: [7 d, 14 d], name: duration}
  - {path: disruptions.stop.target.site, values: [supplier, maker], name: node}
  - {parameter: road.time}
design:
  - {method: grid, factors: [left, duration, node]}
  - {method: base}
  - {method: latin_hypercube, n: 8, factors: road.time}
replications: 5
"""


@pytest.mark.case("A-S09b")
def test_points_runs_and_seeds_are_as_many_as_counted(tmp_path: Path) -> None:
    swept(study(tmp_path, GRID), tmp_path / "out")
    found = rows(tmp_path / "out")
    assert len({row["point"] for row in found}) == 3 * 2 * 2 + 1 + 8
    assert len(found) == 105
    assert len({(row["point"], row["replication"]) for row in found}) == 105
    with sqlite3.connect(tmp_path / "out" / "study.sqlite") as connection:
        assert connection.execute("SELECT count(DISTINCT key) FROM runs").fetchone() == (105,)
    connection.close()
    # demand draws from streams of its own: one course of it for each replication, at every point
    assert len({row["demanded"] for row in found}) <= 5
    for k in range(5):
        assert len({row["demanded"] for row in found if row["replication"] == str(k)}) == 1


def test_a_run_is_the_run_of_its_scenario(tmp_path: Path) -> None:
    path = study(tmp_path)
    swept(path, tmp_path / "out")
    for row in rows(tmp_path / "out"):
        overrides = [f"parameters.{name}={row[name]}"
                     for name in ("supplier.cycle", "road.time", "maker.stock")]  # fmt: skip
        network = compile_network(load_scenario(tmp_path / "chain.yaml", overrides))
        own = replicated(network, None, int(row["replication"]))
        assert own.values is not None and own.resilience is not None
        assert float(row["output"]) == own.values.total["output"]
        assert float(row["lost_area"]) == own.resilience.total.lost_area
        assert float(row["days_of_cover.part"]) == own.values.items["part"]["days_of_cover"]


def test_values_lie_in_their_ranges_and_whole_ones_are_whole(tmp_path: Path) -> None:
    swept(study(tmp_path), tmp_path / "out")
    for row in rows(tmp_path / "out"):
        assert 0.7 <= float(row["supplier.cycle"]) <= 1.1
        assert 0.5 <= float(row["road.time"]) <= 2
        assert float(row["maker.stock"]) % 1 == 0


def test_the_same_bytes_for_any_workers_and_in_parts(tmp_path: Path) -> None:
    path = study(tmp_path)
    swept(path, tmp_path / "one")
    expected = exported(tmp_path / "one"), exported(tmp_path / "one", "--days")
    two = finished("sweep", path, "--out", tmp_path / "two", "--workers", 2, cwd=tmp_path)
    assert two.returncode == 0, two.stderr
    assert (exported(tmp_path / "two"), exported(tmp_path / "two", "--days")) == expected
    parts = tmp_path / "parts"
    for shard in ("1/3", "2/3", "3/3"):
        swept(path, parts, "--shard", shard)
    stores = sorted(parts.glob("*.sqlite"))
    assert [store.name for store in stores] == [f"study.{i}of3.sqlite" for i in (1, 2, 3)]
    merged = call("merge", path, *stores, "--out", tmp_path / "merged")
    assert merged.exit_code == 0 and merged.stdout.startswith("8 runs brought into"), merged.output
    assert exported(tmp_path / "merged") == expected[0]
    assert exported(tmp_path / "merged", "--days") == expected[1]
    assert "0 are to be run" in swept(path, tmp_path / "merged")


def test_a_finished_sweep_runs_nothing_again(tmp_path: Path) -> None:
    path, out = study(tmp_path), tmp_path / "out"
    assert "4 points, 2 replications: 8 runs" in swept(path, out)
    before = (out / "study.sqlite").read_bytes()
    assert "8 are kept in" in swept(path, out)
    assert (out / "study.sqlite").read_bytes() == before
    assert {one.name for one in out.iterdir()} == {"study.sqlite", ".study.sqlite.lock"}


def test_a_study_that_grows_keeps_its_runs(tmp_path: Path) -> None:
    out = tmp_path / "out"
    swept(study(tmp_path, STUDY.replace("latin_hypercube, n: 4, seed: 3", "one_at_a_time")), out)
    grown = STUDY.replace("latin_hypercube, n: 4, seed: 3", "one_at_a_time")
    grown = grown.replace("replications: 2", "replications: 3")
    assert "14 are kept" in swept(study(tmp_path, grown), out)
    assert len(rows(out)) == 21
    comments = CHAIN.replace("# a", "").replace("name: A small chain", "name: Another # words")
    assert "0 are to be run" in swept(study(tmp_path, grown, chain=comments), out)


@pytest.mark.parametrize(
    ("word", "old", "new", "says"),
    [
        ("chain", "length: 20 d", "length: 21 d", 'run.length: "20 d" -> "21 d"'),
        ("parameters", "maker.cycle,1,", "maker.cycle,0.9,", "parameters.maker.cycle: 1 h -> 0.9"),
        ("chain", "rate: 20 /d", "rate: 21 /d", "sites.maker.demand.car.rate"),
    ],
)
def test_a_changed_scenario_is_not_mixed_with_what_it_was(
    tmp_path: Path, word: str, old: str, new: str, says: str
) -> None:
    out = tmp_path / "out"
    swept(study(tmp_path), out)
    before = exported(out)
    text = (CHAIN if word == "chain" else PARAMETERS).replace(old, new)
    path = study(tmp_path, **{word: text})
    told = swept(path, out, code=2)
    assert says in told and "--rerun stale" in told
    assert exported(out) == before
    swept(path, out, "--rerun", "stale")
    fresh = tmp_path / "fresh"
    swept(path, fresh)
    assert exported(out) == exported(fresh) != before


def test_two_studies_do_not_share_a_store(tmp_path: Path) -> None:
    out = tmp_path / "out"
    swept(study(tmp_path), out)
    told = swept(study(tmp_path, STUDY.replace("What carries", "Another")), out, code=2)
    assert "that of 'What carries the small chain'" in told and "--out" in told


def test_failed_runs_are_kept_told_and_run_again_when_asked(tmp_path: Path) -> None:
    text = """\
name: A value that is impossible
base: chain.yaml
factors: [{path: run.warm_up, values: [mser5, 0 d]}]
design: {method: grid}
replications: 2
"""
    path, out = study(tmp_path, text), tmp_path / "out"
    told = swept(path, out, code=4)
    assert (
        "2 runs failed; first point 0 (base: run.warm_up=mser5), replication 0: the scenario"
        in told
    )
    found = rows(out)
    assert [bool(row["error"]) for row in found] == [True, True, False, False]
    assert all(not row["output"] for row in found if row["error"])
    assert "2 of them failed; 0 are to be run" in swept(path, out, code=4)
    assert "2 are to be run" in swept(path, out, "--rerun", "failed", code=4)
    assert "4 are to be run" in swept(path, out, "--rerun", "all", code=4)


def test_a_dry_run_says_what_would_be_run_and_keeps_nothing(tmp_path: Path) -> None:
    path, out = study(tmp_path), tmp_path / "out"
    told = swept(path, out, "--dry-run")
    assert "8 runs on 1 workers: about" in told and "run for this and not kept" in told
    swept(path, out, "--shard", "1/2")
    swept(path, out)
    found = call("sweep", path, "--out", out, "--dry-run", "--json")
    assert json.loads(found.stdout)["left"] == 0


def test_what_is_damaged_is_run_again(tmp_path: Path) -> None:
    path, out = study(tmp_path), tmp_path / "out"
    swept(path, out)
    before = exported(out)
    with sqlite3.connect(out / "study.sqlite") as connection:
        (key,) = connection.execute("SELECT key FROM runs ORDER BY key LIMIT 1").fetchone()
        connection.execute("UPDATE runs SET payload = zeroblob(9) WHERE key = ?", (key,))
    connection.close()
    assert len(rows(out)) == 7
    assert "1 are to be run" in swept(path, out)
    assert exported(out) == before


@pytest.mark.parametrize("how", ["text", "cut", "version", "stress"])
def test_what_is_no_whole_store_of_this_version_is_refused_and_left_alone(
    tmp_path: Path, how: str
) -> None:
    path, out = study(tmp_path), tmp_path / "out"
    swept(path, out)
    store = out / "study.sqlite"
    if how == "text":
        store.write_text("not a store, but some text that is long enough\n" * 50)
    elif how == "cut":
        store.write_bytes(store.read_bytes()[:9000])
    else:
        with sqlite3.connect(store) as connection:
            pragma = "user_version = 99" if how == "version" else "application_id = 1"
            connection.execute(f"PRAGMA {pragma}")
        connection.close()
    before = store.read_bytes()
    told = swept(path, out, code=2)
    assert str(store) in told and "move it away" in told
    assert store.read_bytes() == before
    assert call("export", out).exit_code == 2


def test_parts_of_another_study_or_another_result_are_not_merged(tmp_path: Path) -> None:
    path = study(tmp_path)
    swept(path, tmp_path / "a", "--shard", "1/2")
    swept(path, tmp_path / "b", "--shard", "2/2")
    part = tmp_path / "a" / "study.1of2.sqlite"
    other = study(tmp_path / "other", STUDY.replace("What carries", "Another"))
    swept(other, tmp_path / "c", "--shard", "2/2")
    told = call("merge", path, part, tmp_path / "c" / "study.2of2.sqlite", "--out", tmp_path / "m")
    assert told.exit_code == 2 and "be of the same study" in told.stderr
    swept(path, tmp_path / "d")
    with sqlite3.connect(part) as connection:  # a result of a machine that computes otherwise
        connection.execute(
            "UPDATE runs SET payload = (SELECT payload FROM runs ORDER BY key DESC LIMIT 1)"
        )
    connection.close()
    _mend_sums(part)
    told = call("merge", path, part, "--out", tmp_path / "d")
    assert told.exit_code == 2 and "have the same result for run" in told.stderr


def _mend_sums(store: Path) -> None:
    import zlib

    with sqlite3.connect(store) as connection:
        for key, payload in connection.execute("SELECT key, payload FROM runs").fetchall():
            total = zlib.crc32(b"", zlib.crc32(payload, zlib.crc32(key)))
            connection.execute("UPDATE runs SET sum = ? WHERE key = ?", (total, key))
    connection.close()


def test_an_interrupted_sweep_says_how_to_go_on(tmp_path: Path) -> None:
    import signal
    import time

    from tests.unit.cli_support import start

    text = STUDY.replace("n: 4", "n: 400")
    path, out = study(tmp_path, text), tmp_path / "out"
    running = start("sweep", path, "--out", out, "--workers", 2, cwd=tmp_path)
    store = out / "study.sqlite"
    began = time.monotonic()
    while time.monotonic() - began < 60 and not (store.exists() and _count(store) > 3):
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130, told
    assert f"what is finished is kept in {store}; to go on:\nchainsim sweep {path}" in told
    assert "Traceback" not in told
    assert 3 < len(rows(out)) < 800


def _count(store: Path) -> int:
    try:
        with sqlite3.connect(store) as connection:
            (number,) = connection.execute("SELECT count(*) FROM runs").fetchone()
        return int(number)
    except sqlite3.Error:
        return 0
    finally:
        connection.close()


def test_runs_as_a_table_of_pandas(tmp_path: Path) -> None:
    swept(study(tmp_path), tmp_path / "out")
    table = frame(tmp_path / "out")
    assert len(table) == 8 and table["output"].notna().all()
    assert set(table.groupby("point").size()) == {2}


def test_daily_series_add_up_to_the_measures(tmp_path: Path) -> None:
    swept(study(tmp_path), tmp_path / "out")
    days = rows(tmp_path / "out", "--days")
    assert len(days) == 8 * 20
    for row in rows(tmp_path / "out"):
        run = row["point"], row["replication"]
        own = (float(d["output"]) for d in days if (d["point"], d["replication"]) == run)
        assert sum(own) == float(row["output"])


def test_export_to_files(tmp_path: Path) -> None:
    swept(study(tmp_path), tmp_path / "out")
    target = tmp_path / "runs.csv"
    assert call("export", tmp_path / "out", "-o", target).exit_code == 0
    assert target.read_text() == exported(tmp_path / "out")
    pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    target = tmp_path / "runs.parquet"
    found = call("export", tmp_path / "out", "--format", "parquet", "-o", target)
    assert found.exit_code == 0, found.output
    assert pq.read_table(target).num_rows == 8


def test_twins_are_run_only_where_a_measure_needs_them(tmp_path: Path) -> None:
    plain, whole = STUDY + "measures: [output]\n", STUDY + "measures: [output, lost_area]\n"
    swept(study(tmp_path, plain), tmp_path / "plain")
    swept(study(tmp_path, whole), tmp_path / "whole")
    without, with_twins = rows(tmp_path / "plain"), rows(tmp_path / "whole")
    assert [row["output"] for row in without] == [row["output"] for row in with_twins]
    assert all(not row.get("lost_area") for row in without)
    assert all(row["lost_area"] for row in with_twins)
    told = swept(study(tmp_path, whole), tmp_path / "plain")  # they are other runs
    assert "8 runs of earlier forms of the study are kept beside them" in told
    assert exported(tmp_path / "plain") == exported(tmp_path / "whole")
