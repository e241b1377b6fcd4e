"""The recorded graph computes what the step computes when it is called with tensors."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.cells.forms import FORMS, assert_near, inputs, layer, start
from throughtime.cells import cells
from throughtime.cells.equations.language import ACTIVATIONS
from throughtime.cells.equations.parameters import stacks
from throughtime.cells.recurrent import Recurrent


class Map:
    """A linear map as a step sees it: ``p.W @ x``."""

    def __init__(self, weight: Tensor) -> None:
        self.weight = weight

    def __matmul__(self, v: Tensor) -> Tensor:
        if self.weight.dim() == 2:
            return F.linear(v, self.weight)
        return F.conv2d(v, self.weight, padding=self.weight.shape[-1] // 2)


class Given:
    """``p`` with numbers: the layer's own parameters under the names of the step."""

    def __init__(self, made: Recurrent) -> None:
        direction = made.directions[0]
        for stack in stacks(made.graph):
            parts = made.weights(direction)[stack.name].detach().split(stack.rows(direction.sizes))
            for member, part in zip(stack.members, parts, strict=True):
                value: object = part
                if member.kind == "map":
                    value = Map(part)
                elif direction.sizes.space and member.kind == "bias":
                    value = part[:, None, None]
                setattr(self, member.name, value)

    def __getattr__(self, name: str) -> float:
        assert name.startswith("b"), f"the layer has no parameter {name}"
        return 0.0  # bias=no


def options_of(text: str) -> dict[str, Any]:
    words = {"yes": True, "no": False}
    _, _, rest = text.partition(":")
    pairs = (part.split("=") for part in rest.split(",") if part)
    return {key: words.get(value, ACTIVATIONS.get(value)) for key, value in pairs if key != "bias"}


@pytest.mark.parametrize("text", FORMS)
def test_the_graph_equals_the_step(text: str) -> None:
    made = layer(text, engine="reference")
    x, state = inputs(made, 3, 5), start(made, 3)
    step, p, count = cells[text.partition(":")[0]].step, Given(made), len(made.graph.states)
    now, outputs = tuple(part[0] for part in state), []
    for t in range(5):
        results = step(p, x[:, t], *now, **options_of(text))
        results = results if isinstance(results, tuple) else (results,)
        outputs.append(results[0])
        now = results[-count:]
    output, new_state = made(x, state=state)
    assert_near(output, torch.stack(outputs, 1), "output")
    for name, found, expected in zip(made.graph.states, new_state, now, strict=True):
        assert_near(found[0], expected, name)


@pytest.mark.parametrize("text", FORMS)
def test_a_form_differs_from_the_cell_as_it_is(text: str) -> None:
    name, _, option = text.partition(":")
    if not option:
        return
    graph, plain = cells[name].graph(**dict([option.split("=")])), cells[name].graph()
    assert graph.signature != plain.signature
    assert graph.cell == text and plain.cell == name
