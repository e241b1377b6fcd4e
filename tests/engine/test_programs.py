"""What the engine accepts as a program, and what it refuses."""

from __future__ import annotations

from array import array

import pytest

from tests.cells.forms import needs_the_engine
from tests.engine.drawn import OWN
from tests.engine.raw import attack, compile_words, programs, step
from throughtime.cells import form
from throughtime.cells.engine.native.derivative import derivative
from throughtime.cells.engine.native.quantities import Quantity, Step, Variant, lowered
from throughtime.cells.engine.native.words import RUN, words_of


def of(step: Step, op: str) -> list[Quantity]:
    return [quantity for quantity in step.quantities if quantity.op == op]


def test_sums_of_an_lstm_are_its_four_gates() -> None:
    step = lowered(form("lstm"))
    sums = of(step, "sum")
    assert sorted(quantity.maps for quantity in sums) == [
        ("W_f", "U_f"),
        ("W_g", "U_g"),
        ("W_i", "U_i"),
        ("W_o", "U_o"),
    ]
    assert sorted(quantity.name for quantity in sums) == ["b_f", "b_g", "b_i", "b_o"]
    assert len(of(step, "sigmoid")) == 3 and len(of(step, "tanh")) == 2


def test_the_n_gate_of_a_gru_has_two_sums() -> None:
    assert len(of(lowered(form("gru")), "sum")) == 4


def test_a_bias_in_two_gates_has_one_gradient_from_both() -> None:
    step = lowered(OWN[0])
    found = [name for name, *_ in derivative(step, OWN[0].states).vectors]
    assert found.count("b") == 3


def test_the_derivative_keeps_what_cannot_be_had_cheaply() -> None:
    step = lowered(form("lstm"))
    kept = [step.quantities[number].op for number in derivative(step, ("h", "c")).saved]
    assert sorted(kept) == ["sigmoid", "sigmoid", "sigmoid", "tanh", "tanh"]


@pytest.mark.parametrize("variant", [Variant(), Variant(True), Variant(False, (0.1, 0.1)), Variant(True, "masks", 0.5)])
def test_a_variant_adds_what_the_layer_does(variant: Variant) -> None:
    step = lowered(form("lstm"), variant)
    masks = {quantity.name for quantity in of(step, "mask")}
    expected = {"recurrent"} if variant.recurrent else set()
    assert masks == expected | ({"zoneout_h", "zoneout_c"} if variant.zoneout == "masks" else set())
    assert bool(of(step, "relu")) == (variant.clip is not None)


@needs_the_engine
def test_a_program_of_another_version_is_refused() -> None:
    words = words_of(programs(form("gru"), Variant())[1].program)
    for change, told in (
        (array("i", [7, *words[1:]]), "another version"),
        (words[:-1], "ends before"),
        (array("i", [*words, 0]), "goes on after"),
        (array("i"), "ends before version"),
    ):
        found = compile_words(change)
        assert isinstance(found, str) and told in found


@needs_the_engine
def test_changed_programs_are_refused_or_run_within_their_memory() -> None:
    refused, ran = attack(1, 300)
    assert refused > 100 and ran > 20


@needs_the_engine
def test_a_step_takes_programs_of_a_step_alone() -> None:
    backward, training, plain = programs(form("lstm"), Variant())
    for units in (21, 32):
        assert step(plain.handle or 0, words_of(plain.program), units) == 0
    for other in (backward, training):  # they keep what outlives a step
        assert step(other.handle or 0, words_of(other.program)) == 2


@needs_the_engine
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("words", 3),
        ("steps", 2),
        ("order", 1),
        ("backward", 1),
        ("inputs", 9),
        ("threads", 0),
        ("block", 0),
        ("isa", 99),
    ],
)
def test_a_step_is_refused_what_is_none(name: str, value: int) -> None:
    plain = programs(form("gru"), Variant())[2]

    def change(words: array[int]) -> None:
        words[RUN.index(name)] = value

    assert step(plain.handle or 0, words_of(plain.program), change=change) == 2
