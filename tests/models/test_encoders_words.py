"""The encoders of sequences with a value a step: words with their letters, and numbers; against the parts they name."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.batch import Draw, Sequences
from throughtime.cells.cell import form
from throughtime.cells.engine import Execution
from throughtime.data.fields.numbers import Numbers
from throughtime.data.fields.words import Words
from throughtime.data.settings import DataSettings
from throughtime.errors import Place, UsageError
from throughtime.models.encoders import encoder_for
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.encoders.numbers import NumbersEncoder
from throughtime.models.encoders.words import Letters, WordsEncoder
from throughtime.models.settings import NetworkSettings

SENTENCES = [
    ["The", "dog", "barks"],
    ["a"],
    ["dog", "B-52", "dog", "unbelievably", "a", "."],
    [],
    ["Straße", "dog"],
]
LENGTHS = [3, 1, 6, 0, 2]
SIGNAL = [[[1.0, -2.0], [3.0, 5.5]], [[0.5, 7.0]], [[2.0, 1.0]] * 3, [], [[-1.0, 0.0], [4.0, 2.0]]]
WAYS = ["convolutional", "recurrent", "no"]
IDS = torch.tensor([7, 3, 11, 0, 20])


def field() -> Words:
    return Words.fit("words", SENTENCES[:3], lambda i: Place(row=i), DataSettings())


def settings(**changes: Any) -> NetworkSettings:
    small = {"hidden_size": 3, "embedding_size": 4, "dropout": 0.0, "letters_size": 5}
    if changes.get("letters") == "no":
        del small["letters_size"]
    return NetworkSettings(**{**small, **changes})


def surroundings(**changes: Any) -> Surroundings:
    chosen = settings(**changes)
    generator = torch.Generator().manual_seed(4)
    return Surroundings(chosen, form(chosen.cell), Execution("reference"), "input0", generator)


def encoder(**changes: Any) -> WordsEncoder:
    made = encoder_for(field(), surroundings(**changes))
    assert isinstance(made, WordsEncoder)
    return made.double()


def column(rows: list[int] | None = None, sentences: list[list[str]] = SENTENCES) -> Sequences:
    words = field()
    return words.collate(
        [words.encode(sentences[i], Place()) for i in (range(len(sentences)) if rows is None else rows)]
    )


def draw(rows: list[int] | None = None) -> Draw:
    return Draw(seed=5, epoch=2, update=9, sample_ids=IDS if rows is None else IDS[rows])


def near(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def everything(made: torch.nn.Module, x: Sequences, drawn: Draw | None = None) -> dict[str, Tensor]:
    """States, what enters the recurrent layers, and all gradients, of the valid steps alone."""
    made.zero_grad()
    found = made(x, drawn)
    valid = torch.arange(x.data.shape[1]) < x.lengths[:, None]
    weights = torch.randn(found.hidden[valid].shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    (found.hidden[valid] * weights).sum().backward()
    gradients = {name: part.grad.clone() for name, part in made.named_parameters() if part.grad is not None}
    return {"hidden": found.hidden[valid].detach(), **gradients}


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_shapes_and_sizes(way: str, bidirectional: bool) -> None:
    made = encoder(letters=way, bidirectional=bidirectional)
    found = made(column(), None)
    spelt = {"convolutional": 5, "recurrent": 10, "no": 0}[way]
    entering = 4 + (16 + spelt if spelt else 0)
    assert found.hidden.shape == (5, 6, 6 if bidirectional else 3) and found.lengths.tolist() == LENGTHS
    assert made.output_size == found.hidden.shape[2] and made.stepwise and made.bidirectional is bidirectional
    assert found.bag is not None and found.bag.shape == (5, 6, entering) and made.bag_size == entering
    assert made.recurrent.directions[0].sizes.input_size == entering


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_what_stands_behind_a_sentence_changes_no_bit(way: str, masked: bool) -> None:
    masks = {"dropout": 0.4, "token_dropout": 0.3, "zoneout": 0.2} if masked else {}
    made, x = encoder(letters=way, layers=2, **masks).train(), column()
    drawn = draw() if masked else None
    expected = everything(made, x, drawn)
    behind = torch.arange(x.data.shape[1]) >= x.lengths[:, None]
    for filling in (1, 3, 4):
        garbage = x.data.masked_fill(behind[..., None], filling)
        for name, value in everything(made, Sequences(garbage, x.lengths), drawn).items():
            assert torch.equal(value, expected[name]), (name, filling)


@pytest.mark.parametrize("way", WAYS)
def test_a_sentence_alone_equals_itself_in_a_batch(way: str) -> None:
    made, x = encoder(letters=way, layers=2), column()
    together, alone = made(x, None), dict[str, Tensor]()
    expected = everything(made, x)
    weights = torch.randn(expected["hidden"].shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    parts = weights.split(LENGTHS)
    made.zero_grad()
    for row, length in enumerate(LENGTHS):
        single = column([row])
        assert single.data.shape[1] == max(1, length), "of the longest word of this sentence alone"
        found = made(single, None)
        near(found.hidden[:, :length], together.hidden[row : row + 1, :length])
        near(found.bag[:, :length], together.bag[row : row + 1, :length])
        (found.hidden[0, :length] * parts[row]).sum().backward()
    for name, part in made.named_parameters():
        alone[name] = part.grad
        near(alone[name], expected[name])


@pytest.mark.parametrize("way", WAYS)
def test_more_padding_of_steps_and_of_letters_changes_nothing(way: str) -> None:
    made, x = encoder(letters=way), column()
    expected = made(x, None).hidden
    for more in ((0, 4), (0, 0, 0, 3), (0, 5, 0, 2)):
        found = made(Sequences(F.pad(x.data, more), x.lengths), None).hidden
        near(found[:, :6], expected)


@pytest.mark.parametrize("way", WAYS)
def test_the_masks_of_a_sentence_follow_its_number_and_nothing_else(way: str) -> None:
    made = encoder(letters=way, dropout=0.4, token_dropout=0.3, locked_dropout=False).train()
    whole = made(column(), draw()).hidden
    for rows in ([4, 2, 0, 3, 1], [2], [0, 4]):
        found = made(column(rows), draw(rows)).hidden
        for k, row in enumerate(rows):
            near(found[k, : LENGTHS[row]], whole[row, : LENGTHS[row]])
    assert not torch.allclose(made(column(), draw([1, 0, 2, 3, 4])).hidden, whole)
    plain = made(column(), None).hidden
    near(made.eval()(column(), None).hidden, plain)


def spelt(words: list[str]) -> Tensor:
    """(N, L) ids of the letters."""
    return column(None, [words]).data[0, :, 2:]


def letters(way: str) -> Letters:
    return Letters(len(field().letters), surroundings(letters=way)).double()


WORDS = ["a", "dog", "unbelievably", "B-52", "xyz", "do", "go"]


def test_letters_by_windows_of_three_as_they_are_defined() -> None:
    made, ids = letters("convolutional"), spelt(WORDS)
    torch.nn.init.normal_(made.bias)
    for row, word in zip(ids, WORDS, strict=True):
        vectors = [torch.zeros(32, dtype=torch.float64), *made.letters[row[: len(word)]], torch.zeros(32).double()]
        windows = [torch.stack(vectors[k : k + 3], 1) for k in range(len(word))]
        scores = torch.stack([(made.weight * window).sum((1, 2)) + made.bias for window in windows])
        near(made(row[None, : len(word)])[0], scores.max(0).values.clamp(min=0))
        near(made(ids)[WORDS.index(word)], scores.max(0).values.clamp(min=0))


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_letters_by_the_cell_are_its_two_last_states(cell: str) -> None:
    made = Letters(len(field().letters), surroundings(letters="recurrent", cell=cell)).double()
    ids = spelt(WORDS)
    found = made(ids)
    assert found.shape == (len(WORDS), 10)
    for row, word, vector in zip(ids, WORDS, found, strict=True):
        hidden, _ = made.recurrent(made.letters[row[: len(word)]][None])
        near(vector, torch.cat([hidden[0, -1, :5], hidden[0, 0, 5:]]))


@pytest.mark.parametrize("way", ["convolutional", "recurrent"])
def test_letters_tell_words_apart_by_their_order(way: str) -> None:
    found = letters(way)(spelt(["dog", "god", "odg", "dogs"]))
    for k in range(4):
        for j in range(k):
            assert not torch.allclose(found[k], found[j]), (k, j)


@pytest.mark.parametrize("way", ["convolutional", "recurrent"])
def test_what_enters_is_word_shape_and_letters_wherever_the_word_stands(way: str) -> None:
    made, words = encoder(letters=way), field()
    assert made.letters is not None and made.shapes is not None and made.embedding is not None
    bag = made(column(), None).bag
    for row, sentence in enumerate(SENTENCES):
        for step, word in enumerate(sentence):
            (ids,) = words.encode([word], Place())
            ids = torch.from_numpy(ids).long()
            expected = torch.cat([made.embedding[ids[0]], made.shapes[ids[1]], made.letters(ids[None, 2:])[0]])
            near(bag[row, step], expected)
    hidden, _ = made.recurrent(bag, torch.tensor(LENGTHS))
    near(made(column(), None).hidden, hidden)


def test_without_letters_a_word_is_its_vector_alone() -> None:
    made, x = encoder(letters="no"), column()
    assert made.letters is None and made.shapes is None and made.embedding is not None
    hidden, _ = made.recurrent(made.embedding[x.data[..., 0]], x.lengths)
    near(made(x, None).hidden, hidden)
    assert {name.partition(".")[0] for name, _ in made.named_parameters()} == {"embedding", "recurrent"}


@pytest.mark.parametrize("way", WAYS)
def test_the_gradient_reaches_every_weight_that_was_used(way: str) -> None:
    many = {} if way == "no" else {"letters_size": 40}  # so that some window of each letter is the largest somewhere
    made, x = encoder(letters=way, **many), column()
    found = everything(made, x)
    missing = [name for name, part in made.named_parameters() if name not in found or not found[name].any()]
    assert missing == []
    used = {int(i) for i in x.data[..., 0][torch.arange(6) < x.lengths[:, None]]}
    assert {int(i) for i in found["embedding"].any(1).nonzero()} == used
    if way != "no":
        steps = x.data[torch.arange(6) < x.lengths[:, None]]
        assert {int(i) for i in found["letters.letters"].any(1).nonzero()} == set(steps[:, 2:].unique().tolist()) - {0}
        assert {int(i) for i in found["shapes"].any(1).nonzero()} == set(steps[:, 1].tolist())


@pytest.mark.parametrize("way", ["convolutional", "recurrent"])
def test_the_gradient_of_letters_is_that_of_finite_differences(way: str) -> None:
    made, x = encoder(letters=way), column([0, 2])
    weights = torch.randn(2, 6, 6, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    assert made.letters is not None
    matrix = made.letters.letters

    def total() -> Tensor:
        return (made(x, None).hidden * weights).sum()

    total().backward()
    assert matrix.grad is not None
    for at in [(int(i), feature) for i in x.data[0, 0, 2:5] for feature in (0, 17, 31)]:
        ends = []
        for step in (1e-6, -2e-6):
            with torch.no_grad():
                matrix[at] += step
                ends.append(total().item())
        with torch.no_grad():
            matrix[at] += 1e-6
        assert matrix.grad[at].item() == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-7)


@pytest.mark.parametrize("way", ["convolutional", "recurrent"])
def test_words_of_a_batch_are_read_once(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made, read = encoder(letters=way), list[int]()
    forward = Letters.forward
    monkeypatch.setattr(Letters, "forward", lambda self, ids: (read.append(len(ids)), forward(self, ids))[1])
    made(column(), None)
    assert read == [len({word for sentence in SENTENCES for word in sentence} - {"Straße"}) + 1]


def test_token_dropout_takes_the_words_own_vector_away_and_leaves_letters_and_shape() -> None:
    made, plain = encoder(token_dropout=0.5).train(), encoder()
    found, whole = made(column(), draw()).bag, plain(column(), None).bag
    near(found[..., 4:], whole[..., 4:])
    scale = (found[..., :4] / whole[..., :4]).detach()
    valid = torch.arange(6) < torch.tensor(LENGTHS)[:, None]
    assert set(scale[valid].flatten().tolist()) == {0.0, 1.0}
    assert (scale[valid] == scale[valid][:, :1]).all(), "all features of a word, or none"


def test_one_hot_words() -> None:
    made = encoder(embeddings="one-hot", embedding_size=None)
    bag = made(column(), None).bag
    assert made.embedding is None
    near(bag[..., : len(field().vocabulary)], F.one_hot(column().data[..., 0], len(field().vocabulary)).double())


def test_sentences_without_words() -> None:
    for way in WAYS:
        made = encoder(letters=way)
        found = made(column([3, 3]), None)
        assert found.hidden.shape == (2, 1, 6) and not found.hidden.any() and found.lengths.tolist() == [0, 0]


def test_the_size_of_letters_that_are_not_read_is_refused() -> None:
    with pytest.raises(UsageError, match="letters_size: letters=no"):
        encoder(letters="no", letters_size=9)


@pytest.mark.parametrize("way", WAYS)
def test_the_same_seed_draws_the_same_weights(way: str) -> None:
    first, second = encoder(letters=way).state_dict(), encoder(letters=way).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


# numbers


def signal() -> Numbers:
    return Numbers.fit("signal", SIGNAL, lambda i: Place(row=i), DataSettings())


def numbers_encoder(**changes: Any) -> NumbersEncoder:
    made = encoder_for(signal(), surroundings(letters="no", **changes))
    assert isinstance(made, NumbersEncoder)
    return made.double()


def measured(rows: list[int] | None = None) -> Sequences:
    made = signal()
    return made.collate([made.encode(SIGNAL[i], Place()) for i in (range(5) if rows is None else rows)])


@pytest.mark.parametrize("bidirectional", [False, True])
def test_numbers_go_right_into_the_recurrent_layers(bidirectional: bool) -> None:
    made, x = numbers_encoder(bidirectional=bidirectional), measured()
    found = made(x, None)
    hidden, _ = made.recurrent(x.data.double(), x.lengths)
    near(found.hidden, hidden)
    assert found.hidden.shape == (5, 3, 6 if bidirectional else 3) and found.bag is None and made.bag_size == 0
    assert found.lengths.tolist() == [2, 1, 3, 0, 2] and made.stepwise
    scaled = [scaling.scale(value) for scaling, value in zip(signal().scalings, SIGNAL[1][0], strict=True)]
    near(x.data[1, 0], torch.tensor(scaled))


@pytest.mark.parametrize("filling", [-3.7, 1e30, math.inf, math.nan])
def test_what_stands_behind_the_numbers_changes_no_bit(filling: float) -> None:
    made, x = numbers_encoder(layers=2), measured()
    expected = everything(made, x)
    behind = torch.arange(x.data.shape[1]) >= x.lengths[:, None]
    garbage = Sequences(x.data.masked_fill(behind[..., None], filling), x.lengths)
    for name, value in everything(made, garbage).items():
        assert torch.equal(value, expected[name]), name


def test_numbers_of_a_row_alone_are_encoded_as_in_a_batch() -> None:
    made = numbers_encoder(layers=2)
    whole = made(measured(), None).hidden
    for row, length in enumerate([2, 1, 3, 0, 2]):
        near(made(measured([row]), None).hidden[:, :length], whole[row : row + 1, :length])
