"""What the page of the outage says, where it depends on what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from study_facts import Facts
from study_levers import HIGH, LOW, Lever, Turned, swing
from study_numbers import change, days, interval_of, listed, mean, scaled, told

from chainsim.experiments.stress import StressTest
from chainsim.experiments.summary import Aggregate
from chainsim.experiments.survival import Impact
from chainsim.report.tables import number

MILLION = 1e6


def survival(one: Impact) -> str:
    """The time to survive; a dash where output was never struck."""
    return days(one.time_to_survive) if one.struck else "never struck"


def millions(one: Aggregate) -> str:
    """A mean with its interval in millions: 31.2 (29.8 to 32.6)."""
    return mean(scaled(one, 1 / MILLION))


def unharmed(facts: Facts) -> str:
    """The mildest outages of the grid that never set output back by a day, in words."""
    parts = []
    lefts = sorted({left for _, left in facts.grid})
    lengths = sorted({length for length, _ in facts.grid})
    for left in lefts:
        safe = [
            d for d in lengths if not any(facts.grid[e, left].struck for e in lengths if e <= d)
        ]
        if safe:
            parts.append(f"{safe[-1]} days with {left} % left")
    return f"{listed(parts)} of the capacity" if parts else "no length that was tried"


def worth(lever: Lever, prices: Sequence[float]) -> str:
    """From which price of a waiting vehicle on a lever is worth it."""
    price = lever.break_even
    if (lever.waited.high or 0.0) < 0:
        longer = mean(scaled(lever.waited, -1))
        return f"customers wait longer, by {longer} vehicle-days: worth it at no price"
    if price.low is None or price.high is None:
        return "it saves no waiting that can be told apart from none: worth it at no price"
    if (lever.extra.high or 0.0) <= 0:
        return "it costs less than nothing: worth it at any price"
    text = f"worth it from {mean(price)} yuan for a vehicle that waits a day"
    low, _, high = prices
    if price.high <= low:
        return f"{text}: at every price of the assumed range ({low:g} to {high:g})"
    if price.low >= high:
        return f"{text}: at no price of the assumed range ({low:g} to {high:g})"
    return f"{text}, within the assumed range ({low:g} to {high:g})"


def named(facts: Facts, name: str) -> Lever | None:
    """A lever by the name of its scenario; None if there is none."""
    return next((one for one in facts.levers if one.name == name), None)


def plain(name: str) -> str:
    """The name of a lever as people write it."""
    return name.replace("_", " ")


def what(lever: Lever) -> str:
    """What a lever is, from the description of its scenario."""
    return lever.title.partition(", ")[2].rstrip(".") or lever.title


def peak_change(facts: Facts, lever: Lever) -> str:
    """How many more or fewer are behind at the worst moment."""
    found = scaled(lever.avoided, -1)
    return f"{change(found)}{'' if told(found) else ' in'} {facts.unit} behind at the worst moment"


def peak(lever: Lever) -> str:
    """The peak shortfall with a lever, and its paired difference."""
    after = number(lever.measures["peak_shortfall"].other)
    return f"{after}: {change(scaled(lever.avoided, -1))}"


def survives(lever: Lever) -> str:
    """The mean time to survive with a lever, and its paired difference."""
    found = lever.measures["time_to_survive"]
    if found.other is None:
        return "never struck"
    return f"{found.other:.1f}: {change(interval_of(found), 'later', 'earlier')}"


def pooling(facts: Facts, lever: Lever) -> str:
    """What lending does to the chain as a whole, said as it is."""
    moved = interval_of(lever.measures["time_to_survive"])
    first = f"{change(moved)}{'' if told(moved) else ' in'} days to survive"
    return f"{first}, and {peak_change(facts, lever)}"


def moving(facts: Facts, of: Callable[[Turned, int], Aggregate], least: float) -> list[str]:
    """The parameters that move something by more than an amount at an end of their range."""
    rows = sorted(facts.turned, key=lambda one: -swing(one))
    return [
        one.name
        for one in rows
        if any(told(of(one, end)) and abs(of(one, end).mean or 0.0) >= least for end in (LOW, HIGH))
    ]


def span(facts: Facts, of: Callable[[Impact], float | None]) -> tuple[float, float]:
    """The smallest and the largest value over all ends of ranges, and as assumed."""
    impacts = [facts.base, *(one for row in facts.turned for one in row.impacts)]
    known = [value for one in impacts if (value := of(one)) is not None]
    return min(known), max(known)


def worst(found: StressTest, kind: str, most: int) -> list[str]:
    """The most harmful knock-outs of a kind, each with its peak shortfall."""
    rows = [row.cell for row in found.ranking if row.cell.tried.knockout.kind == kind]
    return [
        f"{cell.tried.knockout.name} ({mean(cell.impact.peak_shortfall)})"
        for cell in rows[:most]
        if cell.impact.struck
    ]
