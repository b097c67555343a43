"""The result folder of a calibration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainsim.experiments.calibration import Calibration
from chainsim.experiments.runs import ENGINES
from chainsim.report import files
from chainsim.report.calibration import calibration_object, evaluations_columns
from chainsim.report.figures.calibration import calibration_pictures
from chainsim.report.folder import (
    Circumstances,
    circumstances_object,
    illustrate,
    inputs_object,
    result_folder,
    write_text,
)
from chainsim.report.placement import MARK
from chainsim.report.places import LONGEST_NAME, folder_name

ENDING = "_calibration"


def calibration_name(scenario_file: str) -> str:
    """The name of the folder for the calibration of a scenario file."""
    name = folder_name(scenario_file).encode()[: LONGEST_NAME - len(ENDING)]
    return name.decode(errors="ignore") + ENDING


def write_calibration(found: Calibration, target: Path, circumstances: Circumstances) -> None:
    """Write a calibration; the folder appears as a whole or not at all.

    Raises:
        RunError: the disk is full, or writing failed otherwise.
    """
    with result_folder(target) as folder:
        write_text(folder / "summary.json", files.json_text(calibration_object(found)))
        write_text(folder / "evaluations.csv", files.csv_text(evaluations_columns(found)))
        for picture in calibration_pictures(found):
            illustrate(picture, folder / "figures")
        write_text(folder / MARK, files.json_text(_provenance(found, circumstances)))


def _provenance(found: Calibration, circumstances: Circumstances) -> dict[str, Any]:
    return {
        "schema": "chainsim/provenance/1",
        "scenario": found.scenario.document.name,
        "fingerprint": found.network.fingerprint,
        "seed": found.network.seed,
        "replications": found.network.replications,
        "engine": ENGINES[0],
        **circumstances_object(circumstances),
        **inputs_object(found.scenario, found.inputs),
    }
