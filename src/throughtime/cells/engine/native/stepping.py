"""One step at a time, for streams: everything that stays the same from step to step is made ready beforehand."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from struct import Struct

import torch
from torch import Tensor

from throughtime.cells.engine.contract import State, Work
from throughtime.cells.engine.native.library import PANEL, library
from throughtime.cells.engine.native.passes import Division, check_shapes, given, panels_at_once
from throughtime.cells.engine.native.recipe import Sized, sized
from throughtime.cells.engine.native.rows import Rows
from throughtime.cells.engine.native.run import variant_and_masks
from throughtime.cells.engine.native.words import RUN, STEP_OF_STREAM

FEW = 64_000  # bytes of weights, up to which a second thread takes longer to come than it saves
IS_PACKED = RUN.index("is_packed")

_address, _empty = Tensor.data_ptr, torch.empty_like


class Stepper:
    """The step of all layers, each reading the output of the one before, with their weights as they are now.

    ``works`` has one for each layer, that the engine can do, forwards and without masks, of a cell whose output is
    among its states; all have as many rows, units and states. Any number of threads may step at once.
    """

    def __init__(self, works: Sequence[Work]) -> None:
        engine = library()
        assert engine is not None
        made = [sized(work.graph, variant_and_masks(work)[0], work.sizes) for work in works]
        self._layers = [_Layer(work, own) for work, own in zip(works, made, strict=True)]
        states, rows, like = made[0].graph.states, len(works[0].x), works[0].x
        self._division = _division(self._layers, rows, like.element_size())
        runs = array("q", [layer.run(self._division) for layer in self._layers])
        buffers = array("q", [number for layer in self._layers for number in layer.buffers()])
        self._arrays = (runs, buffers)
        words = (len(STEP_OF_STREAM), len(works), len(states), runs.buffer_info()[0], buffers.buffer_info()[0])
        self._words = array("q", words)
        self._y = like.new_empty(rows, made[0].units)
        self._new = tuple([like.new_empty(len(works), rows, made[0].units) for _ in states])
        self._run, self._step = engine.tt_step, self._words.buffer_info()[0]
        self._pack = Struct(f"{2 + 2 * len(states)}q").pack
        self.step(like.new_zeros(rows, made[0].sizes.input_size), [torch.zeros_like(part) for part in self._new])
        for layer in self._layers:
            layer.words[IS_PACKED] = 1

    def step(self, x: Tensor, state: Sequence[Tensor]) -> tuple[Tensor, State]:
        """``x (B, F)`` and the state ``(layers, B, H)`` each to the output ``(B, H)`` and the new state.

        All are contiguous, and of the type, the sizes and on the device that ``works`` say: nothing is checked here.
        """
        y, new = _empty(self._y), tuple(map(_empty, self._new))
        addresses = self._pack(x.data_ptr(), y.data_ptr(), *map(_address, state), *map(_address, new))
        problem = self._run(self._step, addresses)
        if problem:
            raise RuntimeError(f"the engine refused a step: {problem}")
        return y, new


class _Layer:
    """What the engine is told of one layer, and what it points to."""

    def __init__(self, work: Work, made: Sized) -> None:
        self.sized, self.bound, self.like = made, made.forward(False, False), work.x
        self.rows = Rows(len(work.x), 1, None, False, False)
        self.stored = [work.weights[stack.name].detach().contiguous() for stack in made.stacks]
        check_shapes(made, work.x, work.state, self.stored)
        self.packed = work.x.new_empty(self.bound.packed_size)

    def run(self, division: Division) -> int:
        """The address of the run's words."""
        self.words, self.arrays = given(
            self.bound, self.sized, self.rows, division, self.like, self.stored, {}, self.packed
        )
        return self.words.buffer_info()[0]

    def buffers(self) -> list[int]:
        """The numbers of x, y, the states before and after among the program's buffers; -1 for what is not read."""
        numbers = {name: number for number, name in enumerate(self.bound.compiled.buffers)}
        of_states = [f"{kind}_{name}" for name in self.sized.graph.states for kind in ("state", "next")]
        return [numbers.get(name, -1) for name in ("x", "y", *of_states)]


def _division(layers: Sequence[_Layer], rows: int, size: int) -> Division:
    """Over units; all layers have the same."""
    panels, packed = layers[0].sized.padded // PANEL, max(layer.bound.packed_size for layer in layers)
    many = packed * size > FEW and panels >= 4
    threads = min(torch.get_num_threads(), panels // 2) if many else 1
    return Division(threads, threads > 1, panels_at_once(rows))
