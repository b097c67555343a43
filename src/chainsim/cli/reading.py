"""Commands that read scenarios and run nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from chainsim.cli.options import FILE, json_option, set_option
from chainsim.errors import InputError, Problem, visible

Problems = tuple[Problem, ...]


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@set_option
@json_option
def validate(files: tuple[Path, ...], overrides: tuple[str, ...], as_json: bool) -> None:
    """Report every problem of scenario and study files; run nothing, write nothing."""
    from chainsim.scenario.studies import is_study

    reports = []
    for file in files:
        words, problems, warnings = "", (), ()  # type: str, Problems, Problems
        try:
            looked = _study if is_study(file) else _scenario
            words, warnings = looked(file, overrides)
        except InputError as error:
            problems = error.problems
        reports.append({"file": str(file), "problems": problems, "warnings": warnings})
        for problem in problems:
            click.echo(str(problem), err=True)
        for warning in warnings:
            click.echo(f"warning: {warning}", err=True)
        if words and not as_json:
            click.echo(words)
    if as_json:
        whole = {"schema": "chainsim/validate/1", "files": [_report(r) for r in reports]}
        _print_json(whole)
    if any(report["problems"] for report in reports):
        raise SystemExit(InputError.exit_code)


def _scenario(file: Path, overrides: tuple[str, ...]) -> tuple[str, Problems]:
    """What is said of a scenario that is fine, and its warnings."""
    from chainsim.scenario.loading import load_scenario

    scenario = load_scenario(file, overrides)
    if scenario.document.launches:  # the one block that takes tables of profiles
        from chainsim.network.compiling import check_launches

        check_launches(scenario)
    return f"{file}: fine, {len(scenario.document.sites)} sites", scenario.warnings


def _study(file: Path, overrides: tuple[str, ...]) -> tuple[str, Problems]:
    """What is said of a study that is fine, and the warnings of its base scenarios."""
    from chainsim.experiments.sweeps.planning import planned
    from chainsim.scenario.studies import load_study

    plan = planned(load_study(file, overrides))
    warnings = tuple(w for one in plan.study.bases.values() for w in one.base.warnings)
    words = f"{len(plan.study.variables)} factors, {len(plan.points.points)} points"
    return f"{file}: fine, {words}, {len(plan.tasks)} runs", warnings


def _report(report: dict[str, Any]) -> dict[str, Any]:
    return {
        "file": report["file"],
        "problems": [_problem(problem) for problem in report["problems"]],
        "warnings": [_problem(problem) for problem in report["warnings"]],
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "rule": problem.rule,
        "got": problem.got,
        "remedy": problem.remedy,
        "text": str(problem),
    }


@click.command()
@click.argument("file", type=FILE)
@set_option
@click.option("--path", "within", default="", help="Only the values at and below this path.")
@click.option("--given", is_flag=True, help="Leave out what is a default.")
@click.option("--exposure", is_flag=True, help="Instead: who depends on which region, by plan.")
@json_option
def show(
    file: Path, overrides: tuple[str, ...], within: str, given: bool, exposure: bool, as_json: bool
) -> None:
    """Print the merged scenario with the origin of every value, as YAML.

    With --given the text loads as the same scenario.
    """
    from chainsim.report import scenario_view
    from chainsim.scenario.loading import load_scenario

    scenario = load_scenario(file, overrides)
    if exposure:
        _show_exposure(scenario, as_json)
        return
    lines = scenario_view.inside(scenario_view.lines(scenario, not given), within)
    if as_json:
        values = [scenario_view.value_object(line) for line in lines if line.origin is not None]
        _print_json({"schema": "chainsim/show/1", "file": str(file), "values": values})
        return
    for line in lines:
        click.echo(visible(scenario_view.commented(line)))


def _show_exposure(scenario: Any, as_json: bool) -> None:
    from chainsim.network.compiling import compile_network
    from chainsim.outcome.exposure import static_exposure
    from chainsim.report import exposure, tables
    from chainsim.scenario.warm_up import leaves_warm_up_open, with_warm_up

    if leaves_warm_up_open(scenario):
        scenario = with_warm_up(scenario, 0, "not known before a run")
    rows = static_exposure(compile_network(scenario))
    if as_json:
        found = [exposure.exposure_object(row) for row in rows]
        _print_json({"schema": "chainsim/exposure/1", "exposure": found})
    else:
        tables.show([exposure.exposure_sheet(rows)], sys.stdout)


@click.command()
@click.argument("first", type=FILE)
@click.argument("second", type=FILE)
@set_option
@json_option
def diff(first: Path, second: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Print where two merged scenarios differ, with the origin of the values.

    Overrides apply to both.
    """
    from chainsim.report import scenario_view, tables
    from chainsim.scenario.loading import load_scenario

    one, two = load_scenario(first, overrides), load_scenario(second, overrides)
    found = scenario_view.differences(one, two)
    if as_json:
        rows = [scenario_view.difference_object(difference) for difference in found]
        _print_json({"schema": "chainsim/diff/1", "differences": rows})
    elif found:
        tables.show([scenario_view.differences_sheet(found, (str(first), str(second)))], sys.stdout)
    else:
        click.echo("no difference")


@click.command()
@click.argument("file", type=FILE)
@set_option
@click.option(
    "--kind", type=click.Choice(["documented", "derived", "assumed"]), help="Only of this kind."
)
@click.option("--match", default="", metavar="TEXT", help="Only names that contain this.")
@json_option
def parameters(
    file: Path, overrides: tuple[str, ...], kind: str | None, match: str, as_json: bool
) -> None:
    """Print the parameters of a scenario with their evidence."""
    from chainsim.report import parameter_view, tables
    from chainsim.scenario.loading import load_scenario

    table = load_scenario(file, overrides).parameters
    names = [name for name, p in table.items() if kind in (None, p.kind) and match in name]
    if as_json:
        found = {name: parameter_view.parameter_object(table, name) for name in names}
        _print_json({"schema": "chainsim/parameters/1", "file": str(file), "parameters": found})
    else:
        tables.show([parameter_view.parameters_sheet(table, names)], sys.stdout)


@click.command()
@click.option("--study", is_flag=True, help="Of study files instead.")
def schema(study: bool) -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from chainsim.scenario.json_schema import json_schema, study_schema

    _print_json(study_schema() if study else json_schema())


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))
