"""Units that stand for something: planted ones are found, and what is held out is held out."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

from throughtime.cells.cell import form
from throughtime.data.fields.tokens import Tokens
from throughtime.data.streams.document import Document
from throughtime.data.streams.store import EOS_ID, tokeniser
from throughtime.data.tokenisation import cut
from throughtime.data.vocabulary import SOS, Vocabulary
from throughtime.errors import NonFiniteError, UsageError
from throughtime.models.language_model import LanguageModel
from throughtime.models.settings import LanguageSettings, NetworkSettings
from throughtime.use.inspect.units import finding, reading_states
from throughtime.use.inspect.units.annotations import Annotation, annotators, given, pattern
from throughtime.use.inspect.units.finding import find_units
from throughtime.use.inspect.units.passages import Half, halves, last_characters
from throughtime.use.inspect.units.reading_states import read_states, units_of
from throughtime.use.inspect.units.units_in_words import units_in_words

LETTERS = "ab() \n"
LATCH = 3  # the unit of the hand-made network that is inside brackets


def field_of(text: str, unit: str = "characters", lower: bool = False) -> Tokens:
    return Tokens("text", Vocabulary.fit([cut(text, unit, lower)]), unit, lower, None)  # type: ignore[arg-type]


def model_of(field: Tokens, **chosen: Any) -> LanguageModel:
    network = NetworkSettings(
        **{"bidirectional": False, "hidden_size": 6, "embedding_size": 5, "dropout": 0.0, **chosen}
    )
    return LanguageModel(field, network, LanguageSettings(), cell=form(network.cell)).double()


def drawn(model: LanguageModel, bound: float = 0.5, seed: int = 1) -> LanguageModel:
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.uniform_(-bound, bound, generator=chance)
    return model


def latching(field: Tokens) -> LanguageModel:
    """Elman's network: unit 3 goes to -1 at an opening bracket, and stays until a closing one brings it back to 1."""
    model = drawn(model_of(field, cell="rnn", embeddings="one-hot", embedding_size=None))
    with torch.no_grad():
        layer = model.recurrent
        for weight in (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_l0):
            weight[LATCH] = 0.0
        layer.weight_hh_l0[LATCH, LATCH] = 3.0
        layer.weight_ih_l0[LATCH, field.vocabulary.ids["("]] = -8.0
        layer.weight_ih_l0[LATCH, field.vocabulary.ids[")"]] = 8.0
        layer.weight_ih_l0[LATCH, field.vocabulary.ids["a"]] = 0.5  # which does not disturb it
    return model


def bracketed(size: int, seed: int) -> str:
    """A text of so many characters in short lines, with brackets that are closed and not within one another."""
    random = np.random.default_rng(seed)
    parts = []
    while sum(map(len, parts)) < size:
        word = "".join(random.choice(list("ab "), random.integers(1, 9)))
        parts.append(f"({word})" if random.random() < 0.4 else word)
        parts.append("\n" if random.random() < 0.2 else "")
    return "".join(parts)[:size]


def documents(*texts: str) -> list[Document]:
    return [Document.in_memory(text, f"text {i}") for i, text in enumerate(texts)]


def files(count: int = 5, size: int = 700) -> list[Document]:
    return documents(*(bracketed(size + 13 * k, seed=k) + ")" for k in range(count)))


def by_hand(said: list[bool], truth: list[bool]) -> float:
    """Matthews' coefficient, counted one by one."""
    pairs = list(zip(said, truth, strict=True))
    tp, fp, fn, tn = (pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False)))
    return (tp * tn - fp * fn) / ((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)) ** 0.5


