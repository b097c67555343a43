"""Make to order through several stages, by hand: scrap between the stages is made up for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import chainsim
from chainsim.outcome.trajectory import Trajectory

HOUR = 3600

CHAIN = """
name: two of three parts are scrapped
run: {length: 2 d, record: {delays: [plant/kit]}}
items: {raw: {}, part: {}, kit: {}}
sites:
  supplier:
    stocks:
      raw: {unlimited: true}
  plant:
    demand:
      kit: {process: trace, events: EVENTS}
    operations:
      make:
        inputs: {raw: 1}
        outputs: {part: 1, scrap: 1}
        split: cycle
        cycle: [scrap, scrap, part]
        time: 1 h
        release: {pull: part, level: 0, signal: requirements, parent: kit}
      assemble:
        inputs: {part: 1}
        outputs: {kit: 1}
        time: 1 h
"""
ORDERED = """
    replenishment:
      raw: {policy: base_stock, level: 0, requirements: kit, sources: supplier}
lanes:
  road: {from: supplier, to: plant, items: [raw], transit: 1 h}
"""
MADE = """
      melt:
        outputs: {raw: 1}
        time: 1 h
        release: {pull: raw, level: 0, signal: requirements, parent: kit}
"""


def _run(raw: str, events: Sequence[tuple[str, int]]) -> Trajectory:
    written = "[" + ", ".join(f"[{at}, {amount}]" for at, amount in events) + "]"
    text = CHAIN.replace("EVENTS", written).rstrip() + raw
    run: Trajectory = chainsim.simulate(chainsim.scenario_from_text(text))
    return run


@pytest.mark.parametrize("raw", [ORDERED, MADE], ids=["ordered", "made"])
def test_scrap_is_made_up_for(raw: str) -> None:
    """Three times an hour for the raw part and an hour for the work, then the assembly: 7 h."""
    run = _run(raw, [("0 h", 1)])
    assert run.delays["plant/kit"] == [(0, 7 * HOUR, 1000)]
    assert run.count("stocks", "used", "plant/raw") == 3


@pytest.mark.parametrize("raw", [ORDERED, MADE], ids=["ordered", "made"])
def test_a_later_order_starts_the_chain_again(raw: str) -> None:
    """Each order finds an empty chain and takes as long as the first."""
    run = _run(raw, [("0 h", 1), ("24 h", 1)])
    assert [wait.until - wait.since for wait in run.delays["plant/kit"]] == [7 * HOUR, 7 * HOUR]
    assert run.count("stocks", "used", "plant/raw") == 6
    assert run.final("stocks", "on_hand", "plant/raw") == 0
