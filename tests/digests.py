"""Print a digest of some trajectories, to compare two builds of the engine byte by byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

import chainsim
from chainsim.engines.simpy_engine import simulate
from tests.series import series

CASES = Path("tests/verification/scenarios")
RUNS = {
    CASES / "A-X01.yaml": "444 h",
    CASES / "A-D06.yaml": "50 d",
    CASES / "A-I01.yaml": "2000 d",
    CASES / "A-I09.yaml": "3000 d",
    CASES / "A-M05.yaml": "300 d",
    CASES / "A-Q08.yaml": "105 d",
    Path("scenarios/baseline_2022.yaml"): "365 d",
}


def main() -> None:
    """The engine's file type, then a line for every run."""
    print("engine:", Path(simulate.__file__).suffix)
    for path, length in RUNS.items():
        scenario = chainsim.load_scenario(path, [f"run.length={length}"])
        run = chainsim.simulate(chainsim.compile_network(scenario))
        text = repr((sorted(series(run).items()), run.log))
        print(path.stem, hashlib.sha256(text.encode()).hexdigest())


if __name__ == "__main__":
    main()
