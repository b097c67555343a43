"""Named parameters: tables of values with evidence, formulas and overrides.

A table is a CSV file with the columns name, value, unit, low, high, kind, source, note; its rows
are read in `evidence`. Here formulas are evaluated, each after those that it refers to.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from chainsim.errors import Problem, did_you_mean, shown
from chainsim.scenario import expressions, quantities
from chainsim.scenario.evidence import Draft, Source, read_drafts, read_sources, sources_of
from chainsim.scenario.expressions import ExpressionError, Name, Term
from chainsim.scenario.files import Reference
from chainsim.scenario.nodes import BROKEN, Node, Place
from chainsim.scenario.quantities import Quantity, QuantityError

Kind = Literal["documented", "derived", "assumed"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of the domain, with its unit, its range and its evidence."""

    name: str
    value: Quantity
    unit: str
    kind: Kind
    low: Quantity | None
    high: Quantity | None
    """The range, in base units as `value`; of an assumed parameter always given."""
    sources: tuple[str, ...]
    note: str
    formula: str | None
    """The formula of a derived value, or of an override."""
    uses: tuple[str, ...]
    """The parameters that the formula refers to."""
    row: Place
    """Its line in the table."""
    origin: Place
    """Where its value comes from: the table or an override."""

    @property
    def overridden(self) -> bool:
        """Whether a scenario or an option replaced the value of the table."""
        return self.origin.file != self.row.file

    @property
    def in_unit(self) -> float:
        """The value in the unit of the table, for show."""
        return float(self.value.value / quantities.unit(self.unit or "1").value)


@dataclass(frozen=True)
class ParameterTable(Mapping[str, Parameter]):
    """All parameters of a scenario by name, and the sources they cite."""

    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    """Names of rows that cannot be read; they have been reported."""

    def __getitem__(self, name: str) -> Parameter:
        return self.parameters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.parameters)

    def __len__(self) -> int:
        return len(self.parameters)

    def behind(self, names: Iterable[str]) -> tuple[str, ...]:
        """The given parameters and all that their formulas refer to, each once."""
        found: dict[str, None] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name in self.parameters and name not in found:
                found[name] = None
                waiting.extend(self.parameters[name].uses)
        return tuple(found)


class UnknownParameter(ExpressionError):
    """A name that no table has."""

    def __init__(self, name: Name, known: Iterable[str]) -> None:
        super().__init__(f"no parameter has the name '{name.name}'", name.offset)
        self.remedy = _remedy(name.name, known)


class BrokenParameter(Exception):
    """A value that has been reported already."""


def _remedy(name: str, known: Iterable[str]) -> str:
    """What may have been meant by a name that is in no table."""
    names = list(known)
    return did_you_mean(name, names, "") if names else "name its table in parameter_tables"


def build_table(
    tables: Iterable[Reference], sources: Iterable[Reference], overrides: Node | None
) -> tuple[ParameterTable, list[Problem]]:
    """The parameters of all tables with overrides worked in and formulas evaluated."""
    problems: list[Problem] = []
    known_sources = read_sources(sources, problems)
    drafts = read_drafts(tables, known_sources, problems)
    _override(drafts, overrides, problems)
    _evaluate(drafts, problems)
    problems.extend(p for draft in drafts.values() for p in _range_problems(draft))
    finished = {d.name: _finished(d, d.value) for d in drafts.values() if d.value is not None}
    broken = frozenset(drafts) - frozenset(finished)
    return ParameterTable(finished, known_sources, broken), problems


def value_of(term: Term, table: ParameterTable) -> Quantity:
    """The value of an expression over the parameters of a table.

    Raises:
        ExpressionError: an unknown name, units that differ, division by zero.
        BrokenParameter: a parameter that has been reported already.
    """

    def lookup(name: Name) -> Quantity:
        if name.name in table.broken:
            raise BrokenParameter
        if name.name not in table:
            raise UnknownParameter(name, table)
        return table[name.name].value

    return expressions.evaluate(term, lookup)


def expression_problem(
    error: ExpressionError, path: str, text: str, place: Place, inset: int
) -> Problem:
    """The problem of an expression, at the character where it goes wrong."""
    column = place.column + error.offset + inset if place.line else 0
    remedy = getattr(error, "remedy", "")
    rule = f"be an expression: {error.message}"
    return Problem(place.file, place.line, column, path, rule, shown(text), remedy)


def _override(drafts: dict[str, Draft], overrides: Node | None, problems: list[Problem]) -> None:
    if overrides is None or overrides.value is BROKEN:
        return
    if not isinstance(overrides.value, dict):
        rule, got = "be a map of names and values", shown(overrides.written())
        problems.append(Problem(*overrides.place, "parameters", rule, got))
        return
    given: dict[str, Node] = overrides.value
    for name, node in given.items():
        if name not in drafts:
            path, rule = f"parameters.{name}", "be the name of a parameter"
            place = node.key or node.place
            problems.append(Problem(*place, path, rule, shown(name), _remedy(name, drafts)))
        elif node.value is not BROKEN:
            _override_one(drafts[name], node, problems)