def test_a_planted_unit_is_found_whatever_layer_and_state_are_searched() -> None:
    field = field_of(LETTERS)
    found = find_units(latching(field), field, files(), [annotators["inside_brackets"]])
    [brackets] = found.annotations
    best = brackets.units[0]
    assert (best.name, best.layer, best.state, best.number, best.sign) == ("l0.h[3]", 0, "h", LATCH, -1)
    assert best.chosen == best.held_out == {"matthews": 1.0, "f1": 1.0, "auc": 1.0}
    assert -0.9 < best.threshold < 0.9  # type: ignore[operator]
    assert len(brackets.units) == 5 and all(unit.held_out["matthews"] < 0.9 for unit in brackets.units[1:])
    assert brackets.by_chance < 0.3
    assert found.searched == 6 and found.states == ("h",)


def test_held_out_figures_are_those_of_the_held_out_half_counted_by_hand() -> None:
    """The annotation is noisy, so that the figures differ from one half to the other."""
    field, texts = field_of(LETTERS), files(7)
    random = np.random.default_rng(3)
    noisy = [
        annotators["inside_brackets"].of(text.text) ^ (random.random(text.size) < 0.1 + 0.02 * k)
        for k, text in enumerate(texts)
    ]
    annotation = given("noisy", [text.text for text in texts], noisy)
    model = latching(field)
    [found] = find_units(model, field, texts, [annotation]).annotations
    first, second = halves(texts, field, [annotation], 10**6)
    assert {p.name for p in first.passages} | {p.name for p in second.passages} == {text.name for text in texts}
    assert not {p.name for p in first.passages} & {p.name for p in second.passages}
    for half, figures in ((first, found.units[0].chosen), (second, found.units[0].held_out)):
        said, truth = [], []
        for passage in half.passages:
            inside = False
            for character, noise in zip(passage.text, passage.values["noisy"], strict=True):
                inside = (inside or character == "(") and character != ")"
                said.append(inside)
                truth.append(bool(noise))
        assert figures["matthews"] == pytest.approx(by_hand(said, truth))
    assert found.units[0].chosen["matthews"] != pytest.approx(found.units[0].held_out["matthews"], abs=1e-3)
    assert found.typical["share"] == pytest.approx(np.mean(truth))
    share = float(np.mean(truth))
    assert found.constant == {"matthews": 0.0, "f1": pytest.approx(2 * share / (1 + share)), "auc": 0.5}


def test_a_planted_number_is_found_with_its_line() -> None:
    """A unit with the weight 1 on its own past, far from where tanh bends, counts the a of a text."""
    field = field_of(LETTERS)
    model = drawn(model_of(field, cell="rnn:activation=identity", embeddings="one-hot", embedding_size=None), 0.3)
    with torch.no_grad():
        layer = model.recurrent
        for weight in (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_l0):
            weight[2] = 0.0
        layer.weight_hh_l0[2, 2] = 1.0
        layer.weight_ih_l0[2, field.vocabulary.ids["a"]] = -0.25
        layer.weight_ih_l0[2, EOS_ID] = 0.0
    text = bracketed(900, 4)
    counted = np.cumsum([character == "a" for character in text])
    annotation = Annotation("a so far", "number", lambda whole: np.cumsum([c == "a" for c in whole]))
    [found] = find_units(model, field, documents(text), [annotation]).annotations
    best = found.units[0]
    assert (best.number, best.sign, best.threshold) == (2, -1, None)
    assert best.slope == pytest.approx(-4, rel=1e-3) and best.intercept == pytest.approx(0, abs=0.2)
    assert best.held_out == {
        "pearson": pytest.approx(-1),
        "spearman": pytest.approx(-1, abs=1e-3),
        "r_squared": pytest.approx(1, abs=1e-4),
    }
    assert found.typical["mean"] > counted.mean() and found.constant["r_squared"] < -1  # the second half of the text


def state_one_by_one(model: LanguageModel, ids: np.ndarray, before: np.ndarray) -> np.ndarray:
    """(N, U) of an LSTM: h and c of every layer, from the recurrent layers' own step."""
    state, kept = None, []
    with torch.no_grad():
        for token in [*before.tolist(), *ids.tolist()]:
            x = torch.nn.functional.embedding(torch.tensor([token]), model.embedding)
            _, state = model.recurrent.step(x, state)
            kept.append(torch.cat([part[layer] for layer in range(2) for part in state], 1))
    return torch.cat(kept)[len(before) :].numpy()


