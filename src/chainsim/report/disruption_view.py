"""The disruptions of a scenario in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from fractions import Fraction

from chainsim.report.tables import Sheet, number
from chainsim.scenario.quantities import TIME, Quantity
from chainsim.scenario.schema.disruptions import Disruption, Effect, Recovery, Timing
from chainsim.scenario.schema.distributions import Constant, Distribution
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.selectors import Selector
from chainsim.scenario.selection import selected_sites

SHAPES = {
    "step": "at once",
    "linear": "linear",
    "exponential": "exponential",
    "s_curve": "S-curve",
    "stages": "in stages",
}


def disruptions_sheet(document: ScenarioFile) -> Sheet:
    """What strikes where, when, how long and how it comes back; what is not enabled is left out."""
    rows = [
        (
            one.id,
            one.name or "-",
            _target(document, one),
            "; ".join(_effects(one.effect)),
            _timing(one.timing),
            _duration(one.onset) if one.onset is not None else "at once",
            _drawn(one.duration),
            _recovery(one.recovery),
            one.note or "",
        )
        for one in document.disruptions
        if one.enabled
    ]
    heads = ("id", "name", "target", "effects", "when", "onset", "full effect", "recovery", "note")
    return Sheet("Disruptions", heads, rows)


def _target(document: ScenarioFile, one: Disruption) -> str:
    target = one.target
    text = "; ".join(_selected(target))
    if not (target.lane or target.origin or target.destination):
        count = len(tuple(selected_sites(document, target)))
        text += f" ({count} site{'s' if count != 1 else ''})"
    if one.participation != 1:
        text += f", each with probability {number(float(one.participation))}"
    return text


def _selected(target: Selector) -> Iterator[str]:
    """What a selector asks for, one clause for each of its words."""
    plain = ("site", "stage", "region", "item", "operation", "lane")
    yield from (f"{word} {_names(value)}" for word in plain if (value := getattr(target, word)))
    yield from (f"{tag} {_names(value)}" for tag, value in target.tags.items())
    for word, ends in (("lanes from", target.origin), ("lanes to", target.destination)):
        if ends is not None:
            yield f"{word} {', '.join(_selected(ends)) or 'anywhere'}"
    if target.except_:
        yield f"except {_names(target.except_)}"


def _names(value: str | Iterable[str]) -> str:
    return value if isinstance(value, str) else " or ".join(value)


def _effects(effect: Effect) -> Iterator[str]:
    """Each effect as a clause."""
    if effect.capacity is not None:
        yield f"capacity x {_drawn(effect.capacity)}"
    if effect.floor is not None:
        yield f"never below {number(float(effect.floor))}"
    if effect.lead_time is not None:
        factor, extra = effect.lead_time.factor, effect.lead_time.extra
        times = f" x {number(float(factor))}" if factor is not None else ""
        yield f"transit time{times}{f' + {_duration(extra)}' if extra is not None else ''}"
    if effect.lane is not None:
        waits = "stand still" if effect.in_transit == "hold" else "go on"
        yield f"lanes closed, goods in transit {waits}"
    paused = ("orders", "shipments", "receipts")
    yield from (f"{word} paused" for word in paused if getattr(effect, word) is not None)
    if effect.stock_loss is not None:
        yield f"{100 * float(effect.stock_loss):g} % of stock lost"
    if effect.demand is not None:
        yield f"demand x {number(float(effect.demand))}"


def _timing(timing: Timing) -> str:
    if timing.every is None:
        return ", ".join(_when(moment) for moment in timing.at)
    text = f"random, every {_drawn(timing.every)} "
    text += "from start to start" if timing.between == "starts" else "from an end to the next start"
    return text if timing.first is None else f"{text}, from {_when(timing.first)} on"


def _when(moment: dt.datetime | Fraction) -> str:
    if isinstance(moment, Fraction):
        return f"{_duration(moment)} after the start"
    return f"{moment:%Y-%m-%d}" if moment.time() == dt.time() else f"{moment:%Y-%m-%d %H:%M}"


def _recovery(recovery: Recovery) -> str:
    shape = SHAPES[recovery.shape]
    if recovery.over is not None:
        return f"{shape} over {_duration(recovery.over)}"
    steps = (f"{100 * float(s.recovered):g} % after {_duration(s.after)}" for s in recovery.stages)
    return f"{shape}: {', '.join(steps)}" if recovery.stages else shape


def _drawn(distribution: Distribution) -> str:
    """A constant as its value, any other distribution with its parameters."""
    if isinstance(distribution, Constant) and distribution.shift is None:
        return _value(distribution.value)
    given = [(name, getattr(distribution, name)) for name in distribution.model_fields_set]
    order = list(type(distribution).model_fields)
    terms = [
        f"{name} {_value(value)}"
        for name, value in sorted(given, key=lambda pair: order.index(pair[0]))
        if name != "dist"
    ]
    return f"{distribution.dist} ({', '.join(terms)})"


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return " or ".join(_value(one) for one in value)
    if isinstance(value, Quantity):
        return _duration(value.value) if value.dimension == TIME else number(float(value.value))
    return number(float(value)) if isinstance(value, Fraction | int) else str(value)


def _duration(seconds: Fraction) -> str:
    """A time in days, of less than a day in hours."""
    hours = float(seconds) / 3600
    return f"{number(hours)} h" if 0 < abs(hours) < 24 else f"{number(hours / 24)} d"
