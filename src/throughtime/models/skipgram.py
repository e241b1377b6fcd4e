"""Skip-gram: vectors of words from the words around them, before any training on the task."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from throughtime.data.order import permutation, words

CENTRES = 512  # words a step, each with the words around it
DRAWN = 128  # negative words a step, the same ones for all of its centres
POWER = 0.75  # of a word's frequency, as which it is drawn as a negative one
RATE = 0.05
INITIALISATION, KEPT, WINDOWS, NEGATIVES, ORDER = range(5)  # what is drawn at random


def skipgram(
    sequences: Sequence[np.ndarray],
    vocabulary_size: int,
    size: int,
    *,
    seed: int,
    epochs: int = 5,
    window: int = 5,
    negatives: int = 5,
    rate: float = RATE,
    skip: Collection[int] = (0, 2, 3),
    say: Callable[[str], None] | None = None,
) -> np.ndarray:
    """Vectors ``(V, size)`` float32 from ids, by skip-gram with negative sampling (Mikolov et al. 2013).

    A word ``w`` is to tell the words ``c`` around it, up to ``window`` away, from ``negatives`` words drawn at random::

        log sigmoid(in_w . out_c) + negatives * mean over drawn n of log sigmoid(-in_w . out_n)

    ``in`` is handed back; the rows of words that do not occur, and of those in ``skip``, are 0. How far a word looks is
    drawn from 1 to ``window``, and of frequent words some occurrences are left out. Where we differ: all words of a
    step share their negatives, which makes them matrix products, and the steps are those of Adagrad, so that rare words
    move in a small corpus too. A function of the arguments alone, on one machine with so many threads.
    """
    ids, rows = _joined(sequences, skip)
    counts = np.bincount(ids, minlength=vocabulary_size)
    result = np.zeros((vocabulary_size, size), np.float32)
    if len(ids) == 0:
        return result
    noise = np.cumsum(counts**POWER)
    keep = _kept(counts)[ids]
    raw = _uniform(vocabulary_size * size, seed, INITIALISATION).reshape(result.shape)
    into = _Table(torch.from_numpy(((raw - 0.5) / size).astype(np.float32)))
    out = _Table(torch.zeros(result.shape))
    for epoch in range(epochs):
        held = _uniform(len(ids), seed, KEPT, epoch) < keep
        drawn = _uniform(DRAWN * (len(ids) // CENTRES + 1), seed, NEGATIVES, epoch)
        chosen = np.searchsorted(noise, drawn * noise[-1], side="right").reshape(-1, DRAWN)
        reach = words(int(held.sum()), seed, WINDOWS, epoch) % np.uint64(window) + np.uint64(1)
        order = permutation(int(held.sum()), seed, ORDER, epoch)
        loss, pairs = 0.0, 0
        for step, (centres, contexts, row) in enumerate(_steps(ids[held], rows[held], reach.astype(np.int64), order)):
            if len(contexts) == 0:
                continue
            loss += _step(into, out, centres, contexts, row, chosen[step], negatives, rate)
            pairs += len(contexts)
        if say is not None:
            say(f"vectors of words, epoch {epoch + 1} of {epochs}: loss {loss / max(pairs, 1):.4f}")
    seen = counts > 0
    result[seen] = into.values.numpy()[seen]
    return result


def nearest(matrix: np.ndarray, ids: Sequence[int], count: int) -> list[list[tuple[int, float]]]:
    """For each of the ids, the ``count`` other rows at the smallest angle, nearest first, each with its cosine.

    Rows that are 0 have no direction: they are near to nothing, and nothing is near to them.

    >>> nearest(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), [0], 2)
    [[(1, 1.0), (2, 0.0)]]
    """
    lengths = np.linalg.norm(matrix, axis=1)
    there = lengths > 0
    units = matrix / np.where(there, lengths, 1)[:, None]
    found = []
    for word in ids:
        cosines = np.where(there & (np.arange(len(matrix)) != word), units @ units[word], -np.inf)
        order = np.argsort(-cosines, kind="stable")[:count]
        found.append([(int(k), float(cosines[k])) for k in order if there[word] and np.isfinite(cosines[k])])
    return found


class _Table:
    """Vectors ``(V, D)`` that learn by Adagrad (Duchi, Hazan and Singer 2011), only in the rows that are given."""

    def __init__(self, values: Tensor) -> None:
        self.values = values
        self._squares = torch.zeros_like(values)

    def learn(self, rows: Tensor, gradient: Tensor, rate: float) -> None:
        """Go up the gradient ``(n, D)`` of different rows ``(n,)``."""
        squares = self._squares[rows].addcmul_(gradient, gradient)
        self._squares[rows] = squares
        self.values[rows] += rate * gradient / (squares.sqrt_() + 1e-8)


def _step(
    into: _Table,
    out: _Table,
    centres: np.ndarray,
    contexts: np.ndarray,
    row: np.ndarray,
    drawn: np.ndarray,
    negatives: int,
    rate: float,
) -> float:
    """Learn from pairs ``(centres[row], contexts)``; the loss summed over them, before the step."""
    pairs = torch.from_numpy(np.bincount(row, minlength=len(centres)))
    noise, times = (torch.from_numpy(found) for found in np.unique(drawn, return_counts=True))
    near, around = torch.from_numpy(contexts), torch.from_numpy(row)
    hidden, against = into.values[torch.from_numpy(centres)], out.values[noise]  # (B, D) (M, D)
    scores = (hidden[around] * out.values[near]).sum(1)  # (P,)
    others = hidden @ against.T  # (B, M)
    pull = torch.sigmoid(-scores)
    weights = pairs[:, None] * times * (negatives / len(drawn))
    push = -torch.sigmoid(others) * weights
    starts = torch.cumsum(pairs, 0) - pairs
    by_hidden = push @ against + embedding_bag(near, out.values, starts, mode="sum", per_sample_weights=pull)
    by_against = push.T @ hidden
    different, order, starts = _grouped(contexts)
    by_context = embedding_bag(around[order], hidden, starts, mode="sum", per_sample_weights=pull[order])
    out.learn(different, by_context, rate)
    out.learn(noise, by_against, rate)
    different, order, starts = _grouped(centres)
    into.learn(different, embedding_bag(order, by_hidden, starts, mode="sum"), rate)
    softplus = torch.nn.functional.softplus
    return float(softplus(-scores).sum() + (softplus(others) * weights).sum())


def _grouped(ids: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
    """The different ids, an order that puts equal ones together, and where each of them starts in it."""
    order = np.argsort(ids, kind="stable")
    ordered = ids[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return torch.from_numpy(ordered[starts]), torch.from_numpy(order), torch.from_numpy(starts)


def _joined(sequences: Sequence[np.ndarray], skip: Collection[int]) -> tuple[np.ndarray, np.ndarray]:
    """All ids one after the other, without those to skip, and the sequence of each."""
    ids = np.concatenate([np.zeros(0, np.int64), *sequences]).astype(np.int64)
    rows = np.repeat(np.arange(len(sequences)), [len(sequence) for sequence in sequences])
    kept = ~np.isin(ids, list(skip))
    return ids[kept], rows[kept]


def _kept(counts: np.ndarray) -> np.ndarray:
    """``(V,)``: the share of a word's occurrences that is used, ``sqrt(t / f) + t / f``, where it is below 1.

    The threshold t is 1e-4 in a corpus of a million words and rises to 1e-3 in smaller ones, where little can be
    spared; words no more frequent than the average one are always used.
    """
    total = counts.sum()
    threshold = max(min(max(100 / total, 1e-4), 1e-3), 1 / np.count_nonzero(counts))
    odd = threshold * total / np.maximum(counts, 1)
    return np.minimum(np.sqrt(odd) + odd, 1)


def _steps(
    ids: np.ndarray, rows: np.ndarray, reach: np.ndarray, order: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The centres of each step, the ids around them, and for each of these the place of its centre among them."""
    furthest = int(reach.max(initial=0))
    offsets = np.array([by for by in range(-furthest, furthest + 1) if by], dtype=np.int64)
    for start in range(0, len(order), CENTRES):
        at = order[start : start + CENTRES]
        there = at[:, None] + offsets
        inside = (there >= 0) & (there < len(ids)) & (np.abs(offsets) <= reach[at][:, None])
        there = np.where(inside, there, 0)
        inside &= rows[there] == rows[at][:, None]
        yield ids[at], ids[there[inside]], np.nonzero(inside)[0]


def _uniform(count: int, *key: int) -> np.ndarray:
    """``(count,)`` numbers from 0 to below 1, a function of ``key``."""
    return (words(count, *key) >> np.uint64(11)) * 2.0**-53