@pytest.mark.parametrize("size", [1, 150, 1203])
def test_states_read_side_by_side_are_those_read_alone(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(reading_states, "ROW", 97)
    monkeypatch.setattr(reading_states, "WARM", 90)
    monkeypatch.setattr(reading_states, "STEPS", 13)
    field = field_of(LETTERS)
    model = drawn(model_of(field, cell="lstm", layers=2), 0.3)
    ids, before = tokeniser(field)(bracketed(size, 2)), np.array([2, 5, 6])
    names = [unit.name for unit in units_of(model, ("h", "c"))]
    assert len(names) == 24 and names[5:7] == ["l0.h[5]", "l0.c[0]"] and names[-1] == "l1.c[5]"
    values, seen = np.full((len(ids), 24), np.nan), []
    for places, some in read_states(model, ids, before, ("h", "c"), seen.append):
        assert np.isnan(values[places]).all()
        values[places] = some
    assert np.abs(values - state_one_by_one(model, ids, before)).max() < 1e-5
    assert sum(seen) == len(ids)


def test_any_quantity_of_the_cell_is_searched() -> None:
    field = field_of(LETTERS)
    model = drawn(model_of(field, cell="gru", layers=2))
    found = find_units(model, field, files(), [pattern("b")], states=("r", "z", "r"))
    assert found.states == ("r", "z") and found.searched == 24
    assert {unit.state for unit in found.annotations[0].units} <= {"r", "z"}
    with pytest.raises(UsageError, match='the cell gru has no quantity "c"; it has '):
        find_units(model, field, files(), [pattern("b")], states=("c",))


def test_states_that_are_not_finite_are_said() -> None:
    field = field_of(LETTERS)
    model = latching(field)
    with torch.no_grad():
        model.recurrent.weight_ih_l0[0, 5] = float("nan")
    with pytest.raises(NonFiniteError, match="its weights have gone wrong"):
        find_units(model, field, files(), [pattern("b")])


@pytest.mark.parametrize("unit", ["characters", "bytes", "words", "spaces"])
@pytest.mark.parametrize("lower", [False, True])
def test_each_token_has_the_place_of_its_last_character(unit: str, lower: bool) -> None:
    text = "Ab <unk> İx, don't\n\n 3.14 éΣ \U0001f600ß.\t\x1cq  İ"
    field = field_of(text, unit, lower)
    last, ids = last_characters(text, field), tokeniser(field)(text)
    assert len(last) == len(ids) and (np.diff(last) >= 0).all() and last[0] >= 0 and last[-1] < len(text)
    for place, token in zip(last.tolist(), field.vocabulary.decode(ids), strict=True):
        own = text[place].lower() if lower else text[place]
        if unit == "bytes":
            assert token.encode("latin-1") in own.encode() or own == "σ"  # of which lower case has two
        elif token == "<eos>":
            assert own == "\n"
        else:
            assert token[-1] in own or (token[-1], own) == ("ς", "σ")


def test_words_have_the_value_of_their_last_character() -> None:
    text = "(ab cd) ef\n" * 40
    field = field_of(text, "spaces")
    annotation = annotators["inside_brackets"]
    first, _ = halves(documents(text), field, [annotation], 1000)
    assert first.truth("inside_brackets")[:4].tolist() == [True, False, False, False]
    assert len(first) == 80 and first.passages[0].text == "(ab cd) ef\n" * 20


def test_one_text_is_halved_at_the_end_of_a_line_and_annotated_before() -> None:
    """A string that goes on over the cut is inside on both sides."""
    text = "x\n" * 99 + "'''" + "y\n" * 4 + "'''" + "z\n" * 99
    field = field_of(text)
    first, second = halves(documents(text), field, [annotators["inside_string"]], 10**6)
    assert first.passages[0].text + second.passages[0].text == text
    assert first.passages[0].text.endswith("y\n") and first.truth("inside_string")[-1]
    assert second.truth("inside_string")[0] and second.passages[0].row == 1 + first.passages[0].text.count("\n")
    assert field.vocabulary.decode(second.before) == list(first.passages[0].text)
    assert field.vocabulary.decode(first.before) == [SOS]


def test_files_are_read_whole_up_to_so_many_tokens(tmp_path: Any) -> None:
    field, texts = field_of(LETTERS), files(6)
    pair = halves(texts, field, [annotators["line_position"]], 900)
    assert [len(half) for half in pair] == [900, 900]
    known = {text.name: text.text for text in texts}
    for half in pair:
        whole, last = half.passages[0], half.passages[-1]
        assert whole.text == known[whole.name] and known[last.name].startswith(last.text)
        assert (
            len(half.ids) == 900 + len(half.passages)
            and (half.ids[np.setdiff1d(np.arange(len(half.ids)), half.places)] == EOS_ID).all()
        )
        assert "".join(field.vocabulary.decode(half.ids[half.places])) == "".join(p.text for p in half.passages)
    again = halves(texts, field, [annotators["line_position"]], 900)
    assert [[p.name for p in half.passages] for half in again] == [[p.name for p in half.passages] for half in pair]


def test_rows_are_counted_from_the_beginning_of_the_file(tmp_path: Any) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf" + b"one\r\ntwo\r\n" + b"three\r\n" * 60)
    whole = Document.in_file(tmp_path / "a.txt", "a.txt", "auto")
    first, second = halves([whole.part(13, whole.end)], field_of("onetwhr\n"), [], 10**6)
    assert first.passages[0].row == 3 and first.passages[0].text[:5] == "three"
    assert second.passages[0].row == 3 + first.passages[0].text.count("\n")


def test_what_was_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    field = field_of(LETTERS)
    found = find_units(latching(field), field, files(), [pattern("b")], most=800, best=1)
    assert found.notes[0] == (
        "chosen on 800 characters of 2 texts, measured on 800 characters of 2 texts; at most 800 of each half are read"
    )
    monkeypatch.setattr(finding, "ROOM", 6 * 2 * 500)
    found = find_units(latching(field), field, files(), [pattern("b")], most=800, best=1)
    assert found.tokens == {"chosen": 500, "held_out": 500}
    assert found.notes[0].endswith("at most 500 of each half are read, as their states take much memory")


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (
            pattern("q"),
            '"pattern q": nothing in the half where units are chosen is marked; give a text that holds some',
        ),
        (Annotation("all", "yes/no", lambda text: np.ones(len(text))), '"all" is the same all over the half where'),
        (Annotation("one", "number", lambda text: np.ones(len(text))), '"one" is the same all over the half where'),
    ],
)
def test_an_annotation_that_tells_nothing_is_refused_or_left_out(annotation: Annotation, said: str) -> None:
    field = field_of(LETTERS)
    model = latching(field)
    with pytest.raises(UsageError, match=said):
        find_units(model, field, files(), [annotation, annotators["inside_brackets"]])
    found = find_units(model, field, files(), [annotation, annotators["inside_brackets"]], strict=False)
    assert [each.name for each in found.annotations] == ["inside_brackets"]
    assert said in found.notes[1] and found.notes[1].endswith("; it is left out")
    with pytest.raises(UsageError, match=said):
        find_units(model, field, files(), [annotation], strict=False)


