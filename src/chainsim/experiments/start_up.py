"""The warm-up of a scenario that leaves it to MSER-5, found before its replications are run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chainsim.errors import RunError, WarmUpError
from chainsim.experiments.daily import DailyRuns, Floats
from chainsim.experiments.replications import Replication, run_replications
from chainsim.experiments.warm_up import WarmUp, warm_up_of
from chainsim.network.compiled import SECONDS_PER_DAY, CompiledNetwork
from chainsim.network.compiling import compile_network
from chainsim.scenario.loading import Scenario
from chainsim.scenario.warm_up import with_warm_up

PILOTS = 20
"""Replications whose average is looked at, or all of them where a scenario has fewer."""


@dataclass(frozen=True, slots=True)
class FoundWarmUp:
    """What MSER-5 said, and from how much."""

    cut: WarmUp
    replications: int

    @property
    def days(self) -> int:
        """Length of the warm-up: a batch is five days."""
        return self.cut.truncation

    @property
    def words(self) -> str:
        """How it was found, for people."""
        return f"by MSER-5 on the daily output of {self.replications} replications"


def find_warm_up(scenario: Scenario, workers: int = 1) -> FoundWarmUp:
    """The truncation by MSER-5 of the daily output, averaged over replications.

    The replications are those of the chain without its dated disruptions: a start-up is what the
    state at the start causes, not what happens at a later date.

    Raises:
        WarmUpError: the best cut is the last one tried, so a longer run is needed; or a dated
            disruption lies before the cut.
        RunError: every replication failed.
    """
    network = compile_network(_undisturbed(scenario))
    wanted = min(PILOTS, scenario.document.run.replications)
    series = _daily_output(run_replications(network, wanted, workers), network)
    found = FoundWarmUp(warm_up_of(series), len(series))
    if found.cut.longer_run_needed:
        raise WarmUpError(
            f"MSER-5 finds no end of the start-up in the first half of {series.shape[1]} days: "
            "run longer, or give run.warm_up as a time"
        )
    _check_dates(compile_network(with_warm_up(scenario, found.days, found.words)), found.days)
    return found


def _undisturbed(scenario: Scenario) -> Scenario:
    counted = with_warm_up(scenario, 0, "MSER-5 looks at the whole run")
    random = tuple(d for d in counted.document.disruptions if not d.timing.at)
    return replace(counted, document=counted.document.model_copy(update={"disruptions": random}))


def _daily_output(found: Sequence[Replication], network: CompiledNetwork) -> Floats:
    """Output (replication, day) of the whole days after the start, of what did not fail."""
    packs = [r.daily for r in found if r.daily is not None]
    if not packs:
        raise RunError(
            f"all {len(found)} replications for the warm-up failed; the first: {found[0].error}"
        )
    horizon = network.horizon
    first = int(np.searchsorted(horizon.day_ends, horizon.reported_from, side="right"))
    days = (horizon.end - horizon.reported_from) // SECONDS_PER_DAY
    return DailyRuns(packs).total("sites", "output")[:, first : first + days]


def _check_dates(network: CompiledNetwork, days: int) -> None:
    horizon = network.horizon
    for disruption in network.disruptions:
        for start in disruption.starts:
            if horizon.reported_from <= start < horizon.statistics_from:
                day = (start - horizon.reported_from) // SECONDS_PER_DAY + 1
                raise WarmUpError(
                    f"MSER-5 ends the warm-up after {days} days, but disruption '{disruption.id}' "
                    f"starts on day {day}: move it, or give run.warm_up as a time"
                )
