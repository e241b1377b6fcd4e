"""A cell of one's own: a dozen lines, recorded and trained; every mistake is named with its line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.cells.forms import assert_near, assert_same_bits, fastest, inputs, numbers, weighted
from throughtime.cells import Graph, cell, cells, exp, form, record, relu, sigmoid, sqrt, tanh
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError

GIVEN = set(cells)


@pytest.fixture(autouse=True)
def only_the_given_cells() -> Iterator[None]:
    """What a test registers is gone after it."""
    yield
    for name in set(cells) - GIVEN:
        del cells._entries[name]


def define_leaky() -> None:
    @cell(source="these tests")
    def leaky(p, x, h, *, activation=tanh, slow=False, power=2):
        """A cell that forgets at a rate of its own."""
        rate = sigmoid(p.a) if slow else sigmoid(p.W_r @ x + p.b_r)
        fresh = activation(p.W @ x + p.U @ h + p.b)
        for _ in range(power - 1):
            fresh = fresh * fresh
        return (1 - rate) * h + rate * fresh


def test_it_stands_beside_the_others_and_learns() -> None:
    define_leaky()
    assert "leaky" in cells and cells["leaky"].title == "A cell that forgets at a rate of its own."
    assert cells["leaky"].options == {"activation": "tanh", "slow": False, "power": 2, "bias": True}
    made = Recurrent("leaky", 3, 5, num_layers=2, bidirectional=True, generator=torch.Generator().manual_seed(1))
    x, lengths = inputs(made, 4, 6), torch.tensor([6, 0, 3, 1])
    optimiser, losses = torch.optim.Adam(made.parameters(), lr=0.03), []
    for _ in range(25):
        output, _ = made(x, lengths)
        losses.append((output.sum((1, 2)) - torch.tensor([1.0, 0.0, -2.0, 0.5])).square().mean())
        optimiser.zero_grad()
        losses[-1].backward()
        optimiser.step()
    assert losses[-1] < 0.5 * losses[0]


def test_the_written_graph_alone_runs_it() -> None:
    define_leaky()
    made = Recurrent("leaky:slow=yes,power=3", 3, 5)
    written = json.dumps(made.graph.to_json())
    del cells._entries["leaky"]
    again = Recurrent(Graph.from_json(json.loads(written)), 3, 5)
    again.load_state_dict(made.state_dict())
    x = inputs(made, 2, 4)
    assert_same_bits(again(x)[0], made(x)[0])
    assert again.graph.cell == "leaky:slow=yes,power=3"


def test_options_of_every_type() -> None:
    define_leaky()
    assert form("leaky:power=3").signature != form("leaky:power=2").signature == form("leaky").signature
    assert "W_r" not in form("leaky:slow=on").parameters
    assert cells["leaky"].graph(activation=relu).cell == "leaky:activation=relu"
    with pytest.raises(UsageError, match='cell leaky: power is int, not "many"'):
        form("leaky:power=many")
    with pytest.raises(UsageError, match='cell leaky: slow is yes or no, not "perhaps"'):
        form("leaky:slow=perhaps")


def test_a_taken_name_is_refused() -> None:
    with pytest.raises(UsageError, match='cell "gru" is registered twice'):

        @cell(source="these tests")
        def gru(p, x, h):
            return tanh(p.W @ x + p.U @ h)


def test_a_step_is_known_by_its_name() -> None:
    def swift(p, x, h):
        return tanh(p.W @ x + p.U @ h)

    with pytest.raises(UsageError, match='give the name under which it is registered, for instance "swift"'):
        form(swift)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lsmt", 'unknown cell "lsmt"; did you mean "lstm"?'),
        ("lstm:activatoin=relu", 'unknown option of the cell lstm "activatoin"; did you mean "activation"?'),
        ("lstm:activation=sigmod", 'unknown activation "sigmod"; did you mean "sigmoid"?'),
        ("lstm:activation", 'cell option "activation": write it as name=value, for instance lstm:activation=relu'),
        ("gru:bias=maybe", 'cell gru: bias is yes or no, not "maybe"'),
        ("", 'unknown cell ""'),
    ],
)
def test_misspelt_forms(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        form(text)


def test_a_form_may_be_written_with_spaces() -> None:
    assert form(" lstm : activation = relu , bias = no ") == form("lstm:activation=relu,bias=no")


def branches(p, x, h):
    return tanh(p.W @ x) if h else h


def compares(p, x, h):
    return tanh(p.W @ x) if h > 0 else h


def equals(p, x, h):
    return tanh(p.W @ x) if h == 0 else h


def either(p, x, h):
    return tanh(p.W @ x) or h


def calls_torch(p, x, h):
    return torch.tanh(p.W @ x + p.U @ h)


def calls_functional(p, x, h):
    return functional.softplus(p.W @ x + p.U @ h)


def calls_method(p, x, h):
    return (p.W @ x).tanh()


def calls_math(p, x, h):
    return p.W @ x + math.tanh(h)


def calls_numpy(p, x, h):
    return np.tanh(p.W @ x)


def takes_part(p, x, h):
    return tanh(p.W @ x + h[0])


def takes_power(p, x, h):
    return (p.W @ x) ** 2


def adds_text(p, x, h):
    return p.W @ x + "h"


def adds_tensor(p, x, h):
    return p.W @ x + torch.ones(3)


def loops(p, x, h):
    return sum(part for part in h)


def multiplies_map(p, x, h):
    return tanh(p.W * x + p.U @ h)


def squashes_map(p, x, h):
    return tanh(p.W)


def maps_a_map(p, x, h):
    return p.W @ p.U


def applies_vector(p, x, h):
    return tanh(p.w @ x)


def applies_to_number(p, x, h):
    return p.W @ 3


def misspells(p, x, h):
    return tanh(p.W @ x + hidden)  # noqa: F821


MISTAKES: list[tuple[Callable[..., object], str]] = [
    (branches, "cannot branch on a value with `if`"),
    (compares, "cannot branch on a value with `if`"),
    (equals, "cannot branch on a value with `if`"),
    (either, "cannot branch on a value with `if`"),
    (calls_torch, "torch's tanh cannot be recorded; use the words of throughtime.cells"),
    (calls_functional, "cannot be recorded|TypeError: softplus"),
    (calls_method, "a quantity of a step has no .tanh; use the words of throughtime.cells"),
    (calls_math, "a quantity of a step has no number while it is recorded; use the words of throughtime.cells"),
    (calls_numpy, "TypeError: operand 'Symbol' does not support ufuncs"),
    (takes_part, "TypeError: 'Symbol' object is not subscriptable"),
    (takes_power, r"\*\* is not part of the language of cells; multiply, or use sqrt"),
    (adds_text, "a step computes with numbers and its own quantities, not with str"),
    (adds_tensor, "not with Tensor|torch's .* cannot be recorded"),
    (loops, "TypeError: 'Symbol' object is not iterable"),
    (multiplies_map, 'the linear map "W" stands alone; apply it: p.W @ x'),
    (squashes_map, 'the linear map "W" stands alone; apply it: p.W @ x'),
    (maps_a_map, 'the linear map "U" stands alone; apply it: p.U @ x'),
    (applies_vector, '"w" of @ is not a linear map; give a linear map a capital: p.W @ x'),
    (applies_to_number, "a linear map is applied to the input, a state or a result: p.W @ x"),
    (misspells, "NameError: name 'hidden' is not defined"),
]


@pytest.mark.parametrize(("step", "message"), MISTAKES, ids=lambda value: getattr(value, "__name__", ""))
def test_mistakes_in_a_step(step: Callable[..., object], message: str) -> None:
    line = step.__code__.co_firstlineno + 1
    with pytest.raises(UsageError, match=f"^cell {step.__name__}, test_own_cells.py line {line}: .*({message})"):
        record(step)


def none_returned(p, x, h):
    tanh(p.W @ x + p.U @ h)


def one_of_two(p, x, h, c):
    return tanh(p.W @ x)


def four_of_two(p, x, h, c):
    return h, c, h, c


def a_list(p, x, h):
    return [tanh(p.W @ x), h]


def no_state(p, x):
    return tanh(p.W @ x)


def map_returned(p, x, h):
    return p.W


def underscore(p, x, h):
    return tanh(p.W @ x + p._b)


RETURNS: list[tuple[Callable[..., object], str]] = [
    (none_returned, "the step must return quantities that it computed"),
    (one_of_two, "the step returns 1 values but has 2 states; return the new states in the order of the arguments"),
    (four_of_two, "the step returns 4 values but has 2 states"),
    (a_list, "the step must return quantities that it computed"),
    (no_state, r"a step takes its parameters, its input and at least one state: def no_state\(p, x, h\)"),
    (map_returned, 'the linear map "W" stands alone'),
    (underscore, '"_b" is not a name'),
]


@pytest.mark.parametrize(("step", "message"), RETURNS, ids=lambda value: getattr(value, "__name__", ""))
def test_mistakes_in_what_is_returned(step: Callable[..., object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        record(step)


def test_a_mistake_leaves_no_trace_in_the_interpreter() -> None:
    import sys

    before = sys.getprofile()
    with pytest.raises(UsageError):
        record(branches)
    assert sys.getprofile() is before


def test_a_bias_is_a_number_without_biases() -> None:
    def squashed_bias(p, x, h):
        return sigmoid(p.b_rate) * tanh(p.W @ x + p.U @ h)

    assert "b_rate" in record(squashed_bias).parameters
    with pytest.raises(UsageError, match="sigmoid of the number 0; with bias=no every name that begins with b"):
        record(squashed_bias, bias=False)


def test_numbers_of_numpy_are_numbers() -> None:
    def scaled(p, x, h):
        return np.sqrt(0.25) * tanh(p.W @ x + p.U @ h)

    def plain(p, x, h):
        return 0.5 * tanh(p.W @ x + p.U @ h)

    assert record(scaled).signature == record(plain).signature


def test_what_two_gates_share_has_the_sum_of_their_gradients() -> None:
    def shared(p, x, h):
        z = sigmoid(p.W @ x + p.U @ h + p.b)
        n = tanh(p.W @ x + p.V @ h + p.b)
        return z * h + (1 - z) * n

    def apart(p, x, h):
        z = sigmoid(p.W_z @ x + p.U @ h + p.b_z)
        n = tanh(p.W_n @ x + p.V @ h + p.b_n)
        return z * h + (1 - z) * n

    one, two = Recurrent(record(shared), 3, 5).double(), Recurrent(record(apart), 3, 5).double()
    assert one.weight_ih_l0.shape == (5, 3) and one.bias_l0.shape == (5,)
    with torch.no_grad():
        one.bias_l0.copy_(numbers(5, seed=2))
        two.weight_hh_l0.copy_(one.weight_hh_l0)
        two.weight_ih_l0.copy_(one.weight_ih_l0.repeat(2, 1))
        two.bias_l0.copy_(one.bias_l0.repeat(2))
    x, lengths = inputs(one, 3, 4), torch.tensor([4, 2, 0])
    for made in (one, two):
        weighted(made(x, lengths)[0]).backward()
    assert_near(one(x)[0], two(x)[0])
    assert_near(one.weight_ih_l0.grad, two.weight_ih_l0.grad.view(2, 5, 3).sum(0))
    assert_near(one.bias_l0.grad, two.bias_l0.grad.view(2, 5).sum(0))
    assert_near(one.weight_hh_l0.grad, two.weight_hh_l0.grad)


def test_an_unused_state_and_one_that_is_handed_on() -> None:
    def delayed(p, x, h, before, idle):
        return tanh(p.W @ x + p.U @ before + p.b), h, idle

    made = Recurrent(record(delayed), 3, 5)
    x = inputs(made, 2, 4)
    state = tuple(numbers(1, 2, 5, seed=index, dtype=torch.float32) for index in range(3))
    output, (h, before, idle) = made(x, state=state)
    assert_same_bits(h[0], output[:, 3])
    assert_same_bits(before[0], output[:, 2])
    assert_same_bits(idle, state[2])


def test_results_that_are_numbers_or_one_a_sample() -> None:
    from throughtime.cells import mean

    def flat(p, x, h, n, a, k):
        h = tanh(p.W @ x + p.U @ h + n)
        return h, mean(h), p.a, 0.25

    made = Recurrent(record(flat), 3, 5)
    output, (_, n, a, k) = made(inputs(made, 2, 4), torch.tensor([4, 2]))
    assert output.shape == (2, 4, 5)
    assert_near(n[0], output[torch.arange(2), torch.tensor([3, 1])].mean(1, keepdim=True).expand(2, 5))
    assert_same_bits(a[0], made.a_l0.expand(2, 5))
    assert_same_bits(k[0], torch.full((2, 5), 0.25))


def test_a_cell_that_says_the_same_as_torchs_but_is_stored_otherwise() -> None:
    def other_names(p, x, s):
        return tanh(p.W @ x + p.U @ s + p.a)

    made, plain = Recurrent(record(other_names), 3, 5), Recurrent("rnn", 3, 5)
    with torch.no_grad():
        plain.weight_ih_l0.copy_(made.weight_ih_l0)
        plain.weight_hh_l0.copy_(made.weight_sh_l0)
        plain.bias_l0.copy_(made.a_l0.normal_())
    assert_near(made(inputs(made, 2, 4))[0], plain(inputs(made, 2, 4))[0])

    def elman(p, x, h):
        return tanh(p.In @ x + p.Rec @ h + p.bias_of_mine)

    assert Recurrent(record(elman), 3, 5).used_engine(torch.zeros(1, 1, 3)) == fastest("rnn")


def test_every_word_of_the_language() -> None:
    from throughtime.cells import identity, mean, norm

    def wordy(p, x, h):
        v = identity(p.W @ x) + p.U @ h
        y = relu(v) / (1 + exp(-v)) - sqrt(1 + v * v) + norm(v) * mean(tanh(v))
        return 2 * sigmoid(y)

    made = Recurrent(record(wordy), 3, 5).double()
    x = inputs(made, 2, 1)
    v = (x[:, 0] @ made.weight_ih_l0.T).detach()
    centred = v - v.mean(1, keepdim=True)
    normed = centred / (centred.square().mean(1, keepdim=True) + 1e-5).sqrt()
    y = v.relu() / (1 + (-v).exp()) - (1 + v * v).sqrt() + normed * v.tanh().mean(1, keepdim=True)
    assert_near(made(x)[0][:, 0], 2 * y.sigmoid())


def test_a_cell_can_be_decorated_plainly_and_defined_again_in_a_notebook() -> None:
    for factor in (0.5, 0.25):
        space: dict[str, object] = {"__name__": "__main__"}
        exec(
            "from throughtime.cells import cell, tanh\n@cell\ndef noted(p, x, h):\n"
            f"    return {factor} * h + tanh(p.W @ x + p.U @ h)\n",
            space,
        )
        assert any(node.value == factor for node in cells["noted"].graph().nodes)
