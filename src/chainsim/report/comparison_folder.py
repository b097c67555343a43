"""The result folder of a comparison."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chainsim.experiments.comparison import Comparison
from chainsim.report import files
from chainsim.report.comparison import (
    comparison_object,
    comparison_text,
    differences_columns,
    replications_columns,
)
from chainsim.report.comparison_page import comparison_page
from chainsim.report.figures.comparison import comparison_pictures
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
from chainsim.report.places import LONGEST_NAME


def comparison_name(names: Iterable[str]) -> str:
    """The name of the folder for scenarios that are compared: compare_A__vs__B, the first first.

    Where that could be the name for others too, or is too long for a file system, a digest of all
    names is at its end.
    """
    names = list(names)
    name = "compare_" + "__vs__".join(names)
    if len(name.encode()) <= LONGEST_NAME and not any("__" in one for one in names):
        return name
    digest = "_" + hashlib.sha256("/".join(names).encode()).hexdigest()[:8]
    return name.encode()[: LONGEST_NAME - len(digest)].decode(errors="ignore") + digest


def write_comparison(comparison: Comparison, target: Path, circumstances: Circumstances) -> None:
    """Write a comparison; the folder appears as a whole or not at all.

    Raises:
        RunError: the disk is full, or writing failed otherwise.
    """
    with result_folder(target) as folder:
        write_text(folder / "compare.json", files.json_text(comparison_object(comparison)))
        write_text(folder / "differences.csv", files.csv_text(differences_columns(comparison)))
        write_text(folder / "replications.csv", files.csv_text(replications_columns(comparison)))
        write_text(folder / "sentences.md", comparison_text(comparison))
        scenarios = folder / "scenarios"
        scenarios.mkdir()
        for name, run in comparison.runs.items():
            write_text(
                scenarios / f"{name}.yaml", scenario_text(_without_files(run.scenario.merged))
            )
        illustrations = [
            illustrate(picture, folder / "figures") for picture in comparison_pictures(comparison)
        ]
        write_text(folder / "report.html", comparison_page(comparison, illustrations))
        write_text(folder / MARK, files.json_text(_provenance(comparison, circumstances)))


def _without_files(merged: Any) -> dict[str, Any]:
    """The merged scenario without observed series: a comparison draws none."""
    return {key: value for key, value in merged.items() if key != "observed_series"}


def _provenance(comparison: Comparison, circumstances: Circumstances) -> dict[str, Any]:
    first = comparison.runs[comparison.first]
    return {
        "schema": "chainsim/provenance/1",
        "compared_with": comparison.first,
        "seed": first.network.seed,
        "replications": len(first.replications),
        "engine": first.engine,
        **circumstances_object(circumstances),
        "scenarios": {
            name: {
                "scenario": run.scenario.document.name,
                "fingerprint": run.network.fingerprint,
                **inputs_object(run.scenario, run.inputs),
            }
            for name, run in comparison.runs.items()
        },
    }
