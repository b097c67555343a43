"""The result folder of a stress test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainsim.experiments.runs import ENGINES
from chainsim.experiments.stress import StressTest
from chainsim.report import files
from chainsim.report.figures.stress import stress_pictures
from chainsim.report.folder import (
    Circumstances,
    circumstances_object,
    illustrate,
    inputs_object,
    result_folder,
    scenario_text,
    write_text,
)
from chainsim.report.placement import MARK
from chainsim.report.stress import cells_columns, ranking_columns, runs_columns, stress_object


def write_stress(
    found: StressTest, target: Path, store: Path, circumstances: Circumstances
) -> None:
    """Write a stress test; the folder appears as a whole or not at all.

    Args:
        found: What is written.
        target: The folder.
        store: Where its runs are kept.
        circumstances: Of this call of the command.

    Raises:
        RunError: the disk is full, or writing failed otherwise.
    """
    merged = dict(found.stress.scenario.merged)
    merged.pop("observed_series", None)  # a stress test draws none
    with result_folder(target) as folder:
        write_text(folder / "summary.json", files.json_text(stress_object(found)))
        write_text(folder / "ranking.csv", files.csv_text(ranking_columns(found)))
        write_text(folder / "cells.csv", files.csv_text(cells_columns(found)))
        write_text(folder / "stress.csv", files.csv_text(runs_columns(found)))
        write_text(folder / "scenario.yaml", scenario_text(merged))
        for picture in stress_pictures(found):
            illustrate(picture, folder / "figures")
        write_text(folder / MARK, files.json_text(_provenance(found, store, circumstances)))


def _provenance(found: StressTest, store: Path, circumstances: Circumstances) -> dict[str, Any]:
    stress = found.stress
    return {
        "schema": "chainsim/provenance/1",
        "scenario": stress.scenario.document.name,
        "fingerprint": stress.bench.fingerprint,
        "seed": stress.seed,
        "replications": stress.replications,
        "engine": ENGINES[0],
        "store": store.name,
        **circumstances_object(circumstances),
        **inputs_object(stress.scenario, stress.inputs),
    }
