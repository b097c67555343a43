"""Where results come from: versions, machine, command line, and the bytes of the input files."""

from __future__ import annotations

import hashlib
import os
import platform
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from chainsim import __version__

PACKAGES = ("simpy", "numpy", "scipy", "matplotlib", "pydantic", "pyyaml", "salib", "numba")


def versions() -> dict[str, str]:
    """Versions of chainsim, Python and the packages on which numbers or figures depend."""
    found = {"chainsim": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """What the run ran on."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "implementation": platform.python_implementation(),
        "processors": os.cpu_count(),
    }


def peak_memory_mb() -> dict[str, float] | None:
    """The largest resident size so far of this process and of any of its workers, MB."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1e6 if sys.platform == "darwin" else 1024.0
    return {
        "this_process": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1),
        "largest_worker": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit, 1),
    }


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the input files held before anything was run."""

    digests: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of each file."""
    kept: Mapping[str, bytes] = field(default_factory=dict)
    """The bytes of the files that are copied into results."""


def inputs_of(files: Sequence[str], copied: Sequence[str]) -> Inputs:
    """The digests of files, and the bytes of those to be copied; what is no file is left out."""
    found = {file: raw for file in (*files, *copied) if (raw := _bytes(file)) is not None}
    return Inputs(
        {file: hashlib.sha256(found[file]).hexdigest() for file in files if file in found},
        {file: found[file] for file in copied if file in found},
    )


def _bytes(file: str) -> bytes | None:
    """What a file holds; None if it cannot be read. A pipe in its place is not waited for."""
    try:
        with open(file, "rb", opener=_at_once) as opened:
            return opened.read() if stat.S_ISREG(os.fstat(opened.fileno()).st_mode) else None
    except OSError:
        return None


def _at_once(file: str, flags: int) -> int:
    return os.open(file, flags | getattr(os, "O_NONBLOCK", 0))
