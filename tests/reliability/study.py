"""A small study and the commands that run and export it, as black boxes."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.reliability.subject import Subject
from tests.unit.cli_support import ROOT, TINY

STUDY = """\
name: Reliability
base: tiny.yaml
set: {{run.length: {length}}}
factors:
  - {{path: disruptions.flood.duration, values: [1 d, 2 d], name: duration}}
  - {{path: disruptions.flood.effect.capacity, values: [0, 0.5], name: capacity}}
design: {{method: grid}}
replications: {replications}
"""


def study_of(folder: Path, runs: int, length: str) -> Subject:
    """A sweep of four points; folders for all that it might write elsewhere lie beside it.

    Args:
        folder: Where the study is written.
        runs: Of all points, a multiple of four.
        length: Of each run, as in a scenario.
    """
    text = STUDY.format(length=length, replications=runs // 4)
    (folder / "tiny.yaml").write_text(TINY, "utf-8")
    (folder / "study.yaml").write_text(text, "utf-8")
    for name in ("home", "temporary", "working"):
        (folder / name).mkdir()
    program = (sys.executable, "-m", "chainsim")
    return Subject(
        (*program, "sweep", str(folder / "study.yaml"), "--out", "{out}", "--workers", "{workers}"),
        (*program, "export", "{out}"),
        folder / "working",
        {
            "PYTHONPATH": str(ROOT / "src"),
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "temporary"),
        },
    )
