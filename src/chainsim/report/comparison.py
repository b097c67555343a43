"""A comparison as tables for people, as JSON and as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chainsim.experiments.comparison import Against, Comparison, Only
from chainsim.experiments.contrasts import Contrast
from chainsim.report.sentences import sentence, sentences
from chainsim.report.tables import Sheet, interval, number

COMPARE_SCHEMA = "chainsim/compare/1"


# ---- tables


def comparison_sheets(comparison: Comparison) -> list[Sheet]:
    """One table for each scenario against the first."""
    return [_sheet(comparison, against) for against in comparison.against]


def _sheet(comparison: Comparison, against: Against) -> Sheet:
    found = [contrast for contrast in against.total.values() if contrast.interval is not None]
    heads = contrast_heads(comparison, against)
    rows = [(*contrast_cells(contrast), _reduction(contrast)) for contrast in found]
    return Sheet(
        f"{against.name} less {comparison.first}",
        (*heads, "variance reduction"),
        rows,
        frozenset({*heads, "variance reduction"}) - {"measure", "", "unit"},
        " ".join(notes(comparison, against)),
    )


def contrast_heads(comparison: Comparison, against: Against) -> tuple[str, ...]:
    """The heads of the columns that `contrast_cells` fills."""
    percent = f"{100 * comparison.confidence:g} % interval"
    return ("measure", comparison.first, against.name, "difference", percent, "", "unit", "n")


def contrast_cells(contrast: Contrast) -> tuple[str, ...]:
    """One measure of two scenarios in words and numbers."""
    found = contrast.interval
    between = ("-", "-", "")
    if found is not None:
        verdict = contrast.verdict or ("" if contrast.told else "not told apart")
        between = (number(found.mean), interval(found.low, found.high), verdict)
        if contrast.equal:
            between = ("equal", "", "")
    return (
        contrast.measure,
        number(contrast.first),
        number(contrast.other),
        *between,
        contrast.unit,
        str(contrast.n),
    )


def _reduction(contrast: Contrast) -> str:
    """The variance that pairing removed, in per cent and as a factor of replications."""
    if contrast.equal:
        return "-"
    reduction = contrast.paired.variance_reduction if contrast.paired else None
    if reduction is None:
        return "-"
    factor = contrast.paired.variance_factor if contrast.paired else None
    return f"{100 * reduction:z.1f} %" + (f" (x {number(factor, 3)})" if factor else "")


def notes(comparison: Comparison, against: Against) -> list[str]:
    """The sample, what was left out, and what only one of the two has."""
    runs = comparison.runs
    found = [
        f"{len(against.numbers)} replications in pairs, seed {runs[against.name].network.seed}."
    ]
    if against.dropped:
        numbers = ", ".join(map(str, against.dropped))
        found.append(
            f"{len(against.dropped)} DROPPED, which failed in one or both (number {numbers}): "
            "the differences are in doubt."
        )
    for name, only in ((comparison.first, against.only_first), (against.name, against.only_other)):
        if only:
            found.append(f"Only in {name}: {_listed(only)}.")
    if against.other_units:
        found.append(f"In different units, not compared: {', '.join(against.other_units)}.")
    percent = f"{100 * comparison.confidence:g} %"
    found.append(f"Each interval holds with {percent} on its own, not all of them together.")
    return found


def _listed(only: Only) -> str:
    kinds = (("measure", only.measures), ("site", only.sites), ("item", only.items))
    return "; ".join(
        f"{kind}{'s' if len(names) > 1 else ''} {', '.join(names)}"
        for kind, names in kinds
        if names
    )


def comparison_text(comparison: Comparison) -> str:
    """The sentences of all measures as Markdown."""
    names = {key: run.scenario.document.name for key, run in comparison.runs.items()}
    lines = [f"# Compared with {comparison.first}", ""]
    lines += [f"- `{key}`: {name}" for key, name in names.items()]
    for against in comparison.against:
        lines += ["", f"## {against.name} less {comparison.first}", ""]
        lines += [f"- {text}" for text in sentences(comparison, against)]
        lines += ["", *notes(comparison, against)]
    return "\n".join(lines) + "\n"


# ---- JSON


def comparison_object(comparison: Comparison) -> dict[str, Any]:
    """The comparison as a JSON object, the same for the same scenarios; see docs/compare.md."""
    first = comparison.runs[comparison.first]
    return {
        "schema": COMPARE_SCHEMA,
        "first": comparison.first,
        "engine": first.engine,
        "seed": first.network.seed,
        "replications": first.summary.replications,
        "confidence": comparison.confidence,
        "scenarios": {
            name: {
                "scenario": run.scenario.document.name,
                "fingerprint": run.network.fingerprint,
                "failed": run.summary.failed,
                "events": run.summary.events,
                "errors": {str(r.number): r.error for r in run.replications if r.error},
            }
            for name, run in comparison.runs.items()
        },
        "comparisons": [_against_object(comparison, against) for against in comparison.against],
    }


def _against_object(comparison: Comparison, against: Against) -> dict[str, Any]:
    return {
        "scenario": against.name,
        "pairs": len(against.numbers),
        "dropped": list(against.dropped),
        "only_in_first": _only_object(against.only_first),
        "only_in_scenario": _only_object(against.only_other),
        "other_units": list(against.other_units),
        "sentences": {
            name: sentence(contrast, comparison.first, against.name)
            for name, contrast in against.total.items()
        },
        "measures": _objects(against.total),
        "sites": {site: _objects(row) for site, row in against.sites.items()},
        "items": {item: _objects(row) for item, row in against.items.items()},
    }


def _only_object(only: Only) -> dict[str, list[str]]:
    return {
        "measures": list(only.measures), "sites": list(only.sites), "items": list(only.items)
    }  # fmt: skip


def _objects(row: Mapping[str, Contrast]) -> dict[str, Any]:
    return {name: contrast_object(contrast) for name, contrast in row.items()}


def contrast_object(contrast: Contrast) -> dict[str, Any]:
    """A contrast as a JSON object; what is not known is null."""
    found, paired = contrast.interval, contrast.paired
    low, high = (found.low, found.high) if found else (None, None)
    difference = found.mean if found else None
    return {
        "unit": contrast.unit,
        "better": contrast.direction,
        "first": contrast.first,
        "scenario": contrast.other,
        "difference": difference,
        "low": low,
        "high": high,
        "n": contrast.n,
        "relative": contrast.relative(difference),
        "relative_low": contrast.relative(low),
        "relative_high": contrast.relative(high),
        "equal": contrast.equal,
        "told_apart": contrast.told,
        "verdict": contrast.verdict or None,
        "correlation": paired.correlation if paired else None,
        "variance_reduction": paired.variance_reduction if paired else None,
        "variance_factor": paired.variance_factor if paired else None,
        "undefined": [contrast.pairs - defined for defined in contrast.defined],
        "censored": list(contrast.censored),
    }


# ---- columns


def differences_columns(comparison: Comparison) -> dict[str, list[Any]]:
    """A row for each scenario, level, entity and measure."""
    rows = [
        {"scenario": name, "level": level, "entity": entity, "measure": measure} | _flat(contrast)
        for name, level, entity, measure, contrast in _contrasts(comparison)
    ]
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


def _flat(contrast: Contrast) -> dict[str, Any]:
    row = contrast_object(contrast)
    undefined, censored = row.pop("undefined"), row.pop("censored")
    row["first_mean"], row["scenario_mean"] = row.pop("first"), row.pop("scenario")
    for key, k in (("first", 0), ("scenario", 1)):
        row |= {f"undefined_in_{key}": undefined[k], f"censored_in_{key}": censored[k]}
    return row


def _contrasts(comparison: Comparison) -> Iterator[tuple[str, str, str, str, Contrast]]:
    for against in comparison.against:
        groups = (("total", {"": against.total}), ("site", against.sites), ("item", against.items))
        for level, rows in groups:
            for entity, row in rows.items():
                for measure, contrast in row.items():
                    yield against.name, level, entity, measure, contrast


def replications_columns(comparison: Comparison) -> dict[str, list[Any]]:
    """Scenario x replication x measure in total; a failed replication has no values."""
    rows: list[dict[str, Any]] = []
    for name, run in comparison.runs.items():
        for replication in run.replications:
            head = {"scenario": name, "replication": replication.number}
            total = replication.values.total if replication.values else {}
            rows.append(head | {"failed": replication.error} | total)
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
