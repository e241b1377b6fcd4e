"""One step at a time, for streams: everything that stays the same from step to step is made ready beforehand."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from functools import partial
from struct import Struct

import torch
from torch import Tensor

from throughtime.cells.engine.contract import State, Work
from throughtime.cells.engine.native.library import PANEL, library, refused
from throughtime.cells.engine.native.masks import variant_and_masks
from throughtime.cells.engine.native.passes import Division, check_shapes, given, panels_at_once
from throughtime.cells.engine.native.recipe import Sized, sized
from throughtime.cells.engine.native.rows import Rows
from throughtime.cells.engine.native.words import RUN, STEP_OF_STREAM

FEW = 64_000  # bytes of weights, up to which a second thread takes longer to come than it saves
IS_PACKED = RUN.index("is_packed")

Step = Callable[[Tensor, State], tuple[Tensor, State]]
Run = Callable[[bytes], int]

_empty = torch.empty_like


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
        self._division = _division(self._layers, rows, 2 if works[0].bf16 else like.element_size())
        runs = array("q", [layer.run(self._division) for layer in self._layers])
        buffers = array("q", [number for layer in self._layers for number in layer.buffers()])
        self._arrays = (runs, buffers)
        words = (len(STEP_OF_STREAM), len(works), len(states), runs.buffer_info()[0], buffers.buffer_info()[0])
        self._words = array("q", words)
        y = like.new_empty(rows, made[0].units)
        new = tuple([like.new_empty(len(works), rows, made[0].units) for _ in states])
        run: Run = partial(engine.tt_step, self._words.buffer_info()[0])
        # ``x (B, F)`` and the state ``(layers, B, H)`` each to the output ``(B, H)`` and the new state. They are of the
        # type and the sizes that ``works`` say, and on the CPU: nothing is checked here.
        self.step: Step = _OF_STATES.get(len(states), _of_any)(run, y, new)
        self.step(like.new_zeros(rows, made[0].sizes.input_size), tuple([torch.zeros_like(part) for part in new]))
        for layer in self._layers:
            layer.words[IS_PACKED] = 1


class _Layer:
    """What the engine is told of one layer, and what it points to."""

    def __init__(self, work: Work, made: Sized) -> None:
        self.sized, self.bound, self.like, self.bf16 = made, made.forward(False, False), work.x, work.bf16
        self.rows = Rows(len(work.x), 1, None, False, False)
        self.stored = [work.weights[stack.name].detach().contiguous() for stack in made.stacks]
        check_shapes(made, work.x, work.state, self.stored)
        self.packed = work.x.new_empty(self.bound.packed_size)

    def run(self, division: Division) -> int:
        """The address of the run's words."""
        self.words, self.arrays = given(
            self.bound, self.sized, self.rows, division, self.like, self.stored, {}, self.packed, (), self.bf16
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


# The step of a cell with so many states: ``run`` takes the addresses, ``y`` and ``new`` are like what is returned. Most
# cells have one state or two, and where these are not gone through in a loop a step takes 1 us less.


def _of_one(run: Run, y: Tensor, new: State) -> Step:
    (like,), pack = new, Struct("4q").pack

    def step(x: Tensor, state: State) -> tuple[Tensor, State]:
        (before,) = state
        x, before, output, after = x.contiguous(), before.contiguous(), _empty(y), _empty(like)
        problem = run(pack(x.data_ptr(), output.data_ptr(), before.data_ptr(), after.data_ptr()))
        return (output, (after,)) if not problem else refused(problem)

    return step


def _of_two(run: Run, y: Tensor, new: State) -> Step:
    (like_a, like_b), pack = new, Struct("6q").pack

    def step(x: Tensor, state: State) -> tuple[Tensor, State]:
        a, b = state
        x, a, b = x.contiguous(), a.contiguous(), b.contiguous()
        output, new_a, new_b = _empty(y), _empty(like_a), _empty(like_b)
        to_a, to_b = new_a.data_ptr(), new_b.data_ptr()
        problem = run(pack(x.data_ptr(), output.data_ptr(), a.data_ptr(), b.data_ptr(), to_a, to_b))
        return (output, (new_a, new_b)) if not problem else refused(problem)

    return step


def _of_any(run: Run, y: Tensor, new: State) -> Step:
    pack = Struct(f"{2 + 2 * len(new)}q").pack

    def step(x: Tensor, state: State) -> tuple[Tensor, State]:
        x, state = x.contiguous(), tuple([part.contiguous() for part in state])
        output, after = _empty(y), tuple([_empty(part) for part in new])
        problem = run(pack(*[tensor.data_ptr() for tensor in (x, output, *state, *after)]))
        return (output, after) if not problem else refused(problem)

    return step


_OF_STATES = {1: _of_one, 2: _of_two}
