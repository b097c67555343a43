"""The result folder of an analysis of bottlenecks."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from chainsim.experiments.bottleneck import Bottlenecks
from chainsim.experiments.expansion import Build
from chainsim.experiments.runs import ENGINES
from chainsim.network.compiled import SECONDS_PER_DAY
from chainsim.outcome.trajectory import STATES
from chainsim.report import files
from chainsim.report.bottleneck import bottleneck_object, build_object, shadow_verdict, used
from chainsim.report.figures.bottleneck import bottleneck_pictures
from chainsim.report.folder import (
    LONGEST_NAME,
    Circumstances,
    circumstances_object,
    folder_name,
    illustrate,
    inputs_object,
    result_folder,
    scenario_text,
    write_text,
)
from chainsim.report.placement import MARK
from chainsim.scenario.schema.document import ScenarioFile

ENDING = "_bottleneck"
Columns = dict[str, list[Any]]


def bottleneck_name(scenario_file: str) -> str:
    """The name of the folder for the analysis of a scenario file."""
    name = folder_name(scenario_file).encode()[: LONGEST_NAME - len(ENDING)]
    return name.decode(errors="ignore") + ENDING


def write_bottlenecks(found: Bottlenecks, target: Path, circumstances: Circumstances) -> None:
    """Write an analysis; the folder appears as a whole or not at all.

    Raises:
        RunError: the disk is full, or writing failed otherwise.
    """
    merged = dict(found.analysis.scenario.merged)
    merged.pop("observed_series", None)  # none is drawn
    tables = {
        "states": states_columns(found),
        "binding": binding_columns(found),
        "shadow": shadow_columns(found),
        "steady": steady_columns(found),
    }
    with result_folder(target) as folder:
        write_text(folder / "summary.json", files.json_text(bottleneck_object(found)))
        for name, columns in tables.items():
            write_text(folder / f"{name}.csv", files.csv_text(columns))
        _write_expansion(found, folder)
        write_text(folder / "scenario.yaml", scenario_text(merged))
        for picture in bottleneck_pictures(found):
            illustrate(picture, folder / "figures")
        write_text(folder / MARK, files.json_text(_provenance(found, circumstances)))


def states_columns(found: Bottlenecks) -> Columns:
    """Period x group: installed server-days and their shares by state."""
    bench = found.analysis.bench
    table: Columns = {name: [] for name in ("period", "group", "server_days", *STATES)}
    for p, part in enumerate(bench.periods):
        for g, group in enumerate(bench.groups):
            spent = found.states[p, g]
            there = float(spent.sum())
            table["period"].append(part.name)
            table["group"].append(group.id)
            table["server_days"].append(there / SECONDS_PER_DAY)
            for state, seconds in zip(STATES, spent.tolist(), strict=True):
                table[state].append(seconds / there if there else None)
    return table


def binding_columns(found: Bottlenecks) -> Columns:
    """Period x what binds: its part of the loss against ample capacity."""
    names = ("period", "what", "lost", "binds", "output", "loss", "loss_low", "loss_high")
    table: Columns = {name: [] for name in names}
    for one in found.bound:
        for what, lost in {**one.parts, "caught_up": one.caught_up}.items():
            row = (one.period.name, what, lost, what == one.binds, one.output.mean,
                   one.loss.mean, one.loss.low, one.loss.high)  # fmt: skip
            for name, value in zip(names, row, strict=True):
                table[name].append(value)
    return table


def shadow_columns(found: Bottlenecks) -> Columns:
    """What each group is worth, in the order of the ranking."""
    rows = found.shadow
    ends = ("mean", "low", "high")
    table: Columns = {
        "group": [one.group.id for one in rows],
        "capacity": [one.capacity for one in rows],
        "unit": [one.unit for one in rows],
        "used": [used(found, one) for one in rows],
        "n": [one.extra.n for one in rows],
        "verdict": [shadow_verdict(one) for one in rows],
    }
    for end in ends:
        values = [getattr(one.extra, end) for one in rows]
        pairs = list(zip(rows, values, strict=True))
        table[f"extra_{end}"] = values
        table[f"per_percent_{end}"] = [one.per_percent(value) for one, value in pairs]
        table[f"per_unit_{end}"] = [one.per_unit(value) for one, value in pairs]
    return table


def steady_columns(found: Bottlenecks) -> Columns:
    """Period x program x what limits it, with how output follows it."""
    names = ("period", "sources", "per_day", "planned_per_day", "limit", "elasticity")
    table: Columns = {name: [] for name in names}
    for free, ordered in found.steady:
        for words, one in (("free", free), ("as ordered", ordered)):
            if one is None:
                continue
            for limit, share in one.binding.items():
                row = (one.period, words, one.per_day, one.planned, limit, share)
                for name, value in zip(names, row, strict=True):
                    table[name].append(value)
    return table


def _write_expansion(found: Bottlenecks, folder: Path) -> None:
    one = found.expansion
    rows = [] if one is None else [build_object(build) for build in one.builds]
    if one is not None and rows:
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        write_text(folder / "expansion.csv", files.csv_text(columns))
        blocks = dict(investment(build, found.analysis.scenario.document) for build in one.builds)
        text = yaml.safe_dump({"investments": blocks}, allow_unicode=True, sort_keys=False)
        head = (
            f"# What to build for {one.goal.output:g} in {one.goal.year.name}: a layer to extend.\n"
        )
        write_text(folder / "investments.yaml", head + text)


def investment(build: Build, document: ScenarioFile) -> tuple[str, Mapping[str, Any]]:
    """(id, block of the scenario) of what is built, opening at once when it has to be there."""
    site, name = build.id.split("/", 1)
    days = build.terms.construction // SECONDS_PER_DAY
    block: dict[str, Any] = {"kind": "expansion", "at": site}
    if name in document.sites[site].resources:
        block |= {"resource": name, "servers": math.ceil(build.share * build.servers)}
    else:
        block |= {"operation": name, "share": round(build.share * build.speed, 6)}
    begins = build.full_by.date() - dt.timedelta(days=days)
    block |= {"start": begins.isoformat(), "construction": f"{days} d"}
    return f"build_{site}_{name}", block


def _provenance(found: Bottlenecks, circumstances: Circumstances) -> dict[str, Any]:
    analysis = found.analysis
    return {
        "schema": "chainsim/provenance/1",
        "scenario": analysis.scenario.document.name,
        "fingerprint": analysis.network.fingerprint,
        "seed": analysis.network.seed,
        "replications": analysis.network.replications,
        "engine": ENGINES[0],
        **circumstances_object(circumstances),
        **inputs_object(analysis.scenario, analysis.ready.inputs),
    }
