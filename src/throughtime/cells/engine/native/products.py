"""Products over many steps at once: with x before the time loop, for the gradients of maps along with it or after it.

Which slices of which tensors they take follows from the cell and its sizes, and is worked out once. The engine makes
those whose results stay in a core's own cache while its loop runs, and what it has just computed is still there; torch
makes the others after the loop.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.cells.engine.rounding import rounded

if TYPE_CHECKING:
    from throughtime.cells.engine.native.recipe import Sized
    from throughtime.cells.engine.native.rows import Rows

NEAR = 1_200_000  # bytes of a result that stay in a core's own cache beside what the loop needs


@dataclass(frozen=True)
class Table:
    """Rows in memory: where they begin, how many numbers it is from one to the next, and how many there are."""

    address: int
    pitch: int
    count: int
    alive: Tensor | None = None

    @staticmethod
    def of(tensor: Tensor) -> Table:
        return Table(tensor.data_ptr(), tensor.stride(0), len(tensor), tensor)


class Sweeps:
    """The engine's TtSweeps of one run, in words; what they point to stays alive with them."""

    def __init__(self) -> None:
        self.words, self.count = array("q"), 0
        self._alive: list[object] = []

    def by_rows(
        self,
        a: Table,
        column: int,
        maps: Sequence[tuple[int, int]],
        part: tuple[int, int],
        transposed: bool,
        c: Tensor,
        at: tuple[int, int],
        bias: int,
        adds: bool,
    ) -> None:
        """Maps ``(address, pitch)`` applied to parts of the rows of a from ``column`` on, into columns of c.

        ``part`` is how many numbers of a part are read, and how far it is to the next; ``at`` where in a row of c the
        result begins, and its width.
        """
        size = c.element_size()
        places = array("q", [number for pair in maps for number in pair])
        begin, width = at
        self.words.extend((0, a.count, part[0], width, a.address + column * size, a.pitch, bias, 0))
        self.words.extend((c.data_ptr() + begin * size, c.stride(0), adds, len(maps), part[1], transposed))
        self.words.append(places.buffer_info()[0])
        self._keep(places, a, c)

    def outer(self, a: Table, column: int, width: int, b: Tensor, c: Tensor, row: int, adds: bool) -> None:
        """Columns of a, turned, times b: into rows of c from ``row`` on."""
        size = c.element_size()
        self.words.extend((1, a.count, b.shape[1], width, a.address + column * size, a.pitch))
        self.words.extend((b.data_ptr(), b.stride(0), c.data_ptr() + row * c.stride(0) * size, c.stride(0), adds))
        self.words.extend((0, 0, 0, 0))
        self._keep(a, b, c)

    def _keep(self, *things: object) -> None:
        self._alive += things
        self.count += 1


@dataclass(frozen=True)
class Maps:
    """Several maps one above the other: in one piece of a stored tensor, or by name."""

    names: tuple[str, ...]
    stack: int = -1  # the stored tensor in which they are neighbours
    row: int = 0

    def weight(self, sized: Sized, stored: Sequence[Tensor]) -> Tensor:
        """(maps * padded, F)"""
        if self.stack >= 0 and sized.padded == sized.units:
            whole, size = stored[self.stack], len(self.names) * sized.units
            return whole if len(whole) == size else whole[self.row : self.row + size]
        missing = sized.padded - sized.units
        return torch.cat([F.pad(part(sized, stored, name), (0, 0, 0, missing)) for name in self.names])


@dataclass(frozen=True)
class Product:
    """Of the gradients the parts from ``column`` on, for ``maps`` that are neighbours; ``operand`` is a quantity."""

    maps: Maps
    column: int
    operand: int


