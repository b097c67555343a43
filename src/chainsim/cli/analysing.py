"""The command that says which factors of a study matter."""

from __future__ import annotations

import datetime as dt
import shlex
import sys
import time
from pathlib import Path

import click

from chainsim.cli.options import FILE, json_option, out_option, set_option
from chainsim.cli.sweeping import store_path
from chainsim.errors import visible


@click.command()
@click.argument("file", type=FILE, metavar="STUDY")
@click.option(
    "--replications", type=click.IntRange(1, 10_000_000), metavar="N",
    help="As they were given to the sweep.",
)  # fmt: skip
@set_option
@out_option
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Only results and problems.")
def sensitivity(
    file: Path,
    replications: int | None,
    overrides: tuple[str, ...],
    out: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say which factors of a study drive its measures, from the finished runs of its sweep.

    Writes figures with their data, tables and a page to results/STUDY_sensitivity/.
    """
    from chainsim.experiments.sweeps.analysis import analysed
    from chainsim.experiments.sweeps.answers import finished
    from chainsim.experiments.sweeps.planning import planned
    from chainsim.experiments.sweeps.store import reading
    from chainsim.report.files import json_text
    from chainsim.report.folder import Circumstances, check_target
    from chainsim.report.places import folder_name
    from chainsim.report.sensitivity_folder import (
        finding_sheets,
        sensitivity_object,
        write_sensitivity,
    )
    from chainsim.report.tables import show
    from chainsim.scenario.studies import load_study

    began = time.monotonic()
    started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    plan = planned(load_study(file, overrides, replications))
    path = store_path(out, file)
    given = [word for text in overrides for word in ("--set", text)]
    given += [] if replications is None else ["--replications", str(replications)]
    with reading(path) as store:
        answers = finished(plan, store, given)
    target = check_target(out, f"{folder_name(str(file))}_sensitivity")
    found = analysed(answers)
    command = shlex.join(["chainsim", *sys.argv[1:]])
    wall = time.monotonic() - began
    write_sensitivity(found, target, path, Circumstances(command, started, wall, 1))
    if as_json:
        click.echo(json_text(sensitivity_object(found) | {"out": str(target)}), nl=False)
    else:
        show(finding_sheets(found), sys.stdout)
    if not quiet:
        words = f"{target} written after {time.monotonic() - began:.1f} s"
        click.echo(visible(words), err=True)
