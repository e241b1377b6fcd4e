"""Law 3 for cells: cut anywhere and hand the state over; every mask on, the whole and its parts are equal."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.cells.forms import (
    NAMES,
    WITH_ENGINES,
    assert_near,
    assert_same_bits,
    drawing,
    inputs,
    layer,
    start,
    weighted,
)
from throughtime.batch import Draw
from throughtime.cells.recurrent import Recurrent, State

LENGTHS = torch.tensor([4, 0, 5, 1])
IDS = (11, 4, 2**40 + 3, 7)


def masked(text: str, locked: bool, **options: object) -> Recurrent:
    """Two layers with every random mask that the cell can have."""
    if text != "indrnn":
        options |= {"recurrent_dropout": 0.3, "drop_connect": 0.2}
    return layer(text, num_layers=2, dropout=0.4, locked=locked, zoneout=0.25, residual=True, **options)


def in_parts(made: Recurrent, x: Tensor, draw: Draw, cuts: list[int], state: State) -> tuple[Tensor, State]:
    """Run the pieces between cuts one after the other, each from the state that the last one handed over."""
    outputs = []
    for begin, end in zip([0, *cuts], [*cuts, x.shape[1]], strict=True):
        left = (LENGTHS - begin).clamp(0, end - begin)
        piece, state = made(x[:, begin:end], left, state, replace(draw, offset=draw.offset + begin))
        outputs.append(piece)
    return torch.cat(outputs, 1), state


@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("text", NAMES)
def test_cut_anywhere(text: str, locked: bool) -> None:
    made = masked(text, locked)
    x, state, draw = inputs(made, 4, 5), start(made, 4), drawing(*IDS, offset=6)
    output, last = made(x, LENGTHS, state, draw)
    for cuts in ([1], [2], [3], [4], [1, 2, 3, 4]):  # the last one is streaming, one step at a time
        pieces, end = in_parts(made, x, draw, cuts, state)
        assert_near(pieces, output, f"output cut at {cuts}")
        for found, expected in zip(end, last, strict=True):
            assert_near(found, expected, f"state cut at {cuts}")


@pytest.mark.parametrize(("text", "engine"), WITH_ENGINES)
def test_cut_without_masks_by_every_engine(text: str, engine: str) -> None:
    made = layer(text, num_layers=2, engine=engine, dtype=torch.float32)
    x, state = inputs(made, 4, 5), start(made, 4)
    output, last = made(x, LENGTHS, state)
    for cuts in ([2], [1, 2, 3, 4]):
        pieces, end = in_parts(made, x, drawing(*IDS), cuts, state)
        assert_near(pieces, output)
        for found, expected in zip(end, last, strict=True):
            assert_near(found, expected)


@pytest.mark.parametrize("text", NAMES)
def test_the_gradient_goes_through_the_cut(text: str) -> None:
    made = masked(text, locked=False)
    x, state, draw = inputs(made, 4, 5), start(made, 4), drawing(*IDS)
    gradients = []
    for cuts in ([], [2], [1, 2, 3, 4]):
        made.zero_grad()
        output, last = in_parts(made, x, draw, cuts, state)
        weighted(output, *last).backward()
        gradients.append({name: part.grad.clone() for name, part in made.named_parameters()})
    for name, whole in gradients[0].items():
        for cut in gradients[1:]:
            assert_near(cut[name], whole, name)


@pytest.mark.parametrize("text", NAMES)
def test_the_order_and_company_in_a_batch_change_nothing(text: str) -> None:
    made = masked(text, locked=False, bidirectional=True)
    x, draw = inputs(made, 4, 5), drawing(*IDS)
    output, last = made(x, LENGTHS, draw=draw)
    for rows in ([2, 0, 3, 1], [2], [0, 2]):
        few = replace(draw, sample_ids=draw.sample_ids[rows])
        found, state = made(x[rows], LENGTHS[rows], draw=few)
        assert_near(found, output[rows])
        for part, expected in zip(state, last, strict=True):
            assert_near(part, expected[:, rows])


@pytest.mark.parametrize("longer", [6, 9])
@pytest.mark.parametrize("text", ["lstm", "gru_reset_before"])
def test_the_padded_size_of_a_batch_changes_nothing(text: str, longer: int) -> None:
    made = masked(text, locked=False, bidirectional=True)
    x, draw = inputs(made, 4, 5), drawing(*IDS)
    more = torch.cat([x, torch.ones(4, longer - 5, x.shape[2], dtype=x.dtype)], 1)
    assert_near(made(more, LENGTHS, draw=draw)[0][:, :5], made(x, LENGTHS, draw=draw)[0])


@pytest.mark.parametrize(("text", "engine"), WITH_ENGINES)
def test_the_same_call_twice_gives_the_same_bits(text: str, engine: str) -> None:
    made = layer(text, num_layers=2, bidirectional=True, dropout=0.3, drop_connect=0.0, engine=engine)
    x, found = inputs(made, 4, 5), []
    for _ in range(2):
        made.zero_grad()
        output, state = made(x, LENGTHS, draw=drawing(*IDS))
        weighted(output, *state).backward()
        found.append([output, *state, *(part.grad.clone() for part in made.parameters())])
    for first, second in zip(*found, strict=True):
        assert_same_bits(first, second)


@pytest.mark.parametrize(
    "change", [{"seed": 4}, {"epoch": 3}, {"offset": 1}, {"sample_ids": torch.tensor([12, 4, 5, 7])}]
)
def test_each_value_of_the_draw_changes_the_masks(change: dict[str, object]) -> None:
    made = masked("gru", locked=False)
    x, draw = inputs(made, 4, 5), drawing(*IDS)
    assert not torch.equal(made(x, draw=draw)[0], made(x, draw=replace(draw, **change))[0])


def test_in_evaluation_nothing_is_random() -> None:
    made = masked("lstm", locked=False).eval()
    x = inputs(made, 4, 5)
    assert_same_bits(made(x, LENGTHS, draw=drawing(*IDS))[0], made(x, LENGTHS)[0])
    before = torch.get_rng_state()
    made(x, LENGTHS)
    assert torch.equal(before, torch.get_rng_state())


def test_with_a_draw_torchs_generator_is_left_alone() -> None:
    made = masked("lstm", locked=False)
    before = torch.get_rng_state()
    made(inputs(made, 4, 5), LENGTHS, draw=drawing(*IDS))
    assert torch.equal(before, torch.get_rng_state())
