"""One step in numbers: they are what the layer computes, each line comes out, and the derivatives are right."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import throughtime as tt
from tests.cells.forms import FORMS, inputs, layer, numbers, weighted
from tests.laws.material import rows, tiny
from tests.laws.test_language import text
from tests.laws.test_language import tiny as tiny_text
from tests.use.all_material import ALL
from tests.use.by_hand import outputs
from throughtime.cells import cells, exp, mean, norm, record, relu, sigmoid, sqrt, tanh
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError
from throughtime.use.inspect.step.numbers import Line, StepInNumbers, step_in_numbers
from throughtime.use.report import build

PLAIN = [form for form in FORMS if not cells[form.partition(":")[0]].convolution]
STEPS = 6


def odd(p, x, h, c, d):
    """Every operation of the language, quantities of the input's size, of one number a sample, and of parameters."""
    double = 2 * x
    level = mean(p.W @ double)
    scale = exp(p.a) / (1 + exp(p.a))
    gate = sigmoid(p.V @ x - level)
    root = sqrt(gate * gate + 0.5)
    new = -relu(p.U @ h + p.b) / root + (c - h) * scale
    return tanh(norm(new) * p.u) - new / (2 + gate), gate * c + 0.5 * root, h


def looked(made: Recurrent, step: int, **options: Any) -> tuple[StepInNumbers, Tensor]:
    x = inputs(made, 1, STEPS)
    return step_in_numbers(made.eval(), lambda: weighted(made(x)[0]), step, **options), x


NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?")
WORDS = {
    "sigmoid": lambda v: 1 / (1 + math.exp(-v)),
    "tanh": math.tanh,
    "relu": lambda v: max(v, 0.0),
    "exp": math.exp,
    "sqrt": lambda v: math.sqrt(max(v, 0.0)),
}


def half_a_digit(written: str) -> float:
    """Of the last of four digits."""
    value = abs(float(written))
    return 10.0 ** (math.floor(math.log10(value)) - 3) / 2 if value else 0.0


def comes_out(numbers_: str, result: str, symbols: str = "") -> bool:
    """Whether a printed expression gives its printed result, as far as its digits allow; constants are exact."""
    expression = numbers_.replace("·", "*").replace("σ(", "sigmoid(")
    assert re.fullmatch(r"[\w\s.+\-*/()]+", expression), expression
    found = list(NUMBER.finditer(expression))

    def value(changed: int, by: float) -> float:
        parts, end = [], 0
        for k, match in enumerate(found):
            number = float(match[0]) + (by if k == changed else 0.0)
            parts += [expression[end : match.start()], repr(number)]
            end = match.end()
        return float(eval("".join(parts) + expression[end:], {"__builtins__": {}}, WORDS))

    exact = value(-1, 0.0)
    room = half_a_digit(result) + 1e-12
    constants = [match[0] for match in NUMBER.finditer(symbols)]
    written = [match[0] for match in found]
    for k, match in enumerate(found):
        exact_here = match[0] in constants and constants.count(match[0]) == written.count(match[0])
        digit = 0.0 if exact_here else half_a_digit(match[0])
        room += 1.01 * max(abs(value(k, sign * digit) - exact) for sign in (-1, 1))
    return abs(exact - float(result)) <= room


def check_lines(lines: tuple[Line, ...]) -> None:
    for line in lines:
        *_, result = str(line).split("    (")[0].split(" = ")
        assert math.isclose(float(result), line.value, rel_tol=6e-4, abs_tol=1e-300), str(line)
        assert not line.numbers or comes_out(line.numbers, result, line.symbols), str(line)


def test_what_does_not_come_out_is_seen() -> None:
    assert comes_out("σ(0.312 - 0.52 + 0.021)", "0.4534") and not comes_out("σ(0.312 - 0.52 + 0.021)", "0.455")
    assert comes_out("(1 - 0.8352) · (-0.1547) + 0.8352 · (-0.4816)", "-0.4277")
    assert not comes_out("(1 - 0.8352) · 0.1547 + 0.8352 · (-0.4816)", "-0.4277")


@pytest.mark.parametrize("form", PLAIN)
@pytest.mark.parametrize("step", [0, 3])
def test_each_line_comes_out_and_is_what_the_layer_records(form: str, step: int) -> None:
    made = layer(form)
    for unit in range(made.hidden_size):
        found, x = looked(made, step, unit=unit)
        check_lines(found.forward)
        check_lines(found.backward)
        recorded = made.record(x)
        assert [line.left for line in found.forward] == [name.replace("_tilde", "~") for name, _ in made.graph.names]
        for line, (name, _) in zip(found.forward, made.graph.names, strict=True):
            assert line.value == pytest.approx(
                float(recorded[f"l0.{name}"][0, step, unit].detach()), rel=1e-12, abs=1e-300
            )


