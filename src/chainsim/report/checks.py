"""Verdicts on expectations: as a JSON object, in words, and as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainsim.experiments.checked import CheckedFile
from chainsim.experiments.checking import Checked
from chainsim.experiments.evidence import Spot, Week, Weeks
from chainsim.experiments.gates import INCONCLUSIVE
from chainsim.experiments.judging import Judged
from chainsim.experiments.readings import Reading
from chainsim.experiments.sweeps.checking import CheckedStudy
from chainsim.outcome.laws import LAWS
from chainsim.report.baselines import baseline_object
from chainsim.report.tables import Sheet, number

CHECK_SCHEMA = "chainsim/check/1"
MOST_ERRORS = 5
"""Failed replications that are told one by one."""


def check_object(found: Sequence[CheckedFile]) -> dict[str, Any]:
    """All files with their verdicts."""
    return {"schema": CHECK_SCHEMA, "files": [file_object(one) for one in found]}


def file_object(found: CheckedFile) -> dict[str, Any]:
    """One file with its verdicts: what scenarios and studies have in common, then their own."""
    own = _study_facts(found) if isinstance(found, CheckedStudy) else {}
    if isinstance(found, Checked):
        own = _scenario_facts(found)
    return {
        "file": str(found.file),
        **own,
        "verdict": found.verdict,
        "exit_code": found.exit_code,
        "failed": len(found.failed),
        "error": found.error or None,
        "error_budget": round(found.alpha, 12),
        "checks": [judged_object(row) for row in found.checks],
        "laws": {
            "verdict": found.laws,
            "laws": list(LAWS),
            "replications": len(list(found.every_reading)),
            "broken": len(found.broken_laws),
        },
    }


def _scenario_facts(found: Checked) -> dict[str, Any]:
    gate = found.gate
    return {
        "scenario": gate.scenario.document.name,
        "fingerprint": gate.prepared.network.fingerprint,
        "seed": gate.prepared.network.seed,
        "replications": len(found.readings),
        "looks": [
            {"replications": look.replications, "alpha": look.alpha, "decided": list(look.decided)}
            for look in found.looks
        ],
        "baseline": None if gate.baseline is None else str(gate.baseline_file),
        "renewed": renewal_object(found),
        "errors": [
            {"versus": name or None, "replication": reading.number, "error": reading.error}
            for name, reading in found.failed
        ],
    }


def _study_facts(found: CheckedStudy) -> dict[str, Any]:
    plan = found.gate.plan
    return {
        "study": plan.study.document.name,
        "bases": {name: str(file) for name, file in plan.study.document.bases.items()},
        "points": len(plan.points.points),
        "replications": plan.replications,
        "store": str(found.gate.store),
        "errors": [
            {"of": name, "replication": reading.number, "error": reading.error}
            for name, reading in found.failed
        ],
    }


def renewal_object(found: Checked) -> dict[str, Any] | None:
    """What a renewed baseline changed; None where none was renewed."""
    fresh = found.gate.baseline
    if not found.renewed or fresh is None:
        return None
    return baseline_object(found.replaced, fresh, str(found.gate.baseline_file))


def judged_object(row: Judged) -> dict[str, Any]:
    """One expectation with its verdict; the keys are those of `run` and of `check`."""
    stated, evidence, estimate = row.stated, row.evidence, row.evidence.estimate
    return {
        "id": stated.id,
        "kind": stated.kind,
        "measure": stated.name,
        "versus": stated.versus,
        "relative": stated.relative,
        "driver": stated.driver,
        "verdict": row.verdict,
        "unit": evidence.unit,
        "at_least": evidence.at_least,
        "at_most": evidence.at_most,
        "mean": estimate.mean if estimate else None,
        "low": estimate.low if estimate else None,
        "high": estimate.high if estimate else None,
        "n": estimate.n if estimate else 0,
        "reference": evidence.reference,
        "p_inside": row.p_inside,
        "p_outside": row.p_outside,
        "needed": row.needed,
        "why": row.why,
        "place": stated.place,
        "weeks": None if evidence.weeks is None else _weeks_object(evidence.weeks),
        "worst": None if evidence.spot is None else _spot_object(evidence.spot),
    }


def _spot_object(spot: Spot) -> dict[str, Any]:
    return {"base": spot.base or None, "point": spot.point, "values": dict(spot.values)}


def _weeks_object(weeks: Weeks) -> dict[str, Any]:
    leaving = weeks.leaving
    return {
        "margin": weeks.margin,
        "leaving": len(leaving),
        "first": leaving[0].start.isoformat() if leaving else None,
        "worst": weeks.worst.start.isoformat(),
        "rows": [_week_object(row) for row in weeks.rows],
    }


def _week_object(row: Week) -> dict[str, Any]:
    half = row.half_width
    return {
        "week": row.start.isoformat(),
        "difference": row.difference,
        "low": None if half is None else row.difference - half,
        "high": None if half is None else row.difference + half,
        "place": row.place,
    }


def check_sheets(found: Sequence[CheckedFile]) -> list[Sheet]:
    """A table for each file, with what held in all replications below it."""
    return [_file_sheet(one) for one in found]


def _file_sheet(found: CheckedFile) -> Sheet:
    title = f"{found.file}: {found.verdict}"
    rows = [judged_row(row) for row in found.checks]
    rows.append(("laws", found.laws, "conservation", "no exception", laws_words(found), "", ""))
    return Sheet(title, CHECK_COLUMNS, rows, frozenset(), _budget_words(found), _error_lines(found))


CHECK_COLUMNS = ("check", "verdict", "about", "expected", "found", "interval", "note")


def judged_row(row: Judged) -> tuple[str, ...]:
    """The cells of `CHECK_COLUMNS` for one expectation."""
    estimate = row.evidence.estimate
    mean = amount(row, estimate.mean) if estimate else "-"
    low, high = (estimate.low, estimate.high) if estimate else (None, None)
    span = "-"
    if low is not None and high is not None:
        span = f"{amount(row, low)} to {amount(row, high)}"
    return (row.id, row.verdict, about(row), expected(row), mean, span, note(row))


def about(row: Judged) -> str:
    """What is compared with what."""
    stated = row.stated
    if stated.kind == "versus":
        return f"{stated.name} less that of {stated.versus}"
    if stated.kind == "baseline":
        return f"{stated.name} less the baseline's"
    if stated.kind == "series":
        return f"weeks of {stated.name} less the baseline's"
    if stated.kind == "driver":
        return f"rank of {stated.driver} among the drivers of {stated.name}"
    return stated.name


def expected(row: Judged) -> str:
    """The bounds in words."""
    evidence = row.evidence
    low, high = evidence.at_least, evidence.at_most
    unit = "" if evidence.unit == "1" else f" {evidence.unit}"
    if low is not None and high is not None:
        return f"{amount(row, low)} to {amount(row, high)}{unit}"
    word, bound = ("at least", low) if low is not None else ("at most", high)
    return f"{word} {amount(row, bound)}{unit}"


def amount(row: Judged, value: float | None) -> str:
    """A number of the evidence; a share of the other scenario's mean as per cent."""
    if value is not None and row.stated.kind == "versus" and row.stated.relative:
        return f"{number(100 * value)} %"
    return number(value)


