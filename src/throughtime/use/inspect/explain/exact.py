"""A model in float64, by whose gradients explanations are made."""

from __future__ import annotations

from copy import deepcopy
from typing import TypeVar

from torch import nn

from throughtime.cells.recurrent import Recurrent

M = TypeVar("M", bound=nn.Module)


def in_float64(model: M) -> M:
    """A copy in evaluation on the CPU, whose weights ask for no gradient; the model itself stays as it is.

    The copy takes whichever engine can run float64, and rounds no product to bfloat16.
    """
    copy = deepcopy(model).double().cpu().eval().requires_grad_(False)
    for layer in copy.modules():
        if isinstance(layer, Recurrent):
            layer.engine, layer.bf16, layer.checkpoint_time = "auto", False, None
    return copy
