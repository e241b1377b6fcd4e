"""A model of notes makes music: frame by frame, from a prompt."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from throughtime.cells.engine.contract import State
from throughtime.data.order import words
from throughtime.errors import UsageError
from throughtime.models.encoders import Encoding
from throughtime.models.model import Model

CHUNK = 1024  # frames of a prompt that are read at once
DRAWS = 4  # tells the random numbers of these draws from others of the same seed


@torch.no_grad()
def composed(
    model: Model, *, prompt: np.ndarray, length: int, temperature: float, seed: int = 0, rows: int = 1
) -> Iterator[np.ndarray]:
    """``length`` times the next frame of each of ``rows`` pieces that begin with the prompt, ``(rows, 88)`` uint8.

    ``prompt (T, 88)`` has one frame at least. Each note is drawn by itself, its score divided by ``temperature``; at 0
    it sounds if that is likelier than not. Row r is drawn by random numbers of (seed, r, frame, note) alone. Raises
    UsageError for a temperature below 0 or not finite.
    """
    if not 0 <= temperature < float("inf"):
        raise UsageError(f"--temperature {temperature}: it must be 0 or more")
    model.eval()
    weight = next(model.parameters())
    frames = torch.from_numpy(np.tile(prompt[None], (rows, 1, 1))).to(weight)
    state: State | None = None
    for begin in range(0, frames.shape[1], CHUNK):
        scores, state = after(model, frames[:, begin : begin + CHUNK], state)
    for step in range(length):
        drawn = _drawn(scores.double(), temperature, _chances(seed, step, *scores.shape))
        yield drawn.cpu().numpy().astype(np.uint8)
        if step + 1 < length:
            scores, state = after(model, drawn[:, None].to(weight), state)


def after(model: Model, frames: Tensor, state: State | None) -> tuple[Tensor, State]:
    """Read ``frames (B, T, 88)``, T at least 1; the scores of the notes that follow ``(B, 88)``, and the state."""
    hidden, state = model.encoders[0].recurrent(frames, None, state)  # type: ignore[operator]
    steps = torch.full((len(frames),), hidden.shape[1], device=hidden.device)
    return model.head([Encoding(hidden, steps, state)], None).data[:, -1], state


def _chances(seed: int, step: int, rows: int, notes: int) -> np.ndarray:
    """Random numbers from 0 to 1, ``(rows, notes)``."""
    drawn = np.stack([words(notes, seed, DRAWS, row, step) for row in range(rows)]) / 2.0**64
    return np.minimum(drawn, 1 - 2.0**-53)


def _drawn(scores: Tensor, temperature: float, chances: np.ndarray) -> Tensor:
    if temperature == 0:
        return scores > 0
    return torch.from_numpy(chances).to(scores.device) < torch.sigmoid(scores / temperature)
