"""The page of the study of growth in Markdown: the template with what the results say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from growth_facts import Facts, after_history
from growth_limits import TARGET_YEARS, WINDOW
from growth_words import (
    approvals,
    at_target,
    binds,
    called,
    carried,
    count,
    end_of_path,
    ends,
    first_start,
    fullest,
    furthest,
    kinds,
    lent,
    levels,
    millions,
    most_worth,
    named,
    off,
    outage_words,
    overfull,
    per,
    plain,
    share_range,
    spending,
    station,
    thousands,
    verdict,
    worth,
)
from study_numbers import change, days, listed, mean, percent, told
from study_template import rendered

from chainsim.report.tables import number

TEMPLATE = "growth.md.j2"
FILTERS: dict[str, Callable[..., Any]] = {
    "mean": mean,
    "count": count,
    "percent": lambda one: "-" if one.mean is None else percent(one),
    "days": days,
    "off": off,
    "called": called,
    "change": lambda one: change(one, "more", "fewer"),
    "millions": millions,
    "plain": plain,
    "ends": ends,
    "approvals": approvals,
    "spending": spending,
    "range": share_range,
    "k": thousands,
    "n": lambda value: "-" if value is None else number(value, 4),
    "pc": lambda value: "-" if value is None else f"{100 * value:.1f} %",
}


def page(facts: Facts, counts: Mapping[str, Any]) -> str:
    """The page.

    Args:
        facts: All numbers.
        counts: Of `cases` and their replications (`runs`), and the `minutes` that they took.
    """
    fitted, not_fitted, computed = kinds(facts.history)
    last = facts.documented[-1]
    return rendered(
        TEMPLATE, FILTERS, f=facts, **counts,
        fitted=fitted, not_fitted=not_fitted, computed=computed, last=last,
        furthest_fitted=furthest(fitted), furthest_other=furthest(not_fitted),
        missed=facts.target * last.national - last.output,
        path=after_history(facts.years), window=WINDOW, target_years=TARGET_YEARS,
        on_target=at_target(facts), carried=carried, levels=levels, fullest=fullest(facts.tightest),
        lent=lent(facts.tightest), overfull=overfull(facts.demanding.tightest),
        listed=listed, told=told, verdict=verdict, first_start=first_start, per=per, worth=worth,
        **_limits(facts), **_scenarios(facts),
    )  # fmt: skip


def _limits(facts: Facts) -> dict[str, Any]:
    """What binds on the high path; nothing where it was not run."""
    if facts.limits is None:
        return {"limits": None, "binding": "", "most_worth": ""}
    return {
        "limits": facts.limits,
        "binding": binds(facts.limits),
        "most_worth": most_worth(facts.limits),
    }


def _scenarios(facts: Facts) -> dict[str, Any]:
    """What the scenarios say beside the middle path."""
    return {
        "named": lambda name: named(facts, name),
        "end_of_path": end_of_path,
        "outage_words": outage_words(facts.outages) if len(facts.outages) > 1 else "",
        "station": station(facts.fleet.years),
        "groups": _groups(facts),
        "years": [one.year for one in facts.years],
        "used": {(one.year, one.group): one.used for one in facts.servers},
    }


def _groups(facts: Facts) -> list[str]:
    return list(dict.fromkeys(one.group for one in facts.servers))
