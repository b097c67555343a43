"""The compiled network: the facts of a scenario as integers, ready to run.

Times are seconds since the start of the simulation, quantities thousandths of the item's unit,
work is counted in ppm-seconds (a second at full speed is 1,000,000), see docs/model.md. Entities
refer to each other by index into the tuples of `CompiledNetwork`; each carries its rank, which
orders entities of one phase at one instant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from chainsim.network.disruption import DisruptionSpec, ResilienceSpec
from chainsim.network.fleet import FleetSpec
from chainsim.network.launch import LaunchSpec
from chainsim.network.levels import Base, ClockSpec, Distribution, Target
from chainsim.network.levers import (
    BackupSpec,
    ExpediteSpec,
    PoolSpec,
    ResponseSpec,
    SecondSourceSpec,
)
from chainsim.network.national import NationalYear
from chainsim.network.project import ProjectSpec

SECONDS_PER_DAY = 86_400
THOUSANDTHS = 1_000
FULL_SPEED = 1_000_000
"""Parts per million: the rate of an operation that works at full speed."""
WORK_PER_MILLISECOND = FULL_SPEED // 1_000
SCRAP = -1
"""Index in place of a stock: the output is thrown away."""
NONE = -1


class Phase(IntEnum):
    """The phases of one instant, in order (docs/model.md, section 3)."""

    CHANGE = 0
    ARRIVE = 1
    COMPLETE = 2
    OUTSIDE = 3
    FILL = 4
    REVIEW = 5
    START = 6


class Allocation(IntEnum):
    """How waiting orders share what is on hand."""

    FIFO = 0
    PRIORITY = 1
    PROPORTIONAL = 2


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """When and how much: the process of a demand, an arrival or the slots of a paced operation."""

    process: str
    interval: Distribution | None = None
    """poisson, renewal: gaps (poisson: in seconds at rate factor 1)."""
    exact_interval: tuple[int, int] = (0, 1)
    """regular: seconds between events as numerator and denominator."""
    first: tuple[int, int] = (0, 1)
    """regular, renewal: instant of the first event as numerator and denominator."""
    has_first: bool = False
    size: Distribution | None = None
    """Amount per event in thousandths; None is `fixed_size`."""
    fixed_size: int = THOUSANDTHS
    quantum: int = THOUSANDTHS
    clock: int = NONE
    """Index of the clock that multiplies the rate."""
    trace: tuple[tuple[int, int], ...] = ()
    """trace and plan: (instant, thousandths)."""
    noise: Distribution | None = None
    """plan: multiplies each amount."""
    drawn_as: str = ""
    """The entity whose draws it takes; its own unless given."""
    division: tuple[tuple[int, ...], ...] = ()
    """plan: by part and event, which share of what the parts before leave it gets, ppm."""
    part: int = 0
    """The part that this stream is; after the last one it is what all of them leave."""


@dataclass(frozen=True, slots=True)
class ItemSpec:
    """An item: id, unit and quantum in thousandths."""

    id: str
    unit: str
    quantum: int
    value: float = 0.0
    holding_cost: float = 0.0
    margin: float = 0.0
    """Yuan that a delivered unit earns."""
    waiting_cost: float = 0.0
    """Yuan per unit and day that a customer waits."""
    variant_of: int = NONE
    """Index of the item that it is a kind of."""


@dataclass(frozen=True, slots=True)
class SiteSpec:
    """A site with what selectors and reports need."""

    id: str
    name: str
    stage: str
    region: str
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StockSpec:
    """A stock (site, item)."""

    id: str
    rank: int
    site: int
    item: int
    initial: int
    room: int
    """Thousandths; NONE is unlimited room."""
    unlimited: bool
    allocation: Allocation
    aged: bool
    """Whether the arrival time of each part is kept."""
    recorded: bool
    """Whether waiting times are recorded."""


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a lot of an operation takes of a stock."""

    stock: int
    quantity: int
    consumed: bool


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """Where a lot may go: a stock (or SCRAP), the quantity, and its share."""

    stock: int
    quantity: int
    share: float


