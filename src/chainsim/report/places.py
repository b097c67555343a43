"""Where results go: names of folders, and whether they can be written; quick to import."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from chainsim.errors import InputError, Problem, shortened

LONGEST_NAME = 80
"""Bytes of a folder's name."""
_UNSAFE = re.compile(r"[^\w.-]+")


def folder_name(scenario_file: str) -> str:
    """The name of the folder for a scenario file: its stem, made safe for any file system."""
    name = _UNSAFE.sub("_", Path(scenario_file).stem).strip("._-")
    while len(name.encode()) > LONGEST_NAME:
        name = name[:-1]
    return name or "scenario"


def check_out(out: Path) -> None:
    """Make a folder for results, if it is not there yet.

    Raises:
        InputError: it cannot be made or written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        os.rmdir(tempfile.mkdtemp(dir=out, prefix="."))  # short: an interrupt may leave it behind
    except OSError as error:
        raise unusable(out, "be a folder that can be written to", error.strerror) from None


def unusable(path: Path, rule: str, got: str | None) -> InputError:
    """The error of a place that cannot be used."""
    got, remedy = shortened(got or "an error"), "choose another folder with --out"
    return InputError([Problem("--out", 0, 0, str(path), rule, got, remedy)])
