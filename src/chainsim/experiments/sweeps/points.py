"""The points of a study: which values its factors have in which runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chainsim.errors import InputError, Problem, did_you_mean, shown
from chainsim.experiments import designs
from chainsim.experiments.designs import DUMMY, Places, columns_of, saltelli_row
from chainsim.scenario.factors import Variable
from chainsim.scenario.schema.study import (
    Base,
    Design,
    Grid,
    LatinHypercube,
    Listed,
    Morris,
    OneAtATime,
    Sobol,
)
from chainsim.scenario.study import Study


@dataclass(frozen=True, slots=True)
class Point:
    """One choice of values for one base scenario."""

    base: str
    overrides: tuple[str, ...]
    """`path=value`, those of the study first."""


@dataclass(frozen=True)
class Block:
    """The points of one design for one base scenario, in the order of the design."""

    index: int
    """Of the design in the study."""
    base: str
    design: Design
    variables: tuple[Variable, ...]
    """The columns; the dummy, which no scenario has, is a column of its own after them."""
    places: Places
    """(point, column) in [0, 1]; NaN for the value of the base."""
    settings: tuple[tuple[str | None, ...], ...]
    """(point)(variable): values as overrides have them; None for that of the base."""
    numbers: Places
    """(point, variable): the same as numbers; NaN for words, and for a base that is no number."""
    points: tuple[int, ...]
    """The number of each point in the sweep: points that are the same run are one."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns of `places`."""
        extra = [DUMMY] if self.places.shape[1] > len(self.variables) else []
        return (*(one.name for one in self.variables), *extra)

    @property
    def groups(self) -> tuple[str, ...] | None:
        """The group of each column; None where each is its own."""
        groups = (*(one.group for one in self.variables), *self.names[len(self.variables) :])
        return groups if groups != self.names else None


@dataclass(frozen=True)
class Points:
    """All points of a study, each once, and the blocks that refer to them."""

    blocks: tuple[Block, ...]
    points: tuple[Point, ...]


def points_of(study: Study) -> Points:
    """The points of all designs of a study for all its base scenarios.

    Raises:
        InputError: a design names no factor, or lists a value that is none.
    """
    numbers: dict[Point, int] = {}
    blocks = []
    for index, design in enumerate(study.document.design):
        chosen = _chosen(study, index, design)
        places = _places(study, index, design, chosen)
        settings = _settings(study, index, design, chosen, places)
        for base in study.bases:
            known = np.array([[_number(v, s, base) for v, s in zip(chosen, row, strict=True)]
                              for row in settings]).reshape(len(settings), len(chosen))  # fmt: skip
            at = tuple(
                numbers.setdefault(_point(study, base, chosen, row), len(numbers))
                for row in settings
            )
            blocks.append(Block(index, base, design, chosen, places, settings, known, at))
    return Points(tuple(blocks), tuple(numbers))


def number_of_points(study: Study) -> int:
    """How many points the designs have, equal ones counted apart, without making them."""
    total = 0
    for index, design in enumerate(study.document.design):
        chosen = _chosen(study, index, design)
        total += _size(study, index, design, chosen)
    return total * len(study.bases)


def _size(study: Study, index: int, design: Design, chosen: Sequence[Variable]) -> int:
    moved = len(columns_of([v.name for v in chosen], [v.group for v in chosen]))
    if isinstance(design, Grid):
        size = 1
        for levels in _levels(design, chosen):
            size *= levels
        return size
    if isinstance(design, LatinHypercube):
        return design.n
    if isinstance(design, Sobol):
        return design.n * saltelli_row(moved, design.second_order)  # the dummy costs no run
    if isinstance(design, Morris):
        return design.trajectories * (moved + 1)
    if isinstance(design, Listed):
        return len(study.lists[index])
    return 1 if isinstance(design, Base) else 1 + 2 * len(chosen)


