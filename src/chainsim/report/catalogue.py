"""What is there: scenario files, result folders, measures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainsim.errors import InputError, shortened
from chainsim.outcome.measures import ITEM_MEASURES, MEASURES, Measure
from chainsim.report.tables import Sheet, number
from chainsim.scenario import strict_yaml
from chainsim.scenario.files import read_text

SUFFIXES = (".yaml", ".yml")
LONGEST = 90


@dataclass(frozen=True, slots=True)
class Found:
    """A scenario file."""

    file: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Scenarios, results (their summaries by folder) and measures."""

    scenarios: list[Found]
    results: dict[str, dict[str, Any]]
    measures: list[Measure]


def catalogue(scenarios: Path, results: Path) -> Catalogue:
    """What the two folders hold; a folder that is missing holds nothing."""
    files = sorted(p for p in _entries(scenarios) if p.suffix in SUFFIXES and p.is_file())
    summaries = {str(p): _summary(p) for p in sorted(_entries(results)) if not _hidden(p)}
    return Catalogue(
        [found for file in files if (found := _headline(file)) is not None],
        {folder: summary for folder, summary in summaries.items() if summary},
        [*MEASURES.values(), *ITEM_MEASURES.values()],
    )


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _hidden(path: Path) -> bool:
    return path.name.startswith(".")


def _headline(file: Path) -> Found | None:
    """Name and description as the file itself gives them; None if it cannot be read."""
    try:
        root, _ = strict_yaml.read(read_text(file, str(file), strict_yaml.LARGEST_FILE), str(file))
    except InputError:
        return None
    if root is None:
        return None
    texts = [root.child(key) for key in ("name", "description")]
    name, description = (str(node.value) if node is not None else "" for node in texts)
    return Found(str(file), name, description)


def _summary(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / "summary.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def catalogue_sheets(found: Catalogue, with_measures: bool) -> list[Sheet]:
    """The catalogue as tables, that of measures only if asked for."""
    scenarios = [(f.file, f.name, shortened(f.description, LONGEST)) for f in found.scenarios]
    results = [_result_row(folder, summary) for folder, summary in found.results.items()]
    measures = [(m.name, m.unit, m.direction, m.meaning, m.formula) for m in found.measures]
    sheets = [
        Sheet("Scenarios", ("file", "name", "description"), scenarios),
        Sheet(
            "Results", ("folder", "scenario", "replications", "output", "unit"), results,
            frozenset({"replications", "output"}),
        ),
    ]  # fmt: skip
    if with_measures:
        heads = ("name", "unit", "better", "meaning", "formula")
        sheets.append(Sheet("Measures", heads, measures))
    return sheets


def _result_row(folder: str, summary: dict[str, Any]) -> tuple[str, ...]:
    measures = summary.get("measures")
    output = measures.get("output", {}) if isinstance(measures, dict) else {}
    mean = output.get("mean")
    return (
        folder,
        str(summary.get("scenario", "")),
        str(summary.get("replications", "")),
        number(mean if isinstance(mean, int | float) else None),
        str(output.get("unit", "")),
    )


def catalogue_object(found: Catalogue) -> dict[str, Any]:
    """The catalogue as a JSON object."""
    return {
        "scenarios": [
            {"file": f.file, "name": f.name, "description": f.description} for f in found.scenarios
        ],
        "results": [
            {"folder": folder, "scenario": s.get("scenario"), "fingerprint": s.get("fingerprint")}
            for folder, s in found.results.items()
        ],
        "measures": [
            {
                "name": m.name,
                "unit": m.unit,
                "direction": m.direction,
                "meaning": m.meaning,
                "formula": m.formula,
            }
            for m in found.measures
        ],
    }
