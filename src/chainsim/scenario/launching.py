"""What a launch is about: which operations build the model, which demand it takes a part of.

Launches become ordinary blocks before a scenario is compiled. An entity made so is called after the
one it follows, a colon and the launch, which no id of a scenario can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.launches import Launch
from chainsim.scenario.schema.material import Site
from chainsim.scenario.selection import lane_pairs

CRASH_CARS = ("sample", "resample")
"""What the cars for a first test and for repeat tests are called, before the colon."""


def enabled_launches(document: ScenarioFile) -> list[tuple[str, Launch]]:
    """The launches that are on, in code-point order of their ids."""
    return [(key, one) for key, one in sorted(document.launches.items()) if one.enabled]


@dataclass(frozen=True, slots=True)
class Way:
    """How a site makes an item from an operation on."""

    operations: tuple[str, ...]
    """The operations that a lot may pass, the first one among them."""
    items: frozenset[str]
    """What is passed on between them."""


def way_to(body: Site, operation: str, item: str) -> Way | None:
    """How a lot of an operation becomes an item of the same site; None if it never does."""
    passed = _passed(body, operation, item)
    made = {output for key in passed for output in body.operations[key].outputs}
    leading = {item}
    kept: set[str] = set()
    while True:
        found = {key for key in passed - kept if leading & set(body.operations[key].outputs)}
        if not found:
            break
        kept |= found
        leading |= {i for key in found for i in body.operations[key].inputs if i in made}
    if operation not in kept:
        return None
    return Way(tuple(sorted(kept)), frozenset(leading - {item}))


def _passed(body: Site, operation: str, item: str) -> set[str]:
    """The operations that what an operation makes may come to."""
    found, frontier = {operation}, [operation]
    while frontier:
        outputs = set(body.operations[frontier.pop()].outputs) - {item}
        more = {key for key, one in body.operations.items() if outputs & set(one.inputs)} - found
        found |= more
        frontier += more
    return found


def planned_demands(document: ScenarioFile, site: str) -> list[str]:
    """The demands of process plan for the output item at a site, in code-point order."""
    return [
        key
        for key, demand in sorted(document.sites[site].demand.items())
        if (demand.item or key) == document.output_item and demand.process == "plan"
    ]


def sample_lanes(document: ScenarioFile, launch: Launch) -> Iterator[str]:
    """The keys of the lanes that take the output item from the maker to the institute."""
    ends = launch.at, launch.approval.at
    for key, lane in sorted(document.lanes.items()):
        if document.output_item in lane.items and ends in lane_pairs(document, key):
            yield key


def made_from(key: str) -> str:
    """The id that a user wrote, of an entity that a launch made like it."""
    return key.partition(":")[0]


def kinds_of(document: ScenarioFile, item: str) -> tuple[str, ...]:
    """An item and what it is a kind of: a selector that names either means it.

    Crash cars are the output item, too, though they are no output.
    """
    is_crash_car = ":" in item and made_from(item) in CRASH_CARS
    parent = document.output_item if is_crash_car else document.items[item].variant_of
    return (item,) if parent is None else (item, parent)
