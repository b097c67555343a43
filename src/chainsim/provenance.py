"""Where results come from: versions, machine, command line, and the bytes of the input files."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from chainsim import __version__

PACKAGES = ("simpy", "numpy", "scipy", "matplotlib", "pydantic", "pyyaml", "numba")


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


def digests(files: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of each file that can still be read."""
    found = {}
    for file in files:
        try:
            found[file] = hashlib.sha256(Path(file).read_bytes()).hexdigest()
        except OSError:
            continue
    return found
