"""The JSON Schema of scenario files, for editors: completion, descriptions, unknown keys.

An editor sees one layer of a scenario. So nothing is required (another layer may give it), and
shorthands, templates and expressions are allowed wherever a scenario allows them.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any, get_args

from pydantic.json_schema import GenerateJsonSchema

from chainsim.scenario.schema.document import ScenarioFile
from chainsim.scenario.schema.fields import Block
from chainsim.scenario.schema.responses import Response
from chainsim.scenario.schema.study import StudyFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_VALUE: Schema = {"type": ["number", "string"]}
_WORD: Schema = {"type": "string"}
_WORDS: Schema = {"type": "array", "items": _WORD}
_FILES: Schema = {"anyOf": [_WORD, _WORDS]}
_DROPPED = ("required", "title", "default", "discriminator", "pattern", "format")

LAYER_KEYS: dict[str, Schema] = {
    "extends": _FILES | {"description": "Files beneath this one; maps merge, lists are replaced."},
    "parameter_tables": _FILES | {"description": "CSV files of parameters with their evidence."},
    "sources": _FILES | {"description": "CSV files of the sources that parameters cite."},
    "parameters": {
        "type": "object",
        "additionalProperties": _VALUE,
        "description": "Values that replace those of the parameter tables, by name.",
    },
    "templates": {
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/Site"},
        "description": "Bodies of sites, named by `template`; {site} stands for the site's id.",
    },
}
"""Keys of a file that are worked in before the scenario is checked."""

SHORTHANDS: dict[str, list[Schema]] = {
    "Input": [_VALUE],
    "Output": [_VALUE],
    "Sources": [_WORD, _WORDS, {"type": "object", "additionalProperties": _VALUE}],
}
"""What may stand for a block, wherever it is used."""

DESIGNS = ("Base", "OneAtATime", "Grid", "LatinHypercube", "Sobol", "Morris", "Listed")
"""The blocks of designs of studies."""

RESPONSES = tuple(block.__name__ for block in get_args(get_args(Response)[0]))
"""The blocks of responses."""


class _WithoutDefaults(GenerateJsonSchema):
    """Defaults are dropped anyway: releases of pydantic differ in which they can write."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012


def json_schema() -> Schema:
    """The schema of one scenario file, with the docstrings of the fields as descriptions."""
    schema = _schema(ScenarioFile)
    schema["properties"] = LAYER_KEYS | schema["properties"]
    _add_shorthands(schema["$defs"])
    return {"$schema": DIALECT, "title": "chainsim scenario", **schema}


def study_schema() -> Schema:
    """The schema of one study file, likewise."""
    schema = _schema(StudyFile)
    design = schema["properties"]["design"]
    design["anyOf"] = [design["items"], {"type": design.pop("type"), "items": design.pop("items")}]
    factor = schema["$defs"]["Factor"]["properties"]
    factor["assumed"] = {"anyOf": [{"const": True}, _WORD, _WORDS]} | {
        "description": factor["assumed"].get("description", "")
    }
    for owner, name in (("Factor", "except"), *((d, "factors") for d in DESIGNS)):
        field = schema["$defs"][owner]["properties"][name]
        field["anyOf"] = [_WORD, {"type": field.pop("type"), "items": field.pop("items")}]
    return {"$schema": DIALECT, "title": "chainsim study", **schema}


def _schema(model: type[Block]) -> Schema:
    raw = model.model_json_schema(schema_generator=_WithoutDefaults)
    definitions: dict[str, Schema] = raw.pop("$defs")
    for name, description, block in _described():
        target = raw if block == model.__name__ else definitions.get(block, {})
        if name in target.get("properties", {}):
            target["properties"][name]["description"] = description
    schema: Schema = _loosened(raw)
    schema["$defs"] = {name: _loosened(body) for name, body in sorted(definitions.items())}
    return schema


def _described() -> Iterator[tuple[str, str, str]]:
    """(key in a file, docstring, name of the block) of every field that has a docstring."""
    for block in _blocks(Block):
        docs = _docstrings(block)
        for name, field in block.model_fields.items():
            if name in docs:
                yield field.alias or name, docs[name], block.__name__


