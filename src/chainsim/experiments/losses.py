"""Loss by cause over replications: every bar with its interval, every day with its mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from chainsim.experiments.replications import Replication
from chainsim.experiments.summary import Aggregate, aggregate
from chainsim.network.compiled import NONE, THOUSANDTHS, CompiledNetwork
from chainsim.outcome.causes import Loss, Losses
from chainsim.outcome.tracing import CATCH_UP, CAUSES

K = TypeVar("K", str, tuple[str, str])
NOTHING = ""
"""In place of a missing item: the maker itself was kept."""


@dataclass(frozen=True, slots=True)
class LossSummary:
    """What output was lost for which reasons: means over the replications with intervals.

    The bars of each kind and `catch_up` add up to `net`, as they do in every replication.
    """

    causes: dict[tuple[str, str], Aggregate]
    """By missing item at the maker and region of the site that the loss is traced to."""
    nodes: dict[tuple[str, str], Aggregate]
    """By site that the loss is traced to and state."""
    makers: dict[str, Aggregate]
    """By maker, before what was caught up."""
    states: dict[str, Aggregate]
    catch_up: Aggregate
    """Below zero."""
    net: Aggregate
    lost_sales: Aggregate
    cost: Aggregate
    """All costs less the twin's, yuan."""
    days: Mapping[tuple[int, str, str, str, str], float]
    """Mean by day of the run, maker, missing item, site and state, units; with what was caught
    up."""


def loss_summary(
    network: CompiledNetwork, replications: Sequence[Replication], confidence: float, unit: str
) -> LossSummary | None:
    """The losses of all replications; None where none was compared with a twin.

    A cause that a replication does not know is zero there.
    """
    found = [r.resilience.losses for r in replications if r.resilience and r.resilience.losses]
    if not found:
        return None
    failed = len(replications) - len(found)
    parts = [_parts(losses) for losses in found]
    sites, items = network.sites, [item.id for item in network.items]

    def mean(values: Sequence[int]) -> Aggregate:
        return aggregate((value / THOUSANDTHS for value in values), unit, failed, confidence)

    def by(key_of: Callable[[Loss], K]) -> dict[K, Aggregate]:
        sums = [_sums(rows, key_of) for rows in parts]
        keys = sorted({key for row in sums for key in row})
        bars = {key: mean([row.get(key, 0) for row in sums]) for key in keys}
        return dict(sorted(bars.items(), key=lambda bar: -(bar[1].mean or 0.0)))

    def item_of(row: Loss) -> str:
        return NOTHING if row.item == NONE else items[row.item]

    return LossSummary(
        causes=by(lambda row: (item_of(row), sites[row.node].region)),
        nodes=by(lambda row: (sites[row.node].id, CAUSES[row.why])),
        makers=by(lambda row: sites[row.maker].id),
        states=by(lambda row: CAUSES[row.why]),
        catch_up=mean([losses.net - sum(r.quantity for r in rows)
                       for losses, rows in zip(found, parts, strict=True)]),
        net=mean([losses.net for losses in found]),
        lost_sales=mean([sum(losses.lost_sales.values()) for losses in found]),
        cost=aggregate(
            (r.resilience.cost for r in replications if r.resilience), "yuan", failed, confidence
        ),
        days=_days(network, found),
    )  # fmt: skip


def _parts(losses: Losses) -> list[Loss]:
    """The parts of a loss, without what was caught up."""
    rows = (Loss(*row) for row in losses.rows.tolist())
    return [row for row in rows if CAUSES[row.why] != CATCH_UP]


def _sums(rows: Sequence[Loss], key_of: Callable[[Loss], K]) -> dict[K, int]:
    found: dict[K, int] = defaultdict(int)
    for row in rows:
        found[key_of(row)] += row.quantity
    return found


def _days(
    network: CompiledNetwork, found: Sequence[Losses]
) -> dict[tuple[int, str, str, str, str], float]:
    """The mean of every part by its day, in the order of days and names."""
    sums: dict[tuple[int, ...], int] = defaultdict(int)
    for losses in found:
        for *key, quantity in losses.rows.tolist():
            sums[tuple(key)] += quantity
    site = [one.id for one in network.sites]
    item = {NONE: NOTHING} | {k: one.id for k, one in enumerate(network.items)}
    scale = THOUSANDTHS * len(found)
    return {
        (day, site[maker], item[missing], site[node], CAUSES[why]): quantity / scale
        for (day, maker, missing, node, why), quantity in sorted(sums.items())
    }
