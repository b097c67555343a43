"""Random small networks as plain mappings, as a user would write them.

Up to three tiers of sites make a part from the part of the tier before, replenish each other over
lanes and sell to customers. Every word of the scenario schema that changes what happens can occur.
"""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st

Block = dict[str, Any]
Draw = st.DrawFn
STAGES = ("upstream", "midstream", "downstream")
FINE = ("p1", "ore")
"""Items that may be counted in thousandths."""


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    """One of a few values; the first is the plainest."""
    return st.sampled_from(values)


def maybe(draw: Draw, block: Block, key: str, values: st.SearchStrategy[Any]) -> None:
    """Give a block a key, or not."""
    if draw(st.booleans()):
        block[key] = draw(values)


def rarely(draw: Draw, block: Block, key: str, values: st.SearchStrategy[Any]) -> None:
    """Give a block a key in one case of four."""
    if draw(st.integers(0, 3)) == 3:
        block[key] = draw(values)


# ---- values


def durations(hours: int, zero: bool = False) -> st.SearchStrategy[Any]:
    """A distribution of durations around some hours."""
    some = [
        f"{hours} h",
        {"dist": "exponential", "mean": f"{hours} h"},
        {"dist": "uniform", "low": 0, "high": f"{2 * hours} h"},
        {"dist": "triangular", "low": "1 min", "mode": f"{hours} h", "high": f"{2 * hours} h"},
        {"dist": "gamma", "mean": f"{hours} h", "cv": 0.5},
        {"dist": "lognormal", "mean": f"{hours} h", "cv": 1.2},
        {"dist": "normal", "mean": f"{hours} h", "sd": f"{hours} h"},
        {"dist": "weibull", "shape": 0.8, "scale": f"{hours} h", "shift": "1 s"},
        {"dist": "discrete", "values": ["0 h", f"{2 * hours} h"], "p": [0.5, 0.5]},
        {"dist": "trace", "values": [f"{hours} h", "10 s", f"{hours * 1000} s"]},
    ]
    return st.sampled_from((["0 h"] if zero else []) + some)


def sizes() -> st.SearchStrategy[Any]:
    """A distribution of amounts of an event."""
    return one_of(
        1,
        3,
        {"dist": "poisson", "mean": 2},
        {"dist": "geometric", "p": 0.5},
        {"dist": "uniform", "low": 0, "high": 4},
        {"dist": "exponential", "mean": 2},
        {"dist": "discrete", "values": [1, 6], "p": [0.75, 0.25]},
    )


TIMES_OF_DAY = one_of("00:00", "08:00", "23:59:59")
DATES = one_of("2 d", "3 d", "108 h", "2024-03-01T08:00", "7 d")


@st.composite
def streams(draw: Draw) -> Block:
    """The process of a demand or of arrivals, some events a day."""
    process = draw(one_of("regular", "poisson", "renewal", "plan", "trace"))
    block: Block = {"process": process}
    if process == "regular":
        block |= draw(one_of({"every": "5 h"}, {"rate": "7 /d"}, {"every": "1 d", "first": "1 d"}))
        maybe(draw, block, "size", sizes())
    elif process == "poisson":
        block["rate"] = draw(one_of("4 /d", "12 /d"))
        maybe(draw, block, "size", sizes())
        rarely(draw, block, "profile", one_of("season", "shift_work"))
    elif process == "renewal":
        block["interval"] = draw(durations(4))
        maybe(draw, block, "size", sizes())
        rarely(draw, block, "first", one_of("0 d", "1 d"))
    elif process == "plan":
        block |= {"rate": draw(one_of("6 /d", "2.5 /d")), "at": draw(TIMES_OF_DAY)}
        rarely(draw, block, "noise", one_of({"dist": "uniform", "low": 0.5, "high": 1.5}))
        rarely(draw, block, "profile", one_of("season"))
        rarely(draw, block, "calendar", one_of("days", "nights"))
    else:
        block["events"] = draw(one_of([[0, 4]], [["1 d", 3], ["1 d", 2], ["5 d", 20]]))
    return block


# ---- operations


