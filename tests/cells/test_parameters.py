"""What a cell needs to learn: counts by formula, stored tensors in torch's order, sizes found from the equations."""

from __future__ import annotations

import pytest

from tests.cells.forms import FORMS, FRAME, NAMES, TORCH_FORMS
from throughtime.cells import cells, form, record, tanh
from throughtime.cells.describe import describe, size_formula
from throughtime.cells.equations.parameters import Sizes, count, has_own_output, parameters, recurrent_maps, stacks
from throughtime.cells.recurrent import Recurrent
from throughtime.cells.torch_weights import to_torch
from throughtime.errors import UsageError

I, H, O, K, AREA = 3, 5, 4, 3, 12  # noqa: E741 (inputs, hidden, output, kernel, places of a frame)
COUNTS = {
    "rnn": H * I + H * H + H,
    "rnn:bias=no": H * I + H * H,
    "rnn:output=yes": H * I + H * H + H + O * H + O,
    "indrnn": H * I + H + H,
    "lstm": 4 * (H * I + H * H + H),
    "lstm:bias=no": 4 * (H * I + H * H),
    "lstm_1997": 3 * (H * I + H * H + H),
    "lstm_coupled": 3 * (H * I + H * H + H),
    "lstm_peephole": 4 * (H * I + H * H + H) + 3 * H,
    "lstm_layernorm": 4 * (H * I + H * H + H) + 8 * H + 2 * H,
    "gru": 3 * (H * I + H * H + H) + H,
    "gru:bias=no": 3 * (H * I + H * H),
    "gru_reset_before": 3 * (H * I + H * H + H),
    "gru_two_gate": 3 * (H * I + H * H + H),
    "gru_layernorm": 3 * (H * I + H * H + H) + H + 6 * H,
    "mgu": 2 * (H * I + H * H + H),
    "convlstm": 4 * (2 * 2 * K * K + 2 * 2 * K * K + 2) + 3 * 2 * AREA,
    "convlstm:peepholes=no": 4 * (2 * 2 * K * K + 2 * 2 * K * K + 2),
}


def test_every_cell_has_a_formula() -> None:
    assert set(NAMES) <= set(COUNTS)


@pytest.mark.parametrize("text", COUNTS)
def test_counts(text: str) -> None:
    graph = form(text)
    if graph.convolution:
        made, sizes = Recurrent(text, FRAME, 2), Sizes(2, 2, 2, FRAME[1:], K)
    else:
        out = O if "output" in text else H
        made = Recurrent(text, I, H, output_size=O if "output" in text else None)
        sizes = Sizes(I, H, out)
    assert count(graph, sizes) == COUNTS[text]
    assert sum(part.numel() for part in made.parameters()) == COUNTS[text]


@pytest.mark.parametrize("text", TORCH_FORMS)
def test_torch_counts_more_by_its_second_biases_alone(text: str) -> None:
    made = Recurrent(text, I, H)
    ours, torchs = (sum(part.numel() for part in module.parameters()) for module in (made, to_torch(made)))
    extra = {"lstm": 4 * H, "gru": 2 * H, "rnn": H}[text.partition(":")[0]]
    assert torchs - ours == (0 if text.endswith("bias=no") else extra)


def stored(text: str) -> dict[str, str]:
    return {stack.name: " ".join(member.name for member in stack.members) for stack in stacks(form(text))}


def test_stacks_stand_in_torchs_order() -> None:
    assert stored("lstm") == {"weight_ih": "W_i W_f W_g W_o", "weight_hh": "U_i U_f U_g U_o", "bias": "b_i b_f b_g b_o"}
    assert stored("gru") == {"weight_ih": "W_r W_z W_n", "weight_hh": "U_r U_z U_n", "bias": "b_r b_z b_n b_hn"}
    assert stored("rnn:output=yes") == {"weight_ih": "W", "weight_hh": "U", "bias": "b b_y", "V": "V"}
    # in the order of equations 5 to 8; the product with r ∘ h stands alone
    assert stored("gru_reset_before") == {
        "weight_ih": "W_r W_z W_n",
        "weight_hh": "U_r U_z",
        "bias": "b_r b_z b_n",
        "U_n": "U_n",
    }
    assert list(stored("lstm_peephole")) == ["weight_ih", "weight_hh", "p_i", "bias", "p_f", "p_o"]