class Hoisted:
    """The products with x of all sums that have one, and their biases, for all steps at once."""

    def __init__(self, sized: Sized) -> None:
        self.sized, quantities = sized, sized.recipe.step.quantities
        sums = [quantities[number] for number in sized.recipe.hoisted]
        self.names = tuple(
            tuple(name for name, arg in zip(q.maps, q.args, strict=True) if quantities[arg].op == "input") for q in sums
        )
        self.biases = tuple(q.name for q in sums)
        self.maps = neighbours(sized, tuple(names[0] for names in self.names))
        vectors = neighbours(sized, self.biases) if all(self.biases) else None
        plain = sized.padded == sized.units and all(len(names) == 1 for names in self.names) and self.maps.stack >= 0
        biased = not any(self.biases) or (vectors is not None and vectors.stack >= 0)
        self.at_once = plain and biased  # as one product

    def rounded(self, stored: Sequence[Tensor]) -> list[Tensor]:
        """The stored tensors, of which those with maps of x are rounded to bfloat16."""
        wanted = {self.sized.spots[name].stack for names in self.names for name in names}
        return [rounded(tensor) if k in wanted else tensor for k, tensor in enumerate(stored)]

    def sweep(self, sweeps: Sweeps, flat: Tensor, stored: Sequence[Tensor], to: Tensor) -> None:
        """Into ``to (count, sums * padded)``; ``flat (count, F)`` is x."""
        sized, inputs, x = self.sized, flat.shape[1], Table.of(flat)
        if self.at_once:
            bias = _address(sized, stored, self.biases[0])[0] if self.biases[0] else 0
            whole = (0, to.shape[1])
            first = [_address(sized, stored, self.maps.names[0])]
            sweeps.by_rows(x, 0, first, (inputs, inputs), False, to, whole, bias, False)
            return
        for number, (names, vector) in enumerate(zip(self.names, self.biases, strict=True)):
            for k, name in enumerate(names):
                bias = _address(sized, stored, vector)[0] if vector and not k else 0
                at = (number * sized.padded, sized.units)
                sweeps.by_rows(x, 0, [_address(sized, stored, name)], (inputs, inputs), False, to, at, bias, bool(k))


class Products:
    """Gradients of the maps and of the input, from the gradients of all sums ``(count, columns * padded)``."""

    def __init__(self, sized: Sized) -> None:
        self.sized, quantities = sized, sized.recipe.step.quantities
        uses: dict[str, list[tuple[int, int]]] = {}  # of a map: part of the gradients, operand
        for number, column in sized.recipe.sum_columns.items():
            for name, operand in zip(quantities[number].maps, quantities[number].args, strict=True):
                uses.setdefault(name, []).append((column, operand))
        self.of_stacks = tuple(
            tuple(_together(sized, [(member.name, uses.get(member.name, [])) for member in stack.members]))
            for stack in sized.stacks
        )
        inputs = {k for k, quantity in enumerate(quantities) if quantity.op == "input"}
        pairs = sorted((column, name) for name, found in uses.items() for column, k in found if k in inputs)
        self.with_input = tuple(_runs(sized, pairs))

    def sweep_input(self, sweeps: Sweeps, gradients: Table, stored: Sequence[Tensor], to: Tensor) -> bool:
        """The gradient of x, ``(count, F)``; False where the cell does not read it."""
        sized = self.sized
        for k, product in enumerate(self.with_input):
            maps = [_address(sized, stored, name) for name in product.maps.names]
            column, parts = product.column * sized.padded, (sized.units, sized.padded)
            sweeps.by_rows(gradients, column, maps, parts, True, to, (0, to.shape[1]), 0, bool(k))
        return bool(self.with_input)

    def sweep_stack(self, sweeps: Sweeps, number: int, gradients: Table, operands: Operands, to: Tensor) -> None:
        """The gradient of a stored tensor of maps, into ``to`` of its shape."""
        sized, row = self.sized, 0
        for maps, products in self.of_stacks[number]:
            count = len(maps.names)
            if not products:
                to[row : row + count * sized.units] = 0
            for k, product in enumerate(products):
                operand = operands[product.operand]
                at_once = count if sized.padded == sized.units else 1
                for done in range(0, count, at_once):
                    column, width = (product.column + done) * sized.padded, at_once * sized.units
                    sweeps.outer(gradients, column, width, operand, to, row + done * sized.units, bool(k))
            row += count * sized.units

    def of_input(
        self, rows: Rows, x: Tensor, gradients: Tensor, stored: Sequence[Tensor], whole: Tensor | None = None
    ) -> Tensor:
        """(B, T, F), by torch; of a piece, in its place in the whole."""
        total: Tensor | None = None
        for product in self.with_input:
            weight = product.maps.weight(self.sized, stored)
            found = self._columns(gradients, product)
            total = found @ weight if total is None else total.addmm_(found, weight)
        if total is None:
            return torch.zeros_like(x) if whole is None else whole.zero_()
        return rows.unpacked(total, whole)

    def of_stack(self, number: int, gradients: Tensor, operands: Operands) -> Tensor:
        """The gradient of a stored tensor of maps, by torch."""
        sized, found = self.sized, []
        for maps, products in self.of_stacks[number]:
            total: Tensor | None = None
            for product in products:
                one = self._columns(gradients, product).t() @ operands[product.operand]
                total = one if total is None else total.add_(one)
            if total is None:
                rows = sized.stacks[number].shape(sized.sizes)
                total = gradients.new_zeros(len(maps.names) * sized.units, *rows[1:])
            elif sized.padded > sized.units:
                total = total.view(len(maps.names), sized.padded, -1)[:, : sized.units].flatten(0, 1)
            found.append(total)
        return found[0] if len(found) == 1 else torch.cat(found)

    def _columns(self, gradients: Tensor, product: Product) -> Tensor:
        begin, width = product.column * self.sized.padded, len(product.maps.names) * self.sized.padded
        return gradients if gradients.shape[1] == width else gradients[:, begin : begin + width]