@st.composite
def operations(draw: Draw, inputs: Block, outputs: Block) -> Block:
    """How inputs become outputs: time, servers, calendar, breakdowns."""
    block: Block = {"outputs": outputs}
    if inputs:
        block["inputs"] = inputs
    finite = any(not isinstance(i, dict) for item, i in inputs.items() if item != "ore")
    kind = draw(one_of("time", "rate", "time_per_unit"))
    if kind == "rate":
        block["rate"] = draw(one_of("8 /d", "20 /d"))
    else:
        block[kind] = draw(durations(draw(st.integers(1, 4)), zero=finite))
    rarely(draw, block, "lot", one_of(2, 5))
    if draw(st.booleans()):
        block["resource"] = "crew"
    else:
        maybe(draw, block, "servers", st.integers(1, 3))
    rarely(draw, block, "capacity", one_of(0.5, 2, 1 / 3, "season", "shift_work"))
    rarely(draw, block, "calendar", one_of("days", "nights"))
    rarely(draw, block, "breakdowns", st.lists(breakdowns(), min_size=1, max_size=2))
    rarely(draw, block, "priority", st.integers(0, 2))
    rarely(draw, block, "order", st.integers(0, 3))
    return block


@st.composite
def breakdowns(draw: Draw) -> Block:
    """One way to fail."""
    return {"up": draw(durations(9)), "repair": draw(durations(3, zero=True))}


@st.composite
def ways_out(draw: Draw, product: str) -> Block:
    """The outputs of the main operation, and its split."""
    share = draw(one_of(0.9, 0.5, 1 / 3))
    rest = round(1 - share, 6)
    shares = {product: {"share": 1 - rest}, draw(one_of("scrap", "faulty")): {"share": rest}}
    return draw(
        one_of(
            {"outputs": {product: 1}},
            {"outputs": {product: 2}},
            {"outputs": shares},
            {"outputs": shares, "split": "exact"},
            {
                "outputs": {product: 1, "faulty": 1},
                "split": "cycle",
                "cycle": [product, product, "faulty"],
            },
        )
    )


@st.composite
def releases(draw: Draw, product: str) -> Block:
    """The release rule of the main operation, and overtime where it pulls."""
    kind = draw(one_of("push", "pull", "paced"))
    if kind == "push":
        return {}
    if kind == "paced":
        rule: Block = {
            "paced": draw(one_of("10 /d", "3 /d")),
            "missed": draw(one_of("lost", "kept")),
        }
        rarely(draw, rule, "profile", one_of("season", "shift_work"))
        return {"release": rule}
    level = draw(one_of(0, 4, 20, {"cover": "2 d"}))
    block: Block = {"release": {"pull": product, "level": level}}
    rarely(draw, block, "overtime", one_of({"factor": 1.5}, {"factor": 2, "backlog_above": 5}))
    return block


@st.composite
def stocks(draw: Draw, least_room: int = 0) -> Block:
    """What a stock holds and how it shares it."""
    block: Block = {"initial": draw(one_of(0, 5, 40))}
    if draw(st.booleans()):
        block["room"] = max(block["initial"], draw(one_of(least_room, 10, 60)))
    rarely(draw, block, "allocation", one_of("priority", "proportional"))
    rarely(draw, block, "order", st.integers(0, 3))
    return block


# ---- sites


def part(tier: int) -> str:
    """The item that a tier makes."""
    return f"p{tier}"


@st.composite
def sites(draw: Draw, tier: int, sources: list[str], last: bool) -> Block:
    """A site that makes the part of its tier."""
    product = part(tier)
    site: Block = {"stage": STAGES[tier], "region": draw(one_of("here", "there")), "stocks": {}}
    inputs = draw(_inputs(tier, site))
    if tier > 0:
        site["replenishment"] = {part(tier - 1): draw(replenishments(sources))}
    if inputs and draw(st.integers(0, 4)) == 4:
        site["operations"] = {"pick": draw(_picking(inputs, product, site))}
        inputs = {"kit": 1}
    make = {**draw(operations(inputs, {product: 1})), **draw(ways_out(product))}
    make |= draw(releases(product)) if last else {}
    site.setdefault("operations", {})["make"] = make
    if "faulty" in make["outputs"]:
        site["operations"]["mend"] = draw(_mending(product, tier))
    maybe(draw, site["stocks"], product, stocks(least_room=5))
    if draw(st.integers(0, 3)) == 3 and inputs:
        site["operations"]["side"] = draw(operations(inputs, {"by": 1}))
    if any(o.get("resource") for o in site["operations"].values()):
        site["resources"] = {"crew": {"servers": draw(st.integers(1, 3))}}
    if last or draw(st.integers(0, 3)) == 3:
        site["demand"] = draw(demands(product))
    rarely(draw, site, "calendar", one_of("days", "nights"))
    return site


