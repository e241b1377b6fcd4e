"""The reference: the recorded graph, run on tensors one step after the other.

Every engine must equal it. Any floating type, any device, and derivatives of any order by autograd. Two things are
arranged, and change nothing but rounding: products with the input leave the loop as one, and maps of one operand
that are stored one above the other are one product.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.batch import without_padding
from throughtime.cells.engine.contract import Noise, Result, State, Work
from throughtime.cells.engine.rounding import rounded_product
from throughtime.cells.equations.graph import Graph, Node
from throughtime.cells.equations.language import evaluate
from throughtime.cells.equations.parameters import Sizes, Stack, recurrent_maps, stacks

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
}


def run(work: Work) -> Result:
    """Run one layer through time; see :class:`Work` and :class:`Result` for shapes."""
    steps = work.x.shape[1]
    x = work.x if work.lengths is None else without_padding(work.x, work.lengths)
    step = _Step(work)
    inputs = step.input_products(x)
    state, outputs = work.state, []
    recorded: dict[str, list[Tensor]] = {name: [] for name in work.record}
    running = _running(work.lengths, steps)
    for t in range(steps):
        rows = running[t]
        # Only rows that are still running are computed: what a finished one would give, NaN perhaps, has no gradient
        before = state if rows is None else tuple(part[rows] for part in state)
        values = step(_of(rows, x[:, t]), [_of(rows, product[t]) for product in inputs], before, rows)
        if work.look is not None:
            work.look(t, values)
        new = tuple(_whole(values[i], part) for i, part in zip(work.graph.new_states, before, strict=True))
        if work.clip is not None:
            new = tuple(part.clamp(-work.clip, work.clip) for part in new)
        new = _zoned_out(new, before, work.noise, t, rows)
        if rows is None:
            state = new
        else:
            state = tuple(old.index_copy(0, rows, part) for old, part in zip(state, new, strict=True))
        if work.watch is not None:
            # each state a coordinate of its own: the gradient of c is that which c hands to the next step, without h's
            state = tuple(part.view_as(part) for part in state)
            for name, values_after in zip(work.graph.states, state, strict=True):
                work.watch(t, name, values_after)
            new = tuple(_of(rows, part) for part in state)  # so that the output depends on what was watched
        for name in work.record:
            recorded[name].append(_padded(rows, _recorded(name, work.graph, values, new), len(x)))
        outputs.append(_padded(rows, _output(work, values, new), len(x)))
    return Result(
        torch.stack(outputs, 1) if outputs else _no_output(work),
        state,
        {name: torch.stack(kept, 1) for name, kept in recorded.items() if kept},
    )


class _Step:
    """One time step as a list of instructions over the graph's nodes, made ready for one call."""

    def __init__(self, work: Work) -> None:
        self.graph, self.sizes, self.noise, self.bf16 = work.graph, work.sizes, work.noise, work.bf16
        self.recurrent = recurrent_maps(work.graph)
        self.values: list[Any] = [None] * len(work.graph.nodes)
        self.shared: list[tuple[str, Tensor, list[int], list[int]]] = []  # state, weight, rows, product nodes
        self.hoisted: list[int] = []
        self.input_weight: Tensor | None = None
        self.instructions: list[tuple[int, Node]] = []
        for stack in stacks(work.graph):
            self._place(stack, work.weights[stack.name])
        done = {*self.hoisted, *(node for *_, nodes in self.shared for node in nodes)}
        for index, node in enumerate(work.graph.nodes):
            if node.op == "constant":
                self.values[index] = node.value
            elif node.op not in ("input", "state", "parameter") and index not in done:
                self.instructions.append((index, node))

    def _place(self, stack: Stack, weight: Tensor) -> None:
        nodes = self.graph.nodes
        index_of = {node.name: i for i, node in enumerate(nodes) if node.op == "parameter"}
        rows = stack.rows(self.sizes)
        for member, part in zip(stack.members, weight.split(rows), strict=True):
            # a bias of a convolutional cell is one number a channel
            flat = member.kind == "bias" and self.sizes.space
            self.values[index_of[member.name]] = part.reshape(-1, *(1 for _ in self.sizes.space)) if flat else part
        if not (stack.name.startswith("weight_") and stack.members[0].kind == "map"):
            return
        if len({member.name in self.recurrent for member in stack.members}) > 1:
            return  # recurrent dropout treats them differently
        maps = [index_of[member.name] for member in stack.members]
        products = [next(i for i, n in enumerate(nodes) if n.op == "product" and n.args[0] == index) for index in maps]
        if stack.name == "weight_ih":
            self.input_weight, self.input_rows, self.hoisted = weight, rows, products
        else:
            state = nodes[nodes[products[0]].args[1]].name
            self.shared.append((state, weight, rows, products))

    def input_products(self, x: Tensor) -> list[tuple[Tensor, ...]]:
        """Every product with the input for all steps at once; of each, one tensor a step."""
        if self.input_weight is None or x.shape[1] == 0:
            return []
        flat = self._apply(self.input_weight, x.flatten(0, 1), in_loop=False).unflatten(0, x.shape[:2])
        return [part.unbind(1) for part in flat.split(self.input_rows, 2)]

    def __call__(self, x: Tensor, inputs: list[Tensor], state: State, rows: Tensor | None) -> list[Any]:
        """The values of all nodes at one step of these rows of the batch."""
        values = list(self.values)
        mask = None if self.noise.recurrent is None else _over_space(_of(rows, self.noise.recurrent), state[0])
        by_name = dict(zip(self.graph.states, state, strict=True))
        for index, node in enumerate(self.graph.nodes):
            if node.op == "input":
                values[index] = x
            elif node.op == "state":
                values[index] = by_name[node.name]
        for index, product in zip(self.hoisted, inputs, strict=True):
            values[index] = product
        for name, weight, sizes, products in self.shared:
            parts = self._apply(weight, self._thinned(by_name[name], products[0], mask)).split(sizes, 1)
            for index, part in zip(products, parts, strict=True):
                values[index] = part
        for index, node in self.instructions:
            values[index] = self._compute(index, node, values, mask)
        return values

    def _compute(self, index: int, node: Node, values: list[Any], mask: Tensor | None) -> Any:
        if node.op in BINARY:
            return BINARY[node.op](values[node.args[0]], values[node.args[1]])
        if node.op == "product":
            weight, operand = (values[arg] for arg in node.args)
            in_loop = self.graph.nodes[node.args[1]].op != "input"
            return self._apply(weight, self._thinned(operand, index, mask), in_loop)
        if node.op == "neg":
            return -values[node.args[0]]
        return evaluate(node.op, values[node.args[0]])

    def _thinned(self, operand: Tensor, product: int, mask: Tensor | None) -> Tensor:
        """Recurrent dropout: what enters a recurrent product loses the same units at every step."""
        recurrent = self.graph.nodes[self.graph.nodes[product].args[0]].name in self.recurrent
        return operand * mask if recurrent and mask is not None else operand

    def _apply(self, weight: Tensor, operand: Tensor, in_loop: bool = True) -> Tensor:
        if self.bf16:
            return rounded_product(operand, weight, in_loop)
        if not self.sizes.space:
            return F.linear(operand, weight)
        return F.conv2d(operand, weight, padding=self.sizes.kernel_size // 2)


def _zoned_out(new: State, old: State, noise: Noise, t: int, rows: Tensor | None) -> State:
    if noise.zoneout is None:
        return new
    kept = []
    for after, before, stays in zip(new, old, noise.zoneout, strict=True):
        share = stays if isinstance(stays, float) else _over_space(_of(rows, stays[:, t]), after)
        kept.append(share * before + (1 - share) * after)
    return tuple(kept)


def _output(work: Work, values: list[Any], new_state: State) -> Tensor:
    graph, like = work.graph, new_state[0]
    if graph.output in graph.new_states:
        return new_state[graph.new_states.index(graph.output)]
    value, shape = values[graph.output], (len(like), work.sizes.output_size, *like.shape[2:])
    return value.expand(shape) if isinstance(value, Tensor) else like.new_full(shape, value)


def _recorded(name: str, graph: Graph, values: list[Any], new_state: State) -> Tensor:
    if name in graph.states:
        return new_state[graph.states.index(name)]
    value = values[dict(graph.names)[name]]
    # an expression of parameters alone has no samples
    return value if value.dim() == new_state[0].dim() else value.expand_as(new_state[0])


def _whole(value: Any, like: Tensor) -> Tensor:
    """A number, a parameter, or one number a sample, as values for every sample and unit; others as they are."""
    if not isinstance(value, Tensor):
        return torch.full_like(like, value)
    one_a_sample = value.dim() == like.dim() and value.shape[1] == 1
    return value.expand_as(like) if one_a_sample or value.dim() < like.dim() else value


def _running(lengths: Tensor | None, steps: int) -> list[Tensor | None]:
    """For each step the rows that are still running; None while all are."""
    shortest = steps if lengths is None or not len(lengths) else int(lengths.min())
    return [None if lengths is None or t < shortest else (t < lengths).nonzero()[:, 0] for t in range(steps)]


def _of(rows: Tensor | None, values: Tensor) -> Tensor:
    return values if rows is None else values[rows]


def _padded(rows: Tensor | None, values: Tensor, batch: int) -> Tensor:
    """(batch, ...): 0 for rows that no longer run."""
    return values if rows is None else values.new_zeros(batch, *values.shape[1:]).index_copy(0, rows, values)


def _over_space(mask: Tensor, like: Tensor) -> Tensor:
    return mask.to(like.dtype).reshape(*mask.shape, *(1 for _ in like.shape[2:]))


def _no_output(work: Work) -> Tensor:
    sizes: Sizes = work.sizes
    return work.x.new_zeros(work.x.shape[0], 0, sizes.output_size, *sizes.space)
