"""The page of the study of growth in Markdown: the template with what the results say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from growth_facts import Facts
from growth_limits import WINDOW
from growth_scenario_words import (
    approvals,
    beside,
    busiest,
    ends,
    named,
    outage_words,
    plain,
    room_ahead,
    spending,
    station,
)
from growth_words import (
    aimed,
    at_target,
    binds,
    called,
    carried,
    count,
    differ,
    fine,
    fullest,
    furthest,
    kinds,
    lent,
    levels,
    millions,
    most_worth,
    much,
    off,
    overfull,
    per,
    share_range,
    spared,
    starts,
    thousands,
    verdict,
    worth,
)
from growth_years import after_history
from study_numbers import change, days, mean, percent
from study_template import rendered

from chainsim.report.tables import number

TEMPLATE = "growth.md.j2"
FILTERS: dict[str, Callable[..., Any]] = {
    "mean": mean,
    "count": count,
    "fine": fine,
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
        counts: Of `cases` and their replications (`runs`), and what the command left out
            (`without`, as options).
    """
    words = _history(facts) | _path(facts) | _limits(facts) | _scenarios(facts)
    return rendered(TEMPLATE, FILTERS, f=facts, **counts, **words)


def _history(facts: Facts) -> dict[str, Any]:
    """The run against what was published, and the target that was missed."""
    fitted, not_fitted, _ = kinds(facts.history)
    last = facts.documented[-1]
    return {
        "fitted": fitted,
        "not_fitted": not_fitted,
        "furthest_fitted": furthest(fitted),
        "furthest_other": furthest(not_fitted),
        "last": last,
        "missed": facts.target * last.national - last.output,
    }


def _path(facts: Facts) -> dict[str, Any]:
    """The years after history, and what is full in them."""
    return {
        "path": after_history(facts.years),
        "on_target": at_target(facts),
        "carried": carried,
        "levels": levels,
        "fullest": fullest(facts.tightest),
        "lent": lent(facts.tightest),
        "overfull": overfull(facts.demanding.tightest),
        "busiest": busiest(facts.servers),
        "years": [one.year for one in facts.years],
        "groups": list(dict.fromkeys(one.group for one in facts.servers)),
        "used": {(one.year, one.group): one.used for one in facts.servers},
    }


def _limits(facts: Facts) -> dict[str, Any]:
    """What binds on the high path, where it was run, and what has to be built."""
    found = facts.limits
    return {
        "limits": found,
        "binding": binds(found) if found else "",
        "most_worth": most_worth(found) if found else "",
        "differ": differ(found, facts.demanding.tightest) if found else "",
        "window": WINDOW,
        "per": per,
        "worth": worth,
        "building": any(one.groups for one in facts.reaches),
        "searched": any(one.found.trials for one in facts.reaches),
        "verdict": verdict,
        "starts": starts,
        "aimed": aimed,
        "much": much,
        "spared": spared,
    }


def _scenarios(facts: Facts) -> dict[str, Any]:
    """What the scenarios say beside the middle path."""
    return {
        "named": lambda name: named(facts, name),
        "beside": beside,
        "outage_words": outage_words(facts.outages) if len(facts.outages) > 1 else "",
        "station": station(facts.fleet.years),
        "room": room_ahead(facts.launches),
    }
