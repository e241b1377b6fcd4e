"""One step at a time through all layers: in microseconds where the native engine can, else as a sequence of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter

import torch
from torch import Tensor, nn

from throughtime.cells.engine import choose
from throughtime.cells.engine.contract import State
from throughtime.cells.engine.native import Stepper
from throughtime.cells.layers import Layers, Weights
from throughtime.errors import UsageError

_address, _version = Tensor.data_ptr, attrgetter("_version")


class Stream:
    """Layers made ready for steps of ``x (B, F)``, with the weights of ``layer`` as they are now.

    ``state`` is one of theirs. What each step does is written for speed: a call of torch takes 0.1 us, a new tensor 1.
    """

    def __init__(self, layer: nn.Module, layers: Layers, weights: Weights, x: Tensor, state: State) -> None:
        self._engine, self._training, self._threads = layers.engine, layer.training, torch.get_num_threads()
        self._bf16 = layer.bf16
        self._shape, self._dtype, self._is_cpu = x.shape, x.dtype, x.is_cpu
        self._state_shape, self._states = state[0].shape, len(state)
        # kept, so that no other weight can come to lie where they lie
        self._kept = [weight.detach() for weight in _weights(layer)]
        self._weights = [*map(_address, _weights(layer)), *map(_version, _weights(layer))]
        self._stepper: Stepper | None = None
        if not (layers.residual or layers.graph.convolution) and layers.graph.output in layers.graph.new_states:
            self._stepper = _stepper(layers, weights, x, state)

    def fits(self, layer: nn.Module, engine: str, x: Tensor) -> bool:
        """Whether it was made for such an ``x``, and nothing has changed since."""
        weights = _weights(layer)
        return (
            x.shape == self._shape
            and x.dtype is self._dtype
            and x.is_cpu is self._is_cpu
            and [*map(_address, weights), *map(_version, weights)] == self._weights
            and engine == self._engine
            and layer.training is self._training
            and layer.bf16 is self._bf16
            and torch.get_num_threads() == self._threads
        )

    def step(self, x: Tensor, state: State, whole: Callable[..., tuple[Tensor, State]]) -> tuple[Tensor, State]:
        """``x (B, F)`` and the state ``(layers, B, H)`` each to the output ``(B, H)`` and the new state.

        ``whole`` runs a sequence, for layers that have no quicker way.
        """
        if len(state) != self._states:
            self._refuse(state)
        shape, dtype, is_cpu = self._state_shape, self._dtype, self._is_cpu
        for part in state:
            if part.shape != shape or part.dtype is not dtype or part.is_cpu is not is_cpu:
                self._refuse(state)
        if self._stepper is not None:
            return self._stepper.step(x, state)
        with torch.no_grad():
            output, new = whole(x[:, None], state=state)
            return output[:, 0], new

    def _refuse(self, state: State) -> None:
        found = ", ".join(f"{tuple(part.shape)} of {part.dtype} on {part.device}" for part in state)
        needed = f"{self._states} of {tuple(self._state_shape)}, {self._dtype}, where the input lies"
        raise UsageError(f"the state has {found}; this layer needs {needed}")


class Ready:
    """The stream that a layer has made ready. A copy of the layer, or one read from a file, begins without."""

    stream: Stream | None = None

    def __reduce__(self) -> tuple[type[Ready], tuple[()]]:
        return Ready, ()


def _stepper(layers: Layers, weights: Weights, x: Tensor, state: State) -> Stepper | None:
    """None if the engine cannot run all layers."""
    works = []
    for index, direction in enumerate(layers.directions):
        given = x.new_zeros(len(x), 1, direction.sizes.input_size, *direction.sizes.space)
        before = tuple(part[index] for part in state)
        works.append(layers.work(direction, weights(direction), given, None, before, None))
    if any(choose(work, layers.engine)[0] != "native" for work in works):
        return None
    return Stepper(works)


def _weights(layer: nn.Module) -> Iterable[Tensor]:
    """A layer's own, and, where they are made of others (``torch.nn.utils.parametrize``), those."""
    return [*layer.parameters()] if layer._modules else layer._parameters.values()  # type: ignore[return-value]
