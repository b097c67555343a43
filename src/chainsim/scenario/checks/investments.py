"""Investments: they change what is there, open within the run, and take no more than there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from chainsim.scenario.checks.ground import Ground, Problems
from chainsim.scenario.checks.times import DAY
from chainsim.scenario.nodes import Path
from chainsim.scenario.schema.investments import (
    Built,
    Conversion,
    Extent,
    Investment,
    Retirement,
)
from chainsim.scenario.schema.material import Operation, Site

Change = tuple[Fraction, Fraction, Path]
"""(second since the start, what comes or goes, place of the block)."""


def investments_name_what_exists(ground: Ground) -> Problems:
    """The site of an investment exists, and so do its operation and its resource there."""
    sites = ground.document.sites
    for path, project in _investments(ground):
        if project.at not in sites:
            yield ground.unknown((*path, "at"), project.at, sites, "site")
            continue
        for where, extent in _extents(path, project):
            yield from _unknown(ground, where, extent, sites[project.at])


def _unknown(ground: Ground, path: Path, extent: Extent, site: Site) -> Problems:
    known: dict[str, tuple[str | None, Mapping[str, object]]] = {
        "operation": (extent.operation, site.operations),
        "resource": (extent.resource, site.resources),
    }
    for what, (name, there) in known.items():
        if name is not None and name not in there:
            yield ground.unknown((*path, what), name, there, what)


def _investments(ground: Ground) -> Iterator[tuple[Path, Investment]]:
    for key, project in sorted(ground.document.investments.items()):
        yield ("investments", key), project


def _extents(path: Path, project: Investment) -> Iterator[tuple[Path, Extent]]:
    """What an investment brings, and what it takes away."""
    yield path, project
    if isinstance(project, Conversion) and project.takes is not None:
        yield (*path, "takes"), project.takes


def _known(ground: Ground) -> Iterator[tuple[Path, Investment, Site]]:
    """The investments whose site and operations exist."""
    sites = ground.document.sites
    for path, project in _investments(ground):
        site = sites.get(project.at)
        if site is not None and not any(
            any(True for _ in _unknown(ground, where, extent, site))
            for where, extent in _extents(path, project)
        ):
            yield path, project, site


def investments_fit_what_they_change(ground: Ground) -> Problems:
    """A size needs an operation with a rate; servers need an operation with servers of its own."""
    for path, project, site in _known(ground):
        for where, extent in _extents(path, project):
            if extent.operation is not None:
                yield from _misfits(ground, where, extent, site.operations[extent.operation])
        operation = site.operations.get(project.operation or "")
        unpriced = project.share is not None and operation is not None and operation.rate is None
        if unpriced and project.cost.per_unit:
            rule = "be left out: a share of an operation without a rate has no units"
            yield ground.problem((*path, "cost", "per_unit"), rule, "give a fixed cost")


def _misfits(ground: Ground, path: Path, extent: Extent, operation: Operation) -> Problems:
    rate = operation.rate
    if extent.size is not None and (rate is None or not rate.value):
        rule = f"be a share: '{extent.operation}' has no rate that a size could be added to"
        yield ground.problem((*path, "size"), rule)
    elif extent.size is not None and rate is not None and extent.size.dimension != rate.dimension:
        rule = f"be in the unit of the rate of '{extent.operation}'"
        yield ground.problem((*path, "size"), rule)
    if extent.servers is not None and operation.resource is not None:
        rule = f"give way to resource: {operation.resource}, whose servers it shares"
        yield ground.problem((*path, "operation"), rule)


def investments_open_in_the_run(ground: Ground) -> Problems:
    """Capacity comes after the start of the run: what was there before belongs to the operation."""
    for path, project in _investments(ground):
        if project.enabled and project.start is not None and _opens(ground, project) <= 0:
            rule = "open after the start of the run"
            remedy = "raise the rate, the capacity or the servers of the operation instead"
            yield ground.problem((*path, "start"), rule, remedy)


def _start(ground: Ground, project: Investment) -> Fraction:
    """When construction begins, delay included, in seconds since the start of the run."""
    assert project.start is not None
    return ground.seconds(project.start) + Fraction(project.delay)


def _opens(ground: Ground, project: Investment) -> Fraction:
    """When capacity comes or goes first."""
    start = _start(ground, project)
    built = project.construction if isinstance(project, Built) else 0
    return start + Fraction(built)


def works_on_a_line_do_not_overlap(ground: Ground) -> Problems:
    """A line is converted once at a time: the next works begin when the last are done."""
    until: dict[tuple[str, str], tuple[Fraction, str]] = {}
    found = [
        (_start(ground, project), path, project)
        for path, project in _investments(ground)
        if isinstance(project, Conversion) and project.enabled
    ]
    for start, path, project in sorted(found, key=lambda entry: (entry[0], entry[1])):
        line = project.at, project.line
        end, other = until.get(line, (start, ""))
        if start < end:
            rule = f"begin when the works of '{other}' on '{project.line}' are done"
            yield ground.problem((*path, "start"), rule)
        until[line] = max(end, start + project.construction), str(path[1])


def investments_take_what_is_there(ground: Ground) -> Problems:
    """No more speed and no more servers go than are there at the time."""
    changes: dict[tuple[str, str, str], list[Change]] = {}
    for path, project, site in _known(ground):
        if project.enabled and project.start is not None:
            for where, extent, time, amount in _changes(ground, path, project, site):
                kind = "servers" if extent.servers is not None else "speed"
                owner = extent.resource or extent.operation or ""
                changes.setdefault((project.at, owner, kind), []).append((time, amount, where))
    for (site_id, owner, kind), found in sorted(changes.items()):
        there = _there(ground.document.sites[site_id], owner, kind)
        for _, amount, where in sorted(found, key=lambda change: (change[0], change[2])):
            there += amount
            if there < 0:
                rule = f"take no more {kind} of '{owner}' than there is at the time"
                yield ground.problem(where, rule, got="", key=True)
                break


def _changes(
    ground: Ground, path: Path, project: Investment, site: Site
) -> Iterator[tuple[Path, Extent, Fraction, Fraction]]:
    """(place, extent, second, what comes or goes), at the end of a ramp where there is one."""
    amount = _amount(site, project)
    goes = isinstance(project, Retirement)
    last = project.ramp.over or (project.ramp.stages[-1].after if project.ramp.stages else 0)
    full = _opens(ground, project) + (0 if goes else last)
    yield path, project, full, -amount if goes else amount
    if isinstance(project, Conversion) and project.takes is not None:
        gone = -_amount(site, project.takes)
        yield (*path, "takes"), project.takes, _start(ground, project), gone


def _amount(site: Site, extent: Extent) -> Fraction:
    """Servers, or a part of the full speed."""
    if extent.servers is not None:
        return Fraction(extent.servers)
    if extent.share is not None:
        return Fraction(extent.share)
    operation = site.operations[extent.operation or ""]
    if extent.size is None or operation.rate is None or not operation.rate.value:
        return Fraction(0)
    return extent.size.value / operation.rate.value / (operation.servers or 1)


def _there(site: Site, owner: str, kind: str) -> Fraction:
    """What the scenario itself gives: servers, or full speed where no profile changes it."""
    if kind == "servers":
        shared = site.resources.get(owner)
        return Fraction(shared.servers if shared else site.operations[owner].servers or 1)
    capacity = site.operations[owner].capacity
    return Fraction(capacity) if isinstance(capacity, Fraction) else Fraction(1)


def ramps_run_forward(ground: Ground) -> Problems:
    """The stages of a ramp are in order of time; servers and rules count whole days and servers."""
    for path, project in _investments(ground):
        stages = project.ramp.stages
        for index in range(1, len(stages)):
            before, here = stages[index - 1], stages[index]
            if here.after <= before.after or here.ready < before.ready:
                where = (*path, "ramp", "stages", index)
                yield ground.problem(where, "come after the one before it, and have more ready")
        rule = project.when if isinstance(project, Built) else None
        if rule is not None and rule.over % DAY:
            yield ground.problem((*path, "when", "over"), "be whole days")


def investments_come_to_pass(ground: Ground) -> Problems:
    """Warn of an investment that opens after the end, and of a rule that can never fire."""
    for path, project in _investments(ground):
        if not project.enabled:
            continue
        if project.start is not None and _opens(ground, project) >= ground.end:
            yield ground.problem(
                (*path, "start"), "open before the end of the run: it has no effect"
            )
        if isinstance(project, Built) and project.when is not None:
            yield from _never_fires(ground, (*path, "when"), project)


def _never_fires(ground: Ground, path: Path, project: Built) -> Problems:
    assert project.when is not None
    if project.when.utilisation > 1:
        yield ground.problem((*path, "utilisation"), "be at most 1: it can never fire")
    time = ground.end + (ground.document.run.settled or 0)
    if project.when.since is not None:
        time = ground.end - ground.seconds(project.when.since)
    if project.when.over + project.delay + project.construction >= time:
        rule = "leave time for construction before the end of the run: it can never open"
        yield ground.problem((*path, "over"), rule)
