"""Verdicts for machines: JUnit XML, GitHub's commands, Markdown, JSON; and hostile names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tests.unit.check_support import BRIEF, FAIL, PASS, TIE, broken, check, expecting
from tests.unit.cli_support import call

from chainsim.errors import LawError
from chainsim.report.check_formats import MOST_ANNOTATIONS

__all__ = ["broken"]
HOSTILE = "a,b%:c|d<e>\n::error::x`*.yaml"


def junit(folder: Path, *files: Path) -> ET.Element:
    """The parsed report of some files."""
    target = folder / "report.xml"
    check(*files, "--format", f"junit:{target}")
    return ET.fromstring(target.read_bytes())


def test_junit_has_a_suite_for_each_file_and_a_case_for_each_check(tmp_path: Path) -> None:
    first = expecting(tmp_path, PASS, FAIL, TIE)
    second = expecting(tmp_path, PASS, name="b.yaml")
    root = junit(tmp_path, first, second)
    assert root.tag == "testsuites"
    assert [root.get(key) for key in ("tests", "failures", "errors", "skipped")] == list("6110")
    one, two = root.findall("testsuite")
    assert [case.get("name") for case in one] == ["enough", "too_much", "tie", "laws"]
    assert [one.get(key) for key in ("tests", "failures", "errors")] == list("411")
    assert [two.get(key) for key in ("tests", "failures", "errors")] == list("200")
    failure = one.find("testcase/failure")
    assert failure is not None and "expected at least 999,999 vehicles" in failure.get(
        "message", ""
    )
    error = one.find("testcase/error")
    assert error is not None and error.get("type") == "inconclusive"
    assert {case.get("classname") for case in two} == {"b"}
    assert root.find(".//skipped") is None


def test_what_is_inconclusive_is_never_green(tmp_path: Path) -> None:
    root = junit(tmp_path, expecting(tmp_path, TIE))
    (case,) = (case for case in root.iter("testcase") if case.get("name") == "tie")
    assert case.find("error") is not None and case.find("system-out") is None


def test_junit_is_xml_whatever_an_error_says(tmp_path: Path, broken: dict[int, Exception]) -> None:
    broken[0] = LawError("stock\x00balance\x1b[31m\ufffe<&>\"']]>", "x\x08", 1)
    root = junit(tmp_path, expecting(tmp_path, PASS))
    (case,) = (case for case in root.iter("testcase") if case.get("name") == "laws")
    text = "".join(case.itertext())
    assert "\\x00" in text and "\\x1b[31m" in text and "\\ufffe" in text and "]]>" in text


def hostile(folder: Path, *rows: str) -> Path:
    """A scenario whose file name has the marks of every format."""
    try:
        return expecting(folder, *rows, name=HOSTILE)
    except OSError:
        pytest.skip("no such name on this file system")


def test_names_cannot_break_out_of_a_format(tmp_path: Path) -> None:
    file = hostile(tmp_path, FAIL)
    done = call("check", file, "--workers", 1, "-q", "--format", "github")
    (line,) = done.stdout.splitlines()
    assert line.startswith("::error file=") and "a%2Cb%25%3Ac|d<e>%0A%3A%3Aerror%3A%3Ax" in line
    text = call("check", file, "--workers", 1, "-q", "--format", "markdown").stdout
    assert "a,b%:c\\|d\\<e\\>\\\\n::error::x\\`\\*.yaml" in text
    assert all(line.startswith(("#", "|")) or not line for line in text.splitlines())
    suite = junit(tmp_path, file).find("testsuite")
    assert suite is not None and "d<e>" in suite.get("name", "")
    plain = check(file).stdout
    assert "\n::error" not in plain


def test_annotations_stand_at_the_line_of_the_expectation(tmp_path: Path) -> None:
    file = expecting(tmp_path, PASS, FAIL, TIE)
    lines = check(file, "--format", "github").stdout.splitlines()
    row = file.read_text("utf-8").splitlines().index(f"  - {FAIL}") + 1
    assert len(lines) == 2
    assert lines[0].startswith("::error file=") and f",line={row},col=" in lines[0]
    assert ",title=too_much%3A fail::output: " in lines[0]
    assert lines[1].startswith("::warning file=") and f",line={row + 1}," in lines[1]


def test_files_are_named_as_in_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deep").mkdir()
    file = expecting(tmp_path / "deep", FAIL)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert check(file, "--format", "github").stdout.startswith("::error file=deep/tiny.yaml,")


def test_no_more_annotations_than_github_shows(tmp_path: Path) -> None:
    rows = [FAIL.replace("too_much", f"f{k}") for k in range(8)]
    ties = [TIE.replace("tie", f"t{k}") for k in range(8)]
    lines = check(expecting(tmp_path, *ties, *rows), "--format", "github").stdout.splitlines()
    assert len(lines) == MOST_ANNOTATIONS
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 8 + ["::warning"] * 2
    assert "7 more checks did not pass" in lines[-1]


def test_all_that_passes_says_nothing_to_github(tmp_path: Path) -> None:
    assert check(expecting(tmp_path, PASS), "--format", "github").stdout == ""


@pytest.fixture
def on_github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The environment of a step, with the file of its summary."""
    target = tmp_path / "summary.md"
    target.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(target))
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    return target


