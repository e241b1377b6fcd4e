"""Datasets and batches: each row once, rows of like length together, an order that seed and epoch alone decide."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from throughtime.batch import Batch, Sequences
from throughtime.data.batches import batches
from throughtime.data.dataset import Dataset
from throughtime.data.fields import fit_fields
from throughtime.data.records import in_memory_records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError

KINDS = {"text": "tokens", "size": "number", "label": "category"}


def dataset(count: int, longest: int = 40, seed: int = 0) -> Dataset:
    chance = random.Random(seed)
    records = in_memory_records(
        {
            "text": ["".join(chance.choice("abcd") for _ in range(chance.randint(0, longest))) for _ in range(count)],
            "size": [chance.gauss(0, 1) for _ in range(count)],
            "label": [chance.choice("xy") for _ in range(count)],
        }
    )
    return Dataset(records, fit_fields(records, KINDS, {"label"}, DataSettings()))


def ids(found: Any) -> list[list[int]]:
    return [batch.sample_ids.tolist() for batch in found]


def texts(batch: Batch) -> Sequences:
    column = batch["text"]
    assert isinstance(column, Sequences)
    return column


def tensor(batch: Batch, column: str) -> torch.Tensor:
    found = batch[column]
    assert isinstance(found, torch.Tensor)
    return found


def padding(found: list[Batch]) -> float:
    cells = sum(texts(batch).data.numel() for batch in found)
    return 1 - sum(int(texts(batch).lengths.sum()) for batch in found) / cells


DATA = dataset(613)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(("count", "batch_size"), [(1, 1), (1, 8), (7, 3), (8, 8), (613, 10), (613, 700), (101, 1)])
def test_each_row_is_in_one_batch_and_their_number_is_constant(count: int, batch_size: int, shuffle: bool) -> None:
    data = dataset(count)
    for epoch in range(3):
        found = batches(data, batch_size=batch_size, seed=4, epoch=epoch, shuffle=shuffle)
        rows = ids(found)
        assert sorted(row for batch in rows for row in batch) == list(range(count))
        assert len(found) == len(rows) == -(-count // batch_size)
        assert sum(len(batch) != batch_size for batch in rows) <= 1


def test_the_order_is_a_function_of_seed_and_epoch_alone() -> None:
    def order(seed: int, epoch: int) -> list[list[int]]:
        return ids(batches(DATA, batch_size=10, seed=seed, epoch=epoch, shuffle=True))

    first = order(3, 2)
    np.random.seed(1)
    torch.manual_seed(1)
    order(8, 8)
    assert order(3, 2) == first
    others = [order(3, 1), order(2, 3), order(4, 2), order(5, 0)]
    assert all(other != first for other in others)
    assert ids(batches(dataset(613), batch_size=10, seed=3, epoch=2, shuffle=True)) == first


@pytest.mark.parametrize("start", [0, 1, 30, 61, 62])
@pytest.mark.parametrize("shuffle", [False, True])
def test_to_start_at_a_batch_is_to_skip_those_before(start: int, shuffle: bool) -> None:
    options = {"batch_size": 10, "seed": 3, "epoch": 2, "shuffle": shuffle}
    whole, rest = batches(DATA, **options), batches(DATA, **options, start=start)  # type: ignore[arg-type]
    assert ids(rest) == ids(whole)[start:] and len(rest) == len(whole) == 62
    for one, other in zip(list(whole)[start:], rest, strict=True):
        assert torch.equal(texts(one).data, texts(other).data) and one.sample_ids.tolist() == other.sample_ids.tolist()


def test_there_is_little_padding_and_still_a_random_order() -> None:
    data = dataset(2000, longest=100)
    found = list(batches(data, batch_size=16, seed=1, epoch=0, shuffle=True))
    assert padding(found) < 0.05
    assert padding(list(batches(data, batch_size=16, seed=1, epoch=0, shuffle=False))) < 0.02
    longest = [int(texts(batch).lengths.max()) for batch in found]
    assert sum(a < b for a, b in pairwise(longest)) in range(40, 85), "batches go up and down"
    together = [
        {
            row
            for batch in ids(batches(data, batch_size=16, seed=1, epoch=e, shuffle=True))
            if 7 in batch
            for row in batch
        }
        for e in (0, 1)
    ]
    assert together[0] != together[1]


def test_a_batch_holds_what_its_rows_hold() -> None:
    for batch in batches(DATA, batch_size=10, seed=0, epoch=0, shuffle=True):
        for k, row in enumerate(batch.sample_ids.tolist()):
            length = int(texts(batch).lengths[k])
            assert texts(batch).data[k, :length].tolist() == DATA.columns["text"][row].tolist()
            assert float(tensor(batch, "size")[k]) == pytest.approx(DATA.columns["size"][row], rel=1e-6)
            assert int(tensor(batch, "label")[k]) == DATA.columns["label"][row]
        assert batch.draw is None


def test_lengths_are_those_of_a_rows_longest_column() -> None:
    records = in_memory_records({"a": ["xyz", "", "x"], "b": ["x", "", "xyzxyz"], "label": ["p", "q", "p"]})
    kinds = {"a": "tokens", "b": "tokens", "label": "category"}
    assert Dataset(records, fit_fields(records, kinds, {"label"}, DataSettings())).lengths.tolist() == [3, 1, 6]


def test_a_value_that_a_field_refuses_is_named() -> None:
    other = in_memory_records({"text": ["a", "b"], "size": [1, "x"], "label": ["x", "y"]}, "other.csv")
    with pytest.raises(DataError, match='other.csv row 2, column "size": "x" is not a number'):
        Dataset(other, DATA.fields)
