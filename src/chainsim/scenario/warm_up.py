"""A scenario whose warm-up was found, not given."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from chainsim.scenario.loading import Origin, Scenario
from chainsim.scenario.schema.fields import BY_MSER5

SECONDS_PER_DAY = 86_400


def leaves_warm_up_open(scenario: Scenario) -> bool:
    """Whether the warm-up is to be found from replications."""
    return scenario.document.run.warm_up == BY_MSER5


def with_warm_up(scenario: Scenario, days: int, origin: str) -> Scenario:
    """The same scenario with a warm-up of so many days, as if it had been written so.

    Args:
        scenario: What is run.
        days: Length of the warm-up.
        origin: Where the length comes from, shown instead of a place in a file.
    """
    document = scenario.document
    run = document.run.model_copy(update={"warm_up": Fraction(days * SECONDS_PER_DAY)})
    written = {**scenario.merged["run"], "warm_up": f"{days} d"}
    return replace(
        scenario,
        document=document.model_copy(update={"run": run}),
        merged={**scenario.merged, "run": written},
        origins={**scenario.origins, "run.warm_up": Origin(origin)},
    )
