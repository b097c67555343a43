"""Interrupts that have to wait until something delicate is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_held_back() -> Iterator[None]:
    """An interrupt is delivered afterwards; processes started meanwhile never get one.

    What else ends this process is delivered afterwards too, and ends those processes as usual.
    Blocking alone is not enough: threads of libraries do not block, and Python runs the handler of
    a signal that one of them gets in the main thread all the same.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    came: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    in_main = threading.current_thread() is threading.main_thread()
    heeded = {number: handler for number, handler in handlers.items()
              if in_main and callable(handler)}  # fmt: skip
    for number in heeded:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in heeded.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if came:
            signal.raise_signal(came[0])
