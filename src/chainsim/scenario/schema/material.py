"""Items, sites and what stands at a site: stocks, resources, operations, arrivals, demands."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from chainsim.scenario.quantities import Quantity
from chainsim.scenario.schema.distributions import (
    AmountDistribution,
    DurationDistribution,
    FactorDistribution,
)
from chainsim.scenario.schema.fields import (
    Amount,
    Block,
    Count,
    Duration,
    Factor,
    Flag,
    Flow,
    Id,
    Money,
    PositiveDuration,
    PositiveFactor,
    Share,
    TimeOfDay,
    When,
    Whole,
    refuse,
)
from chainsim.scenario.schema.replenishment import Cover, Replenishment


class Item(Block):
    """Something that is made, held, moved or used."""

    name: str | None = None
    unit: str = "unit"
    """The unit of amounts: a counted thing (vehicle, set, kit) or an energy (kWh)."""
    quantum: Amount = Quantity(Fraction(1))
    """The smallest amount that moves; 1 unit unless declared; at least 0.001."""
    value: Money | None = None
    """Yuan per unit."""
    holding_cost: Share | None = None
    """Cost of holding, as a share of the value per year."""
    margin: Money | None = None
    """What a unit earns that a customer gets; lost where the customer leaves."""
    waiting_cost: Money | None = None
    """What it costs when a customer waits for a unit for a day."""
    variant_of: Id | None = None
    """The item that this is a kind of: where that is the output, so is this."""
    fits: tuple[str, ...] = ()
    """Free words about the item that selectors and reports may use (chemistry, powertrain)."""


class Stock(Block):
    """What a site holds of one item."""

    initial: Amount | Cover = Quantity(Fraction(0))
    """On hand at the start: an amount, or days of the plan's use."""
    backlog: Amount | None = None
    """Owed to the (only) customer demand at the start."""
    room: Amount | None = None
    """The largest amount that fits; unlimited unless given."""
    unlimited: Flag = False
    """The outside world: never runs out and is not counted."""
    allocation: Literal["fifo", "priority", "proportional"] = "fifo"
    """How waiting orders share what is on hand."""
    order: Whole = 0
    """Rank among equals at one instant, before the id."""


class Resource(Block):
    """Servers that several operations of a site share."""

    servers: Count = 1


class Input(Block):
    """What one unit of output needs of an item."""

    amount: Amount = Quantity(Fraction(1))
    consumed: Flag = True
    """False: it must be present, but stays (an approval, a tool)."""


def _input(value: Any) -> Any:
    return value if isinstance(value, dict | Block) else {"amount": value}


class Output(Block):
    """One of the ways in which a lot can leave an operation."""

    amount: Amount = Quantity(Fraction(1))
    """Units of the item per unit of the lot."""
    share: Share | None = None
    """Probability (split: share) or exact share (split: exact) of this way."""


class Breakdown(Block):
    """One way to fail: time to failure counted in work done, repair in calendar time."""

    up: DurationDistribution
    """Work done between the end of a repair and the next failure."""
    repair: DurationDistribution | Literal["shift"]
    """Length of the repair; 'shift': until the next start of the operation's calendar."""


class Pull(Block):
    """Start lots while on hand + on order + in the making - backlog of an item is below a level."""

    kind: Literal["pull"] = "pull"
    item: Id
    """The item pulled for, at the same site."""
    level: Amount | Cover = Quantity(Fraction(0))
    """The level S; 0 is make to order; may be days of cover."""
    signal: Literal["stock", "requirements"] = "stock"
    """'requirements' adds what open orders of `parent` need of the item."""
    parent: Id | None = None
    """With signal 'requirements': the item whose open orders count."""


class Paced(Block):
    """Start at slots of a profile; a missed slot is lost or kept."""

    kind: Literal["paced"] = "paced"
    rate: Flow
    """Slots' output per time (one lot per slot)."""
    profile: Id | None = None
    """Multiplies the rate over time."""
    first: When | None = None
    """Instant of the first slot; one interval after the start unless given."""
    missed: Literal["lost", "kept"] = "lost"


