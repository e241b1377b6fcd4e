"""One step at a time through all layers: in microseconds where the native engine can, else as a sequence of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from throughtime.cells.engine import choose
from throughtime.cells.engine.contract import State
from throughtime.cells.engine.native import Stepper
from throughtime.errors import UsageError

if TYPE_CHECKING:
    from throughtime.cells.recurrent import Recurrent


class Stream:
    """The layers of ``layer`` made ready for steps of ``x (B, F)``, with its weights as they are now."""

    def __init__(self, layer: Recurrent, x: Tensor) -> None:
        self.key = key_of(layer, x)
        state = layer.zero_state(x[:, None])
        self.steppers: list[Stepper] | None = []
        if layer.residual or layer.output_size != layer.hidden_size:
            self.steppers = None
            return
        for index, direction in enumerate(layer.directions):
            before = tuple(part[index] for part in state)
            given = x.new_zeros(len(x), 1, direction.sizes.input_size, *direction.sizes.space)
            work = layer.layers.work(direction, layer.weights(direction), given, None, before, None)
            if choose(work, layer.engine)[0] != "native" or work.graph.output not in work.graph.new_states:
                self.steppers = None
                return
            self.steppers.append(Stepper(work))

    def step(self, layer: Recurrent, x: Tensor, state: State) -> tuple[Tensor, State]:
        """``x (B, F)`` and the state ``(layers, B, H)`` each to the output ``(B, H)`` and the new state."""
        if self.steppers is None:
            output, new = layer(x[:, None], state=state)
            return output[:, 0], new
        batch, units, dtype = x.shape[0], layer.hidden_size, x.dtype
        shape = torch.Size((len(self.steppers), batch, units))
        for part in state:
            if part.shape != shape or part.dtype != dtype:
                found = f"{tuple(part.shape)} of {part.dtype}"
                raise UsageError(f"the state has a part {found}; this layer needs {tuple(shape)} of {dtype}")
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


def key_of(layer: Recurrent, x: Tensor) -> tuple[object, ...]:
    """What a stream was made for: another key, another stream."""
    weights = [(weight.data_ptr(), weight._version) for weight in layer._parameters.values() if weight is not None]
    return x.shape, x.dtype, layer.engine, torch.get_num_threads(), layer.training, weights