class Operands:
    """What maps were applied to at every step, ``(count, F)`` each, by quantity."""

    def __init__(self, sized: Sized, rows: Rows, x: Tensor, kept: Tensor, states: Sequence[Tensor]) -> None:
        self.sized, self.rows, self.x, self.kept, self.states = sized, rows, x, kept, states
        self._made: dict[int, Tensor] = {}

    def __getitem__(self, number: int) -> Tensor:
        if number not in self._made:
            self._made[number] = self._operand(number)
        return self._made[number]

    def _operand(self, number: int) -> Tensor:
        sized, quantity = self.sized, self.sized.recipe.step.quantities[number]
        if quantity.op == "input":
            return self.rows.packed(self.x)
        if quantity.op == "state":
            values, begin = self.states[sized.graph.states.index(quantity.name)], 0
        else:
            values, begin = self.kept, sized.recipe.kept.index(number) * sized.padded
        values = values if len(values) == self.rows.count else values[: self.rows.count]
        return values if values.shape[1] == sized.units else values[:, begin : begin + sized.units]


def part(sized: Sized, stored: Sequence[Tensor], name: str) -> Tensor:
    """A parameter in its stored tensor."""
    spot = sized.spots[name]
    return stored[spot.stack][spot.row : spot.row + sized.units]


def _address(sized: Sized, stored: Sequence[Tensor], name: str) -> tuple[int, int]:
    """Where a parameter begins, and how far it is to its next row."""
    spot = sized.spots[name]
    tensor = stored[spot.stack]
    pitch = tensor.stride(0)
    return tensor.data_ptr() + spot.row * pitch * tensor.element_size(), pitch


def neighbours(sized: Sized, names: tuple[str, ...]) -> Maps:
    """Parameters that are taken one above the other, and whether they are stored so."""
    spots = [sized.spots[name] for name in names]
    first = spots[0]
    together = all(
        spot.stack == first.stack and spot.row == first.row + k * sized.units for k, spot in enumerate(spots)
    )
    return Maps(names, first.stack, first.row) if together else Maps(names)


def _runs(sized: Sized, pairs: Sequence[tuple[int, str]]) -> list[Product]:
    """Products with one operand, of neighbouring parts of the gradients."""
    runs: list[tuple[int, list[str]]] = []
    for column, name in pairs:
        if runs and runs[-1][0] + len(runs[-1][1]) == column:
            runs[-1][1].append(name)
        else:
            runs.append((column, [name]))
    return [Product(neighbours(sized, tuple(names)), column, -1) for column, names in runs]


def _together(
    sized: Sized, members: Sequence[tuple[str, list[tuple[int, int]]]]
) -> list[tuple[Maps, tuple[Product, ...]]]:
    """For neighbours in a stored tensor their products: one for all that have the same operand and parts in a row."""
    found: list[tuple[list[str], list[tuple[int, int]]]] = []
    for name, uses in members:
        if found and len(uses) == 1 == len(found[-1][1]):
            column, operand = found[-1][1][0]
            if uses[0] == (column + len(found[-1][0]), operand):
                found[-1][0].append(name)
                continue
        found.append(([name], uses))
    made = []
    for names, uses in found:
        maps = Maps(tuple(names))
        made.append((maps, tuple(Product(maps, column, operand) for column, operand in uses)))
    return made
