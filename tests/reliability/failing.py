"""The N-th operation on files fails: as SQLite tests itself, and through the same calls.

The operations of a whole process are counted first; then each one, or a sample of them, fails in a
process of its own, and an undisturbed one goes on from what is left.
"""

from __future__ import annotations

import errno
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.reliability.subject import Finished, Reference, Subject

SOURCE = Path(__file__).with_name("failing.c")
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)


@dataclass(frozen=True)
class Fault:
    """Which operation fails, and how."""

    nth: int
    error: int
    ever: bool
    """Whether all later ones fail, too."""

    def __str__(self) -> str:
        later = " and all later ones" if self.ever else ""
        return f"operation {self.nth}{later}, {errno.errorcode[self.error]}"


@dataclass(frozen=True)
class FailingDisk:
    """A library that makes operations of a process fail."""

    library: Path

    def run(self, subject: Subject, out: Path, fault: Fault | None) -> tuple[Finished, str]:
        """The command with one fault or none; (how it ended, what the library has noted)."""
        log = out.with_name(f"{out.name}.log")
        nth, error, ever = (fault.nth, fault.error, fault.ever) if fault else (0, 0, False)
        environment = {
            "LD_PRELOAD": str(self.library), "FAIL_BELOW": str(out), "FAIL_LOG": str(log),
            "FAIL_NTH": str(nth), "FAIL_ERRNO": str(error), "FAIL_EVER": str(int(ever)),
        }  # fmt: skip
        done = subject.finish(out, environment=environment)
        return done, log.read_text("utf-8") if log.exists() else ""

    def operations(self, subject: Subject, out: Path) -> int:
        """How many operations an undisturbed run has.

        Raises:
            AssertionError: it fails, or has none.
        """
        done, log = self.run(subject, out, None)
        assert done.fine, str(done)
        counts = [int(number) for number in re.findall(r"^operations (\d+)$", log, re.MULTILINE)]
        assert counts, "no operation was seen"
        return max(counts)


def failing_disk(folder: Path) -> FailingDisk:
    """Compile the library.

    Raises:
        OSError: there is no C compiler, or it cannot.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise OSError("there is no C compiler")
    library = folder / "failing.so"
    words = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise OSError(done.stderr)
    return FailingDisk(library)


def faults(numbers: Iterable[int]) -> list[Fault]:
    """Faults of all kinds in turn at some operations."""
    return [Fault(nth, ERRORS[k % len(ERRORS)], k % 2 == 1) for k, nth in enumerate(numbers)]


def spread(operations: int, number: int) -> list[int]:
    """So many operations of all, evenly, with the first and the last among them."""
    if number >= operations:
        return list(range(1, operations + 1))
    return sorted({1 + round(k * (operations - 1) / (number - 1)) for k in range(number)})


def losses(
    disk: FailingDisk,
    subject: Subject,
    reference: Reference,
    folder: Path,
    some: Iterable[Fault],
) -> list[str]:
    """What went wrong: a loss in silence, a bug, or other results after going on."""
    problems = []
    for number, fault in enumerate(some):
        out = folder / f"fault_{number}"
        done, log = disk.run(subject, out, fault)
        where = f"{fault} ({log.splitlines()[0] if log else 'never came'})"
        if done.fine and subject.digest(out) != reference.digest:
            problems.append(f"{where}: a loss in silence")
        if not done.fine and not done.failed_in_words:
            problems.append(f"{where}: {done}")
        again = subject.finish(out)
        if not again.fine:
            problems.append(f"going on after {where}: {again}")
        elif subject.digest(out) != reference.digest:
            problems.append(f"going on after {where}: other results")
    return problems
