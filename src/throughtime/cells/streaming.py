"""One step at a time through all layers: in microseconds where the native engine can, else as a sequence of one."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from throughtime.cells.engine import choose
from throughtime.cells.engine.contract import State
from throughtime.cells.engine.native import Stepper
from throughtime.cells.layers import Layers, Weights
from throughtime.errors import UsageError

Key = tuple[object, ...]


class Stream:
    """Layers made ready for steps of ``x (B, F)``, with their weights as they are now; ``state`` is one of theirs."""

    def __init__(self, layers: Layers, weights: Weights, x: Tensor, state: State, key: Key) -> None:
        self.key, self.like = key, [(part.shape, part.dtype) for part in state]
        self.steppers: list[Stepper] | None = None
        if not layers.residual and layers.graph.output in layers.graph.new_states:
            self.steppers = _steppers(layers, weights, x, state)

    def step(self, x: Tensor, state: State, whole: Callable[..., tuple[Tensor, State]]) -> tuple[Tensor, State]:
        """``x (B, F)`` and the state ``(layers, B, H)`` each to the output ``(B, H)`` and the new state.

        ``whole`` runs a sequence, for layers that have no quicker way.
        """
        found = [(part.shape, part.dtype) for part in state]
        if found != self.like:
            given, needed = (", ".join(f"{tuple(shape)} of {dtype}" for shape, dtype in f) for f in (found, self.like))
            raise UsageError(f"the state has {given}; this layer needs {needed}")
        if self.steppers is None:
            output, new = whole(x[:, None], state=state)
            return output[:, 0], new
        shape, dtype = self.like[0]
        _, batch, units = shape
        x = x.contiguous()
        state = tuple([part.contiguous() for part in state])
        new = tuple([torch.empty(shape, dtype=dtype) for _ in state])
        before, after = [part.data_ptr() for part in state], [part.data_ptr() for part in new]
        width = batch * units * x.element_size()
        for number, stepper in enumerate(self.steppers):
            y = torch.empty(batch, units, dtype=dtype)
            begin = number * width
            stepper(x.data_ptr(), [at + begin for at in before], y.data_ptr(), [at + begin for at in after])
            x = y
        return x, new


def _steppers(layers: Layers, weights: Weights, x: Tensor, state: State) -> list[Stepper] | None:
    """One for each layer; None if the engine cannot run them all."""
    made = []
    for index, direction in enumerate(layers.directions):
        given = x.new_zeros(len(x), 1, direction.sizes.input_size, *direction.sizes.space)
        before = tuple(part[index] for part in state)
        work = layers.work(direction, weights(direction), given, None, before, None)
        if choose(work, layers.engine)[0] != "native":
            return None
        made.append(Stepper(work))
    return made


def key_of(layer: nn.Module, engine: str, x: Tensor) -> Key:
    """What a stream is made for: another key, another stream."""
    weights = [(weight.data_ptr(), weight._version) for weight in layer._parameters.values() if weight is not None]
    return x.shape, x.dtype, engine, torch.get_num_threads(), layer.training, weights
