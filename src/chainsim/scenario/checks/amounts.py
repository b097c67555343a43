"""Amounts: in the unit of their item, and in whole quanta of it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from chainsim.errors import Problem
from chainsim.scenario import quantities
from chainsim.scenario.checks.ground import Ground, Problems
from chainsim.scenario.nodes import Path
from chainsim.scenario.quantities import Quantity, QuantityError
from chainsim.scenario.schema.distributions import Constant, Discrete, Empirical, Trace, values_of
from chainsim.scenario.schema.material import Operation, Paced, Pull, Stream
from chainsim.scenario.schema.replenishment import Cover, Forecast, Replenishment

LEAST = Fraction(1, 1000)


class Stated(NamedTuple):
    """An amount of an item as a scenario states it."""

    path: Path
    item: str
    amount: Quantity
    times: Fraction = Fraction(1)
    """Taken this many times at once (units of a lot); must be whole quanta then."""
    exact: bool = False
    """Whether a computed amount must be whole as well: it is part of a balance."""
    whole: bool = True
    """Whether it must be whole quanta at all."""


def units_are_known(ground: Ground) -> Problems:
    """The unit of an item is a counted thing or kWh."""
    for key, item in ground.document.items.items():
        try:
            unit = quantities.unit(item.unit)
        except QuantityError as error:
            yield ground.problem(("items", key, "unit"), f"be a unit of amounts: {error}")
            continue
        if unit.value != 1 or unit.dimension not in (quantities.NONE, quantities.ENERGY):
            remedy = "such as unit, vehicle, set, kit, pack or kWh"
            yield ground.problem(("items", key, "unit"), "be a counted thing or kWh", remedy)


def quanta_are_thousandths(ground: Ground) -> Problems:
    """The quantum of an item is at least a thousandth of its unit, and a multiple of it."""
    for key, item in ground.document.items.items():
        quantum = item.quantum.value
        if quantum < LEAST or (quantum / LEAST).denominator != 1:
            rule = "be a multiple of 0.001 of the unit, and above 0"
            yield ground.problem(("items", key, "quantum"), rule)


def variants_are_alike(ground: Ground) -> Problems:
    """A variant is counted like the item that it is a kind of, which is no variant itself."""
    items = ground.document.items
    for key, item in items.items():
        parent = items.get(item.variant_of or "")
        path: Path = ("items", key, "variant_of")
        if parent is None:
            continue
        if parent.variant_of is not None:
            yield ground.problem(path, "name an item that is no variant itself")
        elif (parent.unit, parent.quantum) != (item.unit, item.quantum):
            yield ground.problem(path, f"name an item with the unit and quantum of '{key}'")


def amounts_fit_their_item(ground: Ground) -> Problems:
    """An amount is in its item's unit and in whole quanta of it."""
    items = ground.document.items
    for stated in _stated(ground):
        item = items.get(stated.item)
        if item is None:
            continue
        dimension = _dimension(item.unit)
        if stated.amount.dimension not in (quantities.NONE, dimension):
            rule = f"be in {item.unit} as '{stated.item}' is"
            got = quantities.describe(stated.amount.dimension)
            yield ground.problem(stated.path, rule, got=got)
            continue
        quantum = item.quantum.value
        taken = stated.amount.value * stated.times
        checked = stated.whole and (stated.exact or not ground.computed(stated.path))
        if checked and quantum > 0 and (taken / quantum).denominator != 1:
            yield _fraction_problem(ground, stated, taken, quantum, item.unit)


def _fraction_problem(
    ground: Ground, stated: Stated, taken: Fraction, quantum: Fraction, unit: str
) -> Problem:
    rule = f"come to whole quanta of {float(quantum):g} {unit} of '{stated.item}'"
    if stated.times != 1:
        rule += f" per lot, not {float(taken):g}"
    remedy = f"or give the item a smaller quantum (items.{stated.item}.quantum)"
    return ground.problem(stated.path, rule, remedy)


def flows_fit_their_item(ground: Ground) -> Problems:
    """A rate is in its item's unit per time."""
    items = ground.document.items
    for path, item, flow in _flows(ground):
        if item in items:
            dimension = _dimension(items[item].unit)
            if flow.dimension not in ((-1, 0, 0, 0), (-1, *dimension[1:])):
                rule = f"be in {items[item].unit} per time as '{item}' is"
                yield ground.problem(path, rule, got=quantities.describe(flow.dimension))


def _dimension(unit: str) -> quantities.Dimension:
    try:
        return quantities.unit(unit).dimension
    except QuantityError:
        return quantities.NONE


