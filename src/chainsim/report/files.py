"""Writing results: JSON without NaN, CSV, and the daily series."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import gzip
import io
import json
import math
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from chainsim.errors import RunError
from chainsim.experiments.daily import DailyRuns
from chainsim.experiments.runs import Run
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.trajectory import NUMBERS

DAILY_COLUMNS = ("date", "kind", "entity", "series", "unit", "mean", "p5", "p50", "p95")
DIGITS = 4
"""Decimals of the daily series: quantities are whole thousandths."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With these a cell begins that a spreadsheet computes."""
ROW_GROUP = 200_000
"""Rows that are written to Parquet together, in whole series."""
Part = tuple[str, str, str, str, tuple[list[float], ...]]
"""kind, entity, series, unit; mean, 5, 50 and 95 % by day."""


def json_text(value: Any) -> str:
    """The value as JSON; what is not finite becomes null."""
    return json.dumps(finite(value), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def finite(value: Any) -> Any:
    """The same data with None for NaN and infinity."""
    if isinstance(value, Mapping):
        return {str(key): finite(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [finite(below) for below in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def write_whole(path: Path, content: str | bytes) -> None:
    """Write bytes, or a text as UTF-8, so that the file is the old one or the new one.

    Raises:
        RunError: it cannot be written; then the old file is as it was.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}~")
        try:
            text = content if isinstance(content, bytes) else content.encode(errors="replace")
            with open(descriptor, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise RunError(f"{path} could not be written: {error.strerror or error}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def csv_text(columns: Mapping[str, Iterable[Any]]) -> str:
    """A table by column as CSV; None and what is not finite become empty cells."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([_cell(name) for name in columns])
    for row in zip(*columns.values(), strict=True):
        writer.writerow([_cell(value) for value in row])
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _as_text(value)
    value = finite(value)
    return "" if value is None else value


def _as_text(text: str) -> str:
    """A text that no spreadsheet takes for a formula; a number stays a number."""
    if not text.startswith(FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text


def measures_columns(run: Run) -> dict[str, list[Any]]:
    """Replication x measure: in total, by site, by item and so on; a failed one has no values."""
    rows: list[dict[str, Any]] = []
    for replication in run.replications:
        head: dict[str, Any] = {"replication": replication.number, "failed": replication.error}
        values = replication.values
        if values is None:
            rows.append(head | {"level": "total", "entity": ""})
            continue
        rows.append(head | {"level": "total", "entity": ""} | values.total)
        rows += [head | {"level": "site", "entity": k} | row for k, row in values.sites.items()]
        rows += [head | {"level": "item", "entity": k} | row for k, row in values.items.items()]
        answers = values.responses.items()
        rows += [head | {"level": "response", "entity": k} | row for k, row in answers]
        built = values.investments.items()
        rows += [head | {"level": "investment", "entity": k} | row for k, row in built]
        rows += [head | {"level": "fleet", "entity": k} | row for k, row in values.fleets.items()]
    heads = ("replication", "level", "entity", "failed")
    names = dict.fromkeys((*heads, *(name for row in rows for name in row)))
    return {name: [row.get(name) for row in rows] for name in names}


def write_daily(run: Run, folder: Path, first: int, dates: Sequence[dt.date]) -> Path:
    """Write day x entity x series: Parquet where pyarrow is installed, else compressed CSV.

    Series that are zero in every replication on every day are left out.
    """
    parts = _parts(run.daily, run.network, first)
    if find_spec("pyarrow") is not None:
        path = folder / "daily.parquet"
        _write_parquet(parts, dates, path)
    else:
        path = folder / "daily.csv.gz"
        _write_gzip(parts, dates, path)
    return path


def _parts(daily: DailyRuns, network: CompiledNetwork, first: int) -> Iterator[Part]:
    units = _units(network)
    for kind, name in daily.names:
        ids = daily.ids(kind)
        for block, band in daily.bands(kind, name):
            arrays = [a[first:] for a in (band.mean, band.low, band.middle, band.high)]
            active = np.flatnonzero(arrays[0].any(axis=0))
            rounded = [np.round(array[:, active], DIGITS) for array in arrays]
            for k, column in enumerate(active.tolist()):
                entity = ids[block.start + column]
                unit = "" if name in NUMBERS else units[kind].get(entity, "s")
                series = tuple(array[:, k].tolist() for array in rounded)
                yield kind, entity, name, unit, series


def _units(network: CompiledNetwork) -> dict[str, dict[str, str]]:
    """The unit of each entity's quantities, by kind; seconds where there is none."""
    stocks = [network.items[stock.item].unit for stock in network.stocks]
    output = network.items[network.output_item].unit if network.output_item >= 0 else "unit"
    return {
        "stocks": {s.id: unit for s, unit in zip(network.stocks, stocks, strict=True)},
        "demands": {d.id: stocks[d.stock] for d in network.demands},
        "lanes": {lane.id: stocks[lane.destination] for lane in network.lanes},
        "operations": {
            o.id: next((stocks[way.stock] for way in o.outputs if way.stock >= 0), "unit")
            for o in network.operations
        },
        "sites": {site.id: output for site in network.sites},
        "resources": {},
        "inputs": {},
        "responses": {response.id: "unit" for response in network.responses},
        "investments": {},
        "fleets": {fleet.id: network.items[fleet.item].unit for fleet in network.fleets},
    }


def _write_gzip(parts: Iterable[Part], dates: Sequence[dt.date], path: Path) -> None:
    days = [day.isoformat() for day in dates]
    with (
        path.open("wb") as raw,
        # No name and no time inside: the same run gives the same bytes.
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="") as text,
    ):
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(DAILY_COLUMNS)
        for kind, entity, name, unit, series in parts:
            head = (kind, _as_text(entity), name, _as_text(unit))
            writer.writerows(
                (day, *head, *values)
                for day, values in zip(days, zip(*series, strict=True), strict=True)
            )


def _write_parquet(parts: Iterator[Part], dates: Sequence[dt.date], path: Path) -> None:
    import pyarrow as pa  # type: ignore[import-untyped, unused-ignore, import-not-found]
    from pyarrow import parquet

    words = pa.dictionary(pa.int32(), pa.string())
    types = [pa.date32(), words, words, words, words, *[pa.float64()] * 4]
    schema = pa.schema(list(zip(DAILY_COLUMNS, types, strict=True)))
    count = len(dates)
    at_once = max(1, ROW_GROUP // max(1, count))
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(parts, at_once)):
            heads = [
                pa.array([part[k] for part in group for _ in range(count)]).dictionary_encode()
                for k in range(4)
            ]
            numbers = [pa.array([x for part in group for x in part[4][k]]) for k in range(4)]
            columns = [pa.array(list(dates) * len(group), pa.date32()), *heads, *numbers]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
