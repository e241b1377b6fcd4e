"""Law 1 for convolutional cells, a reader's own among them; and what goes through the reference.

More: ``python -m tests.engine.test_convolution FIRST COUNT``.
"""

from __future__ import annotations

import random
import sys

import pytest
import torch

from tests.cells.forms import FRAME, assert_near, assert_same_bits, check_derivatives, layer, needs_the_engine, numbers
from tests.engine.drawn import Drawn, outcome
from throughtime.batch import Draw
from throughtime.cells import exp, form, mean, record, relu, sigmoid, tanh
from throughtime.cells.engine.native.library import isas
from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import recurrent_maps
from throughtime.cells.equations.record import Step
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError

CONFIGURATIONS = 120
AT_ONCE = 10
BOUNDS = {torch.float32: 3e-5, torch.float64: 1e-11}

pytestmark = needs_the_engine


def gated(p, x, h):
    """A product inside a gate; a map of the input and a bias in several places."""
    r = sigmoid(p.W_r @ x + p.U_r @ h + p.b_r)
    z = sigmoid(p.W_z @ x + p.U_z @ h + p.b_z)
    n = tanh(p.W_n @ x + r * (p.U_n @ h + p.b_r))
    return (1 - z) * n + z * h


def peculiar(p, x, h, c):
    """Both states convolved, a map of both, diagonals that are added and divided by, an output that is no state."""
    f = sigmoid(p.W @ x + p.U @ h + p.K @ c + p.q)
    g = tanh(p.V @ x - p.M @ h * p.d + p.M @ c)
    c = f * c + g / (2 + p.q * p.q)
    return c * sigmoid(p.d * h), relu(h) * 0.5 + p.W @ x / (1 + exp(-c)), c


def without_input(p, x, h):
    return tanh(p.U @ h + p.b) - relu(h) * 0.5


def still(p, x, h, c):
    """A state handed on as it is; the other has no gradient but through it."""
    return 0.5 * c + p.W @ x, h


def averaged(p, x, h):
    return tanh(p.W @ x + p.U @ h) * mean(h)


def twice(p, x, h):
    return tanh(p.W @ x + p.U @ (sigmoid(p.V @ h) * h))


OWN = [record(step, convolution=True) for step in (gated, peculiar, without_input, still)]
FORMS: list[Graph] = [form(text) for text in ("convlstm", "convlstm", "convlstm:peepholes=no", "convlstm:bias=no")]


def drawn(seed: int) -> Drawn:
    """The configuration of this number."""
    random_one = random.Random(seed)
    choose = random_one.choice
    graph, dtype = choose([*FORMS, *OWN]), choose((torch.float32, torch.float64))
    batch, steps, channels, units = (
        choose((1, 2, 3, 5)),
        choose((1, 2, 3, 6)),
        choose((1, 2, 5)),
        choose((1, 3, 16, 19)),
    )
    noisy, layers, maps = random_one.random() < 0.5, choose((1, 1, 2)), bool(recurrent_maps(graph))
    torch.manual_seed(seed)
    made = Recurrent(
        graph,
        (channels, choose((1, 3, 5, 8)), choose((1, 2, 7, 8))),
        units,
        num_layers=layers,
        bidirectional=choose((False, False, True)),
        dropout=0.3 if noisy and layers > 1 else 0.0,
        recurrent_dropout=0.3 if noisy and maps and random_one.random() < 0.5 else 0.0,
        zoneout=0.3 if random_one.random() < 0.3 else 0.0,
        drop_connect=0.3 if noisy and maps and random_one.random() < 0.3 else 0.0,
        state_clip=choose((None, None, 0.3)),
        learned_state=random_one.random() < 0.2,
        kernel_size=choose((1, 3, 5)),
    ).to(dtype)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, dtype=dtype) * min(0.4, units**-0.5))
    x = torch.randn(batch, steps, channels, *made.directions[0].sizes.space, dtype=dtype)
    if random_one.random() < 0.3:
        x = x.movedim(2, -1).contiguous().movedim(-1, 2)
    lengths = torch.randint(0, steps + 1, (batch,)) if random_one.random() < 0.5 else None
    shape = (len(made.directions), batch, units, *made.directions[0].sizes.space)
    state = tuple(torch.randn(shape, dtype=dtype) for _ in graph.states)
    draw = Draw(seed, 1, 0, torch.arange(batch) + 5, 3) if noisy else None
    return Drawn(made.train(noisy), x, lengths, state, draw, choose((1, 2)), None)


