"""What a run costs in yuan, where its items, lanes and responses have prices.

A price that is not given makes its cost None, not 0: a chain without prices is not free.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chainsim.network.compiled import SECONDS_PER_DAY, THOUSANDTHS, CompiledNetwork, ItemSpec
from chainsim.outcome.sums import Sums
from chainsim.outcome.trajectory import Trajectory

YEAR = 365 * SECONDS_PER_DAY

Cost = float | None


def total_cost(network: CompiledNetwork, trajectory: Trajectory) -> Cost:
    """All costs of a trajectory that have a price, over the days of statistics, yuan."""
    window = slice(trajectory.first_day, len(trajectory.day_ends))
    costs = Costs(network, Sums(trajectory, window))
    return costs.row(set(range(len(network.sites))), whole=True)["total_cost"]


class Costs:
    """The costs of a window of days."""

    def __init__(self, network: CompiledNetwork, sums: Sums) -> None:
        self.network = network
        self.sums = sums

    def row(self, sites: set[int], whole: bool) -> dict[str, Cost]:
        """The costs at some sites; of responses, and all together, of the whole chain only."""
        network = self.network
        stocks = [
            i for i, spec in enumerate(network.stocks) if spec.site in sites and not spec.unlimited
        ]
        demands = [
            i for i, spec in enumerate(network.demands) if network.stocks[spec.stock].site in sites
        ]
        row = {
            "holding_cost": self._holding(stocks),
            "transport_cost": self._transport(sites),
            "waiting_cost": self._waiting(demands),
            "lost_margin": self._lost_margin(demands),
            "response_cost": None,
            "investment_cost": self._spent(sites),
        }
        if whole and network.responses:
            row["response_cost"] = sum(one["cost"] or 0.0 for one in self.responses().values())
        known = [cost for cost in row.values() if cost is not None]
        return row | {"total_cost": sum(known) if whole and known else None}

    def responses(self) -> dict[str, dict[str, Cost]]:
        """By response: days in force, units, and the cost: once, by day and site, and by unit."""
        active = self.sums.count("responses", "active") / SECONDS_PER_DAY
        units = self.sums.count("responses", "units") / THOUSANDTHS
        return {
            spec.id: {
                "days_in_force": float(days),
                "units": float(moved),
                "cost": spec.fixed + spec.per_day * float(days) + spec.per_unit * float(moved),
            }
            for spec, days, moved in zip(self.network.responses, active, units, strict=True)
        }

    def investments(self) -> dict[str, dict[str, Cost]]:
        """By investment: how often it was begun and opened, and what that cost."""
        begun, opened = (self.sums.count("investments", name) for name in ("begun", "opened"))
        return {
            spec.id: {"begun": float(began), "opened": float(done), "spent": spec.cost * began}
            for spec, began, done in zip(
                self.network.projects, begun.tolist(), opened.tolist(), strict=True
            )
        }

    def _spent(self, sites: set[int]) -> Cost:
        """On what began to be built at some sites."""
        if not any(spec.cost for spec in self.network.projects):
            return None
        spent = self.investments()
        here = (spec.id for spec in self.network.projects if spec.site in sites)
        return sum(spent[key]["spent"] or 0.0 for key in here)

    def _holding(self, stocks: Sequence[int]) -> Cost:
        if not any(item.value and item.holding_cost for item in self.network.items):
            return None
        held = self.sums.integral("stocks", "on_hand")
        return sum(
            float(held[i]) / THOUSANDTHS * item.value * item.holding_cost / YEAR
            for i in stocks
            if (item := self.network.items[self.network.stocks[i].item]).value
        )

    def _transport(self, sites: set[int]) -> Cost:
        """Of what was sent to some sites."""
        if not any(lane.cost for lane in self.network.lanes):
            return None
        departed = self.sums.count("lanes", "departed")
        return sum(
            float(departed[i]) / THOUSANDTHS * lane.cost
            for i, lane in enumerate(self.network.lanes)
            if lane.cost and self.network.stocks[lane.destination].site in sites
        )

    def _waiting(self, demands: Sequence[int]) -> Cost:
        waited = self.sums.integral("demands", "backlog")
        return self._by_demand(
            demands,
            lambda item: item.waiting_cost,
            lambda i: float(waited[i]) / THOUSANDTHS / SECONDS_PER_DAY,
        )

    def _lost_margin(self, demands: Sequence[int]) -> Cost:
        lost = self.sums.count("demands", "lost")
        return self._by_demand(
            demands,
            lambda item: item.margin,
            lambda i: float(lost[i]) / THOUSANDTHS,
        )

    def _by_demand(
        self,
        demands: Sequence[int],
        price: Callable[[ItemSpec], float],
        amount: Callable[[int], float],
    ) -> Cost:
        network = self.network
        if not any(price(item) for item in network.items):
            return None
        return sum(
            amount(i) * price(network.items[network.stocks[network.demands[i].stock].item])
            for i in demands
        )
