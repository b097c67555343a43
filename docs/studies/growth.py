"""The study of growth to 2030: runs what is missing, then writes the page and its figures.

python docs/studies/growth.py [--replications N] [--fewer N] [--workers N] [--out FOLDER]
                              [--without PART]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from growth_cases import LEAVABLE, LIMITS, SEARCH, all_cases
from growth_facts import facts_of
from growth_figures import growth_pictures
from growth_limits import AIMS, demanding, limits_on_high_path, reach
from growth_page import page
from study_command import at_least_one, at_least_two, write_picture
from study_runs import ROOT, finished

from chainsim.errors import RunError

HERE = Path(__file__).resolve().parent
KEPT = ROOT / "results" / "studies"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the study and write it."""
    asked = _options().parse_args(arguments)
    cases = all_cases(asked.replications, asked.fewer, asked.without)
    runs = finished(cases, KEPT, asked.workers, _tell)
    limits = None
    if LIMITS not in asked.without:
        limits = limits_on_high_path(KEPT, asked.workers, asked.fewer)
        _tell("what binds on the high path")
    reaches = []
    search = SEARCH not in asked.without
    for aim in AIMS:
        reaches.append(reach(aim, KEPT, asked.workers, asked.replications, search))
        _tell(f"what to build for {100 * aim.share:g} % in {aim.year}")
    facts = facts_of(runs, demanding(KEPT), limits, reaches)
    for picture in growth_pictures(facts, runs):
        write_picture(picture, asked.out / "growth")
    counts = {"cases": len(cases), "runs": sum(case.replications for case in cases)}
    without = "".join(f" --without {part}" for part in asked.without)
    (asked.out / "growth.md").write_text(page(facts, counts | {"without": without}), "utf-8")


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    where = "where growth.md and the folder growth/ are written"
    less = f"leave out one of {', '.join(LEAVABLE)}; repeatable"
    few = "replications of all else (2)"
    parser.add_argument(
        "--replications", type=at_least_two, default=3, metavar="N", help="of the middle path (3)"
    )
    parser.add_argument("--fewer", type=at_least_two, default=2, metavar="N", help=few)
    parser.add_argument(
        "--workers", type=at_least_one, default=2, metavar="N", help="processes (2)"
    )
    parser.add_argument("--out", type=Path, default=HERE, metavar="FOLDER", help=where)
    parser.add_argument(
        "--without", choices=LEAVABLE, action="append", default=[], metavar="PART", help=less
    )
    return parser


if __name__ == "__main__":
    try:
        main()
    except RunError as error:
        sys.exit(str(error))
