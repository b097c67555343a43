"""Times: the run, profiles, calendars, and dates that must lie within the run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction

from chainsim.scenario.checks.ground import Ground, Problems
from chainsim.scenario.nodes import Path
from chainsim.scenario.schema.fields import LONGEST_TIME, When
from chainsim.scenario.schema.material import Paced
from chainsim.scenario.schema.time import Calendar, Linear, Months, Product, Steps, Years

DAY = 86_400
OUTSIDE = "be a day of the run: it is not compared"
MOST_FACTORS = 100
"""Profiles that a product may multiply."""
SHORTEST_FOR_MSER5 = 10
"""Days: two batches of five."""


def the_run_has_a_length(ground: Ground) -> Problems:
    """The run ends at least a second after its start."""
    if ground.end < 1:
        run = ground.document.run
        path: Path = ("run", "end" if run.end is not None else "length")
        rule = "come after the start" if run.end is not None else "be at least 1 s"
        yield ground.problem(path, rule, f"the start is {run.start:%Y-%m-%d %H:%M}")
    if ground.end > LONGEST_TIME * DAY:
        yield ground.problem(("run",), f"last at most {LONGEST_TIME:,} days")


def the_warm_up_fits(ground: Ground) -> Problems:
    """The warm-up is whole days and shorter than the run; it starts at midnight."""
    run = ground.document.run
    if isinstance(run.warm_up, str):
        yield from _mser5_has_a_series(ground)
    elif run.warm_up is not None:
        if run.warm_up >= ground.end:
            days = float(ground.end / DAY)
            yield ground.problem(("run", "warm_up"), f"be shorter than the run of {days:g} d")
        if run.warm_up % DAY:
            yield ground.problem(("run", "warm_up"), "be whole days")
    for field in ("warm_up", "settled"):
        if getattr(run, field) and run.start.time().isoformat() != "00:00:00":
            yield ground.problem(("run", "start"), f"be at midnight where {field} is given")
            return


def _mser5_has_a_series(ground: Ground) -> Problems:
    path: Path = ("run", "warm_up")
    if ground.end < SHORTEST_FOR_MSER5 * DAY:
        yield ground.problem(path, f"be a time where the run is under {SHORTEST_FOR_MSER5} d")
    if ground.document.output_item is None:
        remedy = "MSER-5 looks at the daily output"
        yield ground.problem(path, "be a time where there is no output_item", remedy)


def the_settled_time_is_days(ground: Ground) -> Problems:
    """The time simulated before the start is whole days."""
    settled = ground.document.run.settled
    if settled is not None and settled % DAY:
        yield ground.problem(("run", "settled"), "be whole days")


def the_statistics_are_possible(ground: Ground) -> Problems:
    """The confidence lies between 0 and 1, a wanted precision above 0."""
    run = ground.document.run
    if run.confidence in (0, 1):
        yield ground.problem(("run", "confidence"), "be above 0 and below 1, such as 0.95")
    if run.precision is not None and run.precision.relative == 0:
        yield ground.problem(("run", "precision", "relative"), "be above 0")


def profiles_run_forward(ground: Ground) -> Problems:
    """The points of a profile are in order of time."""
    for key, profile in ground.document.profiles.items():
        if isinstance(profile, Steps | Linear):
            path: Path = ("profiles", key, "at")
            yield from _in_order(ground, path, [when for when, _ in profile.at])


def seasons_divide_a_year(ground: Ground) -> Problems:
    """The season of a profile of years is a profile of kind months, and no year of it is zero."""
    profiles = ground.document.profiles
    for key, profile in profiles.items():
        season = profiles.get(profile.season or "") if isinstance(profile, Years) else None
        path: Path = ("profiles", key, "season")
        if season is not None and not isinstance(season, Months):
            yield ground.problem(path, "name a profile of kind months")
        elif season is not None:
            sums: dict[str, Fraction] = {}
            for month, value in season.values.items():
                sums[month[:4]] = sums.get(month[:4], Fraction(0)) + value
            for year in [year for year, total in sums.items() if not total]:
                remedy = f"no month of {year} has a value above 0"
                yield ground.problem(path, "name months that can divide a year", remedy)


def traces_run_forward(ground: Ground) -> Problems:
    """The events of a trace are in order of time; several may share an instant."""
    for site, body in ground.document.sites.items():
        for block, streams in (("demand", body.demand), ("arrivals", body.arrivals)):
            for key, stream in streams.items():
                path: Path = ("sites", site, block, key, "events")
                whens = [when for when, _ in stream.events]
                yield from _in_order(ground, path, whens, equal=True)
                if whens and ground.seconds(whens[0]) < 0:
                    yield ground.problem((*path, 0, 0), "not lie before the start of the run")


def _in_order(ground: Ground, path: Path, whens: Sequence[When], equal: bool = False) -> Problems:
    for index in range(1, len(whens)):
        before, here = ground.seconds(whens[index - 1]), ground.seconds(whens[index])
        if here < before or (here == before and not equal):
            yield ground.problem((*path, index, 0), "come after the one before it")


def products_end(ground: Ground) -> Problems:
    """A product of profiles does not contain itself, and has not too many factors in the end."""
    profiles = ground.document.profiles
    graph = {
        key: [name for name in profile.of if isinstance(name, str)]
        for key, profile in profiles.items()
        if isinstance(profile, Product)
    }
    done: set[str] = set()
    for start in sorted(graph):
        chain = _circle(graph, start, done)
        if chain:
            rule = f"not contain itself: {' uses '.join(chain)}"
            yield ground.problem(("profiles", chain[0], "of"), rule)
            return
    sizes: dict[str, int] = {}
    for key in graph:
        if _factors(graph, key, sizes) > MOST_FACTORS:
            rule = f"multiply at most {MOST_FACTORS} profiles, those of its profiles included"
            yield ground.problem(("profiles", key, "of"), rule)
            return


def _factors(graph: dict[str, list[str]], start: str, sizes: dict[str, int]) -> int:
    """How many profiles a product multiplies in the end; known ones are noted in `sizes`."""
    waiting = [start]
    while waiting:
        name = waiting[-1]
        open_ = [below for below in graph.get(name, []) if below not in sizes]
        if open_:
            waiting += open_
        else:
            sizes[name] = sum(sizes[below] for below in graph.get(name, [])) or 1
            waiting.pop()
    return sizes[start]


def _circle(graph: dict[str, list[str]], start: str, done: set[str]) -> list[str]:
    """The first circle found from a profile on, or nothing; visited ones are noted in `done`."""
    stack: list[tuple[str, int]] = [(start, 0)]
    while stack:
        name, index = stack.pop()
        below = graph.get(name, [])
        if name in done or index >= len(below):
            done.add(name)
            continue
        stack.append((name, index + 1))
        chain = [step for step, _ in stack]
        if below[index] in chain:
            done.update(chain)
            return [*chain[chain.index(below[index]) :], below[index]]
        stack.append((below[index], 0))
    return []


def calendars_have_shifts(ground: Ground) -> Problems:
    """Warn of a calendar without any shift: what follows it never works."""
    for key, calendar in ground.document.calendars.items():
        if not any(calendar.week.values()) and not _opens(calendar):
            rule = "have a shift: without one, what follows it never works"
            yield ground.problem(("calendars", key), rule, got="", key=True)


def _opens(calendar: Calendar) -> bool:
    return any(day.shifts and day.shifts != "usual" for day in (*calendar.days, *calendar.special))


def goods_arrive_after_the_start(ground: Ground) -> Problems:
    """Goods on the road at the start arrive at the start or later."""
    for key, lane in ground.document.lanes.items():
        for index, goods in enumerate(lane.in_transit):
            if ground.seconds(goods.arrives) < 0:
                path: Path = ("lanes", key, "in_transit", index, "arrives")
                yield ground.problem(path, "not lie before the start of the run")


def first_events_follow_the_start(ground: Ground) -> Problems:
    """The first event of a stream or a paced release is not before the start."""
    for site, body in ground.document.sites.items():
        for block, streams in (("demand", body.demand), ("arrivals", body.arrivals)):
            for key, stream in streams.items():
                if stream.first is not None and ground.seconds(stream.first) < 0:
                    path: Path = ("sites", site, block, key, "first")
                    yield ground.problem(path, "not lie before the start of the run")
        for key, operation in body.operations.items():
            release = operation.release
            first = release.first if isinstance(release, Paced) else None
            if first is not None and ground.seconds(first) < 0:
                path = ("sites", site, "operations", key, "release", "first")
                yield ground.problem(path, "not lie before the start of the run")


def records_lie_in_the_run(ground: Ground) -> Problems:
    """Instants that are recorded lie within the run."""
    for index, when in enumerate(ground.document.run.record.at):
        if not 0 <= ground.seconds(when) < ground.end:
            yield ground.problem(("run", "record", "at", index), "lie within the run")


def observations_lie_in_the_run(ground: Ground) -> Problems:
    """Warn of observed figures for days outside the run: they are not compared."""
    for index, observed in enumerate(ground.document.observed):
        path: Path = ("observed", index)
        if observed.first is not None and ground.seconds(observed.first) < 0:
            yield ground.problem((*path, "from"), OUTSIDE)
            continue
        if observed.last is not None and _end_of_day(ground, observed.last) > ground.end:
            yield ground.problem((*path, "to"), OUTSIDE)
            continue
        warm_up = ground.document.run.warm_up
        first = warm_up if isinstance(warm_up, Fraction) else Fraction(0)
        first = ground.seconds(observed.first) if observed.first else first
        last = _end_of_day(ground, observed.last) if observed.last else ground.end
        if last <= first and observed.first is not None:
            yield ground.problem((*path, "from"), "not lie after the last day: it is not compared")
        elif last <= first:
            rule = "lie after the start of statistics: it is not compared"
            yield ground.problem((*path, "to"), rule)


def _end_of_day(ground: Ground, day: dt.datetime) -> Fraction:
    return ground.seconds(day.replace(hour=0, minute=0, second=0)) + DAY
