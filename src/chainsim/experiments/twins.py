"""The output of a twin, packed so that runs on other processes can be compared with it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.resilience import OutputRecord


def packed_output(network: CompiledNetwork, output: OutputRecord) -> bytes:
    """The record as compressed arrays; the same record gives the same bytes."""
    arrays: dict[str, Any] = {
        "daily": output.daily,
        "waiting": output.waiting,
        "end": np.array(output.end),
    }
    for k, stock in enumerate(_stocks(network)):
        arrays[f"instants_{k}"], arrays[f"quantities_{k}"] = output.made[stock]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpacked_output(network: CompiledNetwork, packed: bytes) -> OutputRecord:
    """The record that was packed for the same network."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        made = {
            stock: (arrays[f"instants_{k}"], arrays[f"quantities_{k}"])
            for k, stock in enumerate(_stocks(network))
        }
        return OutputRecord(arrays["daily"], arrays["waiting"], made, int(arrays["end"]))


def _stocks(network: CompiledNetwork) -> list[str]:
    return [network.stocks[stock].id for stock in network.output_stocks]