def _override_one(draft: Draft, node: Node, problems: list[Problem]) -> None:
    draft.origin, draft.inset, draft.formula, draft.value = node.place, node.inset, None, None
    if expressions.is_expression(node.value):
        draft.formula = node.value
        return
    try:
        draft.value = _in_unit(draft, node.value)
    except QuantityError as error:
        rule = str(error).removeprefix("must ")
        rule = rule if rule.startswith("be ") else f"be a quantity: {rule}"
        problems.append(Problem(*node.place, draft.path, rule, shown(node.written())))


def _in_unit(draft: Draft, value: object) -> Quantity:
    """A number in the unit of the table, or a text with a unit of the same dimension."""
    if isinstance(value, bool | dict | list):
        raise QuantityError("must be a number, with a unit if it has one")
    return in_unit(quantities.parse(str(value)), draft.row["unit"])


def in_unit(written: tuple[Quantity, bool], unit: str) -> Quantity:
    """What a number means for a parameter: without a unit of its own it is in that of the table.

    Args:
        written: The number, and whether it has a unit.
        unit: Of the table.

    Raises:
        QuantityError: it has another dimension.
    """
    quantity, has_unit = written
    expected = quantities.unit(unit or "1")
    if not has_unit:
        return quantity * expected
    if quantity.dimension != expected.dimension:
        raise QuantityError(
            f"must be {quantities.describe(expected.dimension)} (in {unit or '1'}),"
            f" not {quantities.describe(quantity.dimension)}"
        )
    return quantity


def _evaluate(drafts: dict[str, Draft], problems: list[Problem]) -> None:
    """Evaluate the formulas in an order in which each comes after those it refers to."""
    for draft in drafts.values():
        if draft.formula is not None:
            draft.term = _term(draft, problems)
    graph = {
        draft.name: {name.name for name in expressions.names_in(draft.term)}
        for draft in drafts.values()
        if draft.term is not None
    }
    for cycle in _take_cycles(graph):
        draft = drafts[cycle[0]]
        rule = f"not refer to itself: {' uses '.join(cycle)}"
        problems.append(Problem(*draft.place, draft.path, rule, shown(draft.formula)))
        for name in cycle:
            drafts[name].term = None
    for name in graphlib.TopologicalSorter(graph).static_order():
        if name in drafts and drafts[name].term is not None:
            _evaluate_one(drafts[name], drafts, problems)


def _take_cycles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """Each cycle of the graph, in the order of use; its names are taken out of the graph."""
    while True:
        try:
            graphlib.TopologicalSorter(graph).prepare()
            return
        except graphlib.CycleError as error:
            ring: list[str] = list(reversed(error.args[1]))[:-1]
            first = ring.index(min(ring))
            for name in ring:
                graph.pop(name, None)
            yield [*ring[first:], *ring[:first], ring[first]]


def _term(draft: Draft, problems: list[Problem]) -> Term | None:
    try:
        return expressions.parse(draft.formula or "")
    except ExpressionError as error:
        problems.append(_formula_problem(draft, error))
        return None


def _evaluate_one(draft: Draft, drafts: dict[str, Draft], problems: list[Problem]) -> None:
    def lookup(name: Name) -> Quantity:
        below = drafts.get(name.name)
        if below is None:
            raise UnknownParameter(name, drafts)
        if below.value is None:
            raise BrokenParameter
        return below.value

    assert draft.term is not None
    try:
        value = expressions.evaluate(draft.term, lookup)
        if value.dimension != draft.unit.dimension:
            gives = quantities.describe(value.dimension)
            says = quantities.describe(draft.unit.dimension)
            raise ExpressionError(f"the formula gives {gives}, the unit says {says}", 0)
        draft.value = value
    except BrokenParameter:
        pass
    except ExpressionError as error:
        problems.append(_formula_problem(draft, error))


def _formula_problem(draft: Draft, error: ExpressionError) -> Problem:
    return expression_problem(error, draft.path, draft.formula or "", draft.place, draft.inset)


def _range_problems(draft: Draft) -> Iterator[Problem]:
    low, high, value = draft.low, draft.high, draft.value
    if low is None or high is None or value is None:
        return
    inside = low.value <= high.value
    if draft.origin is None and draft.formula is None:
        inside = low.value <= value.value <= high.value
    if not inside:
        rule = f"lie between low {draft.row['low']} and high {draft.row['high']}"
        yield draft.row.problem("value", draft.path, rule)


def _finished(draft: Draft, value: Quantity) -> Parameter:
    row = draft.row
    names = expressions.names_in(draft.term) if draft.term is not None else ()
    return Parameter(
        name=row["name"],
        value=value,
        unit=row["unit"],
        kind=cast(Kind, row["kind"]),
        low=draft.low,
        high=draft.high,
        sources=sources_of(row),
        note=row["note"],
        formula=draft.formula,
        uses=tuple(dict.fromkeys(name.name for name in names)),
        row=row.place("name"),
        origin=draft.place,
    )