def note(row: Judged) -> str:
    """What is needed to judge a verdict, or to reach one."""
    words = []
    if row.verdict == INCONCLUSIVE and row.needed is not None:
        words.append(f"about {row.needed:,} replications would decide")
    if row.evidence.weeks is not None and row.verdict != "pass":
        words.append(weeks_words(row.evidence.weeks))
    spot = row.evidence.spot
    if spot is not None and spot.point is not None and row.evidence.estimate is not None:
        words.append(f"worst at {spot.words}")
    return "; ".join([*words, *([row.why] if row.why else [])])


def weeks_words(weeks: Weeks) -> str:
    """The first and the worst of the weeks that leave the margin."""
    leaving = weeks.leaving
    if not leaving:
        return ""
    first, worst = leaving[0], weeks.worst
    return (
        f"{len(leaving)} of {len(weeks.rows)} weeks not within: the first begins "
        f"{first.start} ({number(first.difference)}), the worst {worst.start} "
        f"({number(worst.difference)})"
    )


def laws_words(found: CheckedFile) -> str:
    """How many laws were checked in how many replications or runs, and what came of it."""
    if found.error:
        return f"not checked: {found.error}"
    total = len(list(found.every_reading))
    broken = len(found.broken_laws)
    words = f"{len(LAWS)} laws in {total} {found.counted}"
    if broken:
        return f"{words}: BROKEN in {broken}"
    failed = len(found.failed)
    return f"{words}, {failed} of which failed" if failed else f"{words}: all hold"


def _budget_words(found: CheckedFile) -> str:
    text = (
        f"{found.basis}; the error budget of {100 * found.alpha:g} % is shared by"
        f" {_counted(found.checks)} (Holm)"
    )
    looks = found.looks if isinstance(found, Checked) else ()
    if len(looks) > 1 or (looks and looks[0].alpha < found.alpha):
        sizes = ", ".join(str(look.replications) for look in looks)
        text += f" and by looks at {sizes} replications"
    return text + "."


def _counted(rows: Sequence[Judged]) -> str:
    return "1 check" if len(rows) == 1 else f"{len(rows)} checks"


def _error_lines(found: CheckedFile) -> list[str]:
    lines = [failure_words(*row) for row in found.failed[:MOST_ERRORS]]
    if len(found.failed) > MOST_ERRORS:
        lines.append(f"and {len(found.failed) - MOST_ERRORS} more failed")
    return lines


def failure_words(name: str, reading: Reading) -> str:
    """Which replication failed, of what, and why."""
    of = f" of {name}" if name else ""
    return f"replication {reading.number}{of} failed: {reading.error}"


def sentence(row: Judged) -> str:
    """One expectation and its verdict in one line."""
    _, verdict, what, bounds, mean, span, more = judged_row(row)
    text = f"{what}: {mean}" if span == "-" else f"{what}: {mean} ({span})"
    text += f", expected {bounds}: {verdict}"
    return f"{text}; {more}" if more else text