@dataclass(frozen=True, slots=True)
class BreakdownSpec:
    """A mode of failure: uptime in work milliseconds, repair in seconds.

    A repair of None lasts until the next of the operation's shift starts.
    """

    up: Distribution
    repair: Distribution | None


@dataclass(frozen=True, slots=True)
class ReleaseSpec:
    """When an operation may start lots."""

    kind: str
    """push, pull or paced."""
    stock: int = NONE
    target: Target = field(default_factory=Target)
    parent: int = NONE
    """The stock whose open orders count (signal: requirements)."""
    slots: StreamSpec | None = None
    keep_missed: bool = False


@dataclass(frozen=True, slots=True)
class OperationSpec:
    """An operation of a site."""

    id: str
    rank: int
    site: int
    resource: int
    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputSpec, ...]
    split: str
    cycle: tuple[int, ...]
    lot: int
    work: Distribution
    """Milliseconds of work per lot."""
    clock: int
    priority: int
    release: ReleaseSpec
    breakdowns: tuple[BreakdownSpec, ...] = ()
    shift_starts: tuple[int, ...] = ()
    """Seconds at which shifts of its calendar start; only where a repair lasts until one."""
    overtime_factor: int = FULL_SPEED
    """Speed in ppm while the backlog of the pulled item is above `overtime_above`."""
    overtime_above: Target | None = None
    overtime_response: int = NONE
    """The response that counts the overtime."""
    backup: BackupSpec | None = None


@dataclass(frozen=True, slots=True)
class MakingSpec:
    """What counts as in the making of a stock's item, in units of it at best yield.

    Its weights over `scale` are units of the item per unit of what lies between, or of a lot.
    """

    stock: int
    between: tuple[tuple[int, int], ...]
    """(stock, weight) of what waits on the way."""
    operations: tuple[tuple[int, int], ...]
    """(operation, weight) of what is under way."""
    scale: int


@dataclass(frozen=True, slots=True)
class ResourceSpec:
    """Servers, shared by the operations that name it."""

    id: str
    rank: int
    site: int
    servers: int
    operations: tuple[int, ...]
    """By priority, then rank."""


@dataclass(frozen=True, slots=True)
class LaneSpec:
    """A lane between two sites for one item: from a source stock to a destination stock."""

    id: str
    rank: int
    source: int
    destination: int
    order_lead: Distribution
    transit: Distribution
    crossing: bool
    departures: tuple[int, int] | None
    """(first, interval) in seconds."""
    load: int
    daily_quota: int
    """Thousandths per day, shared by the lanes of one block and pair; NONE is no limit."""
    quota_group: int
    """Lanes with the same group share the quota."""
    transit_clock: int
    """Clock on which goods travel; NONE if they are never held."""
    open_clock: int
    """Clock that is zero while the lane is closed; NONE if it never is."""
    quota_clock: int
    priority: int
    cost: float
    in_transit: tuple[tuple[int, int], ...] = ()
    """(arrival, thousandths) of the goods on the road at the start."""
    order_priority: int = NONE
    """Priority of its orders at the source, instead of the replenishment's own; NONE is none."""
    expedite: ExpediteSpec | None = None


@dataclass(frozen=True, slots=True)
class ReplenishmentSpec:
    """How a stock is replenished."""

    id: str
    rank: int
    stock: int
    policy: str
    level: Target
    reorder: Target
    quantity: int
    review: tuple[int, int] | None
    """(first, interval) in seconds; None is continuous."""
    sources: tuple[tuple[int, ...], ...]
    """For each source the indices of its lanes, by lane priority and rank."""
    shares: tuple[float, ...]
    """By source; empty where sources are by priority."""
    spill: int
    minimum: int
    multiple: int
    requirements: int
    """Stock whose open orders are subtracted; NONE."""
    priority: int
    second: SecondSourceSpec | None = None


