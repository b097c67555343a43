"""The program as a process: what it prints to may be closed or full, and it may be ended."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn, TextIO

from chainsim.errors import RunError

CLOSED = (errno.EPIPE, errno.ECONNRESET, errno.EBADF)
"""Errors of a stream to which nobody listens any more."""


def end_cleanly() -> None:
    """Let a signal that ends the program end it as an interrupt does: with all cleaned up."""
    for number in _ending():
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _ending() -> list[signal.Signals]:
    return [signal.Signals[name] for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def _end(number: int, frame: FrameType | None) -> NoReturn:
    for other in _ending():  # cleaning up takes a moment
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)


class Outlet(io.FileIO):
    """Where a stream goes: what cannot be written is dropped, so that nothing stops for it."""

    trouble: OSError | None = None
    """Why something could not be written."""

    def write(self, data: Any) -> int:
        """Write or drop."""
        if self.trouble is None:
            try:
                return super().write(data)
            except OSError as error:
                self.trouble = error
        return memoryview(data).nbytes


def steady_streams() -> dict[str, Outlet]:
    """Make standard output and standard error streams that never fail; their outlets by name."""
    outlets: dict[str, Outlet] = {}
    sys.stdout = _steady(sys.stdout, "standard output", outlets)
    sys.stderr = _steady(sys.stderr, "standard error", outlets)
    return outlets


def _steady(stream: TextIO | None, name: str, outlets: dict[str, Outlet]) -> TextIO:
    # Names may be in any script, whatever the locale.
    if stream is None:  # closed by whoever started the program
        nowhere = Outlet(os.open(os.devnull, os.O_WRONLY), "w", closefd=False)
        return io.TextIOWrapper(io.BufferedWriter(nowhere), "utf-8", "backslashreplace")
    if os.name == "posix" and isinstance(stream, io.TextIOWrapper):
        with suppress(OSError, ValueError):
            outlets[name] = Outlet(stream.fileno(), "w", closefd=False)
            by_line = stream.line_buffering or stream.write_through
            buffer = io.BufferedWriter(outlets[name])
            return io.TextIOWrapper(
                buffer, stream.encoding, "backslashreplace", line_buffering=by_line
            )
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def exit_code(code: Any, outlets: dict[str, Outlet]) -> Any:
    """The exit code once all is written: a full device is a failure, a closed pipe is none."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    for name, outlet in outlets.items():
        if outlet.trouble is not None and outlet.trouble.errno not in CLOSED:
            print(f"{name}: {outlet.trouble.strerror}", file=sys.stderr, flush=True)
            code = code or RunError.exit_code
    return code
