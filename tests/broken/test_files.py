"""Malformed files: each is refused at its exact place with its remedy, or accepted as said here.

The files follow a corpus of inputs that crash or mislead other readers (alias bombs, deep nesting,
encodings, YAML 1.1 scalars), then mistakes of the field. All are loaded in one process of their
own, so that a crash, a leak or a file written would show.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import chainsim
from chainsim.scenario.loading import load_scenario

HERE = Path(__file__).parent
FILES = HERE / "files"
SECONDS, MEGABYTES = 2.0, 300.0


class Refused(NamedTuple):
    """One problem that a file must give."""

    place: str
    """file:line:column, without the file where it is the file itself."""
    rule: str
    """A fragment of the rule, the value got, or both as shown."""
    remedy: str = ""


ACCEPTED: list[Refused] = []
NO_REMEDY = ""
CASES: dict[str, list[Refused]] = {
    "00_valid.yaml": ACCEPTED,
    "01_billion_laughs.yaml": [Refused("1:4", "not use anchors, aliases", "use templates")],
    "03_recursive_alias.yaml": [Refused("1:4", "not use anchors, aliases", "use templates")],
    "04_deep_nesting.yaml": [Refused("1:35", "be nested at most 32 levels deep")],
    "06_huge_int.yaml": [Refused("3:46", "have at most 40 digits, got 9999")],
    "08_nan.yaml": [Refused("23:56", "be a finite number, got .nan")],
    "09_inf.yaml": [Refused("11:40", "be a finite number, got .inf", "leave the key out")],
    "11_duplicate_key.yaml": [Refused("4:1", "be given once", "stands already in line 3")],
    "13_duplicate_id.yaml": [Refused("24:10", "be given once, got 'outage'", "yaml:23:5")],
    "14_unknown_key.yaml": [Refused("3:49", "be a known key, got 'sede'", "did you mean 'seed'?")],
    "15_unknown_nested.yaml": [Refused("23:78", "be a known key", "did you mean 'duration'?")],
    "16_wrong_unit.yaml": [Refused("3:34", "unknown unit 'dya'; did you mean 'day'?")],
    "18_number_as_string.yaml": [Refused("11:40", "be a number without quotes", NO_REMEDY)],
    "19_sci_notation.yaml": ACCEPTED,
    "20_octal.yaml": [Refused("11:40", "have no leading zeros, got 0400", "write 400")],
    "22_sexagesimal.yaml": ACCEPTED,
    "23_norway.yaml": ACCEPTED,
    "25_null.yaml": [Refused("11:70", "it has no value", "leave the key out")],
    "26_invalid_date.yaml": [Refused("27:22", "be a date of the calendar", NO_REMEDY)],
    "28_tab.yaml": [Refused("9:1", "be indented with spaces, got a tab", "replace tabs")],
    "29_latin1.yaml": [Refused("2:10", "be UTF-8 text, got what looks like Latin-1", "save")],
    "31_bom.yaml": ACCEPTED,
    "32_gbk.yaml": [Refused("2:7", "be UTF-8 text, got what looks like GBK", "save the file")],
    "34_unicode_ids.yaml": ACCEPTED,
    "36_crlf.yaml": ACCEPTED,
    "37_empty.yaml": [Refused("1:1", "it is empty", "start with name:")],
    "39_list_root.yaml": [Refused("1:1", "be a map of keys and values", "start with name:")],
    "40_multi_doc.yaml": [Refused("24:1", "hold one document", "remove the line ---")],
    "41_python_tag.yaml": [Refused("1:4", "not have a tag, got 'tag:yaml.org,2002:python", "remo")],
    "44_path_traversal.yaml": [Refused("2:7", "not contain / or \\ or ..", "not a path")],
    "47_long_name.yaml": [Refused("2:7", "have at most 200 characters, got 'mmmmmm")],
    "50_negative_capacity.yaml": [Refused("11:40", "be at least 0, got -400")],
    "51_severity_gt1.yaml": [Refused("23:56", "be a fraction from 0 to 1, got 80", "as 0.8 or")],
    "52_negative_lead.yaml": [Refused("21:50", "have no values below 0")],
    "55_zero_bom.yaml": ACCEPTED,
    "56_missing_supplier.yaml": [
        Refused("21:16", "be the id of a known site", "did you mean 'S'?")
    ],
    "57_unsupplied_part.yaml": [Refused("16:36", "nothing brings 'chip' to 'P'", "add replenish")],
    "58_disruption_target.yaml": [Refused("23:33", "be the id of a known site, got 'X'", "P, S")],
    "59_cycle.yaml": [Refused("19:13", "P orders from S orders from P", "give one lane a transit")],
    "63_bad_dist.yaml": [Refused("21:81", "be above 0, got -1")],
    "65_prob_sum.yaml": [Refused("21:50", "have probabilities p that sum to 1, not 1.1")],
    "67_horizon_neg.yaml": [Refused("3:34", "be above 0 d, got '-1 d'")],
    "68_warmup_gt_horizon.yaml": [Refused("3:58", "be shorter than the run of 60 d, got '90 d'")],
    "72_shift_empty.yaml": ACCEPTED,
    "75_segv_nesting.yaml": [Refused("1:35", "be nested at most 32 levels deep")],
    # mistakes of the field, beyond the corpus
    "80_unknown_item.yaml": [Refused("21:34", "known item, got 'prat'", "did you mean 'part'?")],
    "81_unknown_site.yaml": [Refused("17:62", "known site, got 'T'", "known sites are P, S")],
    "82_no_lane.yaml": [Refused("17:62", "carries 'part' from 'S' to 'P'", "add a lane")],
    "83_pull_unwanted.yaml": [Refused("13:63", "nobody demands, uses or orders it at 'S'")],
    "84_negative_profile.yaml": [Refused("25:59", "be at least 0, got -0.5")],
    "85_empty_selector.yaml": [Refused("23:26", "name at least one word", "hit everything")],
    "86_date_outside.yaml": [Refused("23:73", "lie within the run of 60 d", "move it")],
    "87_parameter_of_itself.yaml": [
        Refused("87_parameters.csv:3:14", "demand.share uses supply.share uses demand.share")
    ],
    "88_call.yaml": [Refused("11:43", "functions are not allowed, only arithmetic")],
    "89_attribute.yaml": [Refused("11:46", "attributes are not allowed, only arithmetic")],
    "90_extends_itself.yaml": [
        Refused("90_by_way_of.yaml:1:10", "extends 90_by_way_of.yaml extends", "remove one link")
    ],
    "91_five_problems.yaml": [
        Refused("3:15", "unknown unit 'dya'"),
        Refused("6:12", "be one of 'upstream', 'midstream'", "did you mean 'upstream'?"),
        Refused("8:58", "no parameter has the name 'share'", "name its table"),
        Refused("91_beneath.yaml:2:40", "be a known key, got 'sede'", "did you mean 'seed'?"),
        Refused("91_beneath.yaml:10:40", "have no leading zeros, got 0400", "write 400"),
    ],
}
BESIDE = {"90_by_way_of.yaml", "91_beneath.yaml"}
"""Files that only others name."""


def large_files(folder: Path) -> None:
    """Write the files that are too large to keep."""
    valid = (FILES / "00_valid.yaml").read_text(encoding="utf-8")
    nested = {"04_deep_nesting.yaml": 5_000, "75_segv_nesting.yaml": 50_000}
    for name, depth in nested.items():
        (folder / name).write_text(f"x: {'[' * depth}{']' * depth}\n{valid}", encoding="utf-8")
    digits = valid.replace("seed: 1", f"seed: {'9' * 5_000}")
    (folder / "06_huge_int.yaml").write_text(digits, encoding="utf-8")
    named = valid.replace("name: mini", f"name: {'m' * 5_000}")
    (folder / "47_long_name.yaml").write_text(named, encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all files."""
    target = tmp_path_factory.mktemp("broken")
    for file in FILES.glob("[0-9]*"):
        shutil.copy(file, target)
    large_files(target)
    return target


