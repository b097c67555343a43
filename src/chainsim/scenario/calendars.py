"""The special days of a calendar that stand in a CSV file (date, kind, name)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from chainsim.errors import InputError, Problem, did_you_mean
from chainsim.scenario.layers import Layers
from chainsim.scenario.nodes import BROKEN, Node
from chainsim.scenario.tables import Row, read_table

KINDS = ("closed", "open")
_ONE_DAY = dt.timedelta(days=1)


def read_days_files(layers: Layers) -> list[Problem]:
    """Put the days of every `days_file` into its calendar as `days`, and take the key out."""
    calendars = layers.root.child("calendars") if layers.root else None
    if calendars is None or not isinstance(calendars.value, dict):
        return []
    problems: list[Problem] = []
    for name, calendar in calendars.value.items():
        if isinstance(calendar.value, dict) and "days_file" in calendar.value:
            problems.extend(_read_days(f"calendars.{name}", calendar, layers))
    return problems


def _read_days(path: str, calendar: Node, layers: Layers) -> list[Problem]:
    node: Node = calendar.value.pop("days_file")
    if "days" in calendar.value:
        return [Problem(*node.place, path, "have days_file or days, not both")]
    reference = layers.reference(node, f"{path}.days_file")
    calendar.value["days"] = Node(BROKEN, node.place, node.key)
    if reference is None:
        return []
    layers.data.append(reference)
    try:
        rows = read_table(reference, ("date", "kind"), ("name",))
    except InputError as error:
        return list(error.problems)
    problems: list[Problem] = []
    days: dict[dt.date, Row] = {}
    for row in rows:
        day = _day(row, problems)
        if day in days:
            problems.append(row.problem("date", str(day), "be given once"))
        elif day is not None:
            days[day] = row
    if not problems:
        calendar.value["days"] = _specials(days, calendar.value["days"])
    return problems


def _day(row: Row, problems: list[Problem]) -> dt.date | None:
    kind = row["kind"]
    if kind not in KINDS:
        remedy = did_you_mean(kind, KINDS, "")
        problems.append(row.problem("kind", "kind", "be closed or open", remedy))
    try:
        return dt.datetime.strptime(row["date"], "%Y-%m-%d").date()
    except ValueError:
        problems.append(row.problem("date", "date", "be a date such as 2022-08-15"))
        return None


def _specials(days: dict[dt.date, Row], place: Node) -> Node:
    """Runs of consecutive days of one kind, as the schema's special days."""
    runs: list[tuple[dt.date, dt.date, str, Row]] = []
    for day in sorted(days):
        kind = days[day]["kind"]
        if runs and runs[-1][1] + _ONE_DAY == day and runs[-1][2] == kind:
            runs[-1] = (runs[-1][0], day, kind, runs[-1][3])
        else:
            runs.append((day, day, kind, days[day]))
    return replace(place, value=[_special(*run) for run in runs])


def _special(first: dt.date, last: dt.date, kind: str, row: Row) -> Node:
    here = row.place("date")
    usual = Node("usual", row.place("kind"), here)
    shifts = usual if kind == "open" else Node([], row.place("kind"), here)
    entry = {"from": Node(first.isoformat(), here, here), "shifts": shifts}
    if last > first:
        entry["to"] = Node(last.isoformat(), here, here)
    return Node(entry, here, here)
