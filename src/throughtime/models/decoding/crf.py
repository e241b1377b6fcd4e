"""A linear-chain conditional random field: the tags of a sequence decided together.

For a sequence of T steps with emissions e (T, C), a path of tags y_1 .. y_T has the score and the probability

    s(y)     = start[y_1] + Σ_t e[t, y_t] + Σ_{t>1} transitions[y_{t-1}, y_t] + end[y_T]
    P(y | e) = exp(s(y)) / Z,    Z = Σ_{y'} exp(s(y')) over all C^T paths

(Lafferty, McCallum and Pereira 2001; on top of a neural network, Collobert et al. 2011). Every sum over paths here
goes step by step, in O(T C²).

All functions take ``emissions (B, T, C)`` and ``lengths (B,)``, in any order and 0 included (one empty path, of score
0), ``start (C,)``, ``transitions (C, C)`` as [from, to] and ``end (C,)``. What stands behind a length changes no bit.
``allowed``, three bool tensors in the shapes of ``start``, ``transitions`` and ``end``, leaves only the paths that it
allows throughout: any other has the score -inf. Gradients stay finite even then.
"""

from __future__ import annotations

import torch
from torch import Tensor

from throughtime.batch import valid_mask

Allowed = tuple[Tensor, Tensor, Tensor]


def score(emissions: Tensor, tags: Tensor, lengths: Tensor, start: Tensor, transitions: Tensor, end: Tensor) -> Tensor:
    """s(y) of the paths ``tags (B, T)``: ``(B,)``.

    >>> e, start, transitions, end = torch.tensor([[[1., 2.], [3., 4.]]]), torch.zeros(2), torch.eye(2), torch.zeros(2)
    >>> score(e, torch.tensor([[1, 1]]), torch.tensor([2]), start, transitions, end)  # 2 + 1 + 4
    tensor([7.])
    """
    if emissions.shape[1] == 0:
        return emissions.sum((1, 2))
    valid = valid_mask(lengths, emissions.shape[1])
    tags = tags.masked_fill(~valid, 0)
    last = tags.gather(1, (lengths - 1).clamp(min=0)[:, None]).squeeze(1)
    steps = emissions.gather(2, tags[..., None]).squeeze(2).masked_fill(~valid, 0)
    moves = transitions[tags[:, :-1], tags[:, 1:]].masked_fill(~valid[:, 1:], 0)
    borders = (start[tags[:, 0]] + end[last]).masked_fill(lengths == 0, 0)
    return borders + steps.sum(1) + moves.sum(1)


def log_normaliser(
    emissions: Tensor,
    lengths: Tensor,
    start: Tensor,
    transitions: Tensor,
    end: Tensor,
    allowed: Allowed | None = None,
) -> Tensor:
    """log Z ``(B,)``, by the forward recursion; -inf if no path is allowed.

    α_1[j] = start[j] + e[1, j];  α_t[j] = e[t, j] + log Σ_i exp(α_{t-1}[i] + transitions[i, j]);
    log Z = log Σ_j exp(α_T[j] + end[j])

    >>> log_normaliser(torch.zeros(1, 3, 2), torch.tensor([3]), *(torch.zeros(2), torch.zeros(2, 2), torch.zeros(2)))
    tensor([2.0794])
    """
    if emissions.shape[1] == 0:
        return emissions.sum((1, 2))
    start, transitions, end = _masked(start, transitions, end, allowed)
    last = _forwards(emissions, lengths, start, transitions)[-1]
    return _log_sum(last + end).masked_fill(lengths == 0, 0)


def log_likelihood(
    emissions: Tensor,
    tags: Tensor,
    lengths: Tensor,
    start: Tensor,
    transitions: Tensor,
    end: Tensor,
    allowed: Allowed | None = None,
) -> Tensor:
    """log P(y | e) = s(y) - log Z of the paths ``tags (B, T)``: ``(B,)``; -inf for a path that is not allowed.

    >>> none = torch.zeros(2), torch.zeros(2, 2), torch.zeros(2)
    >>> log_likelihood(torch.zeros(1, 3, 2), torch.tensor([[0, 1, 1]]), torch.tensor([3]), *none).exp()
    tensor([0.1250])
    """
    of_path = score(emissions, tags, lengths, *_masked(start, transitions, end, allowed))
    of_all = log_normaliser(emissions, lengths, start, transitions, end, allowed)
    return of_path - of_all.masked_fill(of_all == -torch.inf, 0)  # without any path, -inf - -inf would be NaN


