"""What a stress test tries: how long, from when, and how long its consequences are followed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from pydantic import TypeAdapter, ValidationError

from chainsim.errors import InputError, Problem
from chainsim.network.compiled import SECONDS_PER_DAY
from chainsim.scenario.loading import Scenario
from chainsim.scenario.schema.document import Resilience
from chainsim.scenario.schema.fields import Duration, PositiveDuration, When

LATER = 60
"""Days after the start of statistics: the start where a scenario has no dated disruption."""
LONGEST = 3650
"""Days of any duration, and from the start of the run to any strike."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a stress test is asked to try, in words; times are days or have a unit."""

    duration: str = "30 d"
    durations: str = "3 d, 7 d, 14 d, 30 d, 60 d"
    recovery: str = "0 d"
    follow: str = "180 d"
    starts: tuple[str, ...] = ()
    """Each a date, a time since the start of the run, or several with commas."""


@dataclass(frozen=True, slots=True)
class Design:
    """The same as checked values, times in seconds."""

    duration: int
    """Of every knock-out in the first pass, by which they are ranked."""
    durations: tuple[int, ...]
    """Of the most harmful ones in the grid, in order."""
    recovery: int
    """A straight way back; 0 is at once."""
    follow: int
    """After the longest duration and its recovery."""
    starts: tuple[dt.datetime, ...]
    """The first is that of the first pass; all are in the grid."""

    def length(self, begin: dt.datetime) -> int:
        """Seconds from the start of the run to the end that all runs have in common."""
        last = int((max(self.starts) - begin).total_seconds())
        return last + max(self.duration, *self.durations) + self.recovery + self.follow


def designed(scenario: Scenario, asked: Asked) -> Design:
    """The design for a scenario.

    Raises:
        InputError: with every time that is none, or does not fit the scenario.
    """
    problems: list[Problem] = []
    duration = _times("--duration", asked.duration, PositiveDuration, problems)
    durations = _times("--durations", asked.durations, PositiveDuration, problems)
    recovery = _times("--recovery", asked.recovery, Duration, problems)
    follow = _times("--follow", asked.follow, Duration, problems)
    for option, found in (("--duration", duration), ("--recovery", recovery), ("--follow", follow)):
        if len(found) > 1:
            problems.append(_wrong(option, "the option", "be a single time"))
    starts = list(_starts(scenario, asked.starts, problems))
    hold = (scenario.document.resilience or Resilience()).hold
    if follow and follow[0] < hold:
        rule = f"be at least the {float(hold) / SECONDS_PER_DAY:g} d of resilience.hold"
        remedy = "what is recovered for less counts as not recovered"
        problems.append(_wrong("--follow", asked.follow, rule, remedy))
    if problems:
        raise InputError(problems)
    return Design(duration[0], tuple(sorted(set(durations))), recovery[0], follow[0], tuple(starts))


def _times(option: str, text: str, kind: Any, problems: list[Problem]) -> list[int]:
    """Seconds of each of the times in a text."""
    found = []
    for part in _parts(text):
        value = _read(option, part, kind, problems)
        if value is None:
            continue
        if not (seconds := round(value)) and value:
            problems.append(_wrong(option, part, "be at least a second"))
        elif seconds > LONGEST * SECONDS_PER_DAY:
            problems.append(_wrong(option, part, f"be at most {LONGEST} d"))
        else:
            found.append(seconds)
    return found


def _starts(
    scenario: Scenario, asked: Iterable[str], problems: list[Problem]
) -> Iterator[dt.datetime]:
    """The dates of the strikes: those asked for, the scenario's own, or some way into it."""
    run = scenario.document.run
    warm_up = run.warm_up if isinstance(run.warm_up, Fraction) else Fraction(0)
    counted = run.start + dt.timedelta(seconds=round(warm_up))
    parts = [part for text in asked for part in _parts(text)]
    if not parts:
        own = [
            _moment(scenario, when)
            for disruption in scenario.document.disruptions
            if disruption.enabled
            for when in disruption.timing.at
        ]
        yield min(own, default=counted + dt.timedelta(days=LATER))
        return
    seen = set()
    for part in parts:
        when = _read("--start", part, When, problems)
        if when is None:
            continue
        far = isinstance(when, Fraction) and abs(when) > LONGEST * SECONDS_PER_DAY
        moment = dt.datetime.max if far else _moment(scenario, when)
        if moment < counted:
            rule = f"not lie before {counted:%Y-%m-%d}, when statistics begin"
            problems.append(_wrong("--start", part, rule))
        elif moment - run.start > dt.timedelta(days=LONGEST):
            rule = f"lie within {LONGEST} d of the start of the run, {run.start:%Y-%m-%d}"
            problems.append(_wrong("--start", part, rule))
        elif moment not in seen:
            seen.add(moment)
            yield moment


def _moment(scenario: Scenario, when: dt.datetime | Fraction) -> dt.datetime:
    if isinstance(when, dt.datetime):
        return when
    return scenario.document.run.start + dt.timedelta(seconds=round(when))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _read(option: str, text: str, kind: Any, problems: list[Problem]) -> Any:
    """A value as a scenario would have it, without quotes; None if it is none."""
    if not text:
        problems.append(_wrong(option, "the option", "name a value on either side of a comma"))
        return None
    try:
        number = Decimal(text)
        written: Any = number if number.is_finite() else text
    except InvalidOperation:
        written = text
    try:
        return TypeAdapter(kind).validate_python(written)
    except (ValidationError, OverflowError) as error:
        rule = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "be a time"
        problems.append(_wrong(option, text, rule.removeprefix("Value error, ")))
        return None


def _wrong(option: str, text: str, rule: str, remedy: str = "") -> Problem:
    return Problem(option, 0, 0, text, rule, "", remedy)
