"""The readable engine against a tutorial-style SimPy program of the same chain.

Both simulate three years of `naive_chain.py`'s chain. The yearly outputs must agree within 0.5 %;
then the processor time of interleaved runs is printed, and its ratio. Usage: compare.py [runs]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import chain_scenario
import naive_chain

import chainsim
from chainsim.engines.simpy_engine import simulate
from chainsim.network.compiled import THOUSANDTHS
from chainsim.outcome.measures import daily_output

YEAR = 365
TOLERANCE = 0.005


def main(runs: int) -> int:
    """Compare outputs and times; 1 if the outputs differ."""
    network = chainsim.compile_network(chainsim.scenario_from_mapping(chain_scenario.scenario()))
    form = "interpreted" if simulate.__file__.endswith(".py") else "compiled"
    print("engine of chainsim:", form)
    naive_output, naive_events = naive_chain.run()
    trajectory = chainsim.simulate(network)
    daily = daily_output(network, trajectory).sum(axis=1) / THOUSANDTHS
    output = [float(daily[k * YEAR : (k + 1) * YEAR].sum()) for k in range(3)]
    print("output by year, naive   :", *naive_output)
    print("output by year, chainsim:", *(f"{value:.0f}" for value in output))
    pairs = zip(output, naive_output, strict=True)
    if any(abs(mine / theirs - 1) > TOLERANCE for mine, theirs in pairs):
        print("the outputs differ by more than 0.5 %")
        return 1
    naive_times, times = [], []
    for _ in range(runs):
        naive_times.append(processor_time(naive_chain.run))
        times.append(processor_time(lambda: chainsim.simulate(network)))
    ratios = [theirs / mine for mine, theirs in zip(times, naive_times, strict=True)]
    print(f"naive   : {statistics.median(naive_times):.2f} s, {naive_events} events")
    print(f"chainsim: {statistics.median(times):.2f} s, {trajectory.events} happenings")
    print(
        f"ratio   : {statistics.median(ratios):.2f} (from {min(ratios):.2f} to {max(ratios):.2f})"
    )
    return 0


def processor_time(work: Callable[[], object]) -> float:
    """Seconds of processor time that a piece of work takes."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
