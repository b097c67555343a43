"""The result folder of a sensitivity analysis: figures with their data, tables, one page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from chainsim.experiments.runs import ENGINES
from chainsim.experiments.sensitivity.analysis import Analysis
from chainsim.experiments.sweeps.analysis import (
    Finding,
    Missed,
    Sensitivity,
    bases_of,
    points_that_fill,
)
from chainsim.experiments.sweeps.points import Block
from chainsim.report import files
from chainsim.report.figures.sensitivity import Measured
from chainsim.report.figures.sensitivity_map import heat_map
from chainsim.report.figures.sensitivity_pictures import analysis_pictures, point_pictures
from chainsim.report.figures.sensitivity_points import Column, Target
from chainsim.report.figures.style import Picture
from chainsim.report.folder import (
    Circumstances,
    circumstances_object,
    illustrate,
    result_folder,
    write_text,
)
from chainsim.report.page import Illustration, rendered
from chainsim.report.placement import MARK
from chainsim.report.sensitivity import (
    box_sentence,
    sensitivity_sentences,
    sensitivity_sheets,
)
from chainsim.report.sensitivity_objects import analysis_object, box_object, factor_columns
from chainsim.report.sentences import words
from chainsim.report.tables import Sheet, number
from chainsim.scenario.schema.study import Grid, LatinHypercube, Listed, Sobol

SENSITIVITY_SCHEMA = "chainsim/sensitivity/1"
MOST_MAPS = 6
"""Maps of two factors for a measure of a grid."""


def write_sensitivity(
    found: Sensitivity, target: Path, store: Path, circumstances: Circumstances
) -> None:
    """Write a sensitivity analysis; the folder appears as a whole or not at all.

    Args:
        found: What is written.
        target: The folder.
        store: Where its runs are kept.
        circumstances: Of this call of the command.

    Raises:
        RunError: the disk is full, or writing failed otherwise.
    """
    with result_folder(target) as folder:
        write_text(folder / "summary.json", files.json_text(sensitivity_object(found)))
        analyses = [one.analysis for one in found.findings if one.analysis is not None]
        write_text(folder / "factors.csv", files.csv_text(factor_columns(analyses)))
        write_text(folder / "points.csv", files.csv_text(points_columns(found)))
        pictures = [illustrate(one, folder / "figures") for one in _pictures(found)]
        write_text(folder / "report.html", sensitivity_page(found, pictures))
        provenance = _provenance(found, store, circumstances)
        write_text(folder / MARK, files.json_text(provenance))


def _provenance(found: Sensitivity, store: Path, circumstances: Circumstances) -> dict[str, Any]:
    plan = found.answers.sweep
    return {
        "schema": "chainsim/provenance/1",
        "study": plan.study.document.name,
        "replications": plan.replications,
        "engine": ENGINES[0],
        "store": store.name,
        **circumstances_object(circumstances),
        "facts": plan.facts,
    }


def sensitivity_object(found: Sensitivity) -> dict[str, Any]:
    """The analysis as a JSON object; the keys are stable, see docs/sensitivity.md."""
    plan = found.answers.sweep
    errors = found.answers.errors
    return {
        "schema": SENSITIVITY_SCHEMA,
        "study": plan.study.document.name,
        "points": len(plan.points.points),
        "replications": plan.replications,
        "runs": len(plan.tasks),
        "failed": len(errors),
        "errors": {f"point {p}, replication {k}": text for (p, k), text in sorted(errors.items())},
        "analyses": [_finding_object(one) for one in found.findings],
    }


def _finding_object(one: Finding) -> dict[str, Any]:
    head = {
        "base": one.block.base,
        "design": one.block.design.method,
        "index": one.block.index,
        "points": len(one.block.points),
        "measure": one.answer.measure,
        "unit": one.answer.unit,
        "failed": one.failed,
        "censored": int(one.answer.censored.sum()),
        "note": one.note,
    }
    missed = [_missed_object(one.block, miss) for miss in one.missed]
    return head | {
        "analysis": None if one.analysis is None else analysis_object(one.analysis),
        "targets": missed,
    }


def _missed_object(block: Block, miss: Missed) -> dict[str, Any]:
    target = _target(miss)
    return {
        "at_least": target.at_least,
        "at_most": target.at_most,
        "missed": miss.points,
        "points": miss.n,
        "box": None if miss.box is None else box_object(miss.box, _units(block)),
    }


def points_columns(found: Sensitivity) -> dict[str, list[Any]]:
    """A row for each point of each design: its factors, and means and standard deviations."""
    plan = found.answers.sweep
    columns: dict[str, list[Any]] = {}
    rows: list[dict[str, Any]] = []
    for block in plan.points.blocks:
        findings = found.findings_of(block)
        for row, point in enumerate(block.points):
            cells: dict[str, Any] = {"base": block.base, "design": block.index, "point": point}
            cells |= {v.name: s for v, s in zip(block.variables, block.settings[row], strict=True)}
            for one in findings:
                values = one.values[row][np.isfinite(one.values[row])]
                cells |= {
                    one.answer.measure: values.mean() if len(values) else None,
                    f"{one.answer.measure} sd": values.std(ddof=1) if len(values) > 1 else None,
                    f"{one.answer.measure} n": len(values),
                }
            rows.append(cells)
    names = dict.fromkeys(name for row in rows for name in row)
    for name in names:
        columns[name] = [row.get(name) for row in rows]
    return columns


# ---- figures


def _pictures(found: Sensitivity) -> Iterator[Picture]:
    several = len(found.answers.sweep.points.blocks) > 1
    for one in found.findings:
        block = one.block
        before = f"{block.base}_{block.index + 1}_" if several else ""
        stem = f"{before}{one.answer.measure}"
        if one.analysis is not None:
            yield from analysis_pictures(one.analysis, bases_of(block.variables), stem)
        if isinstance(block.design, Grid):
            yield from _maps(one, stem)
        elif one.analysis is not None and isinstance(block.design, LatinHypercube | Listed | Sobol):
            yield from _points(one, one.analysis, stem)


def _points(one: Finding, analysis: Analysis, stem: str) -> Iterator[Picture]:
    chosen = points_that_fill(one.block)
    columns = _columns(one.block, chosen)
    target = _drawn(one)
    yield from point_pictures(analysis, columns, one.values[chosen], target, stem)


def _maps(one: Finding, stem: str) -> Iterator[Picture]:
    columns = _columns(one.block, range(len(one.block.points)))
    target = _drawn(one)
    pairs = list(combinations(columns, 2))[:MOST_MAPS]
    for index, (across, up) in enumerate(pairs):
        own = f"{stem}_{index + 1}" if len(pairs) > 1 else stem
        about = Measured(one.answer.measure, one.answer.unit, own)
        drawn = heat_map(about, across, up, one.values, target)
        if drawn is not None:
            yield drawn


def _columns(block: Block, rows: range | list[int]) -> list[Column]:
    """The factors at some points; words are placed in the order in which the study has them."""
    found = []
    for j, variable in enumerate(block.variables):
        numbers = block.numbers[list(rows), j]
        texts = tuple(block.settings[row][j] or "" for row in rows)
        if np.isfinite(numbers).all():
            found.append(Column(variable.name, variable.unit, numbers))
            continue
        order = {text: place for place, text in enumerate(variable.values or sorted({*texts}))}
        places = np.array([float(order.get(text, -1)) for text in texts])
        found.append(Column(variable.name, "", places, texts))
    return found


def _target(miss: Missed) -> Target:
    return Target(miss.target.at_least, miss.target.at_most)


def _drawn(one: Finding) -> Target | None:
    aim = one.drawn_target
    return None if aim is None else Target(aim.at_least, aim.at_most)


def _units(block: Block) -> Mapping[str, str]:
    return {variable.name: variable.unit for variable in block.variables}


# ---- words


def finding_sheets(found: Sensitivity) -> list[Sheet]:
    """The tables of all analyses, and a line for each target."""
    sheets = []
    several = len(found.answers.sweep.points.blocks) > 1
    for one in found.findings:
        if one.analysis is not None:
            (sheet,) = sensitivity_sheets([one.analysis])
            if several:
                title = f"{sheet.title} ({_where(one.block)})"
                sheet = replace(sheet, title=title)
            sheets.append(sheet)
    targets = list(_target_rows(found))
    if targets:
        heads = ("measure", "target", "points that miss it", "where")
        sheets.append(Sheet("Targets", heads, targets, frozenset()))
    return sheets


def _where(block: Block) -> str:
    return f"{block.base}, {block.design.method.replace('_', ' ')}"


def findings_in_words(found: Sensitivity) -> dict[str, list[str]]:
    """The sentences of all analyses by base scenario and design."""
    lines: dict[str, list[str]] = {}
    for one in found.findings:
        if one.analysis is not None:
            lines.setdefault(_where(one.block), []).extend(sensitivity_sentences(one.analysis))
    return lines


def _target_rows(found: Sensitivity) -> Iterator[tuple[str, ...]]:
    for one in found.findings:
        for miss in one.missed:
            target = _target(miss).words(one.answer.unit)
            where = ""
            if miss.box is not None:
                where = box_sentence(miss.box, _units(one.block), target)
            share = f"{number(miss.points)} of {number(miss.n)}"
            yield (words(one.answer.measure), target, share, where)


def sensitivity_page(found: Sensitivity, illustrations: list[Illustration]) -> str:
    """The page as HTML; every name in it is escaped."""
    plan = found.answers.sweep
    return rendered(
        "sensitivity_page.html",
        name=plan.study.document.name,
        description=plan.study.document.description or "",
        plan=plan,
        designs=sorted({block.design.method for block in plan.points.blocks}),
        bases={name: base.base.document.name for name, base in plan.study.bases.items()},
        errors=sorted(found.answers.errors.items()),
        words=findings_in_words(found),
        sheets=finding_sheets(found),
        illustrations=illustrations,
    )
