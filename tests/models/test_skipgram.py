"""Skip-gram: its gradient, its pairs and draws against brute force, and whether like words come to lie together."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from throughtime.models import skipgram as module
from throughtime.models.skipgram import nearest, skipgram

GROUPS = (range(4, 14), range(14, 24))  # words that stand among the same words: 24 to 28 and 29 to 33
AROUND = (range(24, 29), range(29, 34))


def two_groups(rows: int = 1500, seed: int = 1) -> list[np.ndarray]:
    """Each row one word of a group among words that stand around this group; no two of a group ever meet."""
    generator = np.random.default_rng(seed)
    sequences = []
    for _ in range(rows):
        group = int(generator.integers(0, 2))
        row = generator.choice(list(AROUND[group]), 5)
        row[2] = generator.choice(list(GROUPS[group]))
        sequences.append(np.array([2, *row, 3]))
    return sequences


def test_words_with_the_same_neighbours_lie_together() -> None:
    matrix = skipgram(two_groups(), 36, 16, seed=3, epochs=10)
    assert matrix.shape == (36, 16) and matrix.dtype == np.float32 and np.isfinite(matrix).all()
    for group in GROUPS:
        for word, near in zip(group, nearest(matrix, list(group), 9), strict=True):
            assert {other for other, _ in near} == set(group) - {word}


def test_skipped_and_unseen_words_are_0() -> None:
    matrix = skipgram([*two_groups(50), np.array([0, 0, 1, 5])], 40, 8, seed=3, epochs=1)
    silent = np.flatnonzero((matrix == 0).all(axis=1))
    assert silent.tolist() == [0, 2, 3, *range(34, 40)]
    assert (skipgram([*two_groups(50)], 40, 8, seed=3, epochs=1, skip=())[2:4] != 0).all()


def test_what_is_skipped_does_not_stand_between_words() -> None:
    sequences = two_groups(60)
    without = [sequence[1:-1] for sequence in sequences]
    assert (skipgram(sequences, 36, 8, seed=3, epochs=2) == skipgram(without, 36, 8, seed=3, epochs=2)).all()


def test_it_is_a_function_of_the_seed() -> None:
    one, again, other = (skipgram(two_groups(100), 36, 8, seed=seed, epochs=2) for seed in (5, 5, 6))
    assert (one == again).all()
    assert not np.isclose(one[4:34], other[4:34]).any(axis=1).all()


@pytest.mark.parametrize(
    "sequences", [[], [np.zeros(0, np.int64)], [np.array([2, 3])], [np.array([0, 0]), np.array([3])]]
)
def test_nothing_to_learn_from(sequences: list[np.ndarray]) -> None:
    assert (skipgram(sequences, 6, 4, seed=1) == 0).all()


def test_a_word_alone_in_its_row_meets_no_other() -> None:
    """Rows do not reach into one another: no pair, so only the first values are left."""
    alone = [np.array([word]) for word in range(4, 20)]
    matrix = skipgram(alone, 20, 6, seed=1, epochs=3)
    assert (matrix == skipgram(alone, 20, 6, seed=1, epochs=0)).all() and (matrix[4:] != 0).all()


def test_every_epoch_is_said() -> None:
    said: list[str] = []
    skipgram(two_groups(200), 36, 8, seed=1, epochs=3, say=said.append)
    assert [line.split(":")[0] for line in said] == [f"vectors of words, epoch {k} of 3" for k in (1, 2, 3)]
    losses = [float(line.split()[-1]) for line in said]
    assert losses[0] > losses[1] > losses[2] > 0


class Watched:
    """In the place of a table: holds its values and adds up the gradients that it is given."""

    def __init__(self, values: Tensor) -> None:
        self.values = values
        self.gradient = torch.zeros_like(values)

    def learn(self, rows: Tensor, gradient: Tensor, rate: float) -> None:
        assert len(rows.unique()) == len(rows) and rate == 0.3
        self.gradient[rows] += gradient


def test_the_gradient_is_that_of_the_loss() -> None:
    generator = np.random.default_rng(4)
    into, out = (Watched(torch.from_numpy(generator.normal(size=(7, 5)))) for _ in range(2))
    centres, drawn = np.array([3, 1, 3, 6, 0]), np.array([2, 2, 1, 5, 2, 0])
    row, contexts = np.array([0, 0, 1, 2, 2, 2, 4]), np.array([1, 2, 2, 4, 1, 1, 3])  # nothing around the fourth
    loss = module._step(into, out, centres, contexts, row, drawn, 3, 0.3)  # type: ignore[arg-type]
    inside, outside = (table.values.clone().requires_grad_() for table in (into, out))
    expected = torch.zeros((), dtype=torch.float64)
    for place, context in zip(row, contexts, strict=True):
        hidden = inside[centres[place]]
        expected = expected - torch.nn.functional.logsigmoid(hidden @ outside[context])
        for word in drawn:
            expected = expected - 3 / len(drawn) * torch.nn.functional.logsigmoid(-hidden @ outside[word])
    expected.backward()
    assert loss == pytest.approx(expected.item())
    for table, values in ((into, inside), (out, outside)):
        assert values.grad is not None
        assert table.gradient.numpy() == pytest.approx(-values.grad.numpy())


def test_a_table_steps_as_adagrad_does() -> None:
    generator = torch.Generator().manual_seed(1)
    start = torch.randn(6, 3, generator=generator)
    table, theirs = module._Table(start.clone()), start.clone().requires_grad_()
    optimiser = torch.optim.Adagrad([theirs], lr=0.2, eps=1e-8)
    for rows in ([0, 4], [4, 2, 5], [4, 0]):
        gradient = torch.randn(len(rows), 3, generator=generator)
        theirs.grad = torch.zeros_like(start)
        theirs.grad[rows] = -gradient
        optimiser.step()
        table.learn(torch.tensor(rows), gradient, 0.2)
    assert torch.allclose(table.values, theirs, atol=1e-6)
    assert (table.values[[1, 3]] == start[[1, 3]]).all()


def test_the_pairs_are_those_in_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CENTRES", 4)
    generator = np.random.default_rng(2)
    lengths = [1, 4, 0, 6, 2]
    rows = np.repeat(np.arange(5), lengths)
    ids, reach, order = generator.integers(0, 50, 13), generator.integers(1, 4, 13), generator.permutation(13)
    found = []
    for centres, contexts, row in module._steps(ids, rows, reach, order):
        assert len(centres) <= 4 and (np.diff(row) >= 0).all()
        found += list(zip(centres[row].tolist(), contexts.tolist(), strict=True))
    expected = [
        (ids[i], ids[j]) for i in order for j in range(13) if i != j and rows[i] == rows[j] and abs(i - j) <= reach[i]
    ]
    assert found == expected


def test_frequent_words_are_left_out_more_often() -> None:
    counts = np.array([0, 300_000, 100_000, 50, 1, *[100] * 6000])
    threshold = 1 / 6004  # more than 1e-4, so that a word of average frequency is always used
    share = threshold * counts.sum() / np.array([300_000, 100_000])
    assert module._kept(counts)[1:3] == pytest.approx(np.sqrt(share) + share)
    assert (module._kept(counts)[3:] == 1).all()
    assert (module._kept(np.full(20, 5000)) == 1).all()


def test_nearest_by_hand() -> None:
    matrix = np.array([[0, 0], [1, 0], [3, 3], [0, -2], [-1, 0.0]])
    near = nearest(matrix, [1, 0, 3], 3)
    assert [[other for other, _ in row] for row in near] == [[2, 3, 4], [], [1, 4, 2]]
    assert [cosine for _, cosine in near[0]] == pytest.approx([0.5**0.5, 0, -1])
