"""How a layer's weights begin, by name: ``orthogonal``, ``xavier``, ``identity``, ``uniform``, ``chrono:longest=100``.

Every linear map is drawn by itself, gate by gate, whatever it is stacked with. A diagonal that multiplies a
normalised sum begins as 1; one that takes the place of the recurrent map (IndRNN) as uniform in 0 to 1; a
peephole as uniform in ±1/√H.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from throughtime.cells.engine import reference
from throughtime.cells.engine.contract import Work
from throughtime.cells.equations.graph import Graph, Node
from throughtime.cells.equations.parameters import Parameter, Sizes, recurrent_maps, stacks
from throughtime.errors import UsageError, unknown
from throughtime.registry import Registry

FORGET_BIAS = 1.0


@dataclass(frozen=True)
class Block:
    """One of the cell's parameters and its place in the stored tensor, to be filled."""

    parameter: Parameter
    values: Tensor
    hidden_size: int
    recurrent: bool  # a linear map by which the old state reaches the new one

    @property
    def fans(self) -> tuple[int, int]:
        """How many numbers a unit of the map reads, and how many units read one of its inputs."""
        field = self.values[0, 0].numel()
        return self.values.shape[1] * field, self.values.shape[0] * field


Draw = Callable[[Block, Generator | None], None]
initialisations: Registry[Draw] = Registry("initialisation")


@initialisations.named("xavier")
def xavier(block: Block, generator: Generator | None) -> None:
    """Uniform in ±√(6 / (fan in + fan out)) (Glorot and Bengio 2010)."""
    bound = (6 / sum(block.fans)) ** 0.5
    block.values.uniform_(-bound, bound, generator=generator)


@initialisations.named("orthogonal")
def orthogonal(block: Block, generator: Generator | None) -> None:
    """Recurrent maps orthogonal (Saxe, McClelland and Ganguli 2014), the others as xavier."""
    if not block.recurrent:
        return xavier(block, generator)
    flat = block.values.flatten(1)
    rows, columns = flat.shape
    normal = torch.empty(max(rows, columns), min(rows, columns), dtype=flat.dtype, device=flat.device)
    q, r = torch.linalg.qr(normal.normal_(generator=generator))
    q = q * r.diagonal().sign()
    flat.copy_(q if rows >= columns else q.T)
    block.values.copy_(flat.view_as(block.values))