def marginals(
    emissions: Tensor,
    lengths: Tensor,
    start: Tensor,
    transitions: Tensor,
    end: Tensor,
    allowed: Allowed | None = None,
) -> Tensor:
    """P(y_t = j | e), ``(B, T, C)``: each valid step sums to 1, padding is 0.

    With α as in :func:`log_normaliser`, β_T[i] = end[i] and β_t[i] = log Σ_j exp(transitions[i, j] + e[t+1, j] +
    β_{t+1}[j]), they are softmax_j(α_t[j] + β_t[j]). If no path is allowed, they are 0.

    >>> none = torch.zeros(2), torch.zeros(2, 2), torch.zeros(2)
    >>> marginals(torch.tensor([[[0.0, 1.0]]]), torch.tensor([1]), *none)
    tensor([[[0.2689, 0.7311]]])
    """
    if emissions.shape[1] == 0:
        return emissions
    masked = _masked(start, transitions, end, allowed)
    forwards = _forwards(emissions, lengths, masked[0], masked[1])
    together = torch.stack(forwards, 1) + torch.stack(_backwards(emissions, lengths, masked[1], masked[2]), 1)
    nowhere = (together == -torch.inf).all(2, keepdim=True) | ~valid_mask(lengths, emissions.shape[1])[..., None]
    return torch.softmax(together.masked_fill(nowhere, 0), 2).masked_fill(nowhere, 0)


@torch.no_grad()
def viterbi(
    emissions: Tensor,
    lengths: Tensor,
    start: Tensor,
    transitions: Tensor,
    end: Tensor,
    allowed: Allowed | None = None,
) -> Tensor:
    """The path of the highest score, ``(B, T)`` int64, 0 in padding (Viterbi 1967).

    The forward recursion with max in the place of log Σ exp, keeping the best predecessor of each tag. Of a row of
    which no path is allowed, nothing can be said: all 0.

    >>> stay = torch.tensor([[0.0, -9.0], [-9.0, 0.0]])
    >>> emissions = torch.tensor([[[3.0, 0.0], [0.0, 1.0], [2.0, 0.0]]])  # alone, the second step would be 1
    >>> viterbi(emissions, torch.tensor([3]), torch.zeros(2), stay, torch.zeros(2))
    tensor([[0, 0, 0]])
    """
    if emissions.shape[1] == 0:
        return lengths.new_zeros(len(lengths), 0, dtype=torch.int64)
    start, transitions, end = _masked(start, transitions, end, allowed)
    (emission, _), *others = _steps(emissions, lengths)
    best, into = start + emission, transitions.T.contiguous()
    itself = torch.arange(len(start), device=emissions.device)
    predecessors = []
    for emission, valid in others:
        value, predecessor = (best[:, None, :] + into).max(2)
        best = torch.where(valid, value + emission, best)
        predecessors.append(torch.where(valid, predecessor, itself))
    tag = (best + end).argmax(1, keepdim=True)
    path = [tag]
    for predecessor in reversed(predecessors):
        tag = predecessor.gather(1, tag)
        path.append(tag)
    return torch.cat(path[::-1], 1).masked_fill(~valid_mask(lengths, emissions.shape[1]), 0)


def _forwards(emissions: Tensor, lengths: Tensor, start: Tensor, transitions: Tensor) -> list[Tensor]:
    """α of every step, T times ``(B, C)``; behind a length, that of the last valid step stays."""
    (emission, _), *others = _steps(emissions, lengths)
    alphas, into = [start + emission], transitions.T.contiguous()  # the sum runs over neighbours in memory
    for emission, valid in others:
        alpha = _log_sum(alphas[-1][:, None, :] + into) + emission
        alphas.append(torch.where(valid, alpha, alphas[-1]))
    return alphas


def _backwards(emissions: Tensor, lengths: Tensor, transitions: Tensor, end: Tensor) -> list[Tensor]:
    """β of every step, T times ``(B, C)``; from the last valid step on it is ``end``."""
    _, *others = _steps(emissions, lengths)
    betas = [end.expand_as(emissions[:, 0])]
    for emission, valid in reversed(others):
        beta = _log_sum((betas[-1] + emission)[:, None, :] + transitions)
        betas.append(torch.where(valid, beta, betas[-1]))
    return betas[::-1]


def _log_sum(values: Tensor) -> Tensor:
    """log Σ exp over the last dimension; where all are -inf it is -inf, with gradient 0 where torch's own has NaN."""
    highest = values.detach().amax(-1)
    empty = highest == -torch.inf
    highest = highest.masked_fill(empty, 0)
    total = (values - highest[..., None]).exp().sum(-1)
    return (highest + total.masked_fill(empty, 1).log()).masked_fill(empty, -torch.inf)


def _masked(start: Tensor, transitions: Tensor, end: Tensor, allowed: Allowed | None) -> tuple[Tensor, Tensor, Tensor]:
    if allowed is None:
        return start, transitions, end
    weights = zip((start, transitions, end), allowed, strict=True)
    first, between, last = (weight.masked_fill(~may, -torch.inf) for weight, may in weights)
    return first, between, last


def _steps(emissions: Tensor, lengths: Tensor) -> list[tuple[Tensor, Tensor]]:
    """What each step emits ``(B, C)``, 0 in padding, and which rows have it ``(B, 1)``.

    Cut by ``unbind``, whose gradient is one stack; that of T slices would be T tensors of the full size.
    """
    valid = valid_mask(lengths, emissions.shape[1])[..., None]
    return list(zip(emissions.masked_fill(~valid, 0).unbind(1), valid.unbind(1), strict=True))
