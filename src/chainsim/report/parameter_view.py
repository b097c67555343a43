"""The parameters of a scenario with their evidence."""

from __future__ import annotations

from typing import Any

from chainsim.report.tables import Sheet, number
from chainsim.scenario.parameters import Parameter, ParameterTable
from chainsim.scenario.quantities import Quantity, unit

GRADES = (
    "grade: A documented by good sources, B documented, C assumed from a source, D assumed; "
    "a derived value has the weakest grade behind it"
)


def parameters_sheet(table: ParameterTable, names: list[str]) -> Sheet:
    """The given parameters with their evidence."""
    rows = [
        (
            name,
            number(p.in_unit, 6),
            p.unit,
            _bound(p, p.low),
            _bound(p, p.high),
            p.kind,
            grade(table, name),
            "; ".join(p.sources),
            f"{p.origin}" if p.overridden else "",
            p.formula or p.note,
        )
        for name in names
        for p in [table[name]]
    ]
    heads = ("name", "value", "unit", "low", "high", "kind", "grade", "source", "set in")
    return Sheet("", (*heads, "formula or note"), rows, frozenset({"value", "low", "high"}), GRADES)


def _bound(parameter: Parameter, bound: Quantity | None) -> str:
    return number(_in_unit(parameter, bound), 6)


def _in_unit(parameter: Parameter, bound: Quantity | None) -> float | None:
    if bound is None:
        return None
    return float(bound.value / unit(parameter.unit or "1").value)


def grade(table: ParameterTable, name: str) -> str:
    """The grade of evidence of a parameter, from A to D."""
    return max(_own_grade(table, table[below]) for below in table.behind([name]))


def _own_grade(table: ParameterTable, parameter: Parameter) -> str:
    cited = [table.sources[source] for source in parameter.sources if source in table.sources]
    if parameter.kind == "derived":
        return "A"
    if parameter.kind == "documented":
        good = cited and all(source.reliability.strip() == "good" for source in cited)
        return "A" if good else "B"
    return "C" if parameter.sources else "D"


def parameter_object(table: ParameterTable, name: str) -> dict[str, Any]:
    """A parameter as a JSON object; low and high are in its unit."""
    parameter = table[name]
    return {
        "value": parameter.in_unit,
        "unit": parameter.unit,
        "low": _in_unit(parameter, parameter.low),
        "high": _in_unit(parameter, parameter.high),
        "kind": parameter.kind,
        "grade": grade(table, name),
        "sources": list(parameter.sources),
        "formula": parameter.formula,
        "uses": list(parameter.uses),
        "overridden": parameter.overridden,
        "origin": str(parameter.origin),
        "note": parameter.note,
    }