@dataclass(frozen=True, slots=True)
class DemandSpec:
    """Outside customers of a stock."""

    id: str
    rank: int
    stock: int
    stream: StreamSpec
    unmet: str
    patience: int
    priority: int
    recorded: bool
    initial_backlog: int = 0


@dataclass(frozen=True, slots=True)
class ArrivalSpec:
    """Items that come from outside."""

    id: str
    rank: int
    stock: int
    stream: StreamSpec
    fleet: int = NONE
    """The fleet whose units it brings for inspection; then the stream is what comes by plan."""
    slots: tuple[tuple[int, int, int], ...] = ()
    """(instant, place, number that day) of the times over which the units of a day are divided."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """The run in seconds since the start of the simulation, and the civil date of second 0."""

    origin: dt.datetime
    end: int
    statistics_from: int
    """Start of statistics: the end of settling and warm-up."""
    reported_from: int
    """The scenario's own `start` (after settling)."""

    @property
    def day_ends(self) -> tuple[int, ...]:
        """The end of each day of the run: every midnight, and the end."""
        first = SECONDS_PER_DAY - (
            self.origin.hour * 3600 + self.origin.minute * 60 + self.origin.second
        )
        ends = list(range(first, self.end, SECONDS_PER_DAY))
        return (*ends, self.end)


@dataclass(frozen=True, slots=True)
class RecordSpec:
    """What is kept beside the daily trajectory."""

    instants: tuple[int, ...] = ()
    log: bool = False


@dataclass(frozen=True, slots=True)
class CompiledNetwork:
    """Everything an engine needs, as integers over ids."""

    name: str
    fingerprint: str
    seed: int
    replications: int
    rounds: int
    horizon: Horizon
    record: RecordSpec
    items: tuple[ItemSpec, ...]
    sites: tuple[SiteSpec, ...]
    stocks: tuple[StockSpec, ...]
    resources: tuple[ResourceSpec, ...]
    operations: tuple[OperationSpec, ...]
    lanes: tuple[LaneSpec, ...]
    replenishments: tuple[ReplenishmentSpec, ...]
    demands: tuple[DemandSpec, ...]
    arrivals: tuple[ArrivalSpec, ...]
    disruptions: tuple[DisruptionSpec, ...]
    clocks: tuple[ClockSpec, ...]
    bases: tuple[Base, ...]
    makings: tuple[MakingSpec, ...]
    output_item: int = NONE
    """Index of the item whose making is the output of the chain."""
    national: tuple[NationalYear, ...] = ()
    """National output of that item by calendar year."""
    plan_per_day: dict[int, Sequence[int]] = field(default_factory=dict)
    """By stock: the plan's use of the item on each day of the run, thousandths."""
    responses: tuple[ResponseSpec, ...] = ()
    pools: tuple[PoolSpec, ...] = ()
    launches: tuple[LaunchSpec, ...] = ()
    projects: tuple[ProjectSpec, ...] = ()
    fleets: tuple[FleetSpec, ...] = ()
    resilience: ResilienceSpec | None = None
    """Given where a run is compared with its twin: then the instants of output are kept."""

    @property
    def output_stocks(self) -> list[int]:
        """The stocks whose inflow is output: of the output item, or of what customers demand."""
        if self.output_item >= 0:
            return [i for i, stock in enumerate(self.stocks) if self.is_output(stock.item)]
        return sorted({demand.stock for demand in self.demands})

    def is_output(self, item: int) -> bool:
        """Whether an item is the output item or a variant of it."""
        return self.output_item >= 0 and self.output_item in (item, self.items[item].variant_of)

    @property
    def supplying_stocks(self) -> list[int]:
        """The stocks that operations fill for others: lanes or customers take from them."""
        made = {way.stock for operation in self.operations for way in operation.outputs}
        taken = {lane.source for lane in self.lanes} | {demand.stock for demand in self.demands}
        return sorted(k for k in made & taken if self.stocks[k].item not in self.beside)

    @property
    def beside(self) -> frozenset[int]:
        """Items that serve approvals alone."""
        return frozenset(item for launch in self.launches for item in launch.beside)
