"""Stocks, resources and operations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import lcm

from chainsim.network.calendars import Time, shift_times
from chainsim.network.clock import Clock
from chainsim.network.compiled import (
    FULL_SPEED,
    NONE,
    SCRAP,
    Allocation,
    BreakdownSpec,
    InputSpec,
    MakingSpec,
    OperationSpec,
    OutputSpec,
    ReleaseSpec,
    ResourceSpec,
    StockSpec,
    StreamSpec,
)
from chainsim.network.distributions import duration
from chainsim.network.levels import Distribution, Target
from chainsim.network.names import Names
from chainsim.network.parts.rates import Rates
from chainsim.scenario.quantities import Quantity
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.material import Operation, Paced, Pull, Stock
from chainsim.scenario.schema.replenishment import Replenishment

MILLISECONDS = 1000
NEVER = 1e15
"""Milliseconds of work of a lot that is never done: the operation has no rate."""


def thousandths(amount: Quantity | None, default: int = 0) -> int:
    """An amount in thousandths of its unit, halves up."""
    if amount is None:
        return default
    return int(amount.value * 1000 + Fraction(1, 2))


def in_quanta(amount: Quantity | None, quantum: int, default: int = 0) -> int:
    """An amount in thousandths, to the nearest quantum, halves up."""
    if amount is None:
        return default
    return int(amount.value * 1000 / quantum + Fraction(1, 2)) * quantum


def stocks(document: ScenarioFile, names: Names) -> tuple[StockSpec, ...]:
    """All stocks, also those that a scenario only implies."""
    recorded = set(document.run.record.waits)
    competing = _competing_inputs(document)
    found = []
    for site, item in names.stock_keys:
        own = document.sites[site].stocks.get(item) or Stock()
        key = f"{site}/{item}"
        quantum = names.quantum(item)
        initial = in_quanta(own.initial, quantum) if isinstance(own.initial, Quantity) else 0
        found.append(
            StockSpec(
                id=key,
                rank=names.ranks["stock", key],
                site=names.sites[site],
                item=names.items[item],
                initial=initial,
                room=in_quanta(own.room, quantum, NONE),
                unlimited=own.unlimited,
                allocation=Allocation[own.allocation.upper()],
                aged=key in recorded or (site, item) in competing,
                recorded=key in recorded,
            )
        )
    return tuple(found)


def _competing_inputs(document: ScenarioFile) -> set[tuple[str, str]]:
    """Inputs of operations that compete for servers or inputs: their parts' ages matter."""
    found: set[tuple[str, str]] = set()
    for site, body in document.sites.items():
        users: dict[str, int] = {}
        shared: dict[str, int] = {}
        for operation in body.operations.values():
            for item in operation.inputs:
                users[item] = users.get(item, 0) + 1
            if operation.resource:
                shared[operation.resource] = shared.get(operation.resource, 0) + 1
        for operation in body.operations.values():
            together = operation.resource and shared[operation.resource] > 1
            if together or any(users[item] > 1 for item in operation.inputs):
                found.update((site, item) for item in operation.inputs)
    return found


def resources(document: ScenarioFile, names: Names) -> tuple[ResourceSpec, ...]:
    """Shared resources and the servers of single operations."""
    found = []
    for site, key in names.resource_keys:
        body = document.sites[site]
        if key in body.resources:
            servers = body.resources[key].servers
            members = [o for o, spec in body.operations.items() if spec.resource == key]
        else:
            servers, members = body.operations[key].servers or 1, [key]
        ranked = sorted(
            (body.operations[o].priority, names.ranks["operation", f"{site}/{o}"], o)
            for o in members
        )
        found.append(
            ResourceSpec(
                id=f"{site}/{key}",
                rank=names.ranks["resource", f"{site}/{key}"],
                site=names.sites[site],
                servers=servers,
                operations=tuple(names.operations[site, o] for _, _, o in ranked),
            )
        )
    return tuple(found)


def operations(
    document: ScenarioFile, names: Names, rates: Rates, time: Time
) -> tuple[OperationSpec, ...]:
    """All operations."""
    return tuple(
        _operation(document, names, rates, time, site, key) for site, key in names.operation_keys
    )


