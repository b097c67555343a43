"""The rows of parameter tables and of source lists, read and checked one by one.

A documented value has a source, a derived one is a formula, an assumed one has the range in which
it may lie.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from chainsim.errors import InputError, Problem, did_you_mean
from chainsim.scenario import expressions, quantities
from chainsim.scenario.expressions import Term
from chainsim.scenario.files import Reference
from chainsim.scenario.nodes import Place
from chainsim.scenario.quantities import Quantity, QuantityError
from chainsim.scenario.tables import Row, read_table

KINDS = ("documented", "derived", "assumed")
COLUMNS = ("name", "value", "unit", "low", "high", "kind", "source", "note")
SOURCE_COLUMNS = ("id", "title", "address", "date", "reliability")
_NAME = re.compile(r"[^\W\d]\w*(?:\.\w+)*\Z")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure was found."""

    id: str
    title: str
    address: str
    date: str
    reliability: str


@dataclass
class Draft:
    """A row being read: its cells as quantities, its formula as a term."""

    row: Row
    unit: Quantity
    value: Quantity | None = None
    low: Quantity | None = None
    high: Quantity | None = None
    formula: str | None = None
    term: Term | None = None
    origin: Place | None = None
    inset: int = 0

    @property
    def name(self) -> str:
        """The name of the parameter."""
        return self.row["name"]

    @property
    def path(self) -> str:
        """Its path, as an override would write it."""
        return f"parameters.{self.name}"

    @property
    def place(self) -> Place:
        """Where its value stands: in the table or in an override."""
        return self.origin or self.row.place("value")


def read_sources(files: Iterable[Reference], problems: list[Problem]) -> dict[str, Source]:
    """The sources of all lists by id; what is wrong is added to `problems`."""
    found: dict[str, Source] = {}
    for file in _once(files):
        try:
            rows = read_table(file, SOURCE_COLUMNS[:2], SOURCE_COLUMNS[2:])
        except InputError as error:
            problems.extend(error.problems)
            continue
        for row in rows:
            if not row["id"] or row["id"] in found:
                problems.append(row.problem("id", "sources", "have an id of its own"))
            found[row["id"]] = Source(*(row[column] for column in SOURCE_COLUMNS))
    return found


def _once(files: Iterable[Reference]) -> list[Reference]:
    """Each file once, though several layers name it."""
    return list({file.shown_as: file for file in files}.values())


def read_drafts(
    files: Iterable[Reference], sources: Mapping[str, Source], problems: list[Problem]
) -> dict[str, Draft]:
    """The rows of all tables by name; what is wrong is added to `problems`."""
    drafts: dict[str, Draft] = {}
    for file in _once(files):
        try:
            rows = read_table(file, ("name", "value", "kind"), COLUMNS)
        except InputError as error:
            problems.extend(error.problems)
            continue
        for row in rows:
            draft, wrong = _draft(row, sources)
            problems.extend(wrong)
            first = drafts.get(draft.name)
            if first is not None:
                where = f"it stands already in {first.row.file}:{first.row.line}"
                problems.append(row.problem("name", draft.path, "be given once", where))
            elif draft.name:
                drafts[draft.name] = draft
    return drafts


def _draft(row: Row, sources: Mapping[str, Source]) -> tuple[Draft, list[Problem]]:
    problems = list(_row_problems(row, sources))
    draft = Draft(row, Quantity(quantities.exact(1)))
    try:
        draft.unit = quantities.unit(row["unit"] or "1")
    except QuantityError as error:
        problems.append(row.problem("unit", draft.path, f"have a known unit: {error}"))
    if expressions.is_expression(row["value"]):
        draft.formula = row["value"]
    else:
        draft.value = _cell(draft, "value", problems)
    draft.low = _cell(draft, "low", problems) if row["low"] else None
    draft.high = _cell(draft, "high", problems) if row["high"] else None
    return draft, problems


def _cell(draft: Draft, column: str, problems: list[Problem]) -> Quantity | None:
    try:
        value, has_unit = quantities.parse(draft.row[column])
        if has_unit:
            raise QuantityError("the unit has its own column")
        return value * draft.unit
    except QuantityError as error:
        path = draft.path if column == "value" else f"{draft.path}.{column}"
        reason = str(error).removeprefix("must be a number, ")
        problems.append(draft.row.problem(column, path, f"be a number ({reason})"))
        return None


def _row_problems(row: Row, sources: Mapping[str, Source]) -> Iterator[Problem]:
    name, kind = row["name"], row["kind"]
    path = f"parameters.{name}"
    if not _NAME.match(name):
        rule = "be letters, digits and _, in parts joined by dots"
        yield row.problem("name", "the name of a parameter", rule)
    if kind not in KINDS:
        rule = f"be one of {', '.join(KINDS)}"
        yield row.problem("kind", f"{path}.kind", rule, did_you_mean(kind, KINDS, ""))
    if kind == "derived" and not expressions.is_expression(row["value"]):
        yield row.problem("value", path, "be a formula that starts with = (its kind is derived)")
    if kind in ("documented", "assumed") and expressions.is_expression(row["value"]):
        yield row.problem("value", path, f"be a number (its kind is {kind})", "call it derived")
    if kind == "assumed":
        for column in ("low", "high"):
            if not row[column]:
                yield row.problem(column, f"{path}.{column}", "be given (its kind is assumed)")
    if kind == "documented" and not row["source"]:
        yield row.problem("source", f"{path}.source", "be given (its kind is documented)")
    for source in sources_of(row):
        if sources and source not in sources:
            remedy = did_you_mean(source, sources, "")
            rule = f"cite ids of the sources file, not '{source}'"
            yield row.problem("source", f"{path}.source", rule, remedy)


def sources_of(row: Row) -> tuple[str, ...]:
    """The ids in the source column."""
    return tuple(part.strip() for part in row["source"].split(";") if part.strip())
