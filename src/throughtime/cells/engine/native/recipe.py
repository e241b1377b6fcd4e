"""What follows from a cell's equations and sizes alone, made once: programs, and where they find their weights."""

from __future__ import annotations

from array import array
from functools import cached_property, lru_cache
from typing import NamedTuple

from throughtime.cells.engine.native.derivative import derivative
from throughtime.cells.engine.native.layout import backward_program, forward_program, hoisted_sums
from throughtime.cells.engine.native.library import PANEL, library
from throughtime.cells.engine.native.products import Hoisted, Products
from throughtime.cells.engine.native.quantities import Variant, lowered
from throughtime.cells.engine.native.words import Compiled
from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import Sizes, stacks


class Recipe:
    """What follows from the equations: the step, its derivative, the programs of both."""

    def __init__(self, graph: Graph, variant: Variant) -> None:
        self.graph, self.step = graph, lowered(graph, variant)
        self.derivative = derivative(self.step, graph.states)
        order = {name: k for k, name in enumerate(graph.parameters)}
        quantities = self.step.quantities
        sums = sorted(self.derivative.gradients, key=lambda k: order[quantities[k].maps[0]])
        columns: dict[int, int] = {}  # of a gradient: its part of a row of gradients
        for k in sums:
            columns.setdefault(self.derivative.gradients[k], len(columns))
        self.columns = len(columns)
        self.sum_columns = {k: columns[self.derivative.gradients[k]] for k in sums}
        self.hoisted = tuple(sorted(hoisted_sums(self.step), key=lambda k: order[quantities[k].maps[0]]))
        computed = {arg for k in sums for arg in quantities[k].args}
        computed = {arg for arg in computed if quantities[arg].op not in ("input", "state")}
        self.kept = tuple(dict.fromkeys((*self.derivative.saved, *sorted(computed))))
        self.backward = Compiled(backward_program(self.derivative, graph.states, self.kept, columns))
        self._forward: dict[tuple[bool, bool], Compiled] = {}

    def forward(self, training: bool, hoisted: bool) -> Compiled:
        if (training, hoisted) not in self._forward:
            kept = self.kept if training else ()
            program = forward_program(self.step, self.graph.states, kept, training, self.hoisted if hoisted else ())
            self._forward[training, hoisted] = Compiled(program)
        return self._forward[training, hoisted]


@lru_cache(maxsize=256)
def recipe(graph: Graph, variant: Variant) -> Recipe:
    return Recipe(graph, variant)


class Spot(NamedTuple):
    """Where a parameter lies: in which of the stored tensors, from which row on."""

    stack: int
    row: int


class Bound:
    """A compiled program for sizes."""

    def __init__(self, compiled: Compiled, layer: Sized) -> None:
        program, units = compiled.program, layer.units
        self.compiled, self.program = compiled, program
        self.maps = tuple(layer.spots[name] for name in program.maps)
        self.vectors = tuple(layer.spots[name] for name in program.vectors)
        self.partsums = tuple(layer.spots[name] for name in program.partsums)
        self.constants = array("d", program.constants)
        engine = library()
        assert engine is not None
        self.packed_size: int = engine.tt_packed_size(compiled.handle, units, layer.sizes.input_size)


class Sized:
    """A recipe for sizes: programs that know where their parameters lie, and the products that follow the loop."""

    def __init__(self, graph: Graph, variant: Variant, sizes: Sizes) -> None:
        self.recipe, self.graph, self.variant, self.sizes = recipe(graph, variant), graph, variant, sizes
        self.units = sizes.hidden_size
        self.padded = -(-self.units // PANEL) * PANEL
        self.stacks = stacks(graph)
        self.names = tuple(stack.name for stack in self.stacks)
        self.shapes = tuple(tuple(stack.shape(sizes)) for stack in self.stacks)
        self.spots: dict[str, Spot] = {}
        for number, stack in enumerate(self.stacks):
            row = 0
            for member, rows in zip(stack.members, stack.rows(sizes), strict=True):
                self.spots[member.name] = Spot(number, row)
                row += rows
        self._forward: dict[tuple[bool, bool], Bound] = {}
        self.products = Products(self)
        self.kinds = tuple(stack.members[0].kind for stack in self.stacks)

    @cached_property
    def hoisted(self) -> Hoisted:
        return Hoisted(self)

    @cached_property
    def backward(self) -> Bound:
        return Bound(self.recipe.backward, self)

    def forward(self, training: bool, hoisted: bool) -> Bound:
        if (training, hoisted) not in self._forward:
            self._forward[training, hoisted] = Bound(self.recipe.forward(training, hoisted), self)
        return self._forward[training, hoisted]

    @cached_property
    def complete(self) -> tuple[bool, ...]:
        """For each stored tensor of vectors: whether the backward pass writes all of its gradient."""
        summed = set(self.recipe.backward.program.partsums)
        return tuple({member.name for member in stack.members} <= summed for stack in self.stacks)


@lru_cache(maxsize=256)
def sized(graph: Graph, variant: Variant, sizes: Sizes) -> Sized:
    return Sized(graph, variant, sizes)
