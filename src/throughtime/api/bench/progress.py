"""What a person sees while the bench runs, on standard error: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO

from throughtime.training.progress import clock, moving_bar


class Progress(Protocol):
    """Who is told how the bench goes."""

    def show(self, share: float, line: str) -> None:
        """Something begins, with ``share`` of all the work done."""

    def close(self) -> None:
        """The bench has ended, well or not."""


class Silent:
    """Tells nobody."""

    def show(self, share: float, line: str) -> None: ...

    def close(self) -> None: ...


class PlainLines:
    """A line at the beginning and one about every ``every_seconds``."""

    def __init__(self, stream: TextIO, every_seconds: float = 10.0) -> None:
        self._stream, self._every, self._last = stream, every_seconds, -every_seconds

    def show(self, share: float, line: str) -> None:
        if time.monotonic() - self._last >= self._every:
            self._last = time.monotonic()
            print(line, file=self._stream, flush=True)

    def close(self) -> None: ...


class LiveBar:
    """A bar that moves (rich)."""

    def __init__(self, stream: TextIO) -> None:
        self._bar, self._task = moving_bar(stream)

    def show(self, share: float, line: str) -> None:
        self._bar.start()  # nothing where it runs already
        self._bar.update(self._task, completed=share, description=line)

    def close(self) -> None:
        self._bar.stop()


def progress_on(stream: TextIO | None = None, *, quiet: bool = False) -> Progress:
    """Progress for ``stream`` (standard error): live where it is a terminal, silent where ``quiet``."""
    stream = stream or sys.stderr
    if quiet:
        return Silent()
    return LiveBar(stream) if stream.isatty() else PlainLines(stream)


def progress_line(name: str, done: int, cases: int, seconds: float, share: float) -> str:
    """One line: what is measured now, the rate, the time left; ``share`` of the work took ``seconds``.

    >>> progress_line("grid gru 100,32,128,128", 30, 120, 60.0, 0.25)
    'grid gru 100,32,128,128  30/120 measured  0.50 a second  3:00 left'
    >>> progress_line("grid lstm 100,1,64,128", 0, 120, 0.1, 0.0)
    'grid lstm 100,1,64,128  0/120 measured'
    """
    line = f"{name}  {done}/{cases} measured"
    if not done:
        return line
    left = seconds / share * (1 - share)
    return f"{line}  {done / seconds:.2f} a second  {clock(left)} left"
