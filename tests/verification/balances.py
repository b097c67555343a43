"""Balances of a run, from its event log and its scenario as written: nothing of `outcome.laws`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise, repeat
from typing import Any

from chainsim.outcome.trajectory import Trajectory

ON_THE_WAY = ("under_way", "waiting", "staged", "in_transit", "at_gate")
Span = tuple[int, int, int]
"""(from, until, quantity) of something that was inside."""
Level = tuple[str, str, str]
"""(kind, level, id)."""


class Tally:
    """How much of everything the log of a run says has happened up to an instant, thousandths."""

    def __init__(self, run: Trajectory, until: int) -> None:
        self.of: Counter[tuple[str, str]] = Counter()
        for entry in run.log:
            if entry.time <= until:
                self.of[entry.what, entry.entity] += entry.quantity

    def __call__(self, what: str, entity: str) -> int:
        return self.of[what, entity]


class State:
    """Levels and counts so far, as the run reports them, at a recorded instant or at the end."""

    def __init__(self, run: Trajectory, instant: int | None) -> None:
        self.run = run
        self.snapshot = None if instant is None else run.snapshots[instant]
        self.time = int(run.day_ends[-1]) if instant is None else run.snapshots[instant].time

    def level(self, kind: str, name: str, entity: str) -> int:
        table = self.run.tables[kind]
        row = table.levels[name][-1] if self.snapshot is None else self.snapshot.levels[kind][name]
        return int(row[table.index[entity]])

    def count(self, kind: str, name: str, entity: str) -> int:
        table = self.run.tables[kind]
        if self.snapshot is None:
            return int(table.counts[name][:, table.index[entity]].sum())
        return int(self.snapshot.counts[kind][name][table.index[entity]])

    def initial(self, kind: str, name: str, entity: str) -> int:
        table = self.run.tables[kind]
        return int(table.initial[name][table.index[entity]])


# ---- what comes and goes


def residuals(mapping: dict[str, Any], run: Trajectory, instant: int | None) -> Iterator[int]:
    """What is left over of every balance, thousandths; zero where nothing appears or vanishes."""
    state = State(run, instant)
    tally = Tally(run, state.time)
    to: dict[str, list[str]] = {}
    for key, lane in mapping["lanes"].items():
        to.setdefault(f"{lane['to']}/{lane['items'][0]}", []).append(key)
        yield from _of_lane(key, state, tally)
    for stock in run.tables["stocks"].ids:
        on_order = state.level("stocks", "on_order", stock)
        open_ = (state.level("lanes", x, key) for key in to.get(stock, []) for x in ON_THE_WAY)
        yield on_order - sum(open_)
    for site, body in mapping["sites"].items():
        operations = {f"{site}/{key}": o for key, o in body.get("operations", {}).items()}
        stocks = [id_ for id_ in run.tables["stocks"].ids if id_.startswith(f"{site}/")]
        for key, operation in operations.items():
            yield from _of_lots(key, operation.get("lot", 1), state, tally)
        for stock in stocks:
            yield from _of_parts(stock, operations, state, tally)
        made = sum(state.count("stocks", "produced", stock) for stock in stocks)
        yield made - sum(state.count("operations", "completed", key) for key in operations)
        for key in body.get("demand", {}):
            yield from _of_customers(f"{site}/{key}", state, tally)
    for key, fleet in mapping["fleets"].items():
        yield from _of_fleet(key, fleet, state)


def _of_lane(lane: str, state: State, tally: Tally) -> Iterator[int]:
    """Shipped = delivered + in transit; ordered = shipped + open."""
    gone, come = tally("dispatch", lane), tally("arrive", lane)
    before = state.initial("lanes", "in_transit", lane)
    shipped = state.count("lanes", "shipped", lane)
    under_way, waiting, staged, in_transit, at_gate = (
        state.level("lanes", name, lane) for name in ON_THE_WAY
    )
    yield before + gone - come - in_transit
    yield shipped - gone - staged
    yield come - state.count("lanes", "received", lane) - at_gate
    yield state.count("lanes", "ordered", lane) - shipped - under_way - waiting


def _of_lots(key: str, lot: int, state: State, tally: Tally) -> Iterator[int]:
    """Started = finished + work in process + scrapped, in whole lots."""
    started, ended = tally("start", key), tally("complete", key)
    done = state.count("operations", "completed", key) + state.count("operations", "scrapped", key)
    yield started - state.count("operations", "started", key)
    yield started - ended - state.level("operations", "in_process", key)
    yield ended - done - state.level("operations", "blocked", key)
    yield started % (1000 * lot)


def _of_parts(stock: str, operations: dict[str, Any], state: State, tally: Tally) -> Iterator[int]:
    """What was used is the bill of material times the lots started; what came is here or gone."""
    item = stock.split("/")[1]
    used = sum(
        round(tally("start", key) * operation.get("inputs", {}).get(item, 0))
        for key, operation in operations.items()
    )
    yield state.count("stocks", "used", stock) - used
    come = sum(state.count("stocks", name, stock) for name in ("received", "produced", "arrived"))
    gone = sum(state.count("stocks", name, stock) for name in ("used", "shipped", "lost"))
    on_hand = state.level("stocks", "on_hand", stock)
    yield state.initial("stocks", "on_hand", stock) + come - gone - on_hand
    yield min(on_hand, 0)


def _of_customers(key: str, state: State, tally: Tally) -> Iterator[int]:
    """Asked for = delivered + lost + waiting."""
    waiting = state.level("demands", "backlog", key)
    yield tally("demand", key) - tally("deliver", key) - tally("lost", key) - waiting
    for what, count in (("demand", "demanded"), ("deliver", "delivered"), ("lost", "lost")):
        yield tally(what, key) - state.count("demands", count, key)


def _of_fleet(key: str, fleet: dict[str, Any], state: State) -> Iterator[int]:
    """In use at the start + sold until the last midnight = in use + scrapped, in whole cars."""
    midnight = max((int(end) for end in state.run.day_ends if end <= state.time), default=0)
    log = state.run.log
    got = sum(e.quantity for e in log if e.what == "deliver" and e.time < midnight)
    sold = round(float(fleet["sold_in"]) * got / 1000) * 1000
    before = 1000 * sum(cohort["amount"] for cohort in fleet["initial"])
    in_use, scrapped = (
        state.level("fleets", "in_use", key), state.count("fleets", "scrapped", key)
    )  # fmt: skip
    yield before + sold - in_use - scrapped
    came, waiting = state.count("fleets", "came", key), state.level("fleets", "waiting", key)
    yield state.count("fleets", "due", key) - came - waiting
    yield came - state.count("stocks", "arrived", "station/visitor")


# ---- how long it is inside


def time_inside(spans: Iterable[Span], day_ends: Iterable[int]) -> list[int]:
    """The sum over all spans of quantity x time inside, by day."""
    days = list(pairwise([0, *map(int, day_ends)]))
    found = [0] * len(days)
    for since, until, quantity in spans:
        for k, (begin, end) in enumerate(days):
            found[k] += max(0, min(end, until) - max(begin, since)) * quantity
    return found


def stocks_inside(run: Trajectory) -> Iterator[tuple[Level, list[Span]]]:
    """Packs at the plant: recorded waits of those used, and what the log says is left."""
    end = int(run.day_ends[-1])
    come = _units([(0, 20_000), *_logged(run, "arrive", "shuttle")])
    waits: list[Span] = [(w.since, w.until, w.quantity) for w in run.waits["plant/pack"]]
    used = sum(quantity for *_, quantity in waits) // 1000
    at_gate = round(run.final("lanes", "at_gate", "shuttle"))
    left = [(since, end, 1000) for since in come[used : len(come) - at_gate]]
    yield ("stocks", "on_hand", "plant/pack"), [*waits, *left]


def customers_inside(run: Trajectory) -> Iterator[tuple[Level, list[Span]]]:
    """Customers who wait: delivered, lost when their patience ended, or still there."""
    end = int(run.day_ends[-1])
    patience = {"dealer/waiting_list": 2 * 86_400}
    for demand, delays in run.delays.items():
        spans: list[Span] = [(d.since, d.until, d.quantity) for d in delays]
        lost = _logged(run, "lost", demand)
        spans += [(t - patience.get(demand, 0), t, quantity) for t, quantity in lost]
        waiting: Counter[int] = Counter()
        for since, quantity in _logged(run, "demand", demand):
            waiting[since] += quantity
        for since, _, quantity in spans:
            waiting[since] -= quantity
        left = [(since, end, quantity) for since, quantity in waiting.items()]
        yield ("demands", "backlog", demand), [*spans, *left]


def flows_inside(run: Trajectory) -> Iterator[tuple[Level, list[Span]]]:
    """Goods on roads and lots in process: entries and exits of the log, first in, first out."""
    end = int(run.day_ends[-1])
    for lane in run.tables["lanes"].ids:
        before = [(0, 16_000)] if lane == "river" else []
        come = [*before, *_logged(run, "dispatch", lane)]
        yield ("lanes", "in_transit", lane), _in_order(come, _logged(run, "arrive", lane), end)
    for key in run.tables["operations"].ids:
        ended = _logged(run, "complete", key)
        yield ("operations", "in_process", key), _in_order(_logged(run, "start", key), ended, end)


def _logged(run: Trajectory, what: str, entity: str) -> list[tuple[int, int]]:
    """(time, quantity) of the entries of the log."""
    return [(e.time, e.quantity) for e in run.log if (e.what, e.entity) == (what, entity)]


def _units(entries: Iterable[tuple[int, int]]) -> list[int]:
    """The instant of each unit, in order of time."""
    return list(chain.from_iterable(repeat(t, q // 1000) for t, q in sorted(entries)))


def _in_order(come: list[tuple[int, int]], gone: list[tuple[int, int]], end: int) -> list[Span]:
    """Each unit that came with the one that went in its turn; the rest stay to the end."""
    exits = chain(_units(gone), repeat(end))
    return [(since, until, 1000) for since, until in zip(_units(come), exits, strict=False)]
