"""Disruptions: they hit something, do something to it, and happen within the run."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from chainsim.scenario.checks.ground import Ground, Problems
from chainsim.scenario.checks.names import words_are_known
from chainsim.scenario.checks.times import DAY
from chainsim.scenario.nodes import Path
from chainsim.scenario.schema.disruptions import Disruption
from chainsim.scenario.schema.distributions import values_of
from chainsim.scenario.schema.responses import Pooling
from chainsim.scenario.selection import (
    LANE_WORDS,
    Reach,
    matches,
    reach,
    selected_lanes,
    selected_pairs,
    used_items,
    words,
)

PAUSES = ("orders", "shipments", "receipts")


def targets_select_something(ground: Ground) -> Problems:
    """A target has a word, its words go together, and something matches them."""
    for path, disruption in _disruptions(ground):
        target = disruption.target
        given = words(target)
        if not given:
            rule = "name at least one word: site, stage, region, tags, item, operation or lane"
            yield ground.problem((*path, "target"), rule, "an empty selector would hit everything")
        elif "operation" in given and given & set(LANE_WORDS):
            yield ground.problem((*path, "target"), "select either operations or lanes")
        elif not words_are_known(ground, target):
            continue  # the unknown word has been reported
        elif reach(ground.document, target).empty:
            yield ground.problem((*path, "target"), "match something: nothing has all its words")


def _disruptions(ground: Ground) -> Iterator[tuple[Path, Disruption]]:
    for index, disruption in enumerate(ground.document.disruptions):
        yield ("disruptions", index), disruption


def effects_can_apply(ground: Ground) -> Problems:
    """Every effect finds something among what is selected."""
    for path, disruption in _disruptions(ground):
        if not words(disruption.target) or not words_are_known(ground, disruption.target):
            continue
        reached = reach(ground.document, disruption.target)
        if reached.empty:
            continue
        for field, what in _without_object(ground, disruption, reached):
            rule = f"find {what} among what the target selects"
            yield ground.problem((*path, "effect", field), rule)


def _without_object(
    ground: Ground, disruption: Disruption, reached: Reach
) -> Iterator[tuple[str, str]]:
    """The effects that find nothing, each with what it would need."""
    lanes = ground.document.lanes
    sites = set(reached.sites)
    lent = any(sites & set(pool) for pool in _pools(ground))
    entered = lent or any(to in sites for key in lanes for _, to in ground.pairs(key))
    found: dict[str, tuple[object, str]] = {
        "capacity": (
            reached.operations or any(lanes[key].capacity_per_day for key in reached.lanes),
            "operations, or lanes with capacity_per_day",
        ),
        "lead_time": (reached.lanes or lent, "lanes"),
        "lane": (reached.lanes or lent, "lanes"),
        "orders": (reached.replenishments, "sites that replenish"),
        "shipments": (sites and (reached.lanes or lent), "sites that a lane leaves"),
        "receipts": (entered, "sites that a lane enters"),
        "stock_loss": (reached.stocks, "stocks"),
        "demand": (reached.demands, "demands"),
    }
    for field, (objects, what) in found.items():
        if getattr(disruption.effect, field) is not None and not objects:
            yield field, what


def _pools(ground: Ground) -> Iterator[list[str]]:
    """The sites of each pool, on or off: they have lanes of their own."""
    for response in ground.document.responses.values():
        if isinstance(response, Pooling):
            yield ground.sites(response.at)


def pauses_are_of_sites(ground: Ground) -> Problems:
    """Orders, shipments and receipts pause at whole sites, not for an item or an operation."""
    for path, disruption in _disruptions(ground):
        pauses = [field for field in PAUSES if getattr(disruption.effect, field) is not None]
        for word in ("item", "operation"):
            if pauses and getattr(disruption.target, word):
                rule = f"not be given with {pauses[0]}: paused, which is of sites as a whole"
                remedy = "leave it out, or close the lanes of the item with lane: closed"
                yield ground.problem((*path, "target", word), rule, remedy)


def quotas_are_hit_as_a_whole(ground: Ground) -> Problems:
    """A disruption of capacity hits all items that share a lane's daily quota, or none."""
    document = ground.document
    for path, disruption in _disruptions(ground):
        target = disruption.target
        if disruption.effect.capacity is None or not target.item:
            continue
        for key in selected_lanes(document, target):
            pairs = selected_pairs(document, target, key)
            if document.lanes[key].capacity_per_day is not None and any(
                len({matches(item, target.item) for item in used_items(document, key, pair)}) > 1
                for pair in pairs
            ):
                rule = f"leave the lane '{key}' alone, or hit all its items: they share a quota"
                remedy = "leave out item, name the operation, or give each item a lane of its own"
                yield ground.problem((*path, "target", "item"), rule, remedy)
                break


def capacities_are_fractions(ground: Ground) -> Problems:
    """A disruption leaves a fraction of the capacity, from 0 to 1."""
    for path, disruption in _disruptions(ground):
        capacity = disruption.effect.capacity
        if capacity is None:
            continue
        named = {"value", "low", "mode", "high", "mean", "median", "values"}
        if any(q.value > 1 for name, q in values_of(capacity) if name.partition("[")[0] in named):
            where = (*path, "effect", "capacity")
            yield ground.problem(
                where, "be a fraction from 0 to 1", "write 80 per cent as 0.8 or 80 %"
            )


def dates_lie_in_the_run(ground: Ground) -> Problems:
    """A dated disruption starts within the run, after the warm-up."""
    run = ground.document.run
    for path, disruption in _disruptions(ground):
        if not disruption.enabled:
            continue
        for index, when in enumerate(disruption.timing.at):
            at = ground.seconds(when)
            where = ground.existing((*path, "timing", "at", index), (*path, "timing", "at"))
            if not 0 <= at < ground.end:
                days = float(ground.end / DAY)
                rule = f"lie within the run of {days:g} d from {run.start:%Y-%m-%d}"
                yield ground.problem(where, rule, "move it, or change run.start and run.end")
            elif isinstance(run.warm_up, Fraction) and at < run.warm_up < ground.end:
                rule = f"lie after the warm-up of {float(run.warm_up / DAY):g} d"
                yield ground.problem(where, rule, "or shorten run.warm_up")
        first = disruption.timing.first
        if first is not None and not 0 <= ground.seconds(first) < ground.end:
            yield ground.problem((*path, "timing", "first"), "lie within the run")


def recoveries_run_forward(ground: Ground) -> Problems:
    """The stages of a recovery are in order of time."""
    for path, disruption in _disruptions(ground):
        stages = disruption.recovery.stages
        for index in range(1, len(stages)):
            if stages[index].after <= stages[index - 1].after:
                where = (*path, "recovery", "stages", index, "after")
                yield ground.problem(where, "come after the one before it")