@pytest.mark.parametrize("form", PLAIN)
def test_the_derivatives_are_those_of_finite_differences(form: str) -> None:
    made, step, eps = layer(form), 2, 1e-6
    x = inputs(made, 1, STEPS)
    assert torch.allclose(outputs(made, x), made(x)[0], rtol=1e-12, atol=1e-12)
    for unit in range(0, made.hidden_size, 2):
        found, _ = looked(made, step, unit=unit)
        change = numbers(made.hidden_size, seed=1) * 0
        change[unit] = eps
        for line, (name, _) in zip(found.backward, reversed(made.graph.names), strict=True):
            ahead, behind = (weighted(outputs(made, x, name, step, sign * change)) for sign in (1, -1))
            slope = float((ahead - behind) / (2 * eps))
            assert line.value == pytest.approx(slope, rel=1e-6, abs=1e-8), f"{form} {line}"


def test_every_word_of_the_language() -> None:
    made = Recurrent(record(odd), 3, 5).double()
    with torch.no_grad():
        for index, parameter in enumerate(made.parameters()):
            parameter.copy_(0.5 * numbers(*parameter.shape, seed=100 + index))
    for unit in range(5):
        found, x = looked(made, 2, unit=unit)
        check_lines(found.forward)
        check_lines(found.backward)
        names = [line.left for line in found.forward]
        assert "double" not in names and {"level", "scale", "gate", "root", "new", "h", "c"} <= set(names)
        change = torch.zeros(5, dtype=torch.float64)
        change[unit] = 1e-6
        for line in found.backward:
            name = line.left.removeprefix("dF/d")
            by = 1e-6 if name == "level" else change  # one for all units
            ahead, behind = (weighted(outputs(made, x, name, 2, sign * by)) for sign in (1, -1))
            assert line.value == pytest.approx(float((ahead - behind) / 2e-6), rel=1e-6, abs=1e-8), str(line)


def test_other_layers_and_directions() -> None:
    made = layer("gru", num_layers=2, bidirectional=True)
    for number in (0, 1):
        for reverse in (False, True):
            found, x = looked(made, 1, layer=number, reverse=reverse, unit=3)
            recorded = made.record(x)
            for line in found.forward:
                key = f"l{number}{'_reverse' if reverse else ''}.{line.left}"
                assert line.value == pytest.approx(float(recorded[key][0, 1, 3].detach()), rel=1e-12)
            check_lines(found.backward)
    assert "layer 1, backward, unit 3 of 5 (as asked)" in found.title()


def test_what_zoneout_and_a_bound_make_of_states_is_said() -> None:
    made = layer("lstm", zoneout=0.25, state_clip=0.1)
    found, x = looked(made, 3, unit=2)
    check_lines(found.forward)
    recorded = made.record(x)
    last = {line.left: line for line in found.forward}
    for state in ("h", "c"):
        assert "zoneout" in last[state].remark
        assert last[state].value == pytest.approx(float(recorded[f"l0.{state}"][0, 3, 2]), rel=1e-12)


def test_the_unit_on_which_the_answer_hangs_most() -> None:
    made = layer("lstm")
    found, _ = looked(made, 3)
    shares = []
    for unit in range(5):
        one, _ = looked(made, 3, unit=unit)
        shares.append(abs(one.forward[-1].value * one.backward[0].value))
    assert found.unit == max(range(5), key=shares.__getitem__) and "is the largest" in found.why


EXPECTED = {
    "rnn": [],
    "indrnn": [],
    "gru": [r"h: forgotten \d+ %, kept \d+ % of h', by z = ", r"h: written \(1 - z\) ∘ n = "],
    "gru:update_keeps=no": [r"h: forgotten \d+ %, kept \d+ % of h', by 1 - z = ", "h: written z ∘ n = "],
    "mgu": [r"h: forgotten \d+ %, kept \d+ % of h', by 1 - f = ", "h: written f ∘ n = "],
    "lstm": [
        r"c: forgotten \d+ %, kept \d+ % of c', by f = ",
        "c: written i ∘ g = ",
        r"let out \d+ % of tanh\(c\) = .*, by o = ",
    ],
    "lstm_1997": [
        "c: forgotten 0 %, kept 100 % of c', by 1",
        "c: written i ∘ g = ",
        r"let out \d+ % of tanh\(c\) = .*, by o = ",
    ],
    "lstm_coupled": [
        r"c: forgotten \d+ %, kept \d+ % of c', by f = ",
        r"c: written \(1 - f\) ∘ g = ",
        r"let out \d+ % of tanh\(c\) = .*, by o = ",
    ],
    "indrnn:activation=identity": ["h: h' is multiplied by u = |h: forgotten", r"h: written W x \+ b = "],
}


