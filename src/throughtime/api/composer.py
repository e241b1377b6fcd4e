"""A finished model of notes, ready for use: music that goes on from a piece, and MIDI files of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throughtime.api.given import Given
from throughtime.data.fields import Field
from throughtime.data.fields.notes import Notes
from throughtime.data.midi import midi_bytes
from throughtime.data.music import Piece, frame_length, frames_of
from throughtime.errors import Place, UsageError
from throughtime.models.model import Model
from throughtime.use.composing import composed


@dataclass(frozen=True)
class Composer:
    """The network, the fields of what it reads and what it answers, what reads pieces for it, and the usual tempo."""

    model: Model
    field: Notes
    output: Field
    given: Given
    tempo: float | None

    def compose(self, prompt: Any, length: int, *, temperature: float, seed: int) -> Iterator[list[int]]:
        """So many frames that go on after ``prompt``, as they are made."""
        frames = self.field.encode(self.prompted(prompt).frames, Place("the prompt"))
        made = composed(self.model, prompt=frames, length=length, temperature=temperature, seed=seed)
        return (self.output.decode(frame)[0] for frame in made)

    def prompted(self, prompt: Any) -> Piece:
        """The piece that music goes on from: the one given, or the frame with which most training pieces begin."""
        if prompt is None or prompt == "":
            return Piece((self.field.start,), Place("the start"))
        pieces = self.given.pieces(prompt)
        if len(pieces) != 1 or not pieces[0].frames:
            found = f"{len(pieces):,} pieces" if len(pieces) != 1 else "no frame"
            raise UsageError(f"the prompt holds {found}; give one piece, of one frame at least")
        return pieces[0]

    def write_midi(self, frames: Iterable[Sequence[int]], path: str | os.PathLike[str], *, tempo: float | None) -> Path:
        """Write frames as a MIDI file; a UsageError where that cannot be."""
        length = frame_length(self.given.settings)
        written = midi_bytes(frames_of(list(map(list, frames)), Place("the frames")), length, tempo or self.tempo)
        try:
            Path(path).write_bytes(written)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written ({(error.strerror or str(error)).lower()})") from None
        return Path(path)
