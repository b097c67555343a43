"""Results as JSON objects; their keys are stable."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chainsim.experiments.runs import Run
from chainsim.experiments.summary import Aggregate, Compared
from chainsim.network.compiled import SECONDS_PER_DAY
from chainsim.report.checks import judged_object
from chainsim.report.launch_view import launches_object
from chainsim.report.loss_view import loss_object
from chainsim.report.year_view import years_object
from chainsim.scenario.loading import Scenario

RUN_SCHEMA = "chainsim/run/1"


def run_object(run: Run) -> dict[str, Any]:
    """The summary of a run, the same for the same run wherever and whenever it is run."""
    summary = run.summary
    return {
        "schema": RUN_SCHEMA,
        "scenario": run.scenario.document.name,
        "fingerprint": run.network.fingerprint,
        "engine": run.engine,
        "seed": run.network.seed,
        "replications": summary.replications,
        "failed": summary.failed,
        "events": summary.events,
        "warm_up": _warm_up(run),
        "measures": _rows(summary.total),
        "sites": {site: _rows(row) for site, row in summary.sites.items()},
        "items": {item: _rows(row) for item, row in summary.items.items()},
        "responses": {key: _rows(row) for key, row in summary.responses.items()},
        "launches": launches_object(run),
        "investments": {key: _rows(row) for key, row in summary.investments.items()},
        "fleets": {key: _rows(row) for key, row in summary.fleets.items()},
        "years": years_object(run),
        "expectations": [judged_object(row) for row in run.expectations],
        "resilience": _impacts(run),
        "validation": [_compared(row, run) for row in run.validation],
        "errors": {str(r.number): r.error for r in run.replications if r.error},
    }


def _impacts(run: Run) -> dict[str, Any] | None:
    if run.impact is None:
        return None
    found = run.impact
    stages: dict[str, dict[str, Any]] = {}
    for (stage, item), one in found.stages.items():
        stages.setdefault(stage, {})[item] = asdict(one)
    return {
        "total": asdict(found.total),
        "sites": {site: asdict(one) for site, one in found.sites.items()},
        "stages": stages,
        "regions": {region: asdict(one) for region, one in found.regions.items()},
        "losses": None if run.losses is None else loss_object(run.losses),
    }


def _warm_up(run: Run) -> dict[str, Any]:
    found, horizon = run.found_warm_up, run.network.horizon
    return {
        "days": (horizon.statistics_from - horizon.reported_from) // SECONDS_PER_DAY,
        "by": "mser5" if found else "fixed",
        "replications": found.replications if found else None,
    }


def _rows(row: dict[str, Aggregate]) -> dict[str, Any]:
    return {
        name: {
            "unit": found.unit,
            "mean": found.mean,
            "low": found.low,
            "high": found.high,
            "n": found.n,
            "confidence": found.confidence,
        }
        for name, found in row.items()
    }


def _compared(row: Compared, run: Run) -> dict[str, Any]:
    figure, found = row.figure, row.simulated
    return {
        "id": figure.id,
        "measure": figure.measure,
        "unit": found.unit,
        "documented": figure.documented,
        "source": figure.source,
        "agreement": agreement(row, run),
        "mean": found.mean,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "difference": row.difference,
        "relative": row.relative,
        "note": figure.note,
    }


def agreement(row: Compared, run: Run) -> str:
    """What the figure was to the model: fitted, not fitted, or arithmetic without a simulation.

    What a scenario took over was fitted to the chain without its disruptions; a figure that stands
    in the file of the disruptions was fitted with them.
    """
    if row.figure.computed:
        return "arithmetic"
    if not row.figure.fitted:
        return "not fitted"
    scenario = run.scenario
    enabled = [one.id for one in scenario.document.disruptions if one.enabled]
    own = _file(scenario, f"observed.{row.figure.id}.id")
    together = any(_file(scenario, f"disruptions.{id_}.id") == own for id_ in enabled)
    return "fitted" if together or not enabled else "fitted without the disruptions"


def _file(scenario: Scenario, path: str) -> str:
    """The file in which a value stands."""
    return scenario.origin(path).place.rsplit(":", 2)[0]


def validation_columns(run: Run) -> dict[str, list[Any]]:
    """The validation table by column."""
    rows = [_compared(row, run) for row in run.validation]
    names = (
        "id", "measure", "unit", "documented", "mean", "low", "high", "n", "difference",
        "relative", "agreement", "source", "note",
    )  # fmt: skip
    return {name: [row[name] for row in rows] for name in names}
