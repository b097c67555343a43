"""Investments: what they add to speeds, and when servers come and go."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from chainsim.network.calendars import Time
from chainsim.network.clock import DAY, Factor
from chainsim.network.compiled import FULL_SPEED, NONE
from chainsim.network.names import Names
from chainsim.network.project import ProjectSpec, TriggerSpec
from chainsim.network.ramps import ramp_factor
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.investments import (
    Built,
    Conversion,
    Extent,
    Investment,
    Ramp,
    Retirement,
)
from chainsim.scenario.selection import enabled_investments

YEAR = 365 * DAY


def additions(document: ScenarioFile, time: Time) -> dict[tuple[str, str], list[Factor]]:
    """By (site, operation): what dated investments add to its speed over time."""
    found: dict[tuple[str, str], list[Factor]] = {}
    for _, project in enabled_investments(document):
        for extent, factor in _speeds(document, time, project):
            if extent.operation is not None and any(_changes(piece) for piece in factor):
                found.setdefault((project.at, extent.operation), []).append(factor)
    return found


def _changes(piece: object) -> bool:
    return getattr(piece, "curve", None) is not None or getattr(piece, "value", 0.0) != 0.0


def _speeds(
    document: ScenarioFile, time: Time, project: Investment
) -> Iterator[tuple[Extent, Factor]]:
    if project.servers is None:
        learning = project.learning if isinstance(project, Built) else None
        share = float(share_of(document, project.at, project))
        if isinstance(project, Retirement):
            share = -share
        opens = _start(time, project) + _construction(project)
        if share:
            yield project, ramp_factor(project.ramp, learning, opens, share)
    taken = project.takes if isinstance(project, Conversion) else None
    if taken is not None and taken.servers is None:
        gone = -float(share_of(document, project.at, taken))
        if gone:
            yield taken, ramp_factor(Ramp(), None, _start(time, project), gone)


def share_of(document: ScenarioFile, site: str, extent: Extent) -> Fraction:
    """An extent as a part of the full speed of the operation's own servers."""
    if extent.share is not None:
        return Fraction(extent.share)
    operation = document.sites[site].operations[extent.operation or ""]
    assert extent.size is not None and operation.rate is not None
    return extent.size.value / (operation.rate.value * (operation.servers or 1))


def _start(time: Time, project: Investment) -> int:
    """The second at which construction begins, delay included."""
    assert project.start is not None
    return time.second(project.start) + int(project.delay)


def _construction(project: Investment) -> int:
    """Seconds from the begin to the opening."""
    return round(project.construction) if isinstance(project, Built) else 0


def projects(document: ScenarioFile, names: Names, time: Time) -> tuple[ProjectSpec, ...]:
    """All investments that are on, in code-point order of their ids."""
    return tuple(
        _project(document, names, time, key, project)
        for key, project in enabled_investments(document)
    )


def _project(
    document: ScenarioFile, names: Names, time: Time, key: str, project: Investment
) -> ProjectSpec:
    rule = project.when if isinstance(project, Built) else None
    opens = _construction(project)
    if rule is not None:  # a delay of what has no date is a longer construction
        opens += round(project.delay)
    cost = project.cost
    return ProjectSpec(
        id=key,
        rank=names.ranks["investment", key],
        site=names.sites[project.at],
        start=NONE if rule is not None else _start(time, project),
        opens=opens,
        changes=tuple(_server_changes(names, project, opens)),
        cost=float(cost.fixed + cost.per_unit * _units(document, project)),
        trigger=None
        if rule is None
        else TriggerSpec(
            resource=_resource(names, project.at, project),
            utilisation=round(rule.utilisation * FULL_SPEED),
            days=round(rule.over / DAY),
            at_most=rule.at_most,
            since=0 if rule.since is None else max(time.second(rule.since), 0),
        ),
    )


def _server_changes(
    names: Names, project: Investment, opens: int
) -> Iterator[tuple[int, int, int]]:
    """(seconds after the start, resource, servers that come)."""
    taken = project.takes if isinstance(project, Conversion) else None
    if taken is not None and taken.servers:
        yield 0, _resource(names, project.at, taken), -taken.servers
    if not project.servers:
        return
    resource = _resource(names, project.at, project)
    sign = -1 if isinstance(project, Retirement) else 1
    stages = project.ramp.stages
    steps = [(round(s.after), s.ready) for s in stages] or [(0, Fraction(1))]
    there = 0
    for after, ready in steps:
        due = int(ready * project.servers)
        if due != there:
            yield opens + after, resource, sign * (due - there)
        there = due


def _resource(names: Names, site: str, extent: Extent) -> int:
    """The servers that an extent speaks of."""
    if extent.resource is not None:
        return names.resources[site, extent.resource]
    assert extent.operation is not None
    return names.resources[site, extent.operation]


def _units(document: ScenarioFile, project: Investment) -> Fraction:
    """What the price counts: servers, or units per year at full speed."""
    if project.servers is not None:
        return Fraction(project.servers)
    if project.size is not None:
        return project.size.value * YEAR
    operation = document.sites[project.at].operations[project.operation or ""]
    if operation.rate is None:
        return Fraction(0)
    full = operation.rate.value * (operation.servers or 1)
    return share_of(document, project.at, project) * full * YEAR
