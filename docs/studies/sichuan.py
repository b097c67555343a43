"""The study of an outage in Sichuan: runs what is missing, then writes the page and its figures.

python docs/studies/sichuan.py [--replications N] [--workers N] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from study_bounds import bounds_of
from study_cases import all_cases
from study_command import at_least_one, at_least_two, write_picture
from study_facts import facts_of
from study_figures import study_pictures
from study_page import page
from study_ranking import ranked
from study_runs import ROOT, finished

from chainsim import __version__
from chainsim.errors import RunError
from chainsim.report.figures.stress import ranking as ranking_picture

HERE = Path(__file__).resolve().parent
KEPT = ROOT / "results" / "studies"
FEWER = 2
"""The grid and the assumed numbers get half of the replications, but two at least."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the study and write it."""
    asked = _options().parse_args(arguments)
    fewer = max(2, asked.replications // FEWER)
    cases = all_cases(asked.replications, fewer)
    runs = finished(cases, KEPT, asked.workers, lambda text: print(text, file=sys.stderr))
    bounds = bounds_of(runs["outage"], fewer, KEPT)
    test = ranked(KEPT, asked.workers)
    facts = facts_of(runs, bounds, fewer, __version__)
    for picture in study_pictures(facts, runs):
        write_picture(picture, asked.out / "sichuan")
    write_picture(ranking_picture(test), asked.out / "sichuan")
    counts = {
        "cases": len(cases),
        "runs": sum(case.replications for case in cases),
        "seed": runs["outage"].network.seed,
    }
    (asked.out / "sichuan.md").write_text(page(facts, test, counts), "utf-8")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    often = "replications of the outage and of the levers; half as many of the rest (6)"
    where = "where sichuan.md and the folder sichuan/ are written"
    parser.add_argument("--replications", type=at_least_two, default=6, metavar="N", help=often)
    parser.add_argument(
        "--workers", type=at_least_one, default=2, metavar="N", help="processes (2)"
    )
    parser.add_argument("--out", type=Path, default=HERE, metavar="FOLDER", help=where)
    return parser


if __name__ == "__main__":
    try:
        main()
    except RunError as error:
        sys.exit(str(error))
