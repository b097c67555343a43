"""Selectors: what they select, counted by hand in a chain of four sites and three lanes."""

from __future__ import annotations

import pytest

from chainsim.scenario.loading import scenario_from_text
from chainsim.scenario.schema.selectors import Selector
from chainsim.scenario.selection import lane_pairs, reach, selected_sites

CHAIN = """
name: chain
run: {start: 2022-01-01, length: 60 d}
items: {cell: {}, seat: {}, car: {}}
sites:
  cells: {stage: upstream, region: sichuan, operations: {fill: {outputs: {cell: 1}, rate: 1}}}
  seats:
    stage: upstream
    region: chongqing
    tags: {group: soft}
    operations: {sew: {outputs: {seat: 1}, rate: 1}}
  maker:
    region: chongqing
    operations: {build: {inputs: {cell: 1, seat: 1}, outputs: {car: 1}, rate: 1}}
    replenishment:
      cell: {policy: base_stock, level: 9, sources: cells}
      seat: {policy: base_stock, level: 9, sources: seats}
    demand: {car: {process: plan, rate: 1}}
  twin:
    region: chongqing
    operations: {build: {inputs: {cell: 1}, outputs: {car: 1}, rate: 1}}
    replenishment: {cell: {policy: base_stock, level: 9, sources: cells}}
    demand: {orders: {item: car, process: plan, rate: 1}}
lanes:
  river: {from: {stage: upstream}, to: {stage: midstream}, items: [cell]}
  road: {from: {stage: upstream}, to: {stage: midstream}, items: [cell, seat], transit: 1 d}
  swap: {from: {stage: midstream}, to: [maker, twin], items: [car], transit: 1 d}
"""
DOCUMENT = scenario_from_text(CHAIN).document


@pytest.mark.parametrize(
    ("selector", "sites", "lanes"),
    [
        ({"region": "sichuan"}, ["cells"], ["river", "road"]),
        ({"stage": ("upstream", "midstream"), "except": ("twin", "cells")}, ["maker", "seats"],
         ["river", "road", "swap"]),
        ({"tags": {"group": "soft"}}, ["seats"], ["river", "road"]),
        ({"item": "seat"}, ["maker", "seats"], ["road"]),
        ({"item": "cell", "region": "chongqing"}, ["maker", "twin"], ["river", "road"]),
        ({"operation": "build"}, ["maker", "twin"], []),
        ({"lane": "road"}, [], ["road"]),
        ({"origin": {"region": "sichuan"}}, [], ["river", "road"]),
        ({"destination": {"site": "twin"}, "item": "car"}, [], ["swap"]),
        ({"lane": "swap", "stage": "upstream"}, [], []),
    ],
)  # fmt: skip
def test_a_selector_reaches(
    selector: dict[str, object], sites: list[str], lanes: list[str]
) -> None:
    reached = reach(DOCUMENT, Selector.model_validate(selector))
    assert list(reached.sites) == sites
    assert list(reached.lanes) == lanes


def test_what_stands_at_the_sites_is_reached() -> None:
    reached = reach(DOCUMENT, Selector.model_validate({"item": "car"}))
    assert reached.operations == (("maker", "build"), ("twin", "build"))
    assert reached.stocks == (("maker", "car"), ("twin", "car"))
    assert reached.demands == (("maker", "car"), ("twin", "orders"))
    assert reached.replenishments == ()


def test_a_lane_joins_every_pair_but_no_site_to_itself() -> None:
    assert len(lane_pairs(DOCUMENT, "road")) == 4
    assert lane_pairs(DOCUMENT, "swap") == [("maker", "twin"), ("twin", "maker")]
    assert selected_sites(DOCUMENT, Selector()) == ["cells", "maker", "seats", "twin"]
