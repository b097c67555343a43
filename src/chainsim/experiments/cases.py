"""A case of a stress test: one run with a knock-out against the twin that is in the store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from chainsim.errors import RunError
from chainsim.experiments.fluid import holdings_of
from chainsim.experiments.knockouts import Tried
from chainsim.experiments.replications import simulate
from chainsim.experiments.store import Kept, key_of, reading
from chainsim.experiments.twins import packed_twin, unpacked_output
from chainsim.network.compiled import CompiledNetwork
from chainsim.network.disruption import DisruptionSpec
from chainsim.outcome.resilience import Resilience
from chainsim.outcome.twin import TwinComparison, output_against_twin, output_of

Specs = Mapping[str, tuple[DisruptionSpec, ...]]


@dataclass(frozen=True, slots=True)
class Case:
    """One run: a knock-out from a date on in a replication, or the twin of the replication."""

    replication: int
    tried: Tried | None = None


@dataclass(frozen=True)
class Bench:
    """What it takes to run a case; it travels to the workers."""

    network: CompiledNetwork
    """With one horizon for all, and no disruption."""
    fingerprint: str
    """Of the scenario without disruptions, the replications aside."""
    specs: Specs
    """By id of the knock-out; a pair has those of both."""
    recovery: int
    """Seconds."""

    def facts(self, case: Case) -> dict[str, Any]:
        """All that the result of a case depends on."""
        tried = case.tried
        facts = {"study": "stress", "network": self.fingerprint, "replication": case.replication}
        if tried is None:
            return facts | {"knockout": None}
        return facts | {
            "knockout": list(tried.knockout.blocks),
            "start": tried.start.isoformat(),
            "duration_s": tried.duration,
            "recovery_s": self.recovery,
        }

    def struck(self, tried: Tried) -> tuple[CompiledNetwork, int]:
        """The network with a knock-out, and the second at which it strikes."""
        strike = round((tried.start - self.network.horizon.origin).total_seconds())
        specs = tuple(
            replace(
                spec,
                starts=(strike,),
                duration=replace(spec.duration, parameters=(float(tried.duration),)),
            )
            for id_ in tried.knockout.couple or (tried.knockout.id,)
            for spec in self.specs[id_]
        )
        return replace(self.network, disruptions=specs), strike


def perform(bench: Bench, store: Path, cases: Sequence[Case], index: int) -> Kept:
    """What is kept of one of some cases: the twin's output, or the comparison with the twin."""
    case = cases[index]
    try:
        return Kept(_payload(bench, store, case))
    except RunError as error:
        return Kept(None, f"{type(error).__name__}: {error}")
    except MemoryError:
        return Kept(None, "out of memory")


def _payload(bench: Bench, store: Path, case: Case) -> bytes:
    if case.tried is None:
        trajectory = simulate(bench.network, case.replication)
        output = output_of(bench.network, trajectory)
        return packed_twin(bench.network, output, holdings_of(bench.network, trajectory))
    packed = _twin(store, key_of(bench.facts(Case(case.replication))))
    twin = unpacked_output(bench.network, packed)
    network, strike = bench.struck(case.tried)
    run = output_of(network, simulate(network, case.replication))
    found = output_against_twin(network, run, twin, strike)
    sites = {site: asdict(one) for site, one in found.sites.items()}
    return json.dumps({"total": asdict(found.total), "sites": sites}).encode()


@lru_cache(maxsize=1)  # cases come by replication
def _twin(store: Path, key: str) -> bytes:
    with reading(store) as opened:
        kept = opened.find(key)
    if kept is None or kept.payload is None:
        raise RunError(f"the twin without disruptions failed: {kept.error if kept else 'missing'}")
    return kept.payload


def comparison_of(payload: bytes) -> TwinComparison:
    """The comparison that was kept."""
    found = json.loads(payload)
    sites = {site: Resilience(**values) for site, values in found["sites"].items()}
    return TwinComparison(Resilience(**found["total"]), sites)