def check(seed: int) -> None:
    case = drawn(seed)
    found, expected = outcome(case, "native"), outcome(case, "reference")
    for name, value in expected.items():
        if value.numel():
            far = float((found[name] - value).abs().max()) / max(1.0, float(value.abs().max()))
            assert far < BOUNDS[case.x.dtype], f"configuration {seed}: {name} is off by {far:.2g}: {case}"


@pytest.mark.parametrize("first", range(0, CONFIGURATIONS, AT_ONCE))
def test_engine_equals_reference(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(first, first + AT_ONCE):
        monkeypatch.setenv("THROUGHTIME_ISA", isas()[-1 - seed // 4 % len(isas()) if seed % 4 == 0 else -1])
        check(seed)


@pytest.mark.parametrize("step", [gated, peculiar, still])
def test_derivatives_of_a_readers_own_cell(step: Step) -> None:
    """First by the engine and second by the reference, against finite differences."""
    graph = record(step, convolution=True)
    made = Recurrent(graph, (1, 2, 3), 2, bidirectional=True, engine="native").double()
    with torch.no_grad():
        for k, part in enumerate(made.parameters()):
            part.copy_(0.3 * numbers(*part.shape, seed=k))
    state = (numbers(2, 3, 2, 2, 3, seed=21 + k) for k in range(len(graph.states)))
    check_derivatives(made, numbers(3, 3, 1, 2, 3, seed=20), *state)


@pytest.mark.parametrize(
    ("step", "why"),
    [(averaged, "takes the mean over a whole frame"), (twice, "convolves what its step computes")],
)
def test_what_the_reference_runs(step: Step, why: str) -> None:
    graph = record(step, convolution=True)
    x = numbers(2, 3, 1, 4, 4, seed=1, dtype=torch.float32)
    assert Recurrent(graph, (1, 4, 4), 2).used_engine(x) == "reference"
    with pytest.raises(UsageError, match=f"engine native cannot run this: the cell {graph.cell} {why}"):
        Recurrent(graph, (1, 4, 4), 2, engine="native")(x)


def test_the_engine_runs_frames_unless_something_else_is_asked_for() -> None:
    made, x = Recurrent("convlstm", (1, 4, 4), 2), numbers(2, 3, 1, 4, 4, seed=1, dtype=torch.float32)
    assert made.used_engine(x) == "native"
    assert made.used_engine(x.bfloat16()) == "reference"
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert made.used_engine(x) == "reference"
    with pytest.raises(UsageError, match="of such a cell all states are kept"):
        Recurrent("convlstm", (1, 4, 4), 2, checkpoint_time=2)(x)


def test_what_is_exported_is_the_reference() -> None:
    made, x = layer("convlstm", dtype=torch.float32), numbers(2, 3, *FRAME, seed=1, dtype=torch.float32)
    program = torch.export.export(made, (x,), strict=False).module()
    assert_near(program(x)[0], made(x)[0])


def test_memory_is_given_back_after_the_way_back() -> None:
    made, x = layer("convlstm", engine="native"), numbers(2, 3, *FRAME, seed=1)
    output, _ = made(x)
    output.sum().backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        output.sum().backward()


def test_nothing_is_written_over_what_was_handed_out() -> None:
    """The same call twice gives the same bits, whatever was done to the first output."""
    made, x = layer("convlstm", engine="native"), numbers(3, 4, *FRAME, seed=1)
    first, (h, _) = made(x)
    kept = first.detach().clone()
    first.relu_()
    h.zero_()
    first.sum().backward()
    assert_same_bits(made(x)[0], kept)


if __name__ == "__main__":
    begin, count = map(int, sys.argv[1:3])
    for number in range(begin, begin + count):
        check(number)
    print(f"{count} configurations equal the reference")