def test_an_annotation_that_only_one_half_holds_is_refused() -> None:
    field = field_of(LETTERS)
    text = documents("a (b)\n" * 60 + "a b\n" * 200)
    with pytest.raises(UsageError, match="nothing in the held-out half is marked"):
        find_units(latching(field), field, text, [annotators["inside_brackets"]])


def test_texts_that_are_too_short_are_refused() -> None:
    field = field_of(LETTERS)
    for texts in (documents(""), documents("a b\n" * 20), documents("ab", "", "b a")):
        with pytest.raises(UsageError, match=r"one half of the text has \d+ tokens, at least 64 are needed; give more"):
            find_units(latching(field), field, texts, [pattern("b")])
    for name, least in (("best", 1), ("most", 64)):
        with pytest.raises(UsageError, match=f"{name} 0: it must be at least {least}"):
            find_units(latching(field), field, files(), [pattern("b")], **{name: 0})  # type: ignore[arg-type]


def test_the_excerpt_shows_the_annotation_now_on_now_off() -> None:
    """Of a text that is outside for long, lines where brackets open and close; each character has its own value."""
    field = field_of(LETTERS)
    model = latching(field)
    text = "a b\n" * 400 + "a (b a) b\n" * 90 + "a b\n" * 100
    texts = documents(text, text)
    found = find_units(model, field, texts, [annotators["inside_brackets"]])
    [annotation] = found.annotations
    shown = annotation.excerpt
    assert shown.text == "a (b a) b\n" * 70 and shown.row == 401 and shown.middle == 0.5
    assert [value > 0 for value in shown.truth] == [
        character in "(b a" and 2 <= i % 10 <= 5 for i, character in enumerate(shown.text)
    ]
    assert all(
        (value < annotation.units[0].threshold) == (truth > 0.5)
        for value, truth in zip(shown.values, shown.truth, strict=True)
    )  # type: ignore[operator]
    assert shown.centre == annotation.units[0].threshold and 0 < shown.reach < 2