@st.composite
def _inputs(draw: Draw, tier: int, site: Block) -> Block:
    """What the main operation takes, with the stocks that it needs."""
    inputs: Block = {}
    if tier > 0:
        inputs[part(tier - 1)] = draw(one_of(1, 2))
        rarely(draw, site["stocks"], part(tier - 1), stocks(least_room=20))
    if tier == 0 and draw(st.integers(0, 2)):
        inputs["ore"] = draw(one_of(1, 3))
        _supply(draw, site, "ore")
    if draw(st.integers(0, 3)) == 3:
        inputs["tool"] = {"amount": 1, "consumed": False}
        site["stocks"]["tool"] = {"initial": draw(one_of(1, 2))}
    if draw(st.integers(0, 4)) == 4 and tier > 0:
        inputs["ore"] = 1
        _supply(draw, site, "ore")
    return inputs


def _supply(draw: Draw, site: Block, item: str) -> None:
    """Bring an item to a site from outside."""
    way = draw(one_of("unlimited", "arrivals", "arrivals", "initial"))
    if way == "arrivals":
        site.setdefault("arrivals", {})[item] = draw(streams())
        rarely(draw, site["stocks"], item, stocks())
    else:
        site["stocks"][item] = {"unlimited": True} if way == "unlimited" else {"initial": 60}


@st.composite
def _picking(draw: Draw, inputs: Block, product: str, site: Block) -> Block:
    """Kits that are made for the open orders of the product, and parts ordered for them."""
    rule = {"pull": "kit", "level": draw(one_of(0, 3))}
    rule |= draw(one_of({}, {"signal": "requirements", "parent": product}))
    for policy in site.get("replenishment", {}).values():
        rarely(draw, policy, "requirements", st.just(product))
    return {**draw(operations(inputs, {"kit": 1})), "release": rule}


@st.composite
def _mending(draw: Draw, product: str, tier: int) -> Block:
    """Rework: back into the product, partly thrown away, or around again."""
    outputs = draw(
        one_of(
            {product: 1},
            {product: {"share": 0.75}, "scrap": {"share": 0.25}},
            {product: {"share": 0.75}, "faulty": {"share": 0.25}},
        )
    )
    return draw(operations({"faulty": 1}, outputs))


@st.composite
def demands(draw: Draw, product: str) -> Block:
    """One or two customers of a part."""
    found = {}
    for number in range(draw(st.integers(1, 2))):
        block = {"item": product, **draw(streams())}
        unmet = draw(one_of("backlog", "lost", "patience"))
        block["unmet"] = unmet
        if unmet == "patience":
            block["patience"] = draw(one_of("0 d", "5 h", "3 d"))
        rarely(draw, block, "priority", st.integers(0, 2))
        rarely(draw, block, "order", st.integers(0, 3))
        found[f"customer{number}"] = block
    return found


# ---- replenishment and lanes


@st.composite
def replenishments(draw: Draw, sources: list[str]) -> Block:
    """A policy and its sources."""
    block = draw(_policies())
    chosen = draw(st.permutations(sources))[: draw(st.integers(1, 3))]
    if len(chosen) > 1 and draw(st.booleans()):
        share = {2: [0.5, 0.5], 3: [0.5, 0.25, 0.25]}[len(chosen)]
        block["sources"] = {"by": "share", "sites": chosen, "shares": share}
    else:
        block["sources"] = chosen
        rarely(draw, block, "spill", one_of(0, 10))
    rarely(draw, block, "minimum", one_of(5))
    rarely(draw, block, "multiple", one_of(4))
    rarely(draw, block, "priority", st.integers(0, 2))
    rarely(draw, block, "order", st.integers(0, 3))
    return block


