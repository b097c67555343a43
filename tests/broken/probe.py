"""Loads scenario files one by one and prints, as JSON, what came of each. Run as a script."""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chainsim.errors import InputError
from chainsim.scenario.loading import load_scenario


def outcome(path: Path) -> dict[str, Any]:
    """Accepted or the problems of one file, with the time it took."""
    began = time.process_time()
    problems: list[dict[str, Any]] = []
    warnings: list[str] = []
    lines: list[str] = []
    error = ""
    try:
        warnings = [str(warning) for warning in load_scenario(path).warnings]
    except InputError as refusal:
        problems = [asdict(problem) for problem in refusal.problems]
        lines = str(refusal).splitlines()
    except BaseException as crash:
        error = repr(crash)[:500]
    return {
        "problems": problems,
        "lines": lines,
        "warnings": warnings,
        "error": error,
        "seconds": time.process_time() - began,
        "megabytes": megabytes(),
    }


def megabytes() -> float:
    """The most memory that this program has held, and not the one that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        (peak,) = (x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    limit = 1024 * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    print(json.dumps({Path(name).name: outcome(Path(name)) for name in sys.argv[1:]}))
