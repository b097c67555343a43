"""What the commands of studies share: their numbers of runs, and how figures are written."""

from __future__ import annotations

import argparse
from pathlib import Path

from chainsim.report.figures.style import Picture, as_svg
from chainsim.report.files import csv_text


def at_least_two(text: str) -> int:
    """A number of replications."""
    if int(text) < 2:
        raise argparse.ArgumentTypeError("intervals take two replications")
    return int(text)


def at_least_one(text: str) -> int:
    """A number of processes."""
    if int(text) < 1:
        raise argparse.ArgumentTypeError("one process at least")
    return int(text)


def write_picture(picture: Picture, folder: Path) -> None:
    """Write a figure and the data behind it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{picture.name}.svg").write_bytes(as_svg(picture.figure))
    (folder / f"{picture.name}.csv").write_text(csv_text(picture.data), "utf-8")