def _blocks(block: type[Block]) -> Iterator[type[Block]]:
    for below in block.__subclasses__():
        yield below
        yield from _blocks(below)


def _docstrings(block: type[Block]) -> dict[str, str]:
    """The texts that stand under the fields of a class and of those it inherits from."""
    found: dict[str, str] = {}
    for owner in reversed(block.__mro__):
        if not (issubclass(owner, Block) and owner is not Block):
            continue
        body = ast.parse(inspect.getsource(owner)).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, body.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                words = _words(text)
                if words:
                    found[field.target.id] = words
    return found


def _words(node: ast.stmt) -> str:
    """The text of a bare string statement, on one line; empty for any other statement."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return ""
    value = node.value.value
    return " ".join(value.split()) if isinstance(value, str) else ""


def _loosened(schema: Any) -> Any:
    """The schema of a part of a file: nothing required, no nulls, shorthands for distributions."""
    if isinstance(schema, list):
        return [_loosened(below) for below in schema]
    if not isinstance(schema, dict):
        return schema
    result = {
        key: {name: _loosened(below) for name, below in value.items()}
        if key == "properties"
        else _loosened(value)
        for key, value in schema.items()
        if key not in _DROPPED
    }
    if result.get("type") == "integer":
        result["type"] = ["integer", "string"]  # a count may be computed
    if "patternProperties" in result:
        result["additionalProperties"] = next(iter(result.pop("patternProperties").values()))
    random = "discriminator" in schema and schema["discriminator"].get("propertyName") == "dist"
    choices = result.pop("oneOf", result.pop("anyOf", None))
    if choices is not None:
        choices = [choice for choice in choices if choice != {"type": "null"}]
        choices += [_VALUE] if random else []
        result = _only(choices[0], result) if len(choices) == 1 else result | {"anyOf": choices}
    reference = str(result.get("$ref", "")).removeprefix("#/$defs/")
    if reference in SHORTHANDS:
        del result["$ref"]
        result["anyOf"] = [{"$ref": f"#/$defs/{reference}"}, *SHORTHANDS[reference]]
    return result


def _only(choice: Schema, around: Schema) -> Schema:
    """The only choice of a field, with the descriptions of both."""
    words = [part["description"] for part in (around, choice) if "description" in part]
    return choice | around | ({"description": "; ".join(words)} if words else {})


def _add_shorthands(definitions: dict[str, Schema]) -> None:
    """What single fields allow beside their blocks."""
    definitions["Site"]["properties"]["template"] = _FILES | {
        "description": "Templates that this site is made from; later ones win."
    }
    for end in ("from", "to"):
        _or_sites(definitions["Lane"]["properties"][end])
    for response in RESPONSES:
        fields = definitions[response]["properties"]
        _or_sites(fields["at"])
        for name in ("item", "operation", "instead_of"):
            if fields.get(name, {}).get("type") == "array":
                fields[name]["anyOf"] = [{"type": fields[name].pop("type")}, _WORD]
    _or_sites(definitions["Rationing"]["properties"]["classes"]["items"])
    dates = definitions["Timing"]["properties"]["at"]
    dates["anyOf"] = [{"type": dates.pop("type"), "items": dates["items"]}, dates.pop("items")]
    release = definitions["Operation"]["properties"]["release"]
    release["anyOf"] += [{"const": "push"}, *(_release(definitions, w) for w in ("Pull", "Paced"))]


def _or_sites(field: Schema) -> None:
    """A site or a list of sites may stand for a selector."""
    field["anyOf"] = [{"$ref": field.pop("$ref")}, _WORD, _WORDS]


def _release(definitions: dict[str, Schema], block: str) -> Schema:
    """The short form of a release rule: `pull: item` or `paced: rate` beside its other keys."""
    properties = dict(definitions[block]["properties"])
    head = {"Pull": "item", "Paced": "rate"}[block]
    properties[block.lower()] = properties.pop(head)
    properties.pop("kind", None)
    return {"type": "object", "properties": properties, "additionalProperties": False}
