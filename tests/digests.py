"""Print a digest of some trajectories, to compare two builds of the engine byte by byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

import chainsim
from chainsim.engines.simpy_engine import simulate
from tests.series import series

CASES = Path("tests/verification/scenarios")
COARSE = ("parameters.assembly.lot_time=4 h", "parameters.supplier.growth_lot_time=8 h")
RUNS = {
    CASES / "A-X01.yaml": ("run.length=444 h",),
    CASES / "A-D06.yaml": ("run.length=50 d",),
    CASES / "A-I01.yaml": ("run.length=2000 d",),
    CASES / "A-I09.yaml": ("run.length=3000 d",),
    CASES / "A-M05.yaml": ("run.length=300 d",),
    CASES / "A-Q08.yaml": ("run.length=105 d",),
    Path("scenarios/baseline_2022.yaml"): ("run.length=365 d",),
    Path("scenarios/growth_2030.yaml"): ("run.length=745 d", *COARSE),
}
"""Changes to each scenario. Growth to January 2023: works open, models come, cars are inspected."""


def main() -> None:
    """The engine's file type, then a line for every run."""
    print("engine:", Path(simulate.__file__).suffix)
    for path, changes in RUNS.items():
        scenario = chainsim.load_scenario(path, changes)
        run = chainsim.simulate(chainsim.compile_network(scenario))
        text = repr((sorted(series(run).items()), run.log))
        print(path.stem, hashlib.sha256(text.encode()).hexdigest())


if __name__ == "__main__":
    main()
