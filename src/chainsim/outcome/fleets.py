"""What a fleet has become over a window of days."""

from __future__ import annotations

from chainsim.network.compiled import THOUSANDTHS, CompiledNetwork
from chainsim.outcome.trajectory import Table


def fleet_rows(
    network: CompiledNetwork, table: Table, window: slice, seconds: int
) -> dict[str, dict[str, float | None]]:
    """The measures of every fleet over some days, which last `seconds`, in units."""

    def count(series: str, k: int) -> float:
        return float(table.counts[series][window, k].sum()) / THOUSANDTHS

    in_use, integral = table.levels["in_use"], table.integrals["in_use"]
    return {
        spec.id: {
            "fleet_mean": float(integral[window, k].sum(dtype=float)) / seconds / THOUSANDTHS,
            "fleet_end": float(in_use[window, k][-1]) / THOUSANDTHS,
            "fleet_sold": count("sold", k),
            "fleet_scrapped": count("scrapped", k),
            "inspections_due": count("due", k),
            "inspections_came": count("came", k),
        }
        for k, spec in enumerate(network.fleets)
    }