@pytest.mark.parametrize("text", FORMS)
def test_every_parameter_is_stored_once(text: str) -> None:
    graph = form(text)
    members = [member for stack in stacks(graph) for member in stack.members]
    assert sorted(member.name for member in members) == sorted(graph.parameters)
    assert {m.name for m in members} == {p.name for p in parameters(graph)}
    for member in members:
        assert (member.kind == "map") == member.name[0].isupper()
        assert (member.kind == "bias") == member.name.startswith("b"), member.name
    if text.endswith("bias=no"):
        assert not any(name.startswith("b") for name in graph.parameters)


def test_recurrent_maps() -> None:
    assert recurrent_maps(form("rnn:output=yes")) == {"U"}
    assert recurrent_maps(form("gru_reset_before")) == {"U_r", "U_z", "U_n"}
    assert recurrent_maps(form("gru_two_gate")) == {"W_o", "W_i", "W"}
    assert recurrent_maps(form("indrnn")) == frozenset()
    assert [name for name in NAMES if not recurrent_maps(form(name))] == ["indrnn"]


def test_only_the_output_form_has_an_output_of_its_own() -> None:
    assert [text for text in FORMS if has_own_output(form(text))] == ["rnn:output=yes"]


def test_a_map_may_lead_to_a_size_between() -> None:
    def narrow(p, x, h):
        return tanh(p.A @ tanh(p.W @ x + p.U @ h) + p.b)

    found = {p.name: f"{p.rows} {p.columns}" for p in parameters(record(narrow))}
    assert found == {"W": "hidden input", "U": "hidden hidden", "A": "hidden hidden", "b": "hidden "}


def test_sizes_that_do_not_meet_are_refused() -> None:
    def added(p, x, h):
        return tanh(x + p.U @ h)

    def one_map_for_two(p, x, h):
        return tanh(p.W @ x + p.W @ h)

    for step in (added, one_map_for_two):
        with pytest.raises(UsageError, match="something of the input's size meets something of the hidden size"):
            parameters(record(step))

    def shown(p, x, h):
        return x, tanh(p.W @ x + p.U @ h)

    with pytest.raises(UsageError, match="the output is of the input's size"):
        Recurrent(record(shown), 3, 5)


def test_a_map_that_is_never_applied_is_refused() -> None:
    def idle(p, x, h):
        p.V  # noqa: B018
        return tanh(p.W @ x + p.U @ h)

    with pytest.raises(UsageError, match='the linear map "V" is never applied'):
        parameters(record(idle))


def test_names_of_the_layer_itself_are_refused() -> None:
    def taken(p, x, h):
        return tanh(p.W @ x + p.weight_ih * h)

    with pytest.raises(UsageError, match='a layer has a "weight_ih" of its own; rename the parameter'):
        stacks(record(taken))


def test_a_state_may_be_called_i() -> None:
    def unlucky(p, x, i):
        return tanh(p.W @ x + p.U @ i + p.b)

    made = Recurrent(record(unlucky), 3, 5)
    assert {name: tuple(part.shape) for name, part in made.named_parameters()} == {
        "weight_ih_l0": (5, 3),
        "U_l0": (5, 5),
        "bias_l0": (5,),
    }


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("lstm_peephole", "4 H I + 4 H H + 4 H + 3 H"),
        ("rnn:output=yes", "H I + H H + O H + H + O"),
        ("convlstm:peepholes=no", "4 H I k k + 4 H H k k + 4 H"),
    ],
)
def test_the_formula_in_words_counts_the_same(text: str, formula: str) -> None:
    values = {"H": 5, "I": 3, "O": 5, "k": 1}
    written = size_formula(form(text))

    def total(words: str) -> int:
        found = 0
        for term in words.split(" + "):
            number = 1
            for factor in term.split():
                number *= values.get(factor) or int(factor)
            found += number
        return found

    assert total(written) == total(formula) == count(form(text), Sizes(3, 5, 5))


@pytest.mark.parametrize("text", NAMES)
def test_the_description_names_source_and_differences(text: str) -> None:
    said = str(describe(text))
    for part in (text, cells[text].title, cells[text].source, cells[text].differences, "bias=yes"):
        assert part and part in said
