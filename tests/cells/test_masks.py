"""Random masks: functions of (seed, epoch, sample, layer, step, unit), with the right share and no visible pattern."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.cells.forms import assert_same_bits, drawing, numbers
from throughtime.batch import Draw
from throughtime.cells.dropout import Masks, dropout, mix, scaled

LOW = 0xFFFFFFFF


def mixed(value: int) -> int:
    """The hash in Python's whole numbers."""
    value = ((value ^ value >> 16) * 0x7FEB352D) & LOW
    value = ((value ^ value >> 15) * 0x846CA68B) & LOW
    return value ^ value >> 16


def key_of(*parts: int | str) -> int:
    key = 0
    for part in parts:
        number = zlib.crc32(part.encode()) if isinstance(part, str) else part
        low, high = number & LOW, number >> 32 & LOW
        key = mixed(key ^ mixed((low + 0x9E3779B9) & LOW) ^ mixed((high + 1) & LOW))
    return key


def row_of(draw: Draw, place: str, kind: str, sample: int) -> int:
    key = key_of(draw.seed, draw.epoch, place, kind)
    return mixed((sample & LOW) ^ mixed(((sample >> 32 & LOW) + key) & LOW) ^ key)


def kept(row: int, unit: int, rate: float) -> bool:
    return mixed((mixed(row ^ (unit * 0x9E3779B1 & LOW)) + row) & LOW) >= round(rate * 2**32)


def test_the_hash_equals_pure_python() -> None:
    values = [0, 1, 2, 17, 2**31 - 1, 2**31, 2**32 - 1, 0xDEADBEEF, *range(1000, 1100)]
    assert mix(torch.tensor(values)).tolist() == [mixed(value) for value in values]


@pytest.mark.parametrize("seed", [0, 3, 2**40 + 1, -1])
def test_every_mask_equals_pure_python(seed: int) -> None:
    ids = (0, 5, 2**40 + 3, 2**32 - 1)
    draw, rate = drawing(*ids, seed=seed, offset=9), 0.3
    masks = Masks(draw, "here.l0")
    samples = [[kept(row_of(draw, "here.l0", "sample", i), u, rate) for u in range(7)] for i in ids]
    assert masks.each_sample(7, rate).tolist() == samples
    rows = [[mixed((row_of(draw, "here.l0", "step", i) + t * 0x85EBCA6B) & LOW) for t in (9, 10, 11)] for i in ids]
    steps = [[[kept(row, u, rate) for u in range(7)] for row in of_sample] for of_sample in rows]
    assert masks.each_step(3, 7, rate).tolist() == steps
    shares = [[mixed((mixed(row) + row) & LOW) / 2**32 for row in of_sample] for of_sample in rows]
    assert masks.uniform(3).tolist() == shares
    key = key_of(seed, draw.epoch, draw.update, "here.l0")
    weights = [[kept(key, 3 * i + j, rate) for j in range(3)] for i in range(2)]
    assert masks.each_weight((2, 3), rate).tolist() == weights


MANY = drawing(*range(500))


def drawn(draw: Draw = MANY, place: str = "here", kind: str = "sample", rate: float = 0.5) -> Tensor:
    """(500, 300) numbers: a row a sample."""
    masks = Masks(draw, place)
    return (masks.each_sample(300, rate) if kind == "sample" else masks.each_step(30, 10, rate).flatten(1)).double()


@pytest.mark.parametrize("kind", ["sample", "step"])
@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.9])
def test_the_share_that_is_kept(kind: str, rate: float) -> None:
    mask = drawn(kind=kind, rate=rate)
    deviation = (rate * (1 - rate)) ** 0.5
    assert abs(float(mask.mean()) - (1 - rate)) < 4.5 * deviation / mask.numel() ** 0.5
    for axis in (0, 1):  # no sample and no unit is favoured
        shares = mask.mean(axis)
        expected = deviation / mask.shape[axis] ** 0.5
        assert float((shares - (1 - rate)).abs().max()) < 5 * expected
        assert 0.85 * expected < float(shares.std()) < 1.15 * expected
    weights = Masks(MANY, "here").each_weight((300, 500), rate).double()
    assert abs(float(weights.mean()) - (1 - rate)) < 4.5 * deviation / weights.numel() ** 0.5


def correlation(a: Tensor, b: Tensor) -> float:
    a, b = a.flatten() - a.mean(), b.flatten() - b.mean()
    return float((a * b).mean() / (a.std() * b.std()))


