"""One step at a time, for streams: everything that stays the same from step to step is made ready beforehand."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from throughtime.cells.engine.contract import Work
from throughtime.cells.engine.native.library import PANEL, library
from throughtime.cells.engine.native.passes import Division, given, panels_at_once
from throughtime.cells.engine.native.recipe import sized
from throughtime.cells.engine.native.rows import Rows
from throughtime.cells.engine.native.run import variant_and_masks
from throughtime.cells.engine.native.words import RUN

FEW = 64_000  # bytes of weights, up to which a second thread takes longer to come than it saves
IS_PACKED, PLACES = RUN.index("is_packed"), RUN.index("buffers")


class Stepper:
    """The step of one layer for as many rows as ``work`` has, with its weights as they are now.

    The weights are packed once, at the first step. ``work`` is one that the engine can do, forwards and without masks,
    of a cell whose output is among its states.
    """

    def __init__(self, work: Work) -> None:
        made = sized(work.graph, variant_and_masks(work)[0], work.sizes)
        bound, batch, like = made.forward(False, False), len(work.x), work.x
        size, panels = like.element_size(), made.padded // PANEL
        many = bound.packed_size * size > FEW and panels >= 4
        threads = min(torch.get_num_threads(), panels // 2) if many else 1
        division = Division(threads, threads > 1, panels_at_once(batch))
        self._stored = [work.weights[stack.name].detach().contiguous() for stack in made.stacks]
        self._packed, self._rows, self._bound = (
            like.new_empty(bound.packed_size),
            Rows(batch, 1, None, False, False),
            bound,
        )
        self._words, self._arrays = given(bound, made, self._rows, division, like, self._stored, {}, self._packed)
        self._batch, self._padded, self._dtype, self._is_packed = batch, made.padded, like.dtype, False
        at = {name: 4 * k for k, name in enumerate(bound.compiled.buffers)}
        nowhere = len(self._arrays[0])  # what the step does not read goes behind the words that the engine reads
        self._arrays[0].extend((0, 0, 0, 0))
        self._x, self._y = at.get("x", nowhere), at["y"]
        self._states = [(at.get(f"state_{name}", nowhere), at[f"next_{name}"]) for name in made.graph.states]
        self._whole = made.padded == made.units  # then the engine reads a state where it lies
        for k in (self._x, self._y):
            self._arrays[0][k + 2] = made.sizes.input_size if k == self._x else made.units
        for before, after in self._states:
            for k in (before, after):
                self._arrays[0][k + 2] = made.units
        engine = library()
        assert engine is not None
        self._run = engine.tt_run

    def __call__(self, x: int, state: Sequence[int], y: int, new_state: Sequence[int]) -> None:
        """The addresses of ``x (B, F)``, of the state ``(B, H)`` each, and of what is written; all contiguous."""
        places, words = self._arrays[0][:], self._words[:]
        places[self._x], places[self._y] = x, y
        rings: Tensor | None = None
        if not self._whole:
            rings = torch.empty(len(state), 2 * self._batch, self._padded, dtype=self._dtype)
        for k, (before, after) in enumerate(self._states):
            places[before] = 0 if rings is None else rings[k].data_ptr()
            places[before + 1], places[after + 1] = state[k], new_state[k]
        words[IS_PACKED], words[PLACES] = self._is_packed, places.buffer_info()[0]
        problem = self._run(words.buffer_info()[0])
        if problem:
            raise RuntimeError(f"the engine refused a step: {problem}")
        self._is_packed = True
