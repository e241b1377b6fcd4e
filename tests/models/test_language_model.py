"""The language model: cut time is whole time, padding is nothing, probabilities are such; and how it reads a stream."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.batch import Batch, Sequences
from throughtime.cells.cell import form
from throughtime.data.fields.tokens import Tokens
from throughtime.data.streams.store import Stream
from throughtime.data.streams.windows import NEXT, READ, SOS_ID, Windows
from throughtime.data.vocabulary import SPECIALS, Vocabulary
from throughtime.errors import NonFiniteError, UsageError
from throughtime.models import language_model
from throughtime.models.language_model import LanguageModel
from throughtime.models.settings import LanguageSettings, NetworkSettings
from throughtime.use import reading_on
from throughtime.use.reading_on import line_rows, read_on

NETWORK: dict[str, Any] = {"bidirectional": False, "hidden_size": 5, "embedding_size": 4, "dropout": 0.0}


def field_of(size: int, unit: str = "characters") -> Tokens:
    tokens = (chr(97 + k) if unit == "characters" else f"w{k}" for k in range(size - len(SPECIALS)))
    return Tokens("text", Vocabulary((*SPECIALS, *tokens)), unit, False, None)  # type: ignore[arg-type]


def model_of(size: int = 11, seed: int = 1, unit: str = "characters", **chosen: Any) -> LanguageModel:
    """A model in float64 whose weights, biases included, are all random and distinct."""
    task = {name: chosen.pop(name) for name in LanguageSettings.__struct_fields__ if name in chosen}
    network = NetworkSettings(**{**NETWORK, **chosen})
    model = LanguageModel(field_of(size, unit), network, LanguageSettings(**task), cell=form(network.cell)).double()
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.uniform_(-0.7, 0.7, generator=chance)
    return model


def stream_of(count: int, size: int = 11, seed: int = 0) -> Stream:
    ids = np.random.default_rng(seed).integers(len(SPECIALS), size, count).astype(np.uint8)
    return Stream(ids, count, "")


def gradients(model: LanguageModel) -> dict[str, Tensor]:
    found = {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}
    model.zero_grad(set_to_none=True)
    return found


def garbage(batch: Batch, size: int = 11) -> Batch:
    """The same batch with other tokens in the padding."""
    columns: dict[str, Any] = {}
    for name, column in batch.columns.items():
        assert isinstance(column, Sequences)
        padding = torch.arange(column.data.shape[1]) >= column.lengths[:, None]
        columns[name] = Sequences(
            torch.where(padding, torch.randint(0, size, column.data.shape), column.data), column.lengths
        )
    return replace(batch, columns=columns)


def lengths_of(batch: Batch) -> list[int]:
    column = batch[NEXT]
    assert isinstance(column, Sequences)
    return column.lengths.tolist()


# ---- law 3: split and carry is whole


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn", "lstm_peephole"])
def test_windows_with_carried_state_are_the_whole(cell: str, layers: int) -> None:
    """31 tokens in 4 rows, of which the last is shorter; the gradient too, where nothing is detached."""
    model, stream = model_of(cell=cell, layers=layers, learned_state=True), stream_of(31)
    (batch,) = Windows(stream, 4, 100)
    whole, end = model.loss(batch)
    whole.backward()
    expected = gradients(model)
    assert set(expected) == {name for name, _ in model.named_parameters()}
    for steps in (1, 3, 5, 7, 8):
        windows = Windows(stream, 4, steps)
        total, state, seen = torch.zeros((), dtype=torch.float64), None, 0
        for part in windows:
            loss, state = model.loss(part.after(state))
            total, seen = total + loss * model.weight(part), seen + int(model.weight(part))
        assert seen == len(stream)
        (total / seen).backward()
        assert float(total.detach()) / seen == pytest.approx(float(whole.detach()), abs=1e-13)
        for name, gradient in gradients(model).items():
            torch.testing.assert_close(gradient, expected[name], rtol=0, atol=1e-13, msg=lambda m, n=name: f"{n}: {m}")
        for part, expected_part in zip(state or (), end, strict=True):
            torch.testing.assert_close(part, expected_part, rtol=0, atol=1e-13)


def test_rows_that_have_ended_cost_nothing_and_keep_their_state() -> None:
    """9 tokens in 4 rows of 3: the last row is empty from its beginning, and its loss is no number of anything."""
    model, stream = model_of(cell="lstm"), stream_of(9)
    batches = list(Windows(stream, 4, 2))
    assert [lengths_of(batch) for batch in batches] == [[2, 2, 2, 0], [1, 1, 1, 0]]
    state: tuple[Tensor, ...] | None = None
    found, whole = [], model.surprises(next(iter(Windows(stream, 4, 100))))
    for batch in batches:
        surprises, likeliest, state = model.surprises(batch.after(state))
        assert len(surprises) == len(likeliest) == sum(lengths_of(batch))
        found.append(surprises)
    ordered = torch.stack([found[0][0], found[0][1], found[1][0], found[0][2], found[0][3], found[1][1]])
    torch.testing.assert_close(ordered, whole[0][:6], rtol=0, atol=1e-13)
    assert not any(part[:, 3].any() for part in state or ())
    empty = Batch({name: Sequences(c.data, c.lengths * 0) for name, c in batches[0].columns.items()}, torch.arange(4))  # type: ignore[union-attr]
    loss, carried = model.loss(empty.after(state))
    assert float(loss.detach()) == 0.0 and model.surprises(empty)[0].shape == (0,)
    assert all(torch.equal(a, b) for a, b in zip(carried, state or (), strict=True))


# ---- law 2: padding changes nothing


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn", "lstm_peephole"])
def test_padding_changes_no_bit(cell: str) -> None:
    masks = {"dropout": 0.3, "token_dropout": 0.2, "drop_connect": 0.2, "zoneout": 0.1}
    model = model_of(cell=cell, layers=2, activation_penalty=2.0, change_penalty=1.0, **masks)
    batch = list(Windows(stream_of(37), 5, 7))[1]
    assert len(set(lengths_of(batch))) > 1
    found = []
    for given in (batch, garbage(batch), garbage(batch)):
        loss, state = model.train().loss(given.drawing(1, 2, 3))
        loss.backward()
        found.append((loss.detach(), *state, *gradients(model).values(), *model.eval().surprises(given)[:2]))
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_a_row_alone_is_the_row_in_its_batch() -> None:
    """With all masks; those over weights belong to the update, so they are the same for all rows."""
    masks = {"dropout": 0.3, "token_dropout": 0.2, "drop_connect": 0.2, "zoneout": 0.1, "recurrent_dropout": 0.2}
    model = model_of(cell="lstm", layers=2, **masks).train()
    batch = list(Windows(stream_of(37), 5, 7))[1].drawing(1, 2, 3)
    together = model.loss(batch)[0] * model.weight(batch)
    alone = torch.zeros((), dtype=torch.float64)
    for row in range(5):
        columns: dict[str, Any] = {
            name: Sequences(c.data[row : row + 1], c.lengths[row : row + 1])  # type: ignore[union-attr]
            for name, c in batch.columns.items()
        }
        one = Batch(columns, batch.sample_ids[row : row + 1], batch.offset).drawing(1, 2, 3)
        alone = alone + model.loss(one)[0] * model.weight(one)
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-12)


# ---- masks


MASKS = {
    "dropout": (0.5, {"epoch", "seed", "window"}),
    "zoneout": (0.5, {"epoch", "seed", "window"}),
    "recurrent_dropout": (0.5, {"epoch", "seed", "window"}),
    "drop_connect": (0.5, {"epoch", "seed", "update"}),
    "token_dropout": (0.5, {"epoch", "seed", "update"}),
}


@pytest.mark.parametrize("name", list(MASKS))
def test_masks_are_functions_of_seed_epoch_window_and_update(name: str) -> None:
    rate, acts = MASKS[name]
    model = model_of(cell="lstm", **{name: rate}).train()
    windows = Windows(stream_of(60), 4, 5)
    batch = windows.window(1)
    usual = {"seed": 1, "epoch": 2, "update": 3}

    def loss(given: Batch, **changes: int) -> float:
        return float(model.loss(given.drawing(**{**usual, **changes}))[0].detach())

    first = loss(batch)
    torch.manual_seed(5)  # which they know nothing of
    assert loss(batch) == first == loss(next(iter(Windows(stream_of(60), 4, 5, start=1))))
    other_window = replace(batch, sample_ids=batch.sample_ids + 4, offset=batch.offset + 5)
    changed = {
        "seed": loss(batch, seed=2),
        "epoch": loss(batch, epoch=3),
        "update": loss(batch, update=4),
        "window": loss(other_window),
    }
    assert {what for what, value in changed.items() if value != first} == acts
    assert float(model.eval().loss(batch)[0].detach()) == float(model.eval().loss(batch)[0].detach()) != first


def test_token_dropout_takes_whole_words_and_keeps_the_mean() -> None:
    model = model_of(size=500, unit="words", token_dropout=0.3, tied="no").train()
    ids = torch.arange(500)[None].repeat(2, 1)
    batch = next(iter(Windows(stream_of(50), 1, 50))).drawing(1, 1, 1)
    vectors = model.vectors(ids, batch.draw)
    gone = (vectors == 0).all(2)
    assert torch.equal(gone[0], gone[1]) and 0.2 < gone[0].float().mean() < 0.4
    assert model.embedding is not None
    torch.testing.assert_close(vectors[~gone], model.embedding.repeat(2, 1)[~gone.reshape(-1)] / 0.7)


# ---- probabilities


@pytest.mark.parametrize(
    "chosen",
    [
        {"tied": "no"},
        {"tied": "yes", "unit": "words"},
        {"tied": "yes", "unit": "words", "embedding_size": 5},
        {"adaptive": "yes", "unit": "words"},
        {"adaptive": "yes", "unit": "words", "size": 2500},
        {"embeddings": "one-hot", "embedding_size": None},
    ],
    ids=lambda chosen: " ".join(f"{name}={value}" for name, value in chosen.items()),
)
def test_probabilities_sum_to_one_and_surprise_is_their_logarithm(chosen: dict[str, Any]) -> None:
    size = chosen.get("size", 11)
    model = model_of(**chosen)
    stream = Stream((np.arange(40) * 97 % size).astype(np.uint16), 40, "")
    (batch,) = Windows(stream, 3, 100)
    hidden = torch.randn(7, 5, dtype=torch.float64)
    logs = model.following.log_probabilities(hidden, model._shared())
    torch.testing.assert_close(logs.exp().sum(1), torch.ones(7, dtype=torch.float64), rtol=0, atol=1e-12)
    truth = torch.arange(7) * (size - 1) // 6
    surprise = model.following.surprise(hidden, truth, model._shared())
    torch.testing.assert_close(surprise, -logs[torch.arange(7), truth], rtol=0, atol=1e-12)
    found, likeliest, _ = model.surprises(batch)
    torch.testing.assert_close(found.mean(), model.loss(batch)[0], rtol=0, atol=1e-12)
    assert likeliest.shape == found.shape == (40,)


def test_tied_vectors_read_and_predict() -> None:
    tied, wide = model_of(unit="words", embedding_size=5), model_of(unit="words")
    assert tied.tied and not hasattr(tied.following, "weight") and tied.following.narrow is None
    assert wide.following.narrow is not None and wide.following.narrow.shape == (4, 5)
    hidden = torch.randn(3, 5, dtype=torch.float64)
    assert tied.embedding is not None and wide.embedding is not None
    expected = hidden @ tied.embedding.T + tied.following.bias
    torch.testing.assert_close(tied.following.log_probabilities(hidden, tied.embedding), expected.log_softmax(1))
    expected = hidden @ wide.following.narrow.T @ wide.embedding.T + wide.following.bias
    torch.testing.assert_close(wide.following.log_probabilities(hidden, wide.embedding), expected.log_softmax(1))
    assert not model_of().tied and not model_of(unit="words", tied="no").tied


def test_what_cannot_be_is_refused() -> None:
    for chosen, words in (
        ({"bidirectional": True}, "--bidirectional: a language model must not see"),
        ({"pooling": "max"}, "--set pooling=max: a language model answers every step"),
        ({"tied": "yes", "embeddings": "one-hot", "embedding_size": None}, "one-hot vectors cannot be shared"),
        ({"tied": "yes", "adaptive": "yes"}, "the adaptive softmax has its own vectors"),
    ):
        with pytest.raises(UsageError, match=words):
            model_of(**chosen)


def test_probabilities_are_held_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    model, (batch,) = model_of(), Windows(stream_of(31), 4, 100)
    expected = model.surprises(batch)
    for held in (1, 30, 100):
        monkeypatch.setattr(language_model, "AT_ONCE", held)
        for found, wanted in zip(model.surprises(batch)[:2], expected[:2], strict=True):
            torch.testing.assert_close(found, wanted, rtol=0, atol=1e-13)


# ---- penalties


def test_penalties_are_their_formulas() -> None:
    (batch,) = Windows(stream_of(31), 4, 100)
    stream_lengths = lengths_of(batch)
    plain = model_of(cell="gru").train()
    assert plain.embedding is not None
    read = batch[READ]
    assert isinstance(read, Sequences)
    hidden, _ = plain.recurrent(F.embedding(read.data, plain.embedding), read.lengths)
    rows = [row[:length] for row, length in zip(hidden, stream_lengths, strict=True)]
    size = torch.cat(rows).square().mean()
    change = torch.cat([row[1:] - row[:-1] for row in rows]).square().mean()
    without = plain.loss(batch.drawing(1, 1, 1))[0]
    for activation, changing in ((2.0, 0.0), (0.0, 1.5), (2.0, 1.5)):
        model = model_of(cell="gru", activation_penalty=activation, change_penalty=changing)
        found = model.train().loss(batch.drawing(1, 1, 1))[0]
        torch.testing.assert_close(found, without + activation * size + changing * change, rtol=0, atol=1e-13)
        assert float(model.eval().loss(batch)[0].detach()) == float(
            plain.eval().loss(batch)[0].detach()
        )  # no part of what is reported


# ---- step by step


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn", "lstm_peephole"])
def test_after_step_by_step_is_the_whole(cell: str) -> None:
    model, stream = model_of(cell=cell, layers=2, zoneout=0.2).eval(), stream_of(25)
    (batch,) = Windows(stream, 1, 100)
    with torch.no_grad():
        expected, likeliest, _ = model.surprises(batch)
        for cuts in ([1] * 25, [3, 1, 7, 14]):
            state, at = None, 0
            ids = torch.tensor([[SOS_ID, *stream.ids.tolist()]])
            for count in cuts:
                logs, state = model.after(ids[:, at : at + count], state)
                at += count
                assert float(-logs[0, stream.ids[at - 1]]) == pytest.approx(float(expected[at - 1]), abs=1e-13)
                assert int(logs.argmax()) == int(likeliest[at - 1])


# ---- reading a stream


@pytest.fixture
def several_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams of this size go in many rows, as long ones do."""
    monkeypatch.setattr(reading_on, "ROW", 100)
    monkeypatch.setattr(reading_on, "STEPS", 17)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.usefixtures("several_rows")