class Overtime(Block):
    """Work faster on lots that start while the backlog of the pulled item is high."""

    factor: PositiveFactor
    """Multiplies the speed; above 1."""
    backlog_above: Amount | Duration | None = None
    """Threshold: an amount, or a time of the plan's use (a bare number is an amount)."""


def _release(value: Any) -> Any:
    if value == "push":
        return None
    if isinstance(value, dict) and "kind" not in value:
        keys = [key for key in ("pull", "paced") if key in value]
        if len(keys) == 1:
            inner = {k: v for k, v in value.items() if k != keys[0]}
            head = value[keys[0]]
            if keys[0] == "pull":
                return {"kind": "pull", "item": head, **inner}
            return {"kind": "paced", "rate": head, **inner}
        value = None
    if not isinstance(value, dict | Block):
        raise refuse("be push, a map with pull: ITEM, or a map with paced: RATE")
    return value


Release = Annotated[
    Annotated[Pull | Paced, Field(discriminator="kind")] | None, BeforeValidator(_release)
]


class Operation(Block):
    """Work at a site that turns inputs into outputs, lot by lot."""

    inputs: dict[Id, Annotated[Input, BeforeValidator(_input)]] = {}
    """Amount of each item per unit of output."""
    outputs: dict[Id, Annotated[Output, BeforeValidator(_input)]]
    """Where a finished lot goes; the word `scrap` as an item means it is thrown away."""
    split: Literal["share", "exact", "cycle"] = "share"
    """How a lot with several outputs chooses: drawn, divided exactly, or in a fixed cycle."""
    cycle: tuple[Id, ...] = ()
    """With split cycle: the outputs of successive lots, over and over."""
    lot: Amount = Quantity(Fraction(1))
    """Units of output per lot."""
    time: DurationDistribution | None = None
    """Work per lot (one of time, time_per_unit, rate)."""
    time_per_unit: DurationDistribution | None = None
    """Work per unit: a lot takes its size times one draw."""
    rate: Flow | None = None
    """Output per time of one server at full capacity."""
    servers: Count | None = None
    """Number of own servers; 1 unless `resource` is given."""
    resource: Id | None = None
    """A resource of the site whose servers this operation shares."""
    capacity: Id | Factor | None = None
    """Multiplies the speed: a profile or a number; 1 unless given."""
    calendar: Id | None = None
    """Instead of the site's calendar."""
    breakdowns: tuple[Breakdown, ...] = ()
    release: Release = None
    """push (default), pull or paced."""
    priority: Whole = 0
    """Lower numbers start first where operations compete."""
    overtime: Overtime | None = None
    order: Whole = 0
    """Rank among equals at one instant, before the id."""

    @model_validator(mode="after")
    def _one_time(self) -> Operation:
        if sum(v is not None for v in (self.time, self.time_per_unit, self.rate)) != 1:
            raise refuse("have exactly one of time, time_per_unit and rate")
        if self.servers is not None and self.resource is not None:
            raise refuse("have servers of its own or a resource, not both")
        if self.lot.value <= 0:
            raise refuse("have a lot above 0")
        if not self.outputs:
            raise refuse("have at least one output")
        return self


