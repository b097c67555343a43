"""From files or text to a Scenario: merged, checked, frozen, with the origin of every value."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from chainsim.errors import InputError, Problem
from chainsim.scenario import checks, explaining, layers
from chainsim.scenario.calendars import read_days_files
from chainsim.scenario.evaluation import Uses, evaluate_all, jsonable
from chainsim.scenario.layers import Layers
from chainsim.scenario.nodes import BROKEN, Node, path_text
from chainsim.scenario.overrides import Override, apply_overrides, parse_overrides
from chainsim.scenario.parameters import ParameterTable, build_table
from chainsim.scenario.plain_data import tree
from chainsim.scenario.recipe import Recipe, recipe_of
from chainsim.scenario.salvage import wrong_names
from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.tables import table_text
from chainsim.scenario.templates import expand_templates

LARGEST = 300_000
"""Values of one scenario."""
MOST_PROBLEMS = 200
"""Problems that are shown."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from."""

    place: str
    """file:line:column, an option, or 'default'."""
    expression: str | None = None
    """The expression that was evaluated, if it was one."""
    parameters: tuple[str, ...] = ()
    """The parameters that the expression refers to."""


DEFAULT = Origin("default")


@dataclass(frozen=True)
class Scenario:
    """What the user asked: merged and checked."""

    document: ScenarioFile
    """The blocks with exact quantities in base units."""
    merged: Mapping[str, Any]
    """Plain data without files, templates and parameters; it loads as the same document."""
    origins: Mapping[str, Origin]
    """By path (`sites.assembler.stocks.part.initial`) of every value that was given."""
    parameters: ParameterTable
    files: tuple[str, ...] = ()
    """The scenario files read, the extending one first."""
    csv_files: tuple[str, ...] = ()
    """The parameter tables, sources, special days and observed series read."""
    series: Mapping[str, str] = field(default_factory=dict)
    """Where the file of each observed series is; the document has its name as it was written."""
    warnings: tuple[Problem, ...] = ()
    """What is allowed and yet may not be meant."""

    def origin(self, path: str) -> Origin:
        """Where the value at a path comes from; 'default' where no layer gives it."""
        return self.origins.get(path, DEFAULT)


def load_scenario(path: str | Path, overrides: Iterable[str] = ()) -> Scenario:
    """The scenario of a file and of all that it extends.

    Raises:
        InputError: with every problem of all files.
    """
    changes = parse_overrides(overrides)
    return _Loading(layers.from_file(Path(path))).finish(changes)


@dataclass(frozen=True)
class OpenedScenario:
    """The files of a scenario, read once: it can be loaded with other overrides again and again.

    It travels to other processes and machines, and does not change when the files do.
    """

    layers: Layers
    base: Scenario
    """Without overrides."""
    recipe: Recipe
    """What it is made of: equal recipes give equal runs under equal overrides."""

    def load(self, overrides: Iterable[str] = ()) -> Scenario:
        """The scenario with some overrides.

        Raises:
            InputError: with every problem.
        """
        changes = parse_overrides(overrides)
        return _Loading(self.layers.holding(self.layers.texts)).finish(changes)


def open_scenario(path: str | Path) -> OpenedScenario:
    """The files of a scenario and of all that it extends.

    Raises:
        InputError: with every problem of all files.
    """
    opened = layers.from_file(Path(path))
    first = opened.holding(None)
    _Loading(first).finish([])  # says which files there are
    named = (*first.tables, *first.sources, *first.data)
    held = opened.holding({str(one.path): table_text(one) for one in named})
    second = held.holding(held.texts)
    base = _Loading(second).finish([])  # from what is held, whatever the files say now
    days = [one for one in second.data if str(one.path) not in base.series.values()]
    return OpenedScenario(held, base, recipe_of(held, days))


def scenario_from_text(
    text: str, overrides: Iterable[str] = (), directory: str | Path | None = None
) -> Scenario:
    """The scenario of a YAML text; paths in it are relative to `directory`.

    Raises:
        InputError: with every problem of the text and of all files it names.
    """
    changes = parse_overrides(overrides)
    return _Loading(layers.from_text(text, "<text>", Path(directory or "."))).finish(changes)