def _chosen(study: Study, index: int, design: Design) -> tuple[Variable, ...]:
    """The variables of a design: those it names, or all."""
    if isinstance(design, Base):
        return ()
    known = {v.name for v in study.variables} | {v.group for v in study.variables}
    wrong = [name for name in design.factors if name not in known]
    if wrong:
        path = ("design", index, "factors")
        remedy = did_you_mean(wrong[0], known)
        raise InputError([study.problem(path, "name factors or groups", shown(wrong[0]), remedy)])
    wanted = design.factors
    found = tuple(v for v in study.variables if not wanted or {v.name, v.group} & {*wanted})
    if isinstance(design, Listed):
        columns = study.lists[index][0].columns if study.lists[index] else ()
        found = tuple(v for v in found if v.name in columns)
    together = [v.group for v in found if v.group != v.name]
    if together and not isinstance(design, Morris | Sobol):
        path = ("design", index, "method")
        rule = "be morris or sobol where factors have groups"
        remedy = "name the factors of the design, without groups: factors: [...]"
        raise InputError([study.problem(path, rule, shown(together[0]), remedy)])
    return found


def _places(study: Study, index: int, design: Design, chosen: Sequence[Variable]) -> Places:
    names = [v.name for v in chosen]
    groups = [v.group for v in chosen]
    together = groups if groups != names else None
    if isinstance(design, OneAtATime):
        return designs.one_at_a_time(len(chosen))
    if isinstance(design, Grid):
        levels = _levels(design, chosen)
        spans = [n if v.values else n - 1 for n, v in zip(levels, chosen, strict=True)]
        middle = [0.5 if v.values else 0.0 for v in chosen]
        found: Places = (designs.full_grid(levels) + np.array(middle)) / np.array(spans)
        return found
    if isinstance(design, LatinHypercube):
        return designs.latin_hypercube(design.n, len(chosen), design.seed)
    if isinstance(design, Sobol):
        return _with_dummy_of_sobol(design, names, together)
    if isinstance(design, Morris):
        return designs.morris(design.trajectories, names, design.levels, design.seed, together)
    rows = len(study.lists[index]) if isinstance(design, Listed) else 1
    return np.full((rows, len(chosen)), np.nan)


def _with_dummy_of_sobol(design: Sobol, names: list[str], groups: list[str] | None) -> Places:
    """Saltelli's points with a dummy factor, whose points are the same runs as others."""
    together = None if groups is None else [*groups, DUMMY]
    return designs.saltelli(design.n, [*names, DUMMY], design.seed, design.second_order, together)


def _levels(design: Grid, chosen: Sequence[Variable]) -> list[int]:
    return [len(v.values) or design.levels for v in chosen]


def _settings(
    study: Study, index: int, design: Design, chosen: Sequence[Variable], places: Places
) -> tuple[tuple[str | None, ...], ...]:
    if isinstance(design, Listed):
        return tuple(_listed(study, index, chosen))
    return tuple(
        tuple(None if np.isnan(p) else v.setting(p) for v, p in zip(chosen, row, strict=False))
        for row in places.tolist()
    )


def _listed(
    study: Study, index: int, chosen: Sequence[Variable]
) -> Iterator[tuple[str | None, ...]]:
    rows = study.lists[index]
    if not rows:
        path = ("design", index, "file")
        raise InputError([study.problem(path, "have at least one row")])
    known = [v.name for v in study.variables]
    header = rows[0]
    wrong = [c for c in header.columns if c not in known]
    problems: list[Problem] = [
        replace(header.problem(c, "the header", "name factors of the study"),
                got=shown(c), remedy=did_you_mean(c, known)) for c in wrong
    ]  # fmt: skip
    if problems:
        raise InputError(problems)
    for row in rows:
        yield tuple(row[v.name] or None for v in chosen)


def _point(study: Study, base: str, chosen: Sequence[Variable], row: Sequence[str | None]) -> Point:
    own = (v.override(s) for v, s in zip(chosen, row, strict=True) if s is not None)
    return Point(base, (*study.overrides, *own))


def _number(variable: Variable, setting: str | None, base: str) -> float:
    if setting is not None:
        return variable.number(setting)
    own = variable.base_of(base)
    return np.nan if own is None else own
