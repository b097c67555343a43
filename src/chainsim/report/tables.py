"""Tables of words and numbers, for a terminal and for plain text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TextIO

from chainsim.errors import printable, shortened

WIDEST = 4000
"""Columns of plain text: lines are never broken."""
LEAST_ROOM = 10
"""Characters of a cell, however narrow the terminal."""


@dataclass(frozen=True)
class Sheet:
    """A table that can be shown."""

    title: str
    columns: Sequence[str]
    rows: Iterable[Sequence[str]]
    numbers: frozenset[str] = field(default_factory=frozenset)
    """Columns that are aligned to the right."""
    note: str = ""
    footnotes: Sequence[str] = ()
    """A line each, below the note."""
    single_lines: bool = False
    """On a terminal rows are not broken: their cells, but the first, share what room there is."""


def number(value: float | None, digits: int = 4) -> str:
    """A number as people read it: 365,012; 0.9731; a dash where there is none."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    text = f"{value:.{digits}g}"
    return f"{value:.2e}" if "e" in text else text


def interval(low: float | None, high: float | None) -> str:
    """Two bounds, or a dash."""
    return "-" if low is None or high is None else f"{number(low)} to {number(high)}"


def show(sheets: Iterable[Sheet], stream: TextIO) -> None:
    """Write tables: with colours and lines on a terminal, else as aligned plain text."""
    for sheet in sheets:
        if stream.isatty():
            _on_terminal(sheet, stream)
        else:
            stream.write(plain(sheet) + "\n")


def plain(sheet: Sheet) -> str:
    """The table as plain text, one line per row, however wide."""
    from rich.console import Console

    buffer = io.StringIO()
    console = Console(file=buffer, width=WIDEST, no_color=True, highlight=False, markup=False)
    console.print(_rich_table(sheet, plain_text=True))
    lines = [line.rstrip() for line in buffer.getvalue().splitlines()]
    head = [printable(sheet.title), ""] if sheet.title else []
    below = [printable(sheet.note)] if sheet.note else []
    return "\n".join([*head, *lines, *below, *map(printable, sheet.footnotes), ""])


def _on_terminal(sheet: Sheet, stream: TextIO) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, markup=False)
    if sheet.title:
        console.print(Text(printable(sheet.title), style="bold"))
    shown = _on_single_lines(sheet, console.width) if sheet.single_lines else sheet
    console.print(_rich_table(shown, plain_text=False))
    if sheet.note:
        console.print(Text(printable(sheet.note), style="dim"))
    for line in sheet.footnotes:
        console.print(Text(printable(line), style="dim"))
    console.print()


def _on_single_lines(sheet: Sheet, width: int) -> Sheet:
    """The table with its cells, but the first of each row, cut so that rows fit a width."""
    rows = [list(row) for row in sheet.rows]
    others = len(sheet.columns) - 1
    first = max(len(row[0]) for row in [list(sheet.columns), *rows])
    room = max(LEAST_ROOM, (width - first - 3 * others - 2) // others)
    heads, *cut = [
        [row[0], *(shortened(c, room) for c in row[1:])] for row in [sheet.columns, *rows]
    ]
    return replace(sheet, columns=heads, rows=cut)


def _rich_table(sheet: Sheet, plain_text: bool) -> object:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    look = None if plain_text else box.SIMPLE_HEAD
    table = Table(box=look, pad_edge=False, header_style="bold")
    for name in sheet.columns:
        table.add_column(
            Text(printable(name)),
            justify="right" if name in sheet.numbers else "left",
            overflow="fold",
            no_wrap=plain_text or sheet.single_lines,
        )
    for row in sheet.rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table
