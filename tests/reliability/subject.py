"""A command under test as a black box: how to run it, and how to see what it has found."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

HANGS_S = 120.0
"""After so long a command is taken to hang."""
PATIENCE_S = 60.0
"""Workers may take so long to see that their command is gone."""
HUNG = 124
"""The exit code of a command that was ended for that."""


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    code: int
    errors: str
    seconds: float

    @property
    def fine(self) -> bool:
        """Whether it said so."""
        return self.code == 0

    @property
    def failed_in_words(self) -> bool:
        """Whether it failed as a command should: not by a bug, a signal or our patience."""
        bug = "Traceback" in self.errors or self.code < 0 or self.code == HUNG
        return self.code != 0 and bool(self.errors.strip()) and not bug

    def __str__(self) -> str:
        bug = "a traceback, " if "Traceback" in self.errors else ""
        said = self.errors.strip()[-300:]
        return f"exit {self.code} after {self.seconds:.1f} s, {bug}{said!r}"


@dataclass(frozen=True)
class Started:
    """A command on its way, in a process group of its own."""

    process: subprocess.Popen[bytes]
    errors: IO[str]
    began: float

    def ended(self) -> Finished:
        """How it ends by itself; if it hangs it is killed."""
        code = self.process.returncode if self.ends_within(HANGS_S) else HUNG
        self.errors.seek(0)
        return Finished(code, self.errors.read(), time.monotonic() - self.began)

    def ends_within(self, seconds: float) -> bool:
        """Whether it ends by itself in some time."""
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """Kill the command alone."""
        self.process.kill()
        self.process.wait()

    def kill_all(self) -> None:
        """Kill it with all that it has started."""
        self.signal_all(signal.SIGKILL)
        self.process.wait()

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to it and to all that it has started, as a terminal does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def leaves_nobody(self, patience_s: float) -> bool:
        """Whether all that it has started ends by itself after it has."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            try:
                os.killpg(self.process.pid, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.05)
        return False


@dataclass(frozen=True)
class Subject:
    """A command that goes on where it was stopped, and one that prints its results.

    Words may hold {out}, the folder of results, and {workers}.
    """

    run: tuple[str, ...]
    export: tuple[str, ...]
    folder: Path
    """Where both are run."""
    environment: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def started(
        self,
        out: Path,
        workers: int = 1,
        before: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Iterator[Started]:
        """The command on its way; what is left of it in the end is killed.

        Args:
            out: The folder of results.
            workers: How many it is to use.
            before: Words before the command, as of `nice`.
            environment: Variables that only this call has.
        """
        words = [word.format(out=out, workers=workers) for word in self.run]
        with TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
            process = subprocess.Popen(
                [*before, *words], cwd=self.folder, start_new_session=True,
                env={**os.environ, **self.environment, **(environment or {})},
                stdout=subprocess.DEVNULL, stderr=errors,
            )  # fmt: skip
            command = Started(process, errors, time.monotonic())
            try:
                yield command
            finally:
                command.kill_all()

    def finish(
        self,
        out: Path,
        workers: int = 1,
        before: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Finished:
        """The command until it has ended by itself, or hangs."""
        with self.started(out, workers, before, environment) as command:
            return command.ended()

    def found(self, out: Path) -> bytes:
        """What is exported.

        Raises:
            AssertionError: nothing can be.
        """
        words = [word.format(out=out) for word in self.export]
        environment = {**os.environ, **self.environment}
        done = subprocess.run(
            words, cwd=self.folder, env=environment, capture_output=True, timeout=HANGS_S
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout

    def digest(self, out: Path) -> str:
        """A hash of what is exported."""
        return hashlib.sha256(self.found(out)).hexdigest()


@dataclass(frozen=True)
class Reference:
    """What an undisturbed run has come to."""

    found: bytes
    """What is exported."""
    seconds: float

    @property
    def digest(self) -> str:
        """A hash of it."""
        return hashlib.sha256(self.found).hexdigest()


def undisturbed(subject: Subject, out: Path) -> Reference:
    """Run the command without any trouble.

    Raises:
        AssertionError: even that fails.
    """
    done = subject.finish(out)
    assert done.fine, str(done)
    return Reference(subject.found(out), done.seconds)
