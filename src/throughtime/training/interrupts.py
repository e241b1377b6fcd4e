"""Ctrl-C and SIGTERM: the first asks training to stop at the next update, the second stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from throughtime.errors import ThroughtimeError


class InterruptionError(ThroughtimeError):
    """Training was asked to stop; the message says where its state is and how to go on."""

    exit_code = 130  # as shells have it for Ctrl-C


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Inside the block, the yielded function says whether a stop was asked for.

    Outside the main thread Python hands no signals out; there it never is.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
