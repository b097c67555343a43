"""What can go wrong, as one tree; the command line turns it into exit codes.

    ChainsimError
    |-- InputError      exit 2   the input is wrong: a list of Problems, each with its place
    `-- RunError        exit 4   a run failed
        |-- LawError             a law of conservation does not hold after a run
        |-- LoopError            an instant that does not end
        `-- WarmUpError          a start-up whose end MSER-5 does not find

Exceptions take positional arguments only: SimPy rebuilds them from `args`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

LONGEST = 80
"""Characters of a user's value that a message shows."""


class ChainsimError(Exception):
    """Anything that chainsim reports without a traceback."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the input: where it stands, which rule it breaks, what to do.

    `rule` continues the sentence "path must ..."; `got` is the value as shown, or empty;
    `remedy` is a clause of its own. Line 0 means that the place has no lines (an option).
    """

    file: str
    line: int
    column: int
    path: str
    rule: str
    got: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = f"{place}: {shortened(self.path or 'the file', 200)} must {self.rule}"
        if self.got:
            text += f", got {self.got}"
        return printable(f"{text}; {self.remedy}" if self.remedy else text)


class InputError(ChainsimError):
    """The input is wrong; `problems` says where and how."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class RunError(ChainsimError):
    """A run failed."""

    exit_code = 4


class LawError(RunError):
    """A law that must hold after every run does not."""


class LoopError(RunError):
    """The rounds of one instant do not end: (second of the run, rounds, what takes part)."""

    def __str__(self) -> str:
        if len(self.args) != 3:
            return super().__str__()
        second, rounds, names = self.args
        text = f"after {rounds} rounds the instant at second {second} of the run does not end"
        return f"{text}; still active: {names}" if names else text


class WarmUpError(RunError):
    """A warm-up that was left to MSER-5 cannot be found, or does not fit the scenario."""


def printable(text: str) -> str:
    """The text with control characters and invisible signs escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def visible(text: str) -> str:
    """The text, of any number of lines, with characters escaped that control a display."""
    return _UNSEEN.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text, printable, cut to at most `longest` characters."""
    text = printable(text[: longest + 1])
    return text if len(text) <= longest else text[: longest - 3] + "..."


def shown(value: Any) -> str:
    """A value from a file as a message shows it: at most 80 characters, nothing invisible."""
    if isinstance(value, str):
        return "'" + shortened(value, LONGEST - 2) + "'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        many = shortened("a map with " + ", ".join(map(str, list(value)[:6])))
        pairs = [f"{key}: {_inner(below)}" for key, below in list(value.items())[:9]]
        return _compact("{%s}", pairs, len(value), many)
    if isinstance(value, list | tuple):
        return _compact("[%s]", [_inner(v) for v in value[:9]], len(value), f"{len(value)} entries")
    if isinstance(value, int) and abs(value) >= 10**LONGEST:
        return "a number of very many digits"
    if isinstance(value, int | float | Decimal):
        return shortened(str(value))
    return shortened(type(value).__name__)


def _inner(value: Any) -> str:
    if isinstance(value, str):
        return shortened(value)
    return "..." if isinstance(value, dict | list | tuple) else shown(value)


def _compact(brackets: str, parts: list[str], number: int, otherwise: str) -> str:
    """Parts in brackets as YAML has them, if they are few and short."""
    text = printable(brackets % ", ".join(parts))
    return text if len(text) <= LONGEST and len(parts) == number else otherwise


MANY = 200
"""Known names, of which an unknown one is compared with those of the same first letter only."""


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "known are") -> str:
    """The remedy for an unknown word: the nearest known one, else all after `otherwise`."""
    words = sorted(str(name) for name in known)
    alike = words
    if len(words) > MANY:  # comparing with each would take longer than all the rest
        alike = [name for name in words if name[:1].lower() == word[:1].lower()][:MANY]
    near = get_close_matches(word[:LONGEST], alike, n=1, cutoff=0.6)
    near = near or [w for w in words if w.lower() == word.lower()]
    if near:
        return f"did you mean '{shortened(near[0])}'?"
    if not words or not otherwise:
        return ""
    return shortened(f"{otherwise} {', '.join(words)}", 160)
