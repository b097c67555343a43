"""A committed baseline: what a scenario gave when somebody looked at it and found it right."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chainsim import __version__
from chainsim.errors import InputError, Problem, shortened, shown
from chainsim.experiments.readings import Reading, units_by_measure
from chainsim.experiments.units import unit_of_output
from chainsim.network.compiled import CompiledNetwork
from chainsim.network.compiling import MODEL_VERSION, WORDS
from chainsim.scenario.files import read_text
from chainsim.scenario.loading import Scenario

SCHEMA = "chainsim/baseline/1"
FOLDER = "baselines"
LARGEST_FILE = 100_000_000
"""Bytes of a baseline."""
DEPTH = 3
"""Levels of the merged scenario that have a digest of their own: disruptions.flood.duration."""
SHORT = 30
"""Characters of a value that stands in a baseline as it is."""
DIGEST = "sha256:"
MOST_NAMED = 10
"""Differences that a message names one by one."""
APART = ("seed", "replications", "precision", "confidence")
"""Keys of `run` that change no replication, or that are compared on their own."""
REMEDY = "look at what changed, then renew it with chainsim check --update-baseline"


class Recorded(BaseModel):
    """One measure or series in every replication."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    unit: str
    values: tuple[float | None, ...]
    """By replication; None where it has no value."""
    censored: tuple[int, ...] = ()
    """Replications in which a time is longer than its value."""


class RecordedSeries(BaseModel):
    """A series by week in every replication."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    unit: str
    values: tuple[tuple[float, ...], ...]
    """(replication, week)."""


class Baseline(BaseModel):
    """The file of a baseline."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    schema_: str = Field(alias="schema")
    scenario: str
    chainsim: str
    """The version that made it."""
    fingerprint: str
    """Of the merged scenario, without the seed and the number of replications."""
    seed: int
    replications: int = Field(ge=1)
    parameters: dict[str, str]
    """Value with unit, by name."""
    blocks: dict[str, str]
    """Each block of the merged scenario, or its digest, by path."""
    measures: dict[str, Recorded]
    series: dict[str, RecordedSeries]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the numbers of a scenario depend on."""

    fingerprint: str
    parameters: dict[str, str]
    blocks: dict[str, str] = field(default_factory=dict)


def baseline_path(scenario_file: Path) -> Path:
    """Where the baseline of a scenario is unless given: baselines/STEM.baseline.json beside it."""
    return scenario_file.parent / FOLDER / f"{scenario_file.stem}.baseline.json"


def facts_of(scenario: Scenario) -> Facts:
    """The fingerprint of a scenario, its parameters and its blocks."""
    merged = {key: value for key, value in scenario.merged.items() if key not in WORDS}
    run = {key: value for key, value in merged.get("run", {}).items() if key not in APART}
    blocks = {"model": _told(MODEL_VERSION)}
    blocks |= {path: _told(value) for path, value in _blocks(merged | {"run": run})}
    table = scenario.parameters
    parameters = {name: f"{p.in_unit:.12g} {p.unit}".strip() for name, p in table.items()}
    whole = hashlib.sha256(json.dumps(blocks, sort_keys=True).encode()).hexdigest()
    return Facts(f"sha256:{whole}", parameters, blocks)


def _blocks(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The blocks of a scenario three levels deep, by path; entries of a list by their id."""
    below = value.items() if isinstance(value, Mapping) else _by_id(value)
    if depth == DEPTH or not below:
        yield path, value
        return
    for key, inner in below:
        yield from _blocks(inner, f"{path}.{key}" if path else str(key), depth + 1)


def _by_id(value: Any) -> list[tuple[str, Any]]:
    """The entries of a list by their ids; nothing where it is no such list."""
    if isinstance(value, list) and all(isinstance(e, Mapping) and "id" in e for e in value):
        return [(entry["id"], entry) for entry in value]
    return []


def _told(value: Any) -> str:
    """A short value as it is, a long one by its digest."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    if len(text) <= SHORT:
        return value if isinstance(value, str) else text
    return f"{DIGEST}{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def baseline_of(scenario: Scenario, network: CompiledNetwork, found: Sequence[Reading]) -> Baseline:
    """The baseline of a run of which no replication failed; numbers of twelve digits."""
    facts, units, output = facts_of(scenario), units_by_measure(network), unit_of_output(network)
    names = [name for name in found[0].row if any(r.row[name] is not None for r in found)]
    measures = {
        name: Recorded(
            unit=units[name],
            values=tuple(_rounded(r.row[name]) for r in found),
            censored=tuple(r.number for r in found if name in r.censored),
        )
        for name in names
    }
    series = {
        name: RecordedSeries(
            unit=output,
            values=tuple(tuple(_digits(value) for value in r.weeks[name]) for r in found),
        )
        for name in found[0].weeks
    }
    return Baseline(
        schema=SCHEMA,
        scenario=scenario.document.name,
        chainsim=__version__,
        fingerprint=facts.fingerprint,
        seed=network.seed,
        replications=len(found),
        parameters=facts.parameters,
        blocks=facts.blocks,
        measures=measures,
        series=series,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else _digits(value)


def _digits(value: float) -> float:
    """Twelve digits: the last bits of a sum may differ from machine to machine."""
    return float(f"{value:.12g}") + 0.0  # no -0


def text_of(baseline: Baseline) -> str:
    """The text of a baseline: the same bytes for the same numbers, one line per row of numbers."""
    data = baseline.model_dump(by_alias=True)
    for recorded in data["measures"].values():
        if not recorded["censored"]:
            del recorded["censored"]
    return _lines(data, "") + "\n"


def _lines(value: Any, indent: str) -> str:
    below = indent + " "
    if isinstance(value, dict) and value:
        rows = (
            f"{below}{json.dumps(k, ensure_ascii=False)}: {_lines(value[k], below)}"
            for k in sorted(value)
        )
        return "{\n" + ",\n".join(rows) + "\n" + indent + "}"
    if isinstance(value, list | tuple) and any(isinstance(row, list | tuple) for row in value):
        return "[\n" + ",\n".join(f"{below}{_lines(row, below)}" for row in value) + f"\n{indent}]"
    return json.dumps(_short(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _short(value: Any) -> Any:
    """Whole numbers without a decimal point."""
    if isinstance(value, list | tuple):
        return [_short(below) for below in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file.

    Raises:
        InputError: there is no such file, or it is no baseline.
    """
    text = read_text(path, str(path), LARGEST_FILE)
    try:
        found = Baseline.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise _corrupt(path, f"{where}: {first['msg']}" if where else first["msg"]) from None
    slip = _slip(found)
    if slip:
        raise _corrupt(path, slip)
    return found


def _slip(found: Baseline) -> str:
    """What is wrong with the shape of a baseline; nothing for as many values as replications."""
    if found.schema_ != SCHEMA:
        return f"its schema is {shown(found.schema_)}"
    for name, recorded in found.measures.items():
        if len(recorded.values) != found.replications:
            return f"{len(recorded.values)} values of {name} in {found.replications} replications"
    for name, series in found.series.items():
        if len(series.values) != found.replications or len(set(map(len, series.values))) > 1:
            return f"the rows of series {name} are not alike"
    return ""


def _corrupt(path: Path, reason: str) -> InputError:
    rule = f"be a baseline ({SCHEMA}) as chainsim check --update-baseline writes it"
    return InputError([Problem(str(path), 0, 0, "", rule, shortened(reason, 120))])
