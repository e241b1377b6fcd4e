"""Notes a step: which of the 88 keys of a piano sound in each frame of a piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from throughtime.batch import Sequences
from throughtime.data.fields.field import Where, fields
from throughtime.data.fields.steps import padded
from throughtime.data.music import COUNT, HIGHEST, LOWEST, Frame, frames_of
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place


@fields.named("notes")
@dataclass(frozen=True)
class Notes:
    """A column whose rows are lists of frames, each a list of MIDI notes from 21 to 108.

    ``start`` is the frame with which most pieces begin, silent ones aside: what is read where a piece is made of
    nothing.

    >>> found = Notes.fit("notes", [[[60, 64], []], [[60, 64]]], lambda i: Place(row=i), DataSettings())
    >>> found.start, found.encode([[21], []], Place())[:, :2].tolist(), found.decode(found.encode([[62, 108]], Place()))
    ((60, 64), [[1, 0], [0, 0]], [[62, 108]])
    """

    kind: ClassVar[str] = "notes"
    stepwise: ClassVar[bool] = True
    unit: ClassVar[str] = "frames"
    size: ClassVar[int] = COUNT
    classes: ClassVar[tuple[str, ...]] = tuple(map(str, range(LOWEST, HIGHEST + 1)))
    column: str
    start: Frame
    max_length: int | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def fit(
        cls, column: str, values: Sequence[Any], where: Where, settings: DataSettings, *, output: bool = False
    ) -> Notes:
        pieces = [frames_of(value, where(i)) for i, value in enumerate(values)]
        sounding = [frame for piece in pieces for frame in piece if frame]
        if not sounding:
            place = Place(where(0).file if values else None, None, column)
            raise DataError("no note sounds in training", place=place, mend="give music with notes in it")
        firsts = Counter(piece[0] for piece in pieces if piece and piece[0]) or Counter(sounding)
        start = min(firsts, key=lambda frame: (-firsts[frame], frame))
        used = sorted({note for frame in sounding for note in frame})
        together = sum(map(len, sounding)) / sum(map(len, pieces))
        note = f'column "{column}": {len(used)} different notes from {used[0]} to {used[-1]}, {together:.2g} a frame'
        return cls(column, start, settings.max_length, () if output else (note,))

    def encode(self, value: Any, place: Place) -> np.ndarray:
        """Zeros and ones ``(T, 88)`` uint8."""
        frames = frames_of(value, place)[: self.max_length]
        found = np.zeros((len(frames), COUNT), dtype=np.uint8)
        for row, frame in zip(found, frames, strict=True):
            row[[note - LOWEST for note in frame]] = 1
        return found

    def collate(self, encoded: Sequence[np.ndarray]) -> Sequences:
        """(B, T, 88) uint8, padded with 0, and lengths (B,)."""
        return padded(encoded)

    def length(self, encoded: np.ndarray) -> int:
        return len(encoded)

    def decode(self, x: Any) -> list[list[int]]:
        """The notes of each frame, of zeros and ones ``(T, 88)``."""
        return [(np.flatnonzero(row) + LOWEST).tolist() for row in np.asarray(x)]

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "column": self.column, "start": list(self.start), "max_length": self.max_length}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Notes:
        return cls(saved["column"], tuple(saved["start"]), saved["max_length"])
