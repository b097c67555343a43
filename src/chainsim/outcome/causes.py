"""Loss by cause: what a run makes less than its twin, put down to sites, states and missing items.

The rule is written down in docs/model.md, section 11. The parts add up to the net loss exactly.
"""

from __future__ import annotations

import zlib
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from chainsim.errors import LawError
from chainsim.network.compiled import NONE, CompiledNetwork
from chainsim.outcome.measures import daily_output
from chainsim.outcome.resilience import Course, Resilience, Strike, assessed, strike_of
from chainsim.outcome.tracing import CATCH_UP, CAUSES, Cause, Tracer
from chainsim.outcome.trajectory import Integers, Trajectory


class Loss(NamedTuple):
    """A part of the output that a maker lost on a day."""

    day: int
    """Of the run."""
    maker: int
    """Site that would have made it."""
    item: int
    """What was missing there and comes from elsewhere; NONE if the maker itself was kept."""
    node: int
    """Site that the loss is traced to."""
    why: int
    """Index of `CAUSES`."""
    quantity: int
    """Thousandths; below zero what was caught up."""


@dataclass(frozen=True, slots=True)
class Losses:
    """The loss of output of a replication by cause, and the loss of sales beside it."""

    packed: bytes
    """The rows, compressed: there are thousands in a replication."""
    net: int
    """What the twin makes less what the run makes, thousandths."""
    lost_sales: dict[str, int]
    """Demand for output that was lost less that in the twin, thousandths, by site of the stock."""
    regions: dict[str, Resilience]
    """By region of the sites that losses are traced to; what is caught up makes up for the oldest
    loss of the same maker. By days: a time is that of the end of a day."""

    @property
    def rows(self) -> Integers:
        """The parts by day, maker and cause as in `Loss`; thousandths, (row, 6)."""
        flat = np.frombuffer(zlib.decompress(self.packed), dtype=np.int64)
        return flat.reshape(-1, len(Loss._fields))


def loss_by_cause(
    network: CompiledNetwork, run: Trajectory, twin: Trajectory, strike: int | None
) -> Losses:
    """The loss of output by day, maker, missing item, site and state.

    Args:
        network: Of the run; it must have a resilience block.
        run: A replication of it.
        twin: The same replication of the network without disruptions.
        strike: Second of the first disruption; None if nothing strikes.

    Raises:
        ValueError: the network has no resilience block.
        LawError: the parts do not add up to the net loss, which is a defect.
    """
    struck = strike_of(network, strike, int(run.day_ends[-1]))
    rows = list(_rows(network, run, twin))
    made, made_by_twin = (daily_output(network, t).sum(axis=1) for t in (run, twin))
    net = int(made_by_twin.sum() - made.sum())
    if sum(row.quantity for row in rows) != net:
        raise LawError("loss by cause", "output", sum(row.quantity for row in rows) - net)
    table = np.array(rows, dtype=np.int64).reshape(-1, len(Loss._fields))
    mean = float(made_by_twin.sum()) / len(made_by_twin)
    regions = _by_region(network, rows, len(made))
    return Losses(
        zlib.compress(table.tobytes(), level=1),
        net,
        _lost_sales(network, run, twin),
        {region: _assessed(struck, run, lost, mean) for region, lost in regions.items()},
    )


def _rows(network: CompiledNetwork, run: Trajectory, twin: Trajectory) -> Iterator[Loss]:
    """The parts, by stock of output and day."""
    tracer = Tracer(network, run, twin)
    produced, produced_by_twin = (t.tables["stocks"].counts["produced"] for t in (run, twin))
    for stock in network.output_stocks:
        maker = network.stocks[stock].site
        lost = produced_by_twin[:, stock] - produced[:, stock]
        for day in np.flatnonzero(lost).tolist():
            amount = int(lost[day])
            if amount < 0:
                yield Loss(day, maker, NONE, maker, CAUSES.index(CATCH_UP), amount)
                continue
            parts: dict[tuple[int, Cause], int] = defaultdict(int)
            for item, cause, part in tracer.causes(stock, day).divided(amount):
                parts[item, cause] += part
            for (item, cause), part in sorted(parts.items()):
                yield Loss(day, maker, item, cause.site, CAUSES.index(cause.why), part)


def _lost_sales(network: CompiledNetwork, run: Trajectory, twin: Trajectory) -> dict[str, int]:
    outputs = set(network.output_stocks)
    series = [t.tables["demands"].counts["lost"] for t in (run, twin)]
    found: dict[str, int] = defaultdict(int)
    for k, demand in enumerate(network.demands):
        if demand.stock in outputs:
            lost, by_twin = (one[:, k].sum() for one in series)
            found[network.sites[network.stocks[demand.stock].site].id] += int(lost - by_twin)
    return dict(found)


def _by_region(network: CompiledNetwork, rows: list[Loss], days: int) -> dict[str, Integers]:
    """What was lost less what was made up of it on each day, by region of its cause, (day).

    What a maker catches up makes up for its oldest loss, the parts of one day in order.
    """
    found = {r: np.zeros(days, np.int64) for r in sorted({site.region for site in network.sites})}
    open_: dict[int, deque[tuple[str, int]]] = defaultdict(deque)
    for row in rows:
        behind = open_[row.maker]
        if row.quantity > 0:
            region = network.sites[row.node].region
            found[region][row.day] += row.quantity
            behind.append((region, row.quantity))
        left = -row.quantity
        while left > 0 and behind:
            region, amount = behind.popleft()
            part = min(amount, left)
            found[region][row.day] -= part
            left -= part
            if amount > part:
                behind.appendleft((region, amount - part))
    return found


def _assessed(struck: Strike, run: Trajectory, lost: Integers, mean: float) -> Resilience:
    return assessed(struck, Course(run.day_ends, np.cumsum(lost), lost, mean))
