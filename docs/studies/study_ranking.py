"""The ranking of single suppliers, regions and groups of lanes by the harm that they do."""

from __future__ import annotations

from pathlib import Path

from study_cases import OUTAGE
from study_runs import ROOT

from chainsim import load_scenario
from chainsim.errors import RunError
from chainsim.experiments.store import writing
from chainsim.experiments.stress import Course, StressTest, stressed
from chainsim.experiments.stress_design import Asked

REPLICATIONS = 2
ASKED = Asked(duration="30 d", durations="30 d", recovery="14 d", follow="180 d")


def ranked(kept: Path, workers: int) -> StressTest:
    """Every knock-out for as long as the outage of the study; finished runs are kept.

    Raises:
        RunError: a run failed.
    """
    scenario = load_scenario(ROOT / OUTAGE, [f"run.replications={REPLICATIONS}"])
    with writing(kept / "ranking.sqlite") as store:
        found = Course(stressed(scenario, ASKED, top=0), store).run(workers)
    if found.errors:
        what, why = next(iter(found.errors.items()))
        raise RunError(f"{what}: {why}")
    return found
