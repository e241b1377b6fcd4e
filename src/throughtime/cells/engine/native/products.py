"""Products over all steps at once, before and after the time loop, by torch: with x, and for the gradients of maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.cells.engine.native.recipe import Sized
from throughtime.cells.engine.native.rows import Rows


def hoisted_products(sized: Sized, rows: Rows, x: Tensor, stored: Sequence[Tensor]) -> Tensor:
    """(count, sums * padded): the bias and the products with x of every sum that has one."""
    quantities, parts = sized.recipe.step.quantities, []
    for number in sized.recipe.hoisted:
        names = [
            name
            for name, arg in zip(quantities[number].maps, quantities[number].args, strict=True)
            if quantities[arg].op == "input"
        ]
        parts.append((sum(_part(sized, stored, name) for name in names), quantities[number].name))
    weight = _stacked(sized, [part for part, _ in parts])  # type: ignore[misc]
    biases = [_vector(sized, stored, name, weight) for _, name in parts]
    flat = rows.packed(x)
    return torch.addmm(torch.cat(biases), flat, weight.t())


def _part(sized: Sized, stored: Sequence[Tensor], name: str) -> Tensor:
    spot = sized.spots[name]
    return stored[spot.stack][spot.row : spot.row + sized.units]


def _vector(sized: Sized, stored: Sequence[Tensor], name: str, like: Tensor) -> Tensor:
    if not name:
        return like.new_zeros(sized.padded)
    part = _part(sized, stored, name)
    return F.pad(part, (0, sized.padded - sized.units)) if sized.padded > sized.units else part


def _stacked(sized: Sized, maps: Sequence[Tensor]) -> Tensor:
    """One above the other, each with rows of 0 up to whole panels."""
    missing = sized.padded - sized.units
    if missing:
        return torch.cat([F.pad(part, (0, 0, 0, missing)) for part in maps])
    first = maps[0]
    size = first.stride(0) * len(first) * first.element_size()
    beginnings = [part.data_ptr() for part in maps]
    if first.is_contiguous() and beginnings == [first.data_ptr() + k * size for k in range(len(maps))]:
        return first.as_strided((len(maps) * len(first), first.shape[1]), first.stride())  # they are so already
    return torch.cat(list(maps))


class Products:
    """Gradients of the maps and of the input, from the gradients of all sums ``(count, columns * padded)``."""

    def __init__(
        self, sized: Sized, rows: Rows, x: Tensor, kept: Tensor, states: Sequence[Tensor], gradients: Tensor
    ) -> None:
        self.sized, self.rows, self.x, self.kept, self.states = sized, rows, x, kept, states
        self.gradients = gradients
        self.uses: dict[str, list[tuple[int, int]]] = {}  # of a map: part of the gradients, operand
        quantities = sized.recipe.step.quantities
        for number, column in sized.recipe.sum_columns.items():
            for name, operand in zip(quantities[number].maps, quantities[number].args, strict=True):
                self.uses.setdefault(name, []).append((column, operand))
        self._operands: dict[int, Tensor] = {}

    def operand(self, number: int) -> Tensor:
        """(count, F): what a map was applied to at every step."""
        if number not in self._operands:
            sized = self.sized
            quantity, units = sized.recipe.step.quantities[number], sized.units
            if quantity.op == "input":
                found = self.rows.packed(self.x)
            elif quantity.op == "state":
                found = self.states[sized.graph.states.index(quantity.name)][:, :units]
            else:
                begin = sized.recipe.kept.index(number) * sized.padded
                found = self.kept[:, begin : begin + units]
            self._operands[number] = found
        return self._operands[number]

    def of_input(self, stored: Sequence[Tensor]) -> Tensor:
        """(B, T, F)"""
        sized, padded = self.sized, self.sized.padded
        inputs = {k for k, quantity in enumerate(sized.recipe.step.quantities) if quantity.op == "input"}
        pairs = sorted((column, name) for name, uses in self.uses.items() for column, k in uses if k in inputs)
        total: Tensor | None = None
        for begin, names in _neighbours(pairs):
            weight = _stacked(sized, [_part(sized, stored, name) for name in names])
            part = self.gradients[:, begin * padded : (begin + len(names)) * padded]
            total = part @ weight if total is None else total.addmm_(part, weight)
        return torch.zeros_like(self.x) if total is None else self.rows.unpacked(total)

    def of_stack(self, number: int, like: Tensor) -> Tensor:
        """The gradient of a stored tensor of maps."""
        sized, padded = self.sized, self.sized.padded
        members = sized.stacks[number].members
        rows = sized.stacks[number].rows(sized.sizes)
        found: list[Tensor] = []
        done = 0
        while done < len(members):
            count = self._together(members, done)
            size, total = sum(rows[done : done + count]), None
            for column, operand in self.uses.get(members[done].name, ()):
                part = self.gradients[:, column * padded : (column + count) * padded].t() @ self.operand(operand)
                total = part if total is None else total + part
            if total is None:
                total = like.new_zeros(size, like.shape[1])
            elif padded > sized.units:
                total = total.view(count, padded, -1)[:, : sized.units].reshape(size, -1)
            found.append(total)
            done += count
        return found[0] if len(found) == 1 else torch.cat(found)

    def _together(self, members: Sequence[Any], first: int) -> int:
        """How many maps from ``first`` on are used once, for one operand, with gradients side by side."""
        uses = self.uses.get(members[first].name, [])
        if len(uses) != 1:
            return 1
        count = 1
        for member in members[first + 1 :]:
            if self.uses.get(member.name) != [(uses[0][0] + count, uses[0][1])]:
                break
            count += 1
        return count


def _neighbours(pairs: Sequence[tuple[int, str]]) -> list[tuple[int, list[str]]]:
    runs: list[tuple[int, list[str]]] = []
    for column, name in pairs:
        if runs and runs[-1][0] + len(runs[-1][1]) == column:
            runs[-1][1].append(name)
        else:
            runs.append((column, [name]))
    return runs