OTHERS = {
    "seed": drawn(replace(MANY, seed=4)),
    "epoch": drawn(replace(MANY, epoch=3)),
    "sample": drawn(drawing(*range(500, 1000))),
    "layer": drawn(place="here.l1"),
    "kind": drawn(kind="step"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_another_draw_has_nothing_to_do_with_the_first(what: str) -> None:
    assert abs(correlation(drawn(), OTHERS[what])) < 4.5 / 150_000**0.5


@pytest.mark.parametrize("kind", ["sample", "step"])
def test_neighbours_have_nothing_to_do_with_each_other(kind: str) -> None:
    mask = drawn(kind=kind)
    for lag in (1, 2, 3, 10, 16, 100):  # among units (and, where drawn at each step, steps: 10 units a step)
        one, other = mask[:, lag:], mask[:, :-lag]
        assert abs(correlation(one, other)) < 4.5 / one.numel() ** 0.5, f"units {lag} apart"
    for lag in (1, 2, 4, 64, 256):
        assert abs(correlation(mask[lag:], mask[:-lag])) < 4.5 / mask[lag:].numel() ** 0.5, f"samples {lag} apart"


@pytest.mark.parametrize("kind", ["sample", "step"])
def test_no_pair_of_columns_is_correlated(kind: str) -> None:
    mask = drawn(kind=kind)
    table = torch.corrcoef(mask.T) - torch.eye(300, dtype=torch.float64)
    assert float(table.abs().max()) < 5.5 / 500**0.5
    assert abs(float(table.std()) * 500**0.5 - 1) < 0.05


def test_weights_change_with_the_update_and_not_with_the_samples() -> None:
    mask = Masks(MANY, "here").each_weight((40, 50), 0.5).double()
    assert_same_bits(Masks(drawing(1, 2), "here").each_weight((40, 50), 0.5).double(), mask)
    for change in ({"update": 6}, {"epoch": 3}, {"seed": 4}):
        other = Masks(replace(MANY, **change), "here").each_weight((40, 50), 0.5).double()
        assert abs(correlation(mask, other)) < 4.5 / 2000**0.5


def test_a_mask_is_the_same_whatever_the_batch_and_the_cut() -> None:
    masks = Masks(drawing(4, 9, 1), "here")
    whole = masks.each_step(8, 6, 0.4)
    assert_same_bits(Masks(drawing(1, 4), "here").each_step(8, 6, 0.4), whole[[2, 0]])
    assert_same_bits(Masks(drawing(4, 9, 1, offset=3), "here").each_step(5, 6, 0.4), whole[:, 3:])
    assert_same_bits(masks.each_step(8, 4, 0.4), whole[..., :4])
    assert_same_bits(Masks(drawing(9), "here").each_sample(6, 0.4), masks.each_sample(6, 0.4)[1:2])


def test_dropout_keeps_the_mean_and_scales() -> None:
    values = numbers(500, 20, 10, seed=1) + 3
    found = dropout(values, 0.4, MANY, "here")
    left = found != 0
    assert torch.allclose(found[left], values[left] / 0.6)
    assert abs(float(found.mean() / values.mean()) - 1) < 0.02
    assert scaled(torch.tensor([True, False]), 0.75, torch.float32).tolist() == [4.0, 0.0]


def test_locked_dropout_is_the_same_at_every_step_and_the_other_is_not() -> None:
    ones = torch.ones(500, 7, 10)
    locked, free = (dropout(ones, 0.4, MANY, "here", locked=locked) for locked in (True, False))
    assert_same_bits(locked, locked[:, :1].expand_as(locked))
    assert not torch.equal(free, free[:, :1].expand_as(free))


def test_dropout_of_frames_drops_whole_channels() -> None:
    found = dropout(torch.ones(50, 3, 4, 2, 5), 0.5, drawing(*range(50)), "here")
    assert_same_bits(found, found[..., :1, :1].expand_as(found))
    assert 0 < float((found == 0).double().mean()) < 1


def test_dropout_of_one_vector_a_sample() -> None:
    found = dropout(torch.ones(500, 10), 0.4, MANY, "here")
    assert_same_bits(found != 0, Masks(MANY, "here").each_sample(10, 0.4))


def test_no_dropout_without_a_draw_or_a_rate() -> None:
    values = numbers(2, 3, 4, seed=1)
    assert dropout(values, 0.4, None, "here") is values
    assert dropout(values, 0.0, drawing(1, 2), "here") is values