def _flows(ground: Ground) -> Iterator[tuple[Path, str, Quantity]]:
    for site, body in ground.document.sites.items():
        for key, operation in body.operations.items():
            path: Path = ("sites", site, "operations", key)
            made = next((item for item in operation.outputs if item != "scrap"), "")
            if operation.rate is not None:
                yield (*path, "rate"), made, operation.rate
            if isinstance(operation.release, Paced):
                where = ground.existing((*path, "release", "paced"), (*path, "release", "rate"))
                yield where, made, operation.release.rate
        for block, streams in (("demand", body.demand), ("arrivals", body.arrivals)):
            for key, stream in streams.items():
                if stream.rate is not None and stream.process != "poisson":
                    yield ("sites", site, block, key, "rate"), stream.item or key, stream.rate


def _stated(ground: Ground) -> Iterator[Stated]:
    for site, body in ground.document.sites.items():
        path: Path = ("sites", site)
        for item, stock in body.stocks.items():
            for field in ("initial", "backlog", "room"):
                amount = getattr(stock, field)
                if isinstance(amount, Quantity):
                    yield Stated((*path, "stocks", item, field), item, amount)
            yield from _plus((*path, "stocks", item, "initial"), item, stock.initial)
        for key, operation in body.operations.items():
            yield from _of_operation((*path, "operations", key), operation)
        for item, policy in body.replenishment.items():
            yield from _of_policy((*path, "replenishment", item), item, policy)
        for block, streams in (("demand", body.demand), ("arrivals", body.arrivals)):
            for key, stream in streams.items():
                yield from _of_stream((*path, block, key), stream.item or key, stream)
    yield from _of_lanes(ground)
    for key, fleet in ground.document.fleets.items():
        for index, cohort in enumerate(fleet.initial):
            where = ("fleets", key, "initial", index, "amount")
            yield Stated(where, fleet.item, cohort.amount)
    yield from _of_the_nation(ground)


def _of_operation(path: Path, operation: Operation) -> Iterator[Stated]:
    lot = operation.lot.value
    for item, used in operation.inputs.items():
        times = lot if used.consumed else Fraction(1)
        yield Stated((*path, "inputs", item), item, used.amount, times, exact=True)
    for item, made in operation.outputs.items():
        yield Stated((*path, "outputs", item), item, made.amount, lot, exact=True)
    first = next(iter(operation.outputs))
    yield Stated((*path, "lot"), first, operation.lot, whole=False)
    release = operation.release
    if isinstance(release, Pull):
        if isinstance(release.level, Quantity):
            yield Stated((*path, "release", "level"), release.item, release.level)
        yield from _plus((*path, "release", "level"), release.item, release.level)
    overtime = operation.overtime
    if overtime and isinstance(release, Pull) and isinstance(overtime.backlog_above, Quantity):
        where = (*path, "overtime", "backlog_above")
        yield Stated(where, release.item, overtime.backlog_above, whole=False)


def _of_policy(path: Path, item: str, policy: Replenishment) -> Iterator[Stated]:
    for field in ("level", "reorder", "quantity", "spill", "minimum", "multiple"):
        amount = getattr(policy, field)
        if isinstance(amount, Quantity):
            yield Stated((*path, field), item, amount)
        yield from _plus((*path, field), item, amount)
    if isinstance(policy.level, Forecast):
        where = (*path, "level", "initial")
        yield Stated(where, item, policy.level.initial, whole=False)


def _plus(path: Path, item: str, level: object) -> Iterator[Stated]:
    """The amount that is added to days of cover; it is rounded up to quanta."""
    if isinstance(level, Cover) and level.plus is not None:
        yield Stated((*path, "plus"), item, level.plus, whole=False)


def _of_stream(path: Path, item: str, stream: Stream) -> Iterator[Stated]:
    if stream.volume is not None:
        yield Stated((*path, "volume"), item, stream.volume, whole=False)
    for index, (_, amount) in enumerate(stream.events):
        yield Stated((*path, "events", index, 1), item, amount)
    if stream.size is not None:
        whole = isinstance(stream.size, Constant | Discrete | Empirical | Trace)
        for name, value in values_of(stream.size):
            field = name.partition("[")[0]
            yield Stated((*path, "size", field), item, value, whole=whole and field != "shift")


def _of_the_nation(ground: Ground) -> Iterator[Stated]:
    national = ground.document.national
    if national is not None:
        for path in ("output", "low", "high"):
            for year, amount in getattr(national, path).items():
                yield Stated(("national", path, year), national.item, amount, whole=False)


def _of_lanes(ground: Ground) -> Iterator[Stated]:
    for key, lane in ground.document.lanes.items():
        path: Path = ("lanes", key)
        for field in ("load", "capacity_per_day"):
            amount = getattr(lane, field)
            for item in lane.items if amount is not None else ():
                yield Stated((*path, field), item, amount)
        for index, goods in enumerate(lane.in_transit):
            yield Stated((*path, "in_transit", index, "amount"), goods.item, goods.amount)
