"""What a file with its verdicts is, a scenario or a study: verdicts, laws, failures, exit code."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from chainsim.errors import RunError
from chainsim.experiments.gates import FAIL, INCONCLUSIVE, PASS, Verdict
from chainsim.experiments.judging import Judged
from chainsim.experiments.readings import Reading


class CheckedFile(ABC):
    """A file with its verdicts."""

    checks: tuple[Judged, ...]
    error: str
    """Why the file could not be judged at all."""
    counted = "replications"
    """What its readings are called."""

    @property
    @abstractmethod
    def file(self) -> Path:
        """The file that was checked."""

    @property
    @abstractmethod
    def alpha(self) -> float:
        """The error budget of all verdicts."""

    @property
    @abstractmethod
    def basis(self) -> str:
        """What was run, in words."""

    @property
    @abstractmethod
    def every_reading(self) -> Iterator[tuple[str, Reading]]:
        """(what it is of, or '' for the file itself, reading) of all that was run."""

    @property
    def broken_laws(self) -> tuple[tuple[str, Reading], ...]:
        """The replications in which a law of conservation does not hold."""
        return tuple(row for row in self.every_reading if row[1].broke_a_law)

    @property
    def failed(self) -> tuple[tuple[str, Reading], ...]:
        """The replications that failed, those with a broken law too."""
        return tuple(row for row in self.every_reading if row[1].error)

    @property
    def laws(self) -> Verdict:
        """Zero tolerance: fail if any law is broken, inconclusive where a run failed otherwise."""
        if self.broken_laws:
            return FAIL
        return INCONCLUSIVE if self.failed or self.error else PASS

    @property
    def verdict(self) -> Verdict:
        """Fail if anything fails; pass if everything passes."""
        words = {self.laws, *(row.verdict for row in self.checks)}
        return FAIL if FAIL in words else INCONCLUSIVE if INCONCLUSIVE in words else PASS

    @property
    def exit_code(self) -> int:
        """0 pass; 1 fail; 4 a replication failed and nothing else did; 3 inconclusive."""
        if self.verdict == FAIL:
            return 1
        if self.failed or self.error:
            return RunError.exit_code
        return 3 if self.verdict == INCONCLUSIVE else 0


def exit_code_of(found: Sequence[CheckedFile]) -> int:
    """The exit code of all files together: a failure counts most, then a failed run."""
    codes = {one.exit_code for one in found}
    return next((code for code in (1, RunError.exit_code, 3) if code in codes), 0)
