"""Measures: what a trajectory is worth, each with unit, direction, meaning and formula.

Counts are sums over the days of statistics, levels exact time-weighted means. Ratios are ratios of
sums; a ratio without a denominator is None, never 0 or 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from chainsim.network.compiled import SECONDS_PER_DAY, THOUSANDTHS, CompiledNetwork
from chainsim.outcome.calendar_years import calendar_years, national_shares
from chainsim.outcome.costs import Costs
from chainsim.outcome.fleets import fleet_rows
from chainsim.outcome.sums import Sums
from chainsim.outcome.trajectory import STATES, Integers, Table, Trajectory


@dataclass(frozen=True, slots=True)
class Measure:
    """What a number means."""

    name: str
    unit: str
    direction: str
    """Which way is better: higher, lower or none."""
    meaning: str
    formula: str


MEASURES: dict[str, Measure] = {
    m.name: m
    for m in (
        Measure("output", "units", "higher", "output items made", "sum of produced"),
        Measure("output_per_day", "units/d", "higher", "mean output", "output / days"),
        *(
            Measure(
                f"national_share{path and f'_if_{path}'}", "1", "higher",
                f"share of national output over whole calendar years, {path or 'middle'} path",
                f"output / national output, {path or 'middle'} path: sums over whole years",
            )
            for path in ("", "low", "high")
        ),
        Measure(
            "demanded", "units", "none",
            "ordered by outside customers; in the total of output items only", "sum of demanded",
        ),
        Measure(
            "delivered", "units", "higher",
            "delivered to customers; in the total of output items only", "sum of delivered",
        ),
        Measure("lost_sales", "units", "lower", "demand that was never filled", "sum of lost"),
        Measure(
            "fill_rate", "1", "higher", "share of demand filled at the instant it arose",
            "sum of at once / sum of demanded",
        ),
        Measure(
            "same_day_fill_rate", "1", "higher", "share of demand filled on its day",
            "sum of same day / sum of demanded",
        ),
        Measure(
            "backlog", "units", "lower", "mean demand waiting",
            "integral of backlog / time",
        ),
        Measure(
            "peak_backlog", "units", "lower", "largest backlog at the end of a day",
            "max over days",
        ),
        Measure(
            "backlog_days", "d", "lower",
            "mean backlog in days of demand; not the delay where the backlog grows or shrinks",
            "backlog / (demanded / days)",
        ),
        Measure(
            "delay", "d", "lower",
            "mean wait of a unit: mean backlog in days of what left, delivered or lost",
            "integral of backlog / filled or lost (Little 1961)",
        ),
        Measure(
            "delay_p95", "d", "lower", "95th percentile of customers' waits, where recorded",
            "type 7 quantile over units",
        ),
        Measure("on_hand", "units", "none", "mean stock", "integral of on hand / time"),
        Measure(
            "wip", "units", "none", "mean work in process", "integral of in process / time"
        ),
        *(
            Measure(
                f"time_{state}", "1", "higher" if state == "busy" else "none",
                f"share of the time of all servers of the chain: {state.replace('_', ' ')}",
                f"server-seconds {state} / server-seconds",
            )
            for state in STATES
        ),
        Measure(
            "utilisation", "1", "none",
            "busy share of the time that they are not closed, of all servers of the chain",
            "busy / (all - closed)",
        ),
        Measure(
            "slow_loss", "h", "lower", "server hours lost to slow-downs",
            "integral of busy (full rate - rate)",
        ),
        Measure("scrapped", "units", "lower", "lots thrown away", "sum of scrapped"),
        Measure(
            "holding_cost", "yuan", "lower", "cost of stock, where items have values and rates",
            "integral of on hand x value x holding rate",
        ),
        Measure(
            "transport_cost", "yuan", "lower", "cost of transport, where lanes have costs",
            "departed x cost of the lane",
        ),
        Measure(
            "waiting_cost", "yuan", "lower", "cost of customers' waiting, where items have one",
            "integral of customers' backlog x waiting cost",
        ),
        Measure(
            "lost_margin", "yuan", "lower", "margin of demand that was never filled",
            "lost sales x margin",
        ),
        Measure(
            "response_cost", "yuan", "lower", "cost of the responses, of the whole chain",
            "fixed + days and sites in force x cost per day + units x cost per unit",
        ),
        Measure(
            "investment_cost", "yuan", "lower", "cost of what began to be built",
            "sum over investments of begun x (fixed + units x cost per unit)",
        ),
        Measure(
            "total_cost", "yuan", "lower", "all costs that have a price, of the whole chain",
            "holding + transport + waiting + lost margin + responses + investments",
        ),
    )
}  # fmt: skip

ITEM_MEASURES: dict[str, Measure] = {
    m.name: m
    for m in (
        Measure(
            "use_per_output", "item units", "none",
            "used at the makers per output item, in the item's own unit",
            "used where output is made / output",
        ),
        Measure(
            "days_of_cover", "d", "none", "mean stock at the makers in days of the plan's use",
            "integral of on hand / integral of plan",
        ),
        Measure(
            "shortage", "1", "lower", "share of makers' server time starved of it",
            "server-seconds starved of it / server-seconds",
        ),
    )
}  # fmt: skip

RESPONSE_MEASURES: dict[str, Measure] = {
    m.name: m
    for m in (
        Measure(
            "days_in_force", "d", "none", "days in force, summed over sites",
            "site-seconds in force / 86,400",
        ),
        Measure(
            "units", "item units", "none", "units that it moved, ordered or made", "sum of units"
        ),
        Measure(
            "cost", "yuan", "lower", "cost of the response",
            "fixed + days in force x cost per day + units x cost per unit",
        ),
    )
}  # fmt: skip

INVESTMENT_MEASURES: dict[str, Measure] = {
    m.name: m
    for m in (
        Measure("begun", "1", "none", "times that construction began", "sum of begun"),
        Measure("opened", "1", "none", "times that capacity opened", "sum of opened"),
        Measure(
            "spent", "yuan", "lower", "cost of the investment",
            "begun x (fixed + units x cost per unit)",
        ),
    )
}  # fmt: skip

FLEET_MEASURES: dict[str, Measure] = {
    m.name: m
    for m in (
        Measure("fleet_mean", "units", "none", "mean fleet", "integral of in use / time"),
        Measure("fleet_end", "units", "none", "fleet at the end of the last day", "in use"),
        Measure("fleet_sold", "units", "none", "what entered the fleet", "sum of sold"),
        Measure("fleet_scrapped", "units", "none", "what left the fleet", "sum of scrapped"),
        Measure(
            "inspections_due", "units", "none", "inspections that fell due", "sum of due"
        ),
        Measure(
            "inspections_came", "units", "none", "units brought for inspection", "sum of came"
        ),
    )
}  # fmt: skip

Row = dict[str, float | None]


@dataclass(frozen=True)
class Values:
    """The measures of one replication."""

    total: Row
    sites: dict[str, Row] = field(default_factory=dict)
    items: dict[str, Row] = field(default_factory=dict)
    responses: dict[str, Row] = field(default_factory=dict)
    investments: dict[str, Row] = field(default_factory=dict)
    fleets: dict[str, Row] = field(default_factory=dict)


def measure(network: CompiledNetwork, trajectory: Trajectory) -> Values:
    """All measures of a trajectory: in total, by site, by item used at the makers, and so on."""
    meter = Meter(network, trajectory)
    everywhere = range(len(network.sites))
    return Values(
        total=meter.row(everywhere, of_output=True),
        sites={site.id: meter.row([i]) for i, site in enumerate(network.sites)},
        items=meter.items(),
        responses=meter.costs.responses(),
        investments=meter.costs.investments(),
        fleets=fleet_rows(network, meter.tables["fleets"], meter.window, meter.seconds),
    )


def daily_output(network: CompiledNetwork, trajectory: Trajectory) -> Integers:
    """Output by day and site, thousandths, (day, site)."""
    produced = trajectory.tables["stocks"].counts["produced"]
    result = np.zeros((produced.shape[0], len(network.sites)), dtype=np.int64)
    for stock in network.output_stocks:
        result[:, network.stocks[stock].site] += produced[:, stock]
    return result


class Meter:
    """Sums over sites and over a window of days."""

    def __init__(
        self, network: CompiledNetwork, trajectory: Trajectory, days: range | None = None
    ) -> None:
        """`days` are days of the run; all days of statistics unless given."""
        window = days if days is not None else range(trajectory.first_day, len(trajectory.day_ends))
        ends = [0, *trajectory.day_ends.tolist()]
        self.network = network
        self.trajectory = trajectory
        self.tables = trajectory.tables
        self.window = slice(window.start, window.stop)
        years = calendar_years(trajectory.origin, ends[1:], window) if network.national else ()
        self.years = {one.year: one.days for one in years if one.whole}
        self.seconds: int = ends[window.stop] - max(ends[window.start], 0)
        self.days = self.seconds / SECONDS_PER_DAY
        self.outputs = set(network.output_stocks)
        self.sums = Sums(trajectory, self.window)
        self.waiting = trajectory.tables["demands"].levels["backlog"][self.window]
        self.costs = Costs(network, self.sums)

    def row(
        self,
        sites: Iterable[int],
        operations: Iterable[int] | None = None,
        of_output: bool = False,
    ) -> Row:
        """The measures over some sites.

        Server time is that of some operations' servers only, if they are given; with `of_output`
        customers are those of output items. Amounts of items with different units are not added
        up: they are None.
        """
        network = self.network
        chosen = set(sites)
        served = self._at(network.resources, chosen)
        if operations is not None:
            wanted = {self.network.operations[o].resource for o in operations}
            served = [r for r in served if r in wanted]
        stocks = self._at(self.network.stocks, chosen)
        finite = [i for i in stocks if not self.network.stocks[i].unlimited]
        working = self._at(self.network.operations, chosen)
        row: Row = {}
        made = [i for i in stocks if i in self.outputs]
        row["output"] = self._count("stocks", "produced", made)
        row["output_per_day"] = _ratio(row["output"], self.days)
        row |= self._national(made)
        row |= self._customers(chosen, of_output)
        goods = [o.stock for i in working for o in network.operations[i].outputs if o.stock >= 0]
        row["on_hand"] = self._mean("stocks", "on_hand", finite) if self._alike(finite) else None
        row["wip"] = self._mean("operations", "in_process", working) if self._alike(goods) else None
        row |= self.server_time(served)
        scrapped = self._count("operations", "scrapped", working)
        row["scrapped"] = scrapped if self._alike(goods) else None
        return row | self.costs.row(chosen, whole=of_output)

    def _at(self, specs: Iterable[object], sites: set[int]) -> list[int]:
        return [i for i, spec in enumerate(specs) if spec.site in sites]  # type: ignore[attr-defined]

    def _alike(self, stocks: Iterable[int]) -> bool:
        """Whether the items of some stocks have one unit."""
        return len({self.network.items[self.network.stocks[i].item].unit for i in stocks}) <= 1

    def _count(self, kind: str, series: str, chosen: Sequence[int]) -> float:
        return float(self.sums.count(kind, series)[chosen].sum()) / THOUSANDTHS

    def _mean(self, kind: str, series: str, chosen: Sequence[int]) -> float:
        return float(self.sums.integral(kind, series)[chosen].sum()) / self.seconds / THOUSANDTHS

    def _national(self, made: Sequence[int]) -> Row:
        output = {year: float(amounts[made].sum()) for year, amounts in self._made_by_year.items()}
        return national_shares(output, self.network.national)

    @cached_property
    def _made_by_year(self) -> dict[int, Integers]:
        """What was produced in each whole year, thousandths (stock)."""
        produced = self.tables["stocks"].counts.packed["produced"]
        return {y: produced.total(slice(d.start, d.stop)) for y, d in self.years.items()}

    def _customers(self, sites: set[int], of_output: bool) -> Row:
        network = self.network
        chosen = [
            i
            for i, d in enumerate(network.demands)
            if network.stocks[d.stock].site in sites and (not of_output or d.stock in self.outputs)
        ]
        row: Row = {
            name: self._count("demands", series, chosen)
            for name, series in (
                ("demanded", "demanded"), ("delivered", "delivered"), ("lost_sales", "lost"),
            )
        }  # fmt: skip
        at_once = self._count("demands", "at_once", chosen)
        same_day = self._count("demands", "same_day", chosen)
        backlog = self._mean("demands", "backlog", chosen)
        levels = self.waiting[:, chosen].sum(axis=1)
        left = (row["delivered"] or 0.0) + (row["lost_sales"] or 0.0)
        row["fill_rate"] = _ratio(at_once, row["demanded"])
        row["same_day_fill_rate"] = _ratio(same_day, row["demanded"])
        row["backlog"] = backlog
        row["peak_backlog"] = float(levels.max()) / THOUSANDTHS if len(levels) else 0.0
        row["backlog_days"] = _ratio(backlog * self.days, row["demanded"])
        row["delay"] = _ratio(backlog * self.days, left)
        row["delay_p95"] = self._delay_quantile(chosen)
        return row

    def _delay_quantile(self, chosen: Sequence[int]) -> float | None:
        waits: list[float] = []
        weights: list[int] = []
        for i in chosen:
            for wait in self.trajectory.delays.get(self.network.demands[i].id, ()):
                if wait.since >= self.trajectory.statistics_from:
                    waits.append((wait.until - wait.since) / SECONDS_PER_DAY)
                    weights.append(max(1, wait.quantity // THOUSANDTHS))
        if not waits:
            return None
        return float(np.quantile(np.repeat(waits, weights), 0.95))

    def server_time(self, chosen: Sequence[int]) -> Row:
        """Shares of the server time of some resources by state, utilisation and slow loss."""
        counts = {name: self.sums.count("resources", name) for name in (*STATES, "slow_loss")}
        seconds = {state: float(counts[state][chosen].sum()) for state in STATES}
        total = sum(seconds.values())
        row = {f"time_{state}": _ratio(spent, total) for state, spent in seconds.items()}
        row["utilisation"] = _ratio(seconds["busy"], total - seconds["closed"])
        row["slow_loss"] = float(counts["slow_loss"][chosen].sum()) / 3.6e9
        return row

    # ---- by item, at the makers

    def items(self) -> dict[str, Row]:
        """The measures of the items that are used where output is made."""
        network = self.network
        makers = {
            operation.site
            for operation in network.operations
            if any(o.stock in self.outputs for o in operation.outputs)
        }
        output = self._count("stocks", "produced", sorted(self.outputs))
        inputs = sorted(
            {
                i.stock
                for operation in network.operations
                if operation.site in makers
                for i in operation.inputs
                if any(spec.stock == i.stock for spec in network.replenishments)
            }
        )
        rows: dict[str, Row] = {}
        for key, item in enumerate(network.items):
            stocks = [i for i in inputs if network.stocks[i].item == key]
            if stocks and key not in network.beside:
                used = self._count("stocks", "used", stocks)
                rows[item.id] = {
                    "use_per_output": _ratio(used, output),
                    "days_of_cover": self._cover(stocks),
                    "shortage": self._shortage(stocks, makers),
                }
        return rows

    def _cover(self, stocks: Sequence[int]) -> float | None:
        held = self._mean("stocks", "on_hand", stocks)
        plan = [sum(self.network.plan_per_day.get(i, ())[self.window]) for i in stocks]
        return _ratio(held * self.days, sum(plan) / THOUSANDTHS)

    def _shortage(self, stocks: Sequence[int], makers: set[int]) -> float | None:
        table = self.tables["inputs"]
        names = {self.network.stocks[i].id for i in stocks}
        columns = [k for k, key in enumerate(table.ids) if key.split("<", 1)[1] in names]
        starved = float(self.sums.count("inputs", "starved")[columns].sum())
        resources = self._at(self.network.resources, makers)
        users = _users_of(self.network, names, resources, self.tables["inputs"])
        there = self.sums.integral("resources", "servers")[users]
        return _ratio(starved, float(there.sum()))


def _users_of(
    network: CompiledNetwork, stocks: set[str], resources: Sequence[int], inputs: Table
) -> list[int]:
    """The resources whose operations use any of the stocks."""
    users = {key.split("<", 1)[0] for key in inputs.ids if key.split("<", 1)[1] in stocks}
    return [
        r
        for r in resources
        if any(network.operations[o].id in users for o in network.resources[r].operations)
    ]


def _ratio(above: float | None, below: float | None) -> float | None:
    return None if above is None or not below else above / below


def bullwhip(orders: Integers, demand: Integers) -> float | None:
    """Variance of daily orders over the variance of daily demand, (day,) each.

    Source: Chen, Drezner, Ryan & Simchi-Levi (2000), Management Science 46(3).
    """
    return _ratio(float(np.var(orders, ddof=1)), float(np.var(demand, ddof=1)))
