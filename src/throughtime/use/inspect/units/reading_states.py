"""The states of a language model while it reads: of every layer, many places of a text at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from throughtime.errors import NonFiniteError
from throughtime.models.language_model import LanguageModel

ROW = 1024  # tokens of a row: a long text is read at several places at once
ROWS = 64
WARM = 512  # tokens before a row that are read first, so that its states are what they would be
STEPS = 64


@dataclass(frozen=True)
class Unit:
    """One unit of a quantity of a layer, the first being 0."""

    layer: int
    state: str
    number: int

    @property
    def name(self) -> str:
        """
        >>> Unit(0, "c", 17).name
        'l0.c[17]'
        """
        return f"l{self.layer}.{self.state}[{self.number}]"


@torch.no_grad()
def units_of(model: LanguageModel, names: Sequence[str]) -> list[Unit]:
    """All units of these quantities (``h``, ``c``, ``f``, ...), layer by layer; a UsageError for an unknown one."""
    where = next(model.parameters()).device
    found, _ = model.recorded(torch.zeros(1, 1, dtype=torch.int64, device=where), None, names)
    keys = [(layer, name) for layer in range(model.recurrent.num_layers) for name in names]
    return [Unit(k, name, number) for k, name in keys for number in range(found[f"l{k}.{name}"].shape[2])]


@torch.no_grad()
def read_states(
    model: LanguageModel,
    ids: np.ndarray,
    before: np.ndarray,
    names: Sequence[str],
    done: Callable[[int], None] | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Piece by piece: places (n,) in ``ids``, and the values (n, U) that stand there once the token was read.

    ``before`` are the tokens read first. Columns are in the order of :func:`units_of`. A long text is read in rows side
    by side, each from the state after the ``WARM`` tokens before it. Raises NonFiniteError if a value is not finite.
    """
    model.eval()
    size = len(ids)
    rows = max(1, min(ROWS, size // ROW))
    length = -(-size // rows)
    begins = np.arange(rows) * length
    state = _states_before(model, ids, before, begins)
    for step in range(0, length, STEPS):
        places = begins[:, None] + np.arange(step, min(step + STEPS, length))  # (rows, steps)
        inside = (places < size) & (places < begins[:, None] + length)
        read = np.where(inside, ids[np.minimum(places, size - 1)], 0)
        found, state = model.recorded(_on(model, read), state, names)
        layers = range(model.recurrent.num_layers)
        values = torch.cat([found[f"l{layer}.{name}"] for layer in layers for name in names], 2)
        if not bool(torch.isfinite(values).all()):
            raise NonFiniteError("the model's states are not finite; its weights have gone wrong")
        yield places[inside], values.float().cpu().numpy()[inside]
        if done is not None:
            done(int(inside.sum()))


def _states_before(model: LanguageModel, ids: np.ndarray, before: np.ndarray, begins: np.ndarray) -> tuple[Tensor, ...]:
    """The states at the beginnings of the rows: the first after ``before``, the others after the tokens before them."""
    state = _state_after(model, before[None])
    if len(begins) == 1:
        return state
    warm = min(WARM, int(begins[1]))
    others = _state_after(model, np.stack([ids[begin - warm : begin] for begin in begins[1:]]))
    return tuple(torch.cat(parts, 1) for parts in zip(state, others, strict=True))


def _state_after(model: LanguageModel, ids: np.ndarray) -> tuple[Tensor, ...]:
    """In pieces: what an engine keeps of a whole sequence would be much more than the states."""
    state: tuple[Tensor, ...] | None = None
    for begin in range(0, ids.shape[1], STEPS):
        _, state = model.after(_on(model, ids[:, begin : begin + STEPS]), state)
    assert state is not None
    return state


def _on(model: LanguageModel, ids: np.ndarray) -> Tensor:
    return torch.from_numpy(ids.astype(np.int64)).to(next(model.parameters()).device)
