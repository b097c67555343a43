"""One run of a study: a point in a replication, and what is kept of it.

A run is known by the hash of all that its numbers depend on: what the base scenario is made of, the
values that replace others, the replication, the engine, and the versions of model, program and
numpy, whose streams of random numbers may change. Two runs of one key give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from chainsim import __version__
from chainsim.errors import ChainsimError, InputError
from chainsim.experiments.contrasts import impact_row, is_censored
from chainsim.experiments.replications import compared_with_twin, simulate
from chainsim.experiments.sweeps.points import Point
from chainsim.network.compiled import CompiledNetwork
from chainsim.network.compiling import MODEL_VERSION, compile_network
from chainsim.outcome.measures import daily_output, measure
from chainsim.outcome.trajectory import Trajectory, scale_of
from chainsim.outcome.yearly import measures_by_year
from chainsim.scenario.loading import OpenedScenario
from chainsim.scenario.recipe import digest_of

ENGINE = "simpy"
OUTPUT = "output"
"""The daily series of all output items."""
LAYOUT = "chainsim/run/1"
"""What a payload looks like."""


@dataclass(frozen=True, slots=True)
class Result:
    """What is kept of a run."""

    payload: bytes = b""
    """Its measures, packed; empty if it failed."""
    days: bytes = b""
    """Its daily series, packed; empty where none are wanted."""
    error: str = ""
    """Why it failed."""
    series: tuple[str, ...] = ()
    """The names of the daily series."""


@dataclass(frozen=True)
class Bench:
    """What it takes to perform any run of a study; it travels to the workers."""

    bases: Mapping[str, OpenedScenario]
    points: Sequence[Point]
    tasks: Sequence[tuple[int, int]]
    """(point, replication) of every run that is to be performed."""
    daily: tuple[str, ...] = ()
    twins: bool = True
    """Whether scenarios with a resilience block are compared with their twins."""
    _last: dict[Point, CompiledNetwork] = field(default_factory=dict, compare=False)

    def perform(self, index: int) -> Result:
        """What is kept of a run; what goes wrong in it is kept as its error."""
        point, replication = self.tasks[index]
        try:
            network = self._network(self.points[point])
            trajectory = simulate(network, replication)
            payload = pack(_measured(network, trajectory, replication))
            days = packed_days(network, trajectory, self.daily)
            return Result(payload, days, series=self.daily)
        except InputError as error:
            return Result(error=f"the scenario is not possible: {error}")
        except ChainsimError as error:
            return Result(error=f"{type(error).__name__}: {error}")
        except MemoryError:
            return Result(error="out of memory")

    def _network(self, point: Point) -> CompiledNetwork:
        """The network of a point; that of the last one is at hand for its other replications."""
        if point not in self._last:
            scenario = self.bases[point.base].load(point.overrides)
            self._last.clear()
            network = compile_network(scenario)
            self._last[point] = network if self.twins else replace(network, resilience=None)
        return self._last[point]


def _measured(network: CompiledNetwork, trajectory: Trajectory, number: int) -> dict[str, Any]:
    values = measure(network, trajectory)
    total: dict[str, float | None] = dict(values.total)
    censored: dict[str, float] = {}
    if network.resilience is not None:
        impact = compared_with_twin(network, trajectory, number).total
        total |= impact_row(impact)
        censored = {name: impact.followed for name in total if is_censored(impact, name)}
    years = measures_by_year(network, trajectory)
    return {
        "layout": LAYOUT,
        "events": trajectory.events,
        "total": total,
        "items": values.items,
        "years": {str(one.year.year): one.total for one in years if one.year.whole},
        "censored": censored,
    }


def pack(facts: Mapping[str, Any]) -> bytes:
    """Plain data as compressed JSON, the same bytes for the same data."""
    text = json.dumps(facts, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return zlib.compress(text.encode(), 9)


def unpacked(payload: bytes) -> dict[str, Any]:
    """What was packed.

    Raises:
        ValueError: the bytes are damaged.
    """
    try:
        found: dict[str, Any] = json.loads(zlib.decompress(payload))
    except (zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"damaged bytes: {error}") from None
    return found


def packed_days(network: CompiledNetwork, trajectory: Trajectory, names: Sequence[str]) -> bytes:
    """Daily series of the whole chain, compressed; empty for no names."""
    if not names:
        return b""
    rows = [_series(network, trajectory, name) for name in names]
    steps = np.diff(np.array(rows, dtype=np.int64), axis=1, prepend=0)
    head = json.dumps({"names": list(names), "days": steps.shape[1]}).encode()
    return zlib.compress(head + b"\n" + steps.astype("<i8").tobytes(), 9)


def unpacked_days(payload: bytes) -> dict[str, list[int]]:
    """The series by name, as stored: thousandths or seconds, a value for each day of the run."""
    head, _, body = zlib.decompress(payload).partition(b"\n")
    facts = json.loads(head)
    rows = np.frombuffer(body, dtype="<i8").reshape(len(facts["names"]), facts["days"])
    return dict(zip(facts["names"], rows.cumsum(axis=1).tolist(), strict=True))


def _series(network: CompiledNetwork, trajectory: Trajectory, name: str) -> Any:
    if name == OUTPUT:
        return daily_output(network, trajectory).sum(axis=1)
    kind, _, series = name.partition(".")
    table = trajectory.tables[kind]
    by_name = table.counts if series in table.counts else table.levels
    return by_name[series].sum(axis=1)


def scale_of_series(name: str) -> int:
    """What stored values of a daily series are divided by to be in units, or in seconds."""
    kind, _, series = name.partition(".")
    return 1000 if name == OUTPUT else scale_of(kind, series)


@dataclass(frozen=True)
class Identity:
    """Keys of the runs of a study."""

    bases: Mapping[str, OpenedScenario]
    twins: bool = True
    """Whether runs are compared with their twins, where they can be."""

    @cached_property
    def digests(self) -> dict[str, str]:
        """What each base scenario is made of, as a hash."""
        return {name: digest_of(one.recipe) for name, one in self.bases.items()}

    def of_point(self, point: Point) -> bytes:
        """The hash of all but the replication."""
        program = (ENGINE, MODEL_VERSION, __version__, np.__version__)
        facts = [self.digests[point.base], point.overrides, *program]
        if not self.twins:
            facts.append("without twins")
        return hashlib.sha256(json.dumps(facts).encode()).digest()

    @staticmethod
    def of_run(point: bytes, replication: int) -> bytes:
        """The key of a run: 32 bytes."""
        return hashlib.sha256(point + replication.to_bytes(8, "big")).digest()
