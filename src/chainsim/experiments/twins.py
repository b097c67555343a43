"""A twin, packed so that runs on other processes can be compared with it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from chainsim.experiments.fluid import Holdings
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.twin import OutputRecord


def packed_twin(network: CompiledNetwork, output: OutputRecord, holdings: Holdings) -> bytes:
    """What it makes and what it holds as compressed arrays; the same twin gives the same bytes."""
    arrays: dict[str, Any] = {
        "daily": output.daily,
        "waiting": output.waiting,
        "end": np.array(output.end),
        "goods": holdings.goods,
        "in_process": holdings.in_process,
    }
    for k, stock in enumerate(_stocks(network)):
        arrays[f"instants_{k}"], arrays[f"quantities_{k}"] = output.made[stock]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpacked_output(network: CompiledNetwork, packed: bytes) -> OutputRecord:
    """What the packed twin of a network makes."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        made = {
            stock: (arrays[f"instants_{k}"], arrays[f"quantities_{k}"])
            for k, stock in enumerate(_stocks(network))
        }
        return OutputRecord(arrays["daily"], arrays["waiting"], made, int(arrays["end"]))


def unpacked_holdings(packed: bytes) -> Holdings:
    """What a packed twin holds."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        return Holdings(arrays["goods"], arrays["in_process"])


def _stocks(network: CompiledNetwork) -> list[str]:
    return [network.stocks[stock].id for stock in network.output_stocks]