@st.composite
def _policies(draw: Draw) -> Block:
    policy = draw(one_of("base_stock", "s_S", "r_Q", "periodic", "fixed", "forecast"))
    review = {"every": draw(one_of("1 d", "7 h")), "at": draw(TIMES_OF_DAY)}
    if policy == "forecast":
        level: Block = draw(
            one_of(
                {"forecast": "moving_average", "window": 3},
                {"forecast": "exponential", "alpha": 0.3},
            )
        )
        level = level | {"periods": 3, "safety": 1, "initial": 8}
        return {"policy": draw(one_of("base_stock", "periodic")), "level": level, "review": review}
    blocks: dict[str, Block] = {
        "base_stock": {"level": draw(one_of(20, 0, {"cover": "1 d"}))},
        "s_S": {"reorder": draw(one_of(5, 15)), "level": 30},
        "r_Q": {"reorder": draw(one_of(8, {"cover": "12 h"})), "quantity": 6},
        "periodic": {"level": draw(one_of(40, {"cover": "2 d"})), "review": review},
        "fixed": {"quantity": 9, "review": review},
    }
    block = {"policy": policy, **blocks[policy]}
    if policy in ("base_stock", "s_S", "r_Q"):
        rarely(draw, block, "review", st.just(review))
    return block


@st.composite
def lanes(draw: Draw, origin: Any, destination: Any, item: str) -> Block:
    """A lane between two sites, or between all of two tiers."""
    block: Block = {"from": origin, "to": destination, "items": [item]}
    maybe(draw, block, "transit", durations(20, zero=True))
    rarely(draw, block, "order_lead", durations(6, zero=True))
    rarely(draw, block, "crossing", st.just(False))
    rarely(draw, block, "capacity_per_day", one_of(15, 4))
    rarely(draw, block, "load", one_of(min(8, block.get("capacity_per_day", 8)), 3))
    if draw(st.integers(0, 3)) == 3:
        block["departures"] = {"every": draw(one_of("1 d", "9 h")), "at": draw(TIMES_OF_DAY)}
    if draw(st.integers(0, 3)) == 3 and isinstance(origin, str):
        goods = {"item": item, "amount": 4, "arrives": draw(one_of("0 d", "1 d"))}
        block["in_transit"] = [goods | {"count": 3, "every": "10 h"}]
    rarely(draw, block, "priority", st.integers(0, 2))
    rarely(draw, block, "order", st.integers(0, 3))
    return block


@st.composite
def _all_lanes(draw: Draw, tiers: list[list[str]]) -> Block:
    found: Block = {}
    for tier, (origins, destinations) in enumerate(itertools.pairwise(tiers)):
        if draw(st.booleans()):
            ends = {"stage": STAGES[tier]}, {"stage": STAGES[tier + 1]}
            found[f"roads{tier}"] = draw(lanes(*ends, part(tier)))
            continue
        for a in origins:
            for b in destinations:
                found[f"{a}_{b}"] = draw(lanes(a, b, part(tier)))
                rarely(draw, found, f"{a}_{b}_rail", lanes(a, b, part(tier)))
    return found


# ---- disruptions


@st.composite
def disruptions(draw: Draw, name: str, mapping: Block) -> Block:
    """A target, its effects, a course and a timing."""
    target, effects = draw(_targets(mapping))
    block: Block = {
        "id": name,
        "target": target,
        "effect": draw(st.sampled_from(effects)),
        "duration": draw(one_of("1 d", "0 d", *_DURATIONS)),
        "timing": draw(_timings()),
    }
    rarely(draw, block, "participation", one_of(0.5, 0))
    rarely(draw, block, "onset", one_of("6 h", "1 s"))
    rarely(draw, block, "recovery", one_of(*_RECOVERIES))
    return block


_DURATIONS = ("100 d", "5 h", {"dist": "exponential", "mean": "1 d"})
_RECOVERIES = (
    {"shape": "linear", "over": "1 d"},
    {"shape": "exponential", "over": "2 d"},
    {"shape": "s_curve", "over": "7 h"},
    {
        "shape": "stages",
        "stages": [{"after": "0 h", "recovered": 0.5}, {"after": "1 d", "recovered": 1}],
    },
)


@st.composite
def _timings(draw: Draw) -> Block:
    if draw(st.booleans()):
        return {"at": draw(st.lists(DATES, min_size=1, max_size=2))}
    block: Block = {"every": draw(durations(60)), "between": draw(one_of("starts", "ends"))}
    rarely(draw, block, "first", DATES)
    return block


