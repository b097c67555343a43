"""Commands that are stopped at random instants and started again.

Each check returns what is wrong, a sentence for each, and nothing where all is well.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

from tests.reliability.subject import (
    PATIENCE_S,
    Finished,
    Reference,
    Started,
    Subject,
)

TORN = 40
"""Bytes that a torn write loses at most."""
INTERRUPTED = (0, 130, -signal.SIGINT)
"""Exit codes after an interrupt. The last is what a shell calls 130: it came as all was done, when
Python hears no signals any more."""
SPREAD = (0.05, 0.95)
"""Between these shares of the time of an undisturbed run a command is stopped."""


def killed_and_resumed(
    subject: Subject,
    reference: Reference,
    out: Path,
    workers: int,
    kills: int,
    seed: int,
    patience_s: float = PATIENCE_S,
) -> list[str]:
    """A command that is killed many times, with rubbish left beside its results each time.

    A kill takes the command alone; what it has started must end by itself, with some patience.
    """
    chance = random.Random(seed)
    problems = []
    for number in range(kills):
        with subject.started(out, workers) as command:
            if not command.ends_within(chance.uniform(*SPREAD) * reference.seconds):
                command.kill()
                if not command.leaves_nobody(patience_s):
                    problems.append(f"kill {number}: workers outlive their command")
        out.mkdir(exist_ok=True)
        (out / f"left_over_{number}.tmp").write_bytes(b"\x00rubbish")
    done = subject.finish(out, workers)
    problems += _judged(f"after {kills} kills", subject, reference, out, done)
    kept = len(list(out.glob("left_over_*.tmp")))
    if kept != kills:
        problems.append(f"{kills - kept} files of somebody else are gone")
    return problems


def torn_and_resumed(subject: Subject, reference: Reference, out: Path, seed: int) -> list[str]:
    """A command that is killed, and one of whose newest files then loses its last bytes.

    It may do the work again, or say that the file is damaged; it may not believe the file.
    """
    chance = random.Random(seed)
    with subject.started(out) as command:
        _until_something_is_kept(out, command)
        command.ends_within(chance.uniform(0, 0.5) * reference.seconds)
    files = sorted((f for f in _files(out) if _size(f) > TORN), key=lambda f: f.stat().st_mtime_ns)
    if not files:
        return ["nothing was kept that could be torn"]
    file = chance.choice(files[-3:])
    os.truncate(file, _size(file) - chance.randint(1, TORN))
    done = subject.finish(out)
    if done.failed_in_words:
        return []
    return _judged(f"{file.name} torn", subject, reference, out, done)


def interrupted_and_resumed(
    subject: Subject, reference: Reference, out: Path, workers: int, seed: int
) -> list[str]:
    """A command that is interrupted as by a terminal: all its processes at once."""
    chance = random.Random(seed)
    problems = []
    with subject.started(out, workers) as command:
        _until_something_is_kept(out, command)
        if not command.ends_within(chance.uniform(0, 0.3) * reference.seconds):
            command.signal_all(signal.SIGINT)
        done = command.ended()
        if done.code not in INTERRUPTED or "Traceback" in done.errors:
            problems.append(f"interrupted: {done}")
        if not command.leaves_nobody(PATIENCE_S):
            problems.append("workers outlive an interrupt")
    again = subject.finish(out, workers)
    return problems + _judged("after an interrupt", subject, reference, out, again)


def two_at_once(subject: Subject, reference: Reference, out: Path) -> list[str]:
    """Two commands with one folder: both are fine, or one says that the other is there."""
    with subject.started(out) as one, subject.started(out) as other:
        both = [one.ended(), other.ended()]
    problems = [f"two at once: {one}" for one in both if not one.fine and not one.failed_in_words]
    if not any(one.fine for one in both):
        problems.append("two at once: none was fine")
    done = subject.finish(out)
    return problems + _judged("after two at once", subject, reference, out, done)


def finished_and_run_again(subject: Subject, reference: Reference, out: Path) -> list[str]:
    """A command whose results are all there: it changes no file."""
    before = {file: file.stat().st_mtime_ns for file in _files(out)}
    done = subject.finish(out)
    problems = _judged("run again", subject, reference, out, done)
    after = {file: file.stat().st_mtime_ns for file in _files(out)}
    changed = [file.name for file in before.keys() | after.keys()
               if before.get(file) != after.get(file)]  # fmt: skip
    if changed:
        problems.append(f"run again: {', '.join(sorted(changed))} changed")
    return problems


def _judged(
    what: str, subject: Subject, reference: Reference, out: Path, done: Finished
) -> list[str]:
    """What is wrong with a command that should have come to the results of the reference."""
    if not done.fine:
        return [f"{what}: {done}"]
    if subject.digest(out) != reference.digest:
        return [f"{what}: other results"]
    return []


def _until_something_is_kept(out: Path, command: Started) -> None:
    """Wait until there is a file with something in it."""
    while not any(_size(file) > TORN for file in _files(out)) and not command.ends_within(0.01):
        pass


def _size(file: Path) -> int:
    """Of a file that may be gone meanwhile."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _files(folder: Path) -> Iterator[Path]:
    """What a command has left; a file may vanish while this looks."""
    for file in folder.rglob("*"):
        if file.is_file():
            yield file