@pytest.fixture(scope="module")
def outcomes(folder: Path) -> dict[str, dict[str, Any]]:
    """What came of every file, each loaded in one fresh process."""
    before = sorted(folder.iterdir())
    run = subprocess.run(
        [sys.executable, str(HERE / "probe.py"), *CASES],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(chainsim.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert sorted(folder.iterdir()) == before, "a file was written"
    found: dict[str, dict[str, Any]] = json.loads(run.stdout)
    return found


def test_every_file_has_its_case(folder: Path) -> None:
    assert {file.name for file in folder.glob("*.yaml")} == {*CASES, *BESIDE}


@pytest.mark.parametrize("name", CASES)
def test_the_verdict(name: str, outcomes: dict[str, dict[str, Any]]) -> None:
    outcome = outcomes[name]
    assert outcome["error"] == "", "only an InputError may come of bad input"
    places = [line.split(": ", 1)[0] for line in outcome["lines"]]
    expected = CASES[name]
    assert places == [c.place if c.place.count(":") == 2 else f"{name}:{c.place}" for c in expected]
    for line, case, problem in zip(outcome["lines"], expected, outcome["problems"], strict=True):
        assert case.rule in line
        assert case.remedy in problem["remedy"]


@pytest.mark.parametrize("name", CASES)
def test_time_and_memory_are_bounded(name: str, outcomes: dict[str, dict[str, Any]]) -> None:
    assert outcomes[name]["seconds"] < SECONDS
    assert outcomes[name]["megabytes"] < MEGABYTES


@pytest.mark.parametrize("name", CASES)
def test_a_problem_is_one_short_line(name: str, outcomes: dict[str, dict[str, Any]]) -> None:
    assert len(outcomes[name]["lines"]) == len(outcomes[name]["problems"])
    assert all(line.isprintable() and len(line) < 600 for line in outcomes[name]["lines"])


def test_what_is_accepted_means_what_it_says(folder: Path) -> None:
    """Figures read by other YAML versions as text or as another number."""
    rate = (
        load_scenario(folder / "19_sci_notation.yaml").document.sites["S"].operations["make"].rate
    )
    assert rate is not None
    assert rate.value * 86_400 == 400
    times = load_scenario(folder / "22_sexagesimal.yaml").document
    assert times.calendars["two_shifts"].week["sun"] == ((28_800, 57_600), (57_600, 86_400))
    assert times.sites["P"].demand["car"].at == 16 * 3600
    assert "NO" in load_scenario(folder / "23_norway.yaml").document.sites
    assert "四川" in load_scenario(folder / "34_unicode_ids.yaml").document.sites


def test_an_empty_shift_list_is_a_warning(outcomes: dict[str, dict[str, Any]]) -> None:
    (warning,) = outcomes["72_shift_empty.yaml"]["warnings"]
    assert "72_shift_empty.yaml:26:3: calendars.never must have a shift" in warning
