"""The public surface on a small chain: any change of an output that users see fails here.

That the numbers are right is shown elsewhere; here it is shown that they stay what they are.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from chainsim import load_scenario, simulate
from chainsim.outcome.trajectory import COUNTS, LEVELS, Trajectory
from tests.golden.golden import EXPECTED, Golden, difference, readable
from tests.unit.cli_support import call

FREE = ("engine", "events", "fingerprint")
"""Keys of a summary that say how a result was reached, not what it is."""
COMMANDS = """
validate chain.yaml longer.yaml
validate broken.yaml
validate chain.yaml dangling.yaml
validate absent.yaml
show chain.yaml --path run
show chain.yaml --path rnu
show broken.yaml
diff chain.yaml longer.yaml
diff chain.yaml broken.yaml
parameters chain.yaml
parameters chain.yaml --kind guessed
run dangling.yaml
run chain.yaml --set run.sede=1
run chain.yaml --set seed
run chain.yaml --engine abacus
run chain.yaml --replications 0
walk chain.yaml
"""


def test_summary(golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainsim.report.folder.pictures", lambda run: ())
    done = call("run", "chain.yaml", "--workers", 1, "--out", tmp_path)
    assert done.exit_code == 0, done.stderr
    summary = json.loads((tmp_path / "chain" / "summary.json").read_text("utf-8"))
    kept = {key: value for key, value in summary.items() if key not in FREE}
    golden.check("summary.json", readable(kept) + "\n")


def test_trajectory(golden: Golden) -> None:
    golden.check("trajectory.txt", totals(simulate(load_scenario("chain.yaml"))))


def totals(run: Trajectory) -> str:
    """Counts over the statistics and levels at the end, one line each; zeros are left out."""
    lines = [f"{'kind':<11}{'entity':<28}{'series':<18}{'total':>12}"]
    for kind, table in run.tables.items():
        for entity in table.ids:
            rows = {name: run.count(kind, name, entity) for name in COUNTS[kind]}
            rows |= {f"{name} (end)": run.final(kind, name, entity) for name in LEVELS[kind]}
            lines += [
                f"{kind:<11}{entity:<28}{name:<18}{value:>12.10g}"
                for name, value in rows.items()
                if value
            ]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("show.txt", "show chain.yaml"),
        ("show_given.txt", "show longer.yaml --given --path disruptions"),
        ("diff.txt", "diff chain.yaml longer.yaml"),
        ("parameters.txt", "parameters chain.yaml"),
        ("problems.json", "validate --json broken.yaml dangling.yaml"),
    ],
)
def test_what_commands_print(golden: Golden, name: str, words: str) -> None:
    golden.check(name, call(*words.split()).stdout)


def test_exit_codes(golden: Golden, tmp_path: Path) -> None:
    commands = COMMANDS.strip().splitlines()
    out = ["--out", str(tmp_path / "out")]
    codes = [
        call(*shlex.split(words), *(out if words.startswith("run") else [])).exit_code
        for words in commands
    ]
    rows = [f"{code}  chainsim {words}\n" for words, code in zip(commands, codes, strict=True)]
    golden.check("exit_codes.txt", "".join(rows))
    assert not (tmp_path / "out").exists()


def test_every_expected_file_is_compared() -> None:
    source = Path(__file__).read_text("utf-8")
    assert not [path.name for path in EXPECTED.iterdir() if f'"{path.name}"' not in source]


def test_a_change_is_shown_and_refused(
    golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.golden.golden.EXPECTED", tmp_path)
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    with pytest.raises(AssertionError, match=r"-two\n\+three\n.*--update-golden"):
        Golden(False, print).check("a.txt", "one\nthree\n")
    shown: list[object] = []
    Golden(True, lambda name, value: shown.append(value)).check("a.txt", "one\nthree\n")
    assert shown == [difference("one\ntwo\n", "one\nthree\n", "a.txt")]
    Golden(False, print).check("a.txt", "one\nthree\n")