def scenario_from_mapping(mapping: Mapping[str, Any]) -> Scenario:
    """The scenario of plain data, as read from JSON.

    Raises:
        InputError: with every problem of the data.
    """
    root, problems = tree(mapping, "<mapping>")
    if root is None:
        raise InputError(problems)
    loading = _Loading(layers.from_root(root, Path()))
    loading.layers.problems += problems
    return loading.finish([])


@dataclass
class _Loading:
    """One scenario on its way from layers to a checked document."""

    layers: Layers
    problems: list[Problem] = field(default_factory=list)
    series: dict[str, str] = field(default_factory=dict)

    def finish(self, overrides: list[Override]) -> Scenario:
        """The scenario, or all that is wrong with it."""
        root = self.layers.root
        self.problems = self.layers.problems
        if root is None:
            raise self.refusal()
        table = self.prepare(root, overrides)
        uses, problems = evaluate_all(root, table)
        self.problems += problems
        document = self.validated(root) if self.layers.whole else None
        if self.problems or document is None:
            raise self.refusal()
        found = checks.check(document, root, table)
        self.problems += found.problems
        if self.problems:
            raise self.refusal()
        return Scenario(
            document=document,
            merged=jsonable(root.plain()),
            origins=_origins(root, uses),
            parameters=table,
            files=tuple(self.layers.files),
            csv_files=self.layers.csv_files,
            series=self.series,
            warnings=tuple(found.warnings),
        )

    def prepare(self, root: Node, overrides: list[Override]) -> ParameterTable:
        """Work overrides, parameters, templates and files of days into the tree."""
        early = [override for override in overrides if override.early]
        late = [override for override in overrides if not override.early]
        if any(override.steps[0] == "parameters" for override in early):
            root.value.setdefault("parameters", Node({}, root.place))
        self.problems += apply_overrides(root, early, _known_keys)
        given = root.value.pop("parameters", None)
        table, problems = build_table(self.layers.tables, self.layers.sources, given)
        self.problems += problems
        self.problems += expand_templates(root)
        self.problems += apply_overrides(root, late, _known_keys)
        self.problems += read_days_files(self.layers)
        self.find_series(root)
        return table

    def find_series(self, root: Node) -> None:
        """Find the files of observed series; name them relative to the outermost file."""
        series = root.child("observed_series")
        if series is None or not isinstance(series.value, dict):
            return
        for name, node in series.value.items():
            reference = self.layers.reference(node, f"observed_series.{name}")
            if reference is None:
                node.value = BROKEN
            elif reference.text is None and not reference.path.is_file():
                self.problems.append(replace(reference.problem, rule="be a file that exists"))
            else:
                self.layers.data.append(reference)
                self.series[name] = str(reference.path)
                if not os.path.isabs(node.value):
                    here = self.layers.directory
                    node.value = Path(os.path.relpath(reference.path, here)).as_posix()

    def validated(self, root: Node) -> ScenarioFile | None:
        if sum(1 for _ in root.walk()) > LARGEST:
            self.problems.append(Problem(*root.place, "", f"have at most {LARGEST:,} values"))
            return None
        try:
            return ScenarioFile.model_validate(root.plain())
        except ValidationError as error:
            self.problems += explaining.problems_of(error, root, ScenarioFile)
            self.problems += wrong_names(error, root)
            return None

    def refusal(self) -> InputError:
        """All problems, each once, by file and line; of very many the first ones."""
        order = {file: rank for rank, file in enumerate(self.layers.files)}
        found = sorted(
            dict.fromkeys(self.problems),
            key=lambda p: (order.get(p.file, len(order)), p.file, p.line, p.column),
        )
        if len(found) > MOST_PROBLEMS:
            rule = f"be mended in {len(found) - MOST_PROBLEMS} more places that are not shown"
            found[MOST_PROBLEMS:] = [Problem(found[0].file, 0, 0, "", rule)]
        return InputError(found)


def _known_keys(path: tuple[str | int, ...]) -> list[str]:
    """The keys of the schema at a path; a template is like a site."""
    if path[:1] == ("templates",):
        return _known_keys(("sites", *path[1:])) if len(path) > 1 else []
    return explaining.keys_at(ScenarioFile, path)


def _origins(root: Node, uses: Uses) -> dict[str, Origin]:
    return {
        path_text(root, path): Origin(
            str(node.place),
            str(node.value) if node.computed is not None else None,
            uses.get(path, ()),
        )
        for path, node in root.walk()
        if not isinstance(node.value, dict | list) or not node.value
    }