@initialisations.named("identity")
def identity(block: Block, generator: Generator | None) -> None:
    """Recurrent maps the identity, the others normal with deviation 0.001 (IRNN: Le, Jaitly and Hinton 2015)."""
    if not block.recurrent:
        block.values.normal_(std=0.001, generator=generator)
        return
    block.values.zero_()
    middle = block.values
    while middle.dim() > 2:
        middle = middle.select(-1, middle.shape[-1] // 2)
    middle.fill_diagonal_(1)


@initialisations.named("uniform")
def uniform(block: Block, generator: Generator | None) -> None:
    """Uniform in ±1/√H, biases too, as torch's recurrent layers begin."""
    bound = block.hidden_size**-0.5
    block.values.uniform_(-bound, bound, generator=generator)


@initialisations.named("chrono")
def chrono(block: Block, generator: Generator | None) -> None:
    """As orthogonal; the biases of keeping gates log U(1, longest - 1) (Tallec and Ollivier 2018)."""
    orthogonal(block, generator)


@torch.no_grad()
def initialise(
    graph: Graph,
    sizes: Sizes,
    tensors: Mapping[str, Tensor],
    scheme: str = "orthogonal",
    forget_bias: float | None = None,
    generator: Generator | None = None,
) -> None:
    """Fill a layer's stored tensors (by stack name) in place.

    ``forget_bias`` is the first bias of every gate that keeps the state (the forget gate of an LSTM, z of a GRU);
    by default 1, or what the scheme says (uniform, chrono). Raises UsageError for an unknown scheme, and for a
    forget bias where no gate keeps the state.
    """
    name, longest = _parsed(scheme)
    draw, recurrent = initialisations[name], recurrent_maps(graph)
    found = {}
    for stack in stacks(graph):
        parts = tensors[stack.name].split(stack.rows(sizes))
        for member, part in zip(stack.members, parts, strict=True):
            found[member.name] = Block(member, part, sizes.hidden_size, member.name in recurrent)
    for block in found.values():
        if block.parameter.kind == "map":
            draw(block, generator)
        elif block.parameter.kind == "bias":
            uniform(block, generator) if name == "uniform" else block.values.zero_()
        else:
            _diagonal(graph, block, generator)
    keeping = keeping_biases(graph)
    if forget_bias is not None and not keeping:
        raise UsageError(
            f"forget_bias: no gate of the cell {graph.cell} keeps its state by a bias; leave the option out"
        )
    if forget_bias is not None and name == "chrono":
        raise UsageError("forget_bias: chrono draws these biases itself; leave the option out")
    if name == "chrono":
        _chrono_biases(graph, found, keeping, longest, generator)
    elif forget_bias is not None or name != "uniform":
        for bias, sign in keeping.items():
            found[bias].values.fill_(sign * (FORGET_BIAS if forget_bias is None else forget_bias))


def keeping_biases(graph: Graph) -> dict[str, int]:
    """The biases that open a gate for the old state: +1 if a large bias keeps it, -1 if a small one does.

    Found by trying: with all else 0, how much of a state is left after one step. For the LSTM ``{"b_f": 1}``,
    for the minimal gated unit, whose f overwrites, ``{"b_f": -1}``.
    """
    sizes = Sizes(1, 1, 1, (1, 1) if graph.convolution else ())
    names = [m.name for stack in stacks(graph) for m in stack.members if m.kind == "bias" and m.rows == "hidden"]
    found = {}
    for name in names:
        kept = _kept(graph, sizes, name, 10.0) - _kept(graph, sizes, name, -10.0)
        if abs(kept) > 0.5:
            found[name] = 1 if kept > 0 else -1
    return found


def _kept(graph: Graph, sizes: Sizes, name: str, bias: float) -> float:
    """The share of a small state left after a step with this one bias, all else 0; of the state it acts on most."""
    weights = {}
    for stack in stacks(graph):
        weights[stack.name] = torch.zeros(stack.shape(sizes), dtype=torch.float64)
        for member, part in zip(stack.members, weights[stack.name].split(stack.rows(sizes)), strict=True):
            if member.name == name:
                part.fill_(bias)
    x = torch.zeros(1, 1, 1, *sizes.space, dtype=torch.float64)
    shares = []
    for index in range(len(graph.states)):
        ends = []
        for start in (0.0, 0.01):
            state = tuple(x[0] + start * (k == index) for k in range(len(graph.states)))
            ends.append(reference.run(Work(graph, sizes, weights, x, None, state)).state[index])
        shares.append(float((ends[1] - ends[0]).sum()) / 0.01)
    return max(shares, key=abs)


def _chrono_biases(
    graph: Graph, found: Mapping[str, Block], keeping: Mapping[str, int], longest: int, generator: Generator | None
) -> None:
    if not keeping:
        raise UsageError(
            f"initialisation chrono: no gate of the cell {graph.cell} keeps its state by a bias; choose orthogonal"
        )
    for bias, sign in keeping.items():
        values = found[bias].values
        values.copy_(sign * values.uniform_(1, longest - 1, generator=generator).log())
        if len(graph.states) == 2 and "b_i" in found:
            found["b_i"].values.copy_(-values)


def _diagonal(graph: Graph, block: Block, generator: Generator | None) -> None:
    index = graph.nodes.index(Node("parameter", name=block.parameter.name))
    partners = {graph.nodes[arg].op for node in graph.nodes if index in node.args for arg in node.args}
    if "norm" in partners:
        block.values.fill_(1)
    elif any(graph.nodes[operand].op != "input" for _, operand in graph.products()):
        uniform(block, generator)
    else:
        block.values.uniform_(0, 1, generator=generator)


def _parsed(scheme: str) -> tuple[str, int]:
    """The scheme's name and, for chrono, the longest dependency in steps."""
    name, _, option = scheme.partition(":")
    if name not in initialisations:
        raise unknown("initialisation", name, initialisations)
    if name != "chrono":
        if option:
            raise UsageError(f"initialisation {name} has no options; found {option!r}")
        return name, 0
    key, _, value = option.partition("=")
    if key != "longest" or not value.isdigit() or int(value) < 3:
        raise UsageError("initialisation chrono needs the longest dependency in steps, 3 or more: chrono:longest=100")
    return name, int(value)