def test_on_github_annotations_and_a_summary_come_by_themselves(
    tmp_path: Path, on_github: Path
) -> None:
    done = check(expecting(tmp_path, PASS, FAIL), "--json")
    assert json.loads(done.stdout)["files"][0]["verdict"] == "fail"  # one object, nothing else
    assert [line.split(" ")[0] for line in done.stderr.splitlines()] == ["::error"]
    text = on_github.read_text("utf-8")
    assert text.startswith("before\n### ") and "| too\\_much | output |" in text


def test_annotations_are_not_told_twice(tmp_path: Path, on_github: Path) -> None:
    done = check(expecting(tmp_path, FAIL), "--format", "github")
    assert done.stdout.count("::error") == 1 and done.stderr == ""


def test_a_summary_that_cannot_be_written_changes_no_verdict(
    tmp_path: Path, on_github: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    done = call("check", expecting(tmp_path, PASS), "--workers", 1)
    assert done.exit_code == 0 and "the step summary could not be written" in done.stderr


def test_elsewhere_nothing_is_said_to_github(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert check(expecting(tmp_path, FAIL)).stderr == ""


def test_several_formats_at_one_time(tmp_path: Path) -> None:
    names = {name: tmp_path / f"out.{name}" for name in ("junit", "json", "markdown", "github")}
    words = [w for name, path in names.items() for w in ("--format", f"{name}:{path}")]
    done = check(expecting(tmp_path, FAIL), *words)
    assert "too_much" in done.stdout  # text stays on the output
    assert all(path.stat().st_size for path in names.values())
    assert json.loads(names["json"].read_text("utf-8"))["schema"] == "chainsim/check/1"
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def test_a_file_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out.json"
    target.write_text("old", encoding="utf-8")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("chainsim.report.files.os.fsync", full)
    done = check(expecting(tmp_path, PASS), "--format", f"json:{target}")
    assert done.exit_code == 4 and "No space left" in done.stderr
    assert target.read_text("utf-8") == "old"
    assert sorted(os.listdir(tmp_path)) == ["out.json", "tiny.yaml"]


def test_json_has_stable_keys_and_no_nan(tmp_path: Path) -> None:
    done = check(expecting(tmp_path, PASS, text=BRIEF), "--json")
    whole = json.loads(done.stdout, parse_constant=lambda name: pytest.fail(name))
    (file,) = whole["files"]
    assert set(file) == {
        "file", "scenario", "fingerprint", "verdict", "exit_code", "seed", "replications",
        "failed", "error", "error_budget", "checks", "laws", "looks", "baseline", "renewed",
        "errors",
    }  # fmt: skip
    assert set(file["checks"][0]) == {
        "id", "kind", "measure", "versus", "relative", "verdict", "unit", "at_least", "at_most",
        "mean", "low", "high", "n", "reference", "p_inside", "p_outside", "needed", "why",
        "place", "weeks", "driver", "worst",
    }  # fmt: skip
