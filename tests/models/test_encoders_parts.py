"""Encoders in their two parts: together what they were as one, to the bit, masks included."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from tests.models.test_encoders_heads import MASKS, VALUES, batch, built, text_encoder
from tests.models.test_encoders_words import column, draw, encoder, measured, numbers_encoder
from tests.models.test_language_model import model_of
from throughtime.batch import Sequences
from throughtime.cells.dropout import Masks, dropout
from throughtime.models.encoders import steps_of


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("locked", [False, True])
def test_a_model_over_the_vectors_of_a_batch_is_the_model(training: bool, locked: bool) -> None:
    model, given = built(*VALUES, bag="yes", locked_dropout=locked, **MASKS), batch(*VALUES)
    given = given.drawing(1, 2, 3) if training else given
    lengths = [steps_of(given[name]) for name in model.inputs]
    found = model.train(training).over(model.vectors(given), lengths, given.draw)
    assert isinstance(found, torch.Tensor) and torch.equal(found, model(given))


@pytest.mark.parametrize("locked", [False, True])
def test_tokens_are_looked_up_thinned_and_read(locked: bool) -> None:
    made = text_encoder(built("text", bag="yes", locked_dropout=locked, **MASKS)).train()
    given = batch("text").drawing(1, 2, 3)
    ids, drawn = given["text"], given.draw
    assert isinstance(ids, Sequences) and made.embedding is not None and drawn is not None
    kept = Masks(drawn, "input0.token").each_step(ids.data.shape[1], 1, MASKS["token_dropout"])
    x = F.embedding(ids.data, made.embedding) * kept.double()
    x = dropout(x, MASKS["dropout"], drawn, "input0.embedding", locked=locked)
    found = made(ids, drawn)
    assert torch.equal(found.bag, x) and not torch.equal(x, F.embedding(ids.data, made.embedding))
    assert torch.equal(found.hidden, made.recurrent(x, ids.lengths, draw=drawn)[0])


@pytest.mark.parametrize("way", ["convolutional", "recurrent", "no"])
def test_words_are_joined_thinned_and_read(way: str) -> None:
    made = encoder(letters=way, dropout=0.4, token_dropout=0.3, zoneout=0.2).train()
    vectors = made.vectors(column(), draw())
    plain = made.vectors(column(), None)
    assert vectors.shape == plain.shape and not torch.equal(vectors, plain)
    found = made(column(), draw())
    assert torch.equal(found.bag, vectors)
    assert torch.equal(found.hidden, made.recurrent(vectors, column().lengths, draw=draw())[0])


def test_numbers_are_their_own_vectors() -> None:
    made, x = numbers_encoder(layers=2), measured()
    assert torch.equal(made.vectors(x, None), x.data.double())
    assert torch.equal(made(x, None).hidden, made.over(x.data.double(), x.lengths, None).hidden)


@pytest.mark.parametrize("embeddings", ["learned", "one-hot"])
def test_a_language_model_over_vectors_is_the_model_after_tokens(embeddings: str) -> None:
    model = model_of(embeddings=embeddings, embedding_size=4 if embeddings == "learned" else None)
    ids = torch.tensor([[4, 7, 10, 5], [9, 4, 4, 6]])
    (expected, before), (found, state) = model.after(ids, None), model.over(model.vectors(ids))
    assert torch.equal(found, expected) and all(map(torch.equal, state, before))
    later, _ = model.over(model.vectors(ids[:, 2:]), model.over(model.vectors(ids[:, :2]))[1])
    torch.testing.assert_close(later, expected)
