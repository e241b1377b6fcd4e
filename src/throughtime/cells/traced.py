"""Layers as ``torch.compile`` and ``torch.export`` see them: operators of torch and plain arithmetic, nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.cells.engine.contract import State
from throughtime.cells.engine.native import operator, why_not_cell
from throughtime.cells.engine.native.library import library
from throughtime.cells.equations.parameters import recurrent_maps, stacks
from throughtime.cells.layers import Layers


class Traced:
    """What tracing needs of layers, worked out beforehand; ``possible`` says whether they can be traced as operators.

    Random masks are drawn by torch's own generator, as for torch's layers.
    """

    def __init__(self, layers: Layers) -> None:
        graph = layers.graph
        self.possible = (
            library() is not None
            and layers.engine in ("auto", "native")
            and graph.output in graph.new_states
            and why_not_cell(graph) is None
        )
        self.text = json.dumps(graph.to_json())
        self.stacks = tuple(stack.name for stack in stacks(graph))
        dropped = recurrent_maps(graph)
        # for DropConnect: of each stored tensor, for each of its parts in units whether it is a recurrent map
        self.recurrent = tuple(tuple(member.name in dropped for member in stack.members) for stack in stacks(graph))
        self.states = len(graph.states)
        self.directions = tuple(
            (d.layer, d.backward, d.sizes.input_size, d.sizes.hidden_size) for d in layers.directions
        )
        self.suffixes = tuple(d.suffix for d in layers.directions)
        self.residual, self.clip = layers.residual, layers.state_clip or 0.0
        self.dropout, self.locked = layers.dropout, layers.locked
        self.recurrent_dropout, self.zoneout = layers.recurrent_dropout, layers.zoneout
        self.drop_connect = layers.drop_connect

    def run(
        self, weights: Sequence[Sequence[Tensor]], x: Tensor, lengths: Tensor | None, state: State, training: bool
    ) -> tuple[Tensor, State]:
        """As ``Layers.run``; ``weights`` are the stored tensors of each direction in the order of ``stacks``."""
        ends: list[list[Tensor]] = []
        for layer in range(self.directions[-1][0] + 1):
            source = x
            if layer and training and self.dropout:
                x = x * self._mask((x.shape[0], 1 if self.locked else x.shape[1], x.shape[2]), self.dropout, x)
            outputs = []
            for index, (of_layer, backward, input_size, hidden_size) in enumerate(self.directions):
                if of_layer == layer:
                    before = [part[index] for part in state]
                    found = self._one_way(
                        weights[index], x, lengths, before, training, backward, input_size, hidden_size
                    )
                    outputs.append(found[0])
                    ends.append(found[1 : 1 + self.states])
            x = torch.cat(outputs, 2) if len(outputs) > 1 else outputs[0]
            if self.residual and layer:
                x = x + source
        return x, tuple(torch.stack([parts[k] for parts in ends]) for k in range(self.states))

    def _one_way(
        self,
        stored: Sequence[Tensor],
        x: Tensor,
        lengths: Tensor | None,
        state: list[Tensor],
        training: bool,
        backward: bool,
        input_size: int,
        hidden_size: int,
    ) -> list[Tensor]:
        masks, batch, steps = [], x.shape[0], x.shape[1]
        if training and self.recurrent_dropout:
            masks.append(self._mask((batch, hidden_size), self.recurrent_dropout, x))
        if training and self.zoneout:
            shape = (batch, steps, hidden_size)
            masks += [(torch.rand(shape, device=x.device) < self.zoneout).to(x.dtype) for _ in state]
        if training and self.drop_connect:
            stored = [self._thinned(tensor, kinds) for tensor, kinds in zip(stored, self.recurrent, strict=True)]
        zoneout = -1.0 if training and self.zoneout else self.zoneout
        dropped = training and self.recurrent_dropout > 0
        text = operator.described(self.text, input_size, hidden_size, dropped, zoneout, self.clip)
        tensors = [x, *state, *stored]
        differentiable = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
        return operator.layer(text, x, lengths, state, list(stored), masks, backward, differentiable)

    def _mask(self, shape: tuple[int, ...], rate: float, like: Tensor) -> Tensor:
        return (torch.rand(shape, device=like.device) >= rate).to(like.dtype) / (1 - rate)

    def _thinned(self, tensor: Tensor, kinds: tuple[bool, ...]) -> Tensor:
        if not any(kinds):
            return tensor
        parts = tensor.chunk(len(kinds))
        return torch.cat([F.dropout(p, self.drop_connect) if kind else p for p, kind in zip(parts, kinds, strict=True)])
