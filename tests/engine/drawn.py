"""Configurations of a layer drawn at random, and everything that comes out of one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from throughtime.batch import Draw
from throughtime.cells import cells, exp, form, mean, norm, record, relu, sigmoid, sqrt, tanh
from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import has_own_output, recurrent_maps
from throughtime.cells.recurrent import Recurrent


def shared(p, x, h, c):
    """A map, and a bias, in several gates; the mean of a state in the output."""
    i = sigmoid(p.W @ x + p.U @ h + p.b)
    f = sigmoid(p.V @ x + p.U @ h * p.d + p.b)
    c = f * c + i * tanh(p.W @ x - p.b)
    return mean(c) * h * 0.1 + tanh(c) / (1 + exp(-norm(c) * p.q)), c


def chained(p, x, h):
    """Products of products, over several stages."""
    t = sigmoid(p.W @ x + p.U @ h + p.b)
    return t * (p.K @ x) + (1 - t) * tanh(p.R @ (t * h) + p.S @ (p.Q @ h)) + sqrt(h * h + 1) - 1


def still(p, x, h, c):
    """A state handed on as it is, and no squashing."""
    return 0.5 * h + p.W @ x, h


def without_input(p, x, h):
    return tanh(p.U @ h + p.b) - relu(h) / (2 + p.a * p.a)


OWN = [record(step) for step in (shared, chained, still, without_input)]
FORMS: list[Graph] = [
    *(form(name) for name, cell in cells.items() if not cell.convolution),
    *(form(text) for text in ("rnn:output=yes", "rnn:activation=relu", "lstm:bias=no", "gru:update_keeps=no")),
    *(form(text) for text in ("lstm:activation=sigmoid", "indrnn:activation=tanh")),
    *OWN,
]


@dataclass(frozen=True)
class Drawn:
    """One configuration: a layer, what it is given, and how it is run."""

    layer: Recurrent
    x: Tensor
    lengths: Tensor | None
    state: tuple[Tensor, ...]
    draw: Draw | None
    threads: int
    every: int | None  # checkpoint_time

    def __str__(self) -> str:
        run = f"lengths {self.lengths} draw {self.draw} threads {self.threads} every {self.every}"
        return f"{self.layer} x {tuple(self.x.shape)} {self.x.dtype} {run}"


def drawn(seed: int) -> Drawn:
    """The configuration of this number."""
    random_one = random.Random(seed)
    choose = random_one.choice
    graph, dtype = choose(FORMS), choose((torch.float32, torch.float64))
    batch, steps = choose((1, 1, 2, 3, 5, 6, 7, 13, 20)), choose((1, 2, 3, 5, 9))
    units, inputs = choose((1, 3, 7, 16, 17, 33, 64, 70, 130)), choose((1, 2, 5, 19, 33))
    noisy = random_one.random() < 0.5
    maps, own_output = bool(recurrent_maps(graph)), has_own_output(graph)
    layers = choose((1, 1, 2))
    torch.manual_seed(seed)
    layer = Recurrent(
        graph,
        inputs,
        units,
        num_layers=layers,
        bidirectional=choose((False, False, True)),
        output_size=choose((1, 4, 21)) if own_output else None,
        dropout=0.3 if noisy and layers > 1 else 0.0,
        recurrent_dropout=0.3 if noisy and maps and random_one.random() < 0.5 else 0.0,
        zoneout=0.3 if noisy and not own_output and random_one.random() < 0.5 else 0.0,
        drop_connect=0.3 if noisy and maps and random_one.random() < 0.3 else 0.0,
        state_clip=choose((None, None, None, 0.3)) if not own_output else None,
        learned_state=random_one.random() < 0.2,
    ).to(dtype)
    every = choose((None, None, 1, 2, 4))
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn(parameter.shape, dtype=dtype) * min(0.5, units**-0.5))
    x = torch.randn(batch, steps, inputs, dtype=dtype)
    form_of_x = choose(("plain", "plain", "time first", "with gaps"))
    if form_of_x == "time first":
        x = torch.randn(steps, batch, inputs, dtype=dtype).transpose(0, 1)
    elif form_of_x == "with gaps":
        x = torch.randn(batch, steps, 2 * inputs, dtype=dtype)[..., ::2]
    lengths = torch.randint(0, steps + 1, (batch,)) if random_one.random() < 0.5 else None
    shape = (len(layer.directions), batch, units)
    state = tuple(torch.randn(shape, dtype=dtype) for _ in graph.states)
    draw = Draw(seed, 1, 0, torch.arange(batch) + 5, 3) if noisy else None
    return Drawn(layer.train(noisy), x, lengths, state, draw, choose((1, 2)), every)


def outcome(case: Drawn, engine: str) -> dict[str, Tensor]:
    """Output, state and every gradient, by name."""
    layer = case.layer
    layer.engine, layer.checkpoint_time = engine, case.every if engine == "native" else None
    x = case.x.detach().requires_grad_()
    state = tuple(part.detach().requires_grad_() for part in case.state)
    layer.zero_grad()
    with threads(case.threads):
        output, new_state = layer(x, case.lengths, state, case.draw)
        generator = torch.Generator().manual_seed(1)
        loss = output.new_zeros(())
        for part in (output, *new_state):
            loss = loss + (part * torch.randn(part.shape, generator=generator, dtype=torch.float64).to(x.dtype)).sum()
        loss.backward()
    found = {"output": output, "dx": x.grad}
    for name, part, given in zip(layer.graph.states, new_state, state, strict=True):
        found |= {name: part, f"d{name}": given.grad}
    found |= {f"d{name}": weight.grad for name, weight in layer.named_parameters()}
    return {name: torch.zeros(()) if value is None else value.detach().clone() for name, value in found.items()}


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def furthest(case: Drawn, engine: str = "native") -> tuple[float, str]:
    """How far an engine is from the reference, relative to the largest number or 1, and in what."""
    found, expected = outcome(case, engine), outcome(case, "reference")
    worst = (0.0, "")
    for name, value in expected.items():
        assert found[name].shape == value.shape or not value.dim(), name
        if value.numel():
            far = float((found[name] - value).abs().max() / max(1.0, float(value.abs().max())))
            worst = max(worst, (far if far == far else float("inf"), name))
    return worst
