"""The result folder of a run: whole or absent, never outside the folder it was asked into."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chainsim import provenance
from chainsim.errors import RunError
from chainsim.experiments.runs import Run
from chainsim.provenance import Inputs
from chainsim.report import files, placement
from chainsim.report.figures import pictures
from chainsim.report.figures.scene import Scene
from chainsim.report.figures.style import Picture, as_png, as_svg
from chainsim.report.loss_view import loss_columns
from chainsim.report.objects import run_object, validation_columns
from chainsim.report.page import Illustration, page
from chainsim.report.parameter_view import parameter_object
from chainsim.report.placement import MARK
from chainsim.report.places import check_out, unusable
from chainsim.report.year_view import years_columns
from chainsim.scenario.loading import Scenario


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What differs from run to run of the same scenario: it goes into provenance alone."""

    command: str
    started: str
    wall_s: float
    workers: int


def check_target(out: Path, name: str) -> Path:
    """The folder that results will be written to, once `out` exists and can be written to.

    Raises:
        InputError: `out` cannot be used, or the name is taken by something else.
    """
    check_out(out)
    target = out / name
    placement.clear(target)
    if target.is_symlink() or not placement.replaceable(target):
        raise unusable(
            target, "be free or a folder of results", "something else that is not replaced"
        )
    return target


def write_run(run: Run, target: Path, circumstances: Circumstances) -> None:
    """Write the results of a run; the folder appears as a whole or not at all.

    Raises:
        RunError: the disk is full, or writing failed otherwise.
    """
    with result_folder(target) as folder:
        _write(run, folder, circumstances)


@contextlib.contextmanager
def result_folder(target: Path) -> Iterator[Path]:
    """A folder to write results into; it appears as the target, as a whole or not at all.

    Raises:
        RunError: the disk is full, or writing failed otherwise.
    """
    try:
        with placement.put_in_place(target) as folder:
            yield folder
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        reason = "the disk is full" if full else error.strerror or str(error)
        raise RunError(f"the results could not be written to {target}: {reason}") from error


def _write(run: Run, folder: Path, circumstances: Circumstances) -> None:
    scene = Scene(run)
    write_text(folder / "summary.json", files.json_text(run_object(run)))
    write_text(folder / "measures.csv", files.csv_text(files.measures_columns(run)))
    write_text(folder / "years.csv", files.csv_text(years_columns(run)))
    write_text(folder / "validation.csv", files.csv_text(validation_columns(run)))
    if run.losses is not None:
        losses = loss_columns(run.losses, scene.run_dates)
        write_text(folder / "losses.csv", files.csv_text(losses))
    write_text(folder / "scenario.yaml", scenario_text(_self_contained(run, folder)))
    files.write_daily(run, folder, scene.first, scene.dates)
    illustrations = [illustrate(picture, folder / "figures") for picture in pictures(run)]
    write_text(folder / "report.html", page(run, illustrations))
    write_text(folder / MARK, files.json_text(_provenance(run, circumstances)))


def illustrate(picture: Picture, folder: Path) -> Illustration:
    """Write a figure and the data behind it."""
    folder.mkdir(exist_ok=True)
    svg = as_svg(picture.figure)
    (folder / f"{picture.name}.svg").write_bytes(svg)
    (folder / f"{picture.name}.png").write_bytes(as_png(picture.figure))
    write_text(folder / f"{picture.name}.csv", files.csv_text(picture.data))
    return Illustration(picture.name, picture.title, picture.caption, svg)


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8 with the line ends of Unix."""
    # The name of a file may be no text: what of it cannot be written is escaped.
    path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def _self_contained(run: Run, folder: Path) -> dict[str, Any]:
    """The merged scenario with the observed series, as they were before the run, beside it."""
    merged = dict(run.scenario.merged)
    kept = run.inputs.kept
    series = {name: kept[file] for name, file in run.scenario.series.items() if file in kept}
    if series:
        copies = folder / "observed"
        copies.mkdir()
        for name, raw in series.items():
            (copies / f"{name}.csv").write_bytes(raw)
        merged["observed_series"] = {name: f"observed/{name}.csv" for name in series}
    else:
        merged.pop("observed_series", None)
    return merged


def scenario_text(merged: Mapping[str, Any]) -> str:
    """The merged scenario as YAML that loads as the same scenario.

    A calibration is left out: it names parameters, and there are none left.
    """
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(
        {key: value for key, value in merged.items() if key != "calibrate"},
        Dumper=dumper, allow_unicode=True, sort_keys=False, width=100,
        default_flow_style=None,
    )  # fmt: skip
    return "# The scenario as it was run: without files, templates and parameters.\n" + text


def _provenance(run: Run, circumstances: Circumstances) -> dict[str, Any]:
    return {
        "schema": "chainsim/provenance/1",
        "scenario": run.scenario.document.name,
        "fingerprint": run.network.fingerprint,
        "seed": run.network.seed,
        "replications": len(run.replications),
        "engine": run.engine,
        **circumstances_object(circumstances),
        **inputs_object(run.scenario, run.inputs),
    }


def circumstances_object(circumstances: Circumstances) -> dict[str, Any]:
    """When, how and on what results were made."""
    return {
        "command": circumstances.command,
        "started": circumstances.started,
        "wall_s": round(circumstances.wall_s, 3),
        "workers": circumstances.workers,
        "peak_memory_mb": provenance.peak_memory_mb(),
        "versions": provenance.versions(),
        "machine": provenance.machine(),
    }


def inputs_object(scenario: Scenario, inputs: Inputs) -> dict[str, Any]:
    """The files, parameters and sources that results rest on."""
    table = scenario.parameters
    return {
        "files": dict(inputs.digests),
        "warnings": [str(problem) for problem in scenario.warnings],
        "parameters": {name: parameter_object(table, name) for name in table},
        "sources": {
            key: {
                "title": source.title,
                "address": source.address,
                "date": source.date,
                "reliability": source.reliability,
            }
            for key, source in table.sources.items()
        },
    }
