"""Cells that torch does not have, as one writes them by hand in torch.

All products with x are one call for all steps, each step has one product with h, and the steps are taken apart by
``unbind`` in the order of time, where they lie side by side in memory: the fastest of the usual ways to write a loop.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor


def lstm_peephole(x: Tensor, p: Mapping[str, Tensor]) -> Tensor:
    """``x (B, T, I)`` to ``(B, T, H)``; ``p`` holds the tensors that the layer stores."""
    from_x = _from_all_steps(x, p)
    p_i, p_f, p_o, from_h = p["p_i"], p["p_f"], p["p_o"], p["weight_hh"].t()
    h = c = x.new_zeros(x.shape[0], len(p_i))
    outputs = []
    for step in from_x.unbind(0):
        i, f, g, o = torch.addmm(step, h, from_h).chunk(4, 1)
        i, f = torch.sigmoid(torch.addcmul(i, p_i, c)), torch.sigmoid(torch.addcmul(f, p_f, c))
        c = f * c + i * torch.tanh(g)
        h = torch.sigmoid(torch.addcmul(o, p_o, c)) * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs, 1)


def indrnn(x: Tensor, p: Mapping[str, Tensor]) -> Tensor:
    """The same for the independently recurrent network."""
    from_x, u = _from_all_steps(x, p), p["u"]
    h = x.new_zeros(x.shape[0], len(u))
    outputs = []
    for step in from_x.unbind(0):
        h = torch.relu(torch.addcmul(step, u, h))
        outputs.append(h)
    return torch.stack(outputs, 1)


def convlstm(x: Tensor, p: Mapping[str, Tensor]) -> Tensor:
    """``x (B, T, C, height, width)`` to ``(B, T, H, height, width)``."""
    batch, steps = x.shape[:2]
    frames = x.transpose(0, 1).flatten(0, 1)
    around, from_h = p["weight_ih"].shape[-1] // 2, p["weight_hh"]
    from_x = F.conv2d(frames, p["weight_ih"], p["bias"], padding=around).unflatten(0, (steps, batch))
    p_i, p_f, p_o = p["p_i"], p["p_f"], p["p_o"]
    h = c = x.new_zeros(batch, *p_i.shape)
    outputs = []
    for step in from_x.unbind(0):
        i, f, g, o = (step + F.conv2d(h, from_h, padding=around)).chunk(4, 1)
        i, f = torch.sigmoid(torch.addcmul(i, p_i, c)), torch.sigmoid(torch.addcmul(f, p_f, c))
        c = f * c + i * torch.tanh(g)
        h = torch.sigmoid(torch.addcmul(o, p_o, c)) * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs, 1)


LOOPS = {"lstm_peephole": lstm_peephole, "indrnn": indrnn, "convlstm": convlstm}


def _from_all_steps(x: Tensor, p: Mapping[str, Tensor]) -> Tensor:
    """(T, B, gates * H)"""
    batch, steps, features = x.shape
    together = x.transpose(0, 1).reshape(steps * batch, features)
    return torch.addmm(p["bias"], together, p["weight_ih"].t()).view(steps, batch, -1)
