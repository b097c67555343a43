"""The same command in many environments, and on other disks."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from tests.reliability.subject import Reference, Subject


@dataclass(frozen=True)
class Environment:
    """What is different when a command is run."""

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    """Words before the command."""
    workers: int = 1


def threads(number: int) -> dict[str, str]:
    """Variables that give linear algebra so many threads."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return dict.fromkeys(names, str(number))


TOGETHER = (
    Environment(
        "hash seed 4242, plain locale, half-hour summer time, eight threads",
        {"PYTHONHASHSEED": "4242", "LC_ALL": "C", "TZ": "Australia/Lord_Howe", **threads(8)},
    ),
    Environment(
        "hash seed 0, a locale with commas that may be missing, 14 hours ahead, -O",
        {"PYTHONHASHSEED": "0", "LC_ALL": "de_DE.UTF-8", "TZ": "Pacific/Kiritimati",
         "PYTHONOPTIMIZE": "1", **threads(1)},
    ),
)  # fmt: skip
"""Many differences at once: quick, and no less strict."""
ONE_BY_ONE = (
    *(Environment(f"hash seed {n}", {"PYTHONHASHSEED": n}) for n in ("0", "1", "4242")),
    *(Environment(f"locale {n}", {"LC_ALL": n, "LANG": n}) for n in ("C", "de_DE.UTF-8")),
    *(
        Environment(f"time zone {zone}", {"TZ": zone})
        for zone in ("UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe",
                     "Pacific/Kiritimati")
    ),
    Environment("-O", {"PYTHONOPTIMIZE": "1"}),
    Environment("development mode", {"PYTHONDEVMODE": "1"}),
    *(Environment(f"{n} threads", threads(n)) for n in (1, 8)),
    *(Environment(f"{n} workers", workers=n) for n in (2, 3, 7)),
    Environment("one processor", before=("taskset", "-c", "0"), workers=7),
    Environment("low priority", before=("nice", "-n", "19")),
)  # fmt: skip
"""One difference each: says what it was."""


def differences(
    subject: Subject, reference: Reference, folder: Path, environments: tuple[Environment, ...]
) -> list[str]:
    """What comes out differently in some environments; a sentence for each."""
    problems = []
    for number, one in enumerate(environments):
        if one.before and shutil.which(one.before[0]) is None:
            continue
        out = folder / f"environment_{number}"
        done = subject.finish(out, one.workers, one.before, one.variables)
        if not done.fine:
            problems.append(f"{one.name}: {done}")
        elif subject.digest(out) != reference.digest:
            problems.append(f"{one.name}: other results")
    return problems


def other_instructions() -> dict[str, str]:
    """Variables with which numpy does without the faster instructions of this processor."""
    numpy_built = import_module("numpy._core._multiarray_umath")
    features: Mapping[str, bool] = numpy_built.__cpu_features__
    usable = [name for name in numpy_built.__cpu_dispatch__ if features.get(name)]
    return {"NPY_DISABLE_CPU_FEATURES": " ".join(usable)} if usable else {}


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of a size in place of a folder.

    Raises:
        PermissionError: this process may not mount one.
    """
    _mount(folder, f"size={size}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def changed_disk(folder: Path, options: str) -> None:
    """Change a disk that is mounted: its size, or whether it can be written."""
    _mount(folder, f"remount,{options}")


def _mount(folder: Path, options: str) -> None:
    if shutil.which("mount") is None:
        raise PermissionError("there is no mount")
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise PermissionError(done.stderr.strip())


def everything_below(*folders: Path) -> set[Path]:
    """All files and folders in some folders."""
    return {path for folder in folders for path in folder.rglob("*")}


def as_root() -> bool:
    """Whether permissions hold nothing back."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
