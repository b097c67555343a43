"""Text files as they may come: bounded in size, UTF-8 or refused by name of the encoding."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chainsim.errors import InputError, Problem, did_you_mean


@dataclass(frozen=True, slots=True)
class Reference:
    """A file named in a file."""

    path: Path
    shown_as: str
    problem: Problem
    """For the place that names it; its rule is filled in where the file cannot be read."""
    text: str | None = None
    """What it held, where that is known already: then it is not read again."""


UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_text(path: Path, shown_as: str, largest: int, named_in: Problem | None = None) -> str:
    """The text of a UTF-8 file, without a byte-order mark.

    Args:
        path: Where it is.
        shown_as: Its name in messages.
        largest: Bytes that it may have.
        named_in: A problem at the place that names the file, reported if it cannot be read.

    Raises:
        InputError: it is missing, not a file, too large, or not UTF-8.
    """
    raw = _bytes(path, shown_as, largest, named_in)
    if raw.startswith(UTF16):
        raise InputError([_encoding_problem(shown_as, 1, 1, "UTF-16")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", errors="replace")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        raise InputError([_encoding_problem(shown_as, line, column, _encoding(raw))]) from None


def _bytes(path: Path, shown_as: str, largest: int, named_in: Problem | None) -> bytes:
    def problem(rule: str, remedy: str = "") -> InputError:
        if named_in is None:
            return InputError([Problem(shown_as, 0, 0, "", rule, "", remedy)])
        place = (named_in.file, named_in.line, named_in.column, named_in.path)
        return InputError([Problem(*place, rule, named_in.got, remedy or named_in.remedy)])

    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise problem("be a file, not a folder or a device")
        with path.open("rb") as file:
            raw = file.read(largest + 1)
    except FileNotFoundError:
        raise problem("be a file that exists", did_you_mean(path.name, _beside(path))) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise problem(f"be a file that can be read ({reason})") from None
    if len(raw) > largest:
        raise problem(f"be a file of at most {largest:,} bytes")
    return raw


def _beside(path: Path) -> Iterable[str]:
    try:
        return [entry.name for entry in path.parent.iterdir() if entry.suffix == path.suffix]
    except OSError:
        return []


def _encoding(raw: bytes) -> str:
    """A guess at the encoding: GBK writes two bytes above 127 together, Latin-1 single ones."""
    runs = [run for run in bytes(b if b > 127 else 32 for b in raw).split(b" ") if run]
    if all(len(run) % 2 == 0 for run in runs):
        try:
            raw.decode("gbk")
        except UnicodeDecodeError:
            pass
        else:
            return "GBK"
    return "Latin-1 or Windows-1252"


def _encoding_problem(file: str, line: int, column: int, encoding: str) -> Problem:
    remedy = "save the file as UTF-8"
    return Problem(file, line, column, "", "be UTF-8 text", f"what looks like {encoding}", remedy)
