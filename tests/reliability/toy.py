"""A small command that can be resumed, to test the tests: right, or with one known defect.

    python toy.py run OUT [DEFECT]      python toy.py export OUT

A run is a file: its number, its value, and their hash. Defects: `believes` takes every file for a
finished run, `silent` ignores what cannot be written, `restarts` runs everything each time,
`appends` keeps all runs in one file without a lock, `hashes` draws from the hash of a text,
`traceback` ends with one when the disk is full, `stubborn` is slow and has a child that stays.
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

RUNS = 6
WORK_S = 0.02


def main() -> None:
    task, out = sys.argv[1], Path(sys.argv[2])
    if task == "export":
        export(out)
    else:
        run(out, sys.argv[3] if len(sys.argv) > 3 else "")


def run(out: Path, defect: str) -> None:
    if defect == "stubborn":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        out.mkdir(exist_ok=True)
        for number in range(RUNS):
            if defect == "restarts" or not is_kept(out, number, defect):
                keep(out, number, value(number, defect), defect)
    except OSError as error:
        if defect == "traceback":
            raise
        sys.exit(f"{error.filename}: {error.strerror}")
    except KeyboardInterrupt:
        sys.exit(130)


def value(number: int, defect: str) -> float:
    time.sleep(10 * WORK_S if defect == "stubborn" else WORK_S)
    return random.Random(hash("toy") if defect == "hashes" else number).random()


def line(number: int, found: float) -> str:
    text = f"{number} {found!r} {'.' * 2000}"
    return f"{text} {hashlib.sha256(text.encode()).hexdigest()}\n"


def is_kept(out: Path, number: int, defect: str) -> bool:
    if defect == "appends":
        file = out / "runs"
        return file.exists() and f"\n{number} " in "\n" + file.read_text()
    file = out / f"run_{number}"
    if defect == "believes":
        return file.exists()
    if not file.exists():
        return False
    text, _, check = file.read_text().rstrip("\n").rpartition(" ")
    return hashlib.sha256(text.encode()).hexdigest() == check


def keep(out: Path, number: int, found: float, defect: str) -> None:
    if defect == "appends":
        with (out / "runs").open("a") as file:
            file.write(line(number, found))
        return
    try:
        new = out / f".new_{number}_{os.getpid()}"
        with new.open("w") as file:
            file.write(line(number, found))
            file.flush()
            os.fsync(file.fileno())
        new.replace(out / f"run_{number}")
    except OSError:
        if defect != "silent":
            raise


def export(out: Path) -> None:
    if (out / "runs").exists():
        print((out / "runs").read_text())
        return
    for number in range(RUNS):
        file = out / f"run_{number}"
        print(file.read_text() if file.exists() else "")


if __name__ == "__main__":
    main()
