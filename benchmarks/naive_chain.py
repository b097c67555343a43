"""The simplified chain as a SimPy tutorial would teach it: processes, Store, Container, Resource.

20 makers, 4 kinds of parts, 25 suppliers in 3 regions, two shifts, one lot per shift, outages of
suppliers, sampled laboratory tests, 3 years. It prints the yearly output and the number of events.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from typing import Any

import simpy

DAYS = 3 * 365
SHIFT = 8.0
KINDS = ("battery", "e_drive", "axle", "kit")
REGIONS = ("local", "near", "far")
TRANSIT = {"local": 2.0, "near": 6.0, "far": 60.0}
MAKERS = 20
LOTS = tuple(10 + 2 * (m % 16) for m in range(MAKERS))
"""Vehicles per lot and shift of each maker."""
SUPPLIERS = tuple(
    (kind, REGIONS[k % 3], f"{kind}_{k}")
    for kind, count in zip(KINDS, (7, 6, 6, 6), strict=True)
    for k in range(count)
)
COVER = 8
"""Shifts of parts that a maker keeps beyond those on the road."""
STOCK = 6
"""Shifts of its own making that a supplier holds at the start; it has room for twice that."""
SLACK = 1.25
"""A supplier's capacity over what is ordered of it."""
OUTAGE_LENGTH = 10 * 24.0
SAMPLED = 0.05


class Plant:
    """A maker with its stores, its line and its finished lots."""

    def __init__(self, env: simpy.Environment, number: int) -> None:
        self.lot = LOTS[number]
        self.line = simpy.Resource(env, capacity=1)
        self.stock = {
            kind: simpy.Container(env, init=self.lot * COVER, capacity=float("inf"))
            for kind in KINDS
        }
        self.finished: simpy.Store = simpy.Store(env)
        self.sources = {kind: [s for s in SUPPLIERS if s[0] == kind][number % 6] for kind in KINDS}


class Supplier:
    """A supplier with its stock, its trucks and its state."""

    def __init__(self, env: simpy.Environment, per_shift: float) -> None:
        self.per_shift = per_shift
        self.stock = simpy.Container(env, init=per_shift * STOCK, capacity=per_shift * 2 * STOCK)
        self.gate = simpy.Resource(env, capacity=1000)
        self.up = True


def deliver(
    env: simpy.Environment, plant: Plant, kind: str, supplier: Supplier, transit: float
) -> Generator[Any, Any, None]:
    """One order: take the parts, load them, drive, unload."""
    yield supplier.stock.get(plant.lot)
    with supplier.gate.request() as gate:
        yield gate
        yield env.timeout(transit)
    yield plant.stock[kind].put(plant.lot)


def build(
    env: simpy.Environment, plant: Plant, suppliers: dict[str, Supplier]
) -> Generator[Any, Any, None]:
    """Every shift: take parts, order new ones, build a lot."""
    while True:
        if env.now % 24 >= 2 * SHIFT:
            yield env.timeout(24 - env.now % 24)
        for kind in KINDS:
            yield plant.stock[kind].get(plant.lot)
            _, region, name = plant.sources[kind]
            env.process(deliver(env, plant, kind, suppliers[name], TRANSIT[region]))
        with plant.line.request() as line:
            yield line
            yield env.timeout(SHIFT)
        yield plant.finished.put(plant.lot)


def make(env: simpy.Environment, supplier: Supplier) -> Generator[Any, Any, None]:
    """Every shift: make a lot of parts, unless there is an outage."""
    while True:
        if env.now % 24 >= 2 * SHIFT:
            yield env.timeout(24 - env.now % 24)
        yield env.timeout(SHIFT)
        if supplier.up:
            yield supplier.stock.put(supplier.per_shift)


def fail(
    env: simpy.Environment, supplier: Supplier, starts: list[float]
) -> Generator[Any, Any, None]:
    """The outages of a supplier."""
    for start in starts:
        yield env.timeout(start - env.now)
        supplier.up = False
        yield env.timeout(OUTAGE_LENGTH)
        supplier.up = True


def inspect(
    env: simpy.Environment, plant: Plant, laboratory: simpy.Resource, rng: random.Random,
    output: list[int],
) -> Generator[Any, Any, None]:  # fmt: skip
    """Finished lots: some go through the laboratory first."""
    while True:
        lot = yield plant.finished.get()
        if rng.random() < SAMPLED:
            with laboratory.request() as place:
                yield place
                yield env.timeout(4.0)
        output[int(env.now // (365 * 24))] += lot


def outages_of(number: int) -> list[float]:
    """The hours at which a supplier's outages begin: one in a year."""
    return [24.0 * (365 * year + 20 + 13 * number) for year in range(3)]


def demand_of(name: str) -> int:
    """What all makers take of a supplier in a shift."""
    return sum(
        LOTS[m]
        for m in range(MAKERS)
        for kind in KINDS
        if [s for s in SUPPLIERS if s[0] == kind][m % 6][2] == name
    )


def run(seed: int = 1) -> tuple[list[int], int]:
    """Output by year, and the number of events."""
    env = simpy.Environment()
    rng = random.Random(seed)
    suppliers = {name: Supplier(env, max(1.0, demand_of(name) * SLACK)) for *_, name in SUPPLIERS}
    laboratory = simpy.Resource(env, capacity=4)
    output = [0] * 4
    for number in range(MAKERS):
        plant = Plant(env, number)
        env.process(build(env, plant, suppliers))
        env.process(inspect(env, plant, laboratory, rng, output))
    for number, supplier in enumerate(suppliers.values()):
        env.process(make(env, supplier))
        env.process(fail(env, supplier, outages_of(number)))
    env.run(until=DAYS * 24)
    return output[:3], next(env._eid)


if __name__ == "__main__":
    print(*run())
