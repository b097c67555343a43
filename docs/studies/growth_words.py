"""What the page on growth says, where it depends on what was found."""

from __future__ import annotations

from collections.abc import Sequence

from growth_cases import LAST
from growth_facts import Facts
from growth_limits import Limits, Reach
from growth_loads import Tightest
from growth_years import Path, Year
from study_numbers import listed, mean, scaled, told

from chainsim.experiments.bottleneck import NOTHING, Bound
from chainsim.experiments.shadow import ShadowValue
from chainsim.experiments.summary import Aggregate, Compared
from chainsim.report.tables import number

NAMES = {
    "midstream/line/vehicle_built": "lines",
    "midstream/test/vehicle": "end-of-line bays",
    "upstream/cells/cell": "battery cells",
    "upstream/packs/battery": "battery packs",
    "upstream/drives/e_drive": "e-drives",
    "upstream/axles/axle": "axles",
    "upstream/kits/kit_sichuan": "kits from Sichuan",
    "upstream/kits/kit_local": "kits from Chongqing",
    "upstream/kits/kit_rest": "kits from elsewhere",
    "downstream/benches": "benches of the institutes",
    NOTHING: "nothing",
    "no_release": "timing (nothing to do that day)",
    "in_transit": "on the road",
    "under_way": "orders under way",
    "ordered_late": "orders placed late",
}
"""Groups of servers as people call them."""
LEVELS = ("low", "middle", "high")
NEAR = 0.95
"""A group is full where the plan takes this part of it in its worst month."""
MILLION = 1e6


def called(group: str) -> str:
    """A group of servers as people call it."""
    return NAMES.get(group, group)


def count(one: Aggregate) -> str:
    """A mean of whole things with its interval: 1,296,021 (1,295,870 to 1,296,172)."""
    if one.mean is None:
        return "none"
    if one.low is None or one.high is None:
        return f"{one.mean:,.0f}"
    return f"{one.mean:,.0f} ({one.low:,.0f} to {one.high:,.0f})"


# ---- history


def kinds(rows: Sequence[Compared]) -> tuple[list[Compared], list[Compared], list[Compared]]:
    """Documented figures that were fitted, that were not, and plain arithmetic."""
    runs = [row for row in rows if not row.figure.computed and row.simulated.mean is not None]
    return (
        [row for row in runs if row.figure.fitted],
        [row for row in runs if not row.figure.fitted],
        [row for row in rows if row.figure.computed],
    )


def furthest(rows: Sequence[Compared]) -> float:
    """The largest relative difference, a share."""
    return max((abs(row.relative or 0.0) for row in rows), default=0.0)


def off(row: Compared) -> str:
    """The relative difference: +3.1 %."""
    return "none" if row.relative is None else f"{100 * row.relative:+.1f} %"


# ---- the path


def levels(path: Path) -> str:
    """The levels of the nation and of the city: low / middle."""
    return f"{LEVELS[path.national]} / {LEVELS[path.city]}"


def at_target(facts: Facts) -> str:
    """On which paths the target share is reached in the last year, said by intervals."""
    rows = {"middle / middle": facts.years[-1]} | {
        levels(path): path.years[-1] for path in facts.paths
    }
    met = [name for name, year in rows.items() if (year.share.low or 0.0) >= facts.target]
    if not met:
        return "On no path that was run a tenth is reached by then"
    if len(met) == len(rows):
        return "On every path that was run a tenth is reached by then"
    verb = "reaches" if len(met) == 1 else "reach"
    return f"Of the paths that were run (nation / city) {listed(met)} {verb} a tenth by then"


def carried(years: Sequence[Year]) -> str:
    """Whether what is wanted is made: by the largest wait at the end of a year."""
    worst = max(years, key=lambda one: one.late.mean or 0.0)
    share = (worst.late.mean or 0.0) / (worst.wanted.mean or 1.0)
    if share < 0.001:
        return "the plan is carried: no more than a thousandth of a year's demand waits at its end"
    return (
        f"at the end of {worst.year} {count(worst.late)} vehicles are late, "
        f"{100 * share:.1f} % of what the year wants"
    )


# ---- limits


def fullest(rows: Sequence[Tightest]) -> str:
    """The years in whose worst month the plan takes nearly all of some group."""
    full = [f"{row.year} ({row.group}, {100 * row.used:.0f} %)" for row in rows if row.used >= NEAR]
    if not full:
        return f"In no month does the plan take {100 * NEAR:.0f} % of a group"
    return f"The plan takes {100 * NEAR:.0f} % or more of a group in {listed(full)}"


def lent(rows: Sequence[Tightest]) -> str:
    """What it means that a month takes more than there is."""
    over = [row.year for row in rows if row.used > 1]
    if not over:
        return ""
    return (
        f"Above 100 % ({listed([str(year) for year in over])}) stocks and the weeks before lend to "
        "the month: a peak of a month can pass where a year of it could not."
    )


def overfull(rows: Sequence[Tightest]) -> str:
    """From which year on the plan takes more of a group than there is, and of which."""
    over = [row for row in rows if row.used > 1]
    if not over:
        return "In no month does the plan take more of a group than there is"
    first, last = over[0], over[-1]
    return (
        f"From {first.month} on the worst months ask more of a group than there is: "
        f"{100 * first.used:.0f} % of {first.group}, and {100 * last.used:.0f} % of {last.group} "
        f"in {last.month}"
    )


def bound_years(limits: Limits) -> list[Bound]:
    """The years in which something binds on the high path."""
    return [one for one in limits.bound if one.binds != NOTHING]


