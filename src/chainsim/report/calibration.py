"""A calibration as tables and sentences for people, as JSON and as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from chainsim.experiments.calibration import Calibration, Estimate
from chainsim.experiments.evaluations import Evaluation, Floats, in_words
from chainsim.experiments.fitting import Target
from chainsim.experiments.statistics import Interval, t_interval
from chainsim.report.tables import Sheet, interval, number

CALIBRATE_SCHEMA = "chainsim/calibrate/1"
DIGITS = 6
"""Of a parameter, as they are tried."""


# ---- tables


def calibration_sheets(found: Calibration) -> list[Sheet]:
    """The parameters, and the figures at the start, at the fit and with fresh random numbers."""
    return [_parameters_sheet(found), _figures_sheet(found)]


def _parameters_sheet(found: Calibration) -> Sheet:
    percent = f"{100 * _confidence(found):g} % interval"
    rows = [
        (
            one.range.name,
            number(one.range.start, DIGITS),
            number(one.value, DIGITS) if one.identified else "-",
            _interval(one),
            one.range.unit,
            f"{number(one.range.low)} to {number(one.range.high)}",
            _state(one),
        )
        for one in found.estimates
    ]
    heads = ("parameter", "start", "fitted", percent, "unit", "range", "")
    return Sheet(
        f"{found.scenario.document.name}: {found.verdict}",
        heads,
        rows,
        frozenset({"start", "fitted", percent, "range"}),
        f"{len(found.evaluations)} points with {found.network.replications} replications each, "
        f"seed {found.network.seed}. Intervals hold one by one.",
    )


def _interval(one: Estimate) -> str:
    if one.low is None or one.high is None:
        return "-"
    return f"{number(one.low, DIGITS)} to {number(one.high, DIGITS)}"


def _state(one: Estimate) -> str:
    if not one.identified:
        return "not identifiable"
    if one.bound:
        return f"at the {one.bound} end"
    return "cut at the range" if any(one.cut) else ""


def _figures_sheet(found: Calibration) -> Sheet:
    heads = ["figure", "observed", "sd", "at start", "at fit", "fresh", "interval", "difference",
             "in sd", "unit", "", "source"]  # fmt: skip
    rows = []
    for row in figure_objects(found):
        relative = f"{100 * row['relative']:+.2f} %" if row["relative"] is not None else "-"
        rows.append(
            (
                row["id"],
                number(row["observed"], DIGITS),
                number(row["sd"], 3) + ("" if row["sd_stated"] else "*"),
                *(number(row[key], DIGITS) for key in ("start", "fit", "fresh")),
                interval(row["fresh_low"], row["fresh_high"]),
                relative,
                number(row["residual"], 2),
                row["unit"],
                "fitted" if row["fitted"] else "predicted",
                row["source"],
            )
        )
    note = (
        "fresh: the fitted values with the random numbers of the next seed, which the fit has not "
        "seen; interval and difference are its. 'in sd': what is left at the fit, in standard "
        "deviations of figure and chance together, and of the parameters where it is predicted."
    )
    below = [] if all(t.stated for t in found.targets) else ["*: not given, so the tolerance."]
    numbers = frozenset(heads[1:9])
    return Sheet("Observed figures", heads, rows, numbers, note, below)


# ---- sentences


def sentences(found: Calibration) -> list[str]:
    """What may be said of the fit, the doubts first."""
    return [*_doubts(found), *_remarks(found)]


def _doubts(found: Calibration) -> Iterator[str]:
    figures, parameters = len(found.fitted), len(found.estimates)
    if figures < parameters:
        words = "1 figure" if figures == 1 else f"{figures} figures"
        yield f"not identifiable: {words} cannot tell {parameters} parameters."
    names = [one.range.name for one in found.estimates]
    for j in found.told.idle:
        yield (
            f"not identifiable: {names[j]}; near the best point no fitted figure reacts to it "
            "beyond noise."
        )
    for direction in found.told.open_directions:
        yield (
            f"not identifiable: {_exchange(found, direction)} together changes no fitted figure "
            "beyond noise."
        )
    for one in found.estimates:
        if one.low is not None and all(one.cut):
            yield f"not identifiable: {one.range.name}; its interval covers the whole range."
    for point in found.rivals:
        words = ", ".join(
            f"{one.range.name} = {_value(one, one.range.value(place))}"
            for one, place in zip(found.estimates, point, strict=True)
        )
        yield f"not identifiable: {words} meets the figures as well."


def _exchange(found: Calibration, direction: Floats) -> str:
    """A change of several parameters, by a tenth of the range of the one that moves most."""
    sign = np.sign(direction[np.flatnonzero(np.abs(direction) > 0.1)[0]])
    parts = []
    for one, share in zip(found.estimates, sign * direction, strict=True):
        if abs(share) > 0.01:
            change = 0.1 * abs(share) * (one.range.high - one.range.low)
            verb = "raising" if share > 0 else "lowering"
            parts.append(f"{verb} {one.range.name} by {number(change, 3)} {one.range.unit}".strip())
    return " and ".join(parts)


def _remarks(found: Calibration) -> Iterator[str]:
    for one in found.estimates:
        if one.bound:
            yield (
                f"{one.range.name} ends at the {one.bound} end of its range, "
                f"{_value(one, one.value)}: its best value may lie beyond."
            )
        elif one.identified and any(one.cut):
            yield f"the interval of {one.range.name} is cut at its range."
    if not found.reproduced:
        worst = int(np.argmax(np.abs(found.residuals)))
        yield (
            f"the figures are not reproduced: {found.fitted[worst].figure.id} is "
            f"{number(abs(float(found.residuals[worst])), 3)} standard deviations off; chi-square "
            f"{number(found.misfit)}, within noise up to {number(found.most_misfit)}."
        )
    if not found.settled:
        yield "the budget ended before the search had settled."
    if found.verdict == "fitted":
        yield f"parameters: {_pasted(found)}"
        ids = ", ".join(target.figure.id for target in found.fitted)
        yield f"With these values write 'fitted: true' at the observed figures {ids}."


def _value(one: Estimate, value: float) -> str:
    return f"{number(value, DIGITS)} {one.range.unit}".rstrip()


def _pasted(found: Calibration) -> str:
    """The fitted values as a scenario can have them; a bare number is in the table's unit."""
    pairs = [f"{one.range.name}: {in_words(one.value)}" for one in found.estimates]
    return "{" + ", ".join(pairs) + "}"