def _operation(
    document: ScenarioFile,
    names: Names,
    rates: Rates,
    time: Time,
    site: str,
    key: str,
) -> OperationSpec:
    body = document.sites[site]
    operation = body.operations[key]
    index = names.operations[site, key]
    lot = operation.lot.value
    overtime = operation.overtime
    return OperationSpec(
        id=f"{site}/{key}",
        rank=names.ranks["operation", f"{site}/{key}"],
        site=names.sites[site],
        resource=names.resources[site, operation.resource or key],
        inputs=_inputs(names, site, operation, lot),
        outputs=_outputs(names, site, operation, lot),
        split=operation.split,
        cycle=tuple(sorted(operation.outputs).index(item) for item in operation.cycle),
        lot=thousandths(operation.lot),
        work=_work(operation, lot),
        clock=rates.operation(site, key, index),
        priority=operation.priority,
        release=_release(names, rates, time, site, operation),
        breakdowns=tuple(
            BreakdownSpec(
                duration(mode.up, MILLISECONDS),
                None if mode.repair == "shift" else duration(mode.repair),
            )
            for mode in operation.breakdowns
        ),
        shift_starts=_shift_starts(document, time, site, operation),
        overtime_factor=round(overtime.factor * FULL_SPEED) if overtime else FULL_SPEED,
        overtime_above=None,
    )


def _inputs(names: Names, site: str, operation: Operation, lot: Fraction) -> tuple[InputSpec, ...]:
    found = [
        InputSpec(
            names.stocks[site, item],
            thousandths(Quantity(i.amount.value * (lot if i.consumed else 1))),
            i.consumed,
        )
        for item, i in operation.inputs.items()
    ]
    return tuple(sorted(found, key=lambda i: i.stock))


def _outputs(
    names: Names, site: str, operation: Operation, lot: Fraction
) -> tuple[OutputSpec, ...]:
    """By id: one uniform draw per lot chooses among them in this order."""
    several = len(operation.outputs)
    return tuple(
        OutputSpec(
            SCRAP if item == "scrap" else names.stocks[site, item],
            thousandths(Quantity(output.amount.value * lot)),
            _share(operation, item, several),
        )
        for item, output in sorted(operation.outputs.items())
    )


def _share(operation: Operation, item: str, several: int) -> float:
    if operation.split == "cycle":
        return operation.cycle.count(item) / len(operation.cycle)
    share = operation.outputs[item].share
    return float(share) if share is not None else 1.0 / several


def _work(operation: Operation, lot: Fraction) -> Distribution:
    """Work per lot, milliseconds."""
    if operation.time is not None:
        return duration(operation.time, MILLISECONDS)
    if operation.time_per_unit is not None:
        return duration(operation.time_per_unit, MILLISECONDS * lot)
    assert operation.rate is not None
    rate = operation.rate.value
    return Distribution("constant", (float(lot / rate * MILLISECONDS) if rate else NEVER,))


def _release(
    names: Names, rates: Rates, time: Time, site: str, operation: Operation
) -> ReleaseSpec:
    rule = operation.release
    if rule is None:
        return ReleaseSpec("push")
    if isinstance(rule, Pull):
        quantum = names.quantum(rule.item)
        level = in_quanta(rule.level, quantum) if isinstance(rule.level, Quantity) else 0
        parent = NONE
        if rule.signal == "requirements" and rule.parent is not None:
            parent = names.stocks[site, rule.parent]
        return ReleaseSpec("pull", names.stocks[site, rule.item], Target(level), parent)
    return ReleaseSpec(
        "paced", slots=_slots(rates, time, rule, operation), keep_missed=rule.missed == "kept"
    )


def _slots(rates: Rates, time: Time, rule: Paced, operation: Operation) -> StreamSpec:
    """Slots at exact intervals; with a profile, at the profile's own pace; none without a rate."""
    if not rule.rate.value:
        return StreamSpec("trace")
    interval = operation.lot.value / rule.rate.value
    clock = rates.profile(rule.profile)
    if clock != NONE:
        gap = Distribution("constant", (float(interval),))
        begin = (0, 1) if rule.first is None else _own_time(rates, clock, time.second(rule.first))
        has_first = rule.first is not None
        return StreamSpec("renewal", interval=gap, first=begin, has_first=has_first, clock=clock)
    first = Fraction(time.second(rule.first)) if rule.first is not None else interval
    return StreamSpec(
        "regular",
        exact_interval=(interval.numerator, interval.denominator),
        first=(first.numerator, first.denominator),
        has_first=True,
    )


