"""The ConvLSTM against a plain loop over conv2d, and on a small moving square."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.cells.forms import assert_near, layer, numbers, start
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError


def by_hand(made: Recurrent, x: Tensor, h: Tensor, c: Tensor, peepholes: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Equation 3 of Shi et al. 2015; ``x (B, T, C, H, W)``."""
    pad = made.directions[0].sizes.kernel_size // 2
    p_i, p_f, p_o = (getattr(made, f"p_{gate}_l0") if peepholes else 0 for gate in "ifo")
    outputs = []
    for t in range(x.shape[1]):
        sums = F.conv2d(x[:, t], made.weight_ih_l0, made.bias_l0, padding=pad)
        sums = sums + F.conv2d(h, made.weight_hh_l0, padding=pad)
        i, f, g, o = sums.chunk(4, 1)
        i, f = torch.sigmoid(i + p_i * c), torch.sigmoid(f + p_f * c)
        c = f * c + i * torch.tanh(g)
        h = torch.sigmoid(o + p_o * c) * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs, 1), h, c


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("peepholes", [True, False])
def test_against_a_plain_loop(peepholes: bool, kernel_size: int) -> None:
    text = "convlstm" if peepholes else "convlstm:peepholes=no"
    made = layer(text, input_size=(2, 5, 3), hidden_size=3, kernel_size=kernel_size)
    x, state = numbers(2, 4, 2, 5, 3, seed=1), start(made, 2)
    output, (h, c) = made(x, state=state)
    expected = by_hand(made, x, state[0][0], state[1][0], peepholes)
    for found, value in zip((output, h[0], c[0]), expected, strict=True):
        assert_near(found, value)


def test_peepholes_bind_to_one_size_of_frame_and_without_them_any_will_do() -> None:
    bound, free = layer("convlstm", input_size=(2, 5, 3)), layer("convlstm:peepholes=no", input_size=(2, 5, 3))
    frames = numbers(2, 3, 2, 4, 6, seed=1)
    assert free(frames)[0].shape == (2, 3, 2, 4, 6)
    with pytest.raises(UsageError, match=r"this layer reads \(batch, time, 2, 5, 3\)"):
        bound(frames)
    learned = layer("convlstm:peepholes=no", input_size=(2, 5, 3), learned_state=True)
    with pytest.raises(UsageError, match=r"this layer reads \(batch, time, 2, 5, 3\)"):
        learned(frames)


def moving_squares(count: int, steps: int) -> Tensor:
    """(count, steps, 1, 8, 8): a square of 3 that moves by one place a step, around the edges."""
    draw = torch.Generator().manual_seed(5)
    films = torch.zeros(count, steps, 1, 8, 8)
    for film in films:
        y, x, dy, dx = (int(n) for n in torch.randint(0, 8, (4,), generator=draw))
        for t, frame in enumerate(film):
            rows = torch.arange(y + t * (dy % 3 - 1), y + t * (dy % 3 - 1) + 3) % 8
            columns = torch.arange(x + t * (dx % 3 - 1), x + t * (dx % 3 - 1) + 3) % 8
            frame[0, rows[:, None], columns] = 1
    return films


def test_it_learns_the_next_frame_of_a_moving_square() -> None:
    films, lengths = moving_squares(96, 7), torch.tensor([6, 4, 5, 6])
    generator = torch.Generator().manual_seed(1)
    made = Recurrent("convlstm", (1, 8, 8), 8, generator=generator)
    head = nn.Conv2d(8, 1, 1)
    with torch.no_grad():
        head.weight.normal_(std=0.3, generator=generator)
        head.bias.zero_()
    optimiser, losses = torch.optim.Adam([*made.parameters(), *head.parameters()], lr=0.05), []
    for batch in films.split(4):  # one epoch
        hidden, _ = made(batch[:, :-1], lengths)
        valid = torch.arange(6) < lengths[:, None]
        loss = F.binary_cross_entropy_with_logits(head(hidden[valid]), batch[:, 1:][valid])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    share = torch.tensor(9 / 64)  # of a frame is the square: what knowing only that would cost
    blind = float(F.binary_cross_entropy(share, share))
    assert losses[0] > blind and sum(losses[-3:]) / 3 < 0.8 * blind
