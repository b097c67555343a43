"""What is there: scenario files, results of commands, measures."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainsim.errors import InputError, shortened
from chainsim.outcome.measures import ITEM_MEASURES, MEASURES, Measure
from chainsim.outcome.yearly import YEAR_MEASURES
from chainsim.report.calibration import CALIBRATE_SCHEMA
from chainsim.report.comparison import COMPARE_SCHEMA
from chainsim.report.objects import RUN_SCHEMA
from chainsim.report.sensitivity_folder import SENSITIVITY_SCHEMA
from chainsim.report.stress import STRESS_SCHEMA
from chainsim.report.tables import Sheet, interval, number
from chainsim.scenario import strict_yaml
from chainsim.scenario.files import read_text

SUFFIXES = (".yaml", ".yml")
LONGEST = 90
LARGEST_MEAN = 1e300
LARGEST_SUMMARY = 100_000_000
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Found:
    """A scenario file."""

    file: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Scenarios, results of commands (what their JSON files say, by folder), and measures."""

    scenarios: list[Found]
    results: dict[str, dict[str, Any]]
    comparisons: dict[str, dict[str, Any]]
    """What compare.json says, by folder."""
    stress_tests: dict[str, dict[str, Any]]
    calibrations: dict[str, dict[str, Any]]
    sensitivities: dict[str, dict[str, Any]]
    measures: list[Measure]
    skipped: list[str]
    """Sentences about folders with a file that is not what its name says."""


def catalogue(scenarios: Path, results: Path) -> Catalogue:
    """What the two folders hold; a folder that is missing holds nothing."""
    files = sorted(p for p in _entries(scenarios) if p.suffix in SUFFIXES and p.is_file())
    contents: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KINDS}
    skipped = []
    for folder in sorted(p for p in _entries(results) if not _hidden(p)):
        for name in dict.fromkeys(file for file, _ in KINDS.values()):
            content = _content(folder / name)
            kinds = [k for k, (file, is_one) in KINDS.items() if file == name and is_one(content)]
            for kind in kinds:
                contents[kind][str(folder)] = content
            if content is not None and not kinds:
                of = " or ".join(kind for kind, (file, _) in KINDS.items() if file == name)
                skipped.append(f"{folder}: skipped, its {name} is not one of a {of}")
    return Catalogue(
        [found for file in files if (found := _headline(file)) is not None],
        contents["run"],
        contents["comparison"],
        contents["stress test"],
        contents["calibration"],
        contents["sensitivity analysis"],
        list((MEASURES | ITEM_MEASURES | YEAR_MEASURES).values()),
        skipped,
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


def _content(file: Path) -> Any:
    """What is in a JSON file; empty if it cannot be read; None if there is no file."""
    if not os.path.lexists(file):
        return None
    try:
        text = read_text(file, str(file), LARGEST_SUMMARY)
        return json.loads(text, parse_constant=_no_number) or {}
    except (InputError, ValueError, RecursionError):
        return {}


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def _is_mean(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and abs(value) < LARGEST_MEAN)


def _is_summary(found: Any) -> bool:
    """Whether all that is shown of a summary has the shape that a run writes."""
    if not isinstance(found, dict) or found.get("schema") != RUN_SCHEMA:
        return False
    measures = found.get("measures")
    output = measures.get("output") if isinstance(measures, dict) else None
    if not isinstance(output, dict) or not _is_mean(output.get("mean")):
        return False
    words = (found.get("scenario"), found.get("fingerprint"), output.get("unit"))
    count = found.get("replications")
    return all(isinstance(word, str) for word in words) and isinstance(count, int)


def _is_comparison(found: Any) -> bool:
    """Whether all that is shown of a comparison has the shape that one has."""
    if not isinstance(found, dict) or found.get("schema") != COMPARE_SCHEMA:
        return False
    pairs = found.get("comparisons")
    named = isinstance(found.get("first"), str)
    return named and isinstance(pairs, list) and all(map(_is_pair, pairs))


def _is_pair(found: Any) -> bool:
    if not isinstance(found, dict) or not isinstance(found.get("scenario"), str):
        return False
    measures = found.get("measures")
    output = measures.get("output", {}) if isinstance(measures, dict) else None
    return (
        isinstance(output, dict)
        and isinstance(found.get("pairs"), int)
        and all(_is_mean(output.get(part)) for part in ("difference", "low", "high"))
        and isinstance(output.get("unit", ""), str)
    )


def _is_stress_test(found: Any) -> bool:
    """Whether all that is shown of a stress test has the shape that one has."""
    if not isinstance(found, dict) or found.get("schema") != STRESS_SCHEMA:
        return False
    ranking = found.get("ranking")
    named = isinstance(found.get("scenario"), str) and isinstance(found.get("replications"), int)
    worst = ranking[0] if isinstance(ranking, list) and ranking else None
    return named and isinstance(worst, dict) and isinstance(worst.get("id"), str)


def _is_calibration(found: Any) -> bool:
    """Whether all that is shown of a calibration has the shape that one has."""
    if not isinstance(found, dict) or found.get("schema") != CALIBRATE_SCHEMA:
        return False
    return isinstance(found.get("scenario"), str) and isinstance(found.get("verdict"), str)


def _is_sensitivity(found: Any) -> bool:
    """Whether all that is shown of a sensitivity analysis has the shape that one has."""
    if not isinstance(found, dict) or found.get("schema") != SENSITIVITY_SCHEMA:
        return False
    counts = all(isinstance(found.get(key), int) for key in ("points", "runs", "failed"))
    return isinstance(found.get("study"), str) and counts


KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "run": ("summary.json", _is_summary),
    "comparison": ("compare.json", _is_comparison),
    "stress test": ("summary.json", _is_stress_test),
    "calibration": ("summary.json", _is_calibration),
    "sensitivity analysis": ("summary.json", _is_sensitivity),
}
"""By kind of result folder: the file that tells it, and whether its content is one."""


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
    if found.comparisons:
        sheets.append(_comparisons_sheet(found.comparisons))
    if found.stress_tests:
        heads = ("folder", "scenario", "replications", "knocked out", "worst")
        rows = [
            (folder, one["scenario"], str(one["replications"]), str(len(one["ranking"])),
             one["ranking"][0]["id"])
            for folder, one in found.stress_tests.items()
        ]  # fmt: skip
        numbers = frozenset({"replications", "knocked out"})
        sheets.append(Sheet("Stress tests", heads, rows, numbers))
    if found.calibrations:
        fits = [(folder, f["scenario"], f["verdict"]) for folder, f in found.calibrations.items()]
        sheets.append(Sheet("Calibrations", ("folder", "scenario", "verdict"), fits))
    if found.sensitivities:
        heads = ("folder", "study", "points", "runs", "failed")
        analyses = [(folder, one["study"], *(f"{one[key]}" for key in heads[2:]))
                    for folder, one in found.sensitivities.items()]  # fmt: skip
        title = "Sensitivity analyses"
        sheets.append(Sheet(title, heads, analyses, frozenset({"points", "runs", "failed"})))
    if with_measures:
        heads = ("name", "unit", "better", "meaning", "formula")
        sheets.append(Sheet("Measures", heads, measures))
    return sheets


