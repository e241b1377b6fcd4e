"""A language model writes: what it may write, from a prompt, the same again, piece by piece."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from throughtime.cells.cell import form
from throughtime.data.fields.tokens import Tokens
from throughtime.data.streams.store import EOS_ID
from throughtime.data.streams.windows import SOS_ID
from throughtime.data.tokenisation import cut
from throughtime.data.vocabulary import SPECIALS, Vocabulary
from throughtime.models.decoding.sampling import Sampling
from throughtime.models.language_model import LanguageModel
from throughtime.models.settings import LanguageSettings, NetworkSettings
from throughtime.use import generating
from throughtime.use.generating import generated, next_tokens, pieces, prompt_ids, stream, texts, written

TEXTS = {
    "characters": "The cat, it — sat.\n",
    "bytes": "Thé cat, it — sat.\n",
    "words": "The cat , it sat . ( so ) don't !",
    "spaces": "the cat <unk> , it sat . do n't !",
}
UNITS = list(TEXTS)
USUAL = Sampling()


def field_of(unit: str) -> Tokens:
    return Tokens("text", Vocabulary.fit([cut(TEXTS[unit], unit)]), unit, False, None)  # type: ignore[arg-type]


def model_of(field: Tokens, seed: int = 1, **chosen: Any) -> LanguageModel:
    network = NetworkSettings(**{"bidirectional": False, "hidden_size": 7, "embedding_size": 5, **chosen})
    model = LanguageModel(field, network, LanguageSettings(), cell=form(network.cell)).double()
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.uniform_(-1.5, 1.5, generator=chance)
    return model


def ids(model: LanguageModel, field: Tokens, sampling: Sampling = USUAL, **chosen: Any) -> np.ndarray:
    """(steps, rows)."""
    return np.stack(list(generated(model, field, sampling=sampling, **{"length": 60, **chosen})))


@pytest.mark.parametrize("unit", UNITS)
def test_special_tokens_are_never_written(unit: str) -> None:
    field = field_of(unit)
    model = model_of(field)
    with torch.no_grad():  # they would be the likeliest by far
        model.following.bias[: len(SPECIALS)] = 300.0
    for sampling in (Sampling(), Sampling(0), Sampling(5.0), Sampling(top_k=2), Sampling(top_p=0.9)):
        assert set(ids(model, field, sampling, rows=3).ravel().tolist()) == {EOS_ID}
        without = ids(model, field, sampling, rows=3, end=False)
        assert without.min() >= len(SPECIALS)
    texts_of = texts(model, field, count=3, lines=4, most=30, sampling=Sampling())
    assert not any(special in text for text in texts_of for special in SPECIALS)


def test_temperature_0_takes_the_likeliest_whatever_the_seed() -> None:
    field = field_of("characters")
    model = model_of(field)
    found = ids(model, field, Sampling(0), seed=1)[:, 0]
    assert found.tolist() == ids(model, field, Sampling(0), seed=2)[:, 0].tolist()
    with torch.no_grad():
        state, read = None, SOS_ID
        for token in found.tolist():
            logs, state = model.after(torch.tensor([[read]]), state)
            logs[:, [k for k, name in enumerate(SPECIALS) if name != "<eos>"]] = -torch.inf
            assert token == int(logs.argmax())
            read = token


@pytest.mark.parametrize("unit", UNITS)
def test_the_same_seed_writes_the_same(unit: str) -> None:
    field = field_of(unit)
    model = model_of(field)
    first = ids(model, field, seed=4, rows=2)
    assert (ids(model, field, seed=4, rows=2) == first).all()
    assert (ids(model, field, seed=5, rows=2) != first).any()
    assert (first[:, 0] != first[:, 1]).any()
    assert (ids(model, field, seed=4, rows=2, length=20) == first[:20]).all()


def test_a_row_is_the_same_however_many_are_made() -> None:
    """Its random numbers are its own; in float64 rounding moves no draw, in float32 it moves one in a million or so."""
    field = field_of("characters")
    model = model_of(field, cell="gru", layers=2)
    many = ids(model, field, seed=4, rows=9)
    for rows in (1, 2, 5):
        assert (ids(model, field, seed=4, rows=rows) == many[:, :rows]).all()
    assert len({tuple(row) for row in many.T.tolist()}) == 9
    expected = texts(model, field, count=9, lines=3, most=40, sampling=Sampling(), seed=4)
    assert texts(model, field, count=2, lines=3, most=40, sampling=Sampling(), seed=4) == expected[:2]


@pytest.mark.parametrize("start", [("<sos>",), ("<eos>",), ("c", "a", "t", ".", "\n")])
def test_a_text_begins_after_what_ends_another(start: tuple[str, ...]) -> None:
    field = replace(field_of("characters"), start=start)
    model = model_of(field)
    with torch.no_grad():
        logs = model.after(torch.from_numpy(field.vocabulary.encode(start))[None], None)[0]
    assert next_tokens(model, field, "")["predicted"] == field.vocabulary.tokens[int(logs[0].argmax())]
    logs[:, :3] = -torch.inf
    assert int(ids(model, field, Sampling(0), length=1)[0, 0]) == int(logs.argmax())


def test_a_prompt_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    field = field_of("characters")
    model = model_of(field)
    found = ids(model, field, prompt="cat, it", length=5)
    with torch.no_grad():
        read = torch.tensor([[SOS_ID, *field.vocabulary.encode("cat, it").tolist()]])
        expected = model.after(read, None)[0]
    expected[:, :3] = -torch.inf
    uniform = torch.from_numpy(generating.words(1, 0, generating.DRAWS, 0) / 2.0**64)
    assert int(found[0, 0]) == int(Sampling().draw(expected, uniform))
    assert (ids(model, field, prompt="t") != ids(model, field)).any()
    monkeypatch.setattr(generating, "CHUNK", 2)
    assert (ids(model, field, prompt="cat, it", length=5) == found).all()


@pytest.mark.parametrize(
    ("unit", "prompt", "expected"),
    [
        ("characters", "cat\r\n§", ["c", "a", "t", "\n", "<unk>"]),
        ("bytes", "é", ["Ã", "©"]),
        ("words", "The cat, it", ["The", "cat", ",", "it"]),
        ("words", "The cat\nit sat.\n", ["The", "cat", "<eos>", "it", "sat", ".", "<eos>"]),
        ("words", "The dog", ["The", "<unk>"]),
        ("spaces", "the cat ,", ["the", "cat", ","]),
        ("spaces", "", []),
    ],
)
def test_the_tokens_of_a_prompt(unit: str, prompt: str, expected: list[str]) -> None:
    """What it does not end is not ended."""
    field = field_of(unit)
    assert field.vocabulary.decode(prompt_ids(prompt, field)) == expected


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("prompt", ["", "The cat", "The cat ", "it sat.\n"])
def test_the_stream_joined_is_the_text(unit: str, prompt: str) -> None:
    field = field_of(unit)
    model = model_of(field)
    for seed in range(4):
        drawn = ids(model, field, seed=seed, prompt=prompt)[:, 0].tolist()
        streamed = list(stream(model, field, prompt=prompt, length=60, sampling=Sampling(), seed=seed))
        assert all(streamed) and "".join(streamed) == "".join(pieces(drawn, field, prompt))
        if not prompt or prompt.endswith("\n"):
            ends = EOS_ID in drawn and unit in ("characters", "bytes")
            assert "".join(streamed) == written(drawn[: drawn.index(EOS_ID)] if ends else drawn, field)


@pytest.mark.parametrize("unit", UNITS)
def test_texts_are_the_stream_of_their_row(unit: str) -> None:
    """Cut after so many lines; letters go on where a document would end."""
    field = field_of(unit)
    model = model_of(field)
    with torch.no_grad():
        model.following.bias[EOS_ID] = -40.0 if unit in ("characters", "bytes") else 1.0
    found = texts(model, field, count=1, lines=3, most=60, sampling=Sampling(), seed=3, prompt="The cat")
    streamed = "".join(stream(model, field, prompt="The cat", length=60, sampling=Sampling(), seed=3))
    assert found == ["\n".join(("The cat" + streamed).split("\n")[:3])]
    assert found[0].startswith("The cat")


def test_no_more_is_made_than_the_lines_that_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    field = field_of("words")
    model = model_of(field)
    with torch.no_grad():
        model.following.bias[EOS_ID] = 3.0
    steps: list[int] = []
    plain = generating.generated

    def counting(*given: Any, **chosen: Any) -> Any:
        for drawn in plain(*given, **chosen):
            steps.append(1)
            yield drawn

    monkeypatch.setattr(generating, "generated", counting)
    found = texts(model, field, count=4, lines=3, most=500, sampling=Sampling())
    assert [text.count("\n") for text in found] == [2] * 4 and len(steps) < 100
    assert texts(model, field, count=2, lines=3, most=1, sampling=Sampling(0))


def test_bytes_wait_until_they_are_characters() -> None:
    field = Tokens("text", Vocabulary.fit([cut("aé—\U0001f600", "bytes")]), "bytes", False, None)

    def shown(data: bytes) -> list[str]:
        return list(pieces(field.vocabulary.encode([chr(byte) for byte in data]).tolist(), field))

    assert shown("aé—\U0001f600".encode()) == ["a", "é", "—", "\U0001f600"]
    assert shown("é".encode() + b"\xe2\x80") == ["é", "\ufffd"]  # what is not finished
    assert shown(b"\xe2\x80a") == ["\ufffda"]  # what cannot be finished
    assert "".join(shown(b"\xe2a\x80\xc3\xa9")) == (b"\xe2a\x80\xc3\xa9").decode("utf-8", "replace")


def test_words_are_parted_by_one_space_and_signs_move_to_their_word() -> None:
    field = field_of("words")

    def shown(tokens: list[str], prompt: str = "") -> str:
        return "".join(pieces(field.vocabulary.encode(tokens).tolist(), field, prompt))

    assert shown(["The", "cat", ",", "it", "sat", ".", "<eos>", "so", "!"]) == "The cat, it sat.\nso!"
    assert shown([",", "it"], "The cat") == ", it" and shown(["it"], "The cat") == " it"
    assert shown(["it"], "The cat ") == shown(["it"], "The cat\n") == shown(["it"]) == "it"
    assert shown(["(", "so", ")"], "The cat") == " ( so)"


def test_the_likeliest_next_tokens() -> None:
    field = field_of("characters")
    model = model_of(field)
    found = next_tokens(model, field, "cat", most=4)
    with torch.no_grad():
        logs = model.after(torch.tensor([[SOS_ID, *field.vocabulary.encode("cat").tolist()]]), None)[0][0]
    order = logs.argsort(descending=True)[:4].tolist()
    assert list(found["probabilities"]) == field.vocabulary.decode(order)
    assert found["predicted"] == field.vocabulary.tokens[order[0]]
    assert list(found["probabilities"].values()) == pytest.approx(logs[order].exp().tolist())
