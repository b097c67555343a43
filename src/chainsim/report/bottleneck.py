"""Where a chain binds, as tables for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chainsim.experiments.bottleneck import NOTHING, TOLERANCE, Bottlenecks, Bound
from chainsim.experiments.capacity import capacity_of
from chainsim.experiments.expansion import MARGIN, RUN_UP, Build, Expansion, Trial
from chainsim.experiments.runs import ENGINES
from chainsim.experiments.shadow import ShadowValue
from chainsim.experiments.steady import SteadyOutput
from chainsim.experiments.summary import Aggregate
from chainsim.network.compiled import SECONDS_PER_DAY
from chainsim.outcome.trajectory import STATES
from chainsim.report.tables import Sheet, interval, number

BOTTLENECK_SCHEMA = "chainsim/bottleneck/1"
DATES = ("begin works by", "open by", "in full by")
WHEN = ("begins", "opens", "full_by")
"""The dates of what is built, as they stand under `DATES`."""
BUSY, CLOSED = STATES.index("busy"), STATES.index("closed")


# ---- tables


def bottleneck_sheets(found: Bottlenecks) -> list[Sheet]:
    """What binds by period, what more capacity is worth, and what to build."""
    sheets = [_bound_sheet(found)]
    if found.shadow:
        sheets.append(_shadow_sheet(found))
    if found.expansion is not None:
        one = found.expansion
        sheets += [_expansion_sheet(one, found), _builds_sheet(one), _trials_sheet(one)]
    return sheets


def _bound_sheet(found: Bottlenecks) -> Sheet:
    unit = found.analysis.unit
    heads = (f"output [{unit}]", "lost to capacity", "interval", "its part")
    steady = ("as ordered [/d]", "max flow [/d]")
    rows = []
    for one, (free, ordered) in zip(found.bound, found.steady, strict=True):
        rows.append(
            (
                one.period.name,
                number(one.output.mean),
                number(one.loss.mean),
                interval(one.loss.low, one.loss.high),
                one.binds,
                "-" if one.share is None else f"{100 * one.share:.0f} %",
                *_steady_cells(ordered),
                *_steady_cells(free),
            )
        )
    note = (
        "Lost: what the same draws make more with all operations ten times as fast. What binds has "
        f"the largest part of it; {NOTHING} where less than {100 * TOLERANCE:g} % is lost, or "
        "no servers have a part in it (models that wait for an approval show as no release). As "
        "ordered, max flow: the largest steady output by linear programs, with and without the "
        "shares of orders and makers, and what limits it. docs/bottleneck.md says it in full."
    )
    return Sheet(
        f"{found.analysis.scenario.document.name}: what binds",
        ("period", *heads[:3], "binds", heads[3], steady[0], "limit", steady[1], "min cut"),
        rows,
        frozenset({*heads, *steady}),
        note,
    )


def _steady_cells(one: SteadyOutput | None) -> tuple[str, str]:
    if one is None:
        return "-", "-"
    return number(one.per_day), ", ".join(list(one.binding)[:2])


def _shadow_sheet(found: Bottlenecks) -> Sheet:
    analysis = found.analysis
    window, unit = analysis.bench.window, analysis.unit
    heads = ("capacity", "used", f"{unit} per 1 %", "interval", f"{unit} per unit", "its interval")
    note = (
        f"Output more in {_window_words(window.name)} where one group alone is "
        f"{100 * analysis.asked.step:g} % faster, with the same draws in "
        f"{analysis.network.replications} replications (seed {analysis.network.seed}); used: busy "
        "part of open time. Per unit: for every unit of capacity that is added in that time."
    )
    return Sheet(
        "What more capacity is worth",
        ("servers", heads[0], "unit", *heads[1:], ""),
        [_shadow_row(found, one) for one in found.shadow],
        frozenset(heads),
        note,
    )


def _window_words(name: str) -> str:
    return "all statistics" if name == "all" else name


def _shadow_row(found: Bottlenecks, one: ShadowValue) -> tuple[str, ...]:
    extra = one.extra
    if extra.mean is None:
        return (one.group.id, number(one.capacity), one.unit, "-", *["-"] * 4, "FAILED")
    ends = [(one.per_percent(x), one.per_unit(x)) for x in (extra.low, extra.high)]
    return (
        one.group.id,
        number(one.capacity),
        one.unit,
        f"{100 * used(found, one):.0f} %",
        number(one.per_percent(extra.mean)),
        interval(ends[0][0], ends[1][0]),
        number(one.per_unit(extra.mean)),
        interval(ends[0][1], ends[1][1]),
        shadow_verdict(one) + (f", {extra.failed} FAILED" if extra.failed else ""),
    )


def used(found: Bottlenecks, one: ShadowValue) -> float:
    """The busy part of the open time of a group, over all periods."""
    spent = found.states[:, found.analysis.bench.groups.index(one.group)].sum(axis=0)
    there = spent.sum() - spent[CLOSED]
    return float(spent[BUSY] / there) if there else 0.0


def shadow_verdict(one: ShadowValue) -> str:
    """What the replications can say of a shadow value."""
    if one.extra.low is None:
        return "no interval"
    if one.extra.low == one.extra.high == 0:
        return "changes nothing"
    return "" if one.told else "interval includes 0"


def _expansion_sheet(one: Expansion, found: Bottlenecks) -> Sheet:
    unit, year = found.analysis.unit, one.goal.year.name
    note = (
        f"Plan {number(one.plan)} {unit}, raised by {100 * (one.factor - 1):.1f} % to "
        f"{100 * MARGIN:g} % above the target from {RUN_UP} d before the year on. Least capacity "
        "such that the lower bound of output is no less than the target; all of it is needed by "
        "the date in the last column."
    )
    if one.verdict == "not told":
        note += " Means reach it, lower bounds do not: more replications may tell."
    if one.fresh is not None:
        verb = "reaches" if one.fresh.reached else "DOES NOT REACH"
        fresh = one.fresh.output
        note += (
            f" With other random numbers it {verb} it: {number(fresh.mean)} "
            f"({interval(fresh.low, fresh.high)})."
        )
    numbers = ("there", "build", "share", "sites")
    return Sheet(
        f"To reach {number(one.goal.output)} {unit} in {year}: {one.verdict}",
        ("servers", *numbers[:2], "unit per year", *numbers[2:], *DATES),
        [_group_row(row) for row in grown_groups(found, one)],
        frozenset(numbers),
        note,
    )


def grown_groups(found: Bottlenecks, one: Expansion) -> list[dict[str, Any]]:
    """The groups of servers of which more is built: what is there, what is added, and dates."""
    year, network = one.goal.year, found.analysis.network
    rows = []
    for group in found.analysis.bench.groups:
        builds = [build for build in one.builds if build.resource in group.resources]
        if builds:
            there = capacity_of(network, group, year.begin, year.end)
            added = sum(build.added for build in builds)
            row: dict[str, Any] = {
                "group": group.id,
                "present": there.amount,
                "added": added,
                "unit": there.unit,
                "share": added / there.amount if there.amount else None,
                "sites": len({build.id.split("/")[0] for build in builds}),
            }
            firsts = {name: min(getattr(build, name) for build in builds) for name in WHEN}
            rows.append(row | {name: when.date().isoformat() for name, when in firsts.items()})
    return rows


def _group_row(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["group"],
        number(row["present"]),
        number(row["added"]),
        row["unit"],
        "-" if row["share"] is None else f"{100 * row['share']:.1f} %",
        str(row["sites"]),
        *(row[name] for name in WHEN),
    )


def _builds_sheet(one: Expansion) -> Sheet:
    heads = ("there", "build", "share", "servers there", "cost [yuan]")
    return Sheet(
        "The same, server by server",
        ("servers", *heads[:2], "unit per year", *heads[2:], *DATES),
        [_build_row(build) for build in one.builds],
        frozenset(heads),
    )


def _build_row(build: Build) -> tuple[str, ...]:
    return (
        build.id,
        number(build.present),
        number(build.added),
        build.unit,
        f"{100 * build.share:.1f} %",
        number(build.servers),
        number(build.cost),
        *(f"{getattr(build, name):%Y-%m-%d}" for name in WHEN),
    )


def _trials_sheet(one: Expansion) -> Sheet:
    rows = [
        ("nothing built" if t.room is None else f"{100 * t.room:.1f} %", number(t.output.mean, 6),
         interval(t.output.low, t.output.high), "yes" if t.reached else "no")
        for t in one.trials
    ]  # fmt: skip
    heads = ("room above the plan", "output", "interval", "reached")
    return Sheet("The search", heads, rows, frozenset(heads[:3]))


# ---- JSON


def bottleneck_object(found: Bottlenecks) -> dict[str, Any]:
    """The analysis as a JSON object, the same for the same scenario; see docs/bottleneck.md."""
    analysis, bench = found.analysis, found.analysis.bench
    return {
        "schema": BOTTLENECK_SCHEMA,
        "scenario": analysis.scenario.document.name,
        "fingerprint": analysis.network.fingerprint,
        "engine": ENGINES[0],
        "seed": analysis.network.seed,
        "replications": analysis.network.replications,
        "confidence": analysis.confidence,
        "unit": analysis.unit,
        "step": bench.step,
        "since_d": bench.since / SECONDS_PER_DAY,
        "window": bench.window.name,
        "periods": [_period_object(found, p) for p in range(len(bench.periods))],
        "shadow": [_shadow_object(found, one) for one in found.shadow],
        "expansion": _expansion_object(found, found.expansion),
        "errors": found.errors,
    }


def _period_object(found: Bottlenecks, p: int) -> dict[str, Any]:
    one: Bound = found.bound[p]
    free, ordered = found.steady[p]
    return {
        "period": one.period.name,
        "binds": one.binds,
        "share": one.share,
        "output": asdict(one.output),
        "loss": asdict(one.loss),
        "parts": dict(one.parts),
        "caught_up": one.caught_up,
        "as_ordered": None if ordered is None else asdict(ordered),
        "max_flow": None if free is None else asdict(free),
        "states": {
            group.id: dict(zip(STATES, found.states[p, g].tolist(), strict=True))
            for g, group in enumerate(found.analysis.bench.groups)
        },
    }


def _shadow_object(found: Bottlenecks, one: ShadowValue) -> dict[str, Any]:
    values = {"mean": one.extra.mean, "low": one.extra.low, "high": one.extra.high}
    return {
        "group": one.group.id,
        "capacity": one.capacity,
        "unit": one.unit,
        "used": used(found, one),
        "extra": asdict(one.extra),
        "per_percent": {name: one.per_percent(value) for name, value in values.items()},
        "per_unit": {name: one.per_unit(value) for name, value in values.items()},
        "told": one.told,
    }


def _expansion_object(found: Bottlenecks, one: Expansion | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "target": one.goal.output,
        "year": one.goal.year.name,
        "verdict": one.verdict,
        "plan": one.plan,
        "plan_factor": one.factor,
        "groups": grown_groups(found, one),
        "builds": [build_object(build) for build in one.builds],
        "trials": [_trial_object(trial) for trial in one.trials],
        "chosen": None if one.chosen is None else _trial_object(one.chosen),
        "fresh": None if one.fresh is None else _trial_object(one.fresh),
    }


def build_object(build: Build) -> dict[str, Any]:
    """What is added to some servers."""
    return {
        "servers": build.id,
        "present": build.present,
        "added": build.added,
        "unit": build.unit,
        "share": build.share,
        "servers_there": build.servers,
        "cost": build.cost,
        **{name: getattr(build, name).date().isoformat() for name in WHEN},
    }


def _trial_object(trial: Trial) -> dict[str, Any]:
    output: Aggregate = trial.output
    return {"room": trial.room, "reached": trial.reached, "output": asdict(output)}
