"""A sensitivity analysis as JSON and as columns; the keys are stable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chainsim.experiments.designs import DUMMY
from chainsim.experiments.sensitivity.analysis import Analysis, order_of
from chainsim.experiments.sensitivity.convergence import Convergence, Ranking
from chainsim.experiments.sensitivity.discovery import Box, Limit
from chainsim.experiments.sensitivity.drivers import Driver, Drivers
from chainsim.experiments.sensitivity.given_data import FromSample
from chainsim.experiments.sensitivity.morris import Effects, MorrisEffects
from chainsim.experiments.sensitivity.one_at_a_time import Swing, Swings
from chainsim.experiments.sensitivity.resampling import Estimate
from chainsim.experiments.sensitivity.sobol import Indices, SobolIndices
from chainsim.report.sensitivity import drivers_of, sensitivity_sentences


def analysis_object(analysis: Analysis) -> dict[str, Any]:
    """What a design says about one measure as a JSON object; see docs/sensitivity.md."""
    found = analysis.found
    return {
        "measure": analysis.measure,
        "unit": analysis.unit,
        "method": analysis.plan.method,
        "reason": analysis.reason or (analysis.drivers.reason if analysis.drivers else ""),
        "note": analysis.note,
        "sentences": sensitivity_sentences(analysis),
        "sample": {} if found is None else _sample_object(analysis),
        "factors": factor_rows(analysis),
        "second_order": _second_order(found),
        "drivers": _drivers_object(analysis.drivers),
        "ranking": _ranking_object(analysis.ranking),
        "convergence": _convergence_object(analysis.convergence),
    }


def _sample_object(analysis: Analysis) -> dict[str, Any]:
    """How large the sample is, and what was left out of it."""
    found = analysis.found
    assert found is not None
    head: dict[str, Any] = {
        "points": len(analysis.plan.places),
        "replications": found.replications,
        "confidence": found.confidence,
    }
    if isinstance(found, SobolIndices):
        spread = found.spread
        return head | {
            "rows": found.rows,
            "left_out": found.left_out,
            "noise_corrected": found.corrected is not None,
            "mean": spread.mean if spread else None,
            "variance": spread.variance if spread else None,
            "corrected_variance": spread.corrected if spread else None,
            "noise_share": spread.noise_share if spread else None,
        }
    if isinstance(found, MorrisEffects):
        return head | {"trajectories": found.trajectories, "missing": list(found.missing)}
    if isinstance(found, FromSample):
        return head | {
            "used": found.n,
            "left_out": found.left_out,
            "slides": found.slides,
            "skewness": found.skewness,
            "prefer_pawn": found.skewed,
        }
    return head | {"base": asdict(found.base) if found.base else None}


def factor_rows(analysis: Analysis) -> list[dict[str, Any]]:
    """A row for each factor or group, the most important one first; the dummy last."""
    found = analysis.found
    if found is None:
        return []
    makers: dict[str, dict[str, Any]]
    if isinstance(found, Swings):
        makers = {one.name: _swing_object(one) for one in found.swings}
    elif isinstance(found, MorrisEffects):
        makers = {one.name: _effects_object(one) for one in found.effects}
    elif isinstance(found, SobolIndices):
        makers = {name: _indices_object(found, j) for j, name in enumerate(found.names)}
    else:
        makers = {name: _measures_object(found, j) for j, name in enumerate(found.names)}
    drivers = {one.name: one for one in drivers_of(analysis)}
    order = [name for name in order_of(analysis) if name in makers]
    order += [name for name in makers if name not in order]
    return [
        {"factor": name} | _basis_object(drivers.get(name)) | makers[name] for name in order
    ]  # fmt: skip


def _basis_object(driver: Driver | None) -> dict[str, Any]:
    if driver is None:
        return {"evidence": None, "above_noise": None}
    return {"evidence": driver.basis.kind or None, "above_noise": driver.above_floor}


def _swing_object(one: Swing) -> dict[str, Any]:
    found: dict[str, Any] = {"swing": one.size, "left_out": one.left_out}
    for name, change in (("low", one.low), ("high", one.high), ("across", one.across)):
        for part, suffix in (("mean", ""), ("low", "_from"), ("high", "_to")):
            found[f"change_{name}{suffix}"] = getattr(change, part, None)
    return found


def _effects_object(one: Effects) -> dict[str, Any]:
    return {
        **_flat("mu_star", one.mu_star),
        **_flat("mu", one.mu),
        **_flat("sigma", one.sigma),
        "corrected_sigma": one.corrected_sigma,
        "noise_floor": one.floor,
        "n": one.n,
        "left_out": one.left_out,
    }


def _indices_object(found: SobolIndices, place: int) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for prefix, indices in (("", found.corrected), ("raw_", found.raw)):
        for kind in ("first", "total"):
            estimate = getattr(indices, kind)[place] if indices else None
            row |= _flat(f"{prefix}{kind}", estimate)
            row[f"{prefix}{kind}_floor"] = getattr(indices, f"floor_{kind}", None)
    return row


def _measures_object(found: FromSample, place: int) -> dict[str, Any]:
    return {
        "pawn": found.pawn[place],
        "pawn_floor": found.pawn_floor,
        **_flat("rank_correlation", found.rank_correlation[place]),
    }


def _flat(name: str, one: Estimate | None) -> dict[str, Any]:
    """A number and its interval under keys of their own."""
    return {
        name: one.value if one else None,
        f"{name}_low": one.low if one else None,
        f"{name}_high": one.high if one else None,
    }


def _second_order(found: Any) -> list[dict[str, Any]]:
    if not isinstance(found, SobolIndices) or found.best is None:
        return []
    best: Indices = found.best
    return [
        {"factors": list(pair)} | _flat("index", one)
        for pair, one in best.second.items()
        if DUMMY not in pair
    ]


def _drivers_object(found: Drivers | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "sd": found.sd,
        "p5": found.low if found.method != "one at a time" else None,
        "p95": found.high if found.method != "one at a time" else None,
        "by_kind": {kind: asdict(one) for kind, one in found.by_kind.items()},
        "leading": [_driver_object(one) for one in found.leading],
        "leading_assumptions": [one.name for one in found.leading_assumptions],
    }


def _driver_object(one: Driver) -> dict[str, Any]:
    return {
        "factor": one.name,
        "basis": asdict(one.basis),
        **_flat("size", one.size),
        "sd_if_known": one.sd_if_known,
        "sd_if_halved": one.sd_if_halved,
    }


def _ranking_object(found: Ranking | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "rankable": found.rankable,
        "warning": found.warning,
        "places": [asdict(one) for one in found.places if one.name != DUMMY],
    }


def _convergence_object(found: Convergence | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "index": found.index,
        "rows": found.rows,
        "names": list(found.names),
        "steps": [
            {"n": step.n, "floor": step.floor, "values": [getattr(e, "value", None)
                                                          for e in step.estimates]}
            for step in found.steps
        ],
    }  # fmt: skip


def box_object(box: Box, units: Mapping[str, str]) -> dict[str, Any]:
    """A part of the space as a JSON object; limits in the units of the factors."""

    def limits(found: Sequence[Limit]) -> list[dict[str, Any]]:
        return [asdict(one) | {"unit": units.get(one.name, "")} for one in found]

    return {
        "points": box.n,
        "cases": box.cases,
        "base_rate": box.base_rate,
        "coverage": box.coverage,
        "density": box.density,
        "inside": box.points,
        "limits": limits(box.limits),
        "dropped": limits(box.dropped),
    }


# ---- columns


def factor_columns(analyses: Iterable[Analysis]) -> dict[str, list[Any]]:
    """A row for each measure, design and factor; what a method does not say is empty."""
    rows = [
        {"measure": one.measure, "unit": one.unit, "method": one.plan.method} | row
        for one in analyses
        for row in factor_rows(one)
    ]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
