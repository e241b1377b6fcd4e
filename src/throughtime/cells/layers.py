"""Layers of a cell, run one after the other in their directions, with every kind of dropout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from throughtime.batch import Draw
from throughtime.cells.dropout import Masks, dropout, scaled
from throughtime.cells.engine import Noise, Work, choose
from throughtime.cells.engine.contract import State
from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import Sizes, recurrent_maps, stacks


@dataclass(frozen=True)
class Direction:
    """One layer in one direction: its sizes and how its parameters' names end."""

    layer: int
    backward: bool
    sizes: Sizes

    @property
    def suffix(self) -> str:
        return f"_l{self.layer}" + ("_reverse" if self.backward else "")


def directions(sizes: Sizes, num_layers: int, bidirectional: bool) -> tuple[Direction, ...]:
    """All layers and directions in torch's order; ``sizes`` are those of the first layer."""
    ways = (False, True) if bidirectional else (False,)
    later = replace(sizes, input_size=sizes.output_size * len(ways))
    return tuple(Direction(k, back, later if k else sizes) for k in range(num_layers) for back in ways)


Weights = Callable[[Direction], Mapping[str, Tensor]]
Watch = Callable[[Direction, int, str, Tensor], None]
Look = Callable[[Direction, int, Sequence[Any]], None]


@dataclass(frozen=True)
class Layers:
    """What runs, without its weights; the options are those of :class:`throughtime.Recurrent`."""

    graph: Graph
    directions: tuple[Direction, ...]
    dropout: float = 0.0
    locked: bool = False
    recurrent_dropout: float = 0.0
    zoneout: float = 0.0
    drop_connect: float = 0.0
    state_clip: float | None = None
    residual: bool = False
    checkpoint_time: int | None = None
    engine: str = "auto"
    place: str = "recurrent"
    bf16: bool = False

    def run(
        self,
        weights: Weights,
        x: Tensor,
        lengths: Tensor | None,
        state: State,
        draw: Draw | None,
        names: tuple[str, ...] = (),
        watch: Watch | None = None,
        look: Look | None = None,
    ) -> tuple[Tensor, State, dict[str, Tensor]]:
        """``x (B, T, *F)`` through all layers: the output, the state at the end, and the quantities ``names``.

        ``weights`` gives the stored tensors of a direction by name; without a ``draw`` there are no random masks.
        What is recorded, watched or looked at is run by the reference, whatever the engine.
        """
        ends: list[State] = []
        recorded: dict[str, Tensor] = {}
        for layer in range(self.directions[-1].layer + 1):
            source = x
            if layer:
                x = dropout(x, self.dropout, draw, f"{self.place}.l{layer}.dropout", locked=self.locked)
            outputs = []
            for index, direction in enumerate(self.directions):
                if direction.layer != layer:
                    continue
                before = tuple(part[index] for part in state)
                work = self.work(direction, weights(direction), x, lengths, before, draw, names, watch, look)
                result = choose(work, "reference" if work.looked_into else self.engine)[1](work)
                outputs.append(result.output)
                ends.append(result.state)
                recorded |= {f"{direction.suffix[1:]}.{name}": values for name, values in result.recorded.items()}
            x = _side_by_side(outputs) if len(outputs) > 1 else outputs[0]
            if self.residual and layer:
                x = x + source
        if len(ends) == 1:  # a view, where a stack would be a copy
            return x, tuple([part[None] for part in ends[0]]), recorded
        return x, tuple(torch.stack(parts) for parts in zip(*ends, strict=True)), recorded

    def work(
        self,
        direction: Direction,
        weights: Mapping[str, Tensor],
        x: Tensor,
        lengths: Tensor | None,
        state: State,
        draw: Draw | None,
        names: tuple[str, ...] = (),
        watch: Watch | None = None,
        look: Look | None = None,
    ) -> Work:
        """What an engine is asked to do for one direction."""
        place = f"{self.place}{direction.suffix.replace('_l', '.l', 1)}"
        if draw is not None and self.drop_connect:
            weights = {**weights, **self._thinned(direction, weights, Masks(draw, place + ".drop_connect"))}
        noise = self._noise(Masks(draw, place) if draw is not None else None, x, direction.sizes.hidden_size)
        return Work(
            self.graph,
            direction.sizes,
            weights,
            x,
            lengths,
            state,
            direction.backward,
            noise,
            self.state_clip,
            self.checkpoint_time,
            names,
            None if watch is None else partial(watch, direction),
            self.bf16,
            None if look is None else partial(look, direction),
        )

    def _noise(self, masks: Masks | None, x: Tensor, units: int) -> Noise:
        recurrent = None
        if self.recurrent_dropout and masks is not None:
            mask = replace(masks, place=masks.place + ".recurrent").each_sample(units, self.recurrent_dropout)
            recurrent = scaled(mask, self.recurrent_dropout, x.dtype)
        zoneout: tuple[Tensor | float, ...] | None = None
        if self.zoneout and masks is None:
            zoneout = tuple(self.zoneout for _ in self.graph.states)
        elif self.zoneout and masks is not None:
            places = [replace(masks, place=f"{masks.place}.zoneout.{name}") for name in self.graph.states]
            zoneout = tuple((~place.each_step(x.shape[1], units, self.zoneout)).to(x.dtype) for place in places)
        return Noise(recurrent, zoneout)

    def _thinned(self, direction: Direction, weights: Mapping[str, Tensor], masks: Masks) -> dict[str, Tensor]:
        """The stored tensors that hold recurrent maps, after DropConnect of those maps."""
        recurrent, thinned = recurrent_maps(self.graph), {}
        for stack in stacks(self.graph):
            if not recurrent & {member.name for member in stack.members}:
                continue
            kept = []
            parts = weights[stack.name].split(stack.rows(direction.sizes))
            for member, part in zip(stack.members, parts, strict=True):
                if member.name in recurrent:
                    own = replace(masks, place=f"{masks.place}.{member.name}")
                    mask = own.each_weight(tuple(part.shape), self.drop_connect)
                    part = part * scaled(mask, self.drop_connect, part.dtype)
                kept.append(part)
            thinned[stack.name] = torch.cat(kept)
        return thinned


def _side_by_side(outputs: list[Tensor]) -> Tensor:
    """The outputs ``(B, T, ...)`` of a layer's directions as one, in the order of memory that they have."""
    if outputs[0].stride(0) >= outputs[0].stride(1):
        return torch.cat(outputs, 2)
    return torch.cat([output.transpose(0, 1) for output in outputs], 2).transpose(0, 1)
