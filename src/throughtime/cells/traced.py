"""Layers as ``torch.compile`` and ``torch.export`` see them: operators of torch and plain arithmetic, nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

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
        self.layers, graph = layers, layers.graph
        self.possible = (
            library() is not None
            and layers.engine in ("auto", "native")
            and not layers.bf16
            and graph.output in graph.new_states
            and why_not_cell(graph) is None
        )
        self.stacks = tuple(stack.name for stack in stacks(graph))
        dropped = recurrent_maps(graph)
        # for DropConnect: of each stored tensor, for each of its parts in units whether it is a recurrent map
        self.recurrent = tuple(tuple(member.name in dropped for member in stack.members) for stack in stacks(graph))
        self.states = len(graph.states)
        text, clip = json.dumps(graph.to_json()), layers.state_clip or 0.0
        thinned, share = layers.recurrent_dropout > 0, -1.0 if layers.zoneout else 0.0
        # of each layer, of each direction: whether it is the backward one, its units, and its text in evaluation and
        # in training; made here, for where Dynamo takes sizes as unknown it cannot write them
        self.by_layer = tuple(
            tuple(
                (
                    d.backward,
                    d.sizes.hidden_size,
                    operator.described(text, d.sizes.input_size, d.sizes.hidden_size, False, layers.zoneout, clip),
                    operator.described(text, d.sizes.input_size, d.sizes.hidden_size, thinned, share, clip),
                )
                for d in layers.directions
                if d.layer == layer
            )
            for layer in range(layers.directions[-1].layer + 1)
        )
        self.suffixes = tuple(d.suffix for d in layers.directions)
        self.residual = layers.residual
        self.dropout, self.locked = layers.dropout, layers.locked
        self.recurrent_dropout, self.zoneout = layers.recurrent_dropout, layers.zoneout
        self.drop_connect = layers.drop_connect

    def __reduce__(self) -> tuple[type[Traced], tuple[Layers]]:
        """What is possible is asked again where a copy is read: there may be no engine there."""
        return Traced, (self.layers,)

    def sees(self, like: Tensor) -> bool:
        """Whether something is tracing just now, and can trace a call with numbers of this type and device."""
        return (
            torch.compiler.is_compiling()
            and self.possible
            and like.device.type == "cpu"
            and like.dtype in (torch.float32, torch.float64)
        )

    def run(
        self,
        weights: Sequence[Sequence[Tensor]],
        x: Tensor,
        lengths: Tensor | None,
        state: State,
        training: bool,
        between: Callable[[Tensor], Tensor] | None = None,
    ) -> tuple[Tensor, State]:
        """As ``Layers.run``; ``weights`` are the stored tensors of each direction in the order of ``stacks``.

        ``between`` is what is done to the input of every layer but the first; None for the dropout of the layers.
        """
        ends: list[list[Tensor]] = []
        for layer, ways in enumerate(self.by_layer):
            source = x
            if layer and between is not None:
                x = between(x)
            elif layer and training and self.dropout:
                x = x * self._mask((x.shape[0], 1 if self.locked else x.shape[1], x.shape[2]), self.dropout, x)
            outputs = []
            for backward, units, in_evaluation, in_training in ways:
                before = [part[len(ends)] for part in state]
                masks = self._masks(x, units) if training else []
                stored = weights[len(ends)]
                if training and self.drop_connect:
                    stored = [
                        self._thinned(tensor, kinds) for tensor, kinds in zip(stored, self.recurrent, strict=True)
                    ]
                tensors = [x, *before, *stored]
                differentiable = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
                text = in_training if training else in_evaluation
                found = operator.layer(text, x, lengths, before, list(stored), masks, backward, differentiable)
                outputs.append(found[0])
                ends.append(found[1 : 1 + self.states])
            x = torch.cat(outputs, 2) if len(outputs) > 1 else outputs[0]
            if self.residual and layer:
                x = x + source
        return x, tuple(torch.stack([parts[k] for parts in ends]) for k in range(self.states))

    def _masks(self, x: Tensor, units: int) -> list[Tensor]:
        """Those that the operator takes in training."""
        masks = []
        if self.recurrent_dropout:
            masks.append(self._mask((x.shape[0], units), self.recurrent_dropout, x))
        if self.zoneout:
            shape = (x.shape[0], x.shape[1], units)
            masks += [(torch.rand(shape, device=x.device) < self.zoneout).to(x.dtype) for _ in range(self.states)]
        return masks

    def _mask(self, shape: tuple[int, ...], rate: float, like: Tensor) -> Tensor:
        return (torch.rand(shape, device=like.device) >= rate).to(like.dtype) / (1 - rate)

    def _thinned(self, tensor: Tensor, kinds: tuple[bool, ...]) -> Tensor:
        if not any(kinds):
            return tensor
        parts = tensor.chunk(len(kinds))
        return torch.cat([F.dropout(p, self.drop_connect) if kind else p for p, kind in zip(parts, kinds, strict=True)])
