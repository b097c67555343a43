"""The store of runs: durable, one writer, failures kept, nothing else taken for a store."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.cli_support import ROOT

from chainsim.errors import InputError, RunError
from chainsim.experiments.store import Kept, key_of, reading, writing

FACTS = {"network": "sha256:0", "replication": 3, "knockout": [{"target": {"site": "a"}}]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs #1 50%.sqlite"  # signs that mean something in an address


def test_what_is_kept_is_found_again(path: Path) -> None:
    with writing(path) as store:
        assert store.find(key_of(FACTS)) is None
        store.keep(FACTS, Kept(b"\0payload"))
        store.keep(FACTS | {"replication": 4}, Kept(None, "LawError: a law"))
        with reading(path) as other:
            assert other.find(key_of(FACTS)) == Kept(b"\0payload")
    with writing(path) as store:
        assert store.find(key_of(FACTS)) == Kept(b"\0payload")
        assert store.find(key_of(FACTS | {"replication": 4})) == Kept(None, "LawError: a law")
        store.keep(FACTS | {"replication": 4}, Kept(b"again"))
        assert store.find(key_of(FACTS | {"replication": 4})) == Kept(b"again")


def test_a_key_is_its_facts_in_any_order() -> None:
    assert key_of(FACTS) == key_of(dict(reversed(FACTS.items())))
    assert len({key_of(FACTS | {"replication": k}) for k in range(9)}) == 9


def test_a_second_writer_is_turned_away_and_the_first_goes_on(path: Path) -> None:
    with writing(path) as store:
        with pytest.raises(RunError, match="another command is writing"), writing(path):
            pass
        store.keep(FACTS, Kept(b"x"))
    with writing(path) as store:
        assert store.find(key_of(FACTS)) == Kept(b"x")


def test_what_a_killed_process_had_kept_is_there_and_its_lock_is_gone(path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from chainsim.experiments.store import Kept, writing
with writing(Path({str(path)!r})) as store:
    for number in range(50):
        store.keep({{"number": number}}, Kept(bytes([number])))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], env={"PYTHONPATH": str(ROOT / "src")})
    assert done.returncode != 0
    with writing(path) as store:
        for number in range(50):
            assert store.find(key_of({"number": number})) == Kept(bytes([number]))


@pytest.mark.parametrize("content", ["no database at all, but a text of some length\n" * 20, None])
def test_something_else_is_left_alone(path: Path, content: str | None) -> None:
    if content is None:
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE mine (x)")
        connection.close()
    else:
        path.write_text(content)
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"be a store of runs|be whole"), writing(path):
        pass
    assert path.read_bytes() == before


def test_there_is_nothing_to_read_where_no_store_is(path: Path) -> None:
    with pytest.raises(InputError, match="a store of runs that exists"), reading(path):
        pass
    assert not path.exists()
