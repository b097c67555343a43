"""National output: years without a gap, a range around the middle, and years of the run."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from fractions import Fraction

from chainsim.scenario.checks.ground import Ground, Problems
from chainsim.scenario.schema.national import National

_YEAR = re.compile(r"[1-9]\d{3}\Z")
SHARE = "national_share"
PATHS = ("output", "low", "high")
MOST_LISTED = 5
"""Years that a message names one by one."""


def national_output_is_of_the_output_item(ground: Ground) -> Problems:
    """National output is that of the item whose making is the output of the chain."""
    national, item = ground.document.national, ground.document.output_item
    if national is not None and national.item != item:
        remedy = f"output_item is {item}" if item else "name an output_item"
        yield ground.problem(("national", "item"), "be the output_item", remedy)


def national_years_run_on(ground: Ground) -> Problems:
    """The paths are keyed by years; the middle one has no gap, and the others no year beyond it."""
    national = ground.document.national
    if national is None:
        return
    for path in PATHS:
        for key in getattr(national, path):
            if not _YEAR.match(key):
                rule = "be a year such as 2025"
                yield ground.problem(("national", path, key), rule, got=key, key=True)
            elif key not in national.output:
                rule = "be a year of output"
                yield ground.problem(("national", path, key), rule, got=key, key=True)
    years = sorted(_years(national))
    missing = sorted(set(range(years[0], years[-1] + 1)) - set(years)) if years else []
    if missing:
        rule = f"name every year from the first to the last: {_listed(missing)} missing"
        yield ground.problem(("national", "output"), rule, got="", key=True)


def national_paths_are_in_order(ground: Ground) -> Problems:
    """National output is above 0, with the low path at or below the middle and the high above."""
    national = ground.document.national
    if national is None:
        return
    for key, middle in national.output.items():
        low, high = national.low.get(key, middle), national.high.get(key, middle)
        for path, amount in zip(PATHS, (middle, low, high), strict=True):
            if amount.value <= 0 and key in getattr(national, path):
                yield ground.problem(("national", path, key), "be above 0")
        if low.value > middle.value:
            yield ground.problem(("national", "low", key), "not be above output")
        if high.value < middle.value:
            yield ground.problem(("national", "high", key), "not be below output")


def shares_have_national_output(ground: Ground) -> Problems:
    """A share of national output is expected or observed only where national output is given."""
    document = ground.document
    if document.national is not None:
        return
    named: dict[str, list[str | None]] = {
        "observed": [row.measure for row in document.observed],
        "expect": [row.measure for row in document.expect],
    }
    for block, measures in named.items():
        for index, measure in enumerate(measures):
            if measure is not None and measure.startswith(SHARE):
                rule, remedy = "have national output", "give it in a block national"
                yield ground.problem((block, index, "measure"), rule, remedy)


def national_years_cover_the_run(ground: Ground) -> Problems:
    """Warn of whole years of statistics beyond the national output: they get no share."""
    national = ground.document.national
    if national is None:
        return
    missing = sorted(set(_whole_years(ground)) - set(_years(national)))
    if missing:
        rule = f"name the years of the run: no share is told where {_listed(missing)} missing"
        yield ground.problem(("national", "output"), rule, got="", key=True)


def _years(national: National) -> Iterator[int]:
    return (int(key) for key in national.output if _YEAR.match(key))


def _whole_years(ground: Ground) -> Iterator[int]:
    """The calendar years that lie wholly in the statistics."""
    run = ground.document.run
    skipped = run.warm_up if isinstance(run.warm_up, Fraction) else Fraction(0)
    begin = run.start + dt.timedelta(seconds=int(skipped))
    end = run.start + dt.timedelta(seconds=int(ground.end))
    first = begin.year if begin == dt.datetime(begin.year, 1, 1) else begin.year + 1
    return iter(range(first, end.year))


def _listed(years: list[int]) -> str:
    """Some years with their verb: '2024 is', '2024, 2026 are'; of many the first few."""
    words = ", ".join(map(str, years[:MOST_LISTED]))
    more = f" and {len(years) - MOST_LISTED} more" if len(years) > MOST_LISTED else ""
    return f"{words}{more} {'is' if len(years) == 1 else 'are'}"
