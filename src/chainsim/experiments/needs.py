"""The least capacity that carries a plan: one linear program over the months of a year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainsim.errors import RunError
from chainsim.experiments.fluid import Floats, Flows, demand_rates
from chainsim.experiments.steady import outlets, share_rows, steady_flows
from chainsim.network.compiled import SECONDS_PER_DAY, CompiledNetwork
from chainsim.outcome.server_groups import Period, periods

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LEAST = 1e-6
"""Shares of capacity below this are rounding."""


@dataclass(frozen=True)
class Needs:
    """The linear program of the least capacity for a plan, month after month.

    Variables are the flows of every month, what is delivered in each, and the share that is added
    to each resource.
    """

    taken: csr_matrix
    """Rows that are no more than there is."""
    there: Floats
    """Without what is added."""
    owners: tuple[int, ...]
    """The resource that a row is of; -1 where it is none."""
    equal: csr_matrix
    equal_to: Floats
    most: Floats
    weights: Floats
    """Of the share that is added to each resource."""

    @classmethod
    def of(cls, network: CompiledNetwork, year: Period, weights: Floats) -> Needs:
        """The program for a year."""
        months = [m for m in periods(network.horizon)
                  if year.begin <= m.begin and m.end <= year.end]  # fmt: skip
        blocks = [_Month.of(network, month) for month in months]
        return _stacked(network, blocks, weights)

    def shares(self, room: float) -> dict[int, float]:
        """What is added to each resource, as a share, so that the plan leaves it some room.

        Raises:
            RunError: no capacity carries the plan, or the solver fails.
        """
        from scipy.optimize import linprog
        from scipy.sparse import csr_matrix, hstack

        of_servers = np.array(self.owners) >= 0
        there = np.where(of_servers, self.there / (1 + room), self.there)
        resources = len(self.weights)
        added = np.zeros((len(there), resources))
        rows = np.flatnonzero(of_servers)
        added[rows, np.array(self.owners)[rows]] = -there[rows]
        width = self.taken.shape[1]
        found = linprog(
            np.concatenate([np.zeros(width), self.weights]),
            A_ub=hstack([self.taken, csr_matrix(added)], format="csr"),
            b_ub=there,
            A_eq=hstack([self.equal, csr_matrix((len(self.equal_to), resources))]),
            b_eq=self.equal_to,
            bounds=np.column_stack(
                [np.zeros(width + resources),
                 np.concatenate([self.most, np.full(resources, np.inf)])]
            ),
            method="highs",
        )  # fmt: skip
        if found.status == 2:
            raise RunError(
                "no enlargement of the servers that are there carries the plan: a lane, slots, or "
                "servers that are closed all year limit it"
            )
        if found.status != 0:
            raise RunError(f"the linear program of the expansion was not solved: {found.message}")
        shares = found.x[width:]
        return {int(r): float(shares[r]) for r in np.flatnonzero(shares > LEAST)}


@dataclass(frozen=True)
class _Month:
    """The flows of a month and what customers want in it."""

    flows: Flows
    wanted: dict[int, float]
    """Units by outlet."""
    days: float

    @classmethod
    def of(cls, network: CompiledNetwork, month: Period) -> _Month:
        days = (month.end - month.begin) / SECONDS_PER_DAY
        rates = demand_rates(network, month.begin, days)
        wanted = {stock: rates.get(stock, 0.0) * days for stock in outlets(network)}
        return cls(steady_flows(network, month), wanted, days)


def _stacked(network: CompiledNetwork, months: Sequence[_Month], weights: Floats) -> Needs:
    """The months in one program: what is late in one may be delivered in a later one."""
    from scipy.sparse import block_diag, bmat, csr_matrix, vstack

    stocks = list(months[0].wanted)
    leaving = csr_matrix(
        (np.ones(len(stocks)), (stocks, range(len(stocks)))),
        shape=(len(months[0].flows.there), len(stocks)),
    )
    activities, width = len(months[0].flows.most), len(months[0].flows.most) + len(stocks)
    balances = block_diag(
        [bmat([[m.flows.taken, leaving]], format="csr")[m.flows.binding] for m in months]
    )
    until = np.zeros((len(months) * len(stocks), len(months) * width))
    for m in range(len(months)):
        for s in range(len(stocks)):
            until[m * len(stocks) + s, [k * width + activities + s for k in range(m + 1)]] = 1.0
    wanted = np.cumsum([[m.wanted[s] for s in stocks] for m in months], axis=0)
    fixed = block_diag([share_rows(network, width)] * len(months))
    owner_of = {("resource", r): r for r in range(len(network.resources))}
    owners = [owner_of.get(m.flows.owners[row], -1) for m in months for row in m.flows.binding]
    last = csr_matrix(until[-len(stocks) :])
    return Needs(
        taken=vstack([balances, csr_matrix(until)], format="csr"),
        there=np.concatenate(
            [*(m.flows.gained[m.flows.binding] * m.days for m in months), wanted.ravel()]
        ),
        owners=(*owners, *[-1] * len(until)),
        equal=vstack([fixed, last], format="csr"),
        equal_to=np.concatenate([np.zeros(fixed.shape[0]), wanted[-1]]),
        most=np.concatenate(
            [np.append(m.flows.most, np.full(len(stocks), np.inf)) for m in months]
        ),
        weights=weights,
    )
