"""A sensitivity analysis as sentences and tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chainsim.experiments.sensitivity.analysis import Analysis, order_of
from chainsim.experiments.sensitivity.discovery import Box, Limit
from chainsim.experiments.sensitivity.drivers import Driver
from chainsim.experiments.sensitivity.given_data import FromSample
from chainsim.experiments.sensitivity.morris import Effects, MorrisEffects
from chainsim.experiments.sensitivity.one_at_a_time import Swings
from chainsim.experiments.sensitivity.resampling import Estimate
from chainsim.experiments.sensitivity.sobol import SobolIndices
from chainsim.experiments.statistics import Interval
from chainsim.report.driver_sentences import driver_sentences
from chainsim.report.sentences import words
from chainsim.report.tables import Sheet, interval, number

MOST_ROWS = 40
"""Rows of a table that are printed; all are in the files."""
Rows = list[tuple[str, ...]]


# ---- sentences


def sensitivity_sentences(analysis: Analysis) -> list[str]:
    """What the analysis says, and what its sample is too small to say."""
    said = driver_sentences(analysis.drivers) if analysis.drivers else []
    found = analysis.found
    if isinstance(found, FromSample):
        said += _of_sample(analysis, found)
    elif found is None:
        said.append(f"{words(analysis.measure)}: nothing can be said: {analysis.reason}.")
    if analysis.ranking and analysis.ranking.warning:
        said.append(analysis.ranking.warning)
    if analysis.note:
        said.append(analysis.note)
    return said


def _of_sample(analysis: Analysis, found: FromSample) -> list[str]:
    if found.pawn_floor is None:
        return [f"{words(analysis.measure)}: it is the same at every point."]
    above = [
        name for name, one in zip(found.names, found.pawn, strict=True)
        if one is not None and one > found.pawn_floor
    ]  # fmt: skip
    ordered = [name for name in order_of(analysis) if name in above]
    text = f"{words(analysis.measure)}: " + (
        f"above the noise floor of PAWN are {', '.join(ordered[:5])}"
        + (f" and {len(ordered) - 5} more" if len(ordered) > 5 else "")
        if ordered
        else "no factor stands above the noise floor of PAWN"
    )
    return [
        f"{text} ({len(ordered)} of {len(found.names)} factors).",
        *filter(None, [found.advice]),
    ]


def box_sentence(box: Box, units: Mapping[str, str], target: str) -> str:
    """Where the target is missed, in words.

    Args:
        box: As `discovery.find_box` found it from the values of the factors.
        units: Of the factors, by name.
        target: In words: at most 10,000 vehicles.
    """
    head = f"{_percent(box.base_rate)} of {box.n:,} points miss the target of {target}"
    if not box.limits:
        return f"{head}; no part of the space stands out."
    where = " and ".join(_limit_in_words(one, units.get(one.name, "")) for one in box.limits)
    return (
        f"{head}; {_percent(box.coverage)} of these lie where {where}, and {_percent(box.density)} "
        f"of the {box.points:,} points there miss it."
    )


def _limit_in_words(limit: Limit, unit: str) -> str:
    low, high = number(limit.low), number(limit.high)
    after = "" if unit in ("", "1") else f" {unit}"
    if limit.low is None:
        return f"{limit.name} is at most {high}{after}"
    if limit.high is None:
        return f"{limit.name} is at least {low}{after}"
    return f"{limit.name} is from {low} to {high}{after}"


# ---- tables


def sensitivity_sheets(analyses: Iterable[Analysis]) -> list[Sheet]:
    """A table for each measure and design, with what it says below."""
    return [_sheet(one) for one in analyses]


def _sheet(analysis: Analysis) -> Sheet:
    found, below = analysis.found, sensitivity_sentences(analysis)
    unit = "" if analysis.unit in ("", "1") else f" [{analysis.unit}]"
    title = f"{words(analysis.measure)}{unit}"
    if found is None:
        return Sheet(title, ("factor",), [], frozenset(), "", below)
    if isinstance(found, Swings):
        heads, rows, note = _swing_rows(analysis, found)
    elif isinstance(found, MorrisEffects):
        heads, rows, note = _morris_rows(analysis, found)
    elif isinstance(found, SobolIndices):
        heads, rows, note = _sobol_rows(analysis, found)
    else:
        heads, rows, note = _sample_rows(analysis, found)
    more = len(rows) - MOST_ROWS
    if more > 0:
        note += f" {more} more are in the files."
    numbers = frozenset(heads) - {"factor", "evidence", "above noise"}
    return Sheet(title, heads, rows[:MOST_ROWS], numbers, note, below)


def _swing_rows(analysis: Analysis, found: Swings) -> tuple[tuple[str, ...], Rows, str]:
    heads = ("factor", "evidence", "at low end", "interval", "at high end", "interval ",
             "swing", "above noise")  # fmt: skip
    known = {one.name: one for one in found.swings}
    rows: Rows = [
        (d.name, d.basis.kind, *_change(known[d.name].low), *_change(known[d.name].high),
         number(d.size.value), _told(d.above_floor))
        for d in drivers_of(analysis)
    ]  # fmt: skip
    base = number(found.base.mean) if found.base else "-"
    note = (
        f"One factor at a time: changes to the base, {base}, paired over {found.replications} "
        f"replications, with {_percent(found.confidence)} intervals."
    )
    return heads, rows, note


def _change(one: Interval | None) -> tuple[str, str]:
    return ("-", "-") if one is None else (number(one.mean), interval(one.low, one.high))


def _morris_rows(analysis: Analysis, found: MorrisEffects) -> tuple[tuple[str, ...], Rows, str]:
    heads = ("factor", "evidence", "mu*", "interval", "noise floor", "mu", "sigma",
             "above noise")  # fmt: skip
    known = {one.name: one for one in found.effects}
    rows = [_morris_row(known[d.name], d) for d in drivers_of(analysis)]
    note = (
        f"Morris: {found.trajectories} trajectories, {found.replications} replications; effects "
        f"over the whole range of a factor, {_percent(found.confidence)} bootstrap intervals. "
        "Sigma is without noise where that is known."
    )
    lost = sum(one.left_out for one in found.effects)
    note += f" {lost} effects are left out: an end has no value." if lost else ""
    note += f" No two effects: {', '.join(found.missing)}." if found.missing else ""
    return heads, rows, note


def _morris_row(one: Effects, driver: Driver) -> tuple[str, ...]:
    sigma = one.corrected_sigma
    if sigma is None and one.sigma is not None:
        sigma = one.sigma.value
    return (
        one.name, driver.basis.kind, number(one.mu_star.value),
        interval(one.mu_star.low, one.mu_star.high), number(one.floor),
        number(one.mu.value if one.mu else None), number(sigma), _told(driver.above_floor),
    )  # fmt: skip


def _sobol_rows(analysis: Analysis, found: SobolIndices) -> tuple[tuple[str, ...], Rows, str]:
    left = f"sd if known [{analysis.unit}]"
    heads = ("factor", "evidence", "first order", "interval", "total", "interval ", "raw total",
             left, "above noise")  # fmt: skip
    raw = dict(zip(found.names, found.raw.total, strict=True)) if found.raw else {}
    rows: Rows = [
        (d.name, d.basis.kind, f"{d.size.value:.3f}", _shares(d.size),
         f"{d.total.value:.3f}" if d.total else "-", _shares(d.total),
         f"{raw[d.name].value:.3f}" if d.name in raw else "-", number(d.sd_if_known),
         _told(d.above_floor))
        for d in drivers_of(analysis)
    ]  # fmt: skip
    note = (
        f"Sobol: {found.rows} rows of the design, {found.replications} replications, "
        f"{_percent(found.confidence)} bootstrap intervals."
    )
    best = found.corrected
    if best is not None:
        note += (
            f" Noise is taken out; noise floor: {best.floor_first:.3f} (first order), "
            f"{best.floor_total:.3f} (total)."
        )
    note += f" {found.left_out} rows are left out: a run has no value." if found.left_out else ""
    return heads, rows, note


def _shares(one: Estimate | None) -> str:
    if one is None or one.low is None or one.high is None:
        return "-"
    return f"{one.low:.3f} to {one.high:.3f}"


def _sample_rows(analysis: Analysis, found: FromSample) -> tuple[tuple[str, ...], Rows, str]:
    heads = ("factor", "PAWN", "rank correlation", "interval", "above noise")
    places = {name: j for j, name in enumerate(found.names)}
    rows: Rows = []
    for name in order_of(analysis):
        pawn, rho = found.pawn[places[name]], found.rank_correlation[places[name]]
        above = None if found.pawn_floor is None else (pawn or 0.0) > found.pawn_floor
        rows.append(
            (name, "-" if pawn is None else f"{pawn:.3f}",
             "-" if rho is None else f"{rho.value:.3f}", _shares(rho), _told(above))
        )  # fmt: skip
    floor = "" if found.pawn_floor is None else f", noise floor of PAWN {found.pawn_floor:.3f}"
    note = f"{found.n:,} points, {found.replications} replications{floor}."
    note += f" {found.left_out} points are left out: a run has no value." if found.left_out else ""
    return heads, rows, note


def drivers_of(analysis: Analysis) -> Sequence[Driver]:
    """The drivers, the largest first; none for a sample."""
    return analysis.drivers.drivers if analysis.drivers else ()


def _told(above: bool | None) -> str:
    return {True: "yes", False: "no", None: "-"}[above]


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