class Stream(Block):
    """When and how much: the process behind demands and arrivals."""

    process: Literal["poisson", "renewal", "regular", "plan", "trace", "fleet"]
    rate: Flow | None = None
    """poisson: events per time; regular: amount per time; plan: amount per time."""
    every: PositiveDuration | None = None
    """regular: exact interval between events."""
    interval: DurationDistribution | None = None
    """renewal: random interval between events."""
    first: When | None = None
    """Instant of the first event; one interval after the start unless given."""
    size: AmountDistribution | None = None
    """Amount per event; 1 unless given."""
    profile: Id | None = None
    """Multiplies the rate over time (poisson, plan)."""
    volume: Amount | None = None
    """plan: the amount that the monthly shares in `months` divide."""
    months: Id | None = None
    """plan: a months profile with each month's share of `volume`, or a years profile with each
    year's."""
    at: TimeOfDay = 0
    """plan: time of day of the day's amount."""
    noise: FactorDistribution | None = None
    """plan: multiplies each day's amount."""
    calendar: Id | None = None
    """plan: the days that share a month; fleet: the days on which units are brought; the site's
    calendar unless given."""
    events: tuple[tuple[When, Amount], ...] = ()
    """trace: [instant, amount] pairs in order of time."""

    @model_validator(mode="after")
    def _complete(self) -> Stream:
        allowed: dict[str, tuple[set[str], set[str]]] = {
            "poisson": ({"rate"}, {"size", "profile"}),
            "renewal": ({"interval"}, {"size", "first"}),
            "regular": (set(), {"rate", "every", "size", "first"}),
            "plan": (set(), {"rate", "profile", "volume", "months", "at", "noise", "calendar"}),
            "trace": ({"events"}, set()),
            "fleet": ({"fleet", "times"}, {"calendar"}),
        }
        needed, optional = allowed[self.process]
        common = {"process", "unmet", "patience", "priority", "item", "order", "initial"}
        given = self.model_fields_set - common
        if missing := needed - given:
            raise refuse(f"have {' and '.join(sorted(missing))} with process {self.process}")
        if extra := given - needed - optional:
            raise refuse(f"not have {' or '.join(sorted(extra))} with process {self.process}")
        if self.process == "regular" and (self.rate is None) == (self.every is None):
            raise refuse("have exactly one of rate and every with process regular")
        if self.process == "plan" and (self.rate is None) == (self.volume is None):
            raise refuse("have either rate, or volume with months, with process plan")
        if (self.volume is None) != (self.months is None):
            raise refuse("have volume and months together")
        return self


class Demand(Stream):
    """Orders of outside customers for an item of the site."""

    process: Literal["poisson", "renewal", "regular", "plan", "trace"]
    item: Id | None = None
    """The item; the key of the block unless given."""
    unmet: Literal["backlog", "lost", "patience"] = "backlog"
    """What happens to demand that is not filled at once."""
    patience: Duration | None = None
    """With unmet patience: how long a customer waits."""
    priority: Whole = 0
    """Lower numbers are filled first where the stock allocates by priority."""
    order: Whole = 0

    @model_validator(mode="after")
    def _patience(self) -> Demand:
        if (self.unmet == "patience") != (self.patience is not None):
            raise refuse("have patience exactly with unmet: patience")
        return self


class Arrivals(Stream):
    """Items that come from outside without being ordered."""

    item: Id | None = None
    """The item; the key of the block unless given."""
    fleet: Id | None = None
    """fleet: the fleet whose units are due for inspection."""
    times: tuple[TimeOfDay, ...] = ()
    """fleet: the times of a day over which the units of the day are divided."""
    order: Whole = 0


class Site(Block):
    """A supplier, a maker, a test institute: a place with stocks and operations."""

    name: str | None = None
    stage: Literal["upstream", "midstream", "downstream"] = "midstream"
    region: Id | None = None
    tags: dict[Id, str] = {}
    """Free facts for selectors: group, district, alliance and so on."""
    note: str | None = None
    calendar: Id | None = None
    """Around the clock unless given."""
    stocks: dict[Id, Stock] = {}
    """Only for what differs from an empty stock with unlimited room."""
    resources: dict[Id, Resource] = {}
    operations: dict[Id, Operation] = {}
    replenishment: dict[Id, Replenishment] = {}
    demand: dict[Id, Demand] = {}
    arrivals: dict[Id, Arrivals] = {}
    order: Whole = 0
    """Rank among equals at one instant, before the id."""
