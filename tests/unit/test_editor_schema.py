"""The JSON Schema for editors: it accepts what the program accepts, and explains the keys."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from tests.unit.cli_support import ROOT, TINY, call

from chainsim.scenario import strict_yaml
from chainsim.scenario.studies import is_study

FILES = sorted(
    [
        *(ROOT / "scenarios").rglob("*.yaml"),
        *(ROOT / "tests" / "verification" / "scenarios").glob("*.yaml"),
        ROOT / "src" / "chainsim" / "cli" / "starter.yaml",
    ]
)


STUDY = """\
name: A study
base: chain.yaml
factors:
  - {assumed: [supplier.*], except: supplier.lot, group: suppliers}
  - {path: run.length, values: [20 d, 30 d], name: length}
  - {parameter: maker.stock, low: 10, high: 20, shape: triangular, mode: 12}
design:
  - {method: sobol, n: 8, factors: length}
  - {method: list, file: points.csv}
targets: [{measure: output, at_least: 5}]
expect: [{id: enough, measure: output, at_least: 5}]
"""


@cache
def validator(*options: str) -> jsonschema.Draft202012Validator:
    schema = json.loads(call("schema", *options).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def errors(text: str, *options: str) -> list[str]:
    """What the schema finds wrong with a file, read as the program reads it."""
    root, problems = strict_yaml.read(text, "file")
    assert root is not None and not problems
    return [error.message for error in validator(*options).iter_errors(plain(root.plain()))]


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(below) for key, below in value.items()}
    if isinstance(value, list):
        return [plain(below) for below in value]
    return float(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_it_accepts_every_file_here(file: Path) -> None:
    options = ["--study"] if is_study(file) else []
    assert errors(file.read_text("utf-8"), *options) == []


def test_it_accepts_studies_as_they_may_be_written() -> None:
    assert errors(STUDY, "--study") == []
    single = STUDY.replace("  - {method: list, file: points.csv}\n", "").replace(
        "design:\n  - {", "design: {"
    )
    assert errors(single, "--study") == []
    for right, wrong in (
        ("n: 8", "m: 8"),
        ("except:", "but:"),
        ("method: sobol", "method: soobol"),
    ):
        assert errors(STUDY.replace(right, wrong), "--study")


def test_it_accepts_a_layer_that_changes_a_single_value() -> None:
    assert errors("extends: tiny.yaml\nsites: {maker: {operations: {line: {lot: 5}}}}\n") == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("stage: upstream", "stage: upstraem"),
        ("initial: 300", "inital: 300"),
        ("seed: 7", "seed: -7"),
        ("output_item: car", "output_itm: car"),
    ],
)
def test_it_marks_what_is_wrong(right: str, wrong: str) -> None:
    assert errors(TINY) == []
    assert errors(TINY.replace(right, wrong)) != []


def test_docstrings_of_fields_become_descriptions() -> None:
    definitions = validator().schema["$defs"]
    settled = definitions["Run"]["properties"]["settled"]["description"]
    assert settled.startswith("Simulated before `start`")
    assert definitions["Disruption"]["description"]
    properties = [p for body in definitions.values() for p in body.get("properties", {}).values()]
    assert sum("description" in p for p in properties) > 80


def test_the_starter_names_the_schema() -> None:
    text = (ROOT / "src" / "chainsim" / "cli" / "starter.yaml").read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=")
    assert yaml.safe_load(text)["name"]
