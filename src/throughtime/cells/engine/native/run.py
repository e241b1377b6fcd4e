"""The native engine behind the signature of all engines."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial

import torch
from torch import Tensor
from torch.autograd import forward_ad

from throughtime.cells.engine import reference
from throughtime.cells.engine.backwards import in_both_directions
from throughtime.cells.engine.contract import Result, Work
from throughtime.cells.engine.native import convolution
from throughtime.cells.engine.native.autograd import Through
from throughtime.cells.engine.native.library import library
from throughtime.cells.engine.native.masks import variant_and_masks
from throughtime.cells.engine.native.outer import inner, outer_output, reaches_only_the_state
from throughtime.cells.engine.native.passes import Layer, check_shapes
from throughtime.cells.engine.native.recipe import sized
from throughtime.cells.engine.native.rows import rows_of
from throughtime.cells.engine.native.untraced import untraced
from throughtime.cells.equations.graph import Graph

DTYPES = (torch.float32, torch.float64)

_by_reference = in_both_directions(reference.run)


def why_not(work: Work) -> str | None:
    """Why the engine cannot do this work, in words; None if it can."""
    if library() is None:
        return "it was not built; throughtime doctor says more"
    if work.x.device.type != "cpu":
        return f"it runs on the CPU, and the input lies on {work.x.device}"
    if work.x.dtype not in DTYPES:
        return f"it computes in float32 and float64, not in {work.x.dtype}"
    if any(tensor.dtype != work.x.dtype for tensor in (*work.state, *work.weights.values())):
        return "the input, the state and the weights are of different types"
    if work.looked_into:
        return "it hands out no intermediate quantities"
    if torch._C._functorch.peek_interpreter_stack() is not None or forward_ad._current_level >= 0:
        return "transforms of torch.func and forward-mode derivatives go through the reference"
    if work.graph.convolution:
        return convolution.why_not(work)
    if (problem := why_not_cell(work.graph)) is not None:
        return problem
    if work.graph.output not in work.graph.new_states and (work.noise.zoneout is not None or work.clip is not None):
        return f"the output of the cell {work.graph.cell} follows from its state before zoneout or a bound"
    return None


@lru_cache(maxsize=256)
def why_not_cell(graph: Graph) -> str | None:
    """Why the engine cannot run this cell in one call a sequence, in words; None if it can."""
    if graph.convolution:
        return f"the cell {graph.cell} is convolutional"
    if any(node.op != "product" and graph.nodes[arg].op == "input" for node in graph.nodes for arg in node.args):
        return f"the cell {graph.cell} computes with its input before a linear map is applied to it"
    if graph.output not in graph.new_states and not reaches_only_the_state(graph):
        return f"the output of the cell {graph.cell} needs more than its first state"
    return None


@untraced
def run(work: Work) -> Result:
    """The same as the reference's ``run``, in both directions; ``why_not(work)`` must be None."""
    if work.graph.convolution:
        return convolution.run(work)
    graph, weights = inner(work.graph, work.sizes, work.weights)
    variant, masks = variant_and_masks(work)
    made = sized(graph, variant, work.sizes)
    again = partial(_again, work, graph, made.names)
    layer = Layer(made, rows_of(work.x, work.lengths, work.backwards), masks, again, work.checkpoint_time, work.bf16)
    stored = [weights[name] for name in made.names]
    check_shapes(made, work.x, work.state, stored)
    y, *state = Through.apply(layer, work.x, *work.state, *stored)
    if work.graph.output not in work.graph.new_states:
        y = outer_output(work, y)
    return Result(y, tuple(state))


def _again(work: Work, graph: Graph, names: tuple[str, ...], x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
    """The same work on other tensors, by the reference: output and state."""
    count = len(graph.states)
    weights = dict(zip(names, rest[count:], strict=True))
    result = _by_reference(replace(work, graph=graph, x=x, state=rest[:count], weights=weights))
    return result.output, *result.state
