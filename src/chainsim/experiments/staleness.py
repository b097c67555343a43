"""Whether a baseline is still that of its scenario, and if not, what changed since."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chainsim.errors import InputError, Problem, shortened, shown
from chainsim.experiments.baseline import DIGEST, MOST_NAMED, REMEDY, Baseline, Facts, facts_of
from chainsim.experiments.expectations import Stated
from chainsim.experiments.readings import number_of_weeks
from chainsim.network.compiled import CompiledNetwork
from chainsim.scenario.loading import DEFAULT, Scenario
from chainsim.scenario.warm_up import leaves_warm_up_open


def check_baseline(
    found: Baseline,
    path: Path,
    scenario: Scenario,
    network: CompiledNetwork,
    expected: tuple[Stated, ...],
) -> None:
    """Nothing, if a baseline is that of the scenario as it is now and has what is expected.

    Raises:
        InputError: it is stale, with the first differences named, or it lacks a measure.
    """
    problems = list(_differences(found, scenario, network))
    if problems:
        more = len(problems) - MOST_NAMED
        rule = "be that of the scenario as it is now: the baseline is stale"
        first = Problem(str(path), 0, 0, "", rule, "", REMEDY)
        named = problems[:MOST_NAMED]
        if more > 0:
            named.append(Problem(str(path), 0, 0, "", f"be renewed: {more} more differ"))
        raise InputError([first, *named])
    lacking = [p for one in expected if one.needs_baseline for p in _lacking(found, path, one)]
    weeks = None if leaves_warm_up_open(scenario) else number_of_weeks(network)
    for name, series in found.series.items():
        if weeks is not None and len(series.values[0]) != weeks:
            rule, got = f"have {weeks} weeks", str(len(series.values[0]))
            lacking.append(Problem(str(path), 0, 0, f"series.{name}", rule, got, REMEDY))
    if lacking:
        raise InputError(lacking)


def _lacking(found: Baseline, path: Path, one: Stated) -> Iterator[Problem]:
    known = found.series if one.kind == "series" else found.measures
    if one.name not in known:
        block = "series" if one.kind == "series" else "measures"
        yield Problem(str(path), 0, 0, block, f"have {shown(one.name)}", "", REMEDY)


def changes(found: Baseline, now: Facts) -> list[tuple[str, str, str]]:
    """(path, value then, value now) of what changed: parameters, then blocks; '' where none."""
    rows = []
    for name in sorted(found.parameters.keys() | now.parameters.keys()):
        then, today = found.parameters.get(name, ""), now.parameters.get(name, "")
        if then != today:
            rows.append((f"parameters.{name}", then, today))
    for name in sorted(found.blocks.keys() | now.blocks.keys()):
        then, today = found.blocks.get(name, ""), now.blocks.get(name, "")
        if then != today:
            digests = DIGEST in (then[: len(DIGEST)], today[: len(DIGEST)])
            rows.append((name, "", "") if digests else (name, then, today))
    return rows


def _differences(
    found: Baseline, scenario: Scenario, network: CompiledNetwork
) -> Iterator[Problem]:
    file = scenario.files[0] if scenario.files else "the scenario"
    if found.seed != network.seed:
        rule = f"be {found.seed} as in the baseline"
        yield Problem(_place(scenario, "run.seed", file), 0, 0, "run.seed", rule, str(network.seed))
    now = facts_of(scenario)
    if found.fingerprint == now.fingerprint:
        return
    rows = changes(found, now)
    for path, then, today in rows:
        rule = f"be {shortened(then)} as in the baseline" if then else "be as in the baseline"
        name = path.removeprefix("parameters.")
        place = _place(scenario, path, file)
        if path != name and name in scenario.parameters:
            place = str(scenario.parameters[name].origin)
        yield Problem(place, 0, 0, path, rule, shortened(today))
    if not rows:
        yield Problem(file, 0, 0, "", "have the fingerprint of the baseline", now.fingerprint)


def _place(scenario: Scenario, path: str, otherwise: str) -> str:
    origin = scenario.origin(path)
    return otherwise if origin is DEFAULT else origin.place
