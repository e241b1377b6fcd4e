"""Layers for the textbook's tests: reproducible, in float64, and with each weight under the name of the equations."""

from __future__ import annotations

from typing import Any

import torch
from torch import Generator, Tensor

from throughtime.cells import Graph
from throughtime.cells.equations.parameters import stacks
from throughtime.cells.recurrent import Recurrent


def random_layer(
    cell: str | Graph, input_size: Any = 3, hidden_size: int = 4, seed: int = 0, **options: Any
) -> Recurrent:
    """A layer with weights that are all different, biases included, and none of them small."""
    generator = Generator().manual_seed(seed)
    layer = Recurrent(cell, input_size, hidden_size, **options).double()
    for weight in layer.parameters():
        weight.data.copy_(torch.randn(weight.shape, dtype=torch.float64, generator=generator) * 0.7)
    return layer


def random_input(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=Generator().manual_seed(seed))


def weights_by_name(layer: Recurrent) -> dict[str, Tensor]:
    """``{"W_f": ..., "b_f": ...}``: views of the stored tensors, so that what is written into one is used.

    For layers of one direction.
    """
    (direction,) = layer.directions
    stored = layer.weights(direction)
    found: dict[str, Tensor] = {}
    for stack in stacks(layer.graph):
        parts = stored[stack.name].detach().split(stack.rows(direction.sizes))
        found.update(zip([member.name for member in stack.members], parts, strict=True))
    return found


def copy_weights(source: Recurrent, target: Recurrent, renamed: dict[str, str] | None = None) -> None:
    """Give ``target`` the weights of ``source`` by name; ``renamed`` maps a name of the target to the source's."""
    given = weights_by_name(source)
    for name, weight in weights_by_name(target).items():
        wanted = (renamed or {}).get(name, name)
        if wanted in given:
            weight.copy_(given[wanted])


def fill(layer: Recurrent, **values: float) -> None:
    """Fill weights by name: ``fill(layer, b_f=1000)`` opens a forget gate for good."""
    weights = weights_by_name(layer)
    for name, value in values.items():
        weights[name].fill_(value)


def outputs(layer: Recurrent, x: Tensor) -> Tensor:
    with torch.no_grad():
        return layer(x)[0]