def _own_time(rates: Rates, clock: int, instant: int) -> tuple[int, int]:
    """A clock's own seconds at an instant, or where it next runs; as numerator and denominator."""
    base = rates.bases[rates.clocks[clock].base]
    work = Clock(base.times, base.rates).work(instant)
    return work + 1, FULL_SPEED  # the first millionth of a second after it: past any standstill


def _shift_starts(
    document: ScenarioFile, time: Time, site: str, operation: Operation
) -> tuple[int, ...]:
    """When shifts start, where a repair lasts until one does; also where one follows another."""
    calendar = operation.calendar or document.sites[site].calendar
    if calendar is None or not any(mode.repair == "shift" for mode in operation.breakdowns):
        return ()
    starts = {begin for begin, _ in shift_times(document.calendars[calendar], time)}
    return tuple(sorted(start for start in starts if start >= 0))


def makings(document: ScenarioFile, names: Names) -> tuple[MakingSpec, ...]:
    """What counts as in the making of which item, site by site."""
    return tuple(spec for site in sorted(document.sites) for spec in _Ways(document, names, site))


class _Ways:
    """Which operations of a site make which pulled items, directly or on the way."""

    def __init__(self, document: ScenarioFile, names: Names, site: str) -> None:
        self.names = names
        self.site = site
        self.operations = document.sites[site].operations
        self.tracked: dict[str, list[str]] = {}
        for key, operation in self.operations.items():
            if isinstance(operation.release, Pull):
                self.tracked.setdefault(operation.release.item, []).append(key)
        self._add_parents()

    def _add_parents(self) -> None:
        """Items whose requirements count, and those between, are in the making too."""
        wanted = [
            o.release.parent
            for o in self.operations.values()
            if isinstance(o.release, Pull) and o.release.parent
        ]
        wanted += [policy.requirements for policy in self._policies() if policy.requirements]
        while wanted:
            item = wanted.pop()
            if item in self.tracked:
                continue
            makers = [key for key, o in self.operations.items() if item in o.outputs]
            self.tracked[item] = makers
            wanted += [i for key in makers for i in self.operations[key].inputs]

    def _policies(self) -> Iterable[Replenishment]:
        return self.names.document.sites[self.site].replenishment.values()

    def __iter__(self) -> Iterator[MakingSpec]:
        """What counts as in the making, for every tracked item."""
        for item, starters in sorted(self.tracked.items()):
            way = self._way(item, starters)
            worth = self._worth(item, way)
            lots = {key: self._value(key, worth) for key in sorted(way)}
            scale = lcm(1, *(w.denominator for w in (*worth.values(), *lots.values())))
            yield MakingSpec(
                stock=self.names.stocks[self.site, item],
                between=tuple(
                    (self.names.stocks[self.site, other], int(value * scale))
                    for other, value in sorted(worth.items())
                    if other != item
                ),
                operations=tuple(
                    (self.names.operations[self.site, key], int(value * scale))
                    for key, value in lots.items()
                ),
                scale=scale,
            )

    def _worth(self, item: str, way: set[str]) -> dict[str, Fraction]:
        """Units of the item that a unit of each item between becomes at best yield."""
        worth = {item: Fraction(1)}
        made = {output for key in way for output in self.operations[key].outputs}
        grown = True
        while grown:
            grown = False
            for key in sorted(way):
                value = self._value(key, worth)
                for name, taken in self.operations[key].inputs.items():
                    if value and taken.consumed and name in made and name not in worth:
                        worth[name] = value / taken.amount.value
                        grown = True
        return worth

    def _value(self, key: str, worth: Mapping[str, Fraction]) -> Fraction:
        """Units of the item that a unit of a lot becomes at best yield."""
        outputs = self.operations[key].outputs
        values = [o.amount.value * worth[name] for name, o in outputs.items() if name in worth]
        return max(values, default=Fraction(0))

    def _way(self, item: str, starters: list[str]) -> set[str]:
        """The operations that a lot may pass from its start until it is in the stock."""
        way = set(starters)
        frontier = list(starters)
        while frontier:
            outputs = set(self.operations[frontier.pop()].outputs) - {item}
            for key, operation in self.operations.items():
                if key not in way and outputs & set(operation.inputs):
                    way.add(key)
                    frontier.append(key)
        return way