def test_many_rows_are_near_one(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row begins from the state after the tokens right before it.

    If these are all tokens before it, nothing differs but rounding. With the last 512 of them the state is the same as
    far as it forgets, and here it does. From the last token alone, a token would be wrong by tenths of a nat.
    """
    model, stream = model_of(cell=cell, layers=2), stream_of(1501)
    monkeypatch.setattr(reading_on, "ROWS", 1)
    one = read_on(model, stream)
    monkeypatch.setattr(reading_on, "ROWS", 64)
    differences = {}
    for warm in (2000, 512, 50, 1):
        monkeypatch.setattr(reading_on, "WARM", warm)
        told: list[int] = []
        many = read_on(model, stream, done=told.append)
        assert sum(told) == 1501 and many.characters == 1501
        assert many.truth.tolist() == one.truth.tolist() == stream.ids.tolist()
        assert many.surprise is not None and one.surprise is not None
        differences[warm] = float(np.abs(many.surprise - one.surprise).max())
    assert differences[2000] < 1e-6 and differences[512] < 1e-6  # of float32, in which surprises are kept
    assert differences[1] > 0.01


@pytest.mark.usefixtures("several_rows")
def test_the_surprise_of_every_token_is_at_its_place() -> None:
    model, stream = model_of(), stream_of(730)
    found = read_on(model, stream)
    (batch,) = Windows(stream, 1, 1000)
    with torch.no_grad():
        expected, likeliest, _ = model.surprises(batch)
    assert found.surprise is not None
    np.testing.assert_allclose(found.surprise, expected.numpy(), rtol=0, atol=1e-6)
    assert (found.predicted == likeliest.numpy()).mean() > 0.99
    short = read_on(model, Stream(stream.ids[:1], 1, ""))
    assert short.surprise is not None and float(short.surprise[0]) == pytest.approx(float(expected[0]), abs=1e-6)


def test_dynamic_evaluation_learns_and_leaves_the_weights_to_the_bit() -> None:
    phrase = np.array([4, 9, 7, 5, 10, 6, 8, 4, 5], dtype=np.uint8)
    stream = Stream(np.tile(phrase, 150), 1350, "")
    model = model_of(cell="lstm", hidden_size=8, learned_state=True)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    still, learned = read_on(model, stream), read_on(model, stream, dynamic_rate=0.5)
    assert still.surprise is not None and learned.surprise is not None
    assert learned.surprise[:32] == pytest.approx(still.surprise[:32], abs=1e-6)  # before anything was learned
    assert learned.surprise.mean() < still.surprise.mean() - 0.3
    assert learned.surprise[-100:].mean() < learned.surprise[:100].mean() - 0.5
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(weight.grad is None for weight in model.parameters())
    again = read_on(model, stream, dynamic_rate=0.5)
    assert again.surprise is not None and (again.surprise == learned.surprise).all()


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_what_is_not_finite_is_refused_and_the_weights_stay(rate: float) -> None:
    model = model_of()
    with torch.no_grad():
        model.following.bias[5] = torch.nan
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(NonFiniteError, match="not finite"):
        read_on(model, stream_of(100), dynamic_rate=rate)
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(tensor, before[name], rtol=0, atol=0, equal_nan=True)


# ---- lines of a text


def plainly(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["id"], row["row"], row["text"], row["tokens"]) for row in rows]


def test_lines_and_their_surprise(monkeypatch: pytest.MonkeyPatch) -> None:
    field = Tokens("text", Vocabulary((*SPECIALS, "\n", "a", "b")), "characters", False, None)
    ids = field.vocabulary.encode(list("ab\n\naab\nb"))
    outcome = read_on(model_of(size=7), Stream(ids, 9, ""))
    assert outcome.surprise is not None
    rows = line_rows(field, Stream(ids, 9, ""), outcome, outcome)
    assert plainly(rows) == [
        (0, 1, "ab", 3),
        (1, 2, "", 1),
        (2, 3, "aab", 4),
        (3, 4, "b", 1),
    ]
    assert rows[2]["loss"] == rows[2]["baseline_loss"] == pytest.approx(float(outcome.surprise[4:8].mean()))
    assert len(line_rows(field, Stream(ids, 9, ""), outcome, None, most=2)) == 2
    monkeypatch.setattr(reading_on, "LONGEST", 2)
    cut = line_rows(field, Stream(ids, 9, ""), outcome, None)
    assert plainly(cut) == [
        (0, 1, "ab", 2),
        (1, 1, "", 1),
        (2, 2, "", 1),
        (3, 3, "aa", 2),
        (4, 3, "b", 2),
        (5, 4, "b", 1),
    ]


@pytest.mark.parametrize("tied", ["yes", "no"])
def test_it_begins_with_the_frequencies(tied: str) -> None:
    counts = np.array([0, 3, 0, 40, 1000, 7, 200])
    network, task = NetworkSettings(**NETWORK), LanguageSettings(tied=tied)  # type: ignore[arg-type]
    model = LanguageModel(field_of(7), network, task, cell=form(network.cell), counts=counts)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name != "following.bias":
                weight.zero_()
        logs = model.after(torch.tensor([[4, 5]]), None)[0][0]
    assert logs.exp().tolist() == pytest.approx(((counts + 1) / (counts + 1).sum()).tolist())
