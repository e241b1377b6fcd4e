"""The equations in print: exact for three cells, sound and complete for every form."""

from __future__ import annotations

import re

import pytest

from tests.cells.forms import FORMS
from throughtime.cells import form, record, relu, sigmoid, tanh
from throughtime.cells.equations.printing import latex, text

EXPECTED = {
    "rnn": ["h = tanh(W x + U h' + b)"],
    "rnn:activation=relu,output=yes": ["h = relu(W x + U h' + b)", "y = V h + b_y"],
    "gru": [
        "r = σ(W_r x + U_r h' + b_r)",
        "z = σ(W_z x + U_z h' + b_z)",
        "n = tanh(W_n x + b_n + r ∘ (U_n h' + b_hn))",
        "h = (1 - z) ∘ n + z ∘ h'",
    ],
    "gru_two_gate": [
        "o = σ(W_o s' + U_o x + b_o)",
        "i = σ(W_i s' + U_i x + b_i)",
        "s~ = σ(W (o ∘ s') + U x + b)",
        "s = (1 - i) ∘ s' + i ∘ s~",
    ],
    "lstm_peephole": [
        "i = σ(W_i x + U_i h' + p_i ∘ c' + b_i)",
        "f = σ(W_f x + U_f h' + p_f ∘ c' + b_f)",
        "g = tanh(W_g x + U_g h' + b_g)",
        "c = f ∘ c' + i ∘ g",
        "o = σ(W_o x + U_o h' + p_o ∘ c + b_o)",
        "h = o ∘ tanh(c)",
    ],
    "convlstm": [
        "i = σ(W_i * x + U_i * h' + p_i ∘ c' + b_i)",
        "f = σ(W_f * x + U_f * h' + p_f ∘ c' + b_f)",
        "g = tanh(W_g * x + U_g * h' + b_g)",
        "c = f ∘ c' + i ∘ g",
        "o = σ(W_o * x + U_o * h' + p_o ∘ c + b_o)",
        "h = o ∘ tanh(c)",
    ],
    "lstm:bias=no": [
        "i = σ(W_i x + U_i h')",
        "f = σ(W_f x + U_f h')",
        "g = tanh(W_g x + U_g h')",
        "o = σ(W_o x + U_o h')",
        "c = f ∘ c' + i ∘ g",
        "h = o ∘ tanh(c)",
    ],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_as_text(name: str) -> None:
    assert text(form(name)) == EXPECTED[name]


def test_as_latex() -> None:
    assert latex(form("gru_two_gate")) == "\n".join(
        [
            r"\begin{aligned}",
            r"o_{t} &= \sigma\left(W_{o} s_{t-1} + U_{o} x_{t} + b_{o}\right) \\",
            r"i_{t} &= \sigma\left(W_{i} s_{t-1} + U_{i} x_{t} + b_{i}\right) \\",
            r"\tilde{s}_{t} &= \sigma\left(W \left(o_{t} \odot s_{t-1}\right) + U x_{t} + b\right) \\",
            r"s_{t} &= \left(1 - i_{t}\right) \odot s_{t-1} + i_{t} \odot \tilde{s}_{t}",
            r"\end{aligned}",
        ]
    )


@pytest.mark.parametrize("name", FORMS)
def test_latex_is_balanced(name: str) -> None:
    written = latex(form(name))
    depth = 0
    for character in written:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert written.count(r"\left(") == written.count(r"\right)")
    assert len(re.findall("&=", written)) == len(text(form(name))) == len(form(name).names)


@pytest.mark.parametrize("name", FORMS)
def test_every_parameter_state_and_input_is_mentioned(name: str) -> None:
    graph = form(name)
    lines = text(graph)
    words = set(re.findall(r"\w+'?", " ".join(lines)))
    assert set(graph.parameters) <= words
    assert {f"{state}'" for state in graph.states} <= words and "x" in words
    assert {line.split(" = ")[0] for line in lines} >= set(graph.states)


def odd(p, x, h, c):
    h = -(p.a * c) * h / (p.d * c) - (c - h) + (-2.0) * (h / c / (h * c)) + p.W @ (-x)
    return relu(-h), h


def test_brackets_stand_where_they_must_and_nowhere_else() -> None:
    assert text(record(odd)) == [
        "c = (-a ∘ c') ∘ h' / (d ∘ c') - (c' - h') + (-2) ∘ h' / c' / (h' ∘ c') + W (-x)",
        "h = relu(-c)",
    ]
    assert r"\frac{\left(-a \odot c_{t-1}\right) \odot h_{t-1}}{d \odot c_{t-1}}" in latex(record(odd))


def test_a_convolution_inside_a_product_has_brackets() -> None:
    def gated(p, x, h):
        return sigmoid(p.W @ x) * (p.U @ h) + p.V @ x

    assert text(record(gated, convolution=True)) == ["h = σ(W * x) ∘ (U * h') + V * x"]
    assert text(record(gated)) == ["h = σ(W x) ∘ U h' + V x"]


def test_a_state_that_is_only_handed_on_is_printed() -> None:
    def delayed(p, x, h, d):
        return tanh(p.W @ x + p.U @ d), h

    assert text(record(delayed)) == ["h = tanh(W x + U d')", "d = h'"]

    def kept(p, x, h, c):
        return tanh(p.W @ x + p.u * c), c

    assert text(record(kept)) == ["h = tanh(W x + u ∘ c')"]


def test_names_of_several_parts() -> None:
    def named(p, x, h_long):
        gate_in_tilde = sigmoid(p.W_gate_in @ x)
        return gate_in_tilde * h_long

    assert text(record(named)) == ["gate_in~ = σ(W_gate_in x)", "h_long = gate_in~ ∘ h_long'"]
    assert latex(record(named)).splitlines()[1:-1] == [
        r"\tilde{\mathrm{gate}_{in}}_{t} &= \sigma\left(W_{gate,in} x_{t}\right) \\",
        r"h_{long,t} &= \tilde{\mathrm{gate}_{in}}_{t} \odot h_{long,t-1}",
    ]