# ---- JSON


def calibration_object(found: Calibration) -> dict[str, Any]:
    """The calibration as a JSON object; see docs/calibrate.md."""
    return {
        "schema": CALIBRATE_SCHEMA,
        "scenario": found.scenario.document.name,
        "fingerprint": found.network.fingerprint,
        "seed": found.network.seed,
        "replications": found.network.replications,
        "confidence": _confidence(found),
        "points": len(found.evaluations),
        "verdict": found.verdict,
        "settled": found.settled,
        "misfit": found.misfit,
        "most_misfit": found.most_misfit,
        "parameters": {one.range.name: _estimate_object(one) for one in found.estimates},
        "figures": figure_objects(found),
        "sentences": sentences(found),
    }


def _estimate_object(one: Estimate) -> dict[str, Any]:
    return {
        "unit": one.range.unit,
        "range_low": one.range.low,
        "range_high": one.range.high,
        "start": one.range.start,
        "fitted": one.value if one.identified else None,
        "best_tried": one.value,
        "low": one.low,
        "high": one.high,
        "cut_low": one.cut[0],
        "cut_high": one.cut[1],
        "identified": one.identified,
        "at_end": one.bound or None,
    }


def figure_objects(found: Calibration) -> list[dict[str, Any]]:
    """The observed figures that the run measures, in the order of the scenario."""
    ids = [target.figure.id for target in found.fitted]
    sds = {**found.prediction_sd, **dict(zip(ids, found.sd.tolist(), strict=True))}
    return [_figure_object(found, target, sds) for target in found.targets]


def _figure_object(found: Calibration, target: Target, sds: Mapping[str, float]) -> dict[str, Any]:
    name = target.figure.id
    fit = _mean(found, found.fit, name)
    fresh = _over(found, found.fresh, name)
    mean = fresh.mean if fresh else None
    return {
        "id": name,
        "measure": target.figure.measure,
        "unit": target.unit,
        "observed": target.observed,
        "sd": target.sd,
        "sd_stated": target.stated,
        "fitted": target.fitted,
        "start": _mean(found, found.start, name),
        "fit": fit,
        "fresh": mean,
        "fresh_low": fresh.low if fresh else None,
        "fresh_high": fresh.high if fresh else None,
        "relative": (mean - target.observed) / abs(target.observed)
        if mean is not None and target.observed
        else None,
        "residual": (fit - target.observed) / sds[name]
        if fit is not None and name in sds
        else None,
        "source": target.figure.source,
    }


def _over(found: Calibration, evaluation: Evaluation, name: str) -> Interval | None:
    values = evaluation.figures[name]
    return None if values is None else t_interval(values, _confidence(found))


def _mean(found: Calibration, evaluation: Evaluation, name: str) -> float | None:
    known = _over(found, evaluation, name)
    return None if known is None else known.mean


def _confidence(found: Calibration) -> float:
    return float(found.scenario.document.run.confidence)


# ---- columns


def evaluations_columns(found: Calibration) -> dict[str, Sequence[Any]]:
    """A row for each point tried: the parameters, then mean and sd of each figure."""
    rows = found.evaluations
    columns: dict[str, Sequence[Any]] = {"number": [e.number for e in rows]}
    for j, one in enumerate(found.estimates):
        columns[one.range.name] = [e.values[j] for e in rows]
    for target in found.targets:
        name = target.figure.id
        known = [_over(found, e, name) for e in rows]
        columns[f"{name} mean"] = [one.mean if one else None for one in known]
        columns[f"{name} sd"] = [one.sd if one else None for one in known]
    return columns
