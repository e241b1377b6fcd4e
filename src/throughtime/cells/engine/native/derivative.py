"""The derivative of a step: reverse mode, one rule an operation, as a step of the same kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from throughtime.cells.engine.native.quantities import FORWARD_LEAVES, LEAVES, Builder, Quantity, Step

CHEAP = ("add", "sub", "mul", "neg", "relu")  # made again rather than kept


@dataclass(frozen=True)
class Derivative:
    """The backward step: what it needs of the forward one, and what it gives.

    ``saved`` are the quantities of the forward step that must be kept. ``gradients`` maps each sum of the forward step,
    or what is given in its place, to its gradient; ``state_gradients`` are those of the states before the step.
    ``vectors`` says of which quantity, or product of two, a parameter's gradient is the sum over all rows and steps.
    """

    quantities: tuple[Quantity, ...]
    saved: tuple[int, ...]
    gradients: dict[int, int]
    state_gradients: tuple[int, ...]
    vectors: tuple[tuple[str, int, int | None], ...]


def derivative(step: Step, states: tuple[str, ...]) -> Derivative:
    """The gradient of a loss with respect to all that went into ``step``, given those of the output and new states."""
    return _Reverse(step, states).run()


class _Reverse:
    def __init__(self, step: Step, states: tuple[str, ...]) -> None:
        self.step, self.states, self.build = step, states, Builder()
        self.forward = step.quantities
        self.state_of = dict(zip(reversed(step.new_states), reversed(states), strict=True))
        self.adjoints: dict[int, int] = {}
        self.saved: list[int] = []
        self.values: dict[int, int] = {}
        self.vectors: list[tuple[str, int]] = []
        self.gradients: dict[int, int] = {}
        self.through_products: dict[int, list[tuple[str, int]]] = {}  # of an operand: maps and gradients of their sums

    def run(self) -> Derivative:
        for state, new in zip(self.states, self.step.new_states, strict=True):
            self._give(new, self.build.add(Quantity("carried", name=state)))
        self._give(self.step.output, self.build.add(Quantity("output_gradient")))
        for index in reversed(range(len(self.forward))):
            self._visit(index)
        before = {quantity.name: k for k, quantity in enumerate(self.forward) if quantity.op == "state"}
        ends = []
        for name in self.states:
            end = self.adjoints.get(before[name]) if name in before else None
            ends.append(self.build.constant(0.0) if end is None else end)
        return Derivative(
            tuple(self.build.quantities),
            tuple(self.saved),
            dict(sorted(self.gradients.items())),
            tuple(ends),
            tuple(self._factors()),
        )

    def _visit(self, index: int) -> None:
        if index in self.through_products:
            maps, gradients = zip(*self.through_products[index], strict=True)
            self._give(index, self.build.add(Quantity("back", gradients, maps=maps)))
        if index not in self.adjoints:
            return
        quantity, gradient = self.forward[index], self.adjoints[index]
        if quantity.op in ("sum", "given"):
            self.gradients[index] = gradient
            for name, operand in zip(quantity.maps, quantity.args, strict=True):
                if self._moves(operand) and self.forward[operand].op != "input":
                    self.through_products.setdefault(operand, []).append((name, gradient))
        if quantity.op in ("sum", "vector", "diagonal") and quantity.name:
            self.vectors.append((quantity.name, gradient))
        elif quantity.op not in LEAVES and quantity.op != "sum":
            self._reverse(index, quantity, gradient)

    def _factors(self) -> Iterator[tuple[str, int, int | None]]:
        """What is a product is summed as it is formed."""
        for name, gradient in self.vectors:
            quantity = self.build.quantities[gradient]
            if quantity.op == "mul":
                yield name, quantity.args[0], quantity.args[1]
            else:
                yield name, gradient, None

    def _give(self, index: int, gradient: int) -> None:
        if self._moves(index):
            old = self.adjoints.get(index)
            self.adjoints[index] = gradient if old is None else self.build("add", old, gradient)

    def _moves(self, index: int) -> bool:
        return self.forward[index].op not in ("constant", "mask")

    def value(self, index: int) -> int:
        """A quantity of the forward step: a state after it, made again where that is cheap, or kept."""
        if index not in self.values:
            self.values[index] = self._value(index)
        return self.values[index]

    def _value(self, index: int) -> int:
        quantity = self.forward[index]
        if quantity.op in FORWARD_LEAVES:
            return self.build.add(quantity)
        if index in self.state_of:
            return self.build.add(Quantity("after", name=self.state_of[index]))
        if quantity.op in CHEAP and all(self._at_hand(arg) for arg in quantity.args):
            return self.build(quantity.op, *(self.value(arg) for arg in quantity.args))
        self.saved.append(index)
        return self.build.add(Quantity("saved", number=index))

    def _at_hand(self, index: int) -> bool:
        quantity = self.forward[index]
        if quantity.op in FORWARD_LEAVES or index in self.saved or index in self.state_of:
            return True
        return quantity.op in CHEAP and all(self._at_hand(arg) for arg in quantity.args)

    def _reverse(self, index: int, quantity: Quantity, g: int) -> None:
        build, value, give, args = self.build, self.value, self._give, quantity.args
        match quantity.op:
            case "add":
                give(args[0], g)
                give(args[1], g)
            case "sub":
                give(args[0], g)
                if self._moves(args[1]):
                    give(args[1], build("neg", g))
            case "mul":
                for mine, other in (args, args[::-1]):
                    if self._moves(mine):
                        give(mine, build("mul", g, value(other)))
            case "div":
                share = build("div", g, value(args[1]))
                give(args[0], share)
                if self._moves(args[1]):
                    give(args[1], build("neg", build("mul", share, value(index))))
            case "neg":
                give(args[0], build("neg", g))
            case "sigmoid" | "tanh" | "relu":
                give(args[0], build(f"d{quantity.op}", g, value(index)))
            case "exp":
                give(args[0], build("mul", g, value(index)))
            case "sqrt":
                give(args[0], build("div", build("mul", g, build.constant(0.5)), value(index)))
            case "normed":
                own = value(index)
                along = build("mul", own, build("mean", build("rowsum", g, own)))
                across = build("sub", g, build("mean", build("rowsum", g)))
                give(args[0], build("mul", value(args[2]), build("sub", across, along)))
            case "mean":  # of a rowsum, and with it of what is summed
                give(self.forward[args[0]].args[0], build("mean", build("rowsum", g)))
            case _:
                raise AssertionError(quantity.op)
