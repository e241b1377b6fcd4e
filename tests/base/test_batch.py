"""A batch hands its columns over, knows its size, and says who draws its masks."""

from __future__ import annotations

import pytest
import torch

from throughtime.batch import Batch, Draw, Sequences


@pytest.fixture
def batch() -> Batch:
    text = Sequences(torch.arange(15).reshape(3, 5), torch.tensor([5, 0, 2]))
    return Batch({"text": text, "label": torch.tensor([2, 0, 1])}, torch.tensor([11, 4, 7]), offset=35)


def test_columns_by_name(batch: Batch) -> None:
    assert len(batch) == 3
    assert batch["text"] is batch.columns["text"]
    assert torch.equal(batch["label"], torch.tensor([2, 0, 1]))


def test_a_batch_of_nothing_has_length_zero() -> None:
    assert len(Batch({}, torch.empty(0, dtype=torch.int64))) == 0


def test_nothing_is_drawn_outside_training(batch: Batch) -> None:
    assert batch.draw is None


def test_drawing_knows_samples_and_time(batch: Batch) -> None:
    training = batch.drawing(seed=3, epoch=5, update=8)
    assert training.draw is not None
    assert (training.draw.seed, training.draw.epoch, training.draw.update, training.draw.offset) == (3, 5, 8, 35)
    assert torch.equal(training.draw.sample_ids, torch.tensor([11, 4, 7]))
    assert training.columns is batch.columns and training.offset == 35
    assert batch.draw is None, "the batch itself is a value and stays as it was"


def test_to_moves_every_tensor(batch: Batch) -> None:
    moved = batch.drawing(seed=3, epoch=5, update=8).to("meta")
    assert moved.draw is not None
    text, label = moved["text"], moved["label"]
    tensors = [text.data, text.lengths, label, moved.sample_ids, moved.draw.sample_ids]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert (moved.offset, moved.draw.offset, moved.draw.seed) == (35, 35, 3)


def test_to_keeps_a_batch_without_draw(batch: Batch) -> None:
    assert batch.to("cpu").draw is None


def test_batches_and_draws_are_values(batch: Batch) -> None:
    with pytest.raises(AttributeError):
        batch.offset = 3  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Draw(1, 2, 3, torch.tensor([0])).seed = 3  # type: ignore[misc]
