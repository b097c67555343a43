"""The result folder of an analysis of bottlenecks."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from chainsim.experiments.bottleneck import Bottlenecks
from chainsim.experiments.capacity import SERVER_DAYS
from chainsim.experiments.expansion import Build, Expansion
from chainsim.experiments.runs import ENGINES
from chainsim.network.compiled import SECONDS_PER_DAY
from chainsim.outcome.trajectory import STATES
from chainsim.report import files
from chainsim.report.bottleneck import bottleneck_object, build_object, shadow_verdict, used
from chainsim.report.figures.bottleneck import bottleneck_pictures
from chainsim.report.folder import (
    Circumstances,
    circumstances_object,
    illustrate,
    inputs_object,
    result_folder,
    scenario_text,
    write_text,
)
from chainsim.report.placement import MARK
from chainsim.report.places import LONGEST_NAME, folder_name
from chainsim.scenario.schema.document import ScenarioFile

ENDING = "_bottleneck"
LONGEST_ID = 64
"""Signs of an id of the scenario."""
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
        if found.expansion is not None:
            _write_expansion(found.expansion, found.analysis.scenario.document, folder)
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


def _write_expansion(one: Expansion, document: ScenarioFile, folder: Path) -> None:
    rows = [build_object(build) for build in one.builds]
    if rows:
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        write_text(folder / "expansion.csv", files.csv_text(columns))
        blocks = dict(investment(build, document) for build in one.builds)
        text = yaml.safe_dump({"investments": blocks}, allow_unicode=True, sort_keys=False)
        head = (
            f"# What to build for {one.goal.output:g} in {one.goal.year.name}: a layer to extend.\n"
        )
        write_text(folder / "investments.yaml", head + text)


def investment(build: Build, document: ScenarioFile) -> tuple[str, Mapping[str, Any]]:
    """(id, block of the scenario) of what is built, opening at once when it has to be there.

    That is the second day of the run where it had to be there before: investments open in the run.
    Servers that the scenario itself shares come whole; an operation's own get speed, also where
    a launch builds its model on them.
    """
    site, name = build.id.split("/", 1)
    second_day = document.run.start.date() + dt.timedelta(days=1)
    works = dt.timedelta(days=build.terms.construction // SECONDS_PER_DAY)
    begins = max(build.full_by.date(), second_day) - works
    block: dict[str, Any] = {"kind": "expansion", "at": site}
    if name in document.sites[site].resources and build.unit == SERVER_DAYS:
        block |= {"resource": name, "servers": math.ceil(build.share * build.servers)}
    else:
        operation = _operation(document, site, name)
        block |= {"operation": operation, "share": round(build.share * build.speed, 6)}
    block |= {"start": begins.isoformat(), "construction": f"{works.days} d"}
    return _free_id(f"build_{site}_{name}", document), block


def _operation(document: ScenarioFile, site: str, name: str) -> str:
    """The operation that servers are named after, or the only one on a resource of this name."""
    operations = document.sites[site].operations
    users = (key for key, operation in operations.items() if operation.resource == name)
    return next(users, name)


def _free_id(wanted: str, document: ScenarioFile) -> str:
    """An id that no investment has: a layer of the same id would change that one, not add to it."""
    base, number = wanted[: LONGEST_ID - 4], 1
    found = wanted[:LONGEST_ID]
    while found in document.investments:
        number += 1
        found = f"{base}_{number}"
    return found


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
