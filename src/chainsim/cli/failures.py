"""What is said of a failure that no part of the program expects."""

from __future__ import annotations

import errno
import traceback

from chainsim.errors import ChainsimError

WANTS = {
    errno.EMFILE: "too many open files for one process (ulimit -n)",
    errno.ENFILE: "the machine has too many open files",
    errno.ENOMEM: "out of memory",
    errno.EAGAIN: "no more processes can be started (ulimit -u)",
    errno.ENOSPC: "the disk is full",
}
"""What the machine did not have, by number of error."""


def words_of(error: Exception) -> str:
    """One line where the machine was short of something, else the traceback of a bug."""
    if isinstance(error, ChainsimError):
        return str(error)
    if isinstance(error, MemoryError):
        return WANTS[errno.ENOMEM]
    if isinstance(error, OSError) and error.errno in WANTS:
        return WANTS[error.errno]
    return "".join(traceback.format_exception(error)).rstrip()
