"""CSV tables with a header, every cell with its place; lines that start with # are comments."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from chainsim.errors import InputError, Problem, did_you_mean, shown
from chainsim.scenario.files import Reference, read_text
from chainsim.scenario.nodes import Place

LARGEST_TABLE = 5_000_000
"""Bytes of one table."""
_CELL = re.compile(r'(?:"(?:[^"]|"")*"|[^,]*)(?:,|\Z)')


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: its cells by column, without spaces around them."""

    file: str
    line: int
    text: str
    columns: tuple[str, ...]
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def place(self, column: str) -> Place:
        """Where the cell of a column begins."""
        if column not in self.columns:
            return Place(self.file, self.line, 1)
        start = 0
        for _ in range(self.columns.index(column)):
            match = _CELL.match(self.text, start)
            start = match.end() if match else start
        return Place(self.file, self.line, start + 1)

    def problem(self, column: str, path: str, rule: str, remedy: str = "") -> Problem:
        """A problem with the cell of a column."""
        got = shown(self[column]) if self[column] else "nothing"
        return Problem(*self.place(column), path, rule, got, remedy)


def read_table(
    file: Reference, needed: tuple[str, ...], optional: tuple[str, ...] | None
) -> list[Row]:
    """The rows of a CSV file.

    Args:
        file: Where it is, and where it is named.
        needed: Columns that it must have.
        optional: Columns that it may have; any if None.

    Raises:
        InputError: it cannot be read, is not a table, or has other columns.
    """
    text, shown_as = table_text(file), file.shown_as
    lines = text.replace("\r\n", "\n").split("\n")
    records = list(_records(lines, shown_as))
    if not records:
        raise InputError([Problem(shown_as, 1, 1, "", f"have a header {','.join(needed)}")])
    header_line, header = records[0]
    header = [cell.strip() for cell in header]
    row = Row(shown_as, header_line, lines[header_line - 1], tuple(header), {c: c for c in header})
    problems = list(_header_problems(row, header, needed, optional))
    rows = []
    for line, record in records[1:]:
        if len(record) != len(header):
            rule, got = f"have {len(header)} cells", str(len(record))
            remedy = "put a cell that contains a comma in double quotes"
            problems.append(Problem(shown_as, line, 1, f"line {line}", rule, got, remedy))
            continue
        cells = {name: cell.strip() for name, cell in zip(header, record, strict=True)}
        rows.append(Row(shown_as, line, lines[line - 1], tuple(header), cells))
    if problems:
        raise InputError(problems)
    return rows


def table_text(file: Reference) -> str:
    """What a table holds: as it was held, or as it is in the file now.

    Raises:
        InputError: it cannot be read.
    """
    if file.text is not None:
        return file.text
    return read_text(file.path, file.shown_as, LARGEST_TABLE, file.problem)


def _records(lines: list[str], file: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of its first line; empty lines and comments left out."""
    blank = ("\n" if line.startswith("#") else line + "\n" for line in lines)
    reader = csv.reader(blank, strict=True)
    while True:
        first = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            rule = f"be a table of comma-separated values ({error})"
            raise InputError([Problem(file, first, 1, f"line {first}", rule)]) from None
        if any(cell.strip() for cell in record):
            yield first, record


def _header_problems(
    row: Row, header: list[str], needed: tuple[str, ...], optional: tuple[str, ...] | None
) -> Iterator[Problem]:
    for name in header:
        if optional is not None and name not in needed + optional:
            remedy = did_you_mean(name, needed + optional)
            yield row.problem(name, "the header", "name known columns", remedy)
    if len(set(header)) < len(header):
        yield Problem(row.file, row.line, 1, "the header", "name each column once")
    for name in needed:
        if name not in header:
            yield Problem(row.file, row.line, 1, "the header", f"have the column '{name}'")