def test_an_excerpt_of_words_has_values_where_words_are() -> None:
    text = "(aa bb) cc\n\n  dd ee\n" * 30
    field = field_of(text, "words")
    found = find_units(drawn(model_of(field, cell="gru")), field, documents(text), [annotators["inside_brackets"]])
    shown = found.annotations[0].excerpt
    for i, character in enumerate(shown.text):
        assert (shown.values[i] is None) == (character in " ") or character == "\n"
    start = shown.text.index("bb")
    assert shown.values[start] == shown.values[start + 1] is not None


def test_a_line_that_is_longer_than_an_excerpt_is_cut() -> None:
    field = field_of(LETTERS)
    text = "a (b) " * 900
    found = find_units(latching(field), field, documents(text), [annotators["inside_brackets"]])
    assert len(found.annotations[0].excerpt.text) == 700


def test_what_was_found_is_written_as_json_and_said_in_lines() -> None:
    field = field_of(LETTERS)
    found = find_units(
        latching(field), field, files(), [annotators["inside_brackets"], annotators["line_position"]], best=2
    )
    saved = found.to_json()
    again = json.loads(json.dumps(saved))
    assert [each["name"] for each in again["annotations"]] == ["inside_brackets", "line_position"]
    assert again["annotations"][0]["units"][0]["held_out"]["matthews"] == 1.0
    assert again["files"]["held_out"] and len(again["annotations"][0]["excerpt"]["values"]) > 100
    lines = units_in_words(found)
    assert lines[0].startswith("6 units (h); chosen on ")
    assert lines[2].startswith("inside_brackets: ") and "saying so always has F1 " in lines[2]
    assert lines[3].split()[:2] == ["l0.h[3]", "yes"] and "Matthews  1.000  F1  1.000  AUC  1.000" in lines[3]
    assert lines[6].startswith("line_position: mean ") and "Spearman" in lines[7] and len(lines) == 9


def test_a_half_knows_its_size() -> None:
    field = field_of(LETTERS)
    half = Half((), np.array([2]))
    assert len(half) == 0
    first, _ = halves(files(), field, [], 500)
    assert first.characters == len(first) == 500
