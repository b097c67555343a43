"""A chain of a second or less, and studies of it, for the tests of sweeps."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from tests.unit.cli_support import call

CHAIN = """\
name: A small chain
parameter_tables: parameters.csv
run: {start: 2024-01-01, length: 20 d, replications: 2, seed: 7}
items: {raw: {unit: unit}, part: {unit: piece}, car: {unit: vehicle}}
output_item: car
sites:
  supplier:
    stage: upstream
    stocks: {raw: {unlimited: true}}
    operations:
      make:
        inputs: {raw: 1}
        outputs: {part: 1}
        time: {dist: exponential, mean: '= supplier.cycle'}
        release: {pull: part, level: 0}
  maker:
    stage: midstream
    stocks: {part: {initial: '= maker.stock'}}
    operations:
      line:
        inputs: {part: 1}
        outputs: {car: 1}
        time: '= maker.cycle'
        release: {pull: car, level: 0}
    replenishment: {part: {policy: base_stock, level: '= maker.stock', sources: supplier}}
    demand: {car: {process: poisson, rate: 20 /d}}
lanes:
  road: {from: supplier, to: maker, items: [part], transit: '= road.time'}
disruptions:
  - id: stop
    target: {site: supplier}
    effect: {capacity: 0}
    timing: {at: 2024-01-06}
    duration: 3 d
resilience: {fail: 1 d, recover: 1 d, hold: 3 d}
"""
PARAMETERS = """\
name,value,unit,low,high,kind,source,note
supplier.cycle,0.9,h,0.7,1.1,assumed,,
maker.stock,60,,40,90,assumed,,
maker.cycle,1,h,,,documented,nowhere,
road.time,1,d,0.5,2,assumed,,
idle.number,1,,0.5,2,assumed,,
"""
STUDY = """\
name: What carries the small chain
base: chain.yaml
factors:
  - {assumed: [supplier.*, road.*]}
  - {parameter: maker.stock, whole: true}
design: {method: latin_hypercube, n: 4, seed: 3}
replications: 2
daily: [output]
"""


def study(folder: Path, text: str = STUDY, **files: str) -> Path:
    """A study beside the scenario that it is about; `files` by stem replace others."""
    folder.mkdir(exist_ok=True)
    (folder / "chain.yaml").write_text(files.get("chain", CHAIN), encoding="utf-8")
    (folder / "parameters.csv").write_text(files.get("parameters", PARAMETERS), encoding="utf-8")
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def swept(path: Path, out: Path, *options: Any, code: int = 0) -> str:
    """What the sweep of a study says on stderr."""
    found = call("sweep", path, "--out", out, "--workers", 1, *options)
    assert found.exit_code == code, found.output
    return found.stderr


def exported(where: Path, *options: Any) -> str:
    """The runs of a store as CSV."""
    found = call("export", where, *options)
    assert found.exit_code == 0, found.output
    return found.stdout


def rows(where: Path, *options: Any) -> list[dict[str, str]]:
    """The runs of a store, each by column."""
    return list(csv.DictReader(io.StringIO(exported(where, *options))))
