"""Events, time and peak memory of one replication of a scenario, each way in a fresh process.

Two ways: `measures` keeps nothing but the measures, as sweeps and calibrations do; `full` is what
`chainsim run` does: the daily trajectory, the daily file, figures and the report. Times are those
of the simulation alone, and of all with reading, compiling and writing.

Usage: footprint.py SCENARIO [PATH=VALUE ...]
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WAYS = ("measures", "full")
COLUMNS = (
    ("way", "{:>8}"),
    ("engine", "{:>11}"),
    ("days", "{:>6,}"),
    ("events", "{:>12,}"),
    ("simulated_s", "{:>11.1f}"),
    ("simulated_cpu_s", "{:>15.1f}"),
    ("events_per_s", "{:>12,.0f}"),
    ("whole_s", "{:>8.1f}"),
    ("whole_cpu_s", "{:>11.1f}"),
    ("peak_mb", "{:>8.0f}"),
)
"""`events_per_s` is by processor time, which other programs disturb least."""
TO_MEGABYTES = 1e6 if sys.platform == "darwin" else 1e6 / 1024


def main(arguments: list[str]) -> None:
    """One line for every way."""
    print(*(name.rjust(len(form.format(0))) for name, form in COLUMNS))
    for way in WAYS:
        command = [sys.executable, __file__, "--way", way, *arguments]
        found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        print(*(form.format(found[name]) for name, form in COLUMNS))


def replication(way: str, scenario: str, overrides: list[str]) -> dict[str, Any]:
    """What one replication takes, in this process."""
    from chainsim.engines.simpy_engine import simulate
    from chainsim.experiments.runs import prepare
    from chainsim.scenario.loading import load_scenario

    prepared = prepare(load_scenario(scenario, [*overrides, "run.replications=1"]))
    began = time.perf_counter(), time.process_time()
    events, finish = {"measures": measured, "full": run_and_written}[way](prepared)
    simulated = time.perf_counter() - began[0], time.process_time() - began[1]
    finish()
    return {
        "way": way,
        "engine": "interpreted" if Path(simulate.__file__).suffix == ".py" else "compiled",
        "days": len(prepared.network.horizon.day_ends),
        "events": events,
        "simulated_s": simulated[0],
        "simulated_cpu_s": simulated[1],
        "events_per_s": events / simulated[1],
        "whole_s": time.perf_counter() - STARTED,
        "whole_cpu_s": time.process_time(),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / TO_MEGABYTES,
    }


def measured(prepared: Any) -> tuple[int, Callable[[], None]]:
    """The events of a simulation of which nothing but the measures is kept."""
    import chainsim

    run = chainsim.simulate(prepared.network)
    events = run.events
    chainsim.measure(prepared.network, run)
    return events, lambda: None


def run_and_written(prepared: Any) -> tuple[int, Callable[[], None]]:
    """The events of a run that keeps its days, and the writing of its result folder."""
    from chainsim.experiments.runs import run

    found = run(prepared)

    def write() -> None:
        from chainsim.report.folder import Circumstances, write_run

        with tempfile.TemporaryDirectory() as folder:
            write_run(found, Path(folder) / "run", Circumstances("footprint", "", 0.0, 1))

    return found.replications[0].events, write


STARTED = time.perf_counter()
if __name__ == "__main__":
    if sys.argv[1:2] == ["--way"]:
        print(json.dumps(replication(sys.argv[2], sys.argv[3], sys.argv[4:])))
    else:
        main(sys.argv[1:])
