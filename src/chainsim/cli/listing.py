"""What is there, and a start for what is not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from chainsim.cli.options import FILE, json_option, out_option
from chainsim.errors import InputError, Problem, printable


@click.command(name="list")
@click.option(
    "--scenarios", type=FILE, default=Path("scenarios"), show_default=True, help="Their folder."
)
@click.option("--measures", is_flag=True, help="List the measures too; --json always does.")
@out_option
@json_option
def list_(scenarios: Path, measures: bool, out: Path, as_json: bool) -> None:
    """List scenarios and results of all commands, and measures if asked for."""
    from chainsim.report import catalogue, tables

    found = catalogue.catalogue(scenarios, out)
    for sentence in found.skipped:
        click.echo(printable(sentence), err=True)
    if as_json:
        whole = {"schema": "chainsim/list/1", **catalogue.catalogue_object(found)}
        click.echo(json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False))
    else:
        tables.show(catalogue.catalogue_sheets(found, measures), sys.stdout)


@click.command()
@click.argument("file", type=FILE)
def new(file: Path) -> None:
    """Write a commented starter scenario to FILE, or print it where FILE is -."""
    from importlib import resources

    text = resources.files("chainsim.cli").joinpath("starter.yaml").read_text("utf-8")
    if str(file) == "-":
        click.echo(text, nl=False)
        return
    try:
        with file.open("x", encoding="utf-8", newline="\n") as target:
            target.write(text)
    except FileExistsError:
        raise InputError([Problem(str(file), 0, 0, "", "be a file that does not exist")]) from None
    except OSError as error:
        rule = "be a place that can be written to"
        raise InputError([Problem(str(file), 0, 0, "", rule, error.strerror or "")]) from None
    click.echo(f"{file} written; try: chainsim run {file}", err=True)