@pytest.mark.parametrize("form", EXPECTED)
def test_in_words(form: str) -> None:
    found, _ = looked(layer(form), 3, unit=1)
    assert len(found.words) == len(EXPECTED[form])
    for said, expected in zip(found.words, EXPECTED[form], strict=True):
        assert re.match(expected, said), said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"layer": 2}, "layer 2: there are 2, 0 to 1"),
        ({"reverse": True}, "there is no backward direction"),
        ({"unit": 5}, "unit 5: there are 5, 0 to 4"),
        ({"unit": -1}, "unit -1"),
    ],
)
def test_what_there_is_not_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        looked(layer("gru", num_layers=2), 1, **options)


def test_a_step_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match="step 6: the sequence has 6 steps, 0 to 5"):
        looked(layer("gru"), 6)


def test_a_convolutional_cell_is_refused_in_words() -> None:
    with pytest.raises(UsageError, match="has a value at every place"):
        looked(layer("convlstm"), 1)


KINDS = {"classify": "text", "labels": "text", "regress": "text", "tags": "words", "pos": "words"}


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_run(kind: str, tmp_path: Path) -> None:
    options = {"kinds": (), "layers": 2, "bidirectional": True, "epochs": 1}
    trained = tt.train(rows(kind), tmp_path / "run", **tiny(kind, input=(KINDS[kind],), **options))
    words = "good bad New Ulm very"
    answer = trained.predict([words])[0]
    found = trained.step(words, 2, layer=1, reverse=True)
    check_lines(found.forward)
    check_lines(found.backward)
    value = found.score_value
    if kind == "regress":
        assert value == pytest.approx(answer["predicted"], rel=1e-5)
    elif "sure" in answer:
        assert math.exp(value) == pytest.approx(answer["sure"][2], rel=1e-5)
        assert repr(answer["predicted"][2]) in found.score
    else:
        assert math.exp(value) == pytest.approx(max(answer["probabilities"].values()), rel=1e-5)
    assert found.token.lower() in ("new", "<unk>") and found.title().startswith("step 2 reads")
    assert json.loads(json.dumps(found.to_json(), allow_nan=False)) == found.to_json()
    with pytest.raises(UsageError, match="step 5: the text has 5 steps, 0 to 4"):
        trained.step(words, 5)
    with pytest.raises(UsageError, match="the text is empty"):
        trained.step("", 0)


def test_of_a_language_model(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(text())
    trained = tt.train(tmp_path / "text.txt", tmp_path / "run", **tiny_text(cell="gru", epochs=1))
    found = trained.step("so short", 3)
    assert found.token == "s" and found.score == "F = log P(the next token 'h')"
    (answer,) = trained.predict(["so s"])
    if "h" in answer["probabilities"]:
        assert math.exp(found.score_value) == pytest.approx(answer["probabilities"]["h"], rel=1e-5)
    last = trained.step("so short", 7)
    (answer,) = trained.predict(["so short"])
    assert repr(answer["predicted"]) in last.score
    assert math.exp(last.score_value) == pytest.approx(max(answer["probabilities"].values()), rel=1e-5)
    assert any(line.value for line in last.backward)
    check_lines(last.forward)
    check_lines(last.backward)


def test_a_run_of_several_columns_is_refused(tmp_path: Path) -> None:
    trained = tt.train(rows("classify"), tmp_path / "run", **tiny("classify", epochs=1))
    with pytest.raises(UsageError, match="this run reads the columns text, size, shop, which"):
        trained.step("good", 0)


def test_on_a_page() -> None:
    found, _ = looked(layer("lstm"), 3)
    made = replace(next(iter(ALL.values()))(), inspection={"step": found.to_json()})
    page = build(made)
    assert "One step in numbers" in page and "c = f ∘ c&#39; + i ∘ g = " in page
    assert "One step in numbers" not in build(replace(made, inspection={}))


def test_of_two_strands_the_one_that_was_given_is_told(tmp_path: Path) -> None:
    chance = np.random.default_rng(4)
    given = [
        {"seq": "".join(chance.choice(list("ACGT"), 20)) + ("GATTACA" if k % 2 else ""), "label": "ab"[k % 2]}
        for k in range(60)
    ]
    trained = tt.train(given, tmp_path / "run", output="label", reverse_complement="tied", epochs=1, hidden_size=5)
    text = given[0]["seq"]
    for step in range(len(text)):
        found = trained.step(text, step)
        assert 0 <= found.unit < 5
    recorded = trained.record(text, ["h"])
    (values,) = (part for name, part in recorded.items() if "reverse" not in name)
    chosen = trained.step(text, 3, unit=2)
    (told,) = (line.value for line in chosen.forward if line.left == "h")
    assert told == pytest.approx(float(values[3, 2]), rel=1e-4)
