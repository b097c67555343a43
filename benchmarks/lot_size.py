"""How the measures of a scenario change with the size of its lots, and what smaller lots cost.

A lot-time parameter takes several values; everything else, the seed too, stays. What the measures
settle to as lots shrink is what the model says; a default is chosen where they have settled. A run
of several calendar years is shown by year too. Writes lot_size.csv and lot_size.svg into a folder.

Usage: lot_size.py SCENARIO FOLDER [--parameter NAME] [--values LIST] [--operation NAME]
                   [--set PATH=VALUE ...]
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import chainsim
from chainsim.network.compiled import CompiledNetwork
from chainsim.outcome.calendar_years import calendar_years
from chainsim.outcome.launches import launch_courses
from chainsim.outcome.measures import Meter
from chainsim.outcome.trajectory import Trajectory
from chainsim.report.figures.style import BLACK, QUALITATIVE, Picture, as_svg, canvas, styled
from chainsim.scenario.launching import made_from

Row = dict[str, float | str | None]
Floats = NDArray[np.float64]
TOTALS = ("output", "backlog", "fill_rate", "same_day_fill_rate")
CHANGES = {
    "output": "Output, change in %",
    "utilisation": "Utilisation of lines, change in %",
    "days_of_cover": "Days of cover, change in %",
}
"""Drawn against the first value of the parameter, at least from -1.1 to 1.1 %."""
LEVELS = {
    "fill_rate": "Filled at once, share",
    "backlog": "Mean backlog, units",
    "launches_late": "Launches, mean days late",
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
    """The measures of one replication."""
    network = chainsim.compile_network(chainsim.load_scenario(scenario, overrides))
    began = time.process_time()
    run = chainsim.simulate(network)
    took = time.process_time() - began
    late = [c.late for c in launch_courses(network, run).values() if c.late is not None]
    return {
        **of_days(network, run, operation, range(run.first_day, len(run.day_ends))),
        **by_year(network, run, operation),
        "launches_late": sum(late) / len(late) if late else None,
        "events": run.events,
        "cpu_s": round(took, 2),
    }


def of_days(network: CompiledNetwork, run: Trajectory, operation: str, days: range) -> Row:
    """Totals over output items, and the utilisation of the operations of a name."""
    meter, sites = Meter(network, run, days), range(len(network.sites))
    total = meter.row(sites, of_output=True)
    ids = [spec.id.split("/", 1)[1] for spec in network.operations]
    lines = [i for i, own in enumerate(ids) if made_from(own) == operation]
    used = meter.row(sites, lines)["utilisation"]
    covers = [c for row in meter.items().values() if (c := row["days_of_cover"]) is not None]
    return {
        **{name: total[name] for name in TOTALS},
        "utilisation": used,
        "days_of_cover": sum(covers) / len(covers) if covers else None,
    }


def by_year(network: CompiledNetwork, run: Trajectory, operation: str) -> Row:
    """The same of every calendar year, where there are several."""
    ends = run.day_ends.tolist()
    years = calendar_years(run.origin, ends, range(run.first_day, len(ends)))
    return {
        f"{name}.{year.year}": value
        for year in years[: len(years) if len(years) > 1 else 0]
        for name, value in of_days(network, run, operation, year.days).items()
    }


@styled
def drawn(parameter: str, rows: list[Row]) -> Picture:
    """Every measure over the parameter; years in colours, the whole run in black."""
    values = [str(row[parameter]) for row in rows]
    title = f"What a run says, by {parameter}"
    caption = f"One replication for each value, with the same seed. Changes are from {values[0]}."
    panels = {k: v for k, v in (CHANGES | LEVELS).items() if rows[0][k] is not None}
    columns = math.ceil(len(panels) / 2)
    figure, grid = canvas(4.6, title, caption, 0, nrows=2, ncols=columns)
    for axes in grid.flat[len(panels) :]:
        axes.axis("off")
    for axes, (name, words) in zip(grid.flat, panels.items(), strict=False):
        years = [key for key in rows[0] if key.startswith(f"{name}.2")]
        for column, colour in zip((*years, name), (*QUALITATIVE[: len(years)], BLACK), strict=True):
            numbers = shown_as(name, np.array([row[column] for row in rows], dtype=np.float64))
            label = column.partition(".")[2] or "whole run"
            axes.plot(values, numbers, marker="o", ms=3, lw=1.2, color=colour, label=label)
        if name in CHANGES:
            low, high = axes.get_ylim()
            axes.set_ylim(min(low, -1.1), max(high, 1.1))
        elif name != "fill_rate":
            axes.set_ylim(bottom=0, top=max(axes.get_ylim()[1], 1))
        axes.set_title(words, fontsize=8, loc="left")
    if "output.2" in " ".join(rows[0]):
        grid.flat[0].legend(fontsize=6, ncols=2)
    return Picture("lot_size", title, caption, figure, {})


def shown_as(name: str, numbers: Floats) -> Floats:
    """Values as drawn."""
    if name in CHANGES:
        changes: Floats = 100 * (numbers / numbers[0] - 1)
        return changes
    return numbers / 1e6 if name == "events" else numbers


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
    main(_arguments())
