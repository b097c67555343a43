"""The chain of one replication: all actors, and the processes of what is known beforehand."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator
from heapq import merge
from itertools import groupby
from math import gcd, lcm
from operator import itemgetter
from typing import Any

from simpy.events import Event

from chainsim.engines import rules
from chainsim.engines.draws import Draws
from chainsim.engines.hazards import occurrences
from chainsim.engines.simpy_engine.books import Books
from chainsim.engines.simpy_engine.fleet import Fleet, arrival_of
from chainsim.engines.simpy_engine.floor import Floor
from chainsim.engines.simpy_engine.instant import FIRST, Alarm, Errand, InstantEnvironment, regular
from chainsim.engines.simpy_engine.lane import Lane, Quota
from chainsim.engines.simpy_engine.operation import Operation
from chainsim.engines.simpy_engine.outside import Demand, pace
from chainsim.engines.simpy_engine.pool import Pool
from chainsim.engines.simpy_engine.project import Project
from chainsim.engines.simpy_engine.replenishment import Replenisher
from chainsim.engines.simpy_engine.requirements import way_to
from chainsim.engines.simpy_engine.resource import Resource
from chainsim.engines.simpy_engine.response import Response
from chainsim.engines.simpy_engine.stock import Making, Stock, total_on_hand
from chainsim.network.activation import in_force, second_sources
from chainsim.network.clock import Clock, states
from chainsim.network.compiled import SCRAP, CompiledNetwork, LaneSpec, OperationSpec, Phase
from chainsim.network.timetable import Timetable, timetable
from chainsim.outcome.trajectory import Entry, Trajectory

FOREVER = 1 << 62

first_of = itemgetter(0)


class Chain:
    """Everything that lives during one replication."""

    def __init__(self, network: CompiledNetwork, draws: Draws) -> None:
        self.network = network
        self.draws = draws
        self.timetable: Timetable = timetable(network, occurrences(network, draws))
        self.env = InstantEnvironment(network.rounds, self._close_instant)
        self.day = 0
        self.dirty: list[Resource] = []
        self.log: list[Entry] | None = [] if network.record.log else None
        self._day_ends = network.horizon.day_ends
        self._snapshot_due = False
        self.second_sources = second_sources(network, self.timetable)
        """By replenishment: when its second source is used, for each of its sources."""
        clocks = in_force(network, self.timetable, self.second_sources)
        specs = zip(network.responses, clocks, strict=True)
        self.responses = [Response(spec, clock) for spec, clock in specs]
        self.stocks = [Stock(self, spec) for spec in network.stocks]
        if network.resilience is not None:
            for stock in {*network.output_stocks, *network.supplying_stocks}:
                self.stocks[stock].made = (array("q"), array("q"))
        self.resources = [Resource(self, spec) for spec in network.resources]
        self.operations = [Operation(self, spec) for spec in network.operations]
        self.floors = self._lay_out_floors()
        self.projects = [Project(self, spec) for spec in network.projects]
        self._quotas: dict[int, Quota] = {}
        self.lanes = [Lane(self, key, spec) for key, spec in enumerate(network.lanes)]
        self.replenishers = [
            Replenisher(self, key, spec) for key, spec in enumerate(network.replenishments)
        ]
        self.pools = [Pool(self, spec) for spec in network.pools]
        self.demands = [Demand(self, spec) for spec in network.demands]
        self.fleets = [Fleet(self, spec) for spec in network.fleets]
        self.arrivals = [arrival_of(self, spec) for spec in network.arrivals]
        self._makers = self._makers_by_stock()
        self.env.on_hand = lambda: total_on_hand(self.stocks)
        self._start()
        self.books = Books(self)

    def run(self) -> Trajectory:
        """Run to the end of the horizon; events at the end do not happen."""
        self.env.run(until=self.network.horizon.end)
        self._end_day()
        return self.books.trajectory()

    # ---- what actors ask

    def paused(self, what: str, site: int) -> bool:
        """Whether orders, shipments or receipts of a site are paused now."""
        intervals = self.timetable.pauses.get((what, site))
        if not intervals:
            return False
        i = bisect_right(intervals, (self.env._now, FOREVER)) - 1
        return i >= 0 and self.env._now < intervals[i][1]

    def is_up(self, stock: Stock) -> bool:
        """Whether a source can supply: no disruption stops what makes the item or its shipping."""
        if self.paused("shipments", stock.spec.site):
            return False
        makers = self._makers.get(stock.id, [])
        return not makers or not all(operation.is_stopped for operation in makers)

    def quota_of(self, spec: LaneSpec) -> Quota | None:
        """The daily quota that the lanes of one pair share, if there is one."""
        if spec.daily_quota < 0:
            return None
        clock = self.timetable.clocks[spec.quota_clock] if spec.quota_clock >= 0 else None
        return self._quotas.setdefault(spec.quota_group, Quota(spec, clock))

    def quantum_of(self, spec: OperationSpec) -> int:
        """The smallest part of an exactly split lot that gives whole quanta of every output."""
        parts = [1]
        for output in spec.outputs:
            if output.stock != SCRAP:
                whole = self.stocks[output.stock].quantum * spec.lot
                parts.append(whole // gcd(whole, output.quantity))
        return lcm(*parts)

    def day_of(self, time: int) -> int:
        """The day of the run that holds a second."""
        return bisect_right(self._day_ends, time)

    def note(self, phase: Phase, what: str, entity: str, quantity: int) -> None:
        """Write a line of the event log."""
        assert self.log is not None
        self.log.append(Entry(int(self.env.now), int(phase), what, entity, quantity))

    def at(self, time: int, action: Callable[[], None]) -> None:
        """Do something at the changes (phase 0) of a later second."""
        self.env.post(time, Errand(Phase.CHANGE, FIRST + 1, action))

    # ---- building

    def _lay_out_floors(self) -> list[Floor]:
        """One floor for every set of operations that compete for servers or inputs."""
        group = list(range(len(self.operations)))

        def root(i: int) -> int:
            while group[i] != i:
                i = group[i]
            return i

        seen: dict[Any, int] = {}
        for i, operation in enumerate(self.operations):
            keys: list[Any] = [("resource", operation.spec.resource)]
            keys += [("stock", i.stock.id) for i in operation.inputs if not i.stock.unlimited]
            for key in keys:
                if key in seen:
                    a, b = sorted((root(i), root(seen[key])))
                    group[b] = a
                seen[key] = i
        members: dict[int, list[Operation]] = {}
        for i, operation in enumerate(self.operations):
            members.setdefault(root(i), []).append(operation)
        floors = [Floor(self, found) for _, found in sorted(members.items())]
        self._follow_makings()
        self._wire(self.operations)
        return floors

    def _follow_makings(self) -> None:
        """Let stocks know what is in the making, and operations when it is not any more."""
        for spec in self.network.makings:
            item = self.stocks[spec.stock]
            between = [(self.stocks[s], weight) for s, weight in spec.between]
            operations = [(self.operations[o], weight) for o, weight in spec.operations]
            item.way = Making(between, operations, spec.scale)
            kept = {spec.stock, *(s for s, _ in spec.between)}
            for operation, _ in operations:
                for output in operation.spec.outputs:
                    if output.stock not in kept:
                        operation.leaves.setdefault(output.stock, []).append(item)

    def _wire(self, operations: Iterable[Operation]) -> None:
        """Let stocks tell floors what concerns them."""
        for operation in operations:
            for i in operation.inputs:
                i.stock.users.append(operation)
                if operation.floor.wake not in i.stock.on_gain:
                    i.stock.on_gain.append(operation.floor.wake)
        for operation in operations:
            watched = []
            if operation.pulled is not None and operation.pulled.way is not None:
                watched = [operation.pulled, *operation.pulled.way.stocks]
            if operation.pulled is not None and operation.parent is not None:
                watched += way_to(self.stocks, operation.pulled, operation.parent)
            wake = operation.floor.wake
            for stock in watched:
                for listeners in (stock.on_drop, stock.on_rise, stock.on_gain):
                    if wake not in listeners:
                        listeners.append(wake)

    def _makers_by_stock(self) -> dict[str, list[Operation]]:
        makers: dict[str, list[Operation]] = {}
        for operation in self.operations:
            for output in operation.spec.outputs:
                if output.stock >= 0:
                    makers.setdefault(self.stocks[output.stock].id, []).append(operation)
        return makers

    # ---- processes

    def _start(self) -> None:
        """Start the processes and give every actor a first turn."""
        process = self.env.process
        process(self._midnights())
        process(self._clock_changes())
        for lane in self.lanes:
            self._start_lane(lane)
        reviewers: tuple[Replenisher | Pool, ...] = (*self.replenishers, *self.pools)
        for reviewer in reviewers:
            if reviewer.spec.review is not None:
                process(self._reviews(reviewer))
        for source in (*self.arrivals, *self.demands):
            process(source.follow())
        for operation in self.operations:
            if operation.spec.release.slots is not None:
                process(pace(self, operation, operation.spec.release.slots))
        if self.log is not None:
            process(self._log_disruptions())
        process(self._pauses())
        process(self._losses())
        for replenisher in self.replenishers:
            if replenisher.second is not None:
                process(self._activations(replenisher, replenisher.second.activations))
        for instant in self.network.record.instants:
            self._at_close_of(instant)
        for resource in self.resources:
            resource.touch()
        for floor in self.floors:
            floor.turn.arm()
        for replenisher in self.replenishers:
            if replenisher.spec.review is None:
                replenisher.turn.arm()

    def _start_lane(self, lane: Lane) -> None:
        for arrival, quantity in lane.spec.in_transit:
            lane.bring(arrival, quantity)
        if lane.spec.departures is not None:
            self.env.process(self._departures(lane))
        if lane.open is not None:
            self.env.process(self._openings(lane, lane.open))

    def _by_clock(self) -> list[tuple[tuple[Clock, Clock], list[Operation]]]:
        found: dict[tuple[int, int], tuple[tuple[Clock, Clock], list[Operation]]] = {}
        for o in self.operations:
            key = (id(o.clock), id(o.undisturbed))
            found.setdefault(key, ((o.clock, o.undisturbed), []))[1].append(o)
        return list(found.values())

    def _clock_changes(self) -> Generator[Event, Any, None]:
        """Operations open and close by their clocks; then their floors look for work."""
        alarm = Alarm(self.env, Phase.CHANGE, FIRST + 1)
        changes = merge(*(self._changes_of(*group) for group in self._by_clock()), key=first_of)
        for time, together in groupby(changes, key=first_of):
            yield alarm.at(time)
            for _, state, operations in together:
                for operation in operations:
                    operation.state = state
                    operation.resource.touch()
                    operation.floor.turn.arm()

    @staticmethod
    def _changes_of(
        clocks: tuple[Clock, Clock], operations: list[Operation]
    ) -> Iterator[tuple[int, int, list[Operation]]]:
        for time, state in states(*clocks):
            yield time, state, operations

    def _midnights(self) -> Generator[Event, Any, None]:
        """Close each day; then quotas are renewed and targets of the new day apply."""
        alarm = Alarm(self.env, Phase.CHANGE, FIRST)
        quotas = [lane for lane in self.lanes if lane.spec.daily_quota >= 0]
        targets = [r for r in self.replenishers if r.follows_the_day]
        pulling = [o for o in self.operations if o.spec.release.target.daily]
        floors = list(dict.fromkeys(o.floor for o in pulling))
        helped = [r for r in self.replenishers if r.second and r.second.activations]
        for time in self._day_ends[:-1]:
            yield alarm.at(time)
            self._end_day()
            for project in self.projects:
                project.look(time)
            self.day += 1
            for quota in self._quotas.values():
                quota.renew(time)
            for lane in quotas:
                lane.leaving.arm()
            for replenisher in targets:
                replenisher.turn.arm()
            for replenisher in helped:
                replenisher.taking.arm()
            for floor in floors:
                floor.turn.arm()
            for operation in pulling:
                operation.begin_day(self.day)
                operation.resource.touch()

    def _end_day(self) -> None:
        now = self.env._now
        for resource in self.resources:
            resource.account(now)
        for operation in self.operations:
            operation.miss_slot()
        for response in self.responses:
            response.account(now)
        for project in self.projects:
            project.account(now)
        for fleet in self.fleets:
            fleet.close_day(self.day, now)
        self.books.close_day(now)

    def _departures(self, lane: Lane) -> Generator[Event, Any, None]:
        assert lane.spec.departures is not None
        alarm = Alarm(self.env, Phase.OUTSIDE, lane.spec.rank)
        for time in regular(*lane.spec.departures):
            yield alarm.at(time)
            lane.depart()

    def _openings(self, lane: Lane, clock: Clock) -> Generator[Event, Any, None]:
        alarm = Alarm(self.env, Phase.CHANGE, lane.spec.rank)
        for time in clock.changes():
            yield alarm.at(time)
            lane.leaving.arm()

    def _reviews(self, reviewer: Replenisher | Pool) -> Generator[Event, Any, None]:
        assert reviewer.spec.review is not None
        alarm = Alarm(self.env, Phase.OUTSIDE, reviewer.spec.rank)
        for time in regular(*reviewer.spec.review):
            yield alarm.at(time)
            reviewer.turn.arm()

    def _activations(
        self, replenisher: Replenisher, instants: list[int]
    ) -> Generator[Event, Any, None]:
        alarm = Alarm(self.env, Phase.CHANGE, replenisher.spec.rank)
        for time in instants:
            yield alarm.at(time)
            replenisher.taking.arm()

    def _pauses(self) -> Generator[Event, Any, None]:
        """When a pause ends, what it held back goes on."""
        alarm = Alarm(self.env, Phase.CHANGE, 1)
        ends = [
            (end, what, site)
            for (what, site), intervals in self.timetable.pauses.items()
            for _, end in intervals
        ]
        for time, what, site in sorted(ends):
            yield alarm.at(time)
            if what == "orders":
                for replenisher in self.replenishers:
                    if replenisher.stock.spec.site == site and replenisher.spec.review is None:
                        replenisher.turn.arm()
            elif what == "shipments":
                for lane in self.lanes:
                    if lane.source.spec.site == site:
                        lane.leaving.arm()
            else:
                for stock in self.stocks:
                    if stock.spec.site == site:
                        stock.ask_for_room()

    def _log_disruptions(self) -> Generator[Event, Any, None]:
        """Write when each disruption begins and when its full effect ends, with its sites."""
        alarm = Alarm(self.env, Phase.CHANGE, FIRST + 1)
        specs = self.network.disruptions
        entries: list[tuple[int, int, str, int]] = []
        for occurrence in self.timetable.occurrences:
            spec, sites = specs[occurrence.disruption], len(occurrence.sites)
            entries.append((occurrence.start, spec.rank, "strike", sites))
            entries.append((occurrence.full_until, spec.rank, "ease", sites))
        names = {spec.rank: spec.id for spec in specs}
        for time, rank, what, sites in sorted(entries):
            if time >= 0:
                yield alarm.at(time)
                self.note(Phase.CHANGE, what, names[rank], sites)

    def _losses(self) -> Generator[Event, Any, None]:
        """Disruptions that destroy a share of what is on hand."""
        alarm = Alarm(self.env, Phase.CHANGE, 1)
        for loss in sorted(self.timetable.losses, key=lambda x: (x.time, x.rank, x.stock)):
            yield alarm.at(loss.time)
            stock = self.stocks[loss.stock]
            quantity = rules.in_quanta(stock.on_hand * loss.share, stock.quantum)
            if not stock.unlimited and quantity:
                stock.lose(min(quantity, stock.on_hand))

    # ---- the end of an instant

    def _close_instant(self, now: int) -> None:
        for resource in self.dirty:
            resource.assess(now)
        self.dirty.clear()
        if self._snapshot_due:
            self._snapshot_due = False
            self.books.take_snapshot(now)

    def _at_close_of(self, instant: int) -> None:
        def due() -> None:
            self._snapshot_due = True

        self.at(instant, due)
