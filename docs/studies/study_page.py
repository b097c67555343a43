"""The page of the study in Markdown: the template with what the results say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from study_cases import DURATIONS, LEFT
from study_facts import WINDOW, Facts
from study_levers import Lever, swing, written
from study_numbers import days, listed, mean, percent, scaled, told
from study_ranking import REPLICATIONS
from study_template import rendered
from study_words import (
    millions,
    moving,
    named,
    peak,
    peak_change,
    plain,
    pooling,
    span,
    survival,
    survives,
    unharmed,
    what,
    worst,
    worth,
)

from chainsim.experiments.stress import StressTest
from chainsim.report.tables import number

TEMPLATE = "sichuan.md.j2"
FILTERS: dict[str, Callable[..., Any]] = {
    "mean": mean,
    "percent": percent,
    "days": days,
    "survival": survival,
    "survives": survives,
    "what": what,
    "peak": peak,
    "millions": millions,
    "plain": plain,
    "n": lambda value: number(value, 3),
    "low": lambda values: number(min(values), 3),
    "high": lambda values: number(max(values), 3),
    "thousands": lambda one: mean(scaled(one, 1 / 1000)),
    "flip": lambda one: scaled(one, -1),
    "ends": lambda one: f"{', '.join(written(value) for value in one.values)} {one.unit}".strip(),
}


def page(facts: Facts, test: StressTest | None, counts: Mapping[str, int]) -> str:
    """The page.

    Args:
        facts: All numbers.
        test: The ranking; its section says nothing without one.
        counts: Of `cases`, of their replications (`runs`), and the `seed`.
    """
    words = _answer(facts) | _levers(facts) | _assumed(facts) | _ranking(test)
    return rendered(
        TEMPLATE, FILTERS, **words, **counts, f=facts, durations=DURATIONS, lefts=LEFT,
        window=WINDOW, cell=lambda length, left: _cell(facts, length, left),
    )  # fmt: skip


def _answer(facts: Facts) -> dict[str, Any]:
    """When it bites, whom, and what does no harm."""
    times = [m.impact.time_to_survive.median for m in facts.makers if m.impact.struck]
    known = [time for time in times if time is not None]
    total, spared = (one.time_to_survive.median for one in (facts.total, facts.spared))
    share, alone = (
        (one.peak_shortfall.mean or 0.0) / (facts.total.peak_shortfall.mean or 1.0)
        for one in (facts.spared, facts.kits_alone)
    )
    bounds = facts.bounds
    lfp = sum(s.calm.mean or 0.0 for s in facts.suppliers if s.documented)
    batteries = sum(s.calm.mean or 0.0 for s in facts.suppliers)
    return {
        "struck_makers": sum(m.impact.struck > 0 for m in facts.makers),
        "maker_survival": f"{min(known):.1f} to {max(known):.1f}" if known else "all",
        "unharmed": unharmed(facts),
        "made_up": "what is missing is made up"
        if not told(facts.total.never_made_up)
        else f"{mean(facts.total.never_made_up)} {facts.unit} are not made up",
        "gap": (spared or 0.0) - (total or 0.0),
        "both_lock": min(share, alone) > 0.5,
        "hours_only": abs(min(bounds.days) - max(bounds.simulated)) < 1.5,
        "rules_count": min(bounds.spared) > 2 * (spared or 0.0) > 0,
        "length_words": _lengths(facts),
        "quarter": _quarter(facts),
        "lfp_falls": any(s.documented and (s.change.high or 0.0) < 0 for s in facts.suppliers),
        "lfp_share": f"{100 * lfp / batteries:.0f} %" if batteries else "none",
    }


def _lengths(facts: Facts) -> str:
    """Whether the length of a full outage changes when it bites."""
    full = [facts.grid[length, 0] for length in DURATIONS]
    times = [one.time_to_survive.median for one in full if one.struck]
    known = [time for time in times if time is not None]
    if known and max(known) - min(known) < 0.5:
        return "How long it lasts does not change when it bites, only what comes after."
    return ""


def _quarter(facts: Facts) -> str:
    one = facts.grid[30, 25]
    if not one.struck:
        return "never puts output a day behind"
    return f"bites after {days(one.time_to_survive)} days"


def _levers(facts: Facts) -> dict[str, Any]:
    """Which lever helps most, which are worth it, and what pooling does."""
    best, pool = facts.levers[0], named(facts, "pooling")
    return {
        "best": best,
        "best_change": peak_change(facts, best),
        "cheapest": _cheapest(facts),
        "worth": lambda lever: worth(lever, facts.prices),
        "margins": _margins(facts),
        "pooled": pooling(facts, pool) if pool else "",
    }


def _cheapest(facts: Facts) -> Lever | None:
    """The lever that breaks even at the lowest price; None if none saves anything."""
    saving = [one for one in facts.levers if one.break_even.mean is not None]
    return min(saving, key=lambda one: one.break_even.mean or 0.0, default=None)


def _margins(facts: Facts) -> str:
    """Which levers cost less for each vehicle less behind than the margin of a vehicle."""
    paying = [
        plain(one.name)
        for one in facts.levers
        if _pays(one, facts.margins[1])
    ]  # fmt: skip
    if not paying:
        return "no lever certainly costs less than that for each vehicle less behind."
    return f"less than the assumed margin for each vehicle less behind cost {listed(paying)}."


def _pays(lever: Lever, margin: float) -> bool:
    return lever.per_vehicle.high is not None and lever.per_vehicle.high < margin


def _assumed(facts: Facts) -> dict[str, Any]:
    """What the assumed numbers move."""
    tenth = 0.1 * (facts.base.peak_shortfall.mean or 0.0)
    survive = moving(facts, lambda one, end: one.survival[end], 1.0)
    peaks = moving(facts, lambda one, end: one.changes[end], tenth)
    return {
        "moves_recovery": _moved(
            moving(facts, lambda one, end: one.recovery[end], 10.0), "by ten days or more"
        ),
        "survive_span": span(facts, lambda one: one.time_to_survive.median),
        "peak_span": span(facts, lambda one: one.peak_shortfall.mean),
        "turned": sorted(facts.turned, key=lambda one: -swing(one)),
        "moves_survival": _moved(survive, "by a day or more"),
        "moves_peak": _moved(peaks, "by a tenth or more"),
    }


def _moved(names: Sequence[str], how: str) -> str:
    if not names:
        return f"none of the numbers that were turned moves it {how}"
    verb = "moves" if len(names) == 1 else "move"
    return f"{listed([f'`{name}`' for name in names])} {verb} it {how}"


def _ranking(test: StressTest | None) -> dict[str, Any]:
    if test is None:
        return {"ranking": (), "ranking_runs": 0}
    return {
        "ranking": test.ranking,
        "ranking_n": REPLICATIONS,
        "ranking_runs": REPLICATIONS * (len(test.ranking) + 1),
        "harmless": sum(not row.cell.impact.struck for row in test.ranking),
        "worst": lambda kind, most: "; ".join(worst(test, kind, most)) or "none is struck",
    }


def _cell(facts: Facts, length: int, left: int) -> str:
    one = facts.grid[length, left]
    if not one.struck:
        return "never a day behind"
    return f"{mean(one.peak_shortfall)} / {days(one.time_to_recover)}"
