"""From a study file to a Study: checked, with its base scenarios opened."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from chainsim.errors import InputError, Problem, shown
from chainsim.scenario import explaining, strict_yaml
from chainsim.scenario.checks.study_expectations import study_expectation_slips
from chainsim.scenario.evaluation import jsonable
from chainsim.scenario.files import Reference, read_text
from chainsim.scenario.loading import OpenedScenario, open_scenario
from chainsim.scenario.nodes import Node, path_text
from chainsim.scenario.overrides import parse_overrides
from chainsim.scenario.resolving import in_words, resolved
from chainsim.scenario.schema.study import BASE, Listed, StudyFile
from chainsim.scenario.study import Study
from chainsim.scenario.tables import Row, read_table

KEYS = ("base", "factors")
"""Top-level keys by which a study is told from a scenario."""


def is_study(path: Path) -> bool:
    """Whether a file has the keys of a study; a file that cannot be read is none."""
    try:
        text = read_text(path, str(path), strict_yaml.LARGEST_FILE)
    except InputError:
        return False
    return all(re.search(rf"^{key}[ \t]*:", text, re.MULTILINE) for key in KEYS)


def load_study(
    path: str | Path, overrides: Iterable[str] = (), replications: int | None = None
) -> Study:
    """The study of a file.

    Args:
        path: Of the file.
        overrides: Further values of the base scenarios, `path=value`; they win over its `set`.
        replications: Instead of those of the file.

    Raises:
        InputError: with every problem of the study and of its base scenarios.
    """
    further = tuple(overrides)
    parse_overrides(further)
    return _Loading(Path(path), further, replications).study()


@dataclass
class _Loading:
    path: Path
    further: tuple[str, ...]
    replications: int | None
    problems: list[Problem] = field(default_factory=list)

    def study(self) -> Study:
        root, document = self.document()
        bases = self.bases(root, document)
        lists = self.lists(root, document)
        if self.problems:
            raise InputError(dict.fromkeys(self.problems))
        if self.replications is not None:
            document = document.model_copy(update={"replications": self.replications})
        given = tuple(f"{path}={in_words(value)}" for path, value in document.set.items())
        study = Study(
            document, str(self.path), jsonable(root.plain()), bases, (), (*given, *self.further),
            lists, root,
        )  # fmt: skip
        return replace(study, variables=resolved(study))

    def document(self) -> tuple[Node, StudyFile]:
        name = str(self.path)
        text = read_text(self.path, name, strict_yaml.LARGEST_FILE)
        root, problems = strict_yaml.read(text, name)
        if root is None:
            raise InputError(problems)
        design = root.value.get("design")
        if design is not None and isinstance(design.value, dict):
            root.value["design"] = Node([replace(design, key=None)], design.place, design.key)
        try:
            document = StudyFile.model_validate(root.plain())
        except ValidationError as error:
            problems += explaining.problems_of(error, root, StudyFile)
            raise InputError(dict.fromkeys(problems)) from None
        self.problems += problems
        for path, rule, remedy in study_expectation_slips(document):
            node, words = root.at(path), path_text(root, path)
            self.problems.append(Problem(*node.place, words, rule, shown(node.written()), remedy))
        return root, document

    def bases(self, root: Node, document: StudyFile) -> dict[str, OpenedScenario]:
        found = {}
        for name, file in document.bases.items():
            node = root.at(("base",) if isinstance(document.base, str) else ("base", name))
            target = Path(os.path.normpath(self.path.parent / file))
            where = "base" if name == BASE else f"base.{name}"
            try:
                if not target.is_file():
                    rule = "be a scenario file that exists"
                    raise InputError([Problem(*node.place, where, rule, repr(file))])
                found[name] = open_scenario(target)
            except InputError as error:
                self.problems += error.problems
        return found

    def lists(self, root: Node, document: StudyFile) -> dict[int, tuple[Row, ...]]:
        found = {}
        for index, design in enumerate(document.design):
            if not isinstance(design, Listed):
                continue
            node = root.at(("design", index, "file"))
            target = os.path.normpath(self.path.parent / design.file)
            named_in = Problem(*node.place, f"design[{index}].file", "be a file")
            try:
                found[index] = tuple(
                    read_table(Reference(Path(target), target, named_in), (), None)
                )
            except InputError as error:
                self.problems += error.problems
        return found
