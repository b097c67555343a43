"""The laws that every run must keep, exactly and without tolerance.

They compare what the actors counted with the levels that they held, from the first second to the
last, so a defect in either shows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainsim.errors import LawError
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.trajectory import STATES, Integers, Table, Trajectory

LAST = slice(-1, None)
"""The last day."""
LAWS = (
    "stock balance", "nothing below zero", "lane balance", "orders", "on order", "demand", "lots",
    "server time", "servers", "sales", "fleet", "inspections",
)  # fmt: skip
"""What is checked after every replication, by the names that `residuals` gives."""


def check_laws(network: CompiledNetwork, trajectory: Trajectory) -> None:
    """Nothing, if every law holds.

    Raises:
        LawError: naming the first law and the entities that break it.
    """
    for law, table, residual in residuals(network, trajectory):
        broken = np.flatnonzero(residual)
        if len(broken):
            names = ", ".join(table.ids[i] for i in broken[:5])
            raise LawError(law, names, int(residual[broken[0]]))


def residuals(
    network: CompiledNetwork, trajectory: Trajectory
) -> Iterator[tuple[str, Table, Integers]]:
    """(law, table, residual by entity); a residual is zero where the law holds."""
    stocks = trajectory.tables["stocks"]
    finite = np.array([not spec.unlimited for spec in network.stocks], dtype=np.int64)
    yield "stock balance", stocks, _stock_balance(stocks) * finite
    for table in trajectory.tables.values():
        yield "nothing below zero", table, _below_zero(table)
    lanes = trajectory.tables["lanes"]
    yield "lane balance", lanes, _lane_balance(lanes)
    yield "orders", lanes, _orders(lanes)
    yield "on order", stocks, _on_order(network, stocks, lanes)
    yield "demand", trajectory.tables["demands"], _demand(trajectory.tables["demands"])
    yield "lots", trajectory.tables["operations"], _lots(trajectory.tables["operations"])
    resources = trajectory.tables["resources"]
    there = resources.integrals.packed["servers"].total()
    spent = sum((_total(resources, state) for state in STATES), np.zeros_like(there))
    yield "server time", resources, spent - there
    yield "servers", resources, _servers(network, resources)
    fleets = trajectory.tables["fleets"]
    yield "sales", fleets, _sales(network, fleets, trajectory.tables["demands"])
    yield "fleet", fleets, _fleet(fleets)
    yield "inspections", fleets, _inspections(fleets)


def _servers(network: CompiledNetwork, resources: Table) -> Integers:
    """Servers that are there less those of the scenario, where no investment changes them."""
    changed = {change[1] for project in network.projects for change in project.changes}
    given = np.array([spec.servers for spec in network.resources], dtype=np.int64)
    apart = np.abs(resources.levels["servers"] - given).max(axis=0, initial=0)
    apart[sorted(changed)] = 0
    return np.asarray(apart, dtype=np.int64)


def _total(table: Table, count: str) -> Integers:
    return table.counts.packed[count].total()


def _final(table: Table, level: str) -> Integers:
    final: Integers = table.levels.packed[level].rows(LAST)[0]
    return final


def _stock_balance(t: Table) -> Integers:
    """Initial + received + produced + arrived = on hand + used + shipped + lost."""
    come: Integers = t.initial["on_hand"] + _total(t, "received") + _total(t, "produced")
    gone = _final(t, "on_hand") + _total(t, "used") + _total(t, "shipped") + _total(t, "lost")
    residual: Integers = come + _total(t, "arrived") - gone
    return residual


def _below_zero(t: Table) -> Integers:
    """The lowest of all counts and levels, where it is below zero."""
    lowest = np.zeros(len(t.ids), dtype=np.int64)
    for series in (*t.counts.packed.values(), *t.levels.packed.values()):
        lowest = np.minimum(lowest, series.lowest())
    return lowest


def _lane_balance(t: Table) -> Integers:
    """Initial + shipped = staged + in transit + at the gate + received."""
    here = _final(t, "staged") + _final(t, "in_transit") + _final(t, "at_gate")
    before = t.initial["staged"] + t.initial["in_transit"] + t.initial["at_gate"]
    return before + _total(t, "shipped") - here - _total(t, "received")


def _orders(t: Table) -> Integers:
    """Every order is on its way, waiting at the source, filled or cancelled."""
    open_ = _final(t, "under_way") + _final(t, "waiting")
    before = t.initial["under_way"] + t.initial["waiting"]
    return before + _total(t, "ordered") - open_ - _total(t, "shipped") - _total(t, "cancelled")


def _on_order(network: CompiledNetwork, stocks: Table, lanes: Table) -> Integers:
    """On order is what the lanes to a stock have not brought yet, at the end of every day."""
    missing = stocks.levels["on_order"].copy()
    for level in ("under_way", "waiting", "staged", "in_transit", "at_gate"):
        open_ = lanes.levels[level]
        for k, lane in enumerate(network.lanes):
            missing[:, lane.destination] -= open_[:, k]
    return np.asarray(np.abs(missing).sum(axis=0), dtype=np.int64)


def _demand(t: Table) -> Integers:
    """Backlog before + demanded = delivered + lost + backlog."""
    gone = _total(t, "delivered") + _total(t, "lost") + _final(t, "backlog")
    return t.initial["backlog"] + _total(t, "demanded") - gone


def _lots(t: Table) -> Integers:
    """Started = completed + scrapped + in process + blocked."""
    here = _final(t, "in_process") + _final(t, "blocked")
    return _total(t, "started") - _total(t, "completed") - _total(t, "scrapped") - here


def _sales(network: CompiledNetwork, fleets: Table, demands: Table) -> Integers:
    """What has entered a fleet is its part of all deliveries, to the nearest quantum, every day."""
    delivered = demands.counts["delivered"].cumsum(axis=0)
    entered = fleets.counts["sold"].cumsum(axis=0)
    missing = np.zeros(len(fleets.ids), dtype=np.int64)
    for k, spec in enumerate(network.fleets):
        part, whole = spec.sold_in
        for day, amount in enumerate(delivered[:, list(spec.demands)].sum(axis=1).tolist()):
            divisor = whole * spec.quantum
            due = (2 * amount * part + divisor) // (2 * divisor) * spec.quantum
            missing[k] += abs(due - int(entered[day, k]))
    return missing


def _fleet(t: Table) -> Integers:
    """Initial + sold - scrapped = in use, at the end of every day."""
    change = (t.counts["sold"] - t.counts["scrapped"]).cumsum(axis=0)
    return _off(t.initial["in_use"] + change, t.levels["in_use"])


def _inspections(t: Table) -> Integers:
    """Due = came + waiting, at the end of every day."""
    open_ = (t.counts["due"] - t.counts["came"]).cumsum(axis=0)
    return _off(t.initial["waiting"] + open_, t.levels["waiting"])


def _off(expected: Integers, found: Integers) -> Integers:
    """How far two series (day, entity) lie apart, summed over days."""
    return np.asarray(np.abs(expected - found).sum(axis=0), dtype=np.int64)
