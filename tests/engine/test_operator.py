"""The engine inside torch: compiled, exported, transformed by torch.func, differentiated twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.cells.forms import assert_near, inputs, layer, needs_the_engine, start, weighted
from throughtime.cells import form
from throughtime.cells.engine.native import operator
from throughtime.cells.equations.parameters import Sizes, stacks
from throughtime.cells.recurrent import Recurrent

pytestmark = needs_the_engine

LENGTHS = torch.tensor([2, 0, 4])
CASES: list[tuple[str, dict[str, Any]]] = [
    ("lstm", {}),
    ("gru", {"num_layers": 2, "bidirectional": True, "learned_state": True}),
    ("lstm_layernorm", {"num_layers": 3, "residual": True, "state_clip": 0.5}),
    ("gru_reset_before", {"zoneout": 0.1}),
]


def arguments(text: str, lengths: Tensor | None) -> tuple[Any, ...]:
    graph, sizes = form(text), Sizes(5, 7, 7)
    stored = [torch.randn(stack.shape(sizes), requires_grad=True) for stack in stacks(graph)]
    x = torch.randn(3, 4, 5, requires_grad=True)
    state = [torch.randn(3, 7, requires_grad=True) for _ in graph.states]
    described = operator.described(json.dumps(graph.to_json()), 5, 7, False, 0.0, 0.0)
    return described, x, lengths, state, stored, [], False, True


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("text", ["lstm", "gru_layernorm"])
def test_the_operator_keeps_the_rules_of_torch(text: str, lengths: Tensor | None) -> None:
    torch.library.opcheck(operator.layer, arguments(text, lengths))


def test_the_operator_refuses_what_does_not_fit() -> None:
    given = arguments("gru", LENGTHS)
    for place, wrong in (
        (1, torch.zeros(3, 4, 6)),
        (1, torch.zeros(3, 4, 5, dtype=torch.float16)),
        (2, torch.tensor([2, 5, 0])),
        (2, torch.tensor([2, 3])),
        (3, [torch.zeros(2, 7)]),
        (4, [torch.zeros(21, 5), torch.zeros(21, 5), torch.zeros(28)]),
        (5, [torch.zeros(3, 7)]),
    ):
        changed = [*given]
        changed[place] = wrong
        with pytest.raises(ValueError, match="shape|fit|zip"):
            operator.layer(*changed)


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize(("text", "options"), CASES)
def test_compiled_without_a_break(text: str, options: dict[str, Any], lengths: Tensor | None) -> None:
    made = layer(text, **options).eval()
    torch._dynamo.reset()
    compiled = torch.compile(made, fullgraph=True, backend="aot_eager")
    outcomes = []
    for run in (compiled, made):
        made.zero_grad()
        x = inputs(made, 3, 4).requires_grad_()
        output, state = run(x, lengths)
        weighted(output, *state).backward()
        outcomes.append([output, *state, x.grad, *(weight.grad.clone() for weight in made.parameters())])
    for found, expected in zip(*outcomes, strict=True):
        assert_near(found, expected)


def test_compiled_in_training_with_every_kind_of_dropout() -> None:
    noise = {"dropout": 0.4, "recurrent_dropout": 0.3, "zoneout": 0.2, "drop_connect": 0.3}
    made = layer("lstm", num_layers=2, **noise).train()
    torch._dynamo.reset()
    compiled = torch.compile(made, fullgraph=True, backend="aot_eager")
    x = inputs(made, 3, 4)
    first, second = compiled(x)[0], compiled(x)[0]
    assert not torch.allclose(first, second), "the masks are the same twice"
    first.sum().backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in made.parameters())


def test_exported_with_free_sizes() -> None:
    made = layer("gru", num_layers=2, bidirectional=True, dtype=torch.float32).eval()

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.head = made, nn.Linear(10, 2)

        def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
            return self.head(self.layer(x, lengths)[0])

    whole = Whole().eval()
    batch, time = torch.export.Dim("batch", min=1, max=64), torch.export.Dim("time", min=2, max=64)
    shapes = {"x": {0: batch, 1: time}, "lengths": {0: batch}}
    example = (torch.randn(3, 4, 3), torch.tensor([4, 2, 0]))
    program = torch.export.export(whole, example, dynamic_shapes=shapes)
    x, lengths = torch.randn(5, 9, 3), torch.tensor([9, 1, 0, 4, 5])
    assert_near(program.module()(x, lengths), whole(x, lengths))


def test_transforms_of_torch_func() -> None:
    made = layer("lstm_peephole")
    x = inputs(made, 3, 4)
    weights = {name: value.detach() for name, value in made.named_parameters()}

    def loss(weights: dict[str, Tensor], sample: Tensor) -> Tensor:
        output, state = torch.func.functional_call(made, weights, (sample[None],))
        return output.sin().sum() + sum(part.square().sum() for part in state)

    by_sample = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(weights, x)
    for name in weights:
        made.zero_grad()
        for index in range(3):
            found = torch.autograd.grad(loss(dict(made.named_parameters()), x[index]), getattr(made, name))[0]
            assert_near(by_sample[name][index], found, name)
    tangent = torch.randn_like(x)
    _, along = torch.func.jvp(lambda v: made(v)[0].square().sum(), (x,), (tangent,))
    leaf = x.clone().requires_grad_()
    gradient = torch.autograd.grad(made(leaf)[0].square().sum(), leaf)[0]
    assert_near(along, (gradient * tangent).sum())


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("text", ["lstm", "gru", "lstm_layernorm", "gru_reset_before"])
def test_first_and_second_derivatives(text: str, mode: str) -> None:
    made = layer(text, engine="native", num_layers=1)
    made.train(mode == "train")
    names = [name for name, _ in made.named_parameters()]
    x, state = inputs(made, 2, 3).requires_grad_(), tuple(part.requires_grad_() for part in start(made, 2))
    lengths = torch.tensor([3, 2])

    def run(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        weights = dict(zip(names, rest[len(state) :], strict=True))
        output, new = torch.func.functional_call(made, weights, (x, lengths, rest[: len(state)]))
        return output, *new

    given = (x, *state, *(weight.detach().requires_grad_() for weight in made.parameters()))
    assert torch.autograd.gradcheck(run, given, fast_mode=True)
    assert torch.autograd.gradgradcheck(run, given, fast_mode=True)


def test_a_penalty_on_the_gradient() -> None:
    found = {}
    for engine in ("native", "reference"):
        made = layer("gru", engine=engine)
        x = inputs(made, 3, 5).requires_grad_()
        gradient = torch.autograd.grad(made(x)[0].square().sum(), x, create_graph=True)[0]
        gradient.square().sum().backward()
        found[engine] = [weight.grad for weight in made.parameters()]
    for ours, expected in zip(found["native"], found["reference"], strict=True):
        assert_near(ours, expected)


def test_a_second_time_backwards_through_what_was_kept() -> None:
    made = layer("lstm", engine="native")
    x = inputs(made, 3, 5).requires_grad_()
    loss = made(x)[0].square().sum()
    first = torch.autograd.grad(loss, x, retain_graph=True)[0]
    assert torch.equal(torch.autograd.grad(loss, x)[0], first)


def test_a_layer_of_several_types_is_refused() -> None:
    made = Recurrent("gru", 3, 5, engine="native")
    with pytest.raises(Exception, match="different types"):
        made(torch.zeros(2, 4, 3), state=(torch.zeros(1, 2, 5, dtype=torch.float64),))
