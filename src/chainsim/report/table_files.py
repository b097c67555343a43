"""Tables by column as CSV, JSON or Parquet, on standard output or in a file that is whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from chainsim.errors import InputError, Problem
from chainsim.report.files import csv_text, json_text, write_whole

Columns = Mapping[str, Sequence[Any]]


def write_table(columns: Columns, form: str, output: Path | None) -> None:
    """Write a table; to standard output where no file is named.

    Args:
        columns: Values by name of the column, all of one length.
        form: csv, json (an object of columns) or parquet.
        output: The file.

    Raises:
        InputError: Parquet without a file, or without pyarrow.
        RunError: it cannot be written.
    """
    if form == "parquet":
        _write_parquet(columns, output)
        return
    text = csv_text(columns) if form == "csv" else json_text({"columns": columns})
    if output is None:
        click.echo(text, nl=False)
        return
    write_whole(output, text)


def _write_parquet(columns: Columns, output: Path | None) -> None:
    if output is None:
        raise InputError([Problem("--format", 0, 0, "parquet", "be written to a file: -o FILE")])
    if find_spec("pyarrow") is None:
        remedy = "pip install 'chainsim[parquet]'"
        raise InputError([Problem("--format", 0, 0, "parquet", "have pyarrow", "", remedy)])
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = pa.BufferOutputStream()
    pq.write_table(pa.table({name: _typed(values) for name, values in columns.items()}), buffer)
    write_whole(output, buffer.getvalue().to_pybytes())


def _typed(values: Sequence[Any]) -> list[Any]:
    """The values as one type: as texts, where numbers and words stand side by side."""
    mixed = any(isinstance(v, str) for v in values) and any(
        isinstance(v, int | float) for v in values
    )
    return [None if v is None else str(v) for v in values] if mixed else list(values)
