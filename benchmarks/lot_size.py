"""How the measures of a scenario change with the size of its lots, and what smaller lots cost.

A lot-time parameter takes several values; everything else, the seed too, stays. What the measures
settle to as lots shrink is what the model says; a default is chosen where they have settled.
Writes lot_size.csv and lot_size.svg into the folder.

Usage: lot_size.py SCENARIO FOLDER [--parameter NAME] [--values LIST] [--operation NAME]
                   [--set PATH=VALUE ...]
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np

import chainsim
from chainsim.outcome.measures import Meter
from chainsim.report.figures.style import BLUE, Picture, as_svg, canvas, styled

Row = dict[str, float | str | None]
TOTALS = ("output", "backlog", "fill_rate", "same_day_fill_rate")
CHANGES = {
    "output": "Output, change in %",
    "utilisation": "Utilisation of lines, change in %",
    "days_of_cover": "Mean days of cover of inputs, change in %",
}
"""Drawn against the first value of the parameter, at least from -1 to 1 %."""
LEVELS = {
    "fill_rate": "Filled at once, share",
    "backlog": "Mean backlog, units",
    "events": "Events, millions",
}


def main(arguments: argparse.Namespace) -> None:
    """A row, printed and written, for every value of the parameter."""
    folder = Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for value in arguments.values.split(","):
        change = f"parameters.{arguments.parameter}={value.strip()}"
        row = {arguments.parameter: value.strip()}
        row |= measured(arguments.scenario, [*arguments.set, change], arguments.operation)
        rows.append(row)
        print(*(f"{name} {_shown(number)}" for name, number in row.items()), sep="  ", flush=True)
    with (folder / "lot_size.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (folder / "lot_size.svg").write_bytes(as_svg(drawn(arguments.parameter, rows).figure))


def measured(scenario: str, overrides: list[str], operation: str) -> Row:
    """The measures of one replication; utilisation is that of the operations of a name."""
    network = chainsim.compile_network(chainsim.load_scenario(scenario, overrides))
    began = time.process_time()
    run = chainsim.simulate(network)
    took = time.process_time() - began
    values = chainsim.measure(network, run)
    lines = [i for i, o in enumerate(network.operations) if o.id.split("/", 1)[1] == operation]
    sites = range(len(network.sites))
    covers = [c for row in values.items.values() if (c := row["days_of_cover"]) is not None]
    return {
        **{name: values.total[name] for name in TOTALS},
        "utilisation": Meter(network, run).row(sites, lines)["utilisation"],
        "days_of_cover": sum(covers) / len(covers) if covers else None,
        **{f"days_of_cover.{item}": row["days_of_cover"] for item, row in values.items.items()},
        "events": run.events,
        "cpu_s": round(took, 2),
    }


@styled
def drawn(parameter: str, rows: list[Row]) -> Picture:
    """Every measure over the parameter."""
    values = [str(row[parameter]) for row in rows]
    title = f"What a run says, by {parameter}"
    caption = f"One replication for each value, with the same seed. Changes are from {values[0]}."
    figure, grid = canvas(4.6, title, caption, 0, nrows=2, ncols=3)
    for axes, (name, words) in zip(grid.flat, (CHANGES | LEVELS).items(), strict=True):
        numbers = np.array([row[name] for row in rows], dtype=np.float64)
        if name in CHANGES:
            numbers = 100 * (numbers / numbers[0] - 1)
            widest = 1.1 * max(1.0, np.nanmax(np.abs(numbers)))
            axes.set_ylim(-widest, widest)
        axes.plot(values, numbers / 1e6 if name == "events" else numbers, marker="o", color=BLUE)
        axes.set_title(words, fontsize=8, loc="left")
    return Picture("lot_size", title, caption, figure, {})


def _shown(number: float | str | None) -> str:
    return f"{number:.5g}" if isinstance(number, float) else str(number)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario")
    parser.add_argument("folder")
    parser.add_argument("--parameter", default="assembly.lot_time")
    parser.add_argument("--values", default="0.5 h,1 h,2 h,4 h")
    parser.add_argument("--operation", default="line")
    parser.add_argument("--set", action="append", default=[])
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(_arguments()))