def binds(limits: Limits) -> str:
    """What binds on the high path, and since when."""
    rows = bound_years(limits)
    if not rows:
        return "Nothing binds in any year: the plants carry this path as well"
    parts = [
        f"{row.period.name} {called(row.binds)} ({100 * (row.share or 0.0):.0f} % of the loss)"
        for row in rows
    ]
    return f"On it binds in {listed(parts)}"


def differ(limits: Limits, tightest: Sequence[Tightest]) -> str:
    """Why runs and the plan alone name different groups, where they do."""
    rows = bound_years(limits)
    if not rows:
        return ""
    last = rows[-1]
    (plan,) = (row for row in tightest if str(row.year) == last.period.name)
    if plan.group.split(" (")[0].replace(": ", "/") in last.binds:
        return "The plan alone names the same group."
    return (
        f"The plan alone names {plan.group} for {last.period.name}: it knows no stocks. Suppliers "
        "fill theirs before the autumn and lend from them, and lines cannot build ahead, so in "
        "runs the lines fall behind first and spare the suppliers the rest of the peak."
        if last.binds.startswith("midstream")
        else f"The plan alone names {plan.group} for {last.period.name}: it knows no stocks, no "
        "repairs and no queues."
    )


def worth(one: ShadowValue) -> str:
    """What more of a group is worth, in words that follow the interval."""
    if one.extra.low == one.extra.high == 0:
        return "changes nothing"
    return (
        "more output"
        if told(one.extra) and (one.extra.mean or 0) > 0
        else ("less output" if told(one.extra) else f"{one.extra.n} pairs cannot tell")
    )


def per(one: ShadowValue, unit: bool) -> str:
    """What a unit, or one per cent, of a group adds, with its interval."""
    by = 1 / one.added if unit and one.added else 1 / (100 * one.step)
    return mean(scaled(one.extra, by))


def most_worth(limits: Limits) -> str:
    """The groups that are certainly worth more than nothing."""
    rows = [one for one in limits.shadow if told(one.extra) and (one.extra.mean or 0.0) > 0]
    if not rows:
        return "Of no group alone can these replications tell that a little more is worth anything"
    parts = [f"{called(one.group.id)} ({per(one, unit=False)} vehicles per 1 %)" for one in rows]
    return f"Worth more than nothing, each alone: {listed(parts)}"


# ---- what to build


def verdict(one: Reach) -> str:
    """Whether the target is reached, checked with numbers that the search has not seen."""
    found = one.found
    if found.verdict == "nothing to build":
        made = found.fresh or found.trials[0]
        return (
            "nothing has to be built beside what the middle path builds. Its plants, with fresh "
            f"random numbers, make {count(made.output)}"
        )
    if found.chosen is None or found.fresh is None:
        return f"{found.verdict}: no enlargement that was tried reaches it"
    how = "reaches it" if found.fresh.reached else "does not reach it"
    if not found.fresh.reached and (found.fresh.output.mean or 0.0) >= found.goal.output:
        how = "reaches it on average only"
    room = f"{100 * (found.chosen.room or 0.0):.1f} % of room above the plan"
    made = count(found.fresh.output)
    if not found.trials:
        return f"with {room} the capacity below {how}: {made}"
    return f"{room} is enough; with fresh random numbers the same capacity {how}: {made}"


def much(value: float, unit: str) -> str:
    """An amount of what servers make: 21.3 GWh; 123,344 sets."""
    if unit == "kWh":
        return f"{number(value / MILLION, 3)} GWh"
    return f"{value:,.0f} {unit}{'s' if unit.isalpha() else ''}"


def spared(one: Reach) -> str:
    """Whether makers have to build, said by the rows."""
    if any(row["group"].startswith("midstream") for row in one.groups):
        return ""
    return (
        "Lines and end-of-line bays need no more than the middle path builds: what is late in "
        "autumn may be made up within the year."
    )


def aimed(one: Reach) -> str:
    """The aim: 10 % of national output in 2028."""
    nation = "" if one.aim.paths.national == 1 else f" on the {LEVELS[one.aim.paths.national]} path"
    return f"{100 * one.aim.share:g} % of national output{nation} in {one.aim.year}"


def starts(one: Reach) -> str:
    """When the first works have to begin, for how much, and whether that is past."""
    if not one.groups:
        return f"for {aimed(one)} nothing beside what the middle path builds"
    first = min(one.groups, key=lambda row: str(row["begins"]))
    most = max(one.groups, key=lambda row: row["share"] or 0.0)
    past = " (past: history ends later)" if first["begins"] <= f"{LAST}-12-31" else ""
    return (
        f"for {aimed(one)} the first works ({called(first['group'])}) have to begin by "
        f"{first['begins']}{past}, and {called(most['group'])} need most, "
        f"{100 * (most['share'] or 0.0):.0f} % more than the middle path has by then"
    )


def millions(one: Aggregate) -> str:
    """A mean with its interval in millions."""
    return mean(scaled(one, 1 / MILLION))


def fine(one: Aggregate) -> str:
    """A share with its interval to a hundredth of a per cent: 9.00 % (8.97 to 9.03)."""
    parts = [None if v is None else f"{100 * v:.2f}" for v in (one.mean, one.low, one.high)]
    if parts[0] is None:
        return "-"
    return f"{parts[0]} %" + (f" ({parts[1]} to {parts[2]})" if parts[1] else "")


def share_range(one: Year) -> str:
    """The share over the high and the low national path: an assumption."""
    if one.if_low == one.if_high or one.if_low is None or one.if_high is None:
        return "-"
    return f"{100 * one.if_high:.2f} to {100 * one.if_low:.2f} %"


def thousands(value: float) -> str:
    """A large number in thousands: 1,296 k."""
    return f"{number(value / 1000, 4)} k"
