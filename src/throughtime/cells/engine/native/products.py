"""Products over all steps at once, before and after the time loop, by torch: with x, and for the gradients of maps.

Which slices of which tensors they take follows from the cell and its sizes, and is worked out once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from throughtime.cells.engine.native.recipe import Sized
    from throughtime.cells.engine.native.rows import Rows


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
        self.vectors = neighbours(sized, self.biases) if all(self.biases) else None

    def __call__(self, rows: Rows, x: Tensor, stored: Sequence[Tensor]) -> Tensor:
        """(count, sums * padded)"""
        weight = self.maps.weight(self.sized, stored)
        if any(len(names) > 1 for names in self.names):
            weight = weight.clone()
            for at, names in enumerate(self.names):
                for name in names[1:]:
                    begin = at * self.sized.padded
                    weight[begin : begin + self.sized.units] += part(self.sized, stored, name)
        flat = rows.packed(x)
        if not any(self.biases):
            return flat @ weight.t()
        return torch.addmm(self._bias(stored, weight), flat, weight.t())

    def _bias(self, stored: Sequence[Tensor], like: Tensor) -> Tensor:
        sized, missing = self.sized, self.sized.padded - self.sized.units
        if self.vectors is not None and self.vectors.stack >= 0 and not missing:
            begin = self.vectors.row
            return stored[self.vectors.stack][begin : begin + len(like)]
        empty = like.new_zeros(sized.units)
        parts = [part(sized, stored, name) if name else empty for name in self.biases]
        return torch.cat([F.pad(values, (0, missing)) for values in parts])


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

    def of_input(
        self, rows: Rows, x: Tensor, gradients: Tensor, stored: Sequence[Tensor], whole: Tensor | None = None
    ) -> Tensor:
        """(B, T, F); of a piece, in its place in the whole."""
        total: Tensor | None = None
        for product in self.with_input:
            weight = product.maps.weight(self.sized, stored)
            found = self._columns(gradients, product)
            total = found @ weight if total is None else total.addmm_(found, weight)
        if total is None:
            return torch.zeros_like(x) if whole is None else whole.zero_()
        return rows.unpacked(total, whole)

    def of_stack(self, number: int, gradients: Tensor, operands: Operands) -> Tensor:
        """The gradient of a stored tensor of maps."""
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
