"""The time that training takes, added up over all its processes."""

from __future__ import annotations

import time

from throughtime.training.checkpoint import Position


class Stopwatch:
    """Adds the time that passes to the position, and knows how long ago the state was saved."""

    def __init__(self, position: Position) -> None:
        self._position = position
        self._last = self._saved = time.perf_counter()
        self._begin = (position.seconds, position.update)

    def tick(self) -> None:
        """Count the time since the last tick as training's, and as this epoch's."""
        now = time.perf_counter()
        self._position.seconds += now - self._last
        self._position.sums.seconds += now - self._last
        self._last = now

    @property
    def since_save(self) -> float:
        return self._last - self._saved

    def saved(self) -> None:
        self._saved = time.perf_counter()

    @property
    def seconds_per_update(self) -> float:
        """In this process, evaluation included."""
        seconds, updates = self._begin
        return (self._position.seconds - seconds) / max(1, self._position.update - updates)
