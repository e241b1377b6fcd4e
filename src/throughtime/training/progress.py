"""What a person sees while training runs, on standard error: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


@dataclass(frozen=True)
class Moment:
    """Where training stands after an update."""

    epoch: int
    epochs: int
    batch: int  # done in this epoch
    batches: int
    loss: float  # mean over the epoch so far
    samples_per_second: float
    seconds_left: float

    @property
    def done(self) -> float:
        """Share of all updates."""
        return (self.epoch - 1 + self.batch / self.batches) / self.epochs


class Progress(Protocol):
    """Who is told how training goes."""

    def update(self, moment: Moment) -> None:
        """An update is done."""

    def epoch(self, row: Mapping[str, Any], epochs: int, metric: str, best: bool) -> None:
        """An epoch is done; ``row`` is its line in the history."""

    def note(self, sentence: str) -> None:
        """Something that a person should know."""

    def close(self) -> None:
        """Training has ended, well or not; a next one may begin."""


class Silent:
    """Tells nobody."""

    def update(self, moment: Moment) -> None: ...

    def epoch(self, row: Mapping[str, Any], epochs: int, metric: str, best: bool) -> None: ...

    def note(self, sentence: str) -> None: ...

    def close(self) -> None: ...


class PlainLines:
    """A line an epoch, and one about every ``every_seconds`` within long epochs."""

    def __init__(self, stream: TextIO, every_seconds: float = 10.0) -> None:
        self._stream, self._every = stream, every_seconds
        self._last = time.monotonic()

    def update(self, moment: Moment) -> None:
        if time.monotonic() - self._last >= self._every:
            self._say(moment_line(moment))

    def epoch(self, row: Mapping[str, Any], epochs: int, metric: str, best: bool) -> None:
        self._say(epoch_line(row, epochs, metric, best))

    def note(self, sentence: str) -> None:
        self._say(sentence)

    def close(self) -> None: ...

    def _say(self, line: str) -> None:
        self._last = time.monotonic()
        print(line, file=self._stream, flush=True)


class LiveBar:
    """A bar that moves, with the epochs' lines above it (rich)."""

    def __init__(self, stream: TextIO) -> None:
        self._bar, self._task = moving_bar(stream)

    def update(self, moment: Moment) -> None:
        self._bar.start()  # nothing where it runs already
        self._bar.update(self._task, completed=moment.done, description=moment_line(moment))

    def epoch(self, row: Mapping[str, Any], epochs: int, metric: str, best: bool) -> None:
        self.note(epoch_line(row, epochs, metric, best))

    def note(self, sentence: str) -> None:
        self._bar.console.print(sentence, markup=False, highlight=False)

    def close(self) -> None:
        self._bar.stop()


def moving_bar(stream: TextIO) -> tuple[RichProgress, TaskID]:
    """A bar of rich's on a terminal, from 0 to 1, with a line of words, and its one task."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    bar = Progress(
        BarColumn(bar_width=24), TextColumn("{task.description}"), console=Console(file=stream), transient=True
    )
    return bar, bar.add_task("", total=1.0)


def progress_on(stream: TextIO | None = None, *, quiet: bool = False) -> Progress:
    """Progress for ``stream`` (standard error): live where it is a terminal, silent where ``quiet``."""
    stream = stream or sys.stderr
    if quiet:
        return Silent()
    return LiveBar(stream) if stream.isatty() else PlainLines(stream)


def moment_line(moment: Moment) -> str:
    """One line about a moment.

    >>> moment_line(Moment(2, 20, 30, 120, loss=1.25, samples_per_second=5400.0, seconds_left=95.0))
    'epoch 2/20  batch 30/120  loss 1.25  5400 samples/s  1:35 left'
    """
    return (
        f"epoch {moment.epoch}/{moment.epochs}  batch {moment.batch}/{moment.batches}  loss {moment.loss:.4g}  "
        f"{moment.samples_per_second:.0f} samples/s  {clock(moment.seconds_left)} left"
    )


def epoch_line(row: Mapping[str, Any], epochs: int, metric: str, best: bool) -> str:
    """One line about an epoch's row of the history.

    >>> row = {"epoch": 3, "train": {"loss": 0.9}, "valid": {"accuracy": 0.61}, "samples_per_second": 5400.0}
    >>> epoch_line(row, 20, "accuracy", best=True)
    'epoch 3/20  loss 0.9  accuracy 0.61 (best)  5400 samples/s'
    """
    return (
        f"epoch {row['epoch']}/{epochs}  loss {row['train']['loss']:.4g}  {metric} {row['valid'][metric]:.4g}"
        f"{' (best)' if best else ''}  {row['samples_per_second']:.0f} samples/s"
    )


def clock(seconds: float) -> str:
    """Hours, minutes and seconds.

    >>> clock(3725), clock(59.6)
    ('1:02:05', '1:00')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
