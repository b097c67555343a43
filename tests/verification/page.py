"""The page docs/verification.md, from the records of a test session."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tests.verification.catalogue import Case, cases
from tests.verification.recorder import Record

INTRODUCTION = """# Verification

Written by `pytest tests/verification --write-verification docs/verification.md` (add
`-m "full or not full"` for the full runs). Expected values come from theory, textbooks, hand
calculations and other programs; each is named below its table.

An interval is the 99.9 % interval of independent replications. A metric passes if the interval
holds the expected value and is no wider than the tolerance says. Fast runs are shortened for
every test session; full runs have the length and the precision of the case.
"""
COLUMNS = "| case | what | expected | got | interval | replications | tolerance | |"
RULE = "|---|---|---|---|---|---|---|---|"


def write_page(path: Path, records: Iterable[Record]) -> None:
    """Write the page: a table per family, then what was converted and left out."""
    kept = _preferred(records)
    families = sorted({record.family for record in kept})
    sections = [_section(family, [r for r in kept if r.family == family]) for family in families]
    path.write_text("\n".join([INTRODUCTION, *sections]), encoding="utf-8")


def _preferred(records: Iterable[Record]) -> list[Record]:
    """One record per case and metric, the full run before the fast one, in order of cases."""
    best: dict[tuple[str, str], Record] = {}
    for record in records:
        known = best.get((record.case, record.metric))
        if known is None or record.mode == "full":
            best[record.case, record.metric] = record
    return sorted(best.values(), key=lambda record: (_natural(record.case), record.metric))


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part or 0), "") if part.isdigit() else (0, part)
            for part in re.split(r"(\d+)", text)]  # fmt: skip


def _section(family: str, records: list[Record]) -> str:
    shown = {record.case for record in records}
    about = [case for case in cases().values() if case.id in shown and case.family == family]
    lines = [f"## {family.capitalize()}", "", COLUMNS, RULE, *map(_row, records), ""]
    lines += [f"- {case.id} {case.title}. {case.source}." for case in _first_of_id(about)]
    lines += ["", *_notes("Converted", [(c.id, c.converted) for c in about if c.converted])]
    left = [
        (f"{case.id} {name}", reason)
        for case in about
        for name, reason in case.not_simulated.items()
    ]
    return "\n".join([*lines, *_notes("Not about the simulator", left)])


def _row(record: Record) -> str:
    unit = f" [{record.unit}]" if record.unit else ""
    runs = f"{record.n} ({record.mode})" if record.mode != "exact" else "1"
    verdict = "pass" if record.passed else "**fail**"
    cells = (
        record.case, record.metric + unit, record.expected, record.got, record.interval, runs,
        record.tolerance, verdict,
    )  # fmt: skip
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _notes(title: str, notes: list[tuple[str, str]]) -> list[str]:
    if not notes:
        return []
    return [f"### {title}", "", *(f"- {name}: {text}." for name, text in notes), ""]


def _first_of_id(about: list[Case]) -> list[Case]:
    return list({case.id: case for case in reversed(about)}.values())[::-1]
