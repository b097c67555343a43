"""Every rule of study files has a broken study that names it, with the place of the slip.

A ^ in the new text marks where the problem must be reported. Nothing is run, nothing is written.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from tests.unit.cli_support import call
from tests.unit.sweep_support import study

VALID = """\
name: Study
base: chain.yaml
factors:
  - {parameter: supplier.cycle}
  - {path: run.length, low: 10 d, high: 20 d}
  - {assumed: road.*}
design: {method: latin_hypercube, n: 4}
measures: [output]
budget: {runs: 100}
"""
FIRST = "{parameter: supplier.cycle}"
SECOND = "{path: run.length, low: 10 d, high: 20 d}"
THIRD = "{assumed: road.*}"
DESIGN = "{method: latin_hypercube, n: 4}"
RANKED = f"design: {DESIGN}\nmeasures: [output]"
GROUPED = f"  - {FIRST}\n  - {SECOND}\n  - {THIRD}\n{RANKED}"


class Case(NamedTuple):
    """An edit of the valid study and what must be said of it."""

    old: str
    new: str
    says: str


CASES = {
    "unknown key": Case("measures:", "^mesures:", "did you mean 'measures'?"),
    "no base": Case("base: chain.yaml", "base: ^chian.yaml", "be a scenario file that exists"),
    "no factors": Case(f"factors:\n  - {FIRST}\n  - {SECOND}\n  - {THIRD}", "factors: ^[]", "1"),
    "unknown parameter": Case(
        FIRST, "{parameter: ^suplier.cycle}", "did you mean 'supplier.cycle'"
    ),
    "unknown path": Case("run.length, ", "^run.lenght, ", "must exist; did you mean 'length'?"),
    "two ways": Case(FIRST, "^{parameter: supplier.cycle, path: run.seed}", "exactly one of"),
    "no way": Case(FIRST, "^{low: 1, high: 2}", "exactly one of parameter, path and assumed"),
    "path without range": Case(SECOND, "^{path: run.length, low: 10 d}", "have low and high"),
    "empty range": Case("low: 10 d, high: 20 d", "low: ^20 d, high: 20 d", "lie below high"),
    "mixed units": Case(SECOND, "{path: ^run.length, low: 10, high: 20 d}", "numbers of one kind"),
    "wrong unit": Case(FIRST, "{parameter: supplier.cycle, low: ^1 km, high: 2 h}", "a time"),
    "no range in the table": Case(FIRST, "{parameter: ^maker.cycle}", "the table gives no range"),
    "impossible value": Case(
        SECOND, "{path: ^run.length, low: 0 d, high: 9 d}", "be possible at run.length = 0 d"
    ),
    "impossible word": Case(
        SECOND, "{path: ^disruptions.stop.target.site, values: [supplier, nobody]}", "nobody"
    ),
    "values and range": Case(
        FIRST, "^{parameter: supplier.cycle, values: [1], low: 1}", "values or a range, not both"
    ),
    "equal values": Case(
        FIRST, "{parameter: supplier.cycle, values: ^[1, 1]}", "differ from each other"
    ),
    "range of assumed": Case(THIRD, "^{assumed: road.*, low: 1}", "from the table"),
    "assumed false": Case(THIRD, "^{assumed: false}", "assumed: true, or patterns"),
    "except without assumed": Case(
        FIRST, "^{parameter: supplier.cycle, except: x}", "except beside assumed only"
    ),
    "pattern of nothing": Case(THIRD, "{assumed: ^raod.*}", "match an assumed parameter"),
    "pattern of what is not used": Case(THIRD, "{assumed: ^idle.*}", "that the scenario uses"),
    "twice": Case(THIRD, "{assumed: supplier.*}", "be varied by one factor only"),
    "mode of a uniform": Case(FIRST, "^{parameter: supplier.cycle, mode: 1}", "mode with shape"),
    "sd of a uniform": Case(FIRST, "^{parameter: supplier.cycle, sd: 1}", "mean and sd with shape"),
    "normal without sd": Case(FIRST, "^{parameter: supplier.cycle, shape: normal}", "have sd"),
    "no spread": Case(FIRST, "{parameter: supplier.cycle, shape: normal, sd: ^0}", "be above 0"),
    "log of zero": Case(
        FIRST, "{parameter: supplier.cycle, shape: log_uniform, low: ^0, high: 1}", "be above 0"
    ),
    "mode outside": Case(
        FIRST, "{parameter: supplier.cycle, shape: triangular, mode: ^2}", "lie in the range of"
    ),
    "unknown design": Case(DESIGN, "^{method: hypercube, n: 4}", "did you mean 'latin_hypercube'"),
    "no power of two": Case(DESIGN, "^{method: sobol, n: 100}", "64 or 128, not 100"),
    "odd levels": Case(DESIGN, "^{method: morris, levels: 5}", "even number of levels"),
    "no n": Case(DESIGN, "^{method: latin_hypercube}", "must have the key 'n'"),
    "no design": Case(DESIGN, "^[]", "design must"),
    "unknown factor of a design": Case(
        "n: 4}", "n: 4, factors: ^road}", "name factors or groups, got 'road'; did you mean"
    ),
    "more than the budget": Case(
        "{method: latin_hypercube, n: 4}", "^{method: latin_hypercube, n: 400}", "400 runs"
    ),
    "more than the budget by one point": Case(
        f"design: {DESIGN}\nmeasures: [output]\nbudget: {{runs: 100}}",
        "design: ^{method: sobol, n: 16}\nmeasures: [output]\nbudget: {runs: 79}",
        "80 runs (80 points, 1 each)",
    ),
    "unknown measure": Case("[output]", "[^outptu]", "did you mean 'output'?"),
    "measure that is none of an item": Case("[output]", "[^output.car]", "name a measure"),
    "item of a stage": Case("[output]", "[^peak_backlog./../x]", "name a measure"),
    "one path twice": Case(
        SECOND, "{path: parameters.supplier.cycle, low: 1, high: 2}", "one factor only"
    ),
    "one name twice": Case(
        SECOND, "{path: run.length, low: 10 d, high: 20 d, name: road.time}", "names of their own"
    ),
    "name of a column": Case(FIRST, "{parameter: supplier.cycle, name: point}", "as a column"),
    "set as well": Case("measures:", "set: {run.length: 15 d}\nmeasures:", "be given by set"),
    "group that is a factor": Case(
        f"{FIRST}\n  - {SECOND}\n  - {THIRD}\ndesign: {DESIGN}",
        "{parameter: supplier.cycle, group: length}\n"
        "  - {path: run.length, low: 10 d, high: 20 d, name: length}\ndesign: {method: morris}",
        "no names of other factors",
    ),
    "whole between halves": Case(
        FIRST, "{parameter: supplier.cycle, low: 0.5, high: 3.5, whole: ^true}", "whole low and"
    ),
    "target in another unit": Case(
        "measures:", "targets: [{measure: output, at_least: ^5 d}]\nmeasures:", "a plain number"
    ),
    "files that nobody read": Case(
        SECOND, "{path: ^calendars.week.days_file, values: [a.csv, b.csv]}", "calendars"
    ),
    "unknown item": Case("[output]", "[^days_of_cover.prat]", "did you mean 'part'?"),
    "unknown measure of a year": Case("[output]", "[^fill_rate@2024]", "output@2030"),
    "unknown target": Case(
        "measures:", "targets: [{measure: ^ouput, at_least: 1}]\nmeasures:", "did you mean 'output'"
    ),
    "two bounds": Case(
        "measures:",
        "targets: [^{measure: output, at_least: 1, at_most: 2}]\nmeasures:",
        "exactly one of at_least and at_most",
    ),
    "unknown series": Case("measures:", "daily: [^demand.backlog]\nmeasures:", "demands.backlog"),
    "no list": Case(DESIGN, "{method: list, file: ^nowhere.csv}", "be a file that exists"),
    "wrong set": Case("measures:", "set: {run.lenght: 3 d}\nmeasures:", "did you mean 'length'?"),
    "another scenario": Case(
        "measures:",
        "expect: [{id: a, measure: output, versus: ^chain.yaml, at_least: 1}]\nmeasures:",
        "not stand in a study: a study is judged from its own points alone",
    ),
    "a baseline": Case(
        "measures:", "expect: [{id: a, measure: output, within: ^2 %}]\nmeasures:", "in a study"
    ),
    "a series": Case(
        "measures:", "expect: [{id: a, series: ^output, within: 2 %}]\nmeasures:", "in a study"
    ),
    "relative to what": Case(
        "measures:",
        "expect: [{id: a, measure: output, relative: ^true, at_least: 1}]\nmeasures:",
        "in a study",
    ),
    "expected without a bound": Case(
        "measures:",
        "expect: [^{id: a, measure: output}]\nmeasures:",
        "expect.a must have at_least or at_most, or driver and rank_at_most",
    ),
    "expected of nothing": Case(
        "measures:", "expect: [^{id: a, at_least: 1}]\nmeasures:", "name a measure"
    ),
    "rank of nobody": Case(
        "measures:", "expect: [{id: a, measure: output, rank_at_most: ^1}]\nmeasures:", "driver"
    ),
    "driver without a rank": Case(
        "measures:",
        "expect: [{id: a, measure: output, driver: ^road.time}]\nmeasures:",
        "stand beside rank_at_most",
    ),
    "rank and bound": Case(
        "measures:",
        "expect: [{id: a, measure: output, driver: x, rank_at_most: 1, at_most: ^1}]\nmeasures:",
        "write two expectations",
    ),
    "bounds in disorder": Case(
        "measures:",
        "expect: [{id: a, measure: output, at_least: ^2, at_most: 1}]\nmeasures:",
        "not be above at_most",
    ),
    "two of one id": Case(
        "measures:",
        "expect: [{id: a, measure: output, at_least: 1},"
        " {id: ^a, measure: output, at_most: 9}]\nmeasures:",
        "be the id of one expectation",
    ),
    "unknown measure expected": Case(
        "measures:",
        "expect: [{id: a, measure: ^ouput, at_least: 1}]\nmeasures:",
        "did you mean 'output'?",
    ),
    "bound in another unit": Case(
        "measures:",
        "expect: [{id: a, measure: output, at_least: ^3 d}]\nmeasures:",
        "a bare number means its own unit",
    ),
    "too few points to rank": Case(
        "measures:",
        "expect: [{id: a, measure: output, driver: ^road.time, rank_at_most: 1}]\nmeasures:",
        "add a design: sobol, morris, or latin_hypercube or list of 20 points or more",
    ),
    "unknown driver": Case(
        RANKED,
        "design: {method: morris}\n"
        "expect: [{id: a, measure: output, driver: ^raod.time, rank_at_most: 1}]",
        "did you mean 'road.time'?",
    ),
    "rank of any": Case(
        RANKED,
        "design: {method: morris}\n"
        "expect: [{id: a, measure: output, driver: road.time, rank_at_most: ^3}]",
        "be below 3, the number of factors and groups that are ranked",
    ),
    "driver in a group": Case(
        GROUPED,
        "  - {assumed: [supplier.*, road.*], group: times}\n  - {parameter: maker.stock}\n"
        "design: {method: morris}\n"
        "expect: [{id: a, measure: output, driver: ^road.time, rank_at_most: 1}]",
        "it moves in the group 'times': name that",
    ),
    "group of a sample": Case(
        GROUPED,
        "  - {assumed: [supplier.*, road.*], group: times}\n  - {parameter: maker.stock}\n"
        "design: {method: ^latin_hypercube, n: 20}\n"
        "expect: [{id: a, measure: output, driver: times, rank_at_most: 1}]",
        "be morris or sobol where factors have groups",
    ),
    "wrong name of a base": Case("base: chain.yaml", "base: ^{'a b': chain.yaml}", "base"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_broken_study_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    assert VALID.count(case.old) == 1, "the edit must hit one place"
    text = VALID.replace(case.old, case.new)
    path = study(tmp_path, text.replace("^", ""))
    found = call("sweep", path, "--out", tmp_path / "out")
    assert found.exit_code == 2, found.output
    assert case.says in found.stderr, found.stderr
    assert "Traceback" not in found.stderr
    if "^" in case.new:
        before = text[: text.index("^")]
        place = f"{path}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: "
        assert place in found.stderr, f"{place} is not in\n{found.stderr}"
    assert not (tmp_path / "out").exists()
    assert call("validate", path).exit_code == 2


def test_the_study_itself_is_fine(tmp_path: Path) -> None:
    found = call("validate", study(tmp_path, VALID))
    assert found.exit_code == 0 and "fine, 3 factors, 4 points, 4 runs" in found.stdout


@pytest.mark.parametrize("text", ["0/0", "0/3", "4/3", "1", "a/b", "1/2/3", "-1/2", "1/9999999"])
def test_a_part_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    found = call("sweep", study(tmp_path, VALID), "--out", tmp_path / "out", f"--shard={text}")
    assert found.exit_code == 2 and "be I/N, the I-th of N parts" in found.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "have a header"),
        ("supplier.cycle\n", "have at least one row"),
        ("supplier.cylce\n1\n", "did you mean 'supplier.cycle'?"),
        ("supplier.cycle,road.time\n1\n", "have 2 cells"),
    ],
)
def test_a_list_that_is_none_is_refused(content: str, says: str, tmp_path: Path) -> None:
    path = study(tmp_path, VALID.replace(DESIGN, "{method: list, file: points.csv}"))
    (tmp_path / "points.csv").write_text(content)
    found = call("sweep", path, "--out", tmp_path / "out")
    assert found.exit_code == 2 and says in found.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_takes_no_writing_is_refused_before_anything_is_run(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file where a folder should be")
    found = call("sweep", study(tmp_path / "in", VALID), "--out", tmp_path / "out")
    assert found.exit_code == 2 and "--out" in found.stderr
