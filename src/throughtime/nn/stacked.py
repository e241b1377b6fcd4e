"""Layers over a call: each in its directions by the engine, torch's dropout between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from throughtime.cells.engine import Work, choose, default_engine
from throughtime.cells.engine.contract import State
from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import Sizes, stacks
from throughtime.cells.layers import Direction, Layers
from throughtime.nn.calling import Packed, Padded, as_autocast, autocast_dtype


@dataclass(frozen=True)
class Stacked:
    """What a module runs, without its weights; ``dropout`` is torch's, between two layers."""

    graph: Graph
    directions: tuple[Direction, ...]
    dropout: float = 0.0

    def engine(self, call: Padded | Packed) -> str:
        """The name of the engine that such a call comes to."""
        work = Work(self.graph, self.directions[0].sizes, {}, call.sample, None, ())
        return choose(work, _engine())[0]

    def run(self, call: Padded | Packed, weights: Sequence[Mapping[str, Tensor]]) -> tuple[Tensor, State]:
        """``(B, T, *)`` and the state at the end ``(layers * directions, B, *)`` each; see :class:`Padded`.

        ``weights`` are the stored tensors of each direction by name.
        """
        x, ends, first = call.x, [], 0
        cast = autocast_dtype(x.device)
        with nullcontext() if cast is None else torch.autocast(x.device.type, enabled=False):
            for ways in _layers(self.directions):
                if first and self.dropout:
                    x = call.dropout(x, self.dropout)
                here = slice(first, first := first + len(ways))
                for direction, own in zip(self.directions[here], weights[here], strict=True):
                    self._check(direction, own, x)
                stored = dict(zip(ways, weights[here], strict=True))
                state = tuple(part[here] for part in call.state)
                layer = Layers(self.graph, ways, engine=_engine())
                x, end, _ = layer.run(stored.__getitem__, x, call.lengths, state, None)
                ends.append(end)
        state = ends[0] if len(ends) == 1 else tuple(torch.cat(parts) for parts in zip(*ends, strict=True))
        return as_autocast(x, state)

    def _check(self, direction: Direction, stored: Mapping[str, Tensor], x: Tensor) -> None:
        """Whether the weights of a direction fit: the engine reads memory and asks no more."""
        for name, shape in _shapes(self.graph, direction.sizes):
            weight = stored[name]
            if weight.shape != shape:
                raise RuntimeError(
                    f"{name}{direction.suffix} has shape {tuple(weight.shape)}; this layer needs {shape}"
                )
            if weight.dtype != x.dtype:
                raise RuntimeError(
                    "Input and parameter tensors are not the same dtype, "
                    f"found input tensor with {x.dtype} and parameter tensor with {weight.dtype}"
                )
            if weight.device != x.device:
                raise RuntimeError(
                    "Input and parameter tensors are not at the same device, "
                    f"found input tensor at {x.device} and parameter tensor at {weight.device}"
                )


@lru_cache(maxsize=256)
def _layers(directions: tuple[Direction, ...]) -> tuple[tuple[Direction, ...], ...]:
    """The directions of each layer, as those of a layer that stands alone."""
    count = directions[-1].layer + 1
    return tuple(tuple(replace(way, layer=0) for way in directions if way.layer == k) for k in range(count))


@lru_cache(maxsize=256)
def _shapes(graph: Graph, sizes: Sizes) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return tuple((stack.name, stack.shape(sizes)) for stack in stacks(graph))


def _engine() -> str:
    """Which engine is asked for; what traces operations needs to see them."""
    return "reference" if torch.jit.is_tracing() else default_engine()
