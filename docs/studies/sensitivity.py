"""The study of assumptions: runs what is missing of three sweeps, then writes the page and figures.

python docs/studies/sensitivity.py [--workers N] [--kept FOLDER] [--out FOLDER] [--without STUDY]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study_command import at_least_one
from study_template import rendered

from chainsim.errors import ChainsimError
from chainsim.experiments.executors import executor_for
from chainsim.experiments.sensitivity.analysis import order_of
from chainsim.experiments.sweeps.analysis import Finding, Sensitivity, analysed
from chainsim.experiments.sweeps.answers import finished
from chainsim.experiments.sweeps.course import Course
from chainsim.experiments.sweeps.planning import planned
from chainsim.experiments.sweeps.store import writing
from chainsim.report.folder import Circumstances
from chainsim.report.sensitivity import sensitivity_sentences
from chainsim.report.sensitivity_folder import finding_sheets, write_sensitivity
from chainsim.report.tables import Sheet, number
from chainsim.scenario.studies import load_study

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
STUDIES = ("assumptions_screening", "outage_duration_severity", "sichuan_sobol")
ENOUGH = 0.95
"""Of the demand: a chain that makes less without any outage contradicts the published output."""
SHOWN = {
    "assumptions_screening": ("screening_lost_area", "convergence_lost_area"),
    "outage_duration_severity": ("map_peak_backlog", "map_time_to_recover"),
    "sichuan_sobol": ("indices_lost_area", "convergence_lost_area", "scatter_lost_area",
                      "parallel_lost_area"),
}  # fmt: skip
"""Figures that the page shows, by study."""


@dataclass(frozen=True)
class Part:
    """A study that was run and analysed."""

    name: str
    found: Sensitivity
    seconds: float
    """Of one run, the median."""

    @property
    def plan(self) -> Any:
        """Its points and runs."""
        return self.found.answers.sweep

    @property
    def runs(self) -> int:
        """Runs that differ."""
        return len({self.plan.key(task) for task in self.plan.tasks})

    @property
    def failed(self) -> int:
        """Runs that failed."""
        return len(self.found.answers.errors)

    def finding(self, measure: str) -> Finding:
        """What it says of a measure."""
        return next(one for one in self.found.findings if one.answer.measure == measure)

    def sentences(self, measure: str) -> list[str]:
        """The same in words."""
        analysis = self.finding(measure).analysis
        return [] if analysis is None else sensitivity_sentences(analysis)

    def leading(self, measure: str, many: int = 8) -> list[str]:
        """The factors or groups that lead, the most important one first."""
        analysis = self.finding(measure).analysis
        assert analysis is not None
        return list(order_of(analysis))[:many]

    def beside_outage(self, measure: str) -> str:
        """The leading factor or group that is not the outage itself."""
        names = self.leading(measure, many=1000)
        return next(name for name in names if not name.startswith("sichuan_outage."))

    @property
    def short_by_itself(self) -> int:
        """Points at which the twin, without the outage, makes less than `ENOUGH` of the demand.

        What the twin makes is the output of the run and what it never made up.
        """
        (block,) = self.plan.points.blocks
        output, lost, demanded = (
            self.found.answers.of(name, block).values.mean(axis=1)
            for name in ("output", "never_made_up", "demanded")
        )
        return int(((output + lost) < ENOUGH * demanded).sum())

    @property
    def sheets(self) -> list[Sheet]:
        """Its tables."""
        return finding_sheets(self.found)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the studies and write the page."""
    asked = _options().parse_args(arguments)
    names = [name for name in STUDIES if name not in asked.without]
    parts = {name: _part(name, asked.kept, asked.workers) for name in names}
    for name, part in parts.items():
        _write_figures(part, asked.out / "sensitivity", SHOWN[name])
    text = rendered("sensitivity.md.j2", {"n": number, "table": _table}, parts=parts)
    (asked.out / "sensitivity.md").write_text(text, "utf-8")


def _part(name: str, kept: Path, workers: int) -> Part:
    """A study, of which what is missing has been run."""
    kept.mkdir(parents=True, exist_ok=True)
    plan = planned(load_study(ROOT / "scenarios" / "studies" / f"{name}.yaml"))
    with writing(kept / f"{name}.sqlite") as store:
        course = Course(plan, store)
        began = time.monotonic()
        print(f"{name}: {len(course.missing)} runs to do", file=sys.stderr, flush=True)
        course.run(executor_for("auto", workers))
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        seconds = course.outlook().seconds
        answers = finished(plan, store)
    return Part(name, analysed(answers), seconds or 0.0)


def _write_figures(part: Part, folder: Path, shown: Sequence[str]) -> None:
    """The figures of the page with their data."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / f".{part.name}"
    write_sensitivity(part.found, whole, Path(part.name), Circumstances("", "", 0.0, 1))
    for name in shown:
        for suffix in (".svg", ".csv"):
            source = whole / "figures" / f"{name}{suffix}"
            if source.exists():
                shutil.copyfile(source, folder / f"{part.name}_{name}{suffix}")
    shutil.rmtree(whole)


def _table(sheet: Sheet) -> str:
    """A table in Markdown."""
    lines = [list(sheet.columns), ["---"] * len(sheet.columns), *map(list, sheet.rows)]
    return "\n".join("| " + " | ".join(cell or " " for cell in line) + " |" for line in lines)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    where = "where sensitivity.md and the folder sensitivity/ are written"
    kept = ROOT / "results" / "studies"
    parser.add_argument(
        "--workers", type=at_least_one, default=2, metavar="N", help="processes (2)"
    )
    parser.add_argument(
        "--kept", type=Path, default=kept, metavar="FOLDER", help="where runs are kept"
    )
    parser.add_argument("--out", type=Path, default=HERE, metavar="FOLDER", help=where)
    parser.add_argument("--without", choices=STUDIES, action="append", default=[], metavar="STUDY")
    return parser


if __name__ == "__main__":
    try:
        main()
    except ChainsimError as error:
        sys.exit(str(error))