def _result_row(folder: str, summary: dict[str, Any]) -> tuple[str, ...]:
    output = summary["measures"]["output"]
    mean = output["mean"]
    return (
        folder,
        summary["scenario"],
        str(summary["replications"]),
        number(None if mean is None else float(mean)),
        output["unit"],
    )


def _comparisons_sheet(found: dict[str, dict[str, Any]]) -> Sheet:
    heads = ("folder", "difference", "pairs", "of output", "interval", "unit")
    rows = [
        (folder, f"{pair['scenario']} less {one['first']}", str(pair["pairs"]), *_of_output(pair))
        for folder, one in found.items()
        for pair in one["comparisons"]
    ]
    return Sheet("Comparisons", heads, rows, frozenset({"pairs", "of output", "interval"}))


def _of_output(pair: dict[str, Any]) -> tuple[str, ...]:
    """The difference of output with its interval and unit; dashes where it is not compared."""
    output = pair["measures"].get("output", {})
    difference, low, high = (
        None if output.get(part) is None else float(output[part])
        for part in ("difference", "low", "high")
    )
    return number(difference), interval(low, high), output.get("unit", "")


def catalogue_object(found: Catalogue) -> dict[str, Any]:
    """The catalogue as a JSON object."""
    return {
        "scenarios": [
            {"file": f.file, "name": f.name, "description": f.description} for f in found.scenarios
        ],
        "results": [
            {"folder": folder, "scenario": s["scenario"], "fingerprint": s["fingerprint"]}
            for folder, s in found.results.items()
        ],
        "comparisons": [
            {
                "folder": folder,
                "first": one["first"],
                "others": [pair["scenario"] for pair in one["comparisons"]],
            }
            for folder, one in found.comparisons.items()
        ],
        "stress_tests": [
            {"folder": folder, "scenario": one["scenario"]}
            for folder, one in found.stress_tests.items()
        ],
        "calibrations": [
            {"folder": folder, "scenario": one["scenario"], "verdict": one["verdict"]}
            for folder, one in found.calibrations.items()
        ],
        "sensitivity_analyses": [
            {"folder": folder, "study": one["study"], "failed": one["failed"]}
            for folder, one in found.sensitivities.items()
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