@st.composite
def _targets(draw: Draw, mapping: Block) -> tuple[Block, list[Block]]:
    """A selector and the effects that can apply to what it selects."""
    speed: list[Block] = [
        {"capacity": 0},
        {"capacity": 0.25},
        {"capacity": 0, "floor": 0.1},
        {"capacity": {"dist": "uniform", "low": 0, "high": 1}},
    ]
    road: list[Block] = [
        {"lane": "closed"},
        {"lane": "closed", "in_transit": "hold"},
        {"lead_time": {"factor": 3, "extra": "5 h"}},
    ]
    targets: list[tuple[Block, list[Block]]] = [
        ({"site": sorted(mapping["sites"])}, [*speed, {"stock_loss": 0.3}]),
        ({"item": part(0)}, [{"stock_loss": 1}, {"stock_loss": 0.3, "capacity": 0.5}]),
        ({"operation": "make"}, speed),
        ({"stage": "upstream"}, speed),
        ({"site": sorted(s for s, b in mapping["sites"].items() if "demand" in b)},
         [{"demand": 0}, {"demand": 0.5}, {"demand": 2}]),
    ]  # fmt: skip
    if mapping.get("lanes"):
        key = draw(st.sampled_from(sorted(mapping["lanes"])))
        quota = [{"capacity": 0.5}] if "capacity_per_day" in mapping["lanes"][key] else []
        tier = {"site": sorted(s for s, b in mapping["sites"].items() if "replenishment" in b)}
        targets += [
            ({"lane": key}, [*road, *quota]),
            ({"origin": {"stage": "upstream"}}, road),
            ({"stage": "upstream"}, [{"shipments": "paused"}]),
            (tier, [{"orders": "paused"}, {"receipts": "paused"},
                    {"receipts": "paused", "orders": "paused", "capacity": 0.5}]),
        ]  # fmt: skip
    return draw(st.sampled_from(targets))


# ---- the whole


@st.composite
def networks(draw: Draw) -> Block:
    """A scenario as plain data."""
    count = draw(st.integers(1, 3))
    tiers = [[f"s{t}{k}" for k in range(draw(st.integers(1, 4 - t)))] for t in range(count)]
    mapping: Block = {"name": "random", "sites": {}, "calendars": CALENDARS, "profiles": PROFILES}
    for tier, names in enumerate(tiers):
        sources = tiers[tier - 1] if tier else []
        for name in names:
            mapping["sites"][name] = draw(sites(tier, sources, last=tier == count - 1))
    mapping["lanes"] = draw(_all_lanes(tiers))
    mapping["items"] = {
        item: {"quantum": 0.001} if item in FINE and draw(st.booleans()) else {}
        for item in ("ore", "tool", "faulty", "by", "kit", *(part(t) for t in range(count)))
    }
    number = draw(st.integers(0, 3))
    mapping["disruptions"] = [draw(disruptions(f"d{k}", mapping)) for k in range(number)]
    mapping["run"] = draw(_runs(mapping))
    return mapping


@st.composite
def _runs(draw: Draw, mapping: Block) -> Block:
    sold = [
        (site, key) for site, block in mapping["sites"].items() for key in block.get("demand", {})
    ]
    stocks_ = [
        f"{site}/{item}"
        for site, block in mapping["sites"].items()
        for operation in block["operations"].values()
        for item in operation.get("inputs", {})
    ]
    run: Block = {
        "start": "2024-02-26",
        "length": draw(one_of("10 d", "250 h", "864001 s", "30 d")),
        "seed": draw(st.integers(0, 5)),
        "record": {
            "log": True,
            "at": ["0 d", "3 d"],
            "delays": [f"{site}/{key}" for site, key in sold],
            "waits": sorted(set(stocks_)),
        },
    }
    if draw(st.integers(0, 3)) == 3:
        run |= draw(one_of({"start": "2024-02-26T07:30"}, {"settled": "3 d"}, {"warm_up": "1 d"}))
    return run


CALENDARS = {
    "days": {
        "week": {"mon-fri": ["08:00-12:00", "13:00-17:00"], "sat": ["08:00-12:00"]},
        "special": [{"from": "2024-02-29", "shifts": []}],
    },
    "nights": {"week": {"mon-sun": ["22:00-06:00"]}},
}
PROFILES = {
    "season": {"kind": "linear", "at": [["1 d", 0.5], ["5 d", 1.5], ["8 d", 0]]},
    "shift_work": {"kind": "steps", "at": [["1 d", 0], ["36 h", 1 / 3], ["100 h", 1]], "before": 1},
}
