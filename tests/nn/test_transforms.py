"""Second derivatives, transforms of torch.func, autocast, traces."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad, jvp, stack_module_state, vmap

from tests.cells.forms import assert_near, numbers
from tests.nn.pairs import DEEP, KINDS, OURS, fill, flat, initial, made, pair
from throughtime import nn

NAMES = [*KINDS, "LSTMPeephole", "MGU"]


def module_of(name: str, **options: Any) -> Any:
    if name in KINDS:
        return pair(name, **options)[1]
    return fill(getattr(nn, name)(3, 5, dtype=torch.float64, **options))


@pytest.mark.parametrize("kind", KINDS)
def test_second_derivatives_are_torchs(kind: str) -> None:
    found = []
    for module in pair(kind, bidirectional=True):
        x = numbers(5, 2, 3, seed=1).requires_grad_()
        first = torch.autograd.grad(module(x)[0].square().sum(), [x, *module.parameters()], create_graph=True)
        sum((part.square() * numbers(*part.shape, seed=40)).sum() for part in first).backward()
        found.append([x.grad, *(parameter.grad for parameter in module.parameters())])
    for expected, gradient in zip(*found, strict=True):
        assert_near(gradient, expected)


def test_second_derivatives_of_another_cell() -> None:
    module = fill(nn.LSTMPeephole(2, 2, dtype=torch.float64, bidirectional=True))
    x = numbers(3, 2, 2, seed=1).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: flat(module(x, lengths=torch.tensor([3, 1]))), (x,))


@pytest.mark.parametrize("name", NAMES)
def test_a_functional_call_and_its_gradient(name: str) -> None:
    module = module_of(name, **DEEP)
    x = numbers(5, 2, 3, seed=1)
    other = {key: 0.3 * numbers(*value.shape, seed=60 + k) for k, (key, value) in enumerate(module.named_parameters())}
    expected = grad(lambda p: functional_call(module, p, (x,))[0].square().sum())(other)
    module.load_state_dict(other)
    module(x)[0].square().sum().backward()
    for key, parameter in module.named_parameters():
        assert_near(expected[key], parameter.grad, key)


@pytest.mark.parametrize("name", NAMES)
def test_vmap_over_inputs_and_over_modules(name: str) -> None:
    module = module_of(name)
    x = numbers(3, 5, 2, 3, seed=1)
    assert_near(vmap(lambda x: module(x)[0])(x), torch.stack([module(part)[0] for part in x]))
    assert_near(vmap(lambda x: module(x)[0], 1, 1)(x[0]), module(x[0])[0])
    several = [module, fill(type(module)(3, 5, dtype=torch.float64, **KINDS.get(name, {})), 0.2)]
    stacked, _ = stack_module_state(several)
    found = vmap(lambda p: functional_call(module, p, (x[0],))[0])(stacked)
    assert_near(found, torch.stack([part(x[0])[0] for part in several]))


@pytest.mark.parametrize("name", NAMES)
def test_gradients_of_each_sample(name: str) -> None:
    module, x = module_of(name), numbers(3, 5, 3, seed=1)
    parameters = {key: value.detach() for key, value in module.named_parameters()}

    def loss(p: dict[str, Tensor], x: Tensor) -> Tensor:
        return functional_call(module, p, (x,))[0].square().sum()

    found = vmap(grad(loss), (None, 0))(parameters, x)
    for row in range(3):
        module.zero_grad()
        module(x[row])[0].square().sum().backward()
        for key, parameter in module.named_parameters():
            assert_near(found[key][row], parameter.grad, key)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", NAMES)
def test_forward_mode(name: str, dtype: torch.dtype) -> None:
    module = module_of(name).to(dtype)
    x, along = (numbers(5, 2, 3, seed=seed, dtype=dtype) for seed in (1, 2))
    output, tangent = jvp(lambda x: module(x)[0], (x,), (along,))
    assert_near(output, module(x)[0])
    v = numbers(*output.shape, seed=3, dtype=dtype)
    leaf = x.clone().requires_grad_()
    (module(leaf)[0] * v).sum().backward()
    difference = (tangent * v).sum() - (leaf.grad * along).sum()
    assert abs(float(difference.detach())) < (1e-4 if dtype == torch.float32 else 1e-11)


@pytest.mark.parametrize("how", ["plain", "input too", "state", "lengths"])
@pytest.mark.parametrize("name", NAMES)
def test_autocast(name: str, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_ENGINE", OURS)
    module = module_of(name, **DEEP).float()
    x = numbers(7, 4, 3, seed=1, dtype=torch.float32)
    arguments: dict[str, Any] = {"lengths": torch.tensor([4, 7, 0, 2])} if how == "lengths" else {}
    if how == "state":
        arguments["hx"] = initial(module, 4, dtype=torch.bfloat16) if name in KINDS else None
    expected = module(x, **{**arguments, "hx": None}) if how != "state" else None
    with torch.autocast("cpu", torch.bfloat16):
        found = module(x.bfloat16() if how == "input too" else x, **arguments)
        torch.nn.functional.linear(found[0], torch.randn(2, 10))
    for number, part in enumerate(flat(found)):
        assert part.dtype == torch.bfloat16
        assert expected is None or (part.float() - flat(expected)[number]).abs().max() < 0.05
    found[0].float().square().sum().backward()
    assert all(parameter.grad.dtype == torch.float32 for parameter in module.parameters())


def test_autocast_leaves_float64_alone() -> None:
    module, x = module_of("LSTM"), numbers(7, 4, 3, seed=1)
    expected = module(x)[0]
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(module(x)[0], expected)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("name", ["LSTM", "GRU", "LSTMPeephole"])
def test_a_trace_computes_on_other_numbers(name: str) -> None:
    module = module_of(name, **DEEP)
    traced = torch.jit.trace(module, (numbers(5, 2, 3, seed=1),), check_trace=False)
    other = numbers(5, 2, 3, seed=2)
    for found, expected in zip(flat(traced(other)), flat(module(other)), strict=True):
        assert_near(found, expected)
    if name in KINDS:  # torch's own layers are in the trace, which know any shape
        longer = numbers(7, 4, 3, seed=3)
        assert_near(traced(longer)[0], module(longer)[0])


def test_an_export_computes_on_other_numbers() -> None:
    module = module_of("LSTM", **DEEP)
    program = torch.export.export(module, (numbers(5, 2, 3, seed=1),)).module()
    other = numbers(5, 2, 3, seed=2)
    for found, expected in zip(flat(program(other)), flat(module(other)), strict=True):
        assert_near(found, expected)


def test_kinds_are_built_like_any_module() -> None:
    assert isinstance(made(nn, "LSTM"), torch.nn.RNNBase) and isinstance(nn.MGU(3, 5), torch.nn.Module)
